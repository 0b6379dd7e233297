//! The password that a server asks for with 401.

use super::*;
use crate::support::head::Request;
use crate::support::peer::{accepts, in_turn, refuses_with};

const BASIC: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";

/// `Aladdin:open sesame`, as RFC 7617 has it.
const ALADDIN: &str = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

/// A server that lets no other user in, and closes with this code.
fn for_aladdin(code: u16) -> Server<Request> {
    serve(move |mut connection| {
        let request = connection.request();
        if request.header("Authorization") == Some(ALADDIN) {
            connection.send(request.acceptance(""));
            connection.send_frame(&Frame::close(code, ""));
            connection.close_frame();
        } else {
            connection.send(BASIC);
        }
        request
    })
}

/// A server that answers each request with this head.
fn answering(head: impl Into<String>) -> Server<Request> {
    let head = head.into();
    serve(move |mut connection| {
        let request = connection.request();
        connection.send(&head);
        request
    })
}

/// The URL with this userinfo.
fn with(userinfo: &str, server: &Server<Request>) -> String {
    server.url().replace("ws://", &format!("ws://{userinfo}@"))
}

fn answer(terminal: &Terminal, question: &str, answer: &str) {
    terminal.wait(question);
    terminal.enter(answer);
}

/// It ends with the refusal, and nothing was asked.
#[track_caller]
fn assert_not_asked(mut terminal: Terminal) {
    terminal.exits(5);
    let screen = terminal.screen();
    assert!(screen.contains("401 Unauthorized") && !screen.contains("Password of"), "{screen}");
}

#[test]
fn user_and_password_are_asked_for_and_sent() {
    let server = for_aladdin(1000);
    let mut terminal = Wscope::new().arg("-N").arg(server.url()).terminal(24, 80);
    answer(&terminal, "User at 127.0.0.1", "Alice\x7f\x7f\x7faddin");
    answer(&terminal, "Password of Aladdin at 127.0.0.1", "open sesame");
    terminal.exits(0);
    assert!(terminal.is_sane());
    assert!(!terminal.screen().contains("sesame") && !terminal.screen().contains("in clear"), "{}", terminal.screen());
    let (first, second) = (server.outcome(), server.outcome());
    assert_eq!((first.header("Authorization"), second.header("Authorization")), (None, Some(ALADDIN)));
}

#[test]
fn the_prompt_comes_after_the_question_and_another_connection_has_the_answer() {
    let server = for_aladdin(1012);
    let mut terminal = Wscope::new().arg("--reconnect").arg(with("Aladdin", &server)).terminal(24, 80);
    answer(&terminal, "Password of Aladdin", "open sesame");
    terminal.wait("reconnecting in");
    for authorization in ["Basic QWxhZGRpbjo=", ALADDIN, ALADDIN] {
        assert_eq!(server.outcome().header("Authorization"), Some(authorization));
    }
    terminal.press(key::CTRL_D);
    terminal.wait_end();
}

#[test]
fn what_is_no_text_in_a_name_is_shown_by_its_code() {
    let server = for_aladdin(1000);
    let mut terminal = Wscope::new().arg("-N").arg(with("a%1B%5B2Jb", &server)).terminal(24, 80);
    terminal.wait(r"Password of a\x1b[2Jb at");
    terminal.press(key::CTRL_D);
    terminal.exits(5);
    let mut terminal = Wscope::new().arg("-N").arg(server.url()).terminal(24, 80);
    answer(&terminal, "User at", "a\x1b[2Jb");
    terminal.wait(r"Password of a\x1b[2Jb at");
    terminal.press(key::CTRL_D);
    terminal.exits(5);
}

#[test]
fn it_is_asked_three_times() {
    let server = for_aladdin(1000);
    let mut terminal = Wscope::new().args(["-x", "hi"]).arg(with("Aladdin", &server)).terminal(24, 80);
    answer(&terminal, "Password of Aladdin", "one");
    answer(&terminal, "Not accepted. Password of Aladdin", "two");
    terminal.wait_until("a third question", |screen| screen.contents().matches("Password of").count() == 3);
    answer(&terminal, "Not accepted. Password of Aladdin", "three");
    terminal.wait("did not accept the credentials");
    terminal.exits(5);
    assert!(terminal.is_sane());
}

