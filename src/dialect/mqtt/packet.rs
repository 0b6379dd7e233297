//! The packets of MQTT, read as far as an annotation needs it.

use std::fmt;
use std::ops::Range;

use super::Version;
use super::properties::{Error, Properties, Reader};
use super::stream::Raw;
use crate::dialect::quote;

pub const CONNECT: u8 = 1;
pub const CONNACK: u8 = 2;
pub const PUBLISH: u8 = 3;
pub const PUBACK: u8 = 4;
pub const PUBREL: u8 = 6;
pub const PUBCOMP: u8 = 7;
pub const SUBSCRIBE: u8 = 8;
pub const SUBACK: u8 = 9;
pub const UNSUBSCRIBE: u8 = 10;
pub const UNSUBACK: u8 = 11;
pub const PINGREQ: u8 = 12;
pub const PINGRESP: u8 = 13;
pub const DISCONNECT: u8 = 14;
pub const AUTH: u8 = 15;

/// Flags of PUBLISH.
pub const DUPLICATE: u8 = 8;
pub const RETAIN: u8 = 1;

/// Names by type.
const NAMES: [&str; 16] = [
    "reserved",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];

/// So many filters of a subscription are named.
const MOST_FILTERS: usize = 8;

/// A packet.
#[derive(Debug)]
pub enum Packet {
    Connect(Connect),
    Connack { is_present: bool, code: u8, keep_alive: Option<u16>, client_id: Option<String> },
    Publish { topic: String, alias: Option<u16>, id: Option<u16>, flags: u8, length: usize, text: Option<String> },
    Acknowledgement { kind: u8, id: u16, code: u8, text: Option<String> },
    Subscribe { kind: u8, id: u16, filters: String },
    Granted { kind: u8, id: u16, codes: Vec<u8> },
    Ping,
    Pong,
    Disconnect { code: u8, text: Option<String> },
    Auth { method: String },
}

/// What CONNECT says.
#[derive(Debug, Default)]
pub struct Connect {
    client_id: String,
    pub keep_alive: u16,
    is_clean: bool,
    will: Option<String>,
    user: Option<String>,
    /// Where the password and the authentication data stand.
    secrets: Vec<Range<usize>>,
}

impl fmt::Display for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.client_id {
            "" => f.write_str("without an id")?,
            id => write!(f, "as {}", quote(id))?,
        }
        match self.keep_alive {
            0 => f.write_str(", no keep-alive")?,
            seconds => write!(f, ", keep-alive {seconds} s")?,
        }
        if !self.is_clean {
            f.write_str(", takes up its session")?;
        }
        if let Some(user) = &self.user {
            write!(f, ", user {}", quote(user))?;
        }
        if let Some(topic) = &self.will {
            write!(f, ", will for {}", quote(topic))?;
        }
        Ok(())
    }
}

/// The name of a packet from its first byte.
pub fn name(first: u8) -> &'static str {
    NAMES[usize::from(first >> 4)]
}

/// Whether a packet that begins like this may hold a password or authentication data.
pub fn may_hold_secret(first: u8) -> bool {
    matches!(first >> 4, CONNECT | CONNACK | AUTH)
}

/// Whether a message begins with a CONNECT.
pub fn is_connect(payload: &[u8]) -> bool {
    let rest = payload.strip_prefix(&[CONNECT << 4]).unwrap_or_default();
    let header = rest.iter().take(4).position(|byte| byte & 0x80 == 0).map_or(rest.len(), |last| last + 1);
    connect_version(&rest[header..]).is_some()
}

/// The version that a CONNECT names; `None` for other packets.
pub fn version(raw: &Raw) -> Option<Version> {
    if raw.first >> 4 == CONNECT { connect_version(&raw.body) } else { None }
}

fn connect_version(body: &[u8]) -> Option<Version> {
    let mut reader = Reader::new(body);
    match (reader.binary().ok()?, reader.byte().ok()? & 0x7f) {
        (b"MQIsdp", 3) => Some(Version::V3),
        (b"MQTT", 4) => Some(Version::V4),
        (b"MQTT", 5) => Some(Version::V5),
        _ => None,
    }
}

impl Raw {
    /// Where the secrets of a packet stand in the message that ends it.
    pub fn secrets(&self, version: Version) -> Vec<Range<usize>> {
        if !may_hold_secret(self.first) {
            return Vec::new();
        }
        // Of one that began in an earlier message, or that cannot be read, nothing is shown.
        let found = if self.is_whole { secrets(self, version) } else { None };
        let Some(found) = found else { return vec![self.place.clone()] };
        let start = self.place.end - self.length;
        found.into_iter().map(|place| start + place.start..start + place.end).collect()
    }
}

fn secrets(raw: &Raw, version: Version) -> Option<Vec<Range<usize>>> {
    let mut reader = Reader::new(&raw.body);
    let properties = match raw.first >> 4 {
        CONNECT => return connect(&mut reader, version).ok().map(|connect| connect.secrets),
        CONNACK => reader.bytes(2).ok().and_then(|_| properties(&mut reader, version).ok())?,
        _ if raw.body.is_empty() => Properties::default(),
        _ => reader.byte().ok().and_then(|_| properties(&mut reader, version).ok())?,
    };
    Some(properties.secret.into_iter().collect())
}

