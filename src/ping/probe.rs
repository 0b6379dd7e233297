//! What is sent in each round, and how its answer is known.

use memchr::memmem;

use crate::cli::SHORTEST_PING;
use crate::session::{Handle, NotSent};
use crate::wire::{self, Outgoing};

/// What `{number}` in a message stands for the number of.
const NUMBER: &str = "{number}";

/// What is sent in each round.
#[derive(Debug, Clone)]
pub enum Probe {
    /// A ping with a payload of so many bytes; its first digits are the run's and the round's numbers.
    Ping {
        /// Tells the pings of one run from those of another.
        run: u32,
        /// Bytes, from [`SHORTEST_PING`] on.
        size: usize,
    },
    /// A text message that the server sends back.
    Message {
        /// It; `{number}` in it is the round's number.
        text: String,
    },
}

/// What an event is to the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundAnswer {
    /// No answer.
    None,
    /// That to the round of this number.
    To(u64),
    /// A pong to no ping of this run.
    Foreign,
}

impl Probe {
    /// What is sent in a round.
    fn payload(&self, number: u64) -> String {
        match self {
            Self::Ping { run, size } => format!("{:.<size$}", format!("{run:08x}{:08x}", number & 0xffff_ffff)),
            Self::Message { text } => text.replace(NUMBER, &number.to_string()),
        }
    }

    /// What is sent, for people.
    pub fn question(&self) -> &'static str {
        match self {
            Self::Ping { .. } => "ping",
            Self::Message { .. } => "message",
        }
    }

    /// What comes back, for people.
    pub fn answer(&self) -> &'static str {
        match self {
            Self::Ping { .. } => "pong",
            Self::Message { .. } => "echo",
        }
    }

    /// How many bytes a round sends.
    pub fn size(&self, number: u64) -> usize {
        self.payload(number).len()
    }

    /// Sends what a round sends.
    ///
    /// # Errors
    /// See [`NotSent`].
    pub fn send(&self, handle: &Handle, number: u64) -> Result<(), NotSent> {
        let payload = self.payload(number);
        match self {
            Self::Ping { .. } => handle.ping(payload.as_bytes()).map(drop),
            Self::Message { .. } => handle.send(Outgoing::Text(&payload)),
        }
    }

    /// Which round this event answers; of messages, one of those that are `unanswered`, oldest first.
    pub fn answered_by(&self, event: &wire::Event<'_>, unanswered: impl Iterator<Item = u64>) -> RoundAnswer {
        match (self, event) {
            (Self::Ping { .. }, wire::Event::Pong(payload)) => {
                self.number_of(payload).map_or(RoundAnswer::Foreign, RoundAnswer::To)
            }
            (Self::Message { .. }, wire::Event::Message { payload, .. }) => {
                let unanswered: Vec<u64> = unanswered.collect();
                let found = |is_echo: &dyn Fn(&str) -> bool| {
                    unanswered.iter().copied().find(|number| is_echo(&self.payload(*number)))
                };
                let exact = found(&|text| text.as_bytes() == *payload);
                let answered = exact.or_else(|| found(&|text| memmem::find(payload, text.as_bytes()).is_some()));
                answered.map_or(RoundAnswer::None, RoundAnswer::To)
            }
            _ => RoundAnswer::None,
        }
    }

    /// The number of the round whose ping had this payload.
    fn number_of(&self, payload: &[u8]) -> Option<u64> {
        let digits = str::from_utf8(payload.get(SHORTEST_PING / 2..SHORTEST_PING)?).ok()?;
        let number = u64::from_str_radix(digits, 16).ok()?;
        (self.payload(number).as_bytes() == payload).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Kind, MessageFacts};

    #[test]
    fn each_ping_has_a_payload_of_its_own() {
        let probe = Probe::Ping { run: 0xabc, size: 20 };
        assert_eq!(probe.payload(255), "00000abc000000ff....");
        let answered = |event: wire::Event<'_>| probe.answered_by(&event, std::iter::empty());
        assert_eq!(answered(wire::Event::Pong(b"00000abc000000ff....")), RoundAnswer::To(255));
        for foreign in [b"00000abc000000fe".as_slice(), b"00000abd000000ff....", b"00000abcx00000ff....", b""] {
            assert_eq!(answered(wire::Event::Pong(foreign)), RoundAnswer::Foreign);
        }
        assert_eq!(answered(wire::Event::Ping(b"00000abc000000ff....")), RoundAnswer::None);
    }

    #[test]
    fn a_message_may_have_its_number_in_it() {
        let probe = Probe::Message { text: "{\"id\":{number}}".into() };
        assert_eq!(probe.payload(7), "{\"id\":7}");
        assert_eq!(Probe::Message { text: "hi".into() }.payload(7), "hi");
        let echo = |payload: &'static [u8]| {
            let facts = MessageFacts { length: payload.len() as u64, compressed: None, fragments: 1 };
            probe.answered_by(&wire::Event::Message { kind: Kind::Text, payload, facts }, [7, 71].into_iter())
        };
        assert_eq!(echo(b"{\"id\":71}"), RoundAnswer::To(71));
        assert_eq!(echo(b"you said {\"id\":7}!"), RoundAnswer::To(7), "what a server puts around it does not matter");
        assert_eq!(echo(b"news"), RoundAnswer::None);
    }
}
