//! A frame whose line waits for that of its message: most messages come in one frame, and a recording has their bytes once.

use crate::event::{Direction, Event, Timestamp};
use crate::output::digits;
use crate::output::json::write::Members;
use crate::wire::{self, Control, Data, Frame, Header, OpCode, Position};

/// The largest payload of a frame that is held, in bytes: it is copied.
const LARGEST: usize = 64 << 10;

/// The frame that came last, where its payload is that of a message, ping or pong: masked, but otherwise as it is.
#[derive(Debug, Default)]
pub struct HeldFrame {
    held: Option<Held>,
    payload: Vec<u8>,
}

/// The same without its payload.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub client: Option<u64>,
    pub at: Timestamp,
    pub direction: Direction,
    header: Header,
    carrier: Carrier,
}

/// The frame that carries a message, as it stands in the message's line.
#[derive(Debug, Clone, Copy)]
pub struct Carrier {
    offset: u64,
    header_bytes: [u8; Header::LONGEST],
    header_length: usize,
}

impl HeldFrame {
    /// Takes over `frame`, if a message can carry it. None may be held.
    pub fn hold(&mut self, (client, at): (Option<u64>, Timestamp), direction: Direction, frame: &Frame<'_>) -> bool {
        if !is_whole_payload(frame) {
            return false;
        }
        let mut carrier = Carrier {
            offset: frame.offset,
            header_bytes: [0; Header::LONGEST],
            header_length: frame.header_bytes.len(),
        };
        carrier.header_bytes[..carrier.header_length].copy_from_slice(frame.header_bytes);
        self.held = Some(Held { client, at, direction, header: frame.header, carrier });
        self.payload.clear();
        self.payload.extend_from_slice(frame.payload);
        true
    }

    /// Gives the frame away as that which carries the message of `event`, if it is.
    pub fn carry(&mut self, client: Option<u64>, event: &Event<'_>) -> Option<Carrier> {
        let held = self.held.filter(|held| {
            let Event::Wire { direction, event, .. } = event else { return false };
            let payload = match event {
                wire::Event::Message { payload, facts, .. } if facts.fragments == 1 => payload,
                wire::Event::Ping(payload) | wire::Event::Pong(payload) => payload,
                _ => return false,
            };
            held.client == client && held.direction == *direction && held.header.length == payload.len() as u64
        });
        if held.is_some() {
            self.held = None;
        }
        held.map(|held| held.carrier)
    }

    /// Gives the frame back: no message carries it.
    pub fn release(&mut self) -> Option<Held> {
        self.held.take()
    }

    /// The frame that was `held`.
    pub fn frame<'a>(&'a self, held: &'a Held) -> Frame<'a> {
        Frame {
            header: held.header,
            header_bytes: held.carrier.header_bytes(),
            offset: held.carrier.offset,
            position: Position::Whole,
            payload: &self.payload,
            inflation: b"",
            inflated: None,
            received: held.header.length,
        }
    }
}

impl Carrier {
    fn header_bytes(&self) -> &[u8] {
        &self.header_bytes[..self.header_length]
    }

    /// Appends its members, with a comma before them.
    pub fn write(&self, output: &mut Vec<u8>) {
        output.extend_from_slice(OFFSET);
        digits::decimal(output, self.offset);
        write_header(output, self.header_bytes());
    }

    /// Writes its members.
    pub fn members(&self, members: &mut Members<'_>) {
        members.number("offset", self.offset);
        members.hexadecimal("header", self.header_bytes());
    }
}

/// The member in a message's line that says where its frame began, up to the number.
pub const OFFSET: &[u8] = b",\"offset\":";

/// Appends the member behind it: the header of the frame.
pub fn write_header(output: &mut Vec<u8>, header_bytes: &[u8]) {
    output.extend_from_slice(b",\"header\":\"");
    for byte in header_bytes {
        digits::hexadecimal(output, *byte);
    }
    output.push(b'"');
}

fn is_whole_payload(frame: &Frame<'_>) -> bool {
    let is_message = matches!(
        frame.header.opcode,
        OpCode::Data(Data::Text | Data::Binary) | OpCode::Control(Control::Ping | Control::Pong)
    );
    let is_whole = frame.position == Position::Whole && frame.payload.len() as u64 == frame.header.length;
    is_message && is_whole && frame.inflated.is_none() && frame.payload.len() <= LARGEST
}
