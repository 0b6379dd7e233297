//! Offering permessage-deflate, checking the answer, and answering an offer (RFC 7692 sections 5 and 7.1).

use std::collections::HashSet;
use std::fmt;

use super::DeflateParameters;
use crate::wire::handshake::{Extension, HandshakeRule, Parameter, parse_parameters};

/// The extension's registered name (RFC 7692 section 7).
pub const EXTENSION: &str = "permessage-deflate";

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The smallest window that our compressor can honour: raw DEFLATE with 8 bits is beyond zlib.
const LEAST_WINDOW_BITS: u8 = 9;

/// An offer of permessage-deflate; for a server, what it wants of the connections that it accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeflateOffer {
    /// What the client says about the window that it compresses with.
    pub client_max_window_bits: ClientWindow,
    /// The largest window that the server may compress with, 8 to 15 bits.
    pub server_max_window_bits: Option<u8>,
    /// The client will start each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server must start each message with an empty window.
    pub server_no_context_takeover: bool,
}

/// `client_max_window_bits` in an offer (RFC 7692 section 7.1.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientWindow {
    /// Absent: the server cannot limit the window.
    Fixed,
    /// Without a value: the server may limit it.
    Limitable,
    /// The client will not use more than these bits, 8 to 15; the server may ask for less.
    AtMost(u8),
}

impl Default for DeflateOffer {
    /// `permessage-deflate; client_max_window_bits`, as browsers offer it.
    fn default() -> Self {
        Self { client_max_window_bits: ClientWindow::Limitable, ..Self::bare() }
    }
}

impl DeflateOffer {
    fn bare() -> Self {
        Self {
            client_max_window_bits: ClientWindow::Fixed,
            server_max_window_bits: None,
            client_no_context_takeover: false,
            server_no_context_takeover: false,
        }
    }

    /// Reads parameters as they stand in the header: `client_max_window_bits=10; server_no_context_takeover`. An empty
    /// text is an offer without parameters.
    ///
    /// # Errors
    /// One line that names the parameter and what is wrong with it.
    pub fn parse(parameters: &str) -> Result<Self, String> {
        Self::from_parameters(&parse_parameters(parameters)?).map_err(|(_, mistake)| mistake)
    }

    /// Reads an offer out of the header. An offer with a parameter that is unknown, repeated, or has a bad value is to
    /// be declined (RFC 7692 section 7.1).
    pub(crate) fn from_parameters(parameters: &[Parameter]) -> Result<Self, (HandshakeRule, String)> {
        let mut offer = Self::bare();
        let mut before = HashSet::new();
        for parameter in parameters {
            unrepeated(&mut before, parameter)?;
            match parameter.name.as_str() {
                SERVER_NO_CONTEXT_TAKEOVER => offer.server_no_context_takeover = flag(parameter)?,
                CLIENT_NO_CONTEXT_TAKEOVER => offer.client_no_context_takeover = flag(parameter)?,
                SERVER_MAX_WINDOW_BITS => offer.server_max_window_bits = Some(window_bits(parameter)?),
                CLIENT_MAX_WINDOW_BITS if parameter.value.is_none() => {
                    offer.client_max_window_bits = ClientWindow::Limitable;
                }
                CLIENT_MAX_WINDOW_BITS => offer.client_max_window_bits = ClientWindow::AtMost(window_bits(parameter)?),
                _ => return Err(unknown(parameter)),
            }
        }
        Ok(offer)
    }

    /// What a client that made this offer has agreed to with the server's answer, and every rule that the answer
    /// breaks. A parameter that breaks one is left out of what is agreed.
    pub(crate) fn check_answer(&self, answer: &[Parameter]) -> (DeflateParameters, Vec<(HandshakeRule, String)>) {
        let mut agreed = DeflateParameters {
            client_max_window_bits: match self.client_max_window_bits {
                ClientWindow::AtMost(bits) => bits,
                ClientWindow::Fixed | ClientWindow::Limitable => 15,
            },
            client_no_context_takeover: self.client_no_context_takeover,
            ..DeflateParameters::default()
        };
        let mut breaches = Vec::new();
        let mut before = HashSet::new();
        for parameter in answer {
            let result = unrepeated(&mut before, parameter).and_then(|()| self.take(parameter, &mut agreed));
            breaches.extend(result.err());
        }
        breaches.extend(self.missing_from(answer));
        (agreed, breaches)
    }

