//! What users of other tools (wscat, websocat, wsdump, curl) type and wscope doesn't have, each with what does it here.
//! What means the same here is accepted: see `compat`, and the aliases of flags.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, ValueEnum};

use super::Cli;
use super::usage_error::is_called;
use crate::output::Timestamps;

/// Flags, and the advice for their users.
const FLAGS: &[(&[&str], &str)] = &[
    // curl's
    (&["-A", "--user-agent"], "a header is set with `-H`: `-H 'User-Agent: ...'`"),
    (&["-e", "--referer"], "a header is set with `-H`: `-H 'Referer: ...'`"),
    (&["-d", "--data", "--data-raw", "--data-binary"], "a message is sent with `-x MESSAGE`, or from stdin"),
    (&["-T", "--upload-file"], "a file is sent from stdin, a line a message: `< FILE`; `--input whole` makes it one"),
    (&["--json"], "`--output json` prints JSON; a message is sent with `-x MESSAGE`, or from stdin"),
    (&["--url"], "leave it out: the URL stands alone"),
    (&["-X", "--request", "-G", "--get"], "leave it out: the request of a WebSocket is always a GET"),
    (&["-I", "--head", "--include", "-D", "--dump-header"], "heads are shown with `-v`"),
    (&["--trace", "--trace-ascii", "--trace-time"], "`-v --frames --hex` shows all that is on the wire"),
    (&["-S", "--silent", "--show-error"], "with `-q` only messages and errors are shown"),
    (&["--no-buffer", "--no-progress-meter", "-#", "--progress-bar"], "leave it out: each message is written at once"),
    (&["-f", "--fail"], "leave it out: the exit status always tells, see `wscope --manual`"),
    (
        &["--http1.1", "--http1.0", "--http2", "--http2-prior-knowledge", "--http3"],
        "leave it out: a WebSocket is opened with HTTP/1.1",
    ),
    (
        &["--tlsv1", "--tlsv1.2", "--tlsv1.3"],
        "the lowest version of TLS is set with `--tls-min 1.2` or `--tls-min 1.3`",
    ),
    (&["--pass"], "the private key is decrypted with `--passphrase`"),
    (&["--retry"], "`--reconnect=N` tries again N times"),
    (&["-O", "--remote-name"], "messages are written to a file by the shell: `> FILE`"),
    (&["--socks5"], "`--proxy socks5://HOST:PORT`"),
    (&["--socks5-hostname"], "`--proxy socks5h://HOST:PORT`"),
    (&["--preproxy", "--proxytunnel"], "`--proxy` takes one proxy, and always goes through CONNECT"),
    (&["--no-compression", "--disable-compression"], "compression is switched off with `--no-deflate`"),
    // websocat's
    (&["--jsonrpc"], "write the whole call: `{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"...\"}`"),
    (&["--oneshot"], "a server that serves one client is `wscope listen --max-clients 1 PORT`"),
    (&["--server-mode"], "the server is `wscope listen [ADDR:]PORT`"),
    (&["--preamble", "--preamble-reverse"], "a message before the input is sent with `-x MESSAGE -i`"),
    (&["--max-messages"], "the shell sends the first lines only: `head -n 10 | wscope URL`"),
    (&["--base64", "--base64-text"], "`--input base64 --output base64` has binary messages as lines of Base64"),
    (&["--binary-prefix", "--text-prefix"], "`--output json` tells text from binary, `--input json` sends either"),
    (&["--strict", "--linemode-strip-newlines"], "leave it out: a line is a message, without its newline"),
    (&["--line", "--no-line"], "`--input` says how stdin is cut into messages: lines, null, whole, chunks"),
    (&["--linemode-zero-terminated"], "messages that end with NUL are read and written with `-0`"),
    (&["--inhibit-pongs"], "pings stay unanswered with `--no-pong`"),
    (&["--print-ping-rtts"], "`-P` shows pings and pongs, and how long they took"),
    (&["--ws-c-uri"], "the URL is this one; `--connect-to` says where the socket goes"),
    (&["--close-status-code", "--close-reason"], "`/close CODE REASON` closes, at the prompt or in a `--script`"),
    (
        &["--client-pkcs12-der", "--pkcs12-der"],
        "convert it to PEM (`openssl pkcs12 -in FILE -out me.pem`): `--cert me.pem`",
    ),
    (&["--static-file", "--restrict-uri", "--exec-args"], "websocat does this; `wscope listen` serves WebSockets only"),
    // wsdump's
    (&["--nocert"], "the certificate is not verified with `-k`"),
    (&["--timings"], "the time since the opening is put in front with `-t=relative`"),
    (&["--headers"], "one header is set with each `-H 'NAME: VALUE'`"),
];

