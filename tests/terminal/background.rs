//! In the background of a terminal, which is another job's then.

use super::*;

/// Runs in the background of a shell, which ends it after it has seen enough.
const ENDED_BY_SHELL: &str =
    r#"set -m; "$0" "$@" & while read line; do break; done; kill $!; wait $!; echo "status $?""#;

#[track_caller]
fn assert_it_prints_and_ends(wscope: Wscope, printed: &str) {
    let mut terminal = wscope.under_shell(ENDED_BY_SHELL).terminal(24, 80);
    terminal.wait(printed);
    assert!(terminal.is_sane(), "the terminal is the shell's");
    terminal.enter("for the shell");
    terminal.wait("status 143");
    terminal.exits(0);
}

#[test]
fn messages_are_printed_and_keys_left_to_the_foreground() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("pushed"));
        collect_until_close(&mut connection)
    });
    assert_it_prints_and_ends(Wscope::new().arg(server.url()), "< pushed");
    assert_eq!(texts(&server.outcome()), [""; 0]);
}

#[test]
fn in_the_foreground_the_prompt_comes() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("pushed"));
        collect_until_close(&mut connection)
    });
    // As a shell that edits lines does.
    let script =
        r#"set -m; stty -echo; "$0" "$@" & while read line; do break; done; stty echo; fg; stty -a; echo over"#;
    let mut terminal = Wscope::new().arg(server.url()).under_shell(script).terminal(40, 80);
    terminal.wait("< pushed");
    terminal.press("\n");
    terminal.wait_line(">");
    terminal.enter("typed");
    terminal.wait("> typed");
    terminal.press(key::CTRL_D);
    terminal.wait("over");
    assert!(terminal.screen().contains(" echo "), "as it was when the prompt came:\n{}", terminal.screen());
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), ["typed"]);
}

#[test]
fn so_does_that_of_a_server() {
    let script = r#"set -m; "$0" "$@" & while read line; do break; done; fg; echo over"#;
    let mut terminal = Wscope::new().args(["listen", "0"]).under_shell(script).terminal(24, 80);
    terminal.wait("Listening on");
    terminal.press("\n");
    terminal.wait_line(">");
    terminal.enter("/list");
    terminal.wait("no client is connected");
    terminal.press(key::CTRL_D);
    terminal.wait("over");
    terminal.exits(0);
}

#[test]
fn a_session_ends_with_its_end() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let script = r#"set -m; "$0" "$@" & wait $!; echo "status $?""#;
    let mut terminal = Wscope::new().arg(server.url()).under_shell(script).terminal(24, 80);
    terminal.wait("Disconnected");
    terminal.wait("status 0");
    terminal.exits(0);
}

#[test]
fn data_is_not_read_from_the_terminal_either() {
    let server = websocket::push([tungstenite::Message::text("pushed")]);
    assert_it_prints_and_ends(Wscope::new().arg("-b").arg(server.url()), "< pushed");
}

#[test]
fn listen_and_demo_leave_the_terminal_alone_too() {
    assert_it_prints_and_ends(Wscope::new().args(["listen", "0"]), "Listening on");
    assert_it_prints_and_ends(Wscope::new().arg("demo"), "Connected");
}

#[test]
fn a_secret_is_not_asked_for() {
    let wscope = Wscope::new().args(["-u", "Aladdin", "ws://127.0.0.1:1/"]);
    let mut terminal = wscope.under_shell(r#"set -m; "$0" "$@" & wait $!; echo "status $?""#).terminal(24, 80);
    terminal.wait("cannot ask in the background: Password of Aladdin");
    terminal.wait("status 2");
    terminal.exits(0);
}

#[test]
fn a_session_that_goes_on_there_ends_at_once_too() {
    let server = websocket::sink();
    let script = r#"set -m; "$0" "$@"; echo stopped; read line; bg; kill %1; wait %1; echo "status $?""#;
    let mut terminal = open_with(&server, Wscope::new().under_shell(script));
    terminal.press(key::CTRL_Z);
    terminal.wait("stopped");
    terminal.press("\n");
    terminal.wait("status 143");
    terminal.exits(0);
}

#[test]
fn a_url_under_another_program_is_not_said_to_be_cut() {
    let server = websocket::push([tungstenite::Message::text("pushed")]);
    let wscope = Wscope::new().args(["-N", "-1"]).arg(format!("{}/?a=1", server.url().trim_end_matches('/')));
    let mut terminal = wscope.under_shell(r#"set -m; timeout 20 "$0" "$@"; echo done"#).terminal(24, 80);
    terminal.wait("done");
    assert!(!terminal.screen().contains("it needs quotes"));
    terminal.exits(0);
}

#[test]
fn a_url_that_the_shell_may_have_cut_is_told_of_quotes() {
    for (query, is_told) in [("?a=1", true), ("?a=1&b=2", false), ("", false)] {
        let server = websocket::push([tungstenite::Message::text("pushed")]);
        let wscope = Wscope::new().arg(format!("{}/{query}", server.url().trim_end_matches('/')));
        let mut terminal = wscope.under_shell(ENDED_BY_SHELL).terminal(24, 80);
        terminal.wait("< pushed");
        assert_eq!(terminal.screen().contains("it needs quotes"), is_told, "{query}");
        terminal.enter("for the shell");
        terminal.exits(0);
    }
}
