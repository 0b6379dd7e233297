//! `wscope @NAME`: a run with the flags of a profile; `wscope @` lists the profiles.

use super::config;
use crate::cli::Named;
use crate::client::report;
use crate::error::ExitStatus;
use crate::profile::Profiles;

/// Reads the file of profiles, and does what is asked for with one of them.
pub fn run(named: &Named) -> ExitStatus {
    let profiles = match Profiles::load() {
        Ok(profiles) => profiles,
        Err(error) => return report::alone(&error),
    };
    if named.wants_list() {
        return config::run(&Named::list(&profiles));
    }
    match named.resolve(&profiles) {
        Ok(invocation) => super::run(invocation),
        Err(error) => {
            // That stderr cannot be written cannot be told anywhere.
            let _ = error.print();
            ExitStatus::Usage
        }
    }
}
