//! Edits lines: reads keys, does what they mean, and shows what other threads print above the line.

use std::io::{self, ErrorKind, Read};
use std::mem;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustyline::completion::longest_common_prefix;
use rustyline::history::SearchDirection;
use rustyline::{Cmd, Movement, RepeatCount};

use super::bindings::Bindings;
use super::completion::{self, candidates};
use super::draft::Draft;
use super::keys::KeyDecoder;
use super::past::{Past, Search};
use super::view::{Line, View};
use super::{Entry, History, PromptHandle};
use crate::input::continuation::{goes_on, is_incomplete_json, unescaped};
use crate::input::slash::Prompt;
use crate::output::Output;
use crate::output::terminal::{BRACKETED_PASTE_OFF, BRACKETED_PASTE_ON, LineContent, Size, Terminal};
use crate::platform::{self, Descriptor, Poller, is_terminal_gone};

/// How long the rest of an escape sequence may take.
const ESCAPE_WAIT: Duration = Duration::from_millis(200);

/// How long nothing is drawn after the terminal has changed its size. tmux tells the second of two changes up to 250 ms
/// after it has moved the rows.
const SETTLE: Duration = Duration::from_millis(300);

/// How many bytes of keys are read at once.
const READ: usize = 4096;

/// An editor on a terminal.
pub(super) struct LineEditor {
    terminal: Terminal,
    output: Box<dyn Output>,
    poller: Poller,
    /// What is to be printed above the line. An empty text: the line is to be drawn anew.
    batches: Receiver<String>,
    prompt: PromptHandle,
    /// Which commands are completed.
    completed_for: Prompt,
    keys: KeyDecoder,
    /// When keys were read last.
    read_at: Instant,
    bindings: Bindings,
    draft: Draft,
    past: Past,
    search: Option<Search>,
    /// The next character is a character, whatever else it means.
    is_quoted: bool,
    view: View,
    /// The prompt that is drawn.
    drawn_prompt: String,
    /// Whether the draft has changed since it was drawn.
    has_changed: bool,
    /// The size that the terminal had last, and until when nothing is drawn because that has changed.
    size: Size,
    settles: Option<Instant>,
}

impl LineEditor {
    /// Attaches an editor to `terminal`. `poller` is the one that `prompt` notifies.
    pub(super) fn new(
        terminal: Terminal,
        poller: Poller,
        prompt: PromptHandle,
        completed_for: Prompt,
        past: Past,
        view: View,
    ) -> io::Result<Self> {
        poller.notify_of_resizes()?;
        let (sender, batches) = mpsc::channel();
        let notifier = poller.notifier();
        terminal.attach(Box::new(move |batch| {
            let sent = sender.send(batch).map_err(io::Error::other);
            notifier.notify();
            sent
        }))?;
        let device = terminal.device();
        Ok(Self {
            output: Box::new(device.output()?),
            poller,
            batches,
            prompt,
            completed_for,
            keys: KeyDecoder::default(),
            read_at: Instant::now(),
            bindings: Bindings::new(device.special_keys()),
            draft: Draft::new(),
            past,
            search: None,
            is_quoted: false,
            view,
            drawn_prompt: String::new(),
            has_changed: true,
            size: device.size().unwrap_or(Size::USUAL),
            settles: None,
            terminal,
        })
    }

    /// Edits one line.
    pub(super) fn read(&mut self, history: &History) -> io::Result<Entry> {
        self.terminal.device().wait_for_foreground();
        // In the background the terminal has not been ours yet.
        self.terminal.device().set_raw()?;
        self.terminal.line_begins();
        match self.edit() {
            Ok(entry) => {
                self.terminal.line_ended()?;
                let line = self.draft.take();
                if self.past.add(&line) {
                    history.add(&line);
                }
                Ok(entry)
            }
            Err(error) => {
                self.terminal.line_failed()?;
                if is_terminal_gone(&error) { Ok(Entry::Eof) } else { Err(error) }
            }
        }
    }

    fn edit(&mut self) -> io::Result<Entry> {
        self.output.write_all(BRACKETED_PASTE_ON)?;
        self.has_changed = true;
        self.settles = None;
        loop {
            while let Some(command) = self.next_command() {
                self.has_changed = true;
                if let Some(entry) = self.execute(command)? {
                    self.finish()?;
                    return Ok(entry);
                }
            }
            if self.is_settled() {
                self.show()?;
            }
            self.wait()?;
        }
    }

