//! jq, by jaq: a filter is compiled once and run for each message, on the thread that has the message.
//!
//! jaq has no limits of its own. So nothing that is nested deeper than [`DEEPEST`] reaches it, what takes time that grows with the
//! square of its length does not either, and the filters are missing that would end the program. A filter of the user's own may
//! never end: it can be [interrupted](JqFilter::interrupt), and fails where it takes more than [`MOST_STACK`]. Nothing guards
//! against values that it nests itself a hundred thousand deep: their end takes more stack than there is.

mod compile;
mod functions;
mod guard;
mod mistakes;
mod regexes;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jaq_core::data::{DataT, HasLut};
use jaq_core::{Ctx, Error, Exn, Lut, Vars};
use jaq_json::Val;

use self::regexes::Regexes;
use super::error::Mistake;
use super::json::Json;
use super::syntax::{ExpressionKind, Syntax};
use super::{ExpressionError, Message};
use crate::event::Direction;
use crate::wire::Kind;

/// How deep JSON may be nested.
const DEEPEST: usize = 128;
/// How many digits a number may have in a row: reading and showing one takes time that grows with the square of them.
const LONGEST_NUMBER: usize = 1000;
/// How many bytes a filter may make of one message.
const MOST: usize = 64 << 20;

/// How much stack a filter may take, in bytes. The main thread, on which recordings are shown, has 8 MiB.
const MOST_STACK: usize = 5 << 20;

/// Why a filter that was interrupted makes nothing of a message.
const INTERRUPTED: &str = "the filter was interrupted";

/// A jq filter. A clone is the same filter, not compiled anew.
#[derive(Clone)]
pub struct JqFilter {
    program: Arc<Program>,
    written: Arc<str>,
}

/// A compiled filter, and what its functions share from one message to the next.
struct Program {
    filter: jaq_core::Filter<Values>,
    /// The variables that it uses, in the order in which it was compiled with them.
    variables: Vec<Variable>,
    regexes: Regexes,
    is_interrupted: AtomicBool,
}

/// What is known of a message beside its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Direction,
    Opcode,
    Size,
    Note,
}

/// The values that a filter works on.
struct Values;

impl DataT for Values {
    type V<'a> = Val;
    type Data<'a> = Run<'a>;
}

/// A program that runs for one message.
#[derive(Clone, Copy)]
struct Run<'a> {
    program: &'a Program,
    /// Where the stack of its thread was when it began.
    stack: usize,
}

impl<'a> Run<'a> {
    fn begin(program: &'a Program) -> Self {
        Self { program, stack: stack() }
    }

    /// Whether it has called itself so deeply that little stack may be left.
    fn is_too_deep(self) -> bool {
        stack().abs_diff(self.stack) > MOST_STACK
    }
}

impl<'a> HasLut<'a, Values> for Run<'a> {
    fn lut(&self) -> &'a Lut<Values> {
        &self.program.filter.lut
    }
}

/// An address in the frame of its caller, or near it.
fn stack() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

impl Variable {
    const ALL: [Self; 4] = [Self::Direction, Self::Opcode, Self::Size, Self::Note];

    fn name(self) -> &'static str {
        match self {
            Self::Direction => "$dir",
            Self::Opcode => "$op",
            Self::Size => "$size",
            Self::Note => "$note",
        }
    }

    fn value(self, message: &Message<'_>) -> Val {
        let text = |text: &str| Val::from(text.to_owned());
        match self {
            Self::Direction if message.direction == Direction::Sent => text("sent"),
            Self::Direction => text("received"),
            Self::Opcode if message.kind == Kind::Text => text("text"),
            Self::Opcode => text("binary"),
            Self::Size => Val::from(message.payload.len()),
            Self::Note => message.note.map_or(Val::Null, text),
        }
    }
}

