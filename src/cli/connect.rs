//! `wscope URL`: open a session.

use std::ffi::OsString;

use clap::Args;

use super::Invocation;
use super::compat::{CompatArgs, CompatTargetArgs};
use super::connection::ConnectionArgs;
use super::listen::{AccessArgs, ClientArgs, Listen, PushArgs};
use super::replay::PlayingArgs;
use super::session::SessionArgs;
use super::value::{HeaderSource, Secret};
use crate::http::HeaderRule;
use crate::http::redact::Secrets;
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
    compat_target: CompatTargetArgs,
    #[command(flatten)]
    compat: CompatArgs,
    /// Print what is in force, and where each value comes from
    ///
    /// Of the profile `@NAME`, and of the command line; secrets are hidden. Nothing is connected.
    #[arg(long, hide_short_help = true)]
    show_config: bool,
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
    /// `@NAME` is a profile (see Profiles). `USER:PASS@` in it becomes Basic auth. A host called like a command needs a slash: `demo/`.
    #[arg(value_name = "URL", hide_short_help = true)]
    url: Option<String>,

    /// The same as URL, as wscat has it
    #[arg(short, long, value_name = "URL", hide = true)]
    connect: Option<String>,

    /// The same as `wscope listen PORT`, as wscat has it
    #[arg(short, long, value_name = "PORT", hide = true)]
    #[arg(conflicts_with_all = ["RequestArgs", "reconnect", "RedirectArgs", "DestinationArgs", "ProxyArgs", "TlsArgs", "FixedArgs", "ExecuteArgs", "StopArgs"])]
    listen: Option<u16>,
}

impl DefaultArgs {
    /// The URL that was given as a word without a flag.
    pub(super) fn bare_url(&self) -> Option<&str> {
        self.target.url.as_deref()
    }

    /// All that is given in place of a URL.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        let words = [self.bare_url(), self.compat_target.second(), self.target.connect.as_deref()];
        words.into_iter().flatten()
    }

    /// The word beside the URL that is no name for stdin and stdout.
    pub(super) fn surplus(&self) -> Option<&str> {
        self.compat_target.surplus(self.bare_url())
    }

    /// Whether only what is in force is asked for; then also whether with its secrets.
    pub(super) fn show_config(&self) -> Option<Secrets> {
        self.show_config.then(|| self.session.view.secrets())
    }

    /// Takes over what a profile says that is no flag: its URL, and what has to be said about its file.
    pub(super) fn take_profile(&mut self, url: String, warning: Option<String>) {
        // wscat's `-c`, beside which `-n` has another meaning, stays that.
        let named = if self.target.connect.is_some() { &mut self.target.connect } else { &mut self.target.url };
        *named = Some(url);
        self.session.warning = warning;
    }

    /// Makes an invocation of the flags, also of wscat's `-c` and `-l`.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn resolve(self) -> Result<Invocation, String> {
        let Self { target, mut compat_target, compat, mut session, show_config: _ } = self;
        if let Some(port) = target.listen {
            let SessionArgs { input, view, record, limits, keepalive, protocol, connection, .. } = session;
            let (identity, push) = (connection.route.identity, PushArgs::default());
            let (access, clients) = (AccessArgs::default(), ClientArgs::default());
            let address = match compat_target.host {
                Some(host) => ListenAddress::new(&host, port),
                None => ListenAddress::loopback(port),
            };
            let own = Listen {
                address,
                access,
                clients,
                push,
                record,
                replay: None,
                playing: PlayingArgs::default(),
                input,
                view,
                identity,
                limits,
                keepalive,
                protocol,
            };
            return Ok(Invocation::Listen(own));
        }
        let opened_by_connect = target.connect.is_some();
        let Some(url) = compat_target.url(target.url).or(target.connect) else { return Err(url_is_missing(&session)) };
        if let Some(host) = compat_target.host.take() {
            let rule = HeaderRule::parse(&format!("Host: {host}"))?;
            session.connection.request.headers.push(HeaderSource::Rule(rule));
        }
        compat.apply(&mut session, opened_by_connect)?;
        Ok(Invocation::Connect(Connect { url, session }))
    }
}

/// The text of the usage error. A flag may have taken the URL for its value: one that other tools have without one, or
/// `--passphrase`, which takes the next word as in wscat.
fn url_is_missing(session: &SessionArgs) -> String {
    let ConnectionArgs { request, route, .. } = &session.connection;
    let is_url = |word: &String| word.contains("://");
    let offered = request.subprotocols.last();
    if matches!(&request.user, Some(Secret::Literal(user)) if is_url(user)) {
        return "there is no URL: `-u` took it for USER[:PASS], as in curl; websocat's `-u` is `-N` here".into();
    }
    if offered.is_some_and(is_url) {
        return "there is no URL: `-s` took it for a subprotocol; curl's `-s` is `-q` here".into();
    }
    if offered.is_some_and(|word| ListenAddress::parse(word).is_ok()) {
        return "there is no URL, and `-s` offers a subprotocol; the server is `wscope listen [ADDR:]PORT`".into();
    }
    match route.identity.passphrase {
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
            Some(_) => Err("the value of `-x` looks like a proxy, and `-x` sends a message here: a proxy is \
                            `--proxy URL`; to send it, spell the flag out: `--execute`"
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
