//! The line editor.
//!
//! rustyline reads the keys and draws the line. Text to print above the line goes through [`Terminal`]. On a terminal
//! that rustyline does not support (`TERM=dumb`), the editor reads the lines that the terminal driver gives.

mod completion;
mod helper;
mod keys;
mod prompt;

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Behavior, ColorMode, CompletionType, Config, ExternalPrinter};

pub use prompt::{Prompt, PromptHandle};

use self::helper::Helper;
use self::keys::{Key, LastKey};
use super::History;
use super::continuation::unescaped;
use crate::error::{Error, Phase, Result};
use crate::output::Output;
use crate::output::terminal::{Device, Terminal};
use crate::platform::is_terminal_gone;

/// How many entries of the history the editor keeps in memory.
const HISTORY: usize = 1000;

/// How long rustyline waits for the rest of an escape sequence, in milliseconds.
const ESCAPE_WAIT: u16 = 200;

/// The options of an editor.
#[derive(Debug)]
pub struct EditorOptions {
    /// Gives the earlier entries, and keeps the new ones.
    pub history: History,
    /// The text before the line.
    pub prompt: Prompt,
}

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
    /// With rustyline.
    Edited(Box<Edited>),
    /// As the terminal driver gives them.
    Plain(BufReader<File>),
}

struct Edited {
    editor: rustyline::Editor<Helper, MemHistory>,
    last_key: LastKey,
}

impl Editor {
    /// An editor on the terminal, and the [`Terminal`] through which other threads print above the line.
    ///
    /// # Errors
    /// [`Phase::Usage`], if there is no terminal, or if the process has no file descriptor left.
    pub fn open(options: EditorOptions) -> Result<(Self, Terminal)> {
        let failed = |cause| Error::new(Phase::Usage, "cannot use the terminal").caused_by(cause);
        let terminal = Device::open().and_then(Terminal::new).map_err(failed)?;
        let prompt = PromptHandle::new(options.prompt);
        let drawn = terminal.clone();
        let redraw = move |device: &Device| {
            // This fails only if the terminal is gone.
            let _ = device.switch_paste_on();
            drawn.redraw();
        };
        terminal.device().watch_signals(redraw).map_err(failed)?;
        let lines = match Edited::open(&terminal, &prompt) {
            Some(mut edited) => {
                edited.remember(options.history.entries());
                LineInput::Edited(Box::new(edited))
            }
            None => LineInput::Plain(BufReader::new(terminal.device().file().try_clone().map_err(failed)?)),
        };
        Ok((Self { terminal: terminal.clone(), history: options.history, prompt, lines }, terminal))
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
            LineInput::Edited(edited) => edited.read(&self.terminal, &self.prompt, &self.history),
            LineInput::Plain(lines) => read_plain(lines, &self.terminal, &self.prompt),
        };
        entry.map_err(|cause| Error::new(Phase::Session, "cannot read from the terminal").caused_by(cause))
    }

    /// Ends the editor: writes the text that was not shown yet, and gives the terminal the modes that it had before.
    ///
    /// # Errors
    /// [`Phase::Session`], if the terminal cannot be written.
    pub fn finish(self) -> Result<()> {
        self.terminal
            .finish()
            .map_err(|cause| Error::new(Phase::Session, "cannot write to the terminal").caused_by(cause))
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // After `finish` this changes nothing.
        let _ = self.terminal.finish();
    }
}

impl Edited {
    /// `None`, if rustyline does not support the terminal.
    fn open(terminal: &Terminal, prompt: &PromptHandle) -> Option<Self> {
        let config = Config::builder()
            .behavior(Behavior::PreferTerm)
            .max_history_size(HISTORY)
            .ok()?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .completion_prompt_limit(usize::MAX)
            // Without a limit rustyline would wait for the next key after a lone Escape, and print nothing meanwhile.
            .keyseq_timeout(Some(ESCAPE_WAIT))
            // In other modes rustyline does not call the highlighter, which `Helper` needs. The prompt decides about
            // colours.
            .color_mode(ColorMode::Forced)
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = rustyline::Editor::with_history(config, history).ok()?;
        let mut printer = editor.create_external_printer().ok()?;
        terminal.attach(Box::new(move |text| printer.print(text).map_err(io::Error::other))).ok()?;
        let last_key = LastKey::new();
        keys::bind(&mut editor, &last_key, terminal);
        editor.set_helper(Some(Helper::new(terminal.clone(), prompt.clone(), last_key.clone())));
        Some(Self { editor, last_key })
    }

    /// Adds entries to the history in memory.
    fn remember(&mut self, entries: impl IntoIterator<Item = String>) {
        for entry in entries {
            // This cannot fail: the history is in memory.
            let _ = self.editor.add_history_entry(entry);
        }
    }

    fn read(&mut self, terminal: &Terminal, prompt: &PromptHandle, history: &History) -> io::Result<Entry> {
        let mut typed = String::new();
        let line = loop {
            let Prompt { plain, styled, .. } = prompt.for_line();
            terminal.device().wait_for_foreground();
            terminal.line_begins();
            match self.editor.readline_with_initial(&(plain, styled), (&typed, "")) {
                Ok(line) => break line,
                Err(error) => {
                    terminal.line_failed()?;
                    typed = self.editor.helper().map(Helper::line).unwrap_or_default();
                    self.reopen(terminal, prompt);
                    if let Some(outcome) = outcome_of(error) {
                        return outcome;
                    }
                }
            }
        };
        terminal.line_ended()?;
        if self.editor.add_history_entry(line.as_str()).unwrap_or(false) {
            history.add(&line);
        }
        Ok(match self.last_key.get() {
            Key::Enter | Key::Continue => Entry::Line(unescaped(&line).to_owned()),
            Key::AltEnter => Entry::Line(line),
            Key::Interrupt => Entry::Interrupted,
            Key::EndOfFile => Entry::Eof,
        })
    }

    /// Replaces the editor after a failure. It is unknown whether the old editor's channel still holds a batch; a new
    /// editor has an empty channel.
    fn reopen(&mut self, terminal: &Terminal, prompt: &PromptHandle) {
        if let Some(mut edited) = Self::open(terminal, prompt) {
            edited.remember(self.editor.history().into_iter().cloned());
            *self = edited;
        }
    }
}

/// What an error of rustyline means. `None`: a key was not UTF-8, and the line continues without it.
fn outcome_of(error: ReadlineError) -> Option<io::Result<Entry>> {
    match error {
        ReadlineError::Interrupted => Some(Ok(Entry::Interrupted)),
        ReadlineError::Eof => Some(Ok(Entry::Eof)),
        ReadlineError::Errno(errno) if is_terminal_gone(&errno.into()) => Some(Ok(Entry::Eof)),
        ReadlineError::Io(error) if is_terminal_gone(&error) => Some(Ok(Entry::Eof)),
        ReadlineError::Io(error) if error.kind() == ErrorKind::InvalidData => None,
        ReadlineError::Io(error) => Some(Err(error)),
        error => Some(Err(io::Error::other(error))),
    }
}

/// Reads one line as the terminal driver gives it.
fn read_plain(lines: &mut impl BufRead, terminal: &Terminal, prompt: &PromptHandle) -> io::Result<Entry> {
    let mut line = Vec::new();
    terminal.device().output()?.write_all(prompt.for_line().plain.as_bytes())?;
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
