//! The direction of dependence between the rooms of `src`, and a few house rules, read from the sources.

mod paths;
mod source;

use std::io;

use paths::uses;
use source::{Function, Source, files_below, functions, names_a_flag, sources, string_literals};

/// Which rooms (or parts of them) each room may use besides itself.
#[rustfmt::skip]
const MAY_USE: &[(&str, &[&str])] = &[
    ("diagnosis", &[]),
    ("error", &["diagnosis"]),
    ("platform", &[]),
    ("http", &[]),
    ("wire", &["diagnosis", "http"]),
    ("event", &["error", "wire"]),
    ("decode", &["event", "wire"]),
    ("dialect", &["decode", "event", "wire"]),
    ("pattern", &["event::Direction", "wire::Kind"]),
    ("net", &["diagnosis", "error", "event", "http", "platform"]),
    ("output", &["diagnosis", "dialect", "error", "event", "http", "pattern", "platform", "wire"]),
    ("recording", &["decode", "diagnosis", "dialect", "error", "event", "http", "output", "platform", "wire"]),
    ("session", &["diagnosis", "dialect", "error", "event", "http", "net", "output", "pattern", "platform", "wire"]),
    ("input", &["decode", "diagnosis", "error", "output::Output", "output::Setting", "output::Timestamps", "output::escape", "output::terminal", "pattern", "platform", "wire"]),
    ("profile", &["error", "input::Quoting", "input::Variables", "platform"]),
    ("cli", &[
        "decode", "dialect", "error", "http::HeaderRule", "http::redact", "input::Format", "input::slash", "net",
        "output::DataFormat", "output::fold", "output::Timestamps", "output::theme::ColorChoice", "pattern", "profile", "recording", "wire",
    ]),
    ("client", &["cli", "decode", "diagnosis", "dialect", "error", "event", "http", "input", "net", "output", "pattern", "platform", "recording", "session", "wire"]),
    ("frontend", &["cli", "client", "decode", "error", "event", "http::redact", "input", "net", "output", "pattern", "platform", "recording", "session", "wire"]),
    ("server", &["cli", "client", "error", "event", "frontend", "http", "input", "net", "output", "platform", "recording", "session", "wire"]),
    ("tap", &["cli", "client", "diagnosis", "error", "event", "frontend", "http", "input", "net", "output", "platform", "session", "wire"]),
    ("ping", &["cli", "client", "error", "event", "http::redact", "output", "platform", "session", "wire"]),
    ("check", &["cli", "client", "diagnosis", "error", "event", "http", "net", "output", "platform", "session", "wire"]),
    ("command", &[
        "check", "cli", "client", "error", "event", "frontend", "input", "net", "output", "ping", "platform", "profile", "server", "session", "tap", "wire", "recording",
    ]),
];