    /// Takes one parameter of an answer into what is agreed.
    fn take(&self, parameter: &Parameter, agreed: &mut DeflateParameters) -> Result<(), (HandshakeRule, String)> {
        match parameter.name.as_str() {
            SERVER_NO_CONTEXT_TAKEOVER => agreed.server_no_context_takeover = flag(parameter)?,
            CLIENT_NO_CONTEXT_TAKEOVER => agreed.client_no_context_takeover = flag(parameter)?,
            SERVER_MAX_WINDOW_BITS => {
                agreed.server_max_window_bits = window_bits(parameter)?;
                if let Some(offered) = self.server_max_window_bits.filter(|&bits| bits < agreed.server_max_window_bits)
                {
                    return Err((
                        HandshakeRule::DeflateWindowTooLarge,
                        format!("`{parameter}`, offered were {offered}"),
                    ));
                }
            }
            CLIENT_MAX_WINDOW_BITS => {
                let bits = window_bits(parameter)?;
                agreed.client_max_window_bits = agreed.client_max_window_bits.min(bits);
                if self.client_max_window_bits == ClientWindow::Fixed {
                    return Err((HandshakeRule::DeflateParameterNotOffered, format!("`{parameter}`")));
                }
            }
            _ => return Err(unknown(parameter)),
        }
        Ok(())
    }

    /// An answer that accepts an offer with limits for the server must repeat them (RFC 7692 sections 7.1.1.1 and
    /// 7.1.2.1).
    fn missing_from(&self, answer: &[Parameter]) -> impl Iterator<Item = (HandshakeRule, String)> {
        let demands = [
            (SERVER_NO_CONTEXT_TAKEOVER, self.server_no_context_takeover),
            (SERVER_MAX_WINDOW_BITS, self.server_max_window_bits.is_some()),
        ];
        let missing = demands
            .into_iter()
            .filter(|&(name, demanded)| demanded && !answer.iter().any(|parameter| parameter.name == name));
        missing.map(|(name, _)| (HandshakeRule::DeflateParameterMissing, format!("`{name}`")))
    }

    /// Whether a server with these wishes can accept an offer at all. It cannot where it limits its own window to 8
    /// bits.
    pub fn is_grantable(&self) -> bool {
        self.answer(&Self::bare()).is_some()
    }

    /// A server's answer to what a client offers, where `self` is what the server wants: the parameters, and the
    /// extension to answer with. `None` declines: the client demands a window of 8 bits of us.
    pub(crate) fn answer(&self, offered: &Self) -> Option<(DeflateParameters, Extension)> {
        let server_window = self.server_max_window_bits.into_iter().chain(offered.server_max_window_bits).min();
        if server_window.is_some_and(|bits| bits < LEAST_WINDOW_BITS) {
            return None;
        }
        let client_window = match (self.client_max_window_bits, offered.client_max_window_bits) {
            (_, ClientWindow::Fixed) | (ClientWindow::Fixed | ClientWindow::Limitable, _) => None,
            (ClientWindow::AtMost(ours), ClientWindow::Limitable) => Some(ours),
            (ClientWindow::AtMost(ours), ClientWindow::AtMost(theirs)) => Some(ours.min(theirs)),
        };
        let agreed = DeflateParameters {
            client_max_window_bits: client_window.unwrap_or(15),
            server_max_window_bits: server_window.unwrap_or(15),
            client_no_context_takeover: self.client_no_context_takeover || offered.client_no_context_takeover,
            server_no_context_takeover: self.server_no_context_takeover || offered.server_no_context_takeover,
        };
        let answer = Self {
            client_max_window_bits: client_window.map_or(ClientWindow::Fixed, ClientWindow::AtMost),
            server_max_window_bits: server_window,
            client_no_context_takeover: agreed.client_no_context_takeover,
            server_no_context_takeover: agreed.server_no_context_takeover,
        };
        Some((agreed, answer.extension()))
    }

