//! A report for people: a line a step, then the findings. At 80 columns, with and without colours and Unicode.

#[cfg(test)]
mod tests;

use std::env;
use std::io::{self, IsTerminal};
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::report::{CheckReport, Problem, ReportStep, Status, Trial};
use crate::output::fold::fold_line_and_words;
use crate::output::theme::{ColorChoice, ColorEnvironment, Colors, Palette, StreamKind, Style};
use crate::output::{Charset, escape};

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns at the end of a step's line that its time takes.
const TIME: usize = 10;
/// The columns in which the name of a step stands.
const STEP_NAME: usize = 12;

/// Where lines with labels stand.
#[derive(Debug, Clone, Copy)]
pub struct LabelColumns {
    /// The columns before a label.
    pub indent: usize,
    /// Those of the label.
    pub width: usize,
}

/// The lines of a finding.
const OF_FINDING: LabelColumns = LabelColumns { indent: 3, width: 7 };

/// How a report looks.
#[derive(Debug)]
pub struct Look {
    charset: Charset,
    palette: Palette,
}

impl Look {
    /// As stdout, the locale and `choice` have it.
    pub fn of_stdout(choice: ColorChoice) -> Self {
        let stream = if io::stdout().is_terminal() { StreamKind::Terminal } else { StreamKind::Other };
        let environment = ColorEnvironment::read(|name| env::var_os(name));
        let colors = match (stream, choice) {
            (StreamKind::Other, ColorChoice::Auto) => Colors::Off,
            _ => Colors::choose(choice, &environment, stream),
        };
        Self::new(Charset::of_locale(|name| env::var_os(name)), colors)
    }

    /// With marks of this character set, and colours or not.
    pub fn new(charset: Charset, colors: Colors) -> Self {
        Self { charset, palette: Palette::new(colors) }
    }

    fn mark(&self, status: Status) -> (&'static str, Style) {
        let style = match status {
            Status::Ok => Style::Note,
            Status::Warning => Style::Number,
            Status::Failure => Style::Error,
            Status::NotReached => Style::Faint,
        };
        let mark = match (self.charset, status) {
            (Charset::Unicode, Status::Ok) => " ✓ ",
            (Charset::Unicode, Status::Warning) => " ⚠ ",
            (Charset::Unicode, Status::Failure) => " ✗ ",
            (Charset::Unicode, Status::NotReached) => " - ",
            (Charset::Ascii, Status::Ok) => "ok   ",
            (Charset::Ascii, Status::Warning) => "warn ",
            (Charset::Ascii, Status::Failure) => "FAIL ",
            (Charset::Ascii, Status::NotReached) => "-    ",
        };
        (mark, style)
    }
}

/// What stands behind the steps.
pub fn write_end(output: &mut Vec<u8>, report: &CheckReport, look: &Look) {
    for (number, finding) in (1..).zip(&report.findings) {
        write_finding(output, number, finding, look);
        output.push(b'\n');
    }
    let plural = if report.connections == 1 { "" } else { "s" };
    output.extend_from_slice(format!("{} connection{plural}\n", report.connections).as_bytes());
}

/// The line of a step, or its lines.
pub fn write_step(output: &mut Vec<u8>, step: &ReportStep, look: &Look) {
    let (mark, style) = look.mark(step.status);
    look.palette.write(output, style, mark);
    let name = format!("{:<STEP_NAME$}", step.name.name());
    output.extend_from_slice(name.as_bytes());
    let indent = mark.width() + STEP_NAME;
    let lines = wrapped(&step.what, WIDTH - indent - TIME);
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            output.extend(std::iter::repeat_n(b' ', indent));
        }
        output.extend_from_slice(line.as_bytes());
        if let (0, Some(took)) = (number, step.took) {
            let gap = (WIDTH - indent).saturating_sub(line.width());
            let time = format!("{:>gap$}", milliseconds(took));
            look.palette.write(output, Style::Faint, &time);
        }
        output.push(b'\n');
    }
}

fn milliseconds(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1e3;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

fn write_finding(output: &mut Vec<u8>, number: usize, finding: &Problem, look: &Look) {
    let Problem { status, what, seen, tried, next, paste, .. } = finding;
    let (_, style) = look.mark(*status);
    let head = format!("{number}. ");
    look.palette.write(output, style, &head);
    let lines = wrapped(what, WIDTH - head.len()).join("\n   ");
    output.extend_from_slice(lines.as_bytes());
    output.push(b'\n');
    let mut write = |label, texts: &[String]| write_labelled(output, OF_FINDING, label, texts, look);
    write("seen", seen);
    if !tried.is_empty() {
        write("tried", &[summary(tried)]);
    }
    if !next.is_empty() {
        write("do", std::slice::from_ref(next));
    }
    for line in paste {
        output.extend_from_slice(escape::to_line(line).as_bytes());
        output.push(b'\n');
    }
}

/// Texts, escaped, with a label before the first line.
pub fn write_labelled(output: &mut Vec<u8>, columns: LabelColumns, label: &str, texts: &[String], look: &Look) {
    let LabelColumns { indent, width } = columns;
    let lines = texts.iter().flat_map(|text| wrapped(text, WIDTH - indent - width));
    for (number, line) in lines.enumerate() {
        output.extend(std::iter::repeat_n(b' ', indent));
        let label = if number == 0 { label } else { "" };
        look.palette.write(output, Style::Hint, &format!("{label:<width$}"));
        output.extend_from_slice(line.as_bytes());
        output.push(b'\n');
    }
}

/// What variations brought, those with one result together: `no extensions, no Origin: 403 Forbidden; ordinary GET: 200 OK`.
fn summary(tried: &[Trial]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for trial in tried {
        match groups.iter_mut().find(|(_, result)| *result == trial.result) {
            Some((whats, _)) => whats.push(&trial.what),
            None => groups.push((vec![&trial.what], &trial.result)),
        }
    }
    groups.iter().map(|(whats, result)| format!("{}: {result}", whats.join(", "))).collect::<Vec<_>>().join("; ")
}

/// `text`, escaped, in lines of at most `width` columns, broken at blanks where there are some; at least one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    fold_line_and_words(&escape::to_line(text), width, 0).split('\n').map(str::to_owned).collect()
}
