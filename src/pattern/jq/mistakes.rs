//! What is wrong with a filter, and what may be meant.

use jaq_core::compile::{self, Undefined};
use jaq_core::load::lex::{self, Expect, StrPart, Tok, Token};
use jaq_core::load::parse::{self, BinaryOp, Term};

use super::functions;
use crate::pattern::error::Mistake;

/// The mend where no better one is known.
const MANUAL: &str = "the manual of jq is at https://jqlang.org/manual";
/// What people write who know other languages, and what jq has for it.
const OTHER_LANGUAGES: [(&str, &str); 17] = [
    ("?(", JSON_PATH),
    ("“", STRAIGHT_QUOTES),
    ("”", STRAIGHT_QUOTES),
    ("‘", STRAIGHT_QUOTES),
    ("`", STRAIGHT_QUOTES),
    ("&&", "`and` is true where both sides are"),
    ("&", "`and` is true where both sides are"),
    ("||", "`or` is true where one side is"),
    ("===", "`==` compares"),
    ("!==", "`!=` compares"),
    ("=~", "`.text | test(\"price\")` looks for a regular expression"),
    ("~", "`.text | test(\"price\")` looks for a regular expression"),
    ("<>", "`!=` compares"),
    ("=>", "`>=` compares"),
    ("=<", "`<=` compares"),
    ("!", "`| not` negates, and `not:` in front a whole expression"),
    ("'", STRAIGHT_QUOTES),
];

const STRAIGHT_QUOTES: &str = "jq has `\"` around its strings";
/// Where `JSONPath` asks each element.
const JSON_PATH: &str = "`.list[] | .price > 100` asks each element";
/// What follows a value without a `|`, as other languages have it.
const BEHIND_A_VALUE: [(&str, &str); 16] = [
    ("AND", "`and` and `or` are lower case"),
    ("OR", "`and` and `or` are lower case"),
    ("is", "`==` compares"),
    ("eq", "`==` compares"),
    (":", "`==` compares"),
    ("in", "`.a == (1, 2)` is true where it is one of them"),
    ("between", "`.a >= 1 and .a <= 2` is true between them"),
    ("like", "`.text | test(\"price\")` looks for a regular expression"),
    ("matches", "`.text | test(\"price\")` looks for a regular expression"),
    ("contains", AFTER_A_BAR),
    ("startswith", AFTER_A_BAR),
    ("test", AFTER_A_BAR),
    ("(", AFTER_A_BAR),
    ("..", "`.a | .. | .price?` looks at any depth"),
    ("@", "other keys stand in quotes: `.\"a@b\"`"),
    (";", "`;` stands between arguments alone"),
];
const AFTER_A_BAR: &str = "a filter follows `|`: `.text | startswith(\"a\")`, `.list | length`";
/// Names of other languages for what jq has as a word.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("undefined", "`null` is no value"),
    ("None", "`null` is no value"),
    ("nil", "`null` is no value"),
    ("NULL", "`null` is no value"),
    ("True", "`true` and `false` are lower case"),
    ("TRUE", "`true` and `false` are lower case"),
    ("False", "`true` and `false` are lower case"),
    ("FALSE", "`true` and `false` are lower case"),
];

/// Filters of jq that are left out on purpose.
const LEFT_OUT: [(&str, &str); 14] = [
    ("input_filename", "a filter sees one message alone"),
    ("input_line_number", "a filter sees one message alone"),
    ("strptime", "`fromdate` reads a date"),
    ("mktime", "`fromdate` reads a date"),
    ("gmtime", "`todate` writes a date"),
    ("halt", "no filter ends the program; `empty` gives nothing"),
    ("halt_error", "no filter ends the program; `error` fails for this message"),
    ("input", "a filter sees one message alone"),
    ("inputs", "a filter sees one message alone"),
    ("debug", "a filter says nothing beside its results"),
    ("stderr", "a filter says nothing beside its results"),
    ("env", "a filter does not see the environment"),
    ("contain", "`contains` has an s"),
    ("strftime", "`todate` writes a date"),
];