    /// The offer as an element of `Sec-WebSocket-Extensions`.
    fn extension(&self) -> Extension {
        let with = |name: &str, value: Option<u8>| Parameter {
            name: name.to_owned(),
            value: value.map(|bits| bits.to_string()),
        };
        let mut parameters = Vec::new();
        if self.server_no_context_takeover {
            parameters.push(with(SERVER_NO_CONTEXT_TAKEOVER, None));
        }
        if self.client_no_context_takeover {
            parameters.push(with(CLIENT_NO_CONTEXT_TAKEOVER, None));
        }
        if self.server_max_window_bits.is_some() {
            parameters.push(with(SERVER_MAX_WINDOW_BITS, self.server_max_window_bits));
        }
        match self.client_max_window_bits {
            ClientWindow::Fixed => {}
            ClientWindow::Limitable => parameters.push(with(CLIENT_MAX_WINDOW_BITS, None)),
            ClientWindow::AtMost(bits) => parameters.push(with(CLIENT_MAX_WINDOW_BITS, Some(bits))),
        }
        Extension { name: EXTENSION.to_owned(), parameters }
    }
}

impl fmt::Display for DeflateOffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.extension().fmt(formatter)
    }
}

/// Whether its name is none of those `before`, to which it is added.
fn unrepeated<'a>(before: &mut HashSet<&'a str>, parameter: &'a Parameter) -> Result<(), (HandshakeRule, String)> {
    let name = &parameter.name;
    if !before.insert(name) {
        return Err((HandshakeRule::DeflateParameterRepeated, format!("`{name}` is there twice")));
    }
    Ok(())
}

fn unknown(parameter: &Parameter) -> (HandshakeRule, String) {
    (HandshakeRule::DeflateParameterUnknown, format!("{EXTENSION} has no parameter `{}`", parameter.name))
}

/// A parameter that must come without a value.
fn flag(parameter: &Parameter) -> Result<bool, (HandshakeRule, String)> {
    match parameter.value {
        None => Ok(true),
        Some(_) => Err((HandshakeRule::DeflateParameterValue, format!("`{parameter}`: the parameter has no value"))),
    }
}

