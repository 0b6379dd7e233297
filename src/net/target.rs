//! Where to connect to: the URL as people type it.

use std::borrow::Cow;
use std::fmt;
use std::str::Utf8Error;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::error::{Error, Phase, Result};

const URL_HINT: &str = "a URL looks like `ws://localhost:8000/path`";

/// A WebSocket URL (RFC 6455 section 3), taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    secure: bool,
    host: Host,
    /// The zone of a link-local IPv6 address (RFC 6874), an interface of this machine.
    zone: Option<String>,
    port: u16,
    resource: String,
    credentials: Option<Credentials>,
}

/// The userinfo of a URL, percent-decoded: meant for Basic auth, never for the request line or a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// What stood before the colon.
    pub user: String,
    /// What stood after it; `None` without a colon.
    pub password: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials([hidden])")
    }
}

impl Target {
    /// Understands `ws`, `wss`, `http` and `https` URLs, `host:port/path` (then it is `ws`) and `:port/path` (this machine).
    ///
    /// # Errors
    /// [`Phase::Usage`] for anything else: another scheme, a fragment (RFC 6455 section 3), whitespace, no host.
    /// The error never shows userinfo, nor a query.
    pub fn parse(text: &str) -> Result<Self> {
        refuse_unlawful(text)?;
        let (secure, rest) = split_scheme(text)?;
        let (rest, zone) = split_zone(rest);
        let names_port_only = rest.starts_with(':') && userinfo_length(&rest) == 0;
        let rest = if names_port_only { format!("localhost{rest}") } else { rest };
        refuse_without_host(text, &rest)?;
        let scheme = if secure { "wss" } else { "ws" };
        let url = Url::parse(&format!("{scheme}://{rest}"))
            .map_err(|error| wrong(text, "is not a URL").caused_by(error).hint(hint_for(text)))?;
        let host = url.host().ok_or_else(|| wrong(text, "names no host"))?.to_owned();
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let port = port.ok_or_else(|| wrong(text, "has port 0, to which nothing can connect"))?;
        let credentials =
            credentials(&url).map_err(|error| wrong(text, "has userinfo that is not UTF-8").caused_by(error))?;
        let resource = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self { secure, host, zone, port, resource, credentials })
    }

    /// Whether it is `wss`.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// The host as a name or an address, without the brackets of IPv6 and without a zone; names in their ASCII form.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }

    /// The port, given or the scheme's own.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query for the request line; begins with `/`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// What `Host` says: the host, and the port unless it is the scheme's own (RFC 6455 section 4.1).
    pub fn authority(&self) -> String {
        let default = if self.secure { 443 } else { 80 };
        if self.port == default { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Host and port, both always, for messages.
    pub fn peer(&self) -> String {
        match &self.zone {
            Some(zone) => format!("[{}%{zone}]:{}", self.host(), self.port),
            None => format!("{}:{}", self.host, self.port),
        }
    }

    /// The URL for people and logs: in full form, without userinfo.
    pub fn url(&self) -> String {
        format!("{}://{}{}", if self.secure { "wss" } else { "ws" }, self.authority(), self.resource)
    }

    /// The userinfo of the URL.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// What to give to the resolver: the host, with its zone.
    pub(super) fn lookup_name(&self) -> String {
        match &self.zone {
            Some(zone) => format!("{}%{zone}", self.host()),
            None => self.host(),
        }
    }

    /// The interface that a link-local address belongs to.
    pub(super) fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Whether the host is an address that means something on one link only.
    pub(super) fn is_link_local(&self) -> bool {
        matches!(&self.host, Host::Ipv6(address) if address.is_unicast_link_local())
    }

    /// Whether the host is a name, not an address.
    pub(super) fn has_name(&self) -> bool {
        matches!(self.host, Host::Domain(_))
    }

    /// Whether the name means this machine whatever a name server says (RFC 6761 section 6.3).
    pub(super) fn is_localhost(&self) -> bool {
        let Host::Domain(name) = &self.host else { return false };
        let name = name.strip_suffix('.').unwrap_or(name);
        name == "localhost" || name.ends_with(".localhost")
    }
}

fn wrong(text: &str, complaint: &str) -> Error {
    Error::new(Phase::Usage, format!("`{}` {complaint}", without_secrets(text)))
}

/// What must not be anywhere in the text.
fn refuse_unlawful(text: &str) -> Result<()> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let hint = "write a space as `%20`, and quote the URL for the shell";
        return Err(wrong(text, "has whitespace or a control character in it").hint(hint));
    }
    if text.contains('#') {
        let complaint = "has a fragment, which a WebSocket URL must not have (RFC 6455 section 3)";
        return Err(wrong(text, complaint).hint("leave out `#` and what follows it, or write a literal `#` as `%23`"));
    }
    Ok(())
}

/// The WHATWG's parser would find a host in these all the same: `///path` has the host `path`, and 8000 is 0.0.31.64.
fn refuse_without_host(text: &str, rest: &str) -> Result<()> {
    if rest.is_empty() || rest.starts_with(['/', '?', '\\']) {
        return Err(wrong(text, "names no host").hint(URL_HINT));
    }
    if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong(text, "is not a host").hint(format!("for a port of this machine write `:{rest}`")));
    }
    Ok(())
}

