//! Where the socket goes: other addresses, other ports, Unix domain sockets.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::support::certificates::Authority;
use crate::support::program::Running;
use crate::support::server::{serve_tls, unused_port};
use crate::support::{Wscope, websocket};

/// Asks for `host` with these arguments, in which `PORT` is that of the server; what the server saw of it.
#[track_caller]
fn seen_at(arguments: &[&str], url: &str) -> websocket::Seen {
    let server = websocket::echo();
    let port = server.port().to_string();
    let words = arguments.iter().map(|word| word.replace("PORT", &port));
    Wscope::new().args(words).args(["-1", "-x", "hi"]).arg(url.replace("PORT", &port)).run().exits(0).prints("hi\n");
    server.outcome()
}

#[test]
fn a_given_address_takes_the_place_of_a_lookup() {
    let seen = seen_at(&["--resolve", "nowhere.invalid:PORT:127.0.0.1"], "ws://nowhere.invalid:PORT/");
    assert!(seen.header("host")[0].starts_with("nowhere.invalid:"), "{seen:?}");
    seen_at(&["--resolve", "*:PORT:[::1],127.0.0.1"], "ws://nowhere.invalid:PORT/");
}

#[test]
fn an_address_that_is_given_is_told_with_v() {
    let server = websocket::echo();
    let pin = format!("nowhere.invalid:{}:127.0.0.1", server.port());
    let url = format!("ws://nowhere.invalid:{}/", server.port());
    let output = Wscope::new().args(["-v", "-1", "-x", "hi", "--resolve", &pin, &url]).run();
    output.exits(0).says("--resolve: the addresses of `nowhere.invalid:").says("nowhere.invalid: 127.0.0.1");
}

#[test]
fn a_connection_goes_to_another_host_and_port() {
    let seen = seen_at(&["--connect-to", "example.com:80:127.0.0.1:PORT"], "ws://example.com/x");
    assert_eq!((seen.header("host"), seen.target.as_str()), (vec!["example.com"], "/x"));
    seen_at(&["--connect-to", "::127.0.0.1:PORT", "--resolve", "example.com:80:192.0.2.1"], "ws://example.com/");
}

#[test]
fn tls_asks_for_the_name_of_the_url_wherever_the_socket_goes() {
    let authority = Authority::new();
    let identity = authority.issue_for("service.example");
    let server = serve_tls(identity.config(), |mut connection| {
        connection.accept();
        connection.echo_until_close()
    });
    let rule = format!("::127.0.0.1:{}", server.port());
    let wscope = Wscope::new().arg("--cacert").arg(authority.file()).args(["--connect-to", &rule]);
    wscope.args(["-1", "-x", "hi", "wss://service.example/"]).run().exits(0).prints("hi\n");
}

#[test]
fn a_failure_names_where_it_went_and_why() {
    let port = unused_port();
    let rule = format!("example.com:80:127.0.0.1:{port}");
    let output = Wscope::new().args(["-N", "--connect-to", &rule, "ws://example.com/"]).run();
    output.exits(3).says(&format!("cannot connect to `127.0.0.1:{port}`"));
    output.says("`--connect-to` puts it in the place of `example.com:80`");
}

#[test]
fn one_family_alone_is_tried() {
    let seen = seen_at(&["-v", "-4"], "ws://localhost:PORT/");
    assert_eq!(seen.texts(), ["hi"]);
    let output = Wscope::new().args(["-N", "-6", "ws://127.0.0.1:9/"]).run();
    output.exits(3).says("`127.0.0.1:9` has no IPv6 address, and `-6` wants one");
    // The last one counts, as in curl.
    seen_at(&["-6", "-4"], "ws://127.0.0.1:PORT/");
}

/// Starts a server at a Unix socket.
fn listening(arguments: &[&str], address: &str) -> Running {
    let program = Wscope::new().args(["listen", "--echo"]).args(arguments).arg(format!("unix:{address}")).spawn();
    program.wait_stderr("press Ctrl-C");
    program
}

fn stop(program: Running) {
    program.signal(Signal::SIGTERM);
    program.finish().exits(143);
}

