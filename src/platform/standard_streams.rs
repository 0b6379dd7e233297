//! Stdin, stdout and stderr, which other processes may share.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;

use nix::poll::{PollFlags, PollTimeout};

use super::Descriptor;
use super::whole_file::read_all_text;

/// Stdin without a buffer. A read waits for input also where another process has made stdin non-blocking.
#[derive(Debug)]
pub struct Stdin(File);

impl Stdin {
    /// Stdin of this process.
    ///
    /// # Errors
    /// The error of the duplication: the process has no descriptor left, or stdin is closed.
    pub fn open() -> io::Result<Self> {
        Ok(Self(Descriptor::from(&io::stdin()).duplicate()?))
    }

    /// Reads all of it, with the limit of a file that is read as a whole.
    ///
    /// # Errors
    /// The error of the system call; `FileTooLarge`, if it has more; `InvalidData`, if it is not UTF-8.
    pub fn read_text() -> io::Result<String> {
        read_all_text(Self::open()?)
    }
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // Also after an error of poll(2), the next read tells what is wrong.
                    let _ = Descriptor::from(&self.0).happens_within(PollFlags::POLLIN, PollTimeout::NONE);
                }
                result => return result,
            }
        }
    }
}

/// Whether a read of `input` would return at once.
pub fn is_readable(input: Descriptor<'_>) -> bool {
    input.happens_within(PollFlags::POLLIN, PollTimeout::ZERO).unwrap_or(false)
}

/// Whether two streams lead to the same terminal, file or pipe.
pub fn lead_to_same_file(one: Descriptor<'_>, other: Descriptor<'_>) -> bool {
    let identity = |stream: Descriptor<'_>| {
        let metadata = stream.duplicate().ok()?.metadata().ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use std::io::{Write, pipe};
    use std::os::unix::net::UnixStream;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_empty_pipe_is_readable_when_something_is_written_or_its_writer_is_gone() {
        let (reader, mut writer) = pipe().unwrap();
        assert!(!is_readable(Descriptor::from(&reader)));
        writer.write_all(b"x").unwrap();
        assert!(is_readable(Descriptor::from(&reader)));
        let (reader, writer) = pipe().unwrap();
        drop(writer);
        assert!(is_readable(Descriptor::from(&reader)));
    }

    #[test]
    fn a_non_blocking_input_is_waited_for() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let stdin = Stdin(Descriptor::from(&ours).duplicate().unwrap());
        let reader = thread::spawn(move || io::read_to_string(stdin).unwrap());
        for piece in ["one ", "two"] {
            thread::sleep(Duration::from_millis(10));
            theirs.write_all(piece.as_bytes()).unwrap();
        }
        drop(theirs);
        assert_eq!(reader.join().unwrap(), "one two");
    }

    #[test]
    fn a_duplicate_leads_to_the_same_file_and_another_pipe_does_not() {
        let (reader, writer) = pipe().unwrap();
        let (other, _) = pipe().unwrap();
        let duplicate = Descriptor::from(&writer).duplicate().unwrap();
        assert!(lead_to_same_file(Descriptor::from(&writer), Descriptor::from(&duplicate)));
        assert!(!lead_to_same_file(Descriptor::from(&reader), Descriptor::from(&other)));
    }
}
