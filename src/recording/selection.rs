//! A part of a recording: of one connection, or of a time.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::output::Perspective;
use crate::recording::{ReadError, Record, RecordedEvent, Recording, Records};

/// A moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long after its first record.
    Elapsed(Duration),
    /// At this time.
    Wall(SystemTime),
}

/// The numbers of a recording's connections: those in front of their lines. Where no line has one, the connections follow one
/// another, and the first is 1.
#[derive(Debug)]
pub struct ConnectionNumbers {
    /// That of the connection that a record without one is about; `None`, where the lines of connections have theirs.
    unnumbered: Option<u64>,
}

impl ConnectionNumbers {
    /// Those of a recording that was made there.
    pub fn new(perspective: Perspective) -> Self {
        Self { unnumbered: (perspective == Perspective::End).then_some(1) }
    }

    /// The number of the connection that a record is about; `None`, if it is about none. It is asked for each record of the
    /// recording, in order.
    pub fn of(&mut self, record: &Record) -> Option<u64> {
        if record.origin.client.is_some() {
            self.unnumbered = None;
            return record.origin.client;
        }
        let number = self.unnumbered;
        if matches!(record.event, RecordedEvent::Ended(_)) {
            self.unnumbered = number.map(|number| number + 1);
        }
        number
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
    /// That part of a recording.
    pub fn of(
        self,
        Recording { perspective, records }: Recording,
    ) -> impl Iterator<Item = Result<Record, ReadError>> + use<> {
        let numbers = ConnectionNumbers::new(perspective);
        Selected {
            selection: self,
            missing: self.connection,
            begins: None,
            is_of_no_time: self.from.is_some() || self.to.is_some(),
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
    /// When the first record of what is wanted was.
    begins: Option<SystemTime>,
    /// Whether a time is wanted, and nothing has been of it yet.
    is_of_no_time: bool,
    records: Records,
    numbers: ConnectionNumbers,
    /// The openings before `from` of what is open.
    before: Vec<Record>,
    ready: VecDeque<Record>,
}

impl Selected {
    /// What is told at the end, once: that what is wanted is not there.
    fn end(&mut self) -> Option<ReadError> {
        if let Some(number) = self.missing.take() {
            return Some(ReadError::NoConnection { number });
        }
        let begins = self.begins.filter(|_| std::mem::take(&mut self.is_of_no_time))?;
        Some(ReadError::NothingThen { begins })
    }

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
                self.is_of_no_time = false;
                return Some(Ok(record));
            }
            let record = match self.records.next() {
                Some(Ok(record)) => record,
                Some(Err(error)) => return Some(Err(error)),
                None => return self.end().map(Err),
            };
            let number = self.numbers.of(&record);
            self.missing.take_if(|wanted| Some(*wanted) == number);
            let Selection { connection, from, to } = self.selection;
            if connection.is_some() && connection != number {
                continue;
            }
            self.begins.get_or_insert(record.at.wall);
            if to.is_some_and(|to| to.is_before(&record)) {
                return self.end().map(Err);
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

    fn notes(perspective: Perspective, clients: &[Option<u64>], selection: Selection) -> Vec<String> {
        let records = clients.iter().zip(0..).map(|(client, seconds)| {
            Ok(record(*client, seconds, RecordedEvent::Note(format!("{client:?} at {seconds}"))))
        });
        let records: Vec<_> = records.collect();
        let records: Records = Box::new(records.into_iter());
        let selected = selection.of(Recording { perspective, records });
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
        let clients = [Some(1), Some(2), Some(1), Some(2)];
        assert_eq!(notes(Perspective::End, &clients, selection), ["Some(2) at 1", "Some(2) at 3"]);
    }

    #[test]
    fn what_is_about_no_connection_is_in_none() {
        let first = Selection { connection: Some(1), ..Selection::default() };
        let clients = [None, Some(1), None, Some(2), None];
        assert_eq!(notes(Perspective::Between, &clients, first), ["Some(1) at 1"]);
        let listening = [Some(1), None];
        assert_eq!(notes(Perspective::End, &listening, first), ["Some(1) at 0"]);
        assert_eq!(notes(Perspective::End, &[None, None], first), ["None at 0", "None at 1"]);
    }

    #[test]
    fn a_connection_that_is_not_there_is_an_error() {
        let records: Records = Box::new([Ok(record(Some(1), 0, RecordedEvent::Note(String::new())))].into_iter());
        let recording = Recording { perspective: Perspective::End, records };
        let mut selected = Selection { connection: Some(2), ..Selection::default() }.of(recording);
        assert!(matches!(selected.next(), Some(Err(ReadError::NoConnection { number: 2 }))));
        assert!(selected.next().is_none());
    }

    #[test]
    fn a_time_of_which_nothing_is_there_is_told_once() {
        let records: Records = Box::new([Ok(record(None, 5, RecordedEvent::Note(String::new())))].into_iter());
        let from = Some(Moment::Elapsed(Duration::from_secs(9)));
        let recording = Recording { perspective: Perspective::End, records };
        let mut selected = Selection { from, ..Selection::default() }.of(recording);
        let told = selected.next().unwrap().unwrap_err();
        assert!(told.is_early_end());
        assert_eq!(told.to_string(), "nothing in it is of that time: it begins at 1970-01-01T00:00:05.000Z");
        assert!(selected.next().is_none());
    }

    #[test]
    fn a_time_has_both_its_ends() {
        let from = Some(Moment::Elapsed(Duration::from_secs(1)));
        let to = Some(Moment::Wall(SystemTime::UNIX_EPOCH + Duration::from_secs(2)));
        let selection = Selection { from, to, ..Selection::default() };
        assert_eq!(notes(Perspective::End, &[None; 4], selection), ["None at 1", "None at 2"]);
    }
}
