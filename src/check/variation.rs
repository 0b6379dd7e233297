//! Variations of the request that tell causes apart: which are tried, and what each of them may carry.

mod plan;
#[cfg(test)]
mod tests;

pub use plan::{MOST, plan};

use crate::client::redirect::Recipient;
use crate::http::HeaderRule;
use crate::http::redact::{Part, Secrets};
use crate::net::Target;
use crate::wire::handshake::RequestOptions;

/// A path that no server has: one that answers there all the same has a page for every path.
pub const NO_PATH: &str = "/wscope-check-no-such-path";
/// A host that no server is (RFC 6761 section 6.4).
pub const NO_HOST: &str = "wscope-check.invalid";
/// The host that servers for development know.
const LOCAL: &str = "localhost";

/// One thing that is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variation {
    /// Without the headers, the cookies and the credentials that the user gave.
    WithoutHeaders,
    /// No extension is offered.
    WithoutExtensions,
    /// Without `Origin`.
    WithoutOrigin,
    /// With this `Origin`.
    WithOrigin(String),
    /// No subprotocol is offered.
    WithoutSubprotocols,
    /// This subprotocol is offered.
    WithSubprotocol(&'static str),
    /// With TLS in place of none.
    WithTls,
    /// Without TLS in its place, and then with nothing of the user's: not even the path, which may be a secret.
    WithoutTls,
    /// With another path and query.
    At(String),
    /// The same path, asked for as an ordinary page.
    OrdinaryGet,
    /// An ordinary page, at a path that no server has.
    OrdinaryGetNowhere,
    /// With this `Host`.
    WithHost(String),
    /// To the server itself, and not through the proxy.
    PastProxy,
    /// The first bytes of another protocol, in place of the request.
    Greeting(Greeting),
}

/// What is known of the first request.
#[derive(Clone)]
pub struct Asked {
    /// The server of the URL: what the user gave is meant for its origin.
    pub first: Target,
    /// The server that was asked, and its path: another one, where redirects are followed.
    pub target: Target,
    /// What the request had.
    pub options: RequestOptions,
    /// Whether a proxy is on the way.
    pub has_proxy: bool,
    /// A name of the server's certificate, other than the one that was asked for.
    pub other_name: Option<String>,
}

impl Asked {
    /// The path that was asked for, without its query.
    pub fn path(&self) -> &str {
        self.target.resource().split('?').next().unwrap_or("/")
    }

    /// A URL, or a part of one, without its secrets.
    pub fn shown(&self, url: &str) -> String {
        self.options.secrets.text(Part::Text(url.as_bytes()))
    }

    /// Whether `Origin` was sent, by its flag or as a header.
    pub fn sent_origin(&self) -> bool {
        let named = |rule: &HeaderRule| rule.name().eq_ignore_ascii_case("Origin") && rule.value().is_some();
        self.options.origin.is_some() || self.options.headers.iter().any(named)
    }

    /// The bytes of the headers that the user gave, his cookies and credentials among them.
    pub fn given_length(&self) -> usize {
        let RequestOptions { headers, cookie, authorization, .. } = &self.options;
        let of_headers = headers.iter().filter_map(HeaderRule::value).map(str::len);
        of_headers.chain([cookie, authorization].into_iter().flatten().map(String::len)).sum()
    }

    /// The header that the user gave, where it is the only one.
    pub fn only_header(&self) -> Option<&HeaderRule> {
        let RequestOptions { headers, cookie, authorization, .. } = &self.options;
        match (headers.as_slice(), cookie, authorization) {
            ([rule], None, None) => Some(rule),
            _ => None,
        }
    }

    /// A `Host` that the server may know in place of the one that was asked for.
    fn other_host(&self) -> Option<String> {
        let local = || (self.target.endpoint().host() != LOCAL).then(|| LOCAL.to_owned());
        self.other_name.clone().or_else(local)
    }

    fn own_origin(&self) -> String {
        let scheme = if self.target.secure() { "https" } else { "http" };
        format!("{scheme}://{}", self.target.authority())
    }
}

/// A protocol that a server may speak in place of HTTP/1.1, and that a client begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// The preface of HTTP/2 and empty settings (RFC 9113 section 3.4).
    Http2,
    /// A CONNECT for an empty session (MQTT 3.1.1, section 3.1).
    Mqtt,
}

impl Greeting {
    /// The name of the protocol.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Http2 => "HTTP/2",
            Self::Mqtt => "MQTT",
        }
    }

    /// What is sent.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Http2 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
            Self::Mqtt => b"\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0",
        }
    }

    /// Whether `answer` begins as the protocol has it: with a SETTINGS frame, with a CONNACK.
    pub fn is_answered_by(self, answer: &[u8]) -> bool {
        match self {
            Self::Http2 => answer.get(3..9).is_some_and(|header| header.starts_with(&[4]) && header.ends_with(&[0; 4])),
            Self::Mqtt => answer.starts_with(&[0x20, 2]),
        }
    }
}

/// Whether the server, or a proxy, has refused credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialState {
    /// Not yet.
    NotRefused,
    /// By a 401 or a 407: they are not sent again.
    Refused,
}

/// Whether a variation carries the cookies that redirects have set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetCookies {
    /// It goes where the first request went.
    Sent,
    /// It goes elsewhere, or they were refused.
    Withheld,
}

