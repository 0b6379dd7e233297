//! Finding messages in what comes in, and for text checking UTF-8; as server, unmasking in addition.

use std::io::Read;

use divan::{Bencher, black_box};
use fastwebsockets::FragmentCollector;
use tungstenite::WebSocket;
use tungstenite::protocol::WebSocketConfig;
use wscope::wire::{Event, Receiver, Role};

use crate::input::{NO_LIMIT, ROWS, Row, receiver_options};
use crate::memory::{Memory, at_once};

#[divan::bench(args = ROWS)]
fn client_wscope(bencher: Bencher, row: Row) {
    bench_wscope_receiver(bencher, row, Role::Client);
}

#[divan::bench(args = ROWS)]
fn client_tungstenite(bencher: Bencher, row: Row) {
    bench_tungstenite_read(bencher, row, tungstenite::protocol::Role::Client);
}

#[divan::bench(args = ROWS)]
fn client_fastwebsockets(bencher: Bencher, row: Row) {
    bench_fastwebsockets_read(bencher, row, fastwebsockets::Role::Client);
}

#[divan::bench(args = ROWS)]
fn server_wscope(bencher: Bencher, row: Row) {
    bench_wscope_receiver(bencher, row, Role::Server);
}

#[divan::bench(args = ROWS)]
fn server_tungstenite(bencher: Bencher, row: Row) {
    bench_tungstenite_read(bencher, row, tungstenite::protocol::Role::Server);
}

#[divan::bench(args = ROWS)]
fn server_fastwebsockets(bencher: Bencher, row: Row) {
    bench_fastwebsockets_read(bencher, row, fastwebsockets::Role::Server);
}

fn bench_wscope_receiver(bencher: Bencher, row: Row, role: Role) {
    let stream = row.stream(role);
    bencher.counter(row.bytes()).bench_local(|| receive(Receiver::new(receiver_options(role)), &stream, row.count()));
}

/// Receives so many messages.
pub fn receive(mut receiver: Receiver, mut stream: &[u8], count: usize) {
    let mut messages = 0;
    while messages < count {
        let read = stream.read(receiver.space()).expect("memory can be read");
        assert!(read > 0, "{messages} of {count} messages came out");
        receiver.filled(read);
        while let Some(event) = receiver.next() {
            if let Event::Message { payload, .. } = event {
                black_box(payload);
                messages += 1;
            }
        }
    }
}

fn bench_tungstenite_read(bencher: Bencher, row: Row, role: tungstenite::protocol::Role) {
    let ours = if role == tungstenite::protocol::Role::Client { Role::Client } else { Role::Server };
    let stream = row.stream(ours);
    let config = WebSocketConfig::default().max_message_size(Some(NO_LIMIT)).max_frame_size(Some(NO_LIMIT));
    bencher.counter(row.bytes()).bench_local(|| {
        let mut socket = WebSocket::from_raw_socket(Memory(&stream), role, Some(config));
        for _ in 0..row.count() {
            black_box(socket.read().expect("a message"));
        }
    });
}

fn bench_fastwebsockets_read(bencher: Bencher, row: Row, role: fastwebsockets::Role) {
    let ours = if role == fastwebsockets::Role::Client { Role::Client } else { Role::Server };
    let stream = row.stream(ours);
    bencher.counter(row.bytes()).bench_local(|| {
        let mut socket = fastwebsockets::WebSocket::after_handshake(Memory(&stream), role);
        socket.set_max_message_size(NO_LIMIT);
        let mut socket = FragmentCollector::new(socket);
        for _ in 0..row.count() {
            black_box(at_once(socket.read_frame()).expect("a message"));
        }
    });
}