/// websocat's names for an end of a connection and for what lies around it: what one begins with, and the advice.
const SPECIFIERS: &[(&[&str], &str)] = &[
    (&["ws-l:", "ws-listen:", "l-ws:", "listen-ws:", "ws-u:"], "the server is `wscope listen [ADDR:]PORT`"),
    (&["wss-l:", "wss-listen:", "l-wss:", "listen-wss:"], "the server is `wscope listen [ADDR:]PORT --cert FILE`"),
    (&["broadcast:", "reuse:", "reuse-raw:"], "`wscope listen PORT` serves many clients, and sends to all of them"),
    (&["mirror:"], "`--echo` sends back what comes, as a client or in `wscope listen PORT --echo`"),
    (
        &["cmd:", "exec:", "sh-c:", "system:"],
        "programs are joined to it by pipes (`PROGRAM | wscope URL`); one for each client is started by websocketd",
    ),
    (
        &["tcp:", "tcp-l:", "tcp-listen:", "l-tcp:", "listen-tcp:", "udp:", "udp-l:", "udp-listen:", "tls:", "ssl:"],
        "stdin and stdout are joined to other sockets by `nc` or `socat`: `nc -l 8000 | wscope URL`",
    ),
    (
        &["ws-c:unix:", "unix:", "unix-c:", "unix-connect:", "abstract:"],
        "a server at a Unix socket is asked with `--unix-socket PATH`, or as `ws+unix:PATH:/resource`",
    ),
    (&["unix-l:", "unix-listen:", "l-unix:", "abstract-l:"], "the server is `wscope listen unix:PATH`"),
    (&["ws-c:", "ws-connect:", "c-ws:"], "the URL alone is enough; `--connect-to` says where the socket goes"),
    (&["autoreconnect:"], "a connection that is lost is made again with `--reconnect`"),
    (&["literal:", "assert:", "literalreply:"], "a message is sent with `-x MESSAGE`"),
    (&["readfile:", "open-async:"], "a file is sent from stdin: `wscope URL < FILE`"),
    (&["writefile:", "appendfile:", "tee:"], "messages are written to a file by the shell: `> FILE`, or `| tee FILE`"),
    (&["log:"], "`-v --frames --hex` shows all that is on the wire"),
    (&["timestamp:"], "the time is put in front with `-t`"),
    (&["stdio:", "asyncstdio:", "threadedstdio:", "inetd:"], "leave it out: stdin and stdout are always used"),
    (&["lengthprefixed:"], "`--input null`, `hex`, `base64` and `json` take messages with any bytes in them"),
    (
        &["foreachmsg:", "exit_on_specific_byte:", "socks5-connect:", "socks5-bind:"],
        "websocat does this, wscope doesn't",
    ),
];

/// curl's flags without a value that may stand behind `-s` in one word, where it is no flag with a value.
const AFTER_SILENT: &str = "SkLfvNiIg";

