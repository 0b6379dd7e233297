//! The terminal device: the modes that the editor needs, and the escape sequences that undo what the editor did.

use std::fs::File;
use std::io;
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use terminal_size::terminal_size_of;

use crate::output::{FdOutput, Output};
use crate::platform::{self, CtrlC, SeenSignal, SpecialKeys, TerminalModes};

/// Switches bracketed paste off. The editor may have switched it on.
pub const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l";

/// Leaves the line in which the cursor is, and switches bracketed paste off.
const LEAVE: &[u8] = b"\x1b[?2004l\n";

/// Switches bracketed paste on, as the editor does.
pub const BRACKETED_PASTE_ON: &[u8] = b"\x1b[?2004h";

/// How long a signal that ends the process may take where it finds nothing to put back.
const OTHERS_FIRST: Duration = Duration::from_secs(1);

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How many characters fit into a row.
    pub columns: usize,
    /// How many rows fit on the screen.
    pub rows: usize,
}

impl Size {
    /// The size of a terminal that does not say it.
    pub const USUAL: Self = Self { columns: 80, rows: 24 };
}

/// What SIGINT and SIGTERM end while the terminal is not as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestEnds {
    /// The process, at once: the main thread waits for an answer.
    Process,
    /// The run, in order: they are for [`Signals`](platform::Signals).
    Run,
}

/// The terminal that controls the process, or the terminal that is stdin; and its modes.
#[derive(Debug)]
pub struct Device {
    file: File,
    modes: Arc<Mutex<Modes>>,
}

/// The modes of a terminal, before and after we set some.
#[derive(Debug)]
struct Modes {
    /// Those that it had before.
    found: TerminalModes,
    /// Those that were set last. `None`: the terminal is as it was found.
    set: Option<TerminalModes>,
}

impl Device {
    /// Opens the terminal. A panic from now on gives the terminal the modes that it has now.
    ///
    /// # Errors
    /// An [`io::Error`], if there is no terminal, or if the process has no file descriptor left.
    pub fn open() -> io::Result<Self> {
        let device = Self::on(platform::open_terminal()?)?;
        device.restore_on_panic()?;
        Ok(device)
    }

    pub(super) fn on(terminal: File) -> io::Result<Self> {
        let modes = Modes { found: TerminalModes::of(&terminal)?, set: None };
        Ok(Self { file: terminal, modes: Arc::new(Mutex::new(modes)) })
    }

