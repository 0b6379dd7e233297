//! The addresses of a server's name: those that the first connection passed over, and the others, each tried on a connection of
//! its own, without a request.

use std::net::IpAddr;
use std::time::Duration;

use super::attempt::ConnectionRecord;
use super::judge::of_cause;
use super::report::{Problem, Status};
use crate::client::connect_error;
use crate::diagnosis::{Diagnosis, NoTls, Unsound};
use crate::error::Error;
use crate::event::{Event, FailedAttempt, Origin, SilentAttempt, StepDetail};
use crate::http::redact::Secrets;
use crate::net::{self, Destination, Route, TimeLimit};
use crate::output::{Fanout, certificate, connecting};

/// The most addresses that are tried.
pub const MOST: usize = 3;
/// How long one address may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of one address.
pub enum AddressTrial {
    /// It is as good as the one that was asked first.
    Sound,
    /// There is no connection with it.
    Dead(Error),
    /// Its certificate is not accepted, for this reason.
    Untrusted(String),
}

/// Those that have not been tried: not the one that was connected to, and not those that failed before it did. Of
/// `localhost` one family often has no listener, and a proxy chooses for itself.
pub fn untried(seen: &ConnectionRecord, route: &Route) -> Vec<IpAddr> {
    let Destination::Tcp(endpoint) = &route.destination else { return Vec::new() };
    let Some(connected) = seen.address().filter(|_| !endpoint.host().ends_with("localhost")) else {
        return Vec::new();
    };
    let known = seen.steps.iter().find_map(|step| match &step.detail {
        StepDetail::Resolved { addresses, .. } => Some(addresses),
        _ => None,
    });
    let has_failed = |address: &IpAddr| seen.passed_over().0.iter().any(|failed| failed.address.ip() == *address);
    let is_untried = |address: &&IpAddr| **address != connected && !has_failed(address);
    known.into_iter().flatten().filter(is_untried).copied().collect()
}

/// Whether the first connection passed over an address that should have answered. Of `localhost` one family often has no
/// listener.
pub fn has_passed_over(seen: &ConnectionRecord, route: &Route) -> bool {
    let is_local = |address: IpAddr| address.is_loopback() && route.endpoint.host().ends_with("localhost");
    let (failed, silent) = seen.passed_over();
    !(failed.is_empty() && silent.is_empty() || seen.address().is_some_and(is_local))
}

/// Tries one.
pub fn try_one(address: IpAddr, route: &Route, limit: TimeLimit, secrets: Secrets, fanout: &Fanout) -> AddressTrial {
    fanout.show(Origin::default(), &Event::Note(&format!("trying: the address {address}")));
    let route = route.at(address);
    match net::connect(&route, limit.at_most(PATIENCE), &mut |_| {}) {
        Ok(connected) => match connected.record.tls.map(|facts| facts.verified) {
            Some(Err(fault)) => AddressTrial::Untrusted(certificate::complaint(&fault)),
            _ => AddressTrial::Sound,
        },
        Err(failure) => {
            let error = connect_error(&route, failure, secrets);
            match error.diagnosis() {
                Some(Diagnosis::NoTls(NoTls::Untrusted(_))) => AddressTrial::Untrusted(error.to_string()),
                _ => AddressTrial::Dead(error),
            }
        }
    }
}

fn problem(status: Status, cause: Unsound, seen: String) -> Problem {
    Problem { seen: vec![seen], ..of_cause(status, &Diagnosis::Unsound(cause)) }
}

/// What is wrong with the addresses that were tried after the one that was `connected` to; `is_trusted` says whether the
/// certificate of that is accepted.
pub fn of_trials(trials: &[(IpAddr, AddressTrial)], connected: Option<IpAddr>, is_trusted: bool) -> Vec<Problem> {
    let of_trial = |(address, trial): &(IpAddr, AddressTrial)| {
        let address = *address;
        Some(match (trial, is_trusted, connected) {
            (AddressTrial::Dead(error), ..) => {
                problem(Status::Warning, Unsound::DeadAddress { address }, error.to_string())
            }
            (AddressTrial::Untrusted(why), true, _) => {
                problem(Status::Warning, Unsound::CertificateOfAddress { address }, why.clone())
            }
            (AddressTrial::Sound, false, Some(connected)) => {
                let seen = format!("the certificate at {address} is accepted");
                problem(Status::Failure, Unsound::CertificateOfAddress { address: connected }, seen)
            }
            _ => return None,
        })
    };
    trials.iter().filter_map(of_trial).collect()
}

/// What is wrong with the addresses that the first connection passed over, beside what `trials` say.
pub fn of_passed_over(seen: &ConnectionRecord, route: &Route, trials: &[(IpAddr, AddressTrial)]) -> Vec<Problem> {
    if !has_passed_over(seen, route) {
        return Vec::new();
    }
    let dead = |attempt: &FailedAttempt| {
        let cause = Unsound::DeadAddress { address: attempt.address.ip() };
        problem(Status::Warning, cause, connecting::failed_attempt(attempt))
    };
    let slow = |attempt: &SilentAttempt| {
        let cause = Unsound::SlowAddress { address: attempt.address.ip() };
        problem(Status::Warning, cause, connecting::silent_attempt(attempt))
    };
    let is_dead = |attempt: &&SilentAttempt| {
        let is_it = |(address, trial): &_| *address == attempt.address.ip() && matches!(trial, AddressTrial::Dead(_));
        trials.iter().any(is_it)
    };
    let (failed, silent) = seen.passed_over();
    failed.iter().map(dead).chain(silent.iter().filter(|attempt| !is_dead(attempt)).map(slow)).collect()
}
