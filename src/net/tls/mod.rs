//! TLS with rustls: what to trust, how to identify ourselves, and what came of it.

mod authority;
mod certificate;
mod certificate_error;
mod chain;
mod client;
mod client_certificate;
mod distinguished_name;
mod failure;
pub(super) mod handshake;
mod options;
mod pem;
mod pinned_keys;
mod public_key;
mod recording_verifier;
mod server;

use rustls::CommonState;

pub use self::authority::{Authority, AuthorityError, AuthorityFault};
pub use self::client::{ServerName, TlsClient};
pub use self::failure::{Incompatibility, RefusedCertificate, TlsFailure};
pub use self::options::{Identity, TlsOptions, TlsVersion, TlsVersions, TrustedRoots, Verification};
pub use self::pinned_keys::PinnedKeys;
pub use self::server::{ServerIdentity, accept_as};
pub(super) use self::server::{ServerTls, accept};
use crate::event::TlsFacts;

/// What wscope speaks inside TLS: the upgrade is HTTP/1.1.
fn alpn() -> Vec<Vec<u8>> {
    vec![b"http/1.1".to_vec()]
}

fn facts(connection: &CommonState, server_name: &str) -> TlsFacts {
    let version = connection.protocol_version().and_then(|version| version.as_str().map(str::to_owned));
    let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str().map(str::to_owned));
    let group = connection.negotiated_key_exchange_group();
    TlsFacts {
        version: version.unwrap_or_default().replace("TLSv1_", "TLSv1."),
        cipher_suite: suite.unwrap_or_default(),
        key_exchange: group.and_then(|group| group.name().as_str().map(str::to_owned)),
        alpn: connection.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
        server_name: server_name.to_owned(),
        certificates: certificate::read_all(connection.peer_certificates().unwrap_or_default()),
        verified: Ok(()),
        certificate_request: None,
    }
}
