use super::*;
use crate::event::AnnotationSource;
use crate::output::theme::Colors;

const SOURCE: AnnotationSource = AnnotationSource::Dialect("socket.io");

fn set(annotation: &Annotation) -> String {
    let mut output = Vec::new();
    line(&mut output, &Palette::new(Colors::Off), annotation, None);
    String::from_utf8(output).unwrap()
}

#[test]
fn a_line_that_is_too_long_goes_on_below_its_start_with_the_error_in_its_own_style() {
    let annotation = Annotation::breach(SOURCE, "not a frame of STOMP");
    let annotation = Annotation { text: "answers the subscription".to_owned(), ..annotation };
    let mut output = Vec::new();
    let margins = Some(Margins { indent: 4, columns: 20 });
    line(&mut output, &Palette::new(Colors::On), &annotation, margins);
    let mut wanted = Vec::new();
    Palette::new(Colors::On).write(&mut wanted, Style::Faint, "answers the\n    subscription:\n    ");
    Palette::new(Colors::On).write(&mut wanted, Style::Error, "not a frame of\n    STOMP");
    wanted.push(b'\n');
    assert_eq!(String::from_utf8(output).unwrap(), String::from_utf8(wanted).unwrap());
}

#[test]
fn a_line_has_text_time_and_error_as_far_as_they_are_known() {
    let took = Some(Duration::from_millis(84));
    let plain = Annotation::new(SOURCE, "ack", "ack 12");
    assert_eq!(set(&plain), "ack 12\n");
    assert_eq!(set(&Annotation { took, ..plain.clone() }), "ack 12 after 84 ms\n");
    assert_eq!(set(&Annotation { took, error: Some("no".to_owned()), ..plain }), "ack 12 after 84 ms: no\n");
    assert_eq!(set(&Annotation::breach(SOURCE, "not JSON")), "not JSON\n");
    assert_eq!(set(&Annotation::heartbeat(SOURCE, "ping")), "heartbeat\n");
    let took = Some(Duration::from_micros(1_240));
    assert_eq!(set(&Annotation { took, ..Annotation::new(SOURCE, "ack", "") }), "after 1.2 ms\n");
}

#[test]
fn a_line_is_one_line_of_bounded_length_whatever_a_peer_says() {
    let set = set(&Annotation::new(SOURCE, "event", "\n\x1b[2J".repeat(1000)));
    assert_eq!(set.matches('\n').count(), 1);
    assert!(!set.contains('\x1b') && set.len() < 5 * LONGEST, "{set}");
}
