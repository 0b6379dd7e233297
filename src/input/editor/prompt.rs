//! What stands before the line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// As it is, without any escape sequence.
    pub plain: String,
    /// With colours; the same width.
    pub styled: String,
}

impl From<&str> for Prompt {
    fn from(plain: &str) -> Self {
        Self { plain: plain.to_owned(), styled: plain.to_owned() }
    }
}

/// The prompt of an editor; clones are the same prompt.
#[derive(Debug, Clone)]
pub struct PromptHandle {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    current: Prompt,
    /// How wide the prompt of the line is that is being edited: the editor has reckoned with it.
    width: usize,
}

impl PromptHandle {
    pub(super) fn new(prompt: Prompt) -> Self {
        Self { state: Arc::new(Mutex::new(State { current: prompt, width: 0 })) }
    }

    /// Shown the next time that the line is drawn, and if it is of another width than the one before, from the next line
    /// on.
    pub fn set(&self, prompt: Prompt) {
        self.lock().current = prompt;
    }

    /// The prompt of a new line.
    pub(super) fn for_line(&self) -> Prompt {
        let mut state = self.lock();
        state.width = width(&state.current);
        state.current.clone()
    }

    /// What to draw now; `None` for what the line was begun with.
    pub(super) fn now(&self) -> Option<String> {
        let state = self.lock();
        (width(&state.current) == state.width).then(|| state.current.styled.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn width(prompt: &Prompt) -> usize {
    prompt.plain.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_changes_at_once_unless_its_width_does() {
        let handle = PromptHandle::new("> ".into());
        assert_eq!(handle.for_line(), "> ".into());
        handle.set("! ".into());
        assert_eq!(handle.now().as_deref(), Some("! "));
        handle.set("offline> ".into());
        assert_eq!(handle.now(), None);
        assert_eq!(handle.for_line(), "offline> ".into());
    }
}
