//! One client: what it asks for, and what becomes of it.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use super::proxy;
use super::relay::End;
use super::request::{AddressedRequest, ReceivedRequest, RequestKind};
use super::service::{Servers, Service};
use super::upstream::Upstream;
use super::websocket::pass_on;
use crate::client::{accept_error, advice, upgrade_error};
use crate::diagnosis::{Diagnosis, ForbiddenOrigin};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin, PeerAddress};
use crate::http::{Head, HeadKind};
use crate::net::{Connected, Incoming, Stream, StreamReader, TimeLimit};
use crate::session::upgrade::{Exchange, Stage, UpgradeFailure};
use crate::wire::handshake::{check_host, check_origin, refusal, refuse};

/// How long a client may take for TLS and its request, and to take an answer of ours.
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
    /// Which servers it asks.
    pub servers: Servers,
}

impl Client {
    /// Tells it that it gets no answer of the server's, and why.
    pub(super) fn refuse(mut self, status: &str, reason: &str) {
        self.answer(&refusal(status, &[CLOSE], reason));
    }

    /// Tells it that the server could not be asked, or did not answer, and why.
    pub(super) fn give_up(self, error: &Error) {
        let causes = error.causes().map(ToString::to_string);
        // Each address that was tried, and why it failed.
        let has_attempts = matches!(error.phase(), Phase::Connect | Phase::Proxy);
        let attempts = has_attempts.then(|| error.evidence_lines().join("; ")).filter(|lines| !lines.is_empty());
        let reason: Vec<_> = iter::once(error.to_string()).chain(causes).chain(attempts).collect();
        self.refuse("502 Bad Gateway", &reason.join(": "));
    }

