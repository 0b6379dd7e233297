//! What the head and the body of a refusal say of its cause. Read in the sources of the servers and proxies that write it.

use super::Refusal;
use super::refusal::Context;
use crate::diagnosis::{EngineIo, Intermediary, Refused};

/// Makes the cause of what the request was like, and of the proxy that can be made out.
type Cause = fn(&Context, Option<Intermediary>) -> Refused;

const UPGRADE_DROPPED: Cause = |request, proxy| Refused::UpgradeDropped { path: request.path.clone(), proxy };
const VERSION_LOWERED: Cause = |request, proxy| Refused::VersionLowered { path: request.path.clone(), proxy };
const PORT_SPEAKS_TLS: Cause = |_, _| Refused::PortSpeaksTls;
const HOST_NOT_ALLOWED: Cause = |request, _| Refused::HostNotAllowed { host: request.host.clone() };
const ORIGIN_NOT_ALLOWED: Cause = |request, _| Refused::OriginNotAllowed { sent_origin: request.sent_origin };
const SUBPROTOCOL_WANTED: Cause = |_, _| Refused::SubprotocolWanted;
const KEY_NOT_ACCEPTED: Cause = |_, _| Refused::KeyNotAccepted;
const SOCK_JS: Cause = |_, _| Refused::SockJs;
const NO_SERVER: Cause = |_, _| Refused::NoServerBehindProxy;

/// What servers write into the body of a refusal, or into its reason phrase, in lower case, and what it means.
pub(super) const SAID: [(&str, Cause); 71] = [
    // nginx, Go's net/http, Apache, Jetty and Tomcat.
    ("plain http request was sent to https port", PORT_SPEAKS_TLS),
    ("client sent an http request to an https server", PORT_SPEAKS_TLS),
    ("speaking plain http to an ssl-enabled", PORT_SPEAKS_TLS),
    ("combination of host and port requires tls", PORT_SPEAKS_TLS),
    // nginx, Apache, Node.
    ("request header or cookie too large", head_too_large),
    ("size of a request header field exceeds server limit", head_too_large),
    ("request header fields too large", head_too_large),
    // nginx.
    ("no required ssl certificate was sent", |_, _| Refused::CertificateWanted),
    ("the ssl certificate error", |_, _| Refused::CertificateWanted),
    // webpack-dev-server, Starlette, Vite, Django, Rails.
    ("invalid host header", HOST_NOT_ALLOWED),
    ("invalid host/origin header", HOST_NOT_ALLOWED),
    ("blocked request. this host (", HOST_NOT_ALLOWED),
    ("invalid http_host header", HOST_NOT_ALLOWED),
    ("blocked hosts:", HOST_NOT_ALLOWED),
    // Tornado, coder/websocket, Chromium, and what hand-written servers say.
    ("cross origin websockets not allowed", ORIGIN_NOT_ALLOWED),
    ("is not authorized for host", ORIGIN_NOT_ALLOWED),
    ("rejected an incoming websocket connection from the", ORIGIN_NOT_ALLOWED),
    ("origin not allowed", ORIGIN_NOT_ALLOWED),
    ("origin is not allowed", ORIGIN_NOT_ALLOWED),
    ("invalid origin", ORIGIN_NOT_ALLOWED),
    ("missing subprotocol", SUBPROTOCOL_WANTED),
    ("unsupported subprotocol", SUBPROTOCOL_WANTED),
    ("invalid subprotocol", SUBPROTOCOL_WANTED),
    ("no subprotocol", SUBPROTOCOL_WANTED),
    // npm ws, x/net/websocket, Jetty, gorilla/websocket, python websockets.
    ("missing or invalid sec-websocket-key", KEY_NOT_ACCEPTED),
    ("mismatch challenge/response", KEY_NOT_ACCEPTED),
    ("missing request header 'sec-websocket-key'", KEY_NOT_ACCEPTED),
    ("'sec-websocket-key' header must be", KEY_NOT_ACCEPTED),
    ("invalid sec-websocket-key", KEY_NOT_ACCEPTED),
    ("missing sec-websocket-key", KEY_NOT_ACCEPTED),
    // Engine.IO: it refuses an ordinary request with JSON, and an upgrade with text alone.
    ("\"code\":3,\"message\":\"bad request\"", |_, _| Refused::EngineIo(EngineIo::UpgradeDropped)),
    ("transport unknown", |_, _| Refused::EngineIo(EngineIo::Transport)),
    ("\"upgrades\":[\"websocket\"", |_, _| Refused::EngineIo(EngineIo::Transport)),
    ("session id unknown", |_, _| Refused::EngineIo(EngineIo::Session)),
    ("unsupported protocol version", |_, _| Refused::EngineIo(EngineIo::Version)),
    ("welcome to sockjs", SOCK_JS),
    ("not a valid websocket request", SOCK_JS),
    // gorilla/websocket, Spring, npm ws, python websockets, coder/websocket.
    ("'upgrade' token not found", UPGRADE_DROPPED),
    ("can \"upgrade\" only to \"websocket\"", UPGRADE_DROPPED),
    ("\"connection\" must be \"upgrade\"", UPGRADE_DROPPED),
    ("invalid upgrade header", UPGRADE_DROPPED),
    ("invalid connection header", UPGRADE_DROPPED),
    ("missing upgrade header", UPGRADE_DROPPED),
    ("missing connection header", UPGRADE_DROPPED),
    ("does not contain upgrade", UPGRADE_DROPPED),
    // Kubernetes, x/net/websocket, aiohttp, Actix, Daphne, Phoenix, axum and warp.
    ("upgrade request required", UPGRADE_DROPPED),
    ("not websocket protocol", UPGRADE_DROPPED),
    ("no websocket upgrade hdr", UPGRADE_DROPPED),
    ("no connection upgrade hdr", UPGRADE_DROPPED),
    ("no websocket upgrade header found", UPGRADE_DROPPED),
    ("http upgrade header missing", UPGRADE_DROPPED),
    ("'connection' header must contain 'upgrade'", UPGRADE_DROPPED),
    ("connection header did not include 'upgrade'", UPGRADE_DROPPED),
    // SignalR.
    ("connection id required", UPGRADE_DROPPED),
    // axum, python websockets, `wscope listen`: what they were asked in was HTTP/1.0.
    ("no upgrade state was present", VERSION_LOWERED),
    ("unsupported http version", VERSION_LOWERED),
    ("http version is not 1.1: `get", VERSION_LOWERED),
    ("no `upgrade: websocket`: there is no", UPGRADE_DROPPED),
    // Apache's wstunnel: `Upgrade` is what it misses, or what it did not expect of the server.
    ("can only be retrieved using ssl", UPGRADE_DROPPED),
    ("unexpected upgrade:", UPGRADE_DROPPED),
    // HAProxy, Traefik, Kong, Envoy.
    ("no server is available to handle this request", NO_SERVER),
    ("no available server", NO_SERVER),
    ("no route matched with those values", NO_SERVER),
    ("upstream connect error or disconnect/reset before headers", NO_SERVER),
    // Django.
    ("csrf verification failed", |_, _| Refused::AnsweredByView),
    ("//globalurl.fortinet.net", |_, _| Refused::Filtered { by: "FortiGuard" }),
    ("internet security by zscaler", |_, _| Refused::Filtered { by: "Zscaler" }),
    ("request denied by watchguard", |_, _| Refused::Filtered { by: "WatchGuard" }),
    ("web site blocked", |_, _| Refused::Filtered { by: "SonicWALL" }),
    ("incapsula incident id", |_, _| Refused::Filtered { by: "Imperva" }),
    ("the requested url was rejected", |_, _| Refused::Filtered { by: "F5" }),
];

