//! How the end of a message's body is known (RFC 9112 section 6.3), as strictly as a relay has to read it: where two
//! readers could see different ends, the message is refused, since the rest of the connection would be read as
//! something that its sender did not mean (request smuggling).

use std::fmt;

use super::{DefectKind, Head, Version, shortened};

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes; 0 where the message has no body.
    Length(u64),
    /// After the last chunk and the trailers.
    Chunked,
    /// With the end of the stream.
    UntilClose,
}

/// Why the end of a body is not known for certain. `Display` gives one line, which may hold a peer's bytes, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FramingFault {
    /// `Transfer-Encoding` and `Content-Length` stand in one head.
    TwoFramings,
    /// `Content-Length` is not one decimal number that fits into 64 bits.
    ContentLength(String),
    /// A `Transfer-Encoding` of which `chunked` is not the last coding, and no other.
    TransferEncoding(String),
    /// `Transfer-Encoding` in a message of HTTP/1.0.
    TransferEncodingInHttp10,
    /// A line of the head that others may read as another header.
    AmbiguousLine(DefectKind),
    /// The head of a chunk is not a hexadecimal size, an extension and CR LF.
    ChunkSize(String),
    /// The head of a chunk is longer than [`MAX_CHUNK_HEAD`](super::MAX_CHUNK_HEAD).
    LongChunkHead,
    /// No CR LF stands where the data of a chunk ends.
    ChunkEnd,
    /// The trailers are longer than a head may be.
    LongTrailers,
}

impl Framing {
    /// No body.
    pub const NONE: Self = Self::Length(0);

    /// The body that follows `head`, a request.
    ///
    /// # Errors
    /// Where two readers could see different ends.
    pub fn of_request(head: &Head) -> Result<Self, FramingFault> {
        let announces_body = head.get("Content-Length").is_some() || head.get("Transfer-Encoding").is_some();
        let is_ambiguous = |kind: DefectKind| match kind {
            DefectKind::HeaderSyntax
            | DefectKind::SpaceBeforeColon
            | DefectKind::FoldedHeader
            | DefectKind::ControlCharacter => true,
            // A reader that does not take LF for the end of a line sees fewer headers, but no other length where there is none.
            DefectKind::BareLineFeed => announces_body,
            DefectKind::ReasonPhrase | DefectKind::RequestTarget => false,
        };
        if let Some(defect) = head.defects().iter().find(|defect| is_ambiguous(defect.kind)) {
            return Err(FramingFault::AmbiguousLine(defect.kind));
        }
        match coding(head)? {
            Some(Coding::Chunked) => Ok(Self::Chunked),
            // A client cannot end its stream and still read the response (RFC 9112 section 6.3).
            Some(Coding::Other(value)) => Err(FramingFault::TransferEncoding(value)),
            None => Ok(Self::Length(content_length(head)?.unwrap_or(0))),
        }
    }

    /// The body that follows `head`, a response to a request with `method`.
    ///
    /// # Errors
    /// Where two readers could see different ends.
    pub fn of_response(head: &Head, method: &str) -> Result<Self, FramingFault> {
        if method == "HEAD" || matches!(head.status(), Some(100..=199 | 204 | 304)) {
            return Ok(Self::NONE);
        }
        let framing = ["Content-Length", "Transfer-Encoding"];
        let ambiguous = head.defects().iter().find(|defect| match defect.kind {
            DefectKind::SpaceBeforeColon | DefectKind::FoldedHeader | DefectKind::ControlCharacter => {
                framing.iter().any(|name| head.all(name).any(|field| field.lines.contains(&defect.offset)))
            }
            _ => false,
        });
        if let Some(defect) = ambiguous {
            return Err(FramingFault::AmbiguousLine(defect.kind));
        }
        match coding(head)? {
            Some(Coding::Chunked) => Ok(Self::Chunked),
            Some(Coding::Other(_)) => Ok(Self::UntilClose),
            None => Ok(content_length(head)?.map_or(Self::UntilClose, Self::Length)),
        }
    }

    /// The body that follows `head`, a response of which only the start is to be shown: what is wrong with it does no
    /// harm then.
    pub(super) fn for_showing(head: &Head) -> Self {
        let length = head.text("Content-Length").and_then(|length| length.parse().ok());
        match (head.status(), length) {
            (Some(100..=199 | 204 | 304), _) => Self::NONE,
            _ if head.lists("Transfer-Encoding", "chunked") => Self::Chunked,
            (_, Some(length)) => Self::Length(length),
            (_, None) => Self::UntilClose,
        }
    }
}

