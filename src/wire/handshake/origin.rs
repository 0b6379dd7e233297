//! Which web pages a server lets in (RFC 6455 section 10.2).
//!
//! A browser lets any page open a WebSocket to any server that it reaches, and says in `Origin` whose page it is. Loopback
//! is no protection: the browser runs on this machine.

use std::str::FromStr;

use crate::diagnosis::ForbiddenOrigin;
use crate::http::Head;

/// The longest origin that is named: a scheme, the longest name of a host, and a port.
const LONGEST: usize = 300;

/// The origin of the pages that a server lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Every page.
    Any,
    /// Pages without an origin of their own, which say `null`.
    Null,
    /// The pages of this one.
    Exactly(String),
}

impl FromStr for AllowedOrigin {
    type Err = String;

    /// Understands `*`, `null` and `https://example.com`, also with `/` at its end.
    fn from_str(value: &str) -> Result<Self, String> {
        match value {
            "*" => return Ok(Self::Any),
            "null" => return Ok(Self::Null),
            _ => {}
        }
        match WebOrigin::parse(value.strip_suffix('/').unwrap_or(value)) {
            Some(origin) => Ok(Self::Exactly(origin.text)),
            None => {
                Err("expected an origin, such as `https://example.com`, or `null`, or `*` for every page".to_owned())
            }
        }
    }
}

/// Whether a server lets in the page that sent the request `head`. Let in are requests without `Origin`, which no page
/// can send; pages of this machine, which a loopback address or `localhost` served; pages of the server itself, where the
/// browser was given its IP address; and what is `allowed`.
///
/// A host name in `Host` proves nothing: the owner of the page can have its name resolve to our address.
///
/// # Errors
/// The origin that is not let in.
pub fn check_origin(head: &Head, allowed: &[AllowedOrigin]) -> Result<(), ForbiddenOrigin> {
    if head.get("Origin").is_none() || allowed.contains(&AllowedOrigin::Any) {
        return Ok(());
    }
    // Two headers become one with a comma, and that is no origin.
    let value = String::from_utf8_lossy(&head.joined("Origin")).into_owned();
    if value == "null" {
        return if allowed.contains(&AllowedOrigin::Null) { Ok(()) } else { Err(ForbiddenOrigin::Null) };
    }
    let origin = WebOrigin::parse(&value).ok_or(ForbiddenOrigin::Malformed)?;
    let asked_for = head.text("Host").unwrap_or_default().to_ascii_lowercase();
    let is_our_address = is_address(origin.host()) && origin.host() == split_port(&asked_for).0;
    let is_allowed = || allowed.iter().any(|allowed| *allowed == AllowedOrigin::Exactly(origin.text.clone()));
    if is_loopback(origin.host()) || is_our_address || is_allowed() {
        Ok(())
    } else {
        Err(ForbiddenOrigin::Named(origin.text))
    }
}

/// Whether the page that sent the request `head` was loaded from the server that got it, which speaks `scheme`. A page whose
/// name has been made to resolve to our address was not, unless it is `allowed`.
pub fn is_of_server(head: &Head, scheme: &str, allowed: &[AllowedOrigin]) -> bool {
    let own = head.text("Host").and_then(|host| WebOrigin::parse(&format!("{scheme}://{host}")));
    let origin = WebOrigin::parse(&String::from_utf8_lossy(&head.joined("Origin")));
    match (own, origin) {
        (Some(own), Some(origin)) => own.text == origin.text && own.is_trusted(allowed),
        _ => false,
    }
}

/// Whether the request `head` was made for a server that was reached by its address or as `localhost`, or by the host of an
/// origin that is `allowed`. A page whose name has been made to resolve to our address may send requests without `Origin`.
///
/// # Errors
/// The origin that is not let in.
pub fn check_host(head: &Head, scheme: &str, allowed: &[AllowedOrigin]) -> Result<(), ForbiddenOrigin> {
    let Some(host) = head.text("Host") else { return Ok(()) };
    let own = WebOrigin::parse(&format!("{scheme}://{host}")).ok_or(ForbiddenOrigin::Malformed)?;
    if own.is_trusted(allowed) { Ok(()) } else { Err(ForbiddenOrigin::Named(own.text)) }
}

/// An origin as browsers write it (RFC 6454 section 6.2): in lower case, and without the usual port of its scheme.
struct WebOrigin {
    text: String,
    /// Where the host begins in `text`.
    host_at: usize,
}

impl WebOrigin {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = split_port(authority);
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let is_host = match bracketed(host) {
            Some(address) => {
                !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
            }
            None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
        };
        if text.len() > LONGEST || !is_scheme || !is_host || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return None;
        }
        let usual = match scheme {
            "http" | "ws" => Some("80"),
            "https" | "wss" => Some("443"),
            _ => None,
        };
        let port = port.filter(|port| Some(*port) != usual).map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self { host_at: scheme.len() + "://".len(), text: format!("{scheme}://{host}{port}") })
    }

    fn host(&self) -> &str {
        split_port(&self.text[self.host_at..]).0
    }

    /// Whether its host is an address, or this machine, or it is `allowed`: no owner of a name chose where it leads.
    fn is_trusted(&self, allowed: &[AllowedOrigin]) -> bool {
        let is_it = |allowed: &AllowedOrigin| match allowed {
            AllowedOrigin::Any => true,
            AllowedOrigin::Null => false,
            AllowedOrigin::Exactly(origin) => *origin == self.text,
        };
        is_address(self.host()) || is_loopback(self.host()) || allowed.iter().any(is_it)
    }
}

/// The host and the port of `host:port`; the brackets of an IPv6 address belong to the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn bracketed(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

