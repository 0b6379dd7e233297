//! Ctrl-C, Ctrl-D, Ctrl-Z, signals, and what stays after a session.

use super::*;

/// Types half a line, stops the program, lets it go on, and types the rest.
fn stops_and_goes_on(stop: impl FnOnce(&Terminal)) {
    let server = collect();
    // What a shell does: the modes are its own while the program is stopped.
    let wscope = Wscope::new().under_shell(r#"set -m; "$0" "$@"; stty sane; echo stopped; read line; fg >/dev/null"#);
    let mut terminal = open_with(&server, wscope);
    terminal.press("half a line");
    terminal.wait_line("> half a line");
    stop(&terminal);
    terminal.wait("stopped");
    terminal.press("\n");
    terminal.wait_line("> half a line");
    terminal.wait_until("the editor has the terminal again", |_| !terminal.is_sane());
    terminal.enter(" and the rest");
    terminal.press(key::CTRL_D);
    terminal.wait_end();
    assert_eq!(texts(&server.outcome()), ["half a line and the rest"]);
}

#[test]
fn for_a_while_with_ctrl_z_and_back_again() {
    stops_and_goes_on(|terminal| terminal.press(key::CTRL_Z));
}

#[test]
fn is_not_what_a_ping_timeout_does() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.rest();
    });
    let arguments = ["--ping-interval", "0.1", "--ping-timeout", "0.2", "--close-timeout", "0.2"];
    let mut terminal = Wscope::new().args(arguments).arg(server.url()).terminal(24, 80);
    terminal.wait("the peer did not answer a ping");
    terminal.wait_prompt("(closed) >");
    terminal.press(key::CTRL_D);
    terminal.wait_end();
}

#[test]
fn ctrl_c_clears_a_line_and_closes_politely_on_an_empty_one() {
    let server = collect();
    let mut terminal = open(&server);
    terminal.press("half a thought");
    terminal.wait_line("> half a thought");
    terminal.press(key::CTRL_C);
    terminal.wait_line(">");
    terminal.enter("still open");
    terminal.wait("> still open");
    terminal.wait_line(">");
    terminal.press(key::CTRL_C);
    terminal.exits(0);
    let frames = server.outcome();
    assert_eq!(texts(&frames), ["still open"]);
    assert_eq!(frames.last().unwrap().as_close().0, Some(1000));
}

#[test]
fn ctrl_d_and_quit_close_politely() {
    for keys in [key::CTRL_D, "/quit\r"] {
        let server = collect();
        let mut terminal = open(&server);
        terminal.press(keys);
        terminal.exits(0);
        assert_eq!(server.outcome().last().unwrap().as_close().0, Some(1000));
    }
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_the_answer() {
    let closing = Event::new();
    let server = serve({
        let closing = closing.clone();
        move |mut connection| {
            connection.accept();
            connection.close_frame();
            closing.happens();
            connection.expect_end();
        }
    });
    let mut terminal = open_with(&server, Wscope::new().without_waiting());
    terminal.press(key::CTRL_C);
    closing.wait();
    terminal.press(key::CTRL_C);
    terminal.wait_end();
    server.outcome();
}

#[test]
fn before_a_mute_peer_it_is_said_how_to_leave_at_once() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.close_frame();
        connection.expect_end();
    });
    let mut terminal = open_with(&server, Wscope::new().args(["--close-timeout", "60"]));
    terminal.enter("/quit");
    terminal.wait("closing; Ctrl-C again leaves at once");
    terminal.press(key::CTRL_C);
    terminal.wait_end();
    server.outcome();
}

#[test]
fn the_first_ctrl_c_leaves_when_output_is_blocked() {
    let ready = Event::new();
    let flood = ready.clone();
    let server = serve(move |mut connection| {
        connection.accept();
        flood.wait();
        while connection.try_send(Frame::text("x".repeat(1023)).bytes().repeat(64)).is_ok() {}
    });
    let mut terminal = open_with(&server, Wscope::new().without_waiting());
    ready.happens();
    terminal.wait("xxx");
    terminal.pause();
    terminal.wait_for_signals();
    terminal.press(key::CTRL_C);
    terminal.wait_end();
}

/// `timeout` ends a session with it.
#[test]
fn sigterm_closes_the_session_and_ends_the_recording() {
    use nix::sys::signal::Signal::SIGTERM;
    let server = collect();
    let wscope = Wscope::new();
    let recording = wscope.home().join("session.har");
    let mut terminal = open_with(&server, wscope.arg(format!("--record={}", recording.display())));
    terminal.press("half a line");
    terminal.wait_line("> half a line");
    terminal.signal(SIGTERM);
    assert_eq!(terminal.wait_end().signal(), Some(SIGTERM as i32));
    terminal.wait("Disconnected (code: 1000");
    assert_eq!(server.outcome()[0].as_close().0, Some(1000));
    assert!(recording.exists(), "no HAR was made");
}

