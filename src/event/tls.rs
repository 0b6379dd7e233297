//! What a TLS handshake brought.

use std::time::Duration;

/// What TLS agreed on, and with whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.3`.
    pub version: String,
    /// `TLS13_AES_256_GCM_SHA384`.
    pub cipher_suite: String,
    /// `X25519`, where known.
    pub key_exchange: Option<String>,
    /// The protocol that ALPN agreed on.
    pub alpn: Option<String>,
    /// The name that was asked for (SNI).
    pub server_name: String,
    /// The certificates that the peer showed, leaf first.
    pub certificates: Vec<Certificate>,
    /// `Ok` when chain and name were verified; otherwise why they would not have been (with `--insecure`).
    pub verified: Result<(), CertificateFault>,
}

/// A certificate of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// What it says.
    Readable(CertificateFacts),
    /// Bytes that are no certificate.
    Malformed {
        /// How many.
        length: usize,
    },
}

impl Certificate {
    /// What it says, unless it is malformed.
    pub fn facts(&self) -> Option<&CertificateFacts> {
        match self {
            Self::Readable(facts) => Some(facts),
            Self::Malformed { .. } => None,
        }
    }
}

/// What a certificate says. All texts are the peer's, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The distinguished name of its subject (RFC 4514).
    pub subject: String,
    /// The distinguished name of its issuer.
    pub issuer: String,
    /// The first moment of its validity, since the Unix epoch.
    pub not_before: Duration,
    /// The last one.
    pub not_after: Duration,
    /// The DNS names and IP addresses that it is for.
    pub names: Vec<String>,
}

impl CertificateFacts {
    /// Whether the certificate names itself as its issuer.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// Why a server's certificate is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFault {
    /// Its validity, or that of a certificate above it, is over.
    Expired {
        /// The subject of the certificate that it is about, unless that is the server's own.
        issuer: Option<String>,
        /// The last moment of its validity, since the Unix epoch.
        not_after: Duration,
        /// How long ago that was.
        ago: Duration,
    },
    /// Its validity, or that of a certificate above it, is still to come.
    NotYetValid {
        /// The subject of the certificate that it is about, unless that is the server's own.
        issuer: Option<String>,
        /// The first moment of its validity, since the Unix epoch.
        not_before: Duration,
        /// How far ahead that is.
        ahead: Duration,
    },
    /// It is for other names.
    WrongName {
        /// The name that was asked for.
        asked: String,
        /// The names that it is for; `None` where it cannot be read.
        names: Option<Vec<String>>,
    },
    /// It is signed with its own key, and it is not trusted.
    SelfSigned,
    /// The same, and it is marked as a CA's.
    SelfSignedAuthority,
    /// No trusted certificate is the issuer of the chain.
    UnknownIssuer {
        /// The issuer that would have to be trusted; `None` where the chain cannot be read.
        issuer: Option<String>,
    },
    /// A trusted certificate has the name of its issuer, but another key.
    WrongSignature {
        /// The name of the issuer.
        issuer: String,
    },
    /// It is no certificate.
    Malformed,
    /// Its issuer has revoked it.
    Revoked,
    /// It is not meant for servers.
    WrongPurpose,
    /// It is marked as a CA's.
    Authority,
    /// It is of an X.509 version before 3.
    OldVersion,
    /// Another fault, in the words of the library.
    Other(String),
    /// It could not be checked, in the words of the library.
    Unchecked(String),
}
