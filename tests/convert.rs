//! A recording in another form: as HAR, as a page, as figures.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::listen::{listen, stop};
use crate::support::frame::opcode;
use crate::support::peer::{self, accepts};
use crate::support::{Event, Frame, Server, Wscope, serve};

/// The first line of a recording.
const RECORDING: &str = "{\"type\":\"recording\",\"time\":\"2026-11-29T16:00:00Z\",\"version\":1}\n";

const HOSTILE: &str = "</script><script>alert(1)</script>\u{202e}\0";

fn echo() -> Server<Option<u16>> {
    serve(|mut connection| {
        connection.accept();
        connection.echo_until_close()
    })
}

fn devtools() -> String {
    format!("{}/tests/recordings/devtools.har", env!("CARGO_MANIFEST_DIR"))
}

/// Saves a recording as another file, whose text it returns.
fn saved(recording: &str, name: &str) -> String {
    saved_with(&[], recording, name)
}

/// The same with these flags.
fn saved_with(flags: &[&str], recording: &str, name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join(name);
    Wscope::new().arg("show").args(flags.iter().copied()).args([recording, "--save"]).arg(&target).run().exits(0);
    fs::read_to_string(target).unwrap()
}

/// The first message of a client of GraphQL, with a token.
const LOGIN: &str = r#"{"type":"connection_init","payload":{"authToken":"s3cret-word"}}"#;

/// Whether a text has that message without its token.
fn hides_the_token(text: &str) -> bool {
    text.contains("connection_init") && text.contains("[hidden]") && !text.contains("s3cret-word")
}

/// Logs in to a server of GraphQL, and records it in this file, whose text it returns.
fn recorded_login(path: &Path) -> String {
    let server = serve(|mut connection| {
        connection.accept_with("Sec-WebSocket-Protocol: graphql-transport-ws\r\n");
        connection.frame();
        connection.send_frame(&Frame::text(r#"{"type":"connection_ack"}"#));
        connection.answer_close();
    });
    let flag = format!("--record={}", path.display());
    Wscope::new().args([&flag, "-s", "graphql-transport-ws", "-x", LOGIN, "-1", &server.url()]).run().exits(0);
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_session_recorded_as_har_is_one_entry_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.har");
    let server = echo();
    let url = format!("{}/chat?token=0123456789abcdef", server.url());
    let flag = format!("--record={}", path.display());
    Wscope::new().args([&flag, "-H", "Cookie: sid=verysecret", "-x", "Grüße", "--count", "1", &url]).run().exits(0);
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("verysecret") && !text.contains("0123456789abcdef"), "{text}");
    let har: Value = serde_json::from_str(&text).unwrap();
    let [entry] = &har["log"]["entries"].as_array().unwrap()[..] else { panic!("{text}") };
    assert_eq!((&entry["_resourceType"], &entry["response"]["status"]), (&"websocket".into(), &101.into()));
    let messages = entry["_webSocketMessages"].as_array().unwrap();
    let seen: Vec<_> =
        messages.iter().map(|message| (&message["type"], &message["opcode"], &message["data"])).collect();
    let text = |kind: &'static str| (Value::from(kind), Value::from(1), Value::from("Grüße"));
    let (sent, came) = (text("send"), text("receive"));
    assert_eq!(seen, [(&sent.0, &sent.1, &sent.2), (&came.0, &came.1, &came.2)]);
    // The spool is gone.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    Wscope::new().arg("show").arg(&path).run().exits(0).prints("Grüße\n");
}

#[test]
fn what_was_recorded_for_a_har_stays_where_the_program_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let flag = format!("--record={}", folder.path().join("killed.har").display());
    let server = peer::always(accepts().sends(Frame::text("news")).takes_up_to_the_close());
    let program = Wscope::new().args([&flag, "-N", &server.url()]).spawn();
    program.wait_stdout("news\n");
    let spool = folder.path().join("killed.har.jsonl");
    // It is written at once, but by another thread.
    let follower = Wscope::new().args(["show", "--follow"]).arg(&spool).spawn();
    follower.wait_stdout("news\n");
    program.signal(Signal::SIGKILL);
    drop((program.finish(), follower));
    assert!(!folder.path().join("killed.har").exists(), "a HAR that is none");
    let again = folder.path().join("again.har");
    let output = Wscope::new().arg("show").arg(&spool).arg("--save").arg(&again).run();
    output.exits(0).says("it ends while a connection is open");
    assert!(fs::read_to_string(again).unwrap().contains("\"data\":\"news\""));
    // It is not written over by the next run.
    let output = Wscope::new().args([&flag, "--overwrite", &server.url()]).run();
    output.exits(2).says("killed.har.jsonl` exists already").says("wscope show");
}

