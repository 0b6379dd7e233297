//! permessage-deflate: what was not agreed on, what does not inflate, and what inflates to too much.

use super::*;

const ACCEPTED: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// Raw DEFLATE that ends with an empty stored block, and refers to nothing before it.
fn block(plain: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(plain.len() / 2 + 1024);
    let mut compress = flate2::Compress::new(Compression::best(), false);
    compress.compress_vec(plain, &mut compressed, FlushCompress::Full).unwrap();
    assert_eq!(compress.total_in(), plain.len() as u64);
    compressed
}

/// What `blocks` make of a message: less the final four bytes, as RFC 7692 section 7.2.1 asks.
fn message(mut blocks: Vec<u8>) -> Vec<u8> {
    assert!(blocks.ends_with(&[0, 0, 0xFF, 0xFF]));
    blocks.truncate(blocks.len() - 4);
    blocks
}

fn compressed(plain: &[u8]) -> Frame {
    Frame::text(message(block(plain))).rsv(4)
}

#[test]
fn a_compressed_message_is_inflated() {
    let server = serve(|mut connection| {
        let request = connection.accept_with(ACCEPTED);
        assert!(request.header("Sec-WebSocket-Extensions").unwrap().starts_with("permessage-deflate"));
        connection.send_frame(&compressed(b"Hello, Hello, Hello"));
        connection.send_frame(&Frame::text("and one that is not"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(0).prints("Hello, Hello, Hello\nand one that is not\n");
}

#[test]
fn what_is_sent_is_compressed_with_what_came_before_in_mind() {
    let server = serve(|mut connection| {
        connection.accept_with(ACCEPTED);
        let mut inflate = flate2::Decompress::new(false);
        let frames = [connection.frame(), connection.frame()];
        connection.answer_close();
        frames.map(|frame| {
            assert_eq!((frame.rsv, frame.opcode), (4, opcode::TEXT));
            let mut plain = Vec::with_capacity(10_000);
            let compressed = [&frame.payload[..], b"\0\0\xFF\xFF"].concat();
            inflate.decompress_vec(&compressed, &mut plain, FlushDecompress::Sync).unwrap();
            (String::from_utf8(plain).unwrap(), frame.payload.len())
        })
    });
    let line = (0..300).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    Wscope::new().args(["-x", &line, "-x", &line, "-w", "0"]).arg(server.url()).run().exits(0);
    let [first, second] = server.outcome();
    assert_eq!((&first.0, &second.0), (&line, &line));
    assert!(first.1 < line.len() && second.1 < first.1, "{} {}", first.1, second.1);
}

#[test]
fn compression_can_be_left_out() {
    let server = serve(|mut connection| {
        let request = connection.accept();
        connection.answer_close();
        request
    });
    Wscope::new().args(["--no-deflate", "-w", "0"]).arg(server.url()).run().exits(0);
    assert_eq!(server.outcome().header("Sec-WebSocket-Extensions"), None);
}

#[test]
fn a_message_that_does_not_inflate() {
    let frame = Frame::text([0xFF; 20]).rsv(4);
    blamed(&say_with(ACCEPTED, frame.bytes()), "RFC 7692 section 7.2.2", 1007);
}

#[test]
fn text_that_is_not_utf8_once_inflated() {
    let frame = compressed(b"Hello \xFF Hello");
    blamed(&say_with(ACCEPTED, frame.bytes()), "RFC 6455 section 8.1", 1007);
}

#[test]
fn the_compressed_bit_where_it_has_no_place() {
    blamed(&say_with(ACCEPTED, Frame::ping("hi").rsv(4).bytes()), "RFC 7692 section 6.1", 1002);
    let bytes = [Frame::text("one").more().bytes(), Frame::continuation("two").rsv(4).bytes()].concat();
    blamed(&say_with(ACCEPTED, bytes), "RFC 7692 section 6.1", 1002);
}

#[test]
fn other_reserved_bits_mean_nothing_still() {
    blamed(&say_with(ACCEPTED, Frame::text("hi").rsv(2).bytes()), "RFC 6455 section 5.2", 1002);
}

#[test]
fn parameters_that_were_not_offered() {
    for parameters in ["; client_max_window_bits=7", "; surprise", "; server_max_window_bits=99"] {
        let server = serve(move |mut connection| {
            connection.accept_with(&format!("Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n"));
            connection.rest();
        });
        Wscope::new().arg("-N").arg(server.url()).run().exits(5).says(parameters.trim_start_matches("; "));
    }
}

#[test]
fn a_bomb_is_stopped_while_it_inflates() {
    let frame = Frame::binary(message(block(&vec![0; MIB]).repeat(256))).rsv(4);
    let server = say_with(ACCEPTED, frame.bytes());
    let output = Wscope::new().without_waiting().args(["-N", "--max-message", "1MiB"]).arg(server.url()).run();
    output.exits(1).prints("before\n").says("1009").stays_below(16 * MIB);
    assert_eq!(server.outcome(), Some(1009));
}

#[test]
fn a_flood_of_small_bombs_is_taken_calmly() {
    const COUNT: usize = 32;
    let bomb = Arc::new(compressed(&vec![b'x'; MIB]).bytes());
    let server = serve(move |mut connection| {
        connection.accept_with("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n");
        for _ in 0..COUNT {
            connection.send(&*bomb);
        }
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = Wscope::new().args(["-N", "--deflate", "server_no_context_takeover"]).arg(server.url()).run();
    output.exits(0).stays_below(MOST_MEMORY);
    assert_eq!(output.stdout.len(), COUNT * (MIB + 1));
}

/// So many messages of 1 MiB in one segment, and then whatever `before_close` waits for.
fn bombs(count: usize, before_close: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server<()> {
    let bombs = compressed(&vec![b'x'; MIB]).bytes().repeat(count);
    serve(move |mut connection| {
        connection.accept_with("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n");
        connection.send(&bombs);
        before_close(&mut connection);
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    })
}

#[test]
fn a_segment_of_bombs_is_echoed_one_after_the_other() {
    const COUNT: usize = 100;
    let server = bombs(COUNT, |connection| {
        for _ in 0..COUNT {
            assert_eq!(connection.frame().opcode, opcode::TEXT);
        }
    });
    let arguments = ["--echo", "--max-message", "1MiB", "--output", "none"];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).stays_below(MOST_MEMORY);
    server.outcome();
}

#[test]
fn a_segment_of_bombs_that_a_script_does_not_look_at_is_forgotten() {
    /// What is kept for a script that may still expect it.
    const REMEMBERED: usize = 16 * MIB;
    let server = bombs(100, |_| ());
    let arguments = ["--script", "-", "--max-message", "1MiB", "--output", "none"];
    let output = Wscope::new().args(arguments).arg(server.url()).stdin("/wait 1\n").run();
    output.exits(0).stays_below(REMEMBERED + MOST_MEMORY);
}

#[test]
fn a_segment_of_bombs_is_dumped_while_it_inflates() {
    const COUNT: usize = 20;
    let server = bombs(COUNT, |_| ());
    let arguments = ["-N", "--hex", "--max-message", "1MiB", "--output", "none"];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).stays_below(MOST_MEMORY);
    assert!(output.stderr.len() > COUNT * MIB * 4);
}
