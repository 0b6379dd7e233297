use std::collections::BTreeMap;

use super::*;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A server behind something that cuts what is silent.
struct Middle {
    limit: Duration,
    cut: Cut,
    /// Bytes of ours alone count, too.
    counts_ours: bool,
    /// It cuts so long after the opening, whatever is sent.
    cuts_in_any_case: bool,
}

impl Middle {
    fn after(limit: u64, cut: Cut) -> Self {
        Self { limit: seconds(limit), cut, counts_ours: true, cuts_in_any_case: false }
    }

    /// Surveys it to the end; what was learnt, and how long it took.
    fn surveyed(&self, max: u64) -> (Survey, Time) {
        let mut survey = Survey::new(seconds(max));
        let mut now = Time::ZERO;
        // When each connection that is open was last heard of.
        let mut alive: BTreeMap<usize, Time> = BTreeMap::new();
        for _ in 0..100_000 {
            let needs = survey.needs(now);
            if !needs.is_empty() {
                for (number, need) in needs {
                    self.serve(&mut survey, &mut alive, number, need, now);
                }
                continue;
            }
            if survey.is_over() {
                return (survey, now);
            }
            let cut = alive.iter().map(|(number, since)| (*since + self.limit, *number)).min();
            let cut = cut.filter(|_| self.cut.is_visible());
            let wake = survey.wake();
            match cut.filter(|(at, _)| wake.is_none_or(|wake| *at <= wake)) {
                Some((at, number)) => {
                    now = at;
                    alive.remove(&number);
                    survey.observe(number, now, Fact::Cut(self.cut.clone()));
                }
                None => now = now.max(wake.expect("something to wait for")),
            }
        }
        panic!("no end of it: {survey:?}");
    }

    fn serve(&self, survey: &mut Survey, alive: &mut BTreeMap<usize, Time>, number: usize, need: Need, now: Time) {
        let is_dead = alive.get(&number).is_some_and(|since| now > *since + self.limit);
        match need {
            Need::Open => {
                alive.insert(number, now);
                survey.observe(number, now, Fact::Opened);
            }
            Need::Leave => drop(alive.remove(&number)),
            Need::Ping if is_dead && self.cut == Cut::ResetWhenUsed => {
                survey.observe(number, now, Fact::Cut(Cut::Reset));
            }
            Need::Ping | Need::Pong if is_dead => {}
            Need::Ping => {
                if !self.cuts_in_any_case {
                    alive.insert(number, now);
                }
                if survey.observe(number, now, Fact::Answered) == Some(Need::Leave) {
                    alive.remove(&number);
                }
            }
            Need::Pong => {
                if self.counts_ours && !self.cuts_in_any_case {
                    alive.insert(number, now);
                }
            }
        }
    }
}

#[test]
fn a_cut_that_shows_is_known_to_the_moment() {
    let close = Cut::Close { code: 1001, reason: "idle".into() };
    for cut in [Cut::End, Cut::Reset, close] {
        let (survey, took) = Middle::after(60, cut.clone()).surveyed(600);
        assert_eq!(survey.limit(), Limit::At(seconds(60), cut));
        assert_eq!((survey.pongs(), survey.pings()), (Keeping::Works(seconds(2)), Keeping::Works(seconds(2))));
        assert_eq!(survey.interval(), Some(seconds(30)));
        assert!(took < seconds(130), "{took:?}");
    }
}

#[test]
fn a_limit_below_the_interval_of_those_that_are_kept_alive_is_tried_with_a_shorter_one() {
    let (survey, _) = Middle::after(1, Cut::End).surveyed(600);
    assert_eq!(survey.limit(), Limit::At(seconds(1), Cut::End));
    assert_eq!(survey.pings(), Keeping::Works(seconds(1) / 3));
    assert_eq!(survey.interval(), Some(seconds(1) / 2));
}

#[test]
fn a_silent_death_is_closed_in_on() {
    for cut in [Cut::Silent, Cut::ResetWhenUsed] {
        for limit in [3, 60, 350, 599] {
            let (survey, took) = Middle::after(limit, cut.clone()).surveyed(600);
            let Limit::Between(lower, upper, seen) = survey.limit() else { panic!("{:?}", survey.limit()) };
            assert!(lower <= seconds(limit) && seconds(limit) < upper, "{limit}: {lower:?} {upper:?}");
            assert!(upper.saturating_sub(lower) <= seconds(1).max(upper / 10), "{limit}: {lower:?} {upper:?}");
            assert_eq!(seen, cut);
            assert!(survey.interval().is_some_and(|interval| interval < seconds(limit)), "{limit}");
            assert!(took <= survey.longest() + seconds(600), "{limit}: {took:?}");
        }
    }
}

#[test]
fn bytes_of_ours_alone_may_not_count() {
    let (survey, _) = Middle { counts_ours: false, ..Middle::after(5, Cut::End) }.surveyed(60);
    assert_eq!(survey.limit(), Limit::At(seconds(5), Cut::End));
    assert_eq!(survey.pongs(), Keeping::Fails(seconds(5)));
    assert!(matches!(survey.pings(), Keeping::Works(_)));
    assert_eq!(survey.interval(), Some(seconds(2)));
}

#[test]
fn a_limit_on_the_whole_life_of_a_connection_is_no_limit_on_silence() {
    let (survey, _) = Middle { cuts_in_any_case: true, ..Middle::after(30, Cut::End) }.surveyed(60);
    assert_eq!((survey.pongs(), survey.pings()), (Keeping::Fails(seconds(30)), Keeping::Fails(seconds(30))));
    assert_eq!(survey.interval(), None);
}

#[test]
fn without_a_limit_it_is_over_after_the_longest_silence() {
    let (survey, took) = Middle::after(100_000, Cut::End).surveyed(600);
    assert_eq!((survey.limit(), took), (Limit::AtLeast(seconds(600)), seconds(600)));
    assert_eq!((survey.interval(), survey.pings()), (None, Keeping::Unknown));
}

#[test]
fn what_is_known_can_be_told_at_any_time() {
    let mut survey = Survey::new(seconds(64));
    assert_eq!(survey.needs(Time::ZERO).len(), 8, "eight connections side by side");
    for number in 0..8 {
        survey.observe(number, Time::ZERO, Fact::Opened);
    }
    assert_eq!(survey.silent(seconds(1)), (6, seconds(1)));
    assert_eq!(survey.needs(seconds(2)), [(5, Need::Ping), (6, Need::Pong), (7, Need::Ping)]);
    assert_eq!(survey.observe(5, seconds(2), Fact::Answered), Some(Need::Leave));
    assert_eq!(survey.limit(), Limit::AtLeast(seconds(2)));
}

#[test]
fn a_server_that_speaks_by_itself_is_known_with_its_longest_pause() {
    let mut survey = Survey::new(seconds(64));
    survey.needs(Time::ZERO);
    survey.observe(0, Time::ZERO, Fact::Opened);
    for at in [10, 20, 31] {
        survey.observe(0, seconds(at), Fact::Spoke(Speech::Pings));
    }
    assert_eq!(survey.spoken(), Some(Spoken { speech: Speech::Pings, every: seconds(11) }));
}

#[test]
fn where_no_connection_can_be_made_there_is_nothing_to_learn() {
    let mut survey = Survey::new(seconds(64));
    for (number, _) in survey.needs(Time::ZERO) {
        survey.observe(number, Time::ZERO, Fact::Failed);
    }
    survey.needs(Time::ZERO);
    assert!(survey.is_over() && !survey.has_opened());
}
