//! `--reconnect`: what is sent again and what never, when it gives up, and what it says about it.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::certificates::Authority;
use crate::support::peer::{
    Peer, accepts, accepts_after, always, hangs_up, in_turn, in_turn_and_then, in_turn_over_tls, refuses_with,
};
use crate::support::server::{serve_tls, unused_port};
use crate::support::terminal::{Terminal, key};
use crate::support::{Connection, Event, Frame, Wscope};

mod accounting;

/// A server that asks for a pause of [`LONG_PAUSE`] before the next attempt.
fn asks_for_a_long_pause() -> Peer {
    refuses_with("503 Busy", "Retry-After: 30\r\n")
}

/// The longest pause there is.
const LONG_PAUSE: Duration = Duration::from_secs(30);

/// Does something that must not wait for the end of a [`LONG_PAUSE`].
#[track_caller]
fn within_the_pause(act: impl FnOnce()) {
    let started = Instant::now();
    act();
    assert!(started.elapsed() < LONG_PAUSE, "took {:?}", started.elapsed());
}

#[test]
fn messages_of_x_are_sent_again_on_each_open() {
    let lost = accepts().takes(1).then_resets();
    let server = in_turn([lost.clone(), lost, accepts().takes(1).then_closes_with(1000)]);
    let output = Wscope::new().args(["-x", "subscribe", "-w", "-1", "--reconnect"]).arg(server.url()).run();
    output.exits(0).says("reconnecting in ").says("(attempt 2)");
    for _ in 0..3 {
        assert_eq!(server.outcome(), ["subscribe"]);
    }
}

#[test]
fn stdin_is_not_read_while_there_is_no_connection() {
    let port = unused_port();
    let mut program = Wscope::new().arg("--reconnect").arg(format!("127.0.0.1:{port}")).stdin_held().spawn();
    program.wait_stderr("(attempt 1)");
    program.write("kept in the pipe\n");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    let (socket, _) = listener.accept().expect("a connection");
    let received = accepts().takes(1).then_closes_with(1000).meets(Connection::plain(socket));
    assert_eq!(received, ["kept in the pipe"]);
    program.finish().exits(0);
}

mod gives_up {
    use super::*;

    /// Receives from this server; the run ends with the status, and without another attempt.
    #[track_caller]
    fn at_the_first_connection(peer: Peer, status: i32) {
        let server = in_turn([peer]);
        Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).run().exits(status).never_says("reconnecting");
    }

    #[test]
    fn after_a_close_that_says_so() {
        for (code, status) in [(1000, 0), (1002, 1), (1003, 1), (1007, 1), (1008, 1), (1010, 1)] {
            at_the_first_connection(accepts().then_closes_with(code), status);
        }
    }

    #[test]
    fn after_a_breach() {
        at_the_first_connection(accepts().sends(Frame::text("masked").masked([1, 2, 3, 4])).takes_all(), 6);
    }

    #[test]
    fn after_a_refusal_of_the_client() {
        for status in ["401 Unauthorized", "404 Not Found", "429 Too Many Requests"] {
            at_the_first_connection(refuses_with(status, "Retry-After: 1\r\n"), 5);
        }
    }

    #[test]
    fn after_a_redirect_that_is_not_followed() {
        for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
            at_the_first_connection(refuses_with(status, "Location: /elsewhere\r\nRetry-After: 1\r\n"), 5);
        }
    }

    #[test]
    fn after_a_redirect_that_leads_nowhere() {
        let server = in_turn([refuses_with("302 Found", "Location: ftp://127.0.0.1/\r\n")]);
        let output = Wscope::new().args(["-N", "-L", "--reconnect"]).arg(server.url()).run();
        output.exits(5).never_says("reconnecting");
    }

    #[test]
    fn when_the_certificate_is_refused() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let server = serve_tls(stranger.issue().config(), |mut connection| connection.rest());
        let program = Wscope::new().args(["-N", "--reconnect", "--cacert"]).arg(authority.file());
        program.arg(server.url()).run().exits(4).never_says("reconnecting");
    }

    #[test]
    fn when_the_server_asks_for_a_certificate_and_hangs_up_without_one() {
        let authority = Authority::new();
        let server = in_turn_over_tls(authority.client_asking_config(&authority.issue()), [hangs_up()]);
        let program = Wscope::new().args(["-N", "--reconnect", "--cacert"]).arg(authority.file());
        let output = program.arg(server.url()).run();
        output.exits(5).says("`--cert FILE").never_says("reconnecting");
    }

    #[test]
    fn after_our_own_close() {
        let server = in_turn([accepts().takes_up_to_the_close().then_resets()]);
        Wscope::new().args(["-x", "bye", "-w", "0", "--reconnect"]).arg(server.url()).run().exits(0);
    }

    #[test]
    fn once_all_is_sent_and_only_silence_is_waited_for() {
        let server = in_turn([accepts().takes(1).then_resets()]);
        let output = Wscope::new().arg("--reconnect").arg(server.url()).stdin("last\n").run();
        output.exits(1).never_says("reconnecting").says("may not have arrived: 1 ");
    }

    #[test]
    fn when_the_time_to_wait_is_over() {
        let server = always(accepts().then_resets());
        let output = Wscope::new().args(["-N", "-w", "1.2", "--reconnect"]).arg(server.url()).run();
        output.exits(1).says("(attempt 1)");
    }

    #[test]
    fn after_so_many_attempts_in_a_row() {
        let output = Wscope::new().args(["-N", "--reconnect=2"]).arg(format!("127.0.0.1:{}", unused_port())).run();
        output.exits(3).says("connection refused); reconnecting in ").says("(attempt 2)").never_says("(attempt 3)");
        output.says("error: cannot connect").takes_at_least(Duration::from_millis(1500));
    }

    #[test]
    fn when_the_run_has_taken_too_long() {
        let url = format!("127.0.0.1:{}", unused_port());
        let output = Wscope::new().args(["-N", "--reconnect", "--max-time", "1.2"]).arg(url).run();
        output.exits(7).says("within 1.2 s").takes_at_least(Duration::from_millis(1200));
    }

    #[test]
    fn at_once_when_told_to() {
        for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
            let lost = accepts().then_resets();
            let server = in_turn([lost.clone(), lost, asks_for_a_long_pause()]);
            let program = Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).spawn();
            program.wait_stderr("(attempt 3)");
            within_the_pause(|| {
                program.signal(signal);
                program.finish().exits(status);
            });
        }
    }
}

