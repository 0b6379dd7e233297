//! A terminal that nobody looks at for a while.

use std::fs::File;
use std::io::Read;

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// The screen of a pseudo-terminal, and the terminal for those who print on it.
fn open() -> (File, Terminal) {
    let pair = openpty(None, None).expect("a pseudo-terminal");
    let device = Device::on(pair.slave.into()).expect("it is a terminal");
    let terminal = Terminal::new(device).expect("a descriptor is left");
    terminal.attach(Box::new(|_| Ok(()))).expect("it takes its modes");
    (pair.master.into(), terminal)
}

/// Prints until the terminal is full, and goes on when somebody looks at it.
fn print_much(terminal: &Terminal) -> thread::JoinHandle<io::Result<()>> {
    let mut terminal = terminal.clone();
    thread::spawn(move || terminal.write_all(&b"a line\n".repeat(30_000)))
}

fn wait_for_signals(screen: &File) {
    let deadline = Instant::now() + PATIENCE;
    while !tcgetattr(screen).expect("a terminal").local_flags.contains(LocalFlags::ISIG) {
        assert!(Instant::now() < deadline, "Ctrl-C stays a key");
        thread::sleep(Duration::from_millis(1));
    }
}

fn look_at(mut screen: &File, lines: usize) {
    let mut seen = 0;
    let mut buffer = [0; 4096];
    while seen < lines {
        let count = screen.read(&mut buffer).expect("the terminal is open");
        seen += memchr::memchr_iter(b'\n', &buffer[..count]).count();
    }
}

#[test]
fn between_two_lines_ctrl_c_stays_alive_while_nobody_takes_what_is_printed() {
    let (screen, terminal) = open();
    let printing = print_much(&terminal);
    wait_for_signals(&screen);
    look_at(&screen, 30_000);
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
        editor.drawn();
    });
    while terminal.shared.lock().phase == LinePhase::Idle {
        thread::yield_now();
    }
    let looking = thread::spawn(move || {
        look_at(&screen, 30_000);
        screen
    });
    beginning.join().expect("the line begins");
    assert_eq!(terminal.shared.lock().ctrl_c, CtrlC::Key);
    printing.join().expect("it prints").expect("what is held back fits");
    terminal.finish().expect("the terminal is there");
    looking.join().expect("all is shown");
}

#[test]
fn whoever_leaves_at_once_waits_for_nobody() {
    let (screen, terminal) = open();
    let printing = print_much(&terminal);
    wait_for_signals(&screen);
    let started = Instant::now();
    terminal.abandon();
    assert!(started.elapsed() < PATIENCE);
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
