//! HTTP heads as they were sent and received: order, case and spacing; but for secrets.

use std::borrow::Cow;
use std::ops::Range;

use crate::event::Direction;
use crate::output::options::Secrets;
use crate::output::theme::{Palette, Style};
use crate::output::{escape, hex};

/// Headers whose values let somebody else in.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxyauthorization", "cookie", "setcookie"];

/// Parameters of a URL's query whose values do.
const SECRET_PARAMETERS: [&str; 9] = ["auth", "bearer", "hmac", "key", "otp", "passwd", "pwd", "sid", "sig"];

/// How names of headers and parameters end whose values do, whatever stands before: `X-Api-Key`, `X-Amz-Signature`.
const SECRET_ENDINGS: [&str; 10] =
    ["accesskey", "apikey", "credential", "jwt", "password", "secret", "session", "signature", "ticket", "token"];

/// What stands for a secret.
const HIDDEN: &[u8] = b"[hidden]";

/// Appends a head, each line after `label` and the mark of its direction.
pub fn write(
    output: &mut Vec<u8>,
    palette: &Palette,
    label: &str,
    direction: Direction,
    head: &[u8],
    secrets: Secrets,
) {
    let hidden = hidden(head, secrets);
    let (ink, mark) = match direction {
        Direction::Sent => (Style::Sent, ">"),
        Direction::Received => (Style::Received, "<"),
    };
    let mut start = 0;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        output.extend_from_slice(label.as_bytes());
        palette.write(output, ink, mark);
        let text = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line);
        if !text.is_empty() {
            output.push(b' ');
            replaced(text, start, &hidden, |piece| match piece {
                Piece::Shown(text) => escape::head_line(output, text),
                Piece::Hidden => palette.paint(output, Style::Faint, |output| output.extend_from_slice(HIDDEN)),
            });
        }
        output.push(b'\n');
        start += line.len();
    }
}

/// Appends the bytes of a head as a hex dump; a secret's bytes are there, but not readable.
pub fn bytes(output: &mut Vec<u8>, palette: &Palette, head: &[u8], secrets: Secrets) {
    hex::dump(output, palette, "    ", head, 0, &hidden(head, secrets));
}

/// `url` with the secrets in its query replaced.
pub fn url(url: &str, secrets: Secrets) -> String {
    let hidden = match secrets {
        Secrets::Hidden => secrets_in_target(url.as_bytes()),
        Secrets::Shown => Vec::new(),
    };
    String::from_utf8_lossy(&without(url.as_bytes(), &hidden)).into_owned()
}

/// `bytes` of a head, whole lines or not, with asterisks for each byte of a secret.
pub fn masked(bytes: &[u8], secrets: Secrets) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for range in hidden(&bytes, secrets) {
        bytes[range].fill(b'*');
    }
    bytes
}

/// `value` of a header, or what stands for it.
pub fn value<'a>(name: &str, value: &'a [u8], secrets: Secrets) -> Cow<'a, [u8]> {
    match secrets {
        Secrets::Shown => value.into(),
        Secrets::Hidden if is_secret(name.as_bytes()) => HIDDEN.into(),
        Secrets::Hidden => without(value, &secrets_in_target(value)),
    }
}

/// `text` with something else in the place of what is hidden.
fn without<'a>(text: &'a [u8], hidden: &[Range<usize>]) -> Cow<'a, [u8]> {
    if hidden.is_empty() {
        return text.into();
    }
    let mut output = Vec::with_capacity(text.len());
    replaced(text, 0, hidden, |piece| match piece {
        Piece::Shown(text) => output.extend_from_slice(text),
        Piece::Hidden => output.extend_from_slice(HIDDEN),
    });
    output.into()
}

/// A piece of a text with secrets.
enum Piece<'a> {
    Shown(&'a [u8]),
    Hidden,
}

