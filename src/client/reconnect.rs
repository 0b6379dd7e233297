//! Whether to connect again and when (`--reconnect`), and the words for it.

use std::fmt::Write as _;

use crate::cli::SessionArgs;
use crate::diagnosis::{Diagnosis, NoTls};
use crate::error::{Error, Phase};
use crate::session::Outcome;
use crate::session::backoff::{Backoff, Pause};

/// Whether to connect again, and when: `--reconnect`.
pub struct ReconnectPolicy {
    backoff: Option<Backoff>,
    /// There has been a session: the server lets us in.
    has_been_open: bool,
}

impl ReconnectPolicy {
    /// As the flag says.
    pub fn new(args: &SessionArgs) -> Self {
        Self { backoff: args.reconnect.map(Backoff::new), has_been_open: false }
    }

    /// Without the flag.
    pub fn never() -> Self {
        Self { backoff: None, has_been_open: false }
    }

    /// Whether it was asked for.
    pub fn is_wanted(&self) -> bool {
        self.backoff.is_some()
    }

    /// After an attempt that failed; `None`: that was the last one.
    pub fn after_failure(&mut self, error: &Error) -> Option<Pause> {
        let may_pass = error.is_transient() && (self.has_been_open || !is_for_want_of_a_certificate(error));
        let backoff = self.backoff.as_mut().filter(|_| may_pass)?;
        backoff.next(error.asked_wait(), rand::random())
    }

    /// After a session; `None`: that was the last one.
    pub fn after_session(&mut self, outcome: &Outcome) -> Option<Pause> {
        self.has_been_open = true;
        let backoff = self.backoff.as_mut()?;
        backoff.was_open_for(outcome.summary.open_for);
        let may_pass = outcome.cause.may_pass(outcome.ended.code);
        may_pass.then(|| backoff.next(None, rand::random())).flatten()
    }
}

/// Whether the server asked for a certificate of ours, got none, and hung up: where it has never let us in, that is its
/// answer. One that got a certificate and does not accept it says so, as a rule.
fn is_for_want_of_a_certificate(error: &Error) -> bool {
    use NoTls::{NoCertificateFits, PerhapsCertificateWanted};
    matches!(error.diagnosis(), Some(Diagnosis::NoTls(PerhapsCertificateWanted | NoCertificateFits)))
}

/// What is said before the pause: why, where that isn't known yet, and how long it takes.
pub fn announcement(why: Option<&str>, pause: Pause) -> String {
    let (separator, why) = why.map_or(("", ""), |why| ("; ", why));
    format!("{why}{separator}reconnecting in {:.1} s (attempt {})", pause.length.as_secs_f64(), pause.attempt)
}

/// How a session ended, as far as the report of it doesn't say.
pub fn loss(outcome: &Outcome) -> Option<String> {
    let ended = &outcome.ended;
    let reason = match ended.reason.as_slice() {
        [] => String::new(),
        reason => format!(" \"{}\"", String::from_utf8_lossy(reason)),
    };
    // An expectation that was not met is no reason: it may be yet.
    match outcome.errors.iter().find(|error| error.phase() == Phase::Session) {
        Some(error) => Some(in_a_line(error)),
        None if ended.clean => Some(format!("the server closed with {}{reason}", u16::from(ended.code))),
        None => None,
    }
}

/// An error with its causes, and the first piece of evidence; of each address that was tried.
pub fn in_a_line(error: &Error) -> String {
    let mut line = error.to_string();
    for cause in error.causes() {
        // Writing to a `String` cannot fail.
        let _ = write!(line, ": {cause}");
    }
    let most = if error.phase() == Phase::Connect { usize::MAX } else { 1 };
    let evidence: Vec<&str> = error.evidence_lines().iter().take(most).map(AsRef::as_ref).collect();
    if !evidence.is_empty() {
        let _ = write!(line, " ({})", evidence.join("; "));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(most: u32) -> ReconnectPolicy {
        ReconnectPolicy { backoff: Some(Backoff::new(std::num::NonZeroU32::new(most))), has_been_open: false }
    }

    #[test]
    fn without_the_flag_nothing_follows() {
        let mut policy = ReconnectPolicy { backoff: None, has_been_open: false };
        assert_eq!(policy.after_failure(&Error::new(Phase::Connect, "cannot").transient()), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again_and_only_so_often() {
        let mut policy = policy(2);
        assert_eq!(policy.after_failure(&Error::new(Phase::Tls, "expired")), None);
        let transient = || Error::new(Phase::Connect, "cannot").transient();
        let attempts = [policy.after_failure(&transient()), policy.after_failure(&transient())];
        assert_eq!(attempts.map(|pause| pause.map(|pause| pause.attempt)), [Some(1), Some(2)]);
        assert_eq!(policy.after_failure(&transient()), None);
    }

    #[test]
    fn a_server_that_asks_for_time_gets_it() {
        let pause = policy(1).after_failure(&Error::new(Phase::Upgrade, "busy").transient_for(7));
        assert_eq!(pause.map(|pause| pause.length.as_secs()), Some(7));
    }

    #[test]
    fn a_pause_is_announced_with_its_reason_where_that_is_not_told_yet() {
        let pause = Pause { length: std::time::Duration::from_millis(1540), attempt: 3 };
        assert_eq!(announcement(None, pause), "reconnecting in 1.5 s (attempt 3)");
        assert_eq!(announcement(Some("lost"), pause), "lost; reconnecting in 1.5 s (attempt 3)");
    }

    #[test]
    fn an_error_is_told_in_a_line() {
        let error = |phase| {
            Error::new(phase, "cannot")
                .caused_by(std::io::Error::other("why"))
                .evidence("one")
                .evidence("two")
                .hint("try")
        };
        assert_eq!(in_a_line(&error(Phase::Upgrade)), "cannot: why (one)");
        assert_eq!(in_a_line(&error(Phase::Connect)), "cannot: why (one; two)");
    }
}
