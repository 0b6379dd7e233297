//! What the server sends while a line is typed.

use super::*;

/// How many messages are pushed, and how often: with `WSCOPE_FULL` for ten seconds.
fn pushes() -> (usize, Duration) {
    let full = std::env::var_os("WSCOPE_FULL").is_some();
    if full { (1000, Duration::from_millis(10)) } else { (200, Duration::from_millis(5)) }
}

/// Pushes numbered messages after `start`. Returns the texts that came.
fn push_after(start: &Event) -> Server<Vec<String>> {
    push_before(start, &Event::new())
}

/// The same; the last push happens before `end`.
fn push_before(start: &Event, end: &Event) -> Server<Vec<String>> {
    let last = Event::new();
    last.happens();
    push_between(start, &last, end)
}

/// The same; the last message waits for `last`.
fn push_between(start: &Event, last: &Event, end: &Event) -> Server<Vec<String>> {
    let (start, last, end) = (start.clone(), last.clone(), end.clone());
    let (count, interval) = pushes();
    serve(move |mut connection| {
        connection.accept();
        start.wait();
        for number in 0..count {
            connection.send_frame(&Frame::text(format!("push {number:04}.")));
            thread::sleep(interval);
        }
        last.wait();
        connection.send_frame(&Frame::text("that was all"));
        end.happens();
        let frames = collect_until_close(&mut connection);
        texts(&frames).into_iter().map(str::to_owned).collect()
    })
}

/// Every push once and in order.
#[track_caller]
fn assert_all_shown(terminal: &Terminal) {
    let transcript = terminal.transcript();
    let shown: Vec<&str> = transcript.iter().filter_map(|line| line.trim_end().strip_prefix("< push ")).collect();
    let expected: Vec<String> = (0..pushes().0).map(|number| format!("{number:04}.")).collect();
    assert_eq!(shown, expected, "\n{}", transcript.join("\n"));
}

#[test]
fn a_half_typed_line_stays_whole() {
    for columns in [80, 40] {
        let start = Event::new();
        let server = push_after(&start);
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, columns);
        terminal.wait(CONNECTED);
        let line: String = (0..200).map(|index| char::from(b'a' + index % 26)).collect();
        terminal.press(&line);
        start.happens();
        terminal.wait("that was all");
        terminal.wait_until("the half-typed line", |screen| screen.contents().replace('\n', "").contains(&line));
        terminal.press(key::ENTER);
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(server.outcome(), [line]);
        assert_all_shown(&terminal);
    }
}

#[test]
fn nothing_is_lost_while_lines_are_sent() {
    let (start, typed) = (Event::new(), Event::new());
    let server = push_between(&start, &typed, &Event::new());
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait(CONNECTED);
    start.happens();
    let (count, interval) = pushes();
    for number in 0..count {
        terminal.enter(&number.to_string());
        thread::sleep(interval * 4 / 5);
    }
    // Before that it could scroll away.
    typed.happens();
    terminal.wait("that was all");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome(), (0..count).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_all_shown(&terminal);
}

#[test]
fn nothing_is_lost_in_a_search_of_the_history() {
    let (start, end) = (Event::new(), Event::new());
    let server = push_before(&start, &end);
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
    terminal.wait(CONNECTED);
    terminal.enter("needle");
    terminal.press(&format!("{}nee", key::CTRL_R));
    terminal.wait("needle");
    start.happens();
    end.wait();
    terminal.press(key::ENTER);
    terminal.wait("that was all");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome(), ["needle", "needle"]);
    assert_all_shown(&terminal);
}

#[test]
fn nothing_is_lost_at_the_end() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.frame();
        for number in 0..pushes().0 {
            connection.send_frame(&Frame::text(format!("push {number:04}.")));
        }
        connection.answer_close()
    });
    let mut terminal = open(&server);
    terminal.press(&format!("go{}{}", key::ENTER, key::CTRL_D));
    terminal.exits(0);
    assert_eq!(server.outcome(), Some(1000));
    assert_all_shown(&terminal);
}

#[test]
fn nothing_is_lost_while_the_terminal_changes_its_width() {
    let start = Event::new();
    let server = push_after(&start);
    // The emulator of these tests cuts what does not fit, as xterm does. Terminals that break it: `input::editor::view`.
    let wscope = Wscope::new().env("XTERM_VERSION", "XTerm(390)");
    let mut terminal = wscope.arg(server.url()).terminal(24, 80);
    terminal.wait(CONNECTED);
    let line = "abcdefghij".repeat(15);
    terminal.press(&line);
    start.happens();
    for width in [40, 160, 30, 80] {
        terminal.resize(24, width);
        // Rows are one column narrower than the terminal.
        let rows = format!("> {line}").into_bytes();
        terminal.wait_line(str::from_utf8(rows.chunks(usize::from(width) - 1).last().unwrap()).unwrap());
    }
    terminal.wait("that was all");
    terminal.wait_until("the half-typed line", |screen| screen.contents().replace('\n', "").contains(&line));
    assert_eq!(terminal.screen().matches("> abcdefghij").count(), 1, "{}", terminal.screen());
    terminal.press(key::ENTER);
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_eq!(server.outcome(), [line]);
    let shown = terminal.transcript().iter().filter(|line| line.starts_with("< push ")).count();
    assert_eq!(shown, pushes().0);
}

#[test]
fn a_resize_keeps_the_line_and_what_comes() {
    let server = websocket::echo();
    let mut terminal = open(&server);
    terminal.press("half a line");
    terminal.wait_line("> half a line");
    terminal.resize(30, 60);
    terminal.press(" and the rest");
    terminal.wait_line("> half a line and the rest");
    terminal.press(key::ENTER);
    terminal.wait("< half a line and the rest");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
