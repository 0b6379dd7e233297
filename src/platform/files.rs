//! Files and folders that only their owner may use. The permissions apply only to files and folders that are created.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

pub(super) const READ_WRITE: u32 = 0o600;
const READ_WRITE_EXECUTE: u32 = 0o700;
/// What the group and others may do.
pub(super) const OTHERS: u32 = 0o077;

/// Options to open a file. If it is created, only its owner may read and write it.
pub fn private_file() -> OpenOptions {
    with_mode(READ_WRITE)
}

/// Options to open a file. If it is created, only its owner may read, write and run it.
pub fn private_program() -> OpenOptions {
    with_mode(READ_WRITE_EXECUTE)
}

/// Creates folders that only their owner may list, change and enter.
pub fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(READ_WRITE_EXECUTE);
    builder
}

/// Opens a regular file to read it and to append to it, and creates it if it is not there. Its owner alone may use it
/// from then on. A FIFO is not waited for, and a link that leads nowhere makes no file.
///
/// # Errors
/// The error of the system call; `InvalidInput`, if it is no regular file.
pub fn open_own_file(path: &Path) -> io::Result<File> {
    let existing = || private_file().read(true).append(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    let created = || private_file().read(true).append(true).create_new(true).open(path);
    let opened = existing().or_else(|error| match error.kind() {
        // Another process may create it at the same time.
        ErrorKind::NotFound => created().or_else(|_| existing()),
        _ => Err(error),
    });
    let file = opened?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mode = metadata.permissions().mode();
    if mode & OTHERS != 0 {
        // This fails for a file of another user.
        let _ = file.set_permissions(Permissions::from_mode(mode & !OTHERS));
    }
    Ok(file)
}

/// What a path leads to; of a link, that it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    Regular,
    /// A FIFO, or a device that takes characters.
    Stream,
    /// A symbolic link.
    Link,
    /// A folder, a socket, a disk.
    Other,
}

/// What is at `path`; `None`, if there is nothing.
///
/// # Errors
/// Those of lstat(2).
pub fn kind_at(path: &Path) -> io::Result<Option<FileKind>> {
    let metadata = match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    Ok(Some(kind_of(&metadata)))
}

fn kind_of(metadata: &Metadata) -> FileKind {
    let kind = metadata.file_type();
    match () {
        () if kind.is_file() => FileKind::Regular,
        () if kind.is_fifo() || kind.is_char_device() => FileKind::Stream,
        () if kind.is_symlink() => FileKind::Link,
        () => FileKind::Other,
    }
}

/// Opens what is at `path` to write it, if it is of this `kind`; never through a link, and without waiting for what reads a
/// FIFO. A regular file becomes empty, and its owner's alone.
///
/// # Errors
/// The error of the system call; `InvalidInput`, if it is of another kind. It is that of [`has_no_reader`], if nothing has
/// opened the FIFO to read it.
pub fn overwrite(path: &Path, kind: FileKind) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new().write(true).custom_flags(flags.bits()).open(path)?;
    if kind_of(&file.metadata()?) != kind {
        return Err(ErrorKind::InvalidInput.into());
    }
    if kind == FileKind::Regular {
        file.set_permissions(Permissions::from_mode(READ_WRITE))?;
        file.set_len(0)?;
    }
    Ok(file)
}

/// Whether a FIFO could not be opened because nothing reads it.
pub fn has_no_reader(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ENXIO as i32)
}

/// Opens a regular file to read it. Anything else is refused at once: a FIFO might never be written, and a terminal is read
/// by the line editor.
///
/// # Errors
/// The error of the system call; `InvalidInput`, if it is no regular file.
pub fn open_regular_file(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"))
    }
}

/// Whether `path` leads to the open `file`, and not to another that has taken its place.
pub fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    file.metadata().is_ok_and(|open| path.metadata().is_ok_and(|there| identity(open) == identity(there)))
}

/// Whether other users may read what is at `path`.
///
/// # Errors
/// Those of stat(2).
pub fn is_readable_by_others(path: &Path) -> io::Result<bool> {
    Ok(path.metadata()?.permissions().mode() & 0o044 != 0)
}

fn with_mode(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(mode);
    options
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_created_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, file, program) =
            (folder.path().join("inner"), folder.path().join("file"), folder.path().join("program"));
        private_folder().create(&inner).unwrap();
        private_file().write(true).create(true).open(&file).unwrap();
        private_program().write(true).create_new(true).open(&program).unwrap();
        assert_eq!((mode(&inner), mode(&file), mode(&program)), (0o700, 0o600, 0o700));
    }
}