/// Where a variation goes, and what it may carry.
#[derive(Debug)]
pub struct VariationDestination {
    /// The URL.
    pub target: Target,
    /// What is for its server.
    pub recipient: Recipient,
    /// Whether it gets what redirects have set.
    pub cookies: SetCookies,
}

impl Variation {
    /// What it changes, for people.
    pub fn what(&self, asked: &Asked) -> String {
        match self {
            Self::WithoutHeaders => "none of the headers and credentials given".to_owned(),
            Self::WithoutExtensions => "no extensions".to_owned(),
            Self::WithoutOrigin => "no Origin".to_owned(),
            Self::WithOrigin(origin) => format!("Origin {origin}"),
            Self::WithoutSubprotocols => "no subprotocol".to_owned(),
            Self::WithSubprotocol(name) => format!("subprotocol {name}"),
            Self::WithTls => "wss:// in place of ws://".to_owned(),
            Self::WithoutTls => "ws:// in place of wss://, at /".to_owned(),
            Self::At(resource) => asked.shown(resource),
            Self::OrdinaryGet => "ordinary GET".to_owned(),
            Self::OrdinaryGetNowhere => format!("ordinary GET of {NO_PATH}"),
            Self::WithHost(host) => format!("Host {host}"),
            Self::PastProxy => "past the proxy".to_owned(),
            Self::Greeting(greeting) => format!("the greeting of {}", greeting.protocol()),
        }
    }

    /// Where it goes, and what is for its server; `None` where it cannot go without a secret that it may not carry.
    ///
    /// What the user meant for the server of the URL goes nowhere without TLS, to no other host, and not again after it was
    /// refused.
    pub fn destination(&self, asked: &Asked, credentials: CredentialState) -> Option<VariationDestination> {
        let first = &asked.target;
        let url = first.url();
        let url = match self {
            Self::WithTls => format!("wss://{}{}", first.endpoint().peer(), first.resource()),
            Self::WithoutTls => format!("ws://{}/", first.endpoint().peer()),
            Self::At(resource) => Target::with_resource(&url, resource),
            Self::OrdinaryGetNowhere => Target::with_resource(&url, NO_PATH),
            _ => url,
        };
        let target = Target::parse(&url).ok()?;
        let is_withheld = matches!(self, Self::WithHost(_) | Self::PastProxy | Self::WithoutHeaders);
        let goes_where_asked =
            target.has_same_origin(&asked.target) && !is_withheld && credentials == CredentialState::NotRefused;
        let cookies = if goes_where_asked { SetCookies::Sent } else { SetCookies::Withheld };
        let is_safe = target.secure() && target.has_same_origin(&asked.first) && !is_withheld;
        if is_safe && credentials == CredentialState::NotRefused {
            return Some(VariationDestination { target, recipient: Recipient::First, cookies });
        }
        Some(VariationDestination { target: without_secrets(target)?, recipient: Recipient::Other, cookies })
    }

    /// Changes what a request is made of.
    pub fn change(&self, options: &mut RequestOptions) {
        let forget = |options: &mut RequestOptions, name: &str| {
            options.headers.retain(|rule| !rule.name().eq_ignore_ascii_case(name));
        };
        match self {
            Self::WithoutExtensions => {
                forget(options, "Sec-WebSocket-Extensions");
                options.deflate = None;
            }
            Self::WithoutOrigin => {
                forget(options, "Origin");
                options.origin = None;
            }
            Self::WithOrigin(origin) => {
                forget(options, "Origin");
                options.origin = Some(origin.clone());
            }
            Self::WithoutSubprotocols => {
                forget(options, "Sec-WebSocket-Protocol");
                options.subprotocols.clear();
            }
            Self::WithSubprotocol(name) => {
                forget(options, "Sec-WebSocket-Protocol");
                options.subprotocols = vec![(*name).to_owned()];
            }
            Self::WithHost(host) => {
                forget(options, "Host");
                options.authority.clone_from(host);
            }
            Self::OrdinaryGet | Self::OrdinaryGetNowhere => make_ordinary(options),
            Self::WithoutTls => {
                forget(options, "Origin");
                forget(options, "Sec-WebSocket-Protocol");
                options.origin = None;
                options.subprotocols.clear();
            }
            Self::WithTls | Self::At(_) | Self::PastProxy | Self::WithoutHeaders | Self::Greeting(_) => {}
        }
    }
}

/// The same server and path, without a secret in the URL: without its query, where that has one.
fn without_secrets(target: Target) -> Option<Target> {
    let has_secret = |url: &str| !Secrets::Hidden.find(Part::Text(url.as_bytes())).is_empty();
    let url = target.url();
    if !has_secret(&url) {
        return Some(target);
    }
    let (url, _) = url.split_once('?')?;
    Target::parse(url).ok().filter(|_| !has_secret(url))
}

/// Makes it the request of a page.
fn make_ordinary(options: &mut RequestOptions) {
    let names = ["Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"];
    let names = names.into_iter().chain(["Sec-WebSocket-Extensions", "Connection"]);
    for name in names {
        options.headers.retain(|rule| !rule.name().eq_ignore_ascii_case(name));
        if name != "Connection" {
            options.headers.push(HeaderRule::Remove { name: name.to_owned() });
        }
    }
    options.headers.push(HeaderRule::Set { name: "Connection".to_owned(), value: "close".to_owned() });
}
