//! The client side: from a target to a connection.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::happy_eyeballs::{self, Lost, Won};
use super::limit::TimeLimit;
use super::target::Target;
use super::tls::{self, TlsOptions};
use super::{AskPassphrase, Connected, resolve};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Step, StepKind};

/// What connecting needs beside the target; prepared once, used for every reconnect.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    tls: Option<tls::Client>,
}

impl ConnectOptions {
    /// Reads what connecting to `target` takes from files: nothing for `ws`; trusted roots, client certificate and key for `wss`.
    /// It may ask for a passphrase, so it is done before any clock starts.
    ///
    /// # Errors
    /// [`Phase::Usage`] for a file that cannot be read or understood.
    pub fn prepare(target: &Target, tls: &TlsOptions, passphrase: AskPassphrase<'_>) -> Result<Self> {
        let tls = if target.secure() { Some(tls::Client::prepare(target, tls, passphrase)?) } else { None };
        Ok(Self { tls })
    }
}

/// Resolves, connects, and for `wss` shakes hands, all within `limit`. Each step is reported when it is over
/// (an address needs no name lookup, so that step is not reported).
///
/// # Errors
/// [`Phase::Resolve`], [`Phase::Connect`] (each address with its reason as evidence) or [`Phase::Tls`]; the limit
/// passing, in whichever of them.
pub fn connect(
    target: &Target,
    options: &ConnectOptions,
    limit: TimeLimit,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Connected> {
    let mut steps = Vec::new();
    let mut record = |kind, since: Instant, detail| {
        let step = Step { kind, took: since.elapsed(), detail };
        observe(Event::Step(&step));
        steps.push(step);
    };

    let started = Instant::now();
    let addresses = happy_eyeballs::interleave(&resolve::resolve(target, limit)?);
    if target.has_name() {
        record(StepKind::Resolve, started, resolved(target, &addresses));
    }

    let started = Instant::now();
    let won = happy_eyeballs::connect(&addresses, limit.until).map_err(|lost| no_connection(target, limit, &lost))?;
    record(StepKind::Connect, started, connected(&won));
    let Won { socket, address, .. } = won;

    let Some(client) = &options.tls else {
        return Ok(Connected { socket, tls: None, address, tls_facts: None, steps });
    };
    let started = Instant::now();
    let (connection, facts) = client.handshake(&socket, &target.peer(), limit)?;
    record(StepKind::Tls, started, format!("{} {}", facts.version, facts.cipher_suite));
    observe(Event::Tls(&facts));
    Ok(Connected { socket, tls: Some(connection), address, tls_facts: Some(facts), steps })
}

fn resolved(target: &Target, addresses: &[SocketAddr]) -> String {
    let addresses: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    format!("{}: {}", target.host(), addresses.join(", "))
}

fn connected(won: &Won) -> String {
    let mut detail = won.address.to_string();
    for (address, error) in &won.failed {
        // Writing to a `String` cannot fail.
        let _ = write!(detail, "; {address}: {}", reason(error));
    }
    detail
}

/// The one error for all addresses, each with its own reason.
fn no_connection(target: &Target, limit: TimeLimit, lost: &Lost) -> Error {
    let peer = target.peer();
    let error = if lost.timed_out {
        limit.passed(Phase::Connect, format!("no connection to `{peer}`"))
    } else {
        Error::new(Phase::Connect, format!("cannot connect to `{peer}`")).transient()
    };
    let hint = connect_hint(target, lost);
    let error = lost.attempts.iter().fold(error, |error, (address, outcome)| {
        let reason = outcome.as_ref().map_or_else(|| "no answer".to_owned(), reason);
        error.evidence(format!("{address}: {reason}"))
    });
    error.hint(hint)
}

fn connect_hint(target: &Target, lost: &Lost) -> String {
    let any = |kind| lost.attempts.iter().flat_map(|(_, error)| error).any(|error| error.kind() == kind);
    let port = target.port();
    if target.is_link_local() && target.zone().is_none() {
        return format!("a link-local address needs its interface: `[{}%25eth0]`, say", target.host());
    }
    if any(io::ErrorKind::ConnectionRefused) {
        format!("is the server running, and does it listen on port {port}?")
    } else if lost.timed_out || any(io::ErrorKind::TimedOut) {
        format!("a firewall may drop what goes to port {port}, or the host is down")
    } else {
        "is this machine on the network, and is there a route to that address?".to_owned()
    }
}

/// The system's words without "(os error 111)", in the case of our messages.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;

    use super::*;
    use crate::error::ExitStatus;

    fn connect_to(url: &str, limit: TimeLimit) -> Result<Connected> {
        let target = Target::parse(url).unwrap();
        let options = ConnectOptions::prepare(&target, &TlsOptions::default(), &|_| unreachable!()).unwrap();
        connect(&target, &options, limit, &mut |_| {})
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
        assert_eq!(connected.address, (Ipv4Addr::LOCALHOST, port).into());
        let [resolve, connect] = connected.steps.as_slice() else { panic!("{:?}", connected.steps) };
        assert_eq!((resolve.kind, resolve.detail.as_str()), (StepKind::Resolve, "localhost: ::1, 127.0.0.1"));
        assert_eq!(connect.kind, StepKind::Connect);
        assert!(connect.detail.starts_with(&format!("127.0.0.1:{port}; [::1]:{port}: ")), "{}", connect.detail);
    }

    #[test]
    fn an_address_is_not_looked_up() {
        let (_listener, port) = listener();
        let connected = connect_to(&format!("127.0.0.1:{port}"), soon()).unwrap();
        let [connect] = connected.steps.as_slice() else { panic!("{:?}", connected.steps) };
        assert_eq!(connect.detail, format!("127.0.0.1:{port}"));
    }

    #[test]
    fn when_nobody_listens_each_address_says_so() {
        let port = listener().1;
        let error = connect_to(&format!(":{port}"), soon()).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot connect to `localhost:{port}`"));
        assert_eq!(error.exit_status(), ExitStatus::Connect);
        assert_eq!(error.evidence_lines()[1], format!("127.0.0.1:{port}: connection refused"));
        assert!(error.evidence_lines()[0].starts_with(&format!("[::1]:{port}: ")));
        let hint = format!("is the server running, and does it listen on port {port}?");
        assert_eq!(error.hint_text(), Some(hint.as_str()));
    }

    #[test]
    fn a_name_that_cannot_exist_is_not_resolved() {
        let error = connect_to("wscope-test.invalid", soon()).unwrap_err();
        assert_eq!(error.to_string(), "cannot resolve the name `wscope-test.invalid`");
        assert_eq!((error.phase(), error.exit_status()), (Phase::Resolve, ExitStatus::Connect));
    }

    #[test]
    fn a_limit_that_has_passed_says_in_which_phase() {
        let error = connect_to("127.0.0.1:1", TimeLimit::starting_now(Duration::ZERO)).unwrap_err();
        assert_eq!((error.phase(), error.exit_status()), (Phase::Connect, ExitStatus::TimedOut));
        assert_eq!(error.to_string(), "no connection to `127.0.0.1:1` within 0 s");
    }
}
