//! No secret is shown: neither in texts, findings, notes, errors, hints, dumps and JSON, nor in the history and in what
//! `/save` writes. Each place that can hold one holds a canary. `--show-secrets` shows them all.

use std::collections::BTreeSet;
use std::fs;
use std::net::Shutdown;

use crate::listen::{listen, stop};
use crate::support::program::Output;
use crate::support::terminal::key;
use crate::support::{Connection, Frame, Server, Wscope, serve};

/// What every canary begins with, and what no part of anything else is.
const CANARY: &str = "ZQZQ";

/// Any piece of a canary, as text and as a dump has it.
const PIECES: [&str; 4] = ["QZQ", "ZQZ", "5a 51 5a", "51 5a 51"];

/// A key without a piece of a canary.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// How much is shown.
const VIEWS: [&[&str]; 6] = [
    &[],
    &["-v"],
    &["-v", "--hex", "--frames"],
    &["--output", "json"],
    &["-v", "--hex", "--frames", "--output", "json"],
    &["-q"],
];

/// The headers with a canary each: what a client sends.
const HEADERS: [&str; 14] = [
    "Authorization: Bearer ZQZQ01ZQ",
    "Cookie: a=ZQZQ02ZQ; b=ZQZQ03ZQ",
    "X-Authorization: ZQZQ04ZQ",
    "X-Auth-Key: ZQZQ05ZQ",
    "Ocp-Apim-Subscription-Key: ZQZQ06ZQ",
    "X-Session-Id: ZQZQ07ZQ",
    "X-Amz-Security-Token: ZQZQ08ZQ",
    "X-Hub-Signature: ZQZQ09ZQ",
    "X-Key-Passphrase: ZQZQ10ZQ",
    "Proxy-Authorization: Basic ZQZQ11ZQ",
    "X-Client-Secret: ZQZQ12ZQ",
    "X-Proxy-Authentication: ZQZQ13ZQ",
    "Referer: http://ZQZQ14ZQ:ZQZQ15ZQ@h/;jsessionid=ZQZQ16ZQ?a=1&sig=ZQZQ17ZQ#access_token=ZQZQ18ZQ",
    "X-Forwarded-Uri: /a?next=%2Fb%3Ftoken%3DZQZQ19ZQ",
];

/// Path and query with a canary in each kind of parameter.
const TARGET: &str = "/a;jsessionid=ZQZQ20ZQ/b?x=1&authorization=ZQZQ21ZQ&subscription-key=ZQZQ22ZQ&session_id=ZQZQ23ZQ\
                      &x=eyJhbGciOiJIUzI1NiJ9.ZQZQ24ZQ.c2ln&y=0123456789abcdef0123456789ZQZQ25ZQ";

const SUBPROTOCOLS: [&str; 5] = [
    "openai-insecure-api-key.ZQZQ30ZQ",
    "base64url.bearer.authorization.k8s.io.ZQZQ31ZQ",
    "eyJhbGciOiJIUzI1NiJ9.ZQZQ32ZQ.c2ln",
    "access_token",
    "ZQZQ33ZQ",
];

