//! Peers that break every rule: each breach ends in time, with the right status and close code and a message that names
//! the RFC section; what came before it is printed, and memory stays small.

use std::sync::Arc;
use std::time::Duration;

use flate2::{Compression, FlushCompress, FlushDecompress};

use crate::support::bulk;
use crate::support::frame::opcode;
use crate::support::program::Output;
use crate::support::{AN_HOUR, Connection, Event, Frame, MIB, Server, Wscope, serve};

/// What no breach may cost.
const MOST_MEMORY: usize = 32 * MIB;

/// Says `before`, then these bytes, and nothing more. Returns what the program's Close says; the connection stays open
/// until the program ends it.
fn say(bytes: impl Into<Vec<u8>>) -> Server<Option<u16>> {
    say_with("", bytes)
}

/// The same with more header lines in the 101.
fn say_with(headers: &'static str, bytes: impl Into<Vec<u8>>) -> Server<Option<u16>> {
    let bytes = bytes.into();
    serve(move |mut connection| {
        connection.accept_with(headers);
        connection.send_frame(&Frame::text("before"));
        connection.send(&bytes);
        connection.close_frame().0
    })
}

/// Runs against it and checks all that every breach has in common.
#[track_caller]
fn blamed(server: &Server<Option<u16>>, section: &str, close_code: u16) -> Output {
    let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
    output.exits(6).prints("before\n").says(section).says("by the server").stays_below(MOST_MEMORY);
    assert_eq!(server.outcome(), Some(close_code), "{output:?}");
    output
}

/// A breach of RFC 6455 that is answered with 1002.
#[track_caller]
fn breaks(frame: &Frame, section: &str) {
    blamed(&say(frame.bytes()), &format!("RFC 6455 section {section}"), 1002);
}

mod frames {
    use super::*;

    #[test]
    fn reserved_bits_without_an_extension() {
        for bits in [1, 2, 4, 7] {
            breaks(&Frame::text("hi").rsv(bits), "5.2");
        }
        breaks(&Frame::ping("hi").rsv(4), "5.2");
    }

    #[test]
    fn reserved_opcodes() {
        for reserved in [0x3, 0x7, 0xB, 0xF] {
            breaks(&Frame::new(reserved, "hi"), "5.2");
        }
    }

    #[test]
    fn a_masked_frame_from_a_server() {
        breaks(&Frame::text("hi").masked([1, 2, 3, 4]), "5.1");
        breaks(&Frame::text("").masked([0; 4]), "5.1");
    }

    #[test]
    fn a_fragmented_control_frame() {
        breaks(&Frame::ping("hi").more(), "5.5");
        breaks(&Frame::close(1000, "").more(), "5.5");
    }

    #[test]
    fn a_control_frame_over_125_bytes() {
        breaks(&Frame::ping([0; 126]), "5.5");
        breaks(&Frame::new(opcode::CLOSE, vec![3; 70_000]), "5.5");
    }

    #[test]
    fn a_length_that_is_longer_than_it_needs_to_be() {
        breaks(&Frame::text("hi").length_in_16_bits(), "5.2");
        breaks(&Frame::text("hi").length_in_64_bits(), "5.2");
        breaks(&Frame::binary([0; 300]).length_in_64_bits(), "5.2");
    }

    #[test]
    fn a_length_with_its_highest_bit_set() {
        breaks(&Frame::text("hi").declaring(1 << 63), "5.2");
        breaks(&Frame::binary("").declaring(u64::MAX), "5.2");
    }

    #[test]
    fn a_continuation_of_nothing() {
        breaks(&Frame::continuation("hi"), "5.4");
        breaks(&Frame::continuation("").more(), "5.4");
    }

    #[test]
    fn a_message_inside_another() {
        let bytes = [Frame::text("one").more().bytes(), Frame::text("two").bytes()].concat();
        blamed(&say(bytes), "RFC 6455 section 5.4", 1002);
    }

    #[test]
    fn the_place_of_the_breach_is_told() {
        // After the six bytes of "before" and their header.
        let output = blamed(&say(Frame::new(0x3, "hi").bytes()), "RFC 6455 section 5.2", 1002);
        output.says("at byte 8").says("0008: 83 02");
    }
}

