//! The files below `src` and `tests`, and the parts of Rust that the rules look at.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A file below `src` or `tests`.
pub struct Source {
    /// Its path below that folder.
    pub name: String,
    /// All of it.
    pub text: String,
    /// Without its unit tests; empty where it holds nothing else.
    pub code: String,
}

impl Source {
    /// The first part of its path, without `.rs`.
    pub fn room(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Whether it is the file `place` or lies in the folder of that name; everything lies in the empty one.
    pub fn lies_in(&self, place: &str) -> bool {
        place.is_empty() || self.name.strip_prefix(place).is_some_and(|rest| rest.starts_with(['/', '.']))
    }

    /// The path of the module that the file is.
    pub fn module(&self) -> Vec<&str> {
        let path = self.name.strip_suffix(".rs").unwrap_or(&self.name);
        path.split('/').filter(|part| !["mod", "lib", "main", "integration"].contains(part)).collect()
    }
}

/// All files below `src`, in order.
pub fn sources() -> io::Result<Vec<Source>> {
    files_below("src")
}

/// All files of Rust below a folder of the project, in order.
pub fn files_below(folder: &str) -> io::Result<Vec<Source>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    collect(&root, &mut paths)?;
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        let text = fs::read_to_string(path)?;
        let tests_only = name.ends_with("/tests.rs") || name.contains("/tests/");
        let code = text.split("\nmod tests {").next().filter(|_| !tests_only).unwrap_or_default().to_owned();
        Ok(Source { name, text, code })
    };
    paths.iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// From the line with `fn` to the closing brace.
    pub lines: usize,
}

/// The functions in code that rustfmt has formatted: a body ends with a brace below the line with `fn`, indented alike.
pub fn functions(code: &str) -> Vec<Function> {
    let lines: Vec<&str> = code.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let starts = lines.iter().enumerate().filter_map(|(start, line)| Some((start, function_name(line)?)));
    let found = starts.map(|(start, name)| {
        let alike = lines[start..].iter().enumerate().filter(|(_, line)| indent(line) == indent(lines[start]));
        let end = alike.map(|(offset, line)| (offset, line.trim())).find(|(_, line)| line.ends_with(['}', ';']));
        Function { name: name.to_owned(), lines: end.map_or(0, |(offset, _)| offset) + 1 }
    });
    found.collect()
}

/// The name behind `fn`, where nothing but qualifiers stands before it.
fn function_name(line: &str) -> Option<&str> {
    let (before, behind) = line.split_once("fn ")?;
    let is_qualifier = |word: &str| ["async", "const", "extern", "unsafe"].contains(&word) || word.starts_with("pub");
    let name = behind.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (before.split_whitespace().all(is_qualifier) && !name.is_empty()).then_some(name)
}

/// The contents of the string literals, as they are written, without those in comments.
pub fn string_literals(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(['"', '/', '\'', 'r']) {
        let at = &rest[start..];
        rest = if at.starts_with("//") {
            at.split_once('\n').map_or("", |(_, behind)| behind)
        } else if let Some((hashes, raw)) = raw_string(at).filter(|_| !rest[..start].ends_with(is_word)) {
            let (content, behind) = raw.split_once(&format!("\"{hashes}")).unwrap_or((raw, ""));
            found.push(content);
            behind
        } else if let Some(quoted) = at.strip_prefix('"') {
            let end = end_of_string(quoted);
            found.push(&quoted[..end]);
            quoted.get(end + 1..).unwrap_or("")
        } else if at.starts_with("'\"'") || at.starts_with("'\\") {
            &at["'\"".len()..]
        } else {
            &at[1..]
        };
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The hashes of a raw string that begins here, and what stands behind its opening quote.
fn raw_string(code: &str) -> Option<(&str, &str)> {
    let (hashes, behind) = code.strip_prefix('r')?.split_once('"')?;
    hashes.chars().all(|c| c == '#').then_some((hashes, behind))
}

/// Where the first quote is that no backslash escapes.
fn end_of_string(quoted: &str) -> usize {
    let mut escaped = false;
    let ends = |c: char| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    };
    quoted.find(ends).unwrap_or(quoted.len())
}

/// Whether a text names a flag: `--` and a small letter.
pub fn names_a_flag(text: &str) -> bool {
    let behind = |index| text[index + "--".len()..].starts_with(|c: char| c.is_ascii_lowercase());
    text.match_indices("--").any(|(index, _)| behind(index) && !text[..index].ends_with('-'))
}