/// Where `part` is in `code`; the start, if it is no part of it.
fn position(code: &str, part: &str) -> usize {
    let at = part.as_ptr().addr().wrapping_sub(code.as_ptr().addr());
    if at <= code.len() { at } else { 0 }
}

/// What is meant by what stands at `rest`.
fn meant(rest: &str) -> Option<&'static str> {
    OTHER_LANGUAGES.iter().find(|(written, _)| rest.starts_with(written)).map(|(_, meant)| *meant)
}

pub(super) fn of_lexer(code: &str, errors: &[lex::Error<&str>]) -> Mistake {
    let Some((expected, rest)) = errors.first() else { return Mistake::new(0, "it is not understood") };
    match expected {
        Expect::Delim(open) => {
            let close = match *open {
                "(" => "`)`",
                "[" => "`]`",
                "{" => "`}`",
                _ => "`\"`",
            };
            let mistake = Mistake::new(position(code, open), format!("this is not closed by {close}"));
            match meant(rest) {
                Some(hint) => mistake.hint(hint),
                None => mistake.hint(format!("{close} is missing{}", if rest.is_empty() { " at the end" } else { "" })),
            }
        }
        Expect::Escape | Expect::Unicode => Mistake::new(position(code, rest), "this is no escape")
            .hint("a backslash itself is written `\\\\`, also in a regular expression"),
        Expect::Ident => {
            let at = position(code, rest);
            let is_format = code[..at].ends_with('@');
            Mistake::new(at, "a name is missing").hint(if is_format { JSON_PATH } else { VARIABLES })
        }
        Expect::Digit => Mistake::new(position(code, rest), "a digit is missing")
            .hint("a number is written `1.5` or `1e3`, an element `.list[0]`"),
        _ => Mistake::new(position(code, rest), "this is no jq").hint(meant(rest).unwrap_or(MANUAL)),
    }
}

/// The variables there are.
const VARIABLES: &str = "variables are `$dir`, `$op`, `$size` and `$note`";

pub(super) fn of_parser(code: &str, error: Option<parse::Error<&str>>) -> Mistake {
    let Some((expected, found)) = error else { return Mistake::new(0, "it is not understood") };
    let what = match &expected {
        parse::Expect::Nothing => "this does not belong here".to_owned(),
        parse::Expect::Just(word) => format!("`{word}` is missing"),
        other => format!("{} is missing", other.as_str()),
    };
    let other = OTHER_LANGUAGES.iter().find(|(written, _)| *written == found);
    let hint = match (other.map(|(_, meant)| *meant), expected) {
        (Some(hint), _) => hint,
        (None, parse::Expect::Nothing) => behind_a_value(found),
        (None, parse::Expect::Term | parse::Expect::Key) if found == "*" => "`.list[]` is each element",
        (None, parse::Expect::Key) if found.starts_with(|first: char| first.is_ascii_digit()) => {
            "an element is written `.list[0]`"
        }
        (None, parse::Expect::Term) if found.is_empty() => "something follows each operator",
        (None, parse::Expect::Key) => "a name follows `.`; other keys stand in quotes: `.\"a-b\"`",
        (None, parse::Expect::ElseOrEnd | parse::Expect::Just("then")) => "it is written `if . then . else . end`",
        (None, parse::Expect::Just("as" | "|")) => "it is written `. as $x | .`",
        _ => MANUAL,
    };
    Mistake::new(position(code, found), what).hint(hint)
}

/// What is meant by what follows a value and does not belong there.
fn behind_a_value(found: &str) -> &'static str {
    let is_word = |written: &str| written.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_it = |written: &str| if is_word(written) { written == found } else { found.starts_with(written) };
    let known = BEHIND_A_VALUE.iter().find(|(written, _)| is_it(written));
    known.map_or("filters are joined by `|`, conditions by `and` and `or`", |(_, meant)| meant)
}

