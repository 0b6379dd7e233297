//! Command lines of other tools: those that mean the same here work, the others are answered with what does it here. Those
//! of wscat are in `wscat_compat`.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::time::Duration;

use wscope::cli::{self, Invocation, SessionArgs, Wait};
use wscope::input::Format;
use wscope::output::DataFormat;

use crate::support::{Wscope, websocket};

const URL: &str = "ws://127.0.0.1:9/";

fn parse(line: &str) -> Result<Invocation, clap::Error> {
    cli::parse(format!("wscope {line}").split_whitespace().map(OsString::from))
}

#[track_caller]
fn session(line: &str) -> SessionArgs {
    match parse(line) {
        Ok(Invocation::Connect(connect)) => {
            assert_eq!(connect.url, URL, "{line}");
            connect.session
        }
        other => panic!("{line}: {other:?}"),
    }
}

/// The answer to a command line that is refused, on one line of text.
#[track_caller]
fn answer(line: &str) -> String {
    let error = parse(line).expect_err(line);
    assert_eq!(error.exit_code(), 2, "{line}");
    error.to_string()
}

/// `(command line, what the answer names)`
#[track_caller]
fn answered(lines: &[(&str, &str)]) {
    for (line, named) in lines {
        let answer = answer(line);
        assert!(answer.contains(named), "{line}: {answer}");
        assert!(!answer.contains("similar") && !answer.contains("as a value"), "{line}: {answer}");
    }
}

#[test]
fn the_most_common_line_of_websocat_prints_the_one_reply() {
    let server = websocket::echo();
    Wscope::new().arg("-n1").arg(server.url()).stdin("hi\n").run().exits(0).prints("hi\n");
}

#[test]
fn websocats_words_for_what_we_do_anyway_change_nothing() {
    for line in ["--text", "-E", "--exit-on-eof", "-", "--compressed"] {
        let server = websocket::echo();
        Wscope::new().args([line, &server.url(), "-w", "0"]).stdin("hi\n").run().exits(0).prints("hi\n");
    }
    let plain = session(URL).execute.wait;
    assert_eq!(session(&format!("-E {URL}")).execute.wait, plain);
    assert_eq!(session(&format!("- {URL}")).execute.wait, plain);
    assert_eq!(session(&format!("{URL} -")).execute.wait, plain);
}

#[test]
fn websocats_flags_mean_the_same() {
    let with = |flags: &str| session(&format!("{flags} {URL}"));
    for flags in ["-n", "--no-close"] {
        assert_eq!(with(flags).execute.wait, Some(Wait::Forever), "{flags}");
    }
    for flags in ["-n1", "--one-message", "--max-messages-rev 1"] {
        assert_eq!(with(flags).stop.count(), NonZeroU64::new(1), "{flags}");
    }
    assert_eq!(with("--protocol chat").connection.request.subprotocols, ["chat"]);
    assert_eq!(with("--basic-auth me:pw").connection.request.user, with("-u me:pw").connection.request.user);
    assert_eq!(with("--ping-interval 5").keepalive.ping_interval, Some(Duration::from_secs(5)));
    assert_eq!(with("-U").view.output, DataFormat::None);
    assert_eq!(with("--unidirectional-reverse").view.output, DataFormat::None);
    assert!(with("--unidirectional").input.no_input);
    assert_eq!(with("-B 65536").limits.max_message, with("").limits.max_message);
    assert_eq!(with("--buffer-size 1000000000").limits.max_message, 1_000_000_000);
    assert_eq!(with("--null-terminated").input.format.input(), Format::Null);
    assert_eq!(with("--tls-domain a.example").connection.route.tls.sni.as_deref(), Some("a.example"));
    assert_eq!(with("--websocket-version 13").connection.request.headers, []);
}

#[test]
fn wscats_version_of_the_protocol_is_the_only_one() {
    for flags in ["-p 13", "--protocol 13"] {
        assert!(session(&format!("-c {URL} {flags}")).connection.request.subprotocols.is_empty());
    }
    for line in ["-c host -p 8", "--protocol 8 host", "-p http://me:SECRET@proxy host"] {
        let answer = answer(line);
        assert!(answer.contains("13 is the only one") && !answer.contains("SECRET"), "{line}: {answer}");
    }
}

