//! `wscope @NAME`: the flags of a profile, put before those of the command line, so that one parser decides on both.

mod show;
#[cfg(test)]
mod tests;

use std::any::TypeId;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

pub(super) use self::show::command_line;
use super::usage_error::is_called;
use super::value::{HeaderSource, Secret};
use super::{Cli, Invocation, Subcommands, understand, usage_error};
use crate::input::slash::nearest_of;
use crate::net::Target;
use crate::profile::{Profile, Profiles, Setting, Value, with_environment};

/// Flags that are no settings: what they ask for is another run.
const NO_SETTINGS: [&str; 4] = ["help", "manual", "version", "show_config"];

/// The commands that take a profile in the place of their URL.
const COMMANDS: [&str; 2] = ["check", "ping"];

/// A command line that names a profile in the place of a URL.
#[derive(Debug, Clone)]
pub struct Named {
    arguments: Vec<OsString>,
    /// The command that it stands behind: the name of one of [`COMMANDS`].
    command: Option<&'static str>,
    /// What follows `@`: the name, and what takes the place of the URL's path.
    reference: String,
}

/// The profile that a command line names. Without a word that begins with `@`, nothing is parsed for it.
pub(super) fn asked_for(arguments: &[OsString]) -> Option<Named> {
    if !arguments.iter().skip(1).any(|argument| argument.as_encoded_bytes().starts_with(b"@")) {
        return None;
    }
    // A flag may be missing that the profile has.
    let (command, matches) = given(arguments)?;
    let url = ["url", "connect"].into_iter().find_map(|id| matches.try_get_one::<String>(id).ok().flatten())?;
    let reference = url.strip_prefix('@')?.to_owned();
    Some(Named { arguments: arguments.to_vec(), command, reference })
}

/// What clap makes of a command line, as far as it is right: the command, and what stands behind it. `None` where a
/// command takes no profile.
fn given(arguments: &[OsString]) -> Option<(Option<&'static str>, ArgMatches)> {
    let mut matches = Cli::command().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    let Some((name, of_command)) = matches.remove_subcommand() else { return Some((None, matches)) };
    let command = COMMANDS.into_iter().find(|command| *command == name)?;
    Some((Some(command), of_command))
}

impl Named {
    /// Whether it is `@` alone, which asks for the list.
    pub fn wants_list(&self) -> bool {
        self.reference.is_empty()
    }

    /// The list of all profiles, one a line: `@NAME`, a tab, and the URL; behind another tab, what is wrong with it.
    pub fn list(profiles: &Profiles) -> String {
        show::list(profiles)
    }

    /// What is wrong with the profile of this name, in a line, if anything is.
    fn complaint(name: &str, profiles: &Profiles) -> Option<String> {
        let reference = format!("@{name}");
        let alone =
            Self { arguments: vec!["wscope".into(), reference.into()], command: None, reference: name.to_owned() };
        let said = alone.resolve(profiles).err()?.to_string();
        let line = said.lines().next().unwrap_or_default();
        Some(line.trim_start_matches("error: ").to_owned())
    }

