//! The thread that sends, and reports what has come of it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::ping::board::{Board, Stage, Turn};
use crate::ping::pacing::Pacing;
use crate::ping::report::PingReport;
use crate::platform::Notifier;
use crate::session::Handle;

/// A report that threads take turns at.
pub type SharedReport = Arc<Mutex<PingReport>>;

/// Reports what is new on the board. May block. Whether the output takes it.
pub fn report_news(report: &SharedReport, board: &Board) -> bool {
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    let (news, counts) = board.take_news();
    report.take(news, counts)
}

/// What the thread works with.
pub struct PingSender {
    /// What is to be sent, and what has come.
    pub board: Arc<Board>,
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
            if !report_news(&self.report, &self.board) {
                return self.handle.leave();
            }
            match self.board.turn(&self.pacing, &self.spacing) {
                Turn::Look => {}
                Turn::Send(number) => {
                    if self.board.probe().send(&self.handle, number).is_err() {
                        return self.board.withdraw();
                    }
                }
                Turn::Leave(Stage::Complete) => return self.handle.leave(),
                Turn::Leave(Stage::Going | Stage::CutOff) => return,
            }
        }
    }
}
