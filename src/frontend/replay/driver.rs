//! `wscope replay`: the client's side, on a thread of its own; the main thread runs its sessions.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use super::connection::{Opening, RecordedConnection, RecordingFile};
use super::player::{Played, Player};
use super::received::ReceivedCounts;
use crate::cli::{Replay, Speed};
use crate::client::driver::{After, AfterFailure, Driver};
use crate::client::open::OpenSession;
use crate::client::plan::Plan;
use crate::client::reconnect::ReconnectPolicy;
use crate::client::recorded_request::RecordedRequest;
use crate::client::report::{Totals, Unsent};
use crate::client::runner::Runner;
use crate::client::{thread_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Direction, Ended};
use crate::output::{Fanout, FollowSent, Options};
use crate::platform::Notifier;
use crate::recording::{ReadError, read_error};
use crate::session::backoff::Pause;
use crate::session::{Handle, Outcome};
use crate::wire::Role;

/// Sends the client's side of a recorded connection again, and tells how it ended.
///
/// # Errors
/// What is wrong with the recording, or with the command line.
pub fn run(args: &Replay) -> Result<ExitStatus> {
    let started = Instant::now();
    let mut connection = RecordingFile::read(&args.file, args.playing.connection)?.only()?;
    let opening = connection.next_opening().ok_or_else(|| Error::new(Phase::Input, "the recording has changed"))?;
    let plan = plan(args, &opening, started)?;
    let options =
        Options { follow_sent: FollowSent::Always, ..view::options_of(&args.view, view::banner_at_terminal()) };
    let annotator = view::annotator(&args.view);
    let fanout = Fanout::new(view::direct(options)?).annotated(annotator);
    let received = ReceivedCounts::default();
    fanout.add(received.sink());
    let mut runner = Runner::new(Arc::new(plan), fanout.clone(), ReconnectPolicy::never(), Totals::of(&args.view))?;
    let mut driver = ReplayDriver {
        path: args.file.clone(),
        speed: args.playing.speed(),
        fanout,
        received,
        notifier: runner.poller.notifier(),
        next: Some((connection, opening)),
        result: None,
        unsent: 0,
    };
    Ok(runner.run(&mut driver).status)
}

fn plan(args: &Replay, opening: &Opening, started: Instant) -> Result<Plan> {
    let mut session = args.session.clone();
    let request = RecordedRequest::add(&opening.opened, args.url.as_deref(), &mut session.connection.request)?;
    let mut plan = Plan::plain(&request.url, &session, args.view.secrets(), started)?;
    plan.notes.splice(..0, request.notes);
    Ok(plan)
}

/// What the thread that plays a session gives back.
type PlayedSession = (RecordedConnection, std::result::Result<Played, ReadError>);

struct ReplayDriver {
    path: PathBuf,
    speed: Speed,
    fanout: Fanout,
    received: ReceivedCounts,
    notifier: Notifier,
    /// What is played in the next session.
    next: Option<(RecordedConnection, Opening)>,
    /// What comes of the session that is played.
    result: Option<Receiver<PlayedSession>>,
    /// Messages of the session that ended last that were not sent.
    unsent: u64,
}

impl ReplayDriver {
    fn play(&mut self, handle: Handle) -> io::Result<()> {
        let Some((mut connection, opening)) = self.next.take() else { return Ok(()) };
        let (sender, result) = mpsc::channel();
        self.result = Some(result);
        let (speed, received, notifier) = (self.speed, self.received.clone(), self.notifier.clone());
        let fanout = self.fanout.clone();
        let play = move || {
            let (handle, received) = (&handle, &received);
            let player = Player { role: Role::Client, speed, client: None, handle, received, fanout: &fanout };
            let result = player.play(&opening.opened, opening.at, &mut || connection.next_record());
            // A run that a signal has ended does not receive it.
            let _ = sender.send((connection, result));
            notifier.notify();
        };
        thread::Builder::new().spawn(play).map(drop)
    }

    /// Adds to the outcome of the session what did not go as it was recorded.
    fn judge(&mut self, played: std::result::Result<Played, ReadError>, outcome: &mut Outcome) {
        self.unsent = played.as_ref().map_or(0, |played| played.unsent);
        // A signal, or the loss of stdout's reader, has ended the run: that no more has come is no news.
        if outcome.output_gone || outcome.ended.status >= ExitStatus::Terminated {
            return;
        }
        match played {
            Ok(Played { missing: 0, .. }) => {}
            Ok(Played { missing, .. }) => {
                let (messages, have) = if missing == 1 { ("message", "has") } else { ("messages", "have") };
                let message = format!("{missing} {messages} that came in the recording {have} not come");
                let error = Error::new(Phase::Expectation, message);
                outcome.add(match early_end(&outcome.ended) {
                    Some(evidence) => error.evidence(evidence),
                    None => error,
                });
            }
            Err(error) => outcome.add(read_error(&self.path, error)),
        }
    }
}

/// How the server ended the session, where it was the one.
fn early_end(ended: &Ended) -> Option<String> {
    if ended.by == Direction::Sent {
        return None;
    }
    let code = u16::from(ended.code);
    let reason = String::from_utf8_lossy(&ended.reason);
    Some(match &ended.conclusion {
        Some(conclusion) => format!("the session ended before: {conclusion}"),
        None if reason.is_empty() => format!("the server closed before, with code {code}"),
        None => format!("the server closed before, with code {code}: {reason}"),
    })
}

impl Driver for ReplayDriver {
    fn opened(&mut self, session: OpenSession) {
        let handle = session.handle;
        if let Err(error) = self.play(handle.clone()) {
            handle.report(thread_error(Phase::Session, "for the replay", error));
            handle.leave();
        }
    }

    fn closed(&mut self, outcome: &mut Outcome, _offer: Option<Pause>) -> Option<After> {
        let Some(result) = &self.result else { return Some(After::Over) };
        let (mut connection, played) = result.try_recv().ok()?;
        self.result = None;
        self.judge(played, outcome);
        let opening = connection.next_opening().filter(|_| outcome.ended.status <= ExitStatus::Session);
        let Some(opening) = opening else { return Some(After::Over) };
        self.next = Some((connection, opening));
        Some(After::Reconnect)
    }

    fn failed(&mut self, error: Error) -> (Error, AfterFailure) {
        (error, AfterFailure::Over)
    }

    fn unsent(&mut self, ended: Option<&Handle>) -> Unsent {
        Unsent { messages: ended.map_or(0, |_| self.unsent), more: false }
    }
}
