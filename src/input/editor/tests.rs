//! The editor in a pseudo-terminal, with a terminal emulator that shows what a user would see.
//!
//! The editor must control its terminal. So each test starts this test binary once more, in a terminal of its own,
//! where only [`editor_in_a_terminal`] runs.

mod terminal_session;

use std::env;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use self::terminal_session::{TerminalSession, unwrapped};
use super::*;
use crate::input::secret;
use crate::platform::Signals;

const REPORT: &str = "WSCOPE_TEST_REPORT";
const PUSHES: &str = "WSCOPE_TEST_PUSHES";
const PAUSE: &str = "WSCOPE_TEST_PAUSE_MICROSECONDS";
const SCENARIO: &str = "WSCOPE_TEST_SCENARIO";

const ENTER: &str = "\r";
const ALT_ENTER: &str = "\x1b\r";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_R: &str = "\x12";

/// What the program does in the terminal. It writes what it reads there to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    /// Reads lines while pushes arrive. After Ctrl-D it ends when all pushes have arrived.
    ReadLines,
    /// The same, but the pushes arrive when a first line was read, which is not reported.
    PushAfterLine,
    /// Like the first, but it exits as soon as all pushes have arrived, even in the middle of a line.
    ExitInMidLine,
    /// Asks for a secret.
    Ask,
}

#[test]
fn editor_in_a_terminal() {
    let Some(report) = env::var_os(REPORT) else {
        return;
    };
    let number = |name| env::var(name).unwrap().parse::<u64>().unwrap();
    let (pushes, pause) = (number(PUSHES), Duration::from_micros(number(PAUSE)));
    let mut report = File::create(report).unwrap();
    let scenario = env::var(SCENARIO).unwrap();
    if scenario == format!("{:?}", Scenario::Ask) {
        writeln!(report, "{:?}", secret::ask("> secret: ").map_err(|error| error.to_string())).unwrap();
        return;
    }
    let (mut editor, mut terminal) = Editor::open(Prompt::Client, Marks::default()).unwrap();
    // SIGINT is for the run, which ends the process here at once.
    Signals::catch(&Poller::new().unwrap()).unwrap().release();
    if scenario == format!("{:?}", Scenario::PushAfterLine) {
        editor.read().unwrap();
    }
    let printing = thread::spawn(move || {
        let begun = Instant::now();
        for push in 0..pushes {
            thread::sleep((begun + pause * u32::try_from(push).unwrap()).saturating_duration_since(Instant::now()));
            terminal.write_all(format!("push {push}\n").as_bytes()).unwrap();
        }
        terminal.write_all(b"all pushed\n").unwrap();
        if scenario == format!("{:?}", Scenario::ExitInMidLine) {
            terminal.abandon();
            process::exit(0);
        }
    });
    loop {
        let entry = editor.read().unwrap();
        writeln!(report, "{entry:?}").unwrap();
        if entry == Entry::Eof {
            break;
        }
    }
    printing.join().unwrap();
}

/// Checks that each push was shown once, in order, on a row of its own.
fn assert_all_pushed(rows: &[String], pushes: u64) {
    let shown: Vec<&str> = rows.iter().map(String::as_str).filter(|row| row.contains("push")).collect();
    let mut expected: Vec<String> = (0..pushes).map(|push| format!("push {push}")).collect();
    expected.push("all pushed".into());
    assert_eq!(shown, expected);
}

fn long_line() -> String {
    "0123456789".repeat(20)
}

fn a_half_typed_line_survives(columns: u16) {
    let pushes = 1000;
    let session = TerminalSession::start(columns, pushes, Duration::from_millis(1));
    session.press(&long_line());
    session.wait_for("all pushed");
    session.wait_for(&format!("> {}", long_line()));
    session.press(ENTER);
    session.press(CTRL_D);
    let (report, rows) = session.end();
    assert_eq!(report, format!("Line({:?})\nEof\n", long_line()));
    assert_all_pushed(&rows, pushes);
}

#[test]
fn a_half_typed_line_survives_pushes_at_80_columns() {
    a_half_typed_line_survives(80);
}

#[test]
fn a_half_typed_line_survives_pushes_at_40_columns() {
    a_half_typed_line_survives(40);
}

#[test]
fn no_push_is_lost_or_late_while_enter_is_pressed_all_the_time() {
    let session = TerminalSession::start(80, 1000, Duration::from_millis(1));
    for _ in 0..1000 {
        session.press(ENTER);
    }
    session.press(CTRL_D);
    let (report, rows) = session.end();
    assert_eq!(report, "Line(\"\")\n".repeat(1000) + "Eof\n");
    assert_all_pushed(&rows, 1000);
}

