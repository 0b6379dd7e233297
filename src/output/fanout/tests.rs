use std::io;
use std::sync::mpsc::{Sender, channel};

use super::*;
use crate::event::{Detail, Directions, Messages, OutputStream, Texts};
use crate::output::options::Setting;
use crate::output::{Discard, Options, Output};
use crate::wire::{self, Kind, MessageFacts, Observe, Receiver, ReceiverOptions, Role};

const US: Origin = Origin { client: None };

fn quiet() -> Wants {
    Wants {
        directions: Directions::Received,
        messages: Messages::InParts,
        texts: Texts::InBulk,
        detail: Detail::Nothing,
    }
}

fn printer() -> Printer {
    Printer::new(Options::new(|_| String::new()), Box::new(Discard), Box::new(Discard))
}

/// Tells of each event, and answers the same to all.
struct Probe {
    wants: Wants,
    answer: Flow,
    fails: bool,
    seen: Sender<String>,
}

impl EventSink for Probe {
    fn wants(&self) -> Wants {
        self.wants
    }

    fn event(&mut self, _: Origin, _: Timestamp, event: &Event<'_>) -> Flow {
        let _ = self.seen.send(format!("{event:?}"));
        self.answer
    }

    fn flush(&mut self) -> Result<(), FlushError> {
        if !self.fails {
            return Ok(());
        }
        Err(FlushError { stream: OutputStream::Other("a file".to_owned()), error: io::ErrorKind::StorageFull.into() })
    }
}

/// What the sinks answer to what they are given, and how much of it reaches one that wants messages and one that wants nothing.
fn given(give: impl FnOnce(&mut Sinks, Timestamp) -> Flow) -> (Flow, usize, usize) {
    let fanout = Fanout::new(printer());
    let wants = Wants { detail: Detail::Messages, ..quiet() };
    let (all, seen_by_all) = channel();
    let (none, seen_by_none) = channel();
    fanout.add(Box::new(Probe { wants, answer: Flow::Stop, fails: false, seen: all }));
    fanout.add(Box::new(Probe { wants: quiet(), answer: Flow::Continue, fails: false, seen: none }));
    let flow = give(&mut fanout.lock(), fanout.now());
    (flow, seen_by_all.try_iter().count(), seen_by_none.try_iter().count())
}

fn received(event: &wire::Event<'_>) -> (Flow, usize, usize) {
    let event = Event::Wire { direction: Direction::Received, event, round_trip: None, annotation: None };
    given(|sinks, at| sinks.event(US, at, &event))
}

#[test]
fn each_sink_gets_what_it_wants_and_one_of_them_may_stop() {
    let facts = MessageFacts { length: 1, compressed: None, fragments: 1 };
    assert_eq!(received(&wire::Event::Message { kind: Kind::Text, payload: b"a", facts }), (Flow::Stop, 1, 0));
    assert_eq!(received(&wire::Event::Ping(b"")), (Flow::Stop, 1, 0));
}

#[test]
fn what_is_wanted_is_what_any_sink_wants() {
    let fanout = Fanout::new(printer());
    assert_eq!(fanout.lock().wants(US), Wants { detail: Detail::Messages, ..quiet() });
    fanout.lock().printer().set(Setting::PingPong, true);
    assert_eq!(fanout.lock().wants(US), Wants { directions: Directions::Both, detail: Detail::Messages, ..quiet() });
    let whole = Wants { messages: Messages::Whole, texts: Texts::OneByOne, detail: Detail::Frames, ..quiet() };
    fanout.add(Box::new(Probe { wants: whole, answer: Flow::Continue, fails: false, seen: channel().0 }));
    let all = Wants { directions: Directions::Both, ..whole };
    assert_eq!(fanout.lock().wants(US), all);
}

#[test]
fn texts_in_bulk_reach_each_sink_that_wants_messages() {
    let mut receiver = Receiver::new(ReceiverOptions {
        role: Role::Client,
        max_message: 100,
        stream_binary_above: None,
        lenient: false,
        deflate: None,
        observe: Observe::Nothing,
    });
    receiver.feed(b"\x81\x01a\x81\x01b");
    let texts = receiver.take_texts().unwrap();
    assert_eq!(given(|sinks, at| sinks.texts(US, at, Direction::Received, &texts)), (Flow::Stop, 2, 0));
    assert_eq!(given(|sinks, at| sinks.texts(US, at, Direction::Sent, &texts)), (Flow::Continue, 0, 0));
}

#[test]
fn a_sink_that_cannot_write_is_told_once_and_gets_no_more() {
    struct Kept(Sender<Vec<u8>>);
    impl Output for Kept {
        fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
            let _ = self.0.send(bytes.to_vec());
            Ok(())
        }
    }
    let (said, stderr) = channel();
    let (probed, seen) = channel();
    let options = Options::new(|_| String::new());
    let fanout = Fanout::new(Printer::new(options, Box::new(Discard), Box::new(Kept(said))));
    fanout.add(Box::new(Probe { wants: quiet(), answer: Flow::Continue, fails: true, seen: probed }));
    fanout.show(US, &Event::Detail("before"));
    fanout.show(US, &Event::Detail("after"));
    fanout.lock().flush().unwrap();
    assert!(fanout.has_lost_sink());
    assert_eq!(seen.try_iter().count(), 1);
    let said = String::from_utf8(stderr.try_iter().collect::<Vec<_>>().concat()).unwrap();
    assert_eq!(said.matches("cannot write to a file").count(), 1, "{said}");
}
