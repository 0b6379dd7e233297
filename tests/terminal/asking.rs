//! What is asked at the terminal.

use super::*;

#[test]
fn a_missing_password_is_asked_for_and_not_shown() {
    let server = websocket::echo();
    // Data may come from a pipe meanwhile: the terminal itself is asked.
    let wscope = Wscope::new().args(["-u", "Aladdin", "-w", "0"]).arg(server.url());
    let mut terminal = wscope.stdin("hi\n").terminal(24, 80);
    terminal.wait_until("a question", |screen| screen.contents().to_lowercase().contains("password"));
    terminal.enter("open sesame");
    terminal.exits(0);
    assert!(!terminal.screen().contains("sesame"), "{}", terminal.screen());
    let seen = server.outcome();
    assert_eq!(seen.header("authorization"), ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]);
    assert_eq!(seen.texts(), ["hi"]);
}

#[test]
fn a_signal_at_the_question_leaves_the_terminal_sane() {
    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGTERM};
    for signal in [SIGTERM, SIGHUP, SIGINT] {
        let mut terminal = Wscope::new().args(["-u", "Aladdin"]).arg("ws://127.0.0.1:1/").terminal(24, 80);
        terminal.wait_until("a question", |screen| screen.contents().to_lowercase().contains("password"));
        terminal.wait_until("keys are not shown", |_| !terminal.is_sane());
        terminal.signal(signal);
        assert_eq!(terminal.wait_end().signal(), Some(signal as i32));
    }
}

#[test]
fn a_question_that_goes_on_after_ctrl_z_stands_there_once() {
    let script = r#"set -m; "$0" "$@"; echo stopped; read line; fg"#;
    let wscope = Wscope::new().args(["-u", "Aladdin"]).arg("ws://127.0.0.1:1/").under_shell(script);
    let mut terminal = wscope.terminal(24, 100);
    let question = "Password of Aladdin at 127.0.0.1:1:";
    terminal.wait_line(question);
    terminal.press(key::CTRL_Z);
    terminal.wait("stopped");
    terminal.press("\n");
    terminal.wait_line(question);
    terminal.enter("open sesame");
    terminal.wait("connection refused");
    terminal.wait_end();
    assert_eq!(terminal.screen().matches(question).count(), 2, "{}", terminal.screen());
}

#[test]
fn ctrl_c_ends_the_question() {
    let mut terminal = Wscope::new().args(["-u", "Aladdin"]).arg("ws://127.0.0.1:1/").terminal(24, 80);
    terminal.wait_until("a question", |screen| screen.contents().to_lowercase().contains("password"));
    terminal.press(key::CTRL_C);
    terminal.wait_end();
}
