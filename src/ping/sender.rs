//! The thread that sends, and reports what has come of it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::ping::pacing::Pacing;
use crate::ping::report::PingReport;
use crate::ping::shared_state::{SharedState, Stage, Turn};
use crate::platform::Notifier;
use crate::session::Handle;

/// A report that threads take turns at.
pub type SharedReport = Arc<Mutex<PingReport>>;

/// Reports what has happened since this was done last. May block. Whether the output takes it.
pub fn report_new_items(report: &SharedReport, state: &SharedState) -> bool {
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    let (items, counts) = state.take_unreported();
    report.take(items, counts)
}

/// What the thread works with.
pub struct PingSender {
    /// What is to be sent, and what has come.
    pub state: Arc<SharedState>,
    /// Where that is reported.
    pub report: SharedReport,
    /// The connection.
    pub handle: Handle,
    /// How often rounds begin on it, and how many.
    pub pacing: Pacing,
    /// How often rounds begin, whatever connection they have.
    pub spacing: Pacing,
    /// Wakes the runner at the end.
    pub notifier: Notifier,
}

/// Whether a thread has ended.
#[derive(Clone, Default)]
pub struct Ended(Arc<AtomicBool>);

impl Ended {
    /// Whether it has.
    pub fn is_true(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl PingSender {
    /// Starts the thread. It ends when there are no more rounds on this connection, or the connection is over.
    ///
    /// # Errors
    /// When the process may have no more threads.
    pub fn spawn(self) -> io::Result<Ended> {
        let ended = Ended::default();
        let told = ended.clone();
        thread::Builder::new().spawn(move || {
            self.run();
            told.0.store(true, Ordering::Release);
            self.notifier.notify();
        })?;
        Ok(ended)
    }

    fn run(&self) {
        loop {
            if !report_new_items(&self.report, &self.state) {
                return self.handle.leave();
            }
            match self.state.turn(&self.pacing, &self.spacing) {
                Turn::Look => {}
                Turn::Send(number) => {
                    if self.state.probe().send(&self.handle, number).is_err() {
                        return self.state.withdraw();
                    }
                }
                Turn::Leave(Stage::Complete) => return self.handle.leave(),
                Turn::Leave(Stage::Going | Stage::CutOff) => return,
            }
        }
    }
}
