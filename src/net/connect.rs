//! The client's side: from a route to a connection.

use std::io;
use std::net::SocketAddr;

use super::endpoint::Endpoint;
use super::failure::{ConnectCause, ConnectFailure, ConnectRecord, FailedAt};
use super::happy_eyeballs::{self, TcpConnected};
use super::limit::TimeLimit;
use super::lookup::Lookup;
use super::proxy::{Proxy, ProxyFailure, SocksFailure, TunnelTarget};
use super::resolve;
use super::route::{Destination, Route, TlsTo};
use super::stream::Stream;
use crate::event::{Event, PeerAddress, Step, StepDetail, TlsFacts};
use crate::platform::UnixAddress;

/// A byte stream to a peer, and how it came about.
#[derive(Debug)]
pub struct Connected {
    /// Blocking, without time limits; `TCP_NODELAY`.
    pub stream: Stream,
    /// The address of the other end of the socket: the proxy's, where there is one.
    pub address: PeerAddress,
    /// How it came about.
    pub record: ConnectRecord,
}

/// Resolves, connects, and where the route says so has a proxy connect and shakes hands for TLS, all within `limit`. Each step is reported when
/// it is over (an address needs no name lookup, so that step is not reported).
///
/// # Errors
/// What went wrong, or that the limit passed, with the steps that were over by then.
pub fn connect(
    route: &Route,
    limit: TimeLimit,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Connected, ConnectFailure> {
    let mut recorder = Recorder { record: ConnectRecord::default(), observe };
    match establish(route, limit, &mut recorder) {
        Ok((stream, address)) => Ok(Connected { stream, address, record: recorder.record }),
        Err(at) => Err(ConnectFailure { record: Box::new(recorder.record), at: Box::new(at) }),
    }
}

fn establish(route: &Route, limit: TimeLimit, recorder: &mut Recorder<'_>) -> Result<(Stream, PeerAddress), FailedAt> {
    let (mut stream, address) = match &route.destination {
        Destination::Tcp(endpoint) => {
            connect_tcp(endpoint, &route.lookup, limit, recorder).map_err(FailedAt::Server)?
        }
        Destination::Behind(proxy, endpoint) => tunnel(proxy, endpoint, &route.lookup, limit, recorder)?,
        Destination::Unix(address) => connect_unix(address, limit, recorder).map_err(FailedAt::Server)?,
    };
    if let Some(tls) = &route.tls {
        let facts = shake_hands(&mut stream, tls, limit, recorder).map_err(FailedAt::Server)?;
        recorder.record.tls = Some(facts);
    }
    Ok((stream, address))
}

fn connect_tcp(
    endpoint: &Endpoint,
    lookup: &Lookup,
    limit: TimeLimit,
    recorder: &mut Recorder<'_>,
) -> Result<(Stream, PeerAddress), ConnectCause> {
    let addresses = resolve_name(endpoint, lookup, limit, recorder)?;
    let limit = limit.for_next_step();
    let TcpConnected { socket, address, failed, silent } = happy_eyeballs::connect(&addresses, limit)?;
    recorder.step(limit, StepDetail::TcpConnected { address, failed, silent });
    Ok((Stream::new(socket), address.into()))
}

/// The addresses of `endpoint`, in the order in which they are tried.
fn resolve_name(
    endpoint: &Endpoint,
    lookup: &Lookup,
    limit: TimeLimit,
    recorder: &mut Recorder<'_>,
) -> Result<Vec<SocketAddr>, ConnectCause> {
    let limit = limit.for_next_step();
    let addresses = happy_eyeballs::interleave(&resolve::resolve(endpoint, lookup, limit)?);
    if endpoint.has_name() {
        let ips = addresses.iter().map(SocketAddr::ip).collect();
        recorder.step(limit, StepDetail::Resolved { name: endpoint.host(), addresses: ips });
    }
    Ok(addresses)
}

/// A connection to `endpoint` that `proxy` has made. Where it wants addresses, each is tried on a connection of its own.
fn tunnel(
    proxy: &Proxy,
    endpoint: &Endpoint,
    lookup: &Lookup,
    limit: TimeLimit,
    recorder: &mut Recorder<'_>,
) -> Result<(Stream, PeerAddress), FailedAt> {
    let at_proxy = |cause| FailedAt::Proxy(Box::new(proxy.clone()), cause);
    let in_tunnel = |failure| FailedAt::Tunnel(Box::new(proxy.clone()), failure);
    let targets: Vec<_> = if proxy.wants_address() {
        let addresses = resolve_name(endpoint, lookup, limit, recorder).map_err(FailedAt::Server)?;
        addresses.into_iter().map(TunnelTarget::Address).collect()
    } else {
        vec![TunnelTarget::Host(endpoint)]
    };
    let mut refused = Vec::new();
    for target in targets {
        let (mut stream, address) = connect_tcp(&proxy.endpoint, lookup, limit, recorder).map_err(at_proxy)?;
        if let Some(tls) = &proxy.tls {
            let facts = shake_hands(&mut stream, tls, limit, recorder).map_err(at_proxy)?;
            recorder.record.proxy_tls = Some(facts);
        }
        let limit = limit.for_next_step();
        match proxy.ask(&mut stream, target, limit, recorder.observe) {
            Ok(answer) => {
                let (proxy, target) = (proxy.endpoint.peer(), target.text());
                recorder.step(limit, StepDetail::ProxyConnected { proxy, target, answer });
                return Ok((stream, address));
            }
            Err(ProxyFailure::Socks(SocksFailure::Refused { attempts })) => {
                let may_go_on = attempts.iter().all(|(_, reply)| reply.is_about_the_address());
                refused.extend(attempts);
                if !may_go_on {
                    break;
                }
            }
            Err(failure) => return Err(in_tunnel(failure)),
        }
    }
    Err(in_tunnel(ProxyFailure::Socks(SocksFailure::Refused { attempts: refused })))
}

fn shake_hands(
    stream: &mut Stream,
    TlsTo { client, server_name }: &TlsTo,
    limit: TimeLimit,
    recorder: &mut Recorder<'_>,
) -> Result<TlsFacts, ConnectCause> {
    let limit = limit.for_next_step();
    let facts = client.handshake(stream, server_name, limit).map_err(ConnectCause::Tls)?;
    recorder.step(limit, StepDetail::tls_established(&facts));
    (recorder.observe)(Event::Tls(&facts));
    Ok(facts)
}

fn connect_unix(
    address: &UnixAddress,
    limit: TimeLimit,
    recorder: &mut Recorder<'_>,
) -> Result<(Stream, PeerAddress), ConnectCause> {
    let limit = limit.for_next_step();
    let timed_out = ConnectCause::UnixTimedOut { limit };
    let Some(left) = limit.left() else { return Err(timed_out) };
    let socket = address.connect(left).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => timed_out,
        _ => ConnectCause::Unix { error },
    })?;
    recorder.step(limit, StepDetail::UnixConnected { path: address.to_string() });
    Ok((Stream::new(socket), PeerAddress::Unix(address.to_string())))
}

