//! An answer that refuses the upgrade: what it says, and the start of its body.

use super::{Request, diagnose, signs};
use crate::diagnosis::{Diagnosis, HeaderSize, Intermediary, Login, Refused, Transport};
use crate::http::redact::{Part, Secrets};
use crate::http::{Body, Head, Version, shortened};

/// The headers that help to explain a refusal: why, and by which server or proxy.
const TELLING: [&str; 13] = [
    "Location",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Retry-After",
    "Sec-WebSocket-Version",
    "Upgrade",
    "Allow",
    "Server",
    "Via",
    "X-Cache",
    "CF-Mitigated",
    "Content-Type",
    "Content-Encoding",
];

/// A response that does not switch protocols. This is no breach: the server may refuse. Everything in it may hold a
/// peer's bytes, unescaped. Its texts have no secrets in them, unless they are to be shown; head and body have.
#[derive(Debug, Clone)]
pub struct Refusal {
    head: Head,
    body: Body,
    context: Context,
}

/// What our request had, as far as a diagnosis depends on it.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// Without the query, which may hold a secret.
    pub path: String,
    pub host: String,
    pub sent_origin: bool,
    pub longest_header: Option<HeaderSize>,
    pub login: Login,
    pub transport: Transport,
    pub secrets: Secrets,
}

impl Refusal {
    pub(super) fn new(head: &Head, request: &Request) -> Self {
        let has_login = ["Authorization", "Cookie"].iter().any(|name| request.has(name));
        let secrets = request.secrets();
        let path = request.target().split('?').next().unwrap_or_default();
        let host = request.values("Host").next().unwrap_or_default();
        let context = Context {
            path: secrets.text(Part::Text(path.as_bytes())),
            host: secrets.text(Part::Value { name: "Host", value: host.as_bytes() }),
            secrets,
            transport: Transport::Plain,
            sent_origin: request.has("Origin"),
            longest_header: request.longest_header(),
            login: if has_login { Login::Sent } else { Login::NotSent },
        };
        Self { body: Body::of(head), head: head.clone(), context }
    }

    /// What it came through, where that is not TCP alone.
    pub fn set_transport(&mut self, transport: Transport) {
        self.context.transport = transport;
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.head.status().unwrap_or_default()
    }

    /// The HTTP version of the answer.
    pub fn version(&self) -> Version {
        self.head.version()
    }

    /// `HTTP/1.1 403 Forbidden`, as it may be shown.
    pub fn status_line(&self) -> String {
        self.head.first_line_shown(self.context.secrets)
    }

    /// The whole head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Whether its secrets are shown.
    pub fn secrets(&self) -> Secrets {
        self.context.secrets
    }

    /// The headers that help to explain the refusal, as `Name: value`, as they may be shown, in the order in which they
    /// came.
    pub fn telling_headers(&self) -> Vec<String> {
        let fields =
            self.head.headers().filter(|(name, _)| TELLING.iter().any(|other| other.eq_ignore_ascii_case(name)));
        let shown = |(name, value)| {
            let value = self.context.secrets.text(Part::Value { name, value });
            format!("{name}: {}", shortened(&value, Head::LONGEST_LINE))
        };
        fields.map(shown).collect()
    }

    /// The first header of that name, as it may be shown.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.head.get(name)?;
        let value = self.context.secrets.text(Part::Value { name, value });
        Some(shortened(&value, Head::LONGEST_LINE).into_owned())
    }

    /// The seconds that the server asks the next attempt to wait (RFC 9110 section 10.2.3); a date counts as nothing
    /// said.
    pub fn retry_after(&self) -> Option<u32> {
        self.head.text("Retry-After")?.parse().ok()
    }

    /// Whether it is a 401 that a user and a password may answer (RFC 7617), perhaps among other things.
    pub fn wants_password(&self) -> bool {
        self.status() == 401 && self.head.all("WWW-Authenticate").any(|field| names_basic(&field.value))
    }

    /// The start of the body, as far as it has come.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The body, to feed it what follows the head.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.body
    }

    /// The proxy that it comes from, as far as its head says.
    pub fn intermediary(&self) -> Option<Intermediary> {
        signs::proxy(self)
    }

    /// That the request's head was too large, whatever the response says.
    pub fn head_too_large(&self) -> Refused {
        signs::head_too_large(&self.context, self.intermediary())
    }

    /// The cause, where it is a usual one.
    pub fn diagnosis(&self) -> Option<Diagnosis> {
        diagnose::of_refusal(self, &self.context)
    }
}

/// Whether one of these challenges, as `WWW-Authenticate` lists them (RFC 9110 section 11.6.1), is Basic.
fn names_basic(challenges: &[u8]) -> bool {
    let mut is_quoted = false;
    let mut parts = challenges.split(|&byte| {
        is_quoted ^= byte == b'"';
        byte == b',' && !is_quoted
    });
    parts.any(|part| {
        let word = part.trim_ascii().split(u8::is_ascii_whitespace).next();
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"Basic"))
    })
}

#[cfg(test)]
impl Refusal {
    /// What its cause may depend on.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::refusal;

    #[test]
    fn it_shows_the_status_and_the_telling_headers() {
        let head = "401 Unauthorized\r\nDate: x\r\nserver: nginx\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\
                    WWW-Authenticate: Bearer";
        let refusal = refusal(&[], head, "");
        assert_eq!(refusal.status(), 401);
        assert_eq!(refusal.status_line(), "HTTP/1.1 401 Unauthorized");
        assert_eq!(
            refusal.telling_headers(),
            ["server: nginx", "WWW-Authenticate: Basic realm=\"a\"", "WWW-Authenticate: Bearer"]
        );
    }

    #[test]
    fn a_password_answers_a_401_with_basic_among_its_challenges() {
        let wants = |head: &str| refusal(&[], head, "").wants_password();
        assert!(wants("401 x\r\nWWW-Authenticate: Basic realm=\"a\""));
        assert!(wants("401 x\r\nWWW-Authenticate: Bearer realm=\"a, b\", x=y , basic realm=\"c\""));
        assert!(wants("401 x\r\nWWW-Authenticate: Bearer\r\nWWW-Authenticate: BASIC"));
        for head in ["", "\r\nWWW-Authenticate: Bearer realm=\"a, Basic b\"", "\r\nWWW-Authenticate: Basically"] {
            assert!(!wants(&format!("401 x{head}")), "{head}");
        }
        assert!(!wants("403 x\r\nWWW-Authenticate: Basic"));
    }

    #[test]
    fn a_server_says_how_long_it_will_be_away() {
        let asked = |value: &str| refusal(&[], &format!("503 x\r\nRetry-After: {value}"), "").retry_after();
        assert_eq!(asked("5"), Some(5));
        assert_eq!(asked("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(asked("-1"), None);
    }
}
