//! Messages into masked frames.

use divan::{Bencher, black_box};
use fastwebsockets::{Frame, Payload};
use tungstenite::{Bytes, Message, Utf8Bytes, WebSocket};
use wscope::wire::{Role, Sender};

use crate::input::{Content, ROWS, Row, sender_options};
use crate::memory::{Memory, at_once};

#[divan::bench(args = ROWS)]
fn wscope(bencher: Bencher, row: Row) {
    let payload = row.payload();
    let mut sender = Sender::new(sender_options(Role::Client, None));
    let mut output = Vec::new();
    let message = row.outgoing(&payload);
    bencher.counter(row.bytes()).bench_local(|| {
        for _ in 0..row.count() {
            sender.send(message, &mut output).expect("the connection is open");
            if output.len() > 128 << 10 {
                black_box(&output);
                output.clear();
            }
        }
    });
}

#[divan::bench(args = ROWS)]
fn tungstenite(bencher: Bencher, row: Row) {
    let payload = Bytes::from(row.payload());
    let text = Utf8Bytes::try_from(payload.clone()).ok().filter(|_| row.content != Content::Binary);
    let message = text.map_or(Message::Binary(payload), Message::Text);
    let mut socket = WebSocket::from_raw_socket(Memory(&[]), tungstenite::protocol::Role::Client, None);
    bencher.counter(row.bytes()).bench_local(|| {
        for _ in 0..row.count() {
            socket.write(message.clone()).expect("memory takes everything");
        }
        socket.flush().expect("memory takes everything");
    });
}

#[divan::bench(args = ROWS)]
fn fastwebsockets(bencher: Bencher, row: Row) {
    let payload = row.payload();
    let mut socket = fastwebsockets::WebSocket::after_handshake(Memory(&[]), fastwebsockets::Role::Client);
    bencher.counter(row.bytes()).bench_local(|| {
        for _ in 0..row.count() {
            let payload = Payload::Borrowed(&payload);
            let frame = if row.content == Content::Binary { Frame::binary(payload) } else { Frame::text(payload) };
            at_once(socket.write_frame(frame)).expect("memory takes everything");
        }
    });
}
