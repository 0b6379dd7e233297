//! Which parts of HTTP are secret: the one table of names, and the one function that finds their values.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use self::Applies::{Ending, Header, Parameter};

/// What stands for a secret.
pub const HIDDEN: &[u8] = b"[hidden]";

/// Names whose values are secret: a reader of the value could act as its owner. Written as letters and digits in lower
/// case, since case and hyphens do not count.
const SECRET_NAMES: [(&str, Applies); 23] = [
    ("authorization", Header),
    ("cookie", Header),
    ("proxyauthorization", Header),
    ("setcookie", Header),
    ("auth", Parameter),
    ("bearer", Parameter),
    ("hmac", Parameter),
    ("key", Parameter),
    ("otp", Parameter),
    ("passwd", Parameter),
    ("pwd", Parameter),
    ("sid", Parameter),
    ("sig", Parameter),
    // `X-Api-Key`, `X-Amz-Signature`.
    ("accesskey", Ending),
    ("apikey", Ending),
    ("credential", Ending),
    ("jwt", Ending),
    ("password", Ending),
    ("secret", Ending),
    ("session", Ending),
    ("signature", Ending),
    ("ticket", Ending),
    ("token", Ending),
];

/// Of what a name in the table is the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Applies {
    /// A header.
    Header,
    /// A parameter in the query of a URL.
    Parameter,
    /// The end of the name of either.
    Ending,
}

/// A piece of HTTP that may have secrets in it.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// Lines of a head, whole or not.
    Head(&'a [u8]),
    /// A text with a URL in it: a line of a message, a request target, the URL itself.
    Url(&'a [u8]),
    /// The value of a header.
    Value {
        /// The header's name.
        name: &'a str,
        /// Its value, without the white space around it.
        value: &'a [u8],
    },
}

/// Where in `part` the secrets are, in order.
pub fn secrets(part: Part<'_>) -> Vec<Range<usize>> {
    match part {
        Part::Head(lines) => secrets_in_head(lines),
        Part::Url(text) => secrets_in_url(text),
        Part::Value { name, value } if is_secret(name.as_bytes(), Header) => iter::once(0..value.len()).collect(),
        Part::Value { value, .. } => secrets_in_url(value),
    }
}

/// `part` with [`HIDDEN`] in the place of each secret.
pub fn redacted(part: Part<'_>) -> Cow<'_, [u8]> {
    let (Part::Head(text) | Part::Url(text) | Part::Value { value: text, .. }) = part;
    let secrets = secrets(part);
    if secrets.is_empty() {
        return text.into();
    }
    let mut output = Vec::with_capacity(text.len());
    let mut shown = 0;
    for Range { start, end } in secrets {
        output.extend_from_slice(&text[shown..start]);
        output.extend_from_slice(HIDDEN);
        shown = end;
    }
    output.extend_from_slice(&text[shown..]);
    output.into()
}

/// `text` with [`HIDDEN`] in the place of each secret in the query of the first URL in it.
pub fn redacted_url(text: &str) -> String {
    String::from_utf8_lossy(&redacted(Part::Url(text.as_bytes()))).into_owned()
}

fn secrets_in_head(lines: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    // The excerpt may begin inside a folded header whose name is not in it: that value counts as secret.
    let mut is_in_secret = true;
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let value = if line.starts_with(b" ") || line.starts_with(b"\t") {
            // A folded header goes on (RFC 9112 section 5.2), and so does its secret.
            0
        } else {
            let name = line.iter().take_while(|byte| is_in_name(**byte)).count();
            is_in_secret = is_secret(&line[..name], Header);
            match line.iter().position(|&byte| byte == b':') {
                Some(colon) if line[name..colon].trim_ascii().is_empty() => colon + 1,
                // Without its colon the line is no header, but the secret is in it all the same.
                _ => name,
            }
        };
        let trimmed = line[value..].trim_ascii();
        if is_in_secret && !trimmed.is_empty() {
            let value = start + value + line[value..].len() - line[value..].trim_ascii_start().len();
            found.push(value..value + trimmed.len());
        } else {
            // The target of a request, `Referer`, `Location`.
            found.extend(secrets_in_url(line).into_iter().map(|range| start + range.start..start + range.end));
        }
        start += line.len();
    }
    found
}

/// Where the values of secret parameters are in the query of the first URL in `text`.
fn secrets_in_url(text: &[u8]) -> Vec<Range<usize>> {
    let Some(question) = text.iter().position(|&byte| byte == b'?') else { return Vec::new() };
    let mut start = question + 1;
    let end = text[start..].iter().position(|byte| matches!(byte, b' ' | b'#' | b'\r' | b'\n'));
    let query = &text[start..end.map_or(text.len(), |end| start + end)];
    let mut found = Vec::new();
    for pair in query.split(|byte| matches!(byte, b'&' | b';')) {
        if let Some(equals) = pair.iter().position(|&byte| byte == b'=')
            && is_secret(&percent_encoding::percent_decode(&pair[..equals]).collect::<Vec<_>>(), Parameter)
            && equals + 1 < pair.len()
        {
            found.push(start + equals + 1..start + pair.len());
        }
        start += pair.len() + 1;
    }
    found
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether the value of the header or the parameter with this name is secret.
fn is_secret(name: &[u8], place: Applies) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let name: String = letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    SECRET_NAMES.iter().any(|&(secret, applies)| match applies {
        Ending => name.ends_with(secret),
        Header | Parameter => applies == place && name == secret,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_hold_tokens_are_known_by_how_they_end() {
        for name in
            ["X-Api-Key", "PRIVATE-TOKEN", "X-Amz-Security-Token", "Set-Cookie", "Proxy-Authorization", "apikey"]
        {
            assert!(is_secret(name.as_bytes(), Header), "{name}");
        }
        for name in ["Sec-WebSocket-Key", "Sec-WebSocket-Accept", "Origin", "Key", "X-Token-Count"] {
            assert!(!is_secret(name.as_bytes(), Header), "{name}");
        }
    }

    #[test]
    fn parameters_are_known_by_their_names_and_by_how_they_end() {
        let target = "/?X-Amz-Signature=a&to%6ben=b&client-secret=c&monkey=d&sid=e&ticket=f&design=g";
        assert_eq!(
            redacted_url(target),
            "/?X-Amz-Signature=[hidden]&to%6ben=[hidden]&client-secret=[hidden]&monkey=d&sid=[hidden]&ticket=[hidden]&design=g"
        );
        assert_eq!(redacted_url("ws://h/?token=abc#x"), "ws://h/?token=[hidden]#x");
        assert_eq!(redacted_url("ws://h/?sig="), "ws://h/?sig=");
    }

    #[test]
    fn a_value_is_hidden_as_a_whole_or_where_a_url_has_a_secret() {
        let value = |name, value| redacted(Part::Value { name, value }).into_owned();
        assert_eq!(value("Cookie", b"a=b; c=d"), HIDDEN);
        assert_eq!(value("Cookie", b""), HIDDEN);
        assert_eq!(value("Location", b"/?token=a"), b"/?token=[hidden]");
        assert_eq!(value("Server", b"nginx"), b"nginx");
    }

    #[test]
    fn a_head_keeps_everything_else() {
        let head = b"GET /?key=a HTTP/1.1\r\nHost: h\r\nAuthorization:  Basic x \r\n\r\n";
        let expected = b"GET /?key=[hidden] HTTP/1.1\r\nHost: h\r\nAuthorization:  [hidden] \r\n\r\n";
        assert_eq!(redacted(Part::Head(head)).as_ref(), expected);
    }
}
