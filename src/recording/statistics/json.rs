//! The figures as one JSON object, with the fields of [`SCHEMA`].

use std::time::Duration;

use super::{COLUMNS, Counts, Distribution, RecordingStatistics, Traffic};
use crate::output::json::{Field, Members, field, object};

/// The version of the schema.
const VERSION: u64 = 1;

/// Every field, in the order in which they are written.
pub const SCHEMA: &[Field] = &[
    field("statistics", "type", "string", "`statistics`: the figures of a recording"),
    field("statistics", "version", "number", "of this schema: 1"),
    field("statistics", "connections", "number", "how many were opened"),
    field("statistics", "duration", "number", "seconds from the first record to the last"),
    field("statistics", "sent", "object", "what was sent; by the client in a recording of `tap`"),
    field("statistics", "sent.messages", "number", "messages that match the filter, as in all that follows"),
    field("statistics", "sent.texts", "number", "those that are text"),
    field("statistics", "sent.binaries", "number", "those that are binary"),
    field("statistics", "sent.bytes", "number", "bytes of their payloads, after inflating"),
    field("statistics", "sent.control_frames", "number", "pings, pongs and closes"),
    field("statistics", "sent.size", "object", "bytes of a message; missing without one"),
    field("statistics", "sent.size.least", "number", "the smallest"),
    field("statistics", "sent.size.p50", "number", "half of them are not larger; to three digits, as `p99`"),
    field("statistics", "sent.size.p99", "number", "99 % are not larger"),
    field("statistics", "sent.size.most", "number", "the largest"),
    field("statistics", "sent.gap", "object", "seconds between two messages; missing below two"),
    field("statistics", "sent.gap.least", "number", "as of `size`"),
    field("statistics", "sent.gap.p50", "number", "as of `size`"),
    field("statistics", "sent.gap.p99", "number", "as of `size`"),
    field("statistics", "sent.gap.most", "number", "as of `size`"),
    field("statistics", "received", "object", "what was received, with the fields of `sent`"),
    field("statistics", "first_reply", "object", "seconds to the first reply of a connection; missing without one"),
    field("statistics", "first_reply.least", "number", "as of `size`"),
    field("statistics", "first_reply.p50", "number", "as of `size`"),
    field("statistics", "first_reply.p99", "number", "as of `size`"),
    field("statistics", "first_reply.most", "number", "as of `size`"),
    field("statistics", "time_line", "object", "messages over time"),
    field("statistics", "time_line.interval", "number", "seconds that one number stands for"),
    field("statistics", "time_line.sent", "array of numbers", "messages in each interval since the first record"),
    field("statistics", "time_line.received", "array of numbers", "the same of those received"),
];

impl RecordingStatistics {
    /// A line of JSON.
    pub fn json(&self) -> Vec<u8> {
        let mut output = Vec::new();
        object(&mut output, |members| {
            members.string("type", "statistics");
            members.number("version", VERSION);
            members.number("connections", self.connections);
            members.seconds("duration", self.duration());
            members.object("sent", |members| traffic(members, &self.sent));
            members.object("received", |members| traffic(members, &self.received));
            distribution(members, "first_reply", &self.replies, time);
            let (columns, interval) = self.timeline.columns(COLUMNS);
            members.object("time_line", |members| {
                members.seconds("interval", interval);
                series(members, "sent", &columns, |counts| counts.sent);
                series(members, "received", &columns, |counts| counts.received);
            });
        });
        output.push(b'\n');
        output
    }
}

fn traffic(members: &mut Members<'_>, traffic: &Traffic) {
    members.number("messages", traffic.texts + traffic.binaries);
    members.number("texts", traffic.texts);
    members.number("binaries", traffic.binaries);
    members.number("bytes", traffic.bytes);
    members.number("control_frames", traffic.control_frames);
    distribution(members, "size", &traffic.sizes, size);
    distribution(members, "gap", &traffic.gaps, time);
}

/// Its figures, each as `write` writes it; nothing, where it has none.
fn distribution(
    members: &mut Members<'_>,
    name: &str,
    distribution: &Distribution,
    write: fn(&mut Members<'_>, &str, u64),
) {
    let Some(figures) = distribution.figures() else { return };
    members.object(name, |members| {
        for (name, value) in ["least", "p50", "p99", "most"].into_iter().zip(figures) {
            write(members, name, value);
        }
    });
}

fn size(members: &mut Members<'_>, name: &str, bytes: u64) {
    members.number(name, bytes);
}

fn time(members: &mut Members<'_>, name: &str, nanoseconds: u64) {
    members.seconds(name, Duration::from_nanos(nanoseconds));
}

fn series(members: &mut Members<'_>, name: &str, columns: &[Counts], of: fn(&Counts) -> u64) {
    members.array(name, columns, |output, counts| output.extend_from_slice(of(counts).to_string().as_bytes()));
}
