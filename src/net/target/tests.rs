//! How a URL is understood.

use super::*;
use crate::error::Phase;

fn target(text: &str) -> Target {
    Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_way_to_write_a_url_is_understood() {
    for (text, url, authority, resource) in [
        ("ws://example.com", "ws://example.com/", "example.com", "/"),
        ("wss://example.com/chat?room=1", "wss://example.com/chat?room=1", "example.com", "/chat?room=1"),
        ("http://example.com", "ws://example.com/", "example.com", "/"),
        ("HTTPS://Example.COM:443/", "wss://example.com/", "example.com", "/"),
        ("ws://example.com:443", "ws://example.com:443/", "example.com:443", "/"),
        ("wss://example.com:80", "wss://example.com:80/", "example.com:80", "/"),
        ("example.com", "ws://example.com/", "example.com", "/"),
        ("localhost:8080/x", "ws://localhost:8080/x", "localhost:8080", "/x"),
        ("localhost:8080?u=http://a/", "ws://localhost:8080/?u=http://a/", "localhost:8080", "/?u=http://a/"),
        (":8000/path", "ws://localhost:8000/path", "localhost:8000", "/path"),
        ("ws://:8000/path", "ws://localhost:8000/path", "localhost:8000", "/path"),
        ("127.0.0.1:9", "ws://127.0.0.1:9/", "127.0.0.1:9", "/"),
        ("[::1]:9/a", "ws://[::1]:9/a", "[::1]:9", "/a"),
        ("wss://[2001:db8::1]", "wss://[2001:db8::1]/", "[2001:db8::1]", "/"),
        ("ws://bücher.example/ü", "ws://xn--bcher-kva.example/%C3%BC", "xn--bcher-kva.example", "/%C3%BC"),
        ("ws://host/?", "ws://host/?", "host", "/?"),
        ("ws://host/a%20b?c=%2F", "ws://host/a%20b?c=%2F", "host", "/a%20b?c=%2F"),
    ] {
        let target = target(text);
        assert_eq!(target.url(), url, "{text}");
        assert_eq!(target.authority(), authority, "{text}");
        assert_eq!(target.resource(), resource, "{text}");
        assert_eq!(target.secure(), url.starts_with("wss"), "{text}");
    }
}

#[test]
fn the_request_target_is_the_text() {
    for (typed, sent) in [
        ("/?$filter=Name%20eq%20'x'", "/?$filter=Name%20eq%20'x'"),
        ("/a/%2e%2e/b", "/a/%2e%2e/b"),
        ("/a/../b/./c//d", "/a/../b/./c//d"),
        ("/%7euser/%2F", "/%7euser/%2F"),
        ("/a;v=1,2!*'()@:&=+$~", "/a;v=1,2!*'()@:&=+$~"),
        ("/a[0]|b?c[]=d|e&f={g}", "/a[0]|b?c[]=d|e&f={g}"),
        ("/100%?x=%", "/100%?x=%"),
        ("??a?b", "/??a?b"),
        ("/é?ü=日", "/%C3%A9?%C3%BC=%E6%97%A5"),
        (r#"/"<>^`{}?"<>^`"#, "/%22%3C%3E%5E%60%7B%7D?%22%3C%3E^`"),
        (r"/a\[b\]?q=\{c\}", "/a[b]?q={c}"),
    ] {
        let target = target(&format!("ws://host{typed}"));
        assert_eq!(target.resource(), sent, "{typed}");
        assert_eq!(target.url(), format!("ws://host{sent}"), "{typed}");
    }
    assert_eq!(target(r"ws://\[::1\]:9/").authority(), "[::1]:9");
}

#[test]
fn the_port_is_the_schemes_own_unless_given() {
    assert_eq!(target("ws://host").endpoint().port(), 80);
    assert_eq!(target("wss://host").endpoint().port(), 443);
    assert_eq!(target("host:81").endpoint().port(), 81);
}

#[test]
fn an_ipv6_host_has_brackets_only_where_a_port_may_follow() {
    let target = target("ws://[::1]:80/");
    assert_eq!((target.endpoint().host().as_str(), target.authority().as_str()), ("::1", "[::1]"));
    assert_eq!(target.endpoint().peer(), "[::1]:80");
}

#[test]
fn a_zone_goes_to_the_resolver_but_not_to_the_server() {
    for text in ["ws://[fe80::1%25eth0]:8000/", "ws://[fe80::1%eth0]:8000/"] {
        let target = target(text);
        assert_eq!(target.endpoint().lookup_name(), "fe80::1%eth0");
        assert_eq!(target.authority(), "[fe80::1]:8000");
        assert_eq!(target.endpoint().peer(), "[fe80::1%eth0]:8000");
    }
}

#[test]
fn a_percent_sign_in_a_query_or_a_password_is_no_zone() {
    assert_eq!(target("ws://u:[ab%25cd]@host/").endpoint().peer(), "host:80");
    assert_eq!(target("host/?a=[b%25c]").resource(), "/?a=[b%25c]");
}

#[test]
fn userinfo_becomes_credentials_and_shows_nowhere_else() {
    let target = target("wss://ann%40home:p%3Ass@example.com/x");
    let credentials = target.credentials().unwrap();
    assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), ("ann@home", Some("p:ss")));
    let shown = format!("{} {} {} {target:?}", target.url(), target.authority(), target.endpoint().peer());
    assert!(!shown.contains("ann") && !shown.contains("p:ss"), "{shown}");
}

