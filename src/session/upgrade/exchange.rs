//! Writing and reading within the time limit of the upgrade.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Stage, UpgradeFailure};
use crate::http::{Body, Head, HeadKind, HeadProgress, HeadReader};
use crate::net::{Stream, StreamReader, StreamWriter, TimeLimit, TlsFailure};

/// How long the body of a refusal may take: it is only evidence.
const BODY_LIMIT: Duration = Duration::from_secs(1);

/// How long a client that was refused may go on sending, and how much.
const REST_LIMIT: Duration = Duration::from_secs(1);
const MOST_OF_REST: usize = 1024 * 1024;

/// An upgrade that is under way.
pub struct Exchange<'a> {
    /// What it goes through.
    pub stream: &'a Arc<Stream>,
    /// The reading end of it.
    pub reader: &'a mut StreamReader,
    /// The time that it has.
    pub limit: TimeLimit,
}

impl Exchange<'_> {
    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// A connection that broke, a time limit that passed.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), UpgradeFailure> {
        let stage = Stage::Writing;
        let mut writer = StreamWriter::new(Arc::clone(self.stream));
        loop {
            let left = self.time_left(stage)?;
            self.stream.set_write_timeout(Some(left)).map_err(|error| self.broken(error, stage))?;
            let result = if bytes.is_empty() { writer.flush().map(|()| 0) } else { writer.write(bytes) };
            match result {
                Ok(_) if bytes.is_empty() => return Ok(()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(self.alert().unwrap_or_else(|| self.broken(error, stage))),
            }
        }
    }

    /// What the peer's TLS said before it hung up on us while we were writing.
    fn alert(&mut self) -> Option<UpgradeFailure> {
        let error = self.reader.read_once(&mut [0; 1024])?.err()?;
        TlsFailure::of(&error).map(UpgradeFailure::Tls)
    }

    /// Reads the peer's head; also gives the bytes that came behind it.
    ///
    /// # Errors
    /// What is no head, a connection that broke, a time limit that passed.
    pub fn read_head(&mut self, kind: HeadKind) -> Result<(Head, Vec<u8>), UpgradeFailure> {
        self.read_head_begun(kind, &[])
    }

    /// The same for a head of which some bytes, or all, were read before.
    ///
    /// # Errors
    /// Those of [`read_head`](Self::read_head).
    pub fn read_head_begun(&mut self, kind: HeadKind, begun: &[u8]) -> Result<(Head, Vec<u8>), UpgradeFailure> {
        let mut heads = HeadReader::new(kind);
        let mut buffer = [0; 16 * 1024];
        let mut bytes = begun;
        loop {
            let error = match heads.feed(bytes) {
                HeadProgress::Complete { head, rest } => return Ok((head, rest.to_vec())),
                HeadProgress::Failed(error) => error,
                HeadProgress::Incomplete => {
                    let stage = if heads.received() == 0 { Stage::Waiting(kind) } else { Stage::Reading };
                    match self.read(&mut buffer, stage)? {
                        0 => heads.end(),
                        count => {
                            bytes = &buffer[..count];
                            continue;
                        }
                    }
                }
            };
            return Err(UpgradeFailure::NoHead { error, transport: self.stream.transport() });
        }
    }

    /// Reads what helps to explain a refusal, for a second at most. A connection that breaks ends it.
    pub(super) fn read_body(&mut self, body: &mut Body) {
        let until = Instant::now() + BODY_LIMIT;
        while body.wants_more() && self.read_on(until, |bytes| body.feed(bytes)).is_some() {}
    }

    /// Ends our direction, and takes what a client that was refused still sends, as far as that is little. Bytes that lie
    /// unread when the connection is closed make the system reset it, and the client may lose the answer.
    pub fn drain(&mut self) {
        StreamWriter::new(Arc::clone(self.stream)).close_notify();
        self.stream.shut_down_writing();
        let until = Instant::now() + REST_LIMIT;
        let mut taken = 0;
        while taken < MOST_OF_REST && self.read_on(until, |bytes| taken += bytes.len()).is_some() {}
    }

    /// Hands on what comes next. `None` when the time is up, or the connection has ended or broken.
    fn read_on(&mut self, until: Instant, take: impl FnOnce(&[u8])) -> Option<()> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        self.stream.set_read_timeout(Some(left)).ok()?;
        let mut buffer = [0; 4096];
        match self.reader.read_once(&mut buffer) {
            None => {}
            Some(Ok(0) | Err(_)) => return None,
            Some(Ok(count)) => take(&buffer[..count]),
        }
        Some(())
    }

    fn read(&mut self, into: &mut [u8], stage: Stage) -> Result<usize, UpgradeFailure> {
        loop {
            let left = self.time_left(stage)?;
            self.stream.set_read_timeout(Some(left)).map_err(|error| self.broken(error, stage))?;
            match self.reader.read_once(into) {
                None => {}
                Some(Err(error)) if is_timeout(&error) => {}
                Some(result) => return result.map_err(|error| self.broken(error, stage)),
            }
        }
    }

    fn time_left(&self, stage: Stage) -> Result<Duration, UpgradeFailure> {
        self.limit.left().ok_or(UpgradeFailure::TimedOut { limit: self.limit, stage })
    }

    fn broken(&self, error: io::Error, stage: Stage) -> UpgradeFailure {
        match TlsFailure::of(&error) {
            Some(failure) => UpgradeFailure::Tls(failure),
            None => UpgradeFailure::Broken { error, stage, transport: self.stream.transport() },
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
