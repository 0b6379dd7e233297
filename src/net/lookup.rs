//! Which addresses a name has: given ones in place of those that the system knows, and of one family alone.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use url::Host;

use super::endpoint::Endpoint;

/// How names become addresses: those of servers and those of proxies.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Names with addresses of their own; the last one that fits counts.
    pub pins: Vec<Pin>,
    /// Addresses of the other family are left out.
    pub family: Option<AddressFamily>,
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl AddressFamily {
    pub(super) fn has(self, address: SocketAddr) -> bool {
        address.is_ipv6() == (self == Self::V6)
    }
}

/// The addresses that a host, at one port, has instead of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// `None`: every host.
    host: Option<Host>,
    port: u16,
    addresses: Vec<IpAddr>,
}

impl Lookup {
    /// Every host has this address at `port`.
    pub(super) fn at(port: u16, address: IpAddr) -> Self {
        Self { pins: vec![Pin { host: None, port, addresses: vec![address] }], family: None }
    }

    /// The given addresses of the endpoint; a pin of its host counts before one of every host, as in curl.
    pub fn pinned(&self, endpoint: &Endpoint) -> Option<Vec<SocketAddr>> {
        let port = endpoint.port();
        let at_port = || self.pins.iter().rev().filter(|pin| pin.port == port);
        let of_host = at_port().find(|pin| pin.host.as_ref().is_some_and(|host| endpoint.is_at(host)));
        let pin = of_host.or_else(|| at_port().find(|pin| pin.host.is_none()))?;
        Some(pin.addresses.iter().map(|address| SocketAddr::new(*address, port)).collect())
    }
}

impl FromStr for Pin {
    type Err = String;

    /// `HOST:PORT:ADDR[,ADDR]…`, as curl has it: `*` is every host, an IPv6 address has brackets or none, and a `+` in
    /// front changes nothing.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected `HOST:PORT:ADDRESS[,ADDRESS]`".to_owned();
        let (host, rest) = split_host(text.strip_prefix('+').unwrap_or(text)).ok_or_else(wrong)?;
        let (port, addresses) = rest.split_once(':').ok_or_else(wrong)?;
        let host = if host == "*" { None } else { Some(parse_host(host)?) };
        let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
        let addresses = addresses.split(',').map(address).collect::<Result<_, _>>()?;
        Ok(Self { host, port, addresses })
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| format!("`{text}` is no IP address"))
}

/// The connection to one host and port goes to another in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectTo {
    /// `None`: every host.
    from_host: Option<Host>,
    /// `None`: every port.
    from_port: Option<u16>,
    /// `None`: the same host.
    to_host: Option<Host>,
    /// `None`: the same port.
    to_port: Option<u16>,
}

impl ConnectTo {
    /// Where the connection to `endpoint` goes, as the first rule that fits says.
    pub fn apply(rules: &[Self], endpoint: &Endpoint) -> Endpoint {
        let fits = |rule: &&Self| {
            rule.from_host.as_ref().is_none_or(|host| endpoint.is_at(host))
                && rule.from_port.is_none_or(|port| port == endpoint.port())
        };
        match rules.iter().find(fits) {
            None => endpoint.clone(),
            Some(Self { to_host: Some(host), to_port, .. }) => {
                Endpoint::new(host.clone(), None, to_port.unwrap_or(endpoint.port()))
            }
            Some(Self { to_port, .. }) => endpoint.with_port(to_port.unwrap_or(endpoint.port())),
        }
    }
}

impl FromStr for ConnectTo {
    type Err = String;

    /// `HOST1:PORT1:HOST2:PORT2`, as curl has it: each of them may be missing. An IPv6 address stands in brackets.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected `HOST1:PORT1:HOST2:PORT2`".to_owned();
        let (from_host, rest) = split_host(text).ok_or_else(wrong)?;
        let (from_port, rest) = rest.split_once(':').ok_or_else(wrong)?;
        let (to_host, to_port) = split_host(rest).ok_or_else(wrong)?;
        Ok(Self {
            from_host: some(from_host, parse_host)?,
            from_port: some(from_port, port)?,
            to_host: some(to_host, parse_host)?,
            to_port: some(to_port, port)?,
        })
    }
}

