//! The steps of a report, from what was seen.

use std::time::{Duration, SystemTime};

use super::addresses;
use super::alpn::AlpnTrial;
use super::attempt::ConnectionRecord;
use super::conversation::{Conversation, breached};
use super::report::{ReportStep, Status, StepName};
use crate::client::body_lines;
use crate::client::redirect::Hop;
use crate::error::{Error, Phase};
use crate::event::{self, Certificate, Opened, StepDetail, TlsFacts};
use crate::http::redact::{Part, Secrets};
use crate::net::{Destination, Route};
use crate::output::{certificate, connecting};
use crate::wire::handshake::{Refusal, Request};

/// A certificate that expires in less is worth a warning.
const SOON: u64 = 21;

/// How far connecting to a server came.
#[derive(Clone, Copy)]
pub struct ConnectionProgress<'a> {
    /// The server, the way to it, and what was asked.
    pub hop: &'a Hop,
    /// What was seen on the way.
    pub attempt: &'a ConnectionRecord,
    /// Why it went no further.
    pub failure: Option<Failure<'a>>,
}

/// Why there is no session.
#[derive(Clone, Copy)]
pub struct Failure<'a> {
    /// In words.
    pub error: &'a Error,
    /// The answer, where one came.
    pub refusal: Option<&'a Refusal>,
}

/// The steps of connecting that are over for certain, in order, while it goes on.
pub fn so_far(progress: &ConnectionProgress<'_>) -> Vec<ReportStep> {
    let is_over = |name: &StepName| match name {
        StepName::Upgrade => false,
        StepName::Name => seen(*name, progress).is_some() || seen(StepName::Tcp, progress).is_some(),
        // What TLS agreed on is told after the step.
        StepName::Tls => seen(*name, progress).is_some() && progress.attempt.tls.is_some(),
        _ => seen(*name, progress).is_some(),
    };
    names(&progress.hop.route).take_while(is_over).map(|name| connecting_step(name, progress)).collect()
}

/// The steps of connecting, in order; those that were not reached too.
pub fn of_connecting(progress: &ConnectionProgress<'_>) -> Vec<ReportStep> {
    names(&progress.hop.route).map(|name| connecting_step(name, progress)).collect()
}

/// The steps that lead to a server which sends us on with `refusal`.
pub fn of_redirect(progress: &ConnectionProgress<'_>, refusal: &Refusal) -> Vec<ReportStep> {
    let mut steps = so_far(progress);
    let location = refusal.text("Location").unwrap_or_default();
    let what = format!("{}, to {location}", status(refusal));
    steps.push(ReportStep { name: StepName::Upgrade, status: Status::Ok, what, took: None });
    steps
}

/// The steps of a session that did not come about.
pub fn without_session() -> [ReportStep; 4] {
    [StepName::Subprotocol, StepName::Extensions, StepName::Ping, StepName::Close].map(not_reached)
}

fn names(route: &Route) -> impl Iterator<Item = StepName> + use<> {
    let has_name = !matches!(route.destination, Destination::Unix(_));
    let names = [
        has_name.then_some(StepName::Name),
        Some(StepName::Tcp),
        route.proxy().is_some().then_some(StepName::Proxy),
        route.tls.is_some().then_some(StepName::Tls),
        Some(StepName::Upgrade),
    ];
    names.into_iter().flatten()
}

fn not_reached(name: StepName) -> ReportStep {
    ReportStep { name, status: Status::NotReached, what: "not reached".to_owned(), took: None }
}

fn connecting_step(name: StepName, progress: &ConnectionProgress<'_>) -> ReportStep {
    if let Some(failure) = progress.failure.filter(|failure| failed_at(failure.error) == name) {
        let took = seen(name, progress).map(|step| step.took);
        return ReportStep { name, status: Status::Failure, what: failed(failure), took };
    }
    match (seen(name, progress), progress.failure) {
        (Some(step), _) => {
            let (status, what) = success(name, &step.detail, progress);
            ReportStep { name, status, what, took: Some(step.took) }
        }
        (None, failure) if name == StepName::Name && failure.is_none_or(|failure| failed_at(failure.error) > name) => {
            let what = format!("{}: an address, which needs no lookup", progress.hop.route.endpoint.host());
            ReportStep { name, status: Status::Ok, what, took: None }
        }
        (None, _) => not_reached(name),
    }
}