#[test]
fn what_waited_while_a_line_ended_holds_back_nothing() {
    let pushes = 3000;
    let session = TerminalSession::start(80, pushes, Duration::from_millis(1));
    let mut shown = 0;
    while shown + 100 < pushes {
        session.press(ENTER);
        let newest = std::cell::Cell::new(0);
        session.wait("push after Enter", |screen| {
            let rows = screen.contents();
            newest.set(rows.lines().filter_map(|row| row.strip_prefix("push ")?.parse().ok()).max().unwrap_or(0));
            newest.get() > shown + 20
        });
        shown = newest.get();
    }
    session.wait_for("all pushed");
    session.press(CTRL_D);
    assert_all_pushed(&session.end().1, pushes);
}

#[test]
fn no_push_is_lost_while_the_history_is_searched() {
    let session = TerminalSession::start(80, 500, Duration::from_millis(1));
    session.press(&format!("earlier{ENTER}"));
    session.press(&format!("{CTRL_R}earl"));
    session.wait_for("(reverse-i-search)`earl': earlier");
    session.press(ENTER);
    session.press(&format!("{CTRL_R}x"));
    session.wait_for("(failed reverse-i-search)`x'");
    session.press(CTRL_C);
    session.press(CTRL_C);
    session.press(CTRL_D);
    let (report, rows) = session.end();
    assert!(report.starts_with("Line(\"earlier\")\nLine(\"earlier\")\n"), "{report}");
    assert_all_pushed(&rows, 500);
}

#[test]
fn a_lone_escape_holds_nothing_back() {
    let session = TerminalSession::start(80, 1000, Duration::from_millis(1));
    session.press("\x1b");
    session.wait_for("all pushed");
    session.press(CTRL_D);
    assert_all_pushed(&session.end().1, 1000);
}

#[test]
fn what_comes_after_the_last_line_is_shown() {
    let session = TerminalSession::start(80, 300, Duration::from_millis(1));
    session.press(CTRL_D);
    let (report, rows) = session.end();
    assert_eq!(report, "Eof\n");
    assert_all_pushed(&rows, 300);
}

#[test]
fn a_flood_is_held_back_and_a_key_is_not() {
    let pushes = 50_000;
    let session = TerminalSession::start(80, pushes, Duration::ZERO);
    session.press("typed meanwhile");
    session.wait_for("all pushed");
    session.wait_for("> typed meanwhile");
    session.press(ENTER);
    session.press(CTRL_D);
    let (report, rows) = session.end();
    assert_eq!(report, "Line(\"typed meanwhile\")\nEof\n");
    assert_all_pushed(&rows, pushes);
}

#[test]
fn a_key_is_echoed_within_50_milliseconds_while_20000_messages_a_second_arrive() {
    let session = TerminalSession::start(80, 20_000, Duration::from_micros(50));
    let mut delays = Vec::new();
    for length in 1..=20 {
        let pressed = Instant::now();
        session.press("x");
        let line = format!("> {}", "x".repeat(length));
        session.wait("echo", |screen| unwrapped(screen).contains(&line));
        delays.push(pressed.elapsed());
    }
    delays.sort();
    // The median: the worst delay depends on what else runs on the machine.
    assert!(delays[delays.len() / 2] < Duration::from_millis(50), "{delays:?}");
    session.press(&format!("{ENTER}{CTRL_D}"));
    let (_, rows) = session.end();
    assert_all_pushed(&rows, 20_000);
}

#[test]
fn lines_go_on_where_they_should() {
    let session = TerminalSession::start(80, 0, Duration::ZERO);
    session.press(&format!("{{\"a\":{ENTER}1}}{ENTER}"));
    session.press(&format!("first\\{ENTER}second{ENTER}"));
    session.press(&format!("literal\\\\{ENTER}"));
    session.press(&format!("[1,{ALT_ENTER}"));
    session.press(&format!("as it is\\{ALT_ENTER}"));
    session.press(&format!("\x1b[200~a\\\r\nb\n{{\x1b[201~{ENTER}"));
    session.press(&format!("cleared{CTRL_C}{CTRL_C}{CTRL_D}"));
    let (report, _) = session.end();
    let entries = [
        r#"Line("{\"a\":\n1}")"#,
        r#"Line("first\nsecond")"#,
        r#"Line("literal\\")"#,
        r#"Line("[1,")"#,
        r#"Line("as it is\\")"#,
        r#"Line("a\\\nb\n{")"#,
        "Interrupted",
        "Eof",
    ];
    assert_eq!(report.lines().collect::<Vec<_>>(), entries);
}

