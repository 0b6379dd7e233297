//! Files and folders that only their owner may use. The permissions apply only to files and folders that are created.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

pub(super) const READ_WRITE: u32 = 0o600;
const READ_WRITE_EXECUTE: u32 = 0o700;

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

fn with_mode(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(mode);
    options
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

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
