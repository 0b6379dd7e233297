//! Compressed messages of 1 KiB of JSON, with the context kept. Neither of the others has permessage-deflate, so flate2 by
//! itself is what to compare with.

use divan::Bencher;
use divan::counter::BytesCount;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use wscope::wire::{DeflateParameters, Outgoing, Receiver, ReceiverOptions, Role, Sender};

use crate::input::{json_messages, receiver_options, sender_options};
use crate::receive::receive;

#[divan::bench]
fn wscope_receives(bencher: Bencher) {
    let (messages, bytes) = json_messages();
    let mut sender = Sender::new(sender_options(Role::Server, Some(DeflateParameters::default())));
    let mut stream = Vec::new();
    for message in &messages {
        sender.send(Outgoing::Text(message), &mut stream).expect("the connection is open");
    }
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let options = ReceiverOptions { deflate: Some(DeflateParameters::default()), ..receiver_options(Role::Client) };
        receive(Receiver::new(options), &stream, messages.len());
    });
}

#[divan::bench]
fn flate2_inflates(bencher: Bencher) {
    let (messages, bytes) = json_messages();
    let mut deflate = Compress::new(Compression::default(), false);
    let mut stream = vec![0; bytes];
    for message in &messages {
        let at = usize::try_from(deflate.total_out()).expect("it fits");
        deflate.compress(message.as_bytes(), &mut stream[at..], FlushCompress::Sync).expect("there is room");
    }
    stream.truncate(usize::try_from(deflate.total_out()).expect("it fits"));
    let mut output = vec![0; bytes];
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        Decompress::new(false).decompress(&stream, &mut output, FlushDecompress::None).expect("it was just made")
    });
}

#[divan::bench]
fn wscope_sends(bencher: Bencher) {
    let (messages, bytes) = json_messages();
    let mut output = Vec::new();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut sender = Sender::new(sender_options(Role::Client, Some(DeflateParameters::default())));
        for message in &messages {
            output.clear();
            sender.send(Outgoing::Text(message), &mut output).expect("the connection is open");
        }
    });
}

#[divan::bench]
fn flate2_deflates(bencher: Bencher) {
    let (messages, bytes) = json_messages();
    let mut output = vec![0; 4096];
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut deflate = Compress::new(Compression::default(), false);
        for message in &messages {
            deflate.compress(message.as_bytes(), &mut output, FlushCompress::Sync).expect("there is room");
        }
    });
}
