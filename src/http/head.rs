//! An HTTP/1.1 head, taken apart line by line (RFC 9112 sections 2 to 5), with nothing of it lost.
//!
//! httparse is not used here since it says neither where a header stands nor which byte of it is wrong; the tests
//! compare with it.

use std::ops::Range;

#[cfg(test)]
use super::HeadKind;
use super::redact::{Part, Secrets};
use super::{Defect, StartLine, Version, shortened, token};

/// A head: the start line, the headers in order and as they were, and what is wrong with their syntax.
#[derive(Debug, Clone)]
pub struct Head {
    pub(super) raw: Vec<u8>,
    pub(super) first_line: Range<usize>,
    pub(super) start: StartLine,
    pub(super) fields: Vec<Field>,
    pub(super) defects: Vec<Defect>,
    pub(super) notes: Vec<String>,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// As it was written.
    pub name: String,
    /// Without the white space around it, unfolded.
    pub value: Vec<u8>,
    /// Its line or lines in the head, without the last line's end.
    pub lines: Range<usize>,
}

impl Head {
    /// The longest line of a head in a text, in characters.
    pub const LONGEST_LINE: usize = 500;

    /// Puts the defects of the responses that announced it before its own.
    pub(super) fn announced_with(mut self, defects: Vec<Defect>) -> Self {
        self.defects.splice(0..0, defects);
        self
    }

    /// Every byte of it, with the final empty line; interim responses that came before it stand at the front.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The first line.
    pub fn start_line(&self) -> &StartLine {
        &self.start
    }

    /// The HTTP version.
    pub fn version(&self) -> Version {
        match self.start {
            StartLine::Request { version, .. } | StartLine::Status { version, .. } => version,
        }
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Status { status, .. } => Some(status),
            StartLine::Request { .. } => None,
        }
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&str> {
        match &self.start {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Status { .. } => None,
        }
    }

    /// The target of a request, as it was sent.
    pub fn target(&self) -> Option<&str> {
        match &self.start {
            StartLine::Request { target, .. } => Some(target),
            StartLine::Status { .. } => None,
        }
    }

    /// Whether another response follows: any 1xx but 101 (RFC 9110 section 15.2).
    pub fn is_interim(&self) -> bool {
        matches!(self.status(), Some(100 | 102..=199))
    }

    /// Where the first line stands in [`raw`](Self::raw), without its end.
    pub fn first_line_range(&self) -> Range<usize> {
        self.first_line.clone()
    }

    /// The first line as it was, without its end.
    pub fn first_line(&self) -> String {
        String::from_utf8_lossy(&self.raw[self.first_line.clone()]).into_owned()
    }

    /// The first line for people: without its secrets, and no longer than such a text may be.
    pub fn first_line_shown(&self, secrets: Secrets) -> String {
        let line = secrets.text(Part::Head(&self.raw[self.first_line.clone()]));
        shortened(&line, Self::LONGEST_LINE).into_owned()
    }

    /// The headers in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Names and values in order, as they were.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|field| (field.name.as_str(), field.value.as_slice()))
    }

    /// Every header of that name, whatever its case.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The value of the first header of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next().map(|field| field.value.as_slice())
    }

    /// The value of the first header of that name, for people: what is not UTF-8 becomes U+FFFD.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The elements of all headers of that name, read as one list (RFC 9110 section 5.6.1); empty ones are skipped.
    pub fn list<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|field| field.value.split(|&byte| byte == b','))
            .map(token::trim)
            .filter(|element| !element.is_empty())
    }

    /// Whether `token` is among the elements of that list, in any case.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// All values of that name as one list, as if they had come in one header.
    pub fn joined(&self, name: &str) -> Vec<u8> {
        self.all(name).map(|field| field.value.as_slice()).collect::<Vec<_>>().join(&b", "[..])
    }

    /// Where the first header of that name stands in [`raw`](Self::raw); the first line, where there is none.
    pub fn place(&self, name: &str) -> Range<usize> {
        self.all(name).next().map_or(self.first_line.clone(), |field| field.lines.clone())
    }

    /// What is wrong with the syntax.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// What is odd, but to be accepted.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[cfg(test)]
impl Head {
    /// A head of any length, for tests that ask how the time grows with it.
    pub(crate) fn of_any_length(raw: &[u8], kind: HeadKind) -> Self {
        Self::parse(raw, 0, kind).expect("a head")
    }
}

#[cfg(test)]
mod tests;
