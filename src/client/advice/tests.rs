//! Texts, from the response on.

use super::*;
use crate::wire::handshake::tests::refusal;

fn hint(headers: &[&str], head: &str, body: &str) -> Option<String> {
    refusal(headers, head, body).diagnosis().as_ref().map(advice)
}

/// That the hint for this answer says all of `expected`.
fn says(head: &str, body: &str, expected: &[&str]) {
    let hint = hint(&[], head, body).unwrap();
    for text in expected {
        assert!(hint.contains(text), "{head}: {hint}");
    }
}

#[test]
fn a_proxy_that_drops_upgrade_is_cured_by_lines_for_nginx() {
    let cure = [
        "proxy_http_version 1.1;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection \"upgrade\";",
    ];
    says("400 Bad Request", "", &cure);
    says("426 Upgrade Required\r\nUpgrade: websocket", "", &cure);
    says("400 Bad Request", "Can \"Upgrade\" only to \"WebSocket\".", &cure);
    says("200 OK\r\nContent-Type: text/html", "<!doctype html>", &cure);
    says("200 OK", "", &["`/chat` is not the path"]);
    says("500 x", "Failed to open a WebSocket connection: invalid Connection header: close.", &cure);
}

#[test]
fn a_plain_request_at_a_tls_port() {
    says("400 Bad Request", "<h1>The plain HTTP request was sent to HTTPS port</h1>", &["use `wss://`"]);
    says("400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n", &["use `wss://`"]);
}

#[test]
fn a_redirect_says_where_to() {
    says(
        "301 Moved\r\nLocation: https://example.com/chat",
        "",
        &["redirects to `wss://example.com/chat`", "`-L` follows it"],
    );
    says("308 Moved\r\nLocation: /chat/", "", &["the path `/chat/`"]);
    says("302 Found\r\nLocation: /Login?next=/chat", "", &["login page", "`--cookie`", "`-L` follows it"]);
    says("302 Found", "", &["does not say where to"]);
    says("302 Found\r\nLocation: //other.example/chat", "", &["redirects to `//other.example/chat`"]);
    says("307 x\r\nLocation: https://a.example/x?token=1", "", &["redirects to `wss://a.example/x?…`"]);
    says("302 Found\r\nLocation: ../x", "", &["redirects to `../x`, as seen from `/chat`"]);
    let expired = hint(&["Cookie: a=b"], "302 Found\r\nLocation: https://sso.example.com/", "").unwrap();
    assert!(expired.contains("expired"), "{expired}");
}

#[test]
fn what_the_body_says_is_what_the_hint_is_about() {
    for (head, body, expected) in [
        ("400 x\r\nServer: nginx", "Request Header Or Cookie Too Large", "large_client_header_buffers 4 16k;"),
        ("400 x\r\nServer: nginx", "No required SSL certificate was sent", "`--cert FILE --key FILE`"),
        ("403 x", "Invalid Host header", "the host `example.com`: allow it there"),
        ("400 x", "missing subprotocol", "`--subprotocol`"),
        ("200 OK", "Welcome to SockJS!", "`/websocket` behind it"),
        ("400 x", "{\"code\":5,\"message\":\"Unsupported protocol version\"}", "`EIO=3`"),
        ("403 x", "Cross origin websockets not allowed", "`--origin`"),
        ("400 x", "mismatch challenge/response", "16 bytes in Base64"),
        ("403 x\r\ncf-mitigated: challenge", "<script>x</script>", "see a browser first"),
        ("503 x", "no available server", "check its routes"),
        ("511 Network Authentication Required", "", "in a browser"),
    ] {
        let hint = hint(&[], head, body).unwrap();
        assert!(hint.contains(expected), "{body}: {hint}");
        assert!(!hint.contains("proxy_set_header"), "{body}: {hint}");
    }
}

