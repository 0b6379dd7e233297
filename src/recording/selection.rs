//! A part of a recording: of one connection, or of a time.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::recording::{ReadError, Record, RecordedEvent, Records};

/// A moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long after its first record.
    Elapsed(Duration),
    /// At this time.
    Wall(SystemTime),
}

/// The numbers of a recording's connections: those in front of their lines; where these have none, the first is 1.
#[derive(Debug, Default)]
pub struct ConnectionNumbers {
    /// How many connections without a number have ended.
    ended: u64,
}

impl ConnectionNumbers {
    /// The number of the connection that a record is about. It is asked for each record of the recording, in order.
    pub fn of(&mut self, record: &Record) -> u64 {
        record.origin.client.unwrap_or_else(|| {
            let number = self.ended + 1;
            self.ended += u64::from(matches!(record.event, RecordedEvent::Ended(_)));
            number
        })
    }
}

/// Which part of a recording is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection {
    /// Only the connection with this [number](ConnectionNumbers).
    pub connection: Option<u64>,
    /// Nothing before; but a connection that is open then is shown to open first.
    pub from: Option<Moment>,
    /// Nothing after.
    pub to: Option<Moment>,
}

impl Selection {
    /// That part of `records`.
    pub fn of(self, records: Records) -> impl Iterator<Item = Result<Record, ReadError>> {
        let numbers = ConnectionNumbers::default();
        Selected {
            selection: self,
            missing: self.connection,
            records,
            numbers,
            before: Vec::new(),
            ready: VecDeque::new(),
        }
    }
}

struct Selected {
    selection: Selection,
    /// The connection that is wanted, until it is found.
    missing: Option<u64>,
    records: Records,
    numbers: ConnectionNumbers,
    /// The openings before `from` of what is open.
    before: Vec<Record>,
    ready: VecDeque<Record>,
}

impl Selected {
    fn keep_opening(&mut self, record: Record) {
        match record.event {
            RecordedEvent::Open(_) => self.before.push(record),
            RecordedEvent::Ended(_) => self.before.retain(|opened| opened.origin != record.origin),
            _ => {}
        }
    }
}

impl Iterator for Selected {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Some(Ok(record));
            }
            let record = match self.records.next() {
                Some(Ok(record)) => record,
                Some(Err(error)) => return Some(Err(error)),
                None => return self.missing.take().map(|number| Err(ReadError::NoConnection { number })),
            };
            let number = self.numbers.of(&record);
            self.missing.take_if(|wanted| *wanted == number);
            let Selection { connection, from, to } = self.selection;
            if connection.is_some_and(|wanted| wanted != number) {
                continue;
            }
            if to.is_some_and(|to| to.is_before(&record)) {
                return None;
            }
            if from.is_some_and(|from| !from.is_reached_by(&record)) {
                self.keep_opening(record);
            } else {
                self.ready.extend(self.before.drain(..));
                self.ready.push_back(record);
            }
        }
    }
}

impl Moment {
    fn is_reached_by(self, record: &Record) -> bool {
        match self {
            Self::Elapsed(elapsed) => record.at.elapsed >= elapsed,
            Self::Wall(wall) => record.at.wall >= wall,
        }
    }

    fn is_before(self, record: &Record) -> bool {
        match self {
            Self::Elapsed(elapsed) => record.at.elapsed > elapsed,
            Self::Wall(wall) => record.at.wall > wall,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Origin, Timestamp};

    fn record(client: Option<u64>, seconds: u64, event: RecordedEvent) -> Record {
        let elapsed = Duration::from_secs(seconds);
        Record { origin: Origin { client }, at: Timestamp { wall: SystemTime::UNIX_EPOCH + elapsed, elapsed }, event }
    }

    fn notes(clients: &[Option<u64>], selection: Selection) -> Vec<String> {
        let records = clients.iter().zip(0..).map(|(client, seconds)| {
            Ok(record(*client, seconds, RecordedEvent::Note(format!("{client:?} at {seconds}"))))
        });
        let records: Vec<_> = records.collect();
        let selected = selection.of(Box::new(records.into_iter()));
        selected
            .map(|record| match record.unwrap().event {
                RecordedEvent::Note(note) => note,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn one_connection_of_many() {
        let selection = Selection { connection: Some(2), ..Selection::default() };
        assert_eq!(notes(&[Some(1), Some(2), Some(1), Some(2)], selection), ["Some(2) at 1", "Some(2) at 3"]);
    }

    #[test]
    fn a_connection_that_is_not_there_is_an_error() {
        let records: Records = Box::new([Ok(record(Some(1), 0, RecordedEvent::Note(String::new())))].into_iter());
        let mut selected = Selection { connection: Some(2), ..Selection::default() }.of(records);
        assert!(matches!(selected.next(), Some(Err(ReadError::NoConnection { number: 2 }))));
        assert!(selected.next().is_none());
    }

    #[test]
    fn a_time_has_both_its_ends() {
        let from = Some(Moment::Elapsed(Duration::from_secs(1)));
        let to = Some(Moment::Wall(SystemTime::UNIX_EPOCH + Duration::from_secs(2)));
        let selection = Selection { from, to, ..Selection::default() };
        assert_eq!(notes(&[None; 4], selection), ["None at 1", "None at 2"]);
    }
}
