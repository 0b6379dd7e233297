//! wscat's own command lines: one for each option of `wscat --help` (6.1).

use std::fs;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::certificates::{Authority, Identity};
use crate::support::proxy::{Protocol, leading_to};
use crate::support::server::{serve_tls, unused_port};
use crate::support::terminal::key;
use crate::support::websocket::Seen;
use crate::support::{Connection, Frame, Wscope, serve, websocket};

/// What an echoing peer sees of `wscat ARGUMENTS -x hi -w 0 -c URL`.
#[track_caller]
fn seen_with(arguments: &[&str]) -> Seen {
    let server = websocket::echo();
    let wscope = Wscope::new().args(arguments).args(["-x", "hi", "-w", "0", "-c"]);
    wscope.arg(server.url()).run().exits(0).prints("hi\n");
    server.outcome()
}

fn echo(mut connection: Connection) -> Option<u16> {
    connection.accept();
    connection.echo_until_close()
}

#[test]
fn version() {
    for flag in ["-V", "--version"] {
        let output = Wscope::new().arg(flag).run();
        output.exits(0);
        assert!(output.stdout.starts_with(concat!("wscope ", env!("CARGO_PKG_VERSION")).as_bytes()), "{output:?}");
    }
}

#[test]
fn help() {
    for flag in ["-h", "--help"] {
        let output = Wscope::new().arg(flag).run();
        output.exits(0);
        let lines = String::from_utf8_lossy(&output.stdout).lines().count();
        assert!((20..=48).contains(&lines), "two screens of 24 lines: {lines}");
    }
}

#[test]
fn connect() {
    let server = websocket::echo();
    Wscope::new().args(["--connect", &server.url(), "-x", "hi", "-w", "0"]).run().exits(0).prints("hi\n");
    let server = websocket::echo();
    let without_scheme = server.address().to_string();
    Wscope::new().args(["-c", &without_scheme, "-x", "hi", "-w", "0"]).run().exits(0).prints("hi\n");
}

#[test]
fn either_connect_or_listen() {
    Wscope::new().args(["-l", "8080", "-c", "ws://127.0.0.1:1/"]).run().exits(2).says("--listen");
}

#[test]
fn auth() {
    let seen = seen_with(&["--auth", "Aladdin:open sesame"]);
    assert_eq!(seen.header("authorization"), ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]);
}

#[test]
fn ca() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), echo);
    let wscope = Wscope::new().arg("--ca").arg(authority.file()).args(["-x", "hi", "-w", "0", "-c"]);
    wscope.arg(server.url()).run().exits(0).prints("hi\n");
}

#[test]
fn cert_and_key() {
    let authority = Authority::new();
    let (certificate, key) = authority.files_of(&authority.issue_for_client());
    let server = serve_tls(authority.client_demanding_config(&authority.issue()), echo);
    let wscope = Wscope::new().arg("--ca").arg(authority.file()).arg("--cert").arg(certificate).arg("--key").arg(key);
    wscope.args(["-x", "hi", "-w", "0", "-c"]).arg(server.url()).run().exits(0).prints("hi\n");
}

/// A key, and the same under the passphrase "sesame".
const KEY: &str = include_str!("certificates/client.key");
const ENCRYPTED_KEY: &str = include_str!("certificates/client_encrypted.key");

#[test]
fn passphrase() {
    let authority = Authority::new();
    let (certificate, key) = authority.files_of(&authority.issue_for_client_with(KEY));
    let encrypted = authority.write("encrypted.key", ENCRYPTED_KEY);
    let with_key = |key| {
        let wscope = Wscope::new().arg("--ca").arg(authority.file()).arg("--cert").arg(&certificate);
        wscope.arg("--key").arg(key).args(["-x", "hi", "-w", "0"])
    };
    // A passphrase for a key that needs none does no harm.
    for key in [&encrypted, &key] {
        let server = serve_tls(authority.client_demanding_config(&authority.issue()), echo);
        let url = server.url();
        with_key(key).args(["--passphrase", "sesame", "-c", &url]).run().exits(0).prints("hi\n");
    }
    // Without a value it is asked for.
    let server = serve_tls(authority.client_demanding_config(&authority.issue()), echo);
    let url = server.url();
    let mut terminal = with_key(&encrypted).args(["--passphrase", "-c", &url]).terminal(24, 80);
    terminal.wait("Passphrase of");
    terminal.enter("sesame");
    terminal.exits(0);
    assert_eq!(server.outcome(), Ok(Some(1000)));
    assert!(!terminal.screen().contains("sesame"));
}

#[test]
fn proxy() {
    let server = websocket::echo();
    let proxy = leading_to(Protocol::Connect, server.address()).start();
    let with_scheme = proxy.url("http", None);
    let without = with_scheme.trim_start_matches("http://").to_owned();
    for proxy in [&with_scheme, &without] {
        let wscope = Wscope::new().args(["--proxy", proxy, "-x", "hi", "-w", "0", "-c", "ws://host.invalid/"]);
        wscope.run().exits(0).prints("hi\n");
    }
    assert!(proxy.asked().iter().all(|asked| asked.target == "host.invalid:80"), "{:?}", proxy.asked());
}

#[test]
fn protocol() {
    for flag in ["-p", "--protocol"] {
        assert_eq!(seen_with(&[flag, "13"]).header("sec-websocket-protocol"), Vec::<String>::new());
        // wscat speaks version 8 too, a draft of the standard.
        Wscope::new().args([flag, "8", "-c", "ws://127.0.0.1:1/"]).run().exits(2).says("13 is the only one");
    }
}

#[test]
fn host() {
    assert_eq!(seen_with(&["--host", "example.org"]).header("host"), ["example.org"]);
}