/// What may not be written where (a prefix of the path below `src`), except in a file.
const FORBIDDEN: [(&str, &str, Option<&str>); 22] = [
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
    // They read without a limit; `platform::read_file` has one.
    ("", "fs::read(", None),
    ("", "read_to_string(", None),
    // It panics where the process may have no more threads.
    ("", "thread::spawn(", None),
    ("", "thread::scope(", None),
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

/// What is below `client` and knows nothing of the command line.
const BELOW_CLIENT: [&str; 15] = [
    "diagnosis",
    "error",
    "platform",
    "http",
    "wire",
    "event",
    "decode",
    "dialect",
    "pattern",
    "net",
    "output",
    "recording",
    "session",
    "input",
    "profile",
];

/// Files below `client` that may name a flag.
const MAY_NAME_FLAGS: [&str; 3] = [
    // Shown beside a binary message on a terminal, where the bytes are left out.
    "output/text.rs",
    // The first line of a script that is saved.
    "input/script.rs",
    // What `wscope generate` tells of the events.
    "output/json/schema.rs",
];

/// Lines that a file may have, its unit tests included.
const LONGEST_FILE: usize = 400;
/// Lines that a file of `command` may have.
const LONGEST_COMMAND: usize = 150;
/// Lines that a function may have.
const LONGEST_FUNCTION: usize = 60;

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
        for line in lines.filter(|line| PLATFORM_ONLY.iter().any(|words| names(line, words))) {
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

/// A file of tests that no other declares would be neither compiled nor run.
#[test]
fn every_file_is_declared_as_a_module() -> io::Result<()> {
    for folder in ["src", "tests"] {
        let files = files_below(folder)?;
        let declares = |parent: &[&str], name: &str| {
            let mut parents = files.iter().filter(|file| file.module() == parent);
            parents.any(|file| file.text.contains(&format!("mod {name};")))
        };
        for file in &files {
            let module = file.module();
            let Some((name, parent)) = module.split_last() else { continue };
            assert!(declares(parent, name), "`{folder}/{}` is part of nothing", file.name);
        }
    }
    Ok(())
}

#[test]
fn no_file_is_too_long() -> io::Result<()> {
    let sources = sources()?;
    let limit = |source: &Source| if source.room() == "command" { LONGEST_COMMAND } else { LONGEST_FILE };
    let long = sources.iter().filter(|source| source.text.lines().count() > limit(source));
    let long: Vec<_> = long.map(|source| format!("{}: {} lines", source.name, source.text.lines().count())).collect();
    assert!(long.is_empty(), "{long:#?}");
    Ok(())
}

#[test]
fn no_function_is_too_long() -> io::Result<()> {
    let mut long = Vec::new();
    for source in sources()? {
        let functions = functions(&source.text).into_iter().filter(|function| function.lines > LONGEST_FUNCTION);
        long.extend(functions.map(|Function { name, lines }| format!("{}: `{name}` has {lines} lines", source.name)));
    }
    assert!(long.is_empty(), "{long:#?}");
    Ok(())
}

#[test]
fn command_has_one_file_for_each_command() -> io::Result<()> {
    let sources = sources()?;
    let mut files: Vec<_> = sources.iter().filter_map(|source| source.name.strip_prefix("command/")).collect();
    files.retain(|file| *file != "mod.rs");
    let cli = sources.iter().find(|source| source.name == "cli/mod.rs").expect("the definitions of the commands");
    let (_, commands) = cli.code.split_once("pub enum Invocation {").expect("the list of commands");
    let (commands, _) = commands.split_once("\n}").expect("its end");
    let names = commands.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut wanted: Vec<_> =
        names.filter_map(|line| line.split_once('(')).map(|(name, _)| name.to_lowercase()).collect();
    wanted.sort();
    assert_eq!(files, wanted.iter().map(|name| format!("{name}.rs")).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn flags_are_not_named_below_client() -> io::Result<()> {
    let mut breaches = Vec::new();
    let all = sources()?;
    let below = all.iter().filter(|source| BELOW_CLIENT.contains(&source.room()));
    for source in below.filter(|source| !MAY_NAME_FLAGS.contains(&source.name.as_str())) {
        let naming = string_literals(&source.code).into_iter().filter(|literal| names_a_flag(literal));
        breaches.extend(naming.map(|literal| format!("{}: {literal:?}", source.name)));
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
    Ok(())
}

#[test]
fn functions_and_their_lengths_are_found() {
    let code = "impl A {\n    pub const fn one(\n        self,\n    ) -> B {\n        match x {\n        }\n    }\n\n    \
                fn declared(&self);\n}\npub(crate) fn short() {}\n// A fn in words.\nlet f = |fn_like| 1;\n";
    let found: Vec<_> = functions(code).into_iter().map(|Function { name, lines }| (name, lines)).collect();
    assert_eq!(found, [("one".to_owned(), 6), ("declared".to_owned(), 1), ("short".to_owned(), 1)]);
}

#[test]
fn string_literals_are_found() {
    let code = r##"a("one \" two"); // "three"
        b('"', '\'', "x"); r#"raw " --flag"#; for"##;
    assert_eq!(string_literals(code), ["one \\\" two", "x", "raw \" --flag"]);
    assert!(names_a_flag("use --lenient") && names_a_flag("--frames"));
    assert!(!names_a_flag("-- a dash") && !names_a_flag("---line") && !names_a_flag("<!--"));
}

/// Whether `line` has `words`, and not as the end of a longer name, such as `phoenix::`.
fn names(line: &str, words: &str) -> bool {
    line.match_indices(words).any(|(start, _)| !line[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Whether `path` is `part` or lies in it.
fn under(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}
