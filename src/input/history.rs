//! The history of typed lines, kept in a file from run to run.
//!
//! The file has one entry a line; `\` and newlines in an entry are escaped. An entry is appended while the file is
//! locked, so several wscope processes keep each other's entries.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

use crate::platform::{private_file, private_folder};

/// How many entries the editor gets. The file keeps at least as many, and at most twice as many after it is read.
const ENTRIES: usize = 1000;

/// A longer entry is not kept.
const LONGEST_ENTRY: usize = 64 * 1024;

/// A file of entries. If it cannot be read or written, that is no error: then there is no history.
#[derive(Debug)]
pub struct History {
    path: Option<PathBuf>,
}

impl History {
    /// The history in the file `path`. `None`: nothing is kept.
    pub fn at(path: Option<PathBuf>) -> Self {
        Self { path }
    }

    /// The file that holds the history: `variable` (the value of `WSCOPE_HISTORY`), or a file in the XDG state folder
    /// if that is not set. `None`, if `variable` is empty or there is no such folder.
    pub fn usual_path(variable: Option<OsString>) -> Option<PathBuf> {
        match variable {
            Some(path) if path.is_empty() => None,
            Some(path) => Some(path.into()),
            None => choose_base_strategy().ok()?.state_dir().map(|folder| folder.join("wscope/history")),
        }
    }

    /// The latest entries, the newest last.
    pub fn entries(&self) -> Vec<String> {
        self.path.as_deref().and_then(|path| read(path).ok()).unwrap_or_default()
    }

    /// Appends `entry` to the file, unless the entry starts with a space.
    pub fn add(&self, entry: &str) {
        if entry.is_empty() || entry.starts_with(' ') || entry.len() > LONGEST_ENTRY {
            return;
        }
        if let Some(path) = &self.path {
            // A failure is not reported: the editor has the entry in memory while the process runs.
            let _ = append(path, entry);
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<String>> {
    let mut file = open(path)?;
    file.lock()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let latest = &lines[lines.len().saturating_sub(ENTRIES)..];
    if lines.len() > 2 * ENTRIES {
        rewrite(&mut file, latest)?;
    }
    Ok(latest.iter().map(|line| unescape(line)).collect())
}

/// Writes the same file anew, not a new file: another process may have it open to append to it.
fn rewrite(file: &mut File, lines: &[&str]) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let mut text = lines.join("\n");
    text.push('\n');
    file.write_all(text.as_bytes())
}

fn append(path: &Path, entry: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private_folder().recursive(true).create(folder)?;
    }
    let mut file = open(path)?;
    file.lock()?;
    let mut line = escape(entry);
    line.push('\n');
    file.write_all(line.as_bytes())
}

fn open(path: &Path) -> io::Result<File> {
    let is_new = !path.exists();
    private_file().read(true).append(true).create(is_new).open(path)
}

fn escape(entry: &str) -> String {
    entry.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r")
}

fn unescape(line: &str) -> String {
    let mut entry = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => entry.push('\n'),
                Some('r') => entry.push('\r'),
                Some(other) => entry.push(other),
                None => entry.push('\\'),
            },
            (plain, false) => entry.push(plain),
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn entries_come_back_as_they_were_typed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/wscope/history");
        let history = History::at(Some(path.clone()));
        assert_eq!(history.entries(), [""; 0]);
        let typed = ["hello", "{\n  \"a\": 1\n}", r"a\nb\", "über", "cr\rlf"];
        for entry in typed {
            history.add(entry);
        }
        assert_eq!(history.entries(), typed);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn what_starts_with_a_space_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::at(Some(folder.path().join("history")));
        history.add(" secret");
        history.add("");
        assert_eq!(history.entries(), [""; 0]);
    }

    #[test]
    fn several_at_once_keep_each_others_entries() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        thread::scope(|scope| {
            for writer in 0..4 {
                let history = History::at(Some(path.clone()));
                scope.spawn(move || (0..50).for_each(|number| history.add(&format!("{writer} {number}"))));
            }
        });
        assert_eq!(History::at(Some(path)).entries().len(), 200);
    }

    #[test]
    fn a_long_file_is_cut_to_the_latest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let numbers: Vec<String> = (0..=2 * ENTRIES).map(|number| number.to_string()).collect();
        fs::write(&path, numbers.join("\n") + "\n").unwrap();
        let history = History::at(Some(path.clone()));
        let entries = history.entries();
        assert_eq!((entries.len(), entries.last().unwrap().as_str()), (ENTRIES, "2000"));
        history.add("next");
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), ENTRIES + 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_no_error() {
        let history = History::at(Some("/dev/null/history".into()));
        history.add("hello");
        assert_eq!(history.entries(), [""; 0]);
        History::at(None).add("hello");
    }

    #[test]
    fn the_variable_names_the_file_or_turns_history_off() {
        assert_eq!(History::usual_path(Some("".into())), None);
        assert_eq!(History::usual_path(Some("/tmp/h".into())), Some("/tmp/h".into()));
    }
}