/// What was seen of a step that is over.
fn seen<'a>(name: StepName, progress: &ConnectionProgress<'a>) -> Option<&'a event::Step> {
    let is_it = |step: &&event::Step| match step.detail {
        StepDetail::Resolved { .. } => name == StepName::Name,
        StepDetail::TcpConnected { .. } | StepDetail::UnixConnected { .. } => name == StepName::Tcp,
        StepDetail::TlsEstablished { .. } => name == StepName::Tls,
        StepDetail::Upgraded { .. } => name == StepName::Upgrade,
        StepDetail::ProxyConnected { .. } => name == StepName::Proxy,
        // Only a recording has it.
        StepDetail::Described { .. } => false,
    };
    let attempt = progress.attempt;
    match name {
        StepName::Tls if progress.hop.route.proxy().is_some() && attempt.after_proxy().len() == attempt.steps.len() => {
            None
        }
        StepName::Tls => attempt.after_proxy().iter().find(is_it),
        _ => attempt.steps.iter().find(is_it),
    }
}

fn failed_at(error: &Error) -> StepName {
    match error.phase() {
        Phase::Resolve => StepName::Name,
        Phase::Connect => StepName::Tcp,
        Phase::Proxy => StepName::Proxy,
        Phase::Tls => StepName::Tls,
        _ => StepName::Upgrade,
    }
}

/// What is said of a step that failed, in a line: the evidence that tells most.
fn failed(Failure { error, refusal }: Failure<'_>) -> String {
    let Some(refusal) = refusal else { return error.to_string() };
    // The first line of a page is a tag.
    let body = body_lines(refusal.body(), refusal.secrets()).into_iter().find(|line| !line.starts_with('<'));
    let server = refusal.text("Server").map_or(String::new(), |server| format!(" from {server}"));
    let body = body.map_or(String::new(), |body| format!(": \"{body}\""));
    format!("{}{server}{body}", status(refusal))
}

/// The status of a response, without its version: `403 Forbidden`.
pub fn status(refusal: &Refusal) -> String {
    let line = refusal.status_line();
    line.split_once(' ').map_or(line.clone(), |(_, status)| status.to_owned())
}

fn success(name: StepName, detail: &StepDetail, progress: &ConnectionProgress<'_>) -> (Status, String) {
    match (name, detail) {
        (StepName::Name, StepDetail::Resolved { addresses, .. }) => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            (Status::Ok, addresses.join(", "))
        }
        (StepName::Tls, _) => progress.attempt.tls.as_ref().map_or((Status::Ok, String::new()), tls),
        (StepName::Upgrade, _) => upgrade(progress),
        (_, StepDetail::TcpConnected { address, failed, silent }) => {
            let what = [vec![format!("{address} open")], connecting::passed_over(failed, silent)].concat().join("; ");
            let has_passed_over = addresses::has_passed_over(progress.attempt, &progress.hop.route);
            (if has_passed_over { Status::Warning } else { Status::Ok }, what)
        }
        _ => (Status::Ok, connecting::step_detail(detail)),
    }
}

fn tls(facts: &TlsFacts) -> (Status, String) {
    let version = facts.version.trim_start_matches("TLSv");
    let mut what = vec![format!("{version}, {}", facts.cipher_suite), facts.server_name.clone()];
    let chain = facts.certificates.len();
    what.push(format!("{chain} certificate{}", if chain == 1 { "" } else { "s" }));
    what.extend(days_left(facts).map(|days| format!("{days} days left")));
    what.push(facts.alpn.as_ref().map_or("no ALPN".to_owned(), |protocol| format!("ALPN {protocol}")));
    if let Err(fault) = &facts.verified {
        what.push(format!("not verified: {}", certificate::complaint(fault)));
    }
    let is_sound = facts.verified.is_ok() && !expires_soon(facts);
    (if is_sound { Status::Ok } else { Status::Warning }, what.join(", "))
}

/// For how many days the server's certificate is still valid.
pub fn days_left(facts: &TlsFacts) -> Option<u64> {
    let certificate = facts.certificates.first().and_then(Certificate::facts)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(certificate.not_after.checked_sub(now)?.as_secs() / Duration::from_hours(24).as_secs())
}

/// Whether that is worth a warning.
pub fn expires_soon(facts: &TlsFacts) -> bool {
    days_left(facts).is_some_and(|days| days < SOON)
}

