//! `man/` and `completions/` say what the definitions in `src/cli` say.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

use wscope::cli::Generated;
use wscope::command::generate;
use wscope::error::ExitStatus;
use wscope::output::json::{SCHEMA, VERSION};

#[test]
fn checked_in_files_are_fresh() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut stale = Vec::new();
    for generated in Generated::all() {
        let (path, fresh) = (root.join(generated.path()), generate::render(generated)?);
        if fs::read(&path).ok().as_ref() != Some(&fresh) {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&path, fresh)?;
            stale.push(generated.path());
        }
    }
    assert!(stale.is_empty(), "these were stale and have been rewritten, commit them: {stale:?}");
    Ok(())
}

#[test]
fn the_man_pages_explain_every_flag() -> io::Result<()> {
    for generated in Generated::all().filter(|generated| generated.path().starts_with("man/")) {
        let page = String::from_utf8_lossy(&generate::render(generated)?).into_owned();
        for entry in page.split("\n.TP\n").skip(1) {
            let (term, meaning) = entry.split_once('\n').expect("a term and its meaning");
            assert!(!meaning.trim().is_empty() && !meaning.starts_with('\n'), "{}: {term}", generated.path());
        }
    }
    Ok(())
}

#[test]
fn the_readme_lists_every_exit_status() -> io::Result<()> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))?;
    for status in ExitStatus::ALL {
        let row = format!("| {} | {} |\n", status.code(), status.describe());
        assert!(readme.contains(&row), "README.md lacks: {row}");
    }
    Ok(())
}

#[test]
fn the_man_page_lists_every_field_of_every_event() -> io::Result<()> {
    let man = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("man/wscope.1"))?;
    let (_, mut rest) = man.split_once(".SH EVENTS\n").expect("a section on the events");
    assert!(rest.contains(&format!("version {VERSION}")), "the version of the schema");
    for field in SCHEMA {
        let term = format!(".TP\n\\fB{}\\fR (\\fI{}\\fR)\n", field.name, field.kind);
        (_, rest) = rest.split_once(&term).unwrap_or_else(|| panic!("in order: {field:?}"));
    }
    Ok(())
}

#[test]
fn man_pages_fit_80_columns() -> io::Result<()> {
    if !Path::new("/usr/bin/man").exists() {
        return Ok(());
    }
    for page in ["wscope.1", "wscope-curl.1", "wscope-demo.1", "wscope-listen.1", "wscope-tap.1"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(page);
        let mut man = Command::new("man");
        man.args(["-P", "cat", "-l"]).arg(file).env("MANWIDTH", "80").env("LANG", "C.UTF-8").env("TERM", "dumb");
        let shown = String::from_utf8_lossy(&man.output()?.stdout).into_owned();
        let wide: Vec<_> = shown.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(shown.lines().count() > 20 && wide.is_empty(), "{page}: {wide:#?}");
    }
    Ok(())
}