mod text {
    use super::*;

    #[track_caller]
    fn is_not_utf8(bytes: impl Into<Vec<u8>>) {
        blamed(&say(bytes), "RFC 6455 section 8.1", 1007);
    }

    #[test]
    fn a_byte_that_is_never_utf8() {
        is_not_utf8(Frame::text(*b"a\xFFb").bytes());
    }

    #[test]
    fn a_surrogate_an_overlong_form_and_too_high_a_number() {
        is_not_utf8(Frame::text(*b"\xED\xA0\x80").bytes());
        is_not_utf8(Frame::text(*b"\xC0\xAF").bytes());
        is_not_utf8(Frame::text(*b"\xF4\x90\x80\x80").bytes());
    }

    #[test]
    fn a_character_that_is_cut_off() {
        is_not_utf8(Frame::text(*b"\xE2\x82").bytes());
    }

    #[test]
    fn a_character_spoilt_across_fragments() {
        let bytes = [Frame::text(*b"\xE2\x82").more().bytes(), Frame::continuation("x").bytes()].concat();
        is_not_utf8(bytes);
    }

    #[test]
    fn a_character_split_across_fragments_is_fine() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text(*b"\xE2").more());
            connection.send_frame(&Frame::continuation(*b"\x82").more());
            connection.send_frame(&Frame::continuation(*b"\xAC"));
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame();
        });
        Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("€\n");
    }

    #[test]
    fn it_is_noticed_before_the_message_is_over() {
        // Of a thousand bytes only four come.
        is_not_utf8(&Frame::text([b"abc\xFF".as_slice(), &[b'x'; 996]].concat()).bytes()[..8]);
    }

    #[test]
    fn it_is_noticed_before_the_last_fragment() {
        is_not_utf8(Frame::text(*b"abc\xFF").more().bytes());
    }
}

mod close {
    use super::*;

    #[test]
    fn a_body_of_one_byte() {
        breaks(&Frame::new(opcode::CLOSE, [3]), "5.5.1");
    }

    #[test]
    fn codes_that_must_not_be_on_the_wire() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535] {
            breaks(&Frame::close(code, ""), "7.4");
        }
    }

    #[test]
    fn codes_that_may_be_on_the_wire() {
        for code in [1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
            let server = say(Frame::close(code, "").bytes());
            let output = Wscope::new().arg("-N").arg(server.url()).run();
            output.exits(1).prints("before\n").says(&code.to_string());
            assert_eq!(server.outcome(), Some(code));
        }
    }

    #[test]
    fn a_reason_that_is_not_utf8() {
        let frame = Frame::new(opcode::CLOSE, *b"\x03\xE8bad \xFF");
        blamed(&say(frame.bytes()), "RFC 6455 section 5.5.1", 1007);
    }

    #[test]
    fn data_after_the_close() {
        let bytes = [Frame::close(1000, "").bytes(), Frame::text("too late").bytes()].concat();
        let server = say(bytes);
        let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
        output.exits(6).prints("before\n").says("RFC 6455 section 5.5.1");
        assert_eq!(server.outcome(), Some(1000));
    }

    #[test]
    fn the_code_that_is_told_is_the_one_on_the_wire() {
        let server = say([Frame::close(1001, "").bytes(), Frame::text("late").bytes()].concat());
        let output = Wscope::new().args(["-N", "--output", "json"]).arg(server.url()).run();
        let stdout = String::from_utf8_lossy(&output.exits(6).stdout).into_owned();
        assert!(stdout.contains(r#""code":1001"#) && stdout.contains(r#""by":"peer""#), "{stdout}");
    }

    #[test]
    fn a_close_without_the_end_of_the_connection() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame();
            // The server should end the connection; this one leaves it to the program.
            connection.expect_end();
        });
        Wscope::new().without_waiting().arg("-N").arg(server.url()).run().exits(0);
        server.outcome();
    }
}

