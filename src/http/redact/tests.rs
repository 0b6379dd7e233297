use proptest::prelude::*;

use super::*;

fn shown_text(text: &str) -> String {
    Secrets::Hidden.text(Part::Text(text.as_bytes()))
}

fn shown_head(head: &str) -> String {
    Secrets::Hidden.text(Part::Head(head.as_bytes()))
}

fn shown_value(name: &str, value: &str) -> String {
    Secrets::Hidden.text(Part::Value { name, value: value.as_bytes() })
}

fn shown_name(name: &str) -> String {
    Secrets::Hidden.text(Part::Subprotocols(name.as_bytes()))
}

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
const HEX: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn names_of_secrets_are_known_by_how_they_end() {
    for name in [
        "X-Api-Key",
        "PRIVATE-TOKEN",
        "X-Amz-Security-Token",
        "Set-Cookie",
        "Proxy-Authorization",
        "apikey",
        "X-Authorization",
        "X-Authentication",
        "X-Auth-Key",
        "Ocp-Apim-Subscription-Key",
        "X-Session-Id",
        "X-Hub-Signature",
        "X-Passphrase",
        "X-Client-Secret",
        "X-Auth",
    ] {
        assert_eq!(shown_value(name, "v"), HIDDEN, "{name}");
        assert_eq!(shown_head(&format!("{name}: v\r\n")), format!("{name}: {HIDDEN}\r\n"));
    }
    for name in ["Sec-WebSocket-Key", "Sec-WebSocket-Accept", "Origin", "Key", "X-Token-Count", "X-Monkey", "X-Code"] {
        assert_eq!(shown_value(name, "v"), "v", "{name}");
    }
}

#[test]
fn parameters_are_known_by_their_names() {
    assert_eq!(
        shown_text("/?X-Amz-Signature=a&to%6ben=b&client-secret=c&monkey=d&sid=e&ticket=f&design=g"),
        "/?X-Amz-Signature=[hidden]&to%6ben=[hidden]&client-secret=[hidden]&monkey=d&sid=[hidden]&ticket=[hidden]&design=g"
    );
    for name in ["authorization", "subscription-key", "session_id", "sessionId", "key", "auth[token]", "pwd", "code"] {
        assert_eq!(shown_text(&format!("ws://h/?a=1&{name}=v&b=2")), format!("ws://h/?a=1&{name}=[hidden]&b=2"));
        assert_eq!(shown_text(&format!("ws://h/#{name}=v")), format!("ws://h/#{name}=[hidden]"));
    }
    for text in ["ws://h/?sig=", "ws://h/?status_code=404&country-code=de", "/?turkey=1&x=y"] {
        assert_eq!(shown_text(text), text);
    }
}

#[test]
fn a_path_has_parameters_too() {
    assert_eq!(shown_text("http://h/a;jsessionid=1.node/b;x=2?c=3"), "http://h/a;jsessionid=[hidden]/b;x=2?c=3");
    assert_eq!(shown_head("GET /a;JSESSIONID=1 HTTP/1.1\r\n"), "GET /a;JSESSIONID=[hidden] HTTP/1.1\r\n");
}

#[test]
fn userinfo_is_hidden_wherever_it_stands() {
    assert_eq!(shown_text("to https://ann:p@ss@h/x@y now"), "to https://[hidden]@h/x@y now");
    assert_eq!(shown_value("Location", "//ann@h"), "//[hidden]@h");
    assert_eq!(shown_value("Host", "ann:pass@h:80"), "[hidden]@h:80");
    assert_eq!(shown_text("/?next=http://ann:pass@h/"), "/?next=[hidden]");
    assert_eq!(shown_text("https://h/@ann"), "https://h/@ann");
}

#[test]
fn a_url_in_a_parameter_is_looked_into() {
    assert_eq!(shown_text("/login?next=%2Fws%3Ftoken%3Dabc&x=1"), "/login?next=[hidden]&x=1");
    assert_eq!(shown_text("/login?next=%252Fws%253Ftoken%253Dabc"), "/login?next=[hidden]");
    assert_eq!(shown_text("/login?next=%2Fws%3Froom%3Dabc"), "/login?next=%2Fws%3Froom%3Dabc");
}

