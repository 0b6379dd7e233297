//! `wscope tap`: a relay between clients and a server that shows what passes.

use std::path::PathBuf;

use clap::Args;

use super::connection::{ConnectionArgs, RedirectArgs, RequestArgs, RouteArgs};
use super::help;
use super::limits::LimitArgs;
use super::listen::AccessArgs;
use super::protocol::FixedArgs;
use super::record::RecordArgs;
use super::value;
use super::view::ViewArgs;
use crate::net::{HostPattern, ListenAddress};

/// Stand between clients and a server, and show what passes
///
/// A relay: clients connect to PORT in place of the server, and each connection is passed on to URL, byte for byte. Their
/// WebSockets are shown in both directions, with the connection's number: `>` goes to the server, `<` comes from it. The flags
/// for connecting, TLS and proxies are about the way to the server. Ordinary HTTP is passed on too, so that a page loads
/// through it; it shows only with -v.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::examples(help::TAP_EXAMPLES), override_usage = "wscope tap [OPTIONS] [ADDR:]PORT [URL]")]
pub struct Tap {
    /// Where clients connect; loopback unless an address is given
    ///
    /// `0.0.0.0:PORT` is every IPv4 interface, `[::]:PORT` every one: a phone, a container or another machine needs that.
    /// Port 0 takes any that is free, and says which, with -q too. `unix:PATH` is a Unix domain socket.
    #[arg(value_name = "[ADDR:]PORT", value_parser = value::listen_address)]
    pub address: ListenAddress,
    /// The server
    ///
    /// Scheme, host and port count. Paths and queries are the clients'; a path here only completes the address that is printed.
    /// Without it, the tap is an HTTP proxy for programs that know `HTTP_PROXY`: plain WebSockets are shown, and what TLS
    /// hides is passed on as it is, but for the hosts of `--intercept`. It prints the lines that make programs use it.
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// How clients connect.
    #[command(flatten)]
    pub clients: TowardsClientsArgs,
    /// What is rewritten.
    #[command(flatten)]
    pub rewrite: RewriteArgs,
    /// What is let in.
    #[command(flatten)]
    pub access: AccessArgs,
    /// The flags for the output.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The flags for a recording.
    #[command(flatten)]
    pub record: RecordArgs,
    /// What is added to requests.
    #[command(flatten)]
    pub request: RequestArgs,
    /// The way to the server.
    #[command(flatten)]
    pub route: RouteArgs,
    /// The limits.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// The flags for TLS towards clients.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub struct TowardsClientsArgs {
    /// Speak TLS with clients
    ///
    /// With a certificate for whatever name they ask for, by an authority that is made for you the first time, and that
    /// clients have to trust: how, and how to stop, is said then, and with -v.
    #[arg(long, requires = "url", conflicts_with = "tls_cert")]
    pub tls: bool,

    /// Speak TLS with clients, with this certificate
    ///
    /// PEM, the leaf first. `--cert` is what the server is shown.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of that certificate
    ///
    /// PEM; by default it is looked for in the file of the certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert", hide_short_help = true)]
    pub tls_key: Option<PathBuf>,

    /// As a proxy, decrypt what goes to this host
    ///
    /// Repeatable; `*.example.com` means all names below. Clients get a certificate of the local authority (see `--tls`), and
    /// only where that of the server was verified: else they get 502, and the reason. All other hosts show clients their own.
    #[arg(long, value_name = "HOST", conflicts_with = "url")]
    pub intercept: Vec<HostPattern>,
}

/// The flags for what is rewritten in requests.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct RewriteArgs {
    /// Pass Host on as clients send it
    ///
    /// Otherwise it becomes that of the URL, which every server with several names needs.
    #[arg(long)]
    pub keep_host: bool,

    /// Pass Origin on as clients send it
    ///
    /// Otherwise the Origin of a page that was loaded through this tap becomes that of the URL. Any other is always passed
    /// on as it is.
    #[arg(long)]
    pub keep_origin: bool,

    /// Don't read stdin
    ///
    /// No prompt at a terminal, and no commands from a pipe.
    #[arg(short = 'N', long, help_heading = "Input")]
    pub no_input: bool,
}

impl Tap {
    /// The flags for connecting to the server. Redirects are the clients' business, and so are masks and keys.
    pub fn connection(&self) -> ConnectionArgs {
        ConnectionArgs {
            request: self.request.clone(),
            redirects: RedirectArgs { location: false, location_trusted: false, max_redirs: 0 },
            route: self.route.clone(),
            fixed: FixedArgs { mask_key: None, ws_key: None },
        }
    }
}
