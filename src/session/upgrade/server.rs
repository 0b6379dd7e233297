//! The server's side: read the request, and answer it.

use std::sync::Arc;

use super::exchange::Exchange;
use super::{UpgradeFailure, Upgraded};
use crate::event::{Direction, Event, Step, StepDetail};
use crate::http::HeadKind;
use crate::net::{Stream, StreamReader, TimeLimit};
use crate::wire::handshake::{CheckResult, Reply, ServerOptions, check_request, refuse};

/// Reads a client's request and answers it. `observe` is given both heads and every finding.
///
/// # Errors
/// A request that breaks rules, or is none, or comes from a web page that is not let in (the refusal has been sent); a connection that broke; a time limit that
/// passed.
pub fn accept(
    stream: &Arc<Stream>,
    reader: &mut StreamReader,
    options: &ServerOptions,
    limit: TimeLimit,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Upgraded, UpgradeFailure> {
    let limit = limit.for_next_step();
    let mut exchange = Exchange { stream, reader, limit };
    let (head, leftover) = match exchange.read_head(HeadKind::Request) {
        Err(failure) => {
            if let UpgradeFailure::NoHead { error, .. } = &failure {
                exchange.write(&refuse(error))?;
                exchange.drain();
            }
            return Err(failure);
        }
        Ok(read) => read,
    };
    observe(Event::Head { direction: Direction::Received, bytes: head.raw() });
    let Reply { response, result, forbidden } = check_request(&head, options);
    let CheckResult { findings, verified, notes, agreed } = result;
    observe(Event::Head { direction: Direction::Sent, bytes: &response });
    exchange.write(&response)?;
    let status_line = response.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let status_line = String::from_utf8_lossy(status_line).into_owned();
    let step = Step { took: limit.since.elapsed(), detail: StepDetail::Upgraded { status_line } };
    for note in &notes {
        observe(Event::Detail(note));
    }
    for finding in &findings {
        observe(Event::Finding(finding));
    }
    if let Some(origin) = forbidden {
        exchange.drain();
        return Err(UpgradeFailure::ForbiddenOrigin(origin));
    }
    let Some(agreed) = agreed else {
        exchange.drain();
        return Err(UpgradeFailure::Breached { head: Box::new(head), findings });
    };
    Ok(Upgraded { agreed, head, sent_head: response, verified, leftover, step })
}
