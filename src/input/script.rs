//! Scripts: a file with the lines that a user would type at the prompt.
//!
//! Blank lines and lines with `#` in column 1 are skipped. Every other line means what it means at the prompt. A line
//! can continue on the next one, as at the prompt.

use std::io::{ErrorKind, Write};
use std::path::Path;

use serde_json::value::RawValue;

use super::continuation::{Brackets, escaped, goes_on, is_incomplete_json, unescaped};
use super::input_error;
use super::payload::{FileKinds, unreadable};
use super::slash::{self, Command, Line, Usage};
use super::variables::{Variables, captures_in};
use crate::error::Result;
use crate::platform::{private_program, read_all};

/// The check of a script uses this in place of a value that a message will give.
const PLACEHOLDER: &str = "0";

/// The first line of a saved script, so that the file can be run as a program.
const FIRST_LINE: &str = "#!/usr/bin/env -S wscope --script";

/// Replaces a line that must not be saved.
const LEFT_OUT: &str = "# here a line that starts with a space was left out\n";

/// What stands before each line of what failed.
const FAILED: &str = "# failed: ";

/// A line that was typed at the prompt.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The line; it may hold newlines.
    pub line: String,
    /// Whether it did not do what it says.
    pub failed: bool,
}

/// The steps of a script. [`parse`](Self::parse) has checked them as far as that is possible before a session opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The steps, in order.
    pub steps: Vec<ScriptStep>,
}

/// A message or a command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptStep {
    /// `FILE:LINE`, for error messages.
    pub place: String,
    /// The text that a user would type at the prompt. It may hold newlines.
    pub line: String,
}

impl ScriptStep {
    /// Parses the line with the values that `variables` have now.
    ///
    /// # Errors
    /// The error of [`slash::parse_with`], with the place of this step.
    pub fn understand(&self, variables: &Variables) -> Result<Line> {
        slash::parse_with(&self.line, |text, quoting| variables.expand(text, quoting))
            .map_err(|error| error.at(&self.place))
    }
}

impl Script {
    /// Reads a script from a file.
    ///
    /// # Errors
    /// [`Phase::Input`](crate::error::Phase::Input), if the file cannot be read, is not of `kinds` or is not UTF-8, and the errors of [`parse`](Self::parse).
    pub fn read(path: &Path, kinds: FileKinds, variables: &Variables) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = kinds.open(path).and_then(read_all).map_err(|cause| unreadable(&name, cause))?;
        let text = str::from_utf8(&bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
            input_error("not UTF-8").at(&format!("{name}:{line}"))
        })?;
        Self::parse(&name, text, variables)
    }

    /// Parses `text`, the content of a script. Error messages call the script `name`.
    ///
    /// # Errors
    /// [`Phase::Input`](crate::error::Phase::Input), for the first error that can be found before a session opens: an unknown command, wrong
    /// arguments, JSON without an end, a variable that no step before captures.
    pub fn parse(name: &str, text: &str, variables: &Variables) -> Result<Self> {
        let mut steps = Vec::new();
        // Some editors put a byte order mark first.
        let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
        while let Some((index, first)) = lines.next() {
            if first.trim().is_empty() || first.starts_with('#') {
                continue;
            }
            let place = format!("{name}:{}", index + 1);
            let line = whole(first, lines.by_ref().map(|(_, line)| line));
            if is_incomplete_json(first) && serde_json::from_str::<&RawValue>(&line).is_err() {
                return Err(input_error("this starts JSON that does not end")
                    .hint("`/text` sends a line as it is")
                    .at(&place));
            }
            steps.push(ScriptStep { place, line });
        }
        check(&steps, variables)?;
        Ok(Self { steps })
    }

    /// Writes the lines that were `typed` at the prompt to a file, as a script that means the same: those that failed are
    /// comments. Only the owner of the file can read it. Lines that start with a space are left out, as in the history.
    ///
    /// # Errors
    /// [`Phase::Input`](crate::error::Phase::Input), if the file exists already, or cannot be written.
    pub fn save(path: &Path, typed: &[Typed]) -> Result<()> {
        let text = written(typed);
        let created = private_program().write(true).create_new(true).open(path);
        let saved = created.and_then(|mut file| file.write_all(text.as_bytes()));
        saved.map_err(|cause| match cause.kind() {
            ErrorKind::AlreadyExists => input_error(format!("`{}` exists already", path.display())),
            _ => input_error(format!("cannot write `{}`", path.display())).caused_by(cause),
        })
    }
}

/// The line `first`, joined with the lines on which it continues.
fn whole<'a>(first: &str, mut following: impl Iterator<Item = &'a str>) -> String {
    let mut whole = unescaped(first).to_owned();
    let mut brackets = Brackets::default();
    brackets.read(&whole);
    let mut is_open = goes_on(first);
    let mut is_json = false;
    // JSON is parsed at its first line and where its brackets are closed: at every line, it would take quadratic time.
    while is_open || (is_json && brackets.are_open()) || is_incomplete_json(&whole) {
        is_json |= !is_open;
        let Some(next) = following.next() else { break };
        let start = whole.len();
        whole.push('\n');
        whole.push_str(unescaped(next));
        brackets.read(&whole[start..]);
        is_open = goes_on(next);
    }
    whole
}

