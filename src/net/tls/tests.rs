//! Handshakes over loopback, with certificates made for the occasion.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tempfile::TempDir;

use super::{Identity, MinimumVersion, TlsOptions, Verification};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::net::{ConnectOptions, Connected, ListenAddress, ListenOptions, Listener, Target, connect, listen};

/// A CA of our own, and a folder for what it issues.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        Self::named("wscope test CA")
    }

    fn named(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), issuer }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn certificate(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem())
    }

    fn trusted(&self) -> TlsOptions {
        TlsOptions { verification: Verification::Ca(self.certificate()), ..TlsOptions::default() }
    }

    fn issue(&self, parameters: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        self.identity(&certificate.pem(), &key)
    }

    fn self_signed(&self, parameters: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        self.identity(&certificate.pem(), &key)
    }

    /// Certificate and key in one file, as some servers want them.
    fn identity(&self, certificate: &str, key: &KeyPair) -> Identity {
        let path = self.write("leaf.pem", &format!("{}{certificate}", key.serialize_pem()));
        Identity { certificate: path.clone(), key: path }
    }
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, "the server");
    parameters
}

fn no_passphrase(path: &Path) -> Result<String> {
    panic!("nobody should be asked for the passphrase of {}", path.display())
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn listener(identity: Identity) -> Listener {
    let minimum_version = MinimumVersion::default();
    let options = ListenOptions { address: ListenAddress::loopback(0), identity: Some(identity), minimum_version };
    listen(&options, &no_passphrase).unwrap()
}

/// Serves one client of `listener`: a greeting right behind the handshake.
fn serve(listener: Listener) -> JoinHandle<Result<Connected>> {
    thread::spawn(move || {
        let mut connected = listener.accept()?.handshake(soon())?;
        let tls = connected.tls.as_mut().unwrap();
        tls.writer().write_all(b"welcome").unwrap();
        while tls.wants_write() {
            tls.write_tls(&mut connected.socket).unwrap();
        }
        Ok(connected)
    })
}

/// Connects to `localhost` at a port of this machine.
fn connect_to(port: u16, options: &TlsOptions) -> Result<Connected> {
    let target = Target::parse(&format!("wss://localhost:{port}")).unwrap();
    let options = ConnectOptions::prepare(&target, options, &no_passphrase)?;
    connect(&target, &options, soon(), &mut |_| {})
}

fn refusal(identity: Identity, options: &TlsOptions) -> Error {
    let listener = listener(identity);
    let port = listener.address().port();
    let server = serve(listener);
    let error = connect_to(port, options).unwrap_err();
    assert!(server.join().unwrap().is_err(), "the server should have been told");
    assert_eq!((error.phase(), error.exit_status()), (Phase::Tls, ExitStatus::Tls));
    error
}

fn acceptance(identity: Identity, options: &TlsOptions) -> Connected {
    let listener = listener(identity);
    let port = listener.address().port();
    let server = serve(listener);
    let connected = connect_to(port, options).unwrap();
    server.join().unwrap().unwrap();
    connected
}

#[test]
fn a_trusted_server_is_verified_and_the_facts_are_told() {
    let authority = Authority::new();
    let facts = acceptance(authority.issue(&named("localhost")), &authority.trusted()).tls_facts.unwrap();
    assert_eq!(facts.version, "TLSv1.3");
    assert!(facts.cipher_suite.starts_with("TLS13_"), "{}", facts.cipher_suite);
    assert_eq!(facts.key_exchange.as_deref(), Some("X25519"));
    assert_eq!(facts.alpn.as_deref(), Some("http/1.1"));
    assert_eq!(facts.server_name, "localhost");
    assert_eq!(facts.verified, Ok(()));
    let [leaf] = facts.certificates.as_slice() else { panic!("{:?}", facts.certificates) };
    assert!(leaf.starts_with("subject CN=the server, issuer CN=wscope test CA, valid "), "{leaf}");
    assert!(leaf.ends_with(", names localhost"), "{leaf}");
}

#[test]
fn what_comes_right_after_the_handshake_is_not_lost() {
    let authority = Authority::new();
    let mut connected = acceptance(authority.issue(&named("localhost")), &authority.trusted());
    let tls = connected.tls.as_mut().unwrap();
    let mut greeting = [0; 7];
    while tls.reader().read_exact(&mut greeting).is_err() {
        assert_ne!(tls.read_tls(&mut connected.socket).unwrap(), 0);
        tls.process_new_packets().unwrap();
    }
    assert_eq!(&greeting, b"welcome");
}

#[test]
fn each_step_is_reported_and_kept() {
    let authority = Authority::new();
    let listener = listener(authority.issue(&named("localhost")));
    let target = Target::parse(&listener.url().replace("127.0.0.1", "localhost")).unwrap();
    let server = serve(listener);
    let options = ConnectOptions::prepare(&target, &authority.trusted(), &no_passphrase).unwrap();
    let mut seen = Vec::new();
    let connected = connect(&target, &options, soon(), &mut |event| match event {
        Event::Step(step) => seen.push(step.kind.name()),
        Event::Tls(_) => seen.push("facts"),
        _ => unreachable!(),
    });
    server.join().unwrap().unwrap();
    assert_eq!(seen, ["resolve", "connect", "tls", "facts"]);
    let kept: Vec<_> = connected.unwrap().steps.iter().map(|step| step.kind.name()).collect();
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
    assert!(error.hint_text().unwrap().contains("--sni"));

    let options = TlsOptions { server_name: Some("example.com".into()), ..authority.trusted() };
    let facts = acceptance(authority.issue(&named("example.com")), &options).tls_facts.unwrap();
    assert_eq!((facts.server_name.as_str(), facts.verified), ("example.com", Ok(())));
}

#[test]
fn an_unknown_issuer_is_named() {
    let (authority, other) = (Authority::new(), Authority::named("another CA"));
    let error = refusal(authority.issue(&named("localhost")), &other.trusted());
    assert!(error.to_string().contains("comes from `CN=wscope test CA`"), "{error}");
    assert!(error.hint_text().unwrap().contains("--cacert"));
}

#[test]
fn a_ca_that_was_made_anew_under_its_old_name_is_told() {
    let (authority, old) = (Authority::new(), Authority::new());
    let error = refusal(authority.issue(&named("localhost")), &old.trusted());
    assert!(error.to_string().ends_with("is not signed by the `CN=wscope test CA` that is trusted here"), "{error}");
}

#[test]
fn a_self_signed_certificate_is_called_that_and_trusted_once_it_is_given() {
    let authority = Authority::new();
    let identity = authority.self_signed(&named("localhost"));
    let error = refusal(identity.clone(), &authority.trusted());
    assert!(error.to_string().ends_with("is self-signed"), "{error}");

    let options = TlsOptions { verification: Verification::Ca(identity.certificate.clone()), ..TlsOptions::default() };
    assert_eq!(acceptance(identity, &options).tls_facts.unwrap().verified, Ok(()));
}

/// `openssl req -x509` marks what it makes as a CA's.
#[test]
fn a_self_signed_certificate_of_openssl_is_trusted_once_it_is_given_but_for_its_names_only() {
    let authority = Authority::new();
    for (name, trusted) in [("localhost", true), ("example.com", false)] {
        let mut parameters = named(name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let identity = authority.self_signed(&parameters);
        let verification = Verification::Ca(identity.certificate.clone());
        let options = TlsOptions { verification, ..TlsOptions::default() };
        if trusted {
            assert_eq!(acceptance(identity, &options).tls_facts.unwrap().verified, Ok(()));
        } else {
            assert!(refusal(identity, &options).to_string().contains("is not for `localhost`"));
        }
    }
}

#[test]
fn insecure_accepts_anything_and_says_what_was_wrong() {
    let authority = Authority::new();
    let options = TlsOptions { verification: Verification::None, ..TlsOptions::default() };
    let mut parameters = named("example.com");
    parameters.not_after = date_time_ymd(2020, 1, 1);
    let facts = acceptance(authority.issue(&parameters), &options).tls_facts.unwrap();
    let verdict = facts.verified.unwrap_err();
    assert!(verdict.starts_with("the certificate "), "{verdict}");
}

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
    assert_eq!(error.hint_text(), Some(format!("for a port without TLS, use `ws://localhost:{port}`").as_str()));
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
fn a_peer_that_stays_silent_runs_into_the_time_limit() {
    let authority = Authority::new();
    let until_the_client_leaves = |mut socket: TcpStream| {
        let _ = socket.read_to_end(&mut Vec::new());
    };
    let (port, peer) = impostor(b"", until_the_client_leaves);
    let target = Target::parse(&format!("wss://localhost:{port}")).unwrap();
    let options = ConnectOptions::prepare(&target, &authority.trusted(), &no_passphrase).unwrap();
    let limit = Instant::now() + Duration::from_millis(100);
    let error = connect(&target, &options, limit, &mut |_| {}).unwrap_err();
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
                    let _ =
                        socket.shutdown(std::net::Shutdown::Write).and_then(|()| socket.read_to_end(&mut Vec::new()));
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
    assert!(error.hint_text().unwrap().contains("--cert"), "{error}");
    server.join().unwrap().unwrap_err();
}

#[test]
fn in_tls_1_3_the_refusal_comes_after_the_handshake_and_reads_the_same() {
    let authority = Authority::new();
    let (port, server) = demanding(&authority, &[&TLS13], true);
    let mut connected = connect_to(port, &authority.trusted()).unwrap();
    let tls = connected.tls.as_mut().unwrap();
    let refusal = loop {
        tls.read_tls(&mut connected.socket).unwrap();
        if let Err(error) = tls.process_new_packets() {
            break error;
        }
    };
    let error = crate::net::tls_failure("localhost:1", &refusal);
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
    let options = TlsOptions { minimum_version: MinimumVersion::Tls13, ..authority.trusted() };
    let error = connect_to(port, &options).unwrap_err();
    assert!(error.hint_text().unwrap().contains("--tls-min"), "{error}");
    server.join().unwrap().unwrap_err();
}

#[test]
fn a_client_that_does_not_speak_tls_is_told_by_what_it_sent() {
    let authority = Authority::new();
    let listener = listener(authority.issue(&named("localhost")));
    let mut client = TcpStream::connect(listener.address()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let error = listener.accept().unwrap().handshake(soon()).unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` does not speak TLS", client.local_addr().unwrap()));
    assert_eq!(error.evidence_lines(), ["it sent `GET / HTTP/1.1`"]);
}

#[test]
fn a_silent_client_is_given_up() {
    let authority = Authority::new();
    let listener = listener(authority.issue(&named("localhost")));
    let _client = TcpStream::connect(listener.address()).unwrap();
    let error = listener.accept().unwrap().handshake(Instant::now() + Duration::from_millis(50)).unwrap_err();
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
