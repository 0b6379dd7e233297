//! From the text of a filter to a program, or to what is wrong with it.

use std::sync::atomic::AtomicBool;
use std::thread;

use jaq_core::Compiler;
use jaq_core::load::lex::{Lexer, Token};
use jaq_core::load::parse::{Def, Parser, Term};
use jaq_core::load::{Arena, File, Loader};

use super::guard::TooDeep;
use super::regexes::Regexes;
use super::{Program, Values, Variable, functions, guard, mistakes};
use crate::pattern::error::Mistake;

/// Bytes that a filter may have.
const LONGEST: usize = 16 << 10;
/// The stack on which a filter is parsed, before its depth is known.
const STACK: usize = 256 << 20;
/// The name that the filter has among all others.
const MAIN: &str = "wscope_main";

/// What a filter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It says yes or no.
    Condition,
    /// Its results are shown.
    Output,
}

/// Compiles a filter.
pub(super) fn compile(text: &str, wanted: Use) -> Result<Program, Mistake> {
    if text.len() > LONGEST {
        return Err(Mistake::new(LONGEST, format!("it is longer than {} KiB", LONGEST >> 10)));
    }
    let code = text.to_owned();
    let compiling = thread::Builder::new().stack_size(STACK).spawn(move || compiled(&code, wanted));
    let compiled = compiling.ok().and_then(|compiling| compiling.join().ok());
    compiled.unwrap_or_else(|| Err(Mistake::new(0, "there is no memory to compile it")))
}

fn compiled(code: &str, wanted: Use) -> Result<Program, Mistake> {
    let tokens = Lexer::new(code).lex().map_err(|errors| mistakes::of_lexer(code, &errors))?;
    let term: Term<&str> = Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
        let error = errors.into_iter().next();
        mistakes::of_parser(code, error.map(|(expected, found)| (expected, Token::opt_as_str(found, code))))
    })?;
    if let (Use::Condition, Some(mistake)) = (wanted, mistakes::assignment(code, &tokens, &term)) {
        return Err(mistake);
    }
    let main = Def { name: MAIN, args: Vec::new(), body: term };
    let definitions = functions::definitions().into_iter().chain([main]).map(guard::guarded);
    let definitions: Vec<Def<&str>> = definitions
        .collect::<Result<_, _>>()
        .map_err(|TooDeep| Mistake::new(0, "it is nested too deeply").hint("a `def` gives a part of it a name"))?;
    let arena = Arena::default();
    let modules = Loader::new(definitions).load(&arena, File { code: MAIN, path: () });
    let Ok(modules) = modules else { return Err(Mistake::new(0, "it cannot be loaded")) };
    let variables: Vec<_> = Variable::ALL.into_iter().filter(|variable| code.contains(variable.name())).collect();
    let filter = Compiler::<_, Values>::default()
        .with_funs(functions::natives())
        .with_global_vars(variables.iter().map(|variable| variable.name()))
        .compile(modules)
        .map_err(|errors| mistakes::of_compiler(code, &errors))?;
    Ok(Program { filter, variables, regexes: Regexes::default(), is_interrupted: AtomicBool::new(false) })
}