/// "A decimal integer value without leading zeroes between 8 to 15, inclusive."
fn window_bits(parameter: &Parameter) -> Result<u8, (HandshakeRule, String)> {
    let bits = match parameter.value.as_deref() {
        Some(text @ ("8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")) => text.parse().ok(),
        _ => None,
    };
    bits.ok_or_else(|| {
        (HandshakeRule::DeflateParameterValue, format!("`{parameter}`: 8 to 15 is asked for, without leading zeros"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer(parameters: &str) -> DeflateOffer {
        DeflateOffer::parse(parameters).unwrap()
    }

    fn answered(offered: &str, answer: &str) -> (DeflateParameters, Vec<HandshakeRule>) {
        let (agreed, breaches) = offer(offered).check_answer(&parse_parameters(answer).unwrap());
        (agreed, breaches.into_iter().map(|(rule, _)| rule).collect())
    }

    fn agreed(offered: &str, answer: &str) -> DeflateParameters {
        let (agreed, breaches) = answered(offered, answer);
        assert_eq!(breaches, [], "{offered} -> {answer}");
        agreed
    }

    #[test]
    fn the_default_offer_is_that_of_browsers() {
        assert_eq!(DeflateOffer::default().to_string(), "permessage-deflate; client_max_window_bits");
    }

    #[test]
    fn an_offer_is_written_as_it_was_read() {
        for text in [
            "",
            "client_max_window_bits",
            "client_max_window_bits=10",
            "server_no_context_takeover; server_max_window_bits=8",
        ] {
            let expected = if text.is_empty() { String::new() } else { format!("; {text}") };
            assert_eq!(offer(text).to_string(), format!("permessage-deflate{expected}"));
        }
        assert_eq!(offer("client_max_window_bits=\"10\""), offer(" client_max_window_bits = 10 "));
    }

    #[test]
    fn an_offer_with_a_mistake_names_it() {
        let cases = [
            ("foo", "no parameter `foo`"),
            ("server_max_window_bits", "8 to 15"),
            ("server_max_window_bits=7", "8 to 15"),
            ("server_max_window_bits=16", "8 to 15"),
            ("server_max_window_bits=08", "leading zeros"),
            ("client_max_window_bits=+9", "8 to 15"),
            ("client_max_window_bits=9; client_max_window_bits=9", "twice"),
            ("server_no_context_takeover=1", "no value"),
            ("client_no_context_takeover=\"true\"", "no value"),
            ("server_no_context_takeover,", "expected `;`"),
            ("permessage-deflate; foo", "no parameter `permessage-deflate`"),
        ];
        for (text, expected) in cases {
            let mistake = DeflateOffer::parse(text).unwrap_err();
            assert!(mistake.contains(expected), "{text}: {mistake}");
        }
    }

    #[test]
    fn what_an_answer_may_say() {
        assert_eq!(agreed("client_max_window_bits", ""), DeflateParameters::default());
        assert_eq!(agreed("client_max_window_bits", "client_max_window_bits=10").client_max_window_bits, 10);
        assert_eq!(agreed("client_max_window_bits", "client_max_window_bits=8").client_max_window_bits, 8);
        // The server may limit itself, and the client's context, without having been asked.
        let limited =
            agreed("", "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=\"9\"");
        assert!(limited.server_no_context_takeover && limited.client_no_context_takeover);
        assert_eq!(limited.server_max_window_bits, 9);
        assert_eq!(agreed("server_max_window_bits=12", "server_max_window_bits=10").server_max_window_bits, 10);
    }

    #[test]
    fn what_the_client_hinted_at_binds_it_whatever_the_answer_says() {
        assert_eq!(agreed("client_max_window_bits=10", "").client_max_window_bits, 10);
        assert_eq!(agreed("client_max_window_bits=10", "client_max_window_bits=12").client_max_window_bits, 10);
        assert!(agreed("client_no_context_takeover", "").client_no_context_takeover);
    }

    #[test]
    fn what_an_answer_must_not_say() {
        let cases = [
            ("client_max_window_bits", "foo", HandshakeRule::DeflateParameterUnknown),
            ("client_max_window_bits", "client_max_window_bits", HandshakeRule::DeflateParameterValue),
            ("client_max_window_bits", "client_max_window_bits=7", HandshakeRule::DeflateParameterValue),
            ("client_max_window_bits", "client_max_window_bits=010", HandshakeRule::DeflateParameterValue),
            ("", "server_max_window_bits=16", HandshakeRule::DeflateParameterValue),
            ("", "server_max_window_bits", HandshakeRule::DeflateParameterValue),
            ("", "server_no_context_takeover=yes", HandshakeRule::DeflateParameterValue),
            ("", "server_no_context_takeover; server_no_context_takeover", HandshakeRule::DeflateParameterRepeated),
            ("", "client_max_window_bits=15", HandshakeRule::DeflateParameterNotOffered),
            ("server_max_window_bits=10", "server_max_window_bits=11", HandshakeRule::DeflateWindowTooLarge),
            ("server_max_window_bits=10", "", HandshakeRule::DeflateParameterMissing),
            ("server_no_context_takeover", "", HandshakeRule::DeflateParameterMissing),
        ];
        for (offered, answer, rule) in cases {
            assert_eq!(answered(offered, answer).1, [rule], "{offered} -> {answer}");
        }
    }

    #[test]
    fn a_server_answers_with_what_both_want() {
        let answer = |wanted: &str, offered: &str| {
            offer(wanted).answer(&offer(offered)).map(|(_, extension)| extension.to_string())
        };
        let cases = [
            ("client_max_window_bits", "client_max_window_bits=9", Some("")),
            ("client_max_window_bits=10", "client_max_window_bits", Some("; client_max_window_bits=10")),
            ("client_max_window_bits=10", "client_max_window_bits=9", Some("; client_max_window_bits=9")),
            ("client_max_window_bits=10", "", Some("")),
            ("server_max_window_bits=10", "", Some("; server_max_window_bits=10")),
            ("server_max_window_bits=10", "server_max_window_bits=12", Some("; server_max_window_bits=10")),
            ("", "server_max_window_bits=9", Some("; server_max_window_bits=9")),
            ("", "server_max_window_bits=8", None),
            (
                "server_no_context_takeover",
                "client_no_context_takeover",
                Some("; server_no_context_takeover; client_no_context_takeover"),
            ),
        ];
        for (wanted, offered, expected) in cases {
            let expected = expected.map(|parameters| format!("permessage-deflate{parameters}"));
            assert_eq!(answer(wanted, offered), expected, "{wanted} <- {offered}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text: String, answer: String) {
            let _ = DeflateOffer::parse(&text);
            if let Ok(answer) = parse_parameters(&answer) {
                let _ = DeflateOffer::default().check_answer(&answer);
            }
        }
    }
}
