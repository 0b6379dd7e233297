//! Which parts of HTTP are secret, and what is shown in their place.
//!
//! One table (`NAMES`) and one function (`judge`) decide for headers, for parameters (of a query, of a fragment,
//! `;matrix` parameters of a path) and for subprotocols. A value is secret
//!
//! - by its name, or by the marker before it: `X-Api-Key: …`, `?access_token=…`, `bearer.…`;
//! - by its look, where it is a parameter's or a subprotocol: a JWT, or 32 characters and more of Base64 or hex.
//!
//! Userinfo is always secret. Never secret are the handshake's own headers (`Sec-WebSocket-Key`), ids of requests and
//! traces, entity tags, and hashes of certificates.
//!
//! In the place of a secret stands `[hidden: JWT, 812 characters]`, or `[hidden, 32 characters]`: the length shows that a
//! token was cut off. `[hidden]` alone stands for what is shorter than 16 characters, for passwords, for userinfo and for
//! `Basic`, where the length would help to guess it. A hex dump keeps the place of each byte, and so shows the length.
//!
//! `scan` knows where names and values stand, `look` what a token looks like. Every text about a head, a URL or a
//! subprotocol is made with a function of this module and the [`Secrets`] of the run. What is hidden in a text can then
//! appear nowhere.

mod look;
mod scan;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

/// What stands for a secret of which nothing is told.
pub const HIDDEN: &str = "[hidden]";

/// The length of a shorter secret is not told: it would help to guess it.
const LEAST_TOLD_LENGTH: usize = 16;

/// Whether secrets are shown in what is said about heads, URLs and subprotocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// As `[hidden]`, or `[hidden, 32 characters]`.
    #[default]
    Hidden,
    /// As they are.
    Shown,
}

/// A piece of HTTP that may have secrets in it.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// Lines of a head, whole or not.
    Head(&'a [u8]),
    /// A text with URLs in it: a first line, a request target, a line of a body, the URL itself.
    Text(&'a [u8]),
    /// The value of a header.
    Value {
        /// The header's name.
        name: &'a str,
        /// Its value, without the white space around it.
        value: &'a [u8],
    },
    /// The name of a subprotocol, or several with commas between.
    Subprotocols(&'a [u8]),
}

/// Where a secret is, and what may be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its bytes. Never empty.
    pub range: Range<usize>,
    /// What may be told.
    pub told: Told,
}

/// What is told of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// That it is a JWT, and its length where that is no help to guess it.
    Length,
    /// Nothing: a password, or a piece of a secret.
    Nothing,
}

impl Secrets {
    /// Where in `part` something is to be hidden, in order. It takes time in proportion to the part's length.
    pub fn find(self, part: Part<'_>) -> Vec<Secret> {
        if self == Self::Shown {
            return Vec::new();
        }
        let mut found = match part {
            Part::Head(lines) => scan::head(lines),
            Part::Text(text) => scan::text(text),
            Part::Value { name, value } => scan::value(name.as_bytes(), value),
            Part::Subprotocols(names) => scan::subprotocols(names),
        };
        found.retain(|secret| !is_label(&part.bytes()[secret.range.clone()]));
        found
    }

    /// Those of `found` that are to be hidden: all or none.
    pub fn only(self, found: &[Secret]) -> &[Secret] {
        match self {
            Self::Hidden => found,
            Self::Shown => &[],
        }
    }

    /// `part` as it may be shown, its bytes otherwise as they are.
    pub fn bytes(self, part: Part<'_>) -> Cow<'_, [u8]> {
        let (secrets, bytes) = (self.find(part), part.bytes());
        if secrets.is_empty() {
            return bytes.into();
        }
        replaced(bytes, &secrets).into()
    }

    /// `part` as it may be shown; what is not UTF-8 becomes U+FFFD.
    pub fn text(self, part: Part<'_>) -> String {
        String::from_utf8_lossy(&self.bytes(part)).into_owned()
    }

    /// Each of these subprotocols, which one header offers in this order, as it may be shown.
    pub fn subprotocols<'a>(self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut scanner = scan::Subprotocols::default();
        let shown = |name: &str| {
            let secrets = scanner.list(name.as_bytes());
            String::from_utf8_lossy(&replaced(name.as_bytes(), self.only(&secrets))).into_owned()
        };
        names.map(shown).collect()
    }
}

