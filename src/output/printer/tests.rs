mod amounts;
mod annotated;
mod bulk;

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::*;
use crate::error::{Error, ExitStatus, Phase};
use crate::event::{Ended, Messages, Opened, Step, StepDetail, Summary};
use crate::output::options::{Banner, FrameView, Timestamps};
use crate::output::theme::Colors;
use crate::wire::{CloseCode, Data, Frame, Header, Kind, LengthEncoding, MessageFacts, OpCode, Position, Role};

const US: Origin = Origin { client: None };
const START: Timestamp = Timestamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO };

/// Keeps every write.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<Vec<u8>>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap().concat()).into_owned()
    }

    fn longest_write(&self) -> usize {
        self.0.lock().unwrap().iter().map(Vec::len).max().unwrap_or_default()
    }

    fn writes(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Output for Written {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(())
    }
}

/// Its reader went away.
struct Broken;

impl Output for Broken {
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Err(ErrorKind::BrokenPipe.into())
    }
}

/// A printer, and what it wrote.
struct Scene {
    printer: Printer,
    data: Written,
    diagnostics: Written,
}

impl Scene {
    fn new(options: Options) -> Self {
        let (data, diagnostics) = (Written::default(), Written::default());
        let printer = Printer::new(options, Box::new(data.clone()), Box::new(diagnostics.clone()));
        Self { printer, data, diagnostics }
    }

    fn at(&mut self, milliseconds: u64, origin: Origin, event: &Event<'_>) {
        let elapsed = Duration::from_millis(milliseconds);
        let flow = self.printer.event(origin, Timestamp { elapsed, ..START }, event);
        assert_eq!(flow, Flow::Continue);
    }

    fn event(&mut self, event: &Event<'_>) -> &mut Self {
        self.at(0, US, event);
        self
    }

    fn received(&mut self, event: &wire::Event<'_>) -> &mut Self {
        self.event(&Event::Wire { direction: Direction::Received, event, round_trip: None, annotation: None })
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.received(&message(Kind::Text, text.as_bytes()))
    }

    fn binary(&mut self, bytes: &[u8]) -> &mut Self {
        self.received(&message(Kind::Binary, bytes))
    }

    fn flushed(&mut self) -> (String, String) {
        self.printer.flush().unwrap();
        (self.data.text(), self.diagnostics.text())
    }
}

fn message(kind: Kind, payload: &[u8]) -> wire::Event<'_> {
    wire::Event::Message { kind, payload, facts: facts(payload.len() as u64) }
}

fn facts(length: u64) -> MessageFacts {
    MessageFacts { length, compressed: None, fragments: 1 }
}

fn opened() -> Opened {
    Opened {
        role: Role::Client,
        url: "ws://localhost/".to_owned(),
        target: "/chat?token=secret-in-the-path".to_owned(),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 9000)).into(),
        status: 101,
        headers: Vec::new(),
        subprotocol: Some("chat".to_owned()),
        extensions: None,
        tls: None,
        steps: Vec::new(),
        verified: vec!["status 101".to_owned()],
        request_head: Vec::new(),
        response_head: Vec::new(),
    }
}

fn ended(status: ExitStatus) -> Ended {
    let code = if status == ExitStatus::Success { CloseCode::Normal } else { CloseCode::Abnormal };
    Ended {
        code,
        meaning: None,
        reason: b"bye".to_vec(),
        conclusion: None,
        by: Direction::Received,
        clean: true,
        status,
    }
}

fn terminal() -> Options {
    Options { view: View::Terminal, banner: Banner::Shown, ..Options::default() }
}

#[test]
fn a_pipe_gets_exact_bytes() {
    let mut scene = Scene::new(Options::default());
    scene.text("a\x1b[2J").text("").binary(&[0, 255]).text("b");
    assert_eq!(scene.flushed().0, "a\x1b[2J\n\n\0\u{fffd}b\n");
    assert_eq!(scene.data.writes(), 1);
}

#[test]
fn a_pipe_may_want_nul_after_text() {
    let mut scene = Scene::new(Options { delimiter: 0, ..Options::default() });
    scene.text("a\nb").binary(b"c").text("d");
    assert_eq!(scene.flushed().0, "a\nb\0cd\0");
}

#[test]
fn nothing_but_data_reaches_stdout_and_nothing_at_all_stderr_when_all_is_well() {
    let mut scene = Scene::new(Options::default());
    scene.event(&Event::Open(&opened())).text("a").event(&Event::Ended(&ended(ExitStatus::Success)));
    assert_eq!(scene.flushed(), ("a\n".to_owned(), String::new()));
}

#[test]
fn an_end_gone_wrong_is_told_at_every_level() {
    let mut scene = Scene::new(Options { level: Level::Quiet, ..Options::default() });
    scene.event(&Event::Ended(&ended(ExitStatus::Session)));
    assert_eq!(scene.flushed().1, "Disconnected (code: 1006, reason: \"bye\")\n");
}

