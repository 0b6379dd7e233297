//! Whoever runs `wscope listen`: somebody at the terminal, or a pipe; what they say goes to every client.

use std::io::{self, IsTerminal};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::cli::Listen;
use crate::client::open::show;
use crate::client::report::Unsent;
use crate::client::view;
use crate::error::{Error, Phase, Result};
use crate::event::Event;
use crate::frontend::interpreter::endpoint::Endpoint;
use crate::frontend::pipe::stdin;
use crate::frontend::repl::line_reader;
use crate::frontend::session_slot::SessionSlot;
use crate::input::{Editor, EditorOptions, History, Prompt, Source};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Origin, Printer};
use crate::platform::Notifier;
use crate::server::service::Clients;
use crate::session::output::FollowSent;
use crate::session::{MessageBatch, QueuedItem};
use crate::wire::{CloseCode, Kind, Outgoing};

/// How long to wait for the count of what was not sent.
const COUNT_LIMIT: Duration = Duration::from_millis(250);

/// The one who runs the server.
pub struct ServerConsole {
    printer: Arc<Mutex<Printer>>,
    terminal: Option<Terminal>,
    left: Arc<AtomicBool>,
    /// Where nobody sits: what is piped in.
    feed: Option<StdinFeed>,
}

/// What is piped in, and what becomes of it.
struct StdinFeed {
    unsent: Receiver<Unsent>,
    /// What was read of it was sent, and more is waited for.
    is_idle: Arc<AtomicBool>,
}

impl ServerConsole {
    /// Starts listening to them.
    ///
    /// # Errors
    /// When stdin, stdout or stderr cannot be used.
    pub fn attach(args: &Listen, clients: &Clients, notifier: Notifier) -> Result<Self> {
        let options = view::options(&args.view, &args.input, Banner::Shown);
        let left = Arc::new(AtomicBool::new(false));
        let broadcast = |printer: &Arc<Mutex<Printer>>| Broadcast {
            clients: clients.clone(),
            printer: Arc::clone(printer),
            left: Arc::clone(&left),
            notifier,
        };
        let reads_lines = !args.input.no_input && !args.input.format.is_data();
        if reads_lines && io::stdin().is_terminal() {
            let history = History::at(History::usual_path(std::env::var_os("WSCOPE_HISTORY")));
            let (editor, terminal) = Editor::open(EditorOptions { history, prompt: Prompt::from("> ") })?;
            let printer = Arc::new(Mutex::new(view::beside(&terminal, options)?));
            line_reader::spawn(editor, broadcast(&printer), Arc::clone(&printer), args.limits.max_message);
            return Ok(Self { printer, terminal: Some(terminal), left, feed: None });
        }
        let printer = Arc::new(Mutex::new(view::direct(options)?));
        let feed = if args.input.no_input {
            None
        } else {
            let source = stdin::source(&args.input.format, args.limits.max_message)?;
            Some(StdinFeed::start(source, broadcast(&printer)))
        };
        Ok(Self { printer, terminal: None, left, feed })
    }

    /// Where everything is shown.
    pub fn printer(&self) -> Arc<Mutex<Printer>> {
        Arc::clone(&self.printer)
    }

    /// Whether they may ask later to see what is sent.
    pub fn follow(&self) -> FollowSent {
        if self.terminal.is_some() { FollowSent::Always } else { FollowSent::WhenShown }
    }

    /// Whether they have left.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }

    /// Once no client takes anything any more: what was piped in and not sent.
    pub fn left_over(&self) -> Unsent {
        self.feed.as_ref().map_or_else(Unsent::default, StdinFeed::left_over)
    }

    /// Leaves the terminal as it was found.
    pub fn detach(&self) {
        match &self.terminal {
            // Nobody is left to be told that the terminal is gone.
            Some(terminal) if self.has_left() => drop(terminal.finish()),
            Some(terminal) => terminal.abandon(),
            None => {}
        }
    }
}