/// What `Transfer-Encoding` says.
enum Coding {
    /// `chunked` is the last coding.
    Chunked,
    /// Something else is.
    Other(String),
}

fn coding(head: &Head) -> Result<Option<Coding>, FramingFault> {
    if head.get("Transfer-Encoding").is_none() {
        return Ok(None);
    }
    if head.get("Content-Length").is_some() {
        return Err(FramingFault::TwoFramings);
    }
    if head.version() < Version::HTTP_11 {
        return Err(FramingFault::TransferEncodingInHttp10);
    }
    let value = || String::from_utf8_lossy(&head.joined("Transfer-Encoding")).into_owned();
    let codings: Vec<_> = head.list("Transfer-Encoding").collect();
    let chunked = codings.iter().filter(|coding| coding.eq_ignore_ascii_case(b"chunked")).count();
    match codings.last() {
        Some(last) if chunked == 1 && last.eq_ignore_ascii_case(b"chunked") => Ok(Some(Coding::Chunked)),
        Some(_) if chunked == 0 => Ok(Some(Coding::Other(value()))),
        _ => Err(FramingFault::TransferEncoding(value())),
    }
}

/// The one number of `Content-Length`: a list of equal ones may be refused as well (RFC 9110 section 8.6).
fn content_length(head: &Head) -> Result<Option<u64>, FramingFault> {
    let fields: Vec<_> = head.all("Content-Length").collect();
    let fault = || FramingFault::ContentLength(String::from_utf8_lossy(&head.joined("Content-Length")).into_owned());
    match fields.as_slice() {
        [] => Ok(None),
        [field] if !field.value.is_empty() && field.value.iter().all(u8::is_ascii_digit) => {
            let number = std::str::from_utf8(&field.value).ok().and_then(|digits| digits.parse().ok());
            number.map(Some).ok_or_else(fault)
        }
        _ => Err(fault()),
    }
}

impl FramingFault {
    /// The longest piece of a peer's that is quoted, in characters.
    const LONGEST_QUOTE: usize = 60;

    /// The section that is broken; `None` for limits of ours.
    pub fn section(&self) -> Option<&'static str> {
        match self {
            Self::TwoFramings | Self::TransferEncodingInHttp10 => Some("RFC 9112 section 6.1"),
            Self::ContentLength(_) => Some("RFC 9110 section 8.6"),
            Self::TransferEncoding(_) => Some("RFC 9112 section 6.3"),
            Self::AmbiguousLine(kind) => Some(kind.section()),
            Self::ChunkSize(_) | Self::ChunkEnd => Some("RFC 9112 section 7.1"),
            Self::LongChunkHead | Self::LongTrailers => None,
        }
    }
}

impl fmt::Display for FramingFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text| shortened(text, Self::LONGEST_QUOTE);
        match self {
            Self::TwoFramings => formatter.write_str("it has both Transfer-Encoding and Content-Length"),
            Self::ContentLength(value) => {
                write!(formatter, "its Content-Length is not one number: `{}`", quoted(value))
            }
            Self::TransferEncoding(value) => {
                write!(formatter, "its Transfer-Encoding does not end with one `chunked`: `{}`", quoted(value))
            }
            Self::TransferEncodingInHttp10 => formatter.write_str("it has Transfer-Encoding, and is HTTP/1.0"),
            Self::AmbiguousLine(kind) => write!(formatter, "its head can be read in two ways: {}", kind.summary()),
            Self::ChunkSize(line) => write!(formatter, "a chunk does not begin with its size: `{}`", quoted(line)),
            Self::LongChunkHead => formatter.write_str("the head of a chunk is too long"),
            Self::ChunkEnd => formatter.write_str("the data of a chunk does not end where its size says"),
            Self::LongTrailers => formatter.write_str("its trailers are too long"),
        }
    }
}