    /// Draws the line for the last time, and leaves the terminal to others.
    fn finish(&mut self) -> io::Result<()> {
        self.terminal.line_accepted();
        let (prompt, mut output) = (self.prompt.text(), Vec::new());
        let line = Line { prompt: &prompt, text: self.draft.text(), cursor: self.draft.cursor() };
        self.view.draw_finished(&mut output, line, self.terminal.device().size().unwrap_or(Size::USUAL));
        output.extend_from_slice(BRACKETED_PASTE_OFF);
        self.output.write_all(&output)
    }

    /// Whether the terminal keeps its size, so that something can be drawn.
    fn is_settled(&mut self) -> bool {
        let size = self.terminal.device().size().unwrap_or(Size::USUAL);
        let now = Instant::now();
        if mem::replace(&mut self.size, size) != size {
            self.settles = Some(now + SETTLE);
        }
        self.settles = self.settles.filter(|until| *until > now);
        self.settles.is_none()
    }

    /// Prints what waits for it, and draws the line if that has changed.
    fn show(&mut self) -> io::Result<()> {
        if let Ok(batch) = self.batches.try_recv() {
            return self.print(&batch);
        }
        let is_drawn = self.view.size() == Some(self.size) && self.drawn_prompt == self.shown_prompt();
        if self.has_changed || !is_drawn {
            self.draw(Vec::new())?;
        }
        Ok(())
    }

    /// Prints a batch above the line.
    fn print(&mut self, batch: &str) -> io::Result<()> {
        let mut output = Vec::with_capacity(batch.len() + 1024);
        if batch.is_empty() {
            self.view.forget();
            output.extend_from_slice(BRACKETED_PASTE_ON);
        } else {
            self.view.clear(&mut output, self.size);
            output.extend_from_slice(batch.as_bytes());
            output.extend_from_slice(if batch.ends_with('\n') { b"" } else { b"\n" });
        }
        self.output.write_all(&output)?;
        self.terminal.printed();
        self.draw(Vec::new())
    }

    /// Draws the line below `output`.
    fn draw(&mut self, mut output: Vec<u8>) -> io::Result<()> {
        self.drawn_prompt = self.shown_prompt();
        let line = Line { prompt: &self.drawn_prompt, text: self.draft.text(), cursor: self.draft.cursor() };
        self.view.draw(&mut output, line, self.size);
        self.has_changed = false;
        let content = LineContent::of(self.draft.text());
        self.terminal.draw(content, || self.output.write_all(&output))
    }

    fn shown_prompt(&self) -> String {
        match (&self.search, self.bindings.count()) {
            (_, Some(count)) => format!("(arg: {count}) "),
            (Some(search), None) => search.prompt(),
            (None, None) => self.prompt.text(),
        }
    }

    /// Waits until there is something to do, and takes the keys that have come.
    fn wait(&mut self) -> io::Result<()> {
        let until_settled = self.settles.map(|until| until.saturating_duration_since(Instant::now()));
        let until_given_up = self.keys.has_begun().then(|| ESCAPE_WAIT.saturating_sub(self.read_at.elapsed()));
        let limits = [until_settled, until_given_up, self.prompt.until_notice()];
        let limit = limits.into_iter().flatten().min().unwrap_or(Duration::MAX);
        let file = self.terminal.device().file();
        if !self.poller.wait_for_keys(Descriptor::from(file), limit)? {
            // What other threads print ends the wait too.
            if self.keys.has_begun() && self.read_at.elapsed() >= ESCAPE_WAIT {
                self.keys.give_up();
            }
            return Ok(());
        }
        let mut bytes = [0; READ];
        match (&mut &*file).read(&mut bytes) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.keys.push(&bytes[..count]);
                self.read_at = Instant::now();
                Ok(())
            }
            // Another process that shares the terminal may make it non-blocking at any time.
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The command of the next key. `None`: the end of the key has not come.
    fn next_command(&mut self) -> Option<Cmd> {
        if self.is_quoted {
            let character = self.keys.next_character()?;
            self.is_quoted = false;
            return Some(Cmd::Insert(1, character.into()));
        }
        let key = self.keys.next()?;
        Some(self.bindings.command(key, self.draft.is_empty()))
    }

