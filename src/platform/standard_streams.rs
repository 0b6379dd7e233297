//! Stdin, stdout and stderr, which other processes may share.

use std::os::unix::fs::MetadataExt;

use nix::poll::{PollFlags, PollTimeout};

use super::Descriptor;

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
    fn a_duplicate_leads_to_the_same_file_and_another_pipe_does_not() {
        let (reader, writer) = pipe().unwrap();
        let (other, _) = pipe().unwrap();
        let duplicate = Descriptor::from(&writer).duplicate().unwrap();
        assert!(lead_to_same_file(Descriptor::from(&writer), Descriptor::from(&duplicate)));
        assert!(!lead_to_same_file(Descriptor::from(&reader), Descriptor::from(&other)));
    }
}