pub(super) fn head_too_large(request: &Context, proxy: Option<Intermediary>) -> Refused {
    Refused::HeadTooLarge { longest: request.longest_header.clone(), proxy }
}

/// Words that say no more than a status does.
const GENERIC: [&str; 52] = [
    "access",
    "administrative",
    "allowed",
    "apache",
    "at",
    "bad",
    "by",
    "cloudflare",
    "code",
    "debian",
    "denied",
    "detail",
    "details",
    "don",
    "error",
    "failed",
    "forbidden",
    "have",
    "html",
    "http",
    "https",
    "iis",
    "invalid",
    "message",
    "microsoft",
    "nginx",
    "not",
    "null",
    "ok",
    "openresty",
    "path",
    "permission",
    "port",
    "reason",
    "request",
    "required",
    "resource",
    "rules",
    "server",
    "status",
    "statuscode",
    "success",
    "the",
    "this",
    "timestamp",
    "title",
    "to",
    "type",
    "ubuntu",
    "upgrade",
    "websocket",
    "you",
];

/// What the response says of its cause, where that is known.
pub(super) fn cause(refusal: &Refusal, request: &Context) -> Option<Refused> {
    let said = said(refusal);
    let proxy = proxy(refusal);
    let body = SAID.iter().find(|(text, _)| said.contains(text)).map(|(_, cause)| cause(request, proxy));
    body.or_else(|| of_head(refusal, proxy))
}

