//! One zlib stream through many messages, as Discord's gateway sends it (`compress=zlib-stream`): what was flushed ends in
//! `00 00 ff ff`.

use flate2::{Decompress, FlushDecompress, Status};

use super::compressed::MOST;
use super::{Decoded, Description, Failure, annotation, content};
use crate::event::Annotation;
use crate::wire::Kind;

/// A zlib stream over all binary messages of one end.
pub const ZLIB_STREAM: Description = Description {
    name: "zlib-stream",
    title: "zlib stream",
    kind: Kind::Binary,
    is_sign: Some(|payload| payload.len() > FLUSH.len() && payload.ends_with(&FLUSH)),
    // One message alone: the first of its stream, or one that cannot be read without those before it.
    decode: |payload| ZlibStream::default().next(payload),
};

/// What a flush ends in (RFC 1979 section 2.1 calls it a sync marker).
pub const FLUSH: [u8; 4] = [0, 0, 0xff, 0xff];

/// The stream of one end.
#[derive(Debug, Default)]
pub struct ZlibStream {
    state: State,
    /// What has come out since the last flush, as far as it is kept.
    inner: Vec<u8>,
    length: usize,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Start,
    Open(Box<Decompress>),
    /// It cannot be read any more: why.
    Lost(&'static str),
}

impl ZlibStream {
    /// Whether `payload` goes on with a stream, or begins one.
    pub fn is_open(&self, payload: &[u8]) -> bool {
        match self.state {
            State::Start => is_header(payload) && payload.ends_with(&FLUSH),
            State::Open(_) => true,
            State::Lost(_) => payload.ends_with(&FLUSH),
        }
    }

    /// Takes the next message.
    pub fn message(&mut self, payload: &[u8]) -> Annotation {
        let decoded = self.next(payload);
        annotation(&ZLIB_STREAM, decoded)
    }

    fn next(&mut self, payload: &[u8]) -> Result<Decoded, Failure> {
        if let State::Start = self.state {
            self.state = if is_header(payload) {
                State::Open(Box::new(Decompress::new(true)))
            } else {
                State::Lost("joined late: its start was not seen")
            };
        }
        match &mut self.state {
            State::Start => Err("nothing has come".into()),
            State::Lost(why) => Err(Failure::Incomplete(why)),
            State::Open(inflater) => {
                let result = inflate(inflater, payload, &mut self.inner, &mut self.length);
                if let Err(why) = result {
                    self.state = State::Lost(why);
                    return Err(Failure::Incomplete(why));
                }
                if !payload.ends_with(&FLUSH) {
                    return Ok(format!("goes on, {} bytes so far", self.length).into());
                }
                let is_all = self.inner.len() == self.length;
                self.length = 0;
                let inner = std::mem::take(&mut self.inner);
                Ok(content(&inner, is_all).into())
            }
        }
    }
}

/// Inflates all of `payload`. What is beyond the limit is counted and thrown away: the stream has to go on.
fn inflate(
    inflater: &mut Decompress,
    payload: &[u8],
    inner: &mut Vec<u8>,
    length: &mut usize,
) -> Result<(), &'static str> {
    let mut rest = payload;
    let mut buffer = [0; 16 * 1024];
    loop {
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let status = inflater.decompress(rest, &mut buffer, FlushDecompress::Sync).map_err(|_| "it is damaged here")?;
        let read = usize::try_from(inflater.total_in() - read).unwrap_or(rest.len());
        let written = usize::try_from(inflater.total_out() - written).unwrap_or(buffer.len());
        rest = &rest[read..];
        *length += written;
        let kept = written.min(MOST - inner.len());
        inner.extend_from_slice(&buffer[..kept]);
        if *length > LONGEST_OUTPUT {
            return Err("it inflates to too much");
        }
        match status {
            Status::StreamEnd => return Err("the stream has ended"),
            _ if rest.is_empty() && written < buffer.len() => return Ok(()),
            _ if read == 0 && written == 0 => return Err("it is damaged here"),
            _ => {}
        }
    }
}

/// So much of one flush is inflated, in bytes.
const LONGEST_OUTPUT: usize = 64 * 1024 * 1024;

/// Whether a payload begins like a zlib stream (RFC 1950 section 2.2), without a dictionary.
pub fn is_header(payload: &[u8]) -> bool {
    match payload {
        [method, flags, _, ..] => {
            method & 0xf == 8
                && method >> 4 <= 7
                && flags & 0x20 == 0
                && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
        }
        _ => false,
    }
}
