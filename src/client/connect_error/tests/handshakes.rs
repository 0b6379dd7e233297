//! Handshakes that break, and what else a handshake is about.

use std::io::Read;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::*;

/// A peer that is no TLS server: it reads the hello, answers with `answer`, and then does as `then` says.
fn impostor(answer: &'static [u8], then: fn(TcpStream)) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut hello = [0; 4096];
        let _ = socket.read(&mut hello).unwrap();
        socket.write_all(answer).unwrap();
        then(socket);
    });
    (port, peer)
}

#[test]
fn a_port_without_tls_is_told_by_its_answer() {
    let authority = Authority::new();
    let (port, peer) = impostor(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", drop);
    let error = connect_to(port, &authority.trusted()).unwrap_err();
    assert_eq!(error.to_string(), format!("`localhost:{port}` does not speak TLS"));
    assert_eq!(error.evidence_lines(), ["it sent `HTTP/1.1 400 Bad Request`"]);
    assert_eq!(hint(&error), format!("for a port without TLS, use `ws://localhost:{port}`"));
    peer.join().unwrap();
}

#[test]
fn a_peer_that_hangs_up_in_the_handshake_is_told() {
    let authority = Authority::new();
    let (port, peer) = impostor(b"", drop);
    let error = connect_to(port, &authority.trusted()).unwrap_err();
    assert!(error.to_string().contains("the connection in the TLS handshake"), "{error}");
    assert_eq!(error.exit_status(), ExitStatus::Tls);
    peer.join().unwrap();
}

#[test]
fn a_server_that_picks_http_2_though_it_was_not_offered_has_no_http_1() {
    let authority = Authority::new();
    // A ServerHello of TLS 1.2 (RFC 5246 section 7.4.1.3): its random bytes are zeros, its only extension is ALPN with `h2`.
    let hello = b"\x16\x03\x03\0\x35\x02\0\0\x31\x03\x03\
        \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
        \0\xc0\x2b\0\0\x09\0\x10\0\x05\0\x03\x02h2";
    let (port, peer) = impostor(hello, drop);
    let error = connect_to(port, &authority.trusted()).unwrap_err();
    assert_eq!(error.diagnosis(), Some(&Diagnosis::NoTls(NoTls::NoHttp)), "{error:?}");
    peer.join().unwrap();
}

#[test]
fn a_peer_that_stays_silent_runs_into_the_time_limit() {
    let authority = Authority::new();
    let until_the_client_leaves = |mut socket: TcpStream| {
        let _ = socket.read_to_end(&mut Vec::new());
    };
    let (port, peer) = impostor(b"", until_the_client_leaves);
    let limit = TimeLimit::starting_now(Duration::from_millis(100));
    let error = connect_along(&route(port, &authority.trusted(), "localhost").unwrap(), limit).unwrap_err();
    assert_eq!(error.to_string(), format!("no TLS handshake with `localhost:{port}` within 0.1 s"));
    assert_eq!((error.phase(), error.exit_status()), (Phase::Tls, ExitStatus::TimedOut));
    peer.join().unwrap();
}

/// A server with demands of its own.
fn demanding(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    wants_certificate: bool,
) -> (u16, JoinHandle<Result<(), rustls::Error>>) {
    let key = KeyPair::generate().unwrap();
    let certificate = named("localhost").signed_by(&key, &authority.issuer).unwrap();
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions).unwrap();
    let builder = if wants_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(authority.issuer.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(config).unwrap();
        while connection.is_handshaking() || connection.wants_write() {
            while connection.wants_write() {
                connection.write_tls(&mut socket).unwrap();
            }
            if connection.is_handshaking() {
                connection.read_tls(&mut socket).unwrap();
                let outcome = connection.process_new_packets();
                if outcome.is_err() {
                    connection.write_tls(&mut socket).unwrap();
                    // What the client still has to say must not turn the alert into a reset.
                    let _ = socket.shutdown(Shutdown::Write).and_then(|()| socket.read_to_end(&mut Vec::new()));
                }
                outcome?;
            }
        }
        Ok(())
    });
    (port, server)
}

