use super::super::survey::{Fact, Speech};
use super::super::surveyed_connection::Need;
use super::*;
use crate::output::Charset;
use crate::output::json::assert_fields;
use crate::output::theme::Colors;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Eight connections to a server that pings, and that closes after 10 seconds what is silent.
fn surveyed() -> Survey {
    let mut survey = Survey::new(at(64));
    for (number, need) in survey.needs(at(0)) {
        assert_eq!(need, Need::Open);
        survey.observe(number, at(0), Fact::Opened);
    }
    survey.observe(0, at(3), Fact::Spoke(Speech::Pings));
    survey.observe(0, at(10), Fact::Cut(Cut::Close { code: 1001, reason: "idle \u{1b}".into() }));
    survey.needs(at(10));
    survey.observe(7, at(10), Fact::Answered);
    survey.needs(at(22));
    survey.observe(6, at(22), Fact::Answered);
    survey
}

#[test]
fn the_schema_lists_what_is_written_and_nothing_else() {
    let line = String::from_utf8(json(&surveyed(), true)).unwrap();
    assert_eq!(line.matches('\n').count(), 1);
    assert_fields(SCHEMA, [line.as_str()]);
}

fn shown(survey: &Survey, is_complete: bool) -> String {
    String::from_utf8(text(survey, is_complete, &Look::new(Charset::Ascii, Colors::Off))).unwrap()
}

#[test]
fn people_read_what_was_found_and_what_to_do() {
    assert_eq!(
        shown(&surveyed(), true),
        "silence  cut after 10 s: Close with code 1001, reason \"idle \\x1b\"\n\
         pong     an unsolicited pong every 2 s keeps it open\n\
         ping     a ping, and its pong, every 2 s keeps it open\n\
         server   sends pings by itself, 3 s apart at most: they may keep a connection\n         \
                  open, too\n\
         do       send a ping every 5 s: `--ping-interval 5`\n"
    );
}

#[test]
fn labels_are_coloured_where_colours_are_wanted() {
    let look = Look::new(Charset::Ascii, Colors::On);
    let coloured = String::from_utf8(text(&Survey::new(at(64)), false, &look)).unwrap();
    assert!(coloured.lines().all(|line| line.starts_with('\u{1b}')), "{coloured:?}");
}

#[test]
fn what_is_not_known_yet_is_not_told() {
    let survey = Survey::new(at(64));
    assert_eq!(
        shown(&survey, false),
        "silence  more than 0 s, as far as is known\nserver   sends nothing by itself\n\
         do       let it go on to its end: what keeps it open is not known yet\n"
    );
    assert_eq!(json(&survey, false), b"{\"type\":\"idle\",\"complete\":false,\"at_least\":0.000000,\"do\":\"let it go on to its end: what keeps it open is not known yet\"}\n");
}
