//! Executes the lines that were typed, one after the other, on a thread of its own.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};

use super::line_reader::show_error;
use crate::error::Result;
use crate::event::{Event, Origin};
use crate::frontend::interpreter::Interpreter;
use crate::input::slash::{self, Command, Line};
use crate::input::{PromptHandle, Script, Typed};

/// The prompt while a command waits: what is typed behind it waits too.
const WAITING: &str = "(waiting; Ctrl-C gives up) > ";

/// Does what is typed.
pub(super) struct LineExecutor {
    interpreter: Interpreter,
    prompt: PromptHandle,
    /// What was done so far.
    typed: Vec<Typed>,
}

impl LineExecutor {
    /// An executor that has executed nothing yet.
    pub(super) fn new(interpreter: Interpreter, prompt: PromptHandle) -> Self {
        Self { interpreter, prompt, typed: Vec::new() }
    }

    /// Executes lines until none comes any more; then drops `_busy`.
    pub(super) fn run(mut self, lines: &Receiver<String>, pending: &AtomicUsize, _busy: mpsc::Sender<()>) {
        for line in lines {
            if let Err(error) = self.line(line) {
                show_error(&self.interpreter.fanout, &error);
            }
            pending.fetch_sub(1, Ordering::Release);
        }
    }

    fn line(&mut self, line: String) -> Result<()> {
        let variables = &self.interpreter.variables;
        match slash::parse_with(&line, |text, quoting| variables.expand(text, quoting))? {
            Line::Command(Command::Save(path)) => self.save(&path),
            Line::Command(Command::Help) => self.interpreter.execute("", Line::Command(Command::Help)).map(drop),
            Line::Command(Command::To(recipient, None)) => {
                self.interpreter.execute("", Line::Command(Command::To(recipient, None)))?;
                self.prompt.set(&recipient.prompt());
                Ok(())
            }
            understood => {
                let result = if waits(&understood) {
                    self.prompt.set_notice(Some(WAITING));
                    let result = self.interpreter.execute("", understood).map(drop);
                    self.prompt.set_notice(None);
                    result
                } else {
                    self.interpreter.execute("", understood).map(drop)
                };
                self.typed.push(Typed { line, failed: result.is_err() });
                result
            }
        }
    }

    fn save(&self, path: &Path) -> Result<()> {
        Script::save(path, &self.typed)?;
        let left_out = self.typed.iter().filter(|typed| typed.line.starts_with(' ')).count();
        let but = match left_out {
            0 => String::new(),
            _ => format!(", but for what starts with a space ({left_out})"),
        };
        let note = format!("saved to `{}`{but}", path.display());
        self.interpreter.fanout.show(Origin::default(), &Event::Note(&note));
        Ok(())
    }
}

/// Whether a line waits for the peer or for a time. A connection that is awaited has a prompt of its own.
fn waits(line: &Line) -> bool {
    let Line::Command(command) = line else { return false };
    matches!(command, Command::Wait(_) | Command::Expect { .. } | Command::ExpectClose { .. } | Command::ExpectQuiet(_))
}
