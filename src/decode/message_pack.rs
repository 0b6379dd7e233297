//! `MessagePack`, as text like JSON.

use rmpv::ValueRef;
use rmpv::decode::{Error, read_value_ref, read_value_ref_with_max_depth};

use super::{Decoded, Description, Failure, Text, ValueFault, cbor, whole};
use crate::wire::Kind;

/// `MessagePack` (`spec.md` of `msgpack/msgpack`). A message is one if all of it is one map or array.
pub const MESSAGE_PACK: Description = Description {
    name: "messagepack",
    title: "MessagePack",
    kind: Kind::Binary,
    is_sign: Some(|payload| {
        payload.len() > 1 && matches!(payload[0], 0x80..=0x9f | 0xdc..=0xdf) && !cbor::is_likelier(payload)
    }),
    decode,
};

/// The byte with which no value begins.
const RESERVED: u8 = 0xc1;

fn decode(payload: &[u8]) -> Result<Decoded, Failure> {
    let mut text = Text::default();
    write(&mut text, &read(payload)?);
    Ok(text.finish().into())
}

/// Whether it is a map of which each key is a string.
pub fn has_names(payload: &[u8]) -> bool {
    match read(payload) {
        Ok(ValueRef::Map(members)) => members.iter().all(|(key, _)| matches!(key, ValueRef::String(_))),
        _ => false,
    }
}

fn read(payload: &[u8]) -> Result<ValueRef<'_>, Failure> {
    whole(payload, |rest, depth| {
        if let Some(at) = reserved(rest) {
            return Err(ValueFault::Wrong { at: Some(at), what: "no value begins so".to_owned() });
        }
        // It counts each level twice.
        read_value_ref_with_max_depth(rest, 2 * depth).map_err(|error| match error {
            Error::InvalidMarkerRead(_) | Error::InvalidDataRead(_) => ValueFault::Cut,
            Error::DepthLimitExceeded => ValueFault::Deep,
        })
    })
}

/// Where a value begins with the byte that `spec.md` reserves: the library reads it as null.
fn reserved(payload: &[u8]) -> Option<usize> {
    memchr::memchr(RESERVED, payload)?;
    let mut rest = payload;
    loop {
        // What is in a map or an array follows it, and is looked at next.
        let header = match *rest.first()? {
            RESERVED => return Some(payload.len() - rest.len()),
            0x80..=0x9f => 1,
            0xdc | 0xde => 3,
            0xdd | 0xdf => 5,
            _ => {
                read_value_ref(&mut rest).ok()?;
                continue;
            }
        };
        rest = rest.get(header..)?;
    }
}

fn write(text: &mut Text, value: &ValueRef<'_>) {
    match value {
        ValueRef::Nil => text.push("null"),
        ValueRef::Boolean(value) => text.value(value),
        ValueRef::Integer(value) => text.value(value),
        ValueRef::F32(value) => text.value(value),
        ValueRef::F64(value) => text.value(value),
        ValueRef::String(string) => match string.as_str() {
            Some(string) => text.string(string),
            None => text.bytes(string.as_bytes()),
        },
        ValueRef::Binary(bytes) => text.bytes(bytes),
        ValueRef::Array(values) => text.list(["[", "]"], values, write),
        ValueRef::Map(members) => text.list(["{", "}"], members, |text, (key, value)| {
            write(text, key);
            text.push(":");
            write(text, value);
        }),
        ValueRef::Ext(kind, bytes) => {
            text.value(format_args!("ext({kind},"));
            text.bytes(bytes);
            text.push(")");
        }
    }
}
