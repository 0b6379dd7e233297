//! Usage errors: what is wrong with a command line. The texts name flags as the user wrote them, and never quote a word
//! that may be a secret.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::{Cli, is_command, other_tools};

/// Flags whose values are secrets, as clap names them in an error.
const SECRET_FLAGS: [&str; 11] = [
    "--header",
    "--user",
    "--bearer",
    "--cookie",
    "--passphrase",
    "--subprotocol",
    "--protocol",
    "--websocket-version",
    "--proxy",
    "--proxy-user",
    "--proxy-header",
];

/// What is wrong with the name of a profile behind a command.
const ONLY_SESSIONS: &str =
    "only `wscope @NAME`, `check @NAME` and `ping @NAME` read profiles: here, write the URL and its flags out";

/// Whether the values of the flag with this long name are secrets.
pub(super) fn takes_secret(long: &str) -> bool {
    SECRET_FLAGS.iter().any(|flag| flag.strip_prefix("--") == Some(long))
}

/// The usage error to show for `arguments`, which clap has refused with `error`.
pub(super) fn explain(arguments: &[OsString], mut error: clap::Error) -> clap::Error {
    if let Some(surplus) = surplus(&error) {
        return from_text(&one_too_many(arguments, surplus));
    }
    if let Some(flag) = secret_with_hyphen(arguments, &error) {
        return from_text(&format!("a value of `{flag}` that starts with `-` is joined to it with `=`"));
    }
    if let Some(text) = missing_partner(&error) {
        return from_text(text);
    }
    let about_secret = string(&error, ContextKind::InvalidArg)
        .is_some_and(|argument| SECRET_FLAGS.iter().any(|flag| argument.starts_with(flag)));
    if about_secret && string(&error, ContextKind::InvalidValue).is_some() {
        error.insert(ContextKind::InvalidValue, ContextValue::String("[hidden]".to_owned()));
    }
    if is_old_tls(&error) {
        let advice = "the TLS library speaks no older version than 1.2";
        error.remove(ContextKind::SuggestedValue);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(advice)]));
    }
    if string(&error, ContextKind::InvalidArg).is_some_and(|argument| argument.starts_with("--output")) {
        let advice = StyledStr::from("messages are written to a file by the shell: `> FILE`");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![advice]));
    }
    other_tools::advise(&mut error, arguments);
    error
}

/// Whether a version of TLS was asked for that exists, and that is not spoken.
fn is_old_tls(error: &clap::Error) -> bool {
    string(error, ContextKind::InvalidArg).is_some_and(|argument| argument.starts_with("--tls-"))
        && string(error, ContextKind::InvalidValue).is_some_and(|version| matches!(version, "1" | "1.0" | "1.1"))
}

/// The text of the error for `-i` without `-x`, or beside `-N`: curl's users mean something else by both.
fn missing_partner(error: &clap::Error) -> Option<&'static str> {
    let names = |kind: ContextKind, name: &str| match error.get(kind) {
        Some(ContextValue::String(text)) => text.contains(name),
        Some(ContextValue::Strings(texts)) => texts.iter().any(|text| text.contains(name)),
        _ => false,
    };
    match error.kind() {
        ErrorKind::MissingRequiredArgument if names(ContextKind::InvalidArg, "--execute") => Some(
            "`-i` goes on with stdin after `-x MESSAGE`; without `-x` stdin is read anyway, and heads are shown with `-v`",
        ),
        ErrorKind::ArgumentConflict
            if names(ContextKind::InvalidArg, "--interactive") && names(ContextKind::PriorArg, "--no-input")
                || names(ContextKind::InvalidArg, "--no-input") && names(ContextKind::PriorArg, "--interactive") =>
        {
            Some(
                "`-i` reads stdin after `-x`, and `-N` doesn't read it; curl's `-i` is `-v` here, and its `-N` needs no flag",
            )
        }
        _ => None,
    }
}

/// A usage error that clap does not find itself: `text` says what is wrong.
pub(super) fn from_text(text: &str) -> clap::Error {
    Cli::command().error(ErrorKind::ValueValidation, text)
}

/// The text of the error for a command that does not come first, or for a host that is called like a command.
pub(super) fn command_comes_first(name: &str) -> String {
    format!("`{name}` is a command and comes first: `wscope {name} ...`; for a host of that name, write `{name}/`")
}

