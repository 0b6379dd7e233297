use std::num::NonZeroU64;
use std::time::Duration;

use super::*;
use crate::input::Format;
use crate::output::theme::ColorChoice;
use crate::output::{DataFormat, Timestamps};

fn understood(line: &str) -> Invocation {
    parse_line(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn error_text(line: &str) -> String {
    let error = parse_line(line).expect_err(line);
    assert_eq!(error.exit_code(), 2, "{line}");
    error.to_string()
}

fn parse_line(line: &str) -> Result<Invocation, clap::Error> {
    parse(format!("wscope {line}").split_whitespace().map(OsString::from))
}

fn connect(line: &str) -> Connect {
    match understood(line) {
        Invocation::Connect(connect) => connect,
        other => panic!("{line}: {other:?}"),
    }
}

fn listen(line: &str) -> Listen {
    match understood(line) {
        Invocation::Listen(listen) => listen,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_short_help_fits_two_screens() {
    let help = Cli::command().render_help().to_string();
    assert!(help.lines().count() <= 48, "{} lines", help.lines().count());
    for line in help.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn help_is_that_of_the_command_whichever_comes_first() {
    for flag in ["--help", "--manual", "-M"] {
        let help = |line: String| parse_line(&line).expect_err("help").to_string();
        let listen = help(format!("listen {flag}"));
        assert!(listen.contains("Usage: wscope listen") && !listen.contains("`-x`"), "{listen}");
        assert_eq!(help(format!("{flag} listen")), listen);
    }
    for (word, flag) in [("help", "--help"), ("help ping", "ping --help")] {
        let help = |line| parse_line(line).expect_err(line).to_string();
        assert_eq!(help(word), help(flag));
    }
}

#[test]
fn what_a_browser_copies_as_curl_is_understood() {
    let line = "wss://host/ -H Upgrade:websocket -H Sec-WebSocket-Version:13 --compressed --insecure";
    assert_eq!(connect(line).session.connection.request.headers.len(), 2);
}

#[test]
fn wscat_lines_work_unchanged() {
    assert_eq!(connect("-c ws://host").url, "ws://host");
    assert!(connect("-c wss://host -n").session.connection.route.tls.insecure);
    assert!(connect("--no-check --connect wss://host").session.connection.route.tls.insecure);
    assert!(connect("--auth me:pass -c host").session.connection.request.user.is_some());
    assert!(connect("--ca ca.pem -c host").session.connection.route.tls.cacert.is_some());
    assert!(connect("--cert c.pem --key k.pem -c host").session.connection.route.identity.key.is_some());
    assert_eq!(connect("--passphrase -c host").session.connection.route.identity.passphrase, Some(None));
    assert!(matches!(connect("--passphrase pp -c host").session.connection.route.identity.passphrase, Some(Some(_))));
    assert_eq!(connect("-c host --no-color").session.view.color.choice(), ColorChoice::Never);
    assert_eq!(connect("--slash -P -s a -s b -c host").session.connection.request.subprotocols, ["a", "b"]);
    assert_eq!(connect("-c host -x one -x two -w -1").session.execute.execute, ["one", "two"]);
    assert_eq!(connect("-c host -x one -w -1").session.execute.wait, Some(Wait::Forever));
    assert_eq!(connect("-c host -H a:b -o http://o").session.connection.request.headers.len(), 1);
    let host = "Host:other".parse().expect("a header");
    assert_eq!(connect("-c 127.0.0.1 --host other").session.connection.request.headers, [host]);
}

#[test]
fn wscat_listens_with_a_flag() {
    assert_eq!(listen("-l 8080").address, listen("listen 8080").address);
    assert_eq!(listen("-l 8080 --host 0.0.0.0").address, listen("listen 0.0.0.0:8080").address);
    error_text("-l 8080 -c host");
    error_text("-l 8080 -H a:b");
}

#[test]
fn a_bare_n_does_not_turn_verification_off() {
    for line in ["-n wss://host", "-n1 wss://host", "--no-close wss://host"] {
        let session = connect(line).session;
        assert!(!session.connection.route.tls.insecure && session.execute.wait == Some(Wait::Forever), "{line}");
    }
    assert_eq!(connect("-c wss://host -n").session.execute.wait, None);
    assert_eq!(connect("-n -w 1 wss://host").session.execute.wait, Some(Wait::For(Duration::from_secs(1))));
}

#[test]
fn flags_of_other_tools_work_in_the_demo_too() {
    let Invocation::Demo(demo) = understood("demo -n -U -B 100000000 --slash --text -E") else { panic!("no demo") };
    assert_eq!(demo.session.execute.wait, Some(Wait::Forever));
    assert_eq!((demo.session.view.output, demo.session.limits.max_message), (DataFormat::None, 100_000_000));
    assert!(error_text("demo -p 8").contains("version"));
}

#[test]
fn a_proxy_is_not_sent_as_a_message() {
    assert!(error_text("-x http://proxy:3128 ws://host").contains("--execute"));
    assert!(error_text("demo -x socks5h://proxy").contains("--execute"));
    assert_eq!(connect("--execute http://proxy:3128 host").session.execute.execute.len(), 1);
    assert_eq!(connect("--execute=http://proxy:3128 host").session.execute.execute.len(), 1);
}

#[test]
fn an_output_file_is_noticed_in_place_of_an_origin() {
    let note = |line| connect(line).session.connection.request.note();
    assert!(note("-o out.txt host").is_some_and(|note| note.contains("> out.txt")));
    assert_eq!(note("-o https://example.com host"), None);
    assert_eq!(note("host"), None);
}

#[test]
fn a_url_that_a_flag_took_is_found() {
    assert!(error_text("--passphrase wss://host").contains("before that flag"));
    assert!(error_text("-v").contains("wscope demo"));
}

#[test]
fn a_command_after_flags_is_pointed_out() {
    assert!(error_text("--frames listen 8080").contains("comes first"));
    assert!(error_text("host demo").contains("comes first"));
    assert!(error_text("-v help").contains("`wscope --help`"));
    assert!(error_text("version").contains("`wscope --version`"));
    assert_eq!(connect("help/").url, "help/");
    assert!(error_text("host other").contains("argument 2 is one too many"));
    assert!(error_text("--frames demo").contains("comes first"));
    assert_eq!(connect("--frames demo/").url, "demo/");
    assert_eq!(connect("-c demo").url, "demo");
}

#[test]
fn a_slip_in_the_name_of_a_command_is_told() {
    for (line, meant) in
        [("lisen 8080", "listen"), ("pign ws://x", "ping"), ("lisetn", "listen"), ("chcek a.b", "check")]
    {
        assert!(error_text(line).contains(&format!("did you mean `{meant}`?")), "{line}");
    }
    for host in ["localhost", "pi", "core", "lisen/", "pign.local", "pign:80"] {
        assert_eq!(connect(host).url, host);
    }
    assert_eq!(connect("-c lisen").url, "lisen");
}

#[test]
fn one_curl_without_quotes_is_enough() {
    assert!(error_text("curl curl ws://host/").contains("one `curl` too many"));
    let quoted = parse(["wscope", "curl 'ws://host/'"].map(OsString::from)).expect_err("quotes");
    assert!(quoted.to_string().contains("leave out the quotes"), "{quoted}");
}

#[test]
fn an_empty_subprotocol_is_refused() {
    assert!(error_text("--subprotocol= host").contains("expected a name"));
}

#[test]
fn a_profile_behind_a_command_that_takes_none_is_refused() {
    for line in ["demo @staging", "tap 8080 @staging"] {
        assert!(error_text(line).contains("`wscope @NAME`, `check @NAME` and `ping @NAME` read profiles"), "{line}");
    }
}

#[test]
fn an_optional_value_needs_an_equals_sign() {
    assert_eq!(connect("-t host").session.view.timestamps(), Some(Timestamps::Local));
    assert_eq!(connect("-t=utc host").session.view.timestamps(), Some(Timestamps::Utc));
    assert_eq!(connect("--timestamps=relative host").session.view.timestamps(), Some(Timestamps::Relative));
}

#[test]
fn a_bare_t_is_told_from_one_with_a_kind() {
    let note = |line| connect(line).session.view.note();
    assert!(note("-t host").is_some_and(|note| note.contains("`-t=local`")));
    for line in ["host", "-t=local host", "-t --output json host", "-t --output none host", "-t --output raw host"] {
        assert_eq!(note(line), None, "{line}");
    }
}

#[test]
fn the_input_format_is_named_or_abbreviated() {
    let format = |line| connect(line).session.input.format;
    assert_eq!(format("host").input(), Format::Lines);
    assert_eq!(format("-b host").input(), Format::Chunks);
    assert_eq!(format("-0 host").input(), Format::Null);
    assert_eq!(format("-b -0 host").input(), Format::Null);
    assert!(format("-b -0 host").is_binary());
    assert!(format("-b --input whole host").is_binary());
    assert_eq!(format("--input json host").input(), Format::Json);
    assert_eq!(format("-0 host").delimiter(), 0);
    assert_eq!(format("--input null host").delimiter(), b'\n');
    assert!(!format("host").is_data());
    assert!(format("--input lines host").is_data());
}

#[test]
fn one_message_is_a_count_and_no_wait() {
    let count = |line| connect(line).session.stop.count().map(NonZeroU64::get);
    assert_eq!(count("host"), None);
    assert_eq!(count("-1 host"), Some(1));
    assert_eq!(count("-w -1 host"), None);
    assert_eq!(count("--count 3 -w -1 host"), Some(3));
    assert_eq!(count("--until done host"), Some(1));
    assert_eq!(count("--until done --count 2 host"), Some(2));
    assert_eq!(count("-N1 host"), Some(1));
    for line in ["--count 0 host", "--count x host", "-1 --count 2 host", "--until ( host", "-l 8080 -1"] {
        error_text(line);
    }
}

#[test]
fn formats_that_contradict_each_other_are_refused() {
    for line in ["-0 --input lines", "-0 --input json", "-b --input lines", "-b --input hex", "-b --input json"] {
        error_text(&format!("{line} host"));
        error_text(&format!("listen {line} 8080"));
    }
    error_text("--pretty --output json host");
    error_text("--output yaml host");
    connect("--pretty --output text host");
}

#[test]
fn defaults_are_those_of_the_manual() {
    let session = connect("host").session;
    assert_eq!(session.connection.request.connect_timeout, Duration::from_secs(10));
    assert_eq!(session.limits.close_timeout, Duration::from_secs(30));
    assert_eq!(session.limits.max_message, 64 << 20);
    assert_eq!(session.execute.wait, None);
    for Listen { access, clients, .. } in [listen("listen 8080"), listen("-l 8080")] {
        assert_eq!((clients.max_clients.get(), access.max_buffered.get()), (1000, 256 << 20));
    }
}

#[test]
fn clashing_flags_are_refused() {
    for line in ["", "ws://a -c ws://b", "-q -v host", "-x a --echo host", "-i host", "--no-deflate --deflate x host"] {
        error_text(line);
    }
    for line in ["listen", "listen 8080 --push x", "listen 8080 -H a:b", "host -w", "host -w -2", "--unknown host"] {
        error_text(line);
    }
    connect("-vv --frames --frames host");
}
