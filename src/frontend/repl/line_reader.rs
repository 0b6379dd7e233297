//! Reads lines from the editor on one thread, and has another execute them: an expectation that waits holds up neither
//! keys nor what is shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use super::kept_session::KeptSession;
use super::line_executor::{LineExecutor, Work};
use crate::client::thread_error;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin};
use crate::frontend::interpreter::endpoint::Endpoint;
use crate::frontend::interpreter::variables;
use crate::frontend::interpreter::{Interpreter, Mode};
use crate::frontend::session_slot::SessionSlot;
use crate::input::slash::{self, Command, Line};
use crate::input::{Editor, Entry};
use crate::output::Fanout;
use crate::platform::thread_for_messages;
use crate::session::Handle;

/// How many lines may be typed ahead.
const AHEAD: usize = 1000;
/// How long what was typed before may take after Ctrl-C or Ctrl-D: the peer may take nothing.
const LEAVE_LIMIT: Duration = Duration::from_secs(1);
/// For how long a jq filter is busy with one message before Ctrl-C is for it, and not for the session.
const FILTER_LIMIT: Duration = Duration::from_millis(300);
/// How long leaving may take before it is said what is waited for.
const SILENCE_LIMIT: Duration = Duration::from_secs(1);
/// How soon to look again whether that is done.
const TICK: Duration = Duration::from_millis(1);

/// Where what is to be executed waits. Clones are the same queue.
#[derive(Clone)]
pub struct WorkQueue {
    works: SyncSender<Work>,
    /// How many were pushed and are not executed yet.
    pending: Arc<AtomicUsize>,
}

impl WorkQueue {
    /// `false`: nothing is executed any more.
    pub fn push(&self, work: Work) -> bool {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.works.send(work).is_ok()
    }
}

/// Reads lines and has them executed, on two threads, until the user leaves; it begins when something is sent through the
/// sender. What else is to be executed can be pushed to the queue. A message that is made of a file has at most `max_message` bytes; what
/// has happened is `kept`, if anything is.
///
/// # Errors
/// [`Phase::Session`], when the process may have no more threads.
pub fn spawn(
    editor: Editor,
    endpoint: impl Endpoint + 'static,
    fanout: Fanout,
    max_message: u64,
    kept: Option<KeptSession>,
) -> Result<(Sender<()>, WorkQueue)> {
    let endpoint: Arc<dyn Endpoint> = Arc::new(endpoint);
    let interpreter =
        Interpreter::new(Arc::clone(&endpoint), fanout.clone(), variables(), Mode::Interactive, max_message);
    let executor = LineExecutor::new(interpreter, editor.prompt(), kept);
    let (works, ahead) = mpsc::sync_channel(AHEAD);
    let (busy, done) = mpsc::channel();
    let pending = Arc::new(AtomicUsize::new(0));
    let queue = WorkQueue { works, pending: Arc::clone(&pending) };
    let reader = LineReader { queue: queue.clone(), endpoint, fanout };
    let (begin, started) = mpsc::channel();
    let read = move || {
        // Where the run has ended before, the sender is gone.
        if started.recv().is_ok() {
            reader.run(editor, &done);
        }
    };
    let start = || {
        thread_for_messages().spawn(move || executor.run(&ahead, &pending, busy))?;
        thread::Builder::new().spawn(read)
    };
    start().map_err(|error| thread_error(Phase::Session, "for the prompt", error))?;
    Ok((begin, queue))
}

/// How the user leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// When everything that was typed before is done: `/quit`.
    InTurn,
    /// Now: Ctrl-C (unless there is an expectation to give up, or a filter to interrupt), Ctrl-D.
    AtOnce,
}

/// Passes lines on until the user leaves.
struct LineReader {
    queue: WorkQueue,
    endpoint: Arc<dyn Endpoint>,
    fanout: Fanout,
}

impl LineReader {
    fn run(self, mut editor: Editor, done: &Receiver<()>) {
        let leaving = self.pass_on(&mut editor);
        // Puts the terminal back as it was found: before the Close goes out Ctrl-C is a signal, which doesn't wait for the
        // answer.
        drop(editor);
        match leaving {
            Leaving::InTurn => {
                self.queue.push(Work::End);
                // The executor drops its end when all is done.
                if done.recv_timeout(SILENCE_LIMIT) == Err(RecvTimeoutError::Timeout) {
                    self.note("what was typed before /quit is not done yet; Ctrl-C leaves without it");
                    let _ = done.recv();
                }
            }
            Leaving::AtOnce => {
                self.wait_for_executor(is_waiting);
            }
        }
        self.endpoint.leave();
        self.tell_of_a_mute_peer();
    }

    /// Says how to leave at once, where the peer does not answer our Close soon. The main thread ends the process.
    fn tell_of_a_mute_peer(&self) {
        let Some(Ok(session)) = self.endpoint.client().map(SessionSlot::session) else { return };
        let deadline = Instant::now() + SILENCE_LIMIT;
        while Instant::now() < deadline {
            if session.is_over() {
                return;
            }
            thread::sleep(TICK);
        }
        // It would hold up the end, and what is said here.
        self.fanout.filter_runs().interrupt(FILTER_LIMIT);
        self.note("closing; Ctrl-C again leaves at once");
    }

    fn note(&self, text: &str) {
        self.fanout.show(Origin::default(), &Event::Note(text));
    }

    fn pass_on(&self, editor: &mut Editor) -> Leaving {
        loop {
            match editor.read() {
                Ok(Entry::Line(line)) => {
                    if slash::parse(&line).is_ok_and(|line| line == Line::Command(Command::Quit)) {
                        return Leaving::InTurn;
                    }
                    if !self.queue.push(Work::Line(line)) {
                        return Leaving::AtOnce;
                    }
                }
                Ok(Entry::Interrupted) if self.has_interrupted() => {}
                Ok(Entry::Interrupted | Entry::Eof) => return Leaving::AtOnce,
                Err(error) => {
                    show_error(&self.fanout, &error);
                    return Leaving::AtOnce;
                }
            }
        }
    }

    /// Whether there was a filter that does not end, or an expectation to give up. Those who judge with the filter say what
    /// follows.
    fn has_interrupted(&self) -> bool {
        let has_interrupted_filter = self.fanout.filter_runs().interrupt(FILTER_LIMIT);
        self.wait_for_executor(has_given_up) || has_interrupted_filter
    }

    /// Waits until what was typed before is done, or `is_there` holds for the session: then `true`.
    fn wait_for_executor(&self, is_there: fn(&Handle) -> bool) -> bool {
        let deadline = Instant::now() + LEAVE_LIMIT;
        loop {
            let is_pending = self.queue.pending.load(Ordering::Acquire) > 0;
            let client = self.endpoint.client();
            if client.and_then(|client| client.session().ok()).is_some_and(|session| is_there(&session)) {
                return true;
            }
            // Ctrl-C and Ctrl-D do not wait for a connection.
            if !is_pending || client.is_some_and(SessionSlot::is_reconnecting) || Instant::now() >= deadline {
                return false;
            }
            thread::sleep(TICK);
        }
    }
}

/// Whether the executor waits for something that is expected.
fn is_waiting(session: &Handle) -> bool {
    session.expecting().is_some_and(|expecting| expecting.is_awaited())
}

/// Whether there was an expectation to give up.
fn has_given_up(session: &Handle) -> bool {
    session.expecting().is_some_and(|expecting| expecting.give_up())
}

/// Shows what was wrong with a line, or with the terminal.
pub(super) fn show_error(fanout: &Fanout, error: &Error) {
    fanout.show(Origin::default(), &Event::Error(error));
}
