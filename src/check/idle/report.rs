//! The report of a survey, as text and as JSON.

use std::time::Duration;

use super::survey::{Keeping, Limit, Survey};
use super::surveyed_connection::Cut;
use crate::check::text::{self, LabelColumns, Look};
use crate::output::json::{Field, Members, field, object};

/// The fields of the report in JSON, in the order in which they are written.
pub const SCHEMA: &[Field] = &[
    field("idle", "type", "string", "`idle`: with `--idle`, the only line"),
    field("idle", "complete", "boolean", "whether it went on to its end"),
    field("idle", "at_least", "number", "a connection lasts so many seconds of silence"),
    field("idle", "cut_after", "number", "and is cut after so many; missing where no limit was found"),
    field(
        "idle",
        "cut",
        "string",
        "how: `close`, `end` (TCP FIN), `reset`, `reset_when_used` or `silent`; missing as above",
    ),
    field("idle", "code", "number", "the close code; only where `cut` is `close`"),
    field("idle", "reason", "string", "the reason in the Close; only where `cut` is `close`"),
    field(
        "idle",
        "pongs_keep",
        "boolean",
        "whether unsolicited pongs of ours keep it open; missing where that is not known",
    ),
    field("idle", "pings_keep", "boolean", "whether pings with their pongs do; missing where that is not known"),
    field(
        "idle",
        "server_sends",
        "string",
        "`messages`, `pings` or `pongs`, by itself; missing where it sends nothing",
    ),
    field("idle", "server_pause", "number", "seconds of its longest pause; missing as above"),
    field(
        "idle",
        "interval",
        "number",
        "seconds from ping to ping that keep it open; missing where none is needed or known",
    ),
    field("idle", "do", "string", "what to do next"),
];

/// Where the lines of the report stand.
const COLUMNS: LabelColumns = LabelColumns { indent: 0, width: 9 };

/// The report for people.
pub fn text(survey: &Survey, is_complete: bool, look: &Look) -> Vec<u8> {
    let mut output = Vec::new();
    let mut write = |label, text| text::write_labelled(&mut output, COLUMNS, label, &[text], look);
    write("silence", silence(&survey.limit(), is_complete));
    for (name, keeping, what) in
        [("pong", survey.pongs(), "an unsolicited pong"), ("ping", survey.pings(), "a ping, and its pong,")]
    {
        let told = match keeping {
            Keeping::Works(every) => format!("{what} every {} s keeps it open", seconds(every)),
            Keeping::Fails(after) => {
                format!("{what} every so often does not keep it open: cut after {} s all the same", seconds(after))
            }
            Keeping::Unknown => continue,
        };
        write(name, told);
    }
    let spoken = survey.spoken().map_or_else(
        || "sends nothing by itself".to_owned(),
        |spoken| {
            let what = spoken.speech.name();
            let pause = seconds(spoken.every);
            format!("sends {what} by itself, {pause} s apart at most: they may keep a connection open, too")
        },
    );
    write("server", spoken);
    write("do", advice(survey, is_complete));
    output
}

fn silence(limit: &Limit, is_complete: bool) -> String {
    match limit {
        Limit::AtLeast(time) if is_complete => format!("no limit within {} s", seconds(*time)),
        Limit::AtLeast(time) => format!("more than {} s, as far as is known", seconds(*time)),
        Limit::At(after, cut) => format!("cut after {} s: {}", seconds(*after), how(cut)),
        Limit::Between(lower, upper, cut) => {
            format!("cut after {} to {} s: {}", seconds(*lower), seconds(*upper), how(cut))
        }
    }
}

fn how(cut: &Cut) -> String {
    match cut {
        Cut::Close { code, reason } if reason.is_empty() => format!("Close with code {code}"),
        Cut::Close { code, reason } => {
            format!("Close with code {code}, reason \"{reason}\"")
        }
        Cut::End => "the connection ended without Close (TCP FIN)".to_owned(),
        Cut::Reset => "the connection was reset (TCP RST)".to_owned(),
        Cut::ResetWhenUsed => {
            "it shows only when something is sent, which is answered with a reset (TCP RST)".to_owned()
        }
        Cut::Silent => "it shows only when something is sent, and nothing comes back".to_owned(),
    }
}

fn advice(survey: &Survey, is_complete: bool) -> String {
    match (survey.limit().upper(), survey.interval(), survey.pings()) {
        (_, Some(interval), _) => {
            format!("send a ping every {0} s: `--ping-interval {0}`{1}", seconds(interval), setting(&survey.limit()))
        }
        (None, ..) if is_complete => "nothing: no keeping alive is needed".to_owned(),
        (_, None, Keeping::Fails(_)) => {
            "it is cut whatever is sent: the limit is on the life of a connection; connect again (`--reconnect`)"
                .to_owned()
        }
        _ => "let it go on to its end: what keeps it open is not known yet".to_owned(),
    }
}

/// Where the limit is set, as far as how it cuts tells: a proxy sends no Close.
fn setting(limit: &Limit) -> &'static str {
    match limit {
        Limit::AtLeast(_) | Limit::At(_, Cut::Close { .. }) | Limit::Between(_, _, Cut::Close { .. }) => "",
        _ => {
            "; or raise the limit, if that is a proxy's: nginx `proxy_read_timeout`, HAProxy `timeout tunnel`, Apache `Timeout`"
        }
    }
}

/// The report for programs.
pub fn json(survey: &Survey, is_complete: bool) -> Vec<u8> {
    let mut line = Vec::new();
    object(&mut line, |members| {
        let limit = survey.limit();
        members.string("type", "idle");
        members.boolean("complete", is_complete);
        members.seconds("at_least", limit.lower());
        if let Limit::At(after, cut) | Limit::Between(_, after, cut) = &limit {
            members.seconds("cut_after", *after);
            members_of_cut(members, cut);
        }
        for (name, keeping) in [("pongs_keep", survey.pongs()), ("pings_keep", survey.pings())] {
            if keeping != Keeping::Unknown {
                members.boolean(name, matches!(keeping, Keeping::Works(_)));
            }
        }
        if let Some(spoken) = survey.spoken() {
            members.string("server_sends", spoken.speech.name());
            members.seconds("server_pause", spoken.every);
        }
        if let Some(interval) = survey.interval() {
            members.seconds("interval", interval);
        }
        members.string("do", &advice(survey, is_complete));
    });
    line.push(b'\n');
    line
}

fn members_of_cut(members: &mut Members<'_>, cut: &Cut) {
    let name = match cut {
        Cut::Close { .. } => "close",
        Cut::End => "end",
        Cut::Reset => "reset",
        Cut::ResetWhenUsed => "reset_when_used",
        Cut::Silent => "silent",
    };
    members.string("cut", name);
    if let Cut::Close { code, reason } = cut {
        members.number("code", u64::from(*code));
        members.string("reason", reason);
    }
}

/// Seconds, with tenths where they are few.
fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds.fract() == 0.0 || seconds >= 100.0 { format!("{seconds:.0}") } else { format!("{seconds:.1}") }
}

#[cfg(test)]
mod tests;
