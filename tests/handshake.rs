//! The opening handshake: what is asked, what is shown of it, and every way of being refused.

use std::fmt::Write as _;
use std::fs;

use crate::support::head::Request;
use crate::support::{Connection, Frame, Server, Wscope, serve, websocket};

/// Accepts, closes, and returns the request.
fn accept_and_close() -> Server<Request> {
    serve(|mut connection| {
        let request = connection.accept();
        bid_farewell(&mut connection);
        request
    })
}

fn bid_farewell(connection: &mut Connection) {
    connection.send_frame(&Frame::close(1000, ""));
    assert_eq!(connection.close_frame().0, Some(1000));
}

/// The request that these arguments make.
#[track_caller]
fn request(arguments: &[&str]) -> Request {
    let server = accept_and_close();
    Wscope::new().args(arguments).args(["-N", "-c"]).arg(server.url()).run().exits(0);
    server.outcome()
}

/// The request that a URL with this ending makes, and what was said about it.
#[track_caller]
fn request_for(ending: &str) -> Request {
    let server = accept_and_close();
    Wscope::new().arg("-N").arg(format!("{}{ending}", server.url())).run().exits(0);
    server.outcome()
}

/// Answers every request with these bytes and ends the stream.
fn answer(response: impl Into<Vec<u8>>) -> Server<()> {
    let response = response.into();
    serve(move |mut connection| {
        connection.request();
        // The program may have seen enough before everything is sent.
        let _ = connection.try_send(&response);
        let _ = connection.socket().shutdown(std::net::Shutdown::Write);
        connection.rest();
    })
}

/// Answers every upgrade with a right answer that `spoil` has altered.
fn answer_spoilt(spoil: impl Fn(String) -> String + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        let request = connection.request();
        connection.send(spoil(request.acceptance("")));
        connection.rest();
    })
}

mod request {
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
}

mod addresses {
    use super::*;

    #[test]
    fn a_name_is_tried_at_each_of_its_addresses() {
        // The name has an IPv6 address on most machines, where nothing listens.
        let server = accept_and_close();
        let output = Wscope::new().args(["-N", "-v"]).arg(format!("ws://localhost:{}", server.port())).run();
        output.exits(0).says(&server.address().to_string());
        assert_eq!(server.outcome().header("Host"), Some(&*format!("localhost:{}", server.port())));
    }

    #[test]
    fn an_ipv6_literal_is_an_address() {
        let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let mut connection = Connection::plain(listener.accept().unwrap().0);
            let request = connection.accept();
            bid_farewell(&mut connection);
            request
        });
        Wscope::new().arg("-N").arg(&url).run().exits(0);
        let host = url.trim_start_matches("ws://").trim_end_matches('/').to_owned();
        assert_eq!(server.join().unwrap().header("Host"), Some(&*host));
    }
}

mod acceptance {
    use super::*;

    #[test]
    fn the_subprotocol_agreed_on_is_one_of_those_offered() {
        let server = websocket::echo_with_subprotocol("v2");
        let arguments = ["-s", "v1", "-s", "v2", "-w", "0", "-v"];
        Wscope::new().args(arguments).arg(server.url()).run().exits(0).says("v2");
        assert_eq!(server.outcome().header("sec-websocket-protocol").join(", "), "v1, v2");
    }

    #[test]
    fn no_subprotocol_at_all_is_gone_on_with_and_said() {
        let server = websocket::echo();
        let output = Wscope::new().args(["-s", "v1", "-w", "0"]).arg(server.url()).stdin("hi\n").run();
        output.exits(0).prints("hi\n").says("subprotocol");
    }

    #[test]
    fn a_subprotocol_that_was_not_offered_is_refused() {
        for arguments in [&["-s", "v1"][..], &[]] {
            let server = serve(|mut connection| {
                connection.accept_with("Sec-WebSocket-Protocol: v3\r\n");
                connection.rest();
            });
            Wscope::new().args(arguments).arg("-N").arg("-c").arg(server.url()).run().exits(5).says("v3");
        }
    }

    #[test]
    fn an_extension_that_was_not_offered_is_refused() {
        let server = serve(|mut connection| {
            connection.accept_with("Sec-WebSocket-Extensions: x-unheard-of\r\n");
            connection.rest();
        });
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(5).says("x-unheard-of").says("RFC 6455 section");
    }

