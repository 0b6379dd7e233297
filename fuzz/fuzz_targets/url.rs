//! A URL: what is accepted makes a request of one line and one Host, and means the same when it is written in full.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::http::{HeadKind, HeadProgress, HeadReader};
use wscope::net::Target;
use wscope::wire::handshake::{Request, RequestOptions};

fuzz_target!(|text: &str| {
    let Ok(target) = Target::parse(text) else { return };
    let again = Target::parse(&target.url()).expect("the full form is a URL");
    assert_eq!(again.url(), target.url());
    assert!(again.credentials().is_none());
    let options = RequestOptions {
        target: target.resource().to_owned(),
        authority: target.authority(),
        ..RequestOptions::default()
    };
    let bytes = Request::new(&options).expect("the options are good").encode();
    match HeadReader::new(HeadKind::Request).feed(&bytes) {
        HeadProgress::Complete { head, rest: [] } => {
            assert_eq!(head.all("host").count(), 1);
            assert!(bytes.starts_with(format!("GET {} HTTP/1.1\r\n", target.resource()).as_bytes()));
        }
        // A URL of more than the reader's limit.
        HeadProgress::Failed(_) if text.len() > 8_000 => {}
        other => panic!("{other:?} of {bytes:?}"),
    }
});
