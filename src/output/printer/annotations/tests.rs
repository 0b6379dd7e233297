use super::*;
use crate::event::AnnotationSource;
use crate::output::theme::Colors;

const SOURCE: AnnotationSource = AnnotationSource::Dialect("socket.io");

fn set(annotation: &Annotation) -> String {
    let mut output = Vec::new();
    line(&mut output, &Palette::new(Colors::Off), annotation);
    String::from_utf8(output).unwrap()
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

#[test]
fn secrets_are_left_out_of_a_payload() {
    let secret = [5..8, 10..12];
    assert_eq!(without(b"user:abc, de, f", &secret), &b"user:[hidden], [hidden], f"[..]);
    assert_eq!(without(b"short", &[2..99, 1..3]), &b"sh[hidden][hidden]"[..]);
}
