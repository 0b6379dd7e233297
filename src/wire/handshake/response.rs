//! Judging the server's answer (RFC 6455 section 4.1, "the client MUST validate the server's response").

use super::check::{Check, FIRST_LINE, Verdict};
use super::extensions::{Extension, parse_extensions};
use super::{Agreed, HandshakeRule, Refusal, Request, Strictness, accept};
use crate::http::{Head, Version, token};
use crate::wire::deflate::{DeflateOffer, EXTENSION};
use crate::wire::{DeflateParameters, Role};

/// The server's answer, judged.
#[derive(Debug)]
pub enum Answer {
    /// It says that the upgrade was accepted.
    Upgraded(Verdict),
    /// It says something else.
    Refused(Refusal),
}

/// Checks the head of the answer to `request`.
pub fn check_response(head: &Head, request: &Request, strictness: Strictness) -> Answer {
    let accepted =
        head.get("Sec-WebSocket-Accept").map(<[u8]>::to_vec) == request.expected_accept().map(String::into_bytes);
    let upgraded = match (head.status(), strictness) {
        (Some(101), _) => true,
        // An answer that knows our key was meant as an acceptance, whatever its status says.
        (Some(_), Strictness::Lenient) => accepted && request.key().is_some(),
        _ => false,
    };
    if !upgraded {
        return Answer::Refused(Refusal::new(head, request));
    }
    let mut response = ResponseCheck { check: Check::new(head, Role::Server), head, request };
    let agreed = response.everything();
    Answer::Upgraded(response.check.verdict(strictness, Some(agreed)))
}

/// What forbids to announce content in a 1xx. Servers do it all the same, and every client goes on.
const BODILESS: &str = "RFC 9110 section 8.6, RFC 9112 section 6.1";

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
            self.check.breach(HandshakeRule::HttpVersion, FIRST_LINE, format!("{version}"));
        }
        if status != 101 {
            self.check.breach(HandshakeRule::Status, FIRST_LINE, format!("{status}"));
        }
        for name in ["Content-Length", "Transfer-Encoding"] {
            if status == 101 && self.head.get(name).is_some() {
                self.check
                    .note(format!("`{name}` in a 101, which has no content: not allowed, and ignored ({BODILESS})"));
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
            return self.check.note(format!("`{NAME}` was not checked, since no key was sent"));
        };
        match self.head.text(NAME) {
            Some(accept) if accept == expected => self.check.verified(format!("`{NAME}` fits the key")),
            Some(accept) => {
                let mut detail = format!("`{accept}` came, `{expected}` was expected");
                if let Some(mistake) = self.request.key().and_then(|key| accept::mistake(&accept, key)) {
                    detail.push_str("; ");
                    detail.push_str(mistake);
                }
                self.check.breach(HandshakeRule::Accept, NAME, detail);
            }
            None => self.check.breach_of(HandshakeRule::Accept, NAME),
        }
    }

    /// "If the response includes a |Sec-WebSocket-Protocol| header field and this header field indicates the use of a
    /// subprotocol that was not present in the client's handshake … the client MUST _Fail the WebSocket Connection_."
    fn subprotocol(&mut self) -> Option<String> {
        const NAME: &str = "Sec-WebSocket-Protocol";
        self.check.once(NAME);
        let offered: Vec<_> = self.request.subprotocols().collect();
        let Some(chosen) = self.head.text(NAME) else {
            if !offered.is_empty() {
                let offered = offered.join("`, `");
                self.check.note(format!(
                    "the server chose none of the subprotocols offered (`{offered}`): legal, but browsers refuse it"
                ));
            }
            return None;
        };
        if !token::is_token(chosen.as_bytes()) {
            self.check.breach(HandshakeRule::SubprotocolSyntax, NAME, format!("`{chosen}`: one name is asked for"));
        } else if offered.contains(&chosen.as_str()) {
            self.check.verified(format!("the subprotocol `{chosen}` was offered"));
        } else if offered.is_empty() {
            self.check.breach(HandshakeRule::SubprotocolNotOffered, NAME, format!("`{chosen}`; none was offered"));
        } else {
            let offered = offered.join("`, `");
            self.check.breach(HandshakeRule::SubprotocolNotOffered, NAME, format!("`{chosen}`; offered: `{offered}`"));
        }
        Some(chosen)
    }

    /// The header may come several times (erratum 3433 to RFC 6455 section 11.3.2).
    fn extensions(&mut self) -> Option<DeflateParameters> {
        const NAME: &str = "Sec-WebSocket-Extensions";
        let accepted = match parse_extensions(&self.head.joined(NAME)) {
            Ok(accepted) => accepted,
            Err(mistake) => {
                self.check.breach(HandshakeRule::ExtensionSyntax, NAME, mistake);
                return None;
            }
        };
        let offered = self.request.extensions();
        let before = self.check.breaches();
        let mut deflate = None;
        for extension in &accepted {
            if !offered.iter().any(|offer| offer.name == extension.name) {
                self.check.breach(HandshakeRule::ExtensionNotOffered, NAME, format!("`{extension}`"));
            }
            match (extension.name == EXTENSION, deflate) {
                (true, None) => deflate = Some(self.deflate(NAME, &offered, extension)),
                (true, Some(_)) => {
                    self.check.breach(HandshakeRule::ExtensionRepeated, NAME, format!("`{EXTENSION}`"));
                }
                (false, _) => {}
            }
        }
        if !accepted.is_empty() && self.check.breaches() == before {
            self.check.verified(format!("`{NAME}` is covered by what was offered"));
        }
        deflate
    }

    /// The answer may be to any of several offers: the first that it fits counts, else the first of all.
    fn deflate(&mut self, name: &str, offered: &[Extension], answer: &Extension) -> DeflateParameters {
        let offers = offered.iter().filter(|offer| offer.name == EXTENSION);
        let offers = offers.filter_map(|offer| DeflateOffer::from_parameters(&offer.parameters).ok());
        let mut judged: Vec<_> = offers.map(|offer| offer.check_answer(&answer.parameters)).collect();
        if judged.is_empty() {
            judged.push(DeflateOffer::default().check_answer(&answer.parameters));
        }
        let best = judged.iter().position(|(_, breaches)| breaches.is_empty()).unwrap_or_default();
        let (agreed, breaches) = judged.swap_remove(best);
        for (rule, detail) in breaches {
            self.check.breach(rule, name, detail);
        }
        agreed
    }
}