impl std::error::Error for FramingFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadKind, HeadProgress, HeadReader};

    fn head(kind: HeadKind, lines: &str) -> Head {
        let HeadProgress::Complete { head, .. } = HeadReader::of_each(kind).feed(lines.as_bytes()) else {
            panic!("no head: {lines:?}");
        };
        head
    }

    fn request(headers: &str) -> Result<Framing, FramingFault> {
        Framing::of_request(&head(HeadKind::Request, &format!("POST / HTTP/1.1\r\nHost: h\r\n{headers}\r\n")))
    }

    fn response(status: u16, headers: &str, method: &str) -> Result<Framing, FramingFault> {
        let lines = format!("HTTP/1.1 {status} x\r\n{headers}\r\n");
        Framing::of_response(&head(HeadKind::Response, &lines), method)
    }

    #[test]
    fn what_a_request_announces() {
        assert_eq!(request(""), Ok(Framing::NONE));
        assert_eq!(request("Content-Length: 0017\r\n"), Ok(Framing::Length(17)));
        assert_eq!(request("content-length: 18446744073709551615\r\n"), Ok(Framing::Length(u64::MAX)));
        assert_eq!(request("Transfer-Encoding: gzip, Chunked\r\n"), Ok(Framing::Chunked));
        assert_eq!(request("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), Ok(Framing::Chunked));
    }

    #[test]
    fn what_smuggles_a_request_is_refused() {
        let both = "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n";
        assert_eq!(request(both), Err(FramingFault::TwoFramings));
        for length in ["+4", "-4", "0x4", "4 4", "4, 4", "4,", "", "four", "4.0", "18446744073709551616"] {
            let fault = request(&format!("Content-Length: {length}\r\n")).unwrap_err();
            assert!(matches!(fault, FramingFault::ContentLength(_)), "{length:?}: {fault:?}");
        }
        for lengths in ["Content-Length: 4\r\nContent-Length: 5\r\n", "Content-Length: 4\r\nContent-Length: 4\r\n"] {
            assert!(matches!(request(lengths), Err(FramingFault::ContentLength(_))), "{lengths:?}");
        }
        for coding in
            ["gzip", "identity", "chunked, gzip", "chunked, chunked", "xchunked", "chunked;q=1", "", "\"chunked\""]
        {
            let fault = request(&format!("Transfer-Encoding: {coding}\r\n")).unwrap_err();
            assert!(matches!(fault, FramingFault::TransferEncoding(_)), "{coding:?}: {fault:?}");
        }
        let old = head(HeadKind::Request, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(Framing::of_request(&old), Err(FramingFault::TransferEncodingInHttp10));
    }

    #[test]
    fn a_line_that_others_may_read_otherwise_is_refused() {
        for (headers, kind) in [
            ("Content-Length : 4\r\n", DefectKind::SpaceBeforeColon),
            ("X: a\r\n Transfer-Encoding: chunked\r\n", DefectKind::FoldedHeader),
            ("X: a\rTransfer-Encoding: chunked\r\n", DefectKind::ControlCharacter),
            ("Transfer-Encoding\x0b: chunked\r\n", DefectKind::HeaderSyntax),
            ("X: a\nTransfer-Encoding: chunked\r\n", DefectKind::BareLineFeed),
        ] {
            assert_eq!(request(headers), Err(FramingFault::AmbiguousLine(kind)), "{headers:?}");
        }
        assert_eq!(request("X: a\nY: b\r\n"), Ok(Framing::NONE));
    }

    #[test]
    fn what_a_response_announces() {
        assert_eq!(response(200, "Content-Length: 4\r\n", "GET"), Ok(Framing::Length(4)));
        assert_eq!(response(200, "Transfer-Encoding: chunked\r\n", "GET"), Ok(Framing::Chunked));
        assert_eq!(response(200, "Transfer-Encoding: gzip\r\n", "GET"), Ok(Framing::UntilClose));
        assert_eq!(response(200, "", "GET"), Ok(Framing::UntilClose));
        assert_eq!(response(200, "Content-Length: 4\r\n", "HEAD"), Ok(Framing::NONE));
        for status in [100, 101, 103, 204, 304] {
            assert_eq!(response(status, "Content-Length: 4\r\n", "GET"), Ok(Framing::NONE));
        }
        let both = "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n";
        assert_eq!(response(200, both, "GET"), Err(FramingFault::TwoFramings));
        let spaced = response(200, "Content-Length : 4\r\n", "GET");
        assert_eq!(spaced, Err(FramingFault::AmbiguousLine(DefectKind::SpaceBeforeColon)));
        assert_eq!(response(200, "X : 4\r\nContent-Length: 4\r\n", "GET"), Ok(Framing::Length(4)));
    }

    #[test]
    fn a_fault_is_told_in_one_bounded_line() {
        let fault = request(&format!("Content-Length: {}\r\n", "9".repeat(5000))).unwrap_err();
        assert!(
            fault.to_string().starts_with("its Content-Length is not one number: `999")
                && fault.to_string().len() < 150
        );
        assert_eq!(fault.section(), Some("RFC 9110 section 8.6"));
    }
}
