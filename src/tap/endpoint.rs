//! What lines at the prompt do to the connections of a tap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::connections::{Connection, Connections};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin};
use crate::frontend::interpreter::endpoint::Endpoint;
use crate::frontend::session_slot::SessionSlot;
use crate::input::slash::{ClientSelector, Prompt, TapCommand};
use crate::output::Fanout;
use crate::platform::Notifier;
use crate::wire::{CloseCode, MaskSource, Outgoing, Role, Sender, SenderOptions};

/// All connections, or those that are spoken of, as one endpoint.
#[derive(Clone)]
pub(super) struct TapEndpoint {
    connections: Connections,
    selector: ClientSelector,
    fanout: Fanout,
    /// Set when the user has left.
    has_left: Arc<AtomicBool>,
    notifier: Notifier,
}

impl TapEndpoint {
    /// What leaves sets `has_left`, and notifies the main thread.
    pub(super) fn new(connections: Connections, fanout: Fanout, has_left: Arc<AtomicBool>, notifier: Notifier) -> Self {
        Self { connections, selector: ClientSelector::All, fanout, has_left, notifier }
    }

    /// Those that are spoken of.
    fn selected(&self) -> Result<Vec<Connection>> {
        let selected = self.connections.selected(self.selector);
        match self.selector {
            _ if !selected.is_empty() => Ok(selected),
            ClientSelector::All => Err(Error::new(Phase::Session, "no WebSocket is open")),
            ClientSelector::Client(number) => {
                let error = Error::new(Phase::Session, format!("connection {number} is not open"));
                Err(error.hint("`/list` shows those that are; after `/to all`, lines are for all of them"))
            }
        }
    }
}

impl Endpoint for TapEndpoint {
    fn send(&self, _: Outgoing<'_>) -> Result<()> {
        let error = Error::new(Phase::Usage, "a tap sends no messages: it passes on what clients and servers send");
        Err(error.hint("`/help` lists what it does"))
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        self.send(Outgoing::Ping(payload)).map(|()| None)
    }

    /// Closes the clients in their server's place.
    fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        let mut frame = Vec::new();
        let options = SenderOptions { role: Role::Server, mask: MaskSource::Random, fragment: None, deflate: None };
        let sent = Sender::new(options).send(Outgoing::Close(Some((code, reason))), &mut frame);
        sent.map_err(|error| Error::new(Phase::Input, "no such Close can be sent").caused_by(error))?;
        for connection in self.selected()? {
            let note = match connection.link.close(frame.clone()) {
                Ok(()) => {
                    "the client gets a Close in the server's place, and nothing of the server's after it".to_owned()
                }
                Err(reason) => format!("not closed: {reason}"),
            };
            self.fanout.show(connection.origin(), &Event::Note(&note));
        }
        Ok(())
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        for connection in self.selected()? {
            show(connection.origin(), &Event::Summary(&connection.summary()));
        }
        Ok(())
    }

    fn to(&self, selector: ClientSelector) -> Result<Arc<dyn Endpoint>> {
        let endpoint = Self { selector, ..self.clone() };
        if selector != ClientSelector::All {
            endpoint.selected()?;
        }
        Ok(Arc::new(endpoint))
    }

    fn list(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        let open = self.connections.selected(ClientSelector::All);
        if open.is_empty() {
            show(Origin::default(), &Event::Note("no WebSocket is open"));
        }
        for connection in open {
            show(connection.origin(), &Event::Note(&connection.line()));
        }
        Ok(())
    }

    fn relayed(&self, command: TapCommand) -> Result<Option<String>> {
        if let TapCommand::Show(selector) = command {
            let only = match selector {
                ClientSelector::All => None,
                ClientSelector::Client(number) => Some(number),
            };
            self.fanout.lock().printer().show_only(only);
            return Ok(None);
        }
        for connection in self.selected()? {
            match command {
                TapCommand::Cut => connection.link.cut(),
                TapCommand::Stall(is_stalled) => connection.link.stall(is_stalled),
                TapCommand::Latency(latency) => connection.link.delay(latency),
                TapCommand::Show(_) => {}
            }
        }
        Ok(None)
    }

    fn prompt(&self) -> Prompt {
        Prompt::Tap
    }

    fn leave(&self) {
        self.has_left.store(true, Ordering::Release);
        self.notifier.notify();
    }

    fn client(&self) -> Option<&SessionSlot> {
        None
    }
}
