//! A report as JSON Lines.

use super::report::{CheckReport, Problem, ReportStep, Trial};
use crate::client::explain;
use crate::diagnosis::Diagnosis;
use crate::output::json::{Field, Members, field, object, string};

/// The version of the schema, in the first line. It changes when a field goes or changes its meaning.
const VERSION: u64 = 1;

/// Every field of every line, in the order in which they are written.
pub const SCHEMA: &[Field] = &[
    field("*", "type", "string", "what the line is about"),
    field("check", "version", "number", "of this schema: 1"),
    field("check", "url", "string", "what was checked; secrets in it as `[hidden]`"),
    field(
        "step",
        "name",
        "string",
        "`name`, `tcp`, `proxy`, `tls`, `upgrade`, `subprotocol`, `extensions`, `ping`, `close` or `alpn`",
    ),
    field("step", "status", "string", "`ok`, `warning`, `failure` or `not reached`"),
    field("step", "what", "string", "what came of it, for people"),
    field("step", "took", "number", "seconds; missing if not measured"),
    field("variation", "what", "string", "what was changed in this further connection, for people"),
    field("variation", "result", "string", "what came of it, for people"),
    field("finding", "number", "number", "its place: 1 is the most likely cause"),
    field("finding", "status", "string", "`failure` or `warning`"),
    field("finding", "cause", "string", "the cause, in words joined by hyphens: `upgrade-dropped`; missing if unknown"),
    field("finding", "what", "string", "what is wrong, in one sentence"),
    field("finding", "seen", "array of strings", "the evidence"),
    field("finding", "tried", "array of objects", "what the variations said"),
    field("finding", "tried[].what", "string", "as in `variation`"),
    field("finding", "tried[].result", "string", "as in `variation`"),
    field("finding", "do", "string", "what to do next"),
    field("finding", "paste", "array of strings", "lines to paste: a command, or lines of a configuration file"),
    field("result", "connections", "number", "how many connections were made"),
    field("result", "exit_status", "number", "what the shell is told"),
];

/// The first line: `url` is what is checked, without its secrets.
pub fn write_start(output: &mut Vec<u8>, url: &str) {
    line(output, "check", |members| {
        members.number("version", VERSION);
        members.string("url", url);
    });
}

/// The line of a step.
pub fn write_step(output: &mut Vec<u8>, step: &ReportStep) {
    line(output, "step", |members| members_of_step(members, step));
}

/// The lines behind the steps.
pub fn write_end(output: &mut Vec<u8>, report: &CheckReport) {
    for trial in &report.trials {
        line(output, "variation", |members| members_of_trial(members, trial));
    }
    for (number, finding) in (1..).zip(&report.findings) {
        line(output, "finding", |members| members_of_finding(members, number, finding));
    }
    line(output, "result", |members| {
        members.number("connections", report.connections as u64);
        members.number("exit_status", report.status.code().into());
    });
}

fn line(output: &mut Vec<u8>, name: &str, write: impl FnOnce(&mut Members<'_>)) {
    object(output, |members| {
        members.string("type", name);
        write(members);
    });
    output.push(b'\n');
}

fn members_of_step(members: &mut Members<'_>, step: &ReportStep) {
    members.string("name", step.name.name());
    members.string("status", step.status.name());
    members.string("what", &step.what);
    if let Some(took) = step.took {
        members.seconds("took", took);
    }
}

fn members_of_trial(members: &mut Members<'_>, trial: &Trial) {
    members.string("what", &trial.what);
    members.string("result", &trial.result);
}

fn members_of_finding(members: &mut Members<'_>, number: u64, finding: &Problem) {
    let Problem { status, cause, what, seen, tried, next, paste } = finding;
    members.number("number", number);
    members.string("status", status.name());
    members.optional_string("cause", cause.as_ref().map(|cause: &Diagnosis| explain(cause).name));
    members.string("what", what);
    members.array("seen", seen, |output, text| string(output, text));
    members.array("tried", tried, |output, trial| object(output, |members| members_of_trial(members, trial)));
    members.string("do", next);
    members.array("paste", paste, |output, text| string(output, text));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::report::{Status, StepName};
    use super::*;
    use crate::diagnosis::Refused;
    use crate::error::ExitStatus;
    use crate::output::json::assert_fields;

    fn report() -> CheckReport {
        let trial = Trial { what: "no Origin".to_owned(), result: "403 Forbidden".to_owned() };
        let finding = Problem {
            status: Status::Failure,
            cause: Some(Diagnosis::Refused(Refused::HeadTooLarge { longest: None, proxy: None })),
            what: "too large".to_owned(),
            seen: vec!["431\u{1b}".to_owned()],
            tried: vec![trial.clone()],
            next: "less".to_owned(),
            paste: vec!["large_client_header_buffers 4 32k;".to_owned()],
        };
        let (trials, findings) = (vec![trial], vec![finding]);
        CheckReport { trials, findings, connections: 2, status: ExitStatus::Upgrade }
    }

    #[test]
    fn every_field_is_in_the_schema_and_every_field_of_the_schema_is_used() {
        let took = Some(Duration::from_millis(3));
        let mut lines = Vec::new();
        write_start(&mut lines, "ws://h/");
        write_step(&mut lines, &ReportStep { name: StepName::Tcp, status: Status::Ok, what: "open".to_owned(), took });
        write_end(&mut lines, &report());
        let lines = String::from_utf8(lines).unwrap();
        assert!(!lines.contains('\u{1b}'));
        assert_fields(SCHEMA, lines.lines());
    }
}
