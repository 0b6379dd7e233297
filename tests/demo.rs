//! `wscope demo`: a session with a server of our own.

use crate::support::Wscope;
use crate::support::terminal::key;

#[test]
fn a_piped_line_comes_back() {
    let output = Wscope::new().arg("demo").stdin("hi\n").run();
    output.exits(0);
    assert!(output.stdout.split(|&byte| byte == b'\n').any(|line| line == b"hi"), "{output:?}");
}

#[test]
fn a_terminal_shows_full_duplex_at_once() {
    let mut terminal = Wscope::new().arg("demo").terminal(24, 80);
    terminal.wait("Connected (press Ctrl-C to quit)");
    terminal.enter("hello there");
    terminal.wait("< hello there");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
