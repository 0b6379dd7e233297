//! One WebSocket: asks the server for what a client asks for, passes its answer on, and what follows.

use std::sync::Arc;

use super::connections::Connection;
use super::link::Link;
use super::observer::{Decoding, Observer};
use super::relay::{End, PumpEnd, RelayEnd, relay};
use super::request::{AddressedRequest, ReceivedRequest, RequestKind};
use super::service::Service;
use crate::client::report::Totals;
use crate::client::{advice, upgrade_error};
use crate::error::{Error, Phase, Result};
use crate::event::{Direction, Event, Opened, Origin, Step, StepDetail};
use crate::http::{Head, HeadKind, HeadReader};
use crate::net::{ConnectRecord, Connected, StreamReader};
use crate::output::client_facts;
use crate::session::upgrade::{Exchange, UpgradeFailure};
use crate::wire::handshake::{
    self, AllowedOrigin, Answer, CheckResult, Refusal, ServerOptions, Strictness, check_request, check_response,
};
use crate::wire::{Finding, Role};

/// The next thing to try where the server redirects.
const NOT_FOLLOWED: &str =
    "whether it is followed is the client's business; a tap of its own shows what is at another host";

impl Service {
    /// Passes a client's request for an upgrade on, and the WebSocket that comes of it, to its end. Where the server refuses it,
    /// the requests that follow on the connection are passed on: gives the first one that is to be served otherwise.
    ///
    /// # Errors
    /// Those of the relay, or what is no request.
    pub(super) fn websocket(&self, origin: Origin, request: AddressedRequest) -> Result<Option<ReceivedRequest>> {
        let upstream = Arc::clone(&request.upstream);
        let mut show = |event: Event<'_>| self.fanout.show(origin, &event);
        for finding in self.breaches_of(&request.head) {
            show(Event::Finding(&finding));
        }
        let rewritten = self.rewrite(origin, &request.head, RequestKind::WebSocket);
        let limit = upstream.time_limit();
        let Connected { stream, record, .. } = match upstream.connect(limit, &mut show) {
            Ok(connected) => connected,
            Err(error) => {
                self.give_up(origin, request, &error);
                return Ok(None);
            }
        };
        let stream = Arc::new(stream);
        let mut reader = StreamReader::new(Arc::clone(&stream));
        let limit = limit.for_next_step();
        let mut exchange = Exchange { stream: &stream, reader: &mut reader, limit };
        show(Event::Head { direction: Direction::Sent, bytes: &rewritten });
        let answered = exchange.write(&rewritten).and_then(|()| exchange.read_head(HeadKind::Response));
        let (head, leftover) = match answered {
            Ok(answer) => answer,
            Err(failure) => {
                let error = upgrade_error(&upstream.peer(), failure, self.secrets);
                self.give_up(origin, request, &error);
                return Ok(None);
            }
        };
        show(Event::Head { direction: Direction::Received, bytes: head.raw() });
        let status_line = head.first_line_shown(self.secrets);
        let step = Step { took: limit.since.elapsed(), detail: StepDetail::Upgraded { status_line } };
        show(Event::Step(&step));
        let server = End { stream, reader, head: head.raw().to_vec(), leftover };
        let passing = Passing { service: self, origin, request, sent_head: rewritten, head, step, server };
        match passing.check() {
            Some(Answer::Upgraded(result)) => passing.open(result, record).map(|()| None),
            Some(Answer::Refused(refusal)) => passing.refuse(refusal),
            None => Ok(None),
        }
    }

    /// What is wrong with the request of a client.
    fn breaches_of(&self, head: &Head) -> Vec<Finding> {
        let options = ServerOptions {
            deflate: None,
            strictness: Strictness::Lenient,
            allowed_origins: vec![AllowedOrigin::Any],
            advice,
            secrets: self.secrets,
        };
        check_request(head, &options).result.findings
    }
}

/// An upgrade that the server has answered.
struct Passing<'a> {
    service: &'a Service,
    origin: Origin,
    request: AddressedRequest,
    sent_head: Vec<u8>,
    head: Head,
    step: Step,
    server: End,
}

