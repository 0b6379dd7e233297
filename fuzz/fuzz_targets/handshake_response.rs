//! Whatever a server answers, in whatever pieces, is judged without panic, and alike.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::diagnosis::Transport;
use wscope::wire::handshake::{
    Answer, HeadProgress, HeadReader, Request, RequestOptions, Strictness, Verdict, check_response, diagnose_no_head,
};
use wscope::wire::{DeflateOffer, Role};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let request = request();
    let whole = judge(&request, bytes, bytes.len().max(1));
    let pieces = judge(&request, bytes, usize::from(size).max(1));
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

/// The verdicts, strict and lenient; `None` where there is no head or the upgrade is refused.
fn judge(request: &Request, bytes: &[u8], size: usize) -> Option<[Verdict; 2]> {
    let mut reader = HeadReader::new(Role::Server);
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
            refusal.feed(rest);
            pieces.for_each(|piece| refusal.feed(piece));
            let _ = (refusal.body(), refusal.wants_more(), refusal.diagnosis(), refusal.telling_headers());
            None
        }
    }
}
