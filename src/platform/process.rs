//! Where the process stands, and signals that it sends to itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid, getsid};
use signal_hook::consts::{SIGCONT, SIGINT};
use signal_hook::{flag, low_level};

/// How often [`suspend`] checks at most whether the process was continued. Only checks while the process runs count.
const MAX_CHECKS: u32 = 1000;
const CHECK_INTERVAL: Duration = Duration::from_millis(1);

/// Stops the process group, as Ctrl-Z does. Returns when the shell has continued it.
pub fn suspend() {
    let is_continued = Arc::new(AtomicBool::new(false));
    let Ok(handler) = flag::register(SIGCONT, Arc::clone(&is_continued)) else { return };
    let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
    // The kernel may deliver the signal to another thread, and stop this thread some milliseconds later. In an orphaned
    // process group, which no shell could continue, the signal stops nothing.
    for _ in 0..MAX_CHECKS {
        if is_continued.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(CHECK_INTERVAL);
    }
    low_level::unregister(handler);
}

/// Whether our parent leads the session, as the shell of a terminal does; no other program between, such as `timeout`.
pub fn is_started_by_session_leader() -> bool {
    getsid(None).is_ok_and(|session| session == getppid())
}

/// Ends the process by SIGINT, as Ctrl-C does to a program that does not catch it.
pub fn interrupt() {
    let _ = low_level::emulate_default_handler(SIGINT);
}