    /// The invocation that the profile and the command line make together.
    ///
    /// # Errors
    /// A usage error: of the command line, or with file and line one of the profile.
    pub fn resolve(&self, profiles: &Profiles) -> Result<Invocation, clap::Error> {
        let merged = self.merge(profiles).map_err(|text| usage_error::from_text(&text))?;
        let arguments = merged.arguments(&self.arguments, self.command);
        let parsed = Cli::command().try_get_matches_from(&arguments);
        let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches));
        let mut cli = parsed.map_err(|error| merged.explain(profiles, &arguments, self.command, error))?;
        if let Some(secrets) = cli.default.show_config() {
            let own = command_line(&self.arguments, secrets);
            return Ok(Invocation::Config(show::profile(profiles, &merged, secrets) + &own));
        }
        let warning = show::exposed(profiles);
        match &mut cli.command {
            Some(Subcommands::Check(check)) => (check.url, check.session.warning) = (merged.url, warning),
            Some(Subcommands::Ping(ping)) => (ping.url, ping.session.warning) = (merged.url, warning),
            _ => cli.default.take_profile(merged.url, warning),
        }
        understand(cli, &arguments)
    }

    /// `Err` is the text of a usage error.
    fn merge(&self, profiles: &Profiles) -> Result<Merged, String> {
        let end = self.reference.find(['/', '?']).unwrap_or(self.reference.len());
        let (name, resource) = self.reference.split_at(end);
        let Some(profile) = profiles.iter().find(|profile| profile.name == name) else {
            let nearest = nearest_of(name, profiles.iter().map(|profile| profile.name.as_str()));
            let nearest = nearest.map_or_else(String::new, |nearest| format!("; did you mean `@{nearest}`?"));
            return Err(format!("there is no profile `{name}` in {}{nearest}", profiles.path().display()));
        };
        let url = url(profiles, profile, resource)?;
        let mut command = Cli::command();
        command.build();
        let given = given(&self.arguments).map(|(_, matches)| matches).unwrap_or_default();
        let of_run = self.command.map_or(Some(&command), |name| command.find_subcommand(name));
        let mut flags = Vec::new();
        for setting in profile.settings.iter().filter(|setting| setting.key != "url") {
            let at_place = |complaint: String| format!("{}: {}: {complaint}", profiles.place(setting), setting.key);
            let Some(argument) = argument(&command, &setting.key) else {
                let settings = command.get_arguments().filter(|argument| is_setting(argument));
                let names: Vec<_> = settings.filter_map(Arg::get_long).chain(["url"]).collect();
                let nearest = nearest_of(&setting.key, names.into_iter());
                let nearest = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
                return Err(at_place(format!("there is no such flag{nearest}")));
            };
            let taking = of_run.filter(|command| takes(command, argument));
            let setting = if taking.is_some() { less_headers(argument, setting, &given) } else { setting.clone() };
            let is_used = taking.is_some_and(|command| !is_overridden(command, argument, &given));
            // What is not used may name a variable that is not set.
            let words = if is_used { words(profiles, argument, &setting).map_err(at_place)? } else { Vec::new() };
            flags.push(Flag { setting, words, is_used });
        }
        Ok(Merged { url, resource: resource.to_owned(), profile: profile.clone(), flags })
    }
}

/// What a profile adds to a command line.
struct Merged {
    url: String,
    /// What takes the place of the path of the profile's URL; empty where nothing does.
    resource: String,
    profile: Profile,
    flags: Vec<Flag>,
}

/// A setting, as a flag.
struct Flag {
    setting: Setting,
    /// As on a command line.
    words: Vec<OsString>,
    /// The command line has nothing that takes its place.
    is_used: bool,
}

impl Merged {
    /// The command line, with the flags of the profile before its own.
    fn arguments(&self, own: &[OsString], command: Option<&str>) -> Vec<OsString> {
        let words = self.flags.iter().filter(|flag| flag.is_used).flat_map(|flag| &flag.words);
        let (start, rest) = own.split_at(if command.is_some() { 2 } else { 1 });
        start.iter().chain(words).chain(rest).cloned().collect()
    }

    /// The error to show where clap refuses both together: that of the setting whose value it refuses alone.
    fn explain(
        &self,
        profiles: &Profiles,
        arguments: &[OsString],
        command: Option<&str>,
        error: clap::Error,
    ) -> clap::Error {
        for Flag { setting, words, .. } in self.flags.iter().filter(|flag| flag.is_used) {
            let alone = ["wscope".into()]
                .into_iter()
                .chain(command.map(OsString::from))
                .chain(words.iter().cloned())
                .chain(["host".into()]);
            let alone: Vec<OsString> = alone.collect();
            let Err(mut refused) = Cli::command().try_get_matches_from(&alone) else { continue };
            if matches!(refused.kind(), ErrorKind::ArgumentConflict | ErrorKind::MissingRequiredArgument) {
                // It depends on what else is there.
                continue;
            }
            if setting.texts().iter().any(|text| text.contains("${")) {
                refused.insert(ContextKind::InvalidValue, ContextValue::String("[hidden]".to_owned()));
            }
            let text = usage_error::explain(&alone, refused).to_string();
            let text = text.split("\n\n").next().unwrap_or_default();
            let text = text.strip_prefix("error: ").unwrap_or(text);
            return usage_error::from_text(&format!("{}: {}: {text}", profiles.place(setting), setting.key));
        }
        usage_error::explain(arguments, error)
    }
}

/// The URL of the profile; `resource` takes the place of its path, or from `?` on of its query.
fn url(profiles: &Profiles, profile: &Profile, resource: &str) -> Result<String, String> {
    let (path, name) = (profiles.path().display(), &profile.name);
    let Some(setting) = profile.settings.iter().find(|setting| setting.key == "url") else {
        return Err(format!("{path}: the profile `{name}` has no `url`"));
    };
    let place = profiles.place(setting);
    let Value::Texts(texts) = &setting.value else { return Err(format!("{place}: url: expected a text")) };
    let [text] = texts.as_slice() else { return Err(format!("{place}: url: expected one text")) };
    let text = with_environment(text).map_err(|error| format!("{place}: url: {error}"))?;
    Target::parse(&text).map_err(|error| format!("{place}: url: {error}"))?;
    Ok(if resource.is_empty() { text } else { Target::with_resource(&text, resource) })
}

