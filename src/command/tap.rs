//! `wscope tap`: a relay between clients and a server that shows what passes.

use std::io::{self, IsTerminal};

use super::listen::for_whom;
use crate::cli::Tap;
use crate::client::announcer::Announcer;
use crate::client::plan::{self, Plan};
use crate::client::report::{self, Totals};
use crate::client::{setup_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, Origin};
use crate::net::{self, ListenOptions, Listener, Target};
use crate::output::{Banner, DataFormat, Fanout, Options, Perspective};
use crate::platform::{Descriptor, Poller, Signals, Wakeup};
use crate::session::Budget;
use crate::tap::service::{self, Options as ServiceOptions};
use crate::tap::{Rewriting, Upstream};
use crate::wire::Role;

/// Relays until a signal, the time limit, `/quit`, or until the reader of our output goes away.
pub fn run(args: &Tap) -> ExitStatus {
    relay(args).unwrap_or_else(|error| report::early(&error, &args.view))
}

fn relay(args: &Tap) -> Result<ExitStatus> {
    if args.view.output == DataFormat::Raw {
        let error = Error::new(Phase::Usage, "`--output raw` would mix what clients and servers send");
        return Err(error.hint("`--output json` has every byte, and says whose it is"));
    }
    let plan = Plan::relayed(args)?;
    let fanout = Fanout::new(view::direct(Options {
        perspective: Perspective::Between,
        ..view::options_of(&args.view, Banner::Shown)
    })?)
    .annotated(view::annotator(&args.view, Role::Client));
    let cannot = |error: io::Error| setup_error("cannot catch signals", error);
    let mut poller = Poller::new().map_err(cannot)?;
    let signals = Signals::catch(&poller).map_err(cannot)?;
    let mut listener =
        net::listen(&ListenOptions { address: args.address.clone(), identity: None }, &|_| Ok(String::new()))?;
    // The thread that accepts never ends, and would keep it.
    let _file = listener.take_file();
    for text in announcements(&listener, &plan, args) {
        fanout.show(Origin::default(), &Event::Note(&text));
    }
    for detail in &plan.in_force {
        fanout.show(Origin::default(), &Event::Detail(detail));
    }
    let max_time = plan.settings.max_time;
    let (rules, upgrade_rules) = Rewriting::asked_for(plan.request.first());
    let options = ServiceOptions {
        rewriting: Rewriting {
            host: (!args.rewrite.keep_host).then(|| plan.target.authority()),
            origin: (!args.rewrite.keep_origin).then(|| origin(&plan.target)),
            scheme: "http",
            allowed: args.access.allow_origin.clone(),
            rules,
            upgrade_rules,
        },
        adds_credentials: adds_credentials(args, &plan),
        fanout: fanout.clone(),
        totals: Totals::of(&args.view),
        max_message: args.limits.max_message,
        budget: Budget::new(args.access.max_buffered.get()),
        upstream: Upstream::new(plan)?,
    };
    service::serve(listener, options)?;
    let stdout = io::stdout();
    let watched = (!stdout.is_terminal()).then(|| Descriptor::from(&stdout));
    let ended = poller.wait_for(max_time.map(|(until, _)| until), watched, |wakeup| match signals.take() {
        Some(signal) => Some(ExitStatus::from(signal)),
        None => (wakeup == Wakeup::WatchedGone).then_some(ExitStatus::Success),
    });
    if let (None, Some((_, limit))) = (ended, max_time) {
        let error = Error::timed_out(Phase::Session, limit, "the tap was not stopped");
        Announcer::new(fanout).error(error);
    }
    Ok(ended.unwrap_or(ExitStatus::TimedOut))
}

/// What is said before the first client: where to connect, and what else there is to say.
fn announcements(listener: &Listener, plan: &Plan, args: &Tap) -> Vec<String> {
    let own = Target::with_resource(&listener.url(), plan.target.resource());
    let server = Target::with_resource(&plan.target.url(), "/");
    let server = server.trim_end_matches('/');
    let announcement = format!("Tapping {server} at {own} {}", for_whom(listener));
    let times = plan::times_in_data(&args.view);
    [announcement].into_iter().chain(plan.notes.iter().cloned()).chain(times).collect()
}

/// What browsers call the origin of the server's own pages.
fn origin(target: &Target) -> String {
    let scheme = if target.secure() { "https" } else { "http" };
    format!("{scheme}://{}", target.authority())
}

/// Whether requests get something that could let a client in.
fn adds_credentials(args: &Tap, plan: &Plan) -> bool {
    let request = plan.request.first();
    let is_set = request.headers.iter().any(|rule| rule.value().is_some());
    request.authorization.is_some() || request.cookie.is_some() || is_set || args.identity.cert.is_some()
}
