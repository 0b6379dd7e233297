//! Shows HTTP heads exactly as they were sent and received, but without secrets.

use crate::event::Direction;
use crate::http::redact::{self, Part, Secret, Secrets};
use crate::output::theme::{Palette, Style};
use crate::output::{diagnostic_lines, escape, hex};

/// Appends a head. Before each line come the label of the client and the mark of the direction.
pub fn write(
    output: &mut Vec<u8>,
    palette: &Palette,
    client: Option<u64>,
    direction: Direction,
    head: &[u8],
    secrets: Secrets,
) {
    let hidden = secrets.find(Part::Head(head));
    let (style, mark) = match direction {
        Direction::Sent => (Style::Sent, ">"),
        Direction::Received => (Style::Received, "<"),
    };
    let mut start = 0;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        diagnostic_lines::label(output, client);
        palette.write(output, style, mark);
        let text = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line);
        if !text.is_empty() {
            output.push(b' ');
            write_line(output, palette, text, start, &hidden);
        }
        output.push(b'\n');
        start += line.len();
    }
}

/// Appends a line of a head. `start` is the index in the head at which the line begins; `hidden` holds ranges of the
/// head.
fn write_line(output: &mut Vec<u8>, palette: &Palette, line: &[u8], start: usize, hidden: &[Secret]) {
    let mut shown = 0;
    for secret in redact::within(hidden, start..start + line.len()) {
        escape::head_line(output, &line[shown..secret.range.start]);
        palette.paint(output, Style::Faint, |output| output.extend_from_slice(secret.label(line).as_bytes()));
        shown = secret.range.end;
    }
    escape::head_line(output, &line[shown..]);
}

/// Appends a hex dump of a head. Each byte of a secret is shown as asterisks.
pub fn bytes(output: &mut Vec<u8>, palette: &Palette, head: &[u8], secrets: Secrets) {
    let hidden: Vec<_> = secrets.find(Part::Head(head)).into_iter().map(|secret| secret.range).collect();
    hex::dump(output, palette, "    ", head, 0, &hidden);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::theme::Colors;

    fn shown(direction: Direction, head: &[u8], secrets: Secrets) -> String {
        let mut output = Vec::new();
        write(&mut output, &Palette::new(Colors::Off), None, direction, head, secrets);
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
            "> GET / HTTP/1.1\n> authorization: Basic [hidden]\n> COOKIE:[hidden]\n> X: y\n>\n"
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
        let head = b"GET /feed?room=1&Token=abc&sig=&key=d%20e HTTP/1.1\r\nReferer: http://a/?sid=1&b=2\r\n\r\n";
        assert_eq!(
            shown(Direction::Sent, head, Secrets::Hidden),
            "> GET /feed?room=1&Token=[hidden]&sig=&key=[hidden] HTTP/1.1\n> Referer: http://a/?sid=[hidden]&b=2\n>\n"
        );
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