/// The text of the error for a first word that is a command of other programs, or a slip in the name of one of ours.
/// `surplus` is the word beside it, which stands beside no URL.
pub(super) fn no_command(word: &str, surplus: Option<&str>) -> Option<String> {
    let host = format!("for a host of that name, write `{word}/`");
    if matches!(word, "help" | "version") {
        return Some(format!("it is spelled `wscope --{word}`; {host}"));
    }
    if word.contains(['.', ':', '/', '@']) {
        return None;
    }
    let command = Cli::command();
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name);
    let slips = |name: &&str| strsim::damerau_levenshtein(word, name);
    let nearest = commands.min_by_key(slips)?;
    // A word alone may be a host.
    let tolerated = if surplus.is_some() { 2 } else { (word.len() / 3).min(2) };
    let is_slip = slips(&nearest) <= tolerated && slips(&nearest) < word.len().min(nearest.len());
    is_slip.then(|| format!("there is no command `{word}`; did you mean `{nearest}`? ({host})"))
}

/// Refuses the name of a profile in the place of a command's URL. `Err` is the text of a usage error.
pub(super) fn refuse_profile(url: &str) -> Result<(), String> {
    if url.starts_with('@') { Err(ONLY_SESSIONS.to_owned()) } else { Ok(()) }
}

/// The surplus word in an error of clap. After a flag, clap may take it for a subcommand, as in
/// `wscope --frames listen 8080`.
fn surplus(error: &clap::Error) -> Option<&str> {
    match error.kind() {
        ErrorKind::ArgumentConflict => string(error, ContextKind::InvalidSubcommand),
        ErrorKind::UnknownArgument => {
            string(error, ContextKind::InvalidArg).filter(|argument| !argument.starts_with('-'))
        }
        _ => None,
    }
}

/// The secret flag whose value clap took for another flag, because the value starts with a hyphen.
fn secret_with_hyphen<'a>(arguments: &'a [OsString], error: &clap::Error) -> Option<&'a str> {
    let unknown = string(error, ContextKind::InvalidArg).filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    arguments.windows(2).find_map(|pair| {
        let (flag, value) = (pair[0].to_str()?, pair[1].to_str()?);
        let command = Cli::command();
        let named = command.get_arguments().find(|argument| is_called(argument, flag))?.get_long()?;
        (takes_secret(named) && value.starts_with(unknown)).then_some(flag)
    })
}

fn string(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// The text of the error for a surplus word. It names only the place of the word, because the word may be a URL with a
/// password, or a part of a token that needed quotes.
pub(super) fn one_too_many(arguments: &[OsString], surplus: &str) -> String {
    let words: Vec<&str> = arguments.iter().skip(1).filter_map(|argument| argument.to_str()).collect();
    if let Some(name) = words.iter().find(|word| is_command(word)).filter(|name| words.first() != Some(name)) {
        return command_comes_first(name);
    }
    let place = words.iter().rposition(|word| *word == surplus).map_or(0, |index| index + 1);
    let text = format!("argument {place} is one too many");
    if let Some(flag) = words.windows(2).find_map(|pair| joined_flag(pair[0], pair[1])) {
        return format!("{text}; a value of `{flag}` is joined to it with `=`, as in `{flag}=...`");
    }
    let is_cookie = |word: &str| word == surplus || (word.contains('=') && !word.contains("://"));
    if words.windows(2).any(|pair| pair[0] == "-b" && is_cookie(pair[1])) {
        return format!("{text}; `-b` sends stdin as binary, and a cookie is sent with `--cookie`");
    }
    if words.iter().any(|word| matches!(*word, "-H" | "--header")) {
        return format!("{text}; a header with a space in it needs quotes");
    }
    match words.first() {
        Some(name) if is_command(name) && surplus.starts_with('@') => ONLY_SESSIONS.to_owned(),
        Some(name) if is_command(name) => text,
        _ if surplus.contains("://") => format!("{text}: there is one URL, and nothing beside it but flags"),
        _ => format!("{text}: beside the URL there are only flags; a message is sent with `-x MESSAGE`, or from stdin"),
    }
}

/// `word`, if it is a flag that takes a value only after `=`, and the user may have meant `next` as its value.
fn joined_flag<'a>(word: &'a str, next: &str) -> Option<&'a str> {
    let command = Cli::command();
    let takes_joined = |command: &Command| {
        command.get_arguments().any(|argument| argument.is_require_equals_set() && is_called(argument, word))
    };
    (!next.starts_with('-') && takes_joined(&command)).then_some(word)
}

