//! Does what a line says, typed at the prompt or read from a script.

pub mod endpoint;
pub mod expectation;

use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, Phase, Result};
use crate::event::{Direction, Event, Origin};
use crate::frontend::interpreter::endpoint::Endpoint;
use crate::frontend::session_slot::SessionSlot;
use crate::input::Variables;
use crate::input::payload::{self, FileKinds, Payload};
use crate::input::slash::{ClientSelector, Command, FilterChange, KEYS, Line, commands_about};
use crate::output::Fanout;
use crate::output::fold::{fold, fold_line};
use crate::pattern::Expression;
use crate::session::{Expecting, Handle};
use crate::wire::Outgoing;

/// Where the lines come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The prompt: the person there sees what comes.
    Interactive,
    /// A script: a pong is waited for, and what went well is only told with `-v`.
    Script,
}

/// Whether to go on with another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    Stay,
    /// No: leave.
    Leave,
}

/// Does one line after the other.
pub struct Interpreter {
    /// Where the lines go.
    pub endpoint: Arc<dyn Endpoint>,
    /// Where the results are shown.
    pub fanout: Fanout,
    /// What was captured.
    pub variables: Variables,
    /// Where the lines come from.
    pub mode: Mode,
    /// Which files may be read, also by a script that is run at the prompt.
    pub file_kinds: FileKinds,
    /// The largest message that is made of a file, in bytes.
    pub max_message: u64,
    /// Whether the end of the session was expected.
    pub end_was_expected: bool,
}

impl Interpreter {
    /// An interpreter that has done nothing yet.
    pub fn new(
        endpoint: Arc<dyn Endpoint>,
        fanout: Fanout,
        variables: Variables,
        mode: Mode,
        max_message: u64,
    ) -> Self {
        let file_kinds = match mode {
            // Nothing would end the wait for a FIFO but the end of the session.
            Mode::Interactive => FileKinds::Regular,
            Mode::Script => FileKinds::Any,
        };
        Self { endpoint, fanout, variables, mode, file_kinds, max_message, end_was_expected: false }
    }

    /// Does it. `place` goes before what is told of it.
    ///
    /// # Errors
    /// Why it could not be done.
    pub fn execute(&mut self, place: &str, line: Line) -> Result<Flow> {
        let result = match line {
            Line::Empty => None,
            Line::Text(text) => {
                if self.mode == Mode::Interactive {
                    self.fanout.lock().printer().has_typed(&text);
                }
                self.send(Outgoing::Text(&text))?
            }
            Line::Command(Command::Quit) => return Ok(Flow::Leave),
            Line::Command(Command::To(selector, line)) => return self.to(selector, line, place),
            Line::Command(command) => self.command(command)?,
        };
        match (result, self.mode) {
            (Some(result), Mode::Interactive) => self.show(&Event::Note(&result)),
            (Some(result), Mode::Script) => self.show(&Event::Detail(&format!("{place}: {result}"))),
            (None, _) => {}
        }
        Ok(Flow::Stay)
    }

    /// Does `line` for one client; without a line, all that follow.
    fn to(&mut self, selector: ClientSelector, line: Option<Box<Line>>, place: &str) -> Result<Flow> {
        let endpoint = self.endpoint.to(selector)?;
        let usual = mem::replace(&mut self.endpoint, endpoint);
        let Some(line) = line else { return Ok(Flow::Stay) };
        let done = self.execute(place, *line);
        self.endpoint = usual;
        done
    }

