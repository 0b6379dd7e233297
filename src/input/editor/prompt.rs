//! What stands before the line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// As it is, without any escape sequence.
    pub plain: String,
    /// With colours; the same width.
    pub styled: String,
    /// What to show in its place in a line that was begun with a prompt of just that width; may be empty.
    pub brief: String,
}

impl Prompt {
    /// With something shorter, for a line that has been begun.
    pub fn or_briefly(self, brief: &str) -> Self {
        Self { brief: brief.to_owned(), ..self }
    }
}

impl From<&str> for Prompt {
    fn from(plain: &str) -> Self {
        Self { plain: plain.to_owned(), styled: plain.to_owned(), brief: String::new() }
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

    /// Shown the next time that the line is drawn. A line that was begun with a wider one shows it at its right end; one
    /// that was begun with a narrower one goes on with that until the next line, unless something brief fits.
    pub fn set(&self, prompt: Prompt) {
        self.lock().current = prompt;
    }

    /// The prompt of a new line.
    pub(super) fn for_line(&self) -> Prompt {
        let mut state = self.lock();
        state.width = width(&state.current.plain);
        state.current.clone()
    }

    /// What to draw now; `None` for what the line was begun with.
    pub(super) fn now(&self) -> Option<String> {
        let state = self.lock();
        let Prompt { plain, styled, brief } = &state.current;
        match state.width.checked_sub(width(plain)) {
            Some(missing) => Some(" ".repeat(missing) + styled),
            None => (width(brief) == state.width).then(|| brief.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_with_a_prompt_of_the_width_that_it_was_begun_with() {
        let handle = PromptHandle::new("> ".into());
        assert_eq!(handle.for_line(), "> ".into());
        handle.set("! ".into());
        assert_eq!(handle.now().as_deref(), Some("! "));
        handle.set("offline> ".into());
        assert_eq!(handle.now(), None);
        let brief = Prompt::from("offline> ").or_briefly("x ");
        handle.set(brief.clone());
        assert_eq!(handle.now().as_deref(), Some("x "));
        assert_eq!(handle.for_line(), brief);
        assert_eq!(handle.now().as_deref(), Some("offline> "));
        handle.set("> ".into());
        assert_eq!(handle.now().as_deref(), Some("       > "));
    }
}
