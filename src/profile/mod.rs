//! Profiles: named sets of flags, as the user's file has them. What a flag is, `cli` knows.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Phase, Result};
use crate::input::{Quoting, Variables};
use crate::platform::{is_readable_by_others, read_text_file};

/// The file, from the user's folder of configurations on.
const FILE: &str = "wscope/profiles.toml";

/// The file of profiles.
#[derive(Debug, Clone)]
pub struct Profiles {
    path: PathBuf,
    tables: Vec<Profile>,
    is_exposed: bool,
}

/// A table of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// In the order of the file.
    pub settings: Vec<Setting>,
}

/// A flag by its long name, without hyphens, or `url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name, as it is written.
    pub key: String,
    /// What it says.
    pub value: Value,
    /// The line of the file, from 1 on.
    pub line: usize,
}

/// What a setting says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A flag without a value is given, or not.
    Switch(bool),
    /// Values as they are written; numbers as text. A flag that may be given several times may have several.
    Texts(Vec<String>),
}

impl Profiles {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Phase::Usage`] where there is none, or where it is not what it should be.
    pub fn load() -> Result<Self> {
        let no_folder = |error| Error::new(Phase::Usage, "no folder for the file of profiles").caused_by(error);
        let path = choose_base_strategy().map_err(no_folder)?.config_dir().join(FILE);
        let cannot_read = |error: io::Error| {
            let hint = "a profile is a table in it: `[staging]`, then `url = \"wss://…\"` and long flags by name";
            Error::new(Phase::Usage, format!("cannot read the profiles in `{}`", path.display()))
                .caused_by(error)
                .hint(hint)
        };
        let text = read_text_file(&path).map_err(cannot_read)?;
        let is_exposed = is_readable_by_others(&path).map_err(cannot_read)?;
        Ok(Self { is_exposed, ..Self::parse(path, &text)? })
    }

    /// Understands the text of a file at `path`.
    ///
    /// # Errors
    /// [`Phase::Usage`], with the line. The error quotes no value.
    pub fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let wrong = |start: usize, complaint: &str| {
            Error::new(Phase::Usage, format!("{}:{}: {complaint}", path.display(), line_of(text, start)))
        };
        let tables = DeTable::parse(text)
            .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message()))?
            .into_inner();
        let mut profiles = Vec::new();
        for (name, value) in in_order(tables) {
            let start = name.span().start;
            let name = name.into_inner().into_owned();
            let DeValue::Table(table) = value.into_inner() else {
                return Err(wrong(start, &format!("`{name}` is in no profile: one begins with `[NAME]`")));
            };
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) {
                return Err(wrong(start, "a profile's name consists of letters, digits, `-`, `_` and `.`"));
            }
            let mut settings = Vec::new();
            for (key, value) in in_order(table) {
                let (line, key) = (line_of(text, key.span().start), key.into_inner().into_owned());
                let value = setting(value.get_ref()).ok_or_else(|| {
                    wrong(value.span().start, &format!("{key}: expected a text, a number, `true`, `false`, or a list"))
                })?;
                settings.push(Setting { key, value, line });
            }
            profiles.push(Profile { name, settings });
        }
        Ok(Self { path, tables: profiles, is_exposed: false })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that a text in it names: from its folder on; `~/` is the home directory.
    pub fn locate(&self, file: &str) -> PathBuf {
        match (file.strip_prefix("~/"), env::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
            _ => self.path.parent().unwrap_or(Path::new("")).join(file),
        }
    }

    /// Whether other users of this machine may read the file.
    pub fn is_exposed(&self) -> bool {
        self.is_exposed
    }

    /// All profiles, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> + Clone {
        self.tables.iter()
    }

    /// `FILE:LINE` of a setting.
    pub fn place(&self, setting: &Setting) -> String {
        format!("{}:{}", self.path.display(), setting.line)
    }
}

impl Profile {
    /// The text of `url`, as it is written.
    pub fn url(&self) -> Option<&str> {
        self.settings.iter().find(|setting| setting.key == "url")?.texts().first().map(String::as_str)
    }
}

impl Setting {
    /// Its values, as they are written.
    pub fn texts(&self) -> &[String] {
        match &self.value {
            Value::Switch(_) => &[],
            Value::Texts(texts) => texts,
        }
    }
}

/// `text` with the values of environment variables in the place of `${env:NAME}`; `$${` is a literal `${`.
///
/// # Errors
/// [`Phase::Input`] for a variable that is not set, and for another `${…}`.
pub fn with_environment(text: &str) -> Result<String> {
    Variables::new(|name| env::var(name).ok()).expand(text, Quoting::Literal)
}

type Entry<'a> = (Spanned<toml::de::DeString<'a>>, Spanned<DeValue<'a>>);

/// The entries as they follow each other in the file.
fn in_order(table: DeTable<'_>) -> Vec<Entry<'_>> {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// `None` for what no flag takes.
fn setting(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::Boolean(switch) => Some(Value::Switch(*switch)),
        DeValue::Array(values) => {
            values.iter().map(|value| text(value.get_ref())).collect::<Option<_>>().map(Value::Texts)
        }
        value => text(value).map(|text| Value::Texts(vec![text])),
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
