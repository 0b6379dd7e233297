//! A second sink beside the printer gets everything that passes, whatever the speed and whatever is blocked. The session
//! runs in the test's own process, against a peer that knows frames only.

use std::io::{PipeReader, PipeWriter, Read, pipe};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wscope::error::ExitStatus;
use wscope::event::{
    Detail, Direction, Directions, Event, EventSink, Flow, FlushError, Messages, Origin, Texts, Timestamp, Wants,
};
use wscope::net::{Stream, StreamReader};
use wscope::output::{Discard, Fanout, FdOutput, Options, Printer};
use wscope::platform::Poller;
use wscope::session::output::SessionOutput;
use wscope::session::{self, AfterInput, AutoReply, Echo, ExpectedAnswers, HeartbeatPolicy, Outcome, Settings};
use wscope::wire::{
    self, MaskSource, Observe, Outgoing, Receiver as Decoder, ReceiverOptions, Role, Sender as Encoder, SenderOptions,
};

use crate::support::frame::{Frame, opcode};
use crate::support::{Connection, PATIENCE, bulk};

/// How many messages go each way in the largest test. In debug builds a message costs some microseconds.
const MANY: usize = 1_000_000;
/// How long nothing is read from the printer's pipe in the test of a blocked output. Whether it is two seconds or ten makes
/// no difference: all buffers between are full in less than one.
const BLOCKED: Duration = Duration::from_secs(2);
/// A million messages, in a debug build, on a loaded machine.
const LONG: Duration = Duration::from_mins(3);

/// Keeps the payloads of all messages, each with a line feed, and whether their times are in order.
#[derive(Default)]
struct Recording {
    sent: Vec<u8>,
    received: Vec<u8>,
    last: [Duration; 2],
    is_in_order: bool,
    closes: Vec<Direction>,
}

/// Records the whole of a session; stops it after so many received messages.
struct Recorder {
    recording: Arc<Mutex<Recording>>,
    stop_after: Option<usize>,
}

impl Recorder {
    fn new(stop_after: Option<usize>) -> (Self, Arc<Mutex<Recording>>) {
        let recording = Arc::new(Mutex::new(Recording { is_in_order: true, ..Recording::default() }));
        (Self { recording: Arc::clone(&recording), stop_after }, recording)
    }
}

impl EventSink for Recorder {
    fn wants(&self) -> Wants {
        Wants {
            directions: Directions::Both,
            messages: Messages::Whole,
            texts: Texts::InBulk,
            detail: Detail::Messages,
        }
    }

    fn event(&mut self, _: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        let Event::Wire { direction, event, .. } = event else { return Flow::Continue };
        let recording = &mut *self.recording.lock().unwrap();
        let last = &mut recording.last[usize::from(*direction == Direction::Sent)];
        recording.is_in_order &= *last <= at.elapsed;
        *last = at.elapsed;
        match (event, direction) {
            (wire::Event::Message { payload, .. }, Direction::Sent) => push_line(&mut recording.sent, payload),
            (wire::Event::Message { payload, .. }, Direction::Received) => {
                push_line(&mut recording.received, payload);
                if let Some(left) = &mut self.stop_after {
                    *left = left.saturating_sub(1);
                }
            }
            (wire::Event::Close(_), direction) => recording.closes.push(*direction),
            _ => {}
        }
        if self.stop_after == Some(0) { Flow::Stop } else { Flow::Continue }
    }

    fn flush(&mut self) -> Result<(), FlushError> {
        Ok(())
    }
}

fn push_line(lines: &mut Vec<u8>, payload: &[u8]) {
    lines.extend_from_slice(payload);
    lines.push(b'\n');
}

/// What became of a session.
struct Ran {
    outcome: Outcome,
    /// The payloads that the peer saw, each with a line feed.
    arrived: Vec<u8>,
    recording: Recording,
}

/// A session that sends `upward`, each line a message, and leaves when `after_input` says so.
fn run(
    upward: Vec<u8>,
    after_input: AfterInput,
    stdout: PipeWriter,
    recorder: Recorder,
    peer: impl FnOnce(Connection) + Send + 'static,
) -> Ran {
    let recording = Arc::clone(&recorder.recording);
    let printer =
        Printer::new(Options::new(|_| String::new()), Box::new(FdOutput::new(&stdout).unwrap()), Box::new(Discard));
    drop(stdout);
    let fanout = Fanout::new(printer);
    fanout.add(Box::new(recorder));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    let (all_sent, pushed) = mpsc::channel();
    let arrived = read_frames(accepted.try_clone().unwrap(), pushed);
    let pushing = thread::spawn(move || {
        peer(Connection::plain(accepted));
        all_sent.send(()).unwrap();
    });

    let mut poller = Poller::new().unwrap();
    let (decoder, encoder, decoding) = ends();
    let output = SessionOutput::new(
        &fanout,
        fanout.lock().wants(Origin::default()),
        Origin::default(),
        decoding,
        poller.notifier(),
    );
    let stream = Arc::new(Stream::new(socket));
    let reader = StreamReader::new(Arc::clone(&stream));
    let started = session::start(stream, reader, decoder, encoder, output, settings(after_input), poller.notifier());
    let (handle, supervisor) = started.unwrap();
    let sending = thread::spawn(move || {
        let mut batch = handle.batch();
        for line in upward.split_inclusive(|&byte| byte == b'\n') {
            let text = str::from_utf8(&line[..line.len() - 1]).unwrap();
            // A session that was stopped takes no more.
            if batch.send(Outgoing::Text(text)).is_err() {
                break;
            }
        }
        drop(batch);
        handle.input_ended();
    });
    let outcome = supervisor.run(&mut poller, None, None);
    sending.join().unwrap();
    pushing.join().unwrap();
    let arrived = arrived.join().unwrap();
    drop(fanout);
    let recording = std::mem::take(&mut *recording.lock().unwrap());
    Ran { outcome, arrived, recording }
}

