//! `--record` and `wscope show`: what happened, in files.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::frame::opcode;
use crate::support::{Connection, Event, Frame, MIB, PATIENCE, Server, Wscope, serve};

/// Pushes messages of all kinds, in frames of all kinds; takes two, and closes.
fn talkative() -> Server<()> {
    serve(|mut connection| {
        connection.accept_with("Set-Cookie: session=0123456789abcdef\r\n");
        connection.send_frame(&Frame::text("hello"));
        connection.send_frame(&Frame::text("in ").more());
        connection.send_frame(&Frame::ping("beat"));
        connection.send_frame(&Frame::continuation("fragments"));
        connection.send_frame(&Frame::binary([0, 255, 10]));
        while connection.frame().opcode != opcode::TEXT {}
        connection.send_frame(&Frame::close(1000, "bye"));
        connection.answer_close();
    })
}

/// Records a session in the file, and returns what was shown meanwhile.
#[track_caller]
fn record(flags: &[&str], file: &Path) -> crate::support::program::Output {
    let server = talkative();
    let output = Wscope::new()
        .args(flags)
        .arg(format!("--record={}", file.display()))
        .args(["-x", "password", "-w", "-1"])
        .arg(server.url())
        .run();
    output.exits(0);
    output
}

#[track_caller]
fn shown(flags: &[&str], file: &Path) -> crate::support::program::Output {
    let output = Wscope::new().arg("show").args(flags.iter().copied()).arg(file.as_os_str()).run();
    output.exits(0);
    output
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.jsonl");
    (folder, file)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_recording_is_shown_as_the_session_was() {
    for flags in [&["-P"][..], &["--output", "json"], &["--frames", "--hex", "-t=utc"], &["-q", "--output", "hex"]] {
        let (_folder, file) = folder();
        let live = record(flags, &file);
        let shown = shown(flags, &file);
        assert_eq!(text(&shown.stdout), text(&live.stdout), "{flags:?}");
        let talk = |text: &str| {
            let lines = text.lines().filter(|line| !line.contains("recording to"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(talk(&shown.stderr), talk(&live.stderr), "{flags:?}");
    }
}

#[test]
fn a_connection_that_a_recording_does_not_have_is_named() {
    let (_folder, file) = folder();
    record(&[], &file);
    let output = Wscope::new().args(["show", "--connection", "2"]).arg(file.as_os_str()).run();
    output.exits(2).prints("").says("it has no connection 2");
}

#[test]
fn secrets_of_heads_are_hidden_and_messages_stay() {
    let (_folder, file) = folder();
    let live = record(&["-H", "Authorization: Bearer 0123456789abcdef"], &file);
    live.says("recording to").says("passwords and tokens too");
    let recorded = fs::read_to_string(&file).unwrap();
    assert!(!recorded.contains("0123456789abcdef"), "{recorded}");
    assert!(recorded.contains("\"password\""), "{recorded}");
    let verbose = shown(&["-v"], &file).stderr;
    assert!(verbose.contains("> Authorization: Bearer [hidden, 16 characters]\n"), "{verbose}");
    assert!(verbose.contains("< Set-Cookie: [hidden, 24 characters]\n"), "{verbose}");
    let (_folder, file) = folder();
    record(&["--show-secrets"], &file);
    assert!(fs::read_to_string(&file).unwrap().contains("session=0123456789abcdef"));
    // What is not hidden in the file is hidden where it is shown.
    assert!(!shown(&["-v"], &file).stderr.contains("0123456789abcdef"));
}

#[test]
fn a_log_is_the_screen_with_what_was_sent() {
    let (folder, _) = folder();
    let file = folder.path().join("session.log");
    record(&[], &file);
    let log = fs::read_to_string(&file).unwrap();
    for line in
        ["Connected (press Ctrl-C to quit)", "< hello", "< in fragments", "> password", "Disconnected (code: 1000"]
    {
        assert!(log.lines().any(|shown| shown.starts_with(line)), "{line} in {log}");
    }
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[test]
fn a_recording_is_converted_to_what_it_would_have_been() {
    let (folder, file) = folder();
    record(&[], &file);
    let (log, copy) = (folder.path().join("a.log"), folder.path().join("copy.jsonl"));
    Wscope::new().arg("show").arg(&file).arg("--save").arg(&log).run().exits(0).prints("");
    assert!(fs::read_to_string(&log).unwrap().contains("\n> password\n"));
    Wscope::new().arg("show").arg(&file).arg("--save").arg(&copy).run().exits(0);
    assert_eq!(fs::read_to_string(&copy).unwrap(), fs::read_to_string(&file).unwrap());
    Wscope::new().arg("show").arg(&file).arg("--save").arg(&copy).run().exits(2).says("exists already");
}

#[test]
fn a_file_is_new_private_and_no_link() {
    let (folder, file) = folder();
    let refused = |name: &str, why: &str| {
        let flag = format!("--record={}", folder.path().join(name).display());
        Wscope::new().args([flag.as_str(), "ws://127.0.0.1:1"]).run().exits(2).says(why);
    };
    record(&[], &file);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    refused("session.jsonl", "exists already");
    symlink(&file, folder.path().join("link.jsonl")).unwrap();
    refused("link.jsonl", "is a link");
    refused("session.pcap", "`.jsonl` has everything");
    refused("no/such/folder.jsonl", "cannot create");
    let before = fs::read(&file).unwrap();
    record(&["--overwrite"], &file);
    assert_ne!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn without_a_name_the_file_is_named_after_host_and_time() {
    let server = talkative();
    let wscope = Wscope::new().args(["--record", "-x", "hi", "-w", "-1"]).arg(server.url());
    let output = wscope.run();
    output.exits(0);
    let stderr = output.stderr.clone();
    let (_, name) = stderr.split_once("recording to `").unwrap();
    let (name, _) = name.split_once('`').unwrap();
    assert!(name.starts_with("127.0.0.1-20"), "{name}");
    // The test runs in the folder of the sources.
    fs::remove_file(name).unwrap();
}

#[test]
fn a_full_disk_is_an_error_and_the_session_goes_on() {
    let server = talkative();
    let output = Wscope::new().args(["--record=/dev/full", "-x", "hi", "-w", "-1"]).arg(server.url()).run();
    output.exits(1).prints(b"hello\nin fragments\n\0\xff\n").says("cannot write to `/dev/full`");
    assert!(output.stderr.contains("what comes now is not recorded"), "{output:?}");
}

#[test]
fn a_fifo_takes_json_lines_alone_and_waits_for_its_reader() {
    let (folder, fifo) = folder();
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let reader = thread::spawn({
        let fifo = fifo.clone();
        move || {
            let mut bytes = Vec::new();
            File::open(fifo).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        }
    });
    record(&[], &fifo);
    assert!(text(&reader.join().unwrap()).contains("\"text\":\"hello\""));
    let log = folder.path().join("fifo.log");
    mkfifo(&log, Mode::S_IRWXU).unwrap();
    let flag = format!("--record={}", log.display());
    Wscope::new().args([flag.as_str(), "ws://127.0.0.1:1"]).run().exits(2).says("take no `.log`");
}

#[test]
fn after_a_signal_a_fifo_that_nothing_is_read_from_is_not_waited_for() {
    let (_folder, fifo) = folder();
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let server = serve(|mut connection: Connection| {
        connection.accept();
        // The pipe and the queue hold less of it.
        connection.send_frame(&Frame::text("x".repeat(4 << 20)));
        connection.rest();
    });
    let program = Wscope::new().arg(format!("--record={}", fifo.display())).arg("-N").arg(server.url()).spawn();
    let mut reader = File::open(&fifo).unwrap();
    reader.read_exact(&mut vec![0; 100_000]).unwrap();
    program.signal(Signal::SIGINT);
    program.finish().exits(130).says("left before everything was recorded");
}

#[test]
fn a_process_that_is_killed_has_recorded_what_had_come() {
    let (_folder, file) = folder();
    let server = serve(|mut connection: Connection| {
        connection.accept();
        connection.send_frame(&Frame::text("the last word"));
        connection.rest();
    });
    let program = Wscope::new().arg(format!("--record={}", file.display())).arg("-N").arg(server.url()).spawn();
    program.wait_stdout("the last word");
    // It is written at once, but by another thread.
    let follower = Wscope::new().args(["show", "--follow"]).arg(&file).spawn();
    follower.wait_stdout("the last word");
    program.signal(Signal::SIGKILL);
    drop((program, follower));
    let output = shown(&[], &file);
    output.prints("the last word\n").says("ends while a connection is open");
}

#[test]
fn a_recording_that_is_cut_is_shown_up_to_there_with_one_note() {
    let (folder, file) = folder();
    record(&[], &file);
    let bytes = fs::read(&file).unwrap();
    let cut = folder.path().join("cut.jsonl");
    for length in [0, 10, bytes.len() / 2, bytes.len() - 2] {
        fs::write(&cut, &bytes[..length]).unwrap();
        let output = shown(&[], &cut);
        assert_eq!(output.stderr.matches("it ends").count(), 1, "{length}: {output:?}");
    }
    fs::write(&cut, "no recording\n").unwrap();
    Wscope::new().arg("show").arg(&cut).run().exits(2).says("it is no recording of wscope");
}

#[test]
fn a_recording_is_followed_while_it_grows() {
    let (_folder, file) = folder();
    let go_on = Event::new();
    let server = serve({
        let go_on = go_on.clone();
        move |mut connection: Connection| {
            connection.accept();
            connection.send_frame(&Frame::text("first"));
            go_on.wait();
            connection.send_frame(&Frame::text("second"));
            connection.rest();
        }
    });
    let program = Wscope::new().arg(format!("--record={}", file.display())).arg("-N").arg(server.url());
    let program = program.spawn();
    program.wait_stdout("first");
    let follower = Wscope::new().args(["show", "--follow"]).arg(&file).spawn();
    follower.wait_stdout("first\n");
    go_on.happens();
    follower.wait_stdout("second\n");
    program.signal(Signal::SIGTERM);
    program.finish().exits(143);
}

#[test]
fn a_flood_is_recorded_and_shown_whole_in_flat_memory() {
    const MESSAGES: usize = 200_000;
    let (_folder, file) = folder();
    let server = serve(|mut connection: Connection| {
        connection.accept();
        let batch = Frame::text("a message of thirty-two bytes...").bytes().repeat(MESSAGES / 1000);
        (0..1000).for_each(|_| connection.send(&batch));
        connection.send_frame(&Frame::close(1000, ""));
        connection.answer_close();
    });
    let program = Wscope::new().arg(format!("--record={}", file.display())).arg("-N").arg(server.url());
    let output = program.spawn().patient(5 * PATIENCE).finish();
    output.exits(0);
    assert_eq!(output.stdout.len(), 33 * MESSAGES);
    let shown = Wscope::new().arg("show").arg(&file).spawn().patient(5 * PATIENCE).finish();
    assert!(shown.exits(0).stdout == output.stdout);
    shown.stays_below(64 * MIB);
}
