//! The prompt: the text before the line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::platform::Notifier;

/// How long after it was set a notice is shown: what is over before needs none.
const NOTICE_DELAY: Duration = Duration::from_millis(300);

/// The prompt of an editor. Clones refer to the same prompt.
#[derive(Debug, Clone)]
pub struct PromptHandle {
    state: Arc<Mutex<State>>,
    /// Has the editor draw its line again.
    notifier: Notifier,
}

#[derive(Debug)]
struct State {
    text: String,
    /// What stands in its place for now, and from when on.
    notice: Option<(&'static str, Instant)>,
}

impl PromptHandle {
    /// `> `
    pub(super) fn new(notifier: Notifier) -> Self {
        Self { state: Arc::new(Mutex::new(State { text: "> ".to_owned(), notice: None })), notifier }
    }

    /// Replaces the prompt, also that of the line that is being edited.
    pub fn set(&self, text: &str) {
        text.clone_into(&mut self.lock().text);
        self.notifier.notify();
    }

    /// Shows `notice` in place of the prompt, from a moment on and until `None` is given.
    pub fn set_notice(&self, notice: Option<&'static str>) {
        self.lock().notice = notice.map(|text| (text, Instant::now() + NOTICE_DELAY));
        self.notifier.notify();
    }

    pub(super) fn text(&self) -> String {
        let state = self.lock();
        let notice = state.notice.filter(|(_, from)| *from <= Instant::now());
        notice.map_or_else(|| state.text.clone(), |(text, _)| text.to_owned())
    }

    /// How long it takes until a notice is shown. `None`: none is to come.
    pub(super) fn until_notice(&self) -> Option<Duration> {
        let (_, from) = self.lock().notice?;
        let left = from.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
