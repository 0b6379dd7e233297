//! The history of typed lines, kept in a file from run to run.
//!
//! The file has one entry a line; `\` and newlines in an entry are escaped. An entry is appended while the file is
//! locked, so several wscope processes keep each other's entries. When it is too
//! long, a new file takes its place.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use etcetera::{BaseStrategy, choose_base_strategy};

use crate::platform::{is_at, open_own_file, private_file, private_folder};

/// How many entries the editor gets. The file keeps at least as many, and at most twice as many after it is read.
pub(super) const ENTRIES: usize = 1000;

/// A longer entry is not kept.
const LONGEST_ENTRY: usize = 64 * 1024;

/// So many bytes are read of the file, from its end.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How long to wait for another process that has locked the file. The prompt waits as long.
const LOCK_LIMIT: Duration = Duration::from_millis(200);
const LOCK_INTERVAL: Duration = Duration::from_millis(2);

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
    let (mut file, lock) = open(path)?;
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(LARGEST);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    // The file stays open, and so locked.
    Read::by_ref(&mut file).take(LARGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().skip(usize::from(skipped > 0)).collect();
    let latest = &lines[lines.len().saturating_sub(ENTRIES)..];
    if lock == Lock::Held && (lines.len() > 2 * ENTRIES || skipped > 0) {
        // Where that fails, the file is as it was.
        let _ = replace(path, latest);
    }
    Ok(latest.iter().map(|line| unescape(line)).collect())
}

/// Puts a new file in the place of the one that is locked: whatever happens meanwhile, one of them is there, whole.
fn replace(path: &Path, lines: &[&str]) -> io::Result<()> {
    // Where the path is a link, the link stays.
    let path = path.canonicalize()?;
    let mut name = path.clone().into_os_string();
    name.push(format!(".{}", std::process::id()));
    let new = PathBuf::from(name);
    let mut file = private_file().write(true).create_new(true).open(&new)?;
    let written = file.write_all((lines.join("\n") + "\n").as_bytes()).and_then(|()| fs::rename(&new, &path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn append(path: &Path, entry: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private_folder().recursive(true).create(folder)?;
    }
    let (mut file, _lock) = open(path)?;
    let mut line = escape(entry);
    line.push('\n');
    file.write_all(line.as_bytes())
}

/// Whether this process has the lock of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    Held,
    /// Another process keeps it, or the file system has none. Entries are read and appended all the same.
    Missing,
}

/// Opens the file, and locks it if another process does not keep the lock for longer than a limit.
fn open(path: &Path) -> io::Result<(File, Lock)> {
    let until = Instant::now() + LOCK_LIMIT;
    loop {
        let file = open_own_file(path)?;
        let lock = lock(&file, until);
        // Another process may have put a new file in its place while this one waited for the lock.
        if lock == Lock::Missing || is_at(&file, path) || Instant::now() >= until {
            return Ok((file, lock));
        }
    }
}

fn lock(file: &File, until: Instant) -> Lock {
    loop {
        match file.try_lock() {
            Ok(()) => return Lock::Held,
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOCK_INTERVAL),
            Err(_) => return Lock::Missing,
        }
    }
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
    use std::os::unix::fs::{PermissionsExt, symlink};

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

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
    fn nothing_is_lost_while_another_process_cuts_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        fs::write(&path, "old\n".repeat(2 * ENTRIES)).unwrap();
        let history = History::at(Some(path));
        thread::scope(|scope| {
            for writer in 0..4 {
                let history = &history;
                scope.spawn(move || {
                    for number in 0..50 {
                        history.add(&format!("{writer} {number}"));
                        assert_eq!(history.entries().len(), ENTRIES);
                    }
                });
            }
        });
        assert_eq!(history.entries().iter().filter(|entry| *entry != "old").count(), 200);
    }

    #[test]
    fn a_file_that_another_process_keeps_locked_is_used_without_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        fs::write(&path, "old\n".repeat(3 * ENTRIES)).unwrap();
        let other = File::open(&path).unwrap();
        other.lock().unwrap();
        let history = History::at(Some(path.clone()));
        assert_eq!(history.entries().len(), ENTRIES);
        history.add("new");
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3 * ENTRIES + 1);
    }

    #[test]
    fn what_is_no_file_keeps_no_history_and_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        for path in [pipe.as_path(), Path::new("/dev/zero"), folder.path()] {
            let history = History::at(Some(path.to_owned()));
            history.add("hello");
            assert_eq!(history.entries(), [""; 0]);
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_closed_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        fs::write(&path, "old\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(History::at(Some(path.clone())).entries(), ["old"]);
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_link_is_followed_to_a_file_and_never_makes_one() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        symlink(&target, &link).unwrap();
        let history = History::at(Some(link.clone()));
        history.add("hello");
        assert!(!target.exists());
        fs::write(&target, "old\n".repeat(3 * ENTRIES)).unwrap();
        history.add("hello");
        assert_eq!(history.entries().len(), ENTRIES);
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap().lines().count(), ENTRIES);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn of_a_very_large_file_the_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        fs::write(&path, ("x".repeat(60_000) + "\n").repeat(300) + "last\n").unwrap();
        let history = History::at(Some(path.clone()));
        assert_eq!(history.entries().last().unwrap(), "last");
        assert!(fs::metadata(&path).unwrap().len() <= LARGEST);
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
