use std::io;
use std::time::SystemTime;

use serde_json::Value;

use super::*;
use crate::diagnosis::{BrokenFrame, Diagnosis};
use crate::error::{ExitStatus, Phase};
use crate::event::{
    Certificate, CertificateAnswer, CertificateFault, CertificateRequest, FailedCheck, RoundTrips, Step, StepDetail,
    Summary,
};
use crate::output::json::{RECORDING_SCHEMA, SCHEMA, assert_fields};
use crate::output::options::{FrameView, Perspective};
use crate::output::theme::Colors;
use crate::wire::{Close, CloseCode, Control, Data, Header, LengthEncoding, OpCode, Role, Rule};

struct Lines {
    stream: Stream,
    sink: Sink,
    clock: TimestampWriter,
    options: Options,
    client: Option<u64>,
    at: Timestamp,
}

impl Lines {
    fn new() -> Self {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_270_987_000_042);
        Self {
            stream: Stream::default(),
            sink: Sink::kept(Colors::Off),
            clock: TimestampWriter::default(),
            options: Options { frames: FrameView::Hex, annotations: Annotations::Shown, ..Options::default() },
            client: None,
            at: Timestamp { wall, elapsed: Duration::ZERO },
        }
    }

    fn of(&mut self, event: &Event<'_>) -> String {
        if matches!(event, Event::Open(_)) {
            self.clock.open(self.client, self.at);
        }
        self.stream.event(&mut self.sink, &mut self.clock, &self.options, self.client, self.at, event);
        String::from_utf8(std::mem::take(&mut self.sink.buffer)).unwrap()
    }

    fn of_wire(&mut self, direction: Direction, event: &wire::Event<'_>) -> String {
        self.of(&Event::Wire { direction, event, round_trip: Some(Duration::from_micros(250)), annotation: None })
    }

    fn of_annotated(&mut self, annotation: &Annotation) -> String {
        let event = message(Kind::Text, b"a", None);
        let (direction, annotation) = (Direction::Received, Some(annotation));
        self.of(&Event::Wire { direction, event: &event, round_trip: None, annotation })
    }
}

fn opened() -> Opened {
    let resolved = StepDetail::Resolved { name: "host".to_owned(), addresses: vec![[127, 0, 0, 1].into()] };
    let tls = TlsFacts {
        version: "TLSv1.3".to_owned(),
        cipher_suite: "TLS13_AES_256_GCM_SHA384".to_owned(),
        key_exchange: Some("X25519".to_owned()),
        alpn: Some("http/1.1".to_owned()),
        server_name: "example.com".to_owned(),
        certificates: vec![Certificate::Malformed { length: 7 }],
        verified: Err(CertificateFault { depth: 0, subject: String::new(), check: FailedCheck::Revoked }),
        certificate_request: Some(CertificateRequest { answer: CertificateAnswer::None, issuers: Vec::new() }),
    };
    Opened {
        role: Role::Client,
        url: "wss://example.com/?token=abc".to_owned(),
        target: "/?token=abc".to_owned(),
        address: std::net::SocketAddr::from(([127, 0, 0, 1], 443)).into(),
        status: 101,
        headers: vec![("Set-Cookie".to_owned(), b"a=b".to_vec()), ("X".to_owned(), b"\xe9\x9b".to_vec())],
        subprotocol: Some("chat".to_owned()),
        extensions: Some("permessage-deflate".to_owned()),
        tls: Some(tls),
        steps: vec![Step { took: Duration::from_micros(214), detail: resolved }],
        verified: Vec::new(),
        request_head: Vec::new(),
        response_head: Vec::new(),
    }
}

fn annotation(source: AnnotationSource) -> Annotation {
    Annotation {
        id: Some("1".to_owned()),
        answers: Some("2".to_owned()),
        took: Some(Duration::from_millis(84)),
        error: Some("no".to_owned()),
        ..Annotation::new(source, "RECEIPT", "of SEND")
    }
}

fn message(kind: Kind, payload: &[u8], compressed: Option<u64>) -> wire::Event<'_> {
    let facts = MessageFacts { length: payload.len() as u64, compressed, fragments: 1 };
    wire::Event::Message { kind, payload, facts }
}

