//! What is followed, and how it is shown.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::thread;

use super::*;
use crate::support::certificates::Authority;
use crate::support::server::serve_tls;

#[test]
fn each_kind_of_redirect_is_followed() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let answer = redirect("/there?x=1#top", "").replace("302 Found", status);
        let server = redirecting_at("/", answer);
        follow(server.url()).exits(0).is_silent();
        assert_eq!(server.outcome().line(), "GET / HTTP/1.1");
        assert_eq!(server.outcome().line(), "GET /there?x=1 HTTP/1.1", "{status}");
    }
}

#[test]
fn a_relative_location_is_seen_from_where_it_came() {
    let server = redirecting_at("/a/b?q", redirect("../c", ""));
    follow(format!("{}/a/b?q", server.url())).exits(0);
    server.outcome();
    assert_eq!(server.outcome().line(), "GET /c HTTP/1.1");
}

#[test]
fn http_means_ws_and_https_means_wss() {
    let authority = Authority::new();
    let secure = serve_tls(authority.issue().config(), |mut connection| {
        let request = connection.request();
        accept_and_close(&mut connection, &request);
        request.line().to_owned()
    });
    let second = redirecting(redirect(&format!("https://localhost:{}/secure", secure.port()), ""));
    let first = redirecting(redirect(&format!("http://127.0.0.1:{}/second", second.port()), ""));
    Wscope::new().args(["-N", "-L", "--cacert"]).arg(authority.file()).arg(first.url()).run().exits(0);
    assert_eq!(first.outcome().line(), "GET / HTTP/1.1");
    let request = second.outcome();
    assert_eq!(
        (request.line(), request.header("Host").unwrap()),
        ("GET /second HTTP/1.1", second.url().trim_start_matches("ws://"))
    );
    assert_eq!(secure.outcome().as_deref(), Ok("GET /secure HTTP/1.1"));
}

#[test]
fn each_request_has_a_key_of_its_own() {
    let server = redirecting_at("/", redirect("/there", ""));
    follow(server.url()).exits(0);
    let key = || server.outcome().header("Sec-WebSocket-Key").unwrap().to_owned();
    assert_ne!(key(), key());
}

#[test]
fn the_heads_of_every_server_are_shown_without_secrets() {
    let last = accepting();
    let location = format!("{}/there?access_token=S3CRET-S3CRET-S3CRET", last.url());
    let first = redirecting(redirect(&location, "Set-Cookie: id=S3CRET-S3CRET-S3CRET; Path=/\r\n"));
    let output = Wscope::new().args(["-N", "-L", "-v"]).arg(first.url()).run();
    output.exits(0).says("< HTTP/1.1 302 Found").says("> GET /there?access_token=[hidden");
    output.says("< Set-Cookie: [hidden").says("< HTTP/1.1 101").never_says("S3CRET");
    assert!(last.outcome().line().contains("S3CRET"));
}

#[test]
fn a_cookie_that_is_set_on_the_way_is_sent_where_it_belongs() {
    let set = "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/other\r\nSet-Cookie: c=3; Max-Age=0\r\n\
               Set-Cookie: id=new; Path=/; HttpOnly\r\n";
    let server = redirecting_at("/", redirect("/there", set));
    let wscope = Wscope::new().args(["-N", "-L", "--cookie", "theme=dark; id=old"]);
    wscope.arg(server.url()).run().exits(0);
    assert_eq!(server.outcome().header("Cookie"), Some("theme=dark; id=old"));
    assert_eq!(server.outcome().header("Cookie"), Some("theme=dark; a=1; id=new"));
}

#[test]
fn a_cookie_does_not_go_to_another_host() {
    let last = accepting();
    let location = format!("http://localhost:{}/", last.port());
    let first = redirecting(redirect(&location, "Set-Cookie: a=1; Path=/\r\n"));
    follow(first.url()).exits(0);
    assert_eq!(last.outcome().header("Cookie"), None);
}

/// As with curl, every server is taken to be there; who gets what still goes by host and port.
#[test]
fn a_socket_that_a_flag_names_is_where_redirects_lead_too() {
    let wscope = Wscope::new();
    let path = wscope.home().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let answers = [redirect("ws://other.test:81/x", ""), "HTTP/1.1 404 Not Found\r\n\r\n".to_owned()];
    let server = thread::spawn(move || {
        answers.map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            stream.write_all(answer.as_bytes()).unwrap();
            head.join("\n")
        })
    });
    let wscope = wscope.args(["-N", "-L", "-u", "ann:S3CRET", "ws://first.test", "--unix-socket"]).arg(path);
    wscope.run().exits(5).says("redirected: ws://first.test/ -> ws://other.test:81/x").says("does not get");
    let [first, second] = server.join().unwrap();
    assert!(first.contains("Host: first.test\n") && first.contains("Authorization: Basic"), "{first}");
    assert!(second.starts_with("GET /x ") && second.contains("Host: other.test:81\n"), "{second}");
    assert!(!second.contains("Authorization"), "{second}");
}

#[test]
fn a_reconnect_begins_at_the_first_url_and_without_cookies() {
    let server = serve(|mut connection| {
        let request = connection.request();
        if request.line() == "GET / HTTP/1.1" {
            connection.send(redirect("/there", "Set-Cookie: a=1\r\n"));
        } else {
            connection.send(request.acceptance(""));
            connection.send_frame(&Frame::close(1012, ""));
            connection.close_frame();
        }
        request
    });
    let program = Wscope::new().args(["-N", "-L", "--reconnect=1"]).arg(server.url()).spawn();
    let seen: Vec<_> = (0..4).map(|_| server.outcome()).collect();
    assert_eq!(
        seen.iter().map(Request::line).collect::<Vec<_>>(),
        ["GET / HTTP/1.1", "GET /there HTTP/1.1", "GET / HTTP/1.1", "GET /there HTTP/1.1"]
    );
    assert_eq!(seen[1].header("Cookie"), Some("a=1"));
    assert_eq!(seen[2].header("Cookie"), None);
    drop(program);
}
