//! Slash commands.

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

#[test]
fn each_command_sends_what_it_says() {
    let server = collect();
    let wscope = Wscope::new();
    let file = wscope.home().join("file.txt");
    fs::write(&file, "from a file").unwrap();
    let mut terminal = open_with(&server, wscope);
    terminal.enter("/ping beat");
    terminal.enter("/pong unasked");
    terminal.enter("/binary CA FE");
    terminal.enter("/binary base64:yv4=");
    terminal.enter(&format!("/binary @{}", file.display()));
    terminal.enter(&format!("/file {}", file.display()));
    terminal.enter("//literal");
    terminal.enter("/close 4000 good bye");
    terminal.wait("Disconnected");
    let frames = server.outcome();
    let seen: Vec<(u8, &[u8])> = frames.iter().map(|frame| (frame.opcode, &frame.payload[..])).collect();
    assert_eq!(
        seen[..7],
        [
            (opcode::PING, &b"beat"[..]),
            (opcode::PONG, b"unasked"),
            (opcode::BINARY, &[0xCA, 0xFE]),
            (opcode::BINARY, &[0xCA, 0xFE]),
            (opcode::BINARY, b"from a file"),
            (opcode::TEXT, b"from a file"),
            (opcode::TEXT, b"/literal"),
        ]
    );
    assert_eq!(frames[7].as_close(), (Some(4000), "good bye".into()));
    terminal.press(key::CTRL_D);
    terminal.wait_end();
}

/// Until something writes to a FIFO, its opening waits, and Ctrl-C could end nothing but the session.
#[test]
fn a_fifo_is_not_waited_for_at_the_prompt() {
    let server = collect();
    let wscope = Wscope::new();
    let fifo = wscope.home().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let script = wscope.home().join("script");
    fs::write(&script, format!("/file {}\n", fifo.display())).unwrap();
    let mut terminal = open_with(&server, wscope);
    for command in ["/file ", "/binary @", "/frame op=text @"] {
        terminal.enter(&format!("{command}{}", fifo.display()));
    }
    terminal.enter(&format!("/run {}", fifo.display()));
    terminal.enter(&format!("/run {}", script.display()));
    terminal.enter("/file /dev/tty");
    terminal.enter("goes on");
    terminal.wait("`/dev/tty`: it is no regular file");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    let frames = server.outcome();
    assert_eq!((frames.len(), frames[0].as_text()), (2, "goes on"));
    // A line that is longer than the terminal is broken anywhere.
    let unbroken = terminal.transcript().concat().replace(' ', "");
    assert_eq!(unbroken.matches("itisnoregularfile").count(), 6, "{unbroken}");
}

#[test]
fn a_typed_ping_shows_how_long_its_pong_took() {
    let server = websocket::echo();
    let mut terminal = open(&server);
    terminal.enter("/ping beat");
    terminal.wait("< Received pong (data: \"beat\", ");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn frame_sends_precisely_that() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.frame()
    });
    let mut terminal = open(&server);
    terminal.enter("/frame fin=0 rsv=5 op=0xB mask=01020304 \"odd\"");
    let frame = server.outcome();
    assert_eq!(frame, Frame::new(0xB, "odd").more().rsv(5).masked([1, 2, 3, 4]));
    terminal.press(key::CTRL_D);
    terminal.wait_end();
}

#[test]
fn a_mistake_gets_one_clear_line_and_sends_nothing() {
    let server = collect();
    let mut terminal = open(&server);
    for mistake in ["/nonsense", "/binary xyz", "/close 99999", "/close 1005", "/set frames maybe"] {
        terminal.enter(mistake);
        terminal.wait_line(">");
    }
    terminal.enter("/file /no/such/file");
    terminal.wait("/no/such/file");
    terminal.wait_line(">");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome().len(), 1, "only the Close");
}

#[test]
fn the_session_can_be_looked_at() {
    let server = websocket::echo();
    let mut terminal = open(&server);
    terminal.enter("hello");
    terminal.wait("< hello");
    terminal.enter("/headers");
    terminal.wait("101 Switching Protocols");
    terminal.enter("/stats");
    terminal.wait("sent     1 message of 5 bytes");
    terminal.press("\x0c");
    terminal.enter("/help");
    terminal.wait("/reconnect");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn the_last_session_can_be_looked_at_after_its_end() {
    let server = websocket::push([tungstenite::Message::text("hello")]);
    let mut terminal = open(&server);
    terminal.wait("< hello");
    terminal.enter("/close");
    terminal.wait("Disconnected");
    terminal.wait_prompt("(closed) >");
    terminal.enter("/headers");
    terminal.wait("101 Switching Protocols");
    terminal.enter("/stats");
    terminal.wait("received 1 message of 5 bytes; on the wire");
    terminal.enter("/quit");
    terminal.wait_end();
}

#[test]
fn what_is_typed_behind_a_command_that_waits_is_marked() {
    let server = collect();
    let mut terminal = open(&server);
    terminal.enter("/wait 60");
    terminal.wait_line("(waiting; Ctrl-C gives up) >");
    terminal.enter("behind");
    terminal.wait("(waiting; Ctrl-C gives up) > behind");
    terminal.press(key::CTRL_C);
    terminal.wait_line(">");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), ["behind"]);
}

#[test]
fn what_is_typed_behind_a_send_that_blocks_or_a_reconnect_that_hangs_is_marked() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("large");
    // Twice of what a connection on loopback takes that is not read.
    fs::write(&file, vec![0; 8 * MIB]).unwrap();
    for command in [format!("/binary @{}", file.display()), "/reconnect".into()] {
        let attempts = AtomicUsize::new(0);
        let server = serve(move |mut connection| {
            if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                connection.accept();
            }
            connection.rest();
        });
        let wscope = Wscope::new().args(["--connect-timeout", "3600", "--close-timeout", "0.1", "--no-deflate"]);
        let mut terminal = open_with(&server, wscope);
        terminal.enter(&command);
        terminal.wait_line("(waiting; Ctrl-C leaves) >");
        terminal.enter("behind");
        terminal.press(key::CTRL_D);
        terminal.wait_end();
    }
}

#[test]
fn views_can_be_switched() {
    let server = websocket::echo();
    let mut terminal = open(&server);
    terminal.enter("/set frames on");
    terminal.enter("seen");
    terminal.wait("fin=1 rsv=0 len=4 wire=6");
    terminal.enter("/set frames off");
    terminal.enter("unseen");
    terminal.wait("< unseen");
    assert!(!terminal.screen().contains("len=6 "), "{}", terminal.screen());
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