/// What servers answer, without the first line and the headers of an acceptance.
#[derive(Clone, Copy)]
enum Answer {
    /// A 101 with these headers.
    Accepts(&'static str),
    /// These bytes.
    Says(&'static str),
}

const ANSWERS: [Answer; 11] = [
    Answer::Accepts("Set-Cookie: id=ZQZQ40ZQ\r\nX-Refresh-Token: ZQZQ41ZQ\r\n"),
    Answer::Accepts("Sec-WebSocket-Protocol: bearer.ZQZQ42ZQ\r\n"),
    Answer::Accepts("Sec-WebSocket-Protocol: eyJhbGciOiJIUzI1NiJ9.ZQZQ32ZQ.c2ln\r\n"),
    Answer::Accepts("Sec-WebSocket-Protocol: access_token, ZQZQ44ZQ\r\nSec-WebSocket-Protocol: x\r\n"),
    Answer::Accepts("Set-Cookie : ZQZQ45ZQ\r\n ZQZQ46ZQ\r\nCookie ZQZQ47ZQ\r\nX-Api-Key: ZQZQ48ZQ\x01\r\n"),
    Answer::Says(
        "HTTP/1.1 302 /?token=ZQZQ50ZQ\r\n\
         Location: https://ZQZQ51ZQ:ZQZQ52ZQ@h/login;jsessionid=ZQZQ53ZQ?code=ZQZQ54ZQ#access_token=ZQZQ55ZQ\r\n\
         Content-Length: 44\r\n\r\n<a href=\"/login?ticket=ZQZQ56ZQ\">Found</a>.\n",
    ),
    Answer::Says("HTTP/1.1 307 x\r\nLocation: //ZQZQ57ZQ@h/a?b#id_token=ZQZQ58ZQ\r\nContent-Length: 0\r\n\r\n"),
    Answer::Says(
        "HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm=\"https://h/?token=ZQZQ60ZQ\", token=\"ZQZQ61ZQ ZQZQ62ZQ\"\r\n\
         WWW-Authenticate: Negotiate ZQZQ63ZQ\r\nServer: x?api_key=ZQZQ64ZQ\r\nContent-Length: 0\r\n\r\n",
    ),
    Answer::Says("HTTP/1.1 1010 /?token=ZQZQ65ZQ\r\n\r\n"),
    Answer::Says("HTTP/1.1 101 /?token=ZQZQ66ZQ\r\nSet-Cookie: ZQZQ67ZQ"),
    Answer::Says("GET http://ZQZQ68ZQ@h/?token=ZQZQ69ZQ HTTP/1.1\r\n\r\n"),
];

/// The canaries in a text.
fn canaries(text: &str) -> BTreeSet<String> {
    text.match_indices(CANARY).filter_map(|(start, _)| text.get(start..start + 8).map(str::to_owned)).collect()
}

/// Both streams.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), output.stderr)
}

#[track_caller]
fn assert_hidden(said: &str, what: &str) {
    for piece in PIECES {
        assert!(!said.contains(piece), "{piece:?} is shown: {what}\n{said}");
    }
}

fn server(answer: Answer) -> Server<()> {
    serve(move |mut connection| match answer {
        Answer::Accepts(headers) => {
            connection.accept_with(headers);
            // A strict client may be gone.
            let _ = connection.try_send(Frame::close(1000, "").bytes());
            let _ = connection.socket().shutdown(Shutdown::Write);
            connection.rest();
        }
        Answer::Says(bytes) => {
            connection.request();
            connection.send(bytes);
            connection.half_close();
            connection.rest();
        }
    })
}

/// A run with a canary in everything that it sends.
fn run(server: &Server<()>, view: &[&str], more: &[&str]) -> Output {
    let mut arguments = vec!["-N", "--ws-key", KEY, "--mask-key", "00000000", "-c"];
    let url = server.url().replacen("://", "://ZQZQ70ZQ:ZQZQ71ZQ@", 1) + TARGET;
    arguments.push(&url);
    arguments.extend(HEADERS.iter().flat_map(|header| ["-H", header]));
    arguments.extend(SUBPROTOCOLS.iter().flat_map(|name| ["-s", name]));
    Wscope::new().args(arguments).args(view).args(more).run()
}

#[test]
fn a_client_shows_no_secret() {
    for answer in ANSWERS {
        let server = server(answer);
        for view in VIEWS {
            let strict = run(&server, view, &[]);
            assert_hidden(&said(&strict), &format!("{view:?}"));
            let lenient = run(&server, view, &["--lenient"]);
            assert_hidden(&said(&lenient), &format!("{view:?} --lenient"));
        }
    }
}

#[test]
fn a_client_shows_every_secret_that_it_is_asked_for() {
    let sent = canaries(&HEADERS.concat()).union(&canaries(TARGET)).cloned().collect::<BTreeSet<_>>();
    let sent = sent.union(&canaries(&SUBPROTOCOLS.concat())).cloned().collect::<BTreeSet<_>>();
    for answer in ANSWERS {
        let (Answer::Accepts(received) | Answer::Says(received)) = answer;
        let server = server(answer);
        let shown = canaries(&said(&run(&server, &["-v"], &["--show-secrets", "--lenient"])));
        assert!(sent.is_subset(&shown), "{:?}\n{shown:?}", sent.difference(&shown));
        // What is no head is not shown as one, but by its first line.
        let lines: String = match answer {
            Answer::Says(bytes)
                if !bytes.contains("\r\n\r\n") || bytes.contains("1010") || bytes.starts_with("GET") =>
            {
                bytes.lines().next().unwrap_or_default().to_owned()
            }
            _ => received.to_owned(),
        };
        let received = canaries(&lines);
        assert!(received.is_subset(&shown), "{:?}\n{shown:?}", received.difference(&shown));
    }
}

#[test]
fn errors_hints_notes_and_json_show_what_they_are_asked_for() {
    let told = |answer: Answer, view: &[&str]| said(&run(&server(answer), view, &["--show-secrets"]));
    let note = told(ANSWERS[0], &[]);
    assert!(note.contains("chose none") && note.contains("api-key.ZQZQ30ZQ"), "{note}");
    let finding = told(ANSWERS[1], &[]);
    assert!(finding.contains("`bearer.ZQZQ42ZQ`; offered: `openai-insecure-api-key.ZQZQ30ZQ`"), "{finding}");
    let refusal = told(ANSWERS[5], &[]);
    let hint = refusal.split_once("hint:").expect("a hint").1;
    for canary in ["ZQZQ51ZQ", "ZQZQ54ZQ", "ZQZQ55ZQ"] {
        assert!(hint.contains(canary), "{refusal}");
    }
    assert!(refusal.contains("302 /?token=ZQZQ50ZQ") && refusal.contains("ticket=ZQZQ56ZQ"), "{refusal}");
    let open = told(ANSWERS[0], &["--output", "json"]);
    for canary in ["ZQZQ20ZQ", "ZQZQ25ZQ", "ZQZQ40ZQ", "ZQZQ41ZQ"] {
        assert!(open.contains(canary), "{open}");
    }
}

/// What clients send to a server: heads that are good, that break rules, and that are none.
fn requests() -> Vec<String> {
    let headers = HEADERS.join("\r\n");
    let subprotocols = SUBPROTOCOLS.join(", ");
    let good = format!(
        "Host: ZQZQ80ZQ@h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\n{headers}\r\nSec-WebSocket-Protocol: {subprotocols}\r\n"
    );
    vec![
        format!("GET {TARGET} HTTP/1.1\r\n{good}\r\n"),
        format!(
            "GET http://ZQZQ81ZQ:ZQZQ82ZQ@h{TARGET} HTTP/1.1\r\n{good}Sec-WebSocket-Protocol: bearer.ZQZQ83ZQ\r\n\r\n"
        ),
        format!("GET {TARGET} HTTP/1.1\r\n{good}Sec-WebSocket-Protocol: {subprotocols}, (token.ZQZQ84ZQ)\r\n\r\n"),
        format!("GET {TARGET}#token=ZQZQ85ZQ HTTP/1.1\r\n{good}\r\n"),
        format!("GET a?key=ZQZQ86ZQ HTTP/1.1\r\n{good}X-Api-Key : ZQZQ87ZQ\x01\r\n ZQZQ88ZQ\r\n\r\n"),
        format!("POST {TARGET} HTTP/1.0\r\nUpgrade: /?token=ZQZQ89ZQ\r\n{headers}\r\nAuthorization ZQZQ90ZQ\r\n\r\n"),
        format!("GET {TARGET} and more HTTP/1.1\r\n{good}\r\n"),
        format!("GET {TARGET} HTTP/1.1\r\n{headers}\r\n"),
        format!("GET /?token={} HTTP/1.1\r\n\r\n", "ZQ".repeat(40_000)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "Cookie: ZQZQ91ZQ\r\n".repeat(300)),
    ]
}

/// What a server says that gets these requests one after the other.
fn served(view: &[&str], more: &[&str]) -> Output {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]).args(view).args(more));
    for request in requests() {
        let mut client = Connection::connect(address);
        // A server that refuses does not read on.
        let _ = client.try_send(&request);
        let _ = client.socket().shutdown(Shutdown::Write);
        assert_hidden_in_a_refusal(&client.rest(), more);
    }
    stop(program)
}

