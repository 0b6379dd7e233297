//! `--frames` and `--hex`: facts of the wire.

use crate::support::{Frame, Server, Wscope, serve};

const KEY: &str = "37fa213d";

/// Takes a frame, sends these, closes. Returns the wire bytes of everything that the program sent.
fn exchange(frames: Vec<Frame>) -> Server<Vec<u8>> {
    serve(move |mut connection| {
        connection.accept();
        let mut received = connection.frame().bytes();
        for frame in &frames {
            connection.send_frame(frame);
        }
        connection.send_frame(&Frame::close(1000, ""));
        received.extend(connection.rest());
        received
    })
}

/// The lines that `--frames` showed, without their times.
fn frame_lines(stderr: &str) -> Vec<String> {
    let lines = stderr.lines().filter(|line| line.starts_with("< ") || line.starts_with("> "));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let direction = words.next().unwrap();
            words.next();
            format!("{direction} {}", words.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// The bytes of every dump of headers and payloads in one direction, in order: what was on the wire.
fn wire_bytes(stderr: &str, direction: char) -> Vec<u8> {
    let (mut wanted, mut on_wire) = (false, false);
    let mut bytes = Vec::new();
    for line in stderr.lines() {
        match line.split_once(": ") {
            Some((offset, dump)) if line.starts_with("    ") => {
                assert!(u64::from_str_radix(offset.trim(), 16).is_ok(), "no offset: {line}");
                let columns = dump.get(..48).unwrap_or(dump);
                let pairs = columns.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).expect(line));
                if wanted && on_wire {
                    bytes.extend(pairs);
                }
            }
            _ if line.starts_with("  ") => {
                on_wire = ["header", "payload"].iter().any(|title| line.trim().starts_with(title));
            }
            _ => wanted = line.starts_with(direction),
        }
    }
    bytes
}

#[test]
fn each_frame_is_a_line() {
    let server = exchange(vec![
        Frame::text("Hel").more(),
        Frame::ping("beat"),
        Frame::continuation("lo").more(),
        Frame::continuation(""),
        Frame::binary([0; 200]),
    ]);
    let output = Wscope::new().args(["--frames", "-x", "Hello", "--mask-key", KEY]).arg(server.url()).run();
    output.exits(0);
    assert!(output.stdout.starts_with(b"Hello\n"));
    let lines = frame_lines(&output.stderr);
    let received: Vec<&str> = lines.iter().map(String::as_str).filter(|line| line.starts_with('<')).collect();
    assert_eq!(lines[0], "> text fin=1 rsv=0 mask=37fa213d len=5 wire=11");
    assert_eq!(
        received,
        [
            "< text fin=0 rsv=0 len=3 wire=5 part=1",
            "< ping fin=1 rsv=0 len=4 wire=6",
            "< continuation fin=0 rsv=0 len=2 wire=4 part=2",
            "< continuation fin=1 rsv=0 len=0 wire=2 part=3/3",
            "< binary fin=1 rsv=0 len=200 wire=204",
            "< close fin=1 rsv=0 len=2 wire=4",
        ]
    );
    assert!(lines.contains(&"> pong fin=1 rsv=0 mask=37fa213d len=4 wire=10".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"> close fin=1 rsv=0 mask=37fa213d len=2 wire=8".to_owned()), "{lines:#?}");
}

#[test]
fn hex_is_what_the_peer_got_and_sent() {
    let sent = [Frame::text("Hello"), Frame::binary([7; 300]), Frame::ping(""), Frame::close(1000, "")];
    let server = exchange(sent[..3].to_vec());
    let output = Wscope::new().args(["--hex", "-x", "Grüße"]).arg(server.url()).run();
    output.exits(0);
    let on_wire: Vec<u8> = sent.iter().flat_map(Frame::bytes).collect();
    assert_eq!(wire_bytes(&output.stderr, '<'), on_wire);
    assert_eq!(wire_bytes(&output.stderr, '>'), server.outcome());
}

#[test]
fn hex_shows_what_a_masked_frame_means() {
    let server = exchange(vec![]);
    let output = Wscope::new().args(["--hex", "-x", "Hello", "--mask-key", KEY]).arg(server.url()).run();
    output.exits(0).says("81 85 37 fa 21 3d").says("7f 9f 4d 51 58").says("unmasked").says("48 65 6c 6c 6f");
    assert!(server.outcome().starts_with(b"\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58"));
}

#[test]
fn an_odd_frame_is_shown_as_it_was_before_the_breach_is_reported() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("odd").rsv(3).masked([1, 2, 3, 4]));
        connection.close_frame()
    });
    let output = Wscope::new().args(["-N", "--hex"]).arg(server.url()).run();
    output.exits(6).says("rsv=3").says("mask=01020304").says("b1 83 01 02 03 04");
}

#[test]
fn a_message_can_be_sent_in_fragments() {
    let server = exchange(vec![]);
    let output = Wscope::new().args(["--frames", "--fragment", "4", "-x", "Hello, you"]).arg(server.url()).run();
    output.exits(0);
    let mut bytes = &server.outcome()[..];
    let mut frames = Vec::new();
    while let Some((frame, taken)) = Frame::parse(bytes) {
        frames.push((frame.fin, frame.opcode, String::from_utf8_lossy(&frame.payload).into_owned()));
        bytes = &bytes[taken..];
    }
    assert_eq!(frames[..3], [(false, 1, "Hell".into()), (false, 0, "o, y".into()), (true, 0, "ou".into())]);
    output.says("part=3/3");
}

#[test]
fn hex_with_verbose_shows_the_heads_as_bytes() {
    let server = exchange(vec![]);
    let output = Wscope::new().args(["-v", "--hex", "-x", "hi"]).arg(server.url()).run();
    // "GET / HTTP" and "HTTP/1.1 1"
    output.exits(0).says("47 45 54 20 2f 20 48 54").says("48 54 54 50 2f 31 2e 31");
}
