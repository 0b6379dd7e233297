//! Why a proxy does not connect us, as data.

use std::io;

use crate::http::{Body, Head, HeadError};
use crate::net::limit::TimeLimit;
use crate::net::tls::TlsFailure;

/// Why a proxy that was reached does not connect us to the server.
#[derive(Debug)]
pub enum ProxyFailure {
    /// The time limit passed before it had answered.
    TimedOut {
        /// The limit.
        limit: TimeLimit,
    },
    /// The connection to it broke.
    Broken(io::Error),
    /// TLS with it broke after the handshake.
    Tls(TlsFailure),
    /// What came is no answer to CONNECT, or ended too early.
    NoHead(HeadError),
    /// It refuses CONNECT.
    Refused {
        /// Its answer.
        head: Box<Head>,
        /// The start of what follows, as far as it came within a second.
        body: Body,
    },
    /// It is no SOCKS proxy, or refuses.
    Socks(SocksFailure),
}

/// Why a SOCKS proxy does not connect us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocksFailure {
    /// What came is not SOCKS version 5.
    NotSocks {
        /// What came.
        bytes: Vec<u8>,
    },
    /// It closed the connection before it had answered.
    Ended,
    /// It accepts none of the ways to log in that were offered.
    NoMethod,
    /// It wants a way to log in that was not offered.
    OtherMethod(u8),
    /// It does not accept user and password.
    CredentialsRefused,
    /// The name of the server is longer than SOCKS can say (255 bytes).
    NameTooLong,
    /// It did not connect us.
    Refused {
        /// What it was asked to connect us to, one after the other, and what it said of each.
        attempts: Vec<(String, SocksReply)>,
    },
}

/// The reply of a SOCKS proxy that does not connect us (RFC 1928 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocksReply(pub u8);

impl SocksReply {
    /// What it means, in the words of the RFC.
    pub fn meaning(self) -> &'static str {
        match self.0 {
            1 => "general SOCKS server failure",
            2 => "connection not allowed by ruleset",
            3 => "network unreachable",
            4 => "host unreachable",
            5 => "connection refused",
            6 => "TTL expired",
            7 => "command not supported",
            8 => "address type not supported",
            _ => "unassigned",
        }
    }

    /// Whether another address of the server may fare better.
    pub(in crate::net) fn is_about_the_address(self) -> bool {
        matches!(self.0, 1 | 3..=6 | 8)
    }
}

impl ProxyFailure {
    /// The same, with the limit that has passed where it is that.
    pub(super) fn within(self, limit: TimeLimit) -> Self {
        match self {
            Self::Broken(error) if error.kind() == io::ErrorKind::TimedOut && limit.left().is_none() => {
                Self::TimedOut { limit }
            }
            other => other,
        }
    }
}

impl From<io::Error> for ProxyFailure {
    fn from(error: io::Error) -> Self {
        match TlsFailure::of(&error) {
            Some(failure) => Self::Tls(failure),
            None => Self::Broken(error),
        }
    }
}
