//! `wscope demo`: a session with a server of our own, so that everything can be seen without any other.

use std::time::{Duration, Instant};

use super::connect;
use super::listen::client_limits;
use crate::cli::{AccessArgs, ClientArgs, Demo, ProxyArgs};
use crate::client::advice;
use crate::client::plan::{self, ProtocolOptions};
use crate::client::report::{self, Totals};
use crate::error::{ExitStatus, Result};
use crate::net::{self, ListenAddress, ListenOptions};
use crate::output::{DataFormat, Discard, Fanout, Level, Options, Printer};
use crate::server::clients::Clients;
use crate::server::service::{self, Service};
use crate::session::Echo;
use crate::wire::Role;

/// How often the server pushes.
const PUSH_INTERVAL: Duration = Duration::from_secs(5);

/// Starts the server on a free loopback port, and opens a session with it.
pub fn run(args: &Demo) -> ExitStatus {
    match start(args) {
        Ok(url) => {
            let mut session = args.session.clone();
            // The server is ours, and on this machine.
            session.connection.route.proxy = ProxyArgs::none();
            connect::run(&url, &session)
        }
        Err(error) => report::early(&error, &args.session.view),
    }
}

fn start(args: &Demo) -> Result<String> {
    let options = ListenOptions { address: ListenAddress::loopback(0), identity: None };
    let listener = net::listen(&options, &|_| Ok(String::new()))?;
    let url = listener.url();
    let session = &args.session;
    let mut settings = plan::settings(Role::Server, Echo::On, &session.limits, &session.protocol, Instant::now());
    settings.max_time = None;
    (settings.ping_interval, settings.ping_timeout) = (session.keepalive.ping_interval, session.keepalive.ping_timeout);
    let limits = client_limits(&AccessArgs::default(), &ClientArgs::default());
    settings.budget = Some(limits.budget.clone());
    let quiet = Options { level: Level::Quiet, format: DataFormat::None, ..Options::new(advice) };
    // What the server has to say is not for the client's terminal.
    let fanout = Fanout::new(Printer::shared(quiet, Box::new(Discard)));
    let protocol = ProtocolOptions::new(&session.protocol, &session.limits);
    let clients = Clients::new(limits);
    service::serve(
        listener,
        Service {
            protocol,
            settings,
            fanout: fanout.clone(),
            secrets: session.view.secrets(),
            totals: Totals::Hidden,
            replay: None,
            allowed_origins: Vec::new(),
        },
        clients.clone(),
    )?;
    let text = |tick| format!(r#"{{"from":"the demo server","push":{tick},"try":"type something, or /help"}}"#);
    service::push(PUSH_INTERVAL, text, clients, fanout)?;
    Ok(url)
}
