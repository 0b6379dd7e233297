//! The filters that there are: jaq's, without those that need what it is built without or that end the program, and with
//! our own in the place of what is used most of those.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use jaq_core::box_iter::box_once;
use jaq_core::load::parse::Def;
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Ctx, Cv, Error, Exn, Native, RunPtr, ValR, ValX};
use jaq_json::{Map, Num, Val};
use jaq_std::ValT as _;

use super::{Values, read};
use crate::pattern::json::Json;

/// The name of multiplication; no user can write it.
pub(super) const TIMES: &str = "*";
/// The name of what ends a run that is interrupted or too deep, and does nothing otherwise.
pub(super) const CHECKPOINT: &str = "!checkpoint";
/// How long a text may become by multiplication, in bytes.
const LONGEST_PRODUCT: u32 = 64 << 20;
/// How long a number may become by multiplication, in bits: it takes time that no interruption ends.
const MOST_BITS: u64 = 1 << 18;

/// Definitions of jaq that are left out.
const LEFT_OUT: [&str; 13] = [
    "halt",
    "halt_error",
    "debug",
    "stderr",
    "logb",
    "significand",
    "pow10",
    "drem",
    "nexttoward",
    "scalb",
    "gamma",
    "@html",
    "@htmld",
];
/// Functions of jaq that are left out, or are ours.
const OURS: [&str; 2] = ["halt", "fromjson"];

/// `sub`, of which jaq's keeps each text on the way to the last: a message with a hundred thousand matches took gigabytes.
/// Of several results of `f`, this one takes the first.
const SUB: &str = "def sub(re; f; flags):
    [split_matches(re; flags)[] | if isarray then first(capture_of_match | f) end] | add;";

/// The definitions in jq.
pub(super) fn definitions() -> Vec<Def<&'static str>> {
    let mut sub = jaq_core::load::parse(SUB, |parser| parser.defs()).unwrap_or_default();
    let all = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let ours = |definition: Def<&'static str>| match (definition.name, definition.args.len()) {
        ("sub", 3) => sub.pop().unwrap_or(definition),
        _ => definition,
    };
    all.filter(|definition| !LEFT_OUT.contains(&definition.name)).map(ours).collect()
}

/// The functions in Rust.
pub(super) fn natives() -> impl Iterator<Item = Fun<Values>> {
    let all = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs());
    all.filter(|(name, ..)| !OURS.contains(name)).chain(ours().into_iter().map(run::<Values>)).chain([checkpoint()])
}

fn checkpoint() -> Fun<Values> {
    let native = Native::new(|cv| box_once(passed(&cv.0, cv.1)))
        .with_paths(|cv| box_once(passed(&cv.0, cv.1)))
        .with_update(|cv, update| match passed(&cv.0, cv.1) {
            Ok(value) => update(value),
            Err(end) => box_once(Err(end)),
        });
    (CHECKPOINT, v(0), native)
}

/// `value`, unless the run is to end: where it is interrupted, by an exception that no `try` catches.
fn passed<'a, T>(context: &Ctx<'a, Values>, value: T) -> ValX<'a, T, Val> {
    let run = context.data();
    if run.program.is_interrupted() {
        return Err(Exn::halt(1));
    }
    if run.is_too_deep() {
        return Err(Error::str("it calls itself too deeply").into());
    }
    Ok(value)
}

