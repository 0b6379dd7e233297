use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::error::{Error, ExitStatus, Phase};
use crate::event::{Direction, Opened};
use crate::event::{Ended, Event, EventSink, PeerAddress, Step, StepDetail, Summary, TlsFacts};
use crate::output::{DataFormat, Discard, Extent, FrameView, Options, Output, Printer};
use crate::wire::{self, CloseCode, MaskSource, Outgoing, Receiver, ReceiverOptions, Role, Sender, SenderOptions};
use crate::wire::{DeflateParameters, Finding, Observe, RawHeader, Rule};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Output for Written {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }
}

/// Writes recordings.
struct Writer {
    written: Written,
    printer: Printer,
}

impl Writer {
    fn new() -> Self {
        let written = Written::default();
        let options = Options {
            format: DataFormat::Json,
            extent: Extent::Everything,
            frames: FrameView::Hex,
            ..Options::default()
        };
        let printer = Printer::new(options, Box::new(written.clone()), Box::new(Discard));
        Self { written, printer }
    }

    fn add(&mut self, origin: Origin, micros: u64, event: &Event<'_>) {
        let elapsed = Duration::from_micros(micros);
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_270_987) + elapsed;
        let _ = self.printer.event(origin, Timestamp { wall, elapsed }, event);
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.printer.flush().unwrap();
        self.written.0.lock().unwrap().clone()
    }
}

fn read(bytes: &[u8]) -> Vec<Result<Record, ReadError>> {
    JsonLines::new(Box::new(io::Cursor::new(bytes.to_vec()))).collect()
}

/// The recording of what is read of `bytes`.
fn written_again(bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    for record in read(bytes) {
        let Record { origin, at, event } = record.unwrap();
        let _ = event.lend(|event| writer.printer.event(origin, at, event));
    }
    writer.bytes()
}

fn opened() -> Opened {
    let detail = StepDetail::Resolved { name: "host".to_owned(), addresses: vec![[127, 0, 0, 1].into()] };
    Opened {
        role: Role::Server,
        url: "ws://host/?token=abc".to_owned(),
        target: "/?token=abc".to_owned(),
        address: PeerAddress::Tcp(([127, 0, 0, 1], 80).into()),
        status: 101,
        headers: vec![("Set-Cookie".to_owned(), b"session=0123456789abcdef0123456789".to_vec())],
        subprotocol: Some("chat".to_owned()),
        extensions: Some("permessage-deflate".to_owned()),
        tls: Some(TlsFacts {
            version: "TLSv1.3".to_owned(),
            cipher_suite: "TLS13_AES_256_GCM_SHA384".to_owned(),
            key_exchange: None,
            alpn: None,
            server_name: "host".to_owned(),
            certificates: Vec::new(),
            verified: Ok(()),
            certificate_request: None,
        }),
        steps: vec![Step { took: Duration::from_micros(214), detail }],
        verified: vec!["the key".to_owned()],
        request_head: Vec::new(),
        response_head: Vec::new(),
    }
}

fn ended() -> Ended {
    Ended {
        code: CloseCode::Normal,
        reason: b"bye\xff".to_vec(),
        conclusion: None,
        by: Direction::Received,
        clean: true,
        status: ExitStatus::Success,
        meaning: None,
    }
}

/// What a receiver makes of frames of all kinds: compressed, fragmented, masked, cut off.
fn everything(writer: &mut Writer, origin: Origin, large: usize) {
    let deflate = Some(DeflateParameters::default());
    let options = SenderOptions { role: Role::Client, mask: MaskSource::Fixed(*b"mask"), fragment: None, deflate };
    let mut frames = Vec::new();
    let mut send = |sender: &mut Sender, outgoing: Outgoing<'_>| sender.send(outgoing, &mut frames).unwrap();
    let mut plain = Sender::new(options).compress_from(usize::MAX);
    send(&mut plain, Outgoing::Text("hi \u{1b}\"ü"));
    send(&mut plain, Outgoing::Binary(&[0, 255]));
    send(&mut plain, Outgoing::Binary(&vec![7; large]));
    send(&mut plain, Outgoing::Ping(b"\xff"));
    send(&mut plain, Outgoing::Pong(b""));
    send(&mut plain, Outgoing::Frame(RawHeader::default(), b"a raw frame"));
    let mut small = Sender::new(SenderOptions { fragment: std::num::NonZeroUsize::new(3), ..options }).compress_from(0);
    send(&mut small, Outgoing::Text("compressed and in fragments, in fragments"));
    send(&mut plain, Outgoing::Close(Some((CloseCode::Normal, "bye"))));
    let mut receiver = Receiver::new(ReceiverOptions {
        role: Role::Server,
        max_message: 1 << 20,
        stream_binary_above: None,
        lenient: true,
        deflate,
        observe: Observe::Bytes,
    });
    receiver.feed(&frames);
    for micros in 2_000_000.. {
        let Some(event) = receiver.next() else { break };
        let round_trip = matches!(event, wire::Event::Pong(_)).then_some(Duration::from_micros(250));
        let direction = Direction::Sent;
        writer.add(origin, micros, &Event::Wire { direction, event: &event, round_trip, annotation: None });
    }
}

