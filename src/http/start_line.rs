//! The first line of a head (RFC 9112 sections 3 and 4).

use std::fmt;

use super::{HeadKind, token};

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartLine {
    /// A client's.
    Request {
        /// `GET`.
        method: String,
        /// Path and query, mostly.
        target: String,
        /// `HTTP/1.1`.
        version: Version,
    },
    /// A server's.
    Status {
        /// `HTTP/1.1`.
        version: Version,
        /// Three digits.
        status: u16,
        /// What follows, unescaped.
        reason: String,
    },
}

/// An HTTP version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before the dot.
    pub major: u8,
    /// After the dot.
    pub minor: u8,
}

impl Version {
    /// HTTP/1.1, which RFC 6455 asks for.
    pub const HTTP_11: Self = Self { major: 1, minor: 1 };
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HTTP/{}.{}", self.major, self.minor)
    }
}

impl StartLine {
    /// Reads a line, without its end, of a head of that `kind`.
    pub(super) fn parse(line: &[u8], kind: HeadKind) -> Option<Self> {
        match kind {
            HeadKind::Response => Self::parse_status(line),
            HeadKind::Request => Self::parse_request(std::str::from_utf8(line).ok()?),
        }
    }

    fn parse_status(line: &[u8]) -> Option<Self> {
        let (version, rest) = line.split_at_checked("HTTP/1.1".len())?;
        let (status, reason) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
        if !status.iter().all(u8::is_ascii_digit) || !(reason.is_empty() || reason.starts_with(b" ")) {
            return None;
        }
        Some(Self::Status {
            version: Version::parse(version)?,
            status: status.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')),
            reason: String::from_utf8_lossy(token::trim(reason)).into_owned(),
        })
    }

    fn parse_request(line: &str) -> Option<Self> {
        let mut parts = line.split(' ');
        let (method, target, version) = (parts.next()?, parts.next()?, parts.next()?);
        let fits = parts.next().is_none() && token::is_token(method.as_bytes()) && !target.is_empty();
        let version = Version::parse(version.as_bytes())?;
        fits.then(|| Self::Request { method: method.to_owned(), target: target.to_owned(), version })
    }
}

/// What is wrong with the target of a GET, if anything is: neither a path nor a URL (RFC 9112 sections 3.2.1 and
/// 3.2.2), or with a byte that no URL has.
pub(super) fn mistake_in_target(target: &str) -> Option<String> {
    if let Some(odd) = target.bytes().find(|byte| !byte.is_ascii_graphic()) {
        return Some(format!("byte {odd:#04X}"));
    }
    if target.contains('#') {
        return Some("a fragment is not sent".to_owned());
    }
    let is_path_or_url = target.starts_with('/') || target.contains("://");
    (!is_path_or_url).then(|| "neither a path nor a URL".to_owned())
}

impl Version {
    fn parse(text: &[u8]) -> Option<Self> {
        match text.strip_prefix(b"HTTP/")? {
            [major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => Some(Self { major: major - b'0', minor: minor - b'0' }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        let status = |line: &str| StartLine::parse(line.as_bytes(), HeadKind::Response);
        let expected = |minor, status, reason: &str| {
            Some(StartLine::Status { version: Version { major: 1, minor }, status, reason: reason.to_owned() })
        };
        assert_eq!(status("HTTP/1.1 101 Switching Protocols"), expected(1, 101, "Switching Protocols"));
        assert_eq!(status("HTTP/1.0 404 "), expected(0, 404, ""));
        assert_eq!(status("HTTP/1.1 101"), expected(1, 101, ""));
        for bad in [
            "",
            "HTTP/1.1",
            "HTTP/1.1 ",
            "HTTP/1.1 1",
            "HTTP/1.1 1o1 x",
            "HTTP/1.1 1010",
            "http/1.1 101 x",
            "HTTP/11 101 x",
        ] {
            assert_eq!(status(bad), None, "{bad}");
        }
    }

    #[test]
    fn request_lines() {
        let parses = |line: &str| StartLine::parse(line.as_bytes(), HeadKind::Request).is_some();
        assert!(parses("GET /chat?x=1 HTTP/1.1"));
        assert!(parses("OPTIONS * HTTP/1.0"));
        for bad in ["", "GET", "GET /", "GET / HTTP/1.1 ", "GET  / HTTP/1.1", "G(T / HTTP/1.1", "GET / HTTP/x"] {
            assert!(!parses(bad), "{bad}");
        }
    }
}
