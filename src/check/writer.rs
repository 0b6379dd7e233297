//! Writes a report on stdout as it comes about: each step as soon as it is over, the findings at the end.

use std::io::{self, Write};

use super::report::{CheckReport, ReportStep};
use super::text::Look;
use super::{json, text};
use crate::cli::{ReportArgs, ReportFormat};
use crate::client::report as last_words;
use crate::error::ExitStatus;

/// Where a report goes, and how far it is written.
pub struct ReportWriter {
    form: Form,
    shown: Shown,
    /// How many steps of the server that is asked now are written.
    steps: usize,
    /// After a failure nothing more is written.
    written: io::Result<()>,
}

/// What of a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// All of it.
    All,
    /// What stands behind the steps (`--quiet`).
    Summary,
}

enum Form {
    Text(Look),
    Json,
}

impl ReportWriter {
    /// Begins the report on `url`, which is without secrets.
    pub fn new(args: &ReportArgs, url: &str) -> Self {
        let form = match args.output {
            ReportFormat::Text => Form::Text(Look::of_stdout(args.color.choice())),
            ReportFormat::Json => Form::Json,
        };
        let shown = if args.quiet { Shown::Summary } else { Shown::All };
        let mut writer = Self { form, shown, steps: 0, written: Ok(()) };
        writer.write(|form, output| match form {
            Form::Text(_) => {}
            Form::Json => json::write_start(output, url),
        });
        writer
    }

    /// Writes those of the steps that are not written yet.
    pub fn steps(&mut self, steps: &[ReportStep]) {
        let new = steps.get(self.steps..).unwrap_or_default();
        self.steps += new.len();
        for step in new {
            self.step(step);
        }
    }

    /// Writes a step that follows those of the server.
    pub fn step(&mut self, step: &ReportStep) {
        if self.shown == Shown::Summary {
            return;
        }
        self.write(|form, output| match form {
            Form::Text(look) => text::write_step(output, step, look),
            Form::Json => json::write_step(output, step),
        });
    }

    /// From now on the steps are those of another server.
    pub fn next_server(&mut self) {
        self.steps = 0;
    }

    /// Writes what stands behind the steps; what the shell is told.
    pub fn end(mut self, report: &CheckReport) -> ExitStatus {
        let follows_steps = self.shown == Shown::All;
        self.write(|form, output| match form {
            Form::Text(look) => {
                output.extend(follows_steps.then_some(b'\n'));
                text::write_end(output, report, look);
            }
            Form::Json => json::write_end(output, report),
        });
        report.status.max(last_words::printed(self.written))
    }

    fn write(&mut self, make: impl FnOnce(&Form, &mut Vec<u8>)) {
        let mut output = Vec::new();
        make(&self.form, &mut output);
        if self.written.is_ok() && !output.is_empty() {
            let mut stdout = io::stdout().lock();
            self.written = stdout.write_all(&output).and_then(|()| stdout.flush());
        }
    }
}
