//! `wscope listen`: the built-in server.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use crate::cli::{AccessArgs, ClientArgs, Listen, RecordTo};
use crate::client::announcer::Announcer;
use crate::client::plan::{self, ProtocolOptions};
use crate::client::report::{self, Totals};
use crate::client::{record, route, setup_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::net::{self, ListenAddress, ListenOptions, Listener, Reach, ServerIdentity};
use crate::output::Fanout;
use crate::platform::{Poller, Signals};
use crate::server::clients::{ClientLimits, Clients};
use crate::server::console::ServerConsole;
use crate::server::ending::ServerEnd;
use crate::server::replay::ReplayedServer;
use crate::server::service::{self, Service};
use crate::session::{Budget, Echo};
use crate::wire::Role;

/// Serves until a signal, the time limit, `/quit`, the end of the only client (`--once`), or until the reader of our output goes away.
pub fn run(args: &Listen) -> ExitStatus {
    serve(args).unwrap_or_else(|error| report::early(&error, &args.view))
}

/// Finds what is wrong with the flags before anything is done.
fn check(args: &Listen) -> Result<()> {
    if args.protocol.deflate().is_some_and(|wanted| !wanted.is_grantable()) {
        let error =
            Error::new(Phase::Usage, "--deflate: no offer could be accepted: our compressor has no window of 8 bits");
        return Err(error.hint("the smallest is `server_max_window_bits=9`; `--no-deflate` accepts no offer"));
    }
    match (&args.replay, args.record.wanted()) {
        (Some(played), Some(RecordTo::File(path))) => record::refuse_source(played, path),
        _ => Ok(()),
    }
}

fn serve(args: &Listen) -> Result<ExitStatus> {
    let started = Instant::now();
    check(args)?;
    let mut listener = net::listen(&options(args), &|key| route::passphrase(&args.identity, key))?;
    // The thread that accepts never ends, and would keep it.
    let _file = listener.take_file();
    let cannot = |error: io::Error| setup_error("cannot catch signals", error);
    let mut poller = Poller::new().map_err(cannot)?;
    let signals = Signals::catch(&poller).map_err(cannot)?;
    let once = args.clients.once.then(|| poller.notifier());
    let limits = ClientLimits { once, ..client_limits(&args.access, &args.clients) };
    let budget = limits.budget.clone();
    let clients = Clients::new(limits);
    let console = ServerConsole::attach(args, &clients, poller.notifier())?;
    let fanout = console.fanout();
    announce_address(&fanout, &args.address, &format!("Listening on {} {}", listener.url(), for_whom(&listener)));
    let no_key_log = args.identity.cert.as_ref().and_then(|_| plan::unwritable_key_log());
    for note in plan::times_in_data(&args.view).into_iter().chain(view::doubts(&args.view)).chain(no_key_log) {
        fanout.announce(&Event::Note(&note));
    }
    for detail in plan::in_force(&args.protocol, None) {
        fanout.announce(&Event::Detail(&detail));
    }

    let echo = if args.input.echo { Echo::On } else { Echo::Off };
    let mut settings = plan::settings(Role::Server, echo, &args.limits, &args.protocol, started);
    let max_time = settings.max_time.take();
    (settings.ping_interval, settings.ping_timeout) = (args.keepalive.ping_interval, args.keepalive.ping_timeout);
    settings.budget = Some(budget);
    let replay = args.replay.as_deref().map(|file| ReplayedServer::new(file, &args.playing, &fanout)).transpose()?;
    let service = Service {
        protocol: ProtocolOptions::new(&args.protocol, &args.limits),
        settings,
        fanout: fanout.clone(),
        secrets: args.view.secrets(),
        totals: Totals::of(&args.view),
        replay,
        allowed_origins: args.access.allow_origin.clone(),
    };
    service::serve(listener, service, clients.clone())?;
    if let (Some(text), Some(every)) = (args.push.push.clone(), args.push.every) {
        service::push(every, move |_| text.clone(), clients.clone(), fanout)?;
    }
    let end = ServerEnd::wait(&console, &clients, &signals, &mut poller, max_time.map(|(until, _)| until));
    let mut announcer = Announcer::new(console.fanout());
    if let (ServerEnd::Stopped(ExitStatus::TimedOut), Some((_, limit))) = (end, max_time) {
        announcer.error(Error::timed_out(Phase::Session, limit, "the server was not stopped"));
    }
    let status = end.carry_out(&console, &clients, &mut announcer);
    Ok(console.finish_recording(status, &signals))
}

/// Says where it listens. A port that the system has picked is told with `-q` too: without it nothing can connect.
pub(super) fn announce_address(fanout: &Fanout, asked: &ListenAddress, text: &str) {
    fanout.announce(&if asked.is_any_port() { Event::Warning(text) } else { Event::Note(text) });
}

/// Who can connect to `listener`, and how to quit.
pub(super) fn for_whom(listener: &Listener) -> String {
    let reach = match (listener.reach(), listener.ip_address()) {
        (Reach::OtherMachines, _) => "for other machines too (".to_owned(),
        (Reach::ThisUser, _) => "for this user alone (mode 0600; ".to_owned(),
        (Reach::ThisMachine, None) => "for every user of this machine (".to_owned(),
        (Reach::ThisMachine, Some(SocketAddr::V4(address))) => {
            format!("(a phone or container needs `0.0.0.0:{}`; ", address.port())
        }
        (Reach::ThisMachine, Some(SocketAddr::V6(address))) => {
            format!("(a phone or container needs `[::]:{}`; ", address.port())
        }
    };
    format!("{reach}press Ctrl-C to quit)")
}

/// What all clients together may be.
pub(super) fn client_limits(access: &AccessArgs, clients: &ClientArgs) -> ClientLimits {
    ClientLimits { clients: clients.max_clients.get(), budget: Budget::new(access.max_buffered.get()), once: None }
}

fn options(args: &Listen) -> ListenOptions {
    ListenOptions {
        address: args.address.clone(),
        identity: route::identity_files(&args.identity).map(ServerIdentity::Files),
    }
}