    /// What there is to tell, when it went well.
    fn command(&mut self, command: Command) -> Result<Option<String>> {
        if let Some(doubt) = command.expression().and_then(Expression::doubt) {
            self.show(&Event::Note(&doubt));
        }
        match command {
            Command::Text(text) => self.send(Outgoing::Text(&text)),
            Command::Binary(payload) => self.send(Outgoing::Binary(&self.load(payload)?)),
            Command::File(path) => self.file(&path),
            Command::Frame(header, payload) => self.send(Outgoing::Frame(header, &self.load(payload)?)),
            Command::Pong(data) => self.send(Outgoing::Pong(data.as_bytes())),
            Command::Ping(data) => self.ping(data.as_bytes()),
            Command::Close(code, reason) => self.endpoint.close(code, &reason).map(|()| None),
            Command::Reconnect => {
                self.client("a server waits for clients: it is for them to reconnect")?.reconnect()?;
                self.end_was_expected = false;
                Ok(None)
            }
            Command::Expect { within, expression } => self.expect(within, &expression).map(Some),
            Command::Find(expression) => self.find(&expression).map(Some),
            Command::As(decoder) => self.expecting(|expecting| expectation::decoded(expecting, decoder)).map(Some),
            Command::ExpectClose { within, code } => {
                let told = self.expecting(|expecting| expectation::close(expecting, within, code))?;
                self.end_was_expected = true;
                Ok(Some(told))
            }
            Command::ExpectQuiet(time) => self.expecting(|expecting| expectation::quiet(expecting, time)).map(Some),
            Command::Wait(time) => self.wait(time).map(|()| None),
            Command::Capture { name, from } => {
                let value = self
                    .expecting(|expecting| expectation::capture(expecting, self.fanout.filter_runs(), &name, &from))?;
                let told = match value.len() {
                    1 => format!("captured `{name}`, 1 byte"),
                    length => format!("captured `{name}`, {length} bytes"),
                };
                self.variables.set(name, value);
                Ok(Some(told))
            }
            Command::Tap(command) => self.endpoint.relayed(command),
            Command::Run(_) | Command::Save(_) | Command::SaveLast(_) | Command::To(..) | Command::Quit => {
                Err(Error::new(Phase::Usage, "this is for the prompt"))
            }
            Command::Help(word) => self.help(&word).map(|()| None),
            Command::Headers => self.heads().map(|()| None),
            Command::Stats => self.endpoint.stats(&mut |origin, event| self.fanout.show(origin, event)).map(|()| None),
            Command::List => self.endpoint.list(&mut |origin, event| self.fanout.show(origin, event)).map(|()| None),
            Command::Set { setting, on } => {
                self.fanout.lock().printer().set(setting, on);
                Ok(None)
            }
            Command::Jq(filter) => {
                self.fanout.lock().printer().set_jq(filter);
                Ok(None)
            }
            Command::Filter(change) => {
                self.filter(change);
                Ok(None)
            }
        }
    }

    /// `/file`
    fn file(&self, path: &Path) -> Result<Option<String>> {
        let text = String::from_utf8(payload::read(path, self.file_kinds, self.max_message)?).map_err(|error| {
            Error::new(Phase::Input, format!("`{}` is not text", path.display()))
                .caused_by(error.utf8_error())
                .hint("`/binary @FILE` sends any file")
        })?;
        self.send(Outgoing::Text(&text))
    }

    /// `/wait`
    fn wait(&self, time: Duration) -> Result<()> {
        // At the prompt a `/reconnect` may be typed behind it.
        let outlasts_session = self.end_was_expected || self.mode == Mode::Interactive;
        self.expecting(|expecting| {
            let wait = if outlasts_session { Expecting::rest } else { Expecting::pause };
            wait(expecting, time);
            expecting.mark();
            Ok(())
        })
    }

    fn load(&self, payload: Payload) -> Result<Vec<u8>> {
        payload.load(self.file_kinds, self.max_message)
    }

    /// `/help`
    fn help(&self, word: &str) -> Result<()> {
        let commands = commands_about(word, self.endpoint.prompt());
        if commands.is_empty() {
            return Err(Error::new(Phase::Input, format!("no command is about `{word}`, `/help` lists them")));
        }
        let columns = self.fanout.lock().printer().columns();
        for usage in commands {
            self.show_lines(&fold_line(&usage.synopsis(), columns, 2));
            self.show_lines(&fold(&format!("    {}", usage.summary), columns));
        }
        for sentences in KEYS.iter().filter(|_| word.is_empty()) {
            self.show_lines("");
            self.show_lines(&fold(sentences, columns));
        }
        Ok(())
    }

