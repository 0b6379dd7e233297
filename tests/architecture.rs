//! The direction of dependence between the rooms of `src`, and a few house rules, read from the sources.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Which rooms (or parts of them) each room may use besides itself.
#[rustfmt::skip]
const MAY_USE: [(&str, &[&str]); 15] = [
    ("diagnosis", &[]),
    ("error", &["diagnosis"]),
    ("platform", &[]),
    ("http", &[]),
    ("wire", &["diagnosis", "http"]),
    ("event", &["error", "wire"]),
    ("net", &["diagnosis", "error", "event", "platform"]),
    ("output", &["diagnosis", "error", "event", "http", "platform", "wire"]),
    ("session", &["diagnosis", "error", "event", "http", "net", "output", "platform", "wire"]),
    ("input", &["error", "output::Output", "output::Setting", "output::escape", "output::terminal", "platform", "wire"]),
    ("cli", &[
        "error", "http::HeaderRule", "input::Format", "input::slash", "net::ListenAddress", "net::MinimumVersion",
        "output::DataFormat", "output::Timestamps", "output::theme::ColorChoice", "wire",
    ]),
    ("client", &["cli", "diagnosis", "error", "event", "http", "input", "net", "output", "platform", "session", "wire"]),
    ("frontend", &["cli", "client", "error", "event", "input", "net", "output", "platform", "session", "wire"]),
    ("server", &["cli", "client", "error", "event", "frontend", "http", "input", "net", "output", "platform", "session", "wire"]),
    ("command", &[
        "cli", "client", "error", "event", "frontend", "input", "net", "output", "platform", "server", "session", "wire",
    ]),
];

/// What may not be written where (a prefix of the path below `src`), except in a file.
const FORBIDDEN: [(&str, &str, Option<&str>); 18] = [
    ("wire", "std::net", None),
    ("wire", "std::thread", None),
    ("wire", "std::time", None),
    ("wire", "std::fs", None),
    ("cli/", "std::env", None),
    ("cli/", "std::fs", None),
    ("cli/", "std::net", None),
    ("net", "println!", None),
    ("session", "println!", None),
    ("input", "std::net", None),
    ("output", "std::net", None),
    ("", "colored::", Some("output/theme.rs")),
    ("", "unsafe {", None),
    ("", "dbg!", None),
    ("", "TODO", None),
    ("", "FIXME", None),
    ("", "#[allow(", None),
    ("", "#![allow(", None),
];

/// What only `platform` may write: the system's own calls, types and files.
const PLATFORM_ONLY: [&str; 7] =
    ["nix::", "signal_hook", "std::os::", "os::fd", "os::unix", "\"/dev/tty\"", "\"/proc/self"];

/// Lines of code a file may have, its unit tests not counted.
const LONGEST_FILE: usize = 450;

/// Files that are not in a room: what they use is their purpose.
const NO_ROOM: [&str; 2] = ["lib", "main"];

