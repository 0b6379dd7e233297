//! The same commands at the prompt.

use super::*;
use crate::support::terminal::{Terminal, key};

const CONNECTED: &str = "Connected";

fn open(url: String) -> Terminal {
    let terminal = Wscope::new().arg(url).env("LOGIN", "ann").terminal(24, 80);
    terminal.wait_line(">");
    terminal
}

#[test]
fn expectations_say_what_came_of_them_and_end_nothing() {
    let server = websocket::echo();
    let mut terminal = open(server.url());
    terminal.enter("hello ${env:LOGIN} $${x}");
    terminal.enter("/expect hello (.*) ");
    terminal.wait("matched `hello (.*) ` after 0.");
    terminal.enter("/capture name re:o (.*?) ");
    terminal.wait("captured `name`, 3 bytes");
    terminal.enter("again: ${name}");
    terminal.wait("< again: ann");
    terminal.enter("/expect within=0.1 never");
    terminal.wait("no message matched `never` within 0.1 s");
    terminal.enter("${nme}");
    terminal.wait("`${nme}` has not been captured");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome().texts(), ["hello ann ${x}", "again: ann"]);
}

#[test]
fn what_comes_is_shown_and_keys_are_taken_while_an_expectation_waits() {
    let typed = Event::new();
    let go_on = typed.clone();
    let server = server(move |connection| {
        assert_eq!(text(connection), "start");
        connection.send_frame(&Frame::text("meanwhile"));
        go_on.wait();
        connection.send_frame(&Frame::text("at last"));
        assert_eq!(text(connection), "typed ahead");
        connection.answer_close();
    });
    let mut terminal = open(server.url());
    terminal.enter("start");
    terminal.enter("/expect within=60 at last");
    terminal.wait("< meanwhile");
    terminal.enter("typed ahead");
    terminal.enter("/quit");
    typed.happens();
    terminal.exits(0);
    server.outcome();
}

#[test]
fn ctrl_c_gives_up_an_expectation_and_ctrl_d_leaves_it() {
    let server = websocket::echo();
    let mut terminal = open(server.url());
    terminal.enter("/expect within=60 never");
    terminal.enter("one");
    terminal.press(key::CTRL_C);
    terminal.wait("no message matched `never` before you gave up");
    terminal.wait("< one");
    terminal.enter("/expect within=60 never");
    terminal.wait_line("(waiting; Ctrl-C gives up) >");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome().texts(), ["one"]);
}

#[test]
fn ctrl_c_gives_up_a_wait_after_the_end_of_the_session() {
    let server = websocket::echo();
    let mut terminal = open(server.url());
    terminal.enter("/close");
    terminal.wait("Disconnected");
    terminal.wait_prompt("(closed) >");
    terminal.enter("/wait 60");
    terminal.wait_line("(waiting; Ctrl-C gives up) >");
    terminal.press(key::CTRL_C);
    terminal.wait_line("(closed) >");
    terminal.enter("/stats");
    terminal.wait("sent     ");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn after_a_script_with_i_one_talks_in_its_session() {
    let server = websocket::echo();
    let script = Script::new("hello ${env:LOGIN}\n/expect hello (.*)\n/capture name re:o (.*)\n/wait 0.1\n");
    let wscope = Wscope::new().arg("--script").arg(script.path()).args(["-i", &server.url()]).env("LOGIN", "ann");
    let mut terminal = wscope.terminal(24, 80);
    terminal.wait("< hello ann");
    terminal.enter("again: ${name}");
    terminal.wait("< again: ann");
    terminal.enter("/quit");
    terminal.exits(0);
    assert_eq!(server.outcome().texts(), ["hello ann", "again: ann"]);
}

#[test]
fn a_script_waits_for_the_first_session() {
    let attempts = AtomicUsize::new(0);
    let server = serve(move |mut connection| {
        if attempts.fetch_add(1, Ordering::Relaxed) > 0 {
            connection.accept();
            assert_eq!(text(&mut connection), "from the script");
            assert_eq!(text(&mut connection), "typed before");
            connection.answer_close();
        }
    });
    let script = Script::new("from the script\n");
    let wscope = Wscope::new().arg("--script").arg(script.path()).args(["-i", "--reconnect", &server.url()]);
    let mut terminal = wscope.terminal(24, 80);
    terminal.wait(CONNECTED);
    terminal.enter("typed before");
    terminal.wait("> typed before");
    terminal.enter("/quit");
    terminal.wait_end();
    server.outcome();
}

#[test]
fn a_script_is_run_from_the_prompt_up_to_its_first_failure() {
    let server = websocket::echo();
    let script = Script::new("${name} says\n/expect within=0.1 no such thing\nnever sent\n");
    let mut terminal = open(server.url());
    terminal.enter("hello ann");
    terminal.wait("< hello ann");
    terminal.enter("/capture name re:o (.*)");
    terminal.wait("captured `name`");
    terminal.enter(&format!("/run {}", script.path().display()));
    terminal.wait("< ann says");
    terminal.wait("test.ws:2: no message matched `no such thing`");
    let nested = Script::new("/run x\n");
    terminal.enter(&format!("/run {}", nested.path().display()));
    terminal.wait("test.ws:1: `/run` is for the prompt");
    let quitting = Script::new("bye\n/quit\nnever sent\n");
    terminal.enter(&format!("/run {}", quitting.path().display()));
    terminal.exits(0);
    assert_eq!(server.outcome().texts(), ["hello ann", "ann says", "bye"]);
}

#[test]
fn the_prompt_after_a_script_wants_a_terminal() {
    let script = Script::new("hello\n");
    let wscope = Wscope::new().arg("--script").arg(script.path()).args(["-i", "ws://127.0.0.1:9"]);
    let output = wscope.stdin("hello\n").run();
    output.exits(2).says("`-i` after `--script` is for a terminal");
}

#[test]
fn what_was_typed_is_saved_as_a_script_that_does_the_same() {
    let server = login_server();
    let mut terminal = open(server.url());
    for line in LOGIN.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        terminal.enter(line);
    }
    terminal.enter("/pnig");
    terminal.wait("did you mean `/ping`?");
    terminal.wait("the server closed with 4001 (reason: \"enough\")");
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("saved.ws");
    terminal.enter(&format!("/save {}", path.display()));
    terminal.wait("saved to ");
    terminal.enter(&format!("/save {}", path.display()));
    terminal.wait("exists already");
    terminal.wait("Disconnected (code: 4001");
    terminal.press(key::CTRL_D);
    terminal.exits(1);
    server.outcome();

    let saved = fs::read_to_string(&path).expect("it is there");
    let done = LOGIN.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
    let wanted: Vec<&str> = done.chain(["# failed: /pnig"]).collect();
    assert_eq!(saved.lines().collect::<Vec<_>>(), wanted);
    let server = login_server();
    Wscope::new().arg("--script").arg(path).arg(server.url()).env("LOGIN", "ann").run().exits(0);
    server.outcome();
}
