//! Where a server listens.

use std::fmt;
use std::num::ParseIntError;

use crate::error::{Error, Phase, Result};
use crate::platform::UnixAddress;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// At a port.
    Tcp {
        /// A name or an address (IPv6 without brackets).
        host: String,
        /// 0 takes a free one.
        port: u16,
    },
    /// At a Unix domain socket.
    Unix(UnixAddress),
}

impl ListenAddress {
    /// A host, by name or address (IPv6 without brackets), and a port; port 0 takes a free one.
    pub fn new(host: &str, port: u16) -> Self {
        // One family has to be chosen, and every program on this machine can speak this one.
        let host = if host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
        Self::Tcp { host: host.to_owned(), port }
    }

    /// A port of the loopback interface.
    pub fn loopback(port: u16) -> Self {
        Self::new("127.0.0.1", port)
    }

    /// Whether the system picks the port.
    pub fn is_any_port(&self) -> bool {
        matches!(self, Self::Tcp { port: 0, .. })
    }

    /// Understands `[ADDR:]PORT`; without an address it is the loopback interface. IPv6 stands in brackets. `unix:PATH` is a
    /// Unix domain socket.
    ///
    /// # Errors
    /// [`Phase::Usage`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(Phase::Usage, format!("`{text}` is not an address to listen at")).hint(
                "write `8000`, `0.0.0.0:8000` for every IPv4 interface, `[::]:8000` for IPv6 as well, or `unix:PATH`",
            )
        };
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(wrong()) } else { Ok(Self::Unix(UnixAddress::new(path))) };
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse().map_err(|error: ParseIntError| wrong().caused_by(error))?;
        match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
            Some(Some(address)) if !address.is_empty() => Ok(Self::new(address, port)),
            None if host.is_empty() => Ok(Self::loopback(port)),
            None if !host.contains([':', '*', '/', ']']) => Ok(Self::new(host, port)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(formatter, "{host}:{port}"),
            Self::Unix(address) => write!(formatter, "unix:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_at_is_loopback_unless_it_says_otherwise() {
        for (text, host, port) in [
            ("8000", "127.0.0.1", 8000),
            (":8000", "127.0.0.1", 8000),
            ("0", "127.0.0.1", 0),
            ("localhost:8000", "127.0.0.1", 8000),
            ("0.0.0.0:80", "0.0.0.0", 80),
            ("[::1]:80", "::1", 80),
            ("example.com:80", "example.com", 80),
        ] {
            assert_eq!(ListenAddress::parse(text).unwrap(), ListenAddress::Tcp { host: host.into(), port }, "{text}");
        }
        let socket = ListenAddress::parse("unix:run/a:1").unwrap();
        assert_eq!(
            (socket.to_string().as_str(), socket),
            ("unix:run/a:1", ListenAddress::Unix(UnixAddress::new("run/a:1")))
        );
    }

    #[test]
    fn what_is_no_address_to_listen_at_is_refused() {
        for text in ["", "host", "host:", "host:65536", "::1:80", "[]:80", "[::1:80", "*:80", "ws://host:80", "unix:"] {
            let error = ListenAddress::parse(text).unwrap_err();
            assert_eq!(error.phase(), Phase::Usage, "{text}");
        }
    }
}
