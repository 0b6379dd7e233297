//! `wscope generate`: man pages and completions on stdout.

use std::io::{self, Write};

use crate::check;
use crate::cli::{Definition, Generate, Generated, Page};
use crate::client::report;
use crate::error::ExitStatus;
use crate::output::json::{RECORDING_SCHEMA, SCHEMA};
use crate::ping;
use crate::recording::STATISTICS_SCHEMA;

/// Prints what is asked for.
pub fn run(generate: Generate) -> ExitStatus {
    report::printed(render(generate.what).and_then(|text| io::stdout().lock().write_all(&text)))
}

/// The text of a generated file.
///
/// # Errors
///
/// None that is known: it is written to memory.
pub fn render(generated: Generated) -> io::Result<Vec<u8>> {
    let schema = match generated {
        Generated::Man { page: Page::Ping } => [ping::SCHEMA, &[]],
        Generated::Man { page: Page::Check } => [check::SCHEMA, check::idle::SCHEMA],
        Generated::Man { page: Page::Show } => [RECORDING_SCHEMA, STATISTICS_SCHEMA],
        _ => [SCHEMA, &[]],
    };
    let events: Vec<_> = schema
        .into_iter()
        .flatten()
        .map(|field| Definition {
            group: if field.event == "*" { "Every event" } else { field.event },
            term: field.name,
            kind: field.kind,
            meaning: field.meaning,
        })
        .collect();
    generated.render(&events)
}