pub(super) fn of_compiler<P>(code: &str, errors: &compile::Errors<&str, P>) -> Mistake {
    let Some((found, undefined)) = errors.iter().flat_map(|(_, errors)| errors).next() else {
        return Mistake::new(0, "it is not understood");
    };
    let at = position(code, found);
    match undefined {
        Undefined::Var if *found == "$ENV" => {
            Mistake::new(at, "there is no such variable").hint("a filter does not see the environment")
        }
        Undefined::Var => Mistake::new(at, "there is no such variable").hint(VARIABLES),
        Undefined::Filter(0) if is_behind_hyphen(&code[..at]) => {
            Mistake::new(at, "there is no such filter").hint("a key with `-` in it stands in quotes: `.\"a-b\"`")
        }
        Undefined::Filter(arguments) => filter(at, found, *arguments),
        other => Mistake::new(at, format!("there is no such {}", other.as_str())).hint(MANUAL),
    }
}

/// Whether a name that follows `code` may be the rest of a key with a hyphen.
fn is_behind_hyphen(code: &str) -> bool {
    code.strip_suffix('-').is_some_and(|key| key.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '_'))
}

/// A filter that there is not, with so many arguments.
fn filter(at: usize, name: &str, arguments: usize) -> Mistake {
    let mistake = Mistake::new(at, "there is no such filter");
    if let Some((_, why)) = LEFT_OUT.iter().chain(&OTHER_NAMES).find(|(known, _)| *known == name) {
        return mistake.hint(*why);
    }
    if name.starts_with('@') {
        return mistake.hint("there are `@base64`, `@base64d`, `@json`, `@sh`, `@text`, `@uri` and `@urid`");
    }
    let names = functions::names();
    let counts: Vec<_> = names.iter().filter(|(other, _)| other == name).map(|(_, count)| count.to_string()).collect();
    if !counts.is_empty() {
        let what = match arguments {
            0 => format!("`{name}` needs an argument"),
            1 => format!("`{name}` does not take 1 argument"),
            count => format!("`{name}` does not take {count} arguments"),
        };
        return Mistake::new(at, what).hint(format!("it takes {}, with `;` between them", counts.join(" or ")));
    }
    let slips = |other: &&(String, usize)| strsim::damerau_levenshtein(name, &other.0);
    match names.iter().min_by_key(slips).filter(|near| slips(near) <= (name.len() / 3).min(2)) {
        Some((near, _)) => mistake.hint(format!("`{near}` may be meant")),
        None => mistake.hint(format!("a field is written `.{name}`, a text `\"{name}\"`")),
    }
}

/// An assignment where a condition is wanted: it is true of every message.
pub(super) fn assignment(code: &str, tokens: &[Token<&str>], term: &Term<&str>) -> Option<Mistake> {
    let equals = is_assignment(term).then(|| equals_sign(tokens))??;
    Some(Mistake::new(position(code, equals), "`=` changes a value").hint("`==` compares"))
}

fn is_assignment(term: &Term<&str>) -> bool {
    match term {
        Term::BinOp(_, BinaryOp::Assign, _) => true,
        Term::BinOp(_, BinaryOp::Pipe(_), last) => is_assignment(last),
        Term::BinOp(left, BinaryOp::And | BinaryOp::Or, right) => is_assignment(left) || is_assignment(right),
        _ => false,
    }
}

fn equals_sign<'a>(tokens: &[Token<&'a str>]) -> Option<&'a str> {
    tokens.iter().find_map(|Token(text, token)| match token {
        Tok::Sym if *text == "=" => Some(*text),
        Tok::Block(inside) => equals_sign(inside),
        Tok::Str(parts) => parts.iter().find_map(|part| match part {
            StrPart::Term(Token(_, Tok::Block(inside))) => equals_sign(inside),
            _ => None,
        }),
        _ => None,
    })
}