#[test]
fn parameters_and_subprotocols_are_known_by_their_look() {
    assert_eq!(shown_text(&format!("/?a={JWT}")), "/?a=[hidden: JWT, 49 characters]");
    assert_eq!(shown_text(&format!("/?{HEX}&b=1")), "/?[hidden, 32 characters]&b=1");
    assert_eq!(shown_text(&format!("/#{HEX}==")), "/#[hidden, 34 characters]");
    assert_eq!(shown_name(HEX), "[hidden, 32 characters]");
    assert_eq!(shown_name(&format!("v1.{HEX}.x")), "v1.[hidden, 34 characters]");
    assert_eq!(shown_name(JWT), "[hidden: JWT, 49 characters]");
    let words = "/?q=a-name-of-many-words-in-the-url-of-a-page&room=550e8400-e29b-41d4-a716-446655440000";
    assert_eq!(shown_text(words), words);
    assert_eq!(shown_name("a-rather-long-name-of-a-subprotocol-v1"), "a-rather-long-name-of-a-subprotocol-v1");
    assert_eq!(shown_value("X-Trace", HEX), HEX, "a header is known by its name alone");
}

#[test]
fn a_marker_stands_before_a_subprotocols_secret() {
    assert_eq!(shown_name("openai-insecure-api-key.sk-abc"), "openai-insecure-api-key.[hidden]");
    assert_eq!(
        shown_name("base64url.bearer.authorization.k8s.io.c2VjcmV0"),
        "base64url.bearer.authorization.k8s.io.[hidden]"
    );
    assert_eq!(shown_name("chat, bearer.a.b, superchat"), "chat, bearer.[hidden], superchat");
    assert_eq!(shown_name("access_token, abc, chat"), "access_token, [hidden], chat");
    assert_eq!(Secrets::Hidden.subprotocols(["Bearer", "abc", "x"].into_iter()), ["Bearer", "[hidden]", "x"]);
    for name in ["chat", "v4.channel.k8s.io", "graphql-transport-ws", "wamp.2.json", "base64.binary.k8s.io", "ocpp1.6"]
    {
        assert_eq!(shown_name(name), name);
    }
}

#[test]
fn what_only_looks_like_a_token_is_shown() {
    for header in ["Sec-WebSocket-Key", "X-Request-Id", "traceparent", "ETag", "X-Amzn-Trace-Id", "Surrogate-Key"] {
        let value = format!("Root={HEX};token={HEX}");
        assert_eq!(shown_value(header, &value), value, "{header}");
    }
    let text = format!("/?trace_id={HEX}&etag={HEX}&sha256={HEX}&fingerprint={HEX}");
    assert_eq!(shown_text(&text), text);
}

#[test]
fn of_short_secrets_and_passwords_nothing_is_told() {
    assert_eq!(shown_value("X-Token", &"a".repeat(15)), "[hidden]");
    assert_eq!(shown_value("X-Token", &"a".repeat(16)), "[hidden, 16 characters]");
    assert_eq!(shown_value("X-Password", &"a".repeat(16)), "[hidden]");
    assert_eq!(shown_value("Authorization", "Basic YW5uOnBhc3N3b3JkMTIzNA=="), "Basic [hidden]");
    assert_eq!(shown_value("Authorization", &format!("Bearer {JWT}")), "Bearer [hidden: JWT, 49 characters]");
    assert_eq!(shown_value("Authorization", "my s3cret words"), "[hidden]");
    assert_eq!(shown_value("Cookie", ""), "");
}

#[test]
fn a_challenge_shows_what_is_wanted() {
    let challenge = r#"Bearer realm="https://h/", error="invalid_token", token="a b", x="y""#;
    let shown = r#"Bearer realm="https://h/", error="invalid_token", token="[hidden]", x="y""#;
    assert_eq!(shown_value("WWW-Authenticate", challenge), shown);
    assert_eq!(shown_value("WWW-Authenticate", "Negotiate YIIJ"), "Negotiate [hidden]");
    assert_eq!(shown_value("WWW-Authenticate", "Negotiate"), "Negotiate");
}

#[test]
fn a_head_keeps_everything_else() {
    let head = "GET /?key=a HTTP/1.1\r\nHost: h\r\nAuthorization:  Basic x \r\n\r\n";
    assert_eq!(shown_head(head), "GET /?key=[hidden] HTTP/1.1\r\nHost: h\r\nAuthorization:  Basic [hidden] \r\n\r\n");
    assert_eq!(Secrets::Shown.text(Part::Head(head.as_bytes())), head);
}