/// If `error` is about a flag that is known here, replaces the guess of clap by advice.
pub(super) fn advise(error: &mut clap::Error, arguments: &[OsString]) {
    if error.kind() != ErrorKind::UnknownArgument {
        return;
    }
    // That it would be a value after `--` helps with no flag of ours: there is but one value, the URL.
    error.remove(ContextKind::Suggested);
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return };
    let known = FLAGS.iter().find(|(flags, _)| flags.contains(&flag.as_str()));
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
    match flag {
        "--host" => return Some("the address stands before the port: `ADDR:PORT`"),
        "-p" | "--port" => return Some("the port stands alone: `wscope listen 8080`"),
        _ => {}
    }
    let command = Cli::command();
    let mut flags = command.get_arguments().filter(|argument| !argument.is_hide_set());
    flags.any(|argument| is_called(argument, flag)).then_some("a client has this flag, a server hasn't")
}

/// The text of the usage error for a word in the place of the URL that websocat would take for something else.
pub(super) fn not_a_url(word: &str) -> Option<String> {
    if word.starts_with("curl ") {
        return Some("leave out the quotes around the command: `wscope curl ...`".to_owned());
    }
    SPECIFIERS.iter().find_map(|(prefixes, advice)| {
        // `wss://host` is a URL, and `cmd:80` may be a host.
        let prefix = prefixes.iter().find(|prefix| word.starts_with(**prefix))?;
        let is_port = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        let rest = word[prefix.len()..].split('/').next().unwrap_or_default();
        (prefix.contains(['-', '+']) || !is_port(rest)).then(|| format!("`{prefix}` is no part of a URL: {advice}"))
    })
}

/// The text of the usage error for a word that has another meaning in another tool, and is a mistake with the one it has
/// here.
pub(super) fn misread(arguments: &[OsString]) -> Option<String> {
    let words: Vec<&str> = arguments.iter().skip(1).map(|argument| argument.to_str().unwrap_or_default()).collect();
    if words.first() == Some(&"curl") {
        return None;
    }
    let taken =
        |index: usize| index > 0 && matches!(words[index - 1], "-x" | "--execute" | "--push" | "-H" | "--header");
    words.iter().enumerate().filter(|(index, _)| !taken(*index)).find_map(|(_, word)| misread_word(word))
}

fn misread_word(word: &str) -> Option<String> {
    let is_silent = |rest: &str| !rest.is_empty() && rest.len() < 5 && rest.chars().all(|c| AFTER_SILENT.contains(c));
    let is_time = |rest: &str| Timestamps::from_str(rest, true).is_ok();
    match (word.strip_prefix("-s"), word.strip_prefix("-t")) {
        (Some(rest), _) if is_silent(rest) => Some(format!(
            "`{word}` offers the subprotocol `{rest}`; curl's `-s` is `-q` here: only messages and errors"
        )),
        (_, Some(rest)) if is_time(rest) => Some(format!("the kind of time is joined to `-t` with `=`: `-t={rest}`")),
        _ if word == "-uU" => Some("nothing to do: websocat's `-u` is `-N` here, and `-U` is `--output none`".into()),
        _ => None,
    }
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
        let proxy = error_text("--socks5 a:1 host");
        assert!(proxy.contains("'--socks5'") && proxy.contains("--proxy socks5://"), "{proxy}");
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
        for (flag, advice) in FLAGS.iter().flat_map(|(flags, advice)| flags.iter().map(move |flag| (flag, advice))) {
            let text = error_text(&format!("{flag} host"));
            assert!(text.contains(&format!("tip: {advice}\n")) && !text.contains("similar"), "{flag}: {text}");
        }
    }

    #[test]
    fn what_websocat_names_in_place_of_a_url_gets_advice() {
        for (prefix, advice) in SPECIFIERS.iter().flat_map(|(all, advice)| all.iter().map(move |one| (one, advice))) {
            for line in [format!("{prefix}127.0.0.1:8080"), format!("- {prefix}/a/b"), format!("{prefix}x -")] {
                assert!(error_text(&line).contains(advice), "{line}");
            }
        }
        assert_eq!(not_a_url("log:8080/x"), None, "a host may be called so");
    }
}
