//! The requests of a client, as they are passed on.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Follows, MOST_UNANSWERED, PageLink, READ_SIZE, Trace};
use crate::event::Origin;
use crate::http::{Framing, Head, HeadKind, MessageFault, MessageReader, Piece};
use crate::net::StreamWriter;
use crate::session::output::lock;
use crate::tap::client::Client;
use crate::tap::relay::{PumpEnd, write_all};
use crate::tap::request::RequestKind;
use crate::tap::service::Service;
use crate::tap::upstream::Upstream;

/// Passes requests on.
pub(super) struct Requests<'a> {
    service: &'a Service,
    link: &'a PageLink,
    client: Client,
    upstream: Arc<Upstream>,
    writer: StreamWriter,
    messages: MessageReader,
    /// What is passed on next.
    out: Vec<u8>,
    /// The last request asks for another protocol. What comes behind it is a request only where the server refuses that.
    asks_to_switch: bool,
    trace: Trace,
}

/// Why no more requests are passed on.
pub(super) enum RequestsEnd {
    /// As with any other stream.
    Pump(PumpEnd),
    /// This one asks for something else; what was read behind it follows. All before it is answered.
    Elsewhere(Box<Head>, Vec<u8>),
    /// What comes is no request.
    Unreadable(MessageFault),
}

impl<'a> Requests<'a> {
    pub(super) fn new(
        service: &'a Service,
        link: &'a PageLink,
        client: Client,
        upstream: Arc<Upstream>,
        trace: Trace,
    ) -> Self {
        let writer = StreamWriter::new(Arc::clone(&link.server));
        let messages = MessageReader::new(HeadKind::Request);
        Self { service, link, client, upstream, writer, messages, out: Vec::new(), asks_to_switch: false, trace }
    }

    pub(super) fn into_client(self) -> Client {
        self.client
    }

    /// Passes on what follows the first head, of which `bytes` were read before, and all further requests.
    pub(super) fn pass_all(&mut self, bytes: &[u8]) -> RequestsEnd {
        if let Err(end) = self.pass(bytes) {
            return end;
        }
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let read = self.client.reader.read(&mut buffer);
            let passed = match read {
                _ if self.link.is_over.load(Ordering::Acquire) => return RequestsEnd::Pump(PumpEnd::Stopped),
                Ok(0) => return RequestsEnd::Pump(PumpEnd::Ended),
                Ok(count) => self.pass(&buffer[..count]),
                Err(_) => return RequestsEnd::Pump(PumpEnd::Broken),
            };
            if let Err(end) = passed {
                return end;
            }
        }
    }

    fn pass(&mut self, mut bytes: &[u8]) -> Result<(), RequestsEnd> {
        loop {
            if self.asks_to_switch && !self.messages.is_inside_message() {
                self.await_switch()?;
            }
            match self.messages.next(&mut bytes) {
                Ok(None) => return self.write(),
                Ok(Some(Piece::Body(body))) => self.out.extend_from_slice(body),
                Ok(Some(Piece::Head(head))) => match self.service.next_page(&self.client.servers, &self.upstream, head)
                {
                    Ok(head) => self.head(&head)?,
                    Err(head) => {
                        self.write()?;
                        self.link.wait_for_answers(0)?;
                        return Err(RequestsEnd::Elsewhere(head, bytes.to_vec()));
                    }
                },
                Err(fault) => return Err(self.unreadable(fault)),
            }
        }
    }

    /// Passes a head on.
    pub(super) fn head(&mut self, head: &Head) -> Result<(), RequestsEnd> {
        self.expect(head)?;
        self.trace.first_line(head);
        self.out.extend(self.service.rewrite(Origin::default(), head, RequestKind::Page));
        Ok(())
    }

    /// Notes what is asked for.
    pub(super) fn expect(&mut self, head: &Head) -> Result<(), RequestsEnd> {
        let framing = Framing::of_request(head).map_err(|fault| self.unreadable(MessageFault::Framing(fault)))?;
        if lock(&self.link.unanswered).methods.len() >= MOST_UNANSWERED {
            self.write()?;
            self.link.wait_for_answers(MOST_UNANSWERED - 1)?;
        }
        lock(&self.link.unanswered).methods.push_back(head.method().unwrap_or_default().to_owned());
        self.messages.expect(framing);
        self.asks_to_switch = asks_to_switch(head);
        Ok(())
    }

    /// Waits for the head of the answer to a request for another protocol. Where that follows, it is passed on as it comes.
    fn await_switch(&mut self) -> Result<(), RequestsEnd> {
        self.asks_to_switch = false;
        self.write()?;
        if self.link.wait_for_last_response()? == Follows::OtherProtocol {
            self.messages.expect(Framing::UntilClose);
        }
        Ok(())
    }

    /// What was asked for before has its answers first.
    fn unreadable(&mut self, fault: MessageFault) -> RequestsEnd {
        match self.write().and_then(|()| self.link.wait_for_answers(0)) {
            Ok(()) => RequestsEnd::Unreadable(fault),
            Err(end) => end,
        }
    }

    fn write(&mut self) -> Result<(), RequestsEnd> {
        let out = mem::take(&mut self.out);
        write_all(&mut self.writer, &out, &self.link.is_over, &mut || {}).map_err(RequestsEnd::Pump)
    }

    /// Sees to it that the other thread ends, now or when the server has said all.
    pub(super) fn stop(&mut self, end: &RequestsEnd) {
        let PageLink { client, server, is_over, .. } = self.link;
        match end {
            RequestsEnd::Pump(PumpEnd::Ended) => {
                self.writer.close_notify();
                server.shut_down_writing();
            }
            RequestsEnd::Pump(PumpEnd::Refused) => client.reset_when_closed(),
            RequestsEnd::Pump(PumpEnd::Stopped) => {}
            RequestsEnd::Pump(PumpEnd::Broken) => {
                is_over.store(true, Ordering::Release);
                server.reset_when_closed();
                server.stop_reading();
            }
            RequestsEnd::Elsewhere(..) | RequestsEnd::Unreadable(_) => {
                is_over.store(true, Ordering::Release);
                server.stop_reading();
            }
        }
    }
}

/// Whether a request asks for another protocol on its connection (RFC 9110 sections 7.8 and 9.3.6).
fn asks_to_switch(head: &Head) -> bool {
    let asks_for_upgrade = head.lists("Connection", "upgrade") && head.get("Upgrade").is_some();
    asks_for_upgrade || head.method() == Some("CONNECT")
}
