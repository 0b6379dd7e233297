//! The figures as text: a table of both directions, and a time line, in 80 columns.

use std::fmt::Write as _;
use std::time::Duration;

use super::{COLUMNS, Counts, RecordingStatistics, Traffic};
use crate::output::{Charset, Ink};

/// Rows of each direction in the time line.
const ROWS: u64 = 4;

impl RecordingStatistics {
    /// The report.
    pub fn report(&self, charset: Charset) -> String {
        let length = self.duration();
        let mut text = String::new();
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(text, "{} in {:.3} s", counted(self.connections, "connection"), length.as_secs_f64());
        let _ = writeln!(text, "\n{:<22}{:>16}{:>16}", "", "sent", "received");
        self.table(&mut text, length);
        if let Some([least, median, _, most]) = self.replies.figures() {
            let times = if self.connections < 2 {
                milliseconds(median)
            } else {
                let [from, median, to] = [least, median, most].map(milliseconds);
                format!("{from} (least), {median} (median), {to} (most)")
            };
            let _ = writeln!(text, "\ntime to the first reply: {times} ms");
        }
        self.time_line(&mut text, &Ink::of(charset));
        text
    }

    fn table(&self, text: &mut String, length: Duration) {
        let both = [&self.sent, &self.received];
        let rate = |count: u64| match (u128::from(count) * 10_000_000_000).checked_div(length.as_nanos()) {
            None => "-".to_owned(),
            Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
        };
        let mut row = |name: &str, [sent, received]: [String; 2]| {
            let _ = writeln!(text, "{name:<22}{sent:>16}{received:>16}");
        };
        row("messages", both.map(|traffic| (traffic.texts + traffic.binaries).to_string()));
        row("  text", both.map(|traffic| traffic.texts.to_string()));
        row("  binary", both.map(|traffic| traffic.binaries.to_string()));
        row("  a second", both.map(|traffic| rate(traffic.texts + traffic.binaries)));
        row("bytes", both.map(|traffic| traffic.bytes.to_string()));
        row("  a second", both.map(|traffic| rate(traffic.bytes)));
        let figures = ["least", "median", "99 %", "most"];
        for (place, name) in figures.iter().enumerate() {
            let of =
                |traffic: &Traffic| traffic.sizes.figures().map_or("-".to_owned(), |sizes| sizes[place].to_string());
            row(&format!("size, {name}"), both.map(of));
        }
        for (place, name) in figures.iter().enumerate() {
            let of =
                |traffic: &Traffic| traffic.gaps.figures().map_or("-".to_owned(), |gaps| milliseconds(gaps[place]));
            row(&format!("gap in ms, {name}"), both.map(of));
        }
        row("pings, pongs, closes", both.map(|traffic| traffic.control_frames.to_string()));
    }

    fn time_line(&self, text: &mut String, ink: &Ink) {
        let (columns, width) = self.timeline.columns(COLUMNS);
        let most = columns.iter().map(|counts| counts.sent.max(counts.received)).max().unwrap_or_default();
        if most == 0 {
            return;
        }
        let _ = writeln!(text, "\ntime line, messages; the highest column has {most}");
        for (name, of) in
            [("sent", (|counts| counts.sent) as fn(&Counts) -> u64), ("received", |counts| counts.received)]
        {
            for row in (0..ROWS).rev() {
                // Whatever is not 0 shows.
                let reaches = |counts: &Counts| (of(counts) * ROWS).div_ceil(most) > row;
                let cells: String = columns.iter().map(|counts| if reaches(counts) { ink.bar } else { ' ' }).collect();
                let name = if row == 0 { name } else { "" };
                let _ = writeln!(text, "{name:>10} {}{}", ink.up, cells.trim_end());
            }
        }
        let along = ink.along.to_string().repeat(columns.len());
        let end = width * u32::try_from(columns.len()).unwrap_or(u32::MAX);
        let _ = writeln!(text, "{:>11}{}{along}", "", ink.corner);
        let _ = writeln!(text, "{:>11}0 s to {:.3} s, {:.3} s a column", "", end.as_secs_f64(), width.as_secs_f64());
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.3}", Duration::from_nanos(nanoseconds).as_secs_f64() * 1000.0)
}