mod deflate {
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
        // 16 MiB for the program as it is released; unoptimised code alone takes some more.
        let most = if cfg!(debug_assertions) { 24 } else { 16 } * MIB;
        output.exits(1).prints("before\n").says("1009").stays_below(most);
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
}

mod floods {
    use super::*;

    /// Sends the same bytes again and again from a thread of its own, which nothing waits for: when the program hangs up
    /// on a sender that its window holds back, the kernel may not tell the sender before a minute has passed.
    fn pour(connection: &Connection, bytes: Vec<u8>) {
        let mut writing = connection.same_socket();
        std::thread::spawn(move || while writing.try_send(&bytes).is_ok() {});
    }

    #[test]
    fn a_length_of_ten_gibibytes_allocates_nothing() {
        let server = say(Frame::binary("x").declaring(10 << 30).bytes());
        let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
        output.exits(1).says("1009").stays_below(MOST_MEMORY);
        assert!(output.stdout.starts_with(b"before\n"));
        assert_eq!(server.outcome(), Some(1009));
    }

    #[test]
    fn a_length_within_the_limit_allocates_nothing_before_it_comes() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send(Frame::text("x").declaring(60 << 20).bytes());
            connection.half_close();
            connection.rest();
        });
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(1).prints("").says("1006").stays_below(MOST_MEMORY);
    }

    #[test]
    fn pings_that_are_never_waited_for() {
        const COUNT: usize = 200_000;
        let server = serve(|mut connection| {
            connection.accept();
            let mut reading = connection.same_socket();
            let batch = Frame::ping([b'x'; 125]).bytes().repeat(1000);
            for _ in 0..COUNT / 1000 {
                connection.send(&batch);
            }
            connection.send_frame(&Frame::ping("the last"));
            connection.send_frame(&Frame::text("after"));
            let mut pongs = 0;
            // Pongs may be left out (RFC 6455 section 5.5.3), but not the last.
            while reading.frame().payload != b"the last" {
                pongs += 1;
            }
            connection.send_frame(&Frame::close(1000, ""));
            assert_eq!(reading.close_frame().0, Some(1000));
            pongs
        });
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(0).prints("after\n").stays_below(MOST_MEMORY);
        assert!(server.outcome() <= COUNT);
    }

    #[test]
    fn pings_without_end_do_not_stop_the_clocks() {
        let server = serve(|mut connection| {
            connection.accept();
            pour(&connection, Frame::ping("x").bytes().repeat(1000));
            while connection.visit_frames(|_, _| ()) {}
        });
        let output = Wscope::new().without_waiting().args(["-N", "-m", "1"]).arg(server.url()).run();
        output.exits(7).stays_below(MOST_MEMORY);
    }

    #[test]
    fn empty_fragments_without_end() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("before"));
            connection.send_frame(&Frame::text("").more());
            pour(&connection, Frame::continuation("").more().bytes().repeat(10_000));
            connection.close_frame().0
        });
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(1).prints("before\n").says("1008").stays_below(MOST_MEMORY);
        assert_eq!(server.outcome(), Some(1008));
    }

    #[test]
    fn empty_messages_by_the_thousand() {
        const COUNT: usize = 100_000;
        let server = serve(|mut connection| {
            connection.accept();
            connection.send(Frame::text("").bytes().repeat(COUNT));
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame();
        });
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(0).prints("\n".repeat(COUNT)).stays_below(MOST_MEMORY);
    }

    #[test]
    fn a_large_message_is_held_once_to_be_echoed() {
        const LENGTH: usize = 40 * MIB;
        let server = serve(|mut connection| {
            connection.accept();
            let mut reading = connection.same_socket();
            let echoes = std::thread::spawn(move || [reading.frame(), reading.frame()]);
            let message = Frame::binary(vec![b'x'; LENGTH]).bytes();
            for _ in 0..2 {
                connection.send(&message);
            }
            let echoes = echoes.join().unwrap().map(|echo| (echo.opcode, echo.payload.len()));
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame();
            echoes
        });
        let arguments = ["--echo", "--max-message", "40MiB", "--output", "none"];
        let output = Wscope::new().args(arguments).arg(server.url()).run();
        output.exits(0).stays_below(LENGTH + MOST_MEMORY);
        assert_eq!(server.outcome(), [(opcode::BINARY, LENGTH); 2]);
    }

    #[test]
    fn empty_messages_whose_echo_is_not_read() {
        let server = serve(|mut connection| {
            connection.accept();
            bulk::stuff(&mut connection, &Frame::text("").bytes().repeat(100_000));
        });
        let program = Wscope::new().args(["--echo", "--output", "none"]).arg(server.url()).spawn();
        server.outcome();
        program.finish().stays_below(MOST_MEMORY);
    }

    #[test]
    fn a_page_after_the_101_without_end() {
        let server = serve(|mut connection| {
            connection.accept_with("Content-Type: text/html\r\n");
            pour(&connection, "<p>and so on</p>\n".repeat(1000).into_bytes());
            connection.close_frame().0
        });
        let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
        output.exits(6).prints("").says("RFC 6455 section").stays_below(MOST_MEMORY);
        assert_eq!(server.outcome(), Some(1002));
    }
}

