//! `wscope check URL`: one attempt to open a session, variations of it where that fails, and what all of them say.
//!
//! One connection after the other, on a thread of its own, while the main thread waits for signals. `attempt` connects,
//! `conversation` tries an open session, `variation` decides what else is tried, `judge` makes findings of it all; `report` has
//! steps and findings as data, `text` and `json` are two views of them, and `writer` writes each step as soon as it is over.
//! `idle` finds out how long a connection may be silent, many side by side.

mod addresses;
mod alpn;
mod attempt;
mod conversation;
mod greeting;
pub mod idle;
mod json;
mod judge;
mod report;
mod steps;
mod text;
mod token;
mod variation;
mod writer;

use std::net::IpAddr;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Duration;

pub use self::json::SCHEMA;

use self::alpn::AlpnTrial;
use self::attempt::{ConnectionRecord, First};
use self::conversation::Conversation;
use self::judge::{TrialOutcome, Tried};
use self::report::{CheckReport, Problem, Status};
use self::steps::{ConnectionProgress, Failure};
use self::variation::{Asked, CredentialState, Greeting, SetCookies, Variation, VariationDestination};
use self::writer::ReportWriter;
use crate::cli::Check;
use crate::client::connect::{Answer, Handshaken};
use crate::client::cookies::Cookies;
use crate::client::open;
use crate::client::plan::Plan;
use crate::client::redirect::Hop;
use crate::client::{refused, setup_error, thread_error, view};
use crate::diagnosis::{Diagnosis, NoTls};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, Origin};
use crate::http::redact::Part;
use crate::net::{self, TimeLimit};
use crate::output::Fanout;
use crate::platform::{Poller, Signals};
use crate::wire::handshake::Refusal;

/// How long a variation may take, where the flags give more.
const VARIATION_LIMIT: Duration = Duration::from_secs(5);

/// Checks, and prints what it found; what the shell is told.
///
/// # Errors
/// Those of the flags.
pub fn run(args: &Check) -> Result<ExitStatus> {
    let fanout = Fanout::new(view::direct(view::beside_a_report(&args.session.report))?);
    let plan = Plan::reported(&args.url, &args.session)?;
    open::announce(&plan, &fanout);
    let mut poller = Poller::new().map_err(|error| setup_error("cannot make a pipe", error))?;
    // A question for a password has left SIGINT and SIGTERM to us.
    let signals = Signals::catch(&poller).map_err(|error| setup_error("cannot catch signals", error))?;
    let (results, result) = mpsc::channel();
    let (args, notifier) = (args.clone(), poller.notifier());
    let check = move || {
        // After a signal nothing receives the result.
        let _ = results.send(check_and_print(&args, &plan, &fanout));
        drop(results);
        notifier.notify();
    };
    thread::Builder::new().spawn(check).map_err(|error| thread_error(Phase::Connect, "to check", error))?;
    let broken_off = || Err(Error::new(Phase::Connect, "the check broke off"));
    let end = poller.wait_for(None, None, |_| match (signals.take(), result.try_recv()) {
        (Some(signal), _) => Some(Ok(signal.into())),
        (None, Ok(result)) => Some(result),
        (None, Err(TryRecvError::Empty)) => None,
        (None, Err(TryRecvError::Disconnected)) => Some(broken_off()),
    });
    end.unwrap_or_else(broken_off)
}

fn check_and_print(args: &Check, plan: &Plan, fanout: &Fanout) -> Result<ExitStatus> {
    let url = plan.request.secrets().text(Part::Text(plan.target.url().as_bytes()));
    let mut writer = ReportWriter::new(&args.session.report, &url);
    let report = check(args, plan, fanout, &mut writer)?;
    Ok(writer.end(&report))
}

