//! Whatever stands around it, a secret in a head is neither in the head as it is shown nor in what is said about it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::diagnosis::Transport;
use wscope::http::redact::{Part, Secrets};
use wscope::http::{Head, HeadKind, HeadProgress, HeadReader};
use wscope::wire::DeflateOffer;
use wscope::wire::handshake::{
    Answer, CheckResult, Request, RequestOptions, ServerOptions, Strictness, check_request, check_response,
    diagnose_no_head,
};

const CANARY: &[u8] = b"C4n4ryC4n4ry";

/// Lines in which `$` is a secret.
const LINES: [&[u8]; 14] = [
    b"Authorization: Bearer $",
    b"Cookie: a=$",
    b"X-Auth-Key : $",
    b"X-Session-Id\t: $",
    b"X Passphrase: $",
    b"Location: https://$:$@h/a;jsessionid=$/b?x=1&token=$;y=$#access_token=$",
    b"Referer: //$@h?next=%2Fb%3Fsecret%3D$",
    b"Sec-WebSocket-Protocol: chat, openai-insecure-api-key.$, bearer.authorization.$",
    b"Sec-WebSocket-Protocol: access_token, $, $",
    b"WWW-Authenticate: Bearer realm=\"x\", token=\"$ $\"",
    b"WWW-Authenticate: Negotiate $",
    b"Link: <http://$@h/?sig=$>; rel=x",
    b"Set-Cookie: $\r\n $\r\n\t$",
    b"Upgrade: /?subscription-key=$",
];

fuzz_target!(|input: (u8, bool, &[u8], &[u8])| {
    let (number, is_request, before, after) = input;
    let line = LINES[usize::from(number) % LINES.len()];
    let line: Vec<u8> =
        line.iter().flat_map(|byte| if *byte == b'$' { CANARY } else { std::slice::from_ref(byte) }).copied().collect();
    let start: &[u8] = if is_request { b"GET /?key=C4n4ryC4n4ry HTTP/1.1\r\n" } else { b"HTTP/1.1 101 x\r\n" };
    // Random bytes may hold a canary of their own.
    if contains(before) || contains(after) || contains(&[before, after].concat()) {
        return;
    }
    let head = [start, before, b"\r\n", &line, b"\r\n", after, b"\r\n\r\n"].concat();
    let shown = Secrets::Hidden.bytes(Part::Head(&head));
    assert!(!contains(&shown), "{}", String::from_utf8_lossy(&shown));
    let kind = if is_request { HeadKind::Request } else { HeadKind::Response };
    match HeadReader::new(kind).feed(&head) {
        HeadProgress::Incomplete => {}
        HeadProgress::Failed(error) => {
            let evidence = error.evidence(Secrets::Hidden);
            let _ = diagnose_no_head(&error, Transport::Plain);
            assert!(!contains(format!("{error}{evidence:?}").as_bytes()));
        }
        HeadProgress::Complete { head, .. } if is_request => asked(&head),
        HeadProgress::Complete { head, .. } => answered(&head),
    }
});

fn asked(head: &Head) {
    let options = ServerOptions {
        deflate: Some(DeflateOffer::default()),
        strictness: Strictness::Strict,
        secrets: Secrets::Hidden,
    };
    let reply = check_request(head, &options);
    assert_silent(&reply.result);
    if reply.result.agreed.is_none() {
        assert!(!contains(&reply.response));
    }
}

fn answered(head: &Head) {
    let options = RequestOptions {
        target: "/".to_owned(),
        authority: "h".to_owned(),
        key: Some("dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        ..RequestOptions::default()
    };
    let request = Request::new(&options).expect("the options are good");
    match check_response(head, &request, Strictness::Lenient) {
        Answer::Upgraded(result) => assert_silent(&result),
        Answer::Refused(refusal) => {
            let said = format!("{}{:?}{:?}", refusal.status_line(), refusal.telling_headers(), refusal.diagnosis());
            assert!(!contains(said.as_bytes()), "{said}");
        }
    }
}

fn assert_silent(result: &CheckResult) {
    let bytes = result.findings.iter().any(|finding| contains(&finding.bytes));
    let said = format!("{result:?}");
    let agreed = result.agreed.as_ref().and_then(|agreed| agreed.subprotocol.as_deref()).unwrap_or_default();
    // What was agreed on is data; it is hidden where it is shown.
    assert!(!bytes && (!contains(said.as_bytes()) || contains(agreed.as_bytes())), "{said}");
}

fn contains(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY)
}
