//! `--header`: nothing that is accepted adds a line of its own to the request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::http::{HeadKind, HeadProgress, HeadReader, HeaderRule};
use wscope::wire::handshake::{Request, RequestOptions};

fuzz_target!(|text: &str| {
    let Ok(rule) = HeaderRule::parse(text) else { return };
    let sent = usize::from(!matches!(rule, HeaderRule::Remove { .. }));
    let name = rule.name().to_owned();
    let options = RequestOptions {
        target: "/".to_owned(),
        authority: "h".to_owned(),
        headers: vec![rule],
        ..RequestOptions::default()
    };
    let request = Request::new(&options).expect("the options are good");
    let bytes = request.encode();
    match HeadReader::new(HeadKind::Request).feed(&bytes) {
        HeadProgress::Complete { head, rest: [] } => assert_eq!(head.all(&name).count(), sent),
        // A flag of more than the reader's limit.
        HeadProgress::Failed(_) if text.len() > 60_000 => {}
        other => panic!("{other:?} of {bytes:?}"),
    }
});
