//! The terminal itself: its modes, and writing to it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write, stdin};
use std::os::fd::AsFd;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{self, _POSIX_VDISABLE, InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios};
use nix::unistd::Pid;
use signal_hook::consts::SIGCONT;
use signal_hook::{flag, low_level};

use crate::output::{FdOutput, Output};

/// What an editor may have switched on: bracketed paste.
const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l";

/// What it switches on in the terminal.
const BRACKETED_PASTE_ON: &[u8] = b"\x1b[?2004h";

/// How long, in moments that pass for us, it takes at most until Ctrl-Z has stopped us.
const MOMENTS: u32 = 1000;
const MOMENT: Duration = Duration::from_millis(1);

/// The terminal that controls the process, or else the one that stdin is, and the modes in which it was found.
#[derive(Debug)]
pub struct Device {
    file: File,
    /// As the system has it: nix's own type is not `Sync`.
    found: nix::libc::termios,
}

/// Keys that mean something to the terminal (`stty` shows and sets them); `None` for one that is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecialKeys {
    /// Usually Ctrl-C.
    pub interrupt: Option<char>,
    /// Usually Ctrl-D.
    pub end_of_file: Option<char>,
    /// Usually Ctrl-\.
    pub quit: Option<char>,
    /// Usually Ctrl-Z.
    pub suspend: Option<char>,
}

impl Device {
    /// # Errors
    /// When there is no terminal.
    pub fn open() -> io::Result<Self> {
        let controlling = OpenOptions::new().read(true).write(true).open("/dev/tty");
        let file = match controlling {
            Ok(file) => file,
            Err(_) if stdin().is_terminal() => stdin().as_fd().try_clone_to_owned()?.into(),
            Err(error) => return Err(error),
        };
        let device = Self::on(file)?;
        device.restore_on_panic()?;
        Ok(device)
    }

    pub(super) fn on(terminal: File) -> io::Result<Self> {
        let found = termios::tcgetattr(&terminal)?.into();
        Ok(Self { file: terminal, found })
    }

    /// A panic ends the process and drops nothing, so the terminal is put back before it is reported.
    pub(super) fn restore_on_panic(&self) -> io::Result<()> {
        let device = Self { file: self.file.try_clone()?, found: self.found };
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // Nothing better can be done about a terminal that is gone.
            let _ = device.restore().and_then(|()| device.write_within(BRACKETED_PASTE_OFF, Duration::ZERO));
            report(panic);
        }));
        Ok(())
    }

    /// The terminal, to read from.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The keys that interrupt, end the input, quit and suspend, as they were found.
    pub fn special_keys(&self) -> SpecialKeys {
        let key = |index| match Termios::from(self.found).control_chars[index as usize] {
            _POSIX_VDISABLE => None,
            key => Some(char::from(key)),
        };
        SpecialKeys {
            interrupt: key(SpecialCharacterIndices::VINTR),
            end_of_file: key(SpecialCharacterIndices::VEOF),
            quit: key(SpecialCharacterIndices::VQUIT),
            suspend: key(SpecialCharacterIndices::VSUSP),
        }
    }

    /// A way to write to it.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn output(&self) -> io::Result<FdOutput> {
        FdOutput::new(&self.file)
    }

    /// Keys are neither echoed nor gathered into lines, nor is Ctrl-C anything but a key. So what is typed while nobody
    /// edits is there, once and unharmed, when somebody does.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn calm(&self) -> io::Result<()> {
        let mut modes = Termios::from(self.found);
        modes.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::IEXTEN | LocalFlags::ISIG);
        // When signals are switched on, Ctrl-C is not to throw away what was typed, or what is being shown.
        modes.local_flags.insert(LocalFlags::NOFLSH);
        modes.input_flags.remove(InputFlags::ICRNL | InputFlags::IXON);
        modes.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        modes.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        self.apply(&modes)
    }

    /// Whether Ctrl-C is a signal; all else stays.
    ///
    /// # Errors
    /// What the terminal says.
    pub(super) fn set_signals(&self, on: bool) -> io::Result<()> {
        let mut modes = termios::tcgetattr(&self.file)?;
        modes.local_flags.set(LocalFlags::ISIG, on);
        self.apply(&modes)
    }

    /// Puts it back as it was found. Waits for nothing: output may be paused.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn restore(&self) -> io::Result<()> {
        self.apply(&self.found.into())
    }

    /// Runs `pause` with the terminal as it was found, then goes back to the modes that were in force.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn hand_back(&self, pause: impl FnOnce()) -> io::Result<()> {
        let modes = termios::tcgetattr(&self.file)?;
        self.restore()?;
        self.output()?.write_all(BRACKETED_PASTE_OFF)?;
        pause();
        self.apply(&modes)?;
        self.output()?.write_all(BRACKETED_PASTE_ON)
    }

    /// Stops the process group, as Ctrl-Z does, and returns when somebody has let it go on.
    pub fn stop() {
        let goes_on = Arc::new(AtomicBool::new(false));
        let Ok(watch) = flag::register(SIGCONT, Arc::clone(&goes_on)) else { return };
        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        // Another thread may take the signal, and this one has some moments until it is stopped. Where no shell could let
        // us go on (an orphaned process group) nothing is stopped.
        for _ in 0..MOMENTS {
            if goes_on.load(Ordering::Relaxed) {
                break;
            }
            thread::sleep(MOMENT);
        }
        low_level::unregister(watch);
    }

    /// Writes what can be written within `limit`.
    ///
    /// # Errors
    /// What the terminal says; `TimedOut` when some is left.
    pub(super) fn write_within(&self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        let flags = OFlag::from_bits_retain(fcntl(&self.file, FcntlArg::F_GETFL)?);
        fcntl(&self.file, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        let written = self.write_until(bytes, Instant::now() + limit);
        // Others may share them: where there is no controlling terminal it is stdin's.
        fcntl(&self.file, FcntlArg::F_SETFL(flags))?;
        written
    }

    fn write_until(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            match (&self.file).write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if !self.is_writable_within(PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO)) {
                        return Err(ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether output goes on, or resumes in time. (macOS cannot poll `/dev/tty`, and says that it does.)
    pub(super) fn is_writable_within(&self, limit: PollTimeout) -> bool {
        let mut descriptors = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
        !matches!(poll(&mut descriptors, limit), Ok(0))
    }

    fn apply(&self, modes: &Termios) -> io::Result<()> {
        Ok(termios::tcsetattr(&self.file, SetArg::TCSANOW, modes)?)
    }
}
