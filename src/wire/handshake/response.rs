//! Checking the server's answer (RFC 6455 section 4.1, "the client MUST validate the server's response").

use super::check::{Check, CheckResult, FIRST_LINE};
use super::extensions::{Extension, parse_extensions};
use super::{Agreed, HandshakeRule, Refusal, Request, Strictness, accept};
use crate::http::redact::Part;
use crate::http::{Head, LONGEST_NAME, Version, shortened, token};
use crate::wire::deflate::{DeflateOffer, EXTENSION};
use crate::wire::{DeflateParameters, Role};

/// The server's answer, checked.
#[derive(Debug)]
pub enum Answer {
    /// It says that the upgrade was accepted.
    Upgraded(CheckResult),
    /// It says something else.
    Refused(Box<Refusal>),
}

/// Checks the head of the answer to `request`.
pub fn check_response(head: &Head, request: &Request, strictness: Strictness) -> Answer {
    let accepted =
        head.get("Sec-WebSocket-Accept").map(<[u8]>::to_vec) == request.expected_accept().map(String::into_bytes);
    let upgraded = match (head.status(), strictness) {
        (Some(101), _) => true,
        // An answer with the right `Sec-WebSocket-Accept` is meant as an acceptance, whatever its status is.
        (Some(_), Strictness::Lenient) => accepted && request.key().is_some(),
        _ => false,
    };
    if !upgraded {
        return Answer::Refused(Box::new(Refusal::new(head, request)));
    }
    let mut response = ResponseCheck { check: Check::new(head, Role::Server, request.secrets()), head, request };
    let agreed = response.everything();
    Answer::Upgraded(response.check.finish(strictness, Some(agreed)))
}

/// The sections that forbid to announce content in a 1xx. Some servers do, and every client goes on.
const BODILESS: &str = "RFC 9110 section 8.6, RFC 9112 section 6.1";

/// How much of the names that were offered stands in a text, in characters.
const LONGEST_OFFER: usize = 200;

struct ResponseCheck<'a> {
    check: Check<'a>,
    head: &'a Head,
    request: &'a Request,
}

