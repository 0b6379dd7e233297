//! From what was seen and tried to findings.

mod session;

pub use session::{may_fail_by_extensions, session, subprotocol, told_apart};

use super::attempt::ConnectionRecord;
use super::conversation::breached;
use super::report::{Problem, Status, Trial};
use super::steps;
use super::token;
use super::variation::{Asked, NO_HOST, Variation};
use crate::client::{advice, explain};
use crate::diagnosis::{Diagnosis, NoHead, NoTls, Refused, Unsound};
use crate::error::Error;
use crate::net::Target;
use crate::wire::handshake::{Refusal, diagnose_breach};

/// Headers of the user's that are refused may be too large from so many bytes on.
const LARGE: usize = 1024;
/// Lines of evidence that a finding quotes.
const MOST_SEEN: usize = 8;

/// What a variation brought.
pub struct Tried {
    /// What was changed.
    pub variation: Variation,
    /// Where it went.
    pub target: Target,
    /// What came of it.
    pub outcome: TrialOutcome,
}

/// What came of a variation.
pub enum TrialOutcome {
    /// It opens.
    Opened,
    /// A response that is no 101.
    Answered(Box<Refusal>),
    /// The greeting of this protocol is answered as the protocol has it.
    Speaks(&'static str),
    /// It is answered with something else, or not at all.
    SpeaksNot,
    /// No response.
    Failed(Error),
}

impl TrialOutcome {
    fn text(&self) -> String {
        match self {
            Self::Opened => "opens".to_owned(),
            Self::Answered(refusal) => steps::status(refusal),
            Self::Speaks(protocol) => format!("it speaks {protocol}"),
            Self::SpeaksNot => "no answer of that protocol".to_owned(),
            Self::Failed(error) => error.to_string(),
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Answered(refusal) => Some(refusal),
            Self::Opened | Self::Speaks(_) | Self::SpeaksNot | Self::Failed(_) => None,
        }
    }
}

/// What was tried, for the report.
fn trials(asked: &Asked, tried: &[Tried]) -> Vec<Trial> {
    let trial = |tried: &Tried| Trial { what: tried.variation.what(asked), result: tried.outcome.text() };
    tried.iter().map(trial).collect()
}

/// Why there is no session: `error`, and the refusal where that is one.
pub fn failure(asked: &Asked, error: &Error, refusal: Option<&Refusal>, tried: &[Tried]) -> Problem {
    let cause = refined(asked, error.diagnosis(), refusal, tried);
    let mut finding = match &cause {
        Some(cause) => of_cause(Status::Failure, cause),
        None => unknown(asked, error, refusal),
    };
    finding.seen = std::iter::once(error.to_string()).chain(error.causes().map(ToString::to_string)).collect();
    let evidence = error.evidence_lines().iter().map(|line| line.strip_prefix("| ").unwrap_or(line).to_owned());
    finding.seen.extend(evidence.take(MOST_SEEN));
    finding.tried = trials(asked, tried);
    let is_cured_there = matches!(cause, Some(Diagnosis::Refused(Refused::HeadTooLarge { .. })));
    let opened = tried.iter().find(|tried| matches!(tried.outcome, TrialOutcome::Opened)).filter(|_| !is_cured_there);
    if let Some((next, paste)) = opened.and_then(|opened| opening(asked, opened)) {
        finding.next = next;
        finding.paste = paste.into_iter().collect();
    }
    finding
}

/// The cause, with what the variations tell of it.
fn refined(
    asked: &Asked,
    suspected: Option<&Diagnosis>,
    refusal: Option<&Refusal>,
    tried: &[Tried],
) -> Option<Diagnosis> {
    if let (Some(ago), Some(401 | 403)) = (token::expired_for(&asked.options), refusal.map(Refusal::status)) {
        return Some(Diagnosis::Unsound(Unsound::TokenExpired { seconds: ago.as_secs() }));
    }
    let opened = tried.iter().find(|tried| matches!(tried.outcome, TrialOutcome::Opened));
    if let Some(Tried { variation, .. }) = opened {
        return of_opened(asked, suspected, refusal, variation).or_else(|| suspected.cloned());
    }
    let spoken = tried.iter().find_map(|tried| match tried.outcome {
        TrialOutcome::Speaks(name) => Some(name),
        _ => None,
    });
    if let Some(name) = spoken {
        return Some(Diagnosis::NoHead(NoHead::OtherProtocol { name }));
    }
    let Some(refusal) = refusal else { return suspected.cloned() };
    let path = || asked.shown(asked.path());
    let is_lost = suspected.is_none() && refusal.status() == 426;
    if is_lost && answered_alike(refusal, tried, &Variation::OrdinaryGet) {
        let proxy = refusal.intermediary();
        return Some(with_proxy(Refused::UpgradeDropped { path: path(), proxy }, tried));
    }
    let page = Some(refusal).filter(|refusal| (200..300).contains(&refusal.status()));
    let has_page = page.is_some_and(|page| page.body().start().is_ok_and(|body| !body.is_empty()));
    if has_page && is_portal_page(asked, refusal, tried) {
        return Some(Diagnosis::Refused(Refused::CaptivePortal));
    }
    if has_page && answered_alike(refusal, tried, &Variation::OrdinaryGetNowhere) {
        return Some(Diagnosis::Refused(Refused::SinglePage { path: path() }));
    }
    let is_elsewhere = leads_to_other_host(asked, refusal);
    let any_host = tried.iter().any(|tried| {
        matches!(tried.variation, Variation::WithHost(_))
            && tried.outcome.refusal().is_some_and(|other| location(other) == location(refusal))
    });
    if is_elsewhere && any_host {
        return Some(Diagnosis::Refused(Refused::CaptivePortal));
    }
    match suspected {
        Some(Diagnosis::Refused(cause)) => Some(with_proxy(cause.clone(), tried)),
        suspected => suspected.cloned(),
    }
}

/// The cause, with the proxy: one that passes on what the server calls itself shows in answers of its own.
fn with_proxy(mut cause: Refused, tried: &[Tried]) -> Diagnosis {
    if let Refused::UpgradeDropped { proxy, .. }
    | Refused::NotTakenForUpgrade { proxy, .. }
    | Refused::VersionLowered { proxy, .. }
    | Refused::OrdinaryPage { proxy, .. } = &mut cause
    {
        *proxy =
            proxy.or_else(|| tried.iter().filter_map(|tried| tried.outcome.refusal()).find_map(Refusal::intermediary));
    }
    Diagnosis::Refused(cause)
}

/// Whether any host gets this page, and it leads to another one: as networks answer that want a login.
fn is_portal_page(asked: &Asked, page: &Refusal, tried: &[Tried]) -> bool {
    let any_host = Variation::WithHost(NO_HOST.to_owned());
    let body = page.body().start().unwrap_or_default();
    answered_alike(page, tried, &any_host) && names_other_host(&String::from_utf8_lossy(&body).to_lowercase(), asked)
}

/// Whether a page, in lower case, sends its reader to another host.
fn names_other_host(page: &str, asked: &Asked) -> bool {
    const LEADING: [&str; 4] = ["http-equiv=\"refresh\"", "location", "action=", "<loginurl>"];
    /// So many bytes behind a sign the URL begins.
    const REACH: usize = 200;
    let own = asked.target.endpoint().host();
    LEADING.iter().flat_map(|sign| page.match_indices(sign)).any(|(at, _)| {
        let near: String = page[at..].chars().take(REACH).collect();
        let url = near
            .split_once("://")
            .map(|(_, url)| url.split(['/', ':', '"', '\'', '?', '<']).next().unwrap_or_default());
        url.is_some_and(|host| !host.is_empty() && host != own)
    })
}

/// What it means that a variation opens; `None` where what was suspected says more.
fn of_opened(
    asked: &Asked,
    suspected: Option<&Diagnosis>,
    refusal: Option<&Refusal>,
    variation: &Variation,
) -> Option<Diagnosis> {
    let refused = match variation {
        Variation::WithoutHeaders if asked.given_length() >= LARGE => {
            refusal.map_or(Refused::HeadTooLarge { longest: None, proxy: None }, Refusal::head_too_large)
        }
        Variation::WithoutHeaders => match asked.only_header() {
            Some(rule) if rule.name().eq_ignore_ascii_case("Host") => {
                Refused::HostNotAllowed { host: asked.shown(rule.value().unwrap_or_default()) }
            }
            _ => Refused::HeadersNotAccepted,
        },
        Variation::WithoutExtensions | Variation::WithoutSubprotocols
            if matches!(suspected, Some(Diagnosis::Breached(_))) =>
        {
            return None;
        }
        Variation::WithoutExtensions => Refused::ExtensionsNotAccepted,
        Variation::WithoutOrigin | Variation::WithOrigin(_) => {
            Refused::OriginNotAllowed { sent_origin: asked.sent_origin() }
        }
        Variation::WithoutSubprotocols => Refused::SubprotocolNotAccepted,
        Variation::WithSubprotocol(_) => Refused::SubprotocolWanted,
        Variation::WithoutTls => {
            return Some(Diagnosis::NoTls(NoTls::ServerWithout { peer: asked.target.endpoint().peer() }));
        }
        Variation::WithTls => Refused::PortSpeaksTls,
        Variation::WithHost(_) => Refused::HostNotAllowed { host: asked.target.authority() },
        Variation::At(_) if says_what_it_is(suspected) => return None,
        Variation::At(resource) => {
            let url = Target::with_resource(&asked.target.url(), resource);
            Refused::OtherPath { url: asked.shown(&url) }
        }
        Variation::PastProxy | Variation::OrdinaryGet | Variation::OrdinaryGetNowhere | Variation::Greeting(_) => {
            return None;
        }
    };
    Some(Diagnosis::Refused(refused))
}

/// Whether the server has said already what kind of server it is.
fn says_what_it_is(suspected: Option<&Diagnosis>) -> bool {
    matches!(suspected, Some(Diagnosis::Refused(Refused::EngineIo(_) | Refused::SockJs)))
}

fn answered_alike(refusal: &Refusal, tried: &[Tried], variation: &Variation) -> bool {
    let body = |refusal: &Refusal| refusal.body().start().ok();
    tried.iter().any(|tried| {
        let other = tried.outcome.refusal();
        tried.variation == *variation
            && other.is_some_and(|other| other.status() == refusal.status() && body(other) == body(refusal))
    })
}

fn location(refusal: &Refusal) -> Option<String> {
    refusal.head().text("Location")
}

fn leads_to_other_host(asked: &Asked, refusal: &Refusal) -> bool {
    let target = refusal.head().get("Location").and_then(|location| asked.target.redirected(location).ok());
    target.is_some_and(|target| {
        let (other, own) = (target.endpoint(), asked.target.endpoint());
        let is_related = |one: &str, other: &str| one == other || one.ends_with(&format!(".{other}"));
        let are_related = is_related(&other.host(), &own.host()) || is_related(&own.host(), &other.host());
        let are_local = other.is_loopback() && own.is_loopback();
        // A redirect to TLS, or to the server's other name, keeps the path.
        !are_related && !are_local && target.resource() != asked.target.resource()
    })
}

/// A finding about `cause`, with what to do about it.
pub fn of_cause(status: Status, cause: &Diagnosis) -> Problem {
    let text = advice(cause);
    let mut lines = text.lines();
    let next = lines.next().unwrap_or_default().to_owned();
    Problem {
        status,
        cause: Some(cause.clone()),
        what: explain(cause).sentence,
        seen: Vec::new(),
        tried: Vec::new(),
        next,
        paste: lines.map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned()).collect(),
    }
}

