//! Numbered messages, made as fast as they can be written.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use flate2::{Compress, Compression, FlushCompress};

use crate::frames::{BINARY, TEXT, push_header};

/// Digits of a message's number.
const DIGITS: usize = 10;
/// A batch is written at once; beyond this, larger ones gain nothing.
const BATCH_BYTES: usize = 1024 * 1024;
/// What a JSON message begins with; its number follows.
const JSON_START: &[u8] = b"{\"sequence\":\"";
/// What a JSON message has at least: its start, its number, and an empty padding.
const JSON_LEAST: usize = 64;

/// What the messages are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Letters.
    Text,
    /// Bytes without a pattern.
    Binary,
    /// Trades, as an exchange pushes them; they compress about as well.
    Json,
}

/// So many messages of the same size, each with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flood {
    count: u64,
    size: usize,
    kind: Kind,
}

impl Flood {
    /// `None` where a message is too small for its number.
    pub fn new(count: u64, size: usize, kind: Kind) -> Option<Self> {
        let least = if kind == Kind::Json { JSON_LEAST } else { DIGITS };
        (size >= least && count < 10_u64.pow(10)).then_some(Self { count, size, kind })
    }

    /// How many messages.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The frames, unmasked, as a server sends them.
    pub fn write_frames(&self, output: &mut dyn Write) -> io::Result<()> {
        let mut header = Vec::new();
        push_header(&mut header, self.opcode(), self.size);
        self.write(&header, b"", output)
    }

    /// What a client has to print: text messages as lines, binary ones bare.
    pub fn write_expected(&self, output: &mut dyn Write) -> io::Result<()> {
        self.write(b"", if self.kind == Kind::Binary { b"" } else { b"\n" }, output)
    }

    fn opcode(&self) -> u8 {
        if self.kind == Kind::Binary { BINARY } else { TEXT }
    }

    /// A batch is made once; between two writes of it only the leading digits of its numbers change. That is what makes
    /// the server faster than any client.
    fn write(&self, before: &[u8], after: &[u8], output: &mut dyn Write) -> io::Result<()> {
        let in_batch = 10_u64.pow((BATCH_BYTES / self.size).max(1).ilog10());
        let mut batch = Vec::new();
        for number in 0..in_batch.min(self.count) {
            batch.extend_from_slice(before);
            self.push_message(&mut batch, number);
            batch.extend_from_slice(after);
        }
        let stride = before.len() + self.size + after.len();
        let number_at = before.len() + if self.kind == Kind::Json { JSON_START.len() } else { 0 };
        let leading = DIGITS - in_batch.ilog10() as usize;
        for first in (0..self.count).step_by(usize::try_from(in_batch).map_err(io::Error::other)?) {
            let digits = format!("{first:0DIGITS$}");
            let count = usize::try_from(in_batch.min(self.count - first)).map_err(io::Error::other)?;
            for message in batch.chunks_exact_mut(stride).take(count) {
                message[number_at..number_at + leading].copy_from_slice(&digits.as_bytes()[..leading]);
            }
            output.write_all(&batch[..count * stride])?;
        }
        Ok(())
    }

    fn push_message(&self, output: &mut Vec<u8>, number: u64) {
        let end = output.len() + self.size;
        let mut random = Random(number + 1);
        match self.kind {
            Kind::Text => {
                output.extend_from_slice(format!("{number:0DIGITS$}").as_bytes());
                output.extend(b" the quick brown fox jumps over the lazy dog".iter().cycle().take(self.size - DIGITS));
            }
            Kind::Binary => {
                output.extend_from_slice(format!("{number:0DIGITS$}").as_bytes());
                output.extend((DIGITS..self.size).map(|_| random.next().to_le_bytes()[7]));
            }
            Kind::Json => {
                output.extend_from_slice(JSON_START);
                output.extend_from_slice(format!("{number:0DIGITS$}\",\"trades\":[").as_bytes());
                push_trades(output, &mut random, end);
                output.resize(end - 2, b'-');
                output.extend_from_slice(b"\"}");
            }
        }
    }
}

