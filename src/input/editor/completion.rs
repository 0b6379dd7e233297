//! Completion with Tab: commands, settings, fields of `/frame`, decoders, and names of files.

use std::fs;

use rustyline::completion::Pair;
use unicode_width::UnicodeWidthStr;

use crate::decode;
use crate::input::path::path;
use crate::input::slash::{COMMANDS, Prompt, Usage, frame_fields, setting_names};
use crate::output::escape::is_unsafe;

/// The candidates for `line`, which ends at the cursor and is typed at `prompt`; and the index in `line` from which they
/// replace its text.
pub(super) fn candidates(line: &str, prompt: Prompt) -> (usize, Vec<Pair>) {
    let Some(command) = line.strip_prefix('/') else {
        return (line.len(), Vec::new());
    };
    let Some((name, rest)) = command.split_once(' ') else {
        return (0, commands(command, prompt));
    };
    let start = line.len() - rest.len();
    let last = rest.rfind(' ').map_or(0, |space| space + 1);
    let (before, word) = rest.split_at(last);
    match name {
        "file" | "run" | "save" | "save-last" => files(start, rest),
        "help" => (start, words(working(prompt).map(|usage| usage.name), rest, "")),
        "as" => (start, words(decode::names(), rest, "")),
        "set" if before.is_empty() => (start, words(setting_names(), word, " ")),
        "set" => (start + last, words(["on", "off"].into_iter(), word, "")),
        "binary" | "frame" if word.starts_with('@') => files(start + last + 1, &word[1..]),
        "frame" => (start + last, words(frame_fields(), word, "")),
        _ => (line.len(), Vec::new()),
    }
}

/// The candidates as a list of columns in a terminal that is `width` wide.
pub(super) fn columns(candidates: &[Pair], width: usize) -> String {
    let widest = candidates.iter().map(|candidate| candidate.display.width()).max().unwrap_or(0) + 2;
    let per_row = (width.saturating_sub(1) / widest).max(1);
    let rows = candidates.len().div_ceil(per_row);
    let row = |row: usize| {
        let cells = candidates.iter().skip(row).step_by(rows);
        let filled = cells.map(|candidate| candidate.display.clone() + &" ".repeat(widest - candidate.display.width()));
        filled.collect::<String>().trim_end().to_owned() + "\n"
    };
    (0..rows).map(row).collect()
}

fn working(prompt: Prompt) -> impl Iterator<Item = &'static Usage> {
    COMMANDS.iter().filter(move |usage| usage.scope.works_at(prompt))
}

fn commands(typed: &str, prompt: Prompt) -> Vec<Pair> {
    let matching = working(prompt).filter(|usage| usage.name.starts_with(typed));
    matching
        .map(|usage| {
            let display = format!("/{}", usage.name);
            let replacement = if usage.arguments.is_empty() { display.clone() } else { format!("{display} ") };
            Pair { display, replacement }
        })
        .collect()
}

fn words(known: impl Iterator<Item = &'static str>, typed: &str, end: &str) -> Vec<Pair> {
    let matching = known.filter(|word| word.starts_with(typed));
    matching.map(|word| Pair { display: word.to_owned(), replacement: format!("{word}{end}") }).collect()
}

/// Files whose path starts with `typed`. Hidden files are candidates only if their dot was typed. Files whose names
/// contain control characters are never candidates: listing the name would send them to the terminal.
fn files(start: usize, typed: &str) -> (usize, Vec<Pair>) {
    let (folder, beginning) = typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1));
    let listing = fs::read_dir(if folder.is_empty() { ".".into() } else { path(folder) });
    let entries = listing.into_iter().flatten().flatten();
    let mut candidates: Vec<Pair> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let is_candidate = name.starts_with(beginning) && (beginning.starts_with('.') || !name.starts_with('.'));
            let slash = if entry.path().is_dir() { "/" } else { "" };
            (is_candidate && !name.contains(is_unsafe))
                .then(|| Pair { display: format!("{name}{slash}"), replacement: format!("{folder}{name}{slash}") })
        })
        .collect();
    candidates.sort_unstable_by(|one, other| one.display.cmp(&other.display));
    (start, candidates)
}

#[cfg(test)]
mod tests {
    use rustyline::completion::longest_common_prefix;

    use super::*;

    fn inserted(line: &str) -> (usize, Vec<String>) {
        let (start, candidates) = candidates(line, Prompt::Client);
        (start, candidates.into_iter().map(|candidate| candidate.replacement).collect())
    }

    #[test]
    fn candidates_are_listed_in_columns() {
        let listed = |width| columns(&candidates("/expect", Prompt::Client).1, width);
        assert_eq!(listed(80), "/expect        /expect-close  /expect-quiet\n");
        assert_eq!(listed(31), "/expect        /expect-quiet\n/expect-close\n");
        assert_eq!(listed(3).lines().count(), 3);
        assert_eq!(longest_common_prefix(&candidates("/exp", Prompt::Client).1), Some("/expect"));
    }

    #[test]
    fn commands_are_completed_in_column_one() {
        assert_eq!(inserted("/pi"), (0, vec!["/ping ".into()]));
        assert_eq!(inserted("/sta"), (0, vec!["/stats".into()]));
        assert_eq!(inserted("/expect").1, ["/expect ", "/expect-close ", "/expect-quiet "]);
        assert_eq!(inserted("hello").1, [""; 0]);
    }

    #[test]
    fn each_prompt_offers_the_commands_that_work_there() {
        let names = |prompt| commands("sta", prompt).into_iter().map(|command| command.display).collect::<Vec<_>>();
        assert_eq!(names(Prompt::Client), ["/stats"]);
        assert_eq!(names(Prompt::Server), ["/stats"]);
        assert_eq!(names(Prompt::Tap), ["/stats", "/stall"]);
        for prompt in [Prompt::Client, Prompt::Server, Prompt::Tap] {
            let working = COMMANDS.iter().filter(|usage| usage.scope.works_at(prompt)).count();
            assert_eq!(commands("", prompt).len(), working, "{prompt:?}");
        }
    }

    #[test]
    fn arguments_are_completed() {
        assert_eq!(inserted("/set fr"), (5, vec!["frames ".into()]));
        assert_eq!(inserted("/set frames o"), (12, vec!["on".into(), "off".into()]));
        assert_eq!(inserted("/frame fin=0 op=p"), (13, vec!["op=ping".into(), "op=pong".into()]));
        assert_eq!(inserted("/help fra"), (6, vec!["frame".into()]));
        assert_eq!(inserted("/help stal"), (6, vec![]), "that is for `tap`");
        assert_eq!(inserted("/as zs"), (4, vec!["zstd".into(), "zstd-stream".into()]));
    }

    #[test]
    fn file_names_are_completed_where_a_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        fs::write(folder.path().join("a b.json"), "").unwrap();
        fs::write(folder.path().join(".hidden"), "").unwrap();
        fs::write(folder.path().join("a\x1b]0;evil\x07"), "").unwrap();
        fs::create_dir(folder.path().join("abc")).unwrap();
        assert_eq!(inserted(&format!("/file {root}/a")), (6, vec![format!("{root}/a b.json"), format!("{root}/abc/")]));
        assert_eq!(inserted(&format!("/binary @{root}/abc")), (9, vec![format!("{root}/abc/")]));
        assert_eq!(inserted(&format!("/frame op=text @{root}/.h")), (16, vec![format!("{root}/.hidden")]));
        assert_eq!(inserted("/file /no/such/folder/"), (6, vec![]));
    }
}
