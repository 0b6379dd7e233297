//! The one loop around a client's sessions: connect, session, reconnect; pauses, signals and time limits between them.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::announcer::Announcer;
use crate::client::connect::{self, Attempt, Handshaken, Unauthorized};
use crate::client::driver::{After, AfterFailure, Driver};
use crate::client::login::{Login, NoAnswer};
use crate::client::open::{self, Started};
use crate::client::plan::Plan;
use crate::client::reconnect::{self, ReconnectPolicy};
use crate::client::report::{self, Totals, Unsent};
use crate::client::setup_error;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::output::Fanout;
use crate::platform::{Descriptor, Poller, Signal, Signals, Wakeup};
use crate::session::backoff::Pause;
use crate::session::{Cause, Outcome};

/// How long a front end may take to notice that the run was aborted.
const NOTICE_LIMIT: Duration = Duration::from_secs(1);

/// Runs one session after the other for a [`Driver`].
pub struct Runner {
    /// What connecting takes.
    pub plan: Arc<Plan>,
    /// Where everything is shown.
    pub fanout: Fanout,
    /// What the main thread waits on.
    pub poller: Poller,
    /// What ends the run before its time.
    pub signals: Signals,
    /// Tells notes and errors while no session is open.
    pub announcer: Announcer,
    policy: ReconnectPolicy,
    login: Login,
    totals: Totals,
    /// Messages so far that counted towards `--count`.
    matched: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// What the process tells the shell.
    pub status: ExitStatus,
    /// How much of what is left may still be shown.
    pub finish: Finish,
}

/// How much of what is left may still be shown at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// All of it.
    Completely,
    /// What a moment permits.
    Briefly,
    /// Nothing more.
    AtOnce,
}

/// What the runner does next. The status is that of the last session or attempt.
enum Next {
    Connect(ExitStatus),
    Session(Box<Handshaken>),
    Wait(ExitStatus, Option<Pause>),
    Over(End),
}

/// What ends a wait, or an attempt to connect, before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interruption {
    /// The front end has left.
    Left,
    Signal(Signal),
    /// The reader of stdout went away.
    OutputGone,
    /// The time that `--wait` gave is over.
    StayOver,
    /// The time limit of the run has passed.
    MaxTime,
}

/// What ends a wait while nothing is open.
enum WaitEnd {
    /// The front end wants to connect again.
    Reconnect,
    Interrupted(Interruption),
}

impl Runner {
    /// A runner that has not connected yet. From now on signals end the run in order.
    ///
    /// # Errors
    /// [`Phase::Session`] when the process is out of descriptors, or signals cannot be caught.
    pub fn new(plan: Arc<Plan>, fanout: Fanout, policy: ReconnectPolicy, totals: Totals) -> Result<Self> {
        let poller = Poller::new().map_err(|error| setup_error("cannot make a pipe", error))?;
        let signals = Signals::catch(&poller).map_err(|error| setup_error("cannot catch signals", error))?;
        Ok(Self {
            plan,
            announcer: Announcer::new(fanout.clone()),
            fanout,
            poller,
            signals,
            policy,
            login: Login::default(),
            totals,
            matched: 0,
        })
    }

    /// Runs from the first attempt to the last word.
    pub fn run(&mut self, driver: &mut dyn Driver) -> End {
        open::announce(&self.plan, &self.fanout);
        let mut next = Next::Connect(ExitStatus::Success);
        loop {
            next = match next {
                Next::Connect(status) => self.connect(driver, status),
                Next::Session(handshaken) => self.session(driver, *handshaken),
                Next::Wait(status, pause) => self.wait(driver, status, pause),
                Next::Over(end) => return end,
            };
        }
    }

    fn connect(&mut self, driver: &mut dyn Driver, status: ExitStatus) -> Next {
        driver.connecting();
        // A prompt says itself that it is not connected.
        let is_watched = io::stderr().is_terminal() && !driver.reads_keys();
        let Self { plan, fanout, poller, signals, announcer, .. } = self;
        let tell_slow = || {
            if is_watched {
                announcer.note(format!("connecting to `{}` (Ctrl-C gives up)", plan.target.endpoint().peer()));
            }
        };
        let attempt =
            connect::on_thread(plan, fanout, poller, tell_slow, |wakeup| interruption(driver, signals, wakeup));
        match attempt {
            Attempt::Connected(handshaken) => Next::Session(handshaken),
            Attempt::Unauthorized(unauthorized) => self.log_in(driver, *unauthorized, status),
            Attempt::Failed(error) => self.failed(driver, error),
            Attempt::Interrupted(interruption) => self.interrupted(driver, interruption, status),
        }
    }