/// Whether it is secure, and what follows the scheme.
/// Without `://` there is no scheme: `localhost:8080` is a host with a port.
fn split_scheme(text: &str) -> Result<(bool, &str)> {
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok((false, text));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => Ok((false, rest)),
        "wss" | "https" => Ok((true, rest)),
        _ => Err(wrong(text, &format!("has the scheme `{scheme}`, which is not one for WebSockets"))
            .hint("use `ws://`, or `wss://` for TLS")),
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Takes the zone out of `[fe80::1%25eth0]:80/` (RFC 6874; a bare `%`, as other tools print it, too), which the WHATWG's URLs don't know.
fn split_zone(rest: &str) -> (String, Option<String>) {
    let authority = &rest[..authority_length(rest)];
    let zone = || {
        let userinfo = userinfo_length(rest);
        let open = userinfo + authority[userinfo..].find('[')?;
        let close = open + authority[open..].find(']')?;
        let percent = open + authority[open..close].find('%')?;
        let zone = &authority[percent + 1..close];
        let zone = zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone);
        Some((format!("{}{}", &rest[..percent], &rest[close..]), zone.to_owned()))
    };
    match zone() {
        Some((rest, zone)) => (rest, Some(zone)),
        None => (rest.to_owned(), None),
    }
}

/// How long the userinfo is that the authority begins with, its `@` included.
fn userinfo_length(rest: &str) -> usize {
    rest[..authority_length(rest)].rfind('@').map_or(0, |at| at + 1)
}

/// Where the authority ends and path or query begin.
fn authority_length(rest: &str) -> usize {
    rest.find(['/', '?', '\\']).unwrap_or(rest.len())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, Utf8Error> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decode = |text| percent_decode_str(text).decode_utf8().map(Cow::into_owned);
    Ok(Some(Credentials { user: decode(url.username())?, password: url.password().map(decode).transpose()? }))
}

/// The text for an error, without what may be a secret. As it may not be a URL at all, that is all before the last `@`
/// and all of the query and the fragment.
fn without_secrets(text: &str) -> String {
    let start = text.find("://").map_or(0, |colon| colon + 3);
    let (scheme, rest) = text.split_at(start);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let query = if end + 1 < rest.len() { format!("{}[hidden]", &rest[end..=end]) } else { rest[end..].to_owned() };
    match rest.rfind('@') {
        Some(at) if at > end => format!("{scheme}[hidden]"),
        Some(at) => format!("{scheme}[hidden]{}{query}", &rest[at..end]),
        None => format!("{scheme}{}{query}", &rest[..end]),
    }
}

