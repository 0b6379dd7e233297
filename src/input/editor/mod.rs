//! The line editor.
//!
//! rustyline reads the keys and draws the line; what it prints above the line goes through
//! [`Terminal`]. On a terminal that it can't edit on (`TERM=dumb`) lines are read
//! as the terminal gives them.

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

/// How many entries of history the editor holds.
const HISTORY: usize = 1000;

/// How long the rest of an escape sequence may take, in milliseconds.
const ESCAPE_WAIT: u16 = 200;

/// How to edit.
#[derive(Debug)]
pub struct EditorOptions {
    /// What was typed before, and where to keep what will be.
    pub history: History,
    /// What stands before the line.
    pub prompt: Prompt,
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It was sent off. It may hold newlines.
    Line(String),
    /// Ctrl-C, with nothing on the line.
    Interrupted,
    /// Ctrl-D, with nothing on the line; or the terminal is gone.
    Eof,
}

/// Reads lines from the terminal that controls the process, whatever stdin is.
pub struct Editor {
    terminal: Terminal,
    history: History,
    prompt: PromptHandle,
    lines: Lines,
}

enum Lines {
    Edited(Box<Edited>),
    Plain(BufReader<File>),
}

struct Edited {
    editor: rustyline::Editor<Helper, MemHistory>,
    last_key: LastKey,
}

impl Editor {
    /// An editor on the terminal, and the terminal for those who print on it.
    ///
    /// # Errors
    /// When there is no terminal.
    pub fn open(options: EditorOptions) -> Result<(Self, Terminal)> {
        let failed = |cause| Error::new(Phase::Usage, "cannot use the terminal").caused_by(cause);
        let terminal = Device::open().and_then(Terminal::new).map_err(failed)?;
        let prompt = PromptHandle::new(options.prompt);
        let lines = match Edited::open(&terminal, &prompt) {
            Some(mut edited) => {
                edited.remember(options.history.entries());
                Lines::Edited(Box::new(edited))
            }
            None => Lines::Plain(BufReader::new(terminal.device().file().try_clone().map_err(failed)?)),
        };
        Ok((Self { terminal: terminal.clone(), history: options.history, prompt, lines }, terminal))
    }

    /// Changes the prompt, from any thread.
    pub fn prompt(&self) -> PromptHandle {
        self.prompt.clone()
    }

    /// Reads one line. What is to be shown meanwhile is shown above it.
    ///
    /// # Errors
    /// When the terminal cannot be read or written.
    pub fn read(&mut self) -> Result<Entry> {
        let entry = match &mut self.lines {
            Lines::Edited(edited) => edited.read(&self.terminal, &self.prompt, &self.history),
            Lines::Plain(lines) => read_plain(lines, &self.terminal, &self.prompt),
        };
        entry.map_err(|cause| Error::new(Phase::Session, "cannot read from the terminal").caused_by(cause))
    }

    /// No further line will be read: shows what is left and puts the terminal back as it was found.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub fn finish(self) -> Result<()> {
        self.terminal
            .finish()
            .map_err(|cause| Error::new(Phase::Session, "cannot write to the terminal").caused_by(cause))
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // Where `finish` has done so already this changes nothing.
        let _ = self.terminal.finish();
    }
}

impl Edited {
    /// `None` where the terminal cannot be edited on.
    fn open(terminal: &Terminal, prompt: &PromptHandle) -> Option<Self> {
        let config = Config::builder()
            .behavior(Behavior::PreferTerm)
            .max_history_size(HISTORY)
            .ok()?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .completion_prompt_limit(usize::MAX)
            // After a lone Escape it would wait for the next key, and show nothing meanwhile.
            .keyseq_timeout(Some(ESCAPE_WAIT))
            // Only so does it ask before it draws. Colours are ours to leave out.
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

    fn remember(&mut self, entries: impl IntoIterator<Item = String>) {
        for entry in entries {
            // Held in memory, where nothing can fail.
            let _ = self.editor.add_history_entry(entry);
        }
    }

    fn read(&mut self, terminal: &Terminal, prompt: &PromptHandle, history: &History) -> io::Result<Entry> {
        let mut typed = String::new();
        let line = loop {
            let Prompt { plain, styled, .. } = prompt.for_line();
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

    /// After a failure nobody knows what lies in the editor's channel; a new editor has a new one.
    fn reopen(&mut self, terminal: &Terminal, prompt: &PromptHandle) {
        if let Some(mut edited) = Self::open(terminal, prompt) {
            edited.remember(self.editor.history().into_iter().cloned());
            *self = edited;
        }
    }
}

/// What a failure of the editor means; `None` for a key that was not UTF-8, which is passed over.
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
