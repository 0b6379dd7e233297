//! The steps of a report, from what was seen.

use std::time::{Duration, SystemTime};

use super::attempt::Attempt;
use super::conversation::{Conversation, breached};
use super::report::{Status, Step, StepName};
use crate::error::{Error, Phase};
use crate::event::{self, Certificate, Opened, StepDetail, TlsFacts};
use crate::http::redact::{Part, Secrets};
use crate::net::{Destination, Route};
use crate::output::{certificate, connecting};
use crate::wire::handshake::Request;

/// A certificate that expires in less is worth a warning.
const SOON: u64 = 21;

/// How far the check of a server came.
pub struct Progress<'a> {
    /// The way to it.
    pub route: &'a Route,
    /// What was asked.
    pub request: &'a Request,
    /// What was seen on the way.
    pub attempt: &'a Attempt,
    /// Why it went no further.
    pub error: Option<&'a Error>,
    /// The session, where one came about.
    pub session: Option<(&'a Opened, &'a Conversation)>,
}

/// All steps, in order; those that were not reached too.
pub fn all(progress: &Progress<'_>) -> Vec<Step> {
    let route = progress.route;
    let has_name = !matches!(route.destination, Destination::Unix(_));
    let names = [
        has_name.then_some(StepName::Name),
        Some(StepName::Tcp),
        route.proxy().is_some().then_some(StepName::Proxy),
        route.tls.is_some().then_some(StepName::Tls),
        Some(StepName::Upgrade),
    ];
    let mut steps: Vec<_> = names.into_iter().flatten().map(|name| connecting_step(name, progress)).collect();
    let later = match progress.session {
        Some((opened, conversation)) => of_session(progress, opened, conversation),
        None => [StepName::Subprotocol, StepName::Extensions, StepName::Ping, StepName::Close].map(not_reached),
    };
    steps.extend(later);
    steps
}

fn not_reached(name: StepName) -> Step {
    Step { name, status: Status::NotReached, what: "not reached".to_owned(), took: None }
}

fn connecting_step(name: StepName, progress: &Progress<'_>) -> Step {
    if let Some(error) = progress.error.filter(|error| failed_at(error) == name) {
        let took = seen(name, progress).map(|step| step.took);
        return Step { name, status: Status::Failure, what: failure(error), took };
    }
    match (seen(name, progress), progress.error) {
        (Some(step), _) => {
            let (status, what) = success(name, &step.detail, progress);
            Step { name, status, what, took: Some(step.took) }
        }
        (None, error) if name == StepName::Name && error.is_none_or(|error| failed_at(error) > name) => {
            let what = format!("{}: an address, which needs no lookup", progress.route.endpoint.host());
            Step { name, status: Status::Ok, what, took: None }
        }
        (None, _) => not_reached(name),
    }
}

/// What was seen of a step that is over.
fn seen<'a>(name: StepName, progress: &Progress<'a>) -> Option<&'a event::Step> {
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
        StepName::Tls if progress.route.proxy().is_some() && attempt.after_proxy().len() == attempt.steps.len() => None,
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
fn failure(error: &Error) -> String {
    let what = error.to_string();
    let Some((_, status)) = what.split_once("refused the upgrade: ") else { return what };
    let status = status.split_once(' ').map_or(status, |(_, status)| status);
    let evidence = error.evidence_lines();
    let server = evidence.iter().find_map(|line| line.strip_prefix("Server: ").or(line.strip_prefix("server: ")));
    let mut body = evidence.iter().filter_map(|line| line.strip_prefix("| "));
    // The first line of a page is a tag.
    let body = body.find(|line| !line.starts_with('<'));
    let server = server.map_or(String::new(), |server| format!(" from {server}"));
    let body = body.map_or(String::new(), |body| format!(": \"{body}\""));
    format!("{status}{server}{body}")
}