#[test]
fn location_and_max_redirects() {
    let server = serve(|mut connection| {
        let request = connection.request();
        if request.line() == "GET /there HTTP/1.1" {
            connection.send(request.acceptance(""));
            connection.echo_until_close();
        } else {
            connection.send("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
        }
    });
    for flags in [&["-L", "--max-redirects", "1"][..], &["--max-redirects", "--location"], &["--max-redirects=1", "-L"]]
    {
        let wscope = Wscope::new().args(flags).args(["-x", "hi", "-w", "0", "-c"]);
        wscope.arg(server.url()).run().exits(0).prints("hi\n");
    }
    Wscope::new().args(["-L", "--max-redirects", "0", "-c"]).arg(server.url()).run().exits(5).says("--max-redirs");
}

#[test]
fn no_color() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("hello"));
        connection.answer_close()
    });
    let mut terminal = Wscope::new().args(["--no-color", "-c"]).arg(server.url()).terminal(24, 80);
    terminal.wait("< hello");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains("\x1b[3") && !raw.contains("\x1b[9"), "{raw:?}");
}

#[test]
fn slash() {
    let server = serve(|mut connection| {
        connection.accept();
        let ping = connection.frame();
        connection.send_frame(&Frame::pong(&ping.payload));
        (ping.as_text().to_owned(), connection.frame().as_text().to_owned(), connection.close_frame())
    });
    let mut terminal = Wscope::new().args(["--slash", "-P", "-c"]).arg(server.url()).terminal(24, 80);
    terminal.wait("Connected");
    terminal.enter("/ping one");
    terminal.wait("Received pong");
    terminal.enter("/pong two");
    terminal.enter("/close 4000 that will do");
    assert_eq!(server.outcome(), ("one".into(), "two".into(), (Some(4000), "that will do".into())));
    terminal.wait("Disconnected");
    terminal.press(key::CTRL_D);
    terminal.wait_end();
}

#[test]
fn header() {
    let seen = seen_with(&["-H", "X-One:1", "--header", "X-Two: 2"]);
    assert_eq!((seen.header("x-one"), seen.header("x-two")), (vec!["1"], vec!["2"]));
}

#[test]
fn listen() {
    for arguments in [&["-l"][..], &["--host", "127.0.0.1", "--listen"]] {
        let port = unused_port();
        let program = Wscope::new().args(arguments).arg(port.to_string()).spawn();
        program.wait_stderr(&port.to_string());
        let (mut client, _) = Connection::open(([127, 0, 0, 1], port).into());
        client.send_frame(&Frame::text("hello"));
        program.wait_stdout("hello\n");
        program.signal(Signal::SIGINT);
        program.finish().exits(130);
    }
}

#[test]
fn no_check() {
    for flag in ["-n", "--no-check"] {
        let server = serve_tls(Identity::self_signed().config(), echo);
        let wscope = Wscope::new().args([flag, "-x", "hi", "-w", "0", "-c"]);
        wscope.arg(server.url()).run().exits(0).prints("hi\n");
    }
}

#[test]
fn no_check_without_connect_verifies_all_the_same() {
    let server = serve_tls(Identity::self_signed().config(), echo);
    Wscope::new().args(["-n1", "-x", "hi"]).arg(server.url()).run().exits(4).says("certificate");
}

#[test]
fn a_proxy_after_x_is_another_tools_habit() {
    Wscope::new().args(["-x", "http://proxy:3128", "ws://127.0.0.1:1/"]).run().exits(2).says("--execute");
}

#[test]
fn origin() {
    assert_eq!(seen_with(&["-o", "https://example.org"]).header("origin"), ["https://example.org"]);
    assert_eq!(seen_with(&["--origin", "https://example.org"]).header("origin"), ["https://example.org"]);
}

#[test]
fn an_origin_that_is_none_is_noted() {
    let server = websocket::echo();
    let output = Wscope::new().args(["-o", "out.txt", "-x", "hi", "-w", "0"]).arg(server.url()).run();
    output.exits(0).says("out.txt");
    assert!(!fs::exists("out.txt").unwrap());
}

#[test]
fn show_ping_pong() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::ping(""));
        connection.answer_close()
    });
    let output = Wscope::new().args(["-P", "-w", "0", "-c"]).arg(server.url()).run();
    output.exits(0).says("Received ping");
}

#[test]
fn subprotocol() {
    let server = websocket::echo_with_subprotocol("one");
    let wscope = Wscope::new().args(["-s", "one", "--subprotocol", "two", "-x", "hi", "-w", "0", "-c"]);
    wscope.arg(server.url()).run().exits(0);
    assert_eq!(server.outcome().header("sec-websocket-protocol").join(", "), "one, two");
}

#[test]
fn wait() {
    for arguments in [["-w", "0"], ["--wait", "0"]] {
        let server = websocket::echo();
        Wscope::new().args(["-x", "hi"]).args(arguments).arg("-c").arg(server.url()).run().exits(0).prints("hi\n");
    }
    // It is held open until the server closes.
    let server = serve(|mut connection| {
        connection.accept();
        let frame = connection.frame();
        connection.send_frame(&frame.unmasked());
        thread::sleep(Duration::from_secs(3));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame()
    });
    Wscope::new().args(["-x", "hi", "-w", "-1", "-c"]).arg(server.url()).run().exits(0).prints("hi\n");
}

#[test]
fn execute() {
    let server = websocket::echo();
    let wscope = Wscope::new().args(["-x", "one", "--execute", "two", "-w", "0", "-c"]);
    wscope.arg(server.url()).run().exits(0).prints("one\ntwo\n");
}
