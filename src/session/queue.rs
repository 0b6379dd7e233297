//! What waits to be sent by the thread that has the send buffer next: pongs, the Close reply, echoes, broadcasts.

use std::collections::VecDeque;

use super::budget::{Budget, Share};
use crate::wire::{CloseCode, Header, Kind, Outgoing, RawHeader};

/// Pongs that may wait; beyond it only the newest ping is answered (RFC 6455 section 5.5.3).
const PONG_BUDGET: usize = 16;
/// What a message costs besides its payload, in bytes: a place in a queue, and later the header of its frame. Empty
/// ones are not free.
const OVERHEAD: usize = size_of::<(Kind, usize)>() + Header::LONGEST;

/// Whole messages, packed so that many small ones cost one allocation.
#[derive(Debug, Default, Clone)]
pub struct MessageBatch {
    bytes: Vec<u8>,
    ends: Vec<(Kind, usize)>,
}

impl MessageBatch {
    /// Adds a message.
    pub fn push(&mut self, kind: Kind, payload: &[u8]) {
        self.bytes.extend_from_slice(payload);
        self.ends.push((kind, self.bytes.len()));
    }

    /// One message, without copying it.
    pub fn whole(kind: Kind, payload: Vec<u8>) -> Self {
        Self { ends: vec![(kind, payload.len())], bytes: payload }
    }

    /// The kind of the message, if there is only one.
    pub fn only(&self) -> Option<Kind> {
        match self.ends[..] {
            [(kind, _)] => Some(kind),
            _ => None,
        }
    }

    /// All payloads, one after the other.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes held, and those that framing will add.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * OVERHEAD
    }

    /// The messages, in order.
    pub fn messages(&self) -> impl Iterator<Item = (Kind, &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |&(kind, end)| {
            let payload = &self.bytes[start..end];
            start = end;
            (kind, payload)
        })
    }
}

/// Something that waits.
#[derive(Debug, Clone)]
pub enum QueuedItem {
    /// A ping whose pong will be timed.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// A frame as it is.
    Frame(RawHeader, Vec<u8>),
    /// Data messages.
    Data(MessageBatch),
    /// The end.
    Close(Option<(CloseCode, String)>),
}

impl QueuedItem {
    /// Bytes held, and those that framing will add.
    fn size(&self) -> usize {
        match self {
            Self::Ping(payload) | Self::Pong(payload) | Self::Frame(_, payload) => payload.len() + OVERHEAD,
            Self::Data(batch) => batch.size(),
            Self::Close(_) => OVERHEAD,
        }
    }

    /// What the sender makes of it, message by message.
    pub fn for_each(&self, mut send: impl FnMut(Outgoing<'_>)) {
        match self {
            Self::Ping(payload) => send(Outgoing::Ping(payload)),
            Self::Pong(payload) => send(Outgoing::Pong(payload)),
            Self::Frame(header, payload) => send(Outgoing::Frame(*header, payload)),
            Self::Close(close) => send(Outgoing::Close(close.as_ref().map(|(code, reason)| (*code, reason.as_str())))),
            Self::Data(batch) => {
                for (kind, payload) in batch.messages() {
                    send(Outgoing::Message(kind, payload));
                }
            }
        }
    }
}

impl From<Outgoing<'_>> for QueuedItem {
    fn from(outgoing: Outgoing<'_>) -> Self {
        let mut batch = MessageBatch::default();
        match outgoing {
            Outgoing::Text(text) => batch.push(Kind::Text, text.as_bytes()),
            Outgoing::Message(kind, payload) => batch.push(kind, payload),
            Outgoing::Binary(payload) => batch.push(Kind::Binary, payload),
            Outgoing::Ping(payload) => return Self::Ping(payload.to_vec()),
            Outgoing::Pong(payload) => return Self::Pong(payload.to_vec()),
            Outgoing::Frame(header, payload) => return Self::Frame(header, payload.to_vec()),
            Outgoing::Close(close) => return Self::Close(close.map(|(code, reason)| (code, reason.to_owned()))),
        }
        Self::Data(batch)
    }
}

/// The queue; its bounds are kept by those who put things in.
#[derive(Debug, Default)]
pub struct Queue {
    /// Pongs that answer pings; they go first, and have a budget of their own.
    answers: VecDeque<Vec<u8>>,
    waiting: VecDeque<QueuedItem>,
    size: usize,
    /// The part of `size` that was taken and is not written yet.
    taken: usize,
    /// What it holds of the memory of all sessions, where there is a limit.
    share: Option<Share>,
}