#[test]
fn a_server_that_wants_a_certificate_leads_to_the_flags() {
    let authority = Authority::new();
    let (port, server) = demanding(&authority, &[&TLS12], true);
    let error = connect_to(port, &authority.trusted()).unwrap_err();
    assert!(error.to_string().contains("refuses the TLS handshake: alert "), "{error}");
    assert!(hint(&error).contains("--cert"), "{error}");
    server.join().unwrap().unwrap_err();
}

#[test]
fn in_tls_1_3_the_refusal_comes_after_the_handshake_and_reads_the_same() {
    let authority = Authority::new();
    let (port, server) = demanding(&authority, &[&TLS13], true);
    let mut connected = connect_to(port, &authority.trusted()).unwrap();
    let refusal = loop {
        match connected.stream.read(&mut [0; 10]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => break result.unwrap_err(),
        }
    };
    let error = tls_error("localhost:1", TlsFailure::of(&refusal).unwrap());
    assert_eq!(error.to_string(), "`localhost:1` refuses the TLS handshake: alert 116, certificate required");
    drop(connected);
    server.join().unwrap().unwrap_err();
}

#[test]
fn a_certificate_of_ours_is_shown_when_it_is_wanted() {
    let authority = Authority::new();
    for versions in [&[&TLS12], &[&TLS13]] {
        let (port, server) = demanding(&authority, versions, true);
        let options = TlsOptions { identity: Some(authority.issue(&named("client"))), ..authority.trusted() };
        let _connected = connect_to(port, &options).unwrap();
        server.join().unwrap().unwrap();
    }
}

#[test]
fn a_server_below_the_lowest_version_is_told() {
    let authority = Authority::new();
    let (port, server) = demanding(&authority, &[&TLS12], false);
    let options = TlsOptions { versions: TlsVersions::Only(TlsVersion::Tls13), ..authority.trusted() };
    let error = connect_to(port, &options).unwrap_err();
    assert!(hint(&error).contains("--tls-min"), "{error}");
    server.join().unwrap().unwrap_err();
}

#[test]
fn a_client_that_does_not_speak_tls_is_told_by_what_it_sent() {
    let authority = Authority::new();
    let listener = listener(authority.issue(&named("localhost")));
    let mut client = TcpStream::connect(listener.ip_address().unwrap()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let peer = client.local_addr().unwrap().to_string();
    let failure = listener.accept().unwrap().handshake(soon()).unwrap_err();
    let error = accept_error(&peer, failure);
    assert_eq!(error.to_string(), format!("`{}` does not speak TLS", client.local_addr().unwrap()));
    assert_eq!(error.evidence_lines(), ["it sent `GET / HTTP/1.1`"]);
}

#[test]
fn a_silent_client_is_given_up() {
    let authority = Authority::new();
    let listener = listener(authority.issue(&named("localhost")));
    let _client = TcpStream::connect(listener.ip_address().unwrap()).unwrap();
    let limit = TimeLimit::starting_now(Duration::from_millis(50));
    let error = accept_error("client", listener.accept().unwrap().handshake(limit).unwrap_err());
    assert_eq!(error.exit_status(), ExitStatus::TimedOut);
}

#[test]
fn a_key_of_another_certificate_is_refused_before_anything_is_connected() {
    let authority = Authority::new();
    let certificate = authority.issue(&named("client")).certificate;
    let key = authority.write("key.pem", &KeyPair::generate().unwrap().serialize_pem());
    let options = TlsOptions { identity: Some(Identity { certificate, key }), ..authority.trusted() };
    let error = connect_to(1, &options).unwrap_err();
    assert_eq!(error.phase(), Phase::Usage);
    assert!(error.to_string().contains("cannot be used with the certificate"), "{error}");
}
