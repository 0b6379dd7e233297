//! Proxies: HTTP's CONNECT, the same over TLS, and SOCKS 5, in every combination and every way of failing.

use crate::support::proxy::{Protocol, leading_to};
use crate::support::{Connection, Server, Wscope, bulk, serve};

mod cut;
mod environment;
mod failures;
mod login;
mod matrix;
mod together;

/// Echoes until the client closes, and returns the request.
fn echo() -> Server<String> {
    serve(|mut connection: Connection| {
        let request = connection.accept();
        bulk::echo(&mut connection, bulk::Pings::None);
        request.0
    })
}

/// A run that sends one message through `proxy`, and leaves with the answer.
fn one_message(proxy: &str, url: &str) -> Wscope {
    Wscope::new().args(["-1", "--proxy", proxy, url]).stdin("hi\n")
}

#[test]
fn a_name_is_looked_up_by_the_proxy_and_not_here() {
    for (protocol, scheme) in [(Protocol::Connect, "http"), (Protocol::Socks5, "socks5h")] {
        let server = echo();
        let proxy = leading_to(protocol, server.address()).start();
        // No resolver knows this name (RFC 6761 section 6.4).
        let output = one_message(&proxy.url(scheme, None), "ws://only.the.proxy.knows.invalid:8000/x").arg("-v").run();
        output.exits(0).prints("hi\n").says("through the proxy `127.0.0.1:").says("as `--proxy` says");
        output.never_says("* resolve");
        assert_eq!(proxy.asked()[0].target, "only.the.proxy.knows.invalid:8000");
        assert!(server.outcome().contains("Host: only.the.proxy.knows.invalid:8000\r\n"));
    }
}

#[test]
fn with_socks5_a_name_is_looked_up_here() {
    let server = echo();
    let proxy = leading_to(Protocol::Socks5, server.address()).start();
    let output = one_message(&proxy.url("socks5", None), "ws://localhost:8000/").arg("-v").run();
    output.exits(0).prints("hi\n").says("localhost: ::1, 127.0.0.1");
    assert_eq!(proxy.asked()[0].target, "[::1]:8000");
    let output = one_message(&proxy.url("socks5", None), "ws://nowhere.invalid/").run();
    output.exits(3).says("cannot resolve the name `nowhere.invalid`").says("as `--proxy` says");
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn nothing_of_one_hop_reaches_the_other() {
    let server = echo();
    let proxy = leading_to(Protocol::Connect, server.address()).wanting("ann:proxy-secret").start();
    let output = one_message(&proxy.url("http", None), "ws://bob:server-secret@host.invalid/")
        .args(["--proxy-user", "ann:proxy-secret", "--proxy-header", "X-Proxy: yes"])
        .args(["-H", "X-Server: yes", "--cookie", "id=1", "-v"])
        .run();
    output.exits(0).prints("hi\n").never_says("secret").never_says("YW5uOnByb3h5LXNlY3JldA");
    let request = server.outcome();
    let head = &proxy.asked()[0].head;
    assert!(
        head.starts_with("CONNECT host.invalid:80 HTTP/1.1\r\nHost: host.invalid:80\r\nProxy-Authorization: Basic ")
    );
    assert!(head.contains("X-Proxy: yes\r\n") && head.contains("User-Agent: wscope/"), "{head}");
    for other in ["X-Server", "Cookie", "\r\nAuthorization"] {
        assert!(!head.contains(other), "{head}");
    }
    assert!(request.contains("X-Server: yes") && request.contains("\r\nAuthorization: Basic "), "{request}");
    assert!(!request.contains("Proxy"), "{request}");
}
