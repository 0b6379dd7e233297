//! Why a TLS handshake fails, as data.

use std::io;

use rustls::{AlertDescription, PeerIncompatible, PeerMisbehaved};

use crate::event::{Certificate, CertificateFault, CertificateRequest};
use crate::net::limit::TimeLimit;

/// Why there is no TLS session, or why it broke.
#[derive(Debug)]
pub enum TlsFailure {
    /// The time limit passed in the handshake.
    TimedOut {
        /// The limit.
        limit: TimeLimit,
    },
    /// The peer ended the stream in the handshake.
    Ended,
    /// The socket failed in the handshake.
    Dropped(io::Error),
    /// What the peer sent is not TLS.
    NotTls {
        /// How it began.
        first_bytes: Vec<u8>,
    },
    /// The peer sent an alert. In TLS 1.3 that may come after the handshake: a server refuses a client's certificate
    /// only then.
    Alert(AlertDescription),
    /// There is no TLS that both sides speak.
    Incompatible {
        /// What the peer does not speak.
        what: Incompatibility,
        /// What rustls says of it.
        error: rustls::Error,
    },
    /// The server's certificate is not accepted.
    Certificate(Box<RefusedCertificate>),
    /// The peer asked for a certificate of ours, and then refused or ended the connection.
    AfterRequest {
        /// What it asked for, and was sent.
        request: CertificateRequest,
        /// What it did then.
        failure: Box<TlsFailure>,
    },
    /// Anything else that rustls says.
    Other(rustls::Error),
}

/// What the peer does not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incompatibility {
    /// The versions that are switched on here.
    OurVersions,
    /// TLS 1.2 or 1.3.
    OldVersionsOnly,
    /// Any cipher suite of ours: it chose one that was not offered.
    OurCipherSuites,
    /// Any signature of ours.
    OurSignatures,
    /// HTTP/1.1: it chose a protocol that was not offered (ALPN).
    OurApplicationProtocol,
    /// Something else.
    Other,
}

/// A server's certificate that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCertificate {
    /// What is wrong with it.
    pub fault: CertificateFault,
    /// The certificates that the server showed, its own first.
    pub chain: Vec<Certificate>,
    /// Whether any certificate is trusted at all.
    pub has_roots: bool,
    /// What could not be read of the system's trust store, one line each.
    pub unread_roots: Vec<String>,
}

impl TlsFailure {
    /// The same, as it came after a request for a certificate of ours: what else went wrong has nothing to do with that.
    pub(super) fn after(self, request: CertificateRequest) -> Self {
        match self {
            Self::Ended | Self::Dropped(_) | Self::Alert(_) => Self::AfterRequest { request, failure: Box::new(self) },
            other => other,
        }
    }

    /// What a stream's read or write failed with, where that was TLS.
    pub fn of(error: &io::Error) -> Option<Self> {
        let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Some(error.clone().into())
    }
}

impl From<rustls::Error> for TlsFailure {
    fn from(error: rustls::Error) -> Self {
        let what = match &error {
            rustls::Error::AlertReceived(alert) => return Self::Alert(*alert),
            rustls::Error::PeerIncompatible(what) => match what {
                PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => Incompatibility::OurVersions,
                PeerIncompatible::ServerDoesNotSupportTls12Or13 => Incompatibility::OldVersionsOnly,
                _ => Incompatibility::Other,
            },
            rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite) => {
                Incompatibility::OurCipherSuites
            }
            rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => {
                Incompatibility::OurApplicationProtocol
            }
            rustls::Error::PeerMisbehaved(
                PeerMisbehaved::SignedKxWithWrongAlgorithm | PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme,
            ) => Incompatibility::OurSignatures,
            _ => return Self::Other(error),
        };
        Self::Incompatible { what, error }
    }
}
