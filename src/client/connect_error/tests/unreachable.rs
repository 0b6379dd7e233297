//! Servers that cannot be reached.

use super::*;

#[test]
fn when_nothing_listens_each_address_says_so() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let error = connect_plainly(&format!(":{port}"), soon()).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot connect to `localhost:{port}`"));
    assert_eq!(error.exit_status(), ExitStatus::Connect);
    assert_eq!(error.evidence_lines()[1], format!("127.0.0.1:{port}: connection refused"));
    assert!(error.evidence_lines()[0].starts_with(&format!("[::1]:{port}: ")));
    assert_eq!(hint(&error), format!("is the server running, and does it listen on port {port}?"));
}

#[test]
fn a_name_that_cannot_exist_is_not_resolved() {
    let error = connect_plainly("wscope-test.invalid", soon()).unwrap_err();
    assert_eq!(error.to_string(), "cannot resolve the name `wscope-test.invalid`");
    assert_eq!((error.phase(), error.exit_status()), (Phase::Resolve, ExitStatus::Connect));
}

#[test]
fn an_interface_that_is_not_there_is_named() {
    let error = connect_plainly("[fe80::1%25nowhere]:8000", soon()).unwrap_err();
    assert_eq!(hint(&error), "is `nowhere` a network interface of this machine?");
}

#[test]
fn a_lookup_that_takes_too_long_is_given_up() {
    let error = connect_plainly("example.com", TimeLimit::starting_now(Duration::ZERO)).unwrap_err();
    assert_eq!(error.to_string(), "the name `example.com` was not resolved within 0 s");
    assert_eq!(error.exit_status(), ExitStatus::TimedOut);
    assert_eq!(hint(&error), "is the name server reachable? an IP address in the URL needs none");
}

#[test]
fn a_limit_that_has_passed_says_in_which_phase() {
    let error = connect_plainly("127.0.0.1:1", TimeLimit::starting_now(Duration::ZERO)).unwrap_err();
    assert_eq!((error.phase(), error.exit_status()), (Phase::Connect, ExitStatus::TimedOut));
    assert_eq!(error.to_string(), "no connection to `127.0.0.1:1` within 0 s");
}

#[test]
fn an_alert_is_named_in_words() {
    assert_eq!(words(AlertDescription::CertificateRequired), "certificate required");
    assert_eq!(words(AlertDescription::UnknownCA), "unknown ca");
    assert_eq!(words(AlertDescription::Unknown(200)), "unknown alert");
}

#[test]
fn a_missing_client_certificate_leads_to_the_flags() {
    let alert = TlsFailure::from(rustls::Error::AlertReceived(AlertDescription::CertificateRequired));
    let error = tls_error("host:443", alert);
    assert_eq!(error.to_string(), "`host:443` refuses the TLS handshake: alert 116, certificate required");
    assert!(hint(&error).contains("--cert"));
}
