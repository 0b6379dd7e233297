//! The file of a recording that is made.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::platform::{FileAside, FileKind, Readers, has_no_reader, kind_at, overwrite, private_file};
use crate::recording::Format;

/// How long to wait until a process reads a FIFO.
const READER_LIMIT: Duration = Duration::from_secs(5);
const READER_INTERVAL: Duration = Duration::from_millis(10);

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays: that is an error.
    Kept,
    /// It is written over.
    Overwritten,
}

/// Why a file cannot be had.
#[derive(Debug)]
pub enum CreateError {
    /// Its ending is that of no format.
    UnknownEnding,
    /// There is one already.
    Exists,
    /// It is a link: what it leads to may be anything.
    Link,
    /// It is a folder, a socket, or a disk.
    NoFile,
    /// It is a FIFO or a device, and the format can only be written to a file.
    NoStream(Format),
    /// Nothing has opened the FIFO to read it.
    NoReader(Duration),
    /// What the system says.
    Io(io::Error),
}

impl From<io::Error> for CreateError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::AlreadyExists => Self::Exists,
            _ => Self::Io(error),
        }
    }
}

/// The format of a recording that is to be at `path`. A FIFO or a device takes JSON Lines, whatever its name.
///
/// # Errors
/// [`CreateError::UnknownEnding`], and what is wrong with the format for a FIFO or a device.
pub fn format_for(path: &Path) -> Result<Format, CreateError> {
    let format = Format::of(path);
    match (kind_at(path)?, format) {
        (Some(FileKind::Stream), None | Some(Format::JsonLines)) => Ok(Format::JsonLines),
        (Some(FileKind::Stream), Some(format)) => Err(CreateError::NoStream(format)),
        (_, Some(format)) => Ok(format),
        (_, None) => Err(CreateError::UnknownEnding),
    }
}

/// Checks what can be known before a file is created at `path`.
///
/// # Errors
/// What stands against it.
pub fn check(path: &Path, existing: Existing) -> Result<(), CreateError> {
    writable_kind(path, existing).map(drop)
}

/// Creates a file that only its owner can read; a FIFO or a device is opened as it is. Never through a link. Waits a moment
/// for a process that reads a FIFO.
///
/// # Errors
/// What stands against it.
pub fn create(path: &Path, existing: Existing) -> Result<File, CreateError> {
    match writable_kind(path, existing)? {
        None => Ok(private_file().write(true).create_new(true).open(path)?),
        Some(FileKind::Stream) => open_stream(path),
        Some(kind) => Ok(overwrite(path, kind)?),
    }
}

/// A file that has its name when it is whole, and leaves nothing if it does not come to that. A FIFO or a device has what is
/// written at once.
pub struct WholeFile {
    destination: Destination,
    path: PathBuf,
    existing: Existing,
}

enum Destination {
    File(FileAside),
    Stream(File),
}

impl WholeFile {
    /// Begins a file that only its owner can read. Waits a moment for a process that reads a FIFO.
    ///
    /// # Errors
    /// What stands against one at `path`.
    pub fn begin(path: &Path, existing: Existing) -> Result<Self, CreateError> {
        let destination = match writable_kind(path, existing)? {
            Some(FileKind::Stream) => Destination::Stream(open_stream(path)?),
            _ => Destination::File(FileAside::new(path, Readers::Owner)?),
        };
        Ok(Self { destination, path: path.to_owned(), existing })
    }

    /// The file, to write it.
    pub fn file(&self) -> &File {
        match &self.destination {
            Destination::File(aside) => aside.file(),
            Destination::Stream(file) => file,
        }
    }

    /// Gives it its name, for it is whole.
    ///
    /// # Errors
    /// What stands against it by now.
    pub fn finish(self) -> Result<(), CreateError> {
        let Destination::File(aside) = self.destination else { return Ok(()) };
        check(&self.path, self.existing)?;
        match self.existing {
            Existing::Kept => aside.place()?,
            Existing::Overwritten => aside.replace()?,
        }
        Ok(())
    }
}

/// What is at `path`, if it may be written.
fn writable_kind(path: &Path, existing: Existing) -> Result<Option<FileKind>, CreateError> {
    match (kind_at(path)?, existing) {
        (Some(FileKind::Regular), Existing::Kept) => Err(CreateError::Exists),
        (Some(FileKind::Link), _) => Err(CreateError::Link),
        (Some(FileKind::Other), _) => Err(CreateError::NoFile),
        (kind, _) => Ok(kind),
    }
}

fn open_stream(path: &Path) -> Result<File, CreateError> {
    let until = Instant::now() + READER_LIMIT;
    loop {
        match overwrite(path, FileKind::Stream) {
            Ok(file) => return Ok(file),
            Err(error) if !has_no_reader(&error) => return Err(error.into()),
            Err(_) if Instant::now() >= until => return Err(CreateError::NoReader(READER_LIMIT)),
            Err(_) => thread::sleep(READER_INTERVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_new_and_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        create(&path, Existing::Kept).unwrap();
        assert!(matches!(create(&path, Existing::Kept), Err(CreateError::Exists)));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        create(&path, Existing::Overwritten).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (0, 0o600));
    }

    #[test]
    fn nothing_is_written_through_a_link_or_to_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link.jsonl"), folder.path().join("target"));
        for exists in [false, true] {
            if exists {
                fs::write(&target, "old").unwrap();
            } else {
                symlink(&target, &link).unwrap();
            }
            for existing in [Existing::Kept, Existing::Overwritten] {
                assert!(matches!(create(&link, existing), Err(CreateError::Link)));
            }
            assert_eq!(target.exists(), exists);
        }
        assert!(matches!(create(folder.path(), Existing::Overwritten), Err(CreateError::NoFile)));
    }

    #[test]
    fn a_device_takes_json_lines() {
        assert_eq!(format_for(Path::new("/dev/null")).unwrap(), Format::JsonLines);
        create(Path::new("/dev/null"), Existing::Kept).unwrap();
        assert!(matches!(format_for(Path::new("/tmp/a.pcap")), Err(CreateError::UnknownEnding)));
    }
}
