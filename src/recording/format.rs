//! The formats of recordings, by the endings of their files.

use std::path::Path;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.jsonl`: everything, lossless.
    JsonLines,
    /// `.log`: the screen as plain text. It cannot be read again.
    Log,
    /// `.har`: HAR 1.2 with `_webSocketMessages`.
    Har,
    /// `.html`: a page for people. It is made of a recording, and cannot be read again.
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::JsonLines, Self::Log, Self::Har, Self::Html];

    /// The format of a file with this name; `None`, if it has none of the endings. Case does not count.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|format| format.ending().eq_ignore_ascii_case(ending))
    }

    /// The ending, without its dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Log => "log",
            Self::Har => "har",
            Self::Html => "html",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_file_says_its_format() {
        let format = |path| Format::of(Path::new(path));
        assert_eq!(format("a.b/session.jsonl"), Some(Format::JsonLines));
        assert_eq!(format("SESSION.HAR"), Some(Format::Har));
        assert_eq!([format("a.log"), format("a.html")], [Some(Format::Log), Some(Format::Html)]);
        assert_eq!([format("a.json"), format("jsonl"), format(".har"), format("/dev/full")], [None; 4]);
    }
}
