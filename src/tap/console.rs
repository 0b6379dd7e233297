//! The console of `wscope tap`: the prompt of a terminal, or commands that are piped in.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::connections::Connections;
use super::endpoint::TapEndpoint;
use crate::cli::Tap;
use crate::client::record::{self, RunRecording};
use crate::client::{thread_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, Origin};
use crate::frontend::interpreter::{Flow, Interpreter, Mode, variables};
use crate::frontend::repl::line_reader;
use crate::input::slash::{self, Prompt};
use crate::input::{Editor, Source, SourceOptions};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Fanout, Options, OutputQueue, Perspective};
use crate::platform::{Notifier, Signals, Stdin};
use crate::wire::{Kind, Outgoing};

/// The longest command that is piped in, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;

/// How long a terminal may take nothing of what is left at the end.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// What is shown, and what reads commands.
pub struct TapConsole {
    fanout: Fanout,
    terminal: Option<Terminal>,
    /// What waits for a terminal.
    queue: Option<OutputQueue>,
    has_left: Arc<AtomicBool>,
    recording: RunRecording,
}

impl TapConsole {
    /// Starts reading commands, which are done to `connections`.
    ///
    /// # Errors
    /// When stdin, stdout or stderr cannot be used.
    pub fn attach(args: &Tap, connections: &Connections, notifier: Notifier) -> Result<Self> {
        let options = Options { perspective: Perspective::Between, ..view::options_of(&args.view, Banner::Shown) };
        let has_left = Arc::new(AtomicBool::new(false));
        let annotator = view::run_annotator(&args.view, &args.record);
        let endpoint =
            |fanout: &Fanout| TapEndpoint::new(connections.clone(), fanout.clone(), Arc::clone(&has_left), notifier);
        let max_message = args.limits.max_message;
        if !args.rewrite.no_input && io::stdin().is_terminal() {
            let (editor, terminal) = Editor::open(Prompt::Tap, options.escape_marks())?;
            let (printer, queue) = view::queued(Some(&terminal), options.clone())?;
            let fanout = Fanout::new(printer).annotated(annotator);
            let recording = record::start(&args.record, &args.view, "tap", &options, &fanout)?;
            let (begin, _) = line_reader::spawn(editor, endpoint(&fanout), fanout.clone(), max_message, None)?;
            // The thread waits for it.
            let _ = begin.send(());
            return Ok(Self { fanout, terminal: Some(terminal), queue, has_left, recording });
        }
        let (printer, queue) = view::queued(None, options.clone())?;
        let fanout = Fanout::new(printer).annotated(annotator);
        let recording = record::start(&args.record, &args.view, "tap", &options, &fanout)?;
        if !args.rewrite.no_input {
            let endpoint = Arc::new(endpoint(&fanout));
            read_commands(Interpreter::new(endpoint, fanout.clone(), variables(), Mode::Interactive, max_message))?;
        }
        Ok(Self { fanout, terminal: None, queue, has_left, recording })
    }

    /// Ends the recording with the run, whose exit status this is; the status with what it makes of it.
    pub fn finish_recording(self, status: ExitStatus, signals: &Signals) -> ExitStatus {
        self.recording.finish(status, signals)
    }

    /// Where everything is shown.
    pub fn fanout(&self) -> Fanout {
        self.fanout.clone()
    }

    /// Whether the user has left.
    pub fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Acquire)
    }

    /// Shows what is still to be shown, as long as the terminal takes something of it, and leaves it as it was found.
    pub fn finish(&self) {
        let is_written = self.queue.as_ref().is_none_or(|queue| queue.wait(LAST_WAIT));
        if let Some(terminal) = &self.terminal {
            if is_written {
                // That the terminal is gone cannot be told on it.
                let _ = terminal.finish();
            } else {
                terminal.abandon();
            }
        }
    }
}

/// Does what lines that are piped in say, on a thread of its own. Their end ends nothing.
fn read_commands(mut interpreter: Interpreter) -> Result<()> {
    let stdin = Stdin::open().map_err(|error| Error::new(Phase::Session, "cannot use stdin").caused_by(error))?;
    let options = SourceOptions { format: crate::input::Format::Lines, kind: Kind::Text, max_message: LONGEST_LINE };
    let mut source = Source::new(stdin, options);
    let read = move || {
        let show = |fanout: &Fanout, error: &Error| fanout.show(Origin::default(), &Event::Error(error));
        loop {
            match source.fill() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let error = Error::new(Phase::Session, "cannot read stdin").caused_by(error);
                    return show(&interpreter.fanout, &error);
                }
            }
            while let Some(line) = source.next() {
                let done = match line {
                    Ok(Outgoing::Text(line)) => slash::parse(line).and_then(|line| interpreter.execute("", line)),
                    Ok(_) => Ok(Flow::Stay),
                    Err(error) => Err(error),
                };
                match done {
                    Ok(Flow::Stay) => {}
                    Ok(Flow::Leave) => return interpreter.endpoint.leave(),
                    Err(error) => show(&interpreter.fanout, &error),
                }
            }
        }
    };
    let started = thread::Builder::new().spawn(read);
    started.map(drop).map_err(|error| thread_error(Phase::Session, "to read stdin", error))
}
