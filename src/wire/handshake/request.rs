//! The request that asks for the upgrade (RFC 6455 section 4.1).

use std::collections::HashSet;
use std::fmt;

use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use super::extensions::{Extension, parse_extensions};
use super::is_key;
use crate::diagnosis::HeaderSize;
use crate::http::redact::{Part, Secrets};
use crate::http::{Head, HeaderRule, StartLine, USER_AGENT, encode_head, token};
use crate::wire::deflate::DeflateOffer;

/// What a request is made of. Values may be secrets.
#[derive(Clone, Default)]
pub struct RequestOptions {
    /// Path and query, as they go into the request line.
    pub target: String,
    /// Host, and port where it is not the default one.
    pub authority: String,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// The whole value of `Authorization`: `Basic …`, `Bearer …`.
    pub authorization: Option<String>,
    /// The whole value of `Cookie`.
    pub cookie: Option<String>,
    /// The subprotocols to offer, the preferred one first.
    pub subprotocols: Vec<String>,
    /// The offer of permessage-deflate; `None` offers nothing.
    pub deflate: Option<DeflateOffer>,
    /// What the user wants done to the headers, in order.
    pub headers: Vec<HeaderRule>,
    /// A fixed `Sec-WebSocket-Key`; a random one without.
    pub key: Option<String>,
    /// Whether secrets are shown in the texts about the request and its answer.
    pub secrets: Secrets,
}

/// A request, ready to go out. What was offered is read from the headers that really go out, so an offer made with
/// `-H` counts.
///
/// `Debug` shows the names of the headers only, since values may be secrets.
#[derive(Clone)]
pub struct Request {
    target: String,
    headers: Vec<(String, String)>,
    secrets: Secrets,
}

impl Request {
    /// Puts the request together: the default headers as `options.headers` has them changed.
    ///
    /// # Errors
    /// A target, subprotocol, key or value that cannot stand in a request; the message never quotes a secret.
    pub fn new(options: &RequestOptions) -> Result<Self, String> {
        check(options)?;
        let RequestOptions { target, headers: rules, .. } = options;
        let headers = HeaderRule::apply(rules, default_headers(options));
        Ok(Self { target: target.clone(), headers, secrets: options.secrets })
    }

    /// The request whose head this is: another client's, as it passes. What is not UTF-8 becomes U+FFFD. `None`: it is a
    /// response.
    pub fn of(head: &Head, secrets: Secrets) -> Option<Self> {
        let StartLine::Request { target, .. } = head.start_line() else { return None };
        let headers =
            head.headers().map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()));
        Some(Self { target: target.clone(), headers: headers.collect(), secrets })
    }

    /// The bytes that go out, secrets included.
    pub fn encode(&self) -> Vec<u8> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        encode_head(&format!("GET {} HTTP/1.1", self.target), headers)
    }

    /// Whether secrets are shown in the texts about it and its answer.
    pub fn secrets(&self) -> Secrets {
        self.secrets
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The `Sec-WebSocket-Key` that goes out; `None` when the user took it away.
    pub fn key(&self) -> Option<&str> {
        self.values("Sec-WebSocket-Key").next()
    }

    /// The `Sec-WebSocket-Accept` that answers our key.
    pub fn expected_accept(&self) -> Option<String> {
        self.key().map(|key| derive_accept_key(key.as_bytes()))
    }

    /// The subprotocols offered.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.values("Sec-WebSocket-Protocol")
            .flat_map(|value| value.split(','))
            .map(|name| name.trim_matches([' ', '\t']))
            .filter(|name| !name.is_empty())
    }

    /// The extensions offered, as they go out; empty without any.
    pub fn offered_extensions(&self) -> String {
        self.values("Sec-WebSocket-Extensions").collect::<Vec<_>>().join(", ")
    }

    /// The extensions offered. A header of the user's own that is no extension list offers nothing.
    pub(super) fn extensions(&self) -> Vec<Extension> {
        parse_extensions(self.offered_extensions().as_bytes()).unwrap_or_default()
    }

    /// Whether a header of that name goes out.
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The header that takes most bytes.
    pub(super) fn longest_header(&self) -> Option<HeaderSize> {
        let sizes = self.headers.iter().map(|(name, value)| HeaderSize {
            name: name.clone(),
            length: name.len() + ": ".len() + value.len() + "\r\n".len(),
        });
        sizes.max_by_key(|size| size.length)
    }

    /// The values of the headers of that name that go out, secrets included.
    pub(super) fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        formatter.debug_struct("Request").field("headers", &names).finish_non_exhaustive()
    }
}