#[cfg(test)]
mod tests {
    use super::super::RequestOptions;
    use super::*;
    use crate::diagnosis::Diagnosis;
    use crate::http::{HeadKind, HeadProgress, HeadReader, HeaderRule};
    use crate::wire::Rule;

    const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    fn request(rules: &[&str]) -> Request {
        let options = RequestOptions {
            target: "/chat".to_owned(),
            authority: "example.com".to_owned(),
            key: Some("dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
            deflate: Some(DeflateOffer::default()),
            subprotocols: vec!["chat".to_owned(), "superchat".to_owned()],
            headers: rules.iter().map(|rule| HeaderRule::parse(rule).unwrap()).collect(),
            ..RequestOptions::default()
        };
        Request::new(&options).unwrap()
    }

    fn head(response: &str, size: usize) -> Head {
        let mut reader = HeadReader::new(HeadKind::Response);
        let bytes = format!("{response}\r\n");
        for piece in bytes.as_bytes().chunks(size) {
            match reader.feed(piece) {
                HeadProgress::Incomplete => {}
                HeadProgress::Complete { head, .. } => return head,
                HeadProgress::Failed(error) => panic!("{error}"),
            }
        }
        panic!("the head of {bytes:?} does not end");
    }

    /// Judges a response, without its final empty line, fed whole and byte by byte.
    fn judge(response: &str, request: &Request, strictness: Strictness) -> Verdict {
        let verdicts = [usize::MAX, 1].map(|size| match check_response(&head(response, size), request, strictness) {
            Answer::Upgraded(verdict) => verdict,
            Answer::Refused(refusal) => panic!("refused: {}", refusal.status_line()),
        });
        assert_eq!(verdicts[0], verdicts[1]);
        verdicts[0].clone()
    }

    fn strict(response: &str) -> Verdict {
        judge(response, &request(&[]), Strictness::Strict)
    }

    /// That the response breaks this rule and no other, fails when strict and passes when lenient.
    fn breaks(response: &str, rule: HandshakeRule) -> Verdict {
        let verdict = strict(response);
        let rules: Vec<_> = verdict.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::Handshake(rule)], "{response}");
        assert_eq!(verdict.agreed, None, "{response}");
        assert_eq!(verdict.findings[0].blame, Role::Server);
        assert!(matches!(verdict.diagnosis(), Some(Diagnosis::Breached(_))));
        let lenient = judge(response, &request(&[]), Strictness::Lenient);
        assert!(lenient.agreed.is_some(), "{response}");
        lenient
    }

    #[test]
    fn a_good_answer_is_verified_line_by_line() {
        let verdict = strict(&format!(
            "{GOOD}Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12\r\n"
        ));
        assert!(verdict.findings.is_empty());
        assert_eq!(verdict.verified.len(), 6, "{:?}", verdict.verified);
        let agreed = verdict.agreed.unwrap();
        assert_eq!(agreed.subprotocol.as_deref(), Some("chat"));
        assert_eq!(agreed.deflate.unwrap().server_max_window_bits, 12);
        assert_eq!(agreed.extensions.as_deref(), Some("permessage-deflate; server_max_window_bits=12"));
    }

    #[test]
    fn case_lists_and_spacing_are_free() {
        let response = "HTTP/1.1 101 \r\nUPGRADE:WebSocket\r\nconnection: keep-alive\r\nConnection: foo, UPGRADE\r\n\
                        sec-websocket-ACCEPT:   s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n";
        assert!(strict(response).findings.is_empty());
    }

    #[test]
    fn no_subprotocol_is_legal_and_noted() {
        let verdict = strict(GOOD);
        assert!(verdict.agreed.unwrap().subprotocol.is_none());
        assert!(verdict.notes[0].contains("browsers refuse it"), "{:?}", verdict.notes);
    }

    #[test]
    fn each_header_that_must_be_there() {
        let cases = [
            ("HTTP/1.1", "HTTP/1.0", HandshakeRule::HttpVersion),
            ("Upgrade: websocket\r\n", "", HandshakeRule::Upgrade),
            ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n", HandshakeRule::Upgrade),
            ("Upgrade: websocket\r\n", "Upgrade: websocket, h2c\r\n", HandshakeRule::Upgrade),
            ("Upgrade: websocket\r\n", "Upgrade: websocket\r\nUpgrade: websocket\r\n", HandshakeRule::Upgrade),
            ("Connection: Upgrade\r\n", "", HandshakeRule::Connection),
            ("Connection: Upgrade\r\n", "Connection: keep-alive\r\n", HandshakeRule::Connection),
            ("Connection: Upgrade\r\n", "Connection: upgrades\r\n", HandshakeRule::Connection),
            ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "", HandshakeRule::Accept),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", HandshakeRule::Accept),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", HandshakeRule::Accept),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo= x", HandshakeRule::Accept),
        ];
        for (from, to, rule) in cases {
            breaks(&GOOD.replacen(from, to, 1), rule);
        }
    }

    #[test]
    fn a_finding_points_at_the_bytes() {
        let finding = breaks(&GOOD.replace("websocket", "h2c"), HandshakeRule::Upgrade).findings.remove(0);
        assert_eq!((finding.offset, &finding.bytes[..]), (34, &b"Upgrade: h2c"[..]));
        assert_eq!(finding.detail, "`Upgrade: h2c`");
    }

    #[test]
    fn headers_that_may_be_there_once() {
        let again = format!("{GOOD}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
        breaks(&again, HandshakeRule::RepeatedHeader);
        let again = format!("{GOOD}Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n");
        breaks(&again, HandshakeRule::RepeatedHeader);
    }

    #[test]
    fn a_subprotocol_must_be_one_that_was_offered() {
        breaks(&format!("{GOOD}Sec-WebSocket-Protocol: Chat\r\n"), HandshakeRule::SubprotocolNotOffered);
        breaks(&format!("{GOOD}Sec-WebSocket-Protocol: chat, superchat\r\n"), HandshakeRule::SubprotocolSyntax);
        breaks(&format!("{GOOD}Sec-WebSocket-Protocol:\r\n"), HandshakeRule::SubprotocolSyntax);
        let unasked = format!("{GOOD}Sec-WebSocket-Protocol: chat\r\n");
        let verdict = judge(&unasked, &request(&["Sec-WebSocket-Protocol:"]), Strictness::Strict);
        assert_eq!(verdict.findings[0].rule, Rule::Handshake(HandshakeRule::SubprotocolNotOffered));
    }

    #[test]
    fn an_extension_must_have_been_offered() {
        let with = |extensions: &str| format!("{GOOD}Sec-WebSocket-Extensions: {extensions}\r\n");
        breaks(&with("x-foo"), HandshakeRule::ExtensionNotOffered);
        breaks(&with("permessage-deflate;"), HandshakeRule::ExtensionSyntax);
        breaks(&with("permessage-deflate, permessage-deflate"), HandshakeRule::ExtensionRepeated);
        breaks(&with("permessage-deflate; foo"), HandshakeRule::DeflateParameterUnknown);
    }

    #[test]
    fn an_extension_that_nobody_asked_for_is_used_when_lenient() {
        let response = format!("{GOOD}Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n");
        let request = request(&["Sec-WebSocket-Extensions:"]);
        let verdict = judge(&response, &request, Strictness::Strict);
        assert_eq!(verdict.findings[0].rule, Rule::Handshake(HandshakeRule::ExtensionNotOffered));
        let verdict = judge(&response, &request, Strictness::Lenient);
        assert!(verdict.agreed.unwrap().deflate.unwrap().server_no_context_takeover);
    }

    #[test]
    fn extensions_may_come_in_several_headers_and_answer_any_offer() {
        let request = request(&[
            "Sec-WebSocket-Extensions: x-a, permessage-deflate; server_max_window_bits=9, permessage-deflate",
        ]);
        let response =
            format!("{GOOD}Sec-WebSocket-Extensions: x-a\r\nSec-WebSocket-Extensions: permessage-deflate\r\n");
        let verdict = judge(&response, &request, Strictness::Strict);
        assert_eq!(verdict.findings, []);
        assert_eq!(verdict.agreed.unwrap().extensions.as_deref(), Some("x-a, permessage-deflate"));
    }

    #[test]
    fn the_syntax_of_the_head_counts_too() {
        breaks(&format!("{GOOD}X: a\r\n b\r\n"), HandshakeRule::FoldedHeader);
        breaks(&GOOD.replacen("Upgrade:", "Upgrade :", 1), HandshakeRule::SpaceBeforeColon);
        breaks(&format!("{GOOD}nonsense\r\n"), HandshakeRule::HeaderSyntax);
        breaks(&format!("{GOOD}X: \x07\r\n"), HandshakeRule::ControlCharacter);
        breaks(&GOOD.replacen("\r\n", "\n", 1), HandshakeRule::BareLineFeed);
    }

    #[test]
    fn content_announced_in_a_101_is_noted_only() {
        for header in ["Content-Length: 0", "Transfer-Encoding: chunked"] {
            let verdict = judge(&format!("{GOOD}{header}\r\n"), &request(&[]), Strictness::Strict);
            assert_eq!(verdict.findings, []);
            assert!(verdict.notes.iter().any(|note| note.contains("RFC 9110 section 8.6")), "{:?}", verdict.notes);
        }
    }

    #[test]
    fn another_status_is_a_refusal_unless_it_knows_our_key() {
        let response = head(&GOOD.replacen("101 Switching Protocols", "200 OK", 1), usize::MAX);
        assert!(matches!(check_response(&response, &request(&[]), Strictness::Strict), Answer::Refused(_)));
        let Answer::Upgraded(verdict) = check_response(&response, &request(&[]), Strictness::Lenient) else {
            panic!("refused");
        };
        assert_eq!(verdict.findings[0].rule, Rule::Handshake(HandshakeRule::Status));
        assert!(verdict.agreed.is_some());
        let page = head("HTTP/1.1 200 OK\r\n", usize::MAX);
        assert!(matches!(check_response(&page, &request(&[]), Strictness::Lenient), Answer::Refused(_)));
    }
    #[test]
    fn tungstenite_accepts_our_request_and_we_accept_its_answer() {
        use tungstenite::handshake::machine::TryParse;
        use tungstenite::handshake::server::{Request as Parsed, create_response, write_response};

        let request = request(&["Sec-WebSocket-Key:", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="]);
        let (_, parsed) = Parsed::try_parse(&request.encode()).unwrap().unwrap();
        let mut response = Vec::new();
        write_response(&mut response, &create_response(&parsed).unwrap()).unwrap();
        let response = String::from_utf8(response).unwrap();
        let verdict = judge(response.strip_suffix("\r\n").unwrap(), &request, Strictness::Strict);
        assert_eq!(verdict.findings, []);
    }
}