mod goes_on {
    use super::*;

    #[test]
    fn after_a_server_that_goes_away() {
        let closes_with = |code| accepts().then_closes_with_reason(code, "restart");
        let server = in_turn([closes_with(1001), closes_with(1000)]);
        let output = Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).run();
        output.exits(0).says("the server closed with 1001 \"restart\"; reconnecting in ");
    }

    #[test]
    fn when_a_server_that_has_let_us_in_before_asks_for_a_certificate_and_hangs_up() {
        let authority = Authority::new();
        let peers = [accepts().then_resets(), hangs_up(), accepts().then_closes_with(1000)];
        let server = in_turn_over_tls(authority.client_asking_config(&authority.issue()), peers);
        let program = Wscope::new().args(["-N", "--reconnect", "--cacert"]).arg(authority.file());
        program.arg(server.url()).run().exits(0).says("(attempt 2)");
    }

    #[test]
    fn when_a_server_hangs_up_that_got_the_certificate_which_it_asked_for() {
        let authority = Authority::new();
        let peers = [hangs_up(), accepts().then_closes_with(1000)];
        let server = in_turn_over_tls(authority.client_asking_config(&authority.issue()), peers);
        let (certificate, key) = authority.files_of(&authority.issue_for_client());
        let program = Wscope::new().args(["-N", "--reconnect", "--cacert"]).arg(authority.file()).arg("--cert");
        program.arg(certificate).arg("--key").arg(key).arg(server.url()).run().exits(0).says("(attempt 1)");
    }

    #[test]
    fn when_a_server_is_too_busy_and_says_for_how_long() {
        let busy = refuses_with("503 Busy", "Retry-After: 2\r\n");
        let server = in_turn([busy, accepts().takes(1).then_closes_with(1000)]);
        let output = Wscope::new().args(["-x", "hi", "--reconnect"]).arg(server.url()).run();
        output.exits(0).says("503 Busy").says("reconnecting in 2.0 s (attempt 1)");
        output.takes_at_least(Duration::from_secs(2));
    }

    #[test]
    fn when_a_ping_stays_unanswered() {
        // Where the machine is slow, a later connection may be lost in the same way: the last answer is for all others.
        let server = in_turn_and_then([accepts().takes_all()], accepts().takes(1).then_closes_with(1000));
        let arguments = ["-x", "hi", "-w", "-1", "--reconnect", "--ping-interval", "0.1", "--ping-timeout", "0.2"];
        let output = Wscope::new().args(arguments).arg(server.url()).run();
        output.exits(0).says("the peer did not answer a ping within 0.2 s; reconnecting");
    }

    #[test]
    fn without_a_word_when_it_is_to_be_quiet() {
        let server = in_turn([accepts().then_resets(), accepts().takes(1).then_closes_with(1000)]);
        Wscope::new().args(["-q", "-x", "hi", "-w", "-1", "--reconnect"]).arg(server.url()).run().exits(0).is_silent();
    }
}