    /// Executes a command. Returns how it ends the line, if it does.
    fn execute(&mut self, command: Cmd) -> io::Result<Option<Entry>> {
        if self.search.is_some() && self.execute_in_search(&command) {
            return Ok(None);
        }
        match command {
            Cmd::QuotedInsert => self.is_quoted = true,
            Cmd::LineUpOrPreviousHistory(count) => self.step(SearchDirection::Reverse, count),
            Cmd::LineDownOrNextHistory(count) => self.step(SearchDirection::Forward, count),
            Cmd::BeginningOfHistory => {
                let line = self.past.oldest(self.draft.text());
                self.show_earlier(line);
            }
            Cmd::EndOfHistory => {
                let line = self.past.newest(self.draft.text());
                self.show_earlier(line);
            }
            Cmd::ReverseSearchHistory => self.begin_search(SearchDirection::Reverse),
            Cmd::ForwardSearchHistory => self.begin_search(SearchDirection::Forward),
            Cmd::Complete => self.complete()?,
            Cmd::ClearScreen => {
                self.view.forget();
                self.output.write_all(b"\x1b[H\x1b[2J")?;
            }
            Cmd::Suspend => self.suspend()?,
            Cmd::AcceptOrInsertLine { .. } => return Ok(self.enter()),
            Cmd::AcceptLine => return Ok(Some(Entry::Line(self.draft.text().to_owned()))),
            Cmd::Interrupt => return Ok(Some(Entry::Interrupted)),
            Cmd::EndOfFile => return Ok(Some(Entry::Eof)),
            editing => self.draft.execute(editing),
        }
        Ok(None)
    }

    /// Executes a command in a search. `false`: the command ends it, and means what it means elsewhere.
    fn execute_in_search(&mut self, command: &Cmd) -> bool {
        let Some(search) = &mut self.search else { return false };
        let found = match *command {
            Cmd::ReverseSearchHistory => search.next(&self.past, SearchDirection::Reverse),
            Cmd::ForwardSearchHistory => search.next(&self.past, SearchDirection::Forward),
            Cmd::SelfInsert(_, character) => search.push(&self.past, character),
            Cmd::Kill(Movement::BackwardChar(_)) => search.pop(&self.past),
            Cmd::Abort | Cmd::Interrupt | Cmd::Kill(Movement::WholeBuffer) => {
                let (text, cursor) = mem::take(&mut search.before);
                self.draft.set(&text, cursor);
                self.search = None;
                return true;
            }
            // A key of which more is to come.
            Cmd::Noop => return true,
            _ => {
                self.search = None;
                return false;
            }
        };
        if let Some((line, cursor)) = found {
            self.draft.set(&line, cursor);
        }
        true
    }

    fn begin_search(&mut self, direction: SearchDirection) {
        let before = (self.draft.text().to_owned(), self.draft.cursor());
        self.search = Some(Search::new(&self.past, direction, before));
    }

    /// Goes to the line above or below, and from the first or last one to an earlier or later entry.
    fn step(&mut self, direction: SearchDirection, count: RepeatCount) {
        for _ in 0..count {
            let is_within = match direction {
                SearchDirection::Reverse => self.draft.go_up(),
                SearchDirection::Forward => self.draft.go_down(),
            };
            if !is_within {
                let line = self.past.step(direction, self.draft.text());
                self.show_earlier(line);
            }
        }
    }

    fn show_earlier(&mut self, line: Option<String>) {
        if let Some(line) = line {
            self.draft.set(&line, line.len());
        }
    }

    /// Ends the line, unless it goes on: behind a `\`, or within JSON.
    fn enter(&mut self) -> Option<Entry> {
        let text = self.draft.text();
        if goes_on(text) && self.draft.cursor() < text.len() {
            // The first Enter goes to the end, the second continues the line.
            self.draft.execute(Cmd::Move(Movement::EndOfBuffer));
        } else if goes_on(text) {
            let length = unescaped(text).len();
            self.draft.complete(length, "\n");
        } else if is_incomplete_json(text) {
            self.draft.insert("\n");
        } else {
            return Some(Entry::Line(unescaped(text).to_owned()));
        }
        None
    }

    /// Completes what stands before the cursor. Where there is nothing to complete, Tab is a character: text that is
    /// pasted without brackets comes as keys too.
    fn complete(&mut self) -> io::Result<()> {
        let (start, found) = candidates(&self.draft.text()[..self.draft.cursor()], self.completed_for);
        if found.is_empty() {
            self.draft.insert("\t");
            return Ok(());
        }
        let typed = &self.draft.text()[start..self.draft.cursor()];
        if let Some(common) = longest_common_prefix(&found).filter(|common| common.len() > typed.len()) {
            self.draft.complete(start, common);
        }
        if found.len() > 1 {
            let mut output = Vec::new();
            self.view.clear(&mut output, self.size);
            output.extend_from_slice(completion::columns(&found, self.size.columns).as_bytes());
            self.draw(output)?;
        }
        Ok(())
    }

    /// Stops the process, with the terminal as it was found. What continues the process has the line drawn again.
    fn suspend(&mut self) -> io::Result<()> {
        let mut output = Vec::new();
        self.view.leave(&mut output);
        self.output.write_all(&output)?;
        // If this fails, the process was not suspended, and the line is only drawn again.
        let _ = self.terminal.device().hand_back(platform::suspend);
        Ok(())
    }
}