mod silence {
    use super::*;

    /// The status of a run against a peer that does this.
    #[track_caller]
    fn ends_with(status: i32, script: impl Fn(Connection) + Send + Sync + 'static) -> Output {
        ends_with_limit(AN_HOUR, status, script)
    }

    /// The time for the handshake is over while the peer does this.
    #[track_caller]
    fn times_out(script: impl Fn(Connection) + Send + Sync + 'static) {
        ends_with_limit("0.5", 7, script);
    }

    #[track_caller]
    fn ends_with_limit(limit: &str, status: i32, script: impl Fn(Connection) + Send + Sync + 'static) -> Output {
        let server = serve(script);
        let limits = ["--connect-timeout", limit, "--close-timeout", AN_HOUR];
        let output = Wscope::new().arg("-N").args(limits).arg(server.url()).run();
        output.exits(status);
        server.outcome();
        output
    }

    #[test]
    fn nothing_but_silence_after_accept() {
        times_out(|mut connection| {
            connection.rest();
        });
    }

    #[test]
    fn a_handshake_dripped_too_slowly() {
        times_out(|mut connection| {
            let response = connection.request().acceptance("");
            for byte in response.bytes() {
                if connection.try_send([byte]).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
    }

    #[test]
    fn a_server_that_stops_in_the_middle_of_the_head() {
        times_out(|mut connection| {
            let response = connection.request().acceptance("");
            connection.send(&response.as_bytes()[..40]);
            connection.rest();
        });
    }

    #[test]
    fn a_reset_at_each_stage_of_the_handshake() {
        ends_with(5, |mut connection| {
            connection.request();
            connection.reset();
        });
        ends_with(5, |mut connection| {
            let response = connection.request().acceptance("");
            connection.send(&response.as_bytes()[..40]);
            connection.reset();
        });
    }

    #[test]
    fn an_end_at_each_stage_of_the_handshake() {
        ends_with(5, |mut connection| {
            connection.request();
            connection.half_close();
            connection.rest();
        })
        .says("hint:");
        ends_with(5, |mut connection| {
            let response = connection.request().acceptance("");
            connection.send(&response.as_bytes()[..40]);
            connection.half_close();
            connection.rest();
        });
    }

    #[test]
    fn an_end_at_each_stage_of_the_session() {
        let message = Frame::text("x".repeat(300)).bytes();
        let first_fragment = Frame::text("half").more().bytes();
        for bytes in [&message[..0], &message[..1], &message[..3], &message[..4], &message[..100], &first_fragment] {
            let bytes = bytes.to_vec();
            ends_with(1, move |mut connection| {
                connection.accept();
                connection.send(&bytes);
                connection.half_close();
                connection.rest();
            })
            .prints("")
            .says("1006");
        }
    }

    #[test]
    fn a_reset_at_each_stage_of_the_session() {
        let message = Frame::text("x".repeat(300)).bytes();
        for bytes in [&message[..0], &message[..1], &message[..100]] {
            let bytes = bytes.to_vec();
            let opened = Event::new();
            let server = serve({
                let opened = opened.clone();
                move |mut connection| {
                    connection.accept();
                    connection.send(&bytes);
                    // A reset that comes before the program has read the 101 would be one of the handshake.
                    opened.wait();
                    connection.reset();
                }
            });
            let program = Wscope::new().without_waiting().args(["-N", "-v"]).arg(server.url()).spawn();
            program.wait_stderr("< HTTP/1.1 101");
            opened.happens();
            program.finish().exits(1).prints("");
        }
    }

    #[test]
    fn silence_then_close() {
        const LIMIT: &str = "3";
        const LONGER: Duration = Duration::from_millis(3500);
        ends_with_limit(LIMIT, 0, |mut connection| {
            connection.accept();
            std::thread::sleep(LONGER);
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame();
        });
    }
}

mod lenient {
    use super::*;

    #[test]
    fn breaches_are_reported_and_looked_past() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("masked").masked([1, 2, 3, 4]));
            connection.send_frame(&Frame::text("reserved bits").rsv(3));
            connection.send_frame(&Frame::text("long length").length_in_64_bits());
            connection.send_frame(&Frame::new(0xB, "reserved opcode"));
            connection.send_frame(&Frame::text("after"));
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame()
        });
        let output = Wscope::new().args(["-N", "--lenient"]).arg(server.url()).run();
        output.prints("masked\nreserved bits\nlong length\nafter\n");
        output.says("RFC 6455 section 5.1").says("RFC 6455 section 5.2");
        assert_eq!(server.outcome().0, Some(1000));
    }

    #[test]
    fn text_that_is_none_is_echoed_as_it_came() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text(*b"a\xFFb"));
            let echo = connection.frame();
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame();
            echo
        });
        Wscope::new().args(["--echo", "--lenient"]).arg(server.url()).run().says("RFC 6455 section 8.1");
        assert_eq!(server.outcome().unmasked(), Frame::text(*b"a\xFFb"));
    }

    #[test]
    fn a_ping_too_long_to_answer_is_not_passed_over_in_silence() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::ping([0; 126]));
            connection.send_frame(&Frame::ping("hi"));
            let pong = connection.frame();
            connection.send_frame(&Frame::close(1000, ""));
            connection.close_frame();
            pong
        });
        let output = Wscope::new().args(["-N", "--lenient"]).arg(server.url()).run();
        output.says("a ping of 126 bytes was not answered");
        assert_eq!(server.outcome().unmasked(), Frame::pong("hi"));
    }
}