fn some<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// A port to which something can connect.
fn port(text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|port| *port != 0).ok_or_else(|| format!("`{text}` is no port"))
}

fn parse_host(text: &str) -> Result<Host, String> {
    Host::parse(text).map_err(|_| format!("`{text}` is no host"))
}

/// A host, which may be an IPv6 address in brackets, and what follows the colon behind it.
fn split_host(text: &str) -> Option<(&str, &str)> {
    let end = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':')? };
    let (host, rest) = text.split_at(end);
    Some((host, rest.strip_prefix(':')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Target;

    fn endpoint(url: &str) -> Endpoint {
        Target::parse(url).unwrap().endpoint().clone()
    }

    fn pinned(pins: &[&str], url: &str) -> Option<String> {
        let lookup = Lookup { pins: pins.iter().map(|pin| pin.parse().unwrap()).collect(), family: None };
        let addresses = lookup.pinned(&endpoint(url))?;
        Some(addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    fn sent(rules: &[&str], url: &str) -> String {
        let rules: Vec<_> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        ConnectTo::apply(&rules, &endpoint(url)).peer()
    }

    #[test]
    fn a_pin_is_for_one_host_at_one_port() {
        let pin = ["Example.com:443:192.0.2.1,[2001:db8::1],2001:db8::2"];
        let all = "192.0.2.1:443 [2001:db8::1]:443 [2001:db8::2]:443";
        assert_eq!(pinned(&pin, "wss://example.com").as_deref(), Some(all));
        assert_eq!(pinned(&pin, "ws://example.com"), None);
        assert_eq!(pinned(&pin, "wss://example.org"), None);
        assert_eq!(pinned(&["+a:80:192.0.2.1"], "ws://a").as_deref(), Some("192.0.2.1:80"));
        assert_eq!(pinned(&["[::1]:80:192.0.2.1"], "ws://[::1]").as_deref(), Some("192.0.2.1:80"));
    }

    #[test]
    fn a_host_counts_before_every_host_and_the_last_pin_of_it_before_the_others() {
        let pins = ["a:80:192.0.2.1", "a:80:192.0.2.2", "*:80:192.0.2.3"];
        assert_eq!(pinned(&pins, "ws://a").as_deref(), Some("192.0.2.2:80"));
        assert_eq!(pinned(&pins, "ws://b").as_deref(), Some("192.0.2.3:80"));
        assert_eq!(pinned(&pins, "ws://b:81"), None);
    }

    #[test]
    fn the_first_rule_that_fits_says_where_a_connection_goes() {
        assert_eq!(sent(&["a:80:b:81"], "ws://a"), "b:81");
        assert_eq!(sent(&["a:80:b:81"], "ws://a:8000"), "a:8000");
        assert_eq!(sent(&["a::b:", "a:80:c:1"], "ws://a"), "b:80");
        assert_eq!(sent(&["::[::1]:9"], "wss://a"), "[::1]:9");
        assert_eq!(sent(&["[::1]:80::82"], "ws://[::1]"), "[::1]:82");
        assert_eq!(sent(&[":::"], "ws://[fe80::1%25lo]"), "[fe80::1%lo]:80");
        assert_eq!(sent(&[], "ws://a"), "a:80");
    }

    #[test]
    fn what_is_neither_a_pin_nor_a_rule_is_refused() {
        for text in ["", "a", "a:80", "a:80:", "a:x:192.0.2.1", "a:80:b", "a:80:192.0.2.1,", "[::1:80:192.0.2.1"] {
            text.parse::<Pin>().expect_err(text);
        }
        for text in ["", "a", "a:80", "a:80:b", "a:x:b:80", "a:80:b:0", "a:80:b:80:c", "::1:80:b:80"] {
            text.parse::<ConnectTo>().expect_err(text);
        }
    }
}
