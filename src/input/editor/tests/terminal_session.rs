//! Starts this test binary once more in a pseudo-terminal, and emulates the terminal.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::termios::{LocalFlags, tcgetattr};
use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use tempfile::TempDir;
use vt100::{Parser, Screen};

use super::{PAUSE, PUSHES, REPORT, SCENARIO, Scenario};

/// Longer than anything takes on a busy machine.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// The test binary in a pseudo-terminal, where only [`editor_in_a_terminal`](super::editor_in_a_terminal) runs.
pub(super) struct TerminalSession {
    child: Child,
    pub(super) keyboard: Arc<Pty>,
    display: Arc<Display>,
    pub(super) folder: TempDir,
}

/// The screen of the terminal emulator. A thread of its own feeds it with what the program writes.
struct Display {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: Parser,
    is_paused: bool,
    has_ended: bool,
}

impl TerminalSession {
    pub(super) fn start(columns: u16, pushes: u64, pause: Duration) -> Self {
        Self::start_as(Scenario::ReadLines, tempfile::tempdir().unwrap(), columns, pushes, pause)
    }

    pub(super) fn start_as(scenario: Scenario, folder: TempDir, columns: u16, pushes: u64, pause: Duration) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(24, columns)).unwrap();
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "input::editor::tests::editor_in_a_terminal", "--nocapture"])
            .env(REPORT, folder.path().join("report"))
            .env(PUSHES, pushes.to_string())
            .env(PAUSE, pause.as_micros().to_string())
            .env("WSCOPE_HISTORY", folder.path().join("history"))
            .env(SCENARIO, format!("{scenario:?}"))
            .env("TERM", "xterm-256color")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn(pts)
            .unwrap();
        let state = State { parser: Parser::new(24, columns, 100_000), is_paused: false, has_ended: false };
        let display = Arc::new(Display { state: Mutex::new(state), changed: Condvar::new() });
        let keyboard = Arc::new(pty);
        let (source, shown) = (Arc::clone(&keyboard), Arc::clone(&display));
        thread::spawn(move || shown.show(&source));
        let session = Self { child, keyboard, display, folder };
        session.wait_for("> ");
        session
    }

    pub(super) fn press(&self, keys: &str) {
        (&*self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    pub(super) fn wait(&self, what: &str, done: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + TIME_LIMIT;
        let mut state = self.display.state();
        while !done(state.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !state.has_ended, "no {what} on\n{}", state.parser.screen().contents());
            state = self.display.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    pub(super) fn wait_for(&self, text: &str) {
        self.wait(text, |screen| unwrapped(screen).contains(text));
    }

    /// Waits until Ctrl-C is a signal (`true`) or a key (`false`).
    pub(super) fn wait_for_signals(&self, wanted: bool) {
        let deadline = Instant::now() + TIME_LIMIT;
        while tcgetattr(&*self.keyboard).unwrap().local_flags.contains(LocalFlags::ISIG) != wanted {
            assert!(Instant::now() < deadline, "Ctrl-C is a signal: {}", !wanted);
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(super) fn pause(&self, is_paused: bool) {
        self.display.state().is_paused = is_paused;
        self.display.changed.notify_all();
    }

    /// Waits until the program ends. Returns its report, and all rows that were ever on the screen.
    pub(super) fn end(mut self) -> (String, Vec<String>) {
        self.finish()
    }

    /// Waits until the program ends: its status.
    pub(super) fn wait_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running:\n{}", self.display.state().parser.screen().contents());
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(super) fn finish(&mut self) -> (String, Vec<String>) {
        self.wait_exit();
        let mut state = self.display.changed.wait_while(self.display.state(), |state| !state.has_ended).unwrap();
        let modes = tcgetattr(&*self.keyboard).unwrap().local_flags;
        assert!(modes.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG), "the terminal is left raw");
        assert!(!state.parser.screen().bracketed_paste(), "bracketed paste is left on");
        (fs::read_to_string(self.folder.path().join("report")).unwrap(), transcript(state.parser.screen_mut()))
    }
}

impl Drop for TerminalSession {
    fn drop(&mut self) {
        // This fails if the program has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Display {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Reads what the program writes, until it ends.
    fn show(&self, mut source: &Pty) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            drop(self.changed.wait_while(self.state(), |state| state.is_paused).unwrap());
            // Linux reports the end of a pseudo-terminal as EIO.
            let Ok(count @ 1..) = source.read(&mut buffer) else { break };
            self.state().parser.process(&buffer[..count]);
            self.changed.notify_all();
            // Without this pause the other threads would hardly get the lock while output is endless.
            thread::sleep(Duration::from_micros(100));
        }
        self.state().has_ended = true;
        self.changed.notify_all();
    }
}

/// The screen without the line breaks that its width makes.
pub(super) fn unwrapped(screen: &Screen) -> String {
    screen.rows(0, screen.size().1).collect()
}

/// All rows that were ever on the screen.
pub(super) fn transcript(screen: &mut Screen) -> Vec<String> {
    let (height, width) = screen.size();
    screen.set_scrollback(usize::MAX);
    let mut rows = Vec::new();
    for offset in (1..=screen.scrollback()).rev() {
        screen.set_scrollback(offset);
        rows.extend(screen.rows(0, width).next());
    }
    screen.set_scrollback(0);
    rows.extend(screen.rows(0, width).take(height.into()));
    rows
}