/// Whether a host is an IP address as browsers write it. No name looks so, for none ends with a number.
fn is_address(host: &str) -> bool {
    bracketed(host).is_some() || is_ipv4(host)
}

fn is_ipv4(host: &str) -> bool {
    host.split('.').count() == 4 && host.split('.').all(|number| number.parse::<u8>().is_ok())
}

/// Whether a host is this machine: browsers resolve `localhost` and the names below it themselves.
fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    host == "[::1]"
        || (is_ipv4(host) && host.starts_with("127."))
        || name == "localhost"
        || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadKind, HeadProgress, HeadReader};

    fn head(lines: &str) -> Head {
        let bytes = format!("GET / HTTP/1.1\r\n{lines}\r\n");
        match HeadReader::new(HeadKind::Request).feed(bytes.as_bytes()) {
            HeadProgress::Complete { head, .. } => head,
            _ => panic!("no head: {lines}"),
        }
    }

    fn check(host: &str, origin: &str, allowed: &[AllowedOrigin]) -> Result<(), ForbiddenOrigin> {
        check_origin(&head(&format!("Host: {host}\r\nOrigin: {origin}\r\n")), allowed)
    }

    fn named(origin: &str) -> Result<(), ForbiddenOrigin> {
        Err(ForbiddenOrigin::Named(origin.to_owned()))
    }

    #[test]
    fn what_is_no_page_is_let_in() {
        assert_eq!(check_origin(&head("Host: evil.example\r\n"), &[]), Ok(()));
        assert_eq!(check_origin(&head(""), &[]), Ok(()));
    }

    #[test]
    fn pages_of_this_machine_are_let_in() {
        for origin in [
            "http://localhost",
            "http://localhost:3000",
            "HTTPS://LocalHost:3000",
            "http://localhost.",
            "http://app.localhost:5173",
            "http://127.0.0.1:8000",
            "http://127.1.2.3",
            "http://[::1]:8000",
            "https://[::1]",
            "capacitor://localhost",
        ] {
            assert_eq!(check("127.0.0.1:8080", origin, &[]), Ok(()), "{origin}");
        }
    }

    #[test]
    fn pages_that_only_look_like_this_machine_are_not() {
        for origin in [
            "https://evil.example",
            "http://localhost.evil.example",
            "http://evillocalhost",
            "http://127.0.0.1.evil.example",
            "http://127.evil.example",
            "http://128.0.0.1",
            "http://[::2]",
            "http://192.168.1.5",
        ] {
            assert_eq!(check("127.0.0.1:8080", origin, &[]), named(origin), "{origin}");
        }
    }

    #[test]
    fn a_page_of_the_address_that_it_asks_for_is_let_in() {
        assert_eq!(check("192.168.1.5:8080", "http://192.168.1.5:3000", &[]), Ok(()));
        assert_eq!(check("[fd00::5]:8080", "http://[FD00::5]", &[]), Ok(()));
        assert_eq!(check("192.168.1.5:8080", "http://192.168.1.50", &[]), named("http://192.168.1.50"));
    }

    /// The name of its own page resolves to our address by then.
    #[test]
    fn a_page_that_rebinds_its_name_is_of_another_origin() {
        assert_eq!(check("evil.example:8080", "http://evil.example:8080", &[]), named("http://evil.example:8080"));
        assert_eq!(check("1.2.3.evil:8080", "http://1.2.3.evil:8080", &[]), named("http://1.2.3.evil:8080"));
    }

    #[test]
    fn a_page_without_an_origin_is_told_apart() {
        assert_eq!(check("127.0.0.1", "null", &[]), Err(ForbiddenOrigin::Null));
        assert_eq!(check("127.0.0.1", "null", &[AllowedOrigin::Null]), Ok(()));
        assert_eq!(check("127.0.0.1", "null", &[AllowedOrigin::Any]), Ok(()));
    }

    #[test]
    fn what_is_no_origin_is_never_let_in_by_mistake() {
        let long = format!("http://{}.example", "a".repeat(LONGEST));
        let odd = ["", "localhost", "http://", "http://localhost@evil.example", "http://localhost/../evil.example"];
        let more =
            ["http://localhost, https://evil.example", "file://", "http://[::1", "http://a:99999", "http://`id`"];
        for origin in odd.into_iter().chain(more).chain([long.as_str()]) {
            assert_eq!(check("127.0.0.1", origin, &[]), Err(ForbiddenOrigin::Malformed), "{origin}");
        }
        let twice = head("Host: h\r\nOrigin: http://localhost\r\nOrigin: https://evil.example\r\n");
        assert_eq!(check_origin(&twice, &[]), Err(ForbiddenOrigin::Malformed));
    }

    #[test]
    fn what_is_allowed_is_let_in_and_nothing_else() {
        let allowed: Vec<AllowedOrigin> =
            ["https://App.example/", "http://b.example:80"].map(|value| value.parse().unwrap()).into();
        for origin in ["https://app.example", "https://APP.example:443", "http://b.example"] {
            assert_eq!(check("h", origin, &allowed), Ok(()), "{origin}");
        }
        for origin in ["http://app.example", "https://app.example:8443", "https://x.app.example"] {
            assert_eq!(check("h", origin, &allowed), named(origin), "{origin}");
        }
        assert_eq!(check("h", "null", &allowed), Err(ForbiddenOrigin::Null));
        assert_eq!(check("h", "gibberish", &["*".parse().unwrap()]), Ok(()));
        for wrong in ["", "app.example", "https://app.example/path", "https://*.example", "https://ü.example"] {
            assert!(wrong.parse::<AllowedOrigin>().is_err(), "{wrong}");
        }
    }
}
