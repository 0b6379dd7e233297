use std::thread;

use super::*;

const SOON: Duration = Duration::from_millis(20);
const LATER: Duration = Duration::from_secs(30);

fn with_inbox(budget: usize, test: impl FnOnce(&Inbox, &Expecting<'_>)) {
    let (clock, inbox) = (Clock::start(), Inbox::new(budget));
    test(&inbox, &Expecting { clock: &clock, inbox: &inbox });
}

fn texts(inbox: &Inbox, texts: &[&str]) {
    for text in texts {
        inbox.message(Kind::Text, text.as_bytes(), None);
    }
}

fn find(expecting: &Expecting<'_>, text: &str, within: Duration) -> Result<Received, ExpectError> {
    expecting.find(within, |message| *message.payload == *text.as_bytes())
}

fn latest(expecting: &Expecting<'_>) -> String {
    expecting.latest().map_or_else(String::new, |message| String::from_utf8_lossy(&message.payload).into_owned())
}

#[test]
fn a_match_uses_up_what_it_skips_and_a_miss_uses_up_nothing() {
    with_inbox(1000, |inbox, expecting| {
        texts(inbox, &["a", "b", "c"]);
        assert_eq!(find(expecting, "x", SOON), Err(ExpectError::TimeUp));
        assert_eq!(expecting.unmatched(2).count, 3);
        find(expecting, "b", Duration::ZERO).unwrap();
        assert_eq!(find(expecting, "a", SOON), Err(ExpectError::TimeUp));
        assert_eq!(find(expecting, "b", SOON), Err(ExpectError::TimeUp));
        find(expecting, "c", Duration::ZERO).unwrap();
    });
}

#[test]
fn a_message_is_waited_for() {
    with_inbox(1000, |inbox, expecting| {
        thread::scope(|scope| {
            let found = scope.spawn(|| find(expecting, "b", LATER));
            texts(inbox, &["a", "b"]);
            found.join().unwrap().unwrap();
        });
    });
}

#[test]
fn the_end_is_found_after_what_came_before_it() {
    with_inbox(1000, |inbox, expecting| {
        let closed = Disconnect::Closed { code: Some(CloseCode::Normal), reason: "bye".into(), first: By::Peer };
        texts(inbox, &["a"]);
        inbox.disconnected(closed.clone());
        inbox.disconnected(Disconnect::Left);
        find(expecting, "a", LATER).unwrap();
        assert_eq!(find(expecting, "b", LATER), Err(ExpectError::Disconnected(closed.clone())));
        assert_eq!(expecting.pong(1, LATER), Err(ExpectError::Disconnected(closed.clone())));
        assert_eq!(expecting.disconnect(LATER), Ok(closed));
        expecting.pause(LATER);
    });
}

#[test]
fn a_look_whether_the_end_has_come_is_no_wait() {
    with_inbox(1000, |inbox, expecting| {
        thread::scope(|scope| {
            let looks = scope.spawn(|| (0..10_000).all(|_| expecting.disconnected().is_none()));
            while !looks.is_finished() {
                assert!(!expecting.is_awaited());
            }
            assert!(looks.join().unwrap());
        });
        inbox.disconnected(Disconnect::Left);
        assert_eq!(expecting.disconnected(), Some(Disconnect::Left));
    });
}

#[test]
fn a_wait_is_given_up_from_another_thread() {
    with_inbox(1000, |_, expecting| {
        assert!(!expecting.give_up());
        thread::scope(|scope| {
            let found = scope.spawn(|| find(expecting, "b", LATER));
            while !expecting.give_up() {
                thread::yield_now();
            }
            assert_eq!(found.join().unwrap(), Err(ExpectError::GivenUp));
        });
        assert_eq!(find(expecting, "b", SOON), Err(ExpectError::TimeUp));
    });
}

#[test]
fn what_is_too_much_is_forgotten_from_the_front_but_never_the_latest() {
    with_inbox(2 * (OVERHEAD + 1), |inbox, expecting| {
        texts(inbox, &["a", "b", "c"]);
        let unmatched = expecting.unmatched(1);
        assert_eq!((unmatched.count, unmatched.forgotten), (3, 1));
        assert_eq!(&*unmatched.latest[0].payload, b"c");
        texts(
            inbox,
            &[
                "a message as long as all that may wait, and longer than that: more than the whole budget of bytes, in fact more than 130",
            ],
        );
        assert_eq!(expecting.unmatched(9).latest.len(), 1);
        assert!(latest(expecting).starts_with("a message"));
    });
}

#[test]
fn quiet_begins_with_the_last_match_or_where_it_was_marked() {
    with_inbox(1000, |inbox, expecting| {
        texts(inbox, &["greeting"]);
        expecting.quiet(SOON).unwrap_err();
        expecting.mark();
        expecting.quiet(SOON).unwrap();
        texts(inbox, &["a", "b"]);
        find(expecting, "a", LATER).unwrap();
        assert_eq!(&*expecting.quiet(LATER).unwrap_err().payload, b"b");
    });
}

#[test]
fn what_was_matched_last_is_the_latest_or_else_what_came_last() {
    with_inbox(1000, |inbox, expecting| {
        assert_eq!(expecting.latest(), None);
        texts(inbox, &["a", "b"]);
        assert_eq!(latest(expecting), "b");
        find(expecting, "a", LATER).unwrap();
        assert_eq!(latest(expecting), "a");
    });
}

#[test]
fn a_pong_answers_older_pings_too() {
    with_inbox(1000, |inbox, expecting| {
        inbox.pong(2);
        inbox.pong(1);
        expecting.pong(2, LATER).unwrap();
        assert_eq!(expecting.pong(3, SOON), Err(ExpectError::TimeUp));
    });
}
