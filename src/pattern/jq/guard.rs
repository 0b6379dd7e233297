//! Makes a filter safe to run.
//!
//! There is one operator by which a message could end the program: a text times a number reserves memory for all of it, and
//! a number of the message's choosing is more than there is. And a filter may never end: what repeats itself passes a
//! checkpoint each time, where it can be interrupted, and fails if it has called itself too deeply.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

use super::functions::{CHECKPOINT, TIMES};

/// How deep a filter may be nested: a message must not take more stack than there is.
const DEEPEST: usize = 200;
/// What the right side of `*=` is called; no user can write it.
const FACTOR: &str = "$*";

/// A filter that is nested too deeply.
#[derive(Debug)]
pub(super) struct TooDeep;

/// `definition` with guarded operators and checkpoints.
pub(super) fn guarded(definition: Def<&str>) -> Result<Def<&str>, TooDeep> {
    guard_definition(definition, DEEPEST)
}

/// All repetition that is not over values that are there already is by definitions that call themselves.
fn guard_definition(Def { name, args, body }: Def<&str>, depth: usize) -> Result<Def<&str>, TooDeep> {
    Ok(Def { name, args, body: checked(guard(body, depth)?) })
}

/// `term` behind a checkpoint.
fn checked(term: Term<&str>) -> Term<&str> {
    piped(Term::Call(CHECKPOINT, Vec::new()), term)
}

fn piped<'a>(left: Term<&'a str>, right: Term<&'a str>) -> Term<&'a str> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}

fn boxed(term: Term<&str>, depth: usize) -> Result<Box<Term<&str>>, TooDeep> {
    guard(term, depth).map(Box::new)
}

fn all(terms: Vec<Term<&str>>, depth: usize) -> Result<Vec<Term<&str>>, TooDeep> {
    terms.into_iter().map(|term| guard(term, depth)).collect()
}

fn optional(term: Option<Box<Term<&str>>>, depth: usize) -> Result<Option<Box<Term<&str>>>, TooDeep> {
    term.map(|term| boxed(*term, depth)).transpose()
}

fn guard(term: Term<&str>, depth: usize) -> Result<Term<&str>, TooDeep> {
    let depth = depth.checked_sub(1).ok_or(TooDeep)?;
    Ok(match term {
        Term::BinOp(left, operator, right) => binary(*left, operator, *right, depth)?,
        Term::Str(format, parts) => {
            Term::Str(format, parts.into_iter().map(|part| string_part(part, depth)).collect::<Result<_, _>>()?)
        }
        Term::Arr(inside) => Term::Arr(optional(inside, depth)?),
        Term::Obj(members) => {
            let member = |(key, value): (_, Option<_>)| {
                Ok((guard(key, depth)?, value.map(|value| guard(value, depth)).transpose()?))
            };
            Term::Obj(members.into_iter().map(member).collect::<Result<_, _>>()?)
        }
        Term::Neg(inside) => Term::Neg(boxed(*inside, depth)?),
        Term::Label(name, inside) => Term::Label(name, boxed(*inside, depth)?),
        Term::Fold(kind, source, pattern, parts) => {
            Term::Fold(kind, boxed(*source, depth)?, bound(pattern, depth)?, all(parts, depth)?)
        }
        Term::TryCatch(tried, caught) => Term::TryCatch(boxed(*tried, depth)?, optional(caught, depth)?),
        Term::IfThenElse(branches, otherwise) => {
            let branch = |(condition, then)| Ok((guard(condition, depth)?, guard(then, depth)?));
            Term::IfThenElse(branches.into_iter().map(branch).collect::<Result<_, _>>()?, optional(otherwise, depth)?)
        }
        Term::Def(definitions, inside) => {
            let definitions = definitions.into_iter().map(|definition| guard_definition(definition, depth));
            let definitions = definitions.collect::<Result<_, _>>()?;
            Term::Def(definitions, boxed(*inside, depth)?)
        }
        Term::Call(name, arguments) => call(name, all(arguments, depth)?),
        Term::Path(inside, Path(parts)) => {
            let is_iterated = parts.iter().any(|(part, _)| matches!(part, Part::Range(None, None)));
            let parts = parts.into_iter().map(|(part, option)| Ok((path_part(part, depth)?, option)));
            let path = Term::Path(boxed(*inside, depth)?, Path(parts.collect::<Result<_, _>>()?));
            if is_iterated { checked(path) } else { path }
        }
        Term::Recurse => checked(term),
        Term::Id | Term::Num(_) | Term::Break(_) | Term::Var(_) => term,
    })
}

fn binary<'a>(
    left: Term<&'a str>,
    operator: BinaryOp<&'a str>,
    right: Term<&'a str>,
    depth: usize,
) -> Result<Term<&'a str>, TooDeep> {
    let (left, right) = (guard(left, depth)?, guard(right, depth)?);
    Ok(match operator {
        BinaryOp::Math(Math::Mul) => Term::Call(TIMES, vec![left, right]),
        BinaryOp::UpdateMath(Math::Mul) => {
            let product = Term::Call(TIMES, vec![Term::Id, Term::Var(FACTOR)]);
            let update = Term::BinOp(Box::new(left), BinaryOp::Update, Box::new(product));
            Term::BinOp(Box::new(right), BinaryOp::Pipe(Some(Pattern::Var(FACTOR))), Box::new(update))
        }
        BinaryOp::Pipe(Some(pattern)) => {
            Term::BinOp(Box::new(left), BinaryOp::Pipe(Some(bound(pattern, depth)?)), Box::new(right))
        }
        BinaryOp::Comma => Term::BinOp(Box::new(left), BinaryOp::Comma, Box::new(checked(right))),
        other => Term::BinOp(Box::new(left), other, Box::new(right)),
    })
}

fn call<'a>(name: &'a str, arguments: Vec<Term<&'a str>>) -> Term<&'a str> {
    let is_endless = name == "range" && arguments.len() == 3;
    let call = Term::Call(name, arguments);
    // The one function of jaq's that may give results without end.
    if is_endless { piped(call, Term::Call(CHECKPOINT, Vec::new())) } else { call }
}

fn string_part<'a>(
    part: StrPart<&'a str, Term<&'a str>>,
    depth: usize,
) -> Result<StrPart<&'a str, Term<&'a str>>, TooDeep> {
    Ok(match part {
        StrPart::Term(term) => StrPart::Term(guard(term, depth)?),
        other => other,
    })
}

fn path_part(part: Part<Term<&str>>, depth: usize) -> Result<Part<Term<&str>>, TooDeep> {
    let bound = |term: Option<_>| term.map(|term| guard(term, depth)).transpose();
    Ok(match part {
        Part::Index(index) => Part::Index(guard(index, depth)?),
        Part::Range(from, to) => Part::Range(bound(from)?, bound(to)?),
    })
}

fn bound(pattern: Pattern<&str>, depth: usize) -> Result<Pattern<&str>, TooDeep> {
    let depth = depth.checked_sub(1).ok_or(TooDeep)?;
    Ok(match pattern {
        Pattern::Var(name) => Pattern::Var(name),
        Pattern::Arr(parts) => {
            Pattern::Arr(parts.into_iter().map(|part| bound(part, depth)).collect::<Result<_, _>>()?)
        }
        Pattern::Obj(parts) => {
            let part = |(key, part)| Ok((guard(key, depth)?, bound(part, depth)?));
            Pattern::Obj(parts.into_iter().map(part).collect::<Result<_, _>>()?)
        }
    })
}
