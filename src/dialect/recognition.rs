//! Which dialect a session speaks: by the subprotocol agreed on, then by the target, then by its first messages.

use std::time::Duration;

use super::{ALL, Choice, Description, Dialect, Message, Opening};
use crate::event::Annotation;

/// How many messages of a session are looked at.
const LOOKED_AT: u8 = 16;

/// What is known of the dialect of one session.
pub(super) enum Recognition {
    /// Nothing yet; so many more messages are looked at.
    Open { left: u8, subprotocol: Option<String>, target: String, at: Duration },
    /// The target means it. As long as no message has been of it, what goes against it is not told; `left` such messages are
    /// enough to give it up.
    Likely { left: u8, dialect: Box<dyn Dialect> },
    /// It is this one.
    Certain(Box<dyn Dialect>),
    /// It is none.
    Unknown,
}

impl Recognition {
    /// Of a session that begins, of the dialects in `known`.
    pub fn begin(choice: Choice, opening: &Opening<'_>) -> Self {
        Self::among(ALL, choice, opening)
    }

    fn among(known: &[&Description], choice: Choice, opening: &Opening<'_>) -> Self {
        match choice {
            Choice::None => return Self::Unknown,
            Choice::Named(description) => return Self::Certain((description.start)(opening)),
            Choice::Auto => {}
        }
        let agreed = |dialect: &&&Description| opening.subprotocol.is_some_and(|name| dialect.has_subprotocol(name));
        if let Some(description) = known.iter().find(agreed) {
            return Self::Certain((description.start)(opening));
        }
        if let Some(description) = known.iter().find(|dialect| (dialect.is_target)(opening.target)) {
            return Self::Likely { left: LOOKED_AT, dialect: (description.start)(opening) };
        }
        let Opening { subprotocol, target, at } = *opening;
        Self::Open { left: LOOKED_AT, subprotocol: subprotocol.map(str::to_owned), target: target.to_owned(), at }
    }

    /// Takes a message, and says what it is.
    pub fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        self.look(ALL, message);
        match self {
            Self::Open { .. } | Self::Unknown => None,
            Self::Certain(dialect) => dialect.message(message),
            Self::Likely { .. } => self.doubted(message),
        }
    }

    /// Looks whether `message` is of a dialect, where that is not known yet.
    fn look(&mut self, known: &[&Description], message: &Message<'_>) {
        let Self::Open { left, subprotocol, target, at } = self else { return };
        if let Some(description) = known.iter().find(|dialect| (dialect.is_message)(message)) {
            let opening = Opening { subprotocol: subprotocol.as_deref(), target, at: *at };
            *self = Self::Certain((description.start)(&opening));
            return;
        }
        *left -= 1;
        if *left == 0 {
            *self = Self::Unknown;
        }
    }

    fn doubted(&mut self, message: &Message<'_>) -> Option<Annotation> {
        let Self::Likely { left, dialect } = self else { return None };
        let annotation = dialect.message(message).filter(|annotation| annotation.kind != Annotation::BREACH);
        *left -= 1;
        let is_given_up = annotation.is_none() && *left == 0;
        if annotation.is_some() || is_given_up {
            *self = match std::mem::replace(self, Self::Unknown) {
                Self::Likely { dialect, .. } if !is_given_up => Self::Certain(dialect),
                _ => Self::Unknown,
            };
        }
        annotation
    }

    /// The dialect, where it is known or likely.
    pub fn dialect(&self) -> Option<&dyn Dialect> {
        match self {
            Self::Likely { dialect, .. } | Self::Certain(dialect) => Some(&**dialect),
            Self::Open { .. } | Self::Unknown => None,
        }
    }
}

impl Description {
    /// Whether this subprotocol means it.
    pub(super) fn has_subprotocol(&self, name: &str) -> bool {
        self.subprotocols.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::AnnotationSource;
    use crate::wire::{Kind, Role};

    /// Of which each message is a digit.
    const DIGITS: Description = Description {
        name: "digits",
        subprotocols: &["digits"],
        is_target: |target| target == "/digits",
        is_message: |message| message.payload == b"1",
        start: |_| Box::new(Digits),
    };

    struct Digits;

    impl Dialect for Digits {
        fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
            let source = AnnotationSource::Dialect(DIGITS.name);
            Some(match message.payload {
                [b'0'..=b'9'] => Annotation::new(source, "digit", "a digit"),
                _ => Annotation::breach(source, "no digit"),
            })
        }
    }

    fn kinds(choice: Choice, opening: &Opening<'_>, payloads: &[&[u8]]) -> Vec<Option<String>> {
        let known = [&DIGITS];
        let mut recognition = Recognition::among(&known, choice, opening);
        let mut kinds = Vec::new();
        for payload in payloads {
            let message = Message { from: Role::Server, kind: Kind::Text, payload, at: Duration::ZERO };
            recognition.look(&known, &message);
            kinds.push(recognition.message(&message).map(|annotation| annotation.kind.into_owned()));
        }
        kinds
    }

    const ELSEWHERE: Opening<'static> = Opening { subprotocol: None, target: "/", at: Duration::ZERO };

    fn shown(kinds: &[Option<String>]) -> Vec<&str> {
        kinds.iter().map(|kind| kind.as_deref().unwrap_or("-")).collect()
    }

    #[test]
    fn a_subprotocol_is_certain_whatever_comes() {
        let opening = Opening { subprotocol: Some("Digits"), ..ELSEWHERE };
        assert_eq!(shown(&kinds(Choice::Auto, &opening, &[b"x", b"7"])), ["breach", "digit"]);
    }

    #[test]
    fn a_target_is_believed_when_a_message_bears_it_out() {
        let opening = Opening { target: "/digits", ..ELSEWHERE };
        assert_eq!(shown(&kinds(Choice::Auto, &opening, &[b"x", b"7", b"x"])), ["-", "digit", "breach"]);
        let mut messages = vec![b"x".as_slice(); LOOKED_AT.into()];
        messages.push(b"7");
        assert!(kinds(Choice::Auto, &opening, &messages).iter().all(Option::is_none));
    }

    #[test]
    fn one_of_the_first_messages_tells() {
        assert_eq!(shown(&kinds(Choice::Auto, &ELSEWHERE, &[b"2", b"1", b"2"])), ["-", "digit", "digit"]);
    }

    #[test]
    fn what_is_asked_for_needs_no_sign_and_none_is_none() {
        assert_eq!(shown(&kinds(Choice::Named(&DIGITS), &ELSEWHERE, &[b"x"])), ["breach"]);
        let opening = Opening { subprotocol: Some("digits"), ..ELSEWHERE };
        assert_eq!(kinds(Choice::None, &opening, &[b"1"]), [None]);
    }
}