    #[test]
    fn connection_is_a_list_of_tokens_in_any_case() {
        for value in ["upgrade", "keep-alive, UPGRADE", "foo,Upgrade , bar"] {
            let server = serve(move |mut connection| {
                let request = connection.request();
                let response = request.acceptance("");
                connection.send(response.replace("Connection: Upgrade", &format!("connection:{value}")));
                bid_farewell(&mut connection);
            });
            Wscope::new().arg("-N").arg(server.url()).run().exits(0);
            server.outcome();
        }
    }

    #[test]
    fn a_head_dripped_byte_by_byte_is_accepted() {
        let server = serve(|mut connection| {
            let response = connection.request().acceptance("X-Filler: something\r\n");
            connection.drip(response);
            connection.drip(Frame::text("welcome").bytes());
            bid_farewell(&mut connection);
        });
        Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("welcome\n");
    }

    #[test]
    fn data_in_the_segment_of_the_head_is_not_lost() {
        let server = serve(|mut connection| {
            let mut bytes = connection.request().acceptance("").into_bytes();
            bytes.extend(Frame::text("welcome").bytes());
            bytes.extend(Frame::close(1000, "").bytes());
            connection.send(bytes);
            connection.close_frame()
        });
        Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("welcome\n");
        assert_eq!(server.outcome().0, Some(1000));
    }
}

mod refusal {
    use super::*;

    /// An HTTP answer with a body of that length.
    fn response(status: &str, headers: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
    }

    #[track_caller]
    fn refused(bytes: impl Into<Vec<u8>>) -> crate::support::program::Output {
        let server = answer(bytes);
        let output = Wscope::new().arg(server.url()).stdin("hi\n").run();
        output.exits(5).prints("");
        output
    }

