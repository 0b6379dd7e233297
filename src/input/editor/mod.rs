//! The line editor.
//!
//! The text and its movements, the commands, the keys, earlier lines and completion are rustyline's. Its loop and its
//! renderer are not used (version 19): it counts the rows of the line by the old width when the terminal has changed its
//! width, and so erases what was printed; it drops escape sequences that are pasted and draws other control characters as
//! they are; it draws the whole line for each key. So `line_editor.rs` reads the keys, and `view.rs` draws.
//!
//! Text to print above the line goes through [`Terminal`]. On a terminal that has no cursor to move (`TERM=dumb`), the
//! editor reads the lines that the terminal driver gives.

mod bindings;
mod changes;
mod completion;
mod draft;
mod keys;
mod line_editor;
mod past;
mod prompt;
mod view;

use std::fs::File;
use std::io::{self, BufRead, BufReader};

pub use prompt::PromptHandle;

use self::line_editor::LineEditor;
use self::past::Past;
use self::view::View;
use super::History;
use super::slash::Prompt;
use crate::error::{Error, Phase, Result};
use crate::output::Output;
use crate::output::escape::Marks;
use crate::output::terminal::{Device, RequestEnds, Terminal};
use crate::platform::Poller;

/// The values of `TERM` for terminals without a cursor to move.
const WITHOUT_CURSOR: [&str; 3] = ["dumb", "cons25", "emacs"];

/// How the user ended a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// With Enter or Alt-Enter. The line may hold newlines.
    Line(String),
    /// With Ctrl-C while the line was empty.
    Interrupted,
    /// With Ctrl-D while the line was empty; or the terminal is gone.
    Eof,
}

/// Reads lines from the terminal that controls the process, even if stdin is something else.
pub struct Editor {
    terminal: Terminal,
    history: History,
    prompt: PromptHandle,
    lines: LineInput,
}

/// How lines are read.
enum LineInput {
    /// Key by key.
    Edited(Box<LineEditor>),
    /// As the terminal driver gives them.
    Plain(BufReader<File>),
}

impl Editor {
    /// An editor on the terminal for lines that are typed at `prompt`, and the [`Terminal`] through which other threads
    /// print above the line. `marks` surround a character of the line that is shown by its code.
    ///
    /// # Errors
    /// [`Phase::Usage`], if there is no terminal, or if the process has no file descriptor left.
    pub fn open(prompt: Prompt, marks: Marks) -> Result<(Self, Terminal)> {
        let failed = |cause| Error::new(Phase::Usage, "cannot use the terminal").caused_by(cause);
        let terminal = Device::open().and_then(Terminal::new).map_err(failed)?;
        let poller = Poller::new().map_err(failed)?;
        let shown_prompt = PromptHandle::new(poller.notifier());
        let drawn = terminal.clone();
        terminal.device().watch_signals(RequestEnds::Run, move |_| drawn.redraw()).map_err(failed)?;
        let variable = |name: &str| std::env::var_os(name);
        let history = History::at(History::usual_path(variable("WSCOPE_HISTORY")));
        let lines = if variable("TERM").is_some_and(|term| WITHOUT_CURSOR.iter().any(|without| term == *without)) {
            LineInput::Plain(BufReader::new(terminal.device().file().try_clone().map_err(failed)?))
        } else {
            let (past, view) = (Past::new(history.entries()), View::new(marks, variable));
            let editor = LineEditor::new(terminal.clone(), poller, shown_prompt.clone(), prompt, past, view);
            LineInput::Edited(Box::new(editor.map_err(failed)?))
        };
        Ok((Self { terminal: terminal.clone(), history, prompt: shown_prompt, lines }, terminal))
    }

    /// A handle with which any thread can change the prompt.
    pub fn prompt(&self) -> PromptHandle {
        self.prompt.clone()
    }

    /// Reads one line. Meanwhile the terminal shows printed text above the line.
    ///
    /// # Errors
    /// [`Phase::Session`], if the terminal cannot be read or written.
    pub fn read(&mut self) -> Result<Entry> {
        let entry = match &mut self.lines {
            LineInput::Edited(edited) => edited.read(&self.history),
            LineInput::Plain(lines) => read_plain(lines, &self.terminal, &self.prompt),
        };
        entry.map_err(|cause| Error::new(Phase::Session, "cannot read from the terminal").caused_by(cause))
    }
}

/// Writes the text that was not shown yet, and gives the terminal the modes that it had before.
impl Drop for Editor {
    fn drop(&mut self) {
        // That the terminal is gone cannot be told on it.
        let _ = self.terminal.finish();
    }
}

/// Reads one line as the terminal driver gives it.
fn read_plain(lines: &mut impl BufRead, terminal: &Terminal, prompt: &PromptHandle) -> io::Result<Entry> {
    let mut line = Vec::new();
    terminal.device().wait_for_foreground();
    terminal.device().output()?.write_all(prompt.text().as_bytes())?;
    if lines.read_until(b'\n', &mut line)? == 0 {
        return Ok(Entry::Eof);
    }
    if line.ends_with(b"\n") {
        line.pop();
    }
    Ok(Entry::Line(String::from_utf8_lossy(&line).into_owned()))
}

#[cfg(test)]
mod tests;