    /// `/headers`
    fn heads(&self) -> Result<()> {
        let opened = self
            .client("every client has heads of its own")
            .map_err(|error| error.hint("`-v` shows them as clients come"))?
            .opening_facts()?;
        let mut sinks = self.fanout.lock();
        sinks.printer().head(Origin::default(), Direction::Sent, &opened.request_head);
        sinks.printer().head(Origin::default(), Direction::Received, &opened.response_head);
        // A terminal that is gone is noticed by the editor.
        let _ = sinks.flush();
        Ok(())
    }

    /// `/filter`
    fn filter(&self, change: FilterChange) {
        let mut sinks = self.fanout.lock();
        match change {
            FilterChange::To(expression) => sinks.printer().set_filters(vec![expression]),
            FilterChange::Off => sinks.printer().set_filters(Vec::new()),
            FilterChange::None => {
                let filters: Vec<_> = sinks.printer().filters().iter().map(|filter| format!("`{filter}`")).collect();
                drop(sinks);
                let shown = if filters.is_empty() { "all messages".to_owned() } else { filters.join(" and ") };
                self.show(&Event::Note(&format!("shown: {shown}")));
            }
        }
    }

    /// `/find`
    fn find(&self, expression: &Expression) -> Result<String> {
        let (lines, summary) =
            self.expecting(|expecting| expectation::found(expecting, self.fanout.filter_runs(), expression))?;
        for line in &lines {
            self.show(&Event::Note(line));
        }
        Ok(summary)
    }

    /// Shows each line as a note.
    fn show_lines(&self, text: &str) {
        for line in text.split('\n') {
            self.show(&Event::Note(line));
        }
    }

    fn send(&self, outgoing: Outgoing<'_>) -> Result<Option<String>> {
        if let Some(client) = self.endpoint.client()
            && let Ok(session) = client.session()
            && let Some(expecting) = session.expecting()
        {
            // Before: an answer may come at once.
            expecting.mark();
        }
        match self.endpoint.send(outgoing) {
            Err(error) if error.phase() == Phase::Session && self.resume()? => self.send(outgoing),
            sent => sent.map(|()| None),
        }
    }

    /// Waits for the session that follows a lost connection; `false` when none does.
    fn resume(&self) -> Result<bool> {
        self.endpoint.client().map_or(Ok(false), SessionSlot::resume)
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<String>> {
        if self.mode == Mode::Interactive {
            self.fanout.lock().printer().ask(payload);
        }
        match (self.endpoint.ping(payload)?, self.mode) {
            (Some(ping), Mode::Script) => self.expecting(|expecting| expectation::pong(expecting, ping)).map(Some),
            _ => Ok(None),
        }
    }

    fn expecting<T>(&self, expect: impl FnOnce(&Expecting<'_>) -> Result<T>) -> Result<T> {
        let client = self.client("a server has many sessions: expectations are for the prompt of a client")?;
        let session: Handle = client.session()?;
        let expecting = session.expecting().ok_or_else(|| Error::new(Phase::Usage, "nothing is remembered here"))?;
        expect(&expecting)
    }

    /// The client's session slot; at the prompt of a server that is a mistake, as `mistake` says.
    fn client(&self, mistake: &str) -> Result<&SessionSlot> {
        self.endpoint.client().ok_or_else(|| Error::new(Phase::Usage, mistake.to_owned()))
    }

    /// `/expect`: goes on waiting with the session that follows a lost connection, for what is left of `within`.
    fn expect(&self, within: Duration, expression: &Expression) -> Result<String> {
        let since = Instant::now();
        let (matched, is_lost) = self.expecting(|expecting| {
            let matched = expectation::message(expecting, self.fanout.filter_runs(), within, expression);
            let is_lost = matched.is_err() && expecting.disconnected().is_some();
            Ok((matched, is_lost))
        })?;
        if is_lost && self.resume()? {
            return self.expect(within.saturating_sub(since.elapsed()), expression);
        }
        matched
    }

    fn show(&self, event: &Event<'_>) {
        self.fanout.show(Origin::default(), event);
    }
}

/// Nothing captured, and our environment.
pub fn variables() -> Variables {
    Variables::new(|name| std::env::var(name).ok())
}
