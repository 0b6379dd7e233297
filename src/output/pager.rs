//! Help through a pager, at a terminal.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

/// Prints the manual: through `$PAGER`, or `less`, where stdout and stdin are a terminal; otherwise as it is. Ends when the
/// user leaves the pager.
///
/// # Errors
/// The error of the write to stdout.
pub fn print(text: &str) -> io::Result<()> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal() && is_paged(text)) {
        io::stdout().lock().write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Whether a pager has shown it.
fn is_paged(text: &str) -> bool {
    let pager = env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty()).unwrap_or_else(|| "less".to_owned());
    let mut command = Command::new("sh");
    command.args(["-c", &pager]).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        // A user who leaves early reads no more.
        let _ = input.write_all(text.as_bytes());
    }
    // 127: the shell found no such pager.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}
