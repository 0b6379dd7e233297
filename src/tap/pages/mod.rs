//! Ordinary HTTP: requests and responses on one connection of a client and one to the server are passed on as they come,
//! until a request asks for a WebSocket, or for another server.
//!
//! The client's thread passes requests on, and changes their heads; a second thread passes responses on. What the first
//! has asked for tells the second how a response is to be read. Where a response says that another protocol follows, the
//! second tells the first, and both pass on what comes as it is.

mod requests;
mod responses;

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use self::requests::{Requests, RequestsEnd};
use self::responses::Responses;
use super::redirects::Redirects;
use super::relay::{End, PumpEnd, WRITE_TIMEOUT};
use super::request::{AddressedRequest, ReceivedRequest};
use super::service::Service;
use super::websocket::cannot_relay;
use crate::client::thread_error;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin, PeerAddress};
use crate::http::Head;
use crate::http::redact::Secrets;
use crate::net::Stream;
use crate::output::Fanout;
use crate::session::output::lock;

/// Bytes that are read at a time.
const READ_SIZE: usize = 64 * 1024;

/// How many requests may wait for their responses; further ones are not read meanwhile.
const MOST_UNANSWERED: usize = 100;

/// What both threads share.
struct PageLink {
    client: Arc<Stream>,
    server: Arc<Stream>,
    /// What is asked for and not answered yet.
    unanswered: Mutex<Unanswered>,
    /// Signalled when a response has begun or ended, or no more will.
    answered: Condvar,
    /// Both threads are to end.
    is_over: AtomicBool,
}

#[derive(Default)]
struct Unanswered {
    methods: VecDeque<String>,
    /// How many of them have a response that has begun.
    begun: usize,
    follows: Follows,
}

/// What follows the responses that have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Follows {
    /// Further ones.
    #[default]
    Responses,
    /// Another protocol, that a request has asked for.
    OtherProtocol,
    /// None.
    Nothing,
}

/// Where what passes is told.
#[derive(Clone)]
struct Trace {
    fanout: Fanout,
    secrets: Secrets,
    redirects: Option<Arc<Redirects>>,
    client: PeerAddress,
}

/// How far the first request of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstRequest {
    /// The server does not have it.
    Read,
    /// The server has its head.
    Sent,
}

impl Service {
    /// Passes `request` on, one for anything but an upgrade, and those that follow on the same connection. Gives the first
    /// one that is to be served otherwise.
    ///
    /// # Errors
    /// What is no request; the client has been told.
    pub(super) fn pages(&self, request: AddressedRequest) -> Result<Option<ReceivedRequest>> {
        match self.server_of(request) {
            Some((request, server)) => self.pass_pages(request, FirstRequest::Read, server),
            None => Ok(None),
        }
    }

    /// Passes on the answer to `request`, one for an upgrade that `server` has refused, and the requests that follow on the same
    /// connection. Gives the first one that is to be served otherwise.
    ///
    /// # Errors
    /// What is no request; the client has been told.
    pub(super) fn pages_after_refusal(
        &self,
        request: AddressedRequest,
        server: End,
    ) -> Result<Option<ReceivedRequest>> {
        self.pass_pages(request, FirstRequest::Sent, server)
    }

    fn pass_pages(
        &self,
        request: AddressedRequest,
        first: FirstRequest,
        server: End,
    ) -> Result<Option<ReceivedRequest>> {
        let AddressedRequest { client, head, leftover, upstream } = request;
        for stream in [&client.stream, &server.stream] {
            stream.set_read_timeout(None).map_err(cannot_relay)?;
            stream.set_write_timeout(Some(WRITE_TIMEOUT)).map_err(cannot_relay)?;
        }
        let link = Arc::new(PageLink::new(Arc::clone(&client.stream), Arc::clone(&server.stream)));
        let trace = Trace {
            fanout: self.fanout.clone(),
            secrets: self.secrets,
            redirects: self.redirects.clone(),
            client: client.address.clone(),
        };
        let mut requests = Requests::new(self, &link, client, upstream, trace.clone());
        let begun = match first {
            FirstRequest::Read => requests.head(&head),
            FirstRequest::Sent => requests.expect(&head),
        };
        let End { reader, head, leftover: answered, .. } = server;
        let answered = [head, answered].concat();
        let responses = Responses::new(&link, reader, trace);
        let passing = thread::Builder::new()
            .spawn(move || responses.run(&answered))
            .map_err(|error| thread_error(Phase::Session, "for the responses to a client", error))?;
        let end = begun.map_or_else(|end| end, |()| requests.pass_all(&leftover));
        requests.stop(&end);
        // A panic of the thread has been reported already.
        let _ = passing.join();
        let client = requests.into_client();
        match end {
            RequestsEnd::Pump(_) => Ok(None),
            RequestsEnd::Elsewhere(head, leftover) => Ok(Some(ReceivedRequest { client, head: *head, leftover })),
            RequestsEnd::Unreadable(fault) => {
                let peer = client.address.to_string();
                client.refuse("400 Bad Request", &format!("This is no request that can be passed on: {fault}"));
                Err(Error::new(Phase::Session, format!("a request of `{peer}` cannot be passed on")).caused_by(fault))
            }
        }
    }
}

impl PageLink {
    fn new(client: Arc<Stream>, server: Arc<Stream>) -> Self {
        Self { client, server, unanswered: Mutex::default(), answered: Condvar::new(), is_over: AtomicBool::new(false) }
    }

    /// Waits until at most so many requests are not answered.
    fn wait_for_answers(&self, most: usize) -> std::result::Result<(), RequestsEnd> {
        self.wait_while(|unanswered| unanswered.methods.len() > most).map(drop)
    }

    /// Waits until the response to the last request has begun, and says what follows the responses.
    fn wait_for_last_response(&self) -> std::result::Result<Follows, RequestsEnd> {
        self.wait_while(|unanswered| unanswered.methods.len() > unanswered.begun)
    }

    /// Waits while that holds, and further responses may come. Says what follows them.
    fn wait_while(&self, holds: impl Fn(&Unanswered) -> bool) -> std::result::Result<Follows, RequestsEnd> {
        let is_waiting = |unanswered: &mut Unanswered| unanswered.follows == Follows::Responses && holds(unanswered);
        let unanswered =
            self.answered.wait_while(lock(&self.unanswered), is_waiting).unwrap_or_else(PoisonError::into_inner);
        match unanswered.follows {
            Follows::Nothing => Err(RequestsEnd::Pump(PumpEnd::Stopped)),
            follows => Ok(follows),
        }
    }

    /// Says what follows the responses that have come.
    fn set_follows(&self, follows: Follows) {
        lock(&self.unanswered).follows = follows;
        self.answered.notify_all();
    }
}

impl Trace {
    /// Tells the first line of a request or a response.
    fn first_line(&self, head: &Head) {
        self.say(&head.first_line_shown(self.secrets));
    }

    /// Tells where a response leads browsers past the tap.
    fn redirect(&self, head: &Head) {
        if let Some(note) = self.redirects.as_ref().and_then(|redirects| redirects.note(head)) {
            self.fanout.show(Origin::default(), &Event::Note(&note));
        }
    }

    fn say(&self, what: &str) {
        self.fanout.show(Origin::default(), &Event::Detail(&format!("{}: {what}", self.client)));
    }
}