    /// Answers it, and hangs up. It has its own time for that: that of the server may have passed.
    fn answer(&mut self, response: &[u8]) {
        let limit = TimeLimit::starting_now(REQUEST_LIMIT);
        let mut exchange = Exchange { stream: &self.stream, reader: &mut self.reader, limit };
        if exchange.write(response).is_ok() {
            exchange.drain();
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
        let servers = self.servers.clone();
        self.serve(Client { stream, reader, address, servers }, &[], limit)
    }

    /// Serves a client whose requests come through `client`, whatever that is made of; `begun` was read of the first one.
    ///
    /// # Errors
    /// What is no request.
    pub(super) fn serve(&self, mut client: Client, begun: &[u8], limit: TimeLimit) -> Result<()> {
        let mut exchange =
            Exchange { stream: &client.stream, reader: &mut client.reader, limit: limit.for_next_step() };
        let (head, leftover) = match exchange.read_head_begun(HeadKind::Request, begun) {
            Ok(read) => read,
            Err(failure) if is_idle(&failure) => return Ok(()),
            Err(failure) => {
                if let UpgradeFailure::NoHead { error, .. } = &failure {
                    client.answer(&refuse(error));
                }
                return Err(upgrade_error(&client.address.to_string(), failure, self.secrets));
            }
        };
        let mut next = Some(ReceivedRequest { client, head, leftover });
        while let Some(request) = next {
            next = match self.addressed(request) {
                Ok(Some(request)) => self.serve_one(request),
                Ok(None) => None,
                Err(error) => {
                    self.fanout.show(Origin::default(), &Event::Error(&error));
                    None
                }
            };
        }
        Ok(())
    }

    /// Serves a request, and those that follow as long as they are of the same kind; gives the first other one.
    fn serve_one(&self, request: AddressedRequest) -> Option<ReceivedRequest> {
        let kind = RequestKind::of(&request.head);
        let origin = if kind == RequestKind::WebSocket { self.number() } else { Origin::default() };
        let passed = self.admit(request).and_then(|request| match kind {
            RequestKind::WebSocket => self.websocket(origin, request),
            RequestKind::Http2 => self.undecoded(request).map(|()| None),
            RequestKind::Page => self.pages(request),
        });
        passed.unwrap_or_else(|error| {
            self.fanout.show(origin, &Event::Error(&error));
            None
        })
    }

    /// What a client has asked for, and whom. `None`: it got all that it asked for.
    ///
    /// # Errors
    /// Why no server can be asked; the client has been told.
    fn addressed(&self, request: ReceivedRequest) -> Result<Option<AddressedRequest>> {
        match request.client.servers.clone() {
            Servers::Named(proxy) => self.proxied(&proxy, request),
            Servers::One(upstream) => {
                let ReceivedRequest { client, head, leftover } = request;
                Ok(Some(AddressedRequest { client, head, leftover, upstream }))
            }
        }
    }

    /// The head of a request that follows others to `upstream` on the same connection.
    ///
    /// # Errors
    /// The head as it is, where that is to be served otherwise.
    pub(super) fn next_page(
        &self,
        servers: &Servers,
        upstream: &Upstream,
        head: Box<Head>,
    ) -> std::result::Result<Box<Head>, Box<Head>> {
        let is_page = |head: &Head| RequestKind::of(head) == RequestKind::Page && self.check_access(head).is_ok();
        match servers {
            Servers::One(_) if is_page(&head) => Ok(head),
            Servers::One(_) => Err(head),
            Servers::Named(_) => match proxy::translated(&head) {
                Ok((target, translated)) if upstream.is_at(&target) && is_page(&translated) => Ok(Box::new(translated)),
                _ => Err(head),
            },
        }
    }

    /// The request, where it may be passed on. A tap that adds credentials lets in no more web pages than a server of ours
    /// would: any page that is open in a browser on this machine could use them.
    ///
    /// # Errors
    /// Which page it is of; the client has been told.
    fn admit(&self, request: AddressedRequest) -> Result<AddressedRequest> {
        match self.check_access(&request.head) {
            Ok(()) => Ok(request),
            Err(forbidden) => {
                let peer = request.client.address.to_string();
                let reason = advice(&Diagnosis::ForbiddenOrigin(forbidden.clone()));
                request.client.refuse("403 Forbidden", &reason);
                Err(upgrade_error(&peer, UpgradeFailure::ForbiddenOrigin(forbidden), self.secrets))
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

    /// Connects with the server that a request is for. `None`: that failed, which is told here and to the client.
    pub(super) fn server_of(&self, request: AddressedRequest) -> Option<(AddressedRequest, End)> {
        let limit = request.upstream.time_limit();
        let connected = request.upstream.connect(limit, &mut |event| self.fanout.show(Origin::default(), &event));
        match connected {
            Ok(Connected { stream, .. }) => {
                let stream = Arc::new(stream);
                let reader = StreamReader::new(Arc::clone(&stream));
                Some((request, End { stream, reader, head: Vec::new(), leftover: Vec::new() }))
            }
            Err(error) => {
                self.give_up(Origin::default(), request, &error);
                None
            }
        }
    }

    /// Passes on what begins with `request`, and what the server answers.
    ///
    /// # Errors
    /// Those of the relay.
    fn undecoded(&self, request: AddressedRequest) -> Result<()> {
        let detail = format!("{}: HTTP/2, which is passed on undecoded", request.client.address);
        self.fanout.show(Origin::default(), &Event::Detail(&detail));
        let Some((request, server)) = self.server_of(request) else { return Ok(()) };
        let head = request.head.raw().to_vec();
        pass_on(End { head, ..request.into_end() }, server)
    }

    /// Says that the server could not be asked, or did not answer, and why, here and to the client.
    pub(super) fn give_up(&self, origin: Origin, request: AddressedRequest, error: &Error) {
        self.fanout.show(origin, &Event::Error(error));
        request.client.give_up(error);
    }
}

/// Whether a client has asked for nothing: browsers connect in advance.
fn is_idle(failure: &UpgradeFailure) -> bool {
    failure.is_without_answer() || matches!(failure, UpgradeFailure::TimedOut { stage: Stage::Waiting(_), .. })
}
