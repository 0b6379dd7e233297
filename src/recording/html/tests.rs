use std::iter;
use std::time::Duration;

use super::*;
use crate::event::AnnotationSource;
use crate::wire::MessageFacts;

const HOSTILE: &str = "</script><script>alert(1)</script><!-- \u{202e}\0\x1b";

fn page(events: &[Event<'_>]) -> String {
    let mut writer = PageWriter::new(Vec::new(), Secrets::Hidden, |_| String::new());
    let at = Timestamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_millis(1500) };
    for event in events {
        let _ = writer.event(Origin::default(), at, event);
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn message(kind: Kind, payload: &[u8]) -> wire::Event<'_> {
    let facts = MessageFacts { length: payload.len() as u64, compressed: None, fragments: 1 };
    wire::Event::Message { kind, payload, facts }
}

fn sent<'a>(event: &'a wire::Event<'a>) -> Event<'a> {
    Event::Wire { direction: Direction::Sent, event, round_trip: None, annotation: None }
}

#[test]
fn no_payload_can_leave_its_place_in_the_page() {
    let empty = page(&[]);
    let hostile = message(Kind::Text, HOSTILE.as_bytes());
    let page = page(&[sent(&hostile), Event::Note(HOSTILE)]);
    assert_eq!(page.matches('<').count(), empty.matches('<').count());
    assert!(!page.chars().any(|character| character == '\u{202e}' || character == '\0' || character == '\x1b'));
    let data = page.lines().find(|line| line.contains("alert")).unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!((&data["text"], &data["at"]), (&HOSTILE.into(), &1.5.into()));
}

#[test]
fn the_policy_permits_this_script_and_this_style_alone() {
    let page = page(&[]);
    let (script, style) = (hash(SCRIPT), hash(STYLE));
    let policy =
        format!("default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'");
    assert!(page.contains(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")), "{page}");
    assert!(page.contains(&format!("<script>{SCRIPT}</script>")) && page.contains(&format!("<style>{STYLE}</style>")));
    // An end tag in the script would end it, whatever stands around it.
    assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !STYLE.contains('<'));
    for word in ["http:", "https:", "//", "url(", "@import", "innerHTML", "src=", "href="] {
        let code = page.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(word));
        assert!(!code, "{word}");
    }
}

#[test]
fn bytes_that_are_no_text_stay_bytes() {
    let binary = message(Kind::Binary, b"plain");
    let invalid = message(Kind::Text, b"\xff");
    let page = page(&[sent(&binary), sent(&invalid), sent(&wire::Event::Ping(b"tick"))]);
    assert!(page.contains(r#""opcode":"binary","length":5,"binary":"cGxhaW4=""#), "{page}");
    assert!(page.contains(r#""opcode":"text","length":1,"binary":"/w==""#), "{page}");
    assert!(page.contains(r#""opcode":"ping","length":4,"text":"tick","control":true"#), "{page}");
}

#[test]
fn a_secret_is_covered_and_said_to_be() {
    let binary = message(Kind::Binary, b"\0password\0");
    let annotation = Annotation {
        secrets: iter::once(1..9).collect(),
        ..Annotation::new(AnnotationSource::Dialect("mqtt"), "CONNECT", "as ann")
    };
    let event =
        Event::Wire { direction: Direction::Sent, event: &binary, round_trip: None, annotation: Some(&annotation) };
    let covered = BASE64.encode(b"\0********\0");
    let row = format!(r#""opcode":"binary","length":10,"binary":"{covered}","hidden":true,"meaning":"as ann""#);
    let page = page(&[event]);
    assert!(page.contains(&row), "{page}");
}
