//! What a run printed, how it ended, and what the tests claim about it.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// How a run ended.
pub struct Output {
    /// As the kernel tells it.
    pub status: ExitStatus,
    /// Every byte of it.
    pub stdout: Vec<u8>,
    /// Every byte of it, as text.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
    /// The most memory it had at once (Linux; 0 elsewhere), in bytes, sampled every millisecond.
    pub peak_memory: u64,
    /// The CPU time that it took (Linux; zero elsewhere), sampled every millisecond.
    pub cpu_time: Duration,
}

impl Output {
    /// It left with this status, as a shell tells it: 128 and the signal's number where one ended it.
    #[track_caller]
    pub fn exits(&self, status: i32) -> &Self {
        let seen = self.status.code().or(self.status.signal().map(|signal| 128 + signal));
        assert_eq!(seen, Some(status), "exit status\n{self:?}");
        self
    }

    /// Its stdout is exactly this.
    #[track_caller]
    pub fn prints(&self, stdout: impl AsRef<[u8]>) -> &Self {
        let expected = stdout.as_ref();
        let wanted = shortened(&String::from_utf8_lossy(expected));
        assert!(self.stdout == expected, "stdout should be ({} bytes)\n{wanted}\n{self:?}", expected.len());
        self
    }

    /// Its stderr has this in it.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}\n{self:?}");
        self
    }

    /// Its stderr has nothing of this in it.
    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Self {
        assert!(!self.stderr.contains(text), "stderr has {text:?}\n{self:?}");
        self
    }

    /// Its stderr is empty.
    #[track_caller]
    pub fn is_silent(&self) -> &Self {
        assert!(self.stderr.is_empty(), "stderr should be empty\n{self:?}");
        self
    }

    /// It took at least this.
    #[track_caller]
    pub fn takes_at_least(&self, limit: Duration) -> &Self {
        assert!(self.took >= limit, "took only {:?}\n{self:?}", self.took);
        self
    }

    /// As it is released, it never has this much memory, in bytes. Unoptimised code alone takes some more.
    #[track_caller]
    pub fn stays_below(&self, bytes: usize) -> &Self {
        let unoptimised = if cfg!(debug_assertions) { 12 << 20 } else { 0 };
        assert!(self.peak_memory < (bytes + unoptimised) as u64, "had {} KiB\n{self:?}", self.peak_memory >> 10);
        self
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        writeln!(formatter, "--- {} after {:?}", self.status, self.took)?;
        writeln!(formatter, "--- stdout ({} bytes)\n{}", self.stdout.len(), shortened(&stdout))?;
        write!(formatter, "--- stderr\n{}", shortened(&self.stderr))
    }
}

/// At most 4,000 characters: the beginning and the end.
pub fn shortened(text: &str) -> String {
    const HALF: usize = 2000;
    let count = text.chars().count();
    if count <= 2 * HALF {
        return text.to_owned();
    }
    let start: String = text.chars().take(HALF).collect();
    let end: String = text.chars().skip(count - HALF).collect();
    format!("{start}\n[… {} characters …]\n{end}", count - 2 * HALF)
}
