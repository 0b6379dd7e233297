//! What goes through.

use std::fmt;

use divan::counter::BytesCount;
use wscope::wire::{DeflateParameters, MaskSource, Observe, Outgoing, ReceiverOptions, Role, Sender, SenderOptions};

/// Larger than every message.
pub const NO_LIMIT: usize = 1 << 30;
/// What goes through in one iteration, at least.
const BATCH_BYTES: usize = 4 << 20;

/// The messages of every benchmark.
pub const ROWS: [Row; 6] = [
    Row { content: Content::Ascii, size: 32 },
    Row { content: Content::Ascii, size: 128 },
    Row { content: Content::Ascii, size: 1024 },
    Row { content: Content::Cyrillic, size: 1024 },
    Row { content: Content::Binary, size: 64 << 10 },
    Row { content: Content::Binary, size: 16 << 20 },
];

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Ascii,
    Cyrillic,
    Binary,
}

/// Messages of one size.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub content: Content,
    size: usize,
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} B {:?}", self.size, self.content)
    }
}

impl Row {
    /// Messages in one iteration.
    pub fn count(self) -> usize {
        BATCH_BYTES.div_ceil(self.size)
    }

    pub fn bytes(self) -> BytesCount {
        BytesCount::new(self.count() * self.size)
    }

    pub fn payload(self) -> Vec<u8> {
        let pattern = match self.content {
            Content::Ascii => "the quick brown fox jumps over the lazy dog ".as_bytes(),
            Content::Cyrillic => "съешь ещё этих мягких французских булок, да выпей же чаю ".as_bytes(),
            Content::Binary => &[0xFF, 0x00, 0x80, 0x7F, 0xC0],
        };
        let whole = self.size / pattern.len() * pattern.len();
        let mut payload: Vec<u8> = pattern.iter().copied().cycle().take(whole).collect();
        payload.resize(self.size, b'.');
        payload
    }

    pub fn outgoing(self, payload: &[u8]) -> Outgoing<'_> {
        match std::str::from_utf8(payload) {
            Ok(text) if self.content != Content::Binary => Outgoing::Text(text),
            _ => Outgoing::Binary(payload),
        }
    }

    /// The frames that the peer of `role` sends.
    pub fn stream(self, role: Role) -> Vec<u8> {
        let payload = self.payload();
        let mut sender = Sender::new(sender_options(role.peer(), None));
        let mut stream = Vec::new();
        for _ in 0..self.count() {
            sender.send(self.outgoing(&payload), &mut stream).expect("the connection is open");
        }
        stream
    }
}

/// Everything as usual.
pub fn sender_options(role: Role, deflate: Option<DeflateParameters>) -> SenderOptions {
    SenderOptions { role, mask: MaskSource::Random, fragment: None, deflate }
}

/// Everything as usual, and no limit.
pub fn receiver_options(role: Role) -> ReceiverOptions {
    ReceiverOptions {
        role,
        max_message: NO_LIMIT as u64,
        stream_binary_above: None,
        lenient: false,
        deflate: None,
        observe: Observe::Nothing,
    }
}

/// Messages of some 1 KiB, no two alike, and their size together.
pub fn json_messages() -> (Vec<String>, usize) {
    let messages: Vec<String> = (0..4096_u32)
        .map(|number| {
            let trades: Vec<String> = (0..12_u32)
                .map(|trade| {
                    let random = (number * 12 + trade).wrapping_mul(2_654_435_761);
                    format!(
                        r#"{{"symbol":"BTC-EUR","side":"buy","price":{},"amount":0.{:05},"time":{}}}"#,
                        random >> 12,
                        random & 0xFFFF,
                        1_760_000_000 + number
                    )
                })
                .collect();
            format!(r#"{{"sequence":{number},"trades":[{}]}}"#, trades.join(","))
        })
        .collect();
    let bytes = messages.iter().map(String::len).sum();
    (messages, bytes)
}