/// Whether `flag`, with its hyphens, is a name of `argument`.
pub(super) fn is_called(argument: &Arg, flag: &str) -> bool {
    let aliases = argument.get_all_aliases().unwrap_or_default();
    flag.strip_prefix("--").is_some_and(|name| argument.get_long() == Some(name) || aliases.contains(&name))
        || argument.get_short().is_some_and(|short| flag == format!("-{short}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_text<const N: usize>(words: [&str; N]) -> String {
        let error = crate::cli::parse(["tool"].iter().chain(&words).map(OsString::from)).expect_err(words[0]);
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    }

    #[test]
    fn a_header_without_its_colon_is_not_quoted() {
        for flag in ["-H", "--header"] {
            for value in ["Authorization Bearer SECRET", "Authorization Basic SECRET: x", "A: SECRET\u{1}"] {
                let text = error_text([flag, value, "host"]);
                assert!(text.contains("'[hidden]' for '--header") && !text.contains("SECRET"), "{text}");
            }
        }
    }

    #[test]
    fn a_secret_that_looks_like_a_flag_is_not_quoted() {
        for flag in ["--bearer", "--cookie", "-u", "-H", "-s", "--basic-auth", "--protocol", "--oauth2-bearer"] {
            let text = error_text([flag, "--SECRET", "host"]);
            assert!(text.contains("joined to it with `=`") && !text.contains("SECRET"), "{text}");
        }
        assert!(error_text(["--bearer", "a", "--badflag", "host"]).contains("'--badflag'"));
    }

    #[test]
    fn a_word_too_many_is_named_by_its_place() {
        for words in [
            ["ws://host/", "ws://ann:SECRET@host/"],
            ["demo", "ws://ann:SECRET@host/"],
            ["demo", "SECRET"],
            ["--bearer=a", "--user=ann:SECRET"],
        ] {
            let text = error_text(words);
            assert!(!text.contains("SECRET"), "{text}");
        }
        assert!(error_text(["host", "-v", "ws://other"]).contains("argument 3 is one too many: there is one URL"));
        assert!(error_text(["host", "-v", "hello"]).contains("argument 3 is one too many"));
        assert!(error_text(["host", "hello"]).contains("`-x MESSAGE`"));
        let unquoted = error_text(["-H", "Authorization:", "Bearer", "SECRET", "host"]);
        assert!(unquoted.contains("needs quotes") && !unquoted.contains("SECRET"), "{unquoted}");
    }

    #[test]
    fn curls_flag_for_a_cookie_is_explained() {
        for words in [["host", "-H", "A: b", "-b", "id=SECRET"], ["-b", "id=SECRET", "-H", "A: b", "ws://host"]] {
            let text = error_text(words);
            assert!(text.contains("with `--cookie`") && !text.contains("SECRET"), "{text}");
        }
    }

    #[test]
    fn a_proxy_is_not_quoted() {
        let text = error_text(["-x", "http://ann:SECRET@proxy:3128", "host"]);
        assert!(text.contains("--execute") && !text.contains("SECRET"), "{text}");
    }

    #[test]
    fn a_value_that_wants_an_equals_sign_is_explained() {
        assert!(error_text(["--reconnect", "2", "host"]).contains("as in `--reconnect=...`"));
        assert!(error_text(["-t", "relative", "host"]).contains("as in `-t=...`"));
        assert!(error_text(["demo", "--timestamps", "utc"]).contains("as in `--timestamps=...`"));
        assert!(!error_text(["host", "other", "-t"]).contains("joined"));
    }

    #[test]
    fn a_version_of_tls_that_is_not_spoken_is_told_as_that() {
        for flag in ["--tls-min", "--tls-max"] {
            assert!(error_text([flag, "1.1", "host"]).contains("the TLS library speaks no older version"), "{flag}");
        }
    }

    #[test]
    fn nothing_is_too_few() {
        for flag in ["--count=0", "--reconnect=0"] {
            assert!(error_text([flag, "host"]).contains("expected at least 1"), "{flag}");
        }
        assert!(error_text(["--count=x", "host"]).contains("expected a whole number from 1 on"));
    }

    #[test]
    fn the_usage_of_a_command_is_its_own_whatever_the_programs_file_is_called() {
        assert!(error_text(["demo", "--badflag"]).contains("Usage: wscope demo [OPTIONS]\n"));
    }
}
