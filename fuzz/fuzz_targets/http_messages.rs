//! Whatever comes on a connection is taken apart alike in whatever pieces, and nothing of it is lost.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::http::{Framing, HeadKind, MessageFault, MessageReader, Piece};

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (is_request, size, bytes) = input;
    let kind = if is_request { HeadKind::Request } else { HeadKind::Response };
    let (whole, end_of_whole) = read(kind, bytes, bytes.len().max(1));
    let (pieces, end_of_pieces) = read(kind, bytes, usize::from(size).max(1));
    assert_eq!(end_of_whole.is_ok(), end_of_pieces.is_ok());
    if end_of_whole.is_ok() {
        assert_eq!(whole, pieces);
        // Only empty lines before a request may be left out.
        let visible = |bytes: &[u8]| bytes.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect::<Vec<_>>();
        assert_eq!(visible(&whole), visible(bytes));
        assert!(kind == HeadKind::Request || whole == bytes);
    }
});

/// What is passed on of a stream, and why it ended.
fn read(kind: HeadKind, bytes: &[u8], size: usize) -> (Vec<u8>, Result<(), MessageFault>) {
    let mut reader = MessageReader::new(kind);
    let mut passed = Vec::new();
    for mut piece in bytes.chunks(size) {
        loop {
            match reader.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(Piece::Body(body))) => passed.extend_from_slice(body),
                Ok(Some(Piece::Head(head))) => {
                    passed.extend_from_slice(head.raw());
                    let framing = match kind {
                        HeadKind::Request => Framing::of_request(&head),
                        HeadKind::Response => Framing::of_response(&head, "GET"),
                    };
                    match framing {
                        Ok(framing) => reader.expect(framing),
                        Err(fault) => return (passed, Err(told(MessageFault::Framing(fault)))),
                    }
                }
                Err(fault) => return (passed, Err(told(fault))),
            }
        }
    }
    (passed, reader.end())
}

fn told(fault: MessageFault) -> MessageFault {
    let _ = fault.to_string();
    fault
}
