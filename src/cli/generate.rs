//! `wscope generate`: the man pages and the shell completions, from the same definitions as the help.

use std::io;

use clap::{Arg, Args, CommandFactory, Subcommand, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::{Cli, help};

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

/// An entry of the man page that another room knows by heart: a field of an event.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'a> {
    /// What it belongs to; those of one group stand together.
    pub group: &'a str,
    /// What is defined.
    pub term: &'a str,
    /// Of what kind it is.
    pub kind: &'a str,
    /// What it means, with words of the machine in backticks.
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
}

impl Generated {
    /// Everything that is checked in.
    pub fn all() -> impl Iterator<Item = Self> {
        let pages = Page::value_variants().iter().map(|&page| Self::Man { page });
        pages.chain(Shell::value_variants().iter().map(|&shell| Self::Completions { shell }))
    }

    /// Where it is checked in, from the root of the repository.
    pub fn path(self) -> &'static str {
        match self {
            Self::Man { page: Page::Wscope } => "man/wscope.1",
            Self::Man { page: Page::Demo } => "man/wscope-demo.1",
            Self::Man { page: Page::Listen } => "man/wscope-listen.1",
            Self::Completions { shell: Shell::Bash } => "completions/wscope.bash",
            Self::Completions { shell: Shell::Elvish } => "completions/wscope.elv",
            Self::Completions { shell: Shell::Fish } => "completions/wscope.fish",
            Self::Completions { shell: Shell::PowerShell } => "completions/_wscope.ps1",
            Self::Completions { .. } => "completions/_wscope",
        }
    }

    /// Its text. `events` is what may stand in the event stream.
    ///
    /// # Errors
    ///
    /// None that is known: it is written to memory.
    pub fn render(self, events: &[Definition<'_>]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        match self {
            Self::Man { page } => write_man(page, events, &mut text)?,
            Self::Completions { shell } => clap_complete::generate(shell, &mut Cli::command(), "wscope", &mut text),
        }
        Ok(text)
    }
}

/// A man page: the sections that clap knows, then ours.
fn write_man(page: Page, events: &[Definition<'_>], output: &mut Vec<u8>) -> io::Result<()> {
    let mut cli = Cli::command();
    cli.build();
    let source = format!("wscope {}", cli.get_version().unwrap_or_default());
    let (name, sections) = match page {
        Page::Wscope => ("wscope", help::sections()),
        Page::Demo => ("demo", vec![("Examples", help::DEMO_EXAMPLES.into())]),
        Page::Listen => ("listen", vec![("Examples", help::LISTEN_EXAMPLES.into())]),
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
    if page == Page::Wscope {
        rest.control("SH", ["EVENTS"]);
        preformatted(&mut rest, help::EVENTS);
        definitions(&mut rest, events);
    }
    rest.control("SH", ["SEE ALSO"]);
    rest.text([roman("wscope(1), wscope-demo(1), wscope-listen(1), RFC 6455, RFC 7692")]);
    rest.to_writer(output)
}

/// With a long explanation, be it the short one: without it the page says nothing of a flag that the short help leaves out.
fn explained(argument: Arg) -> Arg {
    match (argument.get_long_help(), argument.get_help().cloned()) {
        (None, Some(help)) => argument.long_help(help),
        _ => argument,
    }
}

/// Terms with their meanings, group by group.
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

/// What stands in backticks is bold.
fn words(text: &str) -> Vec<Inline> {
    text.split('`').enumerate().map(|(number, part)| if number % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

/// Text whose lines and columns stay as they are.
fn preformatted(roff: &mut Roff, text: &str) {
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
}