const FRAME: Frame<'static> = Frame {
    header: Header {
        fin: true,
        rsv: 4,
        opcode: OpCode::Data(Data::Reserved(3)),
        mask: Some([0x37, 0xfa, 0x21, 0x3d]),
        length: 6,
        length_encoding: LengthEncoding::Seven,
    },
    header_bytes: &[0xc3, 0x86, 0x37, 0xfa, 0x21, 0x3d],
    offset: 1234,
    position: Position::Last(2),
    payload: b"Hello",
    inflation: b"",
    inflated: Some(9),
    received: 5,
};

fn plain_frame(opcode: OpCode) -> Frame<'static> {
    let header = Header { fin: true, rsv: 0, opcode, mask: None, length: 1, length_encoding: LengthEncoding::Seven };
    Frame {
        header,
        header_bytes: &[0x81, 1],
        offset: 9,
        position: Position::Whole,
        payload: b"a",
        inflation: b"",
        inflated: None,
        received: 1,
    }
}

fn summary() -> Summary {
    let time = Duration::from_millis(1);
    let round_trips = Some(RoundTrips { count: 1, least: time, mean: time, most: time });
    Summary { round_trips, ..Summary::default() }
}

fn ended() -> Ended {
    Ended {
        code: CloseCode::Normal,
        reason: b"bye\xff".to_vec(),
        meaning: Some("goodbye"),
        conclusion: Some("left".to_owned()),
        by: Direction::Received,
        clean: true,
        status: ExitStatus::Success,
    }
}

fn error() -> Error {
    Error::timed_out(Phase::Connect, Duration::from_secs(5), "cannot connect")
        .caused_by(io::Error::other("no luck"))
        .evidence("e")
        .hint("h")
}

fn found() -> Finding {
    Finding {
        rule: Rule::ReservedBits,
        blame: Role::Server,
        offset: 7,
        bytes: vec![0xc1],
        detail: "RSV1".to_owned(),
        diagnosis: Some(Diagnosis::BrokenFrame(BrokenFrame::Passable)),
    }
}

#[test]
fn a_message_before_and_after_the_opening() {
    let mut lines = Lines::new();
    assert_eq!(
        lines.of_wire(Direction::Received, &message(Kind::Text, b"a\"\x1b", None)),
        "{\"type\":\"message\",\"time\":\"2026-11-21T14:23:07.000042Z\",\"direction\":\"received\",\
         \"opcode\":\"text\",\"length\":3,\"fragments\":1,\"text\":\"a\\\"\\u001b\"}\n"
    );
    lines.of(&Event::Open(&opened()));
    lines.client = Some(3);
    lines.clock.open(lines.client, lines.at);
    lines.at.elapsed += Duration::from_millis(1_500);
    assert_eq!(
        lines.of_wire(Direction::Sent, &message(Kind::Binary, &[0, 255], Some(4))),
        "{\"type\":\"message\",\"time\":\"2026-11-21T14:23:07.000042Z\",\"elapsed\":1.500000,\"client\":3,\
         \"direction\":\"sent\",\"opcode\":\"binary\",\"length\":2,\"fragments\":1,\"compressed\":4,\
         \"binary\":\"AP8=\"}\n"
    );
}

#[test]
fn messages_of_one_time_each_say_their_own_direction_opcode_and_client() {
    let mut lines = Lines::new();
    for client in [None, Some(1), Some(2)] {
        lines.client = client;
        for (direction, name) in [(Direction::Sent, "sent"), (Direction::Received, "received")] {
            for (kind, opcode) in [(Kind::Text, "text"), (Kind::Binary, "binary")] {
                let line = lines.of_wire(direction, &message(kind, b"a", None));
                let value: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(value["client"].as_u64(), client, "{line}");
                assert_eq!((&value["direction"], &value["opcode"]), (&name.into(), &opcode.into()), "{line}");
            }
        }
    }
}