#[test]
fn quiet_silences_all_but_errors() {
    let mut scene = Scene::new(Options { level: Level::Quiet, ..terminal() });
    scene
        .event(&Event::Open(&opened()))
        .event(&Event::Note("a note"))
        .event(&Event::Detail("a detail"))
        .event(&Event::Summary(&Summary::default()))
        .event(&Event::Error(&Error::new(Phase::Session, "too bad")))
        .event(&Event::Ended(&ended(ExitStatus::Success)));
    assert_eq!(scene.flushed().1, "wscope: error: too bad\n");
}

#[test]
fn raw_adds_nothing_anywhere() {
    let timestamps = Some(Timestamps::Relative);
    let mut scene = Scene::new(Options { format: DataFormat::Raw, timestamps, ..Options::default() });
    scene.text("a").text("b").binary(b"c");
    assert_eq!(scene.flushed().0, "abc");
}

#[test]
fn hex_and_base64_are_a_line_a_message() {
    let mut scene = Scene::new(Options { format: DataFormat::Hex, ..Options::default() });
    scene.text("Hi").binary(&[0, 255]).text("");
    assert_eq!(scene.flushed().0, "4869\n00ff\n\n");
    let mut scene = Scene::new(Options { format: DataFormat::Base64, ..Options::default() });
    scene.text("Hi").binary(&[0, 255]).text("");
    assert_eq!(scene.flushed().0, "SGk=\nAP8=\n\n");
}

#[test]
fn no_output_means_none() {
    let mut scene = Scene::new(Options { format: DataFormat::None, ..Options::default() });
    scene.text("a").binary(b"b");
    assert_eq!(scene.flushed().0, "");
}

#[test]
fn timestamps_stand_before_each_piped_message_too() {
    let mut scene = Scene::new(Options { timestamps: Some(Timestamps::Relative), ..Options::default() });
    scene.event(&Event::Open(&opened()));
    let event = message(Kind::Text, b"a");
    scene.at(
        1_500,
        US,
        &Event::Wire { direction: Direction::Received, event: &event, round_trip: None, annotation: None },
    );
    assert_eq!(scene.flushed().0, "+1.500000 a\n");
}