#[test]
fn an_empty_prompt_goes_with_the_run() {
    let server = websocket::push([tungstenite::Message::text("hello")]);
    let mut terminal = Wscope::new().args(["--count", "1"]).arg(server.url()).terminal(24, 80);
    terminal.exits(0);
    assert!(terminal.screen().ends_with("\nDisconnected (code: 1000, reason: \"\")"), "{}", terminal.screen());
}

#[test]
fn every_signal_that_ends_the_prompt_leaves_the_terminal_sane() {
    use nix::sys::signal::Signal::{SIGALRM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    for signal in [SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM] {
        let server = serve(|mut connection| {
            connection.accept();
            connection.rest();
        });
        let mut terminal = open(&server);
        terminal.press("half a line");
        terminal.wait_line("> half a line");
        terminal.signal(signal);
        assert_eq!(terminal.wait_end().signal(), Some(signal as i32));
        assert!(terminal.raw().ends_with(b"\x1b[?2004l\r\n"), "bracketed paste stays on after {signal}");
    }
}

#[test]
fn a_signal_at_a_prompt_that_comes_after_a_question_leaves_the_terminal_sane() {
    use nix::sys::signal::Signal::{SIGHUP, SIGTERM, SIGUSR1};
    // Two threads see the signal, in any order.
    for signal in [SIGHUP, SIGTERM, SIGUSR1].repeat(5) {
        let server = serve(|mut connection| {
            connection.accept();
            connection.rest();
        });
        let wscope = Wscope::new().args(["--user", "Aladdin"]).arg(server.url()).without_waiting();
        let mut terminal = wscope.terminal(24, 80);
        terminal.wait_until("a question", |screen| screen.contents().to_lowercase().contains("password"));
        terminal.enter("open sesame");
        terminal.wait(CONNECTED);
        terminal.wait_line(">");
        terminal.signal(signal);
        assert_eq!(terminal.wait_end().signal(), Some(signal as i32));
        let raw = terminal.raw();
        assert!(raw.windows(8).any(|bytes| bytes == b"\x1b[?2004l"), "bracketed paste stays on after {signal}");
    }
}

#[test]
fn a_stop_from_outside_leaves_a_prompt_that_is_drawn_again() {
    stops_and_goes_on(|terminal| terminal.signal_foreground(nix::sys::signal::Signal::SIGSTOP));
}

#[test]
fn the_editor_stays_after_the_server_closes_and_can_reconnect() {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let server = serve(move |mut connection| {
        connection.accept();
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.send_frame(&Frame::close(1001, "restarting"));
            connection.close_frame();
            return None;
        }
        connection.send_frame(&Frame::text("back again"));
        connection.echo_until_close()
    });
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait("Disconnected (code: 1001");
    terminal.enter("/reconnect");
    terminal.wait("< back again");
    terminal.enter("hello");
    terminal.wait("< hello");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[test]
fn what_is_typed_behind_a_reconnect_goes_to_the_new_session() {
    let (sender, received) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = serve(move |mut connection| {
        connection.accept();
        let frames = collect_until_close(&mut connection);
        sender.lock().unwrap().send(texts(&frames).join(" ")).unwrap();
    });
    let mut terminal = open(&server);
    terminal.press("old\r/reconnect\rnew\r/reconnect\rnewest\r/quit\r");
    terminal.exits(0);
    assert_eq!(received.iter().take(3).collect::<Vec<_>>(), ["old", "new", "newest"]);
}

#[test]
fn a_reconnect_that_fails_lets_the_next_line_be_told_so() {
    let opened = AtomicUsize::new(0);
    let server = serve(move |mut connection| {
        if opened.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.accept();
            connection.close_frame();
        }
    });
    let mut terminal = open(&server);
    terminal.press("/reconnect\rhello\r");
    terminal.wait("no session is open");
    terminal.press(key::CTRL_D);
    terminal.exits(5);
}

#[test]
fn leaving_does_not_wait_for_a_reconnect() {
    let opened = AtomicUsize::new(0);
    let connected_again = Event::new();
    let connecting = connected_again.clone();
    let server = serve(move |mut connection| {
        if opened.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.accept();
            connection.echo_until_close();
        } else {
            connecting.happens();
            connection.expect_end();
        }
    });
    let mut terminal = open_with(&server, Wscope::new().without_waiting());
    terminal.enter("/reconnect");
    terminal.enter("hello");
    connected_again.wait();
    terminal.press(key::CTRL_D);
    terminal.wait_end();
}

#[test]
fn a_connection_that_takes_long_is_told_and_given_up_with_ctrl_c() {
    let server = serve(|mut connection| drop(connection.rest()));
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait("connecting to `127.0.0.1:");
    terminal.wait("(Ctrl-C gives up)");
    terminal.press(key::CTRL_C);
    assert_eq!(terminal.wait_end().signal(), Some(nix::sys::signal::Signal::SIGINT as i32));
}
