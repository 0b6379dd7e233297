//! How far a flood is, on a terminal: one line, which goes when anything else is written.

use std::time::{Duration, Instant};

use crate::client::view::shows_progress;
use crate::output::Fanout;
use crate::ping::round_tracker::Counts;

/// How often it is shown anew.
const INTERVAL: Duration = Duration::from_millis(100);

/// Shows how far a flood is.
pub struct FloodProgress {
    fanout: Fanout,
    /// When it is shown next.
    due: Instant,
}

impl FloodProgress {
    /// `None` where stderr is no terminal that can show it.
    pub fn on_terminal(fanout: Fanout) -> Option<Self> {
        shows_progress().then(|| Self { fanout, due: Instant::now() + INTERVAL })
    }

    /// Shows the counts, if it is time to.
    pub fn show(&mut self, counts: Counts) {
        let now = Instant::now();
        if now >= self.due {
            self.due = now + INTERVAL;
            let text = format!("{} sent, {} missed", counts.sent, counts.missed());
            self.fanout.lock().printer().show_progress(&text);
        }
    }

    /// Makes room for what is written to the same terminal next.
    pub fn erase(&self) {
        self.fanout.lock().printer().erase_progress();
    }
}