impl<'a> Part<'a> {
    fn bytes(self) -> &'a [u8] {
        let (Self::Head(bytes) | Self::Text(bytes) | Self::Value { value: bytes, .. } | Self::Subprotocols(bytes)) =
            self;
        bytes
    }
}

/// Whether `value` is what was put in the place of a secret before, as in a recording; up to its first space, where a value
/// ends there.
fn is_label(value: &[u8]) -> bool {
    let Some(inner) = value.strip_prefix(b"[hidden") else { return false };
    let Some(told) = inner.strip_suffix(b"]") else { return inner == b"," || inner == b":" };
    let length = told.strip_prefix(b": JWT").unwrap_or(told).strip_prefix(b", ");
    let digits = length.and_then(|length| length.strip_suffix(b" characters"));
    told.is_empty() || digits.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

impl Secret {
    fn moved_by(self, offset: usize) -> Self {
        Self { range: self.range.start + offset..self.range.end + offset, ..self }
    }

    /// What is shown in its place; `text` is that in which it is.
    pub fn label(&self, text: &[u8]) -> String {
        let value = String::from_utf8_lossy(&text[self.range.clone()]);
        let length = value.chars().count();
        match self.told {
            Told::Nothing => HIDDEN.to_owned(),
            Told::Length if look::is_jwt(value.trim()) => format!("[hidden: JWT, {length} characters]"),
            Told::Length if length < LEAST_TOLD_LENGTH => HIDDEN.to_owned(),
            Told::Length => format!("[hidden, {length} characters]"),
        }
    }
}

/// Whether something of `text` was hidden when it was recorded: whether a label stands in it.
pub fn has_label(text: &str) -> bool {
    [HIDDEN, "[hidden, ", "[hidden: "].iter().any(|label| text.contains(label))
}

/// `text` with the label of each of `secrets` (in order) in its place.
pub fn replaced(text: &[u8], secrets: &[Secret]) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    let mut shown = 0;
    for secret in secrets {
        output.extend_from_slice(&text[shown..secret.range.start]);
        output.extend_from_slice(secret.label(text).as_bytes());
        shown = secret.range.end;
    }
    output.extend_from_slice(&text[shown..]);
    output
}

/// What of `secrets` (in order) lies in `window`, relative to its start. Of one that is cut nothing is told.
pub fn within(secrets: &[Secret], window: Range<usize>) -> Vec<Secret> {
    let first = secrets.partition_point(|secret| secret.range.end <= window.start);
    let inside = secrets[first..].iter().take_while(|secret| secret.range.start < window.end);
    let clip = |secret: &Secret| {
        let Range { start, end } = secret.range;
        let is_cut = start < window.start || end > window.end;
        Secret {
            range: start.max(window.start) - window.start..end.min(window.end) - window.start,
            told: if is_cut { Told::Nothing } else { secret.told },
        }
    };
    inside.map(clip).collect()
}

/// At most `most` of the bytes of `text` in `window`, with an asterisk for each byte of `secrets`, which are in `text`.
pub fn excerpt(text: &[u8], window: Range<usize>, most: usize, secrets: &[Secret]) -> Vec<u8> {
    let window = window.start..window.end.min(window.start + most);
    let mut bytes = text[window.clone()].to_vec();
    for secret in within(secrets, window) {
        bytes[secret.range].fill(b'*');
    }
    bytes
}

/// Of what a name is the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A header.
    Header,
    /// A parameter: of a query, a fragment, a path, or in the value of a header.
    Parameter,
    /// A part of a subprotocol's name, behind which a value may stand.
    Marker,
}