/// What goes back to a client in the body of a refusal is what is said here.
fn assert_hidden_in_a_refusal(response: &[u8], more: &[&str]) {
    let response = String::from_utf8_lossy(response);
    if more.is_empty() && !response.starts_with("HTTP/1.1 101") {
        assert_hidden(&response, "a refusal");
    }
}

#[test]
fn a_server_shows_no_secret() {
    for view in VIEWS.into_iter().filter(|view| !view.contains(&"-q")) {
        assert_hidden(&said(&served(view, &[])), &format!("listen {view:?}"));
        assert_hidden(&said(&served(view, &["--lenient"])), &format!("listen {view:?} --lenient"));
    }
}

#[test]
fn a_server_shows_every_secret_that_it_is_asked_for() {
    let shown = canaries(&said(&served(&["-v"], &["--show-secrets"])));
    // The last three are no heads.
    let sent: BTreeSet<_> = requests()[..6].iter().flat_map(|request| canaries(request)).collect();
    assert!(sent.is_subset(&shown), "{:?}", sent.difference(&shown));
}

#[test]
fn a_mistake_in_the_command_line_is_told_without_a_secret() {
    let cases: [&[&str]; 9] = [
        &["ftp://ZQZQ01ZQ:ZQZQ02ZQ@h/;a=ZQZQ03ZQ?ZQZQ04ZQ"],
        &["ws://h/?a=ZQZQ05ZQ#ZQZQ06ZQ"],
        &["-s", "bearer.ZQZQ07ZQ x", "h"],
        &["-s", "bearer.ZQZQ08ZQ", "-s", "bearer.ZQZQ08ZQ", "h"],
        &["-s", "access_token, ZQZQ09ZQ", "h"],
        &["-s", "--ZQZQ10ZQ", "h"],
        &["-H", "Authorization ZQZQ11ZQ", "h"],
        &["--bearer", "@/ZQ/ZQZQ\nZQ", "--cookie", "--ZQZQ12ZQ", "h"],
        &["h", "ws://ZQZQ13ZQ:ZQZQ14ZQ@h/"],
    ];
    for arguments in cases {
        let output = Wscope::new().args(arguments).run();
        output.exits(2);
        assert_hidden(&said(&output), &format!("{arguments:?}"));
    }
}

