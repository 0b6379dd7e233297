//! Shows frames as they were on the wire: one line for each, in the notation of the `/frame` command, and their bytes.

use crate::event::Direction;
use crate::output::sink::Sink;
use crate::output::theme::{Palette, Style};
use crate::output::{digits, hex};
use crate::wire::{Control, Data, Frame, OpCode, Position};

/// Appends the line of a frame. `time` appends the time of the frame.
///
/// `< +0.001034 text   fin=1 rsv=4 len=812 wire=816 inflated=4096 5.0x`
pub fn line(
    output: &mut Vec<u8>,
    palette: &Palette,
    direction: Direction,
    frame: &Frame<'_>,
    time: impl FnOnce(&mut Vec<u8>),
) {
    match direction {
        Direction::Sent => palette.write(output, Style::Sent, ">"),
        Direction::Received => palette.write(output, Style::Received, "<"),
    }
    output.push(b' ');
    palette.paint(output, Style::Faint, time);
    output.push(b' ');
    opcode(output, frame.header.opcode);
    output.extend_from_slice(if frame.header.fin { b" fin=1 rsv=" } else { b" fin=0 rsv=" });
    output.push(digits::DIGITS[usize::from(frame.header.rsv & 0b111)]);
    if let Some(mask) = frame.header.mask {
        output.extend_from_slice(b" mask=");
        for byte in mask {
            digits::hexadecimal(output, byte);
        }
    }
    field(output, b" len=", frame.header.length);
    if frame.received < frame.header.length {
        field(output, b" received=", frame.received);
    }
    field(output, b" wire=", frame.header_bytes.len() as u64 + frame.received);
    position(output, frame.position);
    if let Some(inflated) = frame.inflated {
        field(output, b" inflated=", inflated);
        ratio(output, inflated, frame.received);
    }
    output.push(b'\n');
}

/// Writes the bytes of a frame: the header, the payload as it was on the wire, and the payload unmasked or inflated if
/// that is different.
pub fn bytes(sink: &mut Sink, frame: &Frame<'_>) {
    let header = frame.header_bytes.len() as u64;
    let title = format!("header, at byte {} of this direction", frame.offset);
    section(sink, &title, frame.header_bytes.chunks(hex::PIECE), frame.header_bytes.len(), 0);
    section(sink, "payload", frame.payload.chunks(hex::PIECE), frame.payload.len(), header);
    let meaning = match (frame.header.mask.is_some(), frame.inflated.is_some()) {
        (true, false) => "unmasked",
        (false, true) => "inflated",
        (true, true) => "unmasked and inflated",
        (false, false) => return,
    };
    let length = if frame.inflated.is_some() { frame.inflation.len() } else { frame.payload.len() };
    section(sink, meaning, frame.plain(hex::PIECE), length, 0);
}

/// Appends the name of an opcode as `/frame op=` takes it; a reserved one looks like `0x3`. The name is padded to six
/// columns, the length of the longest name except `continuation`.
fn opcode(output: &mut Vec<u8>, opcode: OpCode) {
    let start = output.len();
    if let Some(name) = name(opcode) {
        output.extend_from_slice(name.as_bytes());
    } else {
        output.extend_from_slice(b"0x");
        output.push(digits::DIGITS[usize::from(u8::from(opcode) & 0xf)]);
    }
    let written = output.len() - start;
    output.extend_from_slice(&b"      "[written.min(6)..]);
}

/// The name that RFC 6455 section 11.8 registers; `None` for a reserved opcode.
pub fn name(opcode: OpCode) -> Option<&'static str> {
    match opcode {
        OpCode::Data(Data::Continue) => Some("continuation"),
        OpCode::Data(Data::Text) => Some("text"),
        OpCode::Data(Data::Binary) => Some("binary"),
        OpCode::Control(Control::Close) => Some("close"),
        OpCode::Control(Control::Ping) => Some("ping"),
        OpCode::Control(Control::Pong) => Some("pong"),
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => None,
    }
}

fn field(output: &mut Vec<u8>, name: &[u8], value: u64) {
    output.extend_from_slice(name);
    digits::decimal(output, value);
}

fn position(output: &mut Vec<u8>, position: Position) {
    match position {
        Position::Whole => {}
        Position::First => output.extend_from_slice(b" part=1"),
        Position::Middle(number) => field(output, b" part=", number.into()),
        Position::Last(number) => {
            field(output, b" part=", number.into());
            field(output, b"/", number.into());
        }
    }
}

/// Appends how many times larger the inflated payload is, with one decimal: ` 5.0x`.
fn ratio(output: &mut Vec<u8>, inflated: u64, compressed: u64) {
    if compressed == 0 {
        return;
    }
    let tenths = (u128::from(inflated) * 10 + u128::from(compressed) / 2) / u128::from(compressed);
    // The ratio fits: the inflated payload is in memory, so its length is far below 2^63.
    let tenths = u64::try_from(tenths).unwrap_or(u64::MAX);
    field(output, b" ", tenths / 10);
    field(output, b".", tenths % 10);
    output.push(b'x');
}

