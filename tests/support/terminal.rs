//! The program in a pseudo-terminal, with a terminal emulator that shows what a person would see.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::{Pid, tcgetpgrp};
use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use tempfile::TempDir;

use super::PATIENCE;
use super::program::{Input, Wscope, write_and_close};

/// Keys as a terminal sends them.
pub mod key {
    pub const ENTER: &str = "\r";
    pub const ALT_ENTER: &str = "\x1b\r";
    pub const BACKSPACE: &str = "\x7f";
    pub const TAB: &str = "\t";
    pub const UP: &str = "\x1b[A";
    pub const CTRL_C: &str = "\x03";
    pub const CTRL_D: &str = "\x04";
    pub const CTRL_R: &str = "\x12";
    pub const CTRL_U: &str = "\x15";
    pub const CTRL_Z: &str = "\x1A";
}

/// Lines that have scrolled away and can still be looked at.
const SCROLLBACK: usize = 20_000;

/// A terminal in which the program runs.
#[must_use = "`exit` says how it ended"]
pub struct Terminal {
    child: Child,
    /// Our end of the pair: the keyboard, and what the terminal shows.
    pty: Arc<Pty>,
    display: Arc<Display>,
    _home: TempDir,
}

struct Display {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser<Queries>,
    raw: Vec<u8>,
    ended: bool,
    paused: bool,
}

/// What the program asked the terminal.
#[derive(Default)]
struct Queries {
    cursor: bool,
}

impl vt100::Callbacks for Queries {
    fn unhandled_csi(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, parameters: &[&[u16]], end: char) {
        self.cursor |= end == 'n' && parameters == [[6]];
    }
}

/// Where the program's stdout goes.
#[derive(Debug)]
pub enum Stdout {
    Terminal,
    File(File),
}

impl Wscope {
    /// Starts it in a terminal of that size. A stdin that was set stays what it was set to.
    #[track_caller]
    pub fn terminal(self, rows: u16, columns: u16) -> Terminal {
        self.terminal_with(rows, columns, Stdout::Terminal)
    }

    /// The same with stdout somewhere else.
    #[track_caller]
    pub fn terminal_with(mut self, rows: u16, columns: u16, stdout: Stdout) -> Terminal {
        let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a size");
        let mut command = Command::from(self.command());
        let mut given = None;
        match std::mem::replace(&mut self.stdin, Input::Unset) {
            Input::Unset | Input::Held => {}
            Input::Closed => command = command.stdin(Stdio::null()),
            Input::File(file) => command = command.stdin(file),
            Input::Bytes(bytes) => {
                command = command.stdin(Stdio::piped());
                given = Some(bytes);
            }
        }
        if let Stdout::File(file) = stdout {
            command = command.stdout(file);
        }
        let mut child = command.spawn(pts).expect("the program can be started");
        if let Some(bytes) = given {
            let pipe = child.stdin.take().expect("stdin is piped");
            thread::spawn(move || write_and_close(pipe, &bytes));
        }
        let parser = vt100::Parser::new_with_callbacks(rows, columns, SCROLLBACK, Queries::default());
        let state = State { parser, raw: Vec::new(), ended: false, paused: false };
        let display = Arc::new(Display { state: Mutex::new(state), changed: Condvar::new() });
        let pty = Arc::new(pty);
        let (source, shown) = (Arc::clone(&pty), Arc::clone(&display));
        thread::spawn(move || shown.show(&source));
        Terminal { child, pty, display, _home: self.home }
    }
}

