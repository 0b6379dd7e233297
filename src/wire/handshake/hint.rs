//! Why an upgrade is refused, as far as experience tells, and what cures it.

use super::refusal::Context;
use super::{HandshakeRule, Refusal};
use crate::wire::{Finding, Rule};

const NGINX: &str = "the usual cause is a proxy that drops `Upgrade`; nginx needs, in its `location`:
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection \"upgrade\";";

const WSS: &str = "the port speaks TLS: use `wss://` instead of `ws://`";

const ENGINE_IO: &str =
    "this is an Engine.IO (Socket.IO) server: its URL ends with `/socket.io/?EIO=4&transport=websocket`";

/// What servers write into the body of a refusal, in lower case, and what it means.
const TELLTALES: [(&str, &str); 14] = [
    // nginx, Go's net/http, Apache, Jetty and Tomcat.
    ("plain http request was sent to https port", WSS),
    ("client sent an http request to an https server", WSS),
    ("speaking plain http to an ssl-enabled", WSS),
    ("combination of host and port requires tls", WSS),
    // Engine.IO.
    ("transport unknown", ENGINE_IO),
    ("unsupported protocol version", ENGINE_IO),
    // gorilla/websocket, Tornado, python websockets, nhooyr.
    ("'upgrade' token not found", NGINX),
    ("can \"upgrade\" only to \"websocket\"", NGINX),
    ("\"connection\" must be \"upgrade\"", NGINX),
    ("invalid upgrade header", NGINX),
    ("invalid connection header", NGINX),
    ("missing upgrade header", NGINX),
    ("missing connection header", NGINX),
    ("does not contain upgrade", NGINX),
];

/// Words in the path of a login page.
const LOGIN_WORDS: [&str; 8] = ["login", "signin", "auth", "oauth", "oauth2", "authorize", "sso", "saml"];

/// The next thing to try.
pub(super) fn of_refusal(refusal: &Refusal, request: &Context) -> Option<String> {
    let body = String::from_utf8_lossy(&refusal.body()).to_lowercase();
    let telltale = TELLTALES.iter().find(|(text, _)| body.contains(text));
    telltale.map(|&(_, hint)| hint.to_owned()).or_else(|| of_status(refusal, request))
}

/// The next thing to try when an answer that accepts the upgrade breaks rules.
pub(super) fn of_findings(findings: &[Finding]) -> Option<String> {
    let broke = |rule: HandshakeRule| findings.iter().any(|finding| finding.rule == Rule::Handshake(rule));
    let cause = if broke(HandshakeRule::HttpVersion) {
        "a proxy that speaks HTTP/1.0 may be in between (nginx: `proxy_http_version 1.1;`); "
    } else if broke(HandshakeRule::ExtensionNotOffered) {
        "the server, or a proxy before it, switches an extension on without being asked; "
    } else if broke(HandshakeRule::SubprotocolNotOffered) {
        "offer what the server speaks with `--subprotocol`; "
    } else {
        ""
    };
    let can_go_on = !findings.is_empty() && findings.iter().all(|finding| finding.rule.can_go_on());
    can_go_on.then(|| format!("{cause}`--lenient` reports this and goes on"))
}

fn of_status(refusal: &Refusal, request: &Context) -> Option<String> {
    let Context { path, .. } = request;
    match refusal.status() {
        200..=299 => Some(format!(
            "an ordinary page came back instead of an upgrade: either `{path}` is not the path of the WebSocket, \
             or `Upgrade` got lost on the way; {NGINX}"
        )),
        301 | 302 | 303 | 307 | 308 => Some(of_redirect(refusal, request)),
        400 | 426 => Some(of_bad_request(refusal)),
        401 => Some(of_unauthorized(refusal, request)),
        403 => Some(of_forbidden(request)),
        404 | 410 => Some(format!("there is nothing at `{path}`: check the path, and whether a proxy rewrites it")),
        405 => Some(format!("`{path}` exists but takes no GET, so it is hardly the path of the WebSocket")),
        407 => Some("a proxy in between wants credentials".to_owned()),
        421 => Some("the server is not responsible for this host: check the name, `Host` and `--sni`".to_owned()),
        429 | 503 => Some(of_overload(refusal)),
        500 => Some("the server failed while it handled the upgrade: its log says why".to_owned()),
        501 | 505 => Some("this server, or a proxy before it, does not speak WebSocket over HTTP/1.1".to_owned()),
        502 | 504 => Some(of_gateway(refusal)),
        520..=527 => Some("Cloudflare could not get an answer from the server behind it".to_owned()),
        _ => None,
    }
}

fn of_redirect(refusal: &Refusal, request: &Context) -> String {
    let Some(location) = refusal.head().text("Location") else {
        return "the server redirects, but does not say where to".to_owned();
    };
    let location = without_query(&location);
    let words = location.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    let login = words.into_iter().any(|word| LOGIN_WORDS.contains(&word.as_str()));
    match (login, request.sent_credentials) {
        (true, false) => format!(
            "the server sends us to a login page, `{location}`: give credentials (`--cookie`, `--bearer`, `--user`)"
        ),
        (true, true) => {
            format!(
                "the server sends us to a login page, `{location}`: the credentials were not accepted, or have expired"
            )
        }
        (false, _) if location.starts_with('/') && !location.starts_with("//") => {
            format!("the server redirects: connect to the path `{location}` instead")
        }
        (false, _) if location.starts_with("http://") || location.starts_with("https://") => {
            format!("the server redirects: connect to `{}` instead", location.replacen("http", "ws", 1))
        }
        (false, _) if location.contains("//") => format!("the server redirects: connect to `{location}` instead"),
        (false, _) => format!("the server redirects to `{location}`, as seen from `{}`", request.path),
    }
}