#[test]
fn pretty_lays_out_piped_json_and_leaves_the_rest() {
    let mut scene = Scene::new(Options { pretty: true, ..Options::default() });
    scene.text(r#"{"a":1.0}"#).text("b{").binary(b"[1]");
    assert_eq!(scene.flushed().0, "{\n  \"a\": 1.0\n}\nb{\n[1]");
}

#[test]
fn a_terminal_shows_what_would_drive_it() {
    let mut scene = Scene::new(terminal());
    scene.event(&Event::Open(&opened())).text("a\x1b[2J\nb").binary(&[0]);
    let (data, diagnostics) = scene.flushed();
    assert_eq!(
        data,
        "< a\\x1b[2J\n  b\n< (binary, 1 byte)\n  0000: 00                                               .\n"
    );
    assert_eq!(diagnostics, "Connected (press Ctrl-C to quit)\n");
}

#[test]
fn lines_of_a_message_stand_below_each_other_whatever_is_in_front() {
    let mut scene = Scene::new(Options { timestamps: Some(Timestamps::Relative), ..terminal() });
    let event = message(Kind::Text, b"a\nb");
    let origin = Origin { client: Some(12) };
    scene.at(
        0,
        origin,
        &Event::Wire { direction: Direction::Received, event: &event, round_trip: None, annotation: None },
    );
    assert_eq!(scene.flushed().0, "+0.000000 [12] < a\n                 b\n");
}

#[test]
fn one_terminal_for_both_streams_keeps_the_order() {
    let terminal_outlet = Written::default();
    let mut printer = Printer::shared(terminal(), Box::new(terminal_outlet.clone()));
    let text = message(Kind::Text, b"a");
    let received = Event::Wire { direction: Direction::Received, event: &text, round_trip: None, annotation: None };
    for event in [Event::Note("first"), received, Event::Note("last")] {
        let _ = printer.event(US, START, &event);
    }
    printer.flush().unwrap();
    assert_eq!(terminal_outlet.text(), "first\n< a\nlast\n");
    assert_eq!(terminal_outlet.writes(), 1);
}

#[test]
fn colours_are_each_streams_own() {
    let mut scene = Scene::new(Options { data_colors: Colors::On, ..terminal() });
    scene.event(&Event::Open(&opened())).text("[1]");
    let (data, diagnostics) = scene.flushed();
    assert_eq!(data, "\x1b[34m<\x1b[0m [\x1b[33m1\x1b[0m]\n");
    assert_eq!(diagnostics, "Connected (press Ctrl-C to quit)\n");
}

#[test]
fn a_closed_stdout_is_told_apart_from_a_closed_stderr() {
    let mut printer = Printer::new(Options::default(), Box::new(Broken), Box::new(Written::default()));
    let _ = printer.event(US, START, &Event::Note("a"));
    printer.flush().unwrap();
    let text = message(Kind::Text, b"a");
    let received = Event::Wire { direction: Direction::Received, event: &text, round_trip: None, annotation: None };
    let _ = printer.event(US, START, &received);
    let error = printer.flush().unwrap_err();
    assert_eq!((error.stream, error.error.kind()), (OutputStream::Data, ErrorKind::BrokenPipe));
    let _ = printer.event(US, START, &received);
    assert_eq!(printer.flush().unwrap_err().stream, OutputStream::Data, "an error stays");

    let data = Written::default();
    let mut printer = Printer::new(Options::default(), Box::new(data.clone()), Box::new(Broken));
    let _ = printer.event(US, START, &Event::Note("a"));
    let _ = printer.event(US, START, &received);
    assert_eq!(printer.flush().unwrap_err().stream, OutputStream::Diagnostics);
    assert_eq!(data.text(), "a\n", "data goes on without diagnostics");
}

#[test]
fn verbose_tells_the_whole_story() {
    let mut scene = Scene::new(Options { level: Level::Verbose, ..Options::default() });
    let step = Step {
        took: Duration::from_micros(301),
        detail: StepDetail::TcpConnected {
            address: (Ipv4Addr::LOCALHOST, 9000).into(),
            failed: Vec::new(),
            silent: Vec::new(),
        },
    };
    scene
        .event(&Event::Step(&step))
        .event(&Event::Head { direction: Direction::Sent, bytes: b"GET / HTTP/1.1\r\nCookie: a=b\r\n\r\n" })
        .event(&Event::Head { direction: Direction::Received, bytes: b"HTTP/1.1 101 Ok\r\n\r\n" })
        .event(&Event::Open(&opened()))
        .event(&Event::Detail("`--no-pong` is in force"))
        .event(&Event::Ended(&ended(ExitStatus::Success)));
    assert_eq!(
        scene.flushed().1,
        "* connect     0.301 ms  127.0.0.1:9000\n\
         > GET / HTTP/1.1\n\
         > Cookie: [hidden]\n\
         >\n\
         < HTTP/1.1 101 Ok\n\
         <\n\
         * checked: status 101\n\
         * open at 127.0.0.1:9000, subprotocol chat\n\
         * `--no-pong` is in force\n\
         * closed by the peer, cleanly: code 1000 (normal closure), reason \"bye\"\n"
    );
}

#[test]
fn notes_name_the_program_without_a_banner() {
    let mut scene = Scene::new(Options::default());
    scene.event(&Event::Note("3 lines were not sent"));
    assert_eq!(scene.flushed().1, "wscope: 3 lines were not sent\n");
}

#[test]
fn pings_are_shown_when_asked_for() {
    let mut scene = Scene::new(terminal());
    scene.received(&wire::Event::Ping(b"a"));
    scene.printer.set(Setting::PingPong, true);
    assert!(scene.printer.options.shows_sent());
    scene.received(&wire::Event::Ping(b"b"));
    assert_eq!(scene.flushed().1, "< Received ping (data: \"b\")\n");
}

#[test]
fn the_clients_of_listen_are_numbered() {
    let mut scene = Scene::new(Options { frames: FrameView::Hidden, ..terminal() });
    let text = message(Kind::Text, b"a");
    let client = Origin { client: Some(3) };
    scene.at(0, client, &Event::Open(&Opened { role: Role::Server, ..opened() }));
    scene.at(
        0,
        client,
        &Event::Wire { direction: Direction::Received, event: &text, round_trip: None, annotation: None },
    );
    let expected = (
        "[3] < a\n".to_owned(),
        "[3] Connected (127.0.0.1:9000, /chat?token=[hidden, 18 characters], subprotocol chat)\n".to_owned(),
    );
    assert_eq!(scene.flushed(), expected);
}

#[test]
fn what_passes_through_tap_has_the_url_of_its_server() {
    let mut scene = Scene::new(terminal());
    scene.at(0, Origin { client: Some(3) }, &Event::Open(&opened()));
    assert_eq!(scene.flushed().1, "[3] Connected (127.0.0.1:9000, ws://localhost/, subprotocol chat)\n");
}

#[test]
fn json_has_every_event_and_errors_are_told_to_people_as_well() {
    let mut scene = Scene::new(Options { format: DataFormat::Json, ..Options::default() });
    assert_eq!(scene.printer.wants().messages, Messages::Whole);
    assert!(scene.printer.options.shows_sent());
    scene
        .event(&Event::Open(&opened()))
        .text("a")
        .event(&Event::Error(&Error::new(Phase::Session, "too bad")))
        .event(&Event::Ended(&ended(ExitStatus::Success)));
    let (data, diagnostics) = scene.flushed();
    let types: Vec<_> =
        data.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].clone()).collect();
    assert_eq!(types, ["open", "message", "error", "close"]);
    assert_eq!(diagnostics, "wscope: error: too bad\n");
}
