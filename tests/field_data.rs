//! What users of other tools complain about: what becomes of their data. Each scenario bears the name of the complaint
//! (tool and issue), and does what the user who complained wanted to do.

use std::io::{Seek, Write};

use tungstenite::Message;

use crate::support::frame::opcode;
use crate::support::terminal::key;
use crate::support::{Connection, Frame, Server, Wscope, serve, websocket};

/// What came, up to the Close.
fn collect() -> Server<Vec<Frame>> {
    serve(|mut connection: Connection| {
        connection.accept();
        let mut frames = Vec::new();
        loop {
            let frame = connection.frame();
            if frame.opcode == opcode::CLOSE {
                connection.send_frame(&frame.unmasked());
                return frames;
            }
            frames.push(frame.unmasked());
        }
    })
}

/// Sends these, and waits for the Close.
fn say(frames: impl Into<Vec<Frame>>) -> Server<Option<u16>> {
    let frames = frames.into();
    serve(move |mut connection| {
        connection.accept();
        for frame in &frames {
            connection.send_frame(frame);
        }
        connection.answer_close()
    })
}

/// Every message has the newline of its line in it; in version 4 none has, where it is wanted.
#[test]
fn websocat_58_no_trailing_newline_in_messages() {
    let server = collect();
    Wscope::new().args(["-w", "0", &server.url()]).stdin("one\ntwo\r\nthree").run().exits(0);
    assert_eq!(server.outcome(), [Frame::text("one"), Frame::text("two"), Frame::text("three")]);
}

/// See above: to keep the newline, send the whole input, or end messages with something else.
#[test]
fn websocat_292_newlines_where_they_are_wanted() {
    let server = collect();
    Wscope::new().args(["--input", "whole", "-w", "0", &server.url()]).stdin("one\ntwo\n").run().exits(0);
    assert_eq!(server.outcome(), [Frame::text("one\ntwo\n")]);
    let server = collect();
    Wscope::new().args(["-0", "-w", "0", &server.url()]).stdin("one\n\0two\n\0").run().exits(0);
    assert_eq!(server.outcome(), [Frame::text("one\n"), Frame::text("two\n")]);
}

/// Binary messages: newlines are added, and those inside become spaces.
#[test]
fn websocat_216_binary_is_exact() {
    let payload = b"\x00line\nline\r\n\xff";
    let server = say([Frame::binary(payload), Frame::binary(payload)]);
    Wscope::new().args(["--count", "2", &server.url()]).run().exits(0).prints([*payload, *payload].concat());
    let server = collect();
    Wscope::new().args(["-b", "-w", "0", &server.url()]).stdin(*payload).run().exits(0);
    assert_eq!(server.outcome(), [Frame::binary(payload)]);
}

/// Text and binary mixed, the binary as hex, in one session.
#[test]
fn websocat_182_mixed_text_and_binary() {
    let server = collect();
    let lines = "{\"text\":\"hello\"}\n{\"binary\":\"AP8=\"}\n{\"text\":\"bye\"}\n";
    Wscope::new().args(["--input", "json", "-w", "0", &server.url()]).stdin(lines).run().exits(0);
    assert_eq!(server.outcome(), [Frame::text("hello"), Frame::binary([0, 255]), Frame::text("bye")]);
    let server = websocket::echo();
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait_line(">");
    terminal.enter("/binary 00 ff");
    terminal.wait("00 ff");
    terminal.enter("text");
    terminal.wait("< text");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome().messages, [Message::binary(vec![0, 255]), Message::text("text")]);
}

/// Binary messages are printed as if they were text, and cannot be sent.
#[test]
fn wscat_145_binary_is_not_text() {
    let server = say([Frame::binary([0xff, 0xfe, 0x00, 0x80])]);
    Wscope::new().args(["-1", &server.url()]).run().exits(0).prints([0xff, 0xfe, 0x00, 0x80]);
    let server = say([Frame::binary([0xff, 0xfe, 0x00, 0x80])]);
    Wscope::new().args(["-1", "--output", "hex", &server.url()]).run().exits(0).prints("fffe0080\n");
    let server = collect();
    Wscope::new().args(["--input", "hex", "-w", "0", &server.url()]).stdin("ff fe 00 80\n").run().exits(0);
    assert_eq!(server.outcome(), [Frame::binary([0xff, 0xfe, 0x00, 0x80])]);
}

/// Everything is sent as binary frames, which Chrome's `DevTools` and others don't take; and a read of stdin is a frame.
#[test]
fn curl_21997_lines_are_text_frames() {
    let server = collect();
    let lines = "{\"id\":1,\"method\":\"Browser.getVersion\"}\n{\"id\":2,\"method\":\"Target.getTargets\"}\n";
    Wscope::new().args(["-w", "0", &server.url()]).stdin(lines).run().exits(0);
    let frames = server.outcome();
    assert!(frames.iter().all(|frame| frame.opcode == opcode::TEXT), "{frames:?}");
    assert!(frames.iter().map(Frame::as_text).eq(lines.lines()));
}

/// A long line that is pasted into the terminal is cut at 1,024 or 4,096 bytes.
#[test]
fn websocat_140_long_pasted_line() {
    let long: String = "0123456789 ".repeat(1_000);
    let server = collect();
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait_line(">");
    terminal.paste(&long);
    terminal.press(key::ENTER);
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome(), [Frame::text(long)]);
}

/// Messages with newlines in them: typed, pasted, and piped.
#[test]
fn wscat_12_newlines_in_messages() {
    let json = "{\n  \"a\": 1\n}";
    let server = collect();
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait_line(">");
    terminal.paste(json);
    terminal.press(key::ENTER);
    terminal.enter("/text one line");
    terminal.enter("{");
    terminal.enter("}");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome(), [Frame::text(json), Frame::text("one line"), Frame::text("{\n}")]);
    let server = collect();
    let flags = ["--input", "json", "-w", "0"];
    Wscope::new().args(flags).arg(server.url()).stdin("{\"text\":\"tab\\tand\\nnewline\"}\n").run().exits(0);
    assert_eq!(server.outcome(), [Frame::text("tab\tand\nnewline")]);
}

/// A JSON document in a file is one message, however it is laid out.
#[test]
fn websocat_107_json_file() {
    let document = "{\n  \"list\": [\n    1,\n    2\n  ]\n}\n";
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(document.as_bytes()).unwrap();
    file.rewind().unwrap();
    let server = collect();
    let output = Wscope::new().args(["--input", "whole", "-w", "0", &server.url()]).stdin_file(file).run();
    output.exits(0).is_silent();
    assert_eq!(server.outcome(), [Frame::text(document)]);
}

/// The cursor jumps, and what is being typed is scrambled, when a message comes.
#[test]
fn wscat_46_typing_survives_messages() {
    let server = serve(|mut connection| {
        connection.accept();
        for number in 0..50 {
            connection.send_frame(&Frame::text(format!("push {number}")));
        }
        let typed = connection.frame();
        connection.answer_close();
        typed
    });
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait(">");
    terminal.press("half a ");
    terminal.wait("< push 49");
    terminal.press("line");
    terminal.wait_line("> half a line");
    terminal.press(key::ENTER);
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome().as_text(), "half a line");
}
