//! Parses `/frame`, which sends a frame exactly as it is written, legal or not.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::Command;
use super::arguments::ArgumentError;
use super::lookup::nearest_of;
use crate::error::{Error, Result};
use crate::input::input_error;
use crate::input::payload::Payload;
use crate::wire::{LengthEncoding, RawHeader, RawMask};

/// The arguments, as the usage shows them.
pub(super) const ARGUMENTS: &str = "[fin=0|1] [rsv=0..7] [op=text|binary|continuation|close|ping|pong|0x0..0xF] \
                                    [mask=HEX|none] [len=N] [enc=7|16|64] [PAYLOAD]";

const KEYS: &[&str] = &["fin", "rsv", "op", "mask", "len", "enc"];

/// The names of the opcodes (RFC 6455 section 11.8).
const OPCODES: &[(&str, u8)] =
    &[("continuation", 0x0), ("text", 0x1), ("binary", 0x2), ("close", 0x8), ("ping", 0x9), ("pong", 0xA)];

/// The candidates of completion.
const FIELDS: &[&str] = &[
    "fin=0",
    "fin=1",
    "rsv=",
    "op=text",
    "op=binary",
    "op=continuation",
    "op=close",
    "op=ping",
    "op=pong",
    "mask=none",
    "mask=",
    "len=",
    "enc=7",
    "enc=16",
    "enc=64",
];

/// The fields of `/frame` and their usual values, for completion.
pub fn frame_fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().copied()
}

pub(super) fn frame(rest: &str) -> Result<Command, ArgumentError> {
    let mut header = RawHeader::default();
    let mut rest = rest.trim();
    while let Some((key, value, tail)) = option(rest) {
        set(&mut header, key, value)?;
        rest = tail;
    }
    Ok(Command::Frame(header, Payload::parse(rest)?))
}

fn set(header: &mut RawHeader, key: &str, value: &str) -> Result<()> {
    match key {
        "fin" => header.fin = number(key, value, "0 or 1", 1)? == 1,
        "rsv" => header.rsv = number(key, value, "0 to 7", 7)?,
        "op" => header.opcode = opcode(value)?,
        "mask" => header.mask = mask(value)?,
        "len" => header.declared_length = Some(length(value)?),
        "enc" => header.length_encoding = Some(length_encoding(value)?),
        _ => return Err(unknown(key)),
    }
    Ok(())
}

/// Splits `key=value` off the start. No payload looks like this: hex and JSON have no such word, and in `base64:…` a
/// colon comes before the `=`.
fn option(rest: &str) -> Option<(&str, &str, &str)> {
    let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (key, value) = word.split_once('=')?;
    key.bytes().all(|byte| byte.is_ascii_alphabetic()).then(|| (key, value, tail.trim_start()))
}

fn number(key: &str, value: &str, range: &str, largest: u8) -> Result<u8> {
    value
        .parse()
        .ok()
        .filter(|number| *number <= largest)
        .ok_or_else(|| input_error(format!("`{key}` is {range}, not `{value}`")))
}

fn opcode(value: &str) -> Result<u8> {
    if let Some((_, opcode)) = OPCODES.iter().find(|(name, _)| *name == value) {
        return Ok(*opcode);
    }
    let digits = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    digits
        .filter(|digits| digits.len() == 1)
        .and_then(|digit| u8::from_str_radix(digit, 16).ok())
        .ok_or_else(|| input_error(format!("`op` is an opcode's name or 0x0 to 0xF, not `{value}`")))
}

fn mask(value: &str) -> Result<RawMask> {
    if value == "none" {
        return Ok(RawMask::None);
    }
    HEXLOWER_PERMISSIVE
        .decode(value.as_bytes())
        .ok()
        .and_then(|key| key.try_into().ok())
        .map(RawMask::Key)
        .ok_or_else(|| input_error(format!("`mask` is eight hex digits or `none`, not `{value}`")))
}

fn length(value: &str) -> Result<u64> {
    value.parse().map_err(|_| input_error(format!("`len` is a number of bytes, not `{value}`")))
}

fn length_encoding(value: &str) -> Result<LengthEncoding> {
    match value {
        "7" => Ok(LengthEncoding::Seven),
        "16" => Ok(LengthEncoding::Sixteen),
        "64" => Ok(LengthEncoding::SixtyFour),
        _ => Err(input_error(format!("`enc` is 7, 16 or 64 (bits), not `{value}`"))),
    }
}

fn unknown(key: &str) -> Error {
    input_error(match nearest_of(key, KEYS.iter().copied()) {
        Some(candidate) => format!("`/frame` knows no `{key}=`, did you mean `{candidate}=`?"),
        None => format!("`/frame` knows no `{key}=`, only {}", KEYS.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Line, parse};
    use super::*;

    fn understood(line: &str) -> (RawHeader, Payload) {
        match parse(line).unwrap() {
            Line::Command(Command::Frame(header, payload)) => (header, payload),
            other => panic!("{line} is {other:?}"),
        }
    }

    fn bytes(bytes: &[u8]) -> Payload {
        Payload::Bytes(bytes.to_vec())
    }

    fn message(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn alone_it_is_a_whole_empty_text_message() {
        assert_eq!(understood("/frame"), (RawHeader::default(), bytes(b"")));
    }

    #[test]
    fn every_field_can_be_chosen() {
        let line = "/frame fin=0 rsv=5 op=0xF mask=01020304 len=9223372036854775808 enc=64 68 69";
        let header = RawHeader {
            fin: false,
            rsv: 5,
            opcode: 0xF,
            mask: RawMask::Key([1, 2, 3, 4]),
            declared_length: Some(1 << 63),
            length_encoding: Some(LengthEncoding::SixtyFour),
        };
        assert_eq!(understood(line), (header, bytes(b"hi")));
    }

    #[test]
    fn payloads_are_never_taken_for_options() {
        assert_eq!(understood(r#"/frame op=close "fin=0""#).1, bytes(b"fin=0"));
        assert_eq!(understood("/frame base64:aGk=").1, bytes(b"hi"));
        assert_eq!(understood("/frame mask=none @a=b").1, Payload::File("a=b".into()));
    }

    #[test]
    fn mistakes_say_what_would_be_right() {
        assert_eq!(message("/frame fin=2"), "`fin` is 0 or 1, not `2`");
        assert_eq!(message("/frame rsv=8"), "`rsv` is 0 to 7, not `8`");
        assert_eq!(message("/frame op=0x10"), "`op` is an opcode's name or 0x0 to 0xF, not `0x10`");
        assert_eq!(message("/frame mask=0102"), "`mask` is eight hex digits or `none`, not `0102`");
        assert_eq!(message("/frame enc=8"), "`enc` is 7, 16 or 64 (bits), not `8`");
        assert_eq!(message("/frame maks=none"), "`/frame` knows no `maks=`, did you mean `mask=`?");
    }
}
