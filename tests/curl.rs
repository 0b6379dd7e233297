//! `wscope curl …`: what a browser's network panel copies.
//!
//! `tests/curl/chromium` has what the network panel of Chromium 156 gave for three WebSockets (driven headless: the page
//! opened them, and its own `generateCurlCommand` made the texts). `tests/curl/firefox` has what the code of Firefox
//! makes of the headers that it sends; no Firefox was at hand. The `.head` files are what curl 7.88 sends for each, over
//! HTTP. `PORT` stands for the port in all of them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::head::Request;
use crate::support::{Frame, Server, Wscope, serve};

/// The texts, without the ending of their files.
const COPIED: [&str; 6] =
    ["chromium/plain", "chromium/glob", "chromium/subprotocol", "firefox/plain", "firefox/glob", "firefox/subprotocol"];

/// What each side adds of its own: the handshake, and what curl accepts.
const OF_ITS_OWN: [&str; 6] = [
    "Upgrade: ",
    "Connection: ",
    "Sec-WebSocket-Key: ",
    "Sec-WebSocket-Version: ",
    "Sec-WebSocket-Extensions: ",
    "Accept: */*",
];

fn kept(name: &str, ending: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/curl").join(format!("{name}.{ending}"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The request line, and the headers that both send, in the order of the alphabet; `PORT` for the port.
fn common(request: &Request, port: u16) -> Vec<String> {
    let mut lines = request.header_lines();
    lines.retain(|line| !OF_ITS_OWN.iter().any(|own| line.starts_with(own)));
    lines.sort_unstable();
    lines.insert(0, request.line());
    lines.iter().map(|line| line.replace(&format!(":{port}"), ":PORT")).collect()
}

fn accepting() -> Server<Request> {
    serve(|mut connection| {
        let request = connection.accept();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        request
    })
}

#[test]
fn the_request_is_the_one_that_curl_sends() {
    for name in COPIED {
        let server = accepting();
        let wscope = Wscope::new();
        // As a person does: the word in front, and flags of ours behind.
        let text = kept(name, "txt").replace("PORT", &server.port().to_string());
        let typed = format!("exec \"$1\" {} -- --no-input\n", text.trim_end());
        let file = wscope.home().join("typed");
        fs::write(&file, typed).unwrap();
        wscope.arg(file).under_shell(r#"exec bash "$1" "$0""#).run().exits(0).never_says("ignored");
        let curls = Request(kept(name, "head").replace('\n', "\r\n"));
        assert_eq!(common(&server.outcome(), server.port()), common(&curls, 0), "{name}");
    }
}

/// Where curl is installed: the heads that are kept are what it sends. (It need not know `ws`.)
#[test]
fn the_heads_that_are_kept_are_those_of_curl() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        return;
    }
    for name in COPIED {
        let server = serve(|mut connection| {
            let request = connection.request();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            request
        });
        let text = kept(name, "txt").replace("ws://", "http://").replace("PORT", &server.port().to_string());
        let line = format!("{} --silent --noproxy '*' --disable", text.trim_end());
        assert!(Command::new("bash").args(["-c", &line]).status().expect("bash runs").success(), "{name}");
        let curls = Request(kept(name, "head").replace('\n', "\r\n"));
        assert_eq!(common(&server.outcome(), server.port()), common(&curls, 0), "{name}");
    }
}

#[test]
fn what_is_ignored_is_told_and_what_is_unknown_is_an_error() {
    let server = accepting();
    let words = ["curl", &server.url(), "--compressed", "-X", "GET", "-H", "Sec-WebSocket-Key: x", "--", "-N"];
    let output = Wscope::new().args(words).run();
    output.exits(0).says("ignored, as it means nothing for a WebSocket: `--compressed`, `-X, --request`");
    assert_ne!(server.outcome().header("Sec-WebSocket-Key"), Some("x"));
    // Its own `-q` reads no `.curlrc`, and ours says less.
    let words = ["curl", &server.url(), "-q", "--compressed", "--", "-N"];
    Wscope::new().args(words).run().exits(0).says("`-q, --disable`, `--compressed`");
    Wscope::new().args(words).arg("-q").run().exits(0).never_says("ignored");
    let output = Wscope::new().args(["curl", "ws://127.0.0.1:1/", "--compresed"]).run();
    output.exits(2).says("did you mean `--compressed`?");
}
