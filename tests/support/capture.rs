//! What comes out of a pipe, collected by a thread so that the program never waits for the test.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use super::PATIENCE;

/// Bytes that grow while the program runs.
#[derive(Clone)]
pub struct Capture(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
}

impl Capture {
    /// Reads `source` to its end.
    pub fn all(source: impl Read + Send + 'static) -> Self {
        Self::until(source, |_| false)
    }

    /// Reads until `lines` lines have come, then closes the pipe: `| head -n LINES`.
    pub fn lines(source: impl Read + Send + 'static, lines: usize) -> Self {
        Self::until(source, move |bytes| bytes.split(|&byte| byte == b'\n').count() > lines)
    }

    fn until(mut source: impl Read + Send + 'static, enough: impl Fn(&[u8]) -> bool + Send + 'static) -> Self {
        let capture = Self(Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() }));
        let shared = capture.clone();
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while !enough(&shared.state().bytes) {
                // A pseudo-terminal reports its end as an error.
                let Ok(count @ 1..) = source.read(&mut buffer) else { break };
                shared.state().bytes.extend_from_slice(&buffer[..count]);
                shared.0.changed.notify_all();
            }
            drop(source);
            shared.state().ended = true;
            shared.0.changed.notify_all();
        });
        capture
    }

    /// What has come so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// What has come so far, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.state().bytes).into_owned()
    }

    /// Waits until `text` occurs in what has come. `false`: it didn't in time, or the pipe ended first.
    #[must_use]
    pub fn wait_for(&self, text: &[u8]) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state();
        let mut searched = 0;
        while !contains(&state.bytes[searched..], text) {
            // Its first bytes may have come.
            searched = state.bytes.len().saturating_sub(text.len()).max(searched);
            let left = deadline.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                return false;
            }
            state = self.0.changed.wait_timeout(state, left).expect("the reading thread does not panic").0;
        }
        true
    }

    /// Waits for the end of the pipe. `false`: it stayed open.
    #[must_use]
    pub fn wait_end(&self) -> bool {
        let state = self.state();
        let waited = self.0.changed.wait_timeout_while(state, PATIENCE, |state| !state.ended);
        waited.expect("the reading thread does not panic").0.ended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("the reading thread does not panic")
    }
}

/// Whether `text` occurs in `bytes`.
pub fn contains(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}
