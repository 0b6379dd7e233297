//! The line editor.

use super::*;

#[test]
fn a_bracketed_paste_is_edited_and_sent_as_one_message() {
    let server = collect();
    let mut terminal = open(&server);
    terminal.paste("one\ntwo\nthree");
    terminal.wait("three");
    terminal.press(key::BACKSPACE);
    terminal.press(key::ENTER);
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), ["one\ntwo\nthre"]);
}

#[test]
fn control_characters_of_a_draft_are_shown_and_sent() {
    let server = collect();
    let mut terminal = open(&server);
    let text = "\u{7}a\x1b[2J\x1b[31mb\u{202e}c\u{8}";
    terminal.paste(text);
    terminal.wait_line(r"> \x07a\x1b[2J\x1b[31mb\u{202e}c\x08");
    terminal.press(key::ENTER);
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), [text]);
    assert!(terminal.screen().contains(r"> \x07a\x1b[2J\x1b[31mb\u{202e}c\x08"), "{}", terminal.screen());
}

#[test]
fn many_lines_that_come_as_keys_are_one_message_of_json() {
    let server = collect();
    let mut terminal = open(&server);
    let lines = vec!["    0.123456789,".to_owned(); 1500].join("\r");
    terminal.press(&format!("[\r{lines}\r0]\r"));
    terminal.wait("0]");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    let frames = server.outcome();
    assert_eq!(texts(&frames), [format!("[\n{}\n0]", lines.replace('\r', "\n"))]);
}

#[test]
fn home_in_a_draft_that_is_taller_than_the_screen_shows_its_start() {
    let server = collect();
    let mut terminal = open(&server);
    terminal.paste(&"abcdefghij".repeat(300));
    terminal.press("\x1b[H");
    terminal.wait_line(&format!("> {}", &"abcdefghij".repeat(8)[..77]));
    terminal.press("X");
    terminal.press(key::ENTER);
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), [format!("X{}", "abcdefghij".repeat(300))]);
}

#[test]
fn incomplete_json_and_a_trailing_backslash_go_on_with_the_next_line() {
    let server = collect();
    let mut terminal = open(&server);
    terminal.enter(r#"{"a":"#);
    terminal.enter("1}");
    terminal.enter(r"first \");
    terminal.enter("second");
    terminal.enter(r"literal \\");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    let frames = server.outcome();
    let texts = texts(&frames);
    assert_eq!(texts[0].replace('\n', ""), r#"{"a":1}"#);
    assert_eq!(texts[1], "first \nsecond");
    assert_eq!(texts[2], r"literal \");
    assert_eq!(texts.len(), 3);
}

#[test]
fn alt_enter_sends_as_it_is() {
    let server = collect();
    let mut terminal = open(&server);
    terminal.press(&format!("{{\"a\":{}", key::ALT_ENTER));
    terminal.wait_line(">");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), [r#"{"a":"#]);
}

#[test]
fn history_lasts_across_runs_but_for_lines_that_start_with_a_space() {
    let home = tempfile::TempDir::new().unwrap();
    let at_home = || Wscope::new().env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    let server = collect();
    let mut terminal = open_with(&server, at_home());
    terminal.enter("remember me");
    terminal.enter(" a secret");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), ["remember me", " a secret"]);

    let server = collect();
    let mut terminal = open_with(&server, at_home());
    terminal.press(key::UP);
    terminal.wait_line("> remember me");
    terminal.press(key::ENTER);
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(texts(&server.outcome()), ["remember me"]);

    let files = files_below(&home.path().join("state"));
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        assert!(!fs::read_to_string(&file).unwrap().contains("secret"));
    }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn a_tab_is_a_character_where_there_is_nothing_to_complete() {
    let server = collect();
    let mut terminal = open(&server);
    // As a terminal without bracketed paste gives what is pasted.
    terminal.enter("a\tb");
    terminal.enter("/text c\td");
    terminal.enter("//e\t");
    terminal.enter("/pin\tbeat");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    let frames = server.outcome();
    assert_eq!(texts(&frames), ["a\tb", "c\td", "/e\t"]);
    assert!(frames.iter().any(|frame| frame.opcode == opcode::PING && frame.payload == b"beat"));
}

#[test]
fn tab_completes_commands() {
    let server = websocket::sink();
    let mut terminal = open(&server);
    terminal.press(&format!("/reco{}", key::TAB));
    terminal.wait_line("> /reconnect");
    terminal.press(key::CTRL_U);
    terminal.wait_line(">");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