#[test]
fn nothing_is_left_of_a_file_that_the_program_was_writing_when_it_was_killed() {
    let note = format!("{{\"type\":\"note\",\"time\":\"2026-11-29T16:00:00Z\",\"text\":\"{}\"}}\n", "x".repeat(1000));
    let recording = [RECORDING, &note.repeat(1000)].concat();
    for name in ["killed.jsonl", "killed.log", "killed.html"] {
        for signal in [Signal::SIGINT, Signal::SIGKILL] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            let mut program = Wscope::new().args(["show", "-", "--save"]).arg(&path).stdin_held().spawn();
            // A pipe holds 64 KiB: the program has read the rest, and written some of it.
            program.write(&recording);
            program.signal(signal);
            drop(program.finish());
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
        }
    }
}

#[test]
fn what_lacks_a_connection_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.jsonl", "a.log", "a.har", "a.html"] {
        let path = folder.path().join(name);
        let save = |numbers: &[&str]| {
            let flags = numbers.iter().flat_map(|number| ["--connection", *number]);
            Wscope::new().args(["show", &devtools()]).args(flags).arg("--save").arg(&path).run()
        };
        save(&["1", "7", "9"]).exits(2).says("devtools.har`: it has no connection 7, 9: its last is 2");
        assert!(!path.exists(), "{name}");
        save(&["1", "2"]).exits(0);
        assert!(path.exists(), "{name}");
    }
}

#[test]
fn what_is_behind_damage_is_saved_in_no_format() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.jsonl");
    let note = "{\"type\":\"note\",\"time\":\"2026-11-29T16:00:00Z\",\"text\":\"before\"}\n";
    fs::write(&damaged, [RECORDING, note, "no JSON\n", note].concat()).unwrap();
    for name in ["a.jsonl", "a.log", "a.har", "a.html"] {
        let path = folder.path().join(name);
        let output = Wscope::new().arg("show").arg(&damaged).arg("--save").arg(&path).run();
        let offset = RECORDING.len() + note.len();
        output.exits(2).says(&format!("damaged.jsonl`: this line is no JSON object, at byte {offset}"));
        assert!(path.exists(), "{name}");
    }
}

#[test]
fn a_har_whose_place_is_taken_meanwhile_leaves_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken.har");
    let go_on = Event::new();
    let server = peer::always(accepts().sends(Frame::text("news")).waits_for(&go_on).then_closes_with(1000));
    let program = Wscope::new().args([&format!("--record={}", path.display()), "-N", &server.url()]).spawn();
    program.wait_stdout("news\n");
    fs::write(&path, "of another program").unwrap();
    go_on.happens();
    program.finish().exits(1).says("taken.har` exists already").says("what was recorded is in");
    assert_eq!(fs::read_to_string(&path).unwrap(), "of another program");
    Wscope::new().arg("show").arg(folder.path().join("taken.har.jsonl")).run().exits(0).prints("news\n");
}

#[test]
fn a_har_of_devtools_becomes_one_that_has_the_same() {
    let again: Value = serde_json::from_str(&saved(&devtools(), "again.har")).unwrap();
    let before: Value = serde_json::from_slice(&fs::read(devtools()).unwrap()).unwrap();
    let entries = |har: &Value| -> Vec<Value> {
        let entries = har["log"]["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["_resourceType"] == "websocket").cloned().collect()
    };
    let (again, before) = (entries(&again), entries(&before));
    assert_eq!((again.len(), before.len()), (2, 2));
    for (again, before) in again.iter().zip(&before) {
        let data = |entry: &Value| -> Vec<(Value, Value, Value)> {
            let messages = entry["_webSocketMessages"].as_array().unwrap().iter();
            messages
                .map(|message| (message["type"].clone(), message["opcode"].clone(), message["data"].clone()))
                .collect()
        };
        assert_eq!(data(again), data(before));
        assert_eq!(
            again["request"]["headers"].as_array().map(Vec::len),
            before["request"]["headers"].as_array().map(Vec::len)
        );
    }
}

#[test]
fn an_address_that_a_har_does_not_tell_is_unknown_and_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let (har, lines) = (folder.path().join("a.har"), folder.path().join("a.jsonl"));
    let entry = r#"{"request":{"method":"GET","url":"ws://host/"},"response":{"status":101},"_webSocketMessages":[]}"#;
    fs::write(&har, format!("{{\"log\":{{\"entries\":[{entry}]}}}}")).unwrap();
    Wscope::new().arg("show").arg(&har).arg("--save").arg(&lines).run().exits(0);
    for recording in [har, lines] {
        let output = Wscope::new().args(["show", "--output", "json"]).arg(recording).run();
        output.exits(0);
        let opened: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(opened["address"], "unknown address", "{output:?}");
    }
}

