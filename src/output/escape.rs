//! Makes bytes that a peer chose harmless to a terminal: the only place that does, for payloads, header values, close
//! reasons, certificate names and error texts alike.
//!
//! What could move the cursor, change the terminal's state, reorder text or hide in it is shown, not executed: control
//! characters and bytes that aren't UTF-8 as `\x1b`, others as `\u{202e}`. Joiners (U+200C, U+200D) stay as they are:
//! emoji and several scripts are made of them, and they do nothing by themselves.

use std::str;

/// Appends `bytes` with line ends and tabs as they are.
pub fn text(output: &mut Vec<u8>, bytes: &[u8]) {
    escape(output, bytes, Layout::Lines);
}

/// Appends `bytes` as part of one line: line ends as `\n`, tabs as `\t`.
pub fn line(output: &mut Vec<u8>, bytes: &[u8]) {
    escape(output, bytes, Layout::OneLine);
}

/// Whether a character is shown as its code instead of itself, in every layout but for `\n` and `\t`.
pub fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Soft hyphen, zero-width and invisible characters.
        | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        // Bidirectional controls, line and paragraph separators; word joiner, invisible operators and deprecated format characters.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Tags: ASCII that nobody sees.
        | '\u{e0000}'..='\u{e007f}')
}

/// What becomes of line ends and tabs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Lines,
    OneLine,
}

fn escape(output: &mut Vec<u8>, mut bytes: &[u8], layout: Layout) {
    output.reserve(bytes.len());
    while !bytes.is_empty() {
        let plain = bytes.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(bytes.len());
        output.extend_from_slice(&bytes[..plain]);
        bytes = &bytes[plain..];
        let special = bytes.iter().position(|byte| matches!(byte, b' '..=b'~')).unwrap_or(bytes.len());
        for chunk in bytes[..special].utf8_chunks() {
            chunk.valid().chars().for_each(|character| escape_character(output, character, layout));
            chunk.invalid().iter().for_each(|byte| hexadecimal(output, *byte));
        }
        bytes = &bytes[special..];
    }
}

fn escape_character(output: &mut Vec<u8>, character: char, layout: Layout) {
    match character {
        '\n' | '\t' if layout == Layout::Lines => output.push(character as u8),
        '\n' => output.extend_from_slice(b"\\n"),
        '\t' => output.extend_from_slice(b"\\t"),
        '\r' => output.extend_from_slice(b"\\r"),
        '\0'..='\x7f' => hexadecimal(output, character as u8),
        _ if is_unsafe(character) => output.extend(character.escape_unicode().map(|character| character as u8)),
        _ => output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn hexadecimal(output: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    output.extend_from_slice(&[b'\\', b'x', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]]);
}

/// `bytes` as part of one line, as a string.
pub fn to_line(bytes: impl AsRef<[u8]>) -> String {
    let mut output = Vec::new();
    line(&mut output, bytes.as_ref());
    // What `escape` writes is made of whole characters.
    str::from_utf8(&output).map_or_else(|_| String::new(), str::to_owned)
}
