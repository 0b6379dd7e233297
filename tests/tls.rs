//! TLS: which certificates are accepted, and what is said of those that are not.

use std::io::Write;
use std::thread;
use std::time::Duration;

use crate::support::certificates::{Authority, Identity};
use crate::support::server::{Server, serve_tls};
use crate::support::{Connection, Frame, Wscope, bulk};

mod chain;
mod client_certificate;
mod limits_of_the_library;
mod pinned_keys;
mod without_tls;

fn echo(mut connection: Connection) -> Option<u16> {
    connection.accept();
    connection.echo_until_close()
}

#[track_caller]
fn refused(server: &Server<Result<Option<u16>, String>>, authority: &Authority) -> crate::support::program::Output {
    let output = Wscope::new().arg("--cacert").arg(authority.file()).arg(server.url()).stdin("hi\n").run();
    output.exits(4).prints("");
    let told = server.outcome().expect_err("the handshake fails");
    assert!(told.contains("fatal alert"), "the server is told why: {told}");
    output
}

#[test]
fn a_private_authority_is_believed_when_it_is_named() {
    for flag in ["--cacert", "--ca"] {
        let authority = Authority::new();
        let server = serve_tls(authority.issue().config(), echo);
        let wscope = Wscope::new().args(["-w", "0", "-v", flag]).arg(authority.file());
        let output = wscope.arg(server.url()).stdin("hi\n").run();
        output.exits(0).prints("hi\n").says("TLSv1.3");
        assert_eq!(server.outcome(), Ok(Some(1000)));
    }
}

#[test]
fn an_address_is_verified_like_a_name() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), echo);
    let url = format!("wss://127.0.0.1:{}/", server.port());
    Wscope::new().args(["-w", "0"]).arg("--cacert").arg(authority.file()).arg(url).stdin("hi\n").run().exits(0);
}

#[test]
fn an_unknown_authority_is_refused_with_a_hint() {
    let server = serve_tls(Authority::named("another CA").issue().config(), echo);
    refused(&server, &Authority::new()).says("hint:").says("--cacert");
}

#[test]
fn a_self_signed_certificate_is_refused_with_its_facts() {
    let server = serve_tls(Identity::self_signed().config(), echo);
    refused(&server, &Authority::new()).says("hint:").says("localhost");
}

#[test]
fn an_expired_certificate_is_refused_with_its_dates() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue_expired().config(), echo);
    refused(&server, &authority).says("expired").says("2020-01-08");
}

#[test]
fn a_certificate_for_another_name_is_refused_with_both_names() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue_for("elsewhere.example").config(), echo);
    refused(&server, &authority).says("localhost").says("elsewhere.example");
}

#[test]
fn insecure_goes_on_and_says_what_would_not_have_held() {
    for flags in [&["-k"][..], &["--insecure"], &["-n"], &["--no-check"]] {
        let server = serve_tls(Identity::self_signed().config(), echo);
        let wscope = Wscope::new().args(flags).args(["-v", "-w", "0", "-c"]);
        wscope.arg(server.url()).stdin("hi\n").run().exits(0).prints("hi\n");
    }
}

#[test]
fn that_a_server_is_not_verified_is_told_to_the_quiet_too() {
    let server = serve_tls(Identity::self_signed().config(), echo);
    let output = Wscope::new().args(["-k", "-q", "-w", "0"]).arg(server.url()).stdin("hi\n").run();
    output.exits(0).prints("hi\n").says("the server is not verified: its certificate `CN=localhost` ");
}

#[test]
fn a_log_of_tls_secrets_that_cannot_be_written_is_told() {
    let authority = Authority::new();
    let run = |file: &std::path::Path| {
        let server = serve_tls(authority.issue().config(), echo);
        let wscope = Wscope::new().args(["-w", "0", "--cacert"]).arg(authority.file()).env("SSLKEYLOGFILE", file);
        wscope.arg(server.url()).stdin("hi\n").run()
    };
    let log = authority.folder().join("keys");
    run(&log).exits(0).is_silent();
    assert!(std::fs::read_to_string(&log).unwrap().contains("CLIENT_TRAFFIC_SECRET"));
    let output = run(std::path::Path::new("/nowhere/keys"));
    output.exits(0).prints("hi\n").says("SSLKEYLOGFILE: cannot write `/nowhere/keys`");
}

