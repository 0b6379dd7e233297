//! Whom a script talks to: the session that is open, and after `/reconnect` the next one.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};

use crate::error::{Error, Phase, Result};
use crate::event::Event;
use crate::frontend::interpreter::endpoint::{Peer, Server};
use crate::output::Origin;
use crate::session::view::lock;
use crate::session::{Handle, Waker};
use crate::wire::{CloseCode, Outgoing};

/// What the script wants of the thread that keeps its sessions.
pub enum Cue {
    /// Another session.
    Reconnect,
    /// Nothing more: it is over, or has failed.
    End(Result<Ending>),
}

/// What a script that has done everything makes of the end of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was expected.
    Expected,
    /// It speaks for itself.
    Plain,
}

/// The script's side.
pub struct Stage {
    server: Mutex<Server>,
    cues: Sender<Cue>,
    next: Mutex<Receiver<Result<Server>>>,
    waker: Waker,
}

impl Stage {
    /// Begins with `server`; those that follow come through `next`. `waker` wakes whoever looks for `cues`.
    pub fn new(server: Server, cues: Sender<Cue>, next: Receiver<Result<Server>>, waker: Waker) -> Self {
        Self { server: Mutex::new(server), cues, next: Mutex::new(next), waker }
    }

    /// The script is over: lets the session end as it does when its input has, or, after a failure, at once.
    pub fn end(&self, result: Result<Ending>) {
        if result.is_err() {
            self.leave();
        }
        self.server().handle.input_ended();
        self.cue(Cue::End(result));
    }

    fn cue(&self, cue: Cue) {
        // Nobody looks for it where a signal has ended the run.
        let _ = self.cues.send(cue);
        self.waker.wake();
    }

    fn server(&self) -> Server {
        lock(&self.server).clone()
    }
}

impl Peer for Stage {
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        self.server().send(outgoing)
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        self.server().ping(payload)
    }

    fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        self.server().close(code, reason)
    }

    fn heads(&self) -> Result<Arc<(Vec<u8>, Vec<u8>)>> {
        Ok(self.server().heads)
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        self.server().stats(show);
        Ok(())
    }

    fn session(&self) -> Result<Handle> {
        Ok(self.server().handle)
    }

    /// Waits until the next session is open.
    fn reconnect(&self) -> Result<()> {
        self.cue(Cue::Reconnect);
        self.leave();
        let next = lock(&self.next).recv();
        *lock(&self.server) =
            next.unwrap_or_else(|_| Err(Error::new(Phase::Session, "nothing to connect to again")))?;
        Ok(())
    }

    fn leave(&self) {
        self.server().handle.leave();
    }
}
