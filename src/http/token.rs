//! Tokens and white space, of which HTTP's headers are made (RFC 9110 section 5.6).

/// Whether `text` is a token: at least one character, each a letter, a digit or one of ``!#$%&'*+-.^_`|~``.
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_byte(byte))
}

/// Whether `byte` may be part of a token.
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Space or tab (OWS).
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `text` without the white space around it.
pub fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|&byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Whether `byte` has no place in a header's value: the control characters but tab.
pub fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_neither_empty_nor_has_separators() {
        assert!(is_token(b"permessage-deflate"));
        assert!(is_token(b"v1.2~x`|"));
        for bad in [&b""[..], b"a b", b"a,b", b"a;b", b"a=b", b"\"a\"", b"a/b", b"caf\xc3\xa9", b"a\0"] {
            assert!(!is_token(bad), "{bad:?}");
        }
    }

    #[test]
    fn trimming_leaves_what_is_inside() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim(b""), b"");
    }
}
