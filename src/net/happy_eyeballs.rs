//! One TCP connection, to the address that answers first (RFC 8305).

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::failure::ConnectCause;
use super::limit::TimeLimit;
use crate::event::{FailedAttempt, SilentAttempt};
use crate::platform::{Descriptor, is_under_way, wait_until_any_is_writable};

/// How long one address may stay silent before the next is tried beside it (RFC 8305 section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The connection, and the addresses that failed before it.
#[derive(Debug)]
pub(super) struct TcpConnected {
    /// Blocking again.
    pub(super) socket: TcpStream,
    /// The address that answered.
    pub(super) address: SocketAddr,
    /// The addresses that failed in the meantime.
    pub(super) failed: Vec<FailedAttempt>,
    /// The addresses that had been given [`ATTEMPT_DELAY`], and had not answered.
    pub(super) silent: Vec<SilentAttempt>,
}

/// The families take turns, the one that the system prefers first (RFC 8305 section 4).
pub(super) fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(preferred) = addresses.first() else { return Vec::new() };
    let (mut first, mut second): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == preferred.is_ipv6());
    let (mut first, mut second) = (first.drain(..), second.drain(..));
    let mut ordered = Vec::with_capacity(addresses.len());
    while ordered.len() < addresses.len() {
        ordered.extend(first.next());
        ordered.extend(second.next());
    }
    ordered
}

/// Tries the addresses in their order: the next one after [`ATTEMPT_DELAY`], or at once when one fails.
/// The first connection is kept, the others are dropped.
///
/// # Errors
/// [`ConnectCause::AllFailed`] or [`ConnectCause::ConnectTimedOut`].
pub(super) fn connect(addresses: &[SocketAddr], limit: TimeLimit) -> Result<TcpConnected, ConnectCause> {
    let mut waiting = addresses.iter().copied();
    let mut attempts = Attempts { pending: Vec::new(), failed: Vec::new() };
    let mut next_start = Some(Instant::now());
    loop {
        let now = Instant::now();
        if now >= limit.until {
            return Err(attempts.timed_out(limit));
        }
        if next_start.is_some_and(|start| start <= now) {
            next_start = waiting.next().map(|address| now + attempts.start(address));
            continue;
        }
        if attempts.pending.is_empty() && next_start.is_none() {
            return Err(ConnectCause::AllFailed { failed: attempts.failed });
        }
        let failures = attempts.failed.len();
        let until = next_start.map_or(limit.until, |start| start.min(limit.until));
        if let Some((socket, address)) = attempts.wait(until.saturating_duration_since(now)) {
            let silent = attempts.silent();
            return Ok(TcpConnected { socket, address, failed: attempts.failed, silent });
        }
        if attempts.failed.len() > failures {
            next_start = next_start.map(|_| Instant::now());
        }
    }
}

/// An attempt that is under way.
struct Pending {
    socket: Socket,
    address: SocketAddr,
    started: Instant,
}

/// The attempts that are under way, and those that are over.
struct Attempts {
    pending: Vec<Pending>,
    failed: Vec<FailedAttempt>,
}

impl Attempts {
    /// Starts one attempt; says how long to wait before the next.
    fn start(&mut self, address: SocketAddr) -> Duration {
        match begin(address) {
            Ok(socket) => {
                self.pending.push(Pending { socket, address, started: Instant::now() });
                ATTEMPT_DELAY
            }
            Err(error) => {
                self.fail(address, error);
                Duration::ZERO
            }
        }
    }

    /// Waits until an attempt has come to an end, at most `timeout`; gives back the one that succeeded.
    fn wait(&mut self, timeout: Duration) -> Option<(TcpStream, SocketAddr)> {
        let ready = self.ready(timeout);
        // From the back, so that removing one leaves the indices of the others.
        for index in ready.into_iter().rev() {
            let Pending { socket, address, .. } = self.pending.remove(index);
            match finish(socket, address) {
                Ok(socket) => return Some((socket, address)),
                Err(error) => self.fail(address, error),
            }
        }
        None
    }

    /// The indices of attempts that have come to an end.
    fn ready(&self, timeout: Duration) -> Vec<usize> {
        wait_until_any_is_writable(self.pending.iter().map(|attempt| Descriptor::from(&attempt.socket)), timeout)
    }

    fn fail(&mut self, address: SocketAddr, error: io::Error) {
        self.failed.push(FailedAttempt { address, error: Arc::new(error) });
    }

    /// Those that the others did not wait for any longer.
    fn silent(&self) -> Vec<SilentAttempt> {
        let attempts = self.pending.iter().map(|&Pending { address, started, .. }| (address, started.elapsed()));
        let silent = attempts.filter(|(_, waited)| *waited >= ATTEMPT_DELAY);
        silent.map(|(address, waited)| SilentAttempt { address, waited }).collect()
    }