/// The peer's other half: keeps what comes, and answers the Close when everything has been `pushed`.
fn read_frames(socket: TcpStream, pushed: Receiver<()>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut connection = Connection::plain(socket);
        connection.socket().set_read_timeout(Some(LONG)).unwrap();
        connection.socket().set_write_timeout(Some(LONG)).unwrap();
        let (mut lines, mut is_closed) = (Vec::new(), false);
        while !is_closed {
            let more = connection.visit_frames(|header, payload| match header.opcode {
                opcode::CLOSE => is_closed = true,
                _ => push_line(&mut lines, payload),
            });
            assert!(more, "the session ends with a Close");
        }
        pushed.recv_timeout(LONG).unwrap();
        connection.send_frame(&Frame::close(1000, ""));
        lines
    })
}

fn ends() -> (Decoder, Encoder, ReceiverOptions) {
    let receiving = ReceiverOptions {
        role: Role::Client,
        max_message: 1 << 20,
        stream_binary_above: None,
        lenient: false,
        deflate: None,
        observe: Observe::Nothing,
    };
    let sending = SenderOptions { role: Role::Client, mask: MaskSource::Random, fragment: None, deflate: None };
    let decoding = ReceiverOptions { role: Role::Server, max_message: u64::MAX, lenient: true, ..receiving };
    (Decoder::new(receiving), Encoder::new(sending), decoding)
}

fn settings(after_input: AfterInput) -> Settings {
    Settings {
        role: Role::Client,
        after_input,
        close_quiet: PATIENCE,
        expected_answers: ExpectedAnswers::ToPings,
        close_total: LONG,
        ping_interval: None,
        ping_timeout: None,
        max_time: None,
        pong: AutoReply::Answer,
        close_reply: AutoReply::Answer,
        echo: Echo::Off,
        stop_condition: None,
        remember: None,
        staying: None,
        heartbeats: HeartbeatPolicy::Send,
        budget: None,
    }
}

/// Numbered texts as fast as they are taken.
fn push_numbers(mut connection: Connection, count: usize) {
    connection.socket().set_write_timeout(Some(LONG)).unwrap();
    let numbers: Vec<usize> = (0..count).collect();
    for batch in numbers.chunks(4096) {
        let frames: Vec<u8> = batch.iter().flat_map(|number| Frame::text(format!("{number:07}")).bytes()).collect();
        connection.send(frames);
    }
}

/// Reads the printer's pipe to its end; on the way, after so many bytes, nothing for as long as [`BLOCKED`].
fn read_pipe(mut stdout: PipeReader, block_after: Option<usize>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut read = Vec::new();
        if let Some(count) = block_after {
            read.resize(count, 0);
            stdout.read_exact(&mut read).unwrap();
            // The scenario itself: an output that is blocked for some time.
            thread::sleep(BLOCKED);
        }
        stdout.read_to_end(&mut read).unwrap();
        read
    })
}

/// Both ways at once, and everything is in the recording, in order.
fn nothing_is_lost(count: usize, block_after: Option<usize>) {
    let (stdout, writer) = pipe().unwrap();
    let printed = read_pipe(stdout, block_after);
    let numbers = bulk::numbered_lines(count);
    let (recorder, _) = Recorder::new(None);
    let quiet = AfterInput::Quiet(Duration::from_millis(300));
    let ran = run(numbers.clone(), quiet, writer, recorder, move |connection| push_numbers(connection, count));
    assert_eq!(ran.outcome.ended.status, ExitStatus::Success, "{:?}", ran.outcome);
    assert!(ran.arrived == numbers, "the peer saw what was sent");
    assert!(ran.recording.sent == numbers, "what was sent is recorded");
    assert!(ran.recording.received == numbers, "what was received is recorded");
    assert!(ran.recording.is_in_order, "times go forward");
    assert_eq!(ran.recording.closes, [Direction::Sent, Direction::Received]);
    assert!(printed.join().unwrap() == numbers, "what was received is printed");
}

#[test]
fn a_recorder_gets_a_million_messages_each_way_beside_the_printer() {
    nothing_is_lost(MANY, None);
}

#[test]
fn a_recorder_loses_nothing_while_the_printer_is_blocked() {
    nothing_is_lost(MANY / 5, Some(MANY / 5));
}

#[test]
fn a_sink_that_has_seen_enough_ends_the_session_in_order() {
    let (stdout, writer) = pipe().unwrap();
    let printed = read_pipe(stdout, None);
    let (recorder, _) = Recorder::new(Some(3));
    // The peer falls silent after three messages, and silence ends no session: only the sink can.
    let ran = run(Vec::new(), AfterInput::Forever, writer, recorder, |connection| push_numbers(connection, 3));
    assert_eq!(ran.outcome.ended.status, ExitStatus::Success, "{:?}", ran.outcome);
    assert_eq!(ran.outcome.ended.by, Direction::Sent);
    assert_eq!(printed.join().unwrap(), bulk::numbered_lines(3));
}