#[test]
fn neither_the_prompt_nor_its_files_show_a_secret() {
    let server = serve(|mut connection| {
        connection.accept_with("Set-Cookie: id=ZQZQ40ZQ\r\n");
        connection.answer_close();
    });
    let url = server.url().replacen("://", "://ZQZQ70ZQ:ZQZQ71ZQ@", 1) + TARGET;
    let folder = tempfile::TempDir::new().unwrap();
    let (history, script) = (folder.path().join("history"), folder.path().join("script"));
    let headers = HEADERS.iter().flat_map(|header| ["-H", header]);
    let wscope = Wscope::new().args(["-v", "--hex", "--ws-key", KEY, "-c", &url]).args(headers);
    let wscope = wscope.args(["-s", SUBPROTOCOLS[0]]).env("WSCOPE_HISTORY", &history);
    let mut terminal = wscope.terminal(50, 200);
    terminal.wait("Connected");
    terminal.enter("hello");
    terminal.enter("/headers");
    terminal.enter("/stats");
    terminal.enter(&format!("/save {}", script.display()));
    terminal.wait("saved to");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_hidden(&terminal.transcript().join("\n"), "the terminal");
    for file in [history, script] {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("hello"), "{text}");
        assert_hidden(&text, &file.display().to_string());
    }
}

/// A request that makes 31,000 findings: ten are told, and how many more there are.
#[test]
fn findings_are_bounded() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let mut client = Connection::connect(address);
    let names = "a,".repeat(31_001);
    client.send(format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: {names}\r\n\r\n"
    ));
    let response = client.rest();
    assert!(response.len() < 4096, "{} bytes of response", response.len());
    let output = stop(program);
    output.says("`a` is offered twice, and 30,990 more");
    assert_eq!(output.stderr.matches("finding:").count(), 10, "{output:?}");
    assert!(output.stderr.len() < 8192, "{} bytes on stderr", output.stderr.len());
}