fn success(name: StepName, detail: &StepDetail, progress: &Progress<'_>) -> (Status, String) {
    match (name, detail) {
        (StepName::Name, StepDetail::Resolved { addresses, .. }) => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            (Status::Ok, addresses.join(", "))
        }
        (StepName::Tls, _) => progress.attempt.tls.as_ref().map_or((Status::Ok, String::new()), tls),
        (StepName::Upgrade, _) => upgrade(progress),
        (_, StepDetail::TcpConnected { address, failed }) => {
            let failed_ones: Vec<_> = failed.iter().map(connecting::failed_attempt).collect();
            let what = [vec![format!("{address} open")], failed_ones].concat().join("; ");
            (if dead_address(detail, progress.route).is_some() { Status::Warning } else { Status::Ok }, what)
        }
        _ => (Status::Ok, connecting::step_detail(detail)),
    }
}

/// An address of the name that does not answer, where another does. Of `localhost` one family often has no listener.
pub fn dead_address(detail: &StepDetail, route: &Route) -> Option<String> {
    let StepDetail::TcpConnected { address, failed } = detail else { return None };
    let is_local = address.ip().is_loopback() && route.endpoint.host().ends_with("localhost");
    failed.first().filter(|_| !is_local).map(|attempt| attempt.address.to_string())
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

fn upgrade(progress: &Progress<'_>) -> (Status, String) {
    let breaches = &progress.attempt.breaches;
    if breaches.is_empty() {
        return (Status::Ok, "101; Upgrade, Connection and Sec-WebSocket-Accept are right".to_owned());
    }
    let breaches: Vec<_> = breaches.iter().map(|finding| finding.rule.summary()).collect();
    (Status::Warning, breaches.join("; "))
}

fn of_session(progress: &Progress<'_>, opened: &Opened, conversation: &Conversation) -> [Step; 4] {
    let secrets = progress.request.secrets();
    [
        subprotocol(progress.request, opened, secrets),
        extensions(progress.request, opened),
        ping(conversation),
        close(conversation, secrets),
    ]
}

fn subprotocol(request: &Request, opened: &Opened, secrets: Secrets) -> Step {
    let offered = secrets.subprotocols(request.subprotocols());
    let chosen = opened.subprotocol.as_ref().map(|name| secrets.text(Part::Subprotocols(name.as_bytes())));
    let (status, what) = match (offered.is_empty(), chosen) {
        (true, None) => (Status::Ok, "none offered, none chosen".to_owned()),
        (_, Some(chosen)) => (Status::Ok, format!("{chosen}, of {}", offered.join(", "))),
        (false, None) => (Status::Warning, format!("none of {} chosen", offered.join(", "))),
    };
    Step { name: StepName::Subprotocol, status, what, took: None }
}

fn extensions(request: &Request, opened: &Opened) -> Step {
    let what = match &opened.extensions {
        Some(extensions) => extensions.clone(),
        None if request.has("Sec-WebSocket-Extensions") => "offered, none chosen".to_owned(),
        None => "none offered, none chosen".to_owned(),
    };
    Step { name: StepName::Extensions, status: Status::Ok, what, took: None }
}

/// What is said of a step that the time limit of the whole run cut short.
const OUT_OF_TIME: &str = "the time was over first";

fn ping(conversation: &Conversation) -> Step {
    let (status, what) = match (&conversation.breach, conversation.pong) {
        (Some(breach), _) => (Status::Failure, breached(breach)),
        (None, Some(_)) => (Status::Ok, "answered".to_owned()),
        (None, None) if conversation.close.is_some() => (Status::NotReached, "the server closed first".to_owned()),
        (None, None) if conversation.closing.is_none() => (Status::NotReached, "the connection ended first".to_owned()),
        (None, None) if conversation.is_cut_short => (Status::NotReached, OUT_OF_TIME.to_owned()),
        (None, None) => (Status::Failure, "no pong within 5 s".to_owned()),
    };
    Step { name: StepName::Ping, status, what, took: conversation.pong }
}

fn close(conversation: &Conversation, secrets: Secrets) -> Step {
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
    Step { name: StepName::Close, status, what, took: conversation.closing }
}

/// What a Close of the server's right after the upgrade makes of the check.
pub fn closed_first(conversation: &Conversation) -> Status {
    let code = conversation.close.as_ref().and_then(|close| close.code).map_or(1005, u16::from);
    if matches!(code, 1000 | 1001 | 1005) { Status::Warning } else { Status::Failure }
}
