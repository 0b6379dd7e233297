//! What the TLS library does not know: keys, versions, key exchanges.

use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{ServerConfig, SignatureAlgorithm, SignatureScheme};

use super::*;
use crate::support::server::serve_sockets;

/// Self-signed, for `localhost`, until 2126 (`openssl req -x509`).
const RSA_1024: &[u8] = include_bytes!("../certificates/rsa1024.pem");
const P_521: &[u8] = include_bytes!("../certificates/p521.pem");

/// A key whose signatures are nonsense: what cannot be checked may be anything.
#[derive(Debug, Clone)]
struct Nonsense(SignatureScheme);

impl SigningKey for Nonsense {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.0).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        if self.0 == SignatureScheme::RSA_PSS_SHA256 { SignatureAlgorithm::RSA } else { SignatureAlgorithm::ECDSA }
    }
}

impl Signer for Nonsense {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(vec![1; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        self.0
    }
}

/// What a server needs that shows this certificate and cannot sign.
fn config(certificate: CertificateDer<'static>, scheme: SignatureScheme) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let key = CertifiedKey::new(vec![certificate], Arc::new(Nonsense(scheme)));
    let resolver = Arc::new(SingleCertAndKey::from(key));
    Arc::new(builder.expect("usual versions").with_no_client_auth().with_cert_resolver(resolver))
}

fn stored(certificate: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(certificate).expect("a certificate")
}

#[test]
fn insecure_takes_any_kind_of_key() {
    for (certificate, scheme, subject) in [
        (RSA_1024, SignatureScheme::RSA_PSS_SHA256, "CN=an RSA 1024 server"),
        (P_521, SignatureScheme::ECDSA_NISTP521_SHA512, "CN=a P-521 server"),
    ] {
        let server = serve_tls(config(stored(certificate), scheme), echo);
        let output = Wscope::new().args(["-k", "-w", "0"]).arg(server.url()).stdin("hi\n").run();
        output
            .exits(0)
            .prints("hi\n")
            .says(&format!("the server is not verified: its certificate `{subject}` is self-signed"));
        assert_eq!(server.outcome(), Ok(Some(1000)));
    }
}

#[test]
fn a_key_that_cannot_be_checked_is_named_where_it_matters() {
    let authority = Authority::new();
    let file = authority.write("rsa1024.pem", str::from_utf8(RSA_1024).unwrap());
    let config = config(stored(RSA_1024), SignatureScheme::RSA_PSS_SHA256);
    let complaint = "its certificate `CN=an RSA 1024 server` has a key that wscope cannot check: RSA 1024";
    let run = |flags: &[&str]| {
        let server = serve_tls(Arc::clone(&config), echo);
        Wscope::new().args(["-w", "0", "--cacert"]).arg(&file).args(flags).arg(server.url()).stdin("hi\n").run()
    };
    run(&[]).exits(4).says(complaint).says("RSA from 2048 to 8192 bits");
    run(&["-k"]).exits(0).prints("hi\n").says(complaint);
    // Any server that has seen the certificate could show it.
    let pinned = run(&["-k", "--pinnedpubkey", "sha256//lQqDZlx8Suby2XCd4G0su4GHjlGF5CbUV9WxAZ4AuI0="]);
    pinned.exits(4).says(complaint);
}

#[test]
fn a_signature_that_is_plainly_wrong_is_refused_with_insecure_too() {
    let certificate = Authority::new().issue().chain().remove(0);
    let server = serve_tls(config(certificate, SignatureScheme::ECDSA_NISTP256_SHA256), echo);
    let output = Wscope::new().args(["-k", "-w", "0"]).arg(server.url()).run();
    output.exits(4).says("BadSignature");
}

/// Runs against a server that answers a `ClientHello` with these bytes.
fn answered_with(answer: Vec<u8>) -> crate::support::program::Output {
    let server = serve_sockets("wss", move |mut socket: TcpStream| {
        let mut header = [0; 5];
        socket.read_exact(&mut header).unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        socket.read_exact(&mut hello).unwrap();
        socket.write_all(&answer).unwrap();
        let _ = socket.shutdown(Shutdown::Write).and_then(|()| socket.read_to_end(&mut Vec::new()));
    });
    let output = Wscope::new().arg("-k").arg(server.url()).run();
    server.outcome();
    output
}

/// A `ServerHello` (RFC 5246 section 7.4.1.3) of this version with this cipher suite.
fn server_hello(version: [u8; 2], cipher_suite: [u8; 2]) -> Vec<u8> {
    let body = [&version[..], &[7; 32], &[0], &cipher_suite, &[0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    let message = [&[2, 0, 0, length][..], &body].concat();
    [&[22][..], &version, &[0, length + 4], &message].concat()
}

#[test]
fn tls_1_1_is_told_as_what_is_not_spoken() {
    // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA.
    let output = answered_with(server_hello([3, 2], [0xC0, 0x13]));
    output.exits(4).says("TLS 1.1 at most, which wscope's TLS library does not");
    let protocol_version = vec![21, 3, 2, 0, 2, 2, 70];
    answered_with(protocol_version).exits(4).says("alert 70, protocol version").says("knows no older one");
}

#[test]
fn rsa_key_exchange_is_told_as_what_is_not_spoken() {
    // TLS_RSA_WITH_AES_128_GCM_SHA256.
    let output = answered_with(server_hello([3, 3], [0x00, 0x9C]));
    output.exits(4).says("knows no RSA or finite-field key exchange");
    let handshake_failure = vec![21, 3, 3, 0, 2, 2, 40];
    answered_with(handshake_failure).exits(4).says("alert 40").says("knows no RSA or finite-field key exchange");
}
