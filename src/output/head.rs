//! HTTP heads as they were sent and received: order, case and spacing; but for secrets.

use std::ops::Range;

use crate::event::Direction;
use crate::output::options::Secrets;
use crate::output::theme::{Ink, Palette};
use crate::output::{escape, hex};

/// Headers whose values let somebody else in.
const SECRET_HEADERS: [&[u8]; 4] = [b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"];

/// Names in a URL's query whose values do.
const SECRET_PARAMETERS: [&[u8]; 13] = [
    b"access_token",
    b"api_key",
    b"apikey",
    b"auth",
    b"client_secret",
    b"id_token",
    b"jwt",
    b"key",
    b"password",
    b"secret",
    b"sig",
    b"signature",
    b"token",
];

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
        Direction::Sent => (Ink::Sent, ">"),
        Direction::Received => (Ink::Received, "<"),
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
                Piece::Hidden => palette.paint(output, Ink::Faint, |output| output.extend_from_slice(HIDDEN)),
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
    let mut output = Vec::with_capacity(url.len());
    replaced(url.as_bytes(), 0, &hidden, |piece| match piece {
        Piece::Shown(text) => output.extend_from_slice(text),
        Piece::Hidden => output.extend_from_slice(HIDDEN),
    });
    String::from_utf8_lossy(&output).into_owned()
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
pub fn value<'a>(name: &str, value: &'a [u8], secrets: Secrets) -> &'a [u8] {
    if secrets == Secrets::Hidden && is_secret(name.as_bytes()) { HIDDEN } else { value }
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
    let request = head.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
    let mut found = secrets_in_target(request);
    let mut start = 0;
    let mut secret = false;
    // The first line may be a header, too: a finding shows a part of a head.
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let value = match line.iter().position(|&byte| byte == b':') {
            // A folded header goes on (RFC 9112 section 5.2), and so does its secret.
            _ if line.starts_with(b" ") || line.starts_with(b"\t") => 0,
            Some(colon) => {
                secret = is_secret(&line[..colon]);
                colon + 1
            }
            None => line.len(),
        };
        let trimmed = line[value..].trim_ascii();
        if secret && !trimmed.is_empty() {
            let value = value + line[value..].len() - line[value..].trim_ascii_start().len();
            found.push(start + value..start + value + trimmed.len());
        }
        start += line.len();
    }
    found
}

fn is_secret(header: &[u8]) -> bool {
    SECRET_HEADERS.iter().any(|name| name.eq_ignore_ascii_case(header.trim_ascii()))
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
            && SECRET_PARAMETERS.iter().any(|name| name.eq_ignore_ascii_case(&pair[..equals]))
            && equals + 1 < pair.len()
        {
            found.push(start + equals + 1..start + pair.len());
        }
        start += pair.len() + 1;
    }
    found
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
    fn telling_parameters_of_the_target_are_hidden() {
        let head = b"GET /feed?room=1&Token=abc&sig=&key=d%20e HTTP/1.1\r\n\r\n";
        assert_eq!(
            shown(Direction::Sent, head, Secrets::Hidden),
            "> GET /feed?room=1&Token=[hidden]&sig=&key=[hidden] HTTP/1.1\n>\n"
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