impl JqFilter {
    /// Parses a filter that makes something of a message.
    ///
    /// # Errors
    /// Where it is wrong, and what may be meant.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let syntax = Syntax { text, is_negated: false, kind: ExpressionKind::Jq, is_told_by_start: false, body: text };
        Self::compiled(text, compile::Use::Output).map_err(|mistake| ExpressionError::new(&syntax, mistake))
    }

    /// Compiles a filter that says yes or no.
    pub(super) fn compile_condition(text: &str) -> Result<Self, Mistake> {
        Self::compiled(text, compile::Use::Condition)
    }

    fn compiled(text: &str, wanted: compile::Use) -> Result<Self, Mistake> {
        let program = compile::compile(text, wanted)?;
        Ok(Self { program: Arc::new(program), written: text.into() })
    }

    /// Ends what it does on any thread, at its next step. From then on it makes nothing of any message.
    pub fn interrupt(&self) {
        self.program.is_interrupted.store(true, Ordering::Relaxed);
    }

    /// Whether it was [interrupted](Self::interrupt).
    pub fn is_interrupted(&self) -> bool {
        self.program.is_interrupted()
    }

    /// Whether any of its results is neither `false` nor `null`.
    pub(super) fn holds(&self, message: &Message<'_>) -> Result<bool, String> {
        let json = Json::of(message.payload);
        for result in self.program.run(message, json)? {
            match result {
                Ok(Val::Null | Val::Bool(false)) => {}
                Ok(_) => return Ok(true),
                // Of what has not this shape it does not hold: that is what a filter is for.
                Err(_) if json.is_none() && !self.is_interrupted() => return Ok(false),
                Err(exception) => return Err(self.program.reason(exception)),
            }
        }
        Ok(false)
    }

    /// What it makes of a message: the text of each result. A string is its text, anything else JSON.
    ///
    /// # Errors
    /// Why it makes nothing of it.
    pub fn apply(&self, message: &Message<'_>) -> Result<Vec<Vec<u8>>, String> {
        let mut texts = Vec::new();
        let mut length = 0;
        for result in self.program.run(message, Json::of(message.payload))? {
            let text = match result.map_err(|exception| self.program.reason(exception))? {
                Val::TStr(string) => string.to_vec(),
                other => written(&other)?,
            };
            // What a result costs beside its text.
            length += text.len() + size_of::<Vec<u8>>();
            if length > MOST {
                return Err(format!("it makes more than {} MiB of one message", MOST >> 20));
            }
            texts.push(text);
        }
        Ok(texts)
    }
}

impl Program {
    fn is_interrupted(&self) -> bool {
        self.is_interrupted.load(Ordering::Relaxed)
    }

    /// The results for a message, which may be `json`. A failure is not put into words here: a filter may fail on each message.
    fn run<'a>(
        &'a self,
        message: &Message<'_>,
        json: Option<Json<'_>>,
    ) -> Result<impl Iterator<Item = Result<Val, Exn<'a, Val>>> + use<'a>, String> {
        if self.is_interrupted() {
            return Err(INTERRUPTED.to_owned());
        }
        let input = input(message, json)?;
        let variables = self.variables.iter().map(|variable| variable.value(message));
        let context = Ctx::<Values>::new(Run::begin(self), Vars::new(variables));
        Ok(self.filter.id.run((context, input)))
    }

    /// Why the filter has failed.
    fn reason(&self, exception: Exn<'_, Val>) -> String {
        match exception.get_err().map(Error::into_val) {
            Ok(Val::TStr(text)) => bounded(&String::from_utf8_lossy(&text)),
            Ok(other) => bounded(&other.to_string()),
            Err(_) if self.is_interrupted() => INTERRUPTED.to_owned(),
            Err(_) => "it ended without a result".to_owned(),
        }
    }
}

/// What a filter gets: JSON as its value, other text as a string, other bytes as a byte string.
fn input(message: &Message<'_>, json: Option<Json<'_>>) -> Result<Val, String> {
    match json {
        Some(json) => read(json),
        None if simdutf8::basic::from_utf8(message.payload).is_ok() => Ok(Val::utf8_str(message.payload.to_vec())),
        None => Ok(Val::byte_str(message.payload.to_vec())),
    }
}

/// The value of JSON that jaq can be given.
fn read(json: Json<'_>) -> Result<Val, String> {
    let extent = json.extent();
    if extent.depth > DEEPEST {
        return Err(format!("it is nested deeper than {DEEPEST}"));
    }
    if extent.digits > LONGEST_NUMBER {
        return Err(format!("it has a number of more than {LONGEST_NUMBER} digits"));
    }
    jaq_json::read::parse_single(json.text().as_bytes()).map_err(|error| format!("jq cannot read it: {error}"))
}

fn written(value: &Val) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let style = jaq_json::write::Pp::default();
    jaq_json::write::write(&mut text, &style, 0, value).map_err(|error| error.to_string())?;
    Ok(text)
}

/// An error of a filter has the values in it that it could not use.
fn bounded(error: &str) -> String {
    const SHOWN: usize = 120;
    match error.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &error[..end]),
        None => error.to_owned(),
    }
}

impl fmt::Display for JqFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl fmt::Debug for JqFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("JqFilter").field(&self.written).finish()
    }
}

impl PartialEq for JqFilter {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for JqFilter {}
