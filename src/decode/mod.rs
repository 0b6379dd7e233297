//! Decoders: what a message holds that is no text, or that is hidden in one. Pure, and bounded: a peer's bytes in,
//! [`Annotation`]s out.
//!
//! Each file is one decoder (`compressed` has `gzip`, `zlib` and `zstd`, `stream` those of streams); a line in [`ALL`] adds it.

mod cbor;
mod compressed;
mod image;
mod jwt;
mod message_pack;
mod protobuf;
mod stream;
mod text;

use std::ops::Range;

use stream::{Format, Stream};
use text::Text;

use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// Every decoder, in the order in which they are asked whether a message is theirs.
pub const ALL: &[&Description] = &[
    &image::IMAGE,
    &compressed::GZIP,
    &compressed::ZSTD,
    &compressed::ZLIB,
    &stream::ZLIB_STREAM,
    &stream::ZSTD_STREAM,
    &message_pack::MESSAGE_PACK,
    &cbor::CBOR,
    &jwt::JWT,
    &protobuf::PROTOBUF,
];

/// Messages that are longer are not decoded, in bytes.
pub const LONGEST: usize = 1024 * 1024;

/// A decoder.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Its name for `decode`, annotations and JSON: lower case, with `-`.
    pub name: &'static str,
    /// What it is called in an annotation.
    title: &'static str,
    /// Whether it is for text messages. The others are for binary ones.
    kind: Kind,
    /// Whether a message may be of it, by its first bytes. `None`: nothing tells, it has to be named.
    is_sign: Option<fn(&[u8]) -> bool>,
    /// Decodes a whole message.
    decode: fn(&[u8]) -> Result<Decoded, Failure>,
}

impl PartialEq for Description {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Description {}

/// What a message holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Decoded {
    /// In a line.
    text: String,
    /// The places in the message that must not be shown.
    secrets: Vec<Range<usize>>,
}

impl From<String> for Decoded {
    fn from(text: String) -> Self {
        Self { text, secrets: Vec::new() }
    }
}

/// Why a message cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// It is not of this kind at all.
    Other(String),
    /// It surely is, but broken.
    Broken(String),
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::Other(text.to_owned())
    }
}

/// Which decoder is used, or which dialect is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Choice<D: 'static = Description> {
    /// Whichever the messages themselves tell; a dialect also by the subprotocol agreed on, and by the target.
    Auto,
    /// None.
    None,
    /// This one, whatever the messages look like.
    Named(&'static D),
}

/// The names of all decoders.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|decoder| decoder.name)
}

/// The decoder of this name.
pub fn named(name: &str) -> Option<&'static Description> {
    ALL.iter().copied().find(|decoder| decoder.name == name)
}

/// The decoders of a session.
pub struct Decoders {
    choice: Choice,
    /// The streams of either end that go through several messages.
    client: Stream,
    server: Stream,
}

impl Decoders {
    /// Of a session that begins.
    pub fn new(choice: Choice) -> Self {
        Self { choice, client: Stream::default(), server: Stream::default() }
    }

    /// Whether they have nothing to do.
    pub fn are_off(&self) -> bool {
        matches!(self.choice, Choice::None)
    }

    /// Takes a message of either end, in order, and says what it holds. `None`: there is nothing to say.
    pub fn message(&mut self, from: Role, kind: Kind, payload: &[u8]) -> Option<Annotation> {
        let stream = match from {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        };
        let format = match self.choice {
            Choice::Auto if kind == Kind::Binary => stream.format(payload),
            Choice::Named(decoder) if kind == Kind::Binary => Format::of(decoder),
            _ => None,
        };
        if let Some(format) = format {
            return Some(stream.message(format, payload));
        }
        match self.choice {
            Choice::None => None,
            Choice::Auto => auto(kind, payload),
            Choice::Named(decoder) => (decoder.kind == kind).then(|| decode(decoder, payload)),
        }
    }
}

