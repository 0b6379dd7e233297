//! Pings both ways.

use std::time::Duration;

use crate::support::frame::opcode;
use crate::support::{AN_HOUR, Frame, MIB, Wscope, serve};

#[test]
fn a_ping_is_answered_with_its_payload() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::ping("are you there?"));
        let pong = connection.frame();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        pong
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("").is_silent();
    let pong = server.outcome();
    assert_eq!((pong.opcode, pong.as_text()), (opcode::PONG, "are you there?"));
    assert!(pong.mask.is_some(), "clients mask control frames too");
}

#[test]
fn a_ping_between_fragments_is_answered_before_the_message_is_whole() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("in two ").more());
        connection.send_frame(&Frame::ping("now"));
        let pong = connection.frame();
        connection.send_frame(&Frame::continuation("parts"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        pong
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("in two parts\n");
    assert_eq!(server.outcome().as_text(), "now");
}

#[test]
fn the_keeping_alive_goes_on_while_pongs_come() {
    let server = serve(|mut connection| {
        connection.accept();
        let mut pings = Vec::new();
        while pings.len() < 4 {
            let ping = connection.frame();
            assert_eq!(ping.opcode, opcode::PING);
            connection.send_frame(&Frame::pong(&ping.payload));
            pings.push(ping);
        }
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let arguments = ["-N", "--ping-interval", "0.2", "--ping-timeout", AN_HOUR];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).takes_at_least(Duration::from_millis(600)).is_silent();
    server.outcome();
}

#[test]
fn a_silent_peer_is_given_up() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.rest();
    });
    let arguments = ["-N", "--ping-interval", "0.1", "--ping-timeout", "0.4"];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(7).takes_at_least(Duration::from_millis(400));
    server.outcome();
}

#[test]
fn a_peer_may_answer_only_the_newest_of_two_pings_that_are_alike() {
    let server = serve(|mut connection| {
        connection.accept();
        assert_eq!([connection.frame().opcode, connection.frame().opcode], [opcode::PING; 2]);
        connection.send_frame(&Frame::pong("x"));
        connection.answer_close()
    });
    let wscope = Wscope::new()
        .args(["--input", "json", "--ping-interval", AN_HOUR, "--ping-timeout", "2", "-w", "3"])
        .arg(server.url());
    wscope.stdin("{\"ping\":\"x\"}\n".repeat(2)).run().exits(0);
}

#[test]
fn data_is_no_substitute_for_a_pong() {
    let server = serve(|mut connection| {
        connection.accept();
        while connection.try_send(Frame::text("tick").bytes()).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let arguments = ["-N", "--ping-interval", "0.1", "--ping-timeout", "0.4"];
    Wscope::new().args(arguments).arg(server.url()).run().exits(7);
}

#[test]
fn a_frame_that_is_arriving_stops_the_clock_of_a_ping() {
    let server = serve(|mut connection| {
        connection.accept();
        let first_ping = connection.frame();
        // Twice as long as a pong may take, and none can stand inside of the frame.
        let frame = Frame::binary([b'x'; 4000]).bytes();
        for piece in frame.chunks(100) {
            connection.send(piece);
            std::thread::sleep(Duration::from_millis(50));
        }
        connection.send_frame(&Frame::pong(&first_ping.payload));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let arguments = ["-N", "--ping-interval", "0.1", "--ping-timeout", "1"];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).takes_at_least(Duration::from_secs(2)).is_silent();
    server.outcome();
}

#[test]
fn a_frame_that_stops_arriving_is_silence() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send(&Frame::binary([b'x'; 4000]).bytes()[..1000]);
        connection.rest();
    });
    let arguments = ["-N", "--ping-interval", "0.1", "--ping-timeout", "0.4"];
    Wscope::new().args(arguments).arg(server.url()).run().exits(7).says("did not answer a ping");
}

#[test]
fn a_pong_with_another_payload_is_noted_once_and_a_sign_of_life() {
    let server = serve(|mut connection| {
        connection.accept();
        let opened = std::time::Instant::now();
        while opened.elapsed() < Duration::from_secs(2) {
            assert_eq!(connection.frame().opcode, opcode::PING);
            connection.send_frame(&Frame::pong("here"));
        }
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let arguments = ["-N", "--ping-interval", "0.1", "--ping-timeout", "1"];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).says("a pong (data: \"here\") answers no ping of ours (RFC 6455 section 5.5.3)");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    server.outcome();
}

#[test]
fn an_unsolicited_pong_is_nothing_to_speak_of() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::pong("still here"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).is_silent();
}

#[test]
fn pings_and_pongs_are_shown_when_asked_for() {
    let server = serve(|mut connection| {
        connection.accept();
        let ping = connection.frame();
        connection.send_frame(&Frame::pong(&ping.payload));
        connection.send_frame(&Frame::ping("from the server"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = Wscope::new().args(["-N", "-P", "--ping-interval", "0.1"]).arg(server.url()).run();
    output.exits(0).prints("").says("Received pong").says("Received ping (data: \"from the server\")");
}

#[test]
fn no_close_reply_stays_silent() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::close(1000, ""));
        connection.half_close();
        connection.expect_end();
    });
    let _ = Wscope::new().args(["-N", "--no-close-reply"]).arg(server.url()).run();
    server.outcome();
}

#[test]
fn echo_sends_each_message_back_as_it_came() {
    let server = serve(|mut connection| {
        connection.accept();
        let messages =
            [Frame::text("text"), Frame::binary([0, 0xFF]), Frame::text(""), Frame::text("x".repeat(70_000))];
        for message in &messages {
            connection.send_frame(message);
            assert_eq!(connection.frame().unmasked(), *message);
        }
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    Wscope::new().arg("--echo").arg(server.url()).stdin("not read\n").run().exits(0);
    server.outcome();
}

#[test]
fn an_echo_is_not_taken_for_input_that_was_not_sent() {
    for _ in 0..5 {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send([Frame::text("ab").bytes(), Frame::close(1000, "").bytes()].concat());
            connection.frame();
            connection.close_frame();
        });
        Wscope::new().arg("--echo").arg(server.url()).run().exits(0).is_silent();
    }
}

#[test]
fn no_pong_stays_silent() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::ping("answer me"));
        connection.send_frame(&Frame::close(1000, ""));
        let answer = connection.frame();
        answer.opcode
    });
    Wscope::new().args(["-N", "--no-pong"]).arg(server.url()).run().exits(0);
    assert_eq!(server.outcome(), opcode::CLOSE);
}

#[test]
fn a_ping_that_cannot_go_out_is_as_good_as_unanswered() {
    let server = serve(|mut connection| {
        connection.accept();
        connection
    });
    // Long enough that the socket is full before the first ping, on a busy machine too.
    let arguments = ["-b", "--ping-interval", "5", "--ping-timeout", "0.5", "--close-timeout", "0.5"];
    let program = Wscope::new().args(arguments).arg(server.url()).stdin(vec![0; 64 * MIB]).spawn();
    let connection = server.outcome();
    program.finish().exits(7).says("the peer took nothing, not even a ping within 0.5 s");
    drop(connection);
}