/// The same rules from the other side: a scripted client against `wscope listen`.
mod clients {
    use std::net::SocketAddr;

    use nix::sys::signal::Signal;

    use super::*;
    use crate::support::connection::UPGRADE_REQUEST;
    use crate::support::program::Running;

    /// Starts it, lets `misbehave` do something, and checks that a well-behaved client is served afterwards.
    #[track_caller]
    fn survives(misbehave: impl FnOnce(SocketAddr, &Running)) -> Output {
        let program = Wscope::new().args(["listen", "0", "--echo"]).spawn();
        program.wait_stderr("ws://");
        program.wait_stderr("\n");
        let stderr = program.stderr();
        let address = stderr.split("ws://").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let address: SocketAddr = address.trim_end_matches('/').parse().unwrap();
        misbehave(address, &program);
        let (mut polite, _) = Connection::open(address);
        polite.send_frame(&Frame::text("still there?"));
        assert_eq!(polite.frame(), Frame::text("still there?"));
        program.signal(Signal::SIGTERM);
        let output = program.finish();
        output.exits(143).never_says("panicked").stays_below(MOST_MEMORY);
        output
    }

    #[test]
    fn every_breach_is_closed_with_its_code_and_named() {
        let mask = [9, 8, 7, 6];
        let breaches = [
            (Frame::text("unmasked"), 1002, "RFC 6455 section 5.1"),
            (Frame::text("").rsv(2).masked(mask), 1002, "RFC 6455 section 5.2"),
            (Frame::new(0x5, "").masked(mask), 1002, "RFC 6455 section 5.2"),
            (Frame::ping("").more().masked(mask), 1002, "RFC 6455 section 5.5"),
            (Frame::ping([0; 126]).masked(mask), 1002, "RFC 6455 section 5.5"),
            (Frame::text("hi").length_in_16_bits().masked(mask), 1002, "RFC 6455 section 5.2"),
            (Frame::text("").declaring(1 << 63).masked(mask), 1002, "RFC 6455 section 5.2"),
            (Frame::continuation("").masked(mask), 1002, "RFC 6455 section 5.4"),
            (Frame::text([0xFF]).masked(mask), 1007, "RFC 6455 section 8.1"),
            (Frame::new(opcode::CLOSE, [3]).masked(mask), 1002, "RFC 6455 section 5.5.1"),
            (Frame::close(1005, "").masked(mask), 1002, "RFC 6455 section 7.4"),
            (Frame::text("").declaring(10 << 30).masked(mask), 1009, "1009"),
        ];
        survives(|address, program| {
            for (frame, code, said) in breaches {
                let (mut client, _) = Connection::open(address);
                client.send_frame(&Frame::text("before"));
                assert_eq!(client.frame(), Frame::text("before"));
                client.send(frame.bytes());
                assert_eq!(client.close_frame().0, Some(code), "{frame:?}\n{}", program.stderr());
                client.expect_end();
                program.wait_stderr(said);
            }
        });
    }

