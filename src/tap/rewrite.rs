//! What is changed in the head of a request, and nothing else: `Host`, the `Origin` of the tap's own pages, and what flags
//! ask for.

use super::request::RequestKind;
use crate::http::{Head, HeaderRule};
use crate::wire::handshake::{AllowedOrigin, RequestOptions, is_of_server};

/// What is changed.
#[derive(Clone, Default)]
pub struct Rewriting {
    /// What `Host` becomes; `None` leaves it.
    pub host: Option<String>,
    /// What the `Origin` of the tap's own pages becomes; `None` leaves it.
    pub origin: Option<String>,
    /// The scheme of the tap's own pages.
    pub scheme: &'static str,
    /// Origins whose host counts as the tap's own, though it is no address.
    pub allowed: Vec<AllowedOrigin>,
    /// What flags ask for, in every request.
    pub rules: Vec<HeaderRule>,
    /// The same in requests for an upgrade.
    pub upgrade_rules: Vec<HeaderRule>,
}

/// A head that is rewritten.
#[derive(Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What was changed that no flag asks for, for people. It may hold a peer's characters.
    pub changes: Vec<String>,
}

impl Rewriting {
    /// What `options`, the request that flags ask for, has besides what clients send.
    pub fn asked_for(options: &RequestOptions) -> (Vec<HeaderRule>, Vec<HeaderRule>) {
        let set = |name: &str, value: &str| HeaderRule::Set { name: name.to_owned(), value: value.to_owned() };
        let named = [
            ("Origin", options.origin.as_deref()),
            ("Authorization", options.authorization.as_deref()),
            ("Cookie", options.cookie.as_deref()),
        ];
        let is_given = |name: &str| options.headers.iter().any(|rule| rule.name().eq_ignore_ascii_case(name));
        let named = named.into_iter().filter(|(name, _)| !is_given(name));
        let named = named.filter_map(|(name, value)| Some(set(name, value?)));
        let offered = (!options.subprotocols.is_empty()).then(|| options.subprotocols.join(", "));
        let upgrade = offered.map(|names| set("Sec-WebSocket-Protocol", &names));
        (named.chain(options.headers.iter().cloned()).collect(), upgrade.into_iter().collect())
    }

    /// Rewrites the head of a request. Every byte that is not changed stays where it was.
    pub fn apply(&self, head: &Head, kind: RequestKind) -> Rewritten {
        let mut writer = Writer::of(head);
        let mut changes = Vec::new();
        let mut named: Vec<&str> = Vec::new();
        for field in head.fields() {
            let name = field.name.as_str();
            let rules: Vec<_> = self.rules(kind).filter(|rule| rule.name().eq_ignore_ascii_case(name)).collect();
            if !rules.is_empty() {
                let is_first = !named.iter().any(|other| other.eq_ignore_ascii_case(name));
                named.push(name);
                writer.replace(field.lines.clone(), rules.into_iter().filter(|_| is_first).filter_map(line));
            } else if let Some(value) = self.own_value(head, name).filter(|value| value.as_bytes() != field.value) {
                let before = String::from_utf8_lossy(&field.value);
                changes.push(format!("`{name}: {value}` in place of `{before}`"));
                writer.replace(field.lines.clone(), [format!("{name}: {value}")]);
            }
        }
        let added = self.rules(kind).filter(|rule| !named.iter().any(|name| name.eq_ignore_ascii_case(rule.name())));
        let added: Vec<_> = added.filter_map(line).collect();
        Rewritten { bytes: writer.finish(&added), changes }
    }

    fn rules(&self, kind: RequestKind) -> impl Iterator<Item = &HeaderRule> {
        let upgrade = self.upgrade_rules.iter().filter(move |_| kind == RequestKind::WebSocket);
        self.rules.iter().chain(upgrade)
    }

    /// What becomes of a header that no flag names, where that is rewritten.
    fn own_value(&self, head: &Head, name: &str) -> Option<&str> {
        if name.eq_ignore_ascii_case("Host") {
            self.host.as_deref()
        } else if name.eq_ignore_ascii_case("Origin") && is_of_server(head, self.scheme, &self.allowed) {
            self.origin.as_deref()
        } else {
            None
        }
    }
}

/// The line that goes out, if one does.
fn line(rule: &HeaderRule) -> Option<String> {
    let value = rule.value()?;
    let space = if value.is_empty() { "" } else { " " };
    Some(format!("{}:{space}{value}", rule.name()))
}