/// Gives `take` the pieces of `text`, which starts at `start` of what `hidden` refers to.
fn replaced(text: &[u8], start: usize, hidden: &[Range<usize>], mut take: impl FnMut(Piece<'_>)) {
    let mut done = 0;
    let within = start..start + text.len();
    for range in hidden.iter().filter(|range| within.contains(&range.start)) {
        take(Piece::Shown(&text[done..range.start - start]));
        take(Piece::Hidden);
        done = range.end - start;
    }
    take(Piece::Shown(&text[done..]));
}

fn hidden(head: &[u8], secrets: Secrets) -> Vec<Range<usize>> {
    match secrets {
        Secrets::Hidden => secrets_in_head(head),
        Secrets::Shown => Vec::new(),
    }
}

/// Where the secrets of a head are, in order.
fn secrets_in_head(head: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    // A finding shows a part of a head: the first line may be a header too, or go on with one that nobody sees.
    let mut secret = true;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let value = if line.starts_with(b" ") || line.starts_with(b"\t") {
            // A folded header goes on (RFC 9112 section 5.2), and so does its secret.
            0
        } else {
            let name = line.iter().take_while(|byte| is_in_name(**byte)).count();
            secret = is_secret(&line[..name]);
            match line.iter().position(|&byte| byte == b':') {
                Some(colon) if line[name..colon].trim_ascii().is_empty() => colon + 1,
                // Without its colon it is no header, and the secret is there all the same.
                _ => name,
            }
        };
        let trimmed = line[value..].trim_ascii();
        if secret && !trimmed.is_empty() {
            let value = value + line[value..].len() - line[value..].trim_ascii_start().len();
            found.push(start + value..start + value + trimmed.len());
        } else {
            // The target of a request, `Referer`, `Location`.
            found.extend(secrets_in_target(line).into_iter().map(|range| start + range.start..start + range.end));
        }
        start += line.len();
    }
    found
}

