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
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new().name("resolve".into()).spawn(move || {
        let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody listens any more when the limit has passed.
        let _ = sender.send(addresses);
    });
    if let Err(error) = started {
        return Some(Err(error));
    }
    match receiver.recv_timeout(limit.left().unwrap_or_default()) {
        Ok(addresses) => Some(addresses),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Err(io::Error::other("the lookup broke off"))),
    }
}

fn unknown(target: &Target) -> Error {
    Error::new(Phase::Resolve, format!("cannot resolve the name `{}`", target.host()))
        .hint("check its spelling, and that this machine is online")
}