#[test]
fn wsdumps_and_curls_flags_mean_the_same() {
    let with = |flags: &str| session(&format!("{flags} {URL}"));
    assert_eq!(with("--eof-wait 3").execute.wait, Some(Wait::For(Duration::from_secs(3))));
    for flags in ["-r", "--raw"] {
        assert_eq!(with(flags).input.format.input(), Format::Lines);
        assert!(with(flags).input.format.is_data(), "no line editor");
    }
    assert_eq!(with("-b -r").input.format.input(), Format::Chunks);
    assert_eq!(with("--oauth2-bearer t").connection.request.bearer, with("--bearer t").connection.request.bearer);
}

#[test]
fn websocats_other_lines_are_answered() {
    answered(&[
        ("-u ws://127.0.0.1:9/", "`-N`"),
        ("--ws-c-uri=ws://host/ -", "`--connect-to`"),
        ("-uU ws://127.0.0.1:9/", "`--output none`"),
        ("-s 8080", "`wscope listen [ADDR:]PORT`"),
        ("-s 0.0.0.0:8080", "`wscope listen [ADDR:]PORT`"),
        ("ws-l:127.0.0.1:8080 -", "`wscope listen [ADDR:]PORT`"),
        ("ws-l:127.0.0.1:8080 cmd:cat", "`wscope listen [ADDR:]PORT`"),
        ("ws-listen:0.0.0.0:8080 broadcast:mirror:", "`wscope listen [ADDR:]PORT`"),
        ("tcp-l:127.0.0.1:1234 ws://host/", "socat"),
        ("cmd:cat ws://host/", "websocketd"),
        ("exec:cat ws://host/", "websocketd"),
        ("ws-c:unix:/tmp/s --ws-c-uri=ws://host/", "--ws-c-uri"),
        ("ws-c:unix:/tmp/s", "`--unix-socket PATH`"),
        ("unix-l:/tmp/s cmd:cat", "`wscope listen unix:PATH`"),
        ("autoreconnect:ws://host/", "`--reconnect`"),
        ("- autoreconnect:ws://host/", "`--reconnect`"),
        ("--jsonrpc ws://host/", "\"jsonrpc\":\"2.0\""),
        ("-t ws-l:127.0.0.1:8080 broadcast:mirror:", "`wscope listen [ADDR:]PORT`"),
    ]);
}

#[test]
fn wsdumps_and_curls_other_lines_are_answered() {
    answered(&[
        ("--nocert wss://host/", "`-k`"),
        ("--timings ws://host/", "`-t=relative`"),
        ("--headers a:b,c:d ws://host/", "`-H 'NAME: VALUE'`"),
        ("-sk wss://host/", "`-q`"),
        ("--url ws://host/", "leave it out"),
        ("listen --port 9002", "`wscope listen 8080`"),
        ("--json {} ws://host/", "`--output json`"),
        ("-sS ws://host/", "`-q`"),
        ("-sSL ws://host/", "`-q`"),
        ("-s ws://host/", "`-q`"),
        ("--silent ws://host/", "`-q`"),
        ("--http1.1 ws://host/", "HTTP/1.1"),
        ("-f ws://host/", "exit status"),
        ("-D - ws://host/", "`-v`"),
        ("-i ws://host/", "`-v`"),
        ("-i -N ws://host/", "`-v`"),
        ("-iN ws://host/", "`-v`"),
        ("-N -i ws://host/", "`-v`"),
        ("-X GET ws://host/", "always a GET"),
        ("--no-buffer ws://host/", "leave it out"),
        ("-T . ws://host/", "`< FILE`"),
        ("--output out.txt ws://host/", "`> FILE`"),
    ]);
}

#[test]
fn slips_are_answered_with_what_was_meant() {
    answered(&[
        ("ws://host/ hello", "`-x MESSAGE`"),
        ("demo hello", "argument 2 is one too many"),
        ("ws://host/ ws://other/", "there is one URL"),
        ("-trelative ws://host/", "`-t=relative`"),
        ("-tutc ws://host/", "`-t=utc`"),
        ("-tlocal ws://host/", "`-t=local`"),
        ("-t relative ws://host/", "`-t=...`"),
        ("-s a,b ws://host/", "`-s A -s B`"),
        ("--protocol a,b ws://host/", "`-s A -s B`"),
    ]);
    assert!(!answer("-Q ws://host/").contains("-- -Q"));
    let version = parse("listen --version").expect_err("the version is printed");
    assert_eq!(version.to_string(), parse("--version").expect_err("the version is printed").to_string());
}

#[test]
fn a_folder_in_the_place_of_a_unix_socket_is_told_as_that() {
    let output = Wscope::new().args(["--unix-socket", env!("CARGO_MANIFEST_DIR"), "ws://host/"]).run();
    output.exits(3).says("is a folder");
}
