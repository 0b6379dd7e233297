//! The jq filters that run at the moment. A filter may never end: through this another thread can interrupt it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::{Expression, JqFilter, Message, Verdict};

/// The runs that are under way, at most one on each thread. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct FilterRuns(Arc<Mutex<Vec<Run>>>);

#[derive(Debug)]
struct Run {
    thread: ThreadId,
    filter: JqFilter,
    since: Instant,
}

impl FilterRuns {
    /// [`Expression::judge`], and it can be interrupted.
    pub fn judge(&self, expression: &Expression, message: &Message<'_>) -> Verdict {
        let _run = expression.jq().map(|filter| self.begin(filter));
        expression.judge(message)
    }

    /// Whether `message` matches all of these. No expression matches everything.
    pub fn judge_all(&self, expressions: &[Expression], message: &Message<'_>) -> Verdict {
        let mut trouble = None;
        for expression in expressions {
            let verdict = self.judge(expression, message);
            trouble = trouble.or(verdict.trouble);
            if !verdict.matches {
                return Verdict { matches: false, trouble };
            }
        }
        Verdict { matches: true, trouble }
    }

    /// [`JqFilter::apply`], and it can be interrupted.
    ///
    /// # Errors
    /// Those of [`JqFilter::apply`].
    pub fn apply(&self, filter: &JqFilter, message: &Message<'_>) -> Result<Vec<Vec<u8>>, String> {
        let _run = self.begin(filter);
        filter.apply(message)
    }

    /// Interrupts each filter that has been busy with one message for at least so long; whether there was one.
    pub fn interrupt(&self, least: Duration) -> bool {
        let runs = self.lock();
        let long = runs.iter().filter(|run| run.since.elapsed() >= least);
        long.map(|run| run.filter.interrupt()).count() > 0
    }

    fn begin(&self, filter: &JqFilter) -> Ending<'_> {
        let run = Run { thread: thread::current().id(), filter: filter.clone(), since: Instant::now() };
        self.lock().push(run);
        Ending(self)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the run of the thread that drops it.
struct Ending<'a>(&'a FilterRuns);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let thread = thread::current().id();
        self.0.lock().retain(|run| run.thread != thread);
    }
}
