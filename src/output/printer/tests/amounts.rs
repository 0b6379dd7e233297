//! Much at once: what waits is bounded, and large messages come in parts.

use super::*;

#[test]
fn a_large_payload_goes_straight_to_a_pipe_after_what_waits() {
    let mut scene = Scene::new(Options::default());
    let large = "x".repeat(64 << 10);
    scene.text("a").text(&large);
    assert_eq!(scene.data.writes(), 2);
    assert_eq!(scene.flushed().0, format!("a\n{large}\n"));
}

#[test]
fn what_a_message_takes_on_a_terminal_never_grows_without_bounds() {
    for text in ["\u{1}", "\n"].map(|text| text.repeat(1 << 20)) {
        let mut scene = Scene::new(Options { pretty: true, ..terminal() });
        scene.text(&text);
        assert!(scene.data.writes() >= 2);
    }
    let mut scene = Scene::new(Options { pretty: true, ..terminal() });
    scene.text(&format!("[{}1]", "[1],".repeat(1 << 18)));
    assert!(scene.data.writes() >= 2);
}

#[test]
fn what_waits_never_grows_without_bounds() {
    let mut scene = Scene::new(Options::default());
    for _ in 0..100 {
        scene.text(&"x".repeat(60 << 10));
    }
    assert!(scene.data.writes() >= 10);
}

#[test]
fn what_is_written_before_all_is_there_ends_where_a_block_of_a_file_does() {
    let mut scene = Scene::new(Options::default());
    let text = "x".repeat(5000);
    scene.text("first");
    scene.flushed();
    for _ in 0..100 {
        scene.text(&text);
    }
    let mut ends = vec![0];
    for written in scene.data.0.lock().unwrap().iter() {
        ends.push(ends[ends.len() - 1] + written.len());
    }
    assert!(ends.len() > 5 && ends[1] == 6 && ends[2..].iter().all(|end| end % (64 << 10) == 0), "{ends:?}");
    assert_eq!(scene.flushed().0, format!("first\n{}", format!("{text}\n").repeat(100)));
}

#[test]
fn diagnostics_that_wait_do_not_grow_either() {
    let mut scene = Scene::new(Options { frames: FrameView::Hex, ..Options::default() });
    let payload = vec![0; 1 << 20];
    let header = Header {
        fin: true,
        rsv: 0,
        opcode: OpCode::Data(Data::Binary),
        mask: None,
        length: payload.len() as u64,
        length_encoding: LengthEncoding::SixtyFour,
    };
    let frame = Frame {
        header,
        header_bytes: &[0x82, 0x7f, 0, 0, 0, 0, 0, 0x10, 0, 0],
        offset: 0,
        position: Position::Whole,
        payload: &payload,
        inflation: &[],
        inflated: None,
        received: payload.len() as u64,
    };
    scene.received(&wire::Event::Frame(frame));
    assert!(scene.diagnostics.longest_write() < 128 << 10, "a dump is written while it is made");
    let diagnostics = scene.flushed().1;
    assert_eq!(diagnostics.lines().filter(|line| line.starts_with("    ")).count(), 1 + payload.len() / 16);
    assert!(diagnostics.ends_with("    0ffffa: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n"));
}

#[test]
fn streamed_parts_are_written_as_they_come() {
    let mut scene = Scene::new(Options::default());
    scene.received(&wire::Event::Part { payload: b"ab", last: None });
    scene.received(&wire::Event::Part { payload: b"c", last: Some(facts(3)) });
    assert_eq!(scene.flushed().0, "abc");
}

#[test]
fn a_terminal_sums_streamed_parts_up() {
    let mut scene = Scene::new(terminal());
    for _ in 0..2 {
        scene.received(&wire::Event::Part { payload: &[0; 1000], last: None });
        scene.received(&wire::Event::Part { payload: &[0; 24], last: Some(facts(1024)) });
    }
    let data = scene.flushed().0;
    assert_eq!(data.matches("< (binary, 1024 bytes)\n").count(), 2, "{data}");
    assert_eq!(data.matches("  ... and 512 more").count(), 2, "{data}");
}

#[test]
fn parts_of_a_message_that_was_cut_off_are_none_of_the_next_session() {
    let mut scene = Scene::new(terminal());
    scene.received(&wire::Event::Part { payload: b"cut off", last: None });
    scene.event(&Event::Open(&opened()));
    scene.received(&wire::Event::Part { payload: &[0; 24], last: Some(facts(24)) });
    let data = scene.flushed().0;
    assert!(data.contains("< (binary, 24 bytes)\n"), "{data}");
}