    fn timed_out(self, limit: TimeLimit) -> ConnectCause {
        let silent = self.pending.into_iter().map(|attempt| attempt.address).collect();
        ConnectCause::ConnectTimedOut { failed: self.failed, silent, limit }
    }
}

/// A connect that is under way, or already over: poll tells.
fn begin(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if !is_under_way(&error) => Err(error),
        _ => Ok(socket),
    }
}

/// The outcome of an attempt that poll says is over.
fn finish(socket: Socket, address: SocketAddr) -> io::Result<TcpStream> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    // Where nothing listens, the system may pick that very port as ours, and TCP then connects the socket to itself.
    if socket.local_addr()?.as_socket() == Some(address) {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    socket.set_nonblocking(false)?;
    // Writes are batched, so no write must wait for the peer's delayed acknowledgement.
    socket.set_tcp_nodelay(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn soon(milliseconds: u64) -> TimeLimit {
        TimeLimit::starting_now(Duration::from_millis(milliseconds))
    }

    /// An address that answers.
    fn open() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// An address at which nothing listens.
    fn refused() -> SocketAddr {
        open().1
    }

    /// An address that drops what comes, because the queue of its listener is full; with the sockets in the queue.
    fn silent() -> (Vec<Socket>, SocketAddr) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let mut sockets = vec![listener];
        loop {
            let socket = begin(address).unwrap();
            let full = wait_until_any_is_writable([Descriptor::from(&socket)], Duration::from_millis(50)).is_empty();
            sockets.push(socket);
            if full {
                return (sockets, address);
            }
        }
    }

    #[test]
    fn the_families_take_turns_beginning_with_the_preferred_one() {
        let given = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let turns = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(interleave(&given), turns);
    }

    #[test]
    fn the_order_within_a_family_stays() {
        let given = addresses(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1"]);
        assert_eq!(interleave(&given), addresses(&["1.1.1.1:1", "[::1]:1", "2.2.2.2:1"]));
        assert_eq!(interleave(&given[..2]), given[..2]);
        assert_eq!(interleave(&[]), []);
    }

    #[test]
    fn the_next_address_is_tried_at_once_when_one_refuses() {
        let (_listener, address) = open();
        let started = Instant::now();
        let connected = connect(&[refused(), refused(), address], soon(10_000)).unwrap();
        assert!(started.elapsed() < ATTEMPT_DELAY);
        assert_eq!(connected.address, address);
        assert_eq!(connected.failed.len(), 2);
        assert!(connected.socket.nodelay().unwrap());
    }

    #[test]
    fn the_next_address_is_tried_beside_a_silent_one_after_the_delay() {
        let ((_kept, silent), (_listener, address)) = (silent(), open());
        let started = Instant::now();
        let connected = connect(&[silent, address], soon(10_000)).unwrap();
        assert!(started.elapsed() >= ATTEMPT_DELAY);
        assert_eq!(connected.address, address);
        assert!(connected.failed.is_empty());
        let [passed_over] = connected.silent.as_slice() else { panic!("{connected:?}") };
        assert_eq!(passed_over.address, silent);
        assert!(passed_over.waited >= ATTEMPT_DELAY);
    }

    #[test]
    fn each_address_has_its_own_reason_when_all_fail() {
        let given = [refused(), refused()];
        let failure = connect(&given, soon(10_000)).unwrap_err();
        let ConnectCause::AllFailed { failed } = failure else { panic!("{failure:?}") };
        let tried: Vec<_> = failed.iter().map(|failed| failed.address).collect();
        assert_eq!(tried, given);
        for failed in failed {
            assert_eq!(failed.error.kind(), io::ErrorKind::ConnectionRefused);
        }
    }

    #[test]
    fn the_deadline_ends_it_though_an_address_is_still_silent() {
        let ((_kept, silent), refused) = (silent(), refused());
        let cause = connect(&[refused, silent], soon(100)).unwrap_err();
        let ConnectCause::ConnectTimedOut { failed, silent: still, .. } = cause else { panic!("{cause:?}") };
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].address, still), (refused, vec![silent]));
    }

    #[test]
    fn a_connected_socket_is_blocking() {
        let (listener, address) = open();
        let connected = connect(&[address], soon(10_000)).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        let reader = std::thread::spawn(move || {
            let mut byte = [0];
            io::Read::read(&mut { connected.socket }, &mut byte).map(|_| byte[0])
        });
        io::Write::write_all(&mut accepted, b"x").unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), b'x');
    }
}
