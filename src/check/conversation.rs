//! What an open session is tried with: a ping, a probe where one is given, and the closing handshake.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::connect::Handshaken;
use crate::client::open::ends;
use crate::client::plan::Plan;
use crate::event::{self, Direction, Origin};
use crate::net::{Stream, StreamReader, StreamWriter};
use crate::output::Fanout;
use crate::session::AutoReply;
use crate::wire::{CloseCode, CloseReason, Event, Finding, Outgoing, Receiver, Sender};

/// How long a pong, an answer to the probe, and the reply to our Close are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a server is given to close right after the upgrade.
const SETTLING: Duration = Duration::from_millis(500);
/// The payload of our ping.
const PING: &[u8] = b"wscope check";

/// What was seen of a session.
#[derive(Debug, Default)]
pub struct Conversation {
    /// How long our ping took; `None` where it was not answered.
    pub pong: Option<Duration>,
    /// Whether the probe was sent.
    pub is_probed: bool,
    /// How long the answer to the probe took.
    pub answer: Option<Duration>,
    /// The server's Close.
    pub close: Option<CloseReason>,
    /// How long the reply to our Close was waited for; `None` where the session was over before.
    pub closing: Option<Duration>,
    /// Whether the stream has ended, or broken.
    pub has_ended: bool,
    /// The breach that ended the session.
    pub breach: Option<Finding>,
    /// The breaches that did not end it, one of each rule.
    pub passed: Vec<Finding>,
    /// Whether the time limit of the whole run passed while something was waited for.
    pub is_cut_short: bool,
    /// Messages that came.
    pub messages: u64,
}

impl Conversation {
    /// Notes a breach that the session goes on after.
    fn pass(&mut self, finding: Finding) {
        if !self.passed.iter().any(|passed| passed.rule == finding.rule) {
            self.passed.push(finding);
        }
    }

    /// The code of the server's Close; 1005 for one without a code, and where there was none.
    pub fn close_code(&self) -> u16 {
        self.close.as_ref().and_then(|close| close.code).map_or(1005, u16::from)
    }

    fn is_over(&self) -> bool {
        self.close.is_some() || self.has_ended || self.breach.is_some()
    }
}

/// Talks with the server, and closes.
/// `observe` is told what was seen until the ping has had its time.
pub fn hold(
    handshaken: Handshaken,
    plan: &Plan,
    fanout: &Fanout,
    probe: Option<&str>,
    observe: &mut dyn FnMut(&Conversation),
) -> Conversation {
    let mut talk = Talk::new(handshaken, plan, fanout);
    let started = Instant::now();
    talk.send(Outgoing::Ping(PING));
    talk.listen(started + PATIENCE, |seen| seen.pong.is_some());
    talk.listen(started + SETTLING, |_| false);
    if !talk.seen.is_over() {
        observe(&talk.seen);
    }
    if let Some(text) = probe.filter(|_| !talk.seen.is_over()) {
        let (asked, before) = (Instant::now(), talk.seen.messages);
        talk.send(Outgoing::Text(text));
        talk.seen.is_probed = true;
        talk.listen(asked + PATIENCE, |seen| seen.messages > before);
        talk.seen.answer = (talk.seen.messages > before).then(|| asked.elapsed());
    }
    talk.close(PATIENCE.min(plan.settings.close_total));
    talk.seen
}

/// Closes a session that has told enough by being open.
pub fn leave(handshaken: Handshaken, plan: &Plan, fanout: &Fanout) {
    Talk::new(handshaken, plan, fanout).close(SETTLING);
}

/// Both ends of an open session, used by one thread.
struct Talk<'a> {
    fanout: &'a Fanout,
    stream: Arc<Stream>,
    reader: StreamReader,
    writer: StreamWriter,
    receiver: Receiver,
    sender: Sender,
    /// Reads back what we send, for `fanout`.
    sent: Receiver,
    pong: AutoReply,
    started: Instant,
    /// When the whole run must be over.
    limit: Option<Instant>,
    seen: Conversation,
}

impl<'a> Talk<'a> {
    fn new(handshaken: Handshaken, plan: &Plan, fanout: &'a Fanout) -> Self {
        let Handshaken { stream, reader, opened, deflate, leftover } = handshaken;
        let wants = fanout.wants(&opened);
        let (mut receiver, sender, sent) = ends(&plan.protocol, &plan.settings, deflate, wants, &leftover);
        receiver.observe(wants.observe());
        let mut sent = Receiver::new(sent);
        sent.observe(wants.observe());
        let writer = StreamWriter::new(Arc::clone(&stream));
        let (pong, seen) = (plan.settings.pong, Conversation::default());
        let (started, limit) = (Instant::now(), plan.settings.max_time.map(|(until, _)| until));
        Self { fanout, stream, reader, writer, receiver, sender, sent, pong, started, limit, seen }
    }