    /// Asks for the password that the server wants, and connects again with it. The main thread asks, while nothing else
    /// runs: a signal then ends the process by itself, after the terminal was put back.
    fn log_in(&mut self, driver: &mut dyn Driver, unauthorized: Unauthorized, status: ExitStatus) -> Next {
        let Unauthorized { error, in_clear } = unauthorized;
        if driver.reads_keys() {
            return self.failed(driver, error);
        }
        match self.login.ask(&mut self.plan, in_clear) {
            Ok(()) => Next::Connect(status),
            Err(NoAnswer::Interrupted) => self.interrupted(driver, Interruption::Signal(Signal::Interrupt), status),
            Err(NoAnswer::Declined) => self.failed(driver, error),
        }
    }

    /// One session, from its opening to its end.
    fn session(&mut self, driver: &mut dyn Driver, handshaken: Handshaken) -> Next {
        if let Err(error) = driver.attach() {
            return self.over(driver, error);
        }
        let mut settings = self.plan.settings.clone();
        if let Some(condition) = &mut settings.stop_condition {
            condition.before = self.matched;
        }
        driver.starting(&mut settings);
        let notifier = self.poller.notifier();
        let started = open::start(handshaken, &self.plan, settings, &self.fanout, notifier);
        let Started { session, supervisor, output } = match started {
            Ok(started) => started,
            Err(error) => return self.failed(driver, error),
        };
        let handle = session.handle.clone();
        driver.opened(session);
        let stdout = io::stdout();
        let mut outcome = supervisor.run(&mut self.poller, Some(&self.signals), Some(Descriptor::from(&stdout)));
        let offer = self.policy.after_session(&outcome);
        let after = self.after(driver, &mut outcome, offer);
        self.matched = outcome.matched;
        match (after, offer) {
            (After::Reconnect, _) => {
                let status = outcome.ended.status;
                report::followed(&output, outcome, self.totals);
                Next::Connect(status)
            }
            (After::Resume, Some(pause)) => {
                let (why, status) = (reconnect::loss(&outcome), outcome.ended.status);
                report::followed(&output, outcome, self.totals);
                self.pause(driver, status, pause, why.as_deref())
            }
            _ => {
                let finish = if is_aborted(&outcome) { Finish::AtOnce } else { Finish::Completely };
                if after == After::Stay {
                    driver.closed_until(None);
                }
                let unsent = if outcome.is_content() { Unsent::default() } else { driver.unsent(Some(&handle)) };
                let status = report::ended(&output, outcome, unsent, self.totals);
                match after {
                    After::Stay => Next::Wait(status, None),
                    _ => Next::Over(End { status: driver.status(status), finish }),
                }
            }
        }
    }

    /// Asks the front end what follows, until it knows; a signal or the time limit of the run ends that.
    fn after(&mut self, driver: &mut dyn Driver, outcome: &mut Outcome, offer: Option<Pause>) -> After {
        let max_time = self.plan.settings.max_time.filter(|_| !is_aborted(outcome));
        let until =
            if is_aborted(outcome) { Some(Instant::now() + NOTICE_LIMIT) } else { max_time.map(|(until, _)| until) };
        let signals = &self.signals;
        let known = self.poller.wait_for(until, None, |_| {
            let after = driver.closed(outcome, offer).map(Ok);
            after.or_else(|| signals.take().map(Err))
        });
        match known {
            Some(Ok(after)) => return after,
            Some(Err(signal)) => outcome.ended.status = outcome.ended.status.max(signal.into()),
            None => driver.overdue(max_time.map(|(_, limit)| limit), outcome),
        }
        After::Over
    }

