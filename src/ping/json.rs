//! The report as JSON Lines: one object an event, as [`SCHEMA`] lists them.

use crate::error::ExitStatus;
use crate::event::{Opened, Timestamp};
use crate::output::json::{Field, Members, field, object};
use crate::output::{TimestampWriter, Timestamps, View};
use crate::ping::report::Results;
use crate::ping::round_tracker::{Counts, Round, RoundOutcome};
use crate::ping::statistics::Moments;

/// The version of the schema, in each `connected` event.
const VERSION: u64 = 1;

/// Every field of every event, in the order in which they are written.
pub const SCHEMA: &[Field] = &[
    field("*", "type", "string", "what happened"),
    field("*", "time", "string, RFC 3339", "when, in UTC with microseconds"),
    field("connected", "version", "number", "of this schema: 1"),
    field("connected", "url", "string", "the URL, without userinfo and secrets"),
    field("connected", "address", "string", "the peer's address and port"),
    field("connected", "steps", "array of objects", "the phases of connecting, in order"),
    field("connected", "steps[].name", "string", "`resolve`, `connect`, `proxy`, `tls` or `upgrade`"),
    field("connected", "steps[].took", "number", "seconds"),
    field("round", "number", "number", "of the round, from 1"),
    field(
        "round",
        "outcome",
        "string",
        "`answered`, `late`, `lost`, `superseded` by a newer pong, or `failed`: no connection",
    ),
    field("round", "round_trip", "number", "seconds; missing without an answer"),
    field("summary", "duration", "number", "seconds since the start"),
    field("summary", "sent", "number", "rounds in all; the next six are parts of it"),
    field("summary", "answered", "number", "answered in time"),
    field("summary", "late", "number", "answered later than `-W` allows"),
    field("summary", "lost", "number", "not answered"),
    field("summary", "superseded", "number", "answered by the pong to a newer ping (RFC 6455 section 5.5.3)"),
    field("summary", "failed", "number", "without a connection"),
    field("summary", "waiting", "number", "under way at the end"),
    field("summary", "foreign", "number", "pongs that answer no ping that waits"),
    field("summary", "round_trip", "object", "of all that were answered, in seconds; missing without any"),
    field("summary", "round_trip.min", "number", "the shortest"),
    field("summary", "round_trip.avg", "number", "the mean"),
    field("summary", "round_trip.max", "number", "the longest"),
    field("summary", "round_trip.mdev", "number", "the standard deviation"),
    field("summary", "round_trip.p50", "number", "half of them are not longer; to three digits, as those that follow"),
    field("summary", "round_trip.p90", "number", "90 % are not longer"),
    field("summary", "round_trip.p99", "number", "99 %; missing below 100 round trips"),
    field("summary", "round_trip.p99_9", "number", "99.9 %; missing below 1000"),
    field("summary", "steps", "array of objects", "the phases of connecting, over all connections, in seconds"),
    field("summary", "steps[].name", "string", "as in `connected`"),
    field("summary", "steps[].count", "number", "how many connections had it"),
    field("summary", "steps[].min", "number", "the shortest"),
    field("summary", "steps[].avg", "number", "the mean"),
    field("summary", "steps[].max", "number", "the longest"),
    field("summary", "steps[].mdev", "number", "the standard deviation"),
    field("summary", "exit_status", "number", "what the shell is told"),
];

/// Writes the lines of a report.
#[derive(Debug)]
pub struct Lines {
    clock: TimestampWriter,
}

impl Lines {
    /// Before the first line.
    pub fn new() -> Self {
        Self { clock: TimestampWriter::default() }
    }

    /// A connection is open.
    pub fn connected(&mut self, output: &mut Vec<u8>, at: Timestamp, url: &str, opened: &Opened) {
        self.line(output, "connected", at, |members| {
            members.number("version", VERSION);
            members.string("url", url);
            members.string("address", &opened.address.to_string());
            members.array("steps", &opened.steps, |output, step| {
                object(output, |members| {
                    members.string("name", step.detail.name());
                    members.seconds("took", step.took);
                });
            });
        });
    }

    /// The outcome of a round is known.
    pub fn round(&mut self, output: &mut Vec<u8>, at: Timestamp, round: Round) {
        let (outcome, round_trip) = match round.outcome {
            RoundOutcome::Answered(took) => ("answered", Some(took)),
            RoundOutcome::Late(took) => ("late", Some(took)),
            RoundOutcome::Lost => ("lost", None),
            RoundOutcome::Superseded => ("superseded", None),
            RoundOutcome::Failed => ("failed", None),
        };
        self.line(output, "round", at, |members| {
            members.number("number", round.number);
            members.string("outcome", outcome);
            if let Some(round_trip) = round_trip {
                members.seconds("round_trip", round_trip);
            }
        });
    }

    /// The end.
    pub fn summary(
        &mut self,
        output: &mut Vec<u8>,
        at: Timestamp,
        counts: Counts,
        results: &Results,
        status: ExitStatus,
    ) {
        self.line(output, "summary", at, |members| {
            members.seconds("duration", at.elapsed);
            members.number("sent", counts.sent);
            members.number("answered", counts.answered);
            members.number("late", counts.late);
            members.number("lost", counts.lost);
            members.number("superseded", counts.superseded);
            members.number("failed", counts.failed);
            members.number("waiting", counts.waiting());
            members.number("foreign", counts.foreign);
            let round_trips = &results.round_trips;
            if round_trips.moments().count() > 0 {
                members.object("round_trip", |members| {
                    members_of_moments(members, round_trips.moments());
                    round_trips.percentiles().for_each(|(percentile, time)| members.seconds(percentile.key, time));
                });
            }
            members.array("steps", &results.steps, |output, (name, moments)| {
                object(output, |members| {
                    members.string("name", name);
                    members.number("count", moments.count());
                    members_of_moments(members, moments);
                });
            });
            members.number("exit_status", status.code().into());
        });
    }

    fn line(&mut self, output: &mut Vec<u8>, name: &str, at: Timestamp, write: impl FnOnce(&mut Members<'_>)) {
        let mut time = Vec::new();
        self.clock.write(&mut time, (Timestamps::Utc, View::Exact), None, at);
        object(output, |members| {
            members.string("type", name);
            members.string("time", &String::from_utf8_lossy(&time));
            write(members);
        });
        output.push(b'\n');
    }
}

fn members_of_moments(members: &mut Members<'_>, moments: &Moments) {
    members.seconds("min", moments.least());
    members.seconds("avg", moments.mean());
    members.seconds("max", moments.most());
    members.seconds("mdev", moments.deviation());
}

#[cfg(test)]
mod tests;
