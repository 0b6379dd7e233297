//! The terminal itself: the modes that the editor needs, and the escape sequences that leave it usable.

use std::fs::File;
use std::io;
use std::panic;
use std::time::Duration;

use crate::output::{FdOutput, Output};
use crate::platform::{self, CtrlC, SpecialKeys, TerminalModes};

/// What an editor may have switched on: bracketed paste.
const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l";

/// What it switches on in the terminal.
const BRACKETED_PASTE_ON: &[u8] = b"\x1b[?2004h";

/// The terminal that controls the process, or else the one that stdin is, and the modes in which it was found.
#[derive(Debug)]
pub struct Device {
    file: File,
    found: TerminalModes,
}

impl Device {
    /// # Errors
    /// When there is no terminal.
    pub fn open() -> io::Result<Self> {
        let device = Self::on(platform::open_terminal()?)?;
        device.restore_on_panic()?;
        Ok(device)
    }

    pub(super) fn on(terminal: File) -> io::Result<Self> {
        let found = TerminalModes::of(&terminal)?;
        Ok(Self { file: terminal, found })
    }

    /// A panic ends the process and drops nothing, so its hook puts the terminal back before it reports the panic.
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
        self.found.special_keys()
    }

    /// A way to write to it.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn output(&self) -> io::Result<FdOutput> {
        FdOutput::new(&self.file)
    }

    /// Keys are neither echoed nor gathered into lines, and Ctrl-C is a key. So what is typed while the editor reads no
    /// line waits for the next line, and the terminal shows it once.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn set_raw(&self) -> io::Result<()> {
        self.found.raw().apply_to(&self.file)
    }

    /// Sets what Ctrl-C is; all else stays.
    ///
    /// # Errors
    /// What the terminal says.
    pub(super) fn set_ctrl_c(&self, ctrl_c: CtrlC) -> io::Result<()> {
        TerminalModes::of(&self.file)?.with_ctrl_c(ctrl_c).apply_to(&self.file)
    }

    /// Puts it back as it was found. Waits for nothing: output may be paused.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn restore(&self) -> io::Result<()> {
        self.found.apply_to(&self.file)
    }

    /// Runs `pause` with the terminal as it was found, then goes back to the modes that it had before.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn hand_back(&self, pause: impl FnOnce()) -> io::Result<()> {
        let modes = TerminalModes::of(&self.file)?;
        self.restore()?;
        self.output()?.write_all(BRACKETED_PASTE_OFF)?;
        pause();
        modes.apply_to(&self.file)?;
        self.output()?.write_all(BRACKETED_PASTE_ON)
    }

    /// Writes what can be written within `limit`.
    ///
    /// # Errors
    /// What the terminal says; `TimedOut` when some is left.
    pub(super) fn write_within(&self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        platform::write_within(&self.file, bytes, limit)
    }

    /// Whether output goes on, or resumes in time.
    pub(super) fn is_writable_within(&self, limit: Duration) -> bool {
        platform::is_writable_within(&self.file, limit)
    }
}
