//! The types of the values of flags, and their parsers.

use std::convert::Infallible;
use std::fmt;
use std::num::{IntErrorKind, NonZeroUsize, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use data_encoding::HEXLOWER_PERMISSIVE;

use crate::http::HeaderRule;
use crate::input::slash::LONGEST_TIME;
use crate::net::ListenAddress;
use crate::pattern::{Expression, ExpressionError, JqFilter};
use crate::wire::LONGEST_CONTROL;
use crate::wire::handshake::is_key;
use crate::{decode, dialect};

/// How long a client stays after its last input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// For this time. With zero it does not wait at all.
    For(Duration),
    /// Until the server ends the session.
    Forever,
}

/// A secret, or the file that holds it. Every user of the machine can read a command line, so a file is safer.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The secret itself.
    Literal(String),
    /// The file to read it from. One trailing newline does not belong to the secret.
    File(PathBuf),
}

impl FromStr for Secret {
    type Err = Infallible;

    /// `@FILE` names a file; `@@…` is a literal that starts with one `@`.
    fn from_str(value: &str) -> Result<Self, Infallible> {
        Ok(match value.strip_prefix('@') {
            None => Self::Literal(value.to_owned()),
            Some(literal) if literal.starts_with('@') => Self::Literal(literal.to_owned()),
            Some(file) => Self::File(file.into()),
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(_) => formatter.write_str("Literal([hidden])"),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
        }
    }
}

/// One value of `--header`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSource {
    /// One rule.
    Rule(HeaderRule),
    /// A file of rules, one a line.
    File(PathBuf),
}

impl FromStr for HeaderSource {
    type Err = String;

    fn from_str(value: &str) -> Result<Self, String> {
        match value.strip_prefix('@') {
            Some(file) => Ok(Self::File(file.into())),
            None => HeaderRule::parse(value).map(Self::Rule),
        }
    }
}

/// Parses what messages must match.
pub(super) fn expression(value: &str) -> Result<Expression, String> {
    Expression::parse(value).map_err(|error| mended(&error))
}

/// Parses what messages are shown as.
pub(super) fn jq(value: &str) -> Result<JqFilter, String> {
    JqFilter::parse(value).map_err(|error| mended(&error))
}

fn mended(error: &ExpressionError) -> String {
    match error.hint_text() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// Parses `[ADDR:]PORT`.
pub(super) fn listen_address(value: &str) -> Result<ListenAddress, String> {
    ListenAddress::parse(value).map_err(|error| match error.hint_text() {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    })
}

/// The bytes that make a ping unlike any other: 16 hexadecimal digits.
pub const SHORTEST_PING: usize = 16;

/// Parses seconds, with decimals.
pub(super) fn seconds(value: &str) -> Result<Duration, String> {
    let seconds: f64 = value.parse().map_err(|_| "expected seconds, such as `5` or `0.5`".to_owned())?;
    if seconds.is_nan() || seconds < 0.0 {
        return Err("expected seconds, 0 or more".into());
    }
    if seconds > LONGEST_TIME.as_secs_f64() {
        return Err(format!("expected at most {} seconds", LONGEST_TIME.as_secs()));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Parses seconds, with decimals. Zero is an error.
pub(super) fn some_seconds(value: &str) -> Result<Duration, String> {
    match seconds(value)? {
        Duration::ZERO => Err("expected more than 0 seconds".into()),
        duration => Ok(duration),
    }
}

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was; more than 0.
    Times(f64),
    /// Without any pause of its own.
    Unlimited,
}

/// Parses how fast to play: a factor, or `max`.
pub(super) fn speed(value: &str) -> Result<Speed, String> {
    match value.parse() {
        _ if value == "max" => Ok(Speed::Unlimited),
        Ok(factor) if (1e-3..=1e6).contains(&factor) => Ok(Speed::Times(factor)),
        _ => Err("expected a factor from 0.001 to 1000000, or `max`".into()),
    }
}

/// Parses seconds, with decimals, or `-1` for ever.
pub(super) fn wait(value: &str) -> Result<Wait, String> {
    match value {
        "-1" => Ok(Wait::Forever),
        _ => seconds(value).map(Wait::For).map_err(|error| format!("{error}, or `-1` for ever")),
    }
}

/// The units of a size, in lower case, and their bytes.
const UNITS: [(&str, u64); 13] = [
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("ki", 1 << 10),
    ("kib", 1 << 10),
    ("kb", 1_000),
    ("m", 1 << 20),
    ("mi", 1 << 20),
    ("mib", 1 << 20),
    ("mb", 1_000_000),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("gb", 1_000_000_000),
];

/// Parses a size in bytes: a whole number, with or without a unit. `1k` and `1KiB` are 1024 bytes, `1kB` is 1000 bytes.
fn size(value: &str) -> Result<u64, String> {
    let error = || "expected a size, such as `4096`, `64k` or `16MiB`".to_owned();
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let number: u64 = number.parse().map_err(|_| error())?;
    let unit = unit.to_ascii_lowercase();
    let &(_, bytes) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(error)?;
    number.checked_mul(bytes).ok_or_else(|| "the size is beyond 2^64 bytes".into())
}

/// Parses which dialect is looked for.
pub(super) fn dialect() -> impl TypedValueParser<Value = dialect::Choice> {
    choice(dialect::names(), dialect::named)
}

/// Parses which decoder is used.
pub(super) fn decode() -> impl TypedValueParser<Value = decode::Choice> {
    choice(decode::names(), decode::named)
}

/// Parses `auto`, `none`, or one of these names.
fn choice<D: Clone + Sync>(
    names: impl Iterator<Item = &'static str>,
    find: fn(&str) -> Option<&'static D>,
) -> impl TypedValueParser<Value = decode::Choice<D>> {
    PossibleValuesParser::new(["auto", "none"].into_iter().chain(names)).try_map(move |name| match &*name {
        "auto" => Ok(decode::Choice::Auto),
        "none" => Ok(decode::Choice::None),
        name => find(name).map(decode::Choice::Named).ok_or("there is nothing of this name"),
    })
}

/// Parses a size of at least one byte.
pub(super) fn some_bytes(value: &str) -> Result<u64, String> {
    match size(value)? {
        0 => Err("expected at least 1 byte".into()),
        size => Ok(size),
    }
}

/// Parses a size of at least one byte that fits in memory.
pub(super) fn some_size(value: &str) -> Result<NonZeroUsize, String> {
    let size = usize::try_from(some_bytes(value)?).ok().and_then(NonZeroUsize::new);
    size.ok_or_else(|| "the size is beyond this machine's memory".to_owned())
}

/// Parses the size of a ping's payload: enough for a number of its own, and no more than a control frame has.
pub(super) fn ping_size(value: &str) -> Result<usize, String> {
    let size = value.parse().ok().filter(|size| (SHORTEST_PING..=LONGEST_CONTROL).contains(size));
    size.ok_or_else(|| format!("expected {SHORTEST_PING} to {LONGEST_CONTROL} bytes"))
}

/// Parses a whole number from 1 on.
pub(super) fn at_least_one<T: FromStr<Err = ParseIntError>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::Zero => "expected at least 1".to_owned(),
        IntErrorKind::PosOverflow => "expected a smaller number".to_owned(),
        _ => "expected a whole number from 1 on".to_owned(),
    })
}

