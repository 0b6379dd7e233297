//! `wscope tap` as an HTTP proxy.

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use tempfile::TempDir;

use crate::listen::{listening_at, stop};
use crate::support::certificates::Authority;
use crate::support::connection::UPGRADE_REQUEST;
use crate::support::head::response;
use crate::support::program::{Output, Running};
use crate::support::server::{serve_tls, unused_port};
use crate::support::{Connection, Frame, Server, Wscope, serve};

/// A proxy that runs, and what it keeps.
struct Proxy {
    program: Running,
    address: SocketAddr,
    data: TempDir,
}

impl Proxy {
    fn new(flags: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let wscope = Wscope::new().env("XDG_DATA_HOME", data.path()).args(["tap", "0"]);
        let program = wscope.args(flags.iter().copied()).spawn();
        let address = listening_at(&program, " at http://");
        Self { program, address, data }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What clients have to trust that are decrypted.
    fn authority(&self) -> PathBuf {
        self.data.path().join("wscope/ca.pem")
    }

    fn connect(&self) -> Connection {
        Connection::plain(TcpStream::connect(self.address).unwrap())
    }

    /// A session through it that sends one message.
    fn session(&self, message: &str, trusted: PathBuf, url: String) -> Output {
        let wscope = Wscope::new().args(["-x", message, "-w", "0.2", "--noproxy", "", "--proxy"]).arg(self.url());
        wscope.arg("--cacert").arg(trusted).arg(url).run()
    }
}

/// Echoes over TLS, with what `authority` has issued for `localhost`.
fn echo_over_tls(authority: &Authority) -> Server<Result<(), String>> {
    serve_tls(authority.issue().config(), |mut connection| {
        connection.accept();
        connection.echo_until_close();
    })
}

#[test]
fn requests_reach_the_servers_that_they_name() {
    let page = |body: &'static str| {
        serve(move |mut connection| {
            let request = connection.request();
            connection.send(response("200 OK", "", body));
            connection.rest();
            request.0
        })
    };
    let (one, other) = (page("one"), page("other"));
    let proxy = Proxy::new(&[]);
    let mut client = proxy.connect();
    for (server, body) in [(&one, "one"), (&other, "other")] {
        client.send(format!(
            "GET http://localhost:{}/path?q HTTP/1.1\r\nHost: elsewhere\r\nProxy-Authorization: Basic c2VjcmV0\r\n\
             Proxy-Connection: keep-alive\r\nX-Own: kept\r\n\r\n",
            server.port()
        ));
        assert!(client.head().starts_with("HTTP/1.1 200 OK"));
        assert_eq!(client.bytes(body.len()), body.as_bytes());
    }
    drop(client);
    for server in [one, other] {
        let expected = format!("GET /path?q HTTP/1.1\r\nHost: localhost:{}\r\nX-Own: kept\r\n\r\n", server.port());
        assert_eq!(server.outcome(), expected);
    }
    stop(proxy.program);
}

#[test]
fn a_plain_websocket_is_shown_in_a_tunnel_and_without_one() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.echo_until_close();
    });
    let proxy = Proxy::new(&[]);
    let url = format!("ws://localhost:{}/", server.port());
    let tunnel = Wscope::new().args(["-x", "in a tunnel", "-w", "0.2", "--noproxy", "", "--proxy"]).arg(proxy.url());
    tunnel.arg(url).run().exits(0).prints("in a tunnel\n");
    proxy.program.wait_stdout("[1] > in a tunnel\n[1] < in a tunnel\n");
    let mut client = proxy.connect();
    let absolute = format!("GET http://localhost:{}", server.port());
    client.send(UPGRADE_REQUEST.replacen("GET ", &absolute, 1));
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    drop(client);
    proxy.program.wait_stderr("[2] Connected (");
    stop(proxy.program);
}