    /// Waits while nothing is open: for the end of the pause, or for what the front end wants.
    fn wait(&mut self, driver: &mut dyn Driver, status: ExitStatus, pause: Option<Pause>) -> Next {
        driver.told();
        let over = pause.map(|pause| Instant::now() + pause.length);
        let limits = [
            self.plan.settings.max_time.map(|(until, _)| (until, Interruption::MaxTime)),
            driver.stay_until().map(|until| (until, Interruption::StayOver)),
        ];
        let first = limits.into_iter().flatten().min_by_key(|(until, _)| *until);
        let limit = first.filter(|(until, _)| over.is_none_or(|over| *until <= over));
        let until = limit.map(|(until, _)| until).or(over);
        let signals = &self.signals;
        let stdout = io::stdout();
        let ended = self.poller.wait_for(until, Some(Descriptor::from(&stdout)), |wakeup| {
            let reconnect = driver.take_reconnect().then_some(WaitEnd::Reconnect);
            reconnect.or_else(|| interruption(driver, signals, wakeup).map(WaitEnd::Interrupted))
        });
        let interruption = match ended {
            Some(WaitEnd::Reconnect) => None,
            Some(WaitEnd::Interrupted(interruption)) => Some(interruption),
            None => limit.map(|(_, interruption)| interruption),
        };
        match interruption {
            None => Next::Connect(status),
            Some(Interruption::MaxTime) if pause.is_none() => {
                let limit = self.plan.settings.max_time.map(|(_, limit)| limit).unwrap_or_default();
                match driver.out_of_time(limit) {
                    Some(error) => self.timed_out(driver, error),
                    None => Next::Over(End { status: ExitStatus::TimedOut, finish: Finish::Briefly }),
                }
            }
            Some(interruption) => self.interrupted(driver, interruption, status),
        }
    }

    /// What follows an attempt that failed.
    fn failed(&mut self, driver: &mut dyn Driver, error: Error) -> Next {
        let status = error.exit_status();
        if !self.plan.is_out_of_time()
            && let Some(pause) = self.policy.after_failure(&error)
        {
            if let Err(error) = driver.attach() {
                return self.over(driver, error);
            }
            return self.pause(driver, status, pause, Some(&reconnect::in_a_line(&error)));
        }
        match driver.failed(error) {
            (error, AfterFailure::Over) => self.over(driver, error),
            (error, AfterFailure::Stay) => {
                driver.closed_until(None);
                self.announcer.error(error);
                Next::Wait(status, None)
            }
        }
    }

    fn pause(&mut self, driver: &mut dyn Driver, status: ExitStatus, pause: Pause, why: Option<&str>) -> Next {
        driver.closed_until(Some(pause));
        self.announcer.note(reconnect::announcement(why, pause));
        Next::Wait(status, Some(pause))
    }

    /// Ends the run while no session is open; `status` is that of the last one.
    fn interrupted(&mut self, driver: &mut dyn Driver, interruption: Interruption, status: ExitStatus) -> Next {
        let (status, finish) = match interruption {
            Interruption::OutputGone => {
                return Next::Over(End { status: ExitStatus::Success, finish: Finish::AtOnce });
            }
            Interruption::MaxTime => {
                let limit = self.plan.settings.max_time.map(|(_, limit)| limit).unwrap_or_default();
                let message = format!("no connection to `{}`", self.plan.target.endpoint().peer());
                return self.timed_out(driver, Error::timed_out(Phase::Connect, limit, message));
            }
            Interruption::Left => match driver.take_error() {
                Some(error) => return self.over(driver, error),
                None => (status, Finish::Completely),
            },
            Interruption::Signal(signal) => (signal.into(), Finish::Briefly),
            Interruption::StayOver => (status, Finish::Completely),
        };
        Next::Over(End { status: self.report_unsent(driver, status), finish })
    }

    fn timed_out(&mut self, driver: &mut dyn Driver, error: Error) -> Next {
        match self.over(driver, error) {
            Next::Over(end) => Next::Over(End { finish: Finish::Briefly, ..end }),
            next => next,
        }
    }

    /// Ends the run because of an error.
    fn over(&mut self, driver: &mut dyn Driver, error: Error) -> Next {
        let status = error.exit_status();
        self.announcer.error(error);
        Next::Over(End { status: self.report_unsent(driver, status), finish: Finish::Completely })
    }

    /// Tells what was not sent in the whole run.
    fn report_unsent(&mut self, driver: &mut dyn Driver, status: ExitStatus) -> ExitStatus {
        let Some(error) = driver.unsent(None).error() else { return status };
        let status = status.max(error.exit_status());
        self.announcer.error(error);
        status
    }
}

/// What ends a wait or an attempt now, if anything does.
fn interruption(driver: &mut dyn Driver, signals: &Signals, wakeup: Wakeup) -> Option<Interruption> {
    if driver.has_left() {
        return Some(Interruption::Left);
    }
    let gone = (wakeup == Wakeup::WatchedGone).then_some(Interruption::OutputGone);
    signals.take().map(Interruption::Signal).or(gone)
}

/// Whether a signal, the time limit of the run or the loss of stdout's reader has ended the session.
fn is_aborted(outcome: &Outcome) -> bool {
    outcome.output_gone || outcome.cause == Cause::Abort
}
