//! From the command line to a printer on stdout and stderr.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex};

use crate::cli::{InputArgs, ViewArgs};
use crate::client::advice;
use crate::error::{Error, Phase, Result};
use crate::output::terminal::Terminal;
use crate::output::theme::{ColorChoice, ColorEnvironment, Colors, Destination};
use crate::output::{Banner, FdOutlet, FrameView, Level, Options, Outlet, Printer, Secrets, View};

/// What the flags say about the view, for a run that announces itself or doesn't.
pub fn options(view: &ViewArgs, input: &InputArgs, banner: Banner) -> Options {
    let environment = ColorEnvironment::read(|name| std::env::var_os(name));
    let choice = view.color();
    let colors = |is_terminal| {
        let destination = if is_terminal { Destination::Terminal } else { Destination::Other };
        Colors::choose(choice, &environment, destination)
    };
    let on_terminal = io::stdout().is_terminal();
    Options {
        format: view.output,
        delimiter: input.format.delimiter(),
        view: if on_terminal { View::Terminal } else { View::Exact },
        data_colors: if on_terminal || choice == ColorChoice::Always { colors(on_terminal) } else { Colors::Off },
        talk_colors: colors(io::stderr().is_terminal()),
        level: match (view.quiet, view.verbose) {
            (true, _) => Level::Quiet,
            (false, true) => Level::Verbose,
            (false, false) => Level::Normal,
        },
        banner,
        frames: match (view.frames, view.hex) {
            (_, true) => FrameView::Hex,
            (true, false) => FrameView::Lines,
            (false, false) => FrameView::Hidden,
        },
        ping_pong: view.show_ping_pong,
        pretty: view.pretty,
        advice,
        timestamps: view.timestamps,
        secrets: if view.show_secrets { Secrets::Shown } else { Secrets::Hidden },
    }
}

/// A printer that writes to stdout and stderr as they are.
///
/// # Errors
/// When one of them is closed.
pub fn direct(options: Options) -> Result<Arc<Mutex<Printer>>> {
    let talk = boxed("stderr", FdOutlet::new(io::stderr()))?;
    if lead_to_one_place() {
        return Ok(shared(Printer::shared(options, talk)));
    }
    Ok(shared(Printer::new(options, boxed("stdout", FdOutlet::new(io::stdout()))?, talk)))
}

/// Whether stdout and stderr are one terminal, file or pipe: then everything on it has to be in order.
fn lead_to_one_place() -> bool {
    let place = |stream: BorrowedFd<'_>| {
        let metadata = File::from(stream.try_clone_to_owned().ok()?).metadata().ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    place(io::stdout().as_fd()).is_some_and(|stdout| place(io::stderr().as_fd()) == Some(stdout))
}

/// A printer beside a line editor: whichever of stdout and stderr is the terminal goes through it.
///
/// # Errors
/// When one of them is closed.
pub fn beside(terminal: &Terminal, options: Options) -> Result<Arc<Mutex<Printer>>> {
    let on_terminal = || Box::new(terminal.clone()) as Box<dyn Outlet>;
    Ok(shared(match (io::stdout().is_terminal(), io::stderr().is_terminal()) {
        (true, true) => Printer::shared(options, on_terminal()),
        (true, false) => Printer::new(options, on_terminal(), boxed("stderr", FdOutlet::new(io::stderr()))?),
        (false, true) => Printer::new(options, boxed("stdout", FdOutlet::new(io::stdout()))?, on_terminal()),
        (false, false) => return direct(options),
    }))
}

fn boxed(stream: &str, opened: io::Result<FdOutlet>) -> Result<Box<dyn Outlet>> {
    match opened {
        Ok(outlet) => Ok(Box::new(outlet)),
        Err(error) => Err(Error::new(Phase::Session, format!("cannot use {stream}")).caused_by(error)),
    }
}

fn shared(printer: Printer) -> Arc<Mutex<Printer>> {
    Arc::new(Mutex::new(printer))
}
