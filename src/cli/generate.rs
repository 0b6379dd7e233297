//! `wscope generate`: prints the man pages and the shell completions. They are made from the same definitions as the
//! help.

use std::io;

use clap::{Arg, Args, CommandFactory, Subcommand, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::{Cli, completion, help};
use crate::output::fold::fold;

/// Print the man pages or shell completions
#[derive(Debug, Clone, Copy, Args)]
pub struct Generate {
    /// What to print.
    #[command(subcommand)]
    pub what: Generated,
}

/// What can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Generated {
    /// A man page
    Man {
        /// Of which command
        #[arg(default_value = "wscope")]
        page: Page,
    },
    /// A completion script
    Completions {
        /// For which shell
        shell: Shell,
    },
}

/// An entry of the man page that another room defines: a field of an event in the JSON output.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'a> {
    /// The event to which the field belongs. Entries of one group must follow each other.
    pub group: &'a str,
    /// The name of the field.
    pub term: &'a str,
    /// The type of its value.
    pub kind: &'a str,
    /// What it means. Literal words are in backticks.
    pub meaning: &'a str,
}

/// The man pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// `wscope.1`
    Wscope,
    /// `wscope-demo.1`
    Demo,
    /// `wscope-listen.1`
    Listen,
    /// `wscope-tap.1`
    Tap,
    /// `wscope-curl.1`
    Curl,
    /// `wscope-ping.1`
    Ping,
    /// `wscope-check.1`
    Check,
    /// `wscope-show.1`
    Show,
    /// `wscope-replay.1`
    Replay,
}

impl Generated {
    /// All files that are checked in.
    pub fn all() -> impl Iterator<Item = Self> {
        let pages = Page::value_variants().iter().map(|&page| Self::Man { page });
        pages.chain(Shell::value_variants().iter().map(|&shell| Self::Completions { shell }))
    }

    /// The path of the checked-in file, from the root of the repository.
    pub fn path(self) -> &'static str {
        match self {
            Self::Man { page: Page::Wscope } => "man/wscope.1",
            Self::Man { page: Page::Demo } => "man/wscope-demo.1",
            Self::Man { page: Page::Listen } => "man/wscope-listen.1",
            Self::Man { page: Page::Tap } => "man/wscope-tap.1",
            Self::Man { page: Page::Curl } => "man/wscope-curl.1",
            Self::Man { page: Page::Ping } => "man/wscope-ping.1",
            Self::Man { page: Page::Check } => "man/wscope-check.1",
            Self::Man { page: Page::Show } => "man/wscope-show.1",
            Self::Man { page: Page::Replay } => "man/wscope-replay.1",
            Self::Completions { shell: Shell::Bash } => "completions/wscope.bash",
            Self::Completions { shell: Shell::Elvish } => "completions/wscope.elv",
            Self::Completions { shell: Shell::Fish } => "completions/wscope.fish",
            Self::Completions { shell: Shell::PowerShell } => "completions/_wscope.ps1",
            Self::Completions { .. } => "completions/_wscope",
        }
    }

    /// The text of the file. `events` are the fields of the JSON Lines of the command that a man page is about.
    ///
    /// # Errors
    ///
    /// The error of a write to memory, which does not fail.
    pub fn render(self, events: &[Definition<'_>]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        match self {
            Self::Man { page } => write_man(page, events, &mut text)?,
            Self::Completions { shell } => text = completion::script(shell),
        }
        Ok(text)
    }
}

/// Writes a man page: first the sections that clap makes, then ours.
fn write_man(page: Page, events: &[Definition<'_>], output: &mut Vec<u8>) -> io::Result<()> {
    let mut cli = Cli::command();
    cli.build();
    let source = format!("wscope {}", cli.get_version().unwrap_or_default());
    let (name, sections) = match page {
        Page::Wscope => ("wscope", help::sections(help::COLUMNS)),
        Page::Demo => ("demo", vec![("Examples", help::DEMO_EXAMPLES.into())]),
        Page::Listen => ("listen", vec![("Examples", help::LISTEN_EXAMPLES.into())]),
        Page::Tap => ("tap", vec![("Examples", help::TAP_EXAMPLES.into())]),
        Page::Curl => ("curl", vec![("Examples", help::CURL_EXAMPLES.into())]),
        Page::Ping => ("ping", vec![("Examples", help::PING_EXAMPLES.into())]),
        Page::Check => ("check", vec![("Examples", help::CHECK_EXAMPLES.into())]),
        Page::Show => ("show", vec![("Examples", help::SHOW_EXAMPLES.into())]),
        Page::Replay => ("replay", vec![("Examples", help::REPLAY_EXAMPLES.into())]),
    };
    let command = cli.find_subcommand(name).unwrap_or(&cli).clone();
    let man = Man::new(command.mut_args(explained)).source(source).manual("User Commands");
    man.render_title(output)?;
    man.render_name_section(output)?;
    man.render_synopsis_section(output)?;
    man.render_description_section(output)?;
    man.render_options_section(output)?;
    let mut rest = Roff::new();
    for (title, text) in sections {
        rest.control("SH", [title.to_uppercase().as_str()]);
        preformatted(&mut rest, &text);
    }
    let about_events = match page {
        Page::Wscope | Page::Ping | Page::Check => Some(help::EVENTS),
        Page::Show => Some(help::RECORDING_EVENTS),
        Page::Demo | Page::Listen | Page::Tap | Page::Curl | Page::Replay => None,
    };
    if let Some(about) = about_events {
        rest.control("SH", ["EVENTS"]);
        preformatted(&mut rest, about);
        definitions(&mut rest, events);
    }
    rest.control("SH", ["SEE ALSO"]);
    rest.text([roman(
        "wscope(1), wscope-demo(1), wscope-listen(1), wscope-tap(1), wscope-curl(1), wscope-ping(1), wscope-check(1), wscope-replay(1), wscope-show(1), RFC 6455, RFC 7692",
    )]);
    rest.to_writer(output)
}

/// Gives `argument` a long help, if it has only a short one. Without a long help, the man page does not explain a flag
/// that the short help hides.
fn explained(argument: Arg) -> Arg {
    match (argument.get_long_help(), argument.get_help().cloned()) {
        (None, Some(help)) => argument.long_help(help),
        _ => argument,
    }
}

/// Writes terms with their meanings, group by group.
fn definitions(roff: &mut Roff, definitions: &[Definition<'_>]) {
    let mut group = None;
    for definition in definitions {
        if group != Some(definition.group) {
            group = Some(definition.group);
            roff.control("SS", [definition.group]);
        }
        roff.control("TP", []);
        roff.text([bold(definition.term), roman(" ("), italic(definition.kind), roman(")")]);
        roff.text(words(definition.meaning));
    }
}

/// Makes words in backticks bold.
fn words(text: &str) -> Vec<Inline> {
    text.split('`').enumerate().map(|(number, part)| if number % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

/// Writes text that keeps its lines and columns.
fn preformatted(roff: &mut Roff, text: &str) {
    // Two columns instead of seven, so that examples fit.
    roff.control("in", ["2n"]);
    roff.control("nf", []);
    for line in fold(text, help::COLUMNS).lines() {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
    roff.control("in", []);
}
