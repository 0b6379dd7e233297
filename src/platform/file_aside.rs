//! A file that appears in its place as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::linkat;

use super::files::READ_WRITE;

/// The mode of a file that every user may read.
const READABLE: u32 = 0o644;

/// Where Linux shows the open files of the process: linkat(2) gives a name to one that has none.
const OPEN_FILES: &str = "/proc/self/fd";

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner.
    Owner,
    /// Every user.
    AllUsers,
}

/// A new file that is not in its place yet. On Linux it has no name until then, and nothing is left of it when the process is
/// killed. Other systems, and some file systems, want a name: it is beside its place, and is removed unless it gets there.
pub struct FileAside {
    file: File,
    /// The name that it has until then.
    path: Option<PathBuf>,
    place: PathBuf,
}

impl FileAside {
    /// A file that is to be at `place`.
    ///
    /// # Errors
    /// The error of the system call.
    pub fn new(place: &Path, readers: Readers) -> io::Result<Self> {
        let mode = mode_for(readers);
        match nameless(place, mode) {
            Ok(file) => Ok(Self { file, path: None, place: place.to_owned() }),
            Err(_) => Self::named(place, mode),
        }
    }

    fn named(place: &Path, mode: u32) -> io::Result<Self> {
        let path = beside(place);
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        Ok(Self { file, path: Some(path), place: place.to_owned() })
    }

    /// The file, to write it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Puts it in its place, where nothing is.
    ///
    /// # Errors
    /// `AlreadyExists`, and the error of the system call.
    pub fn place(self) -> io::Result<()> {
        self.file.sync_all()?;
        let Some(path) = &self.path else { return self.link(&self.place) };
        // Unlike rename(2), this takes the place of nothing.
        match fs::hard_link(path, &self.place) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
            // The file system may have no hard links. An empty file keeps the place.
            Err(_) => {
                OpenOptions::new().write(true).create_new(true).mode(READ_WRITE).open(&self.place)?;
                fs::rename(path, &self.place).inspect_err(|_| drop(fs::remove_file(&self.place)))
            }
        }
    }

    /// Puts it in its place, also where something is.
    ///
    /// # Errors
    /// The error of the system call.
    pub fn replace(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        if self.path.is_none() {
            // A file without a name takes the place of nothing.
            let path = beside(&self.place);
            self.link(&path)?;
            self.path = Some(path);
        }
        self.path.iter().try_for_each(|path| fs::rename(path, &self.place))
    }

    /// Gives a file without a name this one.
    fn link(&self, path: &Path) -> io::Result<()> {
        let open = Path::new(OPEN_FILES).join(self.file.as_raw_fd().to_string());
        Ok(linkat(AT_FDCWD, &open, AT_FDCWD, path, AtFlags::AT_SYMLINK_FOLLOW)?)
    }
}

impl Drop for FileAside {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

fn mode_for(readers: Readers) -> u32 {
    match readers {
        Readers::Owner => READ_WRITE,
        Readers::AllUsers => READABLE,
    }
}

/// A name in the same folder.
fn beside(place: &Path) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:08x}.part", rand::random::<u32>()));
    place.with_file_name(name)
}

/// A file without a name on the file system of `place`, where it can have one later.
#[cfg(target_os = "linux")]
fn nameless(place: &Path, mode: u32) -> io::Result<File> {
    use nix::fcntl::OFlag;

    fs::metadata(OPEN_FILES)?;
    // The parent of a mere name is "".
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    OpenOptions::new().write(true).custom_flags(OFlag::O_TMPFILE.bits()).mode(mode).open(folder)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path, _: u32) -> io::Result<File> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// The two ways of writing a file.
    fn both(place: &Path) -> [FileAside; 2] {
        let readers = Readers::Owner;
        [FileAside::new(place, readers).unwrap(), FileAside::named(place, mode_for(readers)).unwrap()]
    }

    #[test]
    fn a_file_is_in_its_place_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a");
        for aside in both(&place) {
            aside.file().write_all(b"whole").unwrap();
            assert!(!place.exists());
            aside.place().unwrap();
            assert_eq!(fs::read(&place).unwrap(), b"whole");
            assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, READ_WRITE);
            fs::remove_file(&place).unwrap();
        }
        assert_eq!(names(folder.path()), [""; 0].map(PathBuf::from));
    }

    #[test]
    fn it_takes_the_place_of_another_only_where_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a");
        for number in [1, 2] {
            fs::write(&place, "other").unwrap();
            for aside in both(&place) {
                assert_eq!(aside.place().unwrap_err().kind(), ErrorKind::AlreadyExists);
            }
            assert_eq!(fs::read(&place).unwrap(), b"other");
            let aside = both(&place).into_iter().nth(number - 1).unwrap();
            aside.file().write_all(b"whole").unwrap();
            aside.replace().unwrap();
            assert_eq!(fs::read(&place).unwrap(), b"whole");
            assert_eq!(names(folder.path()), [place.as_path()]);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_has_no_name_before() {
        let folder = tempfile::tempdir().unwrap();
        let _aside = FileAside::new(&folder.path().join("a"), Readers::Owner).unwrap();
        assert_eq!(names(folder.path()), [""; 0].map(PathBuf::from));
    }
}
