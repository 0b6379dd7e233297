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

mod device;
mod pending_lines;
mod watch;

use std::fmt;
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

pub use device::Device;

use self::pending_lines::{BUDGET, PendingLines};
use super::{FdOutput, Output};
use crate::platform::CtrlC;

/// The editor is given at most so much at a time (a longer line excepted). It looks at no key while it writes this:
/// 16 ms on a terminal that swallows 1 MB/s.
const BATCH: usize = 16 * 1024;

/// How long to wait for an editor, or for the terminal, when it is time to leave.
const LAST_WAIT: Duration = Duration::from_millis(100);

/// Leaves the line that an editor has drawn, and switches off the bracketed paste that it has switched on.
const LEAVE_LINE: &[u8] = b"\x1b[?2004l\r\n";

/// The same where the editor has not drawn its line.
const LEAVE_NOTHING: &[u8] = b"\x1b[?2004l";

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
    phase: LinePhase,
    pending: PendingLines,
    /// A copy of what the editor was given and has not shown.
    given: Option<String>,
    /// How many batches the editor has shown.
    shown: u64,
    print_above: Option<PrintAbove>,
    /// How many lines have begun.
    lines: u64,
    /// What the terminal makes of Ctrl-C.
    ctrl_c: CtrlC,
    /// The terminal was taken from the editor for good.
    is_taken: bool,
    /// What was written last without the editor ended its line.
    at_line_start: bool,
    /// Whoever writes to the terminal has it meanwhile, and lets go of the lock: the terminal may take nothing for long.
    output: Option<FdOutput>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinePhase {
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
            phase: LinePhase::Idle,
            pending: PendingLines::default(),
            given: None,
            shown: 0,
            print_above: None,
            lines: 0,
            ctrl_c: CtrlC::Key,
            is_taken: false,
            at_line_start: true,
            output: Some(device.output()?),
        };
        Ok(Self { shared: Arc::new(Shared { device, state: Mutex::new(state), changed: Condvar::new() }) })
    }

    /// The terminal itself.
    pub fn device(&self) -> &Device {
        &self.shared.device
    }

    /// Puts an editor in charge of lines, in place of the one before: sets the modes that its lines start from, and
    /// keeps Ctrl-C alive while nobody reads it as a key.
    ///
    /// # Errors
    /// What the terminal says; when no thread can be started.
    pub fn attach(&self, print_above: PrintAbove) -> io::Result<()> {
        self.device().set_raw()?;
        let before = self.shared.lock().print_above.replace(print_above);
        if before.is_none() { watch::start(Arc::clone(&self.shared)) } else { Ok(()) }
    }

    /// The editor is about to take the terminal. Waits for what is being written.
    pub fn line_begins(&self) {
        let mut state = self.shared.lock_unless_taken();
        state.lines += 1;
        // At once: whoever writes lines writes no more of them.
        state.phase = LinePhase::Starting;
        self.shared.changed.notify_all();
        let is_in_use = |state: &mut State| state.is_taken || state.output.is_none();
        let result = self.shared.changed.wait_while(state, is_in_use);
        let mut state = result.unwrap_or_else(PoisonError::into_inner);
        if !mem::replace(&mut state.at_line_start, true)
            && let Some(output) = &mut state.output
        {
            // The editor erases the line that it begins in. A terminal that is gone is noticed when it reads.
            let _ = output.write_all(b"\r\n");
        }
        if state.ctrl_c == CtrlC::Signal {
            self.shared.set_ctrl_c(&mut state, CtrlC::Key);
        }
    }

    /// The editor is about to draw its line, of its own accord.
    pub fn drawn(&self) {
        let mut state = self.shared.lock_unless_taken();
        if state.phase == LinePhase::Starting {
            state.phase = LinePhase::Editing;
            state.hand_over();
            self.shared.changed.notify_all();
        }
    }

    /// The editor has printed what it was given, and is about to draw its line below it.
    pub fn printed(&self) {
        let mut state = self.shared.lock();
        state.given = None;
        state.shown += 1;
        state.hand_over();
        drop(state);
        self.shared.changed.notify_all();
        drop(self.shared.lock_unless_taken());
    }

    /// The editor is about to let go of the terminal.
    pub fn line_accepted(&self) {
        self.shared.lock_unless_taken().phase = LinePhase::Stopping;
    }

    /// The editor has let go of the terminal.
    ///
    /// # Errors
    /// When what was held back cannot be written.
    pub fn line_ended(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.phase = LinePhase::Idle;
        self.shared.changed.notify_all();
        self.shared.write_lines(state)
    }

    /// The editor has failed, and will not be asked again: what it was given and may not have shown is written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn line_failed(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.phase = LinePhase::Stopping;
        let unseen = state.given.take().unwrap_or_default();
        state.pending.push_front(unseen.as_bytes());
        drop(state);
        self.line_ended()
    }

    /// There will be no further line: what is left is written, what comes is written at once, and the terminal is put
    /// back as it was found. A line that is being edited, by another thread, is left as it is.
    ///
    /// # Errors
    /// When what is left cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        let result = self.shared.changed.wait_while(self.shared.lock(), |state| state.output.is_none());
        let mut state = self.shared.take_over(result.unwrap_or_else(PoisonError::into_inner));
        let rest = state.take_rest();
        let written = state.output.as_mut().map_or(Ok(()), |output| output.write_all(&rest));
        written.and(self.device().restore())
    }

    /// The same for whoever leaves the process at once: what cannot be written within a few tenths of a second is not.
    pub fn abandon(&self) {
        // The process is about to end: there is nobody left to tell of what fails.
        let _ = self.device().restore();
        if let Some(state) = self.shared.lock_within(LAST_WAIT) {
            let result = self.shared.changed.wait_timeout_while(state, LAST_WAIT, |state| state.output.is_none());
            let mut state = self.shared.take_over(result.unwrap_or_else(PoisonError::into_inner).0);
            let _ = self.device().restore();
            if state.output.is_some() {
                let _ = self.device().write_within(&state.take_rest(), LAST_WAIT);
            }
        }
    }
}