fn upgrade(progress: &ConnectionProgress<'_>) -> (Status, String) {
    let breaches = &progress.attempt.breaches;
    if breaches.is_empty() {
        return (Status::Ok, "101; Upgrade, Connection, Sec-WebSocket-Accept right".to_owned());
    }
    let breaches: Vec<_> = breaches.iter().map(|finding| finding.rule.summary()).collect();
    (Status::Warning, breaches.join("; "))
}

/// What was agreed on.
pub fn agreed(request: &Request, opened: &Opened) -> [ReportStep; 2] {
    [subprotocol(request, opened, request.secrets()), extensions(request, opened)]
}

fn subprotocol(request: &Request, opened: &Opened, secrets: Secrets) -> ReportStep {
    let offered = secrets.subprotocols(request.subprotocols()).join(", ");
    let chosen = opened.subprotocol.as_ref().map(|name| secrets.text(Part::Subprotocols(name.as_bytes())));
    let status = if chosen.is_none() && !offered.is_empty() { Status::Warning } else { Status::Ok };
    ReportStep { name: StepName::Subprotocol, status, what: choice(chosen.as_deref(), &offered), took: None }
}

fn extensions(request: &Request, opened: &Opened) -> ReportStep {
    let what = choice(opened.extensions.as_deref(), &request.offered_extensions());
    ReportStep { name: StepName::Extensions, status: Status::Ok, what, took: None }
}

fn choice(chosen: Option<&str>, offered: &str) -> String {
    let chosen = chosen.unwrap_or("none chosen");
    if offered.is_empty() { format!("{chosen}, none offered") } else { format!("{chosen} (offered: {offered})") }
}

/// What is said of a step that the time limit of the whole run cut short.
const OUT_OF_TIME: &str = "the time was over first";

/// How our ping went.
pub fn ping(conversation: &Conversation) -> ReportStep {
    let (status, what) = match (&conversation.breach, conversation.pong) {
        (Some(breach), _) => (Status::Failure, breached(breach)),
        (None, Some(_)) => (Status::Ok, "answered".to_owned()),
        (None, None) if conversation.close.is_some() => (Status::NotReached, "the server closed first".to_owned()),
        (None, None) if conversation.closing.is_none() => (Status::NotReached, "the connection ended first".to_owned()),
        (None, None) if conversation.is_cut_short => (Status::NotReached, OUT_OF_TIME.to_owned()),
        (None, None) => (Status::Failure, "no pong within 5 s".to_owned()),
    };
    ReportStep { name: StepName::Ping, status, what, took: conversation.pong }
}

/// How the closing handshake went.
pub fn close(conversation: &Conversation, secrets: Secrets) -> ReportStep {
    let said = conversation.close.as_ref().map(|close| {
        let code = close.code.map_or("no code".to_owned(), |code| u16::from(code).to_string());
        let reason = secrets.text(Part::Text(&close.reason));
        if reason.is_empty() { code } else { format!("{code} \"{reason}\"") }
    });
    let (status, what) = match (said, conversation.closing) {
        (Some(said), Some(_)) => (Status::Ok, format!("1000 answered with {said}")),
        (Some(said), None) => (closed_first(conversation), format!("the server closed first, with {said}")),
        (None, Some(_)) if conversation.is_cut_short => (Status::NotReached, OUT_OF_TIME.to_owned()),
        (None, Some(_)) => (Status::Warning, "no reply to Close".to_owned()),
        (None, None) if conversation.breach.is_some() => (Status::NotReached, "not reached".to_owned()),
        (None, None) => (Status::Failure, "the connection ended without Close".to_owned()),
    };
    ReportStep { name: StepName::Close, status, what, took: conversation.closing }
}

/// What the server picked of HTTP/2 and HTTP/1.1.
pub fn alpn(trial: &AlpnTrial) -> ReportStep {
    let (status, what) = match &trial.chosen {
        Ok(chosen) => {
            let chosen = chosen.as_deref().unwrap_or("none");
            (Status::Ok, format!("{chosen} of h2 and http/1.1, on a further connection"))
        }
        Err(error) if trial.fails_by_the_offer() => (Status::Warning, format!("h2 and http/1.1 offered: {error}")),
        Err(error) => (Status::NotReached, error.to_string()),
    };
    ReportStep { name: StepName::Alpn, status, what, took: trial.chosen.is_ok().then_some(trial.took) }
}

/// What a Close of the server's right after the upgrade makes of the check.
pub fn closed_first(conversation: &Conversation) -> Status {
    if matches!(conversation.close_code(), 1000 | 1001 | 1005) { Status::Warning } else { Status::Failure }
}
