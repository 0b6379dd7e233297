//! The prompt: the text before the line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A prompt, plain and styled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// The text without escape sequences.
    pub plain: String,
    /// The same text with colours. It has the same width.
    pub styled: String,
    /// A shorter text for a line that began with a narrower prompt. It is shown if its width is the width of that
    /// prompt. It may be empty.
    pub brief: String,
}

impl Prompt {
    /// The same prompt with the shorter text `brief`, for a line that began with a narrower prompt.
    pub fn or_briefly(self, brief: &str) -> Self {
        Self { brief: brief.to_owned(), ..self }
    }
}

impl From<&str> for Prompt {
    fn from(plain: &str) -> Self {
        Self { plain: plain.to_owned(), styled: plain.to_owned(), brief: String::new() }
    }
}

/// The prompt of an editor. Clones refer to the same prompt.
#[derive(Debug, Clone)]
pub struct PromptHandle {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    current: Prompt,
    /// The width of the prompt with which the current line began. rustyline positions the cursor by it until the line
    /// ends.
    width: usize,
}

impl PromptHandle {
    pub(super) fn new(prompt: Prompt) -> Self {
        Self { state: Arc::new(Mutex::new(State { current: prompt, width: 0 })) }
    }

    /// Replaces the prompt. It is shown when the line is drawn the next time. If the line began with a wider prompt,
    /// spaces fill the rest at the left. If it began with a narrower one, [`Prompt::brief`] is shown if it has just
    /// that width; otherwise the old prompt stays until the next line.
    pub fn set(&self, prompt: Prompt) {
        self.lock().current = prompt;
    }

    /// The prompt for a new line, which begins now.
    pub(super) fn for_line(&self) -> Prompt {
        let mut state = self.lock();
        state.width = width(&state.current.plain);
        state.current.clone()
    }

    /// The prompt to draw in the current line. `None`: the one with which the line began.
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
