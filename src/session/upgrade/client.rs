//! The client's side: ask, and check the answer.

use std::sync::Arc;

use super::exchange::Exchange;
use super::{UpgradeFailure, Upgraded};
use crate::event::{Direction, Event, Step, StepDetail};
use crate::http::HeadKind;
use crate::net::{Stream, StreamReader, TimeLimit};
use crate::wire::handshake::{Answer, CheckResult, Request, Strictness, check_response};

/// Sends `request` and checks the response. `observe` is given both heads, the step, and every finding.
///
/// # Errors
/// A refusal, with the start of its body; a response that breaks rules, or is none; a connection that broke; a time
/// limit that passed.
pub fn open(
    stream: &Arc<Stream>,
    reader: &mut StreamReader,
    request: &Request,
    strictness: Strictness,
    limit: TimeLimit,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Upgraded, UpgradeFailure> {
    let limit = limit.for_next_step();
    let bytes = request.encode();
    observe(Event::Head { direction: Direction::Sent, bytes: &bytes });
    let mut exchange = Exchange { stream, reader, limit };
    exchange.write(&bytes)?;
    let (head, leftover) = exchange.read_head(HeadKind::Response)?;
    observe(Event::Head { direction: Direction::Received, bytes: head.raw() });
    let step = Step {
        took: limit.since.elapsed(),
        detail: StepDetail::Upgraded { status_line: head.first_line_shown(request.secrets()) },
    };
    observe(Event::Step(&step));
    let CheckResult { findings, verified, notes, agreed } = match check_response(&head, request, strictness) {
        Answer::Upgraded(result) => result,
        Answer::Refused(mut refusal) => {
            refusal.set_transport(stream.transport());
            refusal.body_mut().feed(&leftover);
            exchange.read_body(refusal.body_mut());
            return Err(UpgradeFailure::Refused(refusal));
        }
    };
    for note in &notes {
        observe(Event::Note(note));
    }
    for finding in &findings {
        observe(Event::Finding(finding));
    }
    match agreed {
        Some(agreed) => Ok(Upgraded { agreed, head, sent_head: bytes, verified, leftover, step }),
        None => Err(UpgradeFailure::Breached { head: Box::new(head), findings }),
    }
}
