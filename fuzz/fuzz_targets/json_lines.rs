//! A recording in JSON Lines with anything in it: it is an error or is read to its end, and what was read is written and
//! reads back, with every frame and message as it was.

#![no_main]

use std::io::{self, Cursor};
use std::path::Path;
use std::sync::{Arc, Mutex};

use libfuzzer_sys::fuzz_target;
use wscope::event::EventSink;
use wscope::http::redact::Secrets;
use wscope::output::{Options, Output};
use wscope::recording::{JsonLines, ReadError, Record, RecordedEvent, Recorder};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Output for Written {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().expect("no thread has panicked").extend_from_slice(bytes);
        Ok(())
    }
}

fuzz_target!(|input: &[u8]| {
    let (records, _) = read(input);
    if records.is_empty() {
        return;
    }
    // A writer may put a frame into the line of its message; what it wrote once stays as it is.
    let (records, error) = read(&write(&records));
    assert!(matches!(error, None | Some(ReadError::StillOpen)), "{error:?}");
    let (again, _) = read(&write(&records));
    assert_eq!(again.len(), records.len());
    for (again, record) in again.iter().zip(&records) {
        assert_eq!(again.origin, record.origin);
        match (&again.event, &record.event) {
            (
                RecordedEvent::Wire { direction, event, .. },
                RecordedEvent::Wire { direction: first_direction, event: first_event, .. },
            ) => assert_eq!((direction, event), (first_direction, first_event)),
            (event, first_event) => assert_eq!(std::mem::discriminant(event), std::mem::discriminant(first_event)),
        }
    }
});

/// The records up to the first error.
fn read(bytes: &[u8]) -> (Vec<Record>, Option<ReadError>) {
    let mut records = Vec::new();
    for record in JsonLines::new(Box::new(Cursor::new(bytes.to_vec()))) {
        match record {
            Ok(record) => records.push(record),
            Err(error) => return (records, Some(error)),
        }
    }
    (records, None)
}

/// The recording of these records.
fn write(records: &[Record]) -> Vec<u8> {
    let written = Written::default();
    let options = Options { secrets: Secrets::Shown, ..Options::new(|diagnosis| format!("{diagnosis:?}")) };
    let mut recorder = Recorder::json_lines(&options, Box::new(written.clone()), Path::new("a.jsonl"));
    for Record { origin, at, event } in records {
        let _ = event.lend(|event| recorder.event(*origin, *at, event));
    }
    recorder.flush().expect("memory takes everything");
    let bytes = written.0.lock().expect("no thread has panicked").clone();
    bytes
}
