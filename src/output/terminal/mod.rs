//! The terminal that the printer and the line editor share: printed text appears above the line that is being edited.
//!
//! The editor (`input::editor`) takes text to print through a channel that holds one string, and reads
//! the channel only while it waits for a key. It does not report when it has printed the text. So the text waits here,
//! in order, and the editor gets one batch at a time. It gets the next batch when it has shown the last one; its own
//! drawing reveals that ([`Terminal::printed`]). This needs no thread: a thread that writes to the terminal hands the
//! next batch over, and so does the editor's thread when it has shown a batch. The channel is empty then, so this never
//! blocks.
//!
//! ```text
//!  Idle ──line_begins──▶ Starting ──draw──▶ Editing ──line_accepted──▶ Stopping ──line_ended──▶ Idle
//!  written at once        held back           given to the editor        held back
//! ```
//!
//! If the editor has not shown its batch when the line ends, the batch stays in the channel until the next line. Text
//! that is written meanwhile waits behind it. [`Terminal::finish`], after which there is no next line, writes the batch
//! first.

mod device;
mod ending;
mod pending_lines;
mod watch;

use std::fmt;
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use device::{BRACKETED_PASTE_OFF, BRACKETED_PASTE_ON, Device, RequestEnds, Size};
pub use ending::LineContent;

use self::pending_lines::{BUDGET, PendingLines};
use super::{FdOutput, Output};
use crate::platform::CtrlC;

/// The size of a batch, in bytes. Only a batch of one long line may be larger. The editor reads no key while it writes
/// a batch: 16 ms on a terminal that takes 1 MB/s.
const BATCH: usize = 16 * 1024;

/// Gives the editor a text to print above its line.
pub type PrintAbove = Box<dyn FnMut(String) -> io::Result<()> + Send>;

/// A terminal that the editor and the printing threads share. Clones refer to the same terminal.
#[derive(Debug, Clone)]
pub struct Terminal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    device: Device,
    state: Mutex<State>,
    /// Notified after each change of `state`.
    changed: Condvar,
}

struct State {
    phase: LinePhase,
    pending: PendingLines,
    /// A copy of the batch that the editor has and has not shown yet.
    given: Option<String>,
    /// How many batches the editor has shown.
    shown: u64,
    print_above: Option<PrintAbove>,
    /// What the line holds that the editor has drawn last.
    line: LineContent,
    /// The editor is writing its line to the terminal.
    is_drawing: bool,
    /// How many lines the editor has begun.
    lines: u64,
    /// Whether Ctrl-C is a key or a signal now.
    ctrl_c: CtrlC,
    /// The editor may not use the terminal any more.
    is_taken: bool,
    /// The last bytes that were written without the editor ended with a line end.
    at_line_start: bool,
    /// `None` while a thread writes to the terminal. That thread has taken the output out, and does not hold the lock,
    /// because the write may block for long.
    output: Option<FdOutput>,
}

/// What the editor does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinePhase {
    /// It edits no line.
    Idle,
    /// It is about to use the terminal.
    Starting,
    /// It uses the terminal, and reads its channel whenever it waits for a key.
    Editing,
    /// It is about to release the terminal.
    Stopping,
}

impl Terminal {
    /// A terminal on which no line is edited yet.
    ///
    /// # Errors
    /// The error of a duplication, if the process has no file descriptor left.
    pub fn new(device: Device) -> io::Result<Self> {
        let state = State {
            phase: LinePhase::Idle,
            pending: PendingLines::default(),
            given: None,
            shown: 0,
            print_above: None,
            line: LineContent::Nothing,
            is_drawing: false,
            lines: 0,
            ctrl_c: CtrlC::Key,
            is_taken: false,
            at_line_start: true,
            output: Some(device.output()?),
        };
        Ok(Self { shared: Arc::new(Shared { device, state: Mutex::new(state), changed: Condvar::new() }) })
    }

    /// The device of the terminal.
    pub fn device(&self) -> &Device {
        &self.shared.device
    }

    /// Attaches the editor: sets the modes that it needs, and starts the thread that makes Ctrl-C a signal while it reads no
    /// keys (`watch.rs`).
    ///
    /// # Errors
    /// An [`io::Error`], if the terminal is gone, or if the thread cannot be started.
    pub fn attach(&self, print_above: PrintAbove) -> io::Result<()> {
        self.device().set_raw()?;
        self.shared.lock().print_above = Some(print_above);
        watch::start(Arc::clone(&self.shared))
    }