/// What the head alone says, besides the status.
fn of_head(refusal: &Refusal, proxy: Option<Intermediary>) -> Option<Refused> {
    let head = refusal.head();
    if head.lists("CF-Mitigated", "challenge") {
        return Some(Refused::BotCheck);
    }
    match refusal.status() {
        426 if head.text("Upgrade").is_some_and(|value| value.starts_with("TLS/")) => Some(Refused::PortSpeaksTls),
        403 if proxy == Some(Intermediary::Envoy) && refusal.body().start().is_ok_and(|body| body.is_empty()) => {
            Some(Refused::UpgradesSwitchedOff { proxy: Intermediary::Envoy })
        }
        _ => None,
    }
}

/// Whether the response says more than its status, in words that are not known here: then its status tells nothing of the
/// cause. A body that cannot be read may say anything.
pub(super) fn is_explained(refusal: &Refusal, request: &Context) -> bool {
    if refusal.body().start().is_err() {
        return true;
    }
    let said = said(refusal);
    let path = request.path.to_lowercase();
    let text = without_tags(&said);
    let mut words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| {
        let is_name = word.chars().all(char::is_alphabetic);
        is_name && word.chars().count() > 1 && !path.contains(word)
    });
    words.any(|word| !GENERIC.contains(&word))
}

/// The reason phrase and the start of the body, in lower case.
fn said(refusal: &Refusal) -> String {
    let line = refusal.head().first_line();
    let reason = line.splitn(3, ' ').nth(2).unwrap_or_default();
    let body = refusal.body().start().unwrap_or_default();
    format!("{reason}\n{}", String::from_utf8_lossy(&body)).to_lowercase()
}

/// What a browser would show of `page`, roughly.
fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let hidden = ["style", "script", "!--"].into_iter().find(|name| tag.starts_with(name));
        let end = match hidden {
            Some("style") => "</style>",
            Some("script") => "</script>",
            Some(_) => "-->",
            None => ">",
        };
        rest = tag.split_once(end).map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text
}

/// The proxy that the response comes from, as far as its head says.
pub(super) fn proxy(refusal: &Refusal) -> Option<Intermediary> {
    let head = refusal.head();
    let text = |name| head.text(name).unwrap_or_default().to_lowercase();
    let (server, via) = (text("Server"), text("Via"));
    let of_server = [
        ("cloudflare", Intermediary::Cloudflare),
        ("awselb", Intermediary::AwsLoadBalancer),
        ("envoy", Intermediary::Envoy),
        ("nginx", Intermediary::Nginx),
        ("openresty", Intermediary::Nginx),
        ("caddy", Intermediary::Caddy),
        ("microsoft-iis", Intermediary::Iis),
        ("squid", Intermediary::Squid),
        ("apache/", Intermediary::Apache),
        ("microsoft-azure-application-gateway", Intermediary::AzureGateway),
        ("kong/", Intermediary::Kong),
        ("akamaighost", Intermediary::Akamai),
    ];
    let of_via = [
        ("cloudfront", Intermediary::CloudFront),
        ("google", Intermediary::Google),
        ("caddy", Intermediary::Caddy),
        ("squid", Intermediary::Squid),
        ("varnish", Intermediary::Varnish),
    ];
    let of_name = [
        ("X-Azure-Ref", Intermediary::AzureFrontDoor),
        ("X-Amz-Apigw-Id", Intermediary::ApiGateway),
        ("X-Kong-Request-Id", Intermediary::Kong),
        ("X-Kong-Response-Latency", Intermediary::Kong),
        ("X-Varnish", Intermediary::Varnish),
    ];
    let found = |value: &str, signs: &[(&str, Intermediary)]| {
        signs.iter().find(|(sign, _)| value.contains(sign)).map(|(_, proxy)| *proxy)
    };
    let named = of_name.iter().find(|(name, _)| head.get(name).is_some()).map(|(_, proxy)| *proxy);
    let apache = (server == "apache").then_some(Intermediary::Apache);
    let fastly = text("X-Served-By").starts_with("cache-").then_some(Intermediary::Fastly);
    let of_head = found(&via, &of_via).or(fastly).or(named).or_else(|| found(&server, &of_server)).or(apache);
    // These two write no name into a head, and have pages of their own.
    let of_page = [
        ("your browser sent an invalid request", Intermediary::HaProxy),
        ("the server returned an invalid or incomplete response", Intermediary::HaProxy),
        ("no server is available to handle this request", Intermediary::HaProxy),
        ("the server didn't respond in time", Intermediary::HaProxy),
        ("request forbidden by administrative rules", Intermediary::HaProxy),
        ("<h1>404 not found</h1>\nthe requested resource could not be found", Intermediary::HaProxy),
        ("no available server", Intermediary::Traefik),
    ];
    of_head.or_else(|| found(&said(refusal), &of_page))
}

#[cfg(test)]
mod tests {
    use super::super::tests::refusal;
    use super::*;
    use crate::diagnosis::{Diagnosis, HeaderSize};

