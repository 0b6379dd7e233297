//! Unix domain sockets: addresses, connecting, listening.

use std::fmt;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
pub use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use super::files::READ_WRITE;

/// How many connections may wait to be accepted; as many as the standard library lets wait at a TCP port.
const BACKLOG: i32 = 128;

/// The address of a Unix domain socket: a file, or with `@` before it a name that is no file (Linux's abstract sockets). A
/// file that is called like that is written `./@name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixAddress(PathBuf);

impl UnixAddress {
    /// An address as it is written.
    pub fn new(text: impl Into<PathBuf>) -> Self {
        Self(text.into())
    }

    /// Connects. A listener whose queue is full is waited for, at most `within`; then the error is
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Errors
    /// Those of socket(2) and connect(2); `InvalidInput` for an address that is too long.
    pub fn connect(&self, within: Duration) -> io::Result<UnixStream> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // Linux takes it for connect(2), too.
        socket.set_write_timeout(Some(within))?;
        socket.connect(&self.address()?)?;
        socket.set_write_timeout(None)?;
        Ok(OwnedFd::from(socket).into())
    }

    /// Listens; only the user's own programs may connect. A file that a server has left behind is replaced; one at which
    /// something still listens is `AddrInUse`, one that is no socket is `AlreadyExists`.
    ///
    /// # Errors
    /// Those of the system's calls; `InvalidInput` for an address that is too long.
    pub fn listen(&self) -> io::Result<(UnixListener, Option<SocketFile>)> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        let address = self.address()?;
        match socket.bind(&address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && self.is_file() => {
                remove_stale(&self.0, &address)?;
                socket.bind(&address)?;
            }
            result => result?,
        }
        let file = if self.is_file() { Some(SocketFile::of(&self.0)?) } else { None };
        // No client can connect before it listens, so none meets it with other permissions.
        socket.listen(BACKLOG)?;
        Ok((OwnedFd::from(socket).into(), file))
    }

    /// Whether it is a file, whose permissions say who may connect.
    pub fn is_file(&self) -> bool {
        self.abstract_name().is_none()
    }

    fn abstract_name(&self) -> Option<&str> {
        self.0.to_str()?.strip_prefix('@')
    }

    fn address(&self) -> io::Result<SockAddr> {
        match self.abstract_name() {
            Some(name) => SockAddr::unix(format!("\0{name}")),
            None => SockAddr::unix(&self.0),
        }
    }
}

impl fmt::Display for UnixAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

/// Removes the file of a socket at which nothing listens any more.
fn remove_stale(path: &Path, address: &SockAddr) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    probe.set_nonblocking(true)?;
    match probe.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        // It listens, or that cannot be found out.
        _ => Err(io::ErrorKind::AddrInUse.into()),
    }
}

/// The file of a socket that listens. It is removed when this goes, unless another has taken its place.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl SocketFile {
    /// The file at `path`, from now on for its owner alone.
    fn of(path: &Path) -> io::Result<Self> {
        let identity = identity(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(READ_WRITE))?;
        // The folder in which we are may be another one at the end.
        Ok(Self { path: std::path::absolute(path)?, identity })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // A file that cannot be removed is replaced the next time.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_socket_is_for_its_owner_and_goes_with_its_file() {
        let folder = folder();
        let path = folder.path().join("socket");
        let address = UnixAddress::new(&path);
        let (_listener, file) = address.listen().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        address.connect(SOON).unwrap();
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_was_left_behind_is_replaced() {
        let folder = folder();
        let address = UnixAddress::new(folder.path().join("socket"));
        let (listener, file) = address.listen().unwrap();
        drop(listener);
        assert_eq!(address.connect(SOON).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let (_listener, _other) = address.listen().unwrap();
        address.connect(SOON).unwrap();
        drop(file);
    }

    #[test]
    fn the_file_of_another_socket_is_not_removed() {
        let folder = folder();
        let path = folder.path().join("socket");
        let address = UnixAddress::new(&path);
        let (_listener, file) = address.listen().unwrap();
        fs::rename(&path, folder.path().join("moved")).unwrap();
        let (_other_listener, _other) = address.listen().unwrap();
        drop(file);
        address.connect(SOON).unwrap();
    }

    #[test]
    fn what_listens_or_is_no_socket_is_left_alone() {
        let folder = folder();
        let address = UnixAddress::new(folder.path().join("socket"));
        let (_listener, _file) = address.listen().unwrap();
        assert_eq!(address.listen().unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let file = folder.path().join("file");
        fs::write(&file, "kept").unwrap();
        assert_eq!(UnixAddress::new(&file).listen().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    }

    #[test]
    fn a_name_after_an_at_sign_is_no_file() {
        let folder = folder();
        let name = format!("@{}", folder.path().display());
        let (_listener, file) = UnixAddress::new(&name).listen().unwrap();
        assert!(file.is_none());
        UnixAddress::new(&name).connect(SOON).unwrap();
        assert_eq!(UnixAddress::new(&name).listen().unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_path_that_is_too_long_is_an_error() {
        let address = UnixAddress::new(format!("/tmp/{}", "x".repeat(200)));
        assert_eq!(address.connect(SOON).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
