//! The terminal while a line is being edited on it: what arrives is shown above that line.
//!
//! The editor (rustyline, in `input::editor`) takes what is to be printed above its line through a channel that holds
//! one string, and looks into it only while it waits for a key. It writes past it while no line is edited, and doesn't say
//! when it has shown something. So everything waits here, in order, and the editor is given one batch at a time: the
//! next when the last has been shown, which the editor's own drawing reveals ([`Terminal::printed`]). No thread is
//! needed for that: whoever brings something, and whoever learns that a batch was shown, hands over the next, and
//! since the channel is known to be empty then, that never blocks.
//!
//! ```text
//!  Idle ──line_begins──▶ Starting ──drawn──▶ Editing ──line_accepted──▶ Stopping ──line_ended──▶ Idle
//!  written at once        held back           given to the editor        held back
//! ```
//!
//! A batch that the editor was given and has not shown when a line ends lies in the channel until the next line. What
//! comes meanwhile is held back behind it; [`Terminal::finish`], after which there is no next line, writes it first.

mod backlog;
mod device;
mod watch;

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use device::{Device, SpecialKeys};

use self::backlog::Backlog;
use super::{FdOutlet, Outlet};

/// The editor is given at most so much at a time (a longer line excepted). It looks at no key while it writes this:
/// 16 ms on a terminal that swallows 1 MB/s.
const BATCH: usize = 16 * 1024;

/// How long an editor that nobody asks any more may take to show what it was given.
const LAST_LOOK: Duration = Duration::from_millis(100);

/// Prints above the line that is being edited.
pub type PrintAbove = Box<dyn FnMut(String) -> io::Result<()> + Send>;

/// A terminal that is shared between an editor and those who print. Clones are the same terminal.
#[derive(Debug, Clone)]
pub struct Terminal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    device: Device,
    state: Mutex<State>,
    /// Something in the state has changed.
    changed: Condvar,
}

struct State {
    phase: Phase,
    backlog: Backlog,
    /// A copy of what the editor was given and has not shown.
    given: Option<String>,
    /// How many batches the editor has shown.
    shown: u64,
    print_above: Option<PrintAbove>,
    outlet: FdOutlet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No line is edited.
    Idle,
    /// The editor is about to take the terminal.
    Starting,
    /// The editor has the terminal, and looks into its channel sooner or later.
    Editing,
    /// The editor is about to let go of the terminal.
    Stopping,
}