    /// Adds a panic hook that gives the terminal its modes back before the panic is reported. A panic ends the process
    /// without running any `drop`.
    pub(super) fn restore_on_panic(&self) -> io::Result<()> {
        let device = self.duplicate()?;
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // This fails only if the terminal is gone, and then there is nothing to restore.
            let _ = device.restore().and_then(|()| device.write_within(BRACKETED_PASTE_OFF, Duration::ZERO));
            report(panic);
        }));
        Ok(())
    }

    /// Has a signal that ends the process put the terminal back first, and one that continues it `redraw` what the terminal
    /// showed, in the modes that it had. Both are done only while the terminal is not as it was found. SIGINT and SIGTERM
    /// are for [`Signals`](platform::Signals) at other times, and always where `request_ends` says so.
    ///
    /// # Errors
    /// The error of a system call: the process has no descriptor or no thread left.
    pub fn watch_signals(&self, request_ends: RequestEnds, redraw: impl Fn(&Self) + Send + 'static) -> io::Result<()> {
        let device = self.duplicate()?;
        platform::watch_signals(move |signal, end_process| {
            let ours = device.modes();
            match (signal, ours.set) {
                (SeenSignal::Continued, Some(modes)) => {
                    drop(ours);
                    // This fails only if the terminal is gone.
                    let _ = modes.apply_to(&device.file);
                    redraw(&device);
                }
                (SeenSignal::Continued | SeenSignal::Request, None) => {}
                (SeenSignal::Request, Some(_)) if request_ends == RequestEnds::Run => {}
                (SeenSignal::Fatal, None) => {
                    drop(ours);
                    // A later `Device` of this process may have set modes (a question comes before the prompt), and its
                    // thread needs the time to put the terminal back.
                    thread::sleep(OTHERS_FIRST);
                    end_process();
                }
                (SeenSignal::Request | SeenSignal::Fatal, Some(_)) => {
                    // With the lock held up to the end: a thread that reads the terminal may get an empty answer when the
                    // modes change, and must not end the process with an error before the signal does.
                    let restored = ours.found.apply_to(&device.file);
                    let _ = restored.and_then(|()| device.write_within(LEAVE, Duration::ZERO));
                    end_process();
                }
            }
        })
    }

    /// The same terminal through another descriptor.
    fn duplicate(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()?, modes: Arc::clone(&self.modes) })
    }

    fn modes(&self) -> MutexGuard<'_, Modes> {
        self.modes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `modes` to the terminal, unless another job has it.
    fn apply(&self, modes: TerminalModes) -> io::Result<()> {
        let mut ours = self.modes();
        if self.is_in_foreground() {
            modes.apply_to(&self.file)?;
            ours.set = Some(modes);
        }
        Ok(())
    }

    /// The file of the terminal, to read keys from.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Whether the process may change the modes of the terminal and read its keys.
    pub fn is_in_foreground(&self) -> bool {
        platform::is_in_foreground(&self.file)
    }

    /// Waits until that is so: a shell may continue the process in the background.
    pub fn wait_for_foreground(&self) {
        platform::wait_for_foreground(&self.file);
    }

    /// The keys that interrupt, end the input, quit and suspend, in the modes that the terminal had when it was opened.
    pub fn special_keys(&self) -> SpecialKeys {
        self.modes().found.special_keys()
    }

    /// An output that writes to the terminal.
    ///
    /// # Errors
    /// The error of the duplication, if the process has no file descriptor left.
    pub fn output(&self) -> io::Result<FdOutput> {
        FdOutput::new(&self.file)
    }

    /// Sets raw modes: keys are not echoed and not gathered into lines, and Ctrl-C is a key. So keys that are pressed
    /// while the editor reads no line wait for the next line, and are shown only once. Does nothing while modes of ours are
    /// set, and while another job has the terminal: what that has set is no mode to give back.
    ///
    /// # Errors
    /// The error of the system call: the terminal is gone.
    pub fn set_raw(&self) -> io::Result<()> {
        let mut ours = self.modes();
        if ours.set.is_none() && self.is_in_foreground() {
            ours.found = TerminalModes::of(&self.file)?;
            let raw = ours.found.raw();
            raw.apply_to(&self.file)?;
            ours.set = Some(raw);
        }
        Ok(())
    }

    /// Makes Ctrl-C a key or a signal. All other modes stay.
    ///
    /// # Errors
    /// The error of the system call: the terminal is gone.
    pub(super) fn set_ctrl_c(&self, ctrl_c: CtrlC) -> io::Result<()> {
        self.apply(TerminalModes::of(&self.file)?.with_ctrl_c(ctrl_c))
    }

    /// Gives the terminal the modes that it had before we set some. It never blocks, even if the output is paused.
    ///
    /// # Errors
    /// The error of the system call: the terminal is gone.
    pub fn restore(&self) -> io::Result<()> {
        let mut ours = self.modes();
        if ours.set.is_some() {
            ours.found.apply_to(&self.file)?;
            ours.set = None;
        }
        Ok(())
    }

    /// Runs `pause` while the terminal has the modes that it had before we set some. After that it gets its current
    /// modes back.
    ///
    /// # Errors
    /// The error of a system call or a write: the terminal is gone. After an error before
    /// `pause`, it does not run.
    pub fn hand_back(&self, pause: impl FnOnce()) -> io::Result<()> {
        let modes = TerminalModes::of(&self.file)?;
        self.restore()?;
        self.output()?.write_all(BRACKETED_PASTE_OFF)?;
        pause();
        self.wait_for_foreground();
        self.apply(modes)?;
        self.output()?.write_all(BRACKETED_PASTE_ON)
    }

    /// How many columns the terminal has now. `None`: it does not say.
    pub(super) fn columns(&self) -> Option<usize> {
        self.size().map(|size| size.columns)
    }

    /// The size of the terminal now. `None`: it does not say.
    pub fn size(&self) -> Option<Size> {
        let (width, height) = terminal_size_of(&self.file)?;
        Some(Size { columns: width.0.into(), rows: height.0.into() })
    }

    /// Writes as many of `bytes` as the terminal takes within `limit`.
    ///
    /// # Errors
    /// The error of the write. It is `TimedOut`, if bytes are left.
    pub(super) fn write_within(&self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        platform::write_within(&self.file, bytes, limit)
    }

    /// Whether the terminal takes output within `limit`: it is not paused, or resumes in time.
    pub(super) fn is_writable_within(&self, limit: Duration) -> bool {
        platform::is_writable_within(&self.file, limit)
    }
}
