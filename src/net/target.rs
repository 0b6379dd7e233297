//! What is asked for: the URL as people type it, taken apart.

#[cfg(test)]
mod tests;

use std::fmt;

use data_encoding::BASE64;

use super::endpoint::Endpoint;
use super::{unix_url, url};
use crate::error::Result;
use crate::platform::UnixAddress;

/// A WebSocket URL (RFC 6455 section 3), taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) secure: bool,
    pub(super) endpoint: Endpoint,
    pub(super) resource: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) socket: Option<UnixAddress>,
}

/// The userinfo of a URL, percent-decoded: meant for Basic auth, never for the request line or a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// What stood before the colon.
    pub user: String,
    /// What stood after it; `None` without a colon.
    pub password: Option<String>,
}

impl Credentials {
    /// The value of `Authorization` and `Proxy-Authorization` for Basic auth (RFC 7617 section 2).
    pub fn basic(&self) -> String {
        let pair = format!("{}:{}", self.user, self.password.as_deref().unwrap_or_default());
        format!("Basic {}", BASE64.encode(pair.as_bytes()))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials([hidden])")
    }
}

impl Target {
    /// Understands `ws`, `wss`, `http` and `https` URLs, `host:port/path` (then it is `ws`), `:port/path` (this machine), and
    /// `ws+unix:PATH:/path` (a Unix domain socket).
    ///
    /// # Errors
    /// [`Phase::Usage`](crate::error::Phase::Usage) for anything else: another scheme, a fragment (RFC 6455 section 3),
    /// whitespace, no host. The error never shows userinfo, nor a query.
    pub fn parse(text: &str) -> Result<Self> {
        unix_url::parse(text)?.map_or_else(|| url::parse(text), Ok)
    }

    /// The URL `text` with another path and query, or, where `resource` begins with `?`, with another query alone.
    pub fn with_resource(text: &str, resource: &str) -> String {
        let (start, old) = unix_url::split(text).unwrap_or_else(|| url::split(text));
        let kept = if resource.starts_with('?') { old.find('?').unwrap_or(old.len()) } else { 0 };
        format!("{start}{}{resource}", &old[..kept])
    }

    /// Whether it is `wss`.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Where to connect to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Path and query for the request line; begins with `/`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// What `Host` says: the host, and the port unless it is the scheme's own (RFC 6455 section 4.1).
    pub fn authority(&self) -> String {
        let default = if self.secure { 443 } else { 80 };
        let (host, port) = (self.endpoint.url_host(), self.endpoint.port());
        if port == default { host } else { format!("{host}:{port}") }
    }

    /// The URL for people and logs: in full form, without userinfo.
    pub fn url(&self) -> String {
        match &self.socket {
            Some(socket) => format!("{}+unix:{socket}:{}", self.scheme(), self.resource),
            None => self.network_url(),
        }
    }

    /// The same with its host, also for a server at a Unix domain socket.
    pub(super) fn network_url(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.authority(), self.resource)
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "wss" } else { "ws" }
    }

    /// The Unix domain socket that the URL names.
    pub fn socket(&self) -> Option<&UnixAddress> {
        self.socket.as_ref()
    }

    /// The userinfo of the URL.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}