/// How a name in the table is compared. Case never counts, nor what is neither letter nor digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// The end of the name: `token` for `authtoken` and `X-Auth-Token`.
    End,
    /// The name's last word: `sid` for `user_sid`, `userSid` and `sid`, not for `aside`.
    Word,
    /// The name's last word behind another one: `key` for `X-Auth-Key`, not for `Key`.
    LaterWord,
    /// The whole name of a parameter.
    Parameter,
}

/// What a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A reader of it could act as its owner.
    Secret,
    /// The same, and it is often short and chosen by a person.
    Password,
    /// Whatever it looks like, it is none.
    Public,
}

/// The names. The first that fits decides.
#[rustfmt::skip]
const NAMES: &[(Fit, Says, &[&str])] = &[
    // Ids and hashes look like tokens; these keys and headers open nothing.
    (Fit::End, Says::Public, &[
        "websocketkey", "websocketaccept", "websocketversion", "websocketextensions", "cachekey", "surrogatekey",
        "idempotencykey", "publickey", "requestid", "traceid", "spanid", "correlationid", "traceparent", "tracestate",
        "etag", "nonematch", "ifmatch", "fingerprint", "thumbprint", "hash", "digest", "checksum", "md5", "sha1",
        "sha256", "sha384", "sha512", "boundary",
    ]),
    (Fit::End, Says::Password, &["password", "passwd", "passphrase"]),
    (Fit::Word, Says::Password, &["pwd", "pass", "passcode", "pin", "otp"]),
    (Fit::End, Says::Secret, &[
        "authorization", "authentication", "cookie", "cookie2", "credential", "credentials", "jwt", "secret", "session",
        "sessionid", "sessid", "signature", "ticket", "token", "accesskey", "apikey", "appkey", "authkey", "clientkey",
        "privatekey", "secretkey", "sharedkey", "streamkey", "subscriptionkey", "userkey",
    ]),
    (Fit::Word, Says::Secret, &["auth", "bearer", "hmac", "jws", "sid", "sig"]),
    (Fit::LaterWord, Says::Secret, &["key"]),
    (Fit::Parameter, Says::Secret, &["key", "code"]),
];

/// What the name of a header, of a parameter or before a value says about the value.
fn says(place: Place, name: &[u8]) -> Option<Says> {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let letters: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
    if letters.is_empty() {
        return None;
    }
    let word = last_word(name).to_ascii_lowercase();
    let fits = |fit: Fit, text: &[u8]| match fit {
        Fit::End => letters.ends_with(text),
        Fit::Word => word == text,
        Fit::LaterWord => word == text && letters.len() > word.len(),
        Fit::Parameter => place == Place::Parameter && letters == text,
    };
    let row = NAMES.iter().find(|(fit, _, names)| names.iter().any(|name| fits(*fit, name.as_bytes())));
    row.map(|&(_, says, _)| says)
}

/// The letters and digits at the end: from the last hyphen or the like on, or from an upper-case letter after a
/// lower-case one.
fn last_word(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
    let mut start = end;
    while let Some(&byte) = name[..start].last() {
        let begins = start < end && byte.is_ascii_lowercase() && name[start].is_ascii_uppercase();
        if !byte.is_ascii_alphanumeric() || begins {
            break;
        }
        start -= 1;
    }
    &name[start..end]
}

/// The one function that decides: whether the `value` of this name is secret, and what may be told of it.
fn judge(place: Place, name: &[u8], value: &[u8]) -> Option<Told> {
    match (says(place, name), place) {
        (Some(Says::Secret), _) => Some(Told::Length),
        (Some(Says::Password), _) => Some(Told::Nothing),
        (None, Place::Parameter | Place::Marker) => look::is_secret(value).then_some(Told::Length),
        (Some(Says::Public), _) | (None, Place::Header) => None,
    }
}
