//! Executes the lines that were typed, one after the other, on a thread of its own.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};

use super::kept_session::KeptSession;
use super::line_reader::show_error;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin};
use crate::frontend::interpreter::{Flow, Interpreter, Mode};
use crate::input::slash::{self, Command, Line};
use crate::input::{PromptHandle, Script, Typed};
use crate::recording::Format;

/// The prompt while a line is executed for longer than a moment: what is typed behind it waits too.
const WAITING: &str = "(waiting; Ctrl-C gives up) > ";
/// The same, for a connection, or for a peer that takes nothing.
const BUSY: &str = "(waiting; Ctrl-C leaves) > ";

/// What is executed.
pub enum Work {
    /// A line that was typed.
    Line(String),
    /// A script that is run before anything that is typed.
    Script(Script),
    /// Nothing more: the user leaves when everything before is done.
    End,
}

/// Does what is typed.
pub(super) struct LineExecutor {
    interpreter: Interpreter,
    prompt: PromptHandle,
    /// What was done so far.
    typed: Vec<Typed>,
    /// What has happened, where that is kept.
    kept: Option<KeptSession>,
}

impl LineExecutor {
    /// An executor that has executed nothing yet.
    pub(super) fn new(interpreter: Interpreter, prompt: PromptHandle, kept: Option<KeptSession>) -> Self {
        Self { interpreter, prompt, typed: Vec::new(), kept }
    }

    /// Executes what comes up to the end; then drops `_busy`.
    pub(super) fn run(mut self, works: &Receiver<Work>, pending: &AtomicUsize, _busy: mpsc::Sender<()>) {
        for work in works {
            let result = match work {
                Work::Line(line) => self.line(line),
                Work::Script(script) => self.script(script),
                Work::End => return,
            };
            if let Err(error) = result {
                show_error(&self.interpreter.fanout, &error);
            }
            pending.fetch_sub(1, Ordering::Release);
        }
    }

    fn line(&mut self, line: String) -> Result<()> {
        let variables = &self.interpreter.variables;
        let understood = match slash::parse_with(&line, |text, quoting| variables.expand(text, quoting)) {
            Ok(understood) => understood,
            Err(error) => {
                self.typed.push(Typed { line, failed: true });
                return Err(error);
            }
        };
        match understood {
            Line::Command(Command::Save(path)) => match Format::of(&path) {
                None => self.save(&path),
                Some(format) => self.save_session(|kept| kept.save(&path, format)),
            },
            Line::Command(Command::SaveLast(path)) => self.save_session(|kept| kept.save_last(&path)),
            Line::Command(Command::Run(path)) => {
                self.script(Script::read(&path, self.interpreter.file_kinds, variables)?)
            }
            understood @ Line::Command(Command::Help(_)) => self.interpreter.execute("", understood).map(drop),
            Line::Command(Command::To(selector, None)) => {
                self.interpreter.execute("", Line::Command(Command::To(selector, None)))?;
                self.prompt.set(&selector.prompt());
                Ok(())
            }
            understood => self.execute("", line, understood).map(drop),
        }
    }

    /// Runs a script up to the first line that fails. `/quit` in it leaves.
    fn script(&mut self, script: Script) -> Result<()> {
        self.interpreter.mode = Mode::Script;
        let result = self.steps(script);
        self.interpreter.mode = Mode::Interactive;
        if result? == Flow::Leave {
            self.interpreter.endpoint.leave();
        }
        Ok(())
    }

    fn steps(&mut self, script: Script) -> Result<Flow> {
        for step in script.steps {
            let understood = step.understand(&self.interpreter.variables)?;
            let done = self.execute(&step.place, step.line, understood);
            if done.map_err(|error| error.at(&step.place))? == Flow::Leave {
                return Ok(Flow::Leave);
            }
        }
        Ok(Flow::Stay)
    }

    fn execute(&mut self, place: &str, line: String, understood: Line) -> Result<Flow> {
        self.prompt.set_notice(Some(if waits(&understood) { WAITING } else { BUSY }));
        let result = self.interpreter.execute(place, understood);
        self.prompt.set_notice(None);
        self.typed.push(Typed { line, failed: result.is_err() });
        result
    }

    fn save_session(&self, save: impl FnOnce(&KeptSession) -> Result<String>) -> Result<()> {
        let kept = self.kept.as_ref();
        let kept = kept.ok_or_else(|| Error::new(Phase::Usage, "nothing is kept of the sessions of a server"))?;
        let note = save(kept)?;
        self.interpreter.fanout.show(Origin::default(), &Event::Note(&note));
        Ok(())
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

/// Whether a line waits for what the peer sends, for a time, or for a filter of the user's: that can be given up.
fn waits(line: &Line) -> bool {
    let Line::Command(command) = line else { return false };
    matches!(
        command,
        Command::Wait(_)
            | Command::Expect { .. }
            | Command::ExpectClose { .. }
            | Command::ExpectQuiet(_)
            | Command::Find(_)
            | Command::Capture { .. }
    )
}
