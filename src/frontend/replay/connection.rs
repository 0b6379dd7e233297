//! One connection of a recording, or several that its client had one after the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::recorded_request::shown_url;
use crate::error::{Error, Phase, Result};
use crate::event::Opened;
use crate::recording::{self, ReadError, Record, RecordedEvent, Records, read_error};

/// Connections that are named in an error.
const MOST_NAMED: usize = 10;

/// The connections of a recording that were one client's.
pub struct RecordedConnection {
    client: Option<u64>,
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

/// A recording that is played: read again for each client.
#[derive(Debug, Clone)]
pub struct RecordingFile {
    path: PathBuf,
    /// In the order of their first connections.
    clients: Vec<RecordedClient>,
}

/// A client of a recording.
#[derive(Debug, Clone)]
struct RecordedClient {
    /// The number in front of its lines, where it has one.
    number: Option<u64>,
    /// The URL of its first connection, without secrets.
    url: String,
}

impl RecordingFile {
    /// Looks through it once. With a `number`, only the connections with that one are played.
    ///
    /// # Errors
    /// [`Phase::Input`] where it cannot be read, or has no such connection.
    pub fn read(path: &Path, number: Option<u64>) -> Result<Self> {
        let mut file = Self { path: path.to_owned(), clients: Vec::new() };
        for record in file.records()? {
            let record = match record {
                Err(error) if error.is_early_end() => break,
                record => record.map_err(|error| read_error(path, error))?,
            };
            let RecordedEvent::Open(opened) = record.event else { continue };
            let number = record.origin.client;
            if file.clients.iter().all(|client| client.number != number) {
                file.clients.push(RecordedClient { number, url: shown_url(&opened) });
            }
        }
        if let Some(number) = number {
            file.clients.retain(|client| client.number == Some(number));
        }
        match (file.clients.as_slice(), number) {
            ([], None) => Err(file.lacks("no connection that was open")),
            ([], Some(number)) => Err(file.lacks(&format!("no connection {number}"))),
            _ => Ok(file),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lacks(&self, what: &str) -> Error {
        Error::new(Phase::Input, format!("`{}` has {what}", self.path.display()))
    }

    /// The only connection.
    ///
    /// # Errors
    /// [`Phase::Usage`] where there are several.
    pub fn only(&self) -> Result<RecordedConnection> {
        if let [client] = self.clients.as_slice() {
            return self.connection(client);
        }
        let named = self.clients.iter().take(MOST_NAMED).map(|RecordedClient { number, url }| {
            format!("{}: {url}", number.map_or_else(String::new, |number| number.to_string()))
        });
        let message = format!("`{}` has {} connections", self.path.display(), self.clients.len());
        let error = named.fold(Error::new(Phase::Usage, message), Error::evidence);
        Err(error.hint("`--connection N` chooses one"))
    }

    /// The connection for the client of a server with this number, from 1 on: the first for the first, and so on, and then
    /// from the first again.
    ///
    /// # Errors
    /// [`Phase::Input`] where it cannot be read.
    pub fn for_client(&self, number: u64) -> Result<RecordedConnection> {
        let place = usize::try_from(number.saturating_sub(1)).unwrap_or_default() % self.clients.len();
        self.connection(&self.clients[place])
    }

    fn connection(&self, client: &RecordedClient) -> Result<RecordedConnection> {
        let mut connection = RecordedConnection { client: client.number, records: self.records()?, next: None };
        // What came before it was open belongs to no session.
        while let Some(record) = connection.next_record() {
            record.map_err(|error| read_error(&self.path, error))?;
        }
        Ok(connection)
    }

    fn records(&self) -> Result<Records> {
        recording::open(&self.path).map(|recording| recording.records)
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
            if record.origin.client != self.client {
                continue;
            }
            let at = record.at.elapsed;
            let RecordedEvent::Open(opened) = record.event else { return Some(Ok(record)) };
            self.next = Some(Opening { opened, at });
            return None;
        }
    }
}
