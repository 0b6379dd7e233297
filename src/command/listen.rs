//! `wscope listen`: the built-in server.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::open::show;
use super::plan::{self, Framing};
use super::report::{self, Totals};
use super::server::{self, Clients, Service};
use super::{front_end, show as view};
use crate::cli::Listen;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::input::Source;
use crate::net::{self, ListenAddress, ListenOptions, MinimumVersion};
use crate::output::{Banner, Origin, Printer};
use crate::session::{Packed, Reply, Signal, Signals, Sleeper, Woken};
use crate::wire::{CloseCode, Kind, Outgoing, Role};

/// How long clients have to say goodbye when the server ends.
const FAREWELL: Duration = Duration::from_millis(100);

/// Serves until a signal, the time limit, or until nobody reads our output.
pub fn run(args: &Listen) -> ExitStatus {
    serve(args).unwrap_or_else(|error| report::alone(&error))
}

fn serve(args: &Listen) -> Result<ExitStatus> {
    let started = Instant::now();
    let printer = view::direct(view::options(&args.view, &args.input, Banner::Shown))?;
    let listener = net::listen(&options(args), &|key| plan::passphrase(&args.identity, key))?;
    let cannot = |error: io::Error| Error::new(Phase::Session, "cannot catch signals").caused_by(error);
    let mut sleeper = Sleeper::new().map_err(cannot)?;
    let signals = Signals::catch(&sleeper).map_err(cannot)?;
    let note = format!("Listening on {} (press Ctrl-C to quit)", listener.url());
    show(&printer, Origin::default(), &Event::Note(&note));

    let reply = if args.input.echo { Reply::Echo } else { Reply::Nothing };
    let mut settings = plan::settings(Role::Server, reply, &args.limits, &args.protocol, started);
    let max_time = settings.max_time.take();
    let clients = Clients::default();
    let framing = Framing::new(&args.protocol, &args.limits);
    server::serve(
        listener,
        Service { framing, settings, printer: Arc::clone(&printer), totals: Totals::of(&args.view) },
        clients.clone(),
    );
    if let (Some(text), Some(every)) = (args.push.push.clone(), args.push.every) {
        server::push(every, move |_| text.clone(), clients.clone(), Arc::clone(&printer));
    }
    if !args.input.no_input {
        let source = front_end::source(&args.input, args.limits.max_message)?;
        broadcast(source, clients.clone(), Arc::clone(&printer));
    }

    let status = loop {
        if let Some(signal) = signals.take() {
            break match signal {
                Signal::Interrupt => ExitStatus::Interrupted,
                Signal::Terminate => ExitStatus::Terminated,
            };
        }
        let left = max_time.map(|(until, _)| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            break ExitStatus::TimedOut;
        }
        let watched = io::stdout();
        let watched = (!watched.is_terminal()).then(|| watched.as_fd());
        if let Ok(Woken::WatchedGone) = sleeper.sleep(left, watched) {
            break ExitStatus::Success;
        }
    };
    farewell(&clients);
    Ok(status)
}

fn options(args: &Listen) -> ListenOptions {
    let address = match &args.address.host {
        Some(host) => ListenAddress::new(host, args.address.port),
        None => ListenAddress::loopback(args.address.port),
    };
    ListenOptions { address, identity: plan::identity_files(&args.identity), minimum_version: MinimumVersion::Tls12 }
}

/// Sends every message of the input to everybody; the end of the input ends nothing.
fn broadcast(mut source: Source, clients: Clients, printer: Arc<Mutex<Printer>>) {
    thread::spawn(move || {
        loop {
            let mut messages = Packed::default();
            match source.fill() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let error = Error::new(Phase::Session, "cannot read stdin").caused_by(error);
                    return show(&printer, Origin::default(), &Event::Error(&error));
                }
            }
            while let Some(message) = source.next() {
                match message {
                    Ok(Outgoing::Text(text)) => messages.push(Kind::Text, text.as_bytes()),
                    Ok(Outgoing::Binary(payload)) => messages.push(Kind::Binary, payload),
                    Ok(other) => clients.send(other),
                    Err(error) => show(&printer, Origin::default(), &Event::Error(&error)),
                }
            }
            if !messages.is_empty() {
                clients.broadcast(&messages, &printer);
            }
        }
    });
}

/// Closes every session with 1001, and gives the clients a moment for their answer.
fn farewell(clients: &Clients) {
    clients.close(Some(&(CloseCode::Away, "the server is going away".to_owned())));
    let until = Instant::now() + FAREWELL;
    while clients.count() > 0 && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
}
