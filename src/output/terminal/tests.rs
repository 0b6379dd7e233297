//! Tests of a terminal that takes no output for a while.

use std::fs::File;
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::*;

const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The two ends of a pseudo-terminal: the screen to read from, and the terminal to print on.
fn open() -> (File, Terminal) {
    let pair = openpty(None, None).expect("a pseudo-terminal");
    let device = Device::on(pair.slave.into()).expect("it is a terminal");
    let terminal = Terminal::new(device).expect("a descriptor is left");
    terminal.attach(Box::new(|_| Ok(()))).expect("it takes its modes");
    (pair.master.into(), terminal)
}

/// Prints in a thread. The write blocks when the terminal is full, until the test reads the screen.
fn print_much(terminal: &Terminal) -> thread::JoinHandle<io::Result<()>> {
    let mut terminal = terminal.clone();
    thread::spawn(move || terminal.write_all(&b"a line\n".repeat(30_000)))
}

fn wait_for_signals(screen: &File) {
    let deadline = Instant::now() + TIME_LIMIT;
    while !tcgetattr(screen).expect("a terminal").local_flags.contains(LocalFlags::ISIG) {
        assert!(Instant::now() < deadline, "Ctrl-C stays a key");
        thread::sleep(Duration::from_millis(1));
    }
}

fn read_lines(mut screen: &File, lines: usize) {
    let mut seen = 0;
    let mut buffer = [0; 4096];
    while seen < lines {
        let count = screen.read(&mut buffer).expect("the terminal is open");
        seen += memchr::memchr_iter(b'\n', &buffer[..count]).count();
    }
}

#[test]
fn between_two_lines_ctrl_c_stays_alive_while_no_output_is_read() {
    let (screen, terminal) = open();
    let printing = print_much(&terminal);
    wait_for_signals(&screen);
    read_lines(&screen, 30_000);
    printing.join().expect("it prints").expect("the terminal takes it");
    terminal.finish().expect("the terminal is there");
}

#[test]
fn a_line_that_begins_meanwhile_waits_and_ctrl_c_stays_alive() {
    let (screen, terminal) = open();
    let printing = print_much(&terminal);
    wait_for_signals(&screen);
    let editor = terminal.clone();
    let beginning = thread::spawn(move || {
        editor.line_begins();
        editor.draw(LineContent::Nothing, || Ok(())).expect("there is nothing to write");
    });
    while terminal.shared.lock().phase == LinePhase::Idle {
        thread::yield_now();
    }
    let reading = thread::spawn(move || {
        read_lines(&screen, 30_000);
        screen
    });
    beginning.join().expect("the line begins");
    assert_eq!(terminal.shared.lock().ctrl_c, CtrlC::Key);
    printing.join().expect("it prints").expect("what is held back fits");
    terminal.finish().expect("the terminal is there");
    reading.join().expect("all is shown");
}

#[test]
fn abandon_does_not_wait_for_a_blocked_write() {
    let (screen, terminal) = open();
    let printing = print_much(&terminal);
    wait_for_signals(&screen);
    let started = Instant::now();
    terminal.abandon();
    assert!(started.elapsed() < TIME_LIMIT);
    drop(screen);
    assert!(printing.join().expect("it prints").is_err());
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was_found() {
    let pair = openpty(None, None).expect("a pseudo-terminal");
    let device = Device::on(pair.slave.into()).expect("it is a terminal");
    device.restore_on_panic().expect("a descriptor is left");
    device.set_raw().expect("it takes its modes");
    let echoes = |screen| tcgetattr(screen).expect("a terminal").local_flags.contains(LocalFlags::ECHO);
    assert!(!echoes(&pair.master));
    thread::spawn(|| panic!("this is a test")).join().expect_err("it panics");
    assert!(echoes(&pair.master));
}
