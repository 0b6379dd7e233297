//! Secrets typed at the terminal.

use crate::error::{Error, Phase, Result};

/// Asks at the terminal, without showing what is typed.
///
/// # Errors
/// When there is no terminal.
pub fn ask(question: &str) -> Result<String> {
    Err(Error::new(Phase::Usage, format!("no terminal to ask for `{question}`")))
}
