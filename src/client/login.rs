//! The password that the server of the URL wants, asked for on the terminal.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use crate::client::plan::Plan;
use crate::input::secret::{self, Answer, Typing};
use crate::net::{Credentials, Target};

/// How often a run asks.
const MOST_QUESTIONS: u32 = 3;

/// Asks for the password, and for the user where the URL names none.
#[derive(Default)]
pub struct Login {
    /// How often it has asked.
    questions: u32,
}

/// Why there is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// There is nowhere to ask, it was asked often enough, or the user gave none.
    Declined,
    /// Ctrl-C.
    Interrupted,
}

impl Login {
    /// Asks, and gives the answer to the requests of `plan`. `in_clear`: every machine on the way can read it.
    ///
    /// # Errors
    /// [`NoAnswer`], and `plan` is as before.
    pub fn ask(&mut self, plan: &mut Arc<Plan>, in_clear: bool) -> Result<(), NoAnswer> {
        if self.questions == MOST_QUESTIONS || !io::stdin().is_terminal() {
            return Err(NoAnswer::Declined);
        }
        self.questions += 1;
        let before = if self.questions > 1 { "Not accepted. " } else { "" };
        let credentials = credentials(&plan.target, before, in_clear)?;
        Arc::make_mut(plan).request.set_credentials(&credentials);
        Ok(())
    }
}

/// `before` is said before the first question.
fn credentials(target: &Target, before: &str, in_clear: bool) -> Result<Credentials, NoAnswer> {
    let peer = target.endpoint().peer();
    let (user, before) = match target.credentials() {
        Some(credentials) => (credentials.user.clone(), before),
        None => (answer(&format!("{before}User at {peer}: "), Typing::Shown)?, ""),
    };
    let warning = if in_clear { " (without TLS: it goes in clear)" } else { "" };
    let password = answer(&format!("{before}Password of {user} at {peer}{warning}: "), Typing::Hidden)?;
    Ok(Credentials { user, password: Some(password) })
}

fn answer(question: &str, typing: Typing) -> Result<String, NoAnswer> {
    match secret::answer(question, typing) {
        Ok(Answer::Given(text)) => Ok(text),
        Ok(Answer::Interrupted) => Err(NoAnswer::Interrupted),
        // Where the terminal can't be used the refusal is told, as it is where there is none.
        Ok(Answer::Declined) | Err(_) => Err(NoAnswer::Declined),
    }
}
