//! What reading a recording gives.

use std::fmt;
use std::io::{self, BufRead};
use std::time::SystemTime;

use jiff::Timestamp as Moment;

use crate::recording::Record;

/// The records of a recording, in order, each read when it is asked for. After an error nothing follows.
pub type Records = Box<dyn Iterator<Item = Result<Record, ReadError>> + Send>;

/// Why no further record can be read.
#[derive(Debug)]
pub enum ReadError {
    /// The file ends in the middle of a record: what wrote it was killed, or the disk was full.
    Cut {
        /// Where that record begins.
        offset: u64,
    },
    /// The file ends between two records, while a connection is open.
    StillOpen,
    /// It is no recording, or it is damaged.
    Malformed {
        /// Where the record that cannot be read begins, or the byte that is wrong, as far as it is known.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// It is a HAR that has pages alone.
    NoWebSocket,
    /// Connections that were asked for are not in it.
    NoConnection {
        /// Their numbers.
        missing: Vec<u64>,
        /// The highest number of one that is.
        last: Option<u64>,
    },
    /// Nothing in it is of the time that was asked for.
    NothingThen {
        /// When it begins.
        begins: SystemTime,
    },
    /// The file cannot be read.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { offset: 0 } => write!(formatter, "it ends before its first record does"),
            Self::Cut { offset } => write!(formatter, "it ends in the middle of the record at byte {offset}"),
            Self::StillOpen => write!(formatter, "it ends while a connection is open"),
            Self::Malformed { offset, why } => write!(formatter, "{why}, at byte {offset}"),
            Self::NoWebSocket => write!(formatter, "it has no WebSocket connection"),
            Self::NoConnection { missing, last } => {
                let numbers: Vec<_> = missing.iter().map(u64::to_string).collect();
                write!(formatter, "it has no connection {}", numbers.join(", "))?;
                last.map_or(Ok(()), |last| write!(formatter, ": its last is {last}"))
            }
            Self::NothingThen { begins } => match Moment::try_from(*begins) {
                Ok(begins) => write!(formatter, "nothing in it is of that time: it begins at {begins:.3}"),
                Err(_) => write!(formatter, "nothing in it is of that time"),
            },
            Self::Io(error) => error.fmt(formatter),
        }
    }
}

impl ReadError {
    /// Whether the records so far are all there are, and nothing is wrong with them: more happened, or none is wanted.
    pub fn is_early_end(&self) -> bool {
        matches!(self, Self::Cut { .. } | Self::StillOpen | Self::NothingThen { .. })
    }
}

impl std::error::Error for ReadError {}

/// Takes a byte order mark from the start of a file: editors and shells put it there. How many bytes it has.
///
/// # Errors
/// What reading fails with.
pub(super) fn skip_byte_order_mark(reader: &mut impl BufRead) -> io::Result<u64> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if !reader.fill_buf()?.starts_with(MARK) {
        return Ok(0);
    }
    reader.consume(MARK.len());
    Ok(MARK.len() as u64)
}

/// That a file which starts so is compressed, and how it is read.
pub(super) fn compression(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x1f, 0x8b, ..] => Some("it is compressed: `gzip -d` makes of it what can be read"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("it is compressed: `zstd -d` makes of it what can be read"),
        _ => None,
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