/// The first bytes decide whether a tunnel is decoded, however they come.
#[test]
fn a_websocket_in_a_tunnel_is_seen_byte_by_byte() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.echo_until_close();
    });
    let proxy = Proxy::new(&[]);
    let mut client = proxy.connect();
    client.socket().set_nodelay(true).unwrap();
    client.send(format!("CONNECT localhost:{} HTTP/1.1\r\n\r\n", server.port()));
    client.head();
    client.drip(UPGRADE_REQUEST);
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.send_frame(&Frame::text("seen"));
    proxy.program.wait_stdout("[1] > seen\n[1] < seen\n");
    stop(proxy.program);
}

#[test]
fn a_server_may_be_the_first_to_speak_in_a_tunnel() {
    let server = serve(|mut connection| {
        connection.send("220 ready\r\n");
        assert_eq!(connection.rest(), b"QUIT\r\n");
        connection.send("221 bye\r\n");
    });
    let proxy = Proxy::new(&[]);
    let mut client = proxy.connect();
    client.send(format!("CONNECT localhost:{} HTTP/1.1\r\n\r\n", server.port()));
    client.head();
    assert_eq!(client.bytes(11), b"220 ready\r\n");
    client.send("QUIT\r\n");
    client.half_close();
    assert_eq!(client.rest(), b"221 bye\r\n");
    stop(proxy.program);
}

/// Browsers ask for a tunnel for `ws://` too, and the flag names a host, not a port.
#[test]
fn a_plain_websocket_of_a_host_that_is_named_is_shown() {
    let server = serve(|mut connection| {
        let mut first = [0];
        connection.socket().peek(&mut first).unwrap();
        if first == *b"\x16" {
            connection.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
            return;
        }
        connection.accept();
        connection.echo_until_close();
    });
    let proxy = Proxy::new(&["--intercept", "localhost"]);
    let tunnel = Wscope::new().args(["-x", "plain", "-w", "0.2", "--noproxy", "", "--proxy"]).arg(proxy.url());
    tunnel.arg(format!("ws://localhost:{}/", server.port())).run().exits(0).prints("plain\n");
    proxy.program.wait_stdout("[1] > plain\n[1] < plain\n");
    stop(proxy.program);
}

#[test]
fn a_request_behind_a_refused_upgrade_reaches_the_server_that_it_names() {
    let page = |body: &'static str| {
        serve(move |mut connection| {
            connection.request();
            connection.send(response("200 OK", "", body));
            connection.expect_end();
        })
    };
    let (one, other) = (page("one"), page("other"));
    let proxy = Proxy::new(&[]);
    let mut client = proxy.connect();
    for (server, body) in [(&one, "one"), (&other, "other")] {
        let h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
        client.send(format!("GET http://localhost:{}/ HTTP/1.1\r\nHost: localhost\r\n{h2c}\r\n", server.port()));
        client.head();
        assert_eq!(client.bytes(body.len()), body.as_bytes());
    }
    stop(proxy.program);
}

#[test]
fn a_host_that_is_named_is_decrypted_once_its_server_is_verified() {
    let authority = Authority::new();
    let server = echo_over_tls(&authority);
    let proxy = Proxy::new(&["--intercept", "localhost", "--cacert", authority.file().to_str().unwrap()]);
    let url = format!("wss://localhost:{}/", server.port());
    proxy.session("decrypted", proxy.authority(), url.clone()).exits(0).prints("decrypted\n");
    proxy.program.wait_stdout("[1] > decrypted\n[1] < decrypted\n");
    // The server's own certificate is not what it shows.
    proxy.session("x", authority.file(), url).exits(4);
    stop(proxy.program);
}

#[test]
fn a_host_that_is_not_named_shows_its_own_certificate() {
    let authority = Authority::new();
    let server = echo_over_tls(&authority);
    let proxy = Proxy::new(&["-v", "--intercept", "*.localhost", "--cacert", authority.file().to_str().unwrap()]);
    let url = format!("wss://localhost:{}/", server.port());
    proxy.session("hidden", authority.file(), url.clone()).exits(0).prints("hidden\n");
    proxy.session("x", proxy.authority(), url).exits(4);
    proxy.program.wait_stderr("which is not decrypted");
    stop(proxy.program).prints("");
}

