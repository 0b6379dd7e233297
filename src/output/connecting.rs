//! Texts about the steps of connecting.

use std::io;

use crate::event::{FailedAttempt, SilentAttempt, StepDetail};

/// The result of a step of connecting, in one line.
pub fn step_detail(detail: &StepDetail) -> String {
    match detail {
        StepDetail::Resolved { name, addresses } => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            format!("{name}: {}", addresses.join(", "))
        }
        StepDetail::TcpConnected { address, failed, silent } => {
            [vec![address.to_string()], passed_over(failed, silent)].concat().join("; ")
        }
        StepDetail::UnixConnected { path } => format!("unix:{path}"),
        StepDetail::ProxyConnected { proxy, target, answer } => format!("{target} through {proxy}: {answer}"),
        StepDetail::TlsEstablished { version, cipher_suite } => format!("{version} {cipher_suite}"),
        StepDetail::Upgraded { status_line } => status_line.clone(),
        StepDetail::Described { text, .. } => text.clone(),
    }
}

/// The addresses that another was preferred to, each with the reason.
pub fn passed_over(failed: &[FailedAttempt], silent: &[SilentAttempt]) -> Vec<String> {
    failed.iter().map(failed_attempt).chain(silent.iter().map(silent_attempt)).collect()
}

/// An address, and the reason why the connection to it failed.
pub fn failed_attempt(attempt: &FailedAttempt) -> String {
    format!("{}: {}", attempt.address, reason(&attempt.error))
}

/// An address, and how long it gave no answer.
pub fn silent_attempt(attempt: &SilentAttempt) -> String {
    format!("{}: silent for {} ms", attempt.address, attempt.waited.as_millis())
}

/// The text of a system error without "(os error 111)". Its first letter is in lower case, as in our messages.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_connection_is_told_with_the_addresses_that_failed_or_were_silent_before() {
        let error = Arc::new(io::Error::from_raw_os_error(111));
        let failed = vec![FailedAttempt { address: "[::1]:80".parse().unwrap(), error }];
        let silent = vec![SilentAttempt { address: "[::2]:80".parse().unwrap(), waited: Duration::from_millis(250) }];
        let connected = StepDetail::TcpConnected { address: ([127, 0, 0, 1], 80).into(), failed, silent };
        assert_eq!(step_detail(&connected), "127.0.0.1:80; [::1]:80: connection refused; [::2]:80: silent for 250 ms");
    }

    #[test]
    fn a_name_is_told_with_its_addresses() {
        let addresses = vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let resolved = StepDetail::Resolved { name: "localhost".to_owned(), addresses };
        assert_eq!(step_detail(&resolved), "localhost: ::1, 127.0.0.1");
    }
}