impl Output for Terminal {
    /// Shows whole lines above the one being edited; an unfinished one when its end comes, or when it settles. Waits
    /// while more than 256 KiB has not been shown.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(BUDGET) {
            let is_full = |state: &mut State| !state.is_direct() && !state.pending.has_room(piece.len());
            let result = self.shared.changed.wait_while(self.shared.lock(), is_full);
            let mut state = result.unwrap_or_else(PoisonError::into_inner);
            state.pending.push(piece);
            self.shared.show(state)?;
        }
        Ok(())
    }

    fn flush_through(&mut self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.pending.release();
        self.shared.show(state)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what can be shown now.
    fn show<'a>(&'a self, mut state: MutexGuard<'a, State>) -> io::Result<()> {
        if state.hand_over() {
            self.changed.notify_all();
        }
        self.write_lines(state)
    }

    /// Writes the lines that wait, where nothing stands between us and the terminal.
    fn write_lines<'a>(&'a self, mut state: MutexGuard<'a, State>) -> io::Result<()> {
        while state.is_direct()
            && state.pending.has_lines()
            && let Some(mut output) = state.output.take()
        {
            let lines = state.pending.take_lines(BATCH).unwrap_or_default().to_vec();
            drop(state);
            let written = output.write_all(&lines);
            state = self.lock();
            state.at_line_start = lines.ends_with(b"\n");
            state.output = Some(output);
            self.changed.notify_all();
            written?;
        }
        Ok(())
    }

    /// For the editor. Once the terminal was taken from it, it stays here for ever, and draws no more.
    fn lock_unless_taken(&self) -> MutexGuard<'_, State> {
        let result = self.changed.wait_while(self.lock(), |state| state.is_taken);
        result.unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody may hold the lock while they write to a terminal that takes nothing.
    fn lock_within(&self, limit: Duration) -> Option<MutexGuard<'_, State>> {
        let deadline = Instant::now() + limit;
        loop {
            match self.state.try_lock() {
                Ok(state) => return Some(state),
                Err(TryLockError::Poisoned(state)) => return Some(state.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Takes the terminal for good. An editor that holds it shows what it was given, if it can, and draws no more.
    fn take_over<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.is_taken = true;
        if state.phase != LinePhase::Idle {
            let was_given = state.given.is_some();
            let result = self.changed.wait_timeout_while(state, LAST_WAIT, |state| state.given.is_some());
            state = result.unwrap_or_else(PoisonError::into_inner).0;
            // One that has just shown something has not drawn its line again.
            let has_line = !was_given || state.given.is_some();
            // Where this fails, so will what comes next.
            let _ = self.device.write_within(if has_line { LEAVE_LINE } else { LEAVE_NOTHING }, LAST_WAIT);
        }
        state.phase = LinePhase::Idle;
        state.print_above = None;
        self.changed.notify_all();
        state
    }
}

impl State {
    /// Whether nothing stands between us and the terminal.
    fn is_direct(&self) -> bool {
        self.phase == LinePhase::Idle && self.given.is_none() && self.output.is_some()
    }

    /// What the editor was given and has not shown, and all that waits behind it.
    fn take_rest(&mut self) -> Vec<u8> {
        let mut rest = self.given.take().unwrap_or_default().into_bytes();
        rest.append(&mut self.pending.take_all());
        rest
    }

    /// Gives the editor the next batch, if it has shown the last one. Whether there was one.
    fn hand_over(&mut self) -> bool {
        if self.phase != LinePhase::Editing || self.given.is_some() || self.is_taken {
            return false;
        }
        let (Some(print_above), Some(lines)) = (&mut self.print_above, self.pending.take_lines(BATCH)) else {
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

#[cfg(test)]
mod tests;
