//! From the command line to a printer on stdout and stderr.

use std::io::{self, IsTerminal};

use crate::cli::{InputArgs, RecordArgs, ReportArgs, SessionArgs, ViewArgs};
use crate::client::{advice, thread_error};
use crate::decode;
use crate::dialect::{Annotator, Choice};
use crate::error::{Error, Phase, Result};
use crate::output::terminal::Terminal;
use crate::output::theme::{ColorChoice, ColorEnvironment, Colors, StreamKind};
use crate::output::{
    Annotations, Banner, DataFormat, FdOutput, FrameView, Level, Options, Output, OutputQueue, Overflow, Printer, View,
};
use crate::pattern::Expression;
use crate::platform::{Descriptor, lead_to_same_file};
use crate::recording::Format;
use crate::recording::har::HarOptions;

/// What the flags say about the view, for a run that announces itself or doesn't, and whose input says how messages end.
pub fn options(view: &ViewArgs, input: &InputArgs, banner: Banner) -> Options {
    Options { delimiter: input.format.delimiter(), ..options_of(view, banner) }
}

/// The same for a run without input.
pub fn options_of(view: &ViewArgs, banner: Banner) -> Options {
    let choice = view.color.choice();
    let (on_terminal, talks_on_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
    let form = |is_terminal| if is_terminal { View::Terminal } else { View::Exact };
    Options {
        format: view.output,
        view: form(on_terminal),
        diagnostics_view: form(talks_on_terminal),
        data_colors: if on_terminal || choice == ColorChoice::Always {
            colors(choice, on_terminal)
        } else {
            Colors::Off
        },
        diagnostics_colors: colors(choice, talks_on_terminal),
        level: level(view.quiet, view.verbose),
        banner,
        frames: frames(view.frames, view.hex),
        ping_pong: view.show_ping_pong,
        annotations: match on_stdout(view) {
            (Choice::None, decode::Choice::None) => Annotations::Hidden,
            _ => Annotations::Shown,
        },
        pretty: view.pretty,
        timestamps: view.timestamps(),
        filters: view.filter.clone(),
        jq: view.jq.clone(),
        secrets: view.secrets(),
        ..Options::new(advice)
    }
}

/// A run without a prompt announces itself where stdout is a terminal, and nowhere else.
pub fn banner_at_terminal() -> Banner {
    if io::stdout().is_terminal() { Banner::Shown } else { Banner::Hidden }
}

/// What there is to say of filters that look as if something else were meant.
pub fn doubts(view: &ViewArgs) -> impl Iterator<Item = String> {
    view.filter.iter().filter_map(Expression::doubt)
}

/// What says on stdout what messages mean, where that is wanted.
pub fn annotator(view: &ViewArgs) -> Option<Annotator> {
    made(on_stdout(view))
}

/// The same for a run that may be recorded: a log says it too.
pub fn run_annotator(view: &ViewArgs, record: &RecordArgs) -> Option<Annotator> {
    made(in_run(view, record))
}

/// The same for a client's sessions, also where heartbeats are to be sent: then a dialect is looked for in any case.
pub fn client_annotator(args: &SessionArgs) -> Option<Annotator> {
    made(match in_run(&args.view, &args.record) {
        (Choice::None, decoder) if args.heartbeat => (Choice::Auto, decoder),
        choices => choices,
    })
}

/// What says it in a file for people.
pub fn annotator_for_people(view: &ViewArgs) -> Annotator {
    let (dialect, decoder) = for_people(view);
    Annotator::new(dialect, decoder)
}

/// What a HAR does not show.
pub fn har_options(view: &ViewArgs) -> HarOptions {
    HarOptions { secrets: view.secrets(), dialect: for_people(view).0 }
}

/// Which dialect is looked for, and which decoder used.
type Choices = (Choice, decode::Choice);

fn for_people(view: &ViewArgs) -> Choices {
    (view.dialect.unwrap_or(Choice::Auto), view.decode.unwrap_or(decode::Choice::Auto))
}

fn on_stdout(view: &ViewArgs) -> Choices {
    if is_for_people(view) {
        return for_people(view);
    }
    (view.dialect.unwrap_or(Choice::None), view.decode.unwrap_or(decode::Choice::None))
}

fn in_run(view: &ViewArgs, record: &RecordArgs) -> Choices {
    if record.format() == Some(Format::Log) { for_people(view) } else { on_stdout(view) }
}

fn made((dialect, decoder): Choices) -> Option<Annotator> {
    match (dialect, decoder) {
        (Choice::None, decode::Choice::None) => None,
        _ => Some(Annotator::new(dialect, decoder)),
    }
}

/// Whether messages are shown as text on a terminal.
fn is_for_people(view: &ViewArgs) -> bool {
    view.output == DataFormat::Text && io::stdout().is_terminal()
}

/// What is said on stderr beside a report on stdout.
pub fn beside_a_report(report: &ReportArgs) -> Options {
    Options {
        format: DataFormat::None,
        diagnostics_colors: colors(report.color.choice(), io::stderr().is_terminal()),
        level: level(report.quiet, report.verbose),
        banner: Banner::Hidden,
        frames: frames(report.frames, report.hex),
        secrets: report.secrets(),
        ..Options::new(advice)
    }
}

/// Whether stderr is a terminal that can show how far something is, and erase that again.
pub fn shows_progress() -> bool {
    let can_erase = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    io::stderr().is_terminal() && can_erase
}

/// Whether a stream that is a terminal, or is not, is coloured.
pub fn colors(choice: ColorChoice, is_terminal: bool) -> Colors {
    let destination = if is_terminal { StreamKind::Terminal } else { StreamKind::Other };
    Colors::choose(choice, &ColorEnvironment::read(|name| std::env::var_os(name)), destination)
}

/// What `--quiet` and `--verbose` say.
fn level(quiet: bool, verbose: bool) -> Level {
    match (quiet, verbose) {
        (true, _) => Level::Quiet,
        (false, true) => Level::Verbose,
        (false, false) => Level::Normal,
    }
}

/// What `--frames` and `--hex` say.
fn frames(frames: bool, hex: bool) -> FrameView {
    match (frames, hex) {
        (_, true) => FrameView::Hex,
        (true, false) => FrameView::Lines,
        (false, false) => FrameView::Hidden,
    }
}

/// A printer that writes to stdout and stderr as they are.
///
/// # Errors
/// When one of them is closed, or stdout is a terminal that a peer could drive.
pub fn direct(options: Options) -> Result<Printer> {
    refuse_raw(&options)?;
    let diagnostics = boxed("stderr", FdOutput::new(&io::stderr()))?;
    // What goes to one terminal, file or pipe has to be in order.
    if lead_to_same_file(Descriptor::from(&io::stdout()), Descriptor::from(&io::stderr())) {
        return Ok(Printer::shared(options, diagnostics));
    }
    Ok(Printer::new(options, boxed("stdout", FdOutput::new(&io::stdout()))?, diagnostics))
}

/// A printer beside a line editor: whichever of stdout and stderr is the terminal goes through it.
///
/// # Errors
/// When one of them is closed, or stdout is a terminal that a peer could drive.
pub fn beside(terminal: &Terminal, options: Options) -> Result<Printer> {
    refuse_raw(&options)?;
    let on_terminal = || Box::new(terminal.clone()) as Box<dyn Output>;
    Ok(match (io::stdout().is_terminal(), io::stderr().is_terminal()) {
        (true, true) => Printer::shared(options, on_terminal()),
        (true, false) => Printer::new(options, on_terminal(), boxed("stderr", FdOutput::new(&io::stderr()))?),
        (false, true) => Printer::new(options, boxed("stdout", FdOutput::new(&io::stdout()))?, on_terminal()),
        (false, false) => return direct(options),
    })
}

/// A printer that no terminal holds up: what that does not take waits in a queue, up to a limit. Beside a line editor,
/// `editor` is the terminal. A pipe or a file holds the printer up as it always does.
///
/// # Errors
/// As in [`direct`]; also when the process may have no more threads.
pub fn queued(editor: Option<&Terminal>, options: Options) -> Result<(Printer, Option<OutputQueue>)> {
    refuse_raw(&options)?;
    let (shows_data, shows_talk) = (io::stdout().is_terminal(), io::stderr().is_terminal());
    let direct_output = || {
        if shows_data {
            boxed("stdout", FdOutput::new(&io::stdout()))
        } else {
            boxed("stderr", FdOutput::new(&io::stderr()))
        }
    };
    let on_terminal = || match editor {
        Some(editor) => Ok(Box::new(editor.clone()) as Box<dyn Output>),
        None => direct_output(),
    };
    if !shows_data && !shows_talk {
        return Ok((direct(options)?, None));
    }
    let for_columns = on_terminal()?;
    let (queue, queued) = OutputQueue::before(on_terminal()?, Overflow::Skipped, move || for_columns.columns())
        .map_err(|error| thread_error(Phase::Session, "for the terminal", error))?;
    let queued = Box::new(queued);
    let printer = match (shows_data, shows_talk) {
        (true, true) => Printer::shared(options, queued),
        (true, false) => Printer::new(options, queued, boxed("stderr", FdOutput::new(&io::stderr()))?),
        (false, _) => Printer::new(options, boxed("stdout", FdOutput::new(&io::stdout()))?, queued),
    };
    Ok((printer, Some(queue)))
}

/// A terminal would execute the escape sequences in what a peer sends.
fn refuse_raw(options: &Options) -> Result<()> {
    if options.format == DataFormat::Raw && options.view == View::Terminal {
        return Err(Error::new(Phase::Usage, "`--output raw` would let the peer drive this terminal")
            .hint("`| cat` behind the command says that you mean it"));
    }
    Ok(())
}

fn boxed(stream: &str, opened: io::Result<FdOutput>) -> Result<Box<dyn Output>> {
    match opened {
        Ok(output) => Ok(Box::new(output)),
        Err(error) => Err(Error::new(Phase::Session, format!("cannot use {stream}")).caused_by(error)),
    }
}