/// What `payload` holds, if it tells by itself what it is.
pub fn auto(kind: Kind, payload: &[u8]) -> Option<Annotation> {
    if payload.len() > LONGEST {
        return None;
    }
    let candidates =
        ALL.iter().filter(|decoder| decoder.kind == kind && decoder.is_sign.is_some_and(|sign| sign(payload)));
    candidates.map(|decoder| (decoder, (decoder.decode)(payload))).find_map(|(decoder, result)| match result {
        Err(Failure::Other(_)) => None,
        result => Some(annotation(decoder, result)),
    })
}

/// What `payload` holds for a decoder; an error, if it is something else.
pub fn decode(decoder: &Description, payload: &[u8]) -> Annotation {
    if payload.len() > LONGEST {
        return annotation(decoder, Err(Failure::Other(format!("longer than {LONGEST} bytes"))));
    }
    annotation(decoder, (decoder.decode)(payload))
}

fn annotation(decoder: &Description, result: Result<Decoded, Failure>) -> Annotation {
    let Description { name, title, .. } = decoder;
    let source = AnnotationSource::Decoder(name);
    match result {
        Ok(Decoded { text, secrets }) => {
            Annotation { secrets, ..Annotation::new(source, *name, format!("{title} {text}")) }
        }
        Err(Failure::Other(error)) => {
            Annotation { error: Some(format!("not {title}: {error}")), ..Annotation::new(source, *name, "") }
        }
        Err(Failure::Broken(error)) => Annotation { error: Some(error), ..Annotation::new(source, *name, *title) },
    }
}

/// Longer messages of values are not read, in bytes: in memory a value takes many times as much as on the wire.
const LONGEST_VALUE: usize = 256 * 1024;

/// Values may be nested so deep.
const DEEPEST_VALUE: usize = 64;

/// Why no value can be read.
enum ValueFault {
    /// The message ends in the middle of it.
    Cut,
    /// It is nested deeper than [`DEEPEST_VALUE`].
    Deep,
    /// Something else is wrong with it; where, if that is known, or with what has been read last.
    Wrong { at: Option<usize>, what: String },
}

/// The value that all of `payload` is, by what reads one from its start. Where it breaks is told.
fn whole<'a, T>(
    payload: &'a [u8],
    read: impl FnOnce(&mut &'a [u8], usize) -> Result<T, ValueFault>,
) -> Result<T, Failure> {
    if payload.len() > LONGEST_VALUE {
        return Err(Failure::Other(format!("longer than {LONGEST_VALUE} bytes")));
    }
    let mut rest = payload;
    let result = read(&mut rest, DEEPEST_VALUE);
    let place = payload.len() - rest.len();
    Err(Failure::Other(match result {
        Ok(value) if rest.is_empty() => return Ok(value),
        Ok(_) => format!("more follows its end, at byte {place}"),
        Err(ValueFault::Cut) => format!("the message ends in the middle of a value, at byte {}", payload.len()),
        Err(ValueFault::Deep) => format!("nested deeper than {DEEPEST_VALUE}, at byte {place}"),
        Err(ValueFault::Wrong { at, what }) => format!("{what}, at byte {}", at.unwrap_or(place)),
    }))
}

/// What was packed inside a message: a text as it is, else what it tells by itself, else its length.
fn content(inner: &[u8], is_all: bool) -> String {
    let length = if is_all { format!("{}", inner.len()) } else { format!("more than {}", inner.len()) };
    let whole = str::from_utf8(inner).ok();
    let start = inner.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let shown = match whole {
        Some(text) => Some(text::start(text)),
        None if !is_all && inner.len() - start.len() < 4 => Some(text::start(start)),
        None => [&message_pack::MESSAGE_PACK, &cbor::CBOR, &image::IMAGE].into_iter().find_map(|decoder| {
            let decoded = (decoder.is_sign?(inner)).then(|| (decoder.decode)(inner).ok()).flatten()?;
            Some(format!("{} {}", decoder.title, decoded.text))
        }),
    };
    match shown {
        Some(shown) => format!("of {length} bytes: {shown}"),
        None => format!("of {length} bytes"),
    }
}

#[cfg(test)]
mod tests;