    /// The editor is about to use the terminal. Waits until no other thread writes to it.
    pub fn line_begins(&self) {
        let mut state = self.shared.lock_unless_taken();
        state.lines += 1;
        // Before the wait: a thread in `write_lines` looks at the phase, and writes no further batch.
        state.phase = LinePhase::Starting;
        self.shared.changed.notify_all();
        let is_in_use = |state: &mut State| state.is_taken || state.output.is_none();
        let result = self.shared.changed.wait_while(state, is_in_use);
        let mut state = result.unwrap_or_else(PoisonError::into_inner);
        if !mem::replace(&mut state.at_line_start, true)
            && let Some(output) = &mut state.output
        {
            // The editor erases the line in which the cursor is. This write fails only if the terminal is gone, and
            // then the editor's read fails too.
            let _ = output.write_all(b"\r\n");
        }
        if state.ctrl_c == CtrlC::Signal {
            self.shared.set_ctrl_c(&mut state, CtrlC::Key);
        }
    }

    /// The editor draws its line, which holds `line`, by calling `draw`.
    ///
    /// # Errors
    /// The error of `draw`.
    pub fn draw(&self, line: LineContent, draw: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.shared.lock_unless_taken();
        (state.line, state.is_drawing) = (line, true);
        if state.phase == LinePhase::Starting {
            state.phase = LinePhase::Editing;
            state.hand_over();
            self.shared.changed.notify_all();
        }
        drop(state);
        let drawn = draw();
        self.shared.lock().is_drawing = false;
        self.shared.changed.notify_all();
        drawn
    }

    /// The editor has printed its batch, and is about to draw its line below it.
    pub fn printed(&self) {
        let mut state = self.shared.lock();
        state.given = None;
        state.shown += 1;
        state.hand_over();
        drop(state);
        self.shared.changed.notify_all();
        drop(self.shared.lock_unless_taken());
    }

    /// Has the editor draw its line again, below what other programs have written meanwhile.
    pub fn redraw(&self) {
        let mut state = self.shared.lock();
        // A batch that the editor has brings the line with it.
        if state.phase == LinePhase::Editing && state.given.is_none() && !state.is_taken {
            state.given = Some(String::new());
            // This fails only if the editor is gone.
            let _ = state.print_above.as_mut().map(|print_above| print_above(String::new()));
            self.shared.changed.notify_all();
        }
    }

    /// The editor is about to release the terminal.
    pub fn line_accepted(&self) {
        self.shared.lock_unless_taken().phase = LinePhase::Stopping;
    }

    /// The editor has released the terminal. Writes the lines that wait.
    ///
    /// # Errors
    /// The error of the write.
    pub fn line_ended(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.phase = LinePhase::Idle;
        self.shared.changed.notify_all();
        self.shared.write_lines(state)
    }

    /// The editor has failed, and will not be used again. Writes the batch that the editor may not have shown, and the
    /// lines that wait.
    ///
    /// # Errors
    /// The error of the write.
    pub fn line_failed(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.phase = LinePhase::Stopping;
        let unseen = state.given.take().unwrap_or_default();
        state.pending.push_front(unseen.as_bytes());
        drop(state);
        self.line_ended()
    }
}

impl Output for Terminal {
    /// Shows whole lines above the line that is being edited. An unfinished line is shown when its end comes, or after
    /// `flush_through`. Blocks while more than 256 KiB wait to be shown.
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

    fn columns(&self) -> Option<usize> {
        self.device().columns()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what can be shown now: through the editor, or directly.
    fn show<'a>(&'a self, mut state: MutexGuard<'a, State>) -> io::Result<()> {
        if state.hand_over() {
            self.changed.notify_all();
        }
        self.write_lines(state)
    }

    /// Writes the lines that wait, if [`State::is_direct`]. The lock is released during each write.
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

    /// Locks the state, for the editor's thread. After [`take_over`](Self::take_over) it blocks for ever, so that the
    /// editor draws no more.
    fn lock_unless_taken(&self) -> MutexGuard<'_, State> {
        let result = self.changed.wait_while(self.lock(), |state| state.is_taken);
        result.unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether lines are written directly: the editor edits no line, it has no batch, and no other thread writes.
    fn is_direct(&self) -> bool {
        self.phase == LinePhase::Idle && self.given.is_none() && self.output.is_some()
    }

    /// Gives the editor the next batch, if it has shown the last one. Returns whether it got one.
    fn hand_over(&mut self) -> bool {
        if self.phase != LinePhase::Editing || self.given.is_some() || self.is_taken {
            return false;
        }
        let (Some(print_above), Some(lines)) = (&mut self.print_above, self.pending.take_lines(BATCH)) else {
            return false;
        };
        let batch = String::from_utf8_lossy(lines).into_owned();
        self.given = Some(batch.clone());
        // This fails only if the editor is gone. Then `finish` writes the batch.
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
