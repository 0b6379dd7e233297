//! A HAR with anything in it: it is an error or is read to its end, and what was read is written and reads back.

#![no_main]

use std::io::{self, Cursor};

use libfuzzer_sys::fuzz_target;
use wscope::dialect::Choice;
use wscope::http::redact::Secrets;
use wscope::output::Perspective;
use wscope::recording::har::{self, HarOptions};
use wscope::recording::{RecordedEvent, Recording};

fuzz_target!(|input: &[u8]| {
    let mut open = || {
        let records = har::read(Cursor::new(input.to_vec())).map_err(io::Error::other)?;
        Ok(Recording { perspective: Perspective::End, records })
    };
    let Ok(recording): io::Result<_> = open() else { return };
    let mut opened = 0;
    for record in recording.records {
        let Ok(record) = record else { return };
        assert!(record.event.lend(|event| !format!("{event:?}").is_empty()));
        opened += usize::from(matches!(record.event, RecordedEvent::Open(_)));
    }
    let mut output = Vec::new();
    let options = HarOptions { secrets: Secrets::Hidden, dialect: Choice::Auto };
    let early_end = har::write(&mut output, &mut open, options).expect("what could be read can be written");
    assert!(early_end.is_none());
    let again = har::read(Cursor::new(output)).expect("what was written can be read");
    let again = again.filter(|record| matches!(record.as_ref().expect("a record").event, RecordedEvent::Open(_)));
    assert_eq!(again.count(), opened);
});
