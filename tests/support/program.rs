//! The program, as a shell would start it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::capture::Capture;
pub use super::output::Output;
use super::output::shortened;
use super::{AN_HOUR, PATIENCE};

/// A run of the program to be. Its environment holds nothing of ours; its home is a fresh folder.
#[must_use = "nothing runs before `run`, `spawn` or `terminal`"]
pub struct Wscope {
    pub(super) arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    /// What a shell does with it.
    shell: Option<&'static str>,
    pub(super) stdin: Input,
    stdout: Reading,
    pub(super) home: TempDir,
}

/// Where the program's stdin comes from.
pub(super) enum Input {
    Unset,
    Closed,
    Bytes(Vec<u8>),
    File(File),
    Held,
}

/// Where the program's stdout goes, and how far it is read.
enum Reading {
    All,
    Lines(usize),
    Later,
    ToFile(File),
}

impl Wscope {
    /// Without arguments; stdin is `/dev/null` in a pipe, the terminal in a terminal.
    pub fn new() -> Self {
        let home = TempDir::new().expect("a temporary folder can be made");
        Self {
            arguments: Vec::new(),
            environment: Vec::new(),
            shell: None,
            stdin: Input::Unset,
            stdout: Reading::All,
            home,
        }
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// More arguments.
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With time limits for connecting and for the answer to a Close that are longer than [`PATIENCE`]: a run that
    /// waits for one of them fails.
    pub fn without_waiting(self) -> Self {
        self.args(["--connect-timeout", AN_HOUR, "--close-timeout", AN_HOUR])
    }

    /// One more environment variable.
    pub fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// `printf … | wscope`
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Input::Bytes(bytes.into());
        self
    }

    /// `wscope < FILE`
    pub fn stdin_file(mut self, file: File) -> Self {
        self.stdin = Input::File(file);
        self
    }

    /// `wscope <&-`
    pub fn stdin_closed(mut self) -> Self {
        self.stdin = Input::Closed;
        self.under_shell(r#"exec "$0" "$@" <&-"#)
    }

    /// A shell does as `script` says, in which `"$0" "$@"` runs the program.
    pub fn under_shell(mut self, script: &'static str) -> Self {
        self.shell = Some(script);
        self
    }

    /// A pipe that the test writes to, and closes, while the program runs.
    pub fn stdin_held(mut self) -> Self {
        self.stdin = Input::Held;
        self
    }

    /// `wscope | head -n LINES`
    pub fn stdout_head(mut self, lines: usize) -> Self {
        self.stdout = Reading::Lines(lines);
        self
    }

    /// A pipe that is not read before [`Running::read_stdout`].
    pub fn stdout_unread(mut self) -> Self {
        self.stdout = Reading::Later;
        self
    }

    /// `wscope > FILE`
    pub fn stdout_file(mut self, file: File) -> Self {
        self.stdout = Reading::ToFile(file);
        self
    }

    /// The folder that the program takes for the user's home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs to the end.
    #[must_use = "an outcome that is not looked at proves nothing"]
    #[track_caller]
    pub fn run(self) -> Output {
        self.spawn().finish()
    }

    /// Starts it.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let mut command = self.command();
        let (stdin, given) = match std::mem::replace(&mut self.stdin, Input::Unset) {
            Input::Unset | Input::Closed => (Stdio::null(), None),
            Input::File(file) => (file.into(), None),
            Input::Held => (Stdio::piped(), None),
            Input::Bytes(bytes) => (Stdio::piped(), Some(bytes)),
        };
        let (stdout, reading) = match self.stdout {
            Reading::ToFile(file) => (file.into(), Reading::All),
            reading => (Stdio::piped(), reading),
        };
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().expect("the program can be started");
        let mut stdin = child.stdin.take();
        if let Some(bytes) = given {
            let pipe = stdin.take().expect("stdin is piped");
            thread::spawn(move || write_and_close(pipe, &bytes));
        }
        let (stdout, unread) = match (child.stdout.take(), reading) {
            (None, _) => (Some(Capture::all(std::io::empty())), None),
            (Some(pipe), Reading::Lines(lines)) => (Some(Capture::lines(pipe, lines)), None),
            (Some(pipe), Reading::Later) => (None, Some(pipe)),
            (Some(pipe), _) => (Some(Capture::all(pipe)), None),
        };
        let stderr = Capture::all(child.stderr.take().expect("stderr is piped"));
        Running {
            child,
            stdin,
            stdout,
            unread,
            stderr,
            started,
            peak_memory: 0,
            cpu_time: Duration::ZERO,
            patience: PATIENCE,
            _home: self.home,
        }
    }