#[test]
fn keys_edit_as_in_readline() {
    let session = TerminalSession::start(80, 0, Duration::ZERO);
    session.press("\x1b1");
    session.wait_for("(arg: 1)");
    session.press(&format!("2x{ENTER}"));
    session.press(&format!("one two\x1bt{ENTER}"));
    session.press(&format!("one two\x1bt\x18\x15{ENTER}"));
    session.press(&format!("first\x15second\x15\x19\x1by{ENTER}"));
    session.press(&format!("\x16\x1b[A{ENTER}{CTRL_D}"));
    let (report, _) = session.end();
    let lines = ["xxxxxxxxxxxx", "two one", "one two", "first", "\x1b[A"];
    let expected = lines.map(|line| format!("Line({line:?})")).join("\n") + "\nEof\n";
    assert_eq!(report, expected);
}

#[test]
fn commands_are_completed_and_candidates_listed_above() {
    let session = TerminalSession::start(80, 0, Duration::ZERO);
    session.press("/rec\t");
    session.wait_for("> /reconnect");
    session.press(&format!("{CTRL_C}/exp\t\t"));
    session.wait_for("/expect-quiet");
    session.wait_for("> /expect");
    session.press(&format!("{ENTER}{CTRL_D}"));
    let (report, _) = session.end();
    assert_eq!(report, "Line(\"/expect\")\nEof\n");
}

#[test]
fn the_history_comes_back_in_the_next_run() {
    let mut session = TerminalSession::start(80, 0, Duration::ZERO);
    session.press(&format!("{{{ENTER}}}{ENTER} hidden{ENTER}{CTRL_D}"));
    session.finish();
    let folder = std::mem::replace(&mut session.folder, tempfile::tempdir().unwrap());
    let session = TerminalSession::start_as(Scenario::ReadLines, folder, 80, 0, Duration::ZERO);
    session.press(&format!("\x1b[A{ENTER}{CTRL_D}"));
    let (report, _) = session.end();
    assert_eq!(report, "Line(\"{\\n}\")\nEof\n");
}

#[test]
fn a_byte_that_is_no_utf8_costs_nothing_of_what_was_typed() {
    let session = TerminalSession::start(80, 200, Duration::from_millis(1));
    session.press("before ");
    session.wait_for("> before");
    (&*session.keyboard).write_all(b"\xff").unwrap();
    session.press(&format!("after{ENTER}{CTRL_D}"));
    let (report, rows) = session.end();
    assert_eq!(report, "Line(\"before after\")\nEof\n");
    assert_all_pushed(&rows, 200);
}

#[test]
fn ctrl_c_is_a_signal_while_output_is_paused() {
    let mut session = TerminalSession::start(80, u32::MAX.into(), Duration::ZERO);
    session.pause(true);
    session.wait_for_signals(true);
    session.press(CTRL_C);
    assert_eq!(session.wait_exit().signal(), Some(Signal::SIGINT as i32));
}

#[test]
fn ctrl_c_is_a_signal_when_the_next_line_does_not_come() {
    let mut session = TerminalSession::start(80, 60, Duration::from_secs(1));
    session.press(CTRL_D);
    session.wait_for_signals(true);
    session.press(CTRL_C);
    assert_eq!(session.wait_exit().signal(), Some(Signal::SIGINT as i32));
}

#[test]
fn ctrl_c_is_a_key_again_when_output_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let session = TerminalSession::start_as(Scenario::PushAfterLine, folder, 80, 20_000, Duration::ZERO);
    session.pause(true);
    session.press(ENTER);
    session.wait_for_signals(true);
    session.pause(false);
    // Before that a busy machine may make the terminal stand still again.
    session.wait_for("all pushed");
    session.wait_for_signals(false);
    session.press(&format!("cleared{CTRL_C}{CTRL_D}"));
    let (report, rows) = session.end();
    assert_eq!(report, "Eof\n");
    assert_all_pushed(&rows, 20_000);
}

#[test]
fn an_exit_in_mid_line_leaves_the_terminal_sane_and_everything_shown() {
    let folder = tempfile::tempdir().unwrap();
    let session = TerminalSession::start_as(Scenario::ExitInMidLine, folder, 80, 500, Duration::from_millis(1));
    session.press("half typed");
    let (report, rows) = session.end();
    assert_eq!(report, "");
    assert_all_pushed(&rows, 500);
    assert!(!rows.iter().any(|row| row.contains("half typed") && row != "> half typed"), "{rows:?}");
}

#[test]
fn a_secret_is_asked_for_and_not_shown() {
    let ask = || TerminalSession::start_as(Scenario::Ask, tempfile::tempdir().unwrap(), 80, 0, Duration::ZERO);
    let session = ask();
    session.press(&format!("hush{ENTER}"));
    let (report, rows) = session.end();
    assert_eq!(report, "Ok(\"hush\")\n");
    assert!(!rows.iter().any(|row| row.contains("hush")), "{rows:?}");
    let mut session = ask();
    session.press(&format!("hu{CTRL_C}"));
    assert_eq!(session.wait_exit().signal(), Some(Signal::SIGINT as i32));
}