fn check(steps: &[ScriptStep], variables: &Variables) -> Result<()> {
    let mut placeholders = variables.clone();
    for step in steps {
        check_names(&step.line, &placeholders).map_err(|error| error.at(&step.place))?;
        if let Some(name) = check_step(step, &placeholders)? {
            placeholders.set(name, PLACEHOLDER);
        }
    }
    Ok(())
}

fn check_names(line: &str, variables: &Variables) -> Result<()> {
    match captures_in(line)?.into_iter().find(|name| !variables.has(name)) {
        None => Ok(()),
        Some(unknown) => {
            Err(input_error(format!("nothing before captures `${{{unknown}}}`")).hint("`$${` is a literal `${`"))
        }
    }
}

/// Checks a step. If it is a `/capture`, returns the name of its variable.
fn check_step(step: &ScriptStep, placeholders: &Variables) -> Result<Option<String>> {
    let command = slash::usage(&step.line).map_err(|error| error.at(&step.place))?;
    slash::check_file_of(&step.line).map_err(|error| error.at(&step.place))?;
    let refused = |why: &str| Err(input_error(why).at(&step.place));
    match command {
        Some(Usage { name: name @ ("run" | "save" | "save-last"), .. }) => {
            return refused(&format!("`/{name}` is for the prompt"));
        }
        Some(Usage { name, scope, .. }) if let Some(place) = scope.place() => {
            return refused(&format!("`/{name}` works {place} only"));
        }
        _ => {}
    }
    match step.understand(placeholders) {
        Ok(Line::Command(Command::Capture { name, .. })) => Ok(Some(name)),
        Ok(_) => Ok(None),
        // The step may be correct once its variables have their values. A pattern is different: any value is quoted in
        // it, so the placeholder cannot be the cause of the error.
        Err(_)
            if !captures_in(&step.line)?.is_empty()
                && !matches!(command, Some(Usage { name: "expect" | "capture", .. })) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn written(typed: &[Typed]) -> String {
    let mut text = format!("{FIRST_LINE}\n");
    for Typed { line: entry, failed } in typed.iter().filter(|typed| !typed.line.is_empty()) {
        if entry.starts_with(' ') {
            text.push_str(LEFT_OUT);
            continue;
        }
        let comment = match slash::usage(entry) {
            _ if *failed => Some(FAILED.to_owned()),
            Ok(Some(usage)) => usage.scope.place().map(|place| format!("# only {place}: ")),
            _ => None,
        };
        if let Some(comment) = comment {
            text.extend(entry.split('\n').map(|line| format!("{comment}{line}\n")));
            continue;
        }
        let would_be_skipped = entry.starts_with('#') || entry.lines().next().is_none_or(|line| line.trim().is_empty());
        if would_be_skipped || is_incomplete_json(entry) {
            text.push_str("/text ");
        }
        let lines: Vec<String> = entry.split('\n').map(escaped).collect();
        text.push_str(&lines.join("\\\n"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::pattern::Expression;

    fn variables() -> Variables {
        Variables::new(|name| (name == "USER").then(|| "ann".into()))
    }

    fn parse(text: &str) -> Result<Script> {
        Script::parse("test.ws", text, &variables())
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_script_is_what_would_be_typed() {
        let script =
            parse("#!/usr/bin/env -S wscope --script\n# login\n\nhello\n  \n{\n \"a\": 1}\none\\\ntwo\r\n//x\n")
                .unwrap();
        let steps: Vec<_> = script.steps.iter().map(|step| (step.place.as_str(), step.line.as_str())).collect();
        assert_eq!(
            steps,
            [("test.ws:4", "hello"), ("test.ws:6", "{\n \"a\": 1}"), ("test.ws:8", "one\ntwo"), ("test.ws:10", "//x"),]
        );
    }

    #[test]
    fn json_of_many_lines_is_read_in_linear_time() {
        let values: Vec<String> = (0..100_000).map(|number| format!("  {{\"[{number}\": \"}}\\\"]\"}},")).collect();
        let text = format!("[\n{}\n null\n]\nhello\n", values.join("\n"));
        let script = parse(&text).unwrap();
        let lines: Vec<usize> = script.steps.iter().map(|step| step.line.lines().count()).collect();
        assert_eq!(lines, [100_003, 1]);
        assert_eq!(message(&text.replace(" null\n]", " null")), "test.ws:1: this starts JSON that does not end");
        assert_eq!(parse("[hello\n[1,\n2]\n").unwrap().steps.len(), 2);
    }

    #[test]
    fn a_byte_order_mark_says_nothing() {
        assert_eq!(parse("\u{feff}#!/usr/bin/env -S wscope --script\n").unwrap().steps, []);
    }

    #[test]
    fn values_are_put_in_when_they_are_known() {
        let script =
            parse("/capture token json:/t\nauth ${token} ${env:USER}\n/expect within=2 ok ${token}\n//${token}")
                .unwrap();
        let mut variables = variables();
        variables.set("token", "/quit.");
        let understood: Vec<Line> = script.steps[1..].iter().map(|step| step.understand(&variables).unwrap()).collect();
        let expect = Command::Expect {
            within: std::time::Duration::from_secs(2),
            expression: Expression::parse(r"ok /quit\.").unwrap(),
        };
        assert_eq!(
            understood,
            [Line::Text("auth /quit. ann".into()), Line::Command(expect), Line::Text("//quit.".into()),]
        );
    }

    #[test]
    fn a_value_never_makes_a_command() {
        let script = parse("/capture x re:.*\n${x}").unwrap();
        let mut variables = variables();
        variables.set("x", "/quit");
        assert_eq!(script.steps[1].understand(&variables).unwrap(), Line::Text("/quit".into()));
    }

    #[test]
    fn mistakes_are_found_before_anything_is_sent() {
        assert_eq!(message("hello\n${token}"), "test.ws:2: nothing before captures `${token}`");
        assert_eq!(message("\n/pnig"), "test.ws:2: unknown command `/pnig`, did you mean `/ping`?");
        assert_eq!(message("/wait soon"), "test.ws:1: `soon` is not a number of seconds");
        assert_eq!(message("/capture t re:a\n/wiat ${t}"), "test.ws:2: unknown command `/wiat`, did you mean `/wait`?");
        assert_eq!(
            message("/expect ("),
            "test.ws:1: `(` is not a regular expression: unclosed group, at character 1: `(`"
        );
        assert_eq!(
            message("/capture t re:a\n/expect ${t}("),
            "test.ws:2: `0(` is not a regular expression: unclosed group, at character 2: `(`"
        );
        assert_eq!(message("/save x"), "test.ws:1: `/save` is for the prompt");
        assert_eq!(message("{\"a\": 1\n/quit"), "test.ws:1: this starts JSON that does not end");
        assert_eq!(message("${env:NO}"), "test.ws:1: `${env:NO}` is not in the environment, or not UTF-8");
    }

    #[test]
    fn what_was_typed_is_saved_as_a_script_that_means_the_same() {
        let typed: Vec<Typed> = [
            "hello",
            "",
            "# no comment",
            "\t ",
            " secret",
            "{\"a\":\n1}",
            "{",
            "ends with \\",
            "a\\\nb\\\\\n\nc",
            "/ping x",
            "//slash",
            "/text  ",
            "\nstarts with a newline",
        ]
        .map(|line| Typed { line: line.into(), failed: false })
        .to_vec();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ws");
        Script::save(&path, &typed).unwrap();
        let script = Script::read(&path, FileKinds::Regular, &variables()).unwrap();
        let meant = |line: &str| match slash::parse(line).unwrap() {
            Line::Command(Command::Text(text)) => Line::Text(text),
            other => other,
        };
        let kept =
            typed.iter().map(|typed| typed.line.as_str()).filter(|line| !line.is_empty() && !line.starts_with(' '));
        let expected: Vec<Line> = kept.map(&meant).collect();
        let saved: Vec<Line> = script.steps.iter().map(|step| meant(&step.line)).collect();
        assert_eq!(saved, expected);
        assert!(!fs::read_to_string(&path).unwrap().contains("secret"));
        assert_eq!(
            Script::save(&path, &typed).unwrap_err().to_string(),
            format!("`{}` exists already", path.display())
        );
    }

    #[test]
    fn what_failed_is_a_comment_in_what_is_saved() {
        let typed = [("/expect a", true), ("one\ntwo", true), ("hello", false)];
        let typed = typed.map(|(line, failed)| Typed { line: line.into(), failed });
        let lines = written(&typed);
        assert_eq!(lines, format!("{FIRST_LINE}\n# failed: /expect a\n# failed: one\n# failed: two\nhello\n"));
        assert_eq!(parse(&lines).unwrap().steps.len(), 1);
    }

    #[test]
    fn what_a_client_has_no_use_for_is_no_step() {
        let typed = ["/to 2 hello", "/stall", "hi"].map(|line| Typed { line: line.into(), failed: false });
        let lines = written(&typed);
        let comments = "# only in `listen` and `tap`: /to 2 hello\n# only in `tap`: /stall\n";
        assert_eq!(lines, format!("{FIRST_LINE}\n{comments}hi\n"));
        assert_eq!(message("/to 2 hello"), "test.ws:1: `/to` works in `listen` and `tap` only");
        assert_eq!(message("/stall"), "test.ws:1: `/stall` works in `tap` only");
    }

    #[test]
    fn a_script_that_is_no_utf8_names_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latin.ws");
        fs::write(&path, b"hello\n\ncaf\xe9\n").unwrap();
        let error = Script::read(&path, FileKinds::Regular, &variables()).unwrap_err();
        assert_eq!(error.to_string(), format!("{}:3: not UTF-8", path.display()));
    }
}