#[test]
fn an_address_without_its_brackets_is_told_of_them() {
    for text in ["::1:8000", "fe80::1", "ws://::1:80/", "wss://2001:db8::1/a:b", "::1"] {
        let error = Target::parse(text).unwrap_err();
        assert!(error.hint_text().unwrap().contains("`ws://[::1]:8000/`"), "{text}");
    }
}

#[test]
fn a_user_may_have_no_password_and_a_password_no_user() {
    assert_eq!(target("ws://ann@host").credentials().unwrap().password, None);
    let target_with_password = target("ws://:pw@host/");
    let credentials = target_with_password.credentials().unwrap();
    assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), ("", Some("pw")));
    assert_eq!(target_with_password.endpoint().peer(), "host:80");
    assert_eq!(target("ws://host").credentials(), None);
}

#[test]
fn what_is_no_websocket_url_is_refused() {
    for (text, complaint) in [
        ("ftp://host/", "has the scheme `ftp`"),
        ("ws://host/#part", "has a fragment"),
        ("host#", "has a fragment"),
        ("ws://host/a b", "has whitespace"),
        ("ws://host/\u{1b}[2J", "has whitespace or a control character"),
        ("ws://host\n", "around it"),
        ("", "names no host"),
        ("/path", "names no host"),
        ("ws:///path", "names no host"),
        ("8000", "has a number for its host"),
        ("8080/path", "has a number for its host"),
        ("8080?x", "has a number for its host"),
        ("ws://u@8080:80/", "has a number for its host"),
        ("wss//host", "is not a URL"),
        ("HTTP//host/", "is not a URL"),
        (r"ws://host\path", "has a backslash"),
        (r"ws:\\host", "has a backslash"),
        (r"ws://host/?a=\d", "has a backslash"),
        (" ws://host/", "around it"),
        ("ws://host/ ", "around it"),
        ("ws://host:port/", "is not a URL"),
        ("ws://host:99999/", "is not a URL"),
        ("ws:localhost:8000", "is not a URL"),
        ("wss:/host", "is not a URL"),
        ("WSS:/host/path", "is not a URL"),
        ("https:", "is not a URL"),
        ("ws://[::1/", "is not a URL"),
        ("ws://host:0/", "has port 0"),
        ("ws://%FF@host/", "has userinfo that is not UTF-8"),
    ] {
        let error = Target::parse(text).unwrap_err();
        assert!(error.to_string().contains(complaint), "{text}: {error}");
        assert_eq!(error.phase(), Phase::Usage);
    }
}

#[test]
fn a_slip_is_told_with_what_was_meant() {
    for (text, hint) in [
        ("wss:/host", "`wss://`"),
        ("wss//host", "`wss://`"),
        ("ws:host:8000", "`ws://`"),
        ("8080/path", "`:8080/path`"),
        ("8080", "`:8080`"),
        ("8080/path?token=x", "`:8080/path?[hidden]`"),
        (" ws://host", "leave it out"),
        (r"ws://host\a", "`%5C`"),
    ] {
        let error = Target::parse(text).unwrap_err();
        assert!(error.hint_text().is_some_and(|found| found.contains(hint)), "{text}: {error:?}");
    }
    assert_eq!(target("ws:8000/").authority(), "ws:8000", "a host may be called so");
}

#[test]
fn a_refusal_hides_the_password() {
    for text in ["ftp://ann:pass@host/", "ann:pass@host/#x", "ws://ann:pa/ss@host/", "ann:pa@ss@host/ "] {
        let error = Target::parse(text).unwrap_err().to_string();
        assert!(error.contains("[hidden]@host/"), "{error}");
        assert!(!error.contains("ann") && !error.contains("ss@"), "{error}");
    }
}

#[test]
fn a_refusal_hides_the_query() {
    for (text, shown) in [
        ("ws://host:99999/?token=pass", "`ws://host:99999/?[hidden]`"),
        ("ws://host/?token=pass#x", "`ws://host/?[hidden]`"),
        ("ws://host/#token=pass", "`ws://host/#[hidden]`"),
        ("ws://host:x/a;jsessionid=pass/b", "`ws://host:x/a;[hidden]`"),
        ("ftp://host/a?token=pass", "`ftp://host/a?[hidden]`"),
        ("host?token=pass word", "`host?[hidden]`"),
        ("ws://ann:pa?ss@host/ ", "`ws://[hidden]`"),
        ("ws://ann@host:x/?token=a@pass", "`ws://[hidden]`"),
        ("ws://host:x/?", "`ws://host:x/?`"),
    ] {
        let error = Target::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(shown), "{error}");
    }
}

#[test]
fn localhost_is_this_machine_in_any_form() {
    assert!(target(":1").endpoint().is_localhost() && target("LOCALHOST:1").endpoint().is_localhost());
    assert!(target("app.localhost").endpoint().is_localhost() && target("localhost.").endpoint().is_localhost());
    assert!(!target("notlocalhost").endpoint().is_localhost() && !target("127.0.0.1").endpoint().is_localhost());
}
