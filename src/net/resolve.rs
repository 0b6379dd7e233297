//! Name lookup with a time limit.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use super::limit::TimeLimit;
use super::target::Target;
use crate::error::{Error, Phase, Result};

/// The addresses of the target, in the system's order of preference (RFC 6724); at least one.
pub(super) fn resolve(target: &Target, limit: TimeLimit) -> Result<Vec<SocketAddr>> {
    if let Some(addresses) = without_lookup(target) {
        return Ok(addresses);
    }
    match look_up(target.lookup_name(), target.port(), limit) {
        Some(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Some(Ok(_)) => Err(unknown(target)),
        Some(Err(error)) => Err(unknown(target).caused_by(error)),
        None => Err(limit
            .passed(Phase::Resolve, format!("the name `{}` was not resolved", target.host()))
            .hint("is the name server reachable? an IP address in the URL needs none")),
    }
}

/// Addresses that need no lookup: literals, and `localhost`, which is the loopback by definition (RFC 6761 section 6.3).
fn without_lookup(target: &Target) -> Option<Vec<SocketAddr>> {
    let port = target.port();
    if target.is_localhost() {
        return Some(vec![(Ipv6Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port).into()]);
    }
    let address: IpAddr = target.lookup_name().parse().ok()?;
    Some(vec![(address, port).into()])
}

/// `getaddrinfo` in a thread of its own, since nothing can interrupt it; `None` when the limit passes first.
/// The thread is then left behind.
fn look_up(name: String, port: u16, limit: TimeLimit) -> Option<io::Result<Vec<SocketAddr>>> {
    let left = limit.left()?;
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new().name("resolve".into()).spawn(move || {
        let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody listens any more when the limit has passed.
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

fn unknown(target: &Target) -> Error {
    let error = Error::new(Phase::Resolve, format!("cannot resolve the name `{}`", target.lookup_name())).transient();
    match target.zone() {
        Some(zone) => error.hint(format!("is `{zone}` a network interface of this machine?")),
        None => error.hint("check its spelling, and that this machine is online"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn resolved(url: &str) -> Result<Vec<SocketAddr>> {
        resolve(&Target::parse(url).unwrap(), TimeLimit::starting_now(Duration::from_secs(10)))
    }

    #[test]
    fn localhost_is_both_loopback_addresses_whatever_the_system_says() {
        let expected = [(Ipv6Addr::LOCALHOST, 8000).into(), (Ipv4Addr::LOCALHOST, 8000).into()];
        assert_eq!(resolved(":8000").unwrap(), expected);
        assert_eq!(resolved("app.localhost:8000").unwrap(), expected);
    }

    #[test]
    fn an_address_is_taken_as_it_is() {
        assert_eq!(resolved("[2001:db8::1]:8000").unwrap(), ["[2001:db8::1]:8000".parse().unwrap()]);
    }

    #[test]
    fn an_interface_that_is_not_there_is_named() {
        let error = resolved("[fe80::1%25nowhere]:8000").unwrap_err();
        assert_eq!(error.hint_text(), Some("is `nowhere` a network interface of this machine?"));
    }

    #[test]
    fn a_lookup_that_takes_too_long_is_given_up() {
        let limit = TimeLimit::starting_now(Duration::ZERO);
        let error = resolve(&Target::parse("example.com").unwrap(), limit).unwrap_err();
        assert_eq!(error.to_string(), "the name `example.com` was not resolved within 0 s");
        assert_eq!(error.exit_status(), crate::error::ExitStatus::TimedOut);
    }
}
