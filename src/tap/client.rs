//! One client: what it asks for, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use super::relay::{End, relay};
use super::rewrite::Asks;
use super::service::Service;
use super::websocket::cannot_relay;
use crate::client::{accept_error, advice, upgrade_error};
use crate::diagnosis::{Diagnosis, ForbiddenOrigin};
use crate::error::{Error, Result};
use crate::event::{Event, Origin, PeerAddress};
use crate::http::{Head, HeadKind};
use crate::net::{Connected, Incoming, Stream, StreamReader, TimeLimit};
use crate::session::upgrade::{Exchange, Stage, UpgradeFailure};
use crate::wire::handshake::{check_host, check_origin, refusal, refuse};

/// How long a client may take for TLS and its request.
pub(super) const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// Nothing more is read on the connection.
const CLOSE: (&str, &str) = ("Connection", "close");

/// A client that is connected.
pub(super) struct Client {
    /// What it is connected by.
    pub stream: Arc<Stream>,
    /// The reading end of it.
    pub reader: StreamReader,
    /// Where it is.
    pub address: PeerAddress,
}

/// What a client has asked for.
pub(super) struct Request {
    /// Who asks.
    pub client: Client,
    /// The head.
    pub head: Head,
    /// What was read behind it.
    pub leftover: Vec<u8>,
}

impl Client {
    /// Tells it that it gets no answer of the server's, and why.
    pub(super) fn refuse(mut self, status: &str, reason: &str, limit: TimeLimit) {
        self.answer(&refusal(status, &[CLOSE], reason), limit);
    }

    /// Answers it, and hangs up.
    fn answer(&mut self, response: &[u8], limit: TimeLimit) {
        let mut exchange = Exchange { stream: &self.stream, reader: &mut self.reader, limit };
        if exchange.write(response).is_ok() {
            exchange.drain();
        }
    }
}

impl Request {
    /// The target, as it was on the first line.
    pub(super) fn target(&self) -> &str {
        self.head.target().unwrap_or_default()
    }

    /// Tells the client that the server could not be asked, or did not answer, and why.
    pub(super) fn refuse(self, error: &Error, limit: TimeLimit) {
        let reason = std::iter::once(error.to_string()).chain(error.causes().map(ToString::to_string));
        self.client.refuse("502 Bad Gateway", &reason.collect::<Vec<_>>().join(": "), limit);
    }

    /// The client's end of a relay that begins with what was read behind the head.
    pub(super) fn into_end(self) -> End {
        let Client { stream, reader, .. } = self.client;
        End { stream, reader, head: Vec::new(), leftover: self.leftover }
    }

    /// What is asked for.
    fn kind(&self) -> Kind {
        Kind::of(&self.head)
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    WebSocket,
    /// An upgrade to something else.
    OtherProtocol,
    Page,
}

impl Kind {
    fn of(head: &Head) -> Self {
        match head.lists("Connection", "upgrade") && head.get("Upgrade").is_some() {
            false => Self::Page,
            true if head.lists("Upgrade", "websocket") => Self::WebSocket,
            true => Self::OtherProtocol,
        }
    }
}

impl Service {
    /// Serves a client that has just connected, to its end.
    ///
    /// # Errors
    /// What went wrong with it before it had asked for anything.
    pub(super) fn accepted(&self, incoming: Incoming) -> Result<()> {
        let peer = incoming.address().to_string();
        let limit = TimeLimit::starting_now(REQUEST_LIMIT);
        let Connected { stream, address, .. } =
            incoming.handshake(limit).map_err(|failure| accept_error(&peer, failure))?;
        let stream = Arc::new(stream);
        let reader = StreamReader::new(Arc::clone(&stream));
        self.serve(Client { stream, reader, address }, limit)
    }

