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
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only the connections with these [numbers](ConnectionNumbers); all, where it is empty.
    pub connections: Vec<u64>,
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
            missing: self.connections.clone(),
            last: None,
            begins: None,
            is_of_no_time: self.from.is_some() || self.to.is_some(),
            selection: self,
            records,
            numbers,
            before: Vec::new(),
            ready: VecDeque::new(),
        }
    }
}

struct Selected {
    selection: Selection,
    /// The connections that are wanted and are not found yet.
    missing: Vec<u64>,
    /// The highest number of a connection.
    last: Option<u64>,
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
        if !self.missing.is_empty() {
            let missing = std::mem::take(&mut self.missing);
            return Some(ReadError::NoConnection { missing, last: self.last });
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
            self.last = self.last.max(number);
            self.missing.retain(|&wanted| Some(wanted) != number);
            let Selection { ref connections, from, to } = self.selection;
            if !connections.is_empty() && !number.is_some_and(|number| connections.contains(&number)) {
                continue;
            }
            self.begins.get_or_insert(record.at.wall);
            if to.is_some_and(|to| to.is_before(&record)) {
                // A connection that is missing may come later.
                if self.missing.is_empty() {
                    return self.end().map(Err);
                }
                continue;
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
    fn some_connections_of_many() {
        let selection = |connections: &[u64]| Selection { connections: connections.to_vec(), ..Selection::default() };
        let clients = [Some(1), Some(2), Some(3), Some(2), None];
        assert_eq!(notes(Perspective::End, &clients, selection(&[2])), ["Some(2) at 1", "Some(2) at 3"]);
        assert_eq!(notes(Perspective::End, &clients, selection(&[3, 1])), ["Some(1) at 0", "Some(3) at 2"]);
    }

    #[test]
    fn what_is_about_no_connection_is_in_none() {
        let first = || Selection { connections: vec![1], ..Selection::default() };
        let clients = [None, Some(1), None, Some(2), None];
        assert_eq!(notes(Perspective::Between, &clients, first()), ["Some(1) at 1"]);
        let listening = [Some(1), None];
        assert_eq!(notes(Perspective::End, &listening, first()), ["Some(1) at 0"]);
        assert_eq!(notes(Perspective::End, &[None, None], first()), ["None at 0", "None at 1"]);
    }

    #[test]
    fn a_connection_that_is_not_there_is_an_error() {
        let told = |to: Option<u64>| {
            let clients = [Some(1), Some(3)].into_iter().zip([0, 5]);
            let records: Vec<_> =
                clients.map(|(client, at)| Ok(record(client, at, RecordedEvent::Note(String::new())))).collect();
            let recording = Recording { perspective: Perspective::End, records: Box::new(records.into_iter()) };
            let to = to.map(|seconds| Moment::Elapsed(Duration::from_secs(seconds)));
            let mut selected = Selection { connections: vec![3, 2], to, ..Selection::default() }.of(recording);
            let mut told = selected.by_ref().filter_map(Result::err).map(|error| error.to_string());
            (told.next(), told.next())
        };
        assert_eq!(told(None), (Some("it has no connection 2: its last is 3".to_owned()), None));
        assert_eq!(told(Some(1)).0, told(None).0, "3 is there, though it comes after what is wanted");
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
