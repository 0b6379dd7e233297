//! What the request holds.

use super::*;

#[test]
fn it_is_what_the_rfc_asks_for() {
    let request = request(&[]);
    assert_eq!(request.line(), "GET / HTTP/1.1");
    assert_eq!(request.header("Upgrade"), Some("websocket"));
    assert_eq!(request.header("Connection"), Some("Upgrade"));
    assert_eq!(request.header("Sec-WebSocket-Version"), Some("13"));
    assert!(request.header("Host").unwrap().starts_with("127.0.0.1:"));
    assert_eq!(request.header("Sec-WebSocket-Key").unwrap().len(), 24);
    assert_eq!(request.header("Origin"), None);
    assert_eq!(request.header("Sec-WebSocket-Protocol"), None);
}

#[test]
fn the_key_is_never_the_same() {
    assert_ne!(request(&[]).header("Sec-WebSocket-Key"), request(&[]).header("Sec-WebSocket-Key"));
}

#[test]
fn the_key_can_be_fixed() {
    let request = request(&["--ws-key", "dGhlIHNhbXBsZSBub25jZQ=="]);
    assert_eq!(request.header("Sec-WebSocket-Key"), Some("dGhlIHNhbXBsZSBub25jZQ=="));
}

#[test]
fn path_and_query_go_out_as_given() {
    assert_eq!(request_for("/a/b%20c?x=1&y=%2F").line(), "GET /a/b%20c?x=1&y=%2F HTTP/1.1");
    assert_eq!(request_for("?x").line(), "GET /?x HTTP/1.1");
    assert_eq!(request_for("/?$filter=Name%20eq%20'x'").line(), "GET /?$filter=Name%20eq%20'x' HTTP/1.1");
    assert_eq!(request_for("/a/%2e%2e/b/../c[]").line(), "GET /a/%2e%2e/b/../c[] HTTP/1.1");
}

#[test]
fn other_ways_to_write_a_url_mean_the_same() {
    for spelling in ["http://127.0.0.1:PORT/p", "127.0.0.1:PORT/p", ":PORT/p", "WS://127.0.0.1:PORT/p"] {
        let server = accept_and_close();
        Wscope::new().arg("-N").arg(spelling.replace("PORT", &server.port().to_string())).run().exits(0);
        assert_eq!(server.outcome().line(), "GET /p HTTP/1.1", "{spelling}");
    }
}

#[test]
fn headers_go_out_in_the_order_and_case_given() {
    let request = request(&["-H", "X-Second: 2", "-H", "x-FIRST:1", "-H", "X-Second:  two  "]);
    let ours: Vec<&str> =
        request.header_lines().into_iter().filter(|line| line.to_lowercase().starts_with("x-")).collect();
    assert_eq!(ours.len(), 3);
    assert!(ours[0].starts_with("X-Second: 2") && ours[1].starts_with("x-FIRST:") && ours[2].contains("two"));
}

#[test]
fn a_header_with_nothing_after_the_colon_removes_ours() {
    let request = request(&["-H", "Sec-WebSocket-Extensions:"]);
    assert_eq!(request.all("Sec-WebSocket-Extensions").len(), 0);
}

#[test]
fn a_header_with_a_semicolon_is_sent_empty() {
    assert_eq!(request(&["-H", "X-Empty;"]).header("X-Empty"), Some(""));
}

#[test]
fn a_header_of_ours_can_be_replaced() {
    assert_eq!(request(&["-H", "Host: example.org"]).header("Host"), Some("example.org"));
}

#[test]
fn headers_come_from_a_file() {
    let wscope = Wscope::new();
    let file = wscope.home().join("headers");
    fs::write(&file, "X-One: 1\r\nX-Two: 2\n").unwrap();
    let server = accept_and_close();
    wscope.args(["-N", "-H", &format!("@{}", file.display())]).arg(server.url()).run().exits(0);
    let request = server.outcome();
    assert_eq!((request.header("X-One"), request.header("X-Two")), (Some("1"), Some("2")));
}

#[test]
fn a_file_of_headers_has_comments_and_blank_lines() {
    let wscope = Wscope::new();
    let file = wscope.home().join("headers");
    fs::write(&file, "# who: we are\n\nX-One: 1\n \t\n#X-Two: 2\n").unwrap();
    let server = accept_and_close();
    wscope.args(["-N", "-H", &format!("@{}", file.display())]).arg(server.url()).run().exits(0);
    let request = server.outcome();
    assert_eq!((request.header("X-One"), request.header("X-Two")), (Some("1"), None));
    assert!(!request.header_lines().iter().any(|line| line.starts_with('#')));
}