#[test]
fn a_page_holds_each_message_as_data_and_no_payload_leaves_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.jsonl");
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(HOSTILE));
        connection.send_frame(&Frame::new(opcode::BINARY, [0, 1, 255]));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame()
    });
    Wscope::new().arg(format!("--record={}", path.display())).args(["-N", &server.url()]).run().exits(0);
    let page = saved(path.to_str().unwrap(), "session.html");
    assert_eq!(page.matches("<script").count(), 2, "{page}");
    assert!(page.contains("default-src 'none'; script-src 'sha256-"), "{page}");
    let rows = page.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let rows: Vec<_> = rows.filter(|row| row["type"] == "message").collect();
    assert_eq!((&rows[0]["text"], &rows[0]["direction"]), (&HOSTILE.into(), &"received".into()));
    assert_eq!((&rows[1]["binary"], &rows[1]["opcode"]), (&"AAH/".into(), &"binary".into()));
}

#[test]
fn a_token_in_a_message_is_hidden_in_what_people_read() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["login.log", "login.har"] {
        let text = recorded_login(&folder.path().join(name));
        assert!(hides_the_token(&text), "{name}: {text}");
    }
    let everything = folder.path().join("login.jsonl");
    assert!(recorded_login(&everything).contains("s3cret-word"));
    let everything = everything.to_str().unwrap();
    for name in ["again.log", "again.har", "again.html"] {
        let text = saved(everything, name);
        assert!(hides_the_token(&text), "{name}: {text}");
        assert!(saved_with(&["--show-secrets"], everything, name).contains("s3cret-word"), "{name}");
    }
}

#[test]
fn a_recording_of_a_server_knows_who_has_logged_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("served.jsonl");
    let (server, address) = listen(Wscope::new().args(["listen", "0", &format!("--record={}", path.display())]));
    Wscope::new().args(["-x", LOGIN, "-w", "0"]).arg(format!("ws://{address}")).run().exits(0);
    server.wait_stdout("connection_init");
    stop(server);
    let page = saved_with(&["--dialect", "graphql-transport-ws"], path.to_str().unwrap(), "served.html");
    assert!(hides_the_token(&page), "{page}");
}

#[test]
fn a_filter_that_does_not_change_what_is_saved_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (name, is_told) in [("a.jsonl", true), ("a.html", true), ("a.log", false)] {
        let output = Wscope::new()
            .args(["show", &devtools(), "--filter", "first", "--save"])
            .arg(folder.path().join(name))
            .run();
        output.exits(0);
        assert_eq!(output.stderr.contains("all messages are saved"), is_told, "{name}: {}", output.stderr);
    }
}

#[test]
fn what_is_read_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (file, other_name) = (folder.path().join("a.har"), folder.path().join("b.har"));
    fs::copy(devtools(), &file).unwrap();
    fs::hard_link(&file, &other_name).unwrap();
    let before = fs::read(&file).unwrap();
    for written in [&file, &other_name] {
        let output = Wscope::new().arg("show").arg(&file).arg("--save").arg(written).arg("--overwrite").run();
        output.exits(2);
        assert!(
            output.stderr.contains("b.har` is the recording that is read") || written == &file,
            "{}",
            output.stderr
        );
        assert!(fs::read(&file).unwrap() == before);
    }
    let record = format!("--record={}", file.display());
    let listen = Wscope::new().args(["listen", "0", "--replay"]).arg(&file).arg(record).arg("--overwrite").run();
    listen.exits(2);
    assert!(listen.stderr.contains("is the recording that is read"), "{}", listen.stderr);
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn figures_of_a_recording_are_printed() {
    let output = Wscope::new().args(["show", &devtools(), "--stats"]).run();
    output.exits(0);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.starts_with("2 connections in 0."), "{text}");
    let row = text.lines().find(|line| line.starts_with("messages")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["messages", "6", "8"], "{text}");
    assert!(text.contains("time to the first reply: ") && text.contains("time line"), "{text}");
    let first = Wscope::new().args(["show", &devtools(), "--stats", "--connection", "1"]).run();
    let both = Wscope::new().args(["show", &devtools(), "--stats", "--connection", "1", "--connection", "2"]).run();
    assert!(first.stdout != output.stdout && both.stdout == output.stdout, "{}", first.stdout.escape_ascii());
    let missing = Wscope::new().args(["show", &devtools(), "--stats", "--connection", "7"]).run();
    missing.exits(2);
    assert!(missing.stdout.is_empty(), "figures of nothing");
}

#[test]
fn figures_are_json_where_that_is_asked_for() {
    let output = Wscope::new().args(["show", &devtools(), "--stats", "--output", "json"]).run();
    output.exits(0);
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&figures["type"], &figures["connections"]), (&"statistics".into(), &2.into()));
    assert_eq!((&figures["sent"]["messages"], &figures["received"]["messages"]), (&6.into(), &8.into()));
}

#[test]
fn figures_are_of_the_messages_that_match() {
    let output = Wscope::new().args(["show", &devtools(), "--stats", "--filter", "$op == \"binary\""]).run();
    output.exits(0);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let row = text.lines().find(|line| line.starts_with("messages")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["messages", "2", "2"], "{text}");
}
