//! What a server picks that is offered HTTP/2 beside HTTP/1.1 (ALPN, RFC 7301), on a connection of its own and without a request.
//! Many clients offer both; that a server picks HTTP/2 then is as it should be.

use std::time::{Duration, Instant};

use super::judge::of_cause;
use super::report::{Problem, Status};
use crate::client::connect_error;
use crate::diagnosis::{Diagnosis, Unsound};
use crate::error::{Error, Phase, Result};
use crate::http::redact::Secrets;
use crate::net::{self, Route, TimeLimit};

/// What came of the offer.
pub struct AlpnTrial {
    /// The protocol that the server chose, if it chose one.
    pub chosen: Result<Option<String>>,
    /// How long it took.
    pub took: Duration,
}

impl AlpnTrial {
    /// Whether there is no TLS with this offer.
    pub fn fails_by_the_offer(&self) -> bool {
        self.chosen.as_ref().is_err_and(|error| error.phase() == Phase::Tls)
    }
}

/// Connects and offers both.
pub fn offer_both(route: &Route, limit: TimeLimit, secrets: Secrets) -> AlpnTrial {
    let started = Instant::now();
    let route = route.clone().offering_http2();
    let chosen = match net::connect(&route, limit, &mut |_| {}) {
        Ok(connected) => Ok(connected.record.tls.and_then(|facts| facts.alpn)),
        Err(failure) => Err(connect_error(&route, failure, secrets)),
    };
    AlpnTrial { chosen, took: started.elapsed() }
}

/// What is wrong with a server that TLS fails with.
pub fn problem(trial: &AlpnTrial) -> Option<Problem> {
    let error: &Error = trial.chosen.as_ref().err().filter(|_| trial.fails_by_the_offer())?;
    let finding = of_cause(Status::Warning, &Diagnosis::Unsound(Unsound::Http2OfferFails));
    Some(Problem { seen: vec![error.to_string()], ..finding })
}
