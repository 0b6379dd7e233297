//! One attempt to open a session, with everything that was seen of it.

use std::net::IpAddr;

use super::steps::{self, ConnectionProgress};
use super::writer::ReportWriter;
use crate::client::connect::{self, Answer};
use crate::client::cookies::Cookies;
use crate::client::plan::Plan;
use crate::client::redirect::{Hop, Hops};
use crate::error::Result;
use crate::event::{Certificate, Event, FailedAttempt, Origin, SilentAttempt, Step, StepDetail, TlsFacts};
use crate::net::TimeLimit;
use crate::output::Fanout;
use crate::wire::Finding;

/// What was seen of an attempt.
#[derive(Default)]
pub struct ConnectionRecord {
    /// The steps that are over, in order.
    pub steps: Vec<Step>,
    /// What TLS with the server agreed on.
    pub tls: Option<TlsFacts>,
    /// What the server's head breaks.
    pub breaches: Vec<Finding>,
}

impl ConnectionRecord {
    /// Whether a proxy has connected us to the server.
    fn is_behind_proxy(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.detail, StepDetail::ProxyConnected { .. }))
    }

    /// A DNS name of the server's certificate, other than `asked`.
    pub fn other_name(&self, asked: &str) -> Option<String> {
        let certificate = self.tls.as_ref()?.certificates.first().and_then(Certificate::facts)?;
        let is_name = |name: &&String| name.parse::<IpAddr>().is_err() && !name.starts_with('*') && *name != asked;
        certificate.names.iter().find(is_name).cloned()
    }

    /// The address that was connected to.
    pub fn address(&self) -> Option<IpAddr> {
        self.steps.iter().find_map(|step| match step.detail {
            StepDetail::TcpConnected { address, .. } => Some(address.ip()),
            _ => None,
        })
    }

    /// The addresses that failed before that one answered, and those that had not answered yet.
    pub fn passed_over(&self) -> (&[FailedAttempt], &[SilentAttempt]) {
        let passed_over = self.steps.iter().find_map(|step| match &step.detail {
            StepDetail::TcpConnected { failed, silent, .. } => Some((failed.as_slice(), silent.as_slice())),
            _ => None,
        });
        passed_over.unwrap_or_default()
    }

    /// The handshake with the server, without the proxy's.
    pub fn after_proxy(&self) -> &[Step] {
        let end = self.steps.iter().position(|step| matches!(step.detail, StepDetail::ProxyConnected { .. }));
        &self.steps[end.map_or(0, |end| end + 1)..]
    }
}

/// Connects to one server, and asks for the upgrade: what was seen, and what came of it.
/// After each event `observe` is told what was seen so far.
pub fn attempt(
    hop: &Hop,
    plan: &Plan,
    limit: TimeLimit,
    fanout: &Fanout,
    observe: &mut dyn FnMut(&ConnectionRecord),
) -> (ConnectionRecord, Result<Answer>) {
    let mut attempt = ConnectionRecord::default();
    let answer = connect::open(hop, plan.protocol.strictness, limit, &mut |event| {
        fanout.show(Origin::default(), &event);
        match event {
            Event::Step(step) => {
                if matches!(step.detail, StepDetail::ProxyConnected { .. }) {
                    // It was the proxy's.
                    attempt.tls = None;
                }
                attempt.steps.push(step.clone());
            }
            Event::Tls(facts) => attempt.tls = Some(facts.clone()),
            Event::Finding(finding) => attempt.breaches.push(finding.clone()),
            _ => return,
        }
        observe(&attempt);
    });
    if hop.route.proxy().is_some() && !attempt.is_behind_proxy() {
        attempt.tls = None;
    }
    (attempt, answer)
}

/// The first attempt: to the server of the URL, and on to where redirects lead, as far as the flags follow them.
pub struct First {
    /// The last server that was asked.
    pub hop: Hop,
    /// What was seen of it.
    pub attempt: ConnectionRecord,
    /// What came of it.
    pub answer: Result<Answer>,
    /// How many servers were asked.
    pub connections: usize,
    /// The cookies that the redirects have set.
    pub cookies: Cookies,
}

/// Makes the first attempt, and writes its steps, as far as they went well.
///
/// # Errors
/// Those of the flags.
pub fn first(plan: &Plan, fanout: &Fanout, writer: &mut ReportWriter) -> Result<First> {
    let limit = plan.time_limit();
    let mut hops = Hops::new(plan);
    let mut hop = hops.first()?;
    let mut connections = 1;
    loop {
        let (attempt, answer) = attempt(&hop, plan, limit, fanout, &mut |attempt| {
            writer.steps(&steps::so_far(&ConnectionProgress { hop: &hop, attempt, failure: None }));
        });
        let refusal = match answer {
            Ok(Answer::Refused(refusal)) => refusal,
            answer => {
                let answer = answer.map_err(|error| hops.explain(error, &hop.target));
                return Ok(First { hop, attempt, answer, connections, cookies: hops.into_cookies() });
            }
        };
        let Ok(target) = hops.lead(&hop, &refusal) else {
            let (answer, cookies) = (Ok(Answer::Refused(refusal)), hops.into_cookies());
            return Ok(First { hop, attempt, answer, connections, cookies });
        };
        writer
            .steps(&steps::of_redirect(&ConnectionProgress { hop: &hop, attempt: &attempt, failure: None }, &refusal));
        writer.next_server();
        hop = hops.follow(hop, &refusal, target, &mut |event| fanout.show(Origin::default(), &event))?;
        connections += 1;
    }
}
