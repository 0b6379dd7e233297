//! How TLS is to be spoken.

use std::path::PathBuf;

use clap::ValueEnum;
use rustls::SupportedProtocolVersion;
use rustls::version::TLS13;

static ONLY_TLS13: &[&SupportedProtocolVersion] = &[&TLS13];

/// How a client speaks TLS, with whatever server.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// What the server's certificate is verified against.
    pub verification: Verification,
    /// The client's own certificate, shown to a server that asks for it.
    pub identity: Option<Identity>,
    /// The lowest version that is spoken.
    pub minimum_version: MinimumVersion,
}

/// What a server's certificate is verified against.
#[derive(Debug, Clone, Default)]
pub enum Verification {
    /// The system's trust store, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    #[default]
    System,
    /// Only the certificates in this PEM file.
    Ca(PathBuf),
    /// Any certificate is accepted; what the system's trust store would have said is recorded.
    None,
}

/// A certificate chain with its private key, both PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The leaf first, then its issuers.
    pub certificate: PathBuf,
    /// May be the same file. An encrypted key (PKCS #8) asks for its passphrase.
    pub key: PathBuf,
}

/// A TLS version, as the lowest that is spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum MinimumVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[value(name = "1.3")]
    Tls13,
}

impl MinimumVersion {
    /// The versions that rustls is to speak.
    pub(super) fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::Tls12 => rustls::ALL_VERSIONS,
            Self::Tls13 => ONLY_TLS13,
        }
    }
}
