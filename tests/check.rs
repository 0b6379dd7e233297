//! `wscope check`: what it finds against servers that go wrong, each in its own way, and against servers that don't.

mod healthy;
mod rude;
mod secrecy;
mod situations;

use serde_json::Value;

use crate::support::Wscope;
use crate::support::head::response;
use crate::support::program::Output;

/// The lines of a report in JSON.
struct Report(Vec<Value>);

impl Report {
    #[track_caller]
    fn of(output: &Output) -> Self {
        let text = String::from_utf8(output.stdout.clone()).expect("JSON is UTF-8");
        let line =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{output:?}"));
        Self(text.lines().map(line).collect())
    }

    fn of_type<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |line| line["type"] == name)
    }

    /// The finding that comes first.
    fn first_finding(&self) -> Option<&Value> {
        self.of_type("finding").next()
    }
}

fn check(url: &str, flags: &[&str]) -> Wscope {
    Wscope::new().arg("check").args(flags.iter().copied()).arg(url)
}

#[test]
fn a_command_line_without_a_url_is_a_usage_error() {
    Wscope::new().arg("check").run().exits(2);
    check("gopher://x", &[]).run().exits(2).prints("");
}

#[test]
fn with_q_the_steps_are_left_out() {
    let server = rude::answers("404 Not Found", "", "");
    let output = check(&server.url(), &["-q", "--no-variations"]).run();
    let text = String::from_utf8(output.stdout.clone()).expect("it is text");
    assert!(text.starts_with("1. ") && text.ends_with("\n1 connection\n"), "{text}");
    let output = check(&server.url(), &["-q", "--no-variations", "--output", "json"]).run();
    let report = Report::of(&output);
    assert!(report.first_finding().is_some() && report.of_type("step").next().is_none(), "{output:?}");
}

#[test]
fn what_a_server_sends_does_not_drive_the_terminal() {
    let server = rude::answers("400 Bad\u{1b}[2JRequest", "Server: ng\u{1b}inx\r\n", "\u{1b}]0;title\u{7} wrong moon");
    for flags in [&[][..], &["--output", "json"], &["--color", "never"]] {
        let output = check(&server.url(), flags).run();
        output.exits(5);
        let out = [output.stdout.as_slice(), output.stderr.as_bytes()].concat();
        assert!(!out.contains(&0x1b), "{output:?}");
    }
}

#[test]
fn without_utf_8_the_report_is_ascii() {
    let server = rude::answers("404 Not Found", "", "");
    let output = check(&server.url(), &["--no-variations"]).env("LANG", "C").run();
    output.exits(5);
    assert!(output.stdout.is_ascii() && output.stdout.starts_with(b"ok   name"), "{output:?}");
}

#[test]
fn without_variations_there_is_one_connection() {
    let server = rude::answers("400 Bad Request", "", "");
    let report = Report::of(&check(&server.url(), &["--no-variations", "--output", "json"]).run());
    assert_eq!(report.of_type("result").next().unwrap()["connections"], 1);
    assert_eq!(report.of_type("variation").count(), 0);
    let report = Report::of(&check(&server.url(), &["--output", "json"]).run());
    let connections = report.of_type("result").next().unwrap()["connections"].as_u64().unwrap();
    assert!((2..=10).contains(&connections), "{connections}");
    assert_eq!(report.of_type("variation").count() as u64 + 1, connections);
}

#[test]
fn a_warning_is_a_failure_where_that_is_asked_for() {
    let server = rude::accepts_then(|connection| connection.send_frame(&crate::support::Frame::close(1000, "bye")));
    check(&server.url(), &[]).run().exits(0);
    check(&server.url(), &["--strict"]).run().exits(1);
}

