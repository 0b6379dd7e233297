//! Where to connect to: a host and a port.

use url::Host;

/// A host, by name or address, and a port of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: Host,
    /// The zone of a link-local IPv6 address (RFC 6874), an interface of this machine.
    zone: Option<String>,
    port: u16,
}

impl Endpoint {
    pub(super) fn new(host: Host, zone: Option<String>, port: u16) -> Self {
        Self { host, zone, port }
    }

    /// The host as a name or an address, without the brackets of IPv6 and without a zone; names in their ASCII form.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }

    /// The host as it stands in a URL: an IPv6 address in brackets, without its zone.
    pub(super) fn url_host(&self) -> String {
        self.host.to_string()
    }

    /// The host as it was parsed.
    pub(super) fn as_host(&self) -> &Host {
        &self.host
    }

    /// Host and port, both always, as HTTP's CONNECT has them: an IPv6 address in brackets, without its zone.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same host, with another port.
    pub(super) fn with_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// The interface that a link-local address belongs to, where it is given.
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Whether this is its host.
    pub(super) fn is_at(&self, host: &Host) -> bool {
        self.host == *host
    }

    /// Host and port, both always, for messages.
    pub fn peer(&self) -> String {
        match &self.zone {
            Some(zone) => format!("[{}%{zone}]:{}", self.host(), self.port),
            None => format!("{}:{}", self.host, self.port),
        }
    }

    /// What to give to the resolver: the host, with its zone.
    pub fn lookup_name(&self) -> String {
        match &self.zone {
            Some(zone) => format!("{}%{zone}", self.host()),
            None => self.host(),
        }
    }

    /// Whether the host is an address that means something on one link only.
    pub fn is_link_local(&self) -> bool {
        matches!(&self.host, Host::Ipv6(address) if address.is_unicast_link_local())
    }

    /// Whether the host is a name, not an address.
    pub fn has_name(&self) -> bool {
        matches!(self.host, Host::Domain(_))
    }

    /// Whether nothing that is sent there leaves this machine.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(_) => self.is_localhost(),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.to_canonical().is_loopback(),
        }
    }

    /// Whether the name means this machine whatever a name server says (RFC 6761 section 6.3).
    pub(super) fn is_localhost(&self) -> bool {
        let Host::Domain(name) = &self.host else { return false };
        let name = name.strip_suffix('.').unwrap_or(name);
        name == "localhost" || name.ends_with(".localhost")
    }
}
