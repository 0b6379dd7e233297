//! Texts that come in bulk look as those that come one by one.

use super::*;
use crate::event::Texts;
use crate::output::options::Extent;
use crate::wire::{Observe, Receiver, ReceiverOptions, Role};

/// How a printer is given what is received.
#[derive(Clone, Copy)]
enum Way {
    InBulk,
    OneByOne,
}

/// What a printer with these `options` writes of a client's messages.
fn shown(options: &Options, way: Way) -> (String, String) {
    let mut scene = Scene::new(options.clone());
    let mut receiver = Receiver::new(ReceiverOptions {
        role: Role::Server,
        max_message: 1000,
        stream_binary_above: None,
        lenient: false,
        deflate: None,
        observe: Observe::Nothing,
    });
    receiver.observe(scene.printer.wants().observe());
    for text in ["one", "two\nlines", "", "\"\x1b\\", "zwölf", "{\"a\": 1}"] {
        receiver
            .feed(&[b"\x81", &[0x80 | u8::try_from(text.len()).unwrap()][..], b"\0\0\0\0", text.as_bytes()].concat());
    }
    receiver.feed(b"\x01\x80\0\0\0\0\x80\x80\0\0\0\0");
    let origin = Origin { client: Some(7) };
    scene.at(0, origin, &Event::Open(&opened()));
    if let Way::InBulk = way {
        assert_eq!(scene.printer.wants().texts, Texts::InBulk);
        let texts = receiver.take_texts().unwrap();
        assert_eq!(texts.messages(), 6);
        let _ = scene.printer.texts(origin, START, Direction::Received, &texts);
    }
    while let Some(event) = receiver.next() {
        let direction = Direction::Received;
        scene.at(0, origin, &Event::Wire { direction, event: &event, round_trip: None, annotation: None });
    }
    scene.flushed()
}

#[test]
fn texts_in_bulk_look_as_those_that_come_one_by_one() {
    let options = Options::default();
    let terminal = Options { view: View::Terminal, ..options.clone() };
    let json = Options { format: DataFormat::Json, ..options.clone() };
    let recording = Options { extent: Extent::Everything, frames: FrameView::Hex, ..json.clone() };
    for options in [
        Options { pretty: true, timestamps: Some(Timestamps::Relative), ..terminal.clone() },
        Options { perspective: Perspective::Between, ..options.clone() },
        Options { format: DataFormat::Hex, ..options.clone() },
        Options { format: DataFormat::None, ..options.clone() },
        options,
        terminal,
        json,
        recording,
    ] {
        assert_eq!(shown(&options, Way::InBulk), shown(&options, Way::OneByOne), "{options:?}");
    }
}

#[test]
fn texts_are_events_where_each_may_be_left_out_or_its_frame_is_shown() {
    let frames = Options { frames: FrameView::Lines, ..Options::default() };
    let filtered = Options { filters: vec![crate::pattern::Expression::parse("one").unwrap()], ..Options::default() };
    for options in [frames, filtered] {
        assert_eq!(Scene::new(options).printer.wants().texts, Texts::OneByOne);
    }
}
