//! The console of `wscope tap`: the prompt of a terminal, or commands that are piped in.

use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::connections::Connections;
use super::endpoint::TapEndpoint;
use crate::cli::Tap;
use crate::client::record::{self, RunRecording};
use crate::client::{thread_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, Origin};
use crate::frontend::interpreter::{Flow, Interpreter, Mode, variables};
use crate::frontend::repl::line_reader;
use crate::input::Editor;
use crate::input::slash::{self, Prompt};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Fanout, Options, OutputQueue, Perspective};
use crate::platform::{Notifier, Signals, Stdin};

/// The longest command that is piped in, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;

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
        let is_written = self.queue.as_ref().is_none_or(OutputQueue::wait);
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
    let mut input = BufReader::new(stdin);
    let read = move || {
        let show = |fanout: &Fanout, error: &Error| fanout.show(Origin::default(), &Event::Error(error));
        loop {
            let line = match next_line(&mut input) {
                Ok(Some(line)) => line,
                Ok(None) => return,
                Err(error) => {
                    let error = Error::new(Phase::Session, "cannot read stdin").caused_by(error);
                    return show(&interpreter.fanout, &error);
                }
            };
            match line.and_then(|line| slash::parse(&line)).and_then(|line| interpreter.execute("", line)) {
                Ok(Flow::Stay) => {}
                Ok(Flow::Leave) => return interpreter.endpoint.leave(),
                Err(error) => show(&interpreter.fanout, &error),
            }
        }
    };
    let started = thread::Builder::new().spawn(read);
    started.map(drop).map_err(|error| thread_error(Phase::Session, "to read stdin", error))
}

/// The next line of commands, if there is one. What cannot be a command is the error of this line alone.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Result<String>>> {
    let mut line = Vec::new();
    if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") && line.len() as u64 == LONGEST_LINE {
        input.skip_until(b'\n')?;
        let message = format!("a command is longer than {LONGEST_LINE} bytes");
        return Ok(Some(Err(Error::new(Phase::Input, message))));
    }
    let command = String::from_utf8(line).map_err(|_| Error::new(Phase::Input, "a command is not UTF-8"));
    Ok(Some(command.map(|command| command.trim_end_matches(['\r', '\n']).to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_command_spoils_no_other() {
        let long = "x".repeat(3 * 64 * 1024);
        let input = [&b"/list\r\n\n\xff\n"[..], long.as_bytes(), b"\n/all"].concat();
        let mut input = input.as_slice();
        let mut next = || next_line(&mut input).unwrap().map(|line| line.map_err(|error| error.to_string()));
        assert_eq!(next(), Some(Ok("/list".to_owned())));
        assert_eq!(next(), Some(Ok(String::new())));
        assert_eq!(next(), Some(Err("a command is not UTF-8".to_owned())));
        assert_eq!(next(), Some(Err("a command is longer than 65536 bytes".to_owned())));
        assert_eq!(next(), Some(Ok("/all".to_owned())));
        assert_eq!(next(), None);
    }
}