    /// The command with its arguments and its whole environment, the three streams not yet set.
    pub(super) fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_wscope");
        let mut command = match self.shell {
            Some(script) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", script, program]);
                shell
            }
            None => Command::new(program),
        };
        command.args(&self.arguments).env_clear();
        command.env("HOME", self.home()).env("XDG_STATE_HOME", self.home().join("state"));
        command.env("PATH", "/usr/bin:/bin").env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Writes everything, then closes the pipe. A program that stops reading is no fault of the test.
pub(super) fn write_and_close(mut pipe: ChildStdin, bytes: &[u8]) {
    if let Err(error) = pipe.write_all(bytes) {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "writing to the program's stdin");
    }
}

/// The program while it runs; killed when the test forgets it.
#[must_use = "`finish` says how it ended"]
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<Capture>,
    unread: Option<ChildStdout>,
    stderr: Capture,
    started: Instant,
    peak_memory: u64,
    cpu_time: Duration,
    patience: Duration,
    _home: TempDir,
}

impl Running {
    /// Writes to its stdin ([`Wscope::stdin_held`]).
    #[track_caller]
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("stdin is held and open");
        stdin.write_all(bytes.as_ref()).expect("the program reads its stdin");
    }

    /// Closes its stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Takes its stdin away, for a thread that writes more than a pipe holds.
    #[track_caller]
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("stdin is held and open")
    }

    /// Starts reading its stdout ([`Wscope::stdout_unread`]).
    #[track_caller]
    pub fn read_stdout(&mut self) {
        self.stdout = Some(Capture::all(self.unread.take().expect("stdout is not read yet")));
    }

    /// Waits until `text` stands on its stdout.
    #[track_caller]
    pub fn wait_stdout(&self, text: &str) {
        let stdout = self.stdout.as_ref().expect("stdout is read");
        assert!(stdout.wait_for(text.as_bytes()), "no {text:?} on stdout\n{}", self.report());
    }

    /// Waits until `text` stands on its stderr.
    #[track_caller]
    pub fn wait_stderr(&self, text: &str) {
        assert!(self.stderr.wait_for(text.as_bytes()), "no {text:?} on stderr\n{}", self.report());
    }

    /// What stands on its stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Sends it a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill(pid(&self.child), signal).expect("the program still runs");
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the program can be waited for").is_none()
    }

    /// The most memory that it has had at once so far, in bytes.
    pub fn peak_memory(&mut self) -> u64 {
        // The last word counts: the first may still be of the process that is about to become the program.
        self.peak_memory = peak_memory(self.child.id()).unwrap_or(self.peak_memory);
        self.peak_memory
    }

    /// Lets [`Running::finish`] wait longer than [`PATIENCE`].
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Waits for its end. A held stdin stays open meanwhile, and an unread stdout unread.
    #[must_use = "an outcome that is not looked at proves nothing"]
    #[track_caller]
    pub fn finish(mut self) -> Output {
        let deadline = Instant::now() + self.patience;
        let status = loop {
            self.peak_memory();
            self.cpu_time = cpu_time(self.child.id()).unwrap_or(self.cpu_time);
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                break status;
            }
            assert!(Instant::now() < deadline, "still running after {:?}\n{}", self.patience, self.report());
            thread::sleep(Duration::from_millis(1));
        };
        let took = self.started.elapsed();
        if self.unread.is_some() {
            self.read_stdout();
        }
        let stdout = self.stdout.take().expect("stdout is read");
        assert!(stdout.wait_end() && self.stderr.wait_end(), "the pipes stay open\n{}", self.report());
        let (stdout, stderr) = (stdout.bytes(), self.stderr.text());
        Output { status, stdout, stderr, took, peak_memory: self.peak_memory, cpu_time: self.cpu_time }
    }

    fn report(&self) -> String {
        let stdout = self.stdout.as_ref().map(Capture::text).unwrap_or_default();
        format!("--- stdout\n{}\n--- stderr\n{}", shortened(&stdout), shortened(&self.stderr.text()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever is wrong has been reported by then, and an error here means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().expect("process ids are small"))
}

/// The high-water mark of resident memory, in bytes, where `/proc` tells. (`ru_maxrss` is no use: a child starts with
/// the mark of the process that forked it.)
fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// User and system time so far (fields 14 and 15 of proc(5), in the hundredths of a second that Linux counts in).
fn cpu_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, which may hold anything, ends with the last parenthesis.
    let fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map_while(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(10 * ticks))
}