/// The headers that go out unless the user changes them, in the usual order.
fn default_headers(options: &RequestOptions) -> Vec<(&'static str, String)> {
    let subprotocols = (!options.subprotocols.is_empty()).then(|| options.subprotocols.join(", "));
    let headers = [
        ("Host", Some(options.authority.clone())),
        ("Upgrade", Some("websocket".to_owned())),
        ("Connection", Some("Upgrade".to_owned())),
        ("Sec-WebSocket-Key", Some(options.key.clone().unwrap_or_else(generate_key))),
        ("Sec-WebSocket-Version", Some("13".to_owned())),
        ("Origin", options.origin.clone()),
        ("Authorization", options.authorization.clone()),
        ("Cookie", options.cookie.clone()),
        ("Sec-WebSocket-Protocol", subprotocols),
        ("Sec-WebSocket-Extensions", options.deflate.as_ref().map(ToString::to_string)),
        ("User-Agent", Some(USER_AGENT.to_owned())),
    ];
    headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn check(options: &RequestOptions) -> Result<(), String> {
    let RequestOptions { target, authority, origin, authorization, cookie, subprotocols, key, .. } = options;
    if !(target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic())) {
        let shown = options.secrets.text(Part::Text(target.as_bytes()));
        return Err(format!("`{}` cannot stand in a request line", shown.escape_debug()));
    }
    let values = [
        ("Host", Some(authority)),
        ("Origin", origin.as_ref()),
        ("Authorization", authorization.as_ref()),
        ("Cookie", cookie.as_ref()),
    ];
    for (name, value) in values {
        if value.is_some_and(|value| value.bytes().any(token::is_control)) {
            return Err(format!("the value of `{name}` holds a control character"));
        }
    }
    check_subprotocols(subprotocols, options.secrets)?;
    match key {
        Some(key) if !is_key(key.as_bytes()) => {
            Err(format!("`{}` is not a key: 16 bytes in Base64 are asked for", key.escape_debug()))
        }
        _ => Ok(()),
    }
}

