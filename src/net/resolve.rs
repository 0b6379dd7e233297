//! Name lookup with a time limit.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use super::endpoint::Endpoint;
use super::failure::ConnectCause;
use super::limit::TimeLimit;
use super::lookup::Lookup;

/// The addresses of the endpoint, in the system's order of preference (RFC 6724); at least one.
///
/// # Errors
/// [`ConnectCause::NameUnknown`], [`ConnectCause::OtherFamily`] or [`ConnectCause::LookupTimedOut`].
pub(super) fn resolve(endpoint: &Endpoint, lookup: &Lookup, limit: TimeLimit) -> Result<Vec<SocketAddr>, ConnectCause> {
    let all = match lookup.pinned(endpoint).or_else(|| without_lookup(endpoint)) {
        Some(addresses) => addresses,
        None => ask_the_system(endpoint, limit)?,
    };
    let Some(wanted) = lookup.family else { return Ok(all) };
    let (fitting, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|address| wanted.has(*address));
    if fitting.is_empty() {
        let addresses = others.iter().map(SocketAddr::ip).collect();
        return Err(ConnectCause::OtherFamily { wanted, addresses });
    }
    Ok(fitting)
}

fn ask_the_system(endpoint: &Endpoint, limit: TimeLimit) -> Result<Vec<SocketAddr>, ConnectCause> {
    match look_up(endpoint.lookup_name(), endpoint.port(), limit) {
        Some(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Some(Ok(_)) => Err(ConnectCause::NameUnknown { error: None }),
        Some(Err(error)) => Err(ConnectCause::NameUnknown { error: Some(error) }),
        None => Err(ConnectCause::LookupTimedOut { limit }),
    }
}

/// Addresses that need no lookup: literals, and `localhost`, which is the loopback by definition (RFC 6761 section 6.3).
fn without_lookup(endpoint: &Endpoint) -> Option<Vec<SocketAddr>> {
    let port = endpoint.port();
    if endpoint.is_localhost() {
        return Some(vec![(Ipv6Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port).into()]);
    }
    let address: IpAddr = endpoint.lookup_name().parse().ok()?;
    Some(vec![(address, port).into()])
}

/// `getaddrinfo` in a thread of its own, since nothing can interrupt it; `None` when the limit passes first.
/// The thread is then left behind.
fn look_up(name: String, port: u16, limit: TimeLimit) -> Option<io::Result<Vec<SocketAddr>>> {
    let left = limit.left()?;
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new().name("resolve".into()).spawn(move || {
        let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // When the limit has passed, the receiver is gone.
        let _ = sender.send(addresses);
    });
    if let Err(error) = started {
        return Some(Err(error));
    }
    match receiver.recv_timeout(left) {
        Ok(addresses) => Some(addresses),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Err(io::Error::other("the lookup broke off"))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::{AddressFamily, Target};

    fn resolved(url: &str, limit: Duration) -> Result<Vec<SocketAddr>, ConnectCause> {
        resolve(Target::parse(url).unwrap().endpoint(), &Lookup::default(), TimeLimit::starting_now(limit))
    }

    fn soon(url: &str) -> Result<Vec<SocketAddr>, ConnectCause> {
        resolved(url, Duration::from_secs(10))
    }

    #[test]
    fn localhost_is_both_loopback_addresses_whatever_the_system_says() {
        let expected = [(Ipv6Addr::LOCALHOST, 8000).into(), (Ipv4Addr::LOCALHOST, 8000).into()];
        assert_eq!(soon(":8000").unwrap(), expected);
        assert_eq!(soon("app.localhost:8000").unwrap(), expected);
    }

    #[test]
    fn an_address_is_taken_as_it_is() {
        assert_eq!(soon("[2001:db8::1]:8000").unwrap(), ["[2001:db8::1]:8000".parse().unwrap()]);
    }

    #[test]
    fn addresses_of_the_other_family_are_left_out() {
        let only = |family, url| {
            let lookup = Lookup { family: Some(family), ..Lookup::default() };
            let limit = TimeLimit::starting_now(Duration::from_secs(10));
            resolve(Target::parse(url).unwrap().endpoint(), &lookup, limit)
        };
        assert_eq!(only(AddressFamily::V4, ":8000").unwrap(), [(Ipv4Addr::LOCALHOST, 8000).into()]);
        assert_eq!(only(AddressFamily::V6, ":8000").unwrap(), [(Ipv6Addr::LOCALHOST, 8000).into()]);
        let Err(ConnectCause::OtherFamily { wanted, addresses }) = only(AddressFamily::V4, "[::1]:80") else {
            panic!()
        };
        assert_eq!((wanted, addresses), (AddressFamily::V4, vec![Ipv6Addr::LOCALHOST.into()]));
    }

    #[test]
    fn a_given_address_is_taken_before_any_other() {
        let lookup = Lookup { pins: vec!["localhost:80:192.0.2.1".parse().unwrap()], family: None };
        let target = Target::parse("ws://localhost").unwrap();
        let resolved = resolve(target.endpoint(), &lookup, TimeLimit::starting_now(Duration::ZERO)).unwrap();
        assert_eq!(resolved, ["192.0.2.1:80".parse().unwrap()]);
    }

    #[test]
    fn an_interface_that_is_not_there_has_no_address() {
        assert!(matches!(soon("[fe80::1%25nowhere]:8000"), Err(ConnectCause::NameUnknown { error: Some(_) })));
    }

    #[test]
    fn a_lookup_that_takes_too_long_is_given_up() {
        assert!(matches!(resolved("example.com", Duration::ZERO), Err(ConnectCause::LookupTimedOut { .. })));
    }
}