impl Packet {
    /// Reads one.
    ///
    /// # Errors
    /// It breaks a rule of the version.
    pub fn read(raw: &Raw, version: Version) -> Result<Self, Error> {
        let (kind, flags) = (raw.first >> 4, raw.first & 0xf);
        let wanted = if matches!(kind, PUBREL | SUBSCRIBE | UNSUBSCRIBE) { 2 } else { 0 };
        // MQTT 3.1 has a meaning for these flags.
        if kind != PUBLISH && flags != wanted && version != Version::V3 {
            return Err("wrong flags in its first byte");
        }
        let reader = &mut Reader::new(&raw.body);
        match kind {
            CONNECT => connect(reader, version).map(Self::Connect),
            CONNACK => connack(reader, version),
            PUBLISH => publish(reader, raw, version),
            PUBACK..=PUBCOMP => {
                let id = reader.short()?;
                let (code, text) = code(reader, version)?;
                Ok(Self::Acknowledgement { kind, id, code, text })
            }
            SUBSCRIBE | UNSUBSCRIBE => subscribe(reader, kind, version),
            SUBACK | UNSUBACK => {
                let id = reader.short()?;
                properties(reader, version)?;
                Ok(Self::Granted { kind, id, codes: reader.rest().to_vec() })
            }
            PINGREQ => Ok(Self::Ping),
            PINGRESP => Ok(Self::Pong),
            DISCONNECT => code(reader, version).map(|(code, text)| Self::Disconnect { code, text }),
            AUTH if version == Version::V5 => {
                let properties = if raw.body.is_empty() { Properties::default() } else { auth(reader, version)? };
                Ok(Self::Auth { method: properties.method.unwrap_or_default() })
            }
            _ => Err("a type that the version does not have"),
        }
    }
}

fn properties(reader: &mut Reader<'_>, version: Version) -> Result<Properties, Error> {
    if version == Version::V5 { reader.properties() } else { Ok(Properties::default()) }
}

fn auth(reader: &mut Reader<'_>, version: Version) -> Result<Properties, Error> {
    reader.byte()?;
    if reader.rest().is_empty() { Ok(Properties::default()) } else { properties(reader, version) }
}

fn connect(reader: &mut Reader<'_>, version: Version) -> Result<Connect, Error> {
    reader.binary()?;
    reader.byte()?;
    let flags = reader.byte()?;
    let mut connect = Connect { keep_alive: reader.short()?, is_clean: flags & 2 != 0, ..Connect::default() };
    connect.secrets.extend(properties(reader, version)?.secret);
    reader.text()?.clone_into(&mut connect.client_id);
    if flags & 4 != 0 {
        properties(reader, version)?;
        connect.will = Some(reader.text()?.to_owned());
        reader.binary()?;
    }
    if flags & 0x80 != 0 {
        connect.user = Some(reader.text()?.to_owned());
    }
    if flags & 0x40 != 0 {
        let length = reader.binary()?.len();
        connect.secrets.push(reader.at - length..reader.at);
    }
    if reader.rest().is_empty() { Ok(connect) } else { Err("bytes behind its end") }
}

fn connack(reader: &mut Reader<'_>, version: Version) -> Result<Packet, Error> {
    let (flags, code) = (reader.byte()?, reader.byte()?);
    let Properties { keep_alive, client_id, .. } = properties(reader, version)?;
    Ok(Packet::Connack { is_present: flags & 1 != 0, code, keep_alive, client_id })
}

fn publish(reader: &mut Reader<'_>, raw: &Raw, version: Version) -> Result<Packet, Error> {
    let flags = raw.first & 0xf;
    let topic = reader.text()?.to_owned();
    let id = match flags >> 1 & 3 {
        0 => None,
        3 => return Err("QoS 3"),
        _ => Some(reader.short()?),
    };
    let alias = properties(reader, version)?.alias;
    let length = raw.length - reader.at;
    // Only a text that is kept as a whole is one for sure.
    let text = reader.rest();
    let text = str::from_utf8(text).ok().filter(|text| !text.is_empty() && text.len() == length);
    Ok(Packet::Publish { topic, alias, id, flags, length, text: text.map(quote) })
}

fn subscribe(reader: &mut Reader<'_>, kind: u8, version: Version) -> Result<Packet, Error> {
    let id = reader.short()?;
    properties(reader, version)?;
    let mut filters = Vec::new();
    let mut count = 0_usize;
    while !reader.rest().is_empty() {
        let filter = reader.text()?;
        let options = if kind == SUBSCRIBE { reader.byte()? } else { 0 };
        count += 1;
        if count <= MOST_FILTERS {
            let quality = if options & 3 > 0 { format!(" QoS {}", options & 3) } else { String::new() };
            filters.push(format!("{}{quality}", quote(filter)));
        }
    }
    if count == 0 {
        return Err("it names no topic filter");
    }
    if count > MOST_FILTERS {
        filters.push(format!("{} more", count - MOST_FILTERS));
    }
    Ok(Packet::Subscribe { kind, id, filters: filters.join(", ") })
}

/// The reason code and the reason string, which may both be left out.
fn code(reader: &mut Reader<'_>, version: Version) -> Result<(u8, Option<String>), Error> {
    if version != Version::V5 || reader.rest().is_empty() {
        return Ok((0, None));
    }
    let code = reader.byte()?;
    if reader.rest().is_empty() {
        return Ok((code, None));
    }
    Ok((code, reader.properties()?.reason))
}
