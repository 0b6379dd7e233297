//! What is made of a server's certificate.

use std::io::Read;

use rcgen::date_time_ymd;

use super::*;
use crate::event::Event;

#[test]
fn a_trusted_server_is_verified_and_the_facts_are_told() {
    let authority = Authority::new();
    let facts = acceptance(authority.issue(&named("localhost")), &authority.trusted()).record.tls.unwrap();
    assert_eq!(facts.version, "TLSv1.3");
    assert!(facts.cipher_suite.starts_with("TLS13_"), "{}", facts.cipher_suite);
    assert_eq!(facts.key_exchange.as_deref(), Some("X25519"));
    assert_eq!(facts.alpn.as_deref(), Some("http/1.1"));
    assert_eq!(facts.server_name, "localhost");
    assert_eq!(facts.verified, Ok(()));
    let [leaf] = facts.certificates.as_slice() else { panic!("{:?}", facts.certificates) };
    let leaf = certificate::line(leaf);
    assert!(leaf.starts_with("subject CN=the server, issuer CN=wscope test CA, valid "), "{leaf}");
    assert!(leaf.contains(", names localhost, key ECDSA P-256 sha256//"), "{leaf}");
}

#[test]
fn what_comes_right_after_the_handshake_is_not_lost() {
    let authority = Authority::new();
    let mut connected = acceptance(authority.issue(&named("localhost")), &authority.trusted());
    let mut greeting = Vec::new();
    while greeting.len() < 7 {
        let mut bytes = [0; 7];
        match connected.stream.read(&mut bytes) {
            Ok(count) => greeting.extend_from_slice(&bytes[..count]),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    assert_eq!(greeting, b"welcome");
}

#[test]
fn each_step_is_reported_and_kept() {
    let authority = Authority::new();
    let listener = listener(authority.issue(&named("localhost")));
    let route = route(listener.ip_address().unwrap().port(), &authority.trusted(), "localhost").unwrap();
    let server = serve(listener);
    let mut seen = Vec::new();
    let connected = connect(&route, soon(), &mut |event| match event {
        Event::Step(step) => seen.push(step.detail.name()),
        Event::Tls(_) => seen.push("facts"),
        _ => unreachable!(),
    });
    server.join().unwrap().unwrap();
    assert_eq!(seen, ["resolve", "connect", "tls", "facts"]);
    let kept: Vec<_> = connected.unwrap().record.steps.iter().map(|step| step.detail.name()).collect();
    assert_eq!(kept, ["resolve", "connect", "tls"]);
}

#[test]
fn an_expired_certificate_is_dated() {
    let authority = Authority::new();
    let mut parameters = named("localhost");
    (parameters.not_before, parameters.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    let error = refusal(authority.issue(&parameters), &authority.trusted());
    let message = error.to_string();
    assert!(message.contains(" expired ") && message.ends_with(" days ago, on 2020-01-01 00:00 UTC"), "{message}");
    assert!(error.evidence_lines()[0].contains("CN=the server"));
}

#[test]
fn a_certificate_of_the_future_is_dated() {
    let authority = Authority::new();
    let mut parameters = named("localhost");
    (parameters.not_before, parameters.not_after) = (date_time_ymd(2390, 1, 1), date_time_ymd(2391, 1, 1));
    let message = refusal(authority.issue(&parameters), &authority.trusted()).to_string();
    assert!(
        message.contains("is not valid for another ") && message.ends_with("until 2390-01-01 00:00 UTC"),
        "{message}"
    );
}

#[test]
fn a_wrong_name_is_told_with_the_right_ones_and_sni_cures_it() {
    let authority = Authority::new();
    let error = refusal(authority.issue(&named("example.com")), &authority.trusted());
    assert!(error.to_string().ends_with("is not for `localhost`, but for example.com"), "{error}");
    assert!(hint(&error).contains("--sni"));

    let connected = acceptance_as("example.com", authority.issue(&named("example.com")), &authority.trusted());
    let facts = connected.record.tls.unwrap();
    assert_eq!((facts.server_name.as_str(), facts.verified), ("example.com", Ok(())));
}

#[test]
fn an_address_as_a_dns_name_is_no_address() {
    let authority = Authority::new();
    let mut parameters = named("localhost");
    parameters.subject_alt_names = vec![rcgen::SanType::DnsName("127.0.0.1".try_into().unwrap())];
    let listener = listener(authority.issue(&parameters));
    let route = route(listener.ip_address().unwrap().port(), &authority.trusted(), "127.0.0.1").unwrap();
    let server = serve(listener);
    let error = connect(&route, soon(), &mut |_| {})
        .map_err(|failure| connect_error(&route, failure, Secrets::Hidden))
        .err()
        .unwrap();
    server.join().unwrap().unwrap_err();
    assert!(error.to_string().ends_with("as a DNS name, where it does not count"), "{error}");
    assert!(hint(&error).contains("subjectAltName=IP"));
}

#[test]
fn an_unknown_issuer_is_named() {
    let (authority, other) = (Authority::new(), Authority::named("another CA"));
    let error = refusal(authority.issue(&named("localhost")), &other.trusted());
    assert!(error.to_string().contains("comes from `CN=wscope test CA`"), "{error}");
    assert!(hint(&error).contains("--cacert"));
}

#[test]
fn a_ca_that_was_made_anew_under_its_old_name_is_told() {
    let (authority, old) = (Authority::new(), Authority::new());
    let error = refusal(authority.issue(&named("localhost")), &old.trusted());
    assert!(error.to_string().ends_with("is not signed with the key of `CN=wscope test CA`, its issuer"), "{error}");
}

#[test]
fn a_self_signed_certificate_is_called_that_and_trusted_once_it_is_given() {
    let authority = Authority::new();
    let identity = authority.self_signed(&named("localhost"));
    let error = refusal(identity.clone(), &authority.trusted());
    assert!(error.to_string().ends_with("is self-signed"), "{error}");

    let options = TlsOptions { roots: TrustedRoots::File(identity.certificate.clone()), ..TlsOptions::default() };
    assert_eq!(acceptance(identity, &options).record.tls.unwrap().verified, Ok(()));
}

/// `openssl req -x509` marks what it makes as a CA's.
#[test]
fn a_self_signed_certificate_of_openssl_is_trusted_once_it_is_given_but_for_its_names_only() {
    let authority = Authority::new();
    for (name, trusted) in [("localhost", true), ("example.com", false)] {
        let mut parameters = named(name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let identity = authority.self_signed(&parameters);
        let roots = TrustedRoots::File(identity.certificate.clone());
        assert!(refusal(identity.clone(), &authority.trusted()).to_string().ends_with("is self-signed"));
        let options = TlsOptions { roots, ..TlsOptions::default() };
        if trusted {
            assert_eq!(acceptance(identity, &options).record.tls.unwrap().verified, Ok(()));
        } else {
            assert!(refusal(identity, &options).to_string().contains("is not for `localhost`"));
        }
    }
}

#[test]
fn insecure_accepts_anything_and_says_what_was_wrong() {
    let authority = Authority::new();
    let options = TlsOptions { verification: Verification::Recorded, ..TlsOptions::default() };
    let mut parameters = named("example.com");
    parameters.not_after = date_time_ymd(2020, 1, 1);
    let facts = acceptance(authority.issue(&parameters), &options).record.tls.unwrap();
    let CertificateFault { depth, subject, check } = facts.verified.unwrap_err();
    assert_eq!((depth, subject.as_str()), (0, "CN=the server"));
    assert!(matches!(check, FailedCheck::Expired { .. }), "{check:?}");
}
