//! What a proxy is told of us, and what it has to show.

use super::*;
use crate::support::certificates::{Authority, Identity};
use crate::support::server::serve_tls;

/// An HTTP proxy that wants a login.
fn wanting_a_login(server: &Server<String>) -> crate::support::proxy::Proxy {
    leading_to(Protocol::Connect, server.address()).wanting("ann:S3CRET").start()
}

#[test]
fn a_missing_password_is_asked_for_at_the_terminal() {
    let server = echo();
    let proxy = wanting_a_login(&server);
    let wscope = one_message(&proxy.url("http", None), "ws://host.invalid/").args(["--proxy-user", "ann"]);
    let mut terminal = wscope.terminal(24, 100);
    terminal.wait(&format!("Password of ann at the proxy {}:", proxy.address()));
    terminal.wait_until("keys are not shown", |_| !terminal.is_sane());
    terminal.enter("S3CRET");
    terminal.exits(0);
    assert!(!terminal.screen().contains("S3CRET"), "{}", terminal.screen());
    assert_eq!(proxy.asked()[0].login.as_deref(), Some("ann:S3CRET"));
}

#[test]
fn user_and_password_may_stand_in_a_file() {
    let server = echo();
    let proxy = wanting_a_login(&server);
    let wscope = one_message(&proxy.url("http", Some("bob:other")), "ws://host.invalid/");
    let file = wscope.home().join("login");
    std::fs::write(&file, "ann:S3CRET\n").expect("the folder can be written to");
    let output = wscope.arg("--proxy-user").arg(format!("@{}", file.display())).arg("-v").run();
    output.exits(0).prints("hi\n").never_says("S3CRET");
    // The flag counts before the URL.
    assert_eq!(proxy.asked()[0].login.as_deref(), Some("ann:S3CRET"));
}

#[test]
fn a_password_that_cannot_be_asked_for_is_told() {
    let output = one_message("http://127.0.0.1:1", "ws://host.invalid/").args(["--proxy-user", "ann"]).run();
    output.exits(2).says("Password of ann at the proxy 127.0.0.1:1");
}

#[test]
fn the_certificate_of_a_proxy_is_verified_apart_from_that_of_the_server() {
    let authority = Authority::new();
    let stranger = Identity::self_signed();
    let server = echo();
    let proxy = leading_to(Protocol::Connect, server.address()).over_tls(stranger.config()).start();
    let url = format!("https://localhost:{}", proxy.address().port());
    let run = |arguments: &[&str]| one_message(&url, "ws://host.invalid/").args(arguments.iter().copied()).run();
    let not_verified = format!("the proxy `localhost:{}` is not verified", proxy.address().port());
    for arguments in [&[][..], &["-k"], &["--cacert", authority.file().to_str().unwrap()]] {
        let output = run(arguments);
        output.exits(4).says(&not_verified).says("is self-signed").says("`--proxy-cacert FILE`");
    }
    let output = run(&["--proxy-insecure"]);
    output.exits(0).prints("hi\n").says("the proxy is not verified").says("is self-signed");
}

#[test]
fn an_insecure_proxy_makes_no_server_insecure() {
    let authority = Authority::new();
    let stranger = Identity::self_signed();
    let server = serve_tls(stranger.config(), |mut connection| connection.rest());
    let proxy = leading_to(Protocol::Connect, server.address()).over_tls(authority.issue().config()).start();
    let url = format!("https://localhost:{}", proxy.address().port());
    let output = one_message(&url, "wss://localhost/").arg("--proxy-insecure").run();
    output.exits(4).says("`localhost:443` is not verified").says("the way leads through the proxy");
}
