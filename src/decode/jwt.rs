//! JSON Web Tokens inside a text: header and claims. They are never verified.

use std::ops::Range;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use super::{Decoded, Description, Failure, Text};
use crate::wire::Kind;

/// JSON Web Tokens (RFC 7519), signed (RFC 7515) or encrypted (RFC 7516).
pub const JWT: Description = Description {
    name: "jwt",
    title: "JWT",
    kind: Kind::Text,
    is_sign: Some(|payload| memchr::memmem::find(payload, START.as_bytes()).is_some()),
    decode,
};

/// What a JSON object begins with in Base64: `{"`.
const START: &str = "eyJ";

/// The longest token that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// So many tokens of a message are told; all are hidden.
const MOST: usize = 4;

fn decode(payload: &[u8]) -> Result<Decoded, Failure> {
    let message = str::from_utf8(payload).map_err(|_| "no text")?;
    let mut text = Text::default();
    let mut secrets = Vec::new();
    let tokens = words(message).filter(|(_, word)| word.starts_with(START) && word.len() <= LONGEST);
    for (count, (start, word)) in tokens.filter_map(|(start, word)| Some((start, Token::of(word)?))).enumerate() {
        if count < MOST {
            text.push(if count == 0 { "" } else { " · " });
            word.write(&mut text);
        }
        secrets.push(start + word.secret.start..start + word.secret.end);
    }
    if secrets.is_empty() { Err("no token in it".into()) } else { Ok(Decoded { text: text.finish(), secrets }) }
}

/// The runs of the characters of tokens, and where they stand.
fn words(message: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words = message.split(move |c| !is_token(c)).filter(|word| !word.is_empty());
    words.map(|word| (word.as_ptr() as usize - message.as_ptr() as usize, word))
}

struct Token {
    header: String,
    /// `None`: encrypted.
    claims: Option<String>,
    /// Where the signature stands; all but the header of one that is encrypted.
    secret: Range<usize>,
}

impl Token {
    fn of(word: &str) -> Option<Self> {
        let parts: Vec<_> = word.splitn(6, '.').collect();
        let (header, members) = object(parts[0])?;
        members.get("alg")?;
        let (claims, secret) = match *parts {
            [header, claims, _] => (Some(object(claims)?.0), header.len() + claims.len() + 2..word.len()),
            [header, _, _, _, _] => (None, header.len() + 1..word.len()),
            _ => return None,
        };
        Some(Self { header, claims, secret })
    }

    fn write(&self, text: &mut Text) {
        text.push(&self.header);
        text.push(" ");
        text.push(self.claims.as_deref().unwrap_or("encrypted"));
    }
}

/// A JSON object as it was written, and its members.
fn object(part: &str) -> Option<(String, Map<String, Value>)> {
    let json = String::from_utf8(BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()?;
    let members = serde_json::from_str(&json).ok()?;
    Some((json, members))
}
