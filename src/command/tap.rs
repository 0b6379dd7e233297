//! `wscope tap`: a relay between clients and a server that shows what passes.

use std::io::{self, IsTerminal};
use std::time::Instant;

use super::listen::{announce_address, for_whom};
use crate::cli::Tap;
use crate::client::announcer::Announcer;
use crate::client::report::{self, Totals};
use crate::client::{plan, setup_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, FlushError};
use crate::input::secret;
use crate::net::{self, ListenOptions};
use crate::output::DataFormat;
use crate::platform::{Descriptor, Poller, Signals, Wakeup};
use crate::session::Budget;
use crate::tap::Setup;
use crate::tap::connections::Connections;
use crate::tap::console::TapConsole;
use crate::tap::service::{self, Options as ServiceOptions};

/// Relays until a signal, the time limit, `/quit`, or until the reader of our output goes away.
pub fn run(args: &Tap) -> ExitStatus {
    relay(args).unwrap_or_else(|error| report::early(&error, &args.view))
}

fn relay(args: &Tap) -> Result<ExitStatus> {
    if args.view.output == DataFormat::Raw {
        let error = Error::new(Phase::Usage, "`--output raw` would mix what clients and servers send");
        return Err(error.hint("`--output json` has every byte, and says whose it is"));
    }
    let setup = Setup::new(args)?;
    let cannot = |error: io::Error| setup_error("cannot catch signals", error);
    let mut poller = Poller::new().map_err(cannot)?;
    let signals = Signals::catch(&poller).map_err(cannot)?;
    let options = ListenOptions { address: args.address.clone(), identity: setup.identity(args) };
    let mut listener = net::listen(&options, &|key| secret::ask(&format!("Passphrase of {}: ", key.display())))?;
    // The thread that accepts never ends, and would keep it.
    let _file = listener.take_file();
    let connections = Connections::new(poller.notifier());
    let console = TapConsole::attach(args, &connections, poller.notifier())?;
    let fanout = console.fanout();
    let times = plan::times_in_data(&args.view);
    announce_address(&fanout, &args.address, &setup.address(&listener, &for_whom(&listener)));
    for text in setup.notes(&listener).into_iter().chain(times).chain(view::doubts(&args.view)) {
        fanout.announce(&Event::Note(&text));
    }
    for detail in setup.details() {
        fanout.announce(&Event::Detail(&detail));
    }
    let max_time = setup.max_time();
    let options = ServiceOptions {
        serving: setup.serving(args, &listener)?,
        secrets: args.view.secrets(),
        fanout: fanout.clone(),
        connections: connections.clone(),
        totals: Totals::of(&args.view),
        max_message: args.limits.max_message,
        budget: Budget::new(args.access.max_buffered.get()),
    };
    service::serve(listener, options)?;
    let end = wait(&connections, &console, &signals, &mut poller, max_time.map(|(until, _)| until));
    let status = match (end, max_time) {
        (Some(Ok(status)), _) => status,
        (Some(Err(failure)), _) => failure.remarkable().map_or(ExitStatus::Success, |error| report::alone(&error)),
        (None, limit) => {
            let (_, limit) = limit.unzip();
            let error = Error::timed_out(Phase::Session, limit.unwrap_or_default(), "the tap was not stopped");
            Announcer::new(fanout).error(error);
            ExitStatus::TimedOut
        }
    };
    console.finish();
    Ok(console.finish_recording(status, &signals))
}

/// Waits for the end: a signal, `/quit`, an output that cannot be written. `None`: the time limit has passed.
fn wait(
    connections: &Connections,
    console: &TapConsole,
    signals: &Signals,
    poller: &mut Poller,
    until: Option<Instant>,
) -> Option<Result<ExitStatus, FlushError>> {
    let stdout = io::stdout();
    let watched = (!stdout.is_terminal()).then(|| Descriptor::from(&stdout));
    poller.wait_for(until, watched, |wakeup| match signals.take() {
        Some(signal) => Some(Ok(signal.into())),
        None if console.has_left() || wakeup == Wakeup::WatchedGone => Some(Ok(ExitStatus::Success)),
        None => connections.take_failure().map(Err),
    })
}
