//! `wscope URL`: open a session.

use std::ffi::OsString;

use clap::Args;

use super::Invocation;
use super::listen::{AccessArgs, Listen, PushArgs};
use super::session::SessionArgs;
use super::value::HeaderSource;
use crate::http::HeaderRule;
use crate::net::ListenAddress;

/// Open a session with a server.
#[derive(Debug, Clone)]
pub struct Connect {
    /// The URL, as it was typed.
    pub url: String,
    /// All other flags.
    pub session: SessionArgs,
}

/// The command line without a command. It asks for a session, or, with wscat's `-l`, for a server.
#[derive(Debug, Clone, Args)]
pub(super) struct DefaultArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    compat: CompatArgs,
    #[command(flatten)]
    session: SessionArgs,
}

/// The server to connect to, or the port to listen on.
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
struct TargetArgs {
    /// Where to connect: `ws://`, `wss://`
    ///
    /// `http://` and `https://` mean the same; without a scheme it is `ws://`, and `:8000/path` is on this machine.
    /// `ws+unix:PATH:/path` is a Unix domain socket.
    /// `USER:PASS@` in it becomes Basic auth. A host called like a command needs a slash: `demo/`.
    #[arg(value_name = "URL", hide_short_help = true)]
    url: Option<String>,

    /// The same as URL, as wscat has it
    #[arg(short, long, value_name = "URL", hide = true)]
    connect: Option<String>,

    /// The same as `wscope listen PORT`, as wscat has it
    #[arg(short, long, value_name = "PORT", hide = true)]
    #[arg(conflicts_with_all = ["RequestArgs", "DestinationArgs", "TlsArgs", "FixedArgs", "ExecuteArgs", "StopArgs"])]
    listen: Option<u16>,
}

/// Flags of other tools that wscope accepts, so that their command lines work.
#[derive(Debug, Clone, Args)]
struct CompatArgs {
    /// The address to listen on with `-l`; otherwise the Host header
    #[arg(long, hide = true)]
    host: Option<String>,

    /// Nothing: slash commands are always understood
    #[arg(long, hide = true)]
    slash: bool,

    /// Nothing: compression is offered anyway. A browser's "Copy as cURL" ends with it.
    #[arg(long, hide = true)]
    compressed: bool,

    /// `--no-check` where it is meant: in other tools `-n` is harmless
    #[arg(short = 'n', hide = true)]
    no_check: bool,
}

impl DefaultArgs {
    /// The URL that was given as a word without a flag.
    pub(super) fn bare_url(&self) -> Option<&str> {
        self.target.url.as_deref()
    }

    /// Makes an invocation of the flags, also of wscat's `-c` and `-l`.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn resolve(self) -> Result<Invocation, String> {
        let Self { target, compat, mut session } = self;
        if compat.no_check && target.connect.is_none() {
            return Err("`-n` turns verification off only beside `-c URL`, as in wscat; the flag for that is \
                        `-k, --insecure`, and `-N` is the one that leaves stdin alone"
                .into());
        }
        if let Some(port) = target.listen {
            let SessionArgs { input, view, limits, protocol, connection, .. } = session;
            let (identity, push, access) = (connection.identity, PushArgs::default(), AccessArgs::default());
            let address = match compat.host {
                Some(host) => ListenAddress::new(&host, port),
                None => ListenAddress::loopback(port),
            };
            return Ok(Invocation::Listen(Listen { address, access, push, input, view, identity, limits, protocol }));
        }
        let Some(url) = target.url.or(target.connect) else { return Err(url_is_missing(&session)) };
        session.connection.tls.insecure |= compat.no_check;
        if let Some(host) = compat.host {
            let rule = HeaderRule::parse(&format!("Host: {host}"))?;
            session.connection.request.headers.push(HeaderSource::Rule(rule));
        }
        Ok(Invocation::Connect(Connect { url, session }))
    }
}

/// The text of the usage error. `--passphrase` is the only flag that may take the next word as its value, as in wscat,
/// so it may have taken the URL.
fn url_is_missing(session: &SessionArgs) -> String {
    match session.connection.identity.passphrase {
        Some(Some(_)) => "there is no URL, unless `--passphrase` took it for its value: put it before that flag".into(),
        _ => "there is no URL; to try it without one: `wscope demo`".into(),
    }
}

impl SessionArgs {
    /// Refuses a value of `-x` that looks like a proxy, which is what curl's `-x` takes. It is accepted if `arguments`
    /// have the long flag `--execute`.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn refuse_proxy(&self, arguments: &[OsString]) -> Result<(), String> {
        let spelled_out = |value: &str| {
            arguments.iter().any(|argument| *argument == *format!("--execute={value}"))
                || arguments.windows(2).any(|pair| pair[0] == "--execute" && pair[1] == *value)
        };
        match self.execute.execute.iter().find(|value| is_proxy(value) && !spelled_out(value)) {
            None => Ok(()),
            Some(_) => Err("the value of `-x` looks like a proxy, and `-x` sends a message here; to send it, spell \
                            the flag out: `--execute`"
                .into()),
        }
    }
}

/// Whether curl would take `value` as a proxy: it is a URL with one of curl's proxy schemes, and nothing else.
fn is_proxy(value: &str) -> bool {
    let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
    value.split_once("://").is_some_and(|(scheme, rest)| {
        schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !rest.contains(char::is_whitespace)
    })
}
