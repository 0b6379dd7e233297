//! Small files that appear as a whole or not at all, also where several processes write them at the same time: a secret, and
//! what is derived from it. Nothing is read or written through a link.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

use super::files::OTHERS;
use super::{FileAside, Readers, read_at_most};

/// The content of a file that only its owner may read, at most `most` bytes; `None` where there is no such file.
///
/// # Errors
/// The error of the system call; `InvalidInput` for a link or what else is no regular file, `PermissionDenied` for a file
/// that others may read or write, `FileTooLarge`.
pub fn read_secret_file(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open_without_links(path)? else { return Ok(None) };
    if file.metadata()?.permissions().mode() & OTHERS != 0 {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "other users may read or change it"));
    }
    read_at_most(most, file).map(Some)
}

/// Makes a file that only its owner may read, as a whole or not at all. `false`: there is something of that name already,
/// and it stays as it is.
///
/// # Errors
/// The error of the system call.
pub fn create_secret_file(path: &Path, content: &[u8]) -> io::Result<bool> {
    match written(path, content, Readers::Owner)?.place() {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sees to it that a file has this content, and takes the place of what is there otherwise.
///
/// # Errors
/// The error of the system call.
pub fn keep_file(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let is_there = match open_without_links(path) {
        Ok(Some(file)) => read_at_most(content.len() as u64, file).is_ok_and(|there| there == content),
        Ok(None) | Err(_) => false,
    };
    if is_there {
        return Ok(());
    }
    written(path, content, readers)?.replace()
}

fn written(place: &Path, content: &[u8], readers: Readers) -> io::Result<FileAside> {
    let aside = FileAside::new(place, readers)?;
    aside.file().write_all(content)?;
    Ok(aside)
}

fn open_without_links(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) => {
            return Err(io::Error::new(ErrorKind::InvalidInput, format!("it is a link ({error})")));
        }
        Err(error) => return Err(error),
    };
    if file.metadata()?.is_file() {
        Ok(Some(file))
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_secret_is_for_its_owner_alone_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(read_secret_file(&path, 10).unwrap(), None);
        assert!(create_secret_file(&path, b"first").unwrap());
        assert!(!create_secret_file(&path, b"second").unwrap());
        assert_eq!(read_secret_file(&path, 10).unwrap().unwrap(), b"first");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["key"]);
        assert_eq!(read_secret_file(&path, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_secret_file(&path, b"secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read_secret_file(&path, 10).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn nothing_goes_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        symlink(&target, &link).unwrap();
        assert!(!create_secret_file(&link, b"secret").unwrap());
        assert!(!target.exists());
        create_secret_file(&target, b"secret").unwrap();
        assert_eq!(read_secret_file(&link, 10).unwrap_err().kind(), ErrorKind::InvalidInput);
        keep_file(&link, b"public", Readers::AllUsers).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"secret");
        assert_eq!(fs::read(&link).unwrap(), b"public");
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn what_is_kept_is_written_once_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("public");
        keep_file(&path, b"public", Readers::AllUsers).unwrap();
        let written = fs::metadata(&path).unwrap();
        keep_file(&path, b"public", Readers::AllUsers).unwrap();
        assert!(super::super::is_at(&File::open(&path).unwrap(), &path));
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written.modified().unwrap());
        fs::write(&path, b"publicity").unwrap();
        keep_file(&path, b"public", Readers::AllUsers).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"public");
        assert_eq!(names(folder.path()), ["public"]);
    }

    #[test]
    fn of_several_at_once_one_makes_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let start = Barrier::new(8);
        let made: Vec<_> = thread::scope(|scope| {
            let make = |number: u8| {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let made = create_secret_file(path, &[number; 100]).unwrap();
                    let read = read_secret_file(path, 100).unwrap().unwrap();
                    assert!(read == [read[0]; 100]);
                    made
                })
            };
            let threads: Vec<_> = (0..8).map(make).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|&&made| made).count(), 1);
    }
}
