//! Regular expressions inside jq filters, by the `regex` crate.

use std::sync::{Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

/// How many compiled ones are kept. A filter has few; a message can bring any.
const KEPT: usize = 16;
/// How large a compiled one may be, in bytes: a message can bring it.
const LARGEST: usize = 1 << 20;

/// Compiled ones, the latest last.
#[derive(Default)]
pub(super) struct Regexes {
    kept: Mutex<Vec<(String, String, JqRegex)>>,
}

/// A regular expression with what jq's flags say beside it.
#[derive(Clone)]
pub(super) struct JqRegex {
    pub regex: Regex,
    /// `g`: all matches, not only the first.
    pub is_global: bool,
    /// `n`: empty matches are passed over.
    pub ignores_empty: bool,
}

impl Regexes {
    /// The compiled one.
    pub fn compiled(&self, pattern: &str, flags: &str) -> Result<JqRegex, String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., regex)) = kept.iter().find(|(other, with, _)| other == pattern && with == flags) {
            return Ok(regex.clone());
        }
        let regex = compile(pattern, flags)?;
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((pattern.to_owned(), flags.to_owned(), regex.clone()));
        Ok(regex)
    }
}

fn compile(pattern: &str, flags: &str) -> Result<JqRegex, String> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(LARGEST).dfa_size_limit(LARGEST);
    let (mut is_global, mut ignores_empty) = (false, false);
    for flag in flags.chars() {
        match flag {
            'g' => is_global = true,
            'n' => ignores_empty = true,
            'i' => drop(builder.case_insensitive(true)),
            'm' => drop(builder.multi_line(true)),
            's' => drop(builder.dot_matches_new_line(true)),
            'p' => drop(builder.multi_line(true).dot_matches_new_line(true)),
            'l' => drop(builder.swap_greed(true)),
            'x' => drop(builder.ignore_whitespace(true)),
            other => return Err(format!("`{other}` is no flag of a regular expression")),
        }
    }
    let regex = builder.build().map_err(|_| format!("`{pattern}` is not a regular expression"))?;
    Ok(JqRegex { regex, is_global, ignores_empty })
}
