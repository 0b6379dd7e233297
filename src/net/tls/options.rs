//! How TLS is to be spoken.

use std::cmp::Ordering;
use std::path::PathBuf;

use clap::ValueEnum;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use super::pinned_keys::PinnedKeys;

static ONLY_TLS12: &[&SupportedProtocolVersion] = &[&TLS12];
static ONLY_TLS13: &[&SupportedProtocolVersion] = &[&TLS13];

/// How a client speaks TLS, with whatever server.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// The certificates that are trusted.
    pub roots: TrustedRoots,
    /// What follows from a server's certificate that is not accepted.
    pub verification: Verification,
    /// The server's key has to be one of these, verified or not.
    pub pinned_keys: Option<PinnedKeys>,
    /// The client's own certificate, shown to a server that asks for it.
    pub identity: Option<Identity>,
    /// The versions that are spoken.
    pub versions: TlsVersions,
}

/// The certificates that are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TrustedRoots {
    /// The system's trust store, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    #[default]
    System,
    /// Only the certificates in this PEM file.
    File(PathBuf),
}

/// What follows from a server's certificate that is not accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verification {
    /// The handshake ends.
    #[default]
    Required,
    /// The handshake goes on, and [`TlsFacts::verified`](crate::event::TlsFacts::verified) has the reason.
    Recorded,
}

/// A certificate chain with its private key, both PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The leaf first, then its issuers.
    pub certificate: PathBuf,
    /// May be the same file. An encrypted key (PKCS #8) asks for its passphrase.
    pub key: PathBuf,
}

/// A version of TLS that can be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[value(name = "1.3")]
    Tls13,
}

/// The versions that are spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsVersions {
    /// All that can be spoken.
    #[default]
    All,
    /// This one.
    Only(TlsVersion),
}

impl TlsVersions {
    /// The versions from `minimum` to `maximum`; a bound that is not given leaves out none. `None` if there are none.
    pub fn between(minimum: Option<TlsVersion>, maximum: Option<TlsVersion>) -> Option<Self> {
        let (minimum, maximum) = (minimum.unwrap_or(TlsVersion::Tls12), maximum.unwrap_or(TlsVersion::Tls13));
        match minimum.cmp(&maximum) {
            Ordering::Less => Some(Self::All),
            Ordering::Equal => Some(Self::Only(minimum)),
            Ordering::Greater => None,
        }
    }

    /// The versions that rustls is to speak.
    pub(super) fn supported(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::All => rustls::ALL_VERSIONS,
            Self::Only(TlsVersion::Tls12) => ONLY_TLS12,
            Self::Only(TlsVersion::Tls13) => ONLY_TLS13,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TlsVersion::{Tls12, Tls13};
    use super::*;

    #[test]
    fn bounds_choose_the_versions() {
        assert_eq!(TlsVersions::between(None, None), Some(TlsVersions::All));
        assert_eq!(TlsVersions::between(Some(Tls12), Some(Tls13)), Some(TlsVersions::All));
        assert_eq!(TlsVersions::between(Some(Tls13), None), Some(TlsVersions::Only(Tls13)));
        assert_eq!(TlsVersions::between(None, Some(Tls12)), Some(TlsVersions::Only(Tls12)));
        assert_eq!(TlsVersions::between(Some(Tls13), Some(Tls12)), None);
    }
}