#[test]
fn with_lenient_a_breach_that_is_passed_is_a_warning() {
    use crate::support::Frame;
    let masked = || {
        rude::accepts_then(|connection| {
            connection.send(Frame::text("masked").masked([1, 2, 3, 4]).bytes());
            rude::polite(connection);
        })
    };
    check(&masked().url(), &[]).run().exits(6);
    let output = check(&masked().url(), &["--lenient", "--output", "json"]).run();
    output.exits(0);
    let report = Report::of(&output);
    let finding = report.first_finding().expect("a warning");
    assert_eq!((&finding["status"], &finding["cause"]), (&"warning".into(), &"masked-by-server".into()), "{finding}");
}

#[test]
fn with_lenient_a_wrong_101_is_a_warning_with_its_finding() {
    let server = crate::support::serve(|mut connection| {
        let request = connection.request();
        connection.send(request.acceptance("Sec-WebSocket-Extensions: x-compress\r\n"));
        rude::polite(&mut connection);
    });
    let output = check(&server.url(), &["--lenient", "--output", "json"]).run();
    output.exits(0);
    let report = Report::of(&output);
    let finding = report.first_finding().expect("a warning");
    assert_eq!(
        (&finding["status"], &finding["cause"]),
        (&"warning".into(), &"extension-not-offered".into()),
        "{finding}"
    );
}

#[test]
fn a_message_over_our_own_limit_is_no_breach_of_the_servers() {
    use crate::support::Frame;
    let server = rude::accepts_then(|connection| connection.send_frame(&Frame::text("x".repeat(2000))));
    let output = check(&server.url(), &["--max-message", "1000", "--output", "json"]).run();
    output.exits(1);
    assert_eq!(Report::of(&output).first_finding().expect("a finding")["cause"], "over-limit", "{output:?}");
}

#[test]
fn ctrl_c_ends_a_check_after_a_question() {
    use std::os::unix::process::ExitStatusExt;

    use crate::support::Event;
    use crate::support::server::serve_silently;
    use crate::support::terminal::key;
    let requested = Event::new();
    let server = serve_silently(&requested);
    let wscope = Wscope::new().args(["check", "--user", "ann"]).arg(server.url());
    let mut terminal = wscope.terminal(24, 80);
    terminal.wait("Password of ann");
    terminal.enter("secret");
    requested.wait();
    terminal.press(key::CTRL_C);
    assert_eq!(terminal.wait_end().signal(), Some(nix::sys::signal::Signal::SIGINT as i32));
}

#[test]
fn each_step_is_written_as_soon_as_it_is_over() {
    use crate::support::Event;
    let seen = Event::new();
    let server = crate::support::serve({
        let seen = seen.clone();
        move |mut connection| {
            connection.accept();
            let ping = connection.frame();
            seen.wait();
            connection.send_frame(&crate::support::Frame::pong(&ping.payload));
            connection.answer_close();
        }
    });
    let wscope = check(&server.url(), &["--output", "json"]).spawn();
    wscope.wait_stdout("\"name\":\"extensions\"");
    // Only now the server answers the ping.
    seen.happens();
    wscope.finish().exits(0);
}

#[test]
fn the_steps_of_each_server_are_written_where_redirects_are_followed() {
    let server = rude::chooses(|request| {
        let is_first = request.line().starts_with("GET / ");
        is_first.then(|| response("302 Found", "Location: /x\r\n", ""))
    });
    let output = check(&server.url(), &["-L", "--output", "json"]).run();
    output.exits(0);
    let report = Report::of(&output);
    let upgrades: Vec<_> = report.of_type("step").filter(|step| step["name"] == "upgrade").collect();
    let what = upgrades.iter().map(|step| step["what"].as_str().expect("a text")).collect::<Vec<_>>();
    assert!(what[0].starts_with("302 Found, to /x") && what[1].starts_with("101"), "{what:?}");
}

