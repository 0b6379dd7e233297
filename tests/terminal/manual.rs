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
fn slash_help_is_folded_for_the_terminal_and_names_keys() {
    for columns in [60, 80] {
        let server = websocket::echo();
        let mut terminal = Wscope::new().arg(server.url()).terminal(120, columns);
        terminal.wait("Connected");
        terminal.enter("/help");
        terminal.wait("anew.");
        let lines = terminal.transcript();
        assert!(
            lines.iter().any(|line| line.starts_with("  [") && line.ends_with("[PAYLOAD]")),
            "{columns}: {lines:?}"
        );
        assert!(lines.iter().any(|line| line.starts_with("Ctrl-C clears the line; ")), "{columns}: {lines:?}");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }
}

#[test]
fn times_of_day_stand_before_what_is_received_and_sent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("message");
    std::fs::write(&path, "from a file").expect("a file");
    let large = folder.path().join("large");
    std::fs::write(&large, vec![7; 1 << 20]).expect("a file");
    let server = websocket::echo();
    let mut terminal = Wscope::new().arg("-t").arg(server.url()).terminal(100, 100);
    terminal.wait("Connected");
    terminal.enter(&format!("/file {}", path.display()));
    terminal.wait(" < from a file");
    terminal.enter(&format!("/binary @{}", large.display()));
    terminal.wait(" < (binary");
    terminal.enter("hello");
    terminal.wait(" < hello");
    let is_stamped = |line: &str, mark: &str| {
        let time: String = line.chars().take(12).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        time == "00:00:00.000" && line[12..].starts_with(mark)
    };
    let lines = terminal.transcript();
    let count = |mark: &str| lines.iter().filter(|line| line.len() > 12 && is_stamped(line, mark)).count();
    let marks = [" > from a file", " < from a file", " > (binary", " < (binary", " < hello"];
    assert_eq!(marks.map(count), [1; 5], "{lines:?}");
    // What was typed stands there as it was typed.
    assert_eq!(lines.iter().filter(|line| line.contains("> hello")).count(), 1, "{lines:?}");
    terminal.enter("/set timestamps relative");
    terminal.enter("again");
    terminal.wait_until("a time since the opening", |screen| {
        screen.contents().lines().any(|line| line.starts_with('+') && line.ends_with(" < again"))
    });
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
    terminal.enter("/pnig");
    terminal.wait("did you mean");
    terminal.enter("hello");
    terminal.wait("< hello");
    terminal.enter(&format!("/save {}", path.display()));
    terminal.wait("saved to");
    let saved = std::fs::read_to_string(&path).expect("the script");
    assert!(saved.ends_with("\n# failed: /capture x json:/a\n# failed: /pnig\nhello\n"), "{saved}");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
