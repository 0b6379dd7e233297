//! What a profile and a command line make together.

use super::*;
use crate::cli::{Connect, parse};

fn words(line: &str) -> Vec<OsString> {
    format!("wscope {line}").split_whitespace().map(OsString::from).collect()
}

fn profiles(text: &str) -> Profiles {
    Profiles::parse("/etc/p.toml".into(), text).unwrap()
}

fn resolved(text: &str, line: &str) -> Result<Invocation, clap::Error> {
    match parse(words(line)).unwrap() {
        Invocation::Profile(named) => named.resolve(&profiles(text)),
        other => panic!("{line}: {other:?}"),
    }
}

fn connect(text: &str, line: &str) -> Connect {
    match resolved(text, line) {
        Ok(Invocation::Connect(connect)) => connect,
        other => panic!("{line}: {other:?}"),
    }
}

fn config(text: &str, line: &str) -> String {
    match resolved(text, line) {
        Ok(Invocation::Config(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

fn error_text(text: &str, line: &str) -> String {
    let error = resolved(text, line).expect_err(line);
    assert_eq!(error.exit_code(), 2, "{line}");
    error.to_string()
}

#[test]
fn a_profile_is_named_in_the_place_of_a_url_alone() {
    for line in ["-H @file host", "--bearer @file host", "host", "-x @a host", "demo --bearer @a"] {
        assert!(!matches!(parse(words(line)), Ok(Invocation::Profile(_))), "{line}");
    }
    for line in ["@a", "-v @a", "@a -H @file", "-c @a -n", "@a --key needs.its.cert", "@a/x?y -N"] {
        assert!(matches!(parse(words(line)), Ok(Invocation::Profile(_))), "{line}");
    }
    assert!(parse(words("@a --no-such-flag")).is_ok_and(|invocation| matches!(invocation, Invocation::Profile(_))));
    assert!(matches!(parse(words("@")), Ok(Invocation::Profile(named)) if named.wants_list()));
}

#[test]
fn flags_of_every_kind_are_taken_over() {
    let text = "[a]\nurl = 'ws://host/x'\nno-check = true\nlenient = false\nmax-message = '1k'\nreconnect = 3\n\
                subprotocol = ['one', 'two']\nwait = -1\nexecute = '-hi'\nconnect-timeout = 0.5\n";
    let Connect { url, session, .. } = connect(text, "@a");
    assert_eq!(url, "ws://host/x");
    assert!(session.connection.route.tls.insecure && !session.protocol.lenient);
    assert_eq!((session.limits.max_message, session.connection.request.subprotocols.len()), (1024, 2));
    assert_eq!(session.execute.execute, ["-hi"]);
    assert_eq!(session.connection.request.connect_timeout.as_millis(), 500);
    assert_eq!(session.reconnect.flatten().map(std::num::NonZeroU32::get), Some(3));
}

#[test]
fn the_command_line_wins() {
    let text = "[a]\nurl = 'ws://host'\nsubprotocol = 'one'\nmax-message = 5\nbearer = 'x'\nquiet = true\n\
                header = ['A: 1', 'B: 2']\nipv4 = true\n";
    let session = connect(text, "@a -s two --max-message 6 -u me:pw -v -H a:9 -6").session;
    assert_eq!(
        (session.connection.request.subprotocols.as_slice(), session.limits.max_message),
        (&["two".to_owned()][..], 6)
    );
    assert!(session.connection.request.bearer.is_none() && session.connection.request.user.is_some());
    assert!(
        session.view.verbose && session.connection.route.destination.ipv6 && !session.connection.route.destination.ipv4
    );
    let headers = session.connection.request.headers;
    assert_eq!(headers, ["B: 2", "a:9"].map(|header| header.parse().unwrap()));
}

#[test]
fn the_path_or_the_query_may_be_another() {
    let url = |url: &str, line: &str| connect(&format!("[a]\nurl = '{url}'\n"), line).url;
    assert_eq!(url("wss://u:p@host:1/x?y=1", "@a/other/path"), "wss://u:p@host:1/other/path");
    assert_eq!(url("wss://host/x?y=1", "@a?z=2"), "wss://host/x?z=2");
    assert_eq!(url("host:80", "@a/x"), "host:80/x");
    assert_eq!(url("ws+unix:/run/s:/x?y", "@a/z"), "ws+unix:/run/s:/z");
    assert_eq!(url("ws+unix:/run/s", "@a?z"), "ws+unix:/run/s:/?z");
}

#[test]
fn a_file_is_named_from_the_folder_of_the_profiles_on() {
    let text = "[a]\nurl = 'host'\nbearer = '@token'\ncacert = 'ca.pem'\nheader = '@/abs'\ncookie = '@@literal'\n";
    let connection = connect(text, "@a --cert mine.pem").session.connection;
    assert_eq!(connection.request.bearer, Some(Secret::File("/etc/token".into())));
    assert_eq!(connection.route.tls.cacert, Some("/etc/ca.pem".into()));
    assert_eq!(connection.request.headers, [HeaderSource::File("/abs".into())]);
    assert_eq!(connection.request.cookies, [Secret::Literal("@literal".into())]);
    assert_eq!(connection.route.identity.cert, Some("mine.pem".into()));
}

#[test]
fn what_a_variable_holds_names_no_file() {
    let profiles = profiles("[a]\nurl = 'host'\n");
    let mut command = Cli::command();
    command.build();
    let located = |key: &str, written: &str, value: &str| {
        located(&profiles, argument(&command, key).unwrap(), written, value.to_owned())
    };
    assert_eq!(located("bearer", "${env:TOKEN}", "@SECRET"), Ok("@@SECRET".into()));
    assert_eq!(located("bearer", "${env:TOKEN}", "@@SECRET"), Ok("@@@SECRET".into()));
    assert_eq!(located("bearer", "@${env:NAME}", "@token"), Ok("@/etc/token".into()));
    assert_eq!(located("bearer", "@@${env:TOKEN}", "@@SECRET"), Ok("@@SECRET".into()));
    assert_eq!(located("bearer", "@-", "@-"), Ok("@-".into()));
    for key in ["header", "proxy-header"] {
        let complaint = located(key, "${env:HEADER}", "@SECRET").unwrap_err();
        assert!(!complaint.contains("SECRET"), "{key}: {complaint}");
    }
}

#[test]
fn what_is_wrong_is_told_with_file_and_key() {
    let at = |setting: &str| error_text(&format!("[a]\nurl = 'host'\n{setting}\n"), "@a");
    assert!(
        at("connect-timeot = 3")
            .contains("/etc/p.toml:3: connect-timeot: there is no such flag; did you mean `connect-timeout`?")
    );
    assert!(at("connect-timeout = 'SECRET'").contains("/etc/p.toml:3: connect-timeout: invalid value 'SECRET'"));
    assert!(at("max-message = '${env:PATH}'").contains("max-message: invalid value '[hidden]'"));
    assert!(!at("header = 'Authorization SECRET'").contains("SECRET"));
    assert!(at("insecure = 'yes'").contains("/etc/p.toml:3: insecure: "));
    assert!(at("bearer = true").contains("/etc/p.toml:3: bearer: expected a value"));
    assert!(at("sni = ['a', 'b']").contains("/etc/p.toml:3: sni: expected one value"));
    assert!(
        at("bearer = '${env:WSCOPE_NO_SUCH}'").contains("/etc/p.toml:3: bearer: `${env:WSCOPE_NO_SUCH}` is not in")
    );
    for key in ["help", "version", "listen", "connect", "show-config", "H", "n"] {
        assert!(at(&format!("{key} = true")).contains("there is no such flag"), "{key}");
    }
    assert!(error_text("[a]\nurl = 'ftp://host'\n", "@a").contains("/etc/p.toml:2: url: "));
    assert!(error_text("[a]\n", "@a").contains("/etc/p.toml: the profile `a` has no `url`"));
    assert!(error_text("[staging]\nurl = 'host'\n", "@stging").contains("did you mean `@staging`?"));
    // The key of the command line's certificate is no mistake of the profile.
    let text = "[a]\nurl = 'host'\nkey = 'k.pem'\n";
    connect(text, "@a --cert c.pem");
    assert!(error_text(text, "@a").contains("--cert"));
    assert!(error_text(text, "@a --no-such-flag").contains("'--no-such-flag'"));
}

#[test]
fn the_place_of_every_value_is_shown_and_no_secret() {
    let text = "[a]\nurl = 'wss://ann:SECRET@host/x'\nuser = 'me:SECRET'\nheader = ['X-Env: a', 'X-Api-Key: SECRET']\n\
                cookie = '@file'\npassphrase = '${env:PATH}'\nmax-message = 5\n";
    let shown = config(text, "@a/y --show-config -k --max-message 6 -s bearer.SECRETSECRETSECRETSECRETSECRET1");
    assert!(!shown.contains("SECRET"), "{shown}");
    for line in [
        r#"url = "wss://[hidden]@host/x"  # /etc/p.toml:2, with "/y" of the command line"#,
        r#"user = "me:[hidden]"  # /etc/p.toml:3"#,
        r#"header = ["X-Env: a", "X-Api-Key: [hidden]"]  # /etc/p.toml:4"#,
        r#"cookie = "@file"  # /etc/p.toml:5"#,
        r#"passphrase = "${env:PATH}"  # /etc/p.toml:6"#,
        r#"# max-message = "5"  # /etc/p.toml:7: the command line has another"#,
        r#"max-message = "6"  # command line"#,
        "insecure = true  # command line",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    let shown = config("[a]\nurl = 'ann:SE@CRET@host:8000/@x'\n", "@a --show-config");
    assert_eq!(shown, "url = \"[hidden]@host:8000/@x\"  # /etc/p.toml:2\n");
    let asked =
        config("[a]\nurl = 'ann:SECRET@host'\nbearer = 'SECRET'\n", "@a --show-config --show-secrets -u me:SECRET");
    assert_eq!(asked.matches("SECRET").count(), 3, "{asked}");
    let alone = parse(words("--show-config -u me:SECRET host")).unwrap();
    let Invocation::Config(alone) = alone else { panic!("{alone:?}") };
    assert_eq!(alone, "url = \"host\"  # command line\nuser = \"me:[hidden]\"  # command line\n");
}