#[test]
fn each_proxy_has_a_cure_of_its_own() {
    for (headers, expected) in [
        ("Server: Apache/2.4", "upgrade=websocket"),
        ("Server: envoy", "upgrade_type: websocket"),
        ("Server: cloudflare", "has to be on under Network"),
        ("Via: 1.1 x.cloudfront.net (CloudFront)", "`AllViewer`"),
        ("X-Azure-Ref: x", "route with caching"),
        ("Server: Microsoft-IIS/10.0", "feature `WebSocket Protocol`"),
        ("Via: 1.1 Caddy", "`reverse_proxy`"),
        ("Server: openresty", "proxy_set_header Upgrade $http_upgrade;"),
    ] {
        says(&format!("426 Upgrade Required\r\n{headers}"), "Upgrade Required", &[expected]);
        says(&format!("200 OK\r\n{headers}"), "<p>hello</p>", &["`/chat` is not the path", expected]);
    }
}

#[test]
fn credentials_and_origin() {
    says("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", "", &["wants credentials: `--user NAME`"]);
    says("401 Unauthorized\r\nWWW-Authenticate: Bearer", "", &["`--bearer TOKEN`"]);
    says("403 Forbidden", "", &["`--origin http://example.com`", "credentials"]);
    says("401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"x\"", "", &["Authorization: Digest"]);
    let refused = hint(&["Authorization: Basic x"], "401 Unauthorized", "").unwrap();
    assert!(refused.contains("did not accept"), "{refused}");
    let origin = hint(&["Origin: https://a"], "403 Forbidden", "").unwrap();
    assert!(origin.contains("may not allow this Origin"), "{origin}");
}

#[test]
fn each_other_status_that_has_a_usual_cause() {
    says("404 Not Found", "", &["nothing at `/chat`"]);
    says("405 Method Not Allowed", "", &["takes no GET"]);
    says("426 x\r\nSec-WebSocket-Version: 8, 7", "", &["other versions of the protocol only: 8, 7"]);
    says("429 Too Many Requests\r\nRetry-After: 30", "", &["try again in 30 s"]);
    says("503 Unavailable\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT", "", &["after Fri, 31 Dec"]);
    says("503 Unavailable", "", &["try again later"]);
    says("502 Bad Gateway\r\nServer: nginx/1.25", "", &["the proxy (`nginx/1.25`)", "behind it"]);
    says("504 Gateway Timeout", "", &["the proxy got no usable answer"]);
    says("400 Bad Request", "{\"code\":0,\"message\":\"Transport unknown\"}", &["?EIO=4&transport=websocket"]);
    assert_eq!(hint(&[], "418 I'm a teapot", ""), None);
}

#[test]
fn a_port_that_hangs_up_may_want_tls() {
    let hung_up = |transport| advice(&Diagnosis::NoHead(NoHead::HungUp { transport }));
    assert!(hung_up(Transport::Plain).contains("try `wss://`"));
    assert!(!hung_up(Transport::Tls).contains("wss://"));
    assert!(advice(&Diagnosis::NoHead(NoHead::PortSpeaksTls)).contains("use `wss://`"));
    assert!(advice(&Diagnosis::NoHead(NoHead::ClientSpeaksTls)).contains("use `ws://`"));
}

#[test]
fn a_breach_can_be_looked_past() {
    for cause in [
        Breached::HttpVersion,
        Breached::ExtensionNotOffered,
        Breached::WrongCompression,
        Breached::SubprotocolNotOffered,
        Breached::Other,
    ] {
        assert!(advice(&Diagnosis::Breached(cause)).ends_with("`--lenient` reports this and goes on"));
    }
}

#[test]
fn where_a_server_cannot_listen_another_port_or_address_is_named() {
    for (cause, text) in [
        (CannotListen::PortTaken, "choose another port"),
        (CannotListen::Forbidden, "choose a higher one"),
        (CannotListen::NotOurAddress, "an address of this machine"),
    ] {
        assert!(advice(&Diagnosis::CannotListen(cause)).contains(text));
    }
}

#[test]
fn a_page_that_is_not_let_in_names_the_flag_that_lets_it_in() {
    let says = |origin| advice(&Diagnosis::ForbiddenOrigin(origin));
    let named = says(ForbiddenOrigin::Named("https://a.example:8443".to_owned()));
    assert!(named.contains("--allow-origin https://a.example:8443`") && named.contains("'*'"), "{named}");
    let null = says(ForbiddenOrigin::Null);
    assert!(null.contains("file://") && null.contains("sandboxed") && null.contains("--allow-origin null"), "{null}");
    assert!(says(ForbiddenOrigin::Malformed).contains("--allow-origin ORIGIN"));
}