impl Queue {
    /// An empty one that is a part of `budget`.
    pub fn within(budget: Option<&Budget>) -> Self {
        Self { share: budget.map(Budget::share), ..Self::default() }
    }

    /// Whether it holds more than it may of the memory of all sessions.
    pub fn is_over_budget(&self) -> bool {
        self.share.as_ref().is_some_and(Share::is_over)
    }

    fn set_size(&mut self, size: usize) {
        self.size = size;
        if let Some(share) = &mut self.share {
            share.hold(size);
        }
    }

    /// Answers a ping.
    pub fn pong(&mut self, payload: &[u8]) {
        if self.answers.len() >= PONG_BUDGET {
            self.answers.pop_back();
        }
        self.answers.push_back(payload.to_vec());
    }

    /// Adds anything but the answer to a ping.
    pub fn push(&mut self, waiting: QueuedItem) {
        self.set_size(self.size + waiting.size());
        self.waiting.push_back(waiting);
    }

    /// Bytes that wait to be written, framing included: what was [pushed](Self::push), and what was [taken](Self::take) and not [written](Self::written).
    pub fn size(&self) -> usize {
        self.size
    }

    /// The part of it that was not taken yet.
    pub fn untaken(&self) -> usize {
        self.size - self.taken
    }

    /// How many data messages were not taken yet.
    pub fn messages(&self) -> u64 {
        let count = |item: &QueuedItem| match item {
            QueuedItem::Data(batch) => batch.ends.len() as u64,
            _ => 0,
        };
        self.waiting.iter().map(count).sum()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.waiting.is_empty()
    }

    /// Takes what is to be written next: what comes first, and of what follows no more than makes `most` bytes in all.
    /// It counts until it is written.
    pub fn take(&mut self, most: usize) -> Vec<QueuedItem> {
        let mut taken: Vec<_> = self.answers.drain(..).map(QueuedItem::Pong).collect();
        let mut total = taken.iter().map(QueuedItem::size).sum::<usize>();
        while let Some(first) = self.waiting.front() {
            let size = first.size();
            total += size;
            if total > most && !taken.is_empty() {
                break;
            }
            self.taken += size;
            taken.extend(self.waiting.pop_front());
        }
        taken
    }

    /// What was taken has been written, or never will be.
    pub fn written(&mut self) {
        self.set_size(self.size - self.taken);
        self.taken = 0;
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.answers.clear();
        self.waiting.clear();
        self.set_size(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(payloads: &[&[u8]]) -> QueuedItem {
        let mut batch = MessageBatch::default();
        for payload in payloads {
            batch.push(Kind::Text, payload);
        }
        QueuedItem::Data(batch)
    }

    #[test]
    fn empty_messages_are_not_free() {
        let mut queue = Queue::default();
        queue.push(messages(&[b"".as_slice(); 1000]));
        assert_eq!(queue.size(), 1000 * OVERHEAD);
    }

    #[test]
    fn what_was_taken_counts_until_it_is_settled() {
        let mut queue = Queue::default();
        queue.push(messages(&[b"abc"]));
        queue.pong(b"x");
        queue.push(messages(&[b"d"]));
        assert_eq!(queue.take(usize::MAX).len(), 3);
        assert!(queue.is_empty());
        assert_eq!((queue.size(), queue.untaken()), (3 + 1 + 2 * OVERHEAD, 0));
        queue.push(messages(&[b"more"]));
        queue.written();
        assert_eq!(queue.size(), 4 + OVERHEAD);
        queue.clear();
        assert_eq!(queue.size(), 0);
    }

    #[test]
    fn no_more_is_taken_than_asked_for_but_always_something() {
        let mut queue = Queue::default();
        queue.push(messages(&[b"small"]));
        queue.push(messages(&[&[0; 1000]]));
        queue.push(messages(&[b"small"]));
        queue.push(QueuedItem::Close(None));
        let counts = std::iter::from_fn(|| Some(queue.take(500).len())).take_while(|count| *count > 0);
        assert_eq!(counts.collect::<Vec<_>>(), [1, 1, 2]);
    }

    #[test]
    fn past_their_budget_only_the_newest_ping_is_answered() {
        let mut queue = Queue::default();
        for number in 0..=u8::try_from(PONG_BUDGET).unwrap() {
            queue.pong(&[number]);
        }
        let taken = queue.take(usize::MAX);
        assert_eq!(taken.len(), PONG_BUDGET);
        assert!(matches!(&taken[PONG_BUDGET - 1], QueuedItem::Pong(payload) if payload[..] == [16]));
        queue.pong(b"again");
        assert_eq!(queue.take(usize::MAX).len(), 1);
    }
}
