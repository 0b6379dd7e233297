//! Help and times at a terminal.

use super::*;

#[test]
fn the_manual_goes_through_the_pager() {
    let mut terminal = Wscope::new().arg("--manual").env("PAGER", "sed -n '1s/^/paged: /p'").terminal(24, 80);
    terminal.wait("paged: ");
    terminal.exits(0);
}

#[test]
fn the_manual_is_printed_where_there_is_no_pager() {
    let mut terminal = Wscope::new().args(["listen", "--manual"]).env("PAGER", "no-such-pager").terminal(50, 80);
    terminal.wait("Examples:");
    terminal.exits(0);
}

#[test]
fn slash_help_fits_and_names_keys() {
    let server = websocket::echo();
    let mut terminal = open_with(&server, Wscope::new());
    terminal.enter("/help");
    terminal.wait("Ctrl-D closes and leaves");
    for line in terminal.transcript() {
        assert!(!line.ends_with("[len="), "{line}");
    }
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn times_of_day_stand_before_what_is_received_and_sent() {
    let server = websocket::echo();
    let mut terminal = open_with(&server, Wscope::new().arg("-t"));
    terminal.enter("hello");
    terminal.wait(" < hello");
    let is_stamped = |line: &str, mark: &str| {
        let time: String = line.chars().take(12).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        time == "00:00:00.000" && line[12..].starts_with(mark)
    };
    let lines = terminal.transcript();
    for mark in [" > hello", " < hello"] {
        assert!(lines.iter().any(|line| line.len() > 12 && is_stamped(line, mark)), "{mark}: {lines:?}");
    }
    terminal.enter("/set timestamps relative");
    terminal.enter("again");
    terminal.wait("+0.");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn what_failed_is_saved_as_a_comment() {
    let server = websocket::echo();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("session.ws");
    let mut terminal = open(&server);
    terminal.enter("/capture x json:/a");
    terminal.wait("error");
    terminal.enter("hello");
    terminal.wait("< hello");
    terminal.enter(&format!("/save {}", path.display()));
    terminal.wait("saved to");
    let saved = std::fs::read_to_string(&path).expect("the script");
    assert!(saved.ends_with("\n# failed: /capture x json:/a\nhello\n"), "{saved}");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