/// The flag that a key names.
fn argument<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    let flag = format!("--{key}");
    command.get_arguments().find(|argument| is_setting(argument) && is_called(argument, &flag))
}

/// Whether `command` has this flag of a session's, with the same kind of value: `check --output` takes other forms.
fn takes(command: &Command, argument: &Arg) -> bool {
    let kind = |argument: &Arg| argument.get_value_parser().type_id();
    command.get_arguments().any(|own| own.get_id() == argument.get_id() && kind(own) == kind(argument))
}

fn is_setting(argument: &Arg) -> bool {
    // What the help hides is another tool's.
    !NO_SETTINGS.contains(&argument.get_id().as_str()) && !argument.is_hide_set()
}

/// Whether the command line has the flag, or one that it cannot be together with. Headers are replaced one by one.
fn is_overridden(command: &Command, argument: &Arg, given: &ArgMatches) -> bool {
    let is_given = |other: &Arg| given.value_source(other.get_id().as_str()) == Some(ValueSource::CommandLine);
    if is_given(argument) && !is_header(argument) {
        return true;
    }
    let clash =
        |one: &Arg, other: &Arg| command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id());
    let others = command.get_arguments().filter(|other| is_setting(other) && is_given(other));
    others.into_iter().any(|other| clash(argument, other) || clash(other, argument))
}

fn is_header(argument: &Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<HeaderSource>()
}

/// The setting, less the headers that the command line has, too.
fn less_headers(argument: &Arg, setting: &Setting, given: &ArgMatches) -> Setting {
    let Value::Texts(texts) = &setting.value else { return setting.clone() };
    let id = argument.get_id().as_str();
    let given: Vec<_> = match given.get_raw(id) {
        Some(raw) if is_header(argument) => raw.filter_map(|value| value.to_str()).map(header_name).collect(),
        _ => return setting.clone(),
    };
    let is_kept = |text: &&String| !given.iter().any(|name| name.eq_ignore_ascii_case(header_name(text)));
    Setting { value: Value::Texts(texts.iter().filter(is_kept).cloned().collect()), ..setting.clone() }
}

/// The name in `NAME: VALUE`, `NAME:` or `NAME;`.
fn header_name(text: &str) -> &str {
    text.split([':', ';']).next().unwrap_or_default().trim()
}

/// The flag as it stands on a command line. `Err` completes the sentence that begins with file and key.
fn words(profiles: &Profiles, argument: &Arg, setting: &Setting) -> Result<Vec<OsString>, String> {
    let long = argument.get_long().unwrap_or_default();
    match &setting.value {
        Value::Switch(false) => Ok(Vec::new()),
        Value::Switch(true) if argument.get_action().takes_values() && !argument.is_require_equals_set() => {
            Err("expected a value".to_owned())
        }
        Value::Switch(true) => Ok(vec![format!("--{long}").into()]),
        Value::Texts(texts) if texts.len() > 1 && !matches!(argument.get_action(), ArgAction::Append) => {
            Err("expected one value".to_owned())
        }
        Value::Texts(texts) => texts
            .iter()
            .map(|text| {
                let value = with_environment(text).map_err(|error| error.to_string())?;
                let mut word = OsString::from(format!("--{long}="));
                word.push(located(profiles, argument, text, value)?);
                Ok(word)
            })
            .collect(),
    }
}

/// The value, with files named from the folder of the profiles on: a profile means the same in every folder. Whether it
/// names a file is decided by `written`, the text in the profile: what the environment puts in may be a secret.
fn located(profiles: &Profiles, argument: &Arg, written: &str, value: String) -> Result<OsString, String> {
    let kind = argument.get_value_parser().type_id();
    if kind == TypeId::of::<PathBuf>() {
        return Ok(if value == "-" { value.into() } else { profiles.locate(&value).into() });
    }
    let (is_secret, is_header) = (kind == TypeId::of::<Secret>(), kind == TypeId::of::<HeaderSource>());
    if !(is_secret || is_header) || !value.starts_with('@') {
        return Ok(value.into());
    }
    match written.strip_prefix('@') {
        // It names no file, and it would be one on a command line.
        None if is_header => Err("a header does not begin with `@`, as a variable has it".to_owned()),
        None => Ok(format!("@{value}").into()),
        Some(file) if file.starts_with('@') => Ok(value.into()),
        Some(_) if value == "@-" => Ok(value.into()),
        Some(_) => {
            let mut word = OsString::from("@");
            word.push(profiles.locate(&value[1..]));
            Ok(word)
        }
    }
}
