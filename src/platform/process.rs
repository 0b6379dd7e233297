//! Signals that the process sends to itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use signal_hook::consts::SIGCONT;
use signal_hook::{flag, low_level};

/// How often [`suspend`] looks whether the process goes on, at most. Time in which it is stopped does not count.
const LOOKS: u32 = 1000;
const LOOK_INTERVAL: Duration = Duration::from_millis(1);

/// Stops the process group, as Ctrl-Z does, and returns when the shell continues it.
pub fn suspend() {
    let is_continued = Arc::new(AtomicBool::new(false));
    let Ok(handler) = flag::register(SIGCONT, Arc::clone(&is_continued)) else { return };
    let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
    // The kernel may deliver the signal to another thread, and stop this one some milliseconds later. It stops nothing
    // where no shell could continue the process (in an orphaned process group).
    for _ in 0..LOOKS {
        if is_continued.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(LOOK_INTERVAL);
    }
    low_level::unregister(handler);
}

/// Sends SIGINT, as Ctrl-C does.
pub fn interrupt() {
    let _ = raise(Signal::SIGINT);
}

/// Sends SIGWINCH, so that its handler asks for the size of the terminal again.
pub fn announce_resize() {
    let _ = raise(Signal::SIGWINCH);
}