impl Terminal {
    /// A terminal on which no line is edited yet.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn new(device: Device) -> io::Result<Self> {
        let state = State {
            phase: Phase::Idle,
            backlog: Backlog::default(),
            given: None,
            shown: 0,
            print_above: None,
            outlet: device.outlet()?,
        };
        Ok(Self { shared: Arc::new(Shared { device, state: Mutex::new(state), changed: Condvar::new() }) })
    }

    /// The terminal itself.
    pub fn device(&self) -> &Device {
        &self.shared.device
    }

    /// Puts an editor in charge of lines, in place of the one before: sets the modes that its lines start from, and
    /// keeps Ctrl-C alive while output is paused.
    ///
    /// # Errors
    /// What the terminal says; when no thread can be started.
    pub fn attach(&self, print_above: PrintAbove) -> io::Result<()> {
        self.device().calm()?;
        let before = self.shared.lock().print_above.replace(print_above);
        if before.is_none() { watch::start(Arc::clone(&self.shared)) } else { Ok(()) }
    }

    /// The editor is about to take the terminal. Waits for what is being written.
    pub fn line_begins(&self) {
        self.shared.lock().phase = Phase::Starting;
    }

    /// The editor has drawn its line, of its own accord.
    pub fn drawn(&self) {
        let mut state = self.shared.lock();
        if state.phase == Phase::Starting {
            state.phase = Phase::Editing;
            state.hand_over();
            self.shared.changed.notify_all();
        }
    }

    /// The editor has printed what it was given, and drawn its line below it.
    pub fn printed(&self) {
        let mut state = self.shared.lock();
        state.given = None;
        state.shown += 1;
        state.hand_over();
        self.shared.changed.notify_all();
    }

    /// The editor is about to let go of the terminal.
    pub fn line_accepted(&self) {
        self.shared.lock().phase = Phase::Stopping;
    }

    /// The editor has let go of the terminal.
    ///
    /// # Errors
    /// When what was held back cannot be written.
    pub fn line_ended(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.phase = Phase::Idle;
        let result = state.write_lines();
        self.shared.changed.notify_all();
        result
    }

    /// The editor has failed, and will not be asked again: what it was given and may not have shown is written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn line_failed(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.phase = Phase::Stopping;
        let unseen = state.given.take().unwrap_or_default();
        let result = state.outlet.write_all(unseen.as_bytes());
        drop(state);
        result.and(self.line_ended())
    }

    /// Waits until everything has been shown, but not longer than `limit`. Whether it has.
    pub fn settle(&self, limit: Duration) -> bool {
        let is_waiting = |state: &mut State| state.given.is_some() || state.backlog.has_lines();
        let result = self.shared.changed.wait_timeout_while(self.shared.lock(), limit, is_waiting);
        let (_state, timeout) = result.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    /// There will be no further line: what is left is written, what comes is written at once, and the terminal is put
    /// back as it was found. Where a line is still being edited, which nothing can interrupt, it is left as it is.
    ///
    /// # Errors
    /// When what is left cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        let is_edited = self.shared.lock().phase != Phase::Idle;
        if is_edited {
            self.settle(LAST_LOOK);
            self.device().abandon_line()?;
        }
        let mut state = self.shared.lock();
        state.phase = Phase::Idle;
        state.print_above = None;
        let unseen = state.given.take().unwrap_or_default();
        let rest = state.backlog.take_all();
        let result = state.outlet.write_all(unseen.as_bytes()).and_then(|()| state.outlet.write_all(&rest));
        self.shared.changed.notify_all();
        drop(state);
        result.and(self.device().restore())
    }

    /// For whoever leaves the process while a line may be edited, which nothing can interrupt: puts the terminal back
    /// as it was found, and waits for nothing.
    pub fn abandon(&self) {
        // The process is about to end: there is nobody left to tell.
        let _ = self.device().restore();
        let is_edited = self.shared.state.try_lock().map_or(true, |state| state.phase != Phase::Idle);
        if is_edited {
            let _ = self.device().abandon_line();
        }
    }
}

impl Outlet for Terminal {
    /// Shows whole lines above the one being edited; an unfinished one when its end comes. Waits while more than 1 MiB
    /// has not been shown.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let is_full = |state: &mut State| !state.is_direct() && !state.backlog.has_room(bytes.len());
        let result = self.shared.changed.wait_while(self.shared.lock(), is_full);
        let mut state = result.unwrap_or_else(PoisonError::into_inner);
        state.backlog.push(bytes);
        if state.hand_over() {
            self.shared.changed.notify_all();
        }
        state.write_lines()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether nothing stands between us and the terminal.
    fn is_direct(&self) -> bool {
        self.phase == Phase::Idle && self.given.is_none()
    }

    /// Writes the lines that wait, where nothing stands between us and the terminal.
    fn write_lines(&mut self) -> io::Result<()> {
        while self.is_direct()
            && let Some(lines) = self.backlog.take_lines(BATCH)
        {
            self.outlet.write_all(lines)?;
        }
        Ok(())
    }

    /// Gives the editor the next batch, if it has shown the last one. Whether there was one.
    fn hand_over(&mut self) -> bool {
        if self.phase != Phase::Editing || self.given.is_some() {
            return false;
        }
        let (Some(print_above), Some(lines)) = (&mut self.print_above, self.backlog.take_lines(BATCH)) else {
            return false;
        };
        let batch = String::from_utf8_lossy(lines).into_owned();
        self.given = Some(batch.clone());
        // An editor that takes nothing any more has shown nothing: `finish` writes the batch.
        let _ = print_above(batch);
        true
    }
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("State").field("phase", &self.phase).finish_non_exhaustive()
    }
}
