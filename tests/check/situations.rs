//! Situations, and the first finding of each. The table of them is written to `situations.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;

use super::rude::{self, accept, accepts_then, answers, chooses, greeted, say, says, spoils};
use super::{Report, check};
use crate::support::certificates::{Authority, Identity, only_in_2020};
use crate::support::head::{Request, response};
use crate::support::server::{serve_tls, unused_port};
use crate::support::{Connection, Frame, Server, serve};

mod names;

/// A server that goes wrong.
struct Situation {
    /// What is the matter.
    name: &'static str,
    /// The cause that is to be found first; `None`: that it is not known.
    cause: Option<&'static str>,
    flags: Vec<String>,
    url: String,
}

fn at(name: &'static str, cause: &'static str, url: impl Into<String>) -> Situation {
    Situation { name, cause: Some(cause), flags: Vec::new(), url: url.into() }
}

fn unknown(name: &'static str, url: impl Into<String>) -> Situation {
    Situation { cause: None, ..at(name, "", url) }
}

impl Situation {
    fn with(self, flags: &[&str]) -> Self {
        Self { flags: flags.iter().copied().map(String::from).collect(), ..self }
    }
}

fn url<T>(server: &Server<T>, path: &str) -> String {
    format!("{}{path}", server.url())
}

fn page(title: &str, by: &str) -> String {
    format!("<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center><hr><center>{by}</center>")
}

fn refusals() -> Vec<Situation> {
    names::REFUSALS
        .into_iter()
        .map(|(name, cause, status, headers, body)| {
            let server = answers(status, headers, body);
            if cause.is_empty() { unknown(name, url(&server, "/")) } else { at(name, cause, url(&server, "/")) }
        })
        .collect()
}

fn path(request: &Request) -> &str {
    request.line().split(' ').nth(1).unwrap_or_default()
}

/// Servers that take a request which differs in one thing.
fn choosy() -> Vec<Situation> {
    let only_at = |wanted: &'static str, otherwise: String| {
        chooses(move |request| (!path(request).starts_with(wanted)).then(|| otherwise.clone()))
    };
    let engine_io = only_at("/socket.io/?EIO=4", response("400 Bad Request", "", "Transport unknown"));
    let sockjs = only_at("/echo/websocket", response("200 OK", "", "Welcome to SockJS!\n"));
    let cowboy = only_at("/ws", response("404 Not Found", "Server: Cowboy\r\n", ""));
    let tomcat = only_at("/examples/websocket/", response("404 x", "", &page("HTTP Status 404", "Apache Tomcat/9.0")));
    let silent_elsewhere = only_at("/socket.io/", String::new());
    let lacks = |name: &'static str, status: &'static str| {
        chooses(move |request| request.header(name).is_none().then(|| response(status, "", "")))
    };
    let has = |name: &'static str| {
        chooses(move |request| request.header(name).is_some().then(|| response("400 Bad Request", "", "")))
    };
    let graphql = chooses(|request| {
        let offered = request.header("Sec-WebSocket-Protocol");
        (offered != Some("graphql-transport-ws")).then(|| response("400 Bad Request", "", "Missing Subprotocol"))
    });
    let has_long_cookie = |request: &Request| request.header("Cookie").is_some_and(|cookie| cookie.len() > 1000);
    let cookies = chooses(move |request| {
        has_long_cookie(request).then(|| response("400 Bad request", "", "Your browser sent an invalid request."))
    });
    let hangs_up = chooses(move |request| has_long_cookie(request).then(String::new));
    let cookie = format!("Cookie: {}", "x".repeat(2000));
    let vite = serve(|mut connection| {
        let request = connection.request();
        match request.header("Sec-WebSocket-Protocol") {
            Some("vite-hmr") => accept(&mut connection, &request),
            _ if request.header("Upgrade").is_some() => drop(connection.rest()),
            _ => say(&mut connection, response("200 OK", "", "a page")),
        }
    });
    let hosts = chooses(|request| {
        (request.header("Host") != Some("localhost")).then(|| response("403 Forbidden", "", "Invalid Host header"))
    });
    let named =
        chooses(|request| (request.header("Host") == Some("x.example")).then(|| response("403 Forbidden", "", "")));
    vec![
        at("Socket.IO asked at `/`", "engine-io", url(&engine_io, "/")),
        at("SockJS asked at its base path", "sockjs", url(&sockjs, "/echo")),
        at("RabbitMQ's web-stomp asked at `/`", "other-path", url(&cowboy, "/")),
        at("Tomcat's examples asked at `/`", "other-path", url(&tomcat, "/")),
        at("Socket.IO that hangs up at other paths", "other-path", url(&silent_elsewhere, "/")),
        at("an Origin is wanted", "origin-not-allowed", url(&lacks("Origin", "403 Forbidden"), "/x")),
        at("an Origin is not wanted", "origin-not-allowed", url(&has("Origin"), "/x"))
            .with(&["-o", "http://evil.example"]),
        at("extensions are not wanted", "extensions-not-accepted", url(&has("Sec-WebSocket-Extensions"), "/x")),
        at("a subprotocol is not wanted", "subprotocol-not-accepted", url(&has("Sec-WebSocket-Protocol"), "/x"))
            .with(&["-s", "chat"]),
        at("graphql-ws without its subprotocol", "subprotocol-wanted", url(&graphql, "/graphql")),
        at("HAProxy's buffers too small for a cookie", "head-too-large", url(&cookies, "/x")).with(&["-H", &cookie]),
        at("hung up on a cookie that is too large", "head-too-large", url(&hangs_up, "/x")).with(&["-H", &cookie]),
        at("a header is not wanted", "headers-not-accepted", url(&has("X-Tenant"), "/x")).with(&["-H", "X-Tenant: 1"]),
        at("another Host is given", "host-not-allowed", url(&named, "/x")).with(&["-H", "Host: x.example"]),
        at("vite without its subprotocol", "subprotocol-wanted", url(&vite, "/")).with(&["--connect-timeout", "1"]),
        at("webpack's dev server, another Host", "host-not-allowed", url(&hosts, "/ws")),
    ]
}

