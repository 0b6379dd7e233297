//! Turns a file name that the user typed into a path.

use std::env;
use std::path::{Path, PathBuf};

/// The path that `typed` names. `~/` at its start means the home directory, as in a shell.
pub(super) fn path(typed: &str) -> PathBuf {
    below(env::home_dir().as_deref(), typed)
}

fn below(home: Option<&Path>, typed: &str) -> PathBuf {
    match (home, typed.strip_prefix("~/")) {
        (Some(home), Some(rest)) => home.join(rest.trim_start_matches('/')),
        _ => typed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_alone_in_front_is_the_home_directory() {
        let home = Some(Path::new("/home/me"));
        assert_eq!(below(home, "~/a b/~"), Path::new("/home/me/a b/~"));
        assert_eq!(below(home, "~//etc"), Path::new("/home/me/etc"));
        assert_eq!(below(home, "~other/x"), Path::new("~other/x"));
        assert_eq!(below(home, "./~/x"), Path::new("./~/x"));
        assert_eq!(below(None, "~/x"), Path::new("~/x"));
    }
}