fn section(sink: &mut Sink, title: &str, pieces: impl Iterator<Item = impl AsRef<[u8]>>, length: usize, first: u64) {
    if length == 0 {
        return;
    }
    sink.buffer.extend_from_slice(b"  ");
    sink.palette.write(&mut sink.buffer, Style::Faint, title);
    sink.buffer.push(b'\n');
    hex::long_dump(sink, "    ", pieces, length, first);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::theme::Colors;
    use crate::wire::{Header, LengthEncoding};

    const HELLO: Frame<'static> = Frame {
        header: Header {
            fin: true,
            rsv: 0,
            opcode: OpCode::Data(Data::Text),
            mask: None,
            length: 5,
            length_encoding: LengthEncoding::Seven,
        },
        header_bytes: &[0x81, 0x05],
        offset: 0,
        position: Position::Whole,
        payload: b"Hello",
        inflation: b"",
        inflated: None,
        received: 5,
    };

    fn masked() -> Frame<'static> {
        Frame {
            header: Header { mask: Some([0x37, 0xfa, 0x21, 0x3d]), ..HELLO.header },
            header_bytes: &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d],
            payload: &[0x7f, 0x9f, 0x4d, 0x51, 0x58],
            ..HELLO
        }
    }

    fn shown(direction: Direction, frame: &Frame<'_>) -> String {
        let mut output = Vec::new();
        line(&mut output, &Palette::new(Colors::Off), direction, frame, |output| {
            output.extend_from_slice(b"+0.001034");
        });
        String::from_utf8(output).unwrap()
    }

    fn dumped(frame: &Frame<'_>) -> String {
        let mut sink = Sink::kept(Colors::Off);
        bytes(&mut sink, frame);
        String::from_utf8(sink.buffer).unwrap()
    }

    #[test]
    fn a_plain_and_a_masked_frame() {
        assert_eq!(shown(Direction::Received, &HELLO), "< +0.001034 text   fin=1 rsv=0 len=5 wire=7\n");
        assert_eq!(shown(Direction::Sent, &masked()), "> +0.001034 text   fin=1 rsv=0 mask=37fa213d len=5 wire=11\n");
    }

    #[test]
    fn the_parts_of_a_fragmented_message() {
        let first = Frame { header: Header { fin: false, ..HELLO.header }, position: Position::First, ..HELLO };
        assert_eq!(shown(Direction::Received, &first), "< +0.001034 text   fin=0 rsv=0 len=5 wire=7 part=1\n");
        let opcode = OpCode::Data(Data::Continue);
        let middle =
            Frame { header: Header { fin: false, opcode, ..HELLO.header }, position: Position::Middle(2), ..HELLO };
        assert_eq!(shown(Direction::Received, &middle), "< +0.001034 continuation fin=0 rsv=0 len=5 wire=7 part=2\n");
        let last = Frame { header: Header { opcode, ..HELLO.header }, position: Position::Last(3), ..HELLO };
        assert_eq!(shown(Direction::Received, &last), "< +0.001034 continuation fin=1 rsv=0 len=5 wire=7 part=3/3\n");
    }

    #[test]
    fn a_compressed_frame_shows_what_it_inflates_to() {
        let frame = Frame {
            header: Header { rsv: 4, length: 812, ..HELLO.header },
            header_bytes: &[0xc1, 0x7e, 0x03, 0x2c],
            inflated: Some(4096),
            received: 812,
            ..HELLO
        };
        assert_eq!(
            shown(Direction::Received, &frame),
            "< +0.001034 text   fin=1 rsv=4 len=812 wire=816 inflated=4096 5.0x\n"
        );
    }

    #[test]
    fn an_odd_frame_is_shown_as_it_was() {
        let opcode = OpCode::Control(Control::Reserved(0xb));
        let frame = Frame { header: Header { rsv: 7, opcode, length: 1 << 63, ..HELLO.header }, ..HELLO };
        assert_eq!(
            shown(Direction::Received, &frame),
            "< +0.001034 0xb    fin=1 rsv=7 len=9223372036854775808 received=5 wire=7\n"
        );
    }

    #[test]
    fn the_bytes_of_a_masked_frame_and_what_they_unmask_to() {
        assert_eq!(
            dumped(&masked()),
            "  header, at byte 0 of this direction\n    \
                 0000: 81 85 37 fa 21 3d                                ..7.!=\n  \
               payload\n    \
                 0006: 7f 9f 4d 51 58                                   ..MQX\n  \
               unmasked\n    \
                 0000: 48 65 6c 6c 6f                                   Hello\n"
        );
    }

    #[test]
    fn the_bytes_of_a_plain_frame_are_shown_once() {
        assert_eq!(
            dumped(&Frame { offset: 7, ..HELLO }),
            "  header, at byte 7 of this direction\n    \
                 0000: 81 05                                            ..\n  \
               payload\n    \
                 0002: 48 65 6c 6c 6f                                   Hello\n"
        );
    }

    #[test]
    fn the_bytes_of_a_compressed_masked_frame() {
        let header = Header { rsv: 4, ..masked().header };
        let frame = Frame { header, inflated: Some(5), inflation: b"Hello", ..masked() };
        assert!(dumped(&frame).contains("\n  unmasked and inflated\n    0000: 48 65 6c 6c 6f"));
    }
}
