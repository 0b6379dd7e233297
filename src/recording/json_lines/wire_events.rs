//! Frames, and what they carry.

use crate::recording::json_lines::fields::{Fields, Wrong};
use crate::recording::{RecordedEvent, RecordedFrame, RecordedWire};
use crate::wire::{Header, Kind, MessageFacts, Position};

/// Whether a line of this type is here.
pub fn is_one(kind: &str) -> bool {
    matches!(kind, "frame" | "message" | "ping" | "pong")
}

/// The events of a line: of a message, first the frame that carried it, if the line has its header.
pub fn events(kind: &str, fields: &Fields<'_>) -> Result<Vec<RecordedEvent>, Wrong> {
    let direction = fields.direction()?;
    let round_trip = fields.optional_seconds("round_trip")?;
    let wire = |event, round_trip| RecordedEvent::Wire { direction, event, round_trip };
    if kind == "frame" {
        return Ok(vec![wire(RecordedWire::Frame(Box::new(frame(fields)?)), None)]);
    }
    let payload = fields.text_or_bytes()?;
    let carrier = carrier(fields, &payload)?;
    let content = match kind {
        "ping" => RecordedWire::Ping(payload),
        "pong" => RecordedWire::Pong(payload),
        _ => message(fields, payload)?,
    };
    let frame = carrier.map(|frame| wire(RecordedWire::Frame(Box::new(frame)), None));
    Ok(frame.into_iter().chain([wire(content, round_trip)]).collect())
}

fn message(fields: &Fields<'_>, payload: Vec<u8>) -> Result<RecordedWire, Wrong> {
    let kind = match fields.text("opcode")?.as_str() {
        "text" => Kind::Text,
        "binary" => Kind::Binary,
        _ => return Err("`opcode` is neither `text` nor `binary`".to_owned()),
    };
    let facts = MessageFacts {
        length: payload.len() as u64,
        compressed: fields.optional_number("compressed")?,
        fragments: fields.small("fragments")?,
    };
    Ok(RecordedWire::Message { kind, payload, facts })
}

fn frame(fields: &Fields<'_>) -> Result<RecordedFrame, Wrong> {
    let (header, header_bytes) = header(fields)?;
    let part = fields.optional_number("part")?.map(|part| u32::try_from(part).unwrap_or(u32::MAX));
    Ok(RecordedFrame {
        header,
        header_bytes,
        offset: fields.number("offset")?,
        position: match part {
            None => Position::Whole,
            Some(1) => Position::First,
            Some(part) if header.fin => Position::Last(part),
            Some(part) => Position::Middle(part),
        },
        payload: fields.hexadecimal("payload")?,
        inflation: fields.hexadecimal("inflation")?,
        inflated: fields.optional_number("inflated")?,
        received: fields.optional_number("received")?.unwrap_or(header.length),
    })
}

/// The frame that carried all of `payload`, if its header is in the line.
fn carrier(fields: &Fields<'_>, payload: &[u8]) -> Result<Option<RecordedFrame>, Wrong> {
    let Some(offset) = fields.optional_number("offset")? else { return Ok(None) };
    let (header, header_bytes) = header(fields)?;
    let length = payload.len() as u64;
    if header.length != length {
        return Err("`header` is not that of this payload".to_owned());
    }
    Ok(Some(RecordedFrame {
        header,
        header_bytes,
        offset,
        position: Position::Whole,
        payload: header.masked(payload),
        inflation: Vec::new(),
        inflated: None,
        received: length,
    }))
}

fn header(fields: &Fields<'_>) -> Result<(Header, Vec<u8>), Wrong> {
    let bytes = fields.hexadecimal("header")?;
    match Header::read(&bytes) {
        Some((header, length)) if length == bytes.len() => Ok((header, bytes)),
        _ => Err("`header` is no header of a frame".to_owned()),
    }
}
