//! Command lines of curl's.

use clap::CommandFactory;

use super::super::{Cli, Invocation, parse};
use super::*;

fn translate(words: &[&str]) -> Result<Translation, String> {
    Curl { words: words.iter().map(ToString::to_string).collect() }.translate()
}

/// Our flags for these, without the program's name and the URL.
#[track_caller]
fn flags(words: &[&str]) -> Vec<String> {
    let translation = translate(&[&["http://h/"], words].concat()).unwrap();
    translation.words[2..].iter().map(|word| word.to_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn url(words: &[&str]) -> String {
    let words = translate(words).unwrap().words;
    words[1].to_str().unwrap().strip_prefix("--connect=").unwrap().to_owned()
}

#[test]
fn every_letter_means_what_it_means_to_curl() {
    assert_eq!(
        flags(&["-H", "X-A: 1", "-HX-B:2", "--header", "X-C;"]),
        ["--header=X-A: 1", "--header=X-B:2", "--header=X-C;"]
    );
    assert_eq!(flags(&["-A", "me", "-e", "http://r/"]), ["--header=User-Agent: me", "--header=Referer: http://r/"]);
    assert_eq!(flags(&["-b", "a=1; b=2", "-u", "ann:@x"]), ["--cookie=a=1; b=2", "--user=ann:@x"]);
    assert_eq!(flags(&["--oauth2-bearer", "@t", "-kL"]), ["--bearer=@@t", "--insecure", "--location"]);
    assert_eq!(flags(&["-m", "3", "--tlsv1.3"]), ["--max-time=3", "--tls-min=1.3"]);
    assert_eq!(flags(&["-x", "socks5h://p:1", "-Uann:x"]), ["--proxy=socks5h://p:1", "--proxy-user=ann:x"]);
    assert_eq!(flags(&["-E", "c.pem:@a:b"]), ["--cert=c.pem", "--passphrase=@@a:b"]);
    assert_eq!(flags(&["--cert", "c.pem"]), ["--cert=c.pem"]);
}

#[test]
fn the_browsers_own_handshake_is_left_out() {
    let own = [
        "-H",
        "Upgrade: websocket",
        "-H",
        "connection: Upgrade",
        "-H",
        "Sec-WebSocket-Key: x",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Extensions: permessage-deflate",
    ];
    assert_eq!(flags(&own), [""; 0]);
    assert_eq!(flags(&["-H", "Cookie: a=1"]), ["--cookie=a=1"]);
    assert_eq!(flags(&["-H", "Sec-WebSocket-Protocol: a, b"]), ["--subprotocol=a", "--subprotocol=b"]);
}

#[test]
fn brackets_in_a_url_are_escaped_unless_they_are_an_address() {
    assert_eq!(url(&[r"ws://h/\[1\]\{a\}?\x"]), r"ws://h/[1]{a}?\x");
    assert_eq!(url(&["--url", "ws://[::1]:80/x#y"]), "ws://[::1]:80/x");
    assert_eq!(url(&["-g", r"ws://h/[1]\[2"]), r"ws://h/[1]\[2");
    for several in ["ws://h/[1-3]", "ws://h/{a,b}", "ws://{a,b}/"] {
        assert!(translate(&[several]).unwrap_err().contains("`-g`"), "{several}");
    }
}

#[test]
fn what_means_nothing_is_told() {
    let note = translate(&["ws://h", "--compressed", "-XGET", "--data-raw", "x"]).unwrap().note.unwrap();
    assert!(note.ends_with("`--compressed`, `-X, --request`, `--data-raw`"), "{note}");
    assert_eq!(translate(&["ws://h"]).unwrap().note, None);
}

#[test]
fn what_is_not_understood_is_an_error_that_quotes_no_value() {
    for (words, error) in [
        (&["ws://h", "--headr=SECRET"][..], "did you mean `--header`?"),
        (&["ws://h", "-Z"], "`-Z` is no flag of curl's"),
        (&["ws://h", "-H"], "`-H, --header` of curl's wants a value"),
        (&["ws://h", "-o", "file"], "`> FILE`"),
        (&["ws://h", "-b", "SECRET.txt"], "a file of cookies"),
        (&["ws://h", "-E", "pkcs11:x?pin-value=SECRET"], "names a key in a token"),
        (&["-k"], "no URL"),
        (&["ws://h", "ws://SECRET"], "more than one URL"),
    ] {
        let text = translate(words).unwrap_err();
        assert!(text.contains(error) && !text.contains("SECRET"), "{text}");
    }
}

#[test]
fn our_own_flags_follow_two_hyphens() {
    assert_eq!(flags(&["-k", "--", "--count", "1"]), ["--insecure", "--count", "1"]);
    let parsed = parse(["wscope", "curl", "-k", "wss://h/", "--", "--count=1", "-N"].map(OsString::from)).unwrap();
    let Invocation::Connect(connect) = parsed else { panic!("{parsed:?}") };
    assert_eq!(connect.url, "wss://h/");
    assert!(connect.session.connection.route.tls.insecure && connect.session.input.no_input);
    assert!(connect.session.stop.count().is_some());
}

#[test]
fn the_table_names_flags_that_there_are() {
    let command = Cli::command();
    for ours in flags::ours() {
        let name = ours.trim_start_matches("--").split('=').next().unwrap();
        assert!(command.get_arguments().any(|argument| argument.get_long() == Some(name)), "{ours}");
    }
}