#[test]
fn a_server_that_is_not_verified_never_looks_valid() {
    let authority = Authority::new();
    let expired = serve_tls(authority.issue_expired().config(), |_| ());
    let other_name = serve_tls(authority.issue_for("other.example").config(), |_| ());
    let stranger = serve_tls(Authority::new().issue().config(), |_| ());
    let proxy = Proxy::new(&["--intercept", "localhost", "--cacert", authority.file().to_str().unwrap()]);
    for (server, reason) in [(expired, "expired"), (other_name, "other.example"), (stranger, "not verified")] {
        let mut client = proxy.connect();
        client.send(format!("CONNECT localhost:{0} HTTP/1.1\r\nHost: localhost:{0}\r\n\r\n", server.port()));
        let answer = String::from_utf8(client.rest()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains(reason), "{answer}");
        proxy.program.wait_stderr(reason);
        server.outcome().unwrap_err();
    }
    stop(proxy.program);
}

#[test]
fn what_names_no_server_or_the_proxy_itself_is_refused() {
    let proxy = Proxy::new(&[]);
    let own = proxy.address;
    for (request, status, reason) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400", "this is a proxy"),
        ("GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400", "CONNECT"),
        (format!("GET http://{own}/ HTTP/1.1\r\nHost: {own}\r\n\r\n"), "502", "leads back to this tap"),
        (format!("CONNECT {own} HTTP/1.1\r\nHost: {own}\r\n\r\n"), "502", "leads back to this tap"),
        ("CONNECT h HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400", "CONNECT HOST:PORT"),
        ("CONNECT user@h:443 HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400", "CONNECT HOST:PORT"),
        ("CONNECT http://h:80/ HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400", "CONNECT HOST:PORT"),
        ("CONNECT :443 HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400", "CONNECT HOST:PORT"),
        ("CONNECT h:99999 HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "400", "CONNECT HOST:PORT"),
    ] {
        let mut client = proxy.connect();
        client.send(&request);
        let answer = String::from_utf8(client.rest()).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(reason), "{request}{answer}");
    }
    stop(proxy.program);
}

#[test]
fn a_proxy_does_not_ask_itself() {
    let port = unused_port();
    let own = format!("http://localhost:{port}");
    let program = Wscope::new().env("ALL_PROXY", &own).args(["tap", &port.to_string()]).spawn();
    let address = listening_at(&program, " at http://");
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send("GET http://192.0.2.1/ HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n");
    let answer = String::from_utf8(client.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("is this tap itself"), "{answer}");
    program.wait_stderr("--noproxy");
    stop(program);
}

#[test]
fn a_proxy_is_for_this_machine_and_prints_how_to_use_it() {
    let proxy = Proxy::new(&["--intercept", "example.com"]);
    assert!(proxy.address.ip().is_loopback());
    let (url, file) = (proxy.url(), proxy.authority().display().to_string());
    for line in [
        format!("--proxy-server={url} --proxy-bypass-list='<-loopback>' --ignore-certificate-errors-spki-list="),
        format!("HTTPS_PROXY={url} NODE_USE_ENV_PROXY=1 NODE_EXTRA_CA_CERTS={file} node"),
        format!("SSL_CERT_FILE={file} REQUESTS_CA_BUNDLE={file} python3"),
        format!("curl --proxy {url} --cacert {file}"),
    ] {
        proxy.program.wait_stderr(&line);
    }
    stop(proxy.program);
}

#[test]
fn what_is_for_one_server_is_refused_for_a_proxy() {
    for flags in [&["-H", "X: y"][..], &["-u", "a:b"], &["-k"], &["--tls"], &["--tls-cert", "x.pem"]] {
        Wscope::new().args(["tap", "0"]).args(flags.iter().copied()).run().exits(2);
    }
    Wscope::new().args(["tap", "0", "ws://h", "--intercept", "h"]).run().exits(2);
}
