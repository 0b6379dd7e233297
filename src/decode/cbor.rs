//! CBOR, in its diagnostic notation.

use ciborium::Value;
use ciborium::de::{Error, from_reader_with_recursion_limit};

use super::{Decoded, Description, Failure, Text, ValueFault, message_pack, whole};
use crate::wire::Kind;

/// CBOR (RFC 8949). A message is one if all of it is one map or array, or begins with the tag of CBOR.
pub const CBOR: Description = Description {
    name: "cbor",
    title: "CBOR",
    kind: Kind::Binary,
    is_sign: Some(|payload| payload.len() > 1 && (is_collection(payload[0]) || payload.starts_with(&SELF_DESCRIBED))),
    decode,
};

/// The tag that says that what follows is CBOR (section 3.4.6).
const SELF_DESCRIBED: [u8; 3] = [0xd9, 0xd9, 0xf7];

fn decode(payload: &[u8]) -> Result<Decoded, Failure> {
    let mut text = Text::default();
    let value = read(payload).map_err(|failure| match failure {
        Failure::Other(error) if payload.starts_with(&SELF_DESCRIBED) => Failure::Broken(error),
        other => other,
    })?;
    write(&mut text, &value);
    Ok(text.finish().into())
}

/// Whether a message that may be `MessagePack` is CBOR: only there it is a map or an array, or only there it has names.
pub fn is_likelier(payload: &[u8]) -> bool {
    is_collection(payload[0]) && has_names(payload) && !message_pack::has_names(payload)
}

/// Arrays and maps, with a length of 0 to 23, behind the first byte, or none.
fn is_collection(first: u8) -> bool {
    matches!(first, 0x80..=0x9b | 0x9f..=0xbb | 0xbf)
}

fn has_names(payload: &[u8]) -> bool {
    let is_named = |value: &Value| match value {
        Value::Map(members) => !members.is_empty() && members.iter().all(|(key, _)| key.is_text()),
        _ => false,
    };
    match read(payload) {
        Ok(Value::Array(values)) => !values.is_empty() && values.iter().all(is_named),
        Ok(value) => is_named(&value),
        Err(_) => false,
    }
}

fn read(payload: &[u8]) -> Result<Value, Failure> {
    whole(payload, |rest, depth| {
        from_reader_with_recursion_limit(rest, depth).map_err(|error| match error {
            Error::Io(_) => ValueFault::Cut,
            Error::RecursionLimitExceeded => ValueFault::Deep,
            Error::Syntax(at) => ValueFault::Wrong { at: Some(at), what: "no value begins so".to_owned() },
            Error::Semantic(at, what) => ValueFault::Wrong { at, what },
        })
    })
}

fn write(text: &mut Text, value: &Value) {
    match value {
        Value::Null => text.push("null"),
        Value::Bool(value) => text.value(value),
        Value::Integer(value) => text.value(i128::from(*value)),
        Value::Float(value) => text.value(value),
        Value::Text(string) => text.string(string),
        Value::Bytes(bytes) => text.bytes(bytes),
        Value::Array(values) => text.list(["[", "]"], values, write),
        Value::Map(members) => text.list(["{", "}"], members, |text, (key, value)| {
            write(text, key);
            text.push(":");
            write(text, value);
        }),
        Value::Tag(tag, value) => {
            text.value(format_args!("{tag}("));
            write(text, value);
            text.push(")");
        }
        _ => text.push("?"),
    }
}
