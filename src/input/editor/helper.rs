//! What rustyline asks for while a line is edited, and what its asking tells us.
//!
//! rustyline draws its line of its own accord, or below something that it has printed above it, and doesn't say
//! which. But before it draws of its own accord it asks whether characters are to be highlighted, or how a candidate of
//! a completion is; before it draws below what it has printed it asks nothing. (That is so in version 19: `refresh` in its `edit.rs` has
//! three callers that ask, and `repaint` one that does, one that lists candidates first, and `external_print`.) And
//! where `highlight_char` says yes, each time that it is asked something is drawn. So each drawing can be told apart.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Context};

use super::PromptHandle;
use super::completion::{Offer, offers};
use super::keys::{Key, LastKey};
use crate::input::continuation::{goes_on, is_incomplete_json, unescaped};
use crate::output::terminal::Terminal;

pub(super) struct Helper {
    terminal: Terminal,
    prompt: PromptHandle,
    last_key: LastKey,
    /// The next drawing is of the editor's own accord.
    is_own_drawing: AtomicBool,
    /// The line as it was last drawn.
    line: Mutex<String>,
}

impl Helper {
    pub(super) fn new(terminal: Terminal, prompt: PromptHandle, last_key: LastKey) -> Self {
        Self { terminal, prompt, last_key, is_own_drawing: AtomicBool::new(false), line: Mutex::default() }
    }

    /// The line as it was last drawn.
    pub(super) fn line(&self) -> String {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl rustyline::Helper for Helper {}

impl Highlighter for Helper {
    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.is_own_drawing.store(true, Ordering::Relaxed);
        true
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        self.is_own_drawing.store(true, Ordering::Relaxed);
        Cow::Borrowed(candidate)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, default: bool) -> Cow<'b, str> {
        if self.is_own_drawing.swap(false, Ordering::Relaxed) {
            self.terminal.drawn();
        } else {
            self.terminal.printed();
        }
        let current = if default { self.prompt.now() } else { None };
        current.map_or(Cow::Borrowed(prompt), Cow::Owned)
    }

    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        line.clone_into(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner));
        Cow::Borrowed(line)
    }
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        if self.last_key.get() == Key::Enter && is_incomplete_json(context.input()) {
            return Ok(ValidationResult::Incomplete);
        }
        self.terminal.line_accepted();
        Ok(ValidationResult::Valid(None))
    }
}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        if self.last_key.get() == Key::Continue && goes_on(&line[..cursor]) {
            self.last_key.set(Key::Enter);
            return Ok((
                unescaped(&line[..cursor]).len(),
                vec![Pair { display: String::new(), replacement: "\n".into() }],
            ));
        }
        let (start, offers) = offers(&line[..cursor]);
        let pair = |offer: Offer| Pair { display: offer.shown, replacement: offer.inserted };
        Ok((start, offers.into_iter().map(pair).collect()))
    }
}

impl Hinter for Helper {
    type Hint = String;
}
