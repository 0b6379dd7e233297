//! What the protocol asks for when something has been received: pongs, the answer to a Close, echoes.

use std::mem;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::inbox::Disconnect;
use super::output::lock;
use super::queue::{MessageBatch, QueuedItem};
use super::{AutoReply, Shared};
use crate::wire::{self, By, CloseCode, LONGEST_CONTROL};

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

    /// Does what the protocol asks for when `event` arrives; the round trip, for a pong.
    pub(super) fn react_to(&self, event: &wire::Event<'_>) -> Option<Duration> {
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
                None
            }
            wire::Event::Pong(payload) => {
                let mut conn = lock(&self.conn);
                let round_trip = conn.pings.answered(payload, self.clock.now());
                let answered = conn.pings.answered;
                drop(conn);
                if let Some(inbox) = &self.inbox {
                    inbox.pong(answered);
                }
                round_trip
            }
            wire::Event::Message { kind, payload, .. } => {
                if let Some(inbox) = &self.inbox {
                    inbox.message(*kind, payload);
                }
                None
            }
            _ => None,
        }
    }

    pub(super) fn closed_by_peer(&self, close: &wire::Close<'_>) {
        let mut conn = lock(&self.conn);
        conn.closing.received(*close);
        if let Some(inbox) = &self.inbox {
            let first = conn.closing.first().unwrap_or(By::Peer);
            inbox.disconnected(Disconnect::Closed { code: close.code, reason: close.reason.to_owned(), first });
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
