//! A file of history with anything in it: entries come out of it, and what is added comes back as it was typed.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use wscope::input::History;

fuzz_target!(|input: (&[u8], &str)| {
    let (file, entry) = input;
    let path = std::env::temp_dir().join(format!("wscope-fuzz-{}.history", std::process::id()));
    // A last line without its end is what an editor leaves; the entry that is added would join it.
    let ended = [file, b"\n"].concat();
    fs::write(&path, ended).expect("a temporary file can be written");
    let history = History::at(Some(path));
    let before = history.entries();
    history.add(entry);
    let after = history.entries();
    if entry.is_empty() || entry.starts_with(' ') || entry.len() > 64 * 1024 {
        assert_eq!(before, after);
    } else {
        assert_eq!(after.last().map(String::as_str), Some(entry));
    }
});
