//! What the threads of a run share: the rounds, and what is to be reported of them. The thread that reads the socket only
//! writes down what came. The thread that reports may block on stdout: that holds back nothing but the next ping.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::event::{
    Detail, Direction, Directions, Event, EventSink, Flow, FlushError, Messages, Opened, Origin, Texts, Timestamp,
    Wants,
};
use crate::output::Fanout;
use crate::ping::RunTime;
use crate::ping::pacing::{Next, Pacing};
use crate::ping::probe::{Probe, RoundAnswer};
use crate::ping::round_tracker::{Counts, Round, RoundTracker};

/// Something to report, in the order in which it happened.
#[derive(Debug)]
pub enum ReportItem {
    /// A connection is open.
    Connected(Timestamp, Arc<Opened>),
    /// The outcome of a round is known.
    Round(Timestamp, Round),
}

/// How far the rounds on one connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// They go on.
    Going,
    /// There are no more, and we leave.
    Complete,
    /// The connection is over.
    CutOff,
}

/// What the threads of a run share.
pub struct SharedState {
    fanout: Fanout,
    probe: Probe,
    state: Mutex<State>,
    /// Signalled when an answer has come, and when the connection is over.
    changed: Condvar,
}

struct State {
    tracker: RoundTracker,
    /// When the next round is due.
    due: RunTime,
    unreported: Vec<ReportItem>,
    stage: Stage,
}

/// What the thread that sends has to do now.
pub enum Turn {
    /// Send the ping of this round.
    Send(u64),
    /// Something has changed.
    Look,
    /// Leave the connection, or let it be.
    Leave(Stage),
}

impl SharedState {
    /// Before the first round.
    pub fn new(fanout: Fanout, probe: Probe, tracker: RoundTracker) -> Self {
        let state = State { tracker, due: fanout.now().elapsed, unreported: Vec::new(), stage: Stage::CutOff };
        Self { fanout, probe, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// What is sent.
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// The time since the start of the run.
    pub fn now(&self) -> RunTime {
        self.fanout.now().elapsed
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.lock().tracker.counts()
    }

    /// When the next round is due.
    pub fn due(&self) -> RunTime {
        self.lock().due
    }

    /// What is to be reported since this was asked last, and the counts so far.
    pub fn take_unreported(&self) -> (Vec<ReportItem>, Counts) {
        let mut state = self.lock();
        (mem::take(&mut state.unreported), state.tracker.counts())
    }

    /// A connection is open.
    pub fn connected(&self, opened: Arc<Opened>) {
        let mut state = self.lock();
        state.unreported.push(ReportItem::Connected(self.fanout.now(), opened));
        state.stage = Stage::Going;
    }

    /// There is no connection for the round that is due now.
    pub fn failed(&self, pacing: &Pacing) {
        let now = self.fanout.now();
        let mut state = self.lock();
        let round = state.tracker.fail(now.elapsed);
        state.unreported.push(ReportItem::Round(now, round));
        state.due = pacing.due_after(state.due, now.elapsed);
    }

    /// The connection is over. What it was before that.
    pub fn disconnected(&self, is_lost: bool) -> Stage {
        let now = self.fanout.now();
        let mut state = self.lock();
        let before = mem::replace(&mut state.stage, Stage::CutOff);
        let lost = if is_lost { state.tracker.cut_off() } else { state.tracker.overdue(now.elapsed) };
        state.tell(now, lost);
        self.changed.notify_all();
        before
    }

    /// What is to be done now, or after a wait for a change. `pacing` is that of this connection, `spacing` that of the run.
    pub fn turn(&self, pacing: &Pacing, spacing: &Pacing) -> Turn {
        let now = self.fanout.now();
        let mut state = self.lock();
        let overdue = state.tracker.overdue(now.elapsed);
        state.tell(now, overdue);
        if !state.unreported.is_empty() {
            return Turn::Look;
        }
        if state.stage != Stage::Going {
            return Turn::Leave(state.stage);
        }
        match pacing.next(&state.tracker, state.due, now.elapsed) {
            Next::Send => {
                state.due = spacing.due_after(state.due, now.elapsed);
                // As late as possible, and before the answer can come.
                Turn::Send(state.tracker.send(self.fanout.now().elapsed))
            }
            Next::Leave => {
                state.stage = Stage::Complete;
                Turn::Leave(Stage::Complete)
            }
            Next::Wait(until) => {
                let left = until.map_or(Duration::MAX, |until| until.saturating_sub(now.elapsed));
                drop(self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner));
                Turn::Look
            }
        }
    }

    /// The ping that was to be sent was not.
    pub fn withdraw(&self) {
        let mut state = self.lock();
        state.tracker.withdraw();
        state.stage = Stage::CutOff;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn received(&self, at: Timestamp, event: &crate::wire::Event<'_>) {
        let mut state = self.lock();
        match self.probe.answered_by(event, state.tracker.unanswered()) {
            RoundAnswer::None => return,
            RoundAnswer::Foreign => state.tracker.foreign(),
            RoundAnswer::To(number) => {
                let known = state.tracker.answered(number, at.elapsed);
                state.tell(at, known);
            }
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl State {
    fn tell(&mut self, at: Timestamp, rounds: Vec<Round>) {
        self.unreported.extend(rounds.into_iter().map(|round| ReportItem::Round(at, round)));
    }
}

/// Writes down the answers that come, with the time at which they were read from the socket.
pub struct AnswerSink(pub Arc<SharedState>);

impl EventSink for AnswerSink {
    fn wants(&self) -> Wants {
        let messages = match self.0.probe {
            Probe::Ping { .. } => Messages::InParts,
            Probe::Message { .. } => Messages::Whole,
        };
        Wants { directions: Directions::Received, messages, texts: Texts::InBulk, detail: Detail::Messages }
    }

    fn event(&mut self, _origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        if let Event::Wire { direction: Direction::Received, event, .. } = event {
            self.0.received(at, event);
        }
        Flow::Continue
    }

    fn flush(&mut self) -> Result<(), FlushError> {
        Ok(())
    }
}