#[test]
fn a_malformed_head_keeps_its_secrets() {
    for head in [
        "Authorization CANARY\r\n",
        "Authorization CANARY: y\r\n",
        "X Authorization: CANARY\r\n",
        "X?token=CANARYtoken: y\r\n",
        "GET /?token=CANARYtoken: HTTP/1.1\r\n",
        "\x01Cookie : CANARY\r\n",
        "GET /?token=a CANARY HTTP/1.1\r\n",
        "GET  http://u:CANARY@h/ HTTP/1.1\r\n",
        "Location: /?token=a CANARY\r\n",
        "Location: /?token=a\r\n CANARY\r\n",
        "Cookie: a\r\n CANARY\r\n\tCANARY\r\n",
        " CANARY\r\n",
        "Sec-WebSocket-Protocol: bearer,\r\n CANARY\r\n",
        "Sec-WebSocket-Protocol: bearer\r\nsec-websocket-protocol: CANARY\r\n",
        "Sec-WebSocket-Protocol: bearer.x\r\n CANARY\r\n",
        "Sec-WebSocket-Protocol: token, CANARY, a CANARY b\r\n",
        "Sec-WebSocket-Protocol: bearer.CANARY-token.x\r\n",
        "Sec-WebSocket-Protocol: bearer.CANARY-token\r\n",
        "X: token=\"a CANARY\"\r\n",
        "Link: <http://u:CANARY@h/?a;token=CANARY>; rel=x\r\n",
    ] {
        assert!(!shown_head(head).contains("CANARY"), "{}", shown_head(head));
    }
}

#[test]
fn an_excerpt_has_asterisks_in_place_of_a_secret() {
    let head = b"GET / HTTP/1.1\r\nCookie: a=b\r\nX: y\r\n";
    let secrets = Secrets::Hidden.find(Part::Head(head));
    assert_eq!(excerpt(head, 16..29, 32, &secrets), b"Cookie: ***\r\n");
    assert_eq!(excerpt(head, 25..35, 4, &secrets), b"**\r\n");
    assert_eq!(within(&secrets, 25..26), [Secret { range: 0..1, told: Told::Nothing }]);
}

/// Twice what a head may have: with a scan that was quadratic each of these heads would take minutes.
#[test]
fn no_head_takes_quadratic_time() {
    const LENGTH: usize = 128 * 1024;
    for pattern in
        ["a,", "?a=b&", "eyJ:", "token=\"", "%2F%3F", "//@", ";a=b", "=", "bearer.", "<&#\"", "-_/+", "\r\n\t"]
    {
        let line = pattern.repeat(LENGTH / pattern.len());
        for start in ["Sec-WebSocket-Protocol: ", "GET /", "Location: ", "WWW-Authenticate: ", "X: "] {
            let head = format!("{start}{line} HTTP/1.1\r\n");
            let secrets = Secrets::Hidden.find(Part::Head(head.as_bytes()));
            assert!(secrets.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start), "{start}{pattern}");
        }
    }
}

proptest! {
    #[test]
    fn secrets_are_in_order_and_inside(text in "[a-z?&#;=/@:%. \"<,\r\n-]{0,80}|.{0,40}") {
        for part in [Part::Head(text.as_bytes()), Part::Text(text.as_bytes()), Part::Subprotocols(text.as_bytes())] {
            let secrets = Secrets::Hidden.find(part);
            prop_assert!(secrets.iter().all(|secret| !secret.range.is_empty() && secret.range.end <= text.len()));
            prop_assert!(secrets.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        }
    }

    #[test]
    fn a_secret_is_hidden_whatever_stands_around_it(before in "[ -~]{0,30}", after in "[ -~]{0,30}") {
        let head = format!("{before}\r\nX-Api-Key: CANARY{after}\r\n{after}");
        prop_assert!(!shown_head(&head).contains("CANARY"));
    }
}

#[test]
fn what_is_hidden_already_stays_as_it_is() {
    for value in ["[hidden]", "[hidden, 32 characters]", "[hidden: JWT, 812 characters]"] {
        let head = format!("GET /?token={value} HTTP/1.1\r\nCookie: {value}\r\nAuthorization: Bearer {value}\r\n\r\n");
        assert_eq!(Secrets::Hidden.text(Part::Head(head.as_bytes())), head);
        assert_eq!(Secrets::Hidden.text(Part::Value { name: "set-cookie", value: value.as_bytes() }), value);
    }
    for value in ["[hidden", "[hidden=1; sid=2]", "[hidden, x characters]", "[hidden]; sid=2"] {
        assert_ne!(Secrets::Hidden.text(Part::Value { name: "cookie", value: value.as_bytes() }), value);
    }
}