/// The names of all filters that a user can write, with how many arguments they take.
pub(super) fn names() -> Vec<(String, usize)> {
    let defined = definitions().into_iter().map(|definition| (definition.name.to_owned(), definition.args.len()));
    let native = natives().map(|(name, arguments, _): Fun<Values>| (name.to_owned(), arguments.len()));
    let can_be_written = |name: &str| name.starts_with(|first: char| first.is_ascii_alphabetic());
    let mut names: Vec<_> = defined.chain(native).filter(|(name, _)| can_be_written(name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

type Function = jaq_core::native::Filter<RunPtr<Values>>;

fn ours() -> Vec<Function> {
    vec![
        (TIMES, v(2), |mut cv| {
            let right = cv.0.pop_var();
            let left = cv.0.pop_var();
            bome(product(left, right))
        }),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("matches", v(2), |cv| bome(matches(cv, Parts { between: false, found: true }))),
        ("split_matches", v(2), |cv| bome(matches(cv, Parts { between: true, found: true }))),
        ("split_", v(2), |cv| bome(matches(cv, Parts { between: true, found: false }))),
        ("encode_base64", v(0), |cv| bome(bytes(&cv.1).map(|bytes| Val::from(BASE64.encode(bytes))))),
        ("decode_base64", v(0), |cv| {
            bome(bytes(&cv.1).and_then(|bytes| BASE64.decode(bytes).map(Val::utf8_str).map_err(Error::str)))
        }),
        ("encode_uri", v(0), |cv| {
            bome(bytes(&cv.1).map(|bytes| Val::from(percent_encoding::percent_encode(bytes, UNRESERVED).to_string())))
        }),
        ("decode_uri", v(0), |cv| {
            bome(bytes(&cv.1).map(|bytes| Val::utf8_str(percent_encoding::percent_decode(bytes).collect::<Vec<_>>())))
        }),
        ("todateiso8601", v(0), |cv| bome(to_date(&cv.1))),
        ("fromdateiso8601", v(0), |cv| bome(from_date(&cv.1))),
        ("now", v(0), |_| bome(now())),
        ("sqrt", v(0), |cv| bome(number(&cv.1).map(|number| Val::from(number.sqrt())))),
        ("exp", v(0), |cv| bome(number(&cv.1).map(|number| Val::from(libm::exp(number))))),
        ("log", v(0), |cv| bome(number(&cv.1).map(|number| Val::from(libm::log(number))))),
        ("log2", v(0), |cv| bome(number(&cv.1).map(|number| Val::from(libm::log2(number))))),
        ("log10", v(0), |cv| bome(number(&cv.1).map(|number| Val::from(libm::log10(number))))),
        ("trunc", v(0), |cv| bome(number(&cv.1).map(|number| Val::from(number.trunc())))),
        ("pow", v(2), |mut cv| {
            let exponent = cv.0.pop_var();
            let base = cv.0.pop_var();
            bome(number(&base).and_then(|base| Ok(Val::from(libm::pow(base, number(&exponent)?)))))
        }),
    ]
}

/// What is not escaped in a URL (RFC 3986 section 2.3).
const UNRESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn bytes(value: &Val) -> ValR<&[u8], Val> {
    value.as_bytes().ok_or_else(|| Error::typ(value.clone(), "string"))
}

fn text(value: &Val) -> ValR<&str, Val> {
    str::from_utf8(bytes(value)?).map_err(Error::str)
}

fn number(value: &Val) -> ValR<f64, Val> {
    value.as_f64().ok_or_else(|| Error::typ(value.clone(), "number"))
}

/// `left * right`.
fn product(left: Val, right: Val) -> ValR<Val> {
    let (string, times) = match (&left, &right) {
        (Val::TStr(string) | Val::BStr(string), Val::Num(_)) => (string, &right),
        (Val::Num(_), Val::TStr(string) | Val::BStr(string)) => (string, &left),
        _ if bits(&left) + bits(&right) > MOST_BITS => {
            return Err(Error::str(format_args!("a number would become longer than {MOST_BITS} bits")));
        }
        _ => return left * right,
    };
    let length = u32::try_from(string.len()).unwrap_or(u32::MAX);
    if number(times)? * f64::from(length) > f64::from(LONGEST_PRODUCT) {
        return Err(Error::str(format_args!("a text would become longer than {} MiB", LONGEST_PRODUCT >> 20)));
    }
    left * right
}

/// How long a whole number is that no machine word holds.
fn bits(value: &Val) -> u64 {
    match value {
        Val::Num(Num::BigInt(number)) => number.bits(),
        _ => 0,
    }
}

fn from_json(value: &Val) -> ValR<Val> {
    let json = Json::of(bytes(value)?).ok_or_else(|| Error::str("this text is not JSON"))?;
    read(json).map_err(Error::str)
}

/// Which parts of a text are wanted.
#[derive(Debug, Clone, Copy)]
struct Parts {
    /// What is between the matches.
    between: bool,
    /// The matches, each with its groups.
    found: bool,
}

/// What `test`, `match`, `capture`, `scan`, `split` and `sub` are made of.
fn matches(mut cv: Cv<'_, Values>, parts: Parts) -> ValR<Val> {
    let flags = cv.0.pop_var();
    let pattern = cv.0.pop_var();
    let found = cv.0.data().program.regexes.compiled(text(&pattern)?, text(&flags)?).map_err(Error::str)?;
    let whole = text(&cv.1)?;
    let names: Vec<_> = found.regex.capture_names().collect();
    let mut result: Vec<Val> = Vec::new();
    let (mut last, mut characters) = (0, Characters::default());
    for captures in found.regex.captures_iter(whole) {
        let Some(all) = captures.get(0) else { break };
        if found.ignores_empty && all.is_empty() {
            continue;
        }
        if parts.between {
            result.push(Val::from(whole[last..all.start()].to_owned()));
            last = all.end();
        }
        if parts.found {
            let before = characters.up_to(whole, all.start());
            let groups = captures.iter().zip(&names);
            let groups = groups.filter_map(|(group, name)| {
                let group = group?;
                // A group begins inside the match.
                let offset = before + whole[all.start()..group.start()].chars().count();
                Some(one_match(offset, group.as_str(), *name))
            });
            result.push(groups.collect());
        }
        if !found.is_global {
            break;
        }
    }
    if parts.between {
        result.push(Val::from(whole[last..].to_owned()));
    }
    Ok(result.into_iter().collect())
}

/// Counts characters up to places that come in order.
#[derive(Default)]
struct Characters {
    bytes: usize,
    count: usize,
}

impl Characters {
    fn up_to(&mut self, text: &str, end: usize) -> usize {
        self.count += text[self.bytes..end].chars().count();
        self.bytes = end;
        self.count
    }
}

fn one_match(offset: usize, found: &str, name: Option<&str>) -> Val {
    let mut members = Map::default();
    let mut add = |key: &str, value| members.insert(Val::from(key.to_owned()), value);
    add("offset", Val::from(offset));
    add("length", Val::from(found.chars().count()));
    add("string", Val::from(found.to_owned()));
    if let Some(name) = name {
        add("name", Val::from(name.to_owned()));
    }
    Val::obj(members)
}

fn to_date(value: &Val) -> ValR<Val> {
    let since = jiff::SignedDuration::try_from_secs_f64(number(value)?).map_err(Error::str)?;
    let timestamp = jiff::Timestamp::from_duration(since).map_err(Error::str)?;
    Ok(Val::from(timestamp.to_string()))
}

fn from_date(value: &Val) -> ValR<Val> {
    let timestamp: jiff::Timestamp = text(value)?.parse().map_err(Error::str)?;
    match isize::try_from(timestamp.as_second()) {
        Ok(second) if timestamp.subsec_nanosecond() == 0 => Ok(Val::from(second)),
        _ => Ok(Val::from(timestamp.as_duration().as_secs_f64())),
    }
}

fn now() -> ValR<Val> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Error::str)?;
    Ok(Val::from(since.as_secs_f64()))
}
