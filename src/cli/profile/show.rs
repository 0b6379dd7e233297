//! What is in force, and where it comes from: `--show-config` and `wscope @`. Secrets are hidden, unless asked for.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory};

use super::super::{Cli, usage_error};
use super::{Merged, NO_SETTINGS, Named, argument, given};
use crate::http::redact::{HIDDEN, Part, Secrets};
use crate::profile::{Profiles, Setting, Value};

/// One line for each profile: its name, a tab, its URL; behind another tab, what is wrong with it.
pub(super) fn list(profiles: &Profiles) -> String {
    profiles.iter().fold(String::new(), |mut list, profile| {
        let url = profile.url().map_or_else(String::new, |url| shown("url", url, Secrets::Hidden));
        let _ = write!(list, "@{}\t{}", profile.name, printable(&url));
        if let Some(complaint) = Named::complaint(&profile.name, profiles) {
            let _ = write!(list, "\t{}", printable(&complaint));
        }
        list.push('\n');
        list
    })
}

/// The settings of a profile, those too whose place the command line takes.
pub(super) fn profile(profiles: &Profiles, merged: &Merged, secrets: Secrets) -> String {
    let mut text = String::new();
    let written = merged.profile.settings.iter().find(|setting| setting.key == "url");
    if let Some(setting) = written {
        let url = shown("url", merged.profile.url().unwrap_or_default(), secrets);
        let place = profiles.place(setting);
        let _ = match merged.resource.as_str() {
            "" => writeln!(text, "url = {}  # {place}", quoted(&url)),
            resource => {
                let resource = shown("url", resource, secrets);
                writeln!(text, "url = {}  # {place}, with {} of the command line", quoted(&url), quoted(&resource))
            }
        };
    }
    for flag in &merged.flags {
        let place = profiles.place(&flag.setting);
        let _ = match (flag.is_used, value(&flag.setting, secrets)) {
            (_, None) => Ok(()),
            (true, Some(value)) => writeln!(text, "{} = {value}  # {place}", flag.setting.key),
            (false, Some(value)) => {
                writeln!(text, "# {} = {value}  # {place}: the command line has another", flag.setting.key)
            }
        };
    }
    text
}

/// The flags of the command line.
pub fn command_line(arguments: &[OsString], secrets: Secrets) -> String {
    let Some((_, given)) = given(arguments) else { return String::new() };
    let command = Cli::command();
    let mut text = String::new();
    for flag in command.get_arguments() {
        let id = flag.get_id().as_str();
        let is_given = given.value_source(id) == Some(ValueSource::CommandLine);
        if !is_given || NO_SETTINGS.contains(&id) {
            continue;
        }
        let name = if matches!(id, "url" | "connect") { Some("url") } else { flag.get_long() };
        let Some(name) = name else { continue };
        if let Some(values) = values(name, flag, &given, secrets) {
            let _ = writeln!(text, "{name} = {values}  # command line");
        }
    }
    text
}

/// The values of a flag that was given; `None` for a URL that is the name of a profile.
fn values(name: &str, flag: &Arg, given: &ArgMatches, secrets: Secrets) -> Option<String> {
    let raw: Vec<_> = given.get_raw(flag.get_id().as_str()).into_iter().flatten().map(OsStr::to_string_lossy).collect();
    if name == "url" && raw.iter().any(|url| url.starts_with('@')) {
        return None;
    }
    Some(if flag.get_action().takes_values() {
        list_of(name, raw.iter().map(AsRef::as_ref), secrets)
    } else {
        "true".to_owned()
    })
}

/// The warning where other users of the machine can read a secret in the file of profiles.
pub(super) fn exposed(profiles: &Profiles) -> Option<String> {
    if !profiles.is_exposed() {
        return None;
    }
    let mut command = Cli::command();
    command.build();
    let long = |key: &str| argument(&command, key).and_then(|flag| flag.get_long().map(str::to_owned));
    let holds_secret = |setting: &Setting| {
        let name = long(&setting.key).unwrap_or_else(|| setting.key.clone());
        setting.texts().iter().any(|text| !text.contains("${env:") && shown(&name, text, Secrets::Hidden) != *text)
    };
    profiles.iter().any(|profile| profile.settings.iter().any(holds_secret)).then(|| {
        let path = profiles.path().display();
        format!("other users can read the secrets in `{path}`: `chmod 600` it, or use `@FILE` or `${{env:NAME}}` in it")
    })
}

/// A value of a setting, in TOML; `None` where nothing is left of it.
fn value(setting: &Setting, secrets: Secrets) -> Option<String> {
    match &setting.value {
        Value::Switch(switch) => Some(switch.to_string()),
        Value::Texts(texts) if texts.is_empty() => None,
        Value::Texts(texts) => Some(list_of(&setting.key, texts.iter().map(String::as_str), secrets)),
    }
}

fn list_of<'a>(name: &str, values: impl Iterator<Item = &'a str>, secrets: Secrets) -> String {
    let values: Vec<_> = values.map(|value| quoted(&shown(name, value, secrets))).collect();
    match values.as_slice() {
        [] => "true".to_owned(),
        [value] => value.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// A value of the flag with this long name, without what is secret where that is hidden. A file that holds a secret, and the name of a variable,
/// are none.
fn shown(name: &str, value: &str, secrets: Secrets) -> String {
    if matches!(secrets, Secrets::Shown) {
        return value.to_owned();
    }
    let is_reference = value.starts_with("${env:") && value.find('}') == Some(value.len() - 1);
    if is_reference || (value.starts_with('@') && !value.starts_with("@@")) {
        return value.to_owned();
    }
    match (name, value.split_once(':')) {
        ("url", _) => Secrets::Hidden.text(Part::Text(without_userinfo(value).as_bytes())),
        ("subprotocol", _) => Secrets::Hidden.text(Part::Subprotocols(value.as_bytes())),
        ("header" | "proxy-header", Some((header, content))) => {
            let content = Secrets::Hidden.text(Part::Value { name: header, value: content.trim().as_bytes() });
            format!("{header}: {content}")
        }
        ("user" | "auth" | "proxy-user", Some((user, _))) => format!("{user}:{HIDDEN}"),
        ("user" | "auth" | "proxy-user", None) => value.to_owned(),
        _ if usage_error::takes_secret(name) => HIDDEN.to_owned(),
        _ => Secrets::Hidden.text(Part::Text(value.as_bytes())),
    }
}

/// The URL, which need not have a scheme, without all that stands before the host.
fn without_userinfo(url: &str) -> Cow<'_, str> {
    let start = url.find("://").map_or(0, |colon| colon + "://".len());
    let (scheme, rest) = url.split_at(start);
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    match authority.rfind('@') {
        Some(at) => format!("{scheme}{HIDDEN}{}", &rest[at..]).into(),
        None => url.into(),
    }
}

/// A basic string of TOML, which is one of JSON, too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(printable(text)).to_string()
}

/// Without characters that would drive a terminal.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