    fn send(&mut self, outgoing: Outgoing<'_>) {
        let mut bytes = Vec::new();
        let is_made = self.sender.send(outgoing, &mut bytes).is_ok();
        self.sent.feed(&bytes);
        while let Some(event) = self.sent.next() {
            show(self.fanout, Direction::Sent, &event);
        }
        if is_made && self.write(&bytes).is_err() {
            // What the server said before it hung up may still be there to be read: reading finds the end.
            self.stream.shut_down_writing();
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.stream.set_write_timeout(Some(PATIENCE))?;
        while !bytes.is_empty() {
            let count = self.writer.write(bytes)?;
            bytes = &bytes[count..];
        }
        self.writer.flush()
    }

    /// Takes what comes, until `is_enough`, the session is over, or the time is, or that of the whole run.
    fn listen(&mut self, until: Instant, is_enough: impl Fn(&Conversation) -> bool) {
        let limit = self.limit.filter(|limit| *limit < until);
        let until = limit.unwrap_or(until);
        loop {
            self.take_events();
            let left = until.saturating_duration_since(Instant::now());
            if is_enough(&self.seen) || self.seen.is_over() {
                return;
            }
            if left.is_zero() {
                self.seen.is_cut_short |= limit.is_some();
                return;
            }
            self.read_within(left);
        }
    }

    fn take_events(&mut self) {
        let mut pings = Vec::new();
        while let Some(event) = self.receiver.next() {
            show(self.fanout, Direction::Received, &event);
            match event {
                Event::Message { .. } | Event::Part { last: Some(_), .. } => self.seen.messages += 1,
                Event::Ping(payload) => pings.push(payload.to_vec()),
                Event::Pong(PING) => {
                    self.seen.pong.get_or_insert_with(|| self.started.elapsed());
                }
                Event::Close(close) => self.seen.close = Some(close.into()),
                Event::Finding(finding) => {
                    if self.receiver.is_broken() {
                        self.seen.breach = Some(finding);
                    } else {
                        self.seen.pass(finding);
                    }
                }
                Event::Frame(_) | Event::Part { .. } | Event::Pong(_) => {}
            }
        }
        for payload in pings {
            if self.pong == AutoReply::Answer {
                self.send(Outgoing::Pong(&payload));
            }
        }
    }

    fn read_within(&mut self, left: Duration) {
        if self.stream.set_read_timeout(Some(left)).is_err() {
            self.seen.has_ended = true;
            return;
        }
        match self.reader.read_once(self.receiver.space()) {
            None => {}
            Some(Ok(0)) => self.end(),
            Some(Ok(count)) => self.receiver.filled(count),
            Some(Err(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Some(Err(_)) => self.end(),
        }
    }

    fn end(&mut self) {
        self.seen.has_ended = true;
        self.receiver.end();
        self.take_events();
    }

    /// Closes, unless it is over already, and waits for the reply.
    fn close(&mut self, patience: Duration) {
        let code = match (&self.seen.close, &self.seen.breach) {
            (Some(CloseReason { code, .. }), _) => *code,
            (None, Some(finding)) => finding.rule.close_code(),
            (None, None) => Some(CloseCode::Normal),
        };
        let was_over = self.seen.is_over();
        let started = Instant::now();
        self.send(Outgoing::Close(code.map(|code| (code, ""))));
        if !was_over {
            self.listen(started + patience, |seen| seen.close.is_some());
            self.seen.closing = Some(started.elapsed());
        }
        self.writer.close_notify();
        self.stream.shut_down();
    }
}

/// Shows a frame, where frames are observed.
fn show(fanout: &Fanout, direction: Direction, event: &Event<'_>) {
    if matches!(event, Event::Frame(_)) {
        fanout.show(Origin::default(), &event::Event::Wire { direction, event, round_trip: None, annotation: None });
    }
}

/// The rule that a breach is of, with its section; a limit of ours has none.
pub fn breached(breach: &Finding) -> String {
    let rule = breach.rule;
    if rule.is_own_limit() { rule.summary().to_owned() } else { format!("{} ({})", rule.summary(), rule.section()) }
}
