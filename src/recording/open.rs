//! Opening a recording by the name of its file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::error::{Error, Phase, Result};
use crate::output::Perspective;
use crate::platform::Descriptor;
use crate::recording::{Format, JsonLines, ReadError, Records, har};

/// How soon to look again whether a file has grown.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);

/// A recording that is open.
pub struct Recording {
    /// Where it was made: at an end of its connections, or between both.
    pub perspective: Perspective,
    /// What is in it.
    pub records: Records,
}

/// Opens a recording; `-` is JSON Lines from stdin.
///
/// # Errors
/// [`Phase::Input`], if it cannot be read, or not be read again.
pub fn open(path: &Path) -> Result<Recording> {
    match Format::of(path) {
        Some(format @ (Format::Log | Format::Html)) => Err(unreadable_format(path, format)),
        Some(Format::Har) => {
            let records = har::read(file(path)?).map_err(|error| read_error(path, error))?;
            Ok(Recording { perspective: Perspective::End, records })
        }
        Some(Format::JsonLines) | None => Ok(JsonLines::new(Box::new(file(path)?)).into()),
    }
}

/// Opens a recording in JSON Lines that is still being written: its records never end. `wait` is called each time when no
/// more has come for now.
///
/// # Errors
/// Those of [`open`].
pub fn follow(path: &Path, wait: impl FnMut() + Send + 'static) -> Result<Recording> {
    match Format::of(path) {
        Some(Format::JsonLines) | None => {
            Ok(JsonLines::new(Box::new(Followed { file: file(path)?, read: 0, wait })).into())
        }
        Some(format) => Err(unreadable_format(path, format)),
    }
}

/// The error of reading a recording.
pub fn read_error(path: &Path, error: ReadError) -> Error {
    match error {
        ReadError::Io(cause) => unreadable(path, cause),
        error => Error::new(Phase::Input, format!("`{}`: {error}", path.display())),
    }
}

impl From<JsonLines> for Recording {
    fn from(records: JsonLines) -> Self {
        Self { perspective: records.perspective(), records: Box::new(records) }
    }
}

fn file(path: &Path) -> Result<File> {
    let opened = if path == Path::new("-") { Descriptor::from(&io::stdin()).duplicate() } else { File::open(path) };
    opened.map_err(|cause| unreadable(path, cause))
}

fn unreadable(path: &Path, cause: io::Error) -> Error {
    Error::new(Phase::Input, format!("cannot read `{}`", path.display())).caused_by(cause)
}

fn unreadable_format(path: &Path, format: Format) -> Error {
    let message = format!("`{}`: a `.{}` cannot be read here", path.display(), format.ending());
    Error::new(Phase::Input, message).hint("`.jsonl` is what can be read, and followed, as it was")
}

/// A file whose end is not the end.
struct Followed<F> {
    file: File,
    /// How much of it has been read.
    read: u64,
    wait: F,
}

impl<F> Followed<F> {
    /// Refuses to wait for more where a run has written over the file: nothing would ever come.
    fn check_length(&self) -> io::Result<()> {
        let metadata = self.file.metadata()?;
        if metadata.is_file() && metadata.len() < self.read {
            return Err(io::Error::other("it has become shorter than what was read of it"));
        }
        Ok(())
    }
}

impl<F: FnMut()> Read for Followed<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(buffer)? {
                0 => {
                    self.check_length()?;
                    (self.wait)();
                    thread::sleep(FOLLOW_INTERVAL);
                }
                count => {
                    self.read += count as u64;
                    return Ok(count);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_is_written_over_is_not_waited_for() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        let mut followed = Followed { file: written.reopen().unwrap(), read: 0, wait: || {} };
        let mut buffer = [0; 16];
        written.write_all(b"first").unwrap();
        assert_eq!(followed.read(&mut buffer).unwrap(), 5);
        written.as_file().set_len(0).unwrap();
        assert!(followed.read(&mut buffer).is_err());
    }
}