impl StdinFeed {
    /// Sends it to broadcast, on a thread of its own.
    fn start(source: Source, broadcast: Broadcast) -> Self {
        let is_idle = Arc::<AtomicBool>::default();
        let idle = Arc::clone(&is_idle);
        let (tell, unsent) = mpsc::channel();
        thread::spawn(move || tell.send(broadcast.read(source, &idle)));
        Self { unsent, is_idle }
    }

    fn left_over(&self) -> Unsent {
        if self.is_idle.load(Ordering::Acquire) && !stdin::is_ready() {
            return Unsent::default();
        }
        self.unsent.recv_timeout(COUNT_LIMIT).unwrap_or_default()
    }
}

/// All clients, as whom one talks to.
struct Broadcast {
    clients: Clients,
    printer: Arc<Mutex<Printer>>,
    left: Arc<AtomicBool>,
    notifier: Notifier,
}

impl Broadcast {
    /// Sends every message of the input, as fast as the clients take it, from the first client on; its end ends nothing.
    /// What is left when the server ends is counted.
    fn read(&self, mut source: Source, is_idle: &AtomicBool) -> Unsent {
        loop {
            is_idle.store(true, Ordering::Release);
            let filled = source.fill();
            is_idle.store(false, Ordering::Release);
            match filled {
                Ok(true) => {}
                Ok(false) => return Unsent::default(),
                Err(error) => {
                    self.complain(&Error::new(Phase::Session, "cannot read stdin").caused_by(error));
                    return Unsent::default();
                }
            }
            let mut messages = MessageBatch::default();
            while let Some(message) = source.next() {
                match message {
                    Ok(Outgoing::Text(text)) => messages.push(Kind::Text, text.as_bytes()),
                    Ok(Outgoing::Binary(payload)) => messages.push(Kind::Binary, payload),
                    Ok(other) => {
                        let waiting = other.into();
                        let sent = self.broadcast(mem::take(&mut messages));
                        if let Err(unsent) = sent.and_then(|()| self.deliver(&waiting).ok_or(0)) {
                            return stdin::count(&mut source, unsent, COUNT_LIMIT / 2);
                        }
                    }
                    Err(error) => self.complain(&error),
                }
            }
            if let Err(unsent) = self.broadcast(messages) {
                return stdin::count(&mut source, unsent, COUNT_LIMIT / 2);
            }
        }
    }

    /// `Err`: the server ends, and so many were not sent.
    fn broadcast(&self, messages: MessageBatch) -> Result<(), u64> {
        let count = messages.messages().count() as u64;
        if count == 0 { Ok(()) } else { self.deliver(&QueuedItem::Data(messages)).ok_or(count) }
    }

    /// Sends it to broadcast, once there is somebody and all have room for it; `None`: the server ends first.
    fn deliver(&self, waiting: &QueuedItem) -> Option<()> {
        loop {
            if !self.clients.wait_for_somebody() || !self.clients.wait_for_room(&self.printer) {
                return None;
            }
            if self.clients.broadcast(waiting, &self.printer) {
                return Some(());
            }
        }
    }

    fn somebody(&self) -> Result<()> {
        if self.clients.count() > 0 { Ok(()) } else { Err(Error::new(Phase::Session, "nobody is connected")) }
    }

    fn complain(&self, error: &Error) {
        show(&self.printer, Origin::default(), &Event::Error(error));
    }
}

impl Endpoint for Broadcast {
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        self.somebody()?;
        // Who is too slow for it is closed, and broadcast is told.
        self.clients.broadcast(&outgoing.into(), &self.printer);
        Ok(())
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        self.send(Outgoing::Ping(payload)).map(|()| None)
    }

    fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        self.somebody()?;
        self.clients.each(|_, handle| handle.close(Some((code, reason.to_owned()))));
        Ok(())
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        self.somebody()?;
        self.clients.each(|client, handle| {
            show(Origin { client: Some(client) }, &Event::Summary(&handle.summary()));
        });
        Ok(())
    }

    fn leave(&self) {
        self.left.store(true, Ordering::Release);
        self.notifier.notify();
    }

    fn client(&self) -> Option<&SessionSlot> {
        None
    }
}