/// As many trades as leave room for `],"padding":""}` before `end`.
fn push_trades(output: &mut Vec<u8>, random: &mut Random, end: usize) {
    let closing = b"],\"padding\":\"";
    let mut separator = "";
    loop {
        let symbol = ["BTC-EUR", "ETH-EUR", "ADA-EUR", "SOL-EUR"][random.below(4)];
        let side = ["buy", "sell"][random.below(2)];
        let (price, amount, time) = (random.below(9_000_000), random.below(100_000), random.below(1_000_000));
        let trade = format!(
            "{separator}{{\"symbol\":\"{symbol}\",\"side\":\"{side}\",\"price\":{}.{:02},\"amount\":0.{amount:05},\"time\":1760000{time:06}}}",
            price / 100,
            price % 100
        );
        if output.len() + trade.len() + closing.len() + 2 > end {
            output.extend_from_slice(closing);
            return;
        }
        output.extend_from_slice(trade.as_bytes());
        separator = ",";
    }
}

/// xorshift64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % limit
    }
}

/// Compressing is slower than any client's inflating, so it is done once for each flood, with the whole context kept.
#[derive(Default)]
pub struct CompressedFloods {
    frames: Mutex<HashMap<Flood, Arc<Vec<u8>>>>,
}

impl CompressedFloods {
    /// The frames with RSV1 set (RFC 7692 section 7.2.1), made at the first call.
    pub fn frames(&self, flood: Flood) -> Arc<Vec<u8>> {
        let mut frames = self.frames.lock().expect("no thread panics while it holds the lock");
        Arc::clone(frames.entry(flood).or_insert_with(|| Arc::new(compressed_frames(flood))))
    }
}

fn compressed_frames(flood: Flood) -> Vec<u8> {
    const RSV1: u8 = 0x40;
    let mut messages = Vec::new();
    flood.write(b"", b"", &mut messages).expect("a vector takes everything");
    let mut deflate = Compress::new(Compression::default(), false);
    let mut frames = Vec::new();
    let mut payload = Vec::with_capacity(2 * flood.size + 1024);
    for message in messages.chunks_exact(flood.size) {
        payload.clear();
        deflate.compress_vec(message, &mut payload, FlushCompress::Sync).expect("a message and an end");
        payload.truncate(payload.len() - 4);
        push_header(&mut frames, flood.opcode() | RSV1, payload.len());
        frames.extend_from_slice(&payload);
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(flood: Flood) -> Vec<u8> {
        let mut output = Vec::new();
        flood.write_expected(&mut output).unwrap();
        output
    }

    #[test]
    fn every_message_has_its_size_and_its_number() {
        for (count, size) in [(0, 32), (1, 32), (123_456, 10), (34_567, 32), (2_345, 1_000), (3, 2_000_000)] {
            let lines = String::from_utf8(expected(Flood::new(count, size, Kind::Text).unwrap())).unwrap();
            assert_eq!(lines.lines().count() as u64, count);
            for (number, line) in lines.lines().enumerate() {
                assert_eq!(line.len(), size);
                assert_eq!(line[..10].parse(), Ok(number));
            }
        }
    }

    #[test]
    fn json_messages_parse_and_are_numbered() {
        let lines = String::from_utf8(expected(Flood::new(2_345, 1024, Kind::Json).unwrap())).unwrap();
        assert_eq!(lines.lines().count(), 2_345);
        for (number, line) in lines.lines().enumerate() {
            assert_eq!(line.len(), 1024);
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["sequence"], format!("{number:010}"));
        }
    }

    #[test]
    fn binary_messages_stand_bare() {
        let bytes = expected(Flood::new(20, 70_000, Kind::Binary).unwrap());
        assert_eq!(bytes.len(), 20 * 70_000);
        assert_eq!(&bytes[70_000 * 19..][..10], b"0000000019");
    }

    #[test]
    fn a_message_too_small_for_its_number_is_refused() {
        assert_eq!(Flood::new(1, 9, Kind::Text), None);
        assert_eq!(Flood::new(1, 63, Kind::Json), None);
    }
}