#[test]
fn a_mistake_in_a_file_of_headers_is_told_with_its_line_and_not_quoted() {
    let wscope = Wscope::new();
    let file = wscope.home().join("headers");
    fs::write(&file, "# mine\nX-One: 1\nAuthorization Bearer SECRET\n").unwrap();
    let output = wscope.args(["-N", "-H", &format!("@{}", file.display()), "ws://127.0.0.1:9"]).run();
    output.exits(2);
    assert!(output.stderr.contains(&format!("{}:3: a header is", file.display())), "{output:?}");
    assert!(!output.stderr.contains("SECRET"), "{output:?}");
}

#[test]
fn headers_come_from_stdin_where_it_is_not_the_input() {
    let server = accept_and_close();
    Wscope::new().args(["-N", "-H", "@-"]).arg(server.url()).stdin("X-One: 1\n").run().exits(0);
    assert_eq!(server.outcome().header("X-One"), Some("1"));
    let output = Wscope::new().args(["-H", "@-", "ws://127.0.0.1:9"]).stdin("X-One: 1\n").run();
    output.exits(2);
    assert!(output.stderr.contains("which is the input of this session"), "{output:?}");
}

#[test]
fn a_header_cannot_smuggle_another_line() {
    let output = Wscope::new().args(["-H", "X: a\r\nEvil: b"]).arg("ws://127.0.0.1:1/").run();
    output.exits(2);
}

#[test]
fn origin_cookie_and_bearer_have_flags_of_their_own() {
    let request = request(&["-o", "https://example.org", "--cookie", "a=b; c=d", "--bearer", "t0ken"]);
    assert_eq!(request.header("Origin"), Some("https://example.org"));
    assert_eq!(request.header("Cookie"), Some("a=b; c=d"));
    assert_eq!(request.header("Authorization"), Some("Bearer t0ken"));
}

#[test]
fn user_and_password_become_basic_authorization() {
    let request = request(&["-u", "Aladdin:open sesame"]);
    assert_eq!(request.header("Authorization"), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
}

#[test]
fn userinfo_becomes_basic_authorization_and_appears_nowhere_else() {
    let server = accept_and_close();
    let url = server.url().replace("ws://", "ws://Aladdin:open%20sesame@");
    let output = Wscope::new().args(["-N", "-v"]).arg(url).run();
    output.exits(0).never_says("sesame").never_says("QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    let request = server.outcome();
    assert_eq!(request.header("Authorization"), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    assert!(!request.0.contains("Aladdin"), "{}", request.0);
}

#[test]
fn secrets_come_from_files_less_one_newline() {
    let wscope = Wscope::new();
    let file = wscope.home().join("token");
    fs::write(&file, "t0ken\n").unwrap();
    let server = accept_and_close();
    wscope.args(["-N", "--bearer", &format!("@{}", file.display())]).arg(server.url()).run().exits(0);
    assert_eq!(server.outcome().header("Authorization"), Some("Bearer t0ken"));
    assert_eq!(request(&["--bearer", "@@literal"]).header("Authorization"), Some("Bearer @literal"));
}

#[test]
fn a_key_by_header_that_is_none_is_noted_and_sent_all_the_same() {
    let sent_with = |key: &'static str| {
        let server = serve(|mut connection| {
            let request = connection.request();
            let key = request.header("Sec-WebSocket-Key").map(str::to_owned);
            connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 11\r\n\r\ninvalid key");
            key
        });
        let output = Wscope::new().args(["-N", "-H", &format!("sec-websocket-key: {key}")]).arg(server.url()).run();
        assert_eq!(server.outcome().as_deref(), Some(key));
        output
    };
    let output = sent_with("SGVsbG8=");
    output.exits(5).says("`SGVsbG8=` of `-H` is not a `Sec-WebSocket-Key`: 16 bytes in Base64 are asked for");
    output.says("| invalid key\n").never_says("nginx");
    sent_with("dGhlIHNhbXBsZSBub25jZQ==").exits(5).never_says("is not a `Sec-WebSocket-Key`");
}