fn unknown(asked: &Asked, error: &Error, refusal: Option<&Refusal>) -> Problem {
    let what = match refusal {
        Some(refusal) => format!("The server refuses with {}, and why is not known.", refusal.status()),
        None => "It fails, and why is not known.".to_owned(),
    };
    let next = match error.hint_text() {
        Some(hint) => hint.to_owned(),
        None => "the log of the server, and of each proxy before it, would tell; so may every byte of it:".to_owned(),
    };
    let paste = vec![format!("wscope -v --hex -w 0 {}", quoted(&asked.shown(&asked.target.url())))];
    Problem { status: Status::Failure, cause: None, what, seen: Vec::new(), tried: Vec::new(), next, paste }
}

/// How a session opens as this variation did, and the line to paste for it, where there is one; `None` where the cause says
/// more. Flags of the user's are named by `the same command`: the variation may have needed them.
fn opening(asked: &Asked, tried: &Tried) -> Option<(String, Option<String>)> {
    let url = quoted(&asked.shown(&tried.target.url()));
    let change = match &tried.variation {
        Variation::WithoutTls => return Some(("this opens, without TLS:".to_owned(), Some(format!("wscope {url}")))),
        Variation::WithTls | Variation::At(_) => {
            return Some(("this opens: the same command with the URL".to_owned(), Some(url)));
        }
        Variation::WithoutOrigin => "without `Origin`".to_owned(),
        Variation::WithoutSubprotocols => "without `--subprotocol`".to_owned(),
        Variation::WithoutExtensions => "with `--no-deflate`".to_owned(),
        Variation::WithOrigin(origin) => format!("with `--origin {}`", quoted(origin)),
        Variation::WithSubprotocol(name) => format!("with `--subprotocol {name}`"),
        Variation::WithHost(host) => format!("with `-H 'Host: {host}'`"),
        Variation::PastProxy => "with `--noproxy '*'`".to_owned(),
        Variation::WithoutHeaders => format!("without `-H '{}: …'`", asked.only_header()?.name()),
        Variation::OrdinaryGet | Variation::OrdinaryGetNowhere | Variation::Greeting(_) => return None,
    };
    Some((format!("this opens: the same command {change}"), None))
}