    #[test]
    fn every_status_is_shown_with_its_evidence_and_a_hint() {
        refused(response("400 Bad Request", "Server: nginx\r\n", "bad"))
            .says("400 Bad Request")
            .says("hint:")
            .says("proxy_set_header Upgrade $http_upgrade")
            .says("proxy_set_header Connection");
        refused(response("426 Upgrade Required", "", "")).says("426 Upgrade Required").says("proxy_set_header");
        refused(response("200 OK", "Content-Type: text/html\r\n", "<html>it works</html>"))
            .says("200 OK")
            .says("text/html")
            .says("it works")
            .says("hint:");
        refused(response("302 Found", "Location: https://example.org/elsewhere\r\n", ""))
            .says("302 Found")
            .says("example.org/elsewhere");
        refused(response("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""))
            .says("401 Unauthorized")
            .says("WWW-Authenticate")
            .says("hint:");
        refused(response("403 Forbidden", "", "")).says("403 Forbidden").says("hint:").says("--origin");
        refused(response("404 Not Found", "", "")).says("404 Not Found").says("hint:").says("path");
        refused(response("503 Service Unavailable", "", "try later")).says("503").says("try later");
    }

    #[test]
    fn a_body_without_a_length_is_shown_too() {
        refused("HTTP/1.1 500 Internal Server Error\r\n\r\nout of cheese").says("500").says("out of cheese");
    }

    #[test]
    fn a_long_body_is_cut_and_says_so() {
        refused(response("500 Oops", "", &"x".repeat(6000))).says("\u{2026} (500 of 6000 bytes)");
    }

    #[test]
    fn a_chunked_body_is_shown() {
        let head = "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n";
        refused(format!("{head}d\r\nout of cheese\r\n0\r\n\r\n")).says("out of cheese");
    }

    #[test]
    fn a_wrong_accept_key_is_named() {
        let server = answer_spoilt(|response| {
            let (start, _) = response.split_once("Sec-WebSocket-Accept: ").unwrap();
            format!("{start}Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n")
        });
        let output = Wscope::new().arg(server.url()).run();
        output.exits(5).says("Sec-WebSocket-Accept").says("AAAAAAAAAAAAAAAAAAAAAAAAAAA=").says("RFC 6455 section 4.1");
    }

    #[test]
    fn each_missing_header_is_named() {
        for name in ["Upgrade", "Connection", "Sec-WebSocket-Accept"] {
            let server = answer_spoilt(move |response| {
                let lines = response.split_inclusive("\r\n").filter(|line| !line.starts_with(&format!("{name}:")));
                lines.collect()
            });
            Wscope::new().arg(server.url()).run().exits(5).says(name).says("RFC 6455 section 4.1");
        }
    }

    #[test]
    fn each_wrong_header_is_named() {
        for (right, wrong) in [("Upgrade: websocket", "Upgrade: h2c"), ("Connection: Upgrade", "Connection: close")] {
            let server = answer_spoilt(move |response| response.replace(right, wrong));
            Wscope::new().arg(server.url()).run().exits(5).says(wrong.split_once(": ").unwrap().1);
        }
    }

    #[test]
    fn an_old_version_of_http_is_refused() {
        let server = answer_spoilt(|response| response.replace("HTTP/1.1", "HTTP/1.0"));
        Wscope::new().arg(server.url()).run().exits(5).says("HTTP/1.0");
    }

    #[test]
    fn garbage_is_no_http() {
        refused("220 mail.example.org ESMTP\r\n").says("220 mail.example.org");
        refused(vec![0xFF; 300]);
        refused("");
    }

    #[test]
    fn a_head_that_ends_too_soon_is_refused() {
        refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso");
    }

    #[test]
    fn a_megabyte_of_headers_is_refused() {
        let mut head = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
        for number in 0..20_000 {
            write!(head, "X-Number-{number}: {number}{}\r\n", " ".repeat(30)).unwrap();
        }
        refused(head + "\r\n").stays_below(32 << 20);
    }

    #[test]
    fn an_endless_header_line_is_refused() {
        let server = serve(|mut connection| {
            connection.request();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nX-Endless: ");
            while connection.try_send("x".repeat(4096)).is_ok() {}
        });
        Wscope::new().arg(server.url()).run().exits(5).stays_below(32 << 20);
    }

    #[test]
    fn tls_that_answers_a_plain_request_is_recognised() {
        // The alert that OpenSSL and rustls send for bytes that are no ClientHello.
        refused(vec![0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0A]).says("wss://");
    }

    #[test]
    fn http_that_answers_a_client_hello_is_recognised() {
        let server = crate::support::server::serve_sockets("ws", |socket| {
            let mut connection = Connection::plain(socket);
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
            connection.rest();
        });
        let output = Wscope::new().arg(format!("wss://127.0.0.1:{}/", server.port())).run();
        output.exits(4).says("ws://");
    }
}

mod verbose {
    use super::*;

    /// The lines of `-v` that start with this sign, put together as they were on the wire.
    fn head(stderr: &str, sign: &str) -> String {
        let lines = stderr.lines().filter_map(|line| line.strip_prefix(sign));
        lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\r\n"]).collect()
    }

    #[test]
    fn both_heads_are_shown_exactly_as_they_were() {
        const ODD: &str = "x-odd:   spaced  value\r\nSERVER: Test/1.0 (odd)\r\n";
        let server = serve(|mut connection| {
            let request = connection.accept_with(ODD);
            bid_farewell(&mut connection);
            request
        });
        let output = Wscope::new().args(["-N", "-v", "-H", "x-CASE:  kept"]).arg(server.url()).run();
        output.exits(0).prints("");
        let request = server.outcome();
        assert_eq!(head(&output.stderr, ">"), request.0);
        assert_eq!(head(&output.stderr, "<"), request.acceptance(ODD));
    }

    #[test]
    fn secrets_are_hidden_unless_asked_for() {
        let arguments = ["-N", "-v", "--bearer", "t0ken", "--cookie", "session=s3cret", "-H", "X-Plain: seen"];
        for (flags, shown) in [(&[][..], false), (&["--show-secrets"], true)] {
            let server = serve(|mut connection| {
                connection.accept_with("Set-Cookie: id=c00kie\r\n");
                bid_farewell(&mut connection);
            });
            let output = Wscope::new().args(arguments).args(flags).arg("-c").arg(server.url()).run();
            output.exits(0).says("X-Plain: seen").says("Authorization:");
            for secret in ["t0ken", "s3cret", "c00kie"] {
                assert_eq!(output.stderr.contains(secret), shown, "{secret}\n{output:?}");
            }
            assert_eq!(output.stderr.contains("[hidden]"), !shown, "{output:?}");
        }
    }

    #[test]
    fn phases_are_shown_with_the_time_they_took() {
        let server = accept_and_close();
        let output = Wscope::new().args(["-N", "-v"]).arg(server.url()).run();
        output.exits(0).says("* ").says(&server.address().to_string()).says(" ms");
    }
}
