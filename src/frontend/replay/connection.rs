//! One connection of a recording, or all of its only client, which had one after the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::recorded_request::shown_url;
use crate::error::{Error, Phase, Result};
use crate::event::Opened;
use crate::recording::{self, ConnectionNumbers, ReadError, Record, RecordedEvent, Recording, Records, read_error};

/// Connections that are named in an error.
const MOST_NAMED: usize = 10;

/// What is played of a recording.
pub struct RecordedConnection {
    /// The only connection; `None`: all.
    number: Option<u64>,
    numbers: ConnectionNumbers,
    records: Records,
    /// The opening that ended the session before it.
    next: Option<Opening>,
}

/// The opening of a recorded session.
pub struct Opening {
    /// What is known of it.
    pub opened: Box<Opened>,
    /// When it was, since the first record.
    pub at: Duration,
}

/// A recording that is played: read again each time.
#[derive(Debug)]
pub struct RecordingFile {
    path: PathBuf,
    /// Its connections, in the order in which they opened.
    connections: Vec<Listed>,
}

/// A connection of a recording.
#[derive(Debug)]
struct Listed {
    number: u64,
    client: Option<u64>,
    /// The URL without its secrets.
    url: String,
}

impl RecordingFile {
    /// Looks through it once. With a `number`, only the connection with that one is played.
    ///
    /// # Errors
    /// [`Phase::Input`] where it cannot be read, or has no such connection.
    pub fn read(path: &Path, number: Option<u64>) -> Result<Self> {
        let mut file = Self { path: path.to_owned(), connections: Vec::new() };
        let Recording { perspective, records } = recording::open(path)?;
        let mut numbers = ConnectionNumbers::new(perspective);
        for record in records {
            let record = match record {
                Err(error) if error.is_early_end() => break,
                record => record.map_err(|error| read_error(path, error))?,
            };
            let (number, client) = (numbers.of(&record), record.origin.client);
            if let (RecordedEvent::Open(opened), Some(number)) = (record.event, number) {
                file.connections.push(Listed { number, client, url: shown_url(&opened) });
            }
        }
        if let Some(number) = number {
            file.connections.retain(|connection| connection.number == number);
        }
        if file.connections.is_empty() {
            let what =
                number.map_or("no connection that was open".to_owned(), |number| format!("no connection {number}"));
            return Err(Error::new(Phase::Input, format!("`{}` has {what}", path.display())));
        }
        Ok(file)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The only connection, or all that the only client had one after the other.
    ///
    /// # Errors
    /// [`Phase::Usage`] where there are several clients.
    pub fn only(&self) -> Result<RecordedConnection> {
        match &self.connections[..] {
            [only] => return self.connection(Some(only.number)),
            connections if connections.iter().all(|connection| connection.client.is_none()) => {
                return self.connection(None);
            }
            _ => {}
        }
        let message = format!("`{}` has {} connections", self.path.display(), self.connections.len());
        let named =
            self.connections.iter().take(MOST_NAMED).map(|Listed { number, url, .. }| format!("{number}: {url}"));
        let error = named.fold(Error::new(Phase::Usage, message), Error::evidence);
        Err(error.hint("`--connection N` chooses one"))
    }

    /// The connection for the client of a server with this number, from 1 on: the first for the first, and so on, and then
    /// from the first again.
    ///
    /// # Errors
    /// [`Phase::Input`] where it cannot be read.
    pub fn for_client(&self, number: u64) -> Result<RecordedConnection> {
        let place = usize::try_from(number.saturating_sub(1)).unwrap_or_default() % self.connections.len();
        self.connection(Some(self.connections[place].number))
    }

    fn connection(&self, number: Option<u64>) -> Result<RecordedConnection> {
        let Recording { perspective, records } = recording::open(&self.path)?;
        let numbers = ConnectionNumbers::new(perspective);
        let mut connection = RecordedConnection { number, numbers, records, next: None };
        // What came before it was open belongs to no session.
        while let Some(record) = connection.next_record() {
            record.map_err(|error| read_error(&self.path, error))?;
        }
        Ok(connection)
    }
}

impl RecordedConnection {
    /// The opening of its next session; `None` at the end.
    pub fn next_opening(&mut self) -> Option<Opening> {
        self.next.take()
    }

    /// Whether another session follows.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// The next record of the session; `None` at its end.
    pub fn next_record(&mut self) -> Option<std::result::Result<Record, ReadError>> {
        if self.next.is_some() {
            return None;
        }
        loop {
            let record = match self.records.next()? {
                Ok(record) => record,
                Err(error) => return Some(Err(error)),
            };
            let number = self.numbers.of(&record);
            if self.number.is_some() && self.number != number {
                continue;
            }
            let at = record.at.elapsed;
            let RecordedEvent::Open(opened) = record.event else { return Some(Ok(record)) };
            self.next = Some(Opening { opened, at });
            return None;
        }
    }
}