/// A hint is printed where secrets are hidden, and the values of a query may be secrets.
fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => url.to_owned(),
    }
}

fn of_bad_request(refusal: &Refusal) -> String {
    let head = refusal.head();
    if head.get("Sec-WebSocket-Version").is_some() && !head.lists("Sec-WebSocket-Version", "13") {
        let versions = String::from_utf8_lossy(&head.joined("Sec-WebSocket-Version")).into_owned();
        return format!("the server speaks other versions of the protocol only: {versions}; RFC 6455 is version 13");
    }
    format!("the server did not take this for a WebSocket request; {NGINX}")
}

fn of_unauthorized(refusal: &Refusal, request: &Context) -> String {
    let schemes = refusal.head().text("WWW-Authenticate").unwrap_or_default().to_lowercase();
    let flag = match () {
        () if schemes.starts_with("basic") => "`--user NAME`",
        () if schemes.starts_with("bearer") => "`--bearer TOKEN`",
        () if schemes.starts_with("digest") => "a Digest made for this request: `--header 'Authorization: Digest …'`",
        () => "`--user`, `--bearer`, `--cookie`, or a token in the URL",
    };
    if request.sent_credentials {
        format!("the server did not accept the credentials; it takes {flag}")
    } else {
        format!("the server wants credentials: {flag}")
    }
}

fn of_forbidden(request: &Context) -> String {
    let origin = if request.sent_origin {
        "the server may not allow this Origin".to_owned()
    } else {
        let host = &request.host;
        format!("the server may want an Origin that it knows: try `--origin https://{host}`")
    };
    if request.sent_credentials {
        format!("{origin}; or the credentials do not permit it")
    } else {
        format!("{origin}; or it wants credentials (`--user`, `--bearer`, `--cookie`)")
    }
}

fn of_overload(refusal: &Refusal) -> String {
    let what = match refusal.status() {
        429 => "too many requests",
        _ => "the server, or the proxy before it, has no capacity or nothing to pass the request on to",
    };
    match refusal.head().text("Retry-After") {
        Some(when) if when.bytes().all(|byte| byte.is_ascii_digit()) => format!("{what}: try again in {when} s"),
        Some(when) => format!("{what}: try again after {when}"),
        None => format!("{what}: try again later"),
    }
}

fn of_gateway(refusal: &Refusal) -> String {
    let proxy = refusal.head().text("Server").map_or(String::new(), |name| format!(" (`{name}`)"));
    format!(
        "the proxy{proxy} got no usable answer from the server behind it: is that running, on the address and port that the \
         proxy is configured for?"
    )
}

#[cfg(test)]
mod tests {
    use super::super::{
        Answer, HeadProgress, HeadReader, HeaderRule, Request, RequestOptions, Strictness, check_response,
    };
    use crate::wire::Role;

    fn hint(rules: &[&str], head: &str, body: &str) -> Option<String> {
        let options = RequestOptions {
            target: "/chat?token=secret".to_owned(),
            authority: "example.com".to_owned(),
            headers: rules.iter().map(|rule| HeaderRule::parse(rule).unwrap()).collect(),
            ..RequestOptions::default()
        };
        let response = format!("HTTP/1.1 {head}\r\n\r\n{body}");
        let HeadProgress::Complete { head, rest } = HeadReader::new(Role::Server).feed(response.as_bytes()) else {
            panic!("no head");
        };
        match check_response(&head, &Request::new(&options).unwrap(), Strictness::Strict) {
            Answer::Refused(mut refusal) => {
                refusal.feed(rest);
                refusal.hint()
            }
            Answer::Upgraded(_) => panic!("not refused"),
        }
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
        says("301 Moved\r\nLocation: https://example.com/chat", "", &["connect to `wss://example.com/chat`"]);
        says("308 Moved\r\nLocation: /chat/", "", &["the path `/chat/`"]);
        says("302 Found\r\nLocation: /Login?next=/chat", "", &["login page", "`--cookie`"]);
        says("302 Found", "", &["does not say where to"]);
        says("302 Found\r\nLocation: //other.example/chat", "", &["connect to `//other.example/chat`"]);
        says("307 x\r\nLocation: https://a.example/x?token=1", "", &["connect to `wss://a.example/x?…`"]);
        says("302 Found\r\nLocation: ../x", "", &["redirects to `../x`, as seen from `/chat`"]);
        let expired = hint(&["Cookie: a=b"], "302 Found\r\nLocation: https://sso.example.com/", "").unwrap();
        assert!(expired.contains("expired"), "{expired}");
    }

    #[test]
    fn credentials_and_origin() {
        says("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", "", &["wants credentials: `--user NAME`"]);
        says("401 Unauthorized\r\nWWW-Authenticate: Bearer", "", &["`--bearer TOKEN`"]);
        says("403 Forbidden", "", &["`--origin https://example.com`", "credentials"]);
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
}