#[test]
fn each_address_of_the_name_is_tried() {
    use crate::support::certificates::Authority;
    use std::net::{Ipv4Addr, TcpListener};
    let authority = Authority::new();
    let server = crate::support::server::serve_tls(authority.issue_for("two.example").config(), |mut connection| {
        let request = connection.request();
        rude::accept(&mut connection, &request);
    });
    // At another address of the name nothing listens, and at a third one the certificate is another's.
    let other = Authority::new();
    let wrong = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 3), server.port())).expect("a loopback address");
    let config = other.issue_for("two.example").config();
    std::thread::spawn(move || {
        let (mut socket, _) = wrong.accept().expect("a client");
        let mut session = rustls::ServerConnection::new(config).expect("a session");
        // The client hangs up on this certificate.
        while session.is_handshaking() && session.complete_io(&mut socket).is_ok() {}
    });
    let pin = format!("two.example:{}:127.0.0.1,127.0.0.2,127.0.0.3", server.port());
    let url = format!("wss://two.example:{}/", server.port());
    let file = authority.file();
    let flags = ["--cacert", file.to_str().unwrap(), "--resolve", &pin, "--output", "json"];
    let output = check(&url, &flags).run();
    output.exits(0);
    let report = Report::of(&output);
    let causes: Vec<_> = report.of_type("finding").map(|finding| finding["cause"].clone()).collect();
    assert_eq!(causes, ["dead-address", "certificate-of-address"], "{output:?}");
    assert_eq!(report.of_type("result").next().unwrap()["connections"], 4, "the last offers h2");
}

#[test]
fn an_address_that_is_silent_is_told_of_without_a_connection_of_its_own() {
    let server = rude::chooses(|_| None);
    let silent = silent_listener(server.port());
    let pin = format!("two.example:{}:127.0.0.2,127.0.0.1,127.0.0.3", server.port());
    let url = format!("ws://two.example:{}/", server.port());
    let examined = |flags: &[&str]| {
        let output = check(&url, flags).args(["--resolve", &pin, "--output", "json"]).run();
        output.exits(0);
        let report = Report::of(&output);
        let [tcp] = report.of_type("step").filter(|step| step["name"] == "tcp").collect::<Vec<_>>()[..] else {
            panic!("{output:?}")
        };
        assert_eq!(tcp["status"], "warning");
        assert!(
            tcp["what"].as_str().unwrap().contains("127.0.0.2") && tcp["what"].as_str().unwrap().contains("silent for")
        );
        let causes = report.of_type("finding").map(|finding| finding["cause"].as_str().unwrap().to_owned()).collect();
        (causes, output.stderr.clone())
    };
    let (causes, notes): (Vec<String>, _) = examined(&["--no-variations"]);
    assert_eq!(causes, ["slow-address"]);
    assert!(notes.contains("not tried: the address 127.0.0.2") && notes.contains("127.0.0.3"), "{notes}");
    // With more time it is known to be dead, and then it is not told of twice.
    assert_eq!(examined(&[]).0, ["dead-address", "dead-address"]);
    drop(silent);
}

/// Listens at another loopback address and answers nothing, because the queue is full; with the sockets in the queue.
fn silent_listener(port: u16) -> Vec<socket2::Socket> {
    use socket2::{Domain, Socket, Type};
    let address = std::net::SocketAddr::from(([127, 0, 0, 2], port)).into();
    let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let listener = socket();
    listener.bind(&address).expect("a loopback address");
    listener.listen(0).expect("a listener");
    let mut sockets = vec![listener];
    loop {
        let next = socket();
        let is_taken = next.connect_timeout(&address, std::time::Duration::from_millis(100)).is_ok();
        sockets.push(next);
        if !is_taken {
            return sockets;
        }
    }
}

