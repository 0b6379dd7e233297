//! TLS between clients and `wscope tap`.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use crate::listen::{listening_at, stop};
use crate::support::certificates::Authority;
use crate::support::head::response;
use crate::support::program::Running;
use crate::support::{Connection, Wscope, serve};

/// Starts a tap that speaks TLS, with its data in `data`.
fn secure_tap(data: &TempDir, flags: &[&str], url: &str) -> (Running, SocketAddr) {
    let wscope = Wscope::new().env("XDG_DATA_HOME", data.path()).args(["tap", "0"]).arg(url);
    let program = wscope.args(flags.iter().copied()).spawn();
    let address = listening_at(&program, " at wss://");
    (program, address)
}

#[test]
fn an_authority_is_made_once_and_who_trusts_it_is_served() {
    let server = serve(|mut connection| {
        let request = connection.accept();
        connection.echo_until_close();
        request.0
    });
    let data = TempDir::new().unwrap();
    let (authority, secret) = (data.path().join("wscope/ca.pem"), data.path().join("wscope/authority.pem"));
    let (first, _) = secure_tap(&data, &["--tls"], &server.url());
    first.wait_stderr("curl --cacert ");
    first.wait_stderr("certutil -d sql:$HOME/.pki/nssdb -D -n ");
    stop(first);
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let made = fs::read(&authority).unwrap();
    let (program, address) = secure_tap(&data, &["--tls"], &server.url());
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("wss://{host}:{}/", address.port());
        let origin = format!("https://{host}:{}", address.port());
        let session = Wscope::new().args(["-x", "over TLS", "-o", &origin, "-w", "0.2", "--cacert"]).arg(&authority);
        session.arg(url).run().exits(0).prints("over TLS\n");
        let request = server.outcome();
        assert!(request.contains(&format!("\r\nOrigin: http://127.0.0.1:{}\r\n", server.port())), "{request}");
    }
    assert_eq!(fs::read(&authority).unwrap(), made);
    let output = stop(program);
    assert!(!output.stderr.contains("certutil"), "{}", output.stderr);
}

#[test]
fn a_certificate_of_the_users_own_is_shown() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.echo_until_close();
    });
    let (data, authority) = (TempDir::new().unwrap(), Authority::new());
    let (certificate, key) = authority.files_of(&authority.issue());
    let flags = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let (program, address) = secure_tap(&data, &flags, &server.url());
    let session = Wscope::new().args(["-x", "hello", "-w", "0.2", "--cacert"]).arg(authority.file());
    session.arg(format!("wss://localhost:{}/", address.port())).run().exits(0).prints("hello\n");
    assert!(fs::read_dir(data.path()).unwrap().next().is_none());
    stop(program);
}

#[test]
fn what_others_may_read_is_no_authority() {
    let data = TempDir::new().unwrap();
    let server = serve(|mut connection| connection.send(response("200 OK", "", "")));
    let (program, _) = secure_tap(&data, &["--tls"], &server.url());
    stop(program);
    let secret = data.path().join("wscope/authority.pem");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let wscope = Wscope::new().env("XDG_DATA_HOME", data.path()).args(["tap", "0", "--tls"]).arg(server.url());
    wscope.run().exits(2).says("other users may read or change it").says("mode 0600");
}

#[test]
fn a_plain_client_of_a_secure_tap_is_told() {
    let server = serve(|mut connection| connection.send(response("200 OK", "", "")));
    let data = TempDir::new().unwrap();
    let (program, address) = secure_tap(&data, &["--tls"], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    client.rest();
    program.wait_stderr("TLS");
    stop(program);
}