    #[test]
    fn requests_that_are_none_are_answered_with_what_is_wrong() {
        let upgrade = UPGRADE_REQUEST;
        let requests = [
            ("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
            (upgrade.replace("GET", "POST"), "HTTP/1.1 405 "),
            (upgrade.replace("HTTP/1.1", "HTTP/1.0"), "HTTP/1.1 "),
            (upgrade.replace("Upgrade: websocket\r\n", ""), "HTTP/1.1 426 "),
            (upgrade.replace("Connection: Upgrade\r\n", ""), "HTTP/1.1 4"),
            (upgrade.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), "HTTP/1.1 400 "),
            (upgrade.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), "HTTP/1.1 400 "),
            (upgrade.replace("Host: localhost\r\n", ""), "HTTP/1.1 400 "),
        ];
        survives(|address, program| {
            for (request, status) in requests {
                let mut client = Connection::connect(address);
                client.send(&request);
                let response = client.head();
                assert!(response.starts_with(status), "{request}\n{response}\n{}", program.stderr());
                client.rest();
            }
        });
    }

    #[test]
    fn heads_without_end_are_cut_off() {
        survives(|address, _| {
            for filler in ["x".repeat(4096), "X-Filler: x\r\n".repeat(300)] {
                let mut client = Connection::connect(address);
                client.send("GET / HTTP/1.1\r\nX-Endless: \r\n");
                let mut sent = 0;
                while sent < 16 * MIB && client.try_send(&filler).is_ok() {
                    sent += filler.len();
                }
                assert!(sent < 16 * MIB, "it took everything");
            }
        });
    }

    #[test]
    fn resets_and_ends_at_each_stage_are_survived() {
        survives(|address, _| {
            Connection::connect(address).reset();
            let mut client = Connection::connect(address);
            client.send(&UPGRADE_REQUEST[..50]);
            client.reset();
            let mut client = Connection::connect(address);
            client.send(&UPGRADE_REQUEST[..50]);
            client.half_close();
            client.rest();
            let (client, _) = Connection::open(address);
            client.reset();
            let (mut client, _) = Connection::open(address);
            client.send(&Frame::text("never whole").masked([1, 2, 3, 4]).bytes()[..7]);
            client.half_close();
            client.rest();
        });
    }

    #[test]
    fn a_request_dripped_byte_by_byte_is_accepted() {
        survives(|address, _| {
            let mut client = Connection::connect(address);
            client.drip(UPGRADE_REQUEST);
            assert!(client.head().starts_with("HTTP/1.1 101 "));
            client.drip(Frame::text("slowly").masked([1, 2, 3, 4]).bytes());
            assert_eq!(client.frame(), Frame::text("slowly"));
        });
    }
}