impl Passing<'_> {
    /// Judges the server by what it was asked for: that is not always what the client has asked for.
    fn check(&self) -> Option<Answer> {
        let asked = HeadReader::read(HeadKind::Request, &self.sent_head).ok()?;
        let asked = handshake::Request::of(&asked, self.service.secrets)?;
        Some(check_response(&self.head, &asked, Strictness::Lenient))
    }

    /// Passes the answer on, and all that follows, decoded.
    fn open(self, result: CheckResult, record: ConnectRecord) -> Result<()> {
        let Self { service, origin, request, sent_head, head, step, server } = self;
        let CheckResult { findings, verified, notes, agreed } = result;
        let agreed = agreed.unwrap_or_default();
        let opened = Opened {
            role: Role::Client,
            url: request.upstream.url(request.target()),
            target: request.target().to_owned(),
            address: request.client.address.clone(),
            status: head.status().unwrap_or_default(),
            headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
            subprotocol: agreed.subprotocol,
            extensions: agreed.extensions,
            tls: record.tls,
            steps: record.steps.into_iter().chain([step]).collect(),
            verified,
            request_head: sent_head,
            response_head: head.raw().to_vec(),
        };
        for note in &notes {
            service.fanout.show(origin, &Event::Note(note));
        }
        for finding in &findings {
            service.fanout.show(origin, &Event::Finding(finding));
        }
        service.fanout.show(origin, &Event::Open(&opened));
        let decoding = Decoding { deflate: agreed.deflate, ..service.decoding.clone() };
        let observer = Arc::new(Observer::new(service.fanout.clone(), service.connections.clone(), origin, &decoding));
        let streams = (Arc::clone(&request.client.stream), Arc::clone(&server.stream));
        let link = Arc::new(Link::new(streams.0, streams.1, Some(Arc::clone(&observer))));
        let facts = client_facts(&opened, service.secrets).into();
        let number = origin.client.unwrap_or_default();
        let connection = Connection { number, facts, link: Arc::clone(&link), observer: Arc::clone(&observer) };
        service.connections.enter(connection);
        let end = relay(&link, request.into_end(), server);
        service.connections.leave(number);
        let end = end.map_err(cannot_relay)?;
        let how = link.end().map_or_else(|| how(&end, &observer), |end| Some(end.to_owned()));
        let ended = observer.ended(end.first, how.as_deref());
        service.fanout.show(origin, &Event::Ended(&ended));
        if service.totals == Totals::Shown {
            service.fanout.show(origin, &Event::Summary(&observer.summary()));
        }
        Ok(())
    }

    /// Passes a refusal on, and what follows on the connection: ordinary HTTP, or another protocol, which passes undecoded.
    fn refuse(self, mut refusal: Box<Refusal>) -> Result<Option<ReceivedRequest>> {
        let Self { service, origin, request, head, server, .. } = self;
        refusal.set_transport(server.stream.transport());
        refusal.body_mut().feed(&server.leftover);
        let failure = UpgradeFailure::Refused(refusal);
        let mut error = upgrade_error(&request.upstream.peer(), failure, service.secrets);
        if matches!(head.status(), Some(300..=399)) {
            error = error.hint(NOT_FOLLOWED);
        }
        service.fanout.show(origin, &Event::Error(&error));
        if head.status() == Some(101) {
            return pass_on(request.into_end(), server).map(|()| None);
        }
        service.pages_after_refusal(request, server)
    }
}

/// How a WebSocket ended where no Close, or none that was answered, did it.
fn how(end: &RelayEnd, observer: &Observer) -> Option<String> {
    let (side, other) = match end.first {
        Direction::Sent => ("client", "server"),
        Direction::Received => ("server", "client"),
    };
    Some(match end.how {
        PumpEnd::Ended if observer.has_closed(end.first) => {
            format!("the {side} ended the connection before its Close was answered")
        }
        PumpEnd::Ended => format!("the {side} ended the connection without a Close"),
        PumpEnd::Broken => format!("the {side} broke the connection"),
        PumpEnd::Refused => format!("the {other} takes nothing any more"),
        PumpEnd::Stopped => return None,
    })
}

/// Passes on what two ends send, undecoded.
///
/// # Errors
/// Those of [`relay`].
pub(super) fn pass_on(client: End, server: End) -> Result<()> {
    let link = Link::new(Arc::clone(&client.stream), Arc::clone(&server.stream), None);
    relay(&Arc::new(link), client, server).map(drop).map_err(cannot_relay)
}

/// The error of a relay that did not come about.
pub(super) fn cannot_relay(error: std::io::Error) -> Error {
    Error::new(Phase::Session, "cannot pass the connection on").caused_by(error)
}
