//! `man/` and `completions/` say what the definitions in `src/cli` say.

use std::path::Path;
use std::{fs, io};

use wscope::cli::Generated;

#[test]
fn checked_in_files_are_fresh() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut stale = Vec::new();
    for generated in Generated::all() {
        let (path, fresh) = (root.join(generated.path()), generated.render()?);
        if fs::read(&path).ok().as_ref() != Some(&fresh) {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&path, fresh)?;
            stale.push(generated.path());
        }
    }
    assert!(stale.is_empty(), "these were stale and have been rewritten, commit them: {stale:?}");
    Ok(())
}
