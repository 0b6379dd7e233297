//! A server described as data: the steps that it takes with a connection, one after the other.
//!
//! ```ignore
//! let server = in_turn([accepts().takes(1).then_resets(), accepts().takes(1).then_closes_with(1000)]);
//! ```

use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use super::event::Event;
use super::frame::opcode;
use super::server::serve_tls;
use super::{Connection, Frame, MIB, Server, serve};

/// What a server does with one connection.
#[derive(Debug, Clone, Default)]
#[must_use = "a description does nothing by itself"]
pub struct Peer {
    steps: Vec<Step>,
}

/// One step. A step that reads passes over what it does not look for.
#[derive(Debug, Clone)]
enum Step {
    Accept,
    Answer(String),
    Send(Frame),
    TakeMessages(usize),
    TakeUntilClose,
    TakeUntilEnd,
    AnswerPing,
    LeaveUnreadUntilFull,
    StartDying(Duration),
    Await(Event),
    Close(u16, &'static str),
    Reset,
}

/// Accepts the upgrade.
pub fn accepts() -> Peer {
    Peer::default().and(Step::Accept)
}

/// Accepts the upgrade, but not before an event of the test.
pub fn accepts_after(event: &Event) -> Peer {
    Peer::default().waits_for(event).and(Step::Accept)
}

/// Answers the request with this status and these header lines, each with its `\r\n`, and an empty body.
pub fn refuses_with(status: &str, headers: &str) -> Peer {
    Peer::default().and(Step::Answer(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n")))
}

/// Reads the request, and ends the stream.
pub fn hangs_up() -> Peer {
    Peer::default().and(Step::Answer(String::new()))
}

impl Peer {
    fn and(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Sends a frame.
    pub fn sends(self, frame: Frame) -> Self {
        self.and(Step::Send(frame))
    }

    /// Reads so many text messages.
    pub fn takes(self, messages: usize) -> Self {
        self.and(Step::TakeMessages(messages))
    }

    /// Reads whatever comes up to the Close, which it answers, or to the end of the stream.
    pub fn takes_all(self) -> Self {
        self.and(Step::TakeUntilEnd)
    }

    /// Reads up to the Close, and leaves it unanswered.
    pub fn takes_up_to_the_close(self) -> Self {
        self.and(Step::TakeUntilClose)
    }

    /// Reads up to the next ping, and answers it.
    pub fn answers_a_ping(self) -> Self {
        self.and(Step::AnswerPing)
    }

    /// Reads nothing until nothing more fits between the two.
    pub fn takes_nothing_until_all_is_full(self) -> Self {
        self.and(Step::LeaveUnreadUntilFull)
    }

    /// Goes on, but not longer than this: then the connection is shut, whatever is under way.
    pub fn lives_for(self, life: Duration) -> Self {
        self.and(Step::StartDying(life))
    }

    /// Waits for an event of the test.
    pub fn waits_for(self, event: &Event) -> Self {
        self.and(Step::Await(event.clone()))
    }

    /// Resets the connection.
    pub fn then_resets(self) -> Self {
        self.and(Step::Reset)
    }

    /// Sends a Close with this code, and reads up to the answer.
    pub fn then_closes_with(self, code: u16) -> Self {
        self.then_closes_with_reason(code, "")
    }

    /// Sends a Close with this code and reason, and reads up to the answer.
    pub fn then_closes_with_reason(self, code: u16, reason: &'static str) -> Self {
        self.and(Step::Close(code, reason))
    }

    /// Takes the steps. Returns the text messages that came.
    #[track_caller]
    pub fn meets(&self, mut connection: Connection) -> Vec<String> {
        let mut texts = Vec::new();
        let mut death: Option<JoinHandle<()>> = None;
        for step in &self.steps {
            match step {
                Step::Accept => drop(connection.accept()),
                Step::Answer(response) => {
                    connection.request();
                    connection.send(response);
                }
                Step::Send(frame) => connection.send_frame(frame),
                Step::TakeMessages(count) => {
                    texts.extend((0..*count).map(|_| skip_to(&mut connection, opcode::TEXT).as_text().to_owned()));
                }
                Step::TakeUntilClose => drop(skip_to(&mut connection, opcode::CLOSE)),
                Step::TakeUntilEnd => take_until_end(&mut connection, &mut texts),
                Step::AnswerPing => {
                    let ping = skip_to(&mut connection, opcode::PING);
                    connection.send_frame(&Frame::pong(&ping.payload));
                }
                Step::LeaveUnreadUntilFull => leave_unread_until_full(&connection),
                Step::StartDying(life) => death = Some(shut_after(&connection, *life)),
                Step::Await(event) => event.wait(),
                Step::Close(code, reason) => {
                    connection.send_frame(&Frame::close(*code, reason));
                    connection.close_frame();
                }
                Step::Reset => {
                    connection.reset();
                    return texts;
                }
            }
        }
        if let Some(death) = death {
            death.join().expect("it only sleeps");
        }
        texts
    }
}

#[track_caller]
fn skip_to(connection: &mut Connection, opcode: u8) -> Frame {
    loop {
        let frame = connection.frame();
        if frame.opcode == opcode {
            return frame;
        }
    }
}

/// The stream may end anywhere, in a frame too.
fn take_until_end(connection: &mut Connection, texts: &mut Vec<String>) {
    let mut close = None;
    let mut more = true;
    while more && close.is_none() {
        more = connection.visit_frames(|header, payload| match header.opcode {
            opcode::TEXT => texts.push(String::from_utf8_lossy(payload).into_owned()),
            opcode::CLOSE => close = Some(Frame::new(opcode::CLOSE, payload)),
            _ => {}
        });
    }
    if let Some(close) = close {
        // The program may have left meanwhile.
        let _ = connection.try_send(close.bytes());
    }
}

fn leave_unread_until_full(connection: &Connection) {
    /// Longer than a program that writes pauses.
    const STALLED: Duration = Duration::from_millis(300);
    let mut buffer = vec![0; 8 * MIB];
    let (mut waiting, mut changed) = (0, Instant::now());
    while changed.elapsed() < STALLED {
        let now = connection.socket().peek(&mut buffer).expect("the program sends");
        if now != waiting {
            (waiting, changed) = (now, Instant::now());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn shut_after(connection: &Connection, life: Duration) -> JoinHandle<()> {
    let socket = connection.socket().try_clone().expect("a descriptor");
    thread::spawn(move || {
        thread::sleep(life);
        let _ = socket.shutdown(Shutdown::Both);
    })
}

/// A server that does the same with each connection. The outcomes are the text messages that came.
pub fn always(peer: Peer) -> Server<Vec<String>> {
    serve(move |connection| peer.meets(connection))
}

/// A server with a description for each connection. One connection more fails the test that looks at its outcome.
pub fn in_turn(peers: impl Into<Vec<Peer>>) -> Server<Vec<String>> {
    let next = turns(peers.into(), None);
    serve(move |connection| next().meets(connection))
}

/// A server with a description for each of the first connections, and one for all that follow.
pub fn in_turn_and_then(peers: impl Into<Vec<Peer>>, then: Peer) -> Server<Vec<String>> {
    let next = turns(peers.into(), Some(then));
    serve(move |connection| next().meets(connection))
}

/// [`in_turn`] over TLS.
pub fn in_turn_over_tls(config: Arc<ServerConfig>, peers: impl Into<Vec<Peer>>) -> Server<Result<Vec<String>, String>> {
    let next = turns(peers.into(), None);
    serve_tls(config, move |connection| next().meets(connection))
}

fn turns(peers: Vec<Peer>, then: Option<Peer>) -> impl Fn() -> Peer + Send + Sync {
    let connections = AtomicUsize::new(0);
    move || {
        let number = connections.fetch_add(1, Ordering::Relaxed);
        let peer = peers.get(number).or(then.as_ref()).cloned();
        peer.unwrap_or_else(|| panic!("connection {number} was not foreseen"))
    }
}

/// A server that is started again for each connection, on the same port: in between, nothing listens there.
pub struct Restarted {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Vec<String>>>,
}

/// Starts it with a description for each connection.
pub fn restarted(port: u16, peers: impl IntoIterator<Item = Peer> + Send + 'static) -> Restarted {
    let stopping = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopping);
    let thread = thread::spawn(move || {
        let connections = peers.into_iter().map_while(|peer| Some(peer.meets(next_connection(port, &stop)?)));
        connections.collect()
    });
    Restarted { stopping, thread }
}

impl Restarted {
    /// Stops it. Returns the text messages that came on each connection.
    #[track_caller]
    pub fn stop(self) -> Vec<Vec<String>> {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.join().expect("the peer's steps succeed")
    }
}

/// The listener is gone as soon as there is a connection. `None` once the server is stopped.
fn next_connection(port: u16, stop: &AtomicBool) -> Option<Connection> {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
    listener.set_nonblocking(true).expect("a listener");
    while !stop.load(Ordering::Relaxed) {
        if let Ok((socket, _)) = listener.accept() {
            socket.set_nonblocking(false).expect("a connected socket");
            return Some(Connection::plain(socket));
        }
        thread::sleep(Duration::from_millis(1));
    }
    None
}
