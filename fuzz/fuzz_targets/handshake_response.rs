//! Whatever a server answers, in whatever pieces, is checked without panic, and alike.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::diagnosis::Transport;
use wscope::http::{HeadKind, HeadProgress, HeadReader};
use wscope::wire::DeflateOffer;
use wscope::wire::handshake::{
    Answer, CheckResult, Request, RequestOptions, Strictness, check_response, diagnose_no_head,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let request = request();
    let whole = check(&request, bytes, bytes.len().max(1));
    let pieces = check(&request, bytes, usize::from(size).max(1));
    assert_eq!(whole, pieces);
});

fn request() -> Request {
    let options = RequestOptions {
        target: "/".to_owned(),
        authority: "h".to_owned(),
        subprotocols: vec!["chat".to_owned(), "a".to_owned()],
        deflate: Some(DeflateOffer::default()),
        key: Some("dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        ..RequestOptions::default()
    };
    Request::new(&options).expect("the options are good")
}

/// The results, strict and lenient; `None` where there is no head or the upgrade is refused.
fn check(request: &Request, bytes: &[u8], size: usize) -> Option<[CheckResult; 2]> {
    let mut reader = HeadReader::new(HeadKind::Response);
    let mut pieces = bytes.chunks(size);
    let (head, rest) = loop {
        match pieces.next().map(|piece| reader.feed(piece)) {
            Some(HeadProgress::Incomplete) => {}
            Some(HeadProgress::Complete { head, rest }) => break (head, rest),
            Some(HeadProgress::Failed(error)) => {
                let _ = (error.to_string(), diagnose_no_head(&error, Transport::Plain));
                return None;
            }
            None => return None,
        }
    };
    match check_response(&head, request, Strictness::Strict) {
        Answer::Upgraded(strict) => match check_response(&head, request, Strictness::Lenient) {
            Answer::Upgraded(lenient) => Some([strict, lenient]),
            Answer::Refused(_) => panic!("leniency refuses what strictness accepts"),
        },
        Answer::Refused(mut refusal) => {
            refusal.body_mut().feed(rest);
            pieces.for_each(|piece| refusal.body_mut().feed(piece));
            let _ =
                (refusal.body().start(), refusal.body().wants_more(), refusal.diagnosis(), refusal.telling_headers());
            None
        }
    }
}
