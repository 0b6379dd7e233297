//! A HAR with anything in it: it is an error or is read to its end, and what was read is written and reads back.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use wscope::http::redact::Secrets;
use wscope::recording::{RecordedEvent, har};

fuzz_target!(|input: &[u8]| {
    let mut open = || har::read(Cursor::new(input.to_vec())).map_err(std::io::Error::from);
    let Ok(records) = open() else { return };
    let mut opened = 0;
    for record in records {
        let Ok(record) = record else { return };
        assert!(record.event.lend(|event| !format!("{event:?}").is_empty()));
        opened += usize::from(matches!(record.event, RecordedEvent::Open(_)));
    }
    let mut output = Vec::new();
    har::write(&mut output, &mut open, Secrets::Hidden).expect("what could be read can be written");
    let again = har::read(Cursor::new(output)).expect("what was written can be read");
    let again = again.filter(|record| matches!(record.as_ref().expect("a record").event, RecordedEvent::Open(_)));
    assert_eq!(again.count(), opened);
});