#[test]
fn a_session_without_extensions_tells_whether_compression_is_what_breaks() {
    use crate::support::Frame;
    let corrupt = || Frame::text("\u{7f}\u{7f}\u{7f}").rsv(4);
    let always = rude::accepts_then(move |connection| connection.send_frame(&corrupt()));
    let agreed = crate::support::serve(move |mut connection| {
        let request = connection.request();
        if request.header("Sec-WebSocket-Extensions").is_none() {
            return rude::accept(&mut connection, &request);
        }
        connection.send(request.acceptance("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        connection.send_frame(&corrupt());
        connection.rest();
    });
    for (server, result) in
        [(agreed, "goes well"), (always, "The server compresses, and its 101 does not agree on that.")]
    {
        let output = check(&server.url(), &["--output", "json"]).run();
        output.exits(6);
        let report = Report::of(&output);
        let finding = report.first_finding().expect("a finding");
        assert_eq!(finding["tried"][0], serde_json::json!({ "what": "no extensions", "result": result }), "{output:?}");
        assert!(finding["do"].as_str().unwrap().contains("`--no-deflate`"), "{finding}");
        assert_eq!(report.of_type("result").next().unwrap()["connections"], 2);
        let alone = check(&server.url(), &["--no-variations"]).run();
        assert!(alone.stdout.ends_with(b"\n1 connection\n"), "{alone:?}");
    }
}

#[test]
fn it_tells_what_is_picked_where_h2_is_offered_too() {
    use crate::support::certificates::Authority;
    let authority = Authority::new();
    let examined = |protocols: &[&str], flags: &[&str]| {
        let mut config = (*authority.issue().config()).clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let server = crate::support::server::serve_tls(config.into(), |mut connection| {
            let request = connection.request();
            rude::accept(&mut connection, &request);
        });
        let output = check(&server.url(), flags)
            .args(["--cacert", authority.file().to_str().unwrap(), "--strict", "--output", "json"])
            .run();
        let report = Report::of(&output);
        let alpn = report.of_type("step").find(|step| step["name"] == "alpn").map(|step| step["what"].clone());
        let cause = report.first_finding().map(|finding| finding["cause"].clone());
        let connections = report.of_type("result").next().expect("a result")["connections"].clone();
        (alpn.map_or(String::new(), |what| what.as_str().unwrap().to_owned()), cause, connections)
    };
    let chosen = |protocol| format!("{protocol} of h2 and http/1.1, on a further connection");
    // Either choice is as it should be.
    assert_eq!(examined(&["h2", "http/1.1"], &[]), (chosen("h2"), None, 2.into()));
    assert_eq!(examined(&["http/1.1"], &[]), (chosen("http/1.1"), None, 2.into()));
    assert_eq!(examined(&[], &[]), (chosen("none"), None, 2.into()));
    assert_eq!(examined(&["h2", "http/1.1"], &["--no-variations"]), (String::new(), None, 1.into()));
    // A server that has nothing but HTTP/2 is none for WebSockets.
    assert_eq!(examined(&["h2"], &[]), (chosen("h2"), Some("http2-only".into()), 2.into()));
}

#[test]
fn max_time_limits_the_whole_check() {
    let server = rude::accepts_then(|_| {});
    let output = check(&server.url(), &["--max-time", "1", "--output", "json"]).run();
    output.exits(7);
    let report = Report::of(&output);
    assert_eq!(report.of_type("finding").count(), 0, "what was cut short is no fault of the server's: {output:?}");
    let ping = report.of_type("step").find(|step| step["name"] == "ping").expect("a ping");
    assert_eq!(ping["status"], "not reached");
}

#[test]
fn variations_carry_the_cookies_of_redirects() {
    let server = rude::chooses(|request| match request.line().split(' ').nth(1).unwrap_or_default() {
        "/" => Some(response("302 x", "Location: /x\r\nSet-Cookie: id=1\r\n", "")),
        _ if request.header("Cookie").is_none() => Some(response("401 x", "", "")),
        _ if request.header("Origin").is_some() => None,
        _ => Some(response("403 x", "", "")),
    });
    let output = check(&server.url(), &["-L", "--output", "json"]).run();
    output.exits(5);
    let report = Report::of(&output);
    let finding = report.first_finding().expect("a finding");
    assert_eq!(finding["cause"], "origin-not-allowed", "{output:?}");
    let next = finding["do"].as_str().expect("what to do");
    assert!(next.starts_with("this opens: the same command with `--origin "), "{next}");
}
