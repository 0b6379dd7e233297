//! The callbacks that rustyline calls while a line is edited. They also detect why rustyline draws its line.
//!
//! rustyline draws its line for one of two reasons: a key changed the line, or rustyline has printed text above the
//! line. [`Terminal`] must know which, and rustyline does not say it. But before rustyline draws because of a key, it
//! calls `highlight_char` or `highlight_candidate`. After it has printed text above the line, it calls neither. These
//! callbacks set a flag, and `highlight_prompt`, which rustyline calls in each drawing, reads and clears it.
//! `highlight_char` returns true, so a drawing follows each call of it.
//!
//! This is true for version 19 of rustyline. In its `edit.rs`, the three callers of `refresh` call `highlight_char`. Of
//! the callers of `repaint`, one calls `highlight_char`, one lists candidates first, and the third is `external_print`.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Context};

use super::PromptHandle;
use super::completion::{Candidate, candidates};
use super::keys::{Key, LastKey};
use crate::input::continuation::{goes_on, is_incomplete_json, unescaped};
use crate::output::terminal::Terminal;

/// The state of the callbacks.
pub(super) struct Helper {
    terminal: Terminal,
    prompt: PromptHandle,
    last_key: LastKey,
    /// The cause of the next drawing is a key, and not text that was printed above the line.
    is_caused_by_key: AtomicBool,
    /// The line as it was last drawn.
    line: Mutex<String>,
}

impl Helper {
    pub(super) fn new(terminal: Terminal, prompt: PromptHandle, last_key: LastKey) -> Self {
        Self { terminal, prompt, last_key, is_caused_by_key: AtomicBool::new(false), line: Mutex::default() }
    }

    /// The line as it was last drawn.
    pub(super) fn line(&self) -> String {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl rustyline::Helper for Helper {}

impl Highlighter for Helper {
    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.is_caused_by_key.store(true, Ordering::Relaxed);
        true
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        self.is_caused_by_key.store(true, Ordering::Relaxed);
        Cow::Borrowed(candidate)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, default: bool) -> Cow<'b, str> {
        if self.is_caused_by_key.swap(false, Ordering::Relaxed) {
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
        let (start, candidates) = candidates(&line[..cursor]);
        let pair = |candidate: Candidate| Pair { display: candidate.shown, replacement: candidate.inserted };
        Ok((start, candidates.into_iter().map(pair).collect()))
    }
}

impl Hinter for Helper {
    type Hint = String;
}
