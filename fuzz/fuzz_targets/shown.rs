//! Whatever a peer sends, a terminal gets no character that drives it, JSON gets one line for each event, and no secret of a
//! head is in either.

#![no_main]

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use libfuzzer_sys::fuzz_target;
use wscope::error::{Error, ExitStatus, Phase};
use wscope::event::{Annotation, AnnotationSource, Direction, Ended, Event, EventSink, Opened, Origin, Timestamp};
use wscope::output::{Annotations, Banner, DataFormat, FrameView, Level, Options, Output, Printer, View, escape};
use wscope::wire::{self, CloseCode, Kind, MessageFacts, Role};

const CANARY: &str = "C4n4ryC4n4ry";

/// Keeps what is written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Output for Written {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().expect("no thread has panicked").extend_from_slice(bytes);
        Ok(())
    }
}

fuzz_target!(|input: (u8, &str, &[u8], &str)| {
    let (number, text, bytes, name) = input;
    if [text.as_bytes(), bytes, name.as_bytes()]
        .concat()
        .windows(CANARY.len())
        .any(|window| window == CANARY.as_bytes())
    {
        return;
    }
    let mut line = Vec::new();
    escape::line(&mut line, bytes);
    let line = String::from_utf8(line).expect("what is shown is UTF-8");
    assert!(!line.contains(escape::is_unsafe), "{line:?}");
    let is_json = number & 1 == 1;
    let shown = shown(number, text, bytes, name);
    assert!(!shown.contains(CANARY), "{shown}");
    let drives = |character: char| {
        let is_layout = character == '\n' || (character == '\t' && !is_json);
        escape::is_unsafe(character) && !is_layout
    };
    assert!(!shown.contains(drives), "{shown:?}");
    if is_json {
        assert!(shown.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{shown}");
    }
});

/// What a printer writes of a session in which the peer chose `text`, `bytes` and `name`.
fn shown(number: u8, text: &str, bytes: &[u8], name: &str) -> String {
    let written = Written::default();
    let options = Options {
        format: if number & 1 == 1 { DataFormat::Json } else { DataFormat::Text },
        view: View::Terminal,
        level: Level::Verbose,
        banner: Banner::Shown,
        frames: FrameView::Lines,
        pretty: number & 2 == 2,
        ping_pong: true,
        annotations: if number & 8 == 8 { Annotations::Shown } else { Annotations::Hidden },
        ..Options::new(|diagnosis| format!("{diagnosis:?}"))
    };
    let diagnostics = if number & 1 == 1 { Written::default() } else { written.clone() };
    let mut printer = Printer::new(options, Box::new(written.clone()), Box::new(diagnostics));
    let head = [b"HTTP/1.1 101 x\r\n", bytes, b"\r\nAuthorization: C4n4ryC4n4ry\r\n\r\n"].concat();
    let opened = Opened {
        role: Role::Client,
        url: format!("ws://localhost/?access_token={CANARY}"),
        target: format!("/?access_token={CANARY}"),
        address: SocketAddr::from(([127, 0, 0, 1], 80)).into(),
        status: 101,
        headers: vec![(name.to_owned(), bytes.to_vec()), ("Set-Cookie".to_owned(), CANARY.into())],
        subprotocol: Some(text.to_owned()),
        extensions: Some(text.to_owned()),
        tls: None,
        steps: Vec::new(),
        verified: Vec::new(),
        request_head: head.clone(),
        response_head: head.clone(),
    };
    let (direction, round_trip) = (Direction::Received, None);
    let facts = MessageFacts { length: bytes.len() as u64, compressed: None, fragments: 1 };
    let messages = [
        wire::Event::Message { kind: Kind::Text, payload: text.as_bytes(), facts },
        wire::Event::Message { kind: Kind::Text, payload: bytes, facts },
        wire::Event::Message { kind: Kind::Binary, payload: bytes, facts },
        wire::Event::Ping(bytes),
        wire::Event::Pong(bytes),
        wire::Event::Close(wire::Close { code: Some(CloseCode::Normal), reason: bytes }),
    ];
    let annotation = Annotation {
        id: Some(name.to_owned()),
        answers: Some(text.to_owned()),
        error: Some(name.to_owned()),
        ..Annotation::new(AnnotationSource::Dialect("stomp"), text.to_owned(), name)
    };
    let ended = Ended {
        code: CloseCode::Normal,
        meaning: None,
        reason: bytes.to_vec(),
        conclusion: None,
        by: direction,
        clean: true,
        status: ExitStatus::Success,
    };
    let error = Error::new(Phase::Session, name).evidence(text).hint(text).caused_by(text.to_owned());
    let mut show = |event: &Event<'_>| {
        let at = Timestamp { wall: std::time::SystemTime::UNIX_EPOCH, elapsed: std::time::Duration::ZERO };
        let origin = Origin { client: (number & 4 == 4).then_some(7) };
        let _ = printer.event(origin, at, event);
    };
    show(&Event::Head { direction, bytes: &head });
    show(&Event::Open(&opened));
    for event in &messages {
        show(&Event::Wire { direction, event, round_trip, annotation: Some(&annotation) });
    }
    for event in
        [Event::Note(text), Event::Detail(text), Event::Warning(text), Event::Error(&error), Event::Ended(&ended)]
    {
        show(&event);
    }
    printer.flush().expect("memory takes everything");
    let bytes = written.0.lock().expect("no thread has panicked").clone();
    String::from_utf8(bytes).expect("what is shown is UTF-8")
}
