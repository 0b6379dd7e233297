//! HTTP's CONNECT (RFC 9110 section 9.3.6).

use std::io::{self, Read, Write};
use std::time::Duration;

use super::{ProxyFailure, TunnelTarget};
use crate::event::{Direction, Event};
use crate::http::redact::Secrets;
use crate::http::{
    Body, Head, HeadError, HeadFault, HeadKind, HeadProgress, HeadReader, HeaderRule, USER_AGENT, encode_head,
};
use crate::net::target::Credentials;
use crate::net::timed::Timed;

/// How long the body of a refusal may take: it is only evidence.
const BODY_LIMIT: Duration = Duration::from_secs(1);

/// What a proxy is told with CONNECT.
#[derive(Debug, Clone)]
pub struct ConnectRequest {
    credentials: Option<Credentials>,
    headers: Vec<HeaderRule>,
}

impl ConnectRequest {
    /// User and password for Basic auth, and the user's own headers for the proxy.
    pub fn new(credentials: Option<Credentials>, headers: Vec<HeaderRule>) -> Self {
        Self { credentials, headers }
    }

    /// Whether it says who we are.
    pub fn has_login(&self) -> bool {
        let own = self.headers.iter().find(|rule| rule.name().eq_ignore_ascii_case("Proxy-Authorization"));
        own.map_or(self.credentials.is_some(), |rule| rule.value().is_some())
    }

    /// Asks, and reads the answer, but nothing behind it. Gives the first line of the answer.
    pub(super) fn ask(
        &self,
        stream: &mut Timed<'_>,
        destination: TunnelTarget<'_>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<String, ProxyFailure> {
        let request = self.encode(destination);
        observe(Event::Head { direction: Direction::Sent, bytes: &request });
        stream.write_all(&request).and_then(|()| stream.flush())?;
        let head = read_head(stream)?;
        observe(Event::Head { direction: Direction::Received, bytes: head.raw() });
        if head.status().is_some_and(|status| (200..=299).contains(&status)) {
            return Ok(head.first_line_shown(Secrets::Hidden));
        }
        let body = read_body(stream, &head);
        Err(ProxyFailure::Refused { head: Box::new(head), body })
    }

    fn encode(&self, destination: TunnelTarget<'_>) -> Vec<u8> {
        let authority = match destination {
            TunnelTarget::Host(endpoint) => endpoint.authority(),
            TunnelTarget::Address(address) => address.to_string(),
        };
        let login = self.credentials.as_ref().map(Credentials::basic);
        let defaults = [
            ("Host", Some(authority.clone())),
            ("Proxy-Authorization", login),
            ("User-Agent", Some(USER_AGENT.to_owned())),
        ];
        let defaults = defaults.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let headers = HeaderRule::apply(&self.headers, defaults);
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        encode_head(&format!("CONNECT {authority} HTTP/1.1"), headers)
    }
}

/// Reads byte by byte: what comes behind the head is the server's, and belongs to the stream.
fn read_head(stream: &mut Timed<'_>) -> Result<Head, ProxyFailure> {
    let mut heads = HeadReader::new(HeadKind::Response);
    let mut received = Vec::new();
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(0) => return Err(ProxyFailure::NoHead(heads.end())),
            // An end of TLS without `close_notify` is an end like any other.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(ProxyFailure::NoHead(heads.end()));
            }
            result => result?,
        };
        received.extend(byte);
        match heads.feed(&byte) {
            HeadProgress::Incomplete => {}
            HeadProgress::Complete { head, .. } => return Ok(head),
            HeadProgress::Failed(error) if error.fault == HeadFault::NotHttp => {
                return Err(ProxyFailure::NoHead(with_more(stream, received, error)));
            }
            HeadProgress::Failed(error) => return Err(ProxyFailure::NoHead(error)),
        }
    }
}

/// The same error, with more of what came: by its first byte alone no protocol is recognised.
fn with_more(stream: &mut Timed<'_>, mut received: Vec<u8>, error: HeadError) -> HeadError {
    let mut more = [0; 128];
    let count = stream.for_at_most(BODY_LIMIT).read(&mut more).unwrap_or_default();
    received.extend_from_slice(&more[..count]);
    match HeadReader::new(HeadKind::Response).feed(&received) {
        HeadProgress::Failed(error) => error,
        HeadProgress::Incomplete | HeadProgress::Complete { .. } => error,
    }
}

/// Reads what helps to explain a refusal. A connection that breaks ends it.
fn read_body(stream: &mut Timed<'_>, head: &Head) -> Body {
    let mut stream = stream.for_at_most(BODY_LIMIT);
    let mut body = Body::of(head);
    let mut buffer = [0; 4096];
    while body.wants_more() {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => body.feed(&buffer[..count]),
        }
    }
    body
}
