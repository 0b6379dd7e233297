//! The other addresses of a server's name, each tried on a connection of its own, without a request.

use std::net::IpAddr;
use std::time::Duration;

use super::attempt::ConnectionRecord;
use super::judge::of_cause;
use super::report::{Problem, Status};
use crate::client::connect_error;
use crate::diagnosis::{Diagnosis, NoTls, Unsound};
use crate::error::Error;
use crate::event::{Event, Origin, StepDetail};
use crate::http::redact::Secrets;
use crate::net::{self, Destination, Route, TimeLimit};
use crate::output::{Fanout, certificate};

/// The most addresses that are tried.
const MOST: usize = 3;
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
    let mut known = Vec::new();
    let mut tried = Vec::new();
    for step in &seen.steps {
        match &step.detail {
            StepDetail::Resolved { addresses, .. } => known.clone_from(addresses),
            StepDetail::TcpConnected { address, failed } => {
                tried.push(address.ip());
                tried.extend(failed.iter().map(|failed| failed.address.ip()));
            }
            _ => {}
        }
    }
    if tried.is_empty() || endpoint.host().ends_with("localhost") {
        return Vec::new();
    }
    known.into_iter().filter(|address| !tried.contains(address)).take(MOST).collect()
}

/// Tries one.
pub fn try_one(address: IpAddr, route: &Route, limit: TimeLimit, secrets: Secrets, fanout: &Fanout) -> AddressTrial {
    fanout.show(Origin::default(), &Event::Note(&format!("trying: the address {address}")));
    let short = TimeLimit::starting_now(PATIENCE);
    let limit = if limit.until < short.until { limit } else { short };
    let route = route.at(address);
    match net::connect(&route, limit, &mut |_| {}) {
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

/// What is wrong with other addresses of the name; `connected` is the address that was asked first, and `is_trusted` whether its
/// certificate is accepted.
pub fn problems(trials: &[(IpAddr, AddressTrial)], connected: Option<IpAddr>, is_trusted: bool) -> Vec<Problem> {
    let of = |status, cause, seen: String| Problem { seen: vec![seen], ..of_cause(status, &Diagnosis::Unsound(cause)) };
    let mut findings = Vec::new();
    for (address, trial) in trials {
        let address = address.to_string();
        match (trial, is_trusted, connected) {
            (AddressTrial::Dead(error), ..) => {
                findings.push(of(Status::Warning, Unsound::DeadAddress { address }, error.to_string()));
            }
            (AddressTrial::Untrusted(why), true, _) => {
                findings.push(of(Status::Warning, Unsound::CertificateOfAddress { address }, why.clone()));
            }
            (AddressTrial::Sound, false, Some(connected)) => {
                let seen = format!("the certificate at {address} is accepted");
                findings.push(of(
                    Status::Failure,
                    Unsound::CertificateOfAddress { address: connected.to_string() },
                    seen,
                ));
            }
            _ => {}
        }
    }
    findings
}
