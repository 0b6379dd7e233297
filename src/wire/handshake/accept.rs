//! How servers get `Sec-WebSocket-Accept` wrong (RFC 6455 section 4.2.2, item 5.4).

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use tungstenite::handshake::derive_accept_key;

/// The answer to the key that RFC 6455 uses as its example (section 1.3).
const EXAMPLE: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What the server must have done to come from `key` to the wrong `accept`, where that can be told.
pub(super) fn mistake(accept: &str, key: &str) -> Option<&'static str> {
    let digest = BASE64.decode(derive_accept_key(key.as_bytes()).as_bytes()).ok()?;
    let of = |text: &[u8]| derive_accept_key(text) == accept;
    if accept == key {
        Some("the server sent our key back")
    } else if accept == EXAMPLE {
        Some("that is the example of RFC 6455: the answer is fixed, or comes from a cache")
    } else if HEXLOWER_PERMISSIVE.decode(accept.as_bytes()).is_ok_and(|hex| hex == digest) {
        Some("the server wrote the SHA-1 in hex, not in Base64")
    } else if BASE64.encode(HEXLOWER.encode(&digest).as_bytes()) == accept {
        Some("the server took the Base64 of the SHA-1 in hex, not of its 20 bytes")
    } else if BASE64.decode(key.as_bytes()).is_ok_and(|bytes| of(&bytes)) {
        Some("the server decoded the key before hashing it; its text is to be hashed")
    } else if [" ", "\r", "\n", "\r\n"].iter().any(|end| of(format!("{key}{end}").as_bytes())) {
        Some("the server hashed the white space or line end behind the key too")
    } else if of(format!(" {key}").as_bytes()) {
        Some("the server hashed the space before the key too")
    } else if of(b"") {
        Some("the server did not find the key: it hashed an empty one")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEA==";

    #[test]
    fn the_usual_mistakes_are_recognised() {
        let digest = BASE64.decode(derive_accept_key(KEY.as_bytes()).as_bytes()).unwrap();
        let hex = HEXLOWER.encode(&digest);
        let cases = [
            (KEY.to_owned(), "key back"),
            (EXAMPLE.to_owned(), "example"),
            (hex.clone(), "in hex, not"),
            (hex.to_uppercase(), "in hex, not"),
            (BASE64.encode(hex.as_bytes()), "Base64 of the SHA-1 in hex"),
            (derive_accept_key(&BASE64.decode(KEY.as_bytes()).unwrap()), "decoded the key"),
            (derive_accept_key(format!("{KEY}\r\n").as_bytes()), "line end"),
            (derive_accept_key(format!(" {KEY}").as_bytes()), "space before"),
            (derive_accept_key(b""), "empty"),
        ];
        for (accept, expected) in cases {
            assert!(mistake(&accept, KEY).unwrap().contains(expected), "{accept}");
        }
    }

    #[test]
    fn what_cannot_be_explained_is_not() {
        assert_eq!(mistake("", KEY), None);
        assert_eq!(mistake("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", KEY), None);
    }
}
