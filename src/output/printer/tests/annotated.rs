use std::iter;

use super::*;
use crate::event::{Annotation, AnnotationSource};
use crate::output::options::Annotations;

const SOURCE: AnnotationSource = AnnotationSource::Dialect("stomp");

fn people() -> Options {
    Options { view: View::Terminal, annotations: Annotations::Shown, ..Options::default() }
}

fn connect() -> Annotation {
    Annotation { secrets: iter::once(17..20).collect(), ..Annotation::new(SOURCE, "CONNECT", "STOMP 1.2 as ann") }
}

impl Scene {
    fn message(&mut self, direction: Direction, payload: &[u8], annotation: &Annotation) {
        let facts = MessageFacts { length: payload.len() as u64, compressed: None, fragments: 1 };
        let event = wire::Event::Message { kind: Kind::Text, payload, facts };
        let annotation = Some(annotation);
        self.event(&Event::Wire { direction, event: &event, round_trip: None, annotation });
    }

    fn shown(mut self) -> (String, String) {
        self.printer.flush().unwrap();
        (self.data.text(), self.diagnostics.text())
    }
}

#[test]
fn what_a_message_means_stands_below_it_and_its_secrets_are_hidden() {
    let mut scene = Scene::new(people());
    scene.message(Direction::Received, b"CONNECT\npasscode:abc\n\n", &connect());
    let expected = "< CONNECT\n  passcode:[hidden]\n  \n  \n  STOMP 1.2 as ann\n";
    assert_eq!(scene.shown().0, expected);
    let mut scene = Scene::new(Options { secrets: crate::http::redact::Secrets::Shown, ..people() });
    scene.message(Direction::Received, b"CONNECT\npasscode:abc", &connect());
    assert_eq!(scene.shown().0, "< CONNECT\n  passcode:abc\n  STOMP 1.2 as ann\n");
}

#[test]
fn what_a_typed_message_means_stands_below_the_line_and_without_that_it_says_whose_it_is() {
    let mut scene = Scene::new(people());
    scene.message(Direction::Sent, b"CONNECT", &connect());
    scene.printer.has_typed("CONNECT");
    scene.message(Direction::Sent, b"CONNECT", &connect());
    assert_eq!(scene.shown().0, "> STOMP 1.2 as ann\n  STOMP 1.2 as ann\n");
}

#[test]
fn heartbeats_are_counted_and_shown_where_pings_are() {
    let beat = Annotation::heartbeat(SOURCE, "heartbeat");
    let mut scene = Scene::new(people());
    scene.message(Direction::Received, b"\n", &beat);
    scene.message(Direction::Sent, b"\n", &beat);
    scene.event(&Event::Ended(&ended(ExitStatus::Success)));
    let (data, diagnostics) = scene.shown();
    assert_eq!(data, "");
    assert!(diagnostics.ends_with("* 2 heartbeats are not shown: `-P` shows them\n"), "{diagnostics}");
    let mut scene = Scene::new(people());
    scene.message(Direction::Received, b"3", &Annotation { error: Some("late".to_owned()), ..beat.clone() });
    assert_eq!(scene.shown().0, "< 3\n  heartbeat: late\n");
    let mut scene = Scene::new(Options { ping_pong: true, ..people() });
    scene.message(Direction::Received, b"2", &beat);
    assert_eq!(scene.shown().0, "< 2\n  heartbeat\n");
}

#[test]
fn in_a_pipe_messages_stay_as_they_are_and_their_meaning_is_said_beside_them() {
    let mut scene = Scene::new(Options { annotations: Annotations::Shown, ..Options::default() });
    scene.message(Direction::Received, b"passcode:abc", &connect());
    scene.message(Direction::Received, b"2", &Annotation::heartbeat(SOURCE, "heartbeat"));
    assert_eq!(scene.shown(), ("passcode:abc\n2\n".to_owned(), "< STOMP 1.2 as ann\n".to_owned()));
}
