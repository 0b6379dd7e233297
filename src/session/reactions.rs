//! What the protocol asks for when something has been received: pongs, the answer to a Close, echoes.

use std::mem;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::inbox::Disconnect;
use super::output::lock;
use super::queue::{MessageBatch, QueuedItem};
use super::{AutoReply, Shared};
use crate::wire::{self, By, CloseCode, LONGEST_CONTROL};

/// What is to be shown beside an event.
#[derive(Debug, Default)]
pub(super) struct Reaction {
    /// For a pong that answers a ping of ours: how long it took.
    pub round_trip: Option<Duration>,
    /// What is to be said about it.
    pub note: Option<String>,
}

impl Reaction {
    fn note(note: String) -> Self {
        Self { round_trip: None, note: Some(note) }
    }
}

impl Shared {
    /// Queues what is to be echoed; to be called before anything that ends the session, for after Close nothing can be
    /// sent: what is to be echoed then is dropped.
    pub(super) fn queue_echoes(&self, echoes: &mut MessageBatch) {
        if echoes.is_empty() {
            return;
        }
        let echoes = mem::take(echoes);
        let mut conn = lock(&self.conn);
        if conn.close_queued.is_none() && !self.over.load(Ordering::Acquire) {
            conn.queue.push(QueuedItem::Data(echoes));
            drop(conn);
            self.wake_for_queue();
        }
    }

    /// Does what the protocol asks for when `event` arrives, and says what is to be shown beside it.
    pub(super) fn react_to(&self, event: &wire::Event<'_>) -> Reaction {
        match event {
            wire::Event::Ping(payload)
                if payload.len() <= LONGEST_CONTROL && self.settings.pong == AutoReply::Answer =>
            {
                let mut conn = lock(&self.conn);
                if conn.close_queued.is_none() {
                    conn.queue.pong(payload);
                    drop(conn);
                    self.wake_for_queue();
                }
                Reaction::default()
            }
            wire::Event::Ping(payload) if self.settings.pong == AutoReply::Answer => Reaction::note(format!(
                "a ping of {} bytes was not answered: a pong has no more than {LONGEST_CONTROL}",
                payload.len()
            )),
            wire::Event::Pong(payload) => {
                let mut conn = lock(&self.conn);
                let now = self.clock.now();
                let round_trip = conn.pings.answered(payload, now);
                let is_to_tell = round_trip.is_none() && conn.pings.foreign(payload, now);
                let answered = conn.pings.answered;
                drop(conn);
                if let Some(inbox) = &self.inbox {
                    inbox.pong(answered);
                }
                let note = is_to_tell.then(|| foreign_pong(payload));
                Reaction { round_trip, note }
            }
            _ => Reaction::default(),
        }
    }

    pub(super) fn closed_by_peer(&self, close: &wire::Close<'_>) {
        let mut conn = lock(&self.conn);
        conn.closing.received(*close);
        if let Some(inbox) = &self.inbox {
            let first = conn.closing.first().unwrap_or(By::Peer);
            let reason = String::from_utf8_lossy(close.reason).into_owned();
            inbox.disconnected(Disconnect::Closed { code: close.code, reason, first });
        }
        if self.settings.close_reply == AutoReply::Answer && conn.close_queued.is_none() {
            let reply = conn.closing.reply().and_then(|close| close.code);
            conn.close(self.clock.now(), reply.map(|code: CloseCode| (code, String::new())));
        }
        drop(conn);
        self.room.notify_all();
        self.wake_for_queue();
    }
}

/// Says that a pong has the payload of no ping of ours.
fn foreign_pong(payload: &[u8]) -> String {
    let payload = String::from_utf8_lossy(payload);
    format!(
        "a pong (data: \"{payload}\") answers no ping of ours (RFC 6455 section 5.5.3); it counts as a sign of life"
    )
}