/// Parses a masking key: four bytes in hex (RFC 6455 section 5.3).
pub(super) fn mask_key(value: &str) -> Result<[u8; 4], String> {
    let bytes = HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "expected 8 hex digits, such as `00c0ffee`".into())
}

/// Checks that a subprotocol is one, and no list.
pub(super) fn subprotocol(value: &str) -> Result<String, String> {
    if value.is_empty() {
        return Err("expected a name; to offer none, leave the flag out".into());
    }
    if value.contains(',') {
        return Err("it is one name: several are offered with `-s A -s B`".into());
    }
    Ok(value.to_owned())
}

/// Checks a value of `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455 section 4.1).
pub(super) fn handshake_key(value: &str) -> Result<String, String> {
    if is_key(value.as_bytes()) {
        Ok(value.to_owned())
    } else {
        Err("expected 16 bytes in base64, such as `dGhlIHNhbXBsZSBub25jZQ==`".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_decimals_and_bounds() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for wrong in ["", "-1", "-0.5", "NaN", "inf", "1e300", "5s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert!(some_seconds("0").is_err());
    }

    #[test]
    fn minus_one_waits_for_ever() {
        assert_eq!(wait("-1"), Ok(Wait::Forever));
        assert_eq!(wait("0"), Ok(Wait::For(Duration::ZERO)));
        assert!(wait("-2").is_err());
    }

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("1k"), Ok(1024));
        assert!(some_bytes("0").is_err() && some_size("0").is_err());
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("2kB"), Ok(2000));
        for wrong in ["", "k", "-1", "1.5k", "1x", "99999999999999999999", "99999999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert!(some_size("0").is_err());
    }

    #[test]
    fn a_secret_is_a_literal_or_a_file_and_never_shown() {
        assert_eq!(Secret::from_str("s3cret"), Ok(Secret::Literal("s3cret".into())));
        assert_eq!(Secret::from_str("@pass.txt"), Ok(Secret::File("pass.txt".into())));
        assert_eq!(Secret::from_str("@@home"), Ok(Secret::Literal("@home".into())));
        assert!(!format!("{:?}", Secret::Literal("s3cret".into())).contains("s3cret"));
    }

    #[test]
    fn keys_have_their_exact_length() {
        assert_eq!(mask_key("00C0ffee"), Ok([0x00, 0xC0, 0xFF, 0xEE]));
        assert!(mask_key("00c0ff").is_err());
        assert!(handshake_key("dGhlIHNhbXBsZSBub25jZQ==").is_ok());
        assert!(handshake_key("dGhl").is_err());
    }
}