impl ResponseCheck<'_> {
    fn everything(&mut self) -> Agreed {
        self.status_line();
        self.upgrade();
        self.connection();
        self.accept();
        let subprotocol = self.subprotocol();
        let deflate = self.extensions();
        let extensions = self.head.joined("Sec-WebSocket-Extensions");
        let extensions = (!extensions.is_empty()).then(|| String::from_utf8_lossy(&extensions).into_owned());
        Agreed { subprotocol, deflate, extensions }
    }

    fn status_line(&mut self) {
        let (version, status) = (self.head.version(), self.head.status().unwrap_or_default());
        if version != Version::HTTP_11 {
            self.check.breach(HandshakeRule::HttpVersion, FIRST_LINE, || format!("{version}"));
        }
        if status != 101 {
            self.check.breach(HandshakeRule::Status, FIRST_LINE, || format!("{status}"));
        }
        for name in ["Content-Length", "Transfer-Encoding"] {
            if status == 101 && self.head.get(name).is_some() {
                self.check
                    .note(|| format!("`{name}` in a 101, which has no content: not allowed, and ignored ({BODILESS})"));
            }
        }
        if version == Version::HTTP_11 && status == 101 {
            self.check.verified("status 101 and HTTP/1.1");
        }
    }

    fn upgrade(&mut self) {
        let elements: Vec<_> = self.head.list("Upgrade").collect();
        match elements[..] {
            [one] if one.eq_ignore_ascii_case(b"websocket") => {
                self.check.verified("`Upgrade` is `websocket`");
            }
            _ => self.check.breach_of(HandshakeRule::Upgrade, "Upgrade"),
        }
    }

    fn connection(&mut self) {
        if self.head.lists("Connection", "upgrade") {
            self.check.verified("`Connection` lists `Upgrade`");
        } else {
            self.check.breach_of(HandshakeRule::Connection, "Connection");
        }
    }

    fn accept(&mut self) {
        const NAME: &str = "Sec-WebSocket-Accept";
        self.check.once(NAME);
        let Some(expected) = self.request.expected_accept() else {
            return self.check.note(|| format!("`{NAME}` was not checked, since no key was sent"));
        };
        match self.head.text(NAME) {
            Some(accept) if accept == expected => self.check.verified(format!("`{NAME}` fits the key")),
            Some(accept) => {
                let came = shortened(&accept, LONGEST_NAME);
                let mut detail = format!("`{came}` came, `{expected}` was expected");
                if let Some(mistake) = self.request.key().and_then(|key| accept::mistake(&accept, key)) {
                    detail.push_str("; ");
                    detail.push_str(mistake);
                }
                self.check.breach(HandshakeRule::Accept, NAME, || detail);
            }
            None => self.check.breach_of(HandshakeRule::Accept, NAME),
        }
    }

    /// "If the response includes a |Sec-WebSocket-Protocol| header field and this header field indicates the use of a
    /// subprotocol that was not present in the client's handshake … the client MUST _Fail the WebSocket Connection_."
    fn subprotocol(&mut self) -> Option<String> {
        const NAME: &str = "Sec-WebSocket-Protocol";
        self.check.once(NAME);
        let secrets = self.request.secrets();
        let offered: Vec<_> = self.request.subprotocols().collect();
        let shown = secrets.subprotocols(offered.iter().copied());
        let offer = shown.join("`, `");
        let offer = shortened(&offer, LONGEST_OFFER);
        let Some(chosen) = self.head.text(NAME) else {
            if !offered.is_empty() {
                self.check.note(|| {
                    format!(
                        "the server chose none of the subprotocols offered (`{offer}`): legal, but browsers refuse it"
                    )
                });
            }
            return None;
        };
        let position = offered.iter().position(|name| *name == chosen);
        let choice = match position {
            Some(position) => shown[position].clone(),
            None => secrets.text(Part::Subprotocols(chosen.as_bytes())),
        };
        let choice = shortened(&choice, LONGEST_NAME);
        if !token::is_token(chosen.as_bytes()) {
            self.check.breach(HandshakeRule::SubprotocolSyntax, NAME, || format!("`{choice}`: one name is asked for"));
        } else if position.is_some() {
            self.check.verified(format!("the subprotocol `{choice}` was offered"));
        } else if offered.is_empty() {
            self.check.breach(HandshakeRule::SubprotocolNotOffered, NAME, || format!("`{choice}`; none was offered"));
        } else {
            self.check.breach(HandshakeRule::SubprotocolNotOffered, NAME, || format!("`{choice}`; offered: `{offer}`"));
        }
        Some(chosen)
    }

    /// The header may come several times (erratum 3433 to RFC 6455 section 11.3.2).
    fn extensions(&mut self) -> Option<DeflateParameters> {
        const NAME: &str = "Sec-WebSocket-Extensions";
        let accepted = match parse_extensions(&self.head.joined(NAME)) {
            Ok(accepted) => accepted,
            Err(mistake) => {
                self.check.breach(HandshakeRule::ExtensionSyntax, NAME, || mistake);
                return None;
            }
        };
        let offered = self.request.extensions();
        let before = self.check.breaches();
        let mut deflate = None;
        for extension in &accepted {
            if !offered.iter().any(|offer| offer.name == extension.name) {
                self.check.breach(HandshakeRule::ExtensionNotOffered, NAME, || format!("`{extension}`"));
            }
            match (extension.name == EXTENSION, deflate) {
                (true, None) => deflate = Some(self.deflate(NAME, &offered, extension)),
                (true, Some(_)) => {
                    self.check.breach(HandshakeRule::ExtensionRepeated, NAME, || format!("`{EXTENSION}`"));
                }
                (false, _) => {}
            }
        }
        if !accepted.is_empty() && self.check.breaches() == before {
            self.check.verified(format!("`{NAME}` is covered by what was offered"));
        }
        deflate
    }

    /// The answer may refer to any of several offers. The first offer that it fits counts, or the first of all where it
    /// fits none.
    fn deflate(&mut self, name: &str, offered: &[Extension], answer: &Extension) -> DeflateParameters {
        let offers = offered.iter().filter(|offer| offer.name == EXTENSION);
        let offers = offers.filter_map(|offer| DeflateOffer::from_parameters(&offer.parameters).ok());
        let mut checked: Vec<_> = offers.map(|offer| offer.check_answer(&answer.parameters)).collect();
        if checked.is_empty() {
            checked.push(DeflateOffer::default().check_answer(&answer.parameters));
        }
        let best = checked.iter().position(|(_, breaches)| breaches.is_empty()).unwrap_or_default();
        let (agreed, breaches) = checked.swap_remove(best);
        for (rule, detail) in breaches {
            self.check.breach(rule, name, || detail);
        }
        agreed
    }
}

#[cfg(test)]
mod tests;
