//! What the user meant for the server of the URL, and which other servers get it.

use std::sync::{Arc, OnceLock};

use super::*;
use crate::support::certificates::{Authority, Identity};
use crate::support::server::serve_tls;

/// The flags that give the first server everything there is to give.
const PERSONAL: [&str; 16] = [
    "-u",
    "ann:S3CRET",
    "-H",
    "X-Api-Key: S3CRET",
    "-H",
    "Host: first.example",
    "--cookie",
    "id=S3CRET",
    "-s",
    "chat",
    "-s",
    "bearer",
    "-s",
    "S3CRETS3CRETS3CRETS3CRETS3CRETS3CRET",
    "-o",
    "https://first.example",
];

fn run(flag: &str, url: String) -> crate::support::program::Output {
    Wscope::new().args(["-N", flag]).args(PERSONAL).arg(url).run()
}

#[test]
fn the_same_origin_gets_all_of_it_again() {
    let server = redirecting_at("/", redirect("/there", ""));
    run("-L", server.url()).exits(0).never_says("does not get");
    let (first, second) = (server.outcome(), server.outcome());
    for name in ["Authorization", "X-Api-Key", "Host", "Cookie", "Sec-WebSocket-Protocol", "Origin"] {
        assert!(first.header(name).is_some(), "{name}");
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
}

#[test]
fn another_origin_gets_none_of_it_and_that_is_said() {
    let other = accepting();
    let first = redirecting(redirect(&other.url(), ""));
    let output = run("-L", first.url());
    output.exits(0).says("`Authorization`, `Cookie`, `X-Api-Key`, `Host`, the secret in a subprotocol");
    output.says("--location-trusted").never_says("S3CRET");
    assert!(first.outcome().0.contains("X-Api-Key: S3CRET"));
    let request = other.outcome();
    assert!(!request.0.contains("S3CRET"), "{}", request.0);
    for name in ["Authorization", "Cookie", "X-Api-Key"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_eq!(request.header("Host").unwrap(), other.url().trim_start_matches("ws://"));
    assert_eq!(request.header("Sec-WebSocket-Protocol"), Some("chat, bearer"));
    assert_eq!(request.header("Origin"), Some("https://first.example"));
}

#[test]
fn another_port_is_another_origin_and_the_first_one_remains_the_first() {
    let first_again = Arc::new(OnceLock::<String>::new());
    let back = Arc::clone(&first_again);
    let other = serve(move |mut connection| {
        let request = connection.request();
        connection.send(redirect(back.get().expect("the first server's URL"), ""));
        request
    });
    let first = redirecting_at("/", redirect(&other.url(), ""));
    first_again.set(format!("{}/again", first.url())).unwrap();
    run("-L", first.url()).exits(0);
    first.outcome();
    assert!(!other.outcome().0.contains("S3CRET"));
    assert!(first.outcome().0.contains("X-Api-Key: S3CRET"));
}

#[test]
fn a_trusted_origin_gets_all_but_the_first_ones_name() {
    let other = accepting();
    let first = redirecting(redirect(&other.url(), ""));
    run("--location-trusted", first.url()).exits(0).never_says("does not get");
    let (first, request) = (first.outcome(), other.outcome());
    for name in ["Authorization", "X-Api-Key", "Cookie", "Sec-WebSocket-Protocol"] {
        assert_eq!(request.header(name), first.header(name), "{name}");
    }
    assert_eq!(request.header("Host").unwrap(), other.url().trim_start_matches("ws://"));
}

#[test]
fn userinfo_of_the_url_is_not_for_another_origin_and_that_of_a_location_is_for_its_own() {
    let other = accepting();
    let location = other.url().replace("ws://", "http://");
    for (location, authorization) in
        [(location.clone(), None), (location.replace("://", "://bob:pass@"), Some("Basic Ym9iOnBhc3M="))]
    {
        let first = redirecting(redirect(&location, ""));
        follow(first.url().replace("://", "://ann:S3CRET@")).exits(0).never_says("S3CRET").never_says("bob");
        assert_eq!(other.outcome().header("Authorization"), authorization);
    }
}

#[test]
fn a_client_certificate_is_for_the_first_origin() {
    let authority = Authority::new();
    let (certificate, key) = authority.files_of(&authority.issue_for_client());
    let config = || authority.client_demanding_config(&authority.issue());
    let other = serve_tls(config(), |mut connection| {
        let request = connection.request();
        accept_and_close(&mut connection, &request);
    });
    let location = other.url();
    let first = serve_tls(config(), move |mut connection| {
        connection.request();
        connection.send(redirect(&location, ""));
    });
    let run = |flag: &str| {
        let wscope = Wscope::new().args(["-N", flag, "--cacert"]).arg(authority.file());
        wscope.arg("--cert").arg(&certificate).arg("--key").arg(&key).arg(first.url()).run()
    };
    run("-L").exits(4).says("does not get the certificate of `--cert`");
    first.outcome().unwrap();
    assert!(other.outcome().unwrap_err().contains("peer sent no certificates"));
    run("--location-trusted").exits(0);
    first.outcome().unwrap();
    other.outcome().unwrap();
}

/// A server that accepts, and one that redirects to it.
fn redirecting_over_tls(first: &Identity, other: &Identity) -> [Server<Result<(), String>>; 2] {
    let other = serve_tls(other.config(), |mut connection| {
        let request = connection.request();
        accept_and_close(&mut connection, &request);
    });
    let location = other.url();
    let first = serve_tls(first.config(), move |mut connection| {
        connection.request();
        connection.send(redirect(&location, ""));
    });
    [first, other]
}

#[test]
fn the_name_that_tls_asks_for_is_for_the_first_origin() {
    let authority = Authority::new();
    let [first, other] = redirecting_over_tls(&authority.issue_for("first.example"), &authority.issue());
    let wscope = Wscope::new().args(["-N", "-L", "--sni", "first.example", "--cacert"]).arg(authority.file());
    wscope.arg(first.url()).run().exits(0);
    other.outcome().unwrap();
}

#[test]
fn a_pinned_key_is_that_of_the_first_origin() {
    let authority = Authority::new();
    let cacert = authority.file();
    let run = |arguments: &[&str], pinned: &Identity, server: &Server<Result<(), String>>| {
        let wscope = Wscope::new().args(["-N", "--pinnedpubkey", &pinned.pin(), "--cacert"]).arg(&cacert);
        wscope.args(arguments.iter().copied()).arg(server.url()).run()
    };
    let (identity, stranger) = (authority.issue(), Identity::self_signed());
    let [first, other] = redirecting_over_tls(&identity, &authority.issue());
    run(&["-L"], &stranger, &first).exits(4).says("has a key that is not pinned");
    run(&["-L"], &identity, &first).exits(0);
    run(&["--location-trusted"], &identity, &first).exits(0);
    assert_eq!([other.outcome(), other.outcome()], [Ok(()), Ok(())]);
    // Where certificates are not looked at, only the pin keeps credentials from a stranger.
    let [first, _other] = redirecting_over_tls(&identity, &stranger);
    run(&["-L"], &identity, &first).exits(4).says("is self-signed");
    run(&["-L", "-k"], &identity, &first).exits(0).says("the server is not verified");
    run(&["--location-trusted", "-k"], &identity, &first).exits(4).says("has a key that is not pinned");
}
