//! The prompt: the text before the line.

use std::sync::{Arc, Mutex, PoisonError};

use crate::platform::Notifier;

/// The prompt of an editor. Clones refer to the same prompt.
#[derive(Debug, Clone)]
pub struct PromptHandle {
    text: Arc<Mutex<String>>,
    /// Has the editor draw its line again.
    notifier: Notifier,
}

impl PromptHandle {
    pub(super) fn new(text: String, notifier: Notifier) -> Self {
        Self { text: Arc::new(Mutex::new(text)), notifier }
    }

    /// Replaces the prompt, also that of the line that is being edited.
    pub fn set(&self, text: &str) {
        text.clone_into(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner));
        self.notifier.notify();
    }

    pub(super) fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
