//! The console of `wscope listen`: the prompt of a terminal, or what is piped in. It goes to every client, or to those that `/to` names.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::broadcast::{Broadcast, StdinFeed};
use super::clients::Clients;
use crate::cli::Listen;
use crate::client::record::{self, RunRecording};
use crate::client::report::Unsent;
use crate::client::view;
use crate::error::{ExitStatus, Result};
use crate::frontend::pipe::stdin;
use crate::frontend::repl::line_reader;
use crate::input::Editor;
use crate::input::slash::Prompt;
use crate::output::terminal::Terminal;
use crate::output::{Banner, Fanout, FollowSent, Options};
use crate::platform::{Notifier, Signals};

/// What says what to send.
pub struct ServerConsole {
    fanout: Fanout,
    terminal: Option<Terminal>,
    has_left: Arc<AtomicBool>,
    /// Without a prompt: what is piped in.
    feed: Option<StdinFeed>,
    /// The server itself sends nothing: it neither echoes nor pushes.
    is_only_source: bool,
    recording: RunRecording,
}

impl ServerConsole {
    /// Starts reading it.
    ///
    /// # Errors
    /// When stdin, stdout or stderr cannot be used.
    pub fn attach(args: &Listen, clients: &Clients, notifier: Notifier) -> Result<Self> {
        let options = view::options(&args.view, &args.input, Banner::Shown);
        let has_left = Arc::new(AtomicBool::new(false));
        let is_only_source = !args.input.echo && args.push.push.is_none();
        let broadcast =
            |fanout: &Fanout| Broadcast::new(clients.clone(), fanout.clone(), Arc::clone(&has_left), notifier);
        let reads_lines = !args.input.no_input && !args.input.format.is_data();
        if reads_lines && io::stdin().is_terminal() {
            let (editor, terminal) = Editor::open(Prompt::Server, options.escape_marks())?;
            // `/set` may ask later to show what was sent.
            let options = Options { follow_sent: FollowSent::Always, ..options };
            let fanout = Fanout::new(view::beside(&terminal, options.clone())?)
                .annotated(view::run_annotator(&args.view, &args.record));
            let recording = record::start(&args.record, &args.view, "listen", &options, &fanout)?;
            let (begin, _) =
                line_reader::spawn(editor, broadcast(&fanout), fanout.clone(), args.limits.max_message, None)?;
            // The thread waits for it.
            let _ = begin.send(());
            return Ok(Self { fanout, terminal: Some(terminal), has_left, feed: None, is_only_source, recording });
        }
        let fanout =
            Fanout::new(view::direct(options.clone())?).annotated(view::run_annotator(&args.view, &args.record));
        let recording = record::start(&args.record, &args.view, "listen", &options, &fanout)?;
        let feed = if args.input.no_input {
            None
        } else {
            let source = stdin::source(&args.input.format, args.limits.max_message)?;
            Some(StdinFeed::start(source, broadcast(&fanout))?)
        };
        Ok(Self { fanout, terminal: None, has_left, feed, is_only_source, recording })
    }

    /// Ends the recording with the run, whose exit status this is; the status with what it makes of it.
    pub fn finish_recording(self, status: ExitStatus, signals: &Signals) -> ExitStatus {
        self.recording.finish(status, signals)
    }

    /// Where everything is shown.
    pub fn fanout(&self) -> Fanout {
        self.fanout.clone()
    }

    /// Whether the user has left.
    pub fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Acquire)
    }

    /// Whether all that is sent to clients comes from here.
    pub fn is_only_source(&self) -> bool {
        self.is_only_source
    }

    /// Once no client takes anything any more: what was piped in and not sent.
    pub fn left_over(&self) -> Unsent {
        self.feed.as_ref().map_or_else(Unsent::default, StdinFeed::left_over)
    }

    /// Shows what is still to be shown, and leaves the terminal as it was found.
    pub fn finish(&self) {
        // That the terminal is gone cannot be told on it.
        self.terminal.iter().for_each(|terminal| drop(terminal.finish()));
    }

    /// The same, in a moment at most.
    pub fn abandon(&self) {
        self.terminal.iter().for_each(Terminal::abandon);
    }
}