/// What differs by more than the answer.
fn networks() -> Vec<Situation> {
    let portal = answers("302 Found", "Location: http://portal.example/hello\r\n", "");
    let elsewhere = chooses(|request| {
        let location = format!("Location: http://127.0.0.1:1{}\r\n", path(request));
        Some(response("301 Moved Permanently", &location, ""))
    });
    let plain = chooses(|_| None);
    let silent = serve(|mut connection| drop((connection.request(), connection.rest())));
    vec![
        at("captive portal: any host is sent to another one", "captive-portal", url(&portal, "/x")),
        at("redirect to another port", "redirect", url(&elsewhere, "/x")),
        at("a port without TLS asked with wss", "port-without-tls", format!("wss://127.0.0.1:{}/", plain.port())),
        at("a port that speaks SSH", "other-protocol", url(&says(b"SSH-2.0-OpenSSH_9.6\r\n"), "/")),
        at("a port that speaks HTTP/2 alone", "http2-only", url(&says(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"), "/")),
        at("a port that answers with a TLS alert", "port-speaks-tls", url(&says(b"\x15\x03\x03\0\x02\x02\x0a"), "/")),
        at("a server that hangs up on the request", "hung-up", url(&says(b""), "/")),
        at(
            "a port that answers the greeting of HTTP/2 alone",
            "http2-only",
            url(&greeted(b'P', b"\0\0\0\x04\0\0\0\0\0"), "/"),
        ),
        at("a broker's port for MQTT", "other-protocol", url(&greeted(0x10, b"\x20\x02\0\0"), "/")),
        at("a server that never answers", "silent-server", url(&silent, "/")).with(&["--connect-timeout", "0.5"]),
        at("nothing listens", "nothing-listens", format!("ws://127.0.0.1:{}/", unused_port())),
        at("a name that is none", "unknown-name", "ws://nowhere.invalid/"),
        at("the proxy forbids it", "proxy-forbids", "ws://192.0.2.1:81/").with(&[
            "--proxy",
            &answers("403 Forbidden", "", "").url().replace("ws:", "http:"),
            "--no-variations",
        ]),
    ]
}

/// Responses that accept, and are wrong.
fn acceptances() -> Vec<Situation> {
    let with =
        |line: &'static str| spoils(move |response| response.replacen("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"), 1));
    let without = |name: &'static str| {
        spoils(move |response| response.split_inclusive("\r\n").filter(|line| !line.starts_with(name)).collect())
    };
    let key = spoils(|response| {
        let (start, _) = response.split_once("Sec-WebSocket-Accept: ").expect("an answer to the key");
        format!("{start}Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n")
    });
    vec![
        at("a wrong Sec-WebSocket-Accept", "wrong-response", url(&key, "/")),
        at("no Upgrade in the 101", "wrong-response", url(&without("Upgrade:"), "/")),
        at("a 101 in HTTP/1.0", "http-1.0", url(&spoils(|response| response.replace("HTTP/1.1", "HTTP/1.0")), "/")),
        at(
            "an extension that was not offered",
            "extension-not-offered",
            url(&with("Sec-WebSocket-Extensions: x"), "/"),
        ),
        at(
            "an extension that was not offered, but only where one was",
            "extension-not-offered",
            url(&chooses_extensions("x", |_| {}), "/"),
        ),
        at(
            "a window of 20 bits",
            "wrong-compression",
            url(&chooses_extensions("permessage-deflate; server_max_window_bits=20", |_| {}), "/"),
        ),
        at(
            "a subprotocol that was not offered",
            "subprotocol-not-offered",
            url(&with("Sec-WebSocket-Protocol: x"), "/"),
        ),
    ]
}

/// Answers an offer of extensions with `extensions`, and does this in the session; without an offer it is polite.
fn chooses_extensions(extensions: &'static str, talk: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        let request = connection.request();
        if request.header("Sec-WebSocket-Extensions").is_none() {
            return accept(&mut connection, &request);
        }
        let header = format!("Sec-WebSocket-Extensions: {extensions}\r\n");
        connection.send(request.acceptance(if extensions.is_empty() { "" } else { &header }));
        talk(&mut connection);
        connection.rest();
    })
}

