use super::super::report::StepName;
use super::*;
use crate::error::ExitStatus;

fn report() -> (Vec<ReportStep>, CheckReport) {
    let step = |name, status, what: &str, took| ReportStep { name, status, what: what.to_owned(), took };
    let trial = |what: &str, result: &str| Trial { what: what.to_owned(), result: result.to_owned() };
    let finding = Problem {
        status: Status::Failure,
        cause: None,
        what: "nginx does not pass Upgrade on.".to_owned(),
        seen: vec!["400 Bad Request".to_owned(), "evil \x1b[2J".to_owned()],
        tried: vec![trial("no extensions", "400"), trial("no Origin", "400"), trial("ordinary GET", "200")],
        next: "in its location:".to_owned(),
        paste: vec!["proxy_http_version 1.1;".to_owned()],
    };
    let steps = vec![
        step(StepName::Tcp, Status::Ok, "192.0.2.1:80 open", Some(Duration::from_micros(1234))),
        step(StepName::Tls, Status::Warning, "expires soon", None),
        step(StepName::Upgrade, Status::Failure, &"long words ".repeat(12), Some(Duration::from_millis(123))),
        step(StepName::Ping, Status::NotReached, "not reached", None),
    ];
    let findings = vec![finding];
    (steps, CheckReport { trials: Vec::new(), findings, connections: 4, status: ExitStatus::Upgrade })
}

fn rendered(charset: Charset) -> String {
    render(&report(), charset)
}

fn render((steps, report): &(Vec<ReportStep>, CheckReport), charset: Charset) -> String {
    let (mut output, look) = (Vec::new(), Look::new(charset, Colors::Off));
    for step in steps {
        write_step(&mut output, step, &look);
    }
    output.push(b'\n');
    write_end(&mut output, report, &look);
    String::from_utf8(output).unwrap()
}

#[test]
fn a_line_a_step_then_the_findings() {
    let expected = " ✓ tcp         192.0.2.1:80 open                                          1.2 ms
 ⚠ tls         expires soon
 ✗ upgrade     long words long words long words long words long words     123 ms
               long words long words long words long words long words
               long words long words\x20
 - ping        not reached

1. nginx does not pass Upgrade on.
   seen   400 Bad Request
          evil \\x1b[2J
   tried  no extensions, no Origin: 400; ordinary GET: 200
   do     in its location:
proxy_http_version 1.1;

4 connections
";
    assert_eq!(rendered(Charset::Unicode), expected);
}

#[test]
fn without_unicode_the_marks_are_words() {
    let text = rendered(Charset::Ascii);
    assert!(
        text.starts_with("ok   tcp  ") && text.contains("\nwarn tls  ") && text.contains("\nFAIL upgrade  "),
        "{text}"
    );
    assert!(text.is_ascii());
}

#[test]
fn no_line_is_longer_than_80_columns_whatever_a_peer_says() {
    let mut report = report();
    for text in ["x".repeat(300), "世".repeat(100), "a b ".repeat(100), "\u{1b}".repeat(100)] {
        report.0[0].what.clone_from(&text);
        report.1.findings[0].what.clone_from(&text);
        report.1.findings[0].seen = vec![text];
        for charset in [Charset::Unicode, Charset::Ascii] {
            let text = render(&report, charset);
            for line in text.lines() {
                assert!(line.width() <= WIDTH, "{line}");
            }
        }
    }
}
