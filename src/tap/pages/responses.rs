//! The responses of a server, as they are passed on.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Follows, PageLink, READ_SIZE, Trace};
use crate::http::{Framing, Head, HeadKind, MessageFault, MessageReader, Piece};
use crate::net::{StreamReader, StreamWriter};
use crate::session::output::lock;
use crate::tap::relay::{PumpEnd, write_all};
use crate::wire::handshake::refusal;

/// Passes responses on.
pub(super) struct Responses {
    link: Arc<PageLink>,
    reader: StreamReader,
    writer: StreamWriter,
    messages: MessageReader,
    out: Vec<u8>,
    /// A response has begun that answers the oldest request.
    is_answering: bool,
    /// How many requests are answered by what is passed on next.
    answered: usize,
    trace: Trace,
}

/// Why no more responses are passed on.
enum ResponsesEnd {
    Pump(PumpEnd),
    /// What comes is no response.
    Unreadable(MessageFault),
}

impl Responses {
    pub(super) fn new(link: &Arc<PageLink>, reader: StreamReader, trace: Trace) -> Self {
        Self {
            link: Arc::clone(link),
            reader,
            writer: StreamWriter::new(Arc::clone(&link.client)),
            messages: MessageReader::new(HeadKind::Response),
            out: Vec::new(),
            is_answering: false,
            answered: 0,
            trace,
        }
    }

    /// Passes on, to the end. The first `bytes` were read before.
    pub(super) fn run(mut self, bytes: &[u8]) {
        let end = self.pass(bytes).map_or_else(|end| end, |()| self.pass_all());
        match end {
            ResponsesEnd::Pump(PumpEnd::Ended) => self.end(),
            ResponsesEnd::Pump(PumpEnd::Stopped) => {}
            ResponsesEnd::Pump(PumpEnd::Broken) => {
                self.link.client.reset_when_closed();
                self.give_up();
            }
            ResponsesEnd::Pump(PumpEnd::Refused) => {
                self.link.server.reset_when_closed();
                self.give_up();
            }
            ResponsesEnd::Unreadable(fault) => {
                let reason = format!("the response of the server cannot be passed on: {fault}");
                self.trace.say(&reason);
                if self.is_answering {
                    self.link.client.reset_when_closed();
                } else {
                    let response = refusal("502 Bad Gateway", &[("Connection", "close")], &reason);
                    // Whether it arrives changes nothing here.
                    let _ = write_all(&mut self.writer, &response, &self.link.is_over, &mut || {});
                    self.end();
                }
                self.give_up();
            }
        }
        self.link.set_follows(Follows::Nothing);
    }

    /// The client gets nothing more.
    fn end(&mut self) {
        self.writer.close_notify();
        self.link.client.shut_down_writing();
    }

    /// Nothing more is passed on in either direction.
    fn give_up(&self) {
        self.link.is_over.store(true, Ordering::Release);
        self.link.client.stop_reading();
    }

    fn pass_all(&mut self) -> ResponsesEnd {
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let read = self.reader.read(&mut buffer);
            let passed = match read {
                _ if self.link.is_over.load(Ordering::Acquire) => return ResponsesEnd::Pump(PumpEnd::Stopped),
                Ok(0) => {
                    if let Err(fault) = self.messages.end() {
                        self.trace.say(&format!("the response of the server is not whole: {fault}"));
                    }
                    return ResponsesEnd::Pump(PumpEnd::Ended);
                }
                Ok(count) => self.pass(&buffer[..count]),
                Err(_) => return ResponsesEnd::Pump(PumpEnd::Broken),
            };
            if let Err(end) = passed {
                return end;
            }
        }
    }

    fn pass(&mut self, mut bytes: &[u8]) -> Result<(), ResponsesEnd> {
        loop {
            let read = match self.messages.next(&mut bytes) {
                Ok(None) => return self.write(),
                Ok(Some(Piece::Body(body))) => {
                    self.out.extend_from_slice(body);
                    Ok(())
                }
                Ok(Some(Piece::Head(head))) => self.head(&head),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = read {
                self.write()?;
                return Err(ResponsesEnd::Unreadable(fault));
            }
            if self.is_answering && !self.messages.is_inside_message() {
                self.is_answering = false;
                self.answered += 1;
            }
        }
    }

    fn head(&mut self, head: &Head) -> Result<(), MessageFault> {
        self.trace.first_line(head);
        self.trace.redirect(head);
        let method = lock(&self.link.unanswered).methods.get(self.answered).cloned();
        let framing = match method {
            _ if head.is_interim() => Framing::NONE,
            // What was not asked for, and another protocol, is passed on as it comes, to the end.
            None => Framing::UntilClose,
            Some(method) if is_switch(head, &method) => {
                self.trace.say("another protocol follows, and is passed on undecoded");
                self.link.set_follows(Follows::OtherProtocol);
                Framing::UntilClose
            }
            Some(method) => Framing::of_response(head, &method).map_err(MessageFault::Framing)?,
        };
        self.is_answering = !head.is_interim();
        if self.is_answering {
            lock(&self.link.unanswered).begun = self.answered + 1;
            self.link.answered.notify_all();
        }
        self.out.extend_from_slice(head.raw());
        self.messages.expect(framing);
        Ok(())
    }

    /// Passes on what was read; then it counts as answered.
    fn write(&mut self) -> Result<(), ResponsesEnd> {
        let out = mem::take(&mut self.out);
        write_all(&mut self.writer, &out, &self.link.is_over, &mut || {}).map_err(ResponsesEnd::Pump)?;
        if self.answered > 0 {
            let answered = mem::take(&mut self.answered);
            let mut unanswered = lock(&self.link.unanswered);
            unanswered.methods.drain(..answered);
            unanswered.begun -= answered;
            self.link.answered.notify_all();
        }
        Ok(())
    }
}

/// Whether another protocol follows `head`, the response to a request with `method` (RFC 9110 sections 7.8 and 9.3.6).
fn is_switch(head: &Head, method: &str) -> bool {
    match head.status() {
        Some(101) => true,
        Some(200..=299) => method == "CONNECT",
        _ => false,
    }
}
