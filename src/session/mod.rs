//! One open connection: its threads, locks and clocks. Which thread does what, what each lock guards, and in which order
//! they are taken, is in `ARCHITECTURE.md`, "Threads".

mod backlog;
pub mod backoff;
mod budget;
mod cause;
mod clock;
mod conn;
mod handle;
mod inbox;
mod lifecycle;
mod outcome;
pub mod output;
mod queue;
mod reactions;
mod reader;
mod send_progress;
mod stop_condition;
mod supervisor;
pub mod upgrade;
mod writer;

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub use budget::{Budget, Share};
pub use cause::Cause;
pub use handle::{Batch, Handle, NotSent, QueueFull};
pub use inbox::{Disconnect, ExpectError, Expecting, Received, Unmatched};
pub use outcome::Outcome;
pub use queue::{MessageBatch, QueuedItem};
pub use send_progress::SendProgress;
pub use stop_condition::StopCondition;
pub use supervisor::Supervisor;

use crate::net::{Stream, StreamReader, StreamWriter};
use crate::platform::Notifier;
use crate::wire::{Receiver, Role, Sender};
use clock::Clock;
use conn::Conn;
use inbox::Inbox;
use output::SessionOutput;
use queue::Queue;
use send_progress::SendCounter;
use writer::SendBuffer;

/// How long a write may block, and how long one may write on end, before looking whether the session is over.
const WRITE_TIMEOUT: Duration = Duration::from_millis(100);
/// Bytes of echoes that may wait to be written before the reader stops reading.
const ECHO_BUDGET: usize = 2 * 1024 * 1024;

/// When to stop after the input has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterInput {
    /// When no byte of a data frame has come for so long; the first after the last input may take longer, while it is to be
    /// expected that the input is answered.
    Quiet(Duration),
    /// So long after the last input was handed to the socket, whatever comes.
    Fixed(Duration),
    /// When the peer closes.
    Forever,
    /// When enough has been received; but where the input was bad, and what was to be answered may never have been sent,
    /// as for [`Quiet`](Self::Quiet).
    StopCondition(Duration),
}

/// What to do with the peer's pings and Close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoReply {
    /// Answer, as RFC 6455 demands.
    Answer,
    /// Keep silent, to see what the peer makes of it.
    Silent,
}

/// What to do with messages besides showing them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Nothing.
    Off,
    /// Send each back as it came.
    On,
}

/// What to do when a heartbeat is due that the dialect of the session demands of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeartbeatPolicy {
    /// Send it.
    Send,
    /// Say this, once.
    Tell(&'static str),
}

/// What the peer answers, if it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedAnswers {
    /// Pings.
    ToPings,
    /// Each message: it sends it back.
    ToMessages,
}

/// How a session behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which end we are.
    pub role: Role,
    /// When the session ends after the end of the input.
    pub after_input: AfterInput,
    /// How long to wait for the answer to our Close without a byte arriving.
    pub close_quiet: Duration,
    /// How long to wait for the answer to our Close in all.
    pub close_total: Duration,
    /// What the peer answers: one that has not is not waited for as long.
    pub expected_answers: ExpectedAnswers,
    /// How long after one ping of ours the next is sent; `None` sends none.
    pub ping_interval: Option<Duration>,
    /// How long the peer may take for a pong before the connection counts as dead; `None` is for ever.
    pub ping_timeout: Option<Duration>,
    /// When the whole run must be over, and how long that was from its start.
    pub max_time: Option<(Instant, Duration)>,
    /// Whether pings of the peer are answered.
    pub pong: AutoReply,
    /// Whether a Close of the peer is answered.
    pub close_reply: AutoReply,
    /// Whether messages are sent back as they come.
    pub echo: Echo,
    /// When enough has been received; `None` is never.
    pub stop_condition: Option<StopCondition>,
    /// How many bytes of received messages to keep for [`Expecting`]; `None` where a session has no use for it.
    pub remember: Option<usize>,
    /// What is said, once, when data keeps the session open long after the input; `None` where nothing is.
    pub staying: Option<&'static str>,
    /// What to do about heartbeats that the dialect demands.
    pub heartbeats: HeartbeatPolicy,
    /// The memory that it shares with other sessions; `None` for a session alone.
    pub budget: Option<Budget>,
}

/// What the threads share.
struct Shared {
    settings: Settings,
    stream: Arc<Stream>,
    output: Arc<SessionOutput>,
    notifier: Notifier,
    clock: Clock,
    out: Mutex<SendBuffer>,
    conn: Mutex<Conn>,
    /// What was received, where [`Settings::remember`] asks for it.
    inbox: Option<Inbox>,
    /// Signalled when what was taken from the queue in `conn` has been written, and when the session is over.
    room: Condvar,
    /// Something waits in `conn`'s queue: spares the writers a lock.
    queued: AtomicBool,
    /// The session is over: nothing will be sent any more, blocked writers give up.
    over: AtomicBool,
    /// Messages that were handed to us and will never reach the peer.
    unsent: AtomicU64,
    /// What the connection has taken of our frames.
    send_progress: SendCounter,
}

/// Starts a session on a connection whose upgrade is complete: spawns the reader, and returns the handle for those who
/// send and the supervisor that must be run.
///
/// # Errors
/// When the socket refuses its settings, or the process may have no more threads.
pub fn start(
    stream: Arc<Stream>,
    reader: StreamReader,
    receiver: Receiver,
    sender: Sender,
    output: Arc<SessionOutput>,
    settings: Settings,
    notifier: Notifier,
) -> std::io::Result<(Handle, Supervisor)> {
    stream.set_read_timeout(None)?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let out = SendBuffer::new(sender, StreamWriter::new(Arc::clone(&stream)));
    let shared = Arc::new(Shared {
        inbox: settings.remember.map(Inbox::new),
        conn: Mutex::new(Conn { queue: Queue::within(settings.budget.as_ref()), ..Conn::default() }),
        settings,
        stream,
        output,
        notifier,
        clock: Clock::start(),
        out: Mutex::new(out),
        room: Condvar::new(),
        queued: AtomicBool::new(false),
        over: AtomicBool::new(false),
        unsent: AtomicU64::new(0),
        send_progress: SendCounter::default(),
    });
    reader::spawn(Arc::clone(&shared), reader, receiver)?;
    Ok((Handle::new(Arc::clone(&shared)), Supervisor::new(shared)))
}
