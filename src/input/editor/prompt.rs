//! The prompt: the text before the line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::platform::Notifier;

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
    /// What stands in its place for now.
    notice: Option<&'static str>,
}

impl PromptHandle {
    pub(super) fn new(text: String, notifier: Notifier) -> Self {
        Self { state: Arc::new(Mutex::new(State { text, notice: None })), notifier }
    }

    /// Replaces the prompt, also that of the line that is being edited.
    pub fn set(&self, text: &str) {
        text.clone_into(&mut self.lock().text);
        self.notifier.notify();
    }

    /// Shows `notice` in place of the prompt, until `None` is given.
    pub fn set_notice(&self, notice: Option<&'static str>) {
        self.lock().notice = notice;
        self.notifier.notify();
    }

    pub(super) fn text(&self) -> String {
        let state = self.lock();
        state.notice.map_or_else(|| state.text.clone(), str::to_owned)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
