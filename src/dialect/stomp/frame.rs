//! Frames of STOMP, from a stream of messages.

use std::mem;

use memchr::{memchr, memchr_iter, memrchr};

/// So much of a frame is kept that is spread over messages, in bytes.
const LONGEST_PART: usize = 256 * 1024;

/// So many headers of a frame are looked at.
const MOST_HEADERS: usize = 100;

/// So much of a body is quoted, in bytes.
const QUOTED_BODY: usize = 256;

/// All commands, of either end.
const COMMANDS: [&str; 15] = [
    "ABORT",
    "ACK",
    "BEGIN",
    "COMMIT",
    "CONNECT",
    "CONNECTED",
    "DISCONNECT",
    "ERROR",
    "MESSAGE",
    "NACK",
    "RECEIPT",
    "SEND",
    "STOMP",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
];

/// A version of STOMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V10,
    V11,
    V12,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Self::V10 => "1.0",
            Self::V11 => "1.1",
            Self::V12 => "1.2",
        }
    }
}

/// One direction. What is kept of a frame that is not whole is looked at once, whatever it comes in.
#[derive(Debug, Default)]
pub struct Stream {
    /// The part of a frame that has come.
    part: Vec<u8>,
    /// Where its body begins, once that is known, and its length, where that is given.
    body: Option<(usize, Option<usize>)>,
    /// How much of the part has been looked at.
    looked_at: usize,
    /// Where the last line of the part begins.
    line: usize,
}

impl Stream {
    /// What has come of the next frame.
    pub fn begun(&self) -> &[u8] {
        &self.part
    }

    /// What has come of the line with which the next message goes on.
    pub fn begun_line(&self) -> &[u8] {
        &self.part[self.line..]
    }

    /// Adds a message, and gives each frame that is whole to `take`.
    ///
    /// # Errors
    /// What is wrong with it. The rest of the message is dropped.
    pub fn add(&mut self, message: &[u8], mut take: impl FnMut(&Frame<'_>)) -> Result<(), &'static str> {
        let mut part = mem::take(&mut self.part);
        let is_first = part.is_empty();
        let before = part.len();
        if !is_first {
            part.extend_from_slice(message);
        }
        let data = if is_first { message } else { &part };
        let mut start = 0;
        loop {
            if self.looked_at == 0 {
                start += data[start..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            }
            let rest = &data[start..];
            if rest.is_empty() {
                return Ok(());
            }
            let end = self.end(rest).inspect_err(|_| *self = Self::default())?;
            let Some(end) = end else { break };
            let body = self.body.map_or(end, |(body, _)| body);
            let frame = Frame::of(&rest[..body], &rest[body..end]).inspect_err(|_| *self = Self::default())?;
            take(&frame);
            *self = Self::default();
            start += end + 1;
        }
        if data.len() - start > LONGEST_PART {
            *self = Self::default();
            return Err("a frame that is spread over messages and longer than is kept");
        }
        let is_longer = !is_first && start == 0;
        self.part = if is_longer { part } else { data[start..].to_vec() };
        let added = if is_longer { before } else { 0 };
        if let Some(end) = memrchr(b'\n', &self.part[added..]) {
            self.line = added + end + 1;
        }
        Ok(())
    }

    /// Where the frame at the start of `data` ends: the place of its NUL. `None`: not here yet.
    fn end(&mut self, data: &[u8]) -> Result<Option<usize>, &'static str> {
        let word = data.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let is_line = data.get(word).is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
        let is_command = |command: &str| match data.get(word) {
            None => command.as_bytes().starts_with(data),
            Some(_) => command.as_bytes() == &data[..word],
        };
        if !is_line || !COMMANDS.into_iter().any(is_command) {
            return Err("not a frame of STOMP: it begins with no command");
        }
        let looked_at = mem::replace(&mut self.looked_at, data.len());
        if self.body.is_none() {
            let from = looked_at.saturating_sub("\n\r".len());
            let body = blank_line(&data[from..]).map(|body| from + body);
            if memchr(0, &data[from..body.unwrap_or(data.len())]).is_some() {
                return Err("a NUL before the blank line that ends the headers");
            }
            self.body = body.map(|body| (body, content_length(&data[..body])));
        }
        match self.body {
            None => Ok(None),
            Some((body, Some(length))) => match body.checked_add(length).and_then(|end| Some((end, data.get(end)?))) {
                None => Ok(None),
                Some((end, 0)) => Ok(Some(end)),
                Some(_) => Err("no NUL after as many bytes as content-length says"),
            },
            Some((body, None)) => {
                let from = body.max(looked_at);
                Ok(memchr(0, &data[from..]).map(|end| from + end))
            }
        }
    }
}

/// Where what follows the first blank line begins.
fn blank_line(data: &[u8]) -> Option<usize> {
    memchr_iter(b'\n', data).find_map(|end| match &data[end + 1..] {
        [b'\n', ..] => Some(end + 2),
        [b'\r', b'\n', ..] => Some(end + 3),
        _ => None,
    })
}

fn content_length(head: &[u8]) -> Option<usize> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let value = lines.find_map(|line| line.strip_prefix(b"content-length:"))?;
    str::from_utf8(value).ok()?.trim().parse().ok()
}

/// A frame.
#[derive(Debug)]
pub struct Frame<'a> {
    pub command: &'a str,
    /// The first headers, as they were written.
    headers: Vec<(&'a str, &'a str)>,
    pub body: &'a [u8],
}

impl<'a> Frame<'a> {
    fn of(head: &'a [u8], body: &'a [u8]) -> Result<Self, &'static str> {
        let head = str::from_utf8(head).map_err(|_| "headers that are not UTF-8")?;
        let mut lines = head.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let command = lines.next().unwrap_or_default();
        let lines = lines.take_while(|line| !line.is_empty()).take(MOST_HEADERS);
        let headers = lines.map(|line| line.split_once(':').ok_or("a header without a colon"));
        Ok(Self { command, headers: headers.collect::<Result<_, _>>()?, body })
    }

    /// The first header of this name, as it was written.
    pub fn raw_header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// The first header of this name, without what the version escapes.
    pub fn header(&self, name: &str, version: Version) -> Option<String> {
        let value = self.raw_header(name)?;
        Some(if version == Version::V10 { value.trim().to_owned() } else { unescaped(value) })
    }

    /// What is wrong with the frame in this version.
    pub fn fault(&self, version: Version) -> Option<String> {
        let is_raw = version == Version::V10 || matches!(self.command, "CONNECT" | "CONNECTED" | "STOMP");
        let wrong = |(name, value): &&(&str, &str)| has_wrong_escape(name) || has_wrong_escape(value);
        let (name, _) = self.headers.iter().find(|header| !is_raw && wrong(header))?;
        Some(format!("the header {} has an escape that STOMP does not know", super::quote(name)))
    }

    /// The start of the first line of the body.
    pub fn first_line(&self) -> String {
        let start = &self.body[..self.body.len().min(QUOTED_BODY)];
        String::from_utf8_lossy(start).lines().next().unwrap_or_default().to_owned()
    }
}

/// Brokers and Spring read `\r` in each version from 1.1 on.
fn unescaped(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('c') => ':',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    plain
}

fn has_wrong_escape(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && !matches!(characters.next(), Some('n' | 'r' | 'c' | '\\')) {
            return true;
        }
    }
    false
}