    fn cause(head: &str, body: &str) -> Option<Refused> {
        refusal(&[], head, body).diagnosis().map(|diagnosis| match diagnosis {
            Diagnosis::Refused(cause) => cause,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_head_that_is_too_large_names_its_longest_header() {
        let cookie = format!("Cookie: {}", "x".repeat(900));
        let longest = Some(HeaderSize { name: "Cookie".to_owned(), length: cookie.len() + 2 });
        let head = "400 Bad Request\r\nServer: nginx/1.22.1";
        let refusal = refusal(&[&cookie], head, "<center>Request Header Or Cookie Too Large</center>");
        let cause = Refused::HeadTooLarge { longest, proxy: Some(Intermediary::Nginx) };
        assert_eq!(refusal.diagnosis(), Some(Diagnosis::Refused(cause)));
    }

    #[test]
    fn the_body_is_heard_before_the_status() {
        let (host, path) = (|| "example.com".to_owned(), || "/chat".to_owned());
        for (head, body, expected) in [
            ("400 x", "<center>No required SSL certificate was sent</center>", Refused::CertificateWanted),
            ("403 x", "Invalid Host header", Refused::HostNotAllowed { host: host() }),
            ("400 x", "missing subprotocol", Refused::SubprotocolWanted),
            ("200 OK", "Welcome to SockJS!\n", Refused::SockJs),
            ("400 x", "{\"code\":3,\"message\":\"Bad request\"}", Refused::EngineIo(EngineIo::UpgradeDropped)),
            ("400 x", "{\"code\":1,\"message\":\"Session ID unknown\"}", Refused::EngineIo(EngineIo::Session)),
            ("200 OK", "0{\"sid\":\"x\",\"upgrades\":[\"websocket\"]}", Refused::EngineIo(EngineIo::Transport)),
            ("403 x", "Cross origin websockets not allowed", Refused::OriginNotAllowed { sent_origin: false }),
            ("400 x", "Missing or invalid Sec-WebSocket-Key header", Refused::KeyNotAccepted),
            ("403 x\r\nCF-Mitigated: challenge", "<title>Just a moment...</title>", Refused::BotCheck),
            ("403 x\r\nServer: envoy", "", Refused::UpgradesSwitchedOff { proxy: Intermediary::Envoy }),
            ("426 x\r\nUpgrade: TLS/1.2, HTTP/1.1", "Please use HTTPS protocol", Refused::PortSpeaksTls),
            (
                "426 x\r\nServer: Apache",
                "resource can only be retrieved using SSL",
                Refused::UpgradeDropped { path: path(), proxy: Some(Intermediary::Apache) },
            ),
            ("400 No WebSocket Upgrade header found", "", Refused::UpgradeDropped { path: path(), proxy: None }),
            ("505 x\r\nServer: nginx", "", Refused::VersionLowered { path: path(), proxy: Some(Intermediary::Nginx) }),
            (
                "502 x\r\nServer: openresty/1",
                "Unexpected Upgrade: h2",
                Refused::UpgradeDropped { path: path(), proxy: Some(Intermediary::Nginx) },
            ),
        ] {
            assert_eq!(cause(head, body), Some(expected), "{head} {body}");
        }
    }

    #[test]
    fn each_text_is_found_by_itself() {
        for (text, expected) in SAID {
            let refusal = refusal(&[], "500 x", &format!("<h1>{}</h1>", text.to_uppercase()));
            assert_eq!(super::cause(&refusal, refusal.context()), Some(expected(refusal.context(), None)), "{text}");
        }
    }

    #[test]
    fn where_the_body_says_something_unknown_there_is_no_guess() {
        for status in ["400 Bad Request", "403 Forbidden", "426 Upgrade Required"] {
            assert_eq!(cause(status, "<p>the moon is in the wrong phase</p>"), None);
            assert_eq!(cause(status, "{\"error\":\"quota exceeded\"}"), None);
            let page = "<html><head><title>Bad Request</title><style>p { color: red }</style></head><body>\
                        <center><h1>400 Bad Request</h1></center><hr><center>nginx/1.18.0 (Ubuntu)</center></html>";
            assert!(cause(status, page).is_some(), "a page that says no more than the status");
            assert!(cause(status, "").is_some());
        }
        for status in ["400 x", "403 x", "426 x"] {
            assert_eq!(cause(&format!("{status}\r\nContent-Encoding: br"), "\u{b}\u{16}\u{80}zzz"), None, "{status}");
        }
        let spring =
            "{\"timestamp\":\"2026-11-28T21:00:00Z\",\"status\":403,\"error\":\"Forbidden\",\"path\":\"/chat\"}";
        assert!(matches!(cause("403 x", spring), Some(Refused::Forbidden { .. })));
        assert_eq!(cause("404 x", "no such room"), Some(Refused::NothingThere { path: "/chat".to_owned() }));
    }
}