#[test]
fn no_answer_leaves_the_refusal() {
    let server = for_aladdin(1000);
    let mut terminal = Wscope::new().arg("-N").arg(server.url()).terminal(24, 80);
    answer(&terminal, "User at 127.0.0.1", "Aladdin");
    terminal.wait("Password of Aladdin");
    terminal.press(key::CTRL_D);
    terminal.wait("the server wants credentials: `--user NAME`");
    terminal.exits(5);
}

#[test]
fn ctrl_c_and_signals_end_it_and_leave_the_terminal_sane() {
    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGTERM};
    for signal in [None, Some(SIGINT), Some(SIGTERM), Some(SIGHUP)] {
        let server = for_aladdin(1000);
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
        terminal.wait("User at 127.0.0.1");
        assert!(!terminal.is_sane(), "its keys are taken");
        match signal {
            Some(signal) => terminal.signal(signal),
            None => terminal.press(key::CTRL_C),
        }
        assert_eq!(terminal.wait_end().signal(), Some(signal.unwrap_or(SIGINT) as i32));
        assert!(terminal.is_sane());
    }
}

#[test]
fn it_says_so_where_the_password_would_go_in_clear() {
    let server = for_aladdin(1000);
    let connect_to = format!("example.test:80:127.0.0.1:{}", server.port());
    let mut terminal =
        Wscope::new().args(["-N", "--connect-to", &connect_to, "ws://Aladdin@example.test"]).terminal(24, 80);
    answer(&terminal, "Password of Aladdin at example.test:80 (without TLS: it goes in clear): ", "open sesame");
    terminal.exits(0);
}

#[test]
fn nothing_is_asked_where_credentials_were_given_or_others_are_wanted() {
    let server = answering(BASIC);
    for flags in [["-u", "Aladdin:wrong"], ["--bearer", "wrong"], ["-H", "Authorization: wrong"]] {
        assert_not_asked(Wscope::new().arg("-N").args(flags).arg(server.url()).terminal(24, 80));
    }
    assert_not_asked(Wscope::new().arg("-N").arg(with("Aladdin:wrong", &server)).terminal(24, 80));
    let server = answering(BASIC.replace("Basic", "Bearer"));
    assert_not_asked(Wscope::new().arg("-N").arg(server.url()).terminal(24, 80));
}

#[test]
fn nothing_is_asked_where_stdin_is_no_terminal_or_is_data() {
    let server = answering(BASIC);
    assert_not_asked(Wscope::new().arg(server.url()).stdin("hi\n").terminal(24, 80));
    assert_not_asked(Wscope::new().arg("-N").arg(server.url()).stdin_closed().terminal(24, 80));
    assert_not_asked(Wscope::new().arg("-b").arg(server.url()).terminal(24, 80));
}

#[test]
fn nothing_is_asked_for_another_server_that_a_redirect_leads_to() {
    let other = answering(BASIC);
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", other.url());
    let first = answering(redirect);
    assert_not_asked(Wscope::new().args(["-N", "-L"]).arg(first.url()).terminal(24, 80));
}

#[test]
fn nothing_is_asked_in_the_background() {
    let server = answering(BASIC);
    let wscope = Wscope::new().arg("-N").arg(server.url());
    let mut terminal = wscope.under_shell(r#"set -m; "$0" "$@" & wait $!; echo "status $?""#).terminal(24, 80);
    terminal.wait("the server wants credentials: `--user NAME`");
    terminal.wait("status 5");
    terminal.exits(0);
}

#[test]
fn nothing_is_asked_beside_the_prompt() {
    let server = in_turn([accepts().then_closes_with(1000), refuses_with("401 x", "WWW-Authenticate: Basic\r\n")]);
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait("Disconnected");
    terminal.enter("/reconnect");
    terminal.wait("the server wants credentials: `--user NAME`");
    assert!(!terminal.screen().contains("User at"), "{}", terminal.screen());
    terminal.press(key::CTRL_D);
    terminal.exits(5);
}