impl Display {
    /// Gives the output to the emulator, and answers where the cursor is when the program asks.
    fn show(&self, mut source: &Pty) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            drop(self.changed.wait_while(self.state(), |state| state.paused));
            // Linux reports the end of a pseudo-terminal as EIO.
            let Ok(count @ 1..) = source.read(&mut buffer) else { break };
            let mut state = self.state();
            state.raw.extend_from_slice(&buffer[..count]);
            state.parser.process(&buffer[..count]);
            if std::mem::take(&mut state.parser.callbacks_mut().cursor) {
                let (row, column) = state.parser.screen().cursor_position();
                let answer = format!("\x1b[{};{}R", row + 1, column + 1);
                source.write_all(answer.as_bytes()).expect("the terminal is open");
            }
            self.changed.notify_all();
            drop(state);
            // While output is endless, no other thread would get the lock of the state.
            thread::sleep(Duration::from_micros(100));
        }
        self.state().ended = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that fails while it looks at the screen says so by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal {
    /// Presses these keys.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Types a line and Enter.
    #[track_caller]
    pub fn enter(&self, line: &str) {
        self.press(&format!("{line}{}", key::ENTER));
    }

    /// Pastes text as a terminal with bracketed paste does.
    #[track_caller]
    pub fn paste(&self, text: &str) {
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Waits until this text stands on the screen.
    #[track_caller]
    pub fn wait(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contents().contains(text));
    }

    /// Waits until what is being typed, or the prompt alone, is this: the row of the cursor up to its end.
    #[track_caller]
    pub fn wait_line(&self, line: &str) {
        self.wait_until(&format!("the line {line:?} with the cursor in it"), |screen| {
            let (row, _) = screen.cursor_position();
            screen.rows(0, screen.size().1).nth(row.into()).is_some_and(|row| row.trim_end() == line.trim_end())
        });
    }

    /// Presses Enter on the empty line until this is the prompt: what is announced may be on the screen before the
    /// prompt that goes with it.
    #[track_caller]
    pub fn wait_prompt(&self, prompt: &str) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.press(key::ENTER);
            let redrawn = Instant::now() + Duration::from_millis(200);
            while Instant::now() < redrawn {
                if self.line() == prompt {
                    return;
                }
                thread::sleep(Duration::from_millis(1));
            }
        }
        panic!("no prompt {prompt:?}; the screen:\n{}", self.screen());
    }

    /// The row of the cursor up to its end.
    fn line(&self) -> String {
        let state = self.display.state();
        let screen = state.parser.screen();
        let row = screen.cursor_position().0;
        let line = screen.rows(0, screen.size().1).nth(row.into());
        line.unwrap_or_default().trim_end().to_owned()
    }

    /// Waits until `done` holds for the screen.
    #[track_caller]
    pub fn wait_until(&self, what: &str, done: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.display.state();
        while !done(state.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !state.ended,
                "waited for {what}; ended: {}; the screen:\n{}",
                state.ended,
                state.parser.screen().contents()
            );
            state = self.display.changed.wait_timeout(state, left).expect("no thread panics while it holds the lock").0;
        }
    }

    /// What the screen shows.
    pub fn screen(&self) -> String {
        self.display.state().parser.screen().contents()
    }

    /// Every line from the first to the last, those that scrolled away too; wrapped lines as the rows they take.
    pub fn transcript(&self) -> Vec<String> {
        let mut state = self.display.state();
        let screen = state.parser.screen_mut();
        let (height, width) = screen.size();
        screen.set_scrollback(usize::MAX);
        let mut lines = Vec::new();
        for offset in (1..=screen.scrollback()).rev() {
            screen.set_scrollback(offset);
            lines.extend(screen.rows(0, width).next());
        }
        screen.set_scrollback(0);
        lines.extend(screen.rows(0, width).take(height.into()));
        lines
    }

    /// Every byte that the program sent to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.display.state().raw.clone()
    }

    /// Changes the size; the program gets SIGWINCH.
    #[track_caller]
    pub fn resize(&self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).expect("a size");
        self.display.state().parser.screen_mut().set_size(rows, columns);
    }

    /// Stops taking the program's output (Ctrl-S), until [`Terminal::resume`].
    pub fn pause(&self) {
        self.display.state().paused = true;
    }

    /// Waits until Ctrl-C is a signal and not a key: the program has noticed that its output is not taken.
    #[track_caller]
    pub fn wait_for_signals(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !tcgetattr(&*self.pty).expect("a terminal").local_flags.contains(LocalFlags::ISIG) {
            assert!(Instant::now() < deadline, "Ctrl-C stays a key; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Takes it again (Ctrl-Q).
    pub fn resume(&self) {
        self.display.state().paused = false;
        self.display.changed.notify_all();
    }

    /// Whether lines are edited by the terminal itself and echoed: how a shell wants to find it.
    #[track_caller]
    pub fn is_sane(&self) -> bool {
        let settings = tcgetattr(&*self.pty).expect("a terminal");
        settings.local_flags.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG)
    }

    /// Sends the program a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("process ids are small"));
        kill(pid, signal).expect("the program still runs");
    }

    /// Sends the job in the foreground of the terminal a signal.
    #[track_caller]
    pub fn signal_foreground(&self, signal: Signal) {
        let job = tcgetpgrp(&*self.pty).expect("a terminal");
        killpg(job, signal).expect("the job still runs");
    }

    /// Waits until the program has ended with this status.
    #[track_caller]
    pub fn exits(&mut self, status: i32) {
        let ended = self.wait_end();
        assert_eq!(ended.code(), Some(status), "exit status; the screen:\n{}", self.screen());
    }

    /// Waits until the program has ended, and checks that it left the terminal sane.
    #[track_caller]
    pub fn wait_end(&mut self) -> ExitStatus {
        let status = self.wait_exit();
        assert!(self.is_sane(), "the terminal is left raw; the screen:\n{}", self.screen());
        status
    }

    #[track_caller]
    fn wait_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                // What it wrote last may still be on its way to the screen.
                self.resume();
                drop(self.display.changed.wait_while(self.display.state(), |state| !state.ended));
                return status;
            }
            assert!(Instant::now() < deadline, "still running; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Whatever is wrong has been reported by then, and an error here means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