fn check(args: &Check, plan: &Plan, fanout: &Fanout, writer: &mut ReportWriter) -> Result<CheckReport> {
    let First { hop, attempt, answer, connections, cookies } = attempt::first(plan, fanout, writer)?;
    let asked = Asked {
        first: plan.target.clone(),
        target: hop.target.clone(),
        options: plan.request.first().clone(),
        has_proxy: hop.route.proxy().is_some(),
        other_name: attempt.other_name(&hop.target.endpoint().host()),
    };
    let checked = Checked { args, plan, fanout, hop: &hop, asked: &asked, attempt: &attempt, cookies: &cookies };
    let mut report = match answer {
        Ok(Answer::Upgraded(handshaken)) => checked.opened(*handshaken, writer)?,
        Ok(Answer::Refused(refusal)) => {
            let error = refused(&hop.route.peer(), &refusal, None);
            checked.failed(Failure { error: &error, refusal: Some(&refusal) }, writer)?
        }
        Err(error) => checked.failed(Failure { error: &error, refusal: None }, writer)?,
    };
    if let Some(trial) = checked.alpn(&report) {
        writer.step(&steps::alpn(&trial));
        report.findings.extend(alpn::problem(&trial));
        report.connections += 1;
    }
    report.connections += connections;
    if plan.is_out_of_time() {
        fanout.show(Origin::default(), &Event::Note("the time of `--max-time` is over; the check is not complete"));
        report.status = report.status.max(ExitStatus::TimedOut);
    }
    let is_bad = |status| report.findings.iter().any(|finding: &Problem| finding.status == status);
    if args.scope.strict && is_bad(Status::Warning) {
        report.status = report.status.max(ExitStatus::Session);
    }
    Ok(report)
}

/// A server that was asked.
struct Checked<'a> {
    args: &'a Check,
    plan: &'a Plan,
    fanout: &'a Fanout,
    hop: &'a Hop,
    asked: &'a Asked,
    attempt: &'a ConnectionRecord,
    /// Those that redirects have set.
    cookies: &'a Cookies,
}

