//! Advice for flags that wscope does not have: flags of other tools, and flags of a client that were given to a server.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use super::usage_error::is_called;

/// Flags of other tools, and the advice for their users.
const KNOWN_FLAGS: &[(&[&str], &str)] = &[
    (&["-A", "--user-agent"], "a header is set with `-H`: `-H 'User-Agent: ...'`"),
    (&["-e", "--referer"], "a header is set with `-H`: `-H 'Referer: ...'`"),
    (&["-d", "--data", "--data-raw", "--data-binary"], "a message is sent with `-x MESSAGE`, or from stdin"),
    (&["-E", "--exit-on-eof"], "once stdin has ended it leaves when the replies pause"),
    (&["--include"], "heads are shown with `-v`"),
    (&["--proxy", "--socks5"], "proxies are not supported"),
    (&["--oneshot", "--one-message"], "`-1` stops after one message, `--count N` after so many"),
    (&["--text"], "lines are sent as text unless `-b` says otherwise"),
    (&["--no-compression", "--disable-compression"], "compression is switched off with `--no-deflate`"),
    (&["--no-close"], "`--wait -1` stays after the end of stdin"),
];

/// If `error` is about a flag that is known here, replaces the guess of clap by advice.
pub(super) fn advise(error: &mut clap::Error, arguments: &[OsString]) {
    if error.kind() != ErrorKind::UnknownArgument {
        return;
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return };
    let known = KNOWN_FLAGS.iter().find(|(flags, _)| flags.contains(&flag.as_str()));
    let advice = match known {
        Some((_, advice)) => Some(*advice),
        None if arguments.get(1).is_some_and(|command| command == "listen") => advice_for_a_server(flag),
        None => None,
    };
    if let Some(advice) = advice {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(advice)]));
    }
}

fn advice_for_a_server(flag: &str) -> Option<&'static str> {
    if flag == "--host" {
        return Some("the address stands before the port: `ADDR:PORT`");
    }
    let command = Cli::command();
    let mut flags = command.get_arguments().filter(|argument| !argument.is_hide_set());
    flags.any(|argument| is_called(argument, flag)).then_some("a client has this flag, a server hasn't")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_text(line: &str) -> String {
        let words = format!("wscope {line}");
        crate::cli::parse(words.split(' ').map(OsString::from)).expect_err(line).to_string()
    }

    #[test]
    fn a_flag_that_is_known_from_elsewhere_gets_advice_and_no_guess() {
        let proxy = error_text("--proxy http://a:1 host");
        assert!(proxy.contains("'--proxy'") && proxy.contains("not supported"), "{proxy}");
        assert!(!proxy.contains("similar"), "{proxy}");
        assert!(error_text("-A me host").contains("tip: a header is set with `-H`: `-H 'User-Agent: ...'`"));
        assert!(error_text("--timestamp host").contains("'--timestamps'"));
        assert!(error_text("listen 8080 -x hi").contains("a client has this flag"));
        assert!(error_text("listen 8080 --count 1").contains("a client has this flag"));
        assert!(error_text("listen 8080 --host x").contains("`ADDR:PORT`"));
        assert!(!error_text("generate man --insecure").contains("client"));
    }

    #[test]
    fn none_of_them_is_a_flag_of_ours() {
        for flag in KNOWN_FLAGS.iter().flat_map(|(flags, _)| *flags) {
            assert!(error_text(&format!("{flag} host")).contains("tip: "), "{flag}");
        }
    }
}