mod in_a_terminal {
    use super::*;

    /// Restarts when a message comes.
    fn restarts() -> Peer {
        accepts().takes(1).then_closes_with_reason(1012, "restart")
    }

    #[track_caller]
    fn wait_for_connection(terminal: &Terminal, number: usize) {
        terminal.wait_until(&format!("Connected for the {number}. time"), |screen| {
            screen.contents().matches("Connected").count() == number
        });
    }

    #[test]
    fn the_prompt_shows_the_state_and_reconnect_does_not_wait() {
        let server = in_turn([restarts(), restarts(), asks_for_a_long_pause(), restarts()]);
        let mut terminal = Wscope::new().arg("--reconnect").arg(server.url()).terminal(200, 80);
        terminal.wait_line(">");
        for connection in 1..=2 {
            wait_for_connection(&terminal, connection);
            terminal.wait_prompt(">");
            terminal.enter("restart");
            terminal.wait(&format!("(attempt {connection})"));
        }
        terminal.wait("(attempt 3)");
        terminal.wait_prompt("(waiting) >");
        within_the_pause(|| {
            terminal.enter("lost");
            terminal.wait("no session is open");
            terminal.enter("/reconnect");
            wait_for_connection(&terminal, 3);
        });
        terminal.wait_prompt(">");
        terminal.enter("/quit");
        terminal.exits(0);
    }

    #[test]
    fn a_line_that_was_begun_shows_the_state_too() {
        let (restart, waiting, end) = (Event::new(), Event::new(), Event::new());
        let server = in_turn([
            accepts().waits_for(&restart).then_closes_with(1012),
            accepts_after(&waiting).waits_for(&end).then_closes_with(1000),
        ]);
        let mut terminal = Wscope::new().arg("--reconnect").arg(server.url()).terminal(24, 80);
        terminal.wait_line(">");
        terminal.press("half");
        terminal.wait_line("> half");
        restart.happens();
        terminal.wait_line("(waiting) > half");
        waiting.happens();
        terminal.wait_line("> half");
        end.happens();
        terminal.wait_line("(closed) > half");
        terminal.press(key::CTRL_U);
        terminal.enter("/quit");
        terminal.exits(0);
    }

    #[test]
    fn it_comes_back_by_itself() {
        // Three connections, each closed for its -x.
        let server = in_turn([restarts(), restarts(), restarts()]);
        let mut terminal =
            Wscope::new().args(["-x", "again", "-i", "--reconnect=2"]).arg(server.url()).terminal(24, 80);
        terminal.wait_until("a last Disconnected", |screen| screen.contents().matches("Disconnected").count() == 3);
        terminal.wait_prompt("(closed) >");
        terminal.enter("/quit");
        terminal.exits(1);
    }

    const WAYS_TO_LEAVE: [&str; 3] = [key::CTRL_C, key::CTRL_D, "/quit\r"];

    #[test]
    fn one_leaves_at_once_while_it_waits() {
        for leave in WAYS_TO_LEAVE {
            let server = in_turn([asks_for_a_long_pause()]);
            let mut terminal = Wscope::new().arg("--reconnect").arg(server.url()).terminal(24, 80);
            terminal.wait("(attempt 1)");
            terminal.wait_line("(waiting) >");
            within_the_pause(|| {
                terminal.press(leave);
                terminal.exits(5);
            });
        }
    }

    #[test]
    fn leaving_while_nothing_listens_has_the_status_of_the_last_attempt() {
        for leave in WAYS_TO_LEAVE {
            let url = format!("127.0.0.1:{}", unused_port());
            let mut terminal = Wscope::new().arg("--reconnect").arg(url).terminal(24, 80);
            terminal.wait("(attempt 3)");
            terminal.wait_line("(waiting) >");
            terminal.press(leave);
            terminal.exits(3);
        }
    }
}
