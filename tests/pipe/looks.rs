//! `--pretty`, `--timestamps`, `--quiet`, `--color`.

use super::*;

/// Pushes these and closes.
fn push(texts: &'static [&'static str]) -> Server<()> {
    serve(move |mut connection| {
        connection.accept();
        for text in texts {
            connection.send_frame(&Frame::text(text));
        }
        close_first(&mut connection, 1000);
    })
}

#[test]
fn json_is_laid_out_when_asked_for_and_only_then() {
    const JSON: &str = r#"{"b":[1,2.50],"a":"é"}"#;
    let server = push(&[JSON, "not json"]);
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints(format!(
        "{JSON}
not json
"
    ));
    let output = Wscope::new().args(["-N", "--pretty"]).arg(server.url()).run();
    output.exits(0);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        text.lines().count() > 4
            && text.ends_with(
                "not json
"
            ),
        "{output:?}"
    );
    let unspaced: String = text.lines().map(str::trim).collect::<String>().replace(": ", ":");
    assert!(unspaced.contains(r#""b":[1,2.50]"#), "order and digits stay: {output:?}");
}

#[test]
fn timestamps_go_in_front_when_asked_for() {
    let server = push(&["hello"]);
    for kind in ["--timestamps=utc", "--timestamps=relative", "-t"] {
        let output = Wscope::new().args(["-N", kind]).arg(server.url()).run();
        output.exits(0);
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(
            text.len()
                > "hello
"
                .len()
                && text.ends_with(
                    "hello
"
                ),
            "{output:?}"
        );
        assert!(text.starts_with(|c: char| c.is_ascii_digit() || c == '[' || c == '+'), "{output:?}");
    }
}

#[test]
fn times_that_go_into_a_pipe_unasked_for_are_noted() {
    let server = push(&["hello"]);
    let output = Wscope::new().args(["-N", "-t"]).arg(server.url()).run();
    output.exits(0).says("`-t` puts the time in front of each message").says("`-t=local`");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    Wscope::new().args(["-N", "-t=local"]).arg(server.url()).run().exits(0).is_silent();
}

#[test]
fn quiet_silences_all_but_errors() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.close_frame();
    });
    Wscope::new().args(["-q", "-w", "0"]).arg(server.url()).run().exits(0).is_silent();
    Wscope::new().arg("-q").arg("ws://127.0.0.1:1/").run().exits(3).says("127.0.0.1:1");
}

#[test]
fn colours_can_be_forced() {
    let server = push(&["hello"]);
    let output = Wscope::new().args(["-N", "-v", "--color", "always"]).arg(server.url()).run();
    output
        .exits(0)
        .prints(
            "hello
",
        )
        .says("\x1b[");
    Wscope::new().args(["-N", "-v"]).arg(server.url()).run().exits(0).never_says("\x1b[");
}

#[test]
fn a_named_time_zone_is_looked_up() {
    if !std::fs::exists("/usr/share/zoneinfo/Asia/Tokyo").unwrap() {
        return;
    }
    let server = push(&["hello"]);
    let output = Wscope::new().args(["-N", "-t=local"]).env("TZ", "Asia/Tokyo").arg(server.url()).run();
    let text = String::from_utf8(output.exits(0).stdout.clone()).unwrap();
    assert!(text.ends_with("+09:00 hello\n"), "{output:?}");
}
