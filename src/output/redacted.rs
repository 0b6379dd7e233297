//! Payloads without what a dialect has found in them and must not be shown: passwords, tokens.

use std::borrow::Cow;
use std::ops::Range;

use crate::event::Annotation;
use crate::http::redact::{HIDDEN, Secrets};
use crate::wire::Kind;

/// What stands for each byte of a secret in a binary message.
const HIDDEN_BYTE: u8 = b'*';

/// The places of a payload that must not be shown: in order, without overlaps.
pub fn hidden_places(annotation: Option<&Annotation>, secrets: Secrets) -> &[Range<usize>] {
    match (annotation, secrets) {
        (Some(annotation), Secrets::Hidden) => &annotation.secrets,
        _ => &[],
    }
}

/// `payload` with something else in these places: `[hidden]` in a text, and an asterisk for each byte in a binary message,
/// whose other bytes stay where they are.
pub fn without<'a>(kind: Kind, payload: &'a [u8], places: &[Range<usize>]) -> Cow<'a, [u8]> {
    if places.is_empty() {
        return payload.into();
    }
    let mut shown = Vec::with_capacity(payload.len());
    let mut rest = 0;
    for Range { start, end } in places {
        let start = (*start).clamp(rest, payload.len());
        let end = (*end).clamp(start, payload.len());
        shown.extend_from_slice(&payload[rest..start]);
        match kind {
            Kind::Text => shown.extend_from_slice(HIDDEN.as_bytes()),
            Kind::Binary => shown.resize(shown.len() + (end - start), HIDDEN_BYTE),
        }
        rest = end;
    }
    shown.extend_from_slice(&payload[rest..]);
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_cut_out_of_a_text_and_covered_in_a_binary_message() {
        let payload = b"user ann, password abc, token x";
        let places = [19..22, 30..31];
        assert_eq!(*without(Kind::Text, payload, &places), *b"user ann, password [hidden], token [hidden]");
        assert_eq!(*without(Kind::Binary, payload, &places), *b"user ann, password ***, token *");
        assert!(matches!(without(Kind::Text, payload, &[]), Cow::Borrowed(_)));
    }

    #[test]
    fn places_beyond_the_payload_are_no_places() {
        assert_eq!(*without(Kind::Binary, b"abc", &[2..9, 11..12]), *b"ab*");
    }
}
