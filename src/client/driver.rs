//! What the runner tells a front end, and what it asks of it.

use std::time::{Duration, Instant};

use crate::client::open::OpenSession;
use crate::client::report::Unsent;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::session::backoff::Pause;
use crate::session::{Handle, Outcome, Settings};

/// A front end, as the runner sees it. The runner calls it from one thread: each method returns soon.
pub trait Driver {
    /// Gets ready to show something beside a session or a wait; called before each, and does something only once.
    ///
    /// # Errors
    /// When the terminal cannot be used.
    fn attach(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether it reads the terminal now, so that nothing can be asked there.
    fn reads_keys(&self) -> bool {
        false
    }

    /// An attempt to connect begins.
    fn connecting(&mut self) {}

    /// A session is about to start with `settings`.
    fn starting(&mut self, _settings: &mut Settings) {}

    /// A session is open.
    fn opened(&mut self, session: OpenSession);

    /// The session that was opened is over; `offer` is the pause after which another may follow by itself. `None` as long
    /// as the front end does not know what is to follow: the runner asks again when it is notified.
    fn closed(&mut self, outcome: &mut Outcome, offer: Option<Pause>) -> Option<After>;

    /// The time to answer [`closed`](Self::closed) is over: the `limit` of the run, or a moment after it was aborted.
    fn overdue(&mut self, _limit: Option<Duration>, _outcome: &mut Outcome) {}

    /// The time `limit` of the run has passed while nothing was open; what is to be told of that, if anything.
    fn out_of_time(&mut self, limit: Duration) -> Option<Error> {
        Some(Error::timed_out(Phase::Session, limit, "the prompt was not left"))
    }

    /// The last attempt to connect has failed: what to tell of it, and what follows.
    fn failed(&mut self, error: Error) -> (Error, AfterFailure);

    /// Nothing is open from now on, until `pause` is over, if there is one.
    fn closed_until(&mut self, _pause: Option<Pause>) {}

    /// All there is to say about the last session or attempt has been told.
    fn told(&mut self) {}

    /// Whether the front end wants to connect again now; from then on it does not any more.
    fn take_reconnect(&mut self) -> bool {
        false
    }

    /// Whether the front end has left. Asked while nothing is open.
    fn has_left(&mut self) -> bool {
        false
    }

    /// What is to be told of a front end that has left while nothing was open.
    fn take_error(&mut self) -> Option<Error> {
        None
    }

    /// When there is no point any more in connecting again.
    fn stay_until(&self) -> Option<Instant> {
        None
    }

    /// What was not sent through the session that has `ended`; without one, in the whole run, where that is not told yet.
    fn unsent(&mut self, ended: Option<&Handle>) -> Unsent;

    /// What the `status` of the last session makes of the exit status of the run.
    fn status(&self, status: ExitStatus) -> ExitStatus {
        status
    }
}

/// What follows a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// The end of the run.
    Over,
    /// A wait until the front end wants to connect again, or leaves.
    Stay,
    /// Another session, at once.
    Reconnect,
    /// Another session, after the pause that was offered.
    Resume,
}

/// What follows an attempt to connect that was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// The end of the run.
    Over,
    /// A wait until the front end wants to connect again, or leaves.
    Stay,
}