fn hint_for(text: &str) -> &'static str {
    match text.split_once(':') {
        Some(("ws" | "wss" | "http" | "https", rest)) if !rest.starts_with("//") => {
            "two slashes follow the scheme: `ws://`"
        }
        Some((_, rest)) if rest.contains(':') && !text.contains(['/', '[', '@']) => {
            "an IPv6 address stands in brackets: `ws://[::1]:8000/`"
        }
        _ => URL_HINT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_way_to_write_a_url_is_understood() {
        for (text, url, authority, resource) in [
            ("ws://example.com", "ws://example.com/", "example.com", "/"),
            ("wss://example.com/chat?room=1", "wss://example.com/chat?room=1", "example.com", "/chat?room=1"),
            ("http://example.com", "ws://example.com/", "example.com", "/"),
            ("HTTPS://Example.COM:443/", "wss://example.com/", "example.com", "/"),
            ("ws://example.com:443", "ws://example.com:443/", "example.com:443", "/"),
            ("wss://example.com:80", "wss://example.com:80/", "example.com:80", "/"),
            ("example.com", "ws://example.com/", "example.com", "/"),
            ("localhost:8080/x", "ws://localhost:8080/x", "localhost:8080", "/x"),
            ("localhost:8080?u=http://a/", "ws://localhost:8080/?u=http://a/", "localhost:8080", "/?u=http://a/"),
            (":8000/path", "ws://localhost:8000/path", "localhost:8000", "/path"),
            ("ws://:8000/path", "ws://localhost:8000/path", "localhost:8000", "/path"),
            ("127.0.0.1:9", "ws://127.0.0.1:9/", "127.0.0.1:9", "/"),
            ("[::1]:9/a", "ws://[::1]:9/a", "[::1]:9", "/a"),
            ("wss://[2001:db8::1]", "wss://[2001:db8::1]/", "[2001:db8::1]", "/"),
            ("ws://bücher.example/ü", "ws://xn--bcher-kva.example/%C3%BC", "xn--bcher-kva.example", "/%C3%BC"),
            ("ws://host/?", "ws://host/?", "host", "/?"),
            ("ws://host/a%20b?c=%2F", "ws://host/a%20b?c=%2F", "host", "/a%20b?c=%2F"),
        ] {
            let target = target(text);
            assert_eq!(target.url(), url, "{text}");
            assert_eq!(target.authority(), authority, "{text}");
            assert_eq!(target.resource(), resource, "{text}");
            assert_eq!(target.secure(), url.starts_with("wss"), "{text}");
        }
    }

    #[test]
    fn the_port_is_the_schemes_own_unless_given() {
        assert_eq!(target("ws://host").port(), 80);
        assert_eq!(target("wss://host").port(), 443);
        assert_eq!(target("host:81").port(), 81);
    }

    #[test]
    fn an_ipv6_host_has_brackets_only_where_a_port_may_follow() {
        let target = target("ws://[::1]:80/");
        assert_eq!((target.host().as_str(), target.authority().as_str()), ("::1", "[::1]"));
        assert_eq!(target.peer(), "[::1]:80");
    }

    #[test]
    fn a_zone_goes_to_the_resolver_but_not_to_the_server() {
        for text in ["ws://[fe80::1%25eth0]:8000/", "ws://[fe80::1%eth0]:8000/"] {
            let target = target(text);
            assert_eq!(target.lookup_name(), "fe80::1%eth0");
            assert_eq!(target.authority(), "[fe80::1]:8000");
            assert_eq!(target.peer(), "[fe80::1%eth0]:8000");
        }
    }

    #[test]
    fn a_percent_sign_in_a_query_or_a_password_is_no_zone() {
        assert_eq!(target("ws://u:[ab%25cd]@host/").peer(), "host:80");
        assert_eq!(target("host/?a=[b%25c]").resource(), "/?a=[b%25c]");
    }

    #[test]
    fn userinfo_becomes_credentials_and_shows_nowhere_else() {
        let target = target("wss://ann%40home:p%3Ass@example.com/x");
        let credentials = target.credentials().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), ("ann@home", Some("p:ss")));
        let shown = format!("{} {} {} {target:?}", target.url(), target.authority(), target.peer());
        assert!(!shown.contains("ann") && !shown.contains("p:ss"), "{shown}");
    }

    #[test]
    fn an_address_without_its_brackets_is_told_of_them() {
        for text in ["::1:8000", "fe80::1"] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.hint_text().unwrap().contains("`ws://[::1]:8000/`"), "{text}");
        }
    }

    #[test]
    fn a_user_may_have_no_password_and_a_password_no_user() {
        assert_eq!(target("ws://ann@host").credentials().unwrap().password, None);
        let target_with_password = target("ws://:pw@host/");
        let credentials = target_with_password.credentials().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), ("", Some("pw")));
        assert_eq!(target_with_password.peer(), "host:80");
        assert_eq!(target("ws://host").credentials(), None);
    }

    #[test]
    fn what_is_no_websocket_url_is_refused() {
        for (text, complaint) in [
            ("ftp://host/", "has the scheme `ftp`"),
            ("ws://host/#part", "has a fragment"),
            ("host#", "has a fragment"),
            ("ws://host/a b", "has whitespace"),
            ("ws://host/\u{1b}[2J", "has whitespace or a control character"),
            ("ws://host\n", "has whitespace"),
            ("", "names no host"),
            ("/path", "names no host"),
            ("ws:///path", "names no host"),
            ("8000", "is not a host"),
            ("ws://host:port/", "is not a URL"),
            ("ws://host:99999/", "is not a URL"),
            ("ws:localhost:8000", "is not a URL"),
            ("ws://[::1/", "is not a URL"),
            ("ws://host:0/", "has port 0"),
            ("ws://%FF@host/", "has userinfo that is not UTF-8"),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.to_string().contains(complaint), "{text}: {error}");
            assert_eq!(error.phase(), Phase::Usage);
        }
    }

    #[test]
    fn a_refusal_hides_the_password() {
        for text in ["ftp://ann:pass@host/", "ann:pass@host/#x", "ws://ann:pa/ss@host/", "ann:pa@ss@host/ "] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(error.contains("[hidden]@host/"), "{error}");
            assert!(!error.contains("ann") && !error.contains("ss@"), "{error}");
        }
    }

    #[test]
    fn a_refusal_hides_the_query() {
        for (text, shown) in [
            ("ws://host:99999/?token=pass", "`ws://host:99999/?[hidden]`"),
            ("ws://host/?token=pass#x", "`ws://host/?[hidden]`"),
            ("ws://host/#token=pass", "`ws://host/#[hidden]`"),
            ("ftp://host/a?token=pass", "`ftp://host/a?[hidden]`"),
            ("host?token=pass word", "`host?[hidden]`"),
            ("ws://ann:pa?ss@host/ ", "`ws://[hidden]`"),
            ("ws://ann@host:x/?token=a@pass", "`ws://[hidden]`"),
            ("ws://host:x/?", "`ws://host:x/?`"),
        ] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(shown), "{error}");
        }
    }

    #[test]
    fn localhost_is_this_machine_in_any_form() {
        assert!(target(":1").is_localhost() && target("LOCALHOST:1").is_localhost());
        assert!(target("app.localhost").is_localhost() && target("localhost.").is_localhost());
        assert!(!target("notlocalhost").is_localhost() && !target("127.0.0.1").is_localhost());
    }
}
