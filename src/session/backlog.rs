//! What a session has sent and said, and not shown yet.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use super::output::OutputGuard;
use crate::event::{FlushError, Timestamp};
use crate::wire::{Receiver, ReceiverOptions};

/// Something to show that is not a borrowed event.
pub(super) type Deferred = Box<dyn FnOnce(&mut OutputGuard<'_>) + Send>;

/// Bytes that are decoded at a time.
const DECODED_AT_ONCE: usize = 64 * 1024;
/// What may wait to be shown, in bytes, before no more is sent.
const LIMIT: usize = 1024 * 1024;

/// Guarded by the backlog lock.
pub(super) struct Backlog {
    /// Frames that were sent.
    pub sent: SentFrames,
    /// What else is to be shown, in order.
    pub deferred: VecDeque<Deferred>,
    /// Decodes what was sent. The thread that has the sinks takes it out while it decodes.
    pub decoder: Option<Box<Receiver>>,
    /// A thread is showing what waits here.
    pub has_thread: bool,
    /// Why that thread could not write something.
    pub failure: Option<FlushError>,
}

impl Backlog {
    /// Nothing waits. What is sent will be decoded as `decoding` says.
    pub fn new(decoding: ReceiverOptions) -> Self {
        Self {
            sent: SentFrames::default(),
            deferred: VecDeque::new(),
            decoder: Some(Box::new(Receiver::new(decoding))),
            has_thread: false,
            failure: None,
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.deferred.is_empty()
    }
}

/// Frames that were sent, with the times at which that was.
#[derive(Debug, Default)]
pub(super) struct SentFrames {
    bytes: Vec<u8>,
    /// When the first were sent.
    first: Option<Timestamp>,
    /// Where in `bytes` what was sent at a time ends, and how long after the first that was.
    ends: Vec<(usize, Duration)>,
}

impl SentFrames {
    /// Adds frames that are sent at this time.
    pub fn push(&mut self, at: Timestamp, frames: &[u8]) {
        let first = *self.first.get_or_insert(at);
        let later = at.elapsed.saturating_sub(first.elapsed);
        self.bytes.extend_from_slice(frames);
        match self.ends.last_mut() {
            Some((end, last)) if *last == later => *end = self.bytes.len(),
            _ => self.ends.push((self.bytes.len(), later)),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether so much waits that no more is to be sent.
    pub fn is_much(&self) -> bool {
        self.bytes.len() + mem::size_of_val(&*self.ends) > LIMIT
    }

    /// Feeds it to `decoder` piece by piece, and has `show` take what comes of each.
    pub fn decode(self, decoder: &mut Receiver, mut show: impl FnMut(Timestamp, &mut Receiver)) {
        let Some(first) = self.first else { return };
        let mut start = 0;
        for (end, later) in self.ends {
            let at = Timestamp { wall: first.wall + later, elapsed: first.elapsed + later };
            for piece in self.bytes[start..end].chunks(DECODED_AT_ONCE) {
                decoder.feed(piece);
                show(at, decoder);
            }
            start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::wire::{Event, Observe, Role};

    const DECODING: ReceiverOptions = ReceiverOptions {
        role: Role::Client,
        max_message: u64::MAX,
        stream_binary_above: None,
        lenient: true,
        deflate: None,
        observe: Observe::Nothing,
    };

    fn at(seconds: u64) -> Timestamp {
        let elapsed = Duration::from_secs(seconds);
        Timestamp { wall: SystemTime::UNIX_EPOCH + elapsed, elapsed }
    }

    #[test]
    fn each_frame_keeps_its_own_time() {
        let mut decoder = Receiver::new(DECODING);
        let mut times = Vec::new();
        for seconds in [[5, 7], [20, 20]] {
            let mut sent = SentFrames::default();
            sent.push(at(seconds[0]), b"\x81\x01a\x81\x01b\x81");
            sent.push(at(seconds[1]), b"\x01c");
            sent.decode(&mut decoder, |at, decoder| {
                while let Some(event) = decoder.next() {
                    let Event::Message { payload, .. } = event else { panic!("{event:?}") };
                    times.push((at, payload.to_vec()));
                }
            });
        }
        let expected = [(5, b"a"), (5, b"b"), (7, b"c"), (20, b"a"), (20, b"b"), (20, b"c")];
        assert_eq!(times, expected.map(|(seconds, payload)| (at(seconds), payload.to_vec())));
    }

    #[test]
    fn many_small_frames_are_much_as_few_large_ones_are() {
        let mut small = SentFrames::default();
        let count = (0..LIMIT as u64).take_while(|&second| {
            small.push(at(second), b"\x81\x00");
            !small.is_much()
        });
        assert!(count.count() < LIMIT / 20);
        let mut large = SentFrames::default();
        large.push(at(0), &vec![0; LIMIT]);
        assert!(large.is_much());
    }
}
