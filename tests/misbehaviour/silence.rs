//! Peers that say nothing, stop in the middle, or are gone.

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
