//! The direction of dependence between the rooms of `src`, and a few house rules, read from the sources.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Which rooms (or parts of them) each room may use besides itself.
const MAY_USE: [(&str, &[&str]); 13] = [
    ("diagnosis", &[]),
    ("error", &["diagnosis"]),
    ("wire", &["diagnosis"]),
    ("event", &["error", "wire"]),
    ("net", &["diagnosis", "error", "event"]),
    ("output", &["diagnosis", "error", "event", "wire"]),
    ("session", &["diagnosis", "error", "event", "net", "output", "wire"]),
    ("input", &["error", "wire", "output::Outlet", "output::Setting", "output::escape", "output::terminal"]),
    (
        "cli",
        &[
            "error",
            "input::Format",
            "input::command",
            "net::ListenAddress",
            "net::MinimumVersion",
            "output::DataFormat",
            "output::Timestamps",
            "output::theme::ColorChoice",
            "wire",
        ],
    ),
    ("client", &["cli", "diagnosis", "error", "event", "input", "net", "output", "session", "wire"]),
    ("frontend", &["cli", "client", "error", "event", "input", "net", "output", "session", "wire"]),
    ("server", &["cli", "client", "error", "event", "frontend", "input", "net", "output", "session", "wire"]),
    (
        "command",
        &["cli", "client", "error", "event", "frontend", "input", "net", "output", "server", "session", "wire"],
    ),
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
        for used in source.code.lines().filter_map(uses) {
            let own = under(used, room);
            if !own && !allowed.iter().any(|part| under(used, part)) {
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
            if source.name.starts_with(place) && except != Some(&source.name) && source.code.contains(words) {
                breaches.push(format!("{} has `{words}`", source.name));
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
    Ok(())
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
}

/// All files below `src` but those that hold only tests, in order.
fn sources() -> io::Result<Vec<Source>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths)?;
    paths.retain(|path| path.file_name().is_some_and(|name| name != "tests.rs"));
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

/// What a line of code takes from another room: `net::Target` of `use crate::net::Target;`.
fn uses(line: &str) -> Option<&str> {
    let code = line.trim_start();
    let (_, path) = code.split_once("crate::").filter(|_| !code.starts_with("//"))?;
    Some(path.split(|c: char| !c.is_alphanumeric() && c != ':' && c != '_').next().unwrap_or(path))
}

/// Whether `path` is `part` or lies in it.
fn under(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}