/// Reports and keeps what happens.
struct Recorder<'a> {
    record: ConnectRecord,
    observe: &'a mut dyn FnMut(Event<'_>),
}

impl Recorder<'_> {
    /// The step that `limit` was for is over.
    fn step(&mut self, limit: TimeLimit, detail: StepDetail) {
        let step = Step { took: limit.since.elapsed(), detail };
        (self.observe)(Event::Step(&step));
        self.record.steps.push(step);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;

    use super::*;
    use crate::net::Target;

    fn connect_to(url: &str, limit: TimeLimit) -> Result<Connected, ConnectFailure> {
        let endpoint = Target::parse(url).unwrap().endpoint().clone();
        connect(&Route::to(endpoint), limit, &mut |_| {})
    }

    fn soon() -> TimeLimit {
        TimeLimit::starting_now(Duration::from_secs(10))
    }

    fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[test]
    fn localhost_is_found_at_either_loopback_address() {
        let (_listener, port) = listener();
        let connected = connect_to(&format!("localhost:{port}"), soon()).unwrap();
        assert_eq!(connected.address, SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into());
        let [resolve, connect] = connected.record.steps.as_slice() else { panic!("{:?}", connected.record) };
        let StepDetail::Resolved { name, addresses } = &resolve.detail else { panic!("{resolve:?}") };
        let ips: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        assert_eq!((name.as_str(), ips), ("localhost", vec!["::1".to_owned(), "127.0.0.1".to_owned()]));
        let StepDetail::TcpConnected { address, failed, .. } = &connect.detail else { panic!("{connect:?}") };
        assert_eq!(PeerAddress::from(*address), connected.address);
        assert_eq!(failed[0].address.to_string(), format!("[::1]:{port}"));
    }

    #[test]
    fn an_address_is_not_looked_up() {
        let (_listener, port) = listener();
        let connected = connect_to(&format!("127.0.0.1:{port}"), soon()).unwrap();
        let [connect] = connected.record.steps.as_slice() else { panic!("{:?}", connected.record) };
        let StepDetail::TcpConnected { address, failed, .. } = &connect.detail else { panic!("{connect:?}") };
        assert_eq!((*address, failed.len()), ((Ipv4Addr::LOCALHOST, port).into(), 0));
    }

    #[test]
    fn where_nothing_listens_each_address_has_its_reason_and_the_lookup_is_on_record() {
        let port = listener().1;
        let failure = connect_to(&format!(":{port}"), soon()).unwrap_err();
        assert_eq!(failure.record.steps[0].detail.name(), "resolve");
        let FailedAt::Server(ConnectCause::AllFailed { failed }) = *failure.at else { panic!("{failure:?}") };
        assert_eq!(failed[1].address, (Ipv4Addr::LOCALHOST, port).into());
        assert_eq!(failed[1].error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(failed[0].address.is_ipv6());
    }

    #[test]
    fn a_limit_that_has_passed_is_told_with_what_was_not_reached() {
        let failure = connect_to("127.0.0.1:1", TimeLimit::starting_now(Duration::ZERO)).unwrap_err();
        assert!(matches!(*failure.at, FailedAt::Server(ConnectCause::ConnectTimedOut { .. })), "{failure:?}");
        assert!(failure.record.steps.is_empty());
    }
}
