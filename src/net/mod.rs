//! The way to a peer: names, TCP, TLS. Gives a connected byte stream and a record of how it came about.

mod happy_eyeballs;
mod limit;
mod listen;
mod resolve;
mod target;
mod tls;

use std::fmt::Write as _;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Instant;

use self::happy_eyeballs::{Lost, Won};
use self::limit::Limit;
pub use self::listen::{Incoming, ListenAddress, ListenOptions, Listener, listen};
pub use self::target::{Credentials, Target};
pub use self::tls::{Identity, MinimumVersion, TlsOptions, Verification, failure as tls_failure};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Step, StepKind, TlsFacts};

/// Asks for the passphrase of a key file.
pub type AskPassphrase<'a> = &'a dyn Fn(&Path) -> Result<String>;

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

/// A byte stream to a peer, and how it came about.
#[derive(Debug)]
pub struct Connected {
    /// Blocking, without time limits, `TCP_NODELAY`.
    pub socket: TcpStream,
    /// The handshake is over; what the peer sent right after it may already lie inside.
    pub tls: Option<rustls::Connection>,
    /// The peer's.
    pub address: SocketAddr,
    /// For TLS.
    pub tls_facts: Option<TlsFacts>,
    /// In order; the same that were reported as events.
    pub steps: Vec<Step>,
}

/// Resolves, connects, and for `wss` shakes hands, all before `deadline`. Each step is reported when it is over.
///
/// # Errors
/// [`Phase::Resolve`], [`Phase::Connect`] (each address with its reason as evidence) or [`Phase::Tls`]; the deadline
/// passing, in whichever of them.
pub fn connect(
    target: &Target,
    options: &ConnectOptions,
    deadline: Instant,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Connected> {
    let limit = Limit::until(deadline);
    let mut steps = Vec::new();
    let mut record = |kind, since: Instant, detail| {
        let step = Step { kind, took: since.elapsed(), detail };
        observe(Event::Step(&step));
        steps.push(step);
    };

    let started = Instant::now();
    let addresses = happy_eyeballs::interleave(&resolve::resolve(target, limit)?);
    record(StepKind::Resolve, started, resolved(target, &addresses));

    let started = Instant::now();
    let won = happy_eyeballs::connect(&addresses, limit.end()).map_err(|lost| no_connection(target, limit, &lost))?;
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
fn no_connection(target: &Target, limit: Limit, lost: &Lost) -> Error {
    let peer = target.peer();
    let error = if lost.timed_out {
        limit.passed(Phase::Connect, format!("no connection to `{peer}`"))
    } else {
        Error::new(Phase::Connect, format!("cannot connect to `{peer}`"))
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