    /// Serves a client whose requests come through `client`, whatever that is made of.
    ///
    /// # Errors
    /// What is no request.
    pub(super) fn serve(&self, mut client: Client, limit: TimeLimit) -> Result<()> {
        let mut exchange =
            Exchange { stream: &client.stream, reader: &mut client.reader, limit: limit.for_next_step() };
        let (head, leftover) = match exchange.read_head(HeadKind::Request) {
            Ok(read) => read,
            Err(failure) if is_idle(&failure) => return Ok(()),
            Err(failure) => {
                if let UpgradeFailure::NoHead { error, .. } = &failure {
                    client.answer(&refuse(error), limit);
                }
                return Err(upgrade_error(&client.address.to_string(), failure, self.upstream.secrets()));
            }
        };
        let mut next = Some(Request { client, head, leftover });
        while let Some(request) = next {
            let kind = request.kind();
            let origin = if kind == Kind::WebSocket { self.number() } else { Origin::default() };
            let passed = self.admit(request).and_then(|request| match kind {
                Kind::WebSocket => self.websocket(origin, request).map(|()| None),
                Kind::OtherProtocol => self.undecoded(request).map(|()| None),
                Kind::Page => self.pages(request),
            });
            next = passed.unwrap_or_else(|error| {
                self.fanout.show(origin, &Event::Error(&error));
                None
            });
        }
        Ok(())
    }

    /// Whether a request is passed on with those before it on the same connection.
    pub(super) fn serves_as_page(&self, head: &Head) -> bool {
        Kind::of(head) == Kind::Page && self.check_access(head).is_ok()
    }

    /// The request, where it may be passed on. A tap that adds credentials lets in no more web pages than a server of ours
    /// would: any page that is open in a browser on this machine could use them.
    ///
    /// # Errors
    /// Which page it is of; the client has been told.
    fn admit(&self, request: Request) -> Result<Request> {
        match self.check_access(&request.head) {
            Ok(()) => Ok(request),
            Err(forbidden) => {
                let peer = request.client.address.to_string();
                let reason = advice(&Diagnosis::ForbiddenOrigin(forbidden.clone()));
                request.client.refuse("403 Forbidden", &reason, TimeLimit::starting_now(REQUEST_LIMIT));
                Err(upgrade_error(&peer, UpgradeFailure::ForbiddenOrigin(forbidden), self.upstream.secrets()))
            }
        }
    }

    fn check_access(&self, head: &Head) -> std::result::Result<(), ForbiddenOrigin> {
        if !self.adds_credentials {
            return Ok(());
        }
        let allowed = &self.rewriting.allowed;
        check_origin(head, allowed).and_then(|()| check_host(head, self.rewriting.scheme, allowed))
    }

    /// Passes a request for an upgrade to another protocol on, and what follows.
    ///
    /// # Errors
    /// Why the server could not be asked; the client has been told.
    fn undecoded(&self, request: Request) -> Result<()> {
        let origin = Origin::default();
        let line = request.head.first_line_shown(self.upstream.secrets());
        let detail =
            format!("{}: {line}, which asks for another protocol, is passed on undecoded", request.client.address);
        self.fanout.show(origin, &Event::Detail(&detail));
        let head = self.rewrite(origin, &request.head, Asks::ForPage);
        let limit = self.upstream.time_limit();
        let connected = match self.upstream.connect(limit, &mut |event| self.fanout.show(origin, &event)) {
            Ok(connected) => connected,
            Err(error) => {
                request.refuse(&error, limit);
                return Err(error);
            }
        };
        let stream = Arc::new(connected.stream);
        let reader = StreamReader::new(Arc::clone(&stream));
        let server = End { stream, reader, head: Vec::new(), leftover: Vec::new() };
        let client = request.into_end();
        relay(End { head, ..client }, server, None).map(drop).map_err(cannot_relay)
    }
}

/// Whether a client has asked for nothing: browsers connect in advance.
fn is_idle(failure: &UpgradeFailure) -> bool {
    failure.is_without_answer() || matches!(failure, UpgradeFailure::TimedOut { stage: Stage::Waiting(_), .. })
}
