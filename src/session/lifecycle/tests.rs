use std::num::NonZeroU64;

use super::*;
use crate::session::{AutoReply, Echo, ExpectedAnswers, HeartbeatPolicy, StopCondition};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Nothing has happened since the opening.
fn quiet() -> Facts {
    Facts {
        signal: None,
        input: Input::Open,
        has_errors: false,
        output: Output::Wanted,
        has_breach: false,
        peer: Peer::Open,
        close_queued: None,
        close_sent: false,
        sending: Sending::Done,
        pings: PingFacts { queued: None, unanswered: None, last: seconds(0) },
        heartbeat: None,
        last_byte: seconds(0),
        last_data: seconds(0),
        last_asked: None,
        last_written: seconds(0),
    }
}

/// Our Close was sent after so long.
fn closing(since: u64) -> Facts {
    Facts { close_queued: Some(seconds(since)), close_sent: true, ..quiet() }
}

fn settings() -> Settings {
    Settings {
        role: Role::Client,
        after_input: AfterInput::Forever,
        close_quiet: seconds(5),
        close_total: seconds(60),
        expected_answers: ExpectedAnswers::ToPings,
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

/// A life cycle, and a wall clock to count from.
struct Scene {
    lifecycle: Lifecycle,
    opened: Instant,
}

impl Scene {
    fn new(settings: &Settings) -> Self {
        Self { lifecycle: Lifecycle::new(settings), opened: Instant::now() }
    }

    /// What is to be done so many seconds after the opening, where no clock stood still.
    fn at(&mut self, time: u64, facts: &Facts) -> Action {
        let now = Now { session: seconds(time), busy: seconds(time), wall: self.opened + seconds(time) };
        self.lifecycle.next(facts, now)
    }

    fn input_ended(&self, time: u64) -> Input {
        Input::Ended(seconds(time), self.opened + seconds(time))
    }
}

fn wait(time: u64) -> Action {
    Action::Wait(Some(seconds(time)))
}

#[test]
fn without_limits_it_waits_for_ever() {
    assert_eq!(Scene::new(&settings()).at(1_000_000, &quiet()), Action::Wait(None));
}

#[test]
fn the_end_of_the_stream_comes_first() {
    let facts = Facts { peer: Peer::Ended, signal: Some(Signal::Interrupt), output: Output::Gone, ..quiet() };
    let mut scene = Scene::new(&settings());
    assert_eq!(scene.at(1, &facts), Action::Over(Over::Stream));
    assert_eq!(scene.lifecycle.abort(), None);
}

#[test]
fn after_the_input_it_closes_when_no_data_came_for_a_while() {
    let mut scene = Scene::new(&Settings { after_input: AfterInput::Quiet(seconds(2)), ..settings() });
    assert_eq!(scene.at(90, &quiet()), Action::Wait(None));
    let ended = Facts { input: scene.input_ended(100), last_data: seconds(50), last_byte: seconds(103), ..quiet() };
    assert_eq!(scene.at(101, &ended), wait(1));
    assert_eq!(scene.at(102, &Facts { last_data: seconds(101), ..ended.clone() }), wait(1));
    assert_eq!(scene.at(102, &ended), Action::Close);
}

#[test]
fn after_the_input_a_first_answer_gets_more_time_than_the_next() {
    let after_input = AfterInput::Quiet(seconds(2));
    let mut scene = Scene::new(&Settings { after_input, ..settings() });
    let asked =
        Facts { input: scene.input_ended(100), last_data: seconds(99), last_asked: Some(seconds(100)), ..quiet() };
    assert_eq!(scene.at(102, &asked), wait(8));
    let answered = Facts { last_data: seconds(109), ..asked.clone() };
    assert_eq!(scene.at(110, &answered), wait(1));
    assert_eq!(scene.at(111, &answered), Action::Close);
    assert_eq!(scene.lifecycle.vain_wait(), None);

    let mut scene = Scene::new(&Settings { after_input, ..settings() });
    assert_eq!(scene.at(110, &asked), Action::Close);
    assert_eq!(scene.lifecycle.vain_wait(), Some(seconds(10)));
}

#[test]
fn it_is_told_once_that_data_keeps_the_session_open() {
    let mut scene = Scene::new(&Settings { after_input: AfterInput::Quiet(seconds(2)), ..settings() });
    let input = scene.input_ended(100);
    let busy = |last_data| Facts { input, last_data: seconds(last_data), ..quiet() };
    assert_eq!(scene.at(101, &busy(101)), wait(2));
    assert_eq!(scene.at(109, &busy(109)), wait(1));
    assert_eq!(scene.at(110, &busy(110)), Action::TellStaying);
    assert_eq!(scene.at(110, &busy(110)), wait(2));
    assert_eq!(scene.at(125, &busy(125)), wait(2));
}

#[test]
fn one_slow_answer_is_no_feed() {
    let mut scene = Scene::new(&Settings { after_input: AfterInput::Quiet(seconds(2)), ..settings() });
    let asked = Facts { input: scene.input_ended(100), last_asked: Some(seconds(100)), ..quiet() };
    assert_eq!(scene.at(109, &asked), wait(1));
    let answered = Facts { last_data: seconds(109), ..asked };
    assert_eq!(scene.at(110, &answered), wait(1));
    assert_eq!(scene.at(111, &answered), Action::Close);
}

#[test]
fn after_the_input_it_stays_for_a_fixed_time_on_the_wall() {
    let mut scene = Scene::new(&Settings { after_input: AfterInput::Fixed(seconds(10)), ..settings() });
    let facts = Facts { input: scene.input_ended(5), last_data: seconds(14), ..quiet() };
    // The session's clock stood still: that makes no difference.
    let now = |wall| Now { session: seconds(5), busy: seconds(5), wall };
    assert_eq!(scene.lifecycle.next(&facts, now(scene.opened + seconds(14))), wait(1));
    assert_eq!(scene.lifecycle.next(&facts, now(scene.opened + seconds(15))), Action::Close);
}

#[test]
fn a_stop_condition_is_waited_for_unless_the_input_was_bad() {
    let after_input = AfterInput::StopCondition(seconds(2));
    let condition = StopCondition { count: NonZeroU64::MIN, until: None, is_filtered: false, before: 0 };
    let mut scene = Scene::new(&Settings { after_input, stop_condition: Some(condition), ..settings() });
    let good = Facts { input: scene.input_ended(5), ..quiet() };
    assert_eq!(scene.at(1000, &good), Action::Wait(None));
    assert_eq!(scene.at(1000, &Facts { has_errors: true, ..good }), Action::Close);
}

#[test]
fn what_nothing_is_read_of_any_more_is_closed() {
    for output in [Output::Gone, Output::Stopped] {
        assert_eq!(Scene::new(&settings()).at(1, &Facts { output, ..quiet() }), Action::Close);
    }
}

#[test]
fn it_pings_at_intervals_that_begin_with_the_last_ping() {
    let mut scene = Scene::new(&Settings { ping_interval: Some(seconds(10)), ..settings() });
    assert_eq!(scene.at(4, &quiet()), wait(6));
    assert_eq!(scene.at(10, &quiet()), Action::Ping);
    let pings = |queued, last| Facts { pings: PingFacts { queued, unanswered: None, last }, ..quiet() };
    assert_eq!(scene.at(30, &pings(Some(seconds(10)), seconds(10))), Action::Wait(None), "one waits to be sent");
    assert_eq!(scene.at(30, &pings(None, seconds(24))), wait(4));
    assert_eq!(scene.at(30, &closing(29)), wait(4), "no pings after our Close");
}

#[test]
fn a_heartbeat_is_due_at_its_time_and_never_after_our_close() {
    let mut scene = Scene::new(&settings());
    let heartbeat = Some(scene.opened + seconds(25));
    assert_eq!(scene.at(10, &Facts { heartbeat, ..quiet() }), wait(15));
    assert_eq!(scene.at(25, &Facts { heartbeat, ..quiet() }), Action::Heartbeat);
    assert_ne!(scene.at(26, &Facts { heartbeat, ..closing(25) }), Action::Heartbeat);
}

#[test]
fn a_pong_that_is_overdue_fails_the_connection_once() {
    let mut scene = Scene::new(&Settings { ping_timeout: Some(seconds(3)), ..settings() });
    let pings = PingFacts { queued: None, unanswered: Some(seconds(10)), last: seconds(10) };
    let facts = Facts { pings, ..quiet() };
    assert_eq!(scene.at(12, &facts), wait(1));
    assert_eq!(scene.at(13, &facts), Action::FailPing(seconds(3), Unanswered::NoPong));
    assert!(scene.lifecycle.pong_overdue());
    let closed = Facts { close_queued: Some(seconds(13)), close_sent: true, ..facts };
    assert_eq!(scene.at(13, &closed), wait(1));
    assert_eq!(scene.at(14, &closed), Action::Over(Over::Closed));
}

#[test]
fn a_ping_that_cannot_be_sent_is_overdue_when_the_socket_takes_nothing() {
    let mut scene = Scene::new(&Settings { ping_timeout: Some(seconds(3)), ..settings() });
    let pings = PingFacts { queued: Some(seconds(10)), unanswered: None, last: seconds(10) };
    let moving = Facts { pings, last_written: seconds(12), ..quiet() };
    assert_eq!(scene.at(14, &moving), wait(1));
    assert_eq!(scene.at(15, &moving), Action::FailPing(seconds(3), Unanswered::NotTaken));
}

#[test]
fn an_answer_to_our_close_is_waited_for_while_bytes_come_but_not_for_ever() {
    let mut scene = Scene::new(&settings());
    assert_eq!(scene.at(10, &closing(10)), wait(5));
    let noisy = |last: u64| Facts { last_byte: seconds(last), ..closing(10) };
    assert_eq!(scene.at(16, &noisy(14)), wait(3));
    assert_eq!(scene.at(69, &noisy(69)), wait(1));
    assert_eq!(scene.at(70, &noisy(70)), Action::Over(Over::Silent));
    assert_eq!(Scene::new(&settings()).at(15, &closing(10)), Action::Over(Over::Silent));
}

#[test]
fn where_nothing_more_is_shown_the_answer_gets_a_second() {
    for output in [Output::Gone, Output::Enough] {
        let mut scene = Scene::new(&settings());
        let facts = |last| Facts { output, last_byte: seconds(last), ..closing(10) };
        assert_eq!(scene.at(10, &facts(10)), wait(1));
        assert_eq!(scene.at(11, &facts(11)), Action::Over(Over::Silent));
    }
}

#[test]
fn a_peer_that_left_a_ping_unanswered_for_as_long_gets_a_second() {
    let unanswered = |since| PingFacts { queued: None, unanswered: Some(seconds(since)), last: seconds(since) };
    let silent = Facts { pings: unanswered(5), last_byte: seconds(5), ..closing(10) };
    assert_eq!(Scene::new(&settings()).at(10, &silent), wait(1));
    assert_eq!(Scene::new(&settings()).at(11, &silent), Action::Over(Over::Silent));
    let heard = Facts { last_byte: seconds(6), ..silent.clone() };
    assert_eq!(Scene::new(&settings()).at(10, &heard), wait(5));
    let just_asked = Facts { pings: unanswered(6), ..silent };
    assert_eq!(Scene::new(&settings()).at(10, &just_asked), wait(5));
}

#[test]
fn a_peer_that_left_a_message_unanswered_gets_a_second_where_it_answers_messages() {
    let asked = |since| Facts { last_asked: Some(seconds(since)), last_byte: seconds(5), ..closing(10) };
    let answering = Settings { expected_answers: ExpectedAnswers::ToMessages, ..settings() };
    assert_eq!(Scene::new(&answering).at(10, &asked(5)), wait(1));
    assert_eq!(Scene::new(&answering).at(10, &asked(6)), wait(5));
    assert_eq!(Scene::new(&answering).at(10, &Facts { last_byte: seconds(6), ..asked(5) }), wait(5));
    assert_eq!(Scene::new(&settings()).at(10, &asked(5)), wait(5), "a server may take messages in silence");
}

#[test]
fn after_both_closes_the_peer_has_a_second_to_hang_up() {
    let mut scene = Scene::new(&settings());
    let both = Facts { peer: Peer::Closed, ..closing(10) };
    let writing = Facts { sending: Sending::Pending(FlushState::None), ..both.clone() };
    assert_eq!(scene.at(10, &writing), Action::Wait(Some(RETRY)));
    assert_eq!(scene.at(11, &both), wait(1));
    assert_eq!(scene.at(12, &both), Action::Over(Over::Closed));
}

#[test]
fn a_server_hangs_up_first_and_once() {
    let mut scene = Scene::new(&Settings { role: Role::Server, ..settings() });
    let both = Facts { peer: Peer::Closed, ..closing(10) };
    assert_eq!(scene.at(10, &both), Action::HangUp);
    assert_eq!(scene.at(10, &both), wait(1));
}

#[test]
fn what_came_before_a_refused_write_is_still_read() {
    let mut scene = Scene::new(&settings());
    let refused = |last| Facts { sending: Sending::Failed, last_byte: seconds(last), ..quiet() };
    assert_eq!(scene.at(10, &refused(5)), wait(1));
    assert_eq!(scene.at(20, &refused(20)), wait(1));
    assert_eq!(scene.at(21, &refused(20)), Action::Over(Over::Closed));
}

#[test]
fn a_breach_ends_it_a_second_after_our_close() {
    let mut scene = Scene::new(&settings());
    let breach = Facts { has_breach: true, ..closing(10) };
    assert_eq!(scene.at(10, &breach), wait(1));
    assert_eq!(scene.at(11, &breach), Action::Over(Over::Closed));
}

#[test]
fn without_a_close_reply_the_peers_end_is_waited_for_as_an_answer_is() {
    let mut scene = Scene::new(&settings());
    let closed = Facts { peer: Peer::Closed, ..quiet() };
    assert_eq!(scene.at(10, &closed), wait(5));
    assert_eq!(scene.at(15, &closed), Action::Over(Over::Silent));
}

#[test]
fn a_signal_closes_and_leaves_as_soon_as_it_can() {
    let mut scene = Scene::new(&settings());
    let signal = Facts { signal: Some(Signal::Interrupt), ..quiet() };
    assert_eq!(scene.at(10, &signal), Action::Close);
    assert_eq!(scene.lifecycle.abort(), Some(Abort::Signal(Signal::Interrupt)));
    assert_eq!(scene.at(10, &closing(10)), Action::Wait(Some(ABORT_LIMIT)));
    assert_eq!(scene.at(11, &closing(10)), Action::Over(Over::Abort));
}

#[test]
fn a_second_signal_leaves_at_once_as_does_a_close_both_ways() {
    let mut scene = Scene::new(&settings());
    let _ = scene.at(10, &Facts { signal: Some(Signal::Interrupt), ..quiet() });
    let again = Facts { signal: Some(Signal::Terminate), ..closing(10) };
    assert_eq!(scene.at(10, &again), Action::Over(Over::Abort));
    assert_eq!(scene.lifecycle.abort(), Some(Abort::Signal(Signal::Terminate)));

    let mut scene = Scene::new(&settings());
    let _ = scene.at(10, &Facts { signal: Some(Signal::Interrupt), ..quiet() });
    assert_eq!(scene.at(10, &Facts { peer: Peer::Closed, ..closing(10) }), Action::Over(Over::Abort));
}

#[test]
fn the_time_limit_of_the_run_aborts() {
    let opened = Instant::now();
    let max_time = Some((opened + seconds(30), seconds(30)));
    let mut scene = Scene { lifecycle: Lifecycle::new(&Settings { max_time, ..settings() }), opened };
    assert_eq!(scene.at(20, &quiet()), wait(10));
    assert_eq!(scene.at(30, &quiet()), Action::Close);
    assert_eq!(scene.lifecycle.abort(), Some(Abort::MaxTime));
}

#[test]
fn what_the_socket_did_not_take_is_tried_again() {
    let pending = |state| Facts { sending: Sending::Pending(state), ..quiet() };
    let mut scene = Scene::new(&settings());
    assert_eq!(scene.at(1, &pending(FlushState::Moving)), wait(0));
    assert_eq!(scene.at(1, &pending(FlushState::Stuck)), Action::Wait(Some(RETRY)));
    assert_eq!(scene.at(1, &pending(FlushState::None)), Action::Wait(None));
}

#[test]
fn after_the_end_the_reader_shows_what_has_come_unless_the_run_is_aborted() {
    let mut scene = Scene::new(&settings());
    let end = scene.opened + seconds(10);
    scene.lifecycle.wind_up(end);
    assert_eq!(scene.lifecycle.still_showing(None, end), Showing::For(None));
    let limit = Some(ABORT_LIMIT);
    assert_eq!(scene.lifecycle.still_showing(Some(Signal::Interrupt), end), Showing::For(limit));
    assert_eq!(scene.lifecycle.still_showing(None, end + ABORT_LIMIT), Showing::NoLonger);

    let mut scene = Scene::new(&settings());
    let _ = scene.at(9, &Facts { signal: Some(Signal::Interrupt), ..quiet() });
    scene.lifecycle.wind_up(scene.opened + seconds(10));
    assert_eq!(scene.lifecycle.still_showing(None, scene.opened + seconds(10)), Showing::For(limit));
}