#[test]
fn rooms_use_only_what_they_may() -> io::Result<()> {
    let mut breaches = Vec::new();
    for source in sources()? {
        let Some((room, allowed)) = MAY_USE.iter().find(|(room, _)| *room == source.room()) else {
            assert!(NO_ROOM.contains(&source.room()), "{} is in no known room", source.name);
            continue;
        };
        for used in uses(&source.code, &source.module()) {
            let own = under(&used, room);
            if !own && !allowed.iter().any(|part| under(&used, part)) {
                breaches.push(format!("{} uses crate::{used}", source.name));
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
    Ok(())
}

#[test]
fn nothing_forbidden_is_written() -> io::Result<()> {
    let mut breaches = Vec::new();
    for source in sources()? {
        for (place, words, except) in FORBIDDEN {
            if source.lies_in(place) && except != Some(&source.name) && source.code.contains(words) {
                breaches.push(format!("{} has `{words}`", source.name));
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
    Ok(())
}

#[test]
fn only_platform_names_the_operating_system() -> io::Result<()> {
    let mut breaches = Vec::new();
    for source in sources()?.iter().filter(|source| source.room() != "platform") {
        let lines = source.code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines.filter(|line| PLATFORM_ONLY.iter().any(|words| line.contains(words))) {
            breaches.push(format!("{} has `{}`", source.name, line.trim()));
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
    Ok(())
}

#[test]
fn every_path_out_of_a_room_is_found() {
    let module = ["output", "terminal", "device"];
    let found = |line| uses(line, &module);
    assert_eq!(found("use crate::net::Target;"), ["net::Target"]);
    assert_eq!(found("fn of(a: crate::net::A, b: &crate::wire::B) {"), ["net::A", "wire::B"]);
    assert_eq!(found("use crate::{net, wire};"), ["net", "wire"]);
    assert_eq!(found("use crate::net::{\n    Target, connect::Options,\n};"), ["net::Target", "net::connect::Options"]);
    assert_eq!(found("use super::super::super::net::Target;"), ["net::Target"]);
    assert_eq!(found("use super::super::super::{net, wire};"), ["net", "wire"]);
    assert_eq!(found("use super::super::super as root;"), [""]);
    assert_eq!(found("use super::super::FdOutlet;"), ["output::FdOutlet"]);
    assert_eq!(found("use super::watch;"), ["output::terminal::watch"]);
    assert_eq!(found("pub(super) fn on() {}"), [""; 0]);
    assert_eq!(found("pub(in super::super) fn on() {}"), [""; 0]);
    assert_eq!(found("// crate::net is not used"), [""; 0]);
    assert_eq!(uses("use super::net;", &["error"]), ["net"]);
}

#[test]
fn files_are_about_one_thing() -> io::Result<()> {
    let mut long = Vec::new();
    for source in sources()? {
        let lines = source.code.lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{} has {lines} lines", source.name));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
    Ok(())
}

/// A file below `src`.
struct Source {
    /// Its path below `src`.
    name: String,
    /// Without its unit tests.
    code: String,
}

impl Source {
    /// The first part of its path, without `.rs`.
    fn room(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Whether it is the file `place` or lies in the folder of that name; everything lies in the empty one.
    fn lies_in(&self, place: &str) -> bool {
        place.is_empty() || self.name.strip_prefix(place).is_some_and(|rest| rest.starts_with(['/', '.']))
    }

    /// The path of the module that the file is.
    fn module(&self) -> Vec<&str> {
        let path = self.name.strip_suffix(".rs").unwrap_or(&self.name);
        path.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).collect()
    }
}

/// All files below `src` but those that hold only tests, in order.
fn sources() -> io::Result<Vec<Source>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths)?;
    paths.retain(|path| {
        let name = path.strip_prefix(&root).unwrap_or(path);
        !name.ends_with("tests.rs") && name.iter().all(|part| part != "tests")
    });
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        let text = fs::read_to_string(path)?;
        let code = text.split("\nmod tests {").next().unwrap_or_default().to_owned();
        Ok(Source { name, code })
    };
    paths.iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// What code in `module` names by a path from the root of the crate, or by one that goes up to a parent: `net::Target`
/// of `use crate::net::Target;`. Empty for the root itself.
fn uses(code: &str, module: &[&str]) -> Vec<String> {
    let code: Vec<_> = code.lines().map(str::trim_start).filter(|line| !line.starts_with("//")).collect();
    let code = code.join(" ");
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some((start, parents)) = next_path(rest) {
        rest = &rest[start..];
        let kept = if parents == 0 { 0 } else { module.len().saturating_sub(parents) };
        for path in paths_behind(rest) {
            let parts = module[..kept].iter().copied().chain(path.split("::")).filter(|part| !part.is_empty());
            found.push(parts.collect::<Vec<_>>().join("::"));
        }
    }
    found
}

/// Behind the next `crate` (0 parents) or chain of `super` (as many parents), where `::` or ` as ` may follow.
fn next_path(code: &str) -> Option<(usize, usize)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let starts = code.match_indices(is_word).map(|(index, _)| index);
    let mut words = starts.filter(|&index| !code[..index].ends_with(is_word));
    words.find_map(|index| {
        let word = &code[index..];
        let length = |word: &str| word.find(|c| !is_word(c)).unwrap_or(word.len());
        match &word[..length(word)] {
            "crate" => Some((index + "crate".len(), 0)),
            "super" => {
                let (mut end, mut parents) = (index + "super".len(), 1);
                while let Some(next) = code[end..].strip_prefix("::")
                    && &next[..length(next)] == "super"
                {
                    end += "::super".len();
                    parents += 1;
                }
                Some((end, parents))
            }
            _ => None,
        }
    })
}

/// The paths that follow `crate` or `super`, one for each item of a group; none where it begins no path (`pub(crate)`).
fn paths_behind(code: &str) -> Vec<String> {
    if code.starts_with(" as ") {
        return vec![String::new()];
    }
    let Some(code) = code.strip_prefix("::") else { return Vec::new() };
    let path = plain_path(code);
    match code[path.len()..].strip_prefix('{').and_then(|group| group.split_once('}')) {
        Some((group, _)) => {
            let items = group.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| format!("{path}{}", plain_path(item))).collect()
        }
        None => vec![path.to_owned()],
    }
}

/// The beginning of `code`, as far as it is a path.
fn plain_path(code: &str) -> &str {
    code.split(|c: char| !c.is_alphanumeric() && c != ':' && c != '_').next().unwrap_or(code)
}

/// Whether `path` is `part` or lies in it.
fn under(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}
