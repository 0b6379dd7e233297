//! Servers with which nothing is wrong.

use std::os::unix::net::UnixListener;
use std::thread;

use super::rude::{accept, polite};
use super::{Report, check};
use crate::support::certificates::Authority;
use crate::support::server::serve_tls;
use crate::support::{Connection, Frame, Server, serve, websocket};

#[track_caller]
fn is_green(url: &str, flags: &[&str]) -> Report {
    let output = check(url, flags).args(["--strict", "--output", "json"]).run();
    output.exits(0);
    let report = Report::of(&output);
    let bad: Vec<_> = report.of_type("step").filter(|step| step["status"] != "ok").collect();
    assert!(bad.is_empty() && report.first_finding().is_none(), "{output:?}");
    let with_alpn = if url.starts_with("wss:") { 2 } else { 1 };
    assert_eq!(report.of_type("result").next().unwrap()["connections"], with_alpn);
    report
}

fn polite_server(before: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        let request = connection.request();
        connection.send(request.acceptance(""));
        before(&mut connection);
        polite(&mut connection);
    })
}

#[test]
fn tungstenite() {
    let server = websocket::echo();
    is_green(&server.url(), &[]);
    assert_eq!(server.outcome().messages, []);
}

#[test]
fn a_server_that_echoes_the_probe() {
    let server = websocket::echo();
    is_green(&server.url(), &["--probe", "hello"]);
    assert_eq!(server.outcome().texts(), ["hello"]);
}

#[test]
fn a_server_with_tls() {
    let authority = Authority::new();
    for config in [authority.issue().config(), authority.issue().tls12_config()] {
        let server = serve_tls(config, |mut connection| {
            let request = connection.request();
            accept(&mut connection, &request);
        });
        let report = is_green(&server.url(), &["--cacert", authority.file().to_str().unwrap()]);
        let tls = report.of_type("step").find(|step| step["name"] == "tls").unwrap();
        assert!(tls["what"].as_str().unwrap().contains("localhost, 1 certificate, "), "{tls}");
    }
}

#[test]
fn a_server_that_speaks_a_subprotocol() {
    let server = serve(|mut connection| {
        let request = connection.request();
        accept(&mut connection, &request);
    });
    is_green(&server.url(), &["-s", "chat", "-s", "superchat"]);
}

#[test]
fn a_server_without_extensions() {
    is_green(&polite_server(|_| {}).url(), &["--no-deflate"]);
}

#[test]
fn a_server_that_speaks_first() {
    is_green(
        &polite_server(|connection| (0..100).for_each(|_| connection.send_frame(&Frame::text("news")))).url(),
        &[],
    );
}

#[test]
fn a_server_that_pings_us() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::ping("are you there"));
        assert_eq!(connection.frame().payload, b"wscope check");
        connection.send_frame(&Frame::pong("wscope check"));
        assert_eq!(connection.frame().payload, b"are you there");
        connection.answer_close();
    });
    is_green(&server.url(), &[]);
    server.outcome();
}

#[test]
fn a_server_that_fragments_and_compresses() {
    let server = serve(|mut connection| {
        let request = connection.request();
        connection.send(request.acceptance("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        // `Hello`, as RFC 7692 section 7.2.3.1 has it.
        connection.send([0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
        connection.send_frame(&Frame::text("frag").more());
        connection.send_frame(&Frame::continuation("ment"));
        polite(&mut connection);
    });
    is_green(&server.url(), &[]);
}

#[test]
fn a_server_that_drips_its_answer() {
    let server = serve(|mut connection| {
        let request = connection.request();
        connection.drip(request.acceptance(""));
        polite(&mut connection);
    });
    is_green(&server.url(), &[]);
}

#[test]
fn a_server_of_localhost_that_has_one_family() {
    let server = polite_server(|_| {});
    is_green(&format!("ws://localhost:{}/", server.port()), &[]);
}

#[test]
fn a_server_behind_a_redirect_that_is_followed() {
    let server = polite_server(|_| {});
    let redirect = super::rude::answers("307 x", &format!("Location: {}/elsewhere\r\n", server.url()), "");
    let output = check(&redirect.url(), &["-L", "--strict", "--output", "json"]).run();
    output.exits(0);
    assert_eq!(Report::of(&output).of_type("result").next().unwrap()["connections"], 2);
}

#[test]
fn a_server_at_a_unix_domain_socket() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let url = format!("ws+unix:{}:/chat", path.display());
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        serve_once(&mut socket);
    });
    is_green(&url, &[]);
    server.join().unwrap();
}

/// Accepts, answers a ping and the Close.
fn serve_once(socket: &mut std::os::unix::net::UnixStream) {
    let mut session = tungstenite::accept(socket).expect("a proper upgrade");
    while session.read().is_ok() {}
}