#[test]
fn the_name_to_ask_for_can_be_another() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue_for("elsewhere.example").config(), echo);
    let wscope = Wscope::new().args(["-w", "0", "--sni", "elsewhere.example", "--cacert"]).arg(authority.file());
    wscope.arg(server.url()).stdin("hi\n").run().exits(0).prints("hi\n");
}

#[test]
fn a_version_below_the_least_is_refused() {
    let authority = Authority::new();
    for (least, status) in [("1.2", 0), ("1.3", 4)] {
        let server = serve_tls(authority.issue().tls12_config(), echo);
        let wscope = Wscope::new().args(["-w", "0", "--tls-min", least, "--cacert"]).arg(authority.file());
        wscope.arg(server.url()).stdin("hi\n").run().exits(status);
    }
}

#[test]
fn a_client_certificate_is_shown_where_one_is_demanded() {
    let authority = Authority::new();
    let (certificate, key) = authority.files_of(&authority.issue_for_client());
    let config = authority.client_demanding_config(&authority.issue());
    let server = serve_tls(config.clone(), echo);
    let with_certificate = Wscope::new().arg("--cert").arg(&certificate).arg("--key").arg(&key);
    let wscope = with_certificate.args(["-w", "0", "--cacert"]).arg(authority.file());
    wscope.arg(server.url()).stdin("hi\n").run().exits(0).prints("hi\n");

    let server = serve_tls(config, echo);
    let output = Wscope::new().args(["-w", "0", "--cacert"]).arg(authority.file()).arg(server.url()).run();
    output.exits(4).says("certificate");
}

#[test]
fn key_log_is_written_where_the_environment_asks() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), echo);
    let log = authority.folder().join("keys.log");
    let wscope = Wscope::new().env("SSLKEYLOGFILE", &log).args(["-w", "0", "--cacert"]).arg(authority.file());
    wscope.arg(server.url()).run().exits(0);
    assert!(std::fs::read_to_string(log).unwrap().contains("CLIENT_TRAFFIC_SECRET_0"));
}

#[test]
fn system_roots_can_be_named_by_the_environment() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), echo);
    let wscope = Wscope::new().env("SSL_CERT_FILE", authority.file()).args(["-w", "0"]);
    wscope.arg(server.url()).stdin("hi\n").run().exits(0).prints("hi\n");
}

#[test]
fn many_lines_come_back_in_order_over_tls() {
    const COUNT: usize = 20_000;
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), |mut connection| {
        connection.accept();
        bulk::echo(&mut connection, bulk::Pings::Mixed)
    });
    let lines = bulk::numbered_lines(COUNT);
    let wscope = Wscope::new().args(["-w", "0", "--cacert"]).arg(authority.file());
    wscope.arg(server.url()).stdin(lines.clone()).run().exits(0).prints(lines);
    assert_eq!(server.outcome(), Ok(COUNT as u64));
}

#[test]
fn what_came_before_a_broken_record_is_shown() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), |mut connection| {
        connection.accept();
        let mut segment = connection.records(Frame::text("still good").bytes());
        segment.extend([0x17, 3, 3, 0, 32]);
        segment.extend([b'z'; 32]);
        connection.socket().write_all(&segment).unwrap();
        connection.rest();
    });
    let wscope = Wscope::new().args(["-N", "--cacert"]).arg(authority.file());
    wscope.arg(server.url()).run().exits(1).prints("still good\n").says("cannot decrypt");
}

#[test]
fn a_server_that_drips_a_record_does_not_put_off_the_time_limit() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), |mut connection| {
        connection.request();
        let record = connection.records(vec![b'x'; 16_000]);
        let dripped = record.iter().all(|byte| {
            // Longer in all than the test waits, faster than the limit each time.
            thread::sleep(Duration::from_millis(20));
            connection.socket().write_all(&[*byte]).is_ok()
        });
        assert!(!dripped, "the program waited for all of it");
    });
    let wscope = Wscope::new().args(["-N", "--connect-timeout", "1", "--cacert"]).arg(authority.file());
    let output = wscope.arg(server.url()).run();
    output.exits(7).says("sent nothing within 1 s");
}
