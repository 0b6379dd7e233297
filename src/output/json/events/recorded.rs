//! What only a recording has: the events that are for people alone, and the bytes of all.

use super::{Stream, Way, members_of_tls, text_or_bytes};
use crate::event::{Event, Opened, RoundTrips, Step, Summary, Timestamp};
use crate::http::redact::{Part, Secrets};
use crate::output::connecting::step_detail;
use crate::output::diagnostic_lines;
use crate::output::json::VERSION;
use crate::output::json::write::{Members, string};
use crate::output::options::{Extent, Options, Perspective};
use crate::output::sink::Sink;
use crate::output::timestamp::TimestampWriter;
use crate::wire::{self, Close, Counters};

impl Stream {
    /// Appends the first line, if nothing has been recorded yet.
    pub(super) fn begin(
        &mut self,
        sink: &mut Sink,
        clock: &mut TimestampWriter,
        perspective: Perspective,
        at: Timestamp,
    ) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.share(clock, None, at);
            self.line(sink, "recording", |members| {
                members.number("version", VERSION);
                members.string("program", concat!("wscope ", env!("CARGO_PKG_VERSION")));
                members.string("perspective", perspective.name());
            });
        }
    }

    /// Gets ready for the line of `event`. Whether it has none, because it is a frame that may be carried by its message.
    pub(super) fn is_held(
        &mut self,
        sink: &mut Sink,
        clock: &mut TimestampWriter,
        perspective: Perspective,
        (client, at): (Option<u64>, Timestamp),
        event: &Event<'_>,
    ) -> bool {
        self.carrier = self.held.carry(client, event);
        self.release(sink, clock, perspective);
        let Event::Wire { direction, event: wire::Event::Frame(frame), .. } = event else { return false };
        self.held.hold((client, at), *direction, frame)
    }

    /// Appends the line of the frame that is held, if one is: no message carries it.
    pub(super) fn release(&mut self, sink: &mut Sink, clock: &mut TimestampWriter, perspective: Perspective) {
        let Some(held) = self.held.release() else { return };
        self.share(clock, held.client, held.at);
        self.frame(sink, Extent::Everything, perspective.direction(held.direction), &self.held.frame(&held));
    }

    /// The line of a Close frame.
    pub(super) fn close_frame(&self, sink: &mut Sink, direction: Way, close: &Close<'_>) {
        self.line(sink, "close_frame", |members| {
            members.string(direction.0, direction.1);
            if let Some(code) = close.code {
                members.number("code", u16::from(code).into());
            }
            text_or_bytes(members, close.reason);
        });
    }

    /// The line of an event that is in no other JSON.
    pub(super) fn recorded(&self, sink: &mut Sink, options: &Options, event: &Event<'_>) {
        match event {
            Event::Step(step) => self.line(sink, "step", |members| members_of_step(members, step)),
            Event::Tls(facts) => self.line(sink, "tls", |members| members_of_tls(members, facts)),
            Event::Head { direction, bytes } => self.line(sink, "head", |members| {
                let (name, value) = options.perspective.direction(*direction);
                members.string(name, value);
                text_or_bytes(members, &options.secrets.bytes(Part::Head(bytes)));
            }),
            Event::Summary(summary) => self.line(sink, "summary", |members| members_of_summary(members, summary)),
            Event::Warning(text) => self.line(sink, "warning", |members| members.string("text", text)),
            Event::Note(text) => self.line(sink, "note", |members| members.string("text", text)),
            Event::Detail(text) => self.line(sink, "detail", |members| members.string("text", text)),
            // These have lines of their own; parts do not come to a sink that wants whole messages.
            Event::Wire { .. } | Event::Open(_) | Event::Finding(_) | Event::Ended(_) | Event::Error(_) => {}
        }
    }
}

/// What only a recording says of an opening.
pub(super) fn members_of_open(members: &mut Members<'_>, opened: &Opened, secrets: Secrets) {
    members.string("role", diagnostic_lines::role(opened.role));
    members.string("target", &secrets.text(Part::Text(opened.target.as_bytes())));
    members.array("verified", &opened.verified, |output, checked| string(output, checked));
}

pub(super) fn members_of_step(members: &mut Members<'_>, step: &Step) {
    members.string("name", step.detail.name());
    members.seconds("took", step.took);
    members.string("detail", &step_detail(&step.detail));
}

fn members_of_summary(members: &mut Members<'_>, summary: &Summary) {
    for (name, counters) in [("sent", &summary.sent), ("received", &summary.received)] {
        members.object(name, |members| members_of_counters(members, counters));
    }
    if let Some(RoundTrips { count, least, mean, most }) = summary.round_trips {
        members.object("round_trips", |members| {
            members.number("count", count);
            members.seconds("least", least);
            members.seconds("mean", mean);
            members.seconds("most", most);
        });
    }
    members.seconds("open_for", summary.open_for);
}

fn members_of_counters(members: &mut Members<'_>, counters: &Counters) {
    members.number("frames", counters.frames);
    members.number("messages", counters.messages);
    members.number("wire_bytes", counters.wire_bytes);
    members.number("message_bytes", counters.message_bytes);
    members.number("compressed_bytes", counters.compressed_bytes);
    members.number("inflated_bytes", counters.inflated_bytes);
}
