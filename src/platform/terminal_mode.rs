//! Terminals: their modes, their special keys, and writes with a time limit.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write, stdin};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFlags, PollTimeout};
use nix::sys::termios::{self, _POSIX_VDISABLE, InputFlags, LocalFlags, SetArg, SpecialCharacterIndices};
use nix::unistd::getpgrp;

use super::Descriptor;

/// How often [`wait_for_foreground`] looks.
const FOREGROUND_CHECK: Duration = Duration::from_millis(50);

/// The modes of a terminal: how it treats keys and output. (`stty` shows them.)
#[derive(Debug, Clone, Copy)]
pub struct TerminalModes(
    /// The type of the C library. nix's own type is not `Sync`, and changes of its fields are lost when it is converted
    /// to this one.
    nix::libc::termios,
);

/// The keys with a meaning for the terminal. `None`: the key is switched off. (`stty` shows and sets them.)
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

/// What the terminal does when Ctrl-C is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CtrlC {
    /// The program reads it as a key.
    Key,
    /// The terminal sends SIGINT.
    Signal,
}

/// Opens the terminal that controls the process, or else the terminal that is stdin, for reading and writing.
///
/// # Errors
/// The error of the system call: there is no terminal, or the process has no descriptor left.
pub fn open_terminal() -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).open("/dev/tty") {
        Ok(file) => Ok(file),
        Err(_) if stdin().is_terminal() => Descriptor::from(&stdin()).duplicate(),
        Err(error) => Err(error),
    }
}

/// Whether the process may use `terminal`. It may not in the background: the shell or another job uses the terminal then,
/// and the kernel stops a process that changes its modes or reads from it. A terminal that does not control the process
/// has no background.
pub fn is_in_foreground<'a>(terminal: impl Into<Descriptor<'a>>) -> bool {
    terminal.into().foreground_group().is_none_or(|group| group == getpgrp())
}

/// Whether stdin is a terminal in whose background the process is.
pub fn is_stdin_in_background() -> bool {
    stdin().is_terminal() && !is_in_foreground(&stdin())
}

/// Waits until the process may use `terminal`. The shell does not tell when that happens to a process that runs.
pub fn wait_for_foreground(terminal: &File) {
    while !is_in_foreground(terminal) {
        thread::sleep(FOREGROUND_CHECK);
    }
}

impl TerminalModes {
    /// The modes that `terminal` has now.
    ///
    /// # Errors
    /// The error of the system call: the terminal is gone, or the file is no terminal.
    pub fn of(terminal: &File) -> io::Result<Self> {
        Ok(Self(termios::tcgetattr(terminal)?.into()))
    }

    /// Gives these modes to `terminal`. Does not wait until its output is written, because the terminal may be paused.
    /// Does nothing [in the background](is_in_foreground): the modes of the terminal are those of the foreground.
    ///
    /// # Errors
    /// The error of the system call: the terminal is gone, or the file is no terminal.
    pub fn apply_to(&self, terminal: &File) -> io::Result<()> {
        if is_in_foreground(terminal) {
            termios::tcsetattr(terminal, SetArg::TCSANOW, &self.0.into())?;
        }
        Ok(())
    }

    /// The keys that interrupt, end the input, quit and suspend.
    pub fn special_keys(&self) -> SpecialKeys {
        let key = |index| match self.0.c_cc[index as usize] {
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

    /// The same modes, but raw: keys are not echoed and not gathered into lines, and Ctrl-C is a key.
    pub fn raw(self) -> Self {
        let mut modes = self.0;
        modes.c_lflag &= !(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::IEXTEN | LocalFlags::ISIG).bits();
        // When Ctrl-C is a signal again, it must not discard the keys that were typed, nor the output.
        modes.c_lflag |= LocalFlags::NOFLSH.bits();
        modes.c_iflag &= !(InputFlags::ICRNL | InputFlags::IXON).bits();
        modes.c_cc[SpecialCharacterIndices::VMIN as usize] = 1;
        modes.c_cc[SpecialCharacterIndices::VTIME as usize] = 0;
        Self(modes)
    }

    /// The same modes with another meaning of Ctrl-C and of the other keys that send signals.
    pub fn with_ctrl_c(self, ctrl_c: CtrlC) -> Self {
        let mut modes = self.0;
        match ctrl_c {
            CtrlC::Key => modes.c_lflag &= !LocalFlags::ISIG.bits(),
            CtrlC::Signal => modes.c_lflag |= LocalFlags::ISIG.bits(),
        }
        Self(modes)
    }
}

/// Whether this error of a read means that the terminal was hung up.
pub fn is_terminal_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EIO as i32)
}

/// Whether `terminal` takes output within `limit`. On macOS this is always true, because it cannot poll `/dev/tty`.
pub fn is_writable_within(terminal: &File, limit: Duration) -> bool {
    let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::ZERO);
    Descriptor::from(terminal).happens_within(PollFlags::POLLOUT, limit).unwrap_or(true)
}

/// Writes as many of `bytes` to `terminal` as it takes within `limit`.
///
/// # Errors
/// The error of a system call. It is `TimedOut`, if the terminal did not take all bytes in time.
pub fn write_within(terminal: &File, bytes: &[u8], limit: Duration) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(terminal, FcntlArg::F_GETFL)?);
    fcntl(terminal, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    let written = write_until(terminal, bytes, Instant::now() + limit);
    // The flags are restored, because other processes may share them: without a controlling terminal, they are the
    // flags of stdin.
    fcntl(terminal, FcntlArg::F_SETFL(flags))?;
    written
}

fn write_until(mut terminal: &File, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        match terminal.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if !is_writable_within(terminal, deadline.saturating_duration_since(Instant::now())) {
                    return Err(ErrorKind::TimedOut.into());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nix::pty::openpty;
    use nix::sys::termios::Termios;

    use super::*;

    #[test]
    fn modes_are_changed_and_put_back() {
        let pair = openpty(None, None).unwrap();
        let terminal = File::from(pair.slave);
        let found = TerminalModes::of(&terminal).unwrap();
        let flags = || Termios::from(TerminalModes::of(&terminal).unwrap().0).local_flags;
        let (before, keys) = (flags(), LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        assert!(before.contains(keys));

        let raw = found.raw();
        raw.apply_to(&terminal).unwrap();
        assert!(!flags().intersects(keys));
        raw.with_ctrl_c(CtrlC::Signal).apply_to(&terminal).unwrap();
        assert_eq!(flags() & keys, LocalFlags::ISIG);
        found.apply_to(&terminal).unwrap();
        assert_eq!(flags(), before);
    }

    #[test]
    fn a_write_ends_in_time_where_the_terminal_takes_no_more() {
        let pair = openpty(None, None).unwrap();
        let terminal = File::from(pair.slave);
        let limit = Duration::from_millis(10);
        let error = write_within(&terminal, &vec![b'x'; 1 << 20], limit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(!is_writable_within(&terminal, limit));
    }
}
