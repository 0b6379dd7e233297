//! Servers that want a certificate of the client.

use rustls::version::{TLS12, TLS13};

use super::*;
use crate::support::program::Output;

/// A key, and the same under the passphrase "sesame" (`openssl pkcs8 -topk8 -v2 aes-256-cbc`).
const KEY: &str = include_str!("../certificates/client.key");
const ENCRYPTED_KEY: &str = include_str!("../certificates/client_encrypted.key");

/// Runs with each version of TLS against a server that wants a certificate of `authority`.
#[track_caller]
fn each_version(authority: &Authority, client: Option<&Identity>, check: impl Fn(&Output)) {
    for version in [&TLS12, &TLS13] {
        let config = authority.client_demanding_config_with(&authority.issue(), &[version]);
        let server = serve_tls(config, echo);
        let mut wscope = Wscope::new().args(["-w", "0", "--cacert"]).arg(authority.file());
        if let Some(client) = client {
            let (certificate, key) = authority.files_of(client);
            wscope = wscope.arg("--cert").arg(certificate).arg("--key").arg(key);
        }
        check(&wscope.arg(server.url()).stdin("hi\n").run());
    }
}

#[test]
fn the_right_certificate_is_let_in() {
    let authority = Authority::new();
    each_version(&authority, Some(&authority.issue_for_client()), |output| {
        output.exits(0).prints("hi\n").is_silent();
    });
}

#[test]
fn a_certificate_that_is_missing_is_asked_for() {
    each_version(&Authority::new(), None, |output| {
        let asked = "a client certificate of CN=wscope test CA was asked for, and there is none to send";
        output.exits(4).says("refuses the TLS handshake: alert ").says(asked).says("`--cert FILE --key FILE`");
    });
}

#[test]
fn a_certificate_of_another_authority_is_named_with_its_issuer() {
    let other = Authority::named("another CA");
    each_version(&Authority::new(), Some(&other.issue_for_client()), |output| {
        let sent = "a client certificate of CN=wscope test CA was asked for, and this was sent: subject CN=client, \
                    issuer CN=another CA, valid ";
        output.exits(4).says("refuses the TLS handshake: alert ").says(sent).says("certificate of `--cert`");
    });
}

#[test]
fn a_certificate_that_has_expired_is_called_that() {
    let authority = Authority::new();
    each_version(&authority, Some(&authority.issue_expired_for_client()), |output| {
        let output = output.exits(4).says("alert 45, certificate expired").says("and this was sent, which expired ");
        output.says(" ago, on 2020-01-08 00:00 UTC: subject CN=client");
    });
}

#[test]
fn a_key_under_a_passphrase_is_opened() {
    let authority = Authority::new();
    let (certificate, _) = authority.files_of(&authority.issue_for_client_with(KEY));
    let key = authority.write("encrypted.key", ENCRYPTED_KEY);
    let run = |passphrase: &str| {
        let server = serve_tls(authority.client_demanding_config(&authority.issue()), echo);
        let wscope = Wscope::new().args(["-w", "0", "--cacert"]).arg(authority.file()).arg("--cert").arg(&certificate);
        wscope.arg("--key").arg(&key).args(["--passphrase", passphrase]).arg(server.url()).stdin("hi\n").run()
    };
    run("sesame").exits(0).prints("hi\n");
    run("open").exits(2).says("the passphrase does not open the key in `").says("encrypted.key");
}

/// TLS 1.3 lets a client speak before the server has seen its certificate, and some servers say nothing of it then.
#[test]
fn a_server_that_hangs_up_after_it_asked_may_have_refused() {
    let authority = Authority::new();
    let config = authority.client_demanding_config_with(&authority.issue(), &[&TLS13]);
    let hang_up = |mut connection: Connection| {
        connection.request();
    };
    let server = serve_tls(config, hang_up);
    let (certificate, key) = authority.files_of(&authority.issue_for_client());
    let wscope = Wscope::new().arg("--cacert").arg(authority.file()).arg("--cert").arg(certificate);
    let output = wscope.arg("--key").arg(key).arg(server.url()).run();
    output.exits(5).says("and this was sent: subject CN=client, ");
    output.says("that may be how it refuses the certificate of `--cert`");
}

#[test]
fn what_was_asked_for_is_told_with_v() {
    let authority = Authority::new();
    let server = serve_tls(authority.client_demanding_config(&authority.issue()), echo);
    let (certificate, key) = authority.files_of(&authority.issue_for_client());
    let wscope = Wscope::new().args(["-v", "-w", "0", "--cacert"]).arg(authority.file()).arg("--cert").arg(certificate);
    let output = wscope.arg("--key").arg(key).arg(server.url()).stdin("hi\n").run();
    output
        .exits(0)
        .says("* a client certificate of CN=wscope test CA was asked for, and this was sent: subject CN=client");
}