impl Checked<'_> {
    /// The report on a session that is open.
    fn opened(&self, handshaken: Handshaken, writer: &mut ReportWriter) -> Result<CheckReport> {
        let mut steps =
            steps::of_connecting(&ConnectionProgress { hop: self.hop, attempt: self.attempt, failure: None });
        steps.extend(steps::agreed(&self.hop.request, &handshaken.opened));
        let no_subprotocol = judge::subprotocol(&self.hop.request, &handshaken.opened);
        writer.steps(&steps);
        let conversation = self.talk(handshaken, &mut |seen| {
            writer.steps(&[&steps[..], &[steps::ping(seen)]].concat());
        });
        steps.extend([steps::ping(&conversation), steps::close(&conversation, self.plan.request.secrets())]);
        writer.steps(&steps);
        let without = self.without_extensions(&conversation)?;
        let mut report = self.judged(&conversation, without);
        report.findings.extend(no_subprotocol);
        Ok(report)
    }

    /// The same session without extensions, or why it did not open, where extensions may be what this one failed by.
    fn without_extensions(&self, failed: &Conversation) -> Result<Option<Result<Conversation, String>>> {
        let has_extensions = self.hop.request.has("Sec-WebSocket-Extensions");
        let is_tried = has_extensions && judge::may_fail_by_extensions(failed) && !self.args.scope.no_variations;
        if !is_tried || self.plan.is_out_of_time() {
            return Ok(None);
        }
        let Some(hop) = self.varied(&Variation::WithoutExtensions, CredentialState::NotRefused)? else {
            return Ok(None);
        };
        Ok(Some(match attempt::attempt(&hop, self.plan, self.limit(), self.fanout, &mut |_| {}).1 {
            Ok(Answer::Upgraded(handshaken)) => Ok(self.talk(*handshaken, &mut |_| {})),
            Ok(Answer::Refused(refusal)) => Err(steps::status(&refusal)),
            Err(error) => Err(error.to_string()),
        }))
    }

    fn talk(&self, handshaken: Handshaken, observe: &mut dyn FnMut(&Conversation)) -> Conversation {
        conversation::hold(handshaken, self.plan, self.fanout, self.args.scope.probe.as_deref(), observe)
    }

    /// The report on a session; `without` is the same without extensions, where that was tried.
    fn judged(&self, conversation: &Conversation, without: Option<Result<Conversation, String>>) -> CheckReport {
        let findings_on = |conversation: &Conversation| judge::session(conversation, self.plan.request.secrets());
        let mut findings = findings_on(conversation);
        let has_failed = |finding: &Problem| finding.status == Status::Failure;
        let status = match (&conversation.breach, findings.iter().any(has_failed)) {
            (_, false) => ExitStatus::Success,
            (Some(breach), _) if breach.rule.is_own_limit() => ExitStatus::Session,
            (Some(_), _) => ExitStatus::Protocol,
            (None, true) if conversation.closing.is_some() => ExitStatus::TimedOut,
            (None, true) => ExitStatus::Session,
        };
        let is_trusted = self.attempt.tls.as_ref().is_none_or(|facts| facts.verified.is_ok());
        let mut trials = Vec::new();
        if let Some(without) = without {
            findings = judge::told_apart(findings, without.map(|other| findings_on(&other)));
            trials = findings.iter().flat_map(|finding| finding.tried.clone()).collect();
        }
        let (count, others) = self.addresses(variation::MOST - trials.len(), is_trusted);
        let report = self.report(findings.into_iter().chain(others).collect(), status);
        CheckReport { connections: trials.len() + count, trials, ..report }
    }

    /// The report on a connection that did not come about.
    fn failed(&self, failure: Failure<'_>, writer: &mut ReportWriter) -> Result<CheckReport> {
        let Failure { error, refusal } = failure;
        let steps =
            steps::of_connecting(&ConnectionProgress { hop: self.hop, attempt: self.attempt, failure: Some(failure) });
        writer.steps(&[&steps[..], &steps::without_session()].concat());
        let tried = if self.args.scope.no_variations { Vec::new() } else { self.vary(error, refusal)? };
        let finding = judge::failure(self.asked, error, refusal, &tried);
        let trials = finding.tried.clone();
        let is_untrusted = matches!(error.diagnosis(), Some(Diagnosis::NoTls(NoTls::Untrusted(_))));
        let (count, others) = self.addresses(variation::MOST - tried.len(), !is_untrusted);
        // A certificate that is wrong at one address alone says more than that it is wrong; a warning says less.
        let (worse, lesser): (Vec<_>, _) = others.into_iter().partition(|other| other.status == Status::Failure);
        let report = self.report([worse, vec![finding], lesser].concat(), error.exit_status());
        Ok(CheckReport { trials, connections: tried.len() + count, ..report })
    }

    /// Tries the other addresses of the name, `most` of them; how many were, and what is wrong with any.
    fn addresses(&self, most: usize, is_trusted: bool) -> (usize, Vec<Problem>) {
        let (limit, secrets) = (self.plan.time_limit(), self.plan.request.secrets());
        let route = &self.hop.route;
        let untried = addresses::untried(self.attempt, route);
        let most = if self.args.scope.no_variations { 0 } else { most.min(addresses::MOST) };
        let (tried, left) = untried.split_at(most.min(untried.len()));
        let trial = |address: &IpAddr| (*address, addresses::try_one(*address, route, limit, secrets, self.fanout));
        let trials: Vec<_> = tried.iter().map(trial).collect();
        for address in left {
            self.fanout.show(Origin::default(), &Event::Note(&format!("not tried: the address {address}")));
        }
        let problems = addresses::of_trials(&trials, self.attempt.address(), is_trusted).into_iter();
        (trials.len(), problems.chain(addresses::of_passed_over(self.attempt, route, &trials)).collect())
    }

    /// What the server picks of HTTP/2 and HTTP/1.1, where it has told that it speaks TLS.
    fn alpn(&self, report: &CheckReport) -> Option<AlpnTrial> {
        let cause = report.findings.first().and_then(|finding| finding.cause.as_ref());
        let speaks_tls = self.attempt.tls.is_some() || matches!(cause, Some(Diagnosis::NoTls(NoTls::NoHttp)));
        let may_connect = report.connections < variation::MOST && !self.args.scope.no_variations;
        if !speaks_tls || !may_connect || self.plan.is_out_of_time() {
            return None;
        }
        self.fanout.show(Origin::default(), &Event::Note("trying: h2 offered beside http/1.1"));
        Some(alpn::offer_both(&self.hop.route, self.limit(), self.plan.request.secrets()))
    }

    fn report(&self, mut findings: Vec<Problem>, status: ExitStatus) -> CheckReport {
        let known: Vec<_> = findings.iter().map(|finding| finding.what.clone()).collect();
        let others = judge::on_the_way(self.asked, self.attempt);
        findings.extend(others.into_iter().filter(|other| !known.contains(&other.what)));
        findings.sort_by_key(|finding| finding.status != Status::Failure);
        CheckReport { trials: Vec::new(), findings, connections: 0, status }
    }

    /// Tries one variation after the other, until one opens.
    fn vary(&self, error: &Error, refusal: Option<&Refusal>) -> Result<Vec<Tried>> {
        let is_refused = |status| matches!(status, 401 | 407);
        let mut credentials = match refusal.map(Refusal::status) {
            Some(status) if is_refused(status) => CredentialState::Refused,
            _ => CredentialState::NotRefused,
        };
        let body = refusal.and_then(|refusal| refusal.body().start().ok()).unwrap_or_default();
        let evidence = error.evidence_lines().join("\n");
        let hints = format!("{error}\n{evidence}\n{}", String::from_utf8_lossy(&body)).to_lowercase();
        let mut tried = Vec::new();
        for variation in variation::plan(error.diagnosis(), self.asked, &hints) {
            if self.plan.is_out_of_time() {
                break;
            }
            let Some(hop) = self.varied(&variation, credentials)? else { continue };
            let outcome = match variation {
                Variation::Greeting(greeting) => self.greet(greeting, &hop),
                _ => self.outcome(&hop),
            };
            if let TrialOutcome::Answered(refusal) = &outcome
                && is_refused(refusal.status())
            {
                credentials = CredentialState::Refused;
            }
            let is_open = matches!(outcome, TrialOutcome::Opened | TrialOutcome::Speaks(_));
            tried.push(Tried { variation, target: hop.target, outcome });
            if is_open {
                break;
            }
        }
        Ok(tried)
    }

    /// Announces a variation, and makes its request; `None` where it cannot go without a secret that it may not carry.
    fn varied(&self, variation: &Variation, credentials: CredentialState) -> Result<Option<Hop>> {
        let Some(destination) = variation.destination(self.asked, credentials) else { return Ok(None) };
        let VariationDestination { target, recipient, cookies } = destination;
        let what = format!("trying: {}", variation.what(self.asked));
        self.fanout.show(Origin::default(), &Event::Note(&what));
        let mut route = self.plan.routing.to(&target, recipient)?;
        if *variation == Variation::PastProxy
            && let net::Destination::Behind(_, endpoint) = route.destination
        {
            route.destination = net::Destination::Tcp(endpoint);
        }
        let cookies = match cookies {
            SetCookies::Sent => self.cookies,
            SetCookies::Withheld => &Cookies::default(),
        };
        let request = self.plan.request.changed(&target, recipient, cookies, |options| variation.change(options))?;
        Ok(Some(Hop { target, route, request }))
    }

    /// How long one variation may take.
    fn limit(&self) -> TimeLimit {
        self.plan.time_limit().at_most(VARIATION_LIMIT)
    }

    fn greet(&self, greeting: Greeting, hop: &Hop) -> TrialOutcome {
        match greeting::greet(greeting, &hop.route, self.limit(), self.plan.request.secrets()) {
            Ok(true) => TrialOutcome::Speaks(greeting.protocol()),
            Ok(false) => TrialOutcome::SpeaksNot,
            Err(error) => TrialOutcome::Failed(error),
        }
    }

    fn outcome(&self, hop: &Hop) -> TrialOutcome {
        match attempt::attempt(hop, self.plan, self.limit(), self.fanout, &mut |_| {}).1 {
            Ok(Answer::Upgraded(handshaken)) => {
                conversation::leave(*handshaken, self.plan, self.fanout);
                TrialOutcome::Opened
            }
            Ok(Answer::Refused(refusal)) => TrialOutcome::Answered(refusal),
            Err(error) => TrialOutcome::Failed(error),
        }
    }
}
