//! What a message means: said beside it, never in place of it.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

/// What a dialect or a decoder says of one message. Its texts may hold a peer's characters, unescaped; they hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// What says it.
    pub source: AnnotationSource,
    /// What the message is, as a word for programs: `event`, `ack`, `CONNECT`.
    pub kind: Cow<'static, str>,
    /// One line for people: what the message itself does not say at first sight. Empty where there is nothing to add. What
    /// is shown is `text`, then ` after 84 ms` (`took`), then `: ` and the `error`: these are not repeated in it.
    pub text: String,
    /// The id that the message carries.
    pub id: Option<String>,
    /// The id of the message that this one answers.
    pub answers: Option<String>,
    /// How long after that message it came.
    pub took: Option<Duration>,
    /// What is wrong: an error that the message reports, or a breach of the dialect.
    pub error: Option<String>,
    /// Whether the message only keeps the connection alive.
    pub is_heartbeat: bool,
    /// The places in the payload that must not be shown: passwords, tokens. In order, without overlaps.
    pub secrets: Vec<Range<usize>>,
}

/// What an [`Annotation`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationSource {
    /// A dialect, by its name.
    Dialect(&'static str),
    /// A decoder, by its name.
    Decoder(&'static str),
}

impl Annotation {
    /// One that says what a message is, and nothing else.
    pub fn new(source: AnnotationSource, kind: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self {
            source,
            kind: kind.into(),
            text: text.into(),
            id: None,
            answers: None,
            took: None,
            error: None,
            is_heartbeat: false,
            secrets: Vec::new(),
        }
    }

    /// The [`kind`](Self::kind) of one that tells of a breach of the dialect.
    pub const BREACH: &str = "breach";

    /// One that tells of a breach of the dialect, and nothing else.
    pub fn breach(source: AnnotationSource, error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::new(source, Self::BREACH, "") }
    }

    /// One that says that a message only keeps the connection alive.
    pub fn heartbeat(source: AnnotationSource, kind: impl Into<Cow<'static, str>>) -> Self {
        Self { is_heartbeat: true, ..Self::new(source, kind, "") }
    }
}
