//! Whatever a client asks for gets an answer that is HTTP, and 101 only where something was agreed on.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::http::redact::Secrets;
use wscope::http::{HeadKind, HeadProgress, HeadReader};
use wscope::wire::DeflateOffer;
use wscope::wire::handshake::{ServerOptions, Strictness, check_request, refuse};

fuzz_target!(|input: (bool, &[u8])| {
    let (lenient, bytes) = input;
    let options = ServerOptions {
        deflate: Some(DeflateOffer::default()),
        strictness: if lenient { Strictness::Lenient } else { Strictness::Strict },
        secrets: Secrets::Hidden,
    };
    let (response, accepted) = match HeadReader::new(HeadKind::Request).feed(bytes) {
        HeadProgress::Incomplete => return,
        HeadProgress::Failed(error) => (refuse(&error), false),
        HeadProgress::Complete { head, .. } => {
            let reply = check_request(&head, &options);
            (reply.response, reply.result.agreed.is_some())
        }
    };
    match HeadReader::new(HeadKind::Response).feed(&response) {
        HeadProgress::Complete { head, .. } => assert_eq!(head.status() == Some(101), accepted),
        other => panic!("{other:?} of {response:?}"),
    }
});