fn agrees_on_compression(talk: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server<()> {
    chooses_extensions("permessage-deflate", talk)
}

/// Sessions that open, and go wrong.
fn sessions() -> Vec<Situation> {
    let closes =
        |code, reason: &'static str| accepts_then(move |connection| connection.send_frame(&Frame::close(code, reason)));
    let masks = accepts_then(|connection| connection.send_frame(&Frame::text("x").masked([1, 2, 3, 4])));
    let body = accepts_then(|connection| say(connection, "HTTP/1.1 200 OK\r\n\r\n"));
    let breaks = agrees_on_compression(|connection| connection.send_frame(&Frame::text("\u{7f}\u{7f}\u{7f}").rsv(4)));
    let closes_compressed = agrees_on_compression(|connection| connection.send_frame(&Frame::close(1002, "RSV1")));
    let cannot_inflate = agrees_on_compression(|connection| {
        while connection.frame().rsv == 0 {}
        connection.send_frame(&Frame::close(1007, "inflate"));
    });
    let unagreed = chooses_extensions("", |connection| {
        connection.send_frame(&Frame::text([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]).rsv(4));
    });
    let closes_on_message = accepts_then(|connection| {
        let ping = connection.frame();
        connection.send_frame(&Frame::pong(&ping.payload));
        connection.frame();
        connection.send_frame(&Frame::close(1003, ""));
    });
    let reserved = accepts_then(|connection| connection.send_frame(&Frame::new(3, "x")));
    let ends = accepts_then(|connection| say(connection, ""));
    let no_reply = serve(|mut connection| {
        connection.accept();
        let ping = connection.frame();
        connection.send_frame(&Frame::pong(&ping.payload));
        connection.frame();
    });
    let no_pong = serve(|mut connection| {
        connection.accept();
        connection.answer_close();
    });
    let no_subprotocol = chooses_extensions("", rude::polite);
    vec![
        at("none of the subprotocols is chosen", "no-subprotocol", url(&no_subprotocol, "/")).with(&["-s", "chat"]),
        at("closed at once with 1008", "closed-at-once", url(&closes(1008, "who are you"), "/")),
        at("graphql-ws closes with 4406", "closed-at-once", url(&closes(4406, "Subprotocol not acceptable"), "/")),
        at("closed at once with 1000", "closed-at-once", url(&closes(1000, ""), "/")),
        at("closed at once with 1013", "closed-at-once", url(&closes(1013, ""), "/")),
        at("ended at once without Close", "ended-at-once", url(&ends, "/")),
        at("a server that masks", "masked-by-server", url(&masks, "/")),
        at("a second response behind the 101", "bytes-behind-upgrade", url(&body, "/")),
        at("compression that breaks", "broken-compression", url(&breaks, "/")),
        at("closed at once with 1002, but not without compression", "compression-fails", url(&closes_compressed, "/")),
        at("a server that cannot inflate", "compression-fails", url(&cannot_inflate, "/"))
            .with(&["--probe", &"is it you? ".repeat(40)]),
        at("closed after the probe", "closed-after-probe", url(&closes_on_message, "/")).with(&["--probe", "hi"]),
        at("a proxy drops Sec-WebSocket-Extensions of the 101", "compression-not-agreed", url(&unagreed, "/")),
        at("a reserved opcode", "broken-frame", url(&reserved, "/")),
        at("no reply to Close", "no-close-reply", url(&no_reply, "/")),
        at("no pong", "no-pong", url(&no_pong, "/")),
    ]
}

fn certificates(authority: &Authority) -> Vec<Situation> {
    let open = |identity: &Identity| {
        let server = serve_tls(identity.config(), |mut connection| {
            let request = connection.request();
            accept(&mut connection, &request);
        });
        url(&server, "/")
    };
    let soon = authority.issue_changed(|parameters| {
        parameters.not_after = (std::time::SystemTime::now() + std::time::Duration::from_hours(7 * 24 + 1)).into();
    });
    let client = serve_tls(authority.client_demanding_config(&authority.issue()), |mut connection| {
        connection.request();
    });
    let file = authority.file();
    let trusting = |situation: Situation| situation.with(&["--cacert", file.to_str().expect("a path in UTF-8")]);
    vec![
        trusting(at("a certificate that expires in a week", "certificate-expires-soon", open(&soon))),
        trusting(at(
            "a certificate that has expired",
            "certificate-out-of-date",
            open(&authority.issue_changed(only_in_2020)),
        )),
        trusting(at(
            "a certificate for another name",
            "certificate-for-other-name",
            open(&authority.issue_for("x.example")),
        )),
        trusting(at(
            "a certificate without names",
            "certificate-without-names",
            open(&authority.issue_changed(|parameters| parameters.subject_alt_names.clear())),
        )),
        trusting(at("a client certificate is wanted", "client-certificate-wanted", url(&client, "/"))),
        trusting(at("a certificate signed by itself", "unknown-issuer", open(&Identity::self_signed()))),
        at("a certificate that is not verified, with -k", "not-verified", open(&Identity::self_signed())).with(&["-k"]),
    ]
}

fn tokens() -> Vec<Situation> {
    let claims = data_encoding::BASE64URL_NOPAD.encode(b"{\"exp\":1700000000}");
    let token = format!("e30.{claims}.c2ln");
    let wants = answers("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "");
    vec![at("a bearer token that has expired", "token-expired", url(&wants, "/")).with(&["--bearer", &token])]
}

/// What was found: the row of the table, and what is wrong with it.
fn examine(situation: &Situation) -> (String, Option<String>) {
    let flags: Vec<_> = situation.flags.iter().map(String::as_str).chain(["--output", "json"]).collect();
    let output = check(&situation.url, &flags).run();
    let report = Report::of(&output);
    let finding = report.first_finding();
    let cause = finding.and_then(|finding| finding["cause"].as_str());
    let what = finding.map_or("", |finding| finding["what"].as_str().expect("a sentence"));
    let row = format!("| {} | {} | {} |", situation.name, cause.unwrap_or("unknown"), stable(what));
    let complaint = (finding.is_none() || cause != situation.cause).then(|| format!("{}: {output:?}", situation.name));
    (row, complaint)
}

/// Without what differs from run to run: ports, and how long ago something was.
fn stable(what: &str) -> String {
    let mut text = String::new();
    let mut digits = String::new();
    for character in what.chars().chain([' ']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let is_port = digits.len() > 3 && (text.ends_with(':') || text.ends_with("port "));
        let is_age = text.ends_with("expired ");
        text.push_str(if is_port || is_age { "N" } else { &digits });
        digits.clear();
        text.push(character);
    }
    text.trim_end().replace('|', "\\|")
}

#[test]
fn each_is_named_by_its_first_finding() {
    /// So many at the same time: most of them wait.
    const AT_ONCE: usize = 6;
    let authority = Authority::new();
    let lists = [refusals(), choosy(), networks(), acceptances(), sessions(), certificates(&authority), tokens()];
    let all: Vec<_> = lists.into_iter().flatten().collect();
    assert!(all.len() >= 40, "{} situations", all.len());
    let mut results = Vec::new();
    for some in all.chunks(AT_ONCE) {
        results.extend(thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|situation| scope.spawn(|| examine(situation))).collect();
            running.into_iter().map(|run| run.join().expect("a report")).collect::<Vec<_>>()
        }));
    }
    let wrong: Vec<_> = results.iter().filter_map(|(_, complaint)| complaint.clone()).collect();
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    let mut table = "# Situations, and the first finding of each\n\nWritten by `tests/check/situations.rs`.\n\n\
                     | situation | cause | first finding |\n|---|---|---|\n"
        .to_owned();
    for (row, _) in &results {
        writeln!(table, "{row}").expect("memory can be written");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/situations.md");
    if fs::read_to_string(&file).ok().as_ref() != Some(&table) {
        fs::write(&file, table).expect("the folder can be written to");
        panic!("situations.md was stale and has been rewritten: commit it");
    }
}
