//! Reading JSON as it streams past: what is not asked for is skipped, and never held.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde_core::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How many bytes of a file were read so far.
#[derive(Debug, Clone)]
pub struct Position(Rc<Cell<u64>>);

impl From<u64> for Position {
    fn from(place: u64) -> Self {
        Self(Rc::new(Cell::new(place)))
    }
}

impl Position {
    /// The place of the next byte.
    pub fn get(&self) -> u64 {
        self.0.get()
    }
}

/// A reader that tells its position.
pub struct Counted<R> {
    inner: R,
    position: Position,
}

impl<R: Read> Counted<R> {
    /// Counts from here.
    pub fn new(inner: R, position: Position) -> Self {
        Self { inner, position }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.position.0.set(self.position.get() + count as u64);
        Ok(count)
    }
}

/// Takes the members of an object, one after the other.
pub trait Members<'de> {
    /// Reads the value of the member `name`, or [skips](skip) it.
    ///
    /// # Errors
    /// Where the value is none that is expected.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, values: &mut A) -> Result<(), A::Error>;
}

/// Takes the elements of an array, one after the other.
pub trait Elements<'de> {
    /// Reads the next element; `false`: there is none.
    ///
    /// # Errors
    /// Where the element is none that is expected.
    fn element<A: SeqAccess<'de>>(&mut self, values: &mut A) -> Result<bool, A::Error>;
}

/// Skips a value.
///
/// # Errors
/// Where it is no JSON.
pub fn skip<'de, A: MapAccess<'de>>(values: &mut A) -> Result<(), A::Error> {
    values.next_value::<IgnoredAny>().map(drop)
}

/// Has an object read by what takes its members.
pub struct Object<'a, M>(pub &'a mut M);

impl<'de, M: Members<'de>> DeserializeSeed<'de> for Object<'_, M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, M: Members<'de>> Visitor<'de> for Object<'_, M> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            self.0.member(&name, &mut map)?;
        }
        Ok(())
    }
}

/// Has an array read by what takes its elements.
pub struct Array<'a, E>(pub &'a mut E);

impl<'de, E: Elements<'de>> DeserializeSeed<'de> for Array<'_, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, E: Elements<'de>> Visitor<'de> for Array<'_, E> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while self.0.element(&mut values)? {}
        Ok(())
    }
}

/// A string as its bytes: an unpaired surrogate, which JSON can have and UTF-8 cannot, is no error.
pub struct Bytes;

impl<'de> DeserializeSeed<'de> for Bytes {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// Where the value of a member stands: the value itself is skipped.
pub struct Place<'a>(pub &'a Position);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        let place = self.0.get();
        deserializer.deserialize_ignored_any(IgnoredAny)?;
        Ok(place)
    }
}