/// Copies a head, but for lines that are replaced.
pub(super) struct Writer<'a> {
    raw: &'a [u8],
    /// How much of it is copied, or left out.
    taken: usize,
    bytes: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Nothing is copied yet.
    pub(super) fn of(head: &'a Head) -> Self {
        Self { raw: head.raw(), taken: 0, bytes: Vec::with_capacity(head.raw().len() + 256) }
    }

    /// Puts `lines` in the place of those at `old`, which does not have the end of its last line; none takes that away too.
    pub(super) fn replace(&mut self, old: std::ops::Range<usize>, lines: impl IntoIterator<Item = String>) {
        self.bytes.extend_from_slice(&self.raw[self.taken..old.start]);
        self.taken = old.end;
        let mut has_any = false;
        for line in lines {
            if has_any {
                self.bytes.extend_from_slice(b"\r\n");
            }
            has_any = true;
            self.bytes.extend_from_slice(line.as_bytes());
        }
        if !has_any {
            let rest = &self.raw[self.taken..];
            self.taken += rest.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        }
    }

    /// Copies the rest, with the lines that are `added` before the empty one at the end.
    pub(super) fn finish(mut self, added: &[String]) -> Vec<u8> {
        let end = self.raw.len() - if self.raw.ends_with(b"\r\n") { 2 } else { 1 };
        self.bytes.extend_from_slice(&self.raw[self.taken..end]);
        for line in added {
            self.bytes.extend_from_slice(line.as_bytes());
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.bytes.extend_from_slice(&self.raw[end..]);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadKind, HeadReader};

    const REQUEST: &str = "GET /chat?x=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nOrigin: http://127.0.0.1:8080\r\nX-a:  1 \r\nx-A: 2\r\nConnection: \
                           Upgrade\r\nUpgrade: websocket\r\n\r\n";

    fn rewriting(rules: &[&str]) -> Rewriting {
        Rewriting {
            host: Some("example.com".to_owned()),
            origin: Some("https://example.com".to_owned()),
            scheme: "http",
            allowed: Vec::new(),
            rules: rules.iter().map(|rule| HeaderRule::parse(rule).unwrap()).collect(),
            upgrade_rules: vec![HeaderRule::parse("Sec-WebSocket-Protocol: chat").unwrap()],
        }
    }

    fn head(text: &str) -> Head {
        HeadReader::read(HeadKind::Request, text.as_bytes()).unwrap()
    }

    fn rewritten(rewriting: &Rewriting, text: &str) -> String {
        String::from_utf8(rewriting.apply(&head(text), RequestKind::Page).bytes).unwrap()
    }

    #[test]
    fn host_and_the_own_origin_are_the_only_lines_that_change() {
        let expected = REQUEST
            .replace("Host: 127.0.0.1:8080", "Host: example.com")
            .replace("http://127.0.0.1:8080", "https://example.com");
        assert_eq!(rewritten(&rewriting(&[]), REQUEST), expected);
        let changes = rewriting(&[]).apply(&head(REQUEST), RequestKind::Page).changes;
        assert_eq!(
            changes,
            [
                "`Host: example.com` in place of `127.0.0.1:8080`",
                "`Origin: https://example.com` in place of `http://127.0.0.1:8080`"
            ]
        );
    }

    #[test]
    fn what_is_to_be_kept_is_kept_byte_for_byte() {
        let kept = Rewriting { host: None, origin: None, ..rewriting(&[]) };
        for odd in [REQUEST, "GET / HTTP/1.1\nHost :  a\n b\nNo colon\nX:\t\x01\n\n", "GET * HTTP/1.0\r\n\r\n"] {
            assert_eq!(rewritten(&kept, odd), odd);
        }
    }

    #[test]
    fn an_origin_that_is_not_the_taps_own_passes() {
        for origin in ["https://evil.example", "null", "http://127.0.0.1:8081", "https://127.0.0.1:8080", "x"] {
            let request = REQUEST.replace("Origin: http://127.0.0.1:8080", &format!("Origin: {origin}"));
            assert!(rewritten(&rewriting(&[]), &request).contains(&format!("\r\nOrigin: {origin}\r\n")), "{origin}");
        }
        let rebound = REQUEST.replace("127.0.0.1", "evil.example");
        assert!(rewritten(&rewriting(&[]), &rebound).contains("Origin: http://evil.example:8080"));
        let allowed = Rewriting { allowed: vec!["http://evil.example:8080".parse().unwrap()], ..rewriting(&[]) };
        assert!(rewritten(&allowed, &rebound).contains("Origin: https://example.com"));
    }

    #[test]
    fn flags_replace_remove_and_add_lines() {
        let rules = ["X-A: new", "x-a: newer", "Upgrade:", "Origin;", "host: other", "Authorization: Bearer t"];
        assert_eq!(
            rewritten(&rewriting(&rules), REQUEST),
            "GET /chat?x=1 HTTP/1.1\r\nhost: other\r\nOrigin:\r\nX-A: new\r\nx-a: newer\r\nConnection: Upgrade\r\nAuthorization: \
             Bearer t\r\n\r\n"
        );
    }

    #[test]
    fn a_subprotocol_is_for_upgrades_alone() {
        let upgrade = rewriting(&[]).apply(&head(REQUEST), RequestKind::WebSocket).bytes;
        assert!(upgrade.ends_with(b"Upgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\n\r\n"));
        assert!(!rewritten(&rewriting(&[]), REQUEST).contains("Sec-WebSocket-Protocol"));
    }
}
