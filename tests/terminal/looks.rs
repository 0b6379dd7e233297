//! What stands on the screen, and in which colours.

use super::*;

#[test]
fn it_looks_like_what_wscats_users_know() {
    let server = websocket::echo();
    let mut terminal = open(&server);
    terminal.enter("hello");
    terminal.wait("> hello");
    terminal.wait("< hello");
    terminal.wait_line(">");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert!(terminal.screen().contains("Disconnected (code: 1000"), "{}", terminal.screen());
}

#[test]
fn a_server_that_closes_is_announced_and_gives_the_status() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::close(4001, "go away"));
        connection.close_frame();
    });
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait("Disconnected (code: 4001, reason: \"go away\")");
    terminal.press(key::CTRL_D);
    terminal.exits(1);
}

#[test]
fn binary_is_a_hex_dump_with_its_size() {
    let server = websocket::push([tungstenite::Message::binary(vec![0xCA, 0xFE, 0x00, b'A'])]);
    let mut terminal = open(&server);
    terminal.wait("ca fe 00 41");
    terminal.wait("4 bytes");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn colours_respect_the_environment() {
    for (wscope, coloured) in [(Wscope::new(), true), (Wscope::new().env("NO_COLOR", "1"), false)] {
        let server = websocket::push([tungstenite::Message::text("hello")]);
        let mut terminal = open_with(&server, wscope);
        terminal.wait("< hello");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        let found = (30..38).chain(90..98).any(|code| raw.contains(&format!("\x1b[{code}m")));
        assert_eq!(found, coloured, "{raw:?}");
    }
}

#[test]
fn what_is_shown_by_its_code_is_dim() {
    let server = websocket::push([tungstenite::Message::text("\x1b and \\x1b")]);
    let mut terminal = open(&server);
    terminal.wait(r"< \x1b and \x1b");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(raw.contains("\x1b[2m\\x1b\x1b[0m and \\x1b"), "{raw:?}");
}

#[test]
fn stdout_in_a_file_is_data_and_the_editor_stays() {
    let server = websocket::echo();
    let wscope = Wscope::new();
    let path = wscope.home().join("log");
    let file = File::create(&path).unwrap();
    let mut terminal = wscope.arg(server.url()).terminal_with(24, 80, Stdout::File(file));
    terminal.wait(CONNECTED);
    terminal.enter("to the file");
    terminal.press(key::CTRL_D);
    terminal.wait_end();
    assert_eq!(fs::read_to_string(path).unwrap(), "to the file\n");
    assert!(!terminal.screen().contains("< "), "{}", terminal.screen());
}

#[test]
fn piped_input_is_data_even_beside_a_terminal() {
    let server = websocket::echo();
    let mut terminal = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("/quit\nhi\n").terminal(24, 80);
    terminal.exits(0);
    assert_eq!(server.outcome().texts(), ["/quit", "hi"]);
    assert!(terminal.screen().contains("hi"), "{}", terminal.screen());
}

#[test]
fn what_is_said_is_folded_between_words() {
    let mut terminal = Wscope::new().args(["--until", "(", "ws://127.0.0.1:1"]).terminal(24, 80);
    terminal.exits(2);
    assert!(terminal.screen().contains("is not a regular\n  expression: unclosed group"), "{}", terminal.screen());
    let server = collect();
    let mut terminal = open(&server);
    terminal.enter("/to 1 hello");
    terminal.wait("`wscope listen` or `wscope tap`, which\n  have many clients");
    terminal.enter("/as nothing");
    terminal.wait("\nhint: it is one of");
    terminal.wait("zstd-stream,\n      messagepack");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
