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
    /// `Ok` when chain and name were verified; otherwise why they were not, where that is only recorded.
    pub verified: Result<(), CertificateFault>,
    /// The peer's request for a certificate of ours, where it made one.
    pub certificate_request: Option<CertificateRequest>,
}

/// A server's request for a client's certificate, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// What was sent.
    pub answer: CertificateAnswer,
    /// The distinguished names of the issuers that the server accepts, the first ten of them; often it names none.
    pub issuers: Vec<String>,
}

/// What a client sends where a certificate is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateAnswer {
    /// Its certificate.
    Sent {
        /// It.
        certificate: Box<Certificate>,
        /// What is wrong with its validity at this moment.
        out_of_date: Option<FailedCheck>,
    },
    /// None: it has none.
    None,
    /// None: the server checks no signature that its key can make.
    NoneFit,
    /// What a recording says of the whole request.
    Described(String),
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
    /// What a recording says of it.
    Described(String),
}

impl Certificate {
    /// What it says, unless it is malformed.
    pub fn facts(&self) -> Option<&CertificateFacts> {
        match self {
            Self::Readable(facts) => Some(facts),
            Self::Malformed { .. } | Self::Described(_) => None,
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
    /// The kind and size of its public key: `RSA 2048`, `ECDSA P-256`.
    pub key: String,
    /// SHA-256 of its public key (a `SubjectPublicKeyInfo`).
    pub key_hash: [u8; 32],
    /// SHA-256 of the whole certificate.
    pub fingerprint: [u8; 32],
}

impl CertificateFacts {
    /// Whether the certificate names itself as its issuer.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// Why a server's certificate is not accepted: which certificate failed which check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFault {
    /// Its place in the chain that the server showed: 0 for the server's own.
    pub depth: usize,
    /// Its subject; empty where it has none, or cannot be read.
    pub subject: String,
    /// What failed.
    pub check: FailedCheck,
}

/// A check of a certificate that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailedCheck {
    /// Its validity is over.
    Expired {
        /// The last moment of its validity, since the Unix epoch.
        not_after: Duration,
        /// How long ago that was.
        ago: Duration,
    },
    /// Its validity is still to come.
    NotYetValid {
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
    /// The same, for a server's own certificate that is marked as a CA's.
    SelfSignedAuthority,
    /// No trusted certificate is its issuer.
    UnknownIssuer {
        /// The issuer that would have to be trusted; `None` where the certificate cannot be read.
        issuer: Option<String>,
    },
    /// A certificate has the name of its issuer, but another key.
    WrongSignature {
        /// The name of the issuer.
        issuer: String,
    },
    /// It is signed in a way that cannot be checked.
    UncheckedSignature {
        /// The object identifier of the signature's algorithm.
        algorithm: String,
    },
    /// It has a kind of key with which a signature cannot be checked.
    UncheckedKey {
        /// The kind of key.
        key: String,
    },
    /// Its key is none of those that are pinned.
    NotPinned {
        /// SHA-256 of its key; `None` where it cannot be read.
        key_hash: Option<[u8; 32]>,
    },
    /// It is no certificate.
    Malformed,
    /// Its issuer has revoked it.
    Revoked,
    /// It is not meant for servers.
    WrongPurpose,
    /// It is the server's own and marked as a CA's.
    Authority,
    /// It is an issuer and not marked as a CA's.
    NoAuthority,
    /// It is of an X.509 version before 3.
    OldVersion,
    /// Another fault, in the words of the library.
    Other(String),
    /// It could not be checked, in the words of the library.
    Unchecked(String),
    /// What a recording says of the whole fault.
    Described(String),
}
