//! The body of a Close frame (RFC 6455 section 5.5.1).

use super::breach::{Breach, Place};
use crate::wire::{CloseCode, Finding, Rule, is_sendable};

/// Reads the body, which begins at `offset`: the code and the reason. Reports what is wrong with it.
pub fn read(body: &[u8], offset: u64, mut report: impl FnMut(Breach)) -> (Option<CloseCode>, Vec<u8>) {
    let (code, reason) = match body {
        [] => return (None, Vec::new()),
        [_] => {
            let detail = "expected none, or at least 2".to_owned();
            report(Breach { rule: Rule::ShortCloseBody, place: Place::Bytes(offset, body.to_vec()), detail });
            return (None, Vec::new());
        }
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    if !is_sendable(CloseCode::from(code)) {
        let place = Place::Bytes(offset, code.to_be_bytes().to_vec());
        report(Breach { rule: Rule::InvalidCloseCode, place, detail: format!("code {code}") });
    }
    if let Err(error) = std::str::from_utf8(reason) {
        let valid = error.valid_up_to();
        let detail = format!("byte {:#04X} at offset {valid} of the reason", reason[valid]);
        let place = Place::Bytes(offset + 2 + valid as u64, Finding::excerpt(&reason[valid..]));
        report(Breach { rule: Rule::InvalidCloseReason, place, detail });
    }
    (Some(CloseCode::from(code)), reason.to_vec())
}