/// With one binary message of `large` bytes.
fn recording(large: usize) -> Vec<u8> {
    let mut writer = Writer::new();
    let (own, other) = (Origin::default(), Origin { client: Some(7) });
    let opened = opened();
    writer.add(own, 0, &Event::Detail("through a proxy"));
    writer.add(own, 10, &Event::Step(&opened.steps[0]));
    writer.add(own, 20, &Event::Tls(opened.tls.as_ref().unwrap()));
    writer.add(own, 30, &Event::Head { direction: Direction::Sent, bytes: b"GET / HTTP/1.1\r\nCookie: a=b\r\n\r\n" });
    writer.add(own, 40, &Event::Head { direction: Direction::Received, bytes: b"HTTP/1.1 101 \xff\r\n\r\n" });
    writer.add(own, 1_000_001, &Event::Open(&opened));
    writer.add(other, 1_500_000, &Event::Open(&opened));
    everything(&mut writer, own, large);
    everything(&mut writer, other, 1);
    let finding = Finding {
        rule: Rule::ReservedBits,
        blame: Role::Server,
        offset: 7,
        bytes: vec![0xc1],
        detail: "RSV1".to_owned(),
        diagnosis: Rule::ReservedBits.diagnosis(),
    };
    writer.add(own, 3_000_000, &Event::Finding(&finding));
    writer.add(own, 3_000_000, &Event::Summary(&Summary { open_for: Duration::from_secs(2), ..Summary::default() }));
    writer.add(own, 3_000_000, &Event::Ended(&ended()));
    writer.add(other, 3_000_000, &Event::Ended(&ended()));
    let error = Error::timed_out(Phase::Connect, Duration::from_secs(5), "no connection")
        .evidence("seen")
        .hint("try")
        .caused_by(io::Error::other(io::Error::other("inner")));
    for event in [Event::Error(&error), Event::Warning("warned"), Event::Note("noted")] {
        writer.add(own, 4_000_000, &event);
    }
    writer.bytes()
}

#[test]
fn what_is_read_and_written_again_is_the_same() {
    // Larger than what a message's line carries.
    let bytes = recording(70_000);
    let again = written_again(&bytes);
    let lines =
        |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&again), lines(&bytes));
    assert!(lines(&bytes).len() > 30);
}

#[test]
fn an_opening_has_its_heads_without_their_secrets() {
    let records = read(&recording(1));
    let opened = records.iter().find_map(|record| match record.as_ref().unwrap() {
        Record { origin: Origin { client: None }, event: RecordedEvent::Open(opened), .. } => Some(opened),
        _ => None,
    });
    let opened = opened.unwrap();
    assert_eq!(opened.request_head, b"GET / HTTP/1.1\r\nCookie: [hidden]\r\n\r\n");
    assert_eq!(opened.response_head, b"HTTP/1.1 101 \xff\r\n\r\n");
    assert_eq!(opened.target, "/?token=[hidden]");
}

#[test]
fn times_count_from_the_first_record() {
    let records = read(&recording(1));
    let times: Vec<_> = records.iter().map(|record| record.as_ref().unwrap().at.elapsed).collect();
    assert_eq!(times[..3], [0, 10, 20].map(Duration::from_micros));
    assert!(times.contains(&Duration::from_micros(1_000_001)));
    assert!(times.contains(&Duration::from_micros(2_000_003)));
}

/// What is told of a recording that is cut, or broken, besides its records.
fn read_until_error(bytes: &[u8]) -> (usize, Option<ReadError>) {
    let mut records = read(bytes);
    match records.pop() {
        Some(Err(error)) => (records.len(), Some(error)),
        Some(Ok(_)) => (records.len() + 1, None),
        None => (0, None),
    }
}

#[test]
fn a_recording_that_is_cut_at_any_byte_is_read_up_to_there() {
    let bytes = recording(1);
    let whole = read(&bytes).len();
    for cut in (0..bytes.len()).step_by(13).chain(bytes.len() - 3..bytes.len()) {
        let lines = bytes[..cut].split(|&byte| byte == b'\n').count() - 1;
        let (records, error) = read_until_error(&bytes[..cut]);
        let error = error.map(|error| (error.is_early_end(), error.to_string()));
        assert!(records <= whole && records + 1 >= lines, "{records} records of {lines} lines, cut at {cut}");
        assert!(error.as_ref().is_none_or(|(is_end, _)| *is_end), "{error:?}, cut at {cut}");
    }
}

#[test]
fn what_is_no_recording_is_named() {
    let told = |text: &str| read_until_error(text.as_bytes()).1.map(|error| error.to_string());
    assert_eq!(told("hello\n").unwrap(), "it is no recording of wscope, at byte 0");
    assert_eq!(told("hello").unwrap(), "it is no recording of wscope, at byte 0");
    let first = "{\"type\":\"recording\",\"time\":\"2026-11-21T14:23:07Z\",\"version\":1}\n";
    assert_eq!(told(&format!("{first}hello\n")).unwrap(), "this line is no JSON object, at byte 63");
    assert_eq!(told(&first.replace(":1}", ":2}")).unwrap(), "version 2 is not known here, at byte 0");
    assert_eq!(told(&format!("{first}{{\"type\":\"note\"}}\n")).unwrap(), "`time` is missing, at byte 63");
    assert_eq!(told(&format!("{first}{{\"type\":\"of the future\",\"time\":\"2026-11-21T14:23:07Z\"}}\n")), None);
    assert_eq!(told(first), None);
    assert_eq!(told(&format!("\u{feff}{first}hello\n")).unwrap(), "this line is no JSON object, at byte 66");
    for har in ["{\n  \"log\": {}\n}", "{\"log\":{\"entries\":[]}}"] {
        assert_eq!(told(har).unwrap(), "it looks like a HAR, and the name of one ends in `.har`, at byte 0");
    }
    let compressed = read_until_error(b"\x1f\x8b\x08\0").1.unwrap().to_string();
    assert_eq!(compressed, "it is compressed: `gzip -d` makes of it what can be read, at byte 0");
}