fn is_secret(header: &[u8]) -> bool {
    is_telling(header, &SECRET_HEADERS)
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether `name`, in any case and with or without hyphens, is one of `names`, or ends in a telling way.
fn is_telling(name: &[u8], names: &[&str]) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let name: String = letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    names.contains(&name.as_str()) || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Where the values of telling names are in the query of the first URL in `text`, in order.
fn secrets_in_target(text: &[u8]) -> Vec<Range<usize>> {
    let Some(question) = text.iter().position(|&byte| byte == b'?') else { return Vec::new() };
    let mut start = question + 1;
    let end = text[start..].iter().position(|byte| matches!(byte, b' ' | b'#' | b'\r' | b'\n'));
    let query = &text[start..end.map_or(text.len(), |end| start + end)];
    let mut found = Vec::new();
    for pair in query.split(|byte| matches!(byte, b'&' | b';')) {
        if let Some(equals) = pair.iter().position(|&byte| byte == b'=')
            && is_telling(&unescaped(&pair[..equals]), &SECRET_PARAMETERS)
            && equals + 1 < pair.len()
        {
            found.push(start + equals + 1..start + pair.len());
        }
        start += pair.len() + 1;
    }
    found
}

/// `name` without its percent-encoding.
fn unescaped(name: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::theme::Colors;

    fn shown(direction: Direction, head: &[u8], secrets: Secrets) -> String {
        let mut output = Vec::new();
        write(&mut output, &Palette::new(Colors::Off), "", direction, head, secrets);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn order_case_and_spacing_stay() {
        let head = b"GET /chat HTTP/1.1\r\nHost:  example.com\r\nX-b:1\r\nx-A : 2\r\n\r\n";
        assert_eq!(
            shown(Direction::Sent, head, Secrets::Hidden),
            "> GET /chat HTTP/1.1\n> Host:  example.com\n> X-b:1\n> x-A : 2\n>\n"
        );
    }

    #[test]
    fn what_could_drive_a_terminal_is_shown() {
        let head = b"HTTP/1.1 101 \x1b[2J\r\nServer: a\x9bb\tc\rd \xe2\x80\xae \xc2\x9b1m\r\n\r\n";
        assert_eq!(
            shown(Direction::Received, head, Secrets::Hidden),
            "< HTTP/1.1 101 \\x1b[2J\n< Server: a\\x9bb\\tc\\rd \\u{202e} \\xc2\\x9b1m\n<\n"
        );
    }

    #[test]
    fn credentials_are_hidden_unless_asked_for() {
        let head = b"GET / HTTP/1.1\r\nauthorization: Basic YTpi\r\nCOOKIE:a=b; c=d\r\nX: y\r\n\r\n";
        assert_eq!(
            shown(Direction::Sent, head, Secrets::Hidden),
            "> GET / HTTP/1.1\n> authorization: [hidden]\n> COOKIE:[hidden]\n> X: y\n>\n"
        );
        assert_eq!(
            shown(Direction::Sent, head, Secrets::Shown),
            "> GET / HTTP/1.1\n> authorization: Basic YTpi\n> COOKIE:a=b; c=d\n> X: y\n>\n"
        );
    }

    #[test]
    fn a_folded_credential_is_hidden_on_every_line() {
        let head = b"HTTP/1.1 101 Ok\r\nSet-Cookie: a=b;\r\n  secure=secret\r\nServer: x\r\n y\r\n\r\n";
        assert_eq!(
            shown(Direction::Received, head, Secrets::Hidden),
            "< HTTP/1.1 101 Ok\n< Set-Cookie: [hidden]\n<   [hidden]\n< Server: x\n<  y\n<\n"
        );
    }

    #[test]
    fn what_a_finding_shows_of_a_credential_is_hidden() {
        let hidden = |bytes: &[u8]| String::from_utf8(masked(bytes, Secrets::Hidden)).unwrap();
        assert_eq!(hidden(b" session=secret\r\n"), " **************\r\n");
        assert_eq!(hidden(b"Authorization Bearer secret\r\n"), "Authorization *************\r\n");
        assert_eq!(hidden(b"Authorization Bearer x: y\r\n"), "Authorization ***********\r\n");
        assert_eq!(hidden(b"Server nginx\r\n"), "Server nginx\r\n");
    }

    #[test]
    fn headers_that_hold_tokens_are_told_by_how_they_end() {
        for name in
            ["X-Api-Key", "PRIVATE-TOKEN", "X-Amz-Security-Token", "Set-Cookie", "Proxy-Authorization", "apikey"]
        {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in ["Sec-WebSocket-Key", "Sec-WebSocket-Accept", "Origin", "Key", "X-Token-Count"] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
        let target = "/?X-Amz-Signature=a&to%6ben=b&client-secret=c&monkey=d&sid=e&ticket=f&design=g";
        assert_eq!(
            url(target, Secrets::Hidden),
            "/?X-Amz-Signature=[hidden]&to%6ben=[hidden]&client-secret=[hidden]&monkey=d&sid=[hidden]&ticket=[hidden]&design=g"
        );
    }

    #[test]
    fn telling_parameters_of_the_target_are_hidden() {
        let head = b"GET /feed?room=1&Token=abc&sig=&key=d%20e HTTP/1.1\r\nReferer: http://a/?sid=1&b=2\r\n\r\n";
        assert_eq!(
            shown(Direction::Sent, head, Secrets::Hidden),
            "> GET /feed?room=1&Token=[hidden]&sig=&key=[hidden] HTTP/1.1\n> Referer: http://a/?sid=[hidden]&b=2\n>\n"
        );
        assert_eq!(url("ws://h/?token=abc#x", Secrets::Hidden), "ws://h/?token=[hidden]#x");
        assert_eq!(url("ws://h/?token=abc", Secrets::Shown), "ws://h/?token=abc");
    }

    #[test]
    fn the_dump_hides_the_same_bytes() {
        let mut output = Vec::new();
        bytes(&mut output, &Palette::new(Colors::Off), b"GET\r\nCookie: a\r\n", Secrets::Hidden);
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "    0000: 47 45 54 0d 0a 43 6f 6f 6b 69 65 3a 20 ** 0d 0a  GET..Cookie: *..\n"
        );
    }
}
