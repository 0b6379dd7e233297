//! What passes is recorded, and shown again as it passed.

use std::path::Path;

use crate::listen::stop;
use crate::support::{Connection, Frame, Wscope, serve};
use crate::tap::tap;

/// What passes between two clients and their server while it is recorded into `file`, as the tap prints it.
fn recorded(file: &Path) -> String {
    let server = serve(|mut connection| {
        connection.accept();
        connection.echo_until_close()
    });
    let (program, address) = tap(&[&format!("--record={}", file.display())], &server.url());
    for number in 1..=2 {
        let (mut client, _) = Connection::open(address);
        for message in [Frame::text("hello"), Frame::text("two\nlines"), Frame::binary([0, 0xFF])] {
            client.send_frame(&message);
            assert_eq!(client.frame(), message);
        }
        client.send_frame(&Frame::close(4000, "bye"));
        client.close_frame();
        client.expect_end();
        drop(client);
        program.wait_stderr(&format!("[{number}] Disconnected (code: 4000, reason: \"bye\")"));
    }
    String::from_utf8(stop(program).stdout.clone()).unwrap()
}

#[test]
fn a_recording_is_shown_as_it_passed_also_of_one_connection() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passed.jsonl");
    let live = recorded(&file);
    let shown = Wscope::new().arg("show").arg(&file).run();
    shown.exits(0).prints(&live);
    let of_two: String = live.split_inclusive('\n').skip_while(|line| !line.starts_with("[2]")).collect();
    Wscope::new().args(["show", "--connection", "2"]).arg(&file).run().exits(0).prints(&of_two);
}

#[test]
fn a_log_has_what_the_screen_would_have() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passed.log");
    let live = recorded(&file);
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(log.contains("[1] > two\n      lines\n[1] < two\n      lines\n"), "{log}");
    let is_shown = |line: &&str| live.lines().any(|shown| shown == *line);
    assert_eq!(log.lines().filter(is_shown).collect::<Vec<_>>(), live.lines().collect::<Vec<_>>());
}

#[test]
fn a_har_has_an_entry_for_each_connection_from_its_clients_side() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passed.har");
    recorded(&file);
    let har: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let messages = entry["_webSocketMessages"].as_array().unwrap();
        let told: Vec<_> = messages.iter().map(|message| (&message["type"], &message["data"])).take(2).collect();
        assert_eq!(told, [(&"send".into(), &"hello".into()), (&"receive".into(), &"hello".into())]);
        assert_eq!(messages.len(), 6);
    }
    assert!(!folder.path().join("passed.har.jsonl").exists());
}