/// A path for a socket; short enough wherever the tests run.
fn place() -> (TempDir, String) {
    let folder = TempDir::new_in("/tmp").unwrap();
    let path = folder.path().join("s").to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_unix_socket_is_served_and_reached_in_every_spelling() {
    let (_folder, path) = place();
    let server = listening(&["-v"], &path);
    server.wait_stderr(&format!("Listening on ws+unix:{path}:/ for this user alone (mode 0600; "));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for url in [
        format!("ws+unix:{path}:/a?b=c:/d"),
        format!("ws+unix://{path}:/a?b=c:/d"),
        format!("WS+UNIX:{path}:/a?b=c:/d"),
    ] {
        let output = Wscope::new().args(["-v", "-1", "-x", "hi", &url]).run();
        output
            .exits(0)
            .prints("hi\n")
            .says("GET /a?b=c:/d HTTP/1.1")
            .says("Host: localhost")
            .says(&format!("unix:{path}"));
    }
    let output = Wscope::new().args(["-v", "-1", "-x", "hi", "--unix-socket", &path, "ws://example.com:8080/x"]).run();
    output.exits(0).prints("hi\n").says("Host: example.com:8080");
    output.says(&format!("--unix-socket: `example.com:8080` is at `{path}`"));
    Wscope::new().args(["-1", "-x", "hi", "-c", &format!("ws+unix:{path}")]).run().exits(0).prints("hi\n");
    stop(server);
    assert!(!Path::new(&path).exists());
}

#[test]
fn a_unix_socket_is_reached_without_a_proxy() {
    let (_folder, path) = place();
    let server = listening(&[], &path);
    for url in [&["--unix-socket", path.as_str(), "ws://example.com/"][..], &[&format!("ws+unix:{path}:/")]] {
        let wscope = Wscope::new().env("ALL_PROXY", "http://127.0.0.1:1").args(["-1", "-x", "hi"]);
        wscope.args(url.iter().copied()).run().exits(0).prints("hi\n");
    }
    stop(server);
}

#[test]
fn the_events_name_the_socket() {
    let (_folder, path) = place();
    let server = listening(&[], &path);
    let url = format!("ws+unix:{path}:/");
    let output = Wscope::new().args(["--output", "json", "-1", "-x", "hi", &url]).run();
    output.exits(0);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.contains(&format!(r#""address":"unix:{path}""#)) && stdout.contains(&url), "{stdout}");
    stop(server);
}

#[test]
fn tls_goes_through_a_unix_socket() {
    let (_folder, path) = place();
    let authority = Authority::new();
    let (certificate, key) = authority.files_of(&authority.issue());
    let [certificate, key] = [certificate.to_str().unwrap(), key.to_str().unwrap()];
    let server = listening(&["--cert", certificate, "--key", key], &path);
    let wscope = Wscope::new().arg("--cacert").arg(authority.file());
    wscope.args(["-1", "-x", "hi", &format!("wss+unix:{path}:/")]).run().exits(0).prints("hi\n");
    stop(server);
}

#[test]
fn a_socket_without_a_file_is_served_to_every_user() {
    let (_folder, path) = place();
    let name = format!("@{path}");
    let server = listening(&[], &name);
    server.wait_stderr("for every user of this machine");
    let output = Wscope::new().args(["-1", "-x", "hi", "--unix-socket", &name, "localhost"]).run();
    output.exits(0).prints("hi\n");
    let output = Wscope::new().args(["listen", &format!("unix:{name}")]).run();
    output.exits(3).says("another program listens there");
    stop(server);
}

#[test]
fn a_socket_file_that_was_left_behind_is_replaced_and_no_other() {
    let (folder, path) = place();
    drop(UnixListener::bind(&path).unwrap());
    Wscope::new().args(["-N", "--unix-socket", &path, "localhost"]).run().exits(3).says("nothing listens there");
    let server = listening(&[], &path);
    Wscope::new().args(["listen", &format!("unix:{path}")]).run().exits(3).says("another program listens there");
    Wscope::new().args(["-1", "-x", "hi", &format!("ws+unix:{path}:/")]).run().exits(0).prints("hi\n");
    stop(server);
    fs::write(&path, "kept").unwrap();
    Wscope::new().args(["listen", &format!("unix:{path}")]).run().exits(3).says("a file is there that is no socket");
    assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
    let nowhere = folder.path().join("none/s").to_str().unwrap().to_owned();
    Wscope::new().args(["listen", &format!("unix:{nowhere}")]).run().exits(3).says("has to be there");
    Wscope::new().args(["-N", "--unix-socket", &nowhere, "localhost"]).run().exits(3).says("is the path right?");
}

#[test]
fn a_server_at_a_unix_socket_that_never_answers_is_given_up() {
    let (_folder, path) = place();
    let listener = UnixListener::bind(&path).unwrap();
    let kept = thread::spawn(move || listener.accept().unwrap());
    let output = Wscope::new().args(["-N", "--connect-timeout", "0.2", &format!("ws+unix:{path}:/")]).run();
    output.exits(7).says(&path);
    drop(kept.join());
}

#[test]
fn a_url_of_a_unix_socket_that_is_none_is_refused() {
    for url in ["ws+unix:", "ws+unix::/x", "ws+unix://host/path:/x"] {
        Wscope::new().args(["-N", url]).run().exits(2).says("ws+unix:/path/of/the/socket:/resource");
    }
}

#[test]
fn a_binary_message_of_a_mebibyte_comes_back_through_a_unix_socket() {
    let (_folder, path) = place();
    let server = listening(&[], &path);
    let bytes: Vec<u8> = (0..1 << 20).map(|index: u32| index.to_le_bytes()[1]).collect();
    let output =
        Wscope::new().args(["-b", "--input", "whole", "-1", &format!("ws+unix:{path}:/")]).stdin(bytes.clone()).run();
    output.exits(0);
    assert!(output.stdout == bytes);
    stop(server);
}