/// As one word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What is wrong with a connection on the way to its session, though it came about.
pub fn on_the_way(asked: &Asked, attempt: &ConnectionRecord) -> Vec<Problem> {
    let warning = |cause, seen: String| {
        let finding = of_cause(Status::Warning, &Diagnosis::Unsound(cause));
        Problem { seen: vec![seen], ..finding }
    };
    let mut findings = Vec::new();
    if let Some(facts) = &attempt.tls {
        if let Err(fault) = &facts.verified {
            findings.push(warning(Unsound::NotVerified, crate::output::certificate::complaint(fault)));
        } else if let Some(days) = steps::days_left(facts).filter(|_| steps::expires_soon(facts)) {
            let seen = facts.certificates.first().map_or(String::new(), crate::output::certificate::line);
            findings.push(warning(Unsound::ExpiresSoon { days }, seen));
        }
    }
    if let Some(cause) = diagnose_breach(&attempt.breaches) {
        let seen = attempt.breaches.iter().map(|breach| format!("{}: {}", breached(breach), breach.detail)).collect();
        findings.push(Problem { seen, ..of_cause(Status::Warning, &cause) });
    }
    if let Some(ago) = token::expired_for(&asked.options) {
        findings.push(warning(Unsound::TokenExpired { seconds: ago.as_secs() }, "its claim `exp`".to_owned()));
    }
    findings
}