#[test]
fn between_a_client_and_a_server_each_event_says_whose_it_is() {
    let mut lines = Lines::new();
    lines.options.perspective = Perspective::Between;
    for (direction, name) in [(Direction::Sent, "client"), (Direction::Received, "server")] {
        let events = [
            lines.of_wire(direction, &message(Kind::Text, b"a", None)),
            lines.of_wire(direction, &wire::Event::Ping(b"a")),
            lines.of_wire(direction, &wire::Event::Frame(FRAME)),
        ];
        for line in events {
            let value: Value = serde_json::from_str(&line).unwrap();
            assert_eq!((&value["from"], &value["direction"]), (&name.into(), &Value::Null), "{line}");
        }
        let line = lines.of(&Event::Ended(&Ended { by: direction, ..ended() }));
        assert!(line.contains(&format!("\"by\":\"{name}\"")), "{line}");
    }
}

#[test]
fn text_that_is_not_utf_8_goes_as_binary() {
    let line = Lines::new().of_wire(Direction::Received, &message(Kind::Text, b"a\xff", None));
    assert!(line.contains(r#""opcode":"text","length":2,"fragments":1,"binary":"Yf8="}"#), "{line}");
}

#[test]
fn large_messages_are_put_together_from_pieces() {
    for size in [49_151, 49_152, 49_153, 300_000] {
        let text = "é".repeat(size);
        let line = Lines::new().of_wire(Direction::Received, &message(Kind::Text, text.as_bytes(), None));
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["text"], text);
        let line = Lines::new().of_wire(Direction::Received, &message(Kind::Binary, text.as_bytes(), None));
        let value = serde_json::from_str::<Value>(&line).unwrap();
        let bytes = data_encoding::BASE64.decode(value["binary"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(bytes, text.as_bytes());
    }
}

#[test]
fn secrets_stay_out_of_the_opening() {
    let line = Lines::new().of(&Event::Open(&opened()));
    assert!(line.contains(r#""url":"wss://example.com/?token=[hidden]""#), "{line}");
    assert!(line.contains(r#"{"name":"Set-Cookie","value":"[hidden]"}"#), "{line}");
    assert!(line.contains("{\"name\":\"X\",\"value\":\"é\\u009b\"}"), "{line}");
}

#[test]
fn every_field_is_in_the_schema_and_every_field_of_the_schema_is_used() {
    let mut lines = Lines::new();
    lines.client = Some(1);
    let received = Direction::Received;
    let events = [
        lines.of(&Event::Open(&opened())),
        lines.of_wire(received, &message(Kind::Text, b"a", Some(1))),
        lines.of_wire(received, &message(Kind::Binary, b"a", None)),
        lines.of_annotated(&annotation(AnnotationSource::Dialect("stomp"))),
        lines.of_annotated(&annotation(AnnotationSource::Decoder("cbor"))),
        lines.of_wire(received, &wire::Event::Ping(b"a")),
        lines.of_wire(received, &wire::Event::Ping(b"\xff")),
        lines.of_wire(received, &wire::Event::Pong(b"a")),
        lines.of_wire(received, &wire::Event::Pong(b"\xff")),
        lines.of_wire(received, &wire::Event::Frame(FRAME)),
        lines.of_wire(received, &wire::Event::Finding(found())),
        lines.of(&Event::Ended(&ended())),
        lines.of(&Event::Error(&error())),
    ];
    lines.options.perspective = Perspective::Between;
    lines.stream = Stream::default();
    let events = events.into_iter().chain([
        lines.of_wire(received, &message(Kind::Text, b"a", Some(1))),
        lines.of_wire(received, &wire::Event::Ping(b"a")),
        lines.of_wire(received, &wire::Event::Pong(b"a")),
        lines.of_wire(received, &wire::Event::Frame(FRAME)),
    ]);
    let events: Vec<_> = events.collect();
    for line in &events {
        assert_eq!(line.matches('\n').count(), 1, "{line}");
    }
    assert_fields(SCHEMA, events.iter().map(String::as_str));
}

#[test]
fn every_field_of_a_recording_is_in_the_schema_and_used() {
    let mut lines = Lines::new();
    lines.options.extent = Extent::Everything;
    lines.client = Some(1);
    let received = Direction::Received;
    let (opened, summary) = (opened(), summary());
    let tls = opened.tls.as_ref().unwrap();
    let compressed = Frame { inflation: b"a", ..FRAME };
    let close = |code, reason| wire::Event::Close(Close { code, reason });
    let mut events = vec![
        lines.of(&Event::Step(&opened.steps[0])),
        lines.of(&Event::Tls(tls)),
        lines.of(&Event::Head { direction: received, bytes: b"HTTP/1.1 101\r\n\r\n" }),
        lines.of(&Event::Head { direction: received, bytes: b"\xff" }),
        lines.of(&Event::Open(&opened)),
        lines.of_wire(received, &wire::Event::Frame(compressed)),
        lines.of_wire(received, &message(Kind::Text, b"a", Some(1))),
        lines.of_wire(received, &close(Some(CloseCode::Normal), b"bye")),
        lines.of_wire(received, &close(None, b"\xff")),
        lines.of_wire(received, &wire::Event::Finding(found())),
        lines.of(&Event::Ended(&ended())),
        lines.of(&Event::Error(&error())),
        lines.of(&Event::Summary(&summary)),
        lines.of(&Event::Warning("a")),
        lines.of(&Event::Note("a")),
        lines.of(&Event::Detail("a")),
    ];
    for (opcode, event) in [
        (OpCode::Data(Data::Binary), message(Kind::Binary, b"a", None)),
        (OpCode::Control(Control::Ping), wire::Event::Ping(b"a")),
        (OpCode::Control(Control::Ping), wire::Event::Ping(b"\xff")),
        (OpCode::Control(Control::Pong), wire::Event::Pong(b"a")),
        (OpCode::Control(Control::Pong), wire::Event::Pong(b"\xff")),
    ] {
        assert_eq!(lines.of_wire(received, &wire::Event::Frame(plain_frame(opcode))), "");
        events.push(lines.of_wire(received, &event));
    }
    lines.options.perspective = Perspective::Between;
    lines.stream = Stream::default();
    events.extend([
        lines.of(&Event::Head { direction: received, bytes: b"HTTP/1.1 101\r\n\r\n" }),
        lines.of_wire(received, &wire::Event::Frame(FRAME)),
        lines.of_wire(received, &message(Kind::Text, b"a", Some(1))),
        lines.of_wire(received, &wire::Event::Ping(b"a")),
        lines.of_wire(received, &wire::Event::Pong(b"a")),
        lines.of_wire(received, &close(None, b"")),
    ]);
    let mut schema = [SCHEMA, RECORDING_SCHEMA].concat();
    // What a message means follows from it, and is not recorded.
    schema.retain(|field| !field.name.starts_with("annotation"));
    assert_fields(&schema, events.iter().flat_map(|events| events.lines()));
}

#[test]
fn a_recording_has_the_bytes_of_a_frame_once() {
    let mut lines = Lines::new();
    lines.options.extent = Extent::Everything;
    let (received, frame) = (Direction::Received, plain_frame(OpCode::Data(Data::Text)));
    lines.of(&Event::Note("the first line is before this"));
    assert_eq!(lines.of_wire(received, &wire::Event::Frame(frame)), "");
    let line = lines.of_wire(received, &message(Kind::Text, b"a", None));
    assert!(
        line.ends_with(
            r#""fragments":1,"offset":9,"header":"8101","text":"a"}
"#
        ),
        "{line}"
    );
    let line = lines.of_wire(received, &message(Kind::Text, b"a", None));
    assert!(
        line.ends_with(
            r#""fragments":1,"text":"a"}
"#
        ),
        "{line}"
    );
}

#[test]
fn a_frame_that_gives_rise_to_no_message_has_a_line_of_its_own() {
    let mut lines = Lines::new();
    lines.options.extent = Extent::Everything;
    let (received, frame) = (Direction::Received, plain_frame(OpCode::Data(Data::Text)));
    for (direction, event) in [
        (received, wire::Event::Finding(found())),
        (Direction::Sent, message(Kind::Text, b"a", None)),
        (received, message(Kind::Text, b"ab", None)),
    ] {
        lines.of_wire(received, &wire::Event::Frame(frame));
        let written = lines.of_wire(direction, &event);
        let types: Vec<_> = written.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
        assert_eq!((types.len(), &types[0]["type"], &types[0]["payload"]), (2, &"frame".into(), &"61".into()));
    }
}