/// "The elements that comprise this value MUST be non-empty strings with characters in the range U+0021 to U+007E not
/// including separator characters … and MUST all be unique strings."
fn check_subprotocols(subprotocols: &[String], secrets: Secrets) -> Result<(), String> {
    let mut before = HashSet::new();
    let shown = secrets.subprotocols(subprotocols.iter().map(String::as_str));
    for (name, shown) in subprotocols.iter().zip(shown) {
        if !token::is_token(name.as_bytes()) {
            return Err(format!("`{}` is not a subprotocol's name", shown.escape_debug()));
        }
        if !before.insert(name) {
            return Err(format!("the subprotocol `{shown}` is offered twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(rules: &[&str]) -> RequestOptions {
        RequestOptions {
            target: "/chat".to_owned(),
            authority: "example.com".to_owned(),
            headers: rules.iter().map(|rule| HeaderRule::parse(rule).unwrap()).collect(),
            key: Some("dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
            ..RequestOptions::default()
        }
    }

    /// The lines of the request, without the one that names our version.
    fn lines(options: &RequestOptions) -> Vec<String> {
        let text = String::from_utf8(Request::new(options).unwrap().encode()).unwrap();
        let lines = text.strip_suffix("\r\n\r\n").unwrap().split("\r\n");
        lines.filter(|line| !line.starts_with("User-Agent: wscope/")).map(str::to_owned).collect()
    }

    #[test]
    fn the_default_headers_in_their_order() {
        let options = RequestOptions {
            origin: Some("http://example.com".to_owned()),
            authorization: Some("Bearer t".to_owned()),
            cookie: Some("a=b".to_owned()),
            subprotocols: vec!["chat".to_owned(), "superchat".to_owned()],
            deflate: Some(DeflateOffer::default()),
            ..options(&[])
        };
        assert_eq!(
            lines(&options),
            [
                "GET /chat HTTP/1.1",
                "Host: example.com",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13",
                "Origin: http://example.com",
                "Authorization: Bearer t",
                "Cookie: a=b",
                "Sec-WebSocket-Protocol: chat, superchat",
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            ]
        );
    }

    #[test]
    fn the_users_headers_replace_ours_and_keep_their_order_and_case() {
        let rules =
            ["x-b: 1", "CONNECTION: keep-alive, Upgrade", "X-B: 2", "User-Agent:", "Upgrade;", "host: other", "x-b: 3"];
        assert_eq!(
            lines(&options(&rules)),
            [
                "GET /chat HTTP/1.1",
                "host: other",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13",
                "x-b: 1",
                "CONNECTION: keep-alive, Upgrade",
                "X-B: 2",
                "Upgrade:",
                "x-b: 3",
            ]
        );
    }

    #[test]
    fn what_was_offered_is_what_goes_out() {
        let rules = [
            "Sec-WebSocket-Protocol: a",
            "sec-websocket-protocol: b, c",
            "Sec-WebSocket-Extensions: x-one, permessage-deflate",
            "Sec-WebSocket-Key: not a key",
        ];
        let request = Request::new(&RequestOptions { subprotocols: vec!["z".to_owned()], ..options(&rules) }).unwrap();
        assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(request.extensions().len(), 2);
        assert_eq!(request.expected_accept(), Some(derive_accept_key(b"not a key")));
        assert_eq!(Request::new(&options(&["Sec-WebSocket-Key:"])).unwrap().expected_accept(), None);
    }

    #[test]
    fn each_request_has_a_key_of_its_own() {
        let options = RequestOptions { key: None, ..options(&[]) };
        let key = || Request::new(&options).unwrap().key().unwrap().to_owned();
        let (one, other) = (key(), key());
        assert!(is_key(one.as_bytes()));
        assert_ne!(one, other);
    }

    #[test]
    fn what_cannot_stand_in_a_request_is_refused() {
        let bad = [
            RequestOptions { target: "chat".to_owned(), ..options(&[]) },
            RequestOptions { target: "/a b".to_owned(), ..options(&[]) },
            RequestOptions { target: "/\r\nX: y".to_owned(), ..options(&[]) },
            RequestOptions { authority: "a\r\nX: y".to_owned(), ..options(&[]) },
            RequestOptions { origin: Some("a\nb".to_owned()), ..options(&[]) },
            RequestOptions { cookie: Some("a\0".to_owned()), ..options(&[]) },
            RequestOptions { subprotocols: vec!["a b".to_owned()], ..options(&[]) },
            RequestOptions { subprotocols: vec![String::new()], ..options(&[]) },
            RequestOptions { subprotocols: vec!["a".to_owned(), "a".to_owned()], ..options(&[]) },
            RequestOptions { key: Some("c2hvcnQ=".to_owned()), ..options(&[]) },
        ];
        for options in bad {
            Request::new(&options).unwrap_err();
        }
    }

    #[test]
    fn a_dump_and_a_mistake_keep_secrets_to_themselves() {
        let secret = |value: &str| RequestOptions { authorization: Some(value.to_owned()), ..options(&["X: s3cret"]) };
        assert!(!format!("{:?}", Request::new(&secret("s3cret")).unwrap()).contains("s3cret"));
        assert!(!Request::new(&secret("s3cret\r\n")).unwrap_err().contains("s3cret"));
    }
}
