//! Answers that are no 101, and what is said of them.

use super::*;
use crate::support::head::response;

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
fn the_body_is_heard_before_the_status() {
    let page =
        |says: &str| format!("<html><h1>400 Bad Request</h1><center>{says}</center><center>nginx</center></html>");
    refused(response("400 Bad Request", "Server: nginx\r\n", &page("Request Header Or Cookie Too Large")))
        .says("large_client_header_buffers 4 16k;")
        .never_says("proxy_set_header");
    refused(response("400 Bad Request", "Server: nginx\r\n", &page("No required SSL certificate was sent")))
        .says("`--cert FILE --key FILE`")
        .never_says("proxy_set_header");
    refused(response("400 Bad Request", "", "the moon is in the wrong phase"))
        .says("the moon is in the wrong phase")
        .never_says("hint:");
    refused(response("403 Forbidden", "", "")).says("`--origin http://127.0.0.1:").never_says("https://");
}

#[test]
fn a_body_that_is_no_text_is_counted_and_not_printed() {
    let refused = |headers: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        refused([head.as_bytes(), body].concat())
    };
    let stored = b"\x0b\x16\x80the moon is in the wrong phase, and we too\x03";
    refused("Content-Encoding: br\r\n", stored).says("  | 46 bytes of br, not shown\n").never_says("moon");
    refused("Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x04\x00a").says("  | 7 bytes of zstd, not shown\n");
    refused("Content-Type: image/gif\r\n", b"GIF89a\x01\x00\x01\x00").says("  | 10 bytes of image/gif, not shown\n");
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut deflate, b"the moon is in the wrong phase").expect("memory can be written");
    let deflate = deflate.finish().expect("memory can be written");
    refused("Content-Encoding: deflate\r\n", &deflate).says("  | the moon is in the wrong phase\n");
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
