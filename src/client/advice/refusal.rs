//! What to do about a refused upgrade, and about a redirect that is not followed.

use super::USE_WSS;
use crate::diagnosis::{EngineIo, HeaderSize, Intermediary, Login, NotFollowed, Refused, Scheme, Transport};

const NGINX: &str = "
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection \"upgrade\";";

const HAPROXY: &str =
    "HAProxy passes it on, unless a rule deletes it (`http-request del-header`); a server with HTTP/2 needs:
  server NAME HOST:PORT ws h1";

const LOWERED_BY_APACHE: &str =
    "take `SetEnv force-proxy-request-1.0` out of Apache's configuration: it has it speak HTTP/1.0 to the server";

const ENVOY: &str = "Envoy needs, in its HTTP connection manager or for this route:
  upgrade_configs:
  - upgrade_type: websocket";

const SOCK_JS: &str = "this is a SockJS server: its WebSocket is at the path with `/websocket` behind it";

const HEADERS_NOT_ACCEPTED: &str = "the server takes the request without what `-H`, `--cookie`, `--user` and `--bearer` \
                                    put into it: leave them out one by one";

const SUBPROTOCOL_WANTED: &str =
    "the server insists on a subprotocol: offer the one that it speaks with `--subprotocol`";

const KEY_NOT_ACCEPTED: &str = "the server misses `Sec-WebSocket-Key`, or does not take it: it is 16 bytes in Base64, and \
                                made anew where no `-H` and no `--ws-key` sets it; a proxy may drop it";

const BOT_CHECK: &str = "Cloudflare wants to see a browser first (`cf-mitigated: challenge`): its rules have to let this \
                         path pass; the cookie of a browser that has passed (`--cookie`) may do for a while";

const ANSWERED_BY_VIEW: &str =
    "an ordinary view of Django answered: the request did not reach its WebSocket side (ASGI)";

const NO_SERVER: &str = "the proxy knows no server for this host and path, or reaches none: check its routes, and that the \
                         server behind it runs";

const NETWORK_LOGIN: &str = "this network wants a login of its own first: open any page in a browser";

const CERTIFICATE_WANTED: &str = "the server wants a certificate of ours: `--cert FILE --key FILE`";

const MISDIRECTED: &str = "the server is not responsible for this host: check the name, `Host` and `--sni`";

const UNSUPPORTED: &str = "this server, or a proxy before it, does not speak WebSocket over HTTP/1.1";

const NO_CAPACITY: &str = "the server, or the proxy before it, has no capacity or nothing to pass the request on to";

/// The next thing to try.
pub(super) fn refused(cause: &Refused) -> String {
    match cause {
        Refused::PortSpeaksTls => USE_WSS.to_owned(),
        Refused::EngineIo(said) => engine_io(*said),
        Refused::SockJs => SOCK_JS.to_owned(),
        Refused::UpgradeDropped { path, proxy } => upgrade_dropped(path, *proxy),
        Refused::HeadTooLarge { longest, proxy } => head_too_large(longest.as_ref(), *proxy),
        Refused::CertificateWanted => CERTIFICATE_WANTED.to_owned(),
        Refused::HostNotAllowed { host } => host_not_allowed(host),
        Refused::OriginNotAllowed { sent_origin } => origin_not_allowed(*sent_origin),
        Refused::SubprotocolWanted => SUBPROTOCOL_WANTED.to_owned(),
        Refused::KeyNotAccepted => KEY_NOT_ACCEPTED.to_owned(),
        Refused::Filtered { by } => format!("a filter in between ({by}) blocks it; with TLS (`wss://`) it may pass"),
        Refused::BotCheck => BOT_CHECK.to_owned(),
        Refused::AnsweredByView => ANSWERED_BY_VIEW.to_owned(),
        Refused::NoServerBehindProxy => NO_SERVER.to_owned(),
        Refused::UpgradesSwitchedOff { proxy } => cure("/ws", *proxy),
        Refused::CaptivePortal => NETWORK_LOGIN.to_owned(),
        Refused::OrdinaryPage { path, proxy } => ordinary_page(path, *proxy),
        Refused::RedirectWithoutLocation => "the server redirects, but does not say where to".to_owned(),
        Refused::LoginPage { location, login } => login_page(location, *login),
        Refused::Redirect { location, path } => redirect(location, path),
        Refused::OtherVersions { versions } => other_versions(versions),
        Refused::NotTakenForUpgrade { path, proxy } => {
            format!("the server did not take this for a WebSocket request; {}", upgrade_dropped(path, *proxy))
        }
        Refused::VersionLowered { path, proxy } => version_lowered(path, *proxy),
        Refused::Unauthorized { scheme, login } => unauthorized(*scheme, *login),
        Refused::Forbidden { host, transport, sent_origin, login } => forbidden(host, *transport, *sent_origin, *login),
        Refused::NothingThere { path } => nothing_there(path),
        Refused::NoGet { path } => no_get(path),
        Refused::ProxyUnauthorized => "a proxy in between wants credentials".to_owned(),
        Refused::Misdirected => MISDIRECTED.to_owned(),
        Refused::TooManyRequests { retry_after } => overload("too many requests", retry_after.as_deref()),
        Refused::Unavailable { retry_after } => overload(NO_CAPACITY, retry_after.as_deref()),
        Refused::ServerFailed => "the server failed while it handled the upgrade: its log says why".to_owned(),
        Refused::Unsupported => UNSUPPORTED.to_owned(),
        Refused::NoAnswerBehindProxy { proxy } => bad_gateway(proxy.as_deref()),
        Refused::HeadersNotAccepted => HEADERS_NOT_ACCEPTED.to_owned(),
        Refused::ExtensionsNotAccepted => "`--no-deflate` offers no extension".to_owned(),
        Refused::SubprotocolNotAccepted => "leave out `--subprotocol`, or offer one that the server speaks".to_owned(),
        Refused::OtherPath { url } => format!("connect to `{url}`"),
        Refused::SinglePage { path } => format!(
            "ask for the path of the WebSocket: every path that the server does not know, `{path}` too, gets that page; or a \
             proxy has to lead this one to the WebSocket server"
        ),
        Refused::NoAnswerBehindCloudflare => "Cloudflare could not get an answer from the server behind it".to_owned(),
    }
}

fn head_too_large(longest: Option<&HeaderSize>, proxy: Option<Intermediary>) -> String {
    let which = longest.map_or(String::new(), |HeaderSize { name, length }| {
        format!(" (the longest is `{name}`, with {length} bytes)")
    });
    let fewer = format!("send fewer or shorter headers{which}, or raise");
    let limit = match proxy {
        Some(Intermediary::Nginx) => {
            let enough = longest.map_or(0, |longest| 2 * longest.length).next_power_of_two().max(16 * 1024);
            return format!(
                "{fewer} nginx's limit of a header, in its `server`, in place of a line of the same name; then \
                 `nginx -s reload`:\n  large_client_header_buffers 4 {}k;",
                enough / 1024
            );
        }
        Some(Intermediary::Apache) => "`LimitRequestFieldSize` (a header) or `LimitRequestLine` (the path) of Apache",
        Some(Intermediary::HaProxy) => "`tune.bufsize` (the whole head) of HAProxy",
        _ => {
            "its limit (nginx: `large_client_header_buffers`; Apache: `LimitRequestFieldSize`, `LimitRequestLine`; HAProxy: \
             `tune.bufsize`; Node: `--max-http-header-size`)"
        }
    };
    format!("{fewer} {limit}")
}

fn engine_io(said: EngineIo) -> String {
    let advice = match said {
        EngineIo::Transport => "its URL ends with `/socket.io/?EIO=4&transport=websocket`",
        EngineIo::Session => "it does not know the session in the URL: leave out `sid=…`",
        EngineIo::Version => "it speaks another version than the URL asks for: try `EIO=4`, or `EIO=3` for Socket.IO 2",
        EngineIo::UpgradeDropped => {
            return format!("this is an Engine.IO (Socket.IO) server; {}", upgrade_dropped("/socket.io", None));
        }
    };
    format!("this is an Engine.IO (Socket.IO) server: {advice}")
}

fn upgrade_dropped(path: &str, proxy: Option<Intermediary>) -> String {
    match proxy {
        None => format!(
            "the usual cause is a proxy that drops `Upgrade`; {}\n  # or {}\n  # or {HAPROXY}",
            nginx(path),
            apache(path)
        ),
        Some(proxy) => format!("`Upgrade` or `Connection` got lost on the way: {}", cure(path, proxy)),
    }
}

fn version_lowered(path: &str, proxy: Option<Intermediary>) -> String {
    match proxy {
        Some(Intermediary::Nginx) => nginx(path),
        Some(Intermediary::Apache) => LOWERED_BY_APACHE.to_owned(),
        Some(proxy) => format!("have {} speak HTTP/1.1 to the server behind it", proxy.name()),
        None => format!("{}\n  # or {LOWERED_BY_APACHE}", nginx(path)),
    }
}

fn nginx(path: &str) -> String {
    format!(
        "nginx needs, in the `location` of `{path}`, in place of lines of the same names; then `nginx -s reload`:{NGINX}"
    )
}

fn apache(path: &str) -> String {
    format!(
        "Apache needs, above its other lines for this path:\n  ProxyPass \"{path}\" \"http://HOST:PORT{path}\" upgrade=websocket"
    )
}

/// What lets a proxy pass on an upgrade at `path`.
fn cure(path: &str, proxy: Intermediary) -> String {
    let text = match proxy {
        Intermediary::Nginx => return nginx(path),
        Intermediary::Apache => return apache(path),
        Intermediary::Caddy => {
            return format!(
                "Caddy passes it on by itself where a `reverse_proxy` covers this path:\n  reverse_proxy {path}* HOST:PORT"
            );
        }
        Intermediary::Envoy => ENVOY,
        Intermediary::Cloudflare => "at Cloudflare, `WebSockets` has to be on under Network",
        Intermediary::CloudFront => {
            "CloudFront has to forward the headers `Sec-WebSocket-…`: the origin request policy `AllViewer` does"
        }
        Intermediary::AwsLoadBalancer => "this load balancer passes it on by itself: look at what is behind it",
        Intermediary::Google => "Google's load balancers pass it on; Cloud Run does not with end-to-end HTTP/2",
        Intermediary::AzureFrontDoor => "Front Door drops it on a route with caching: switch that off for this path",
        Intermediary::Iis => "IIS needs its feature `WebSocket Protocol`",
        Intermediary::Varnish => "Varnish has to `pipe` the request, with `Upgrade` and `Connection` copied",
        Intermediary::Squid => "Squid drops it without `http_upgrade_request_protocols`; `wss://` goes past it",
        Intermediary::HaProxy => HAPROXY,
        Intermediary::Traefik => {
            "Traefik passes it on by itself: look at the middlewares of this router, and at what is behind it"
        }
        Intermediary::Kong => {
            "Kong passes it on by itself: the route's `protocols` need `http` and `https`, or `ws` and `wss`"
        }
        Intermediary::ApiGateway => {
            "API Gateway takes WebSockets only in an API of that kind, at the path of its stage"
        }
        Intermediary::AzureGateway => {
            "Application Gateway passes it on by itself: look at the health of what is behind it"
        }
        Intermediary::Fastly => {
            "Fastly passes it on only where its product WebSockets is enabled, and the VCL upgrades the request"
        }
        Intermediary::Akamai => "Akamai passes it on only where the behaviour `webSockets` is on for this path",
    };
    text.to_owned()
}

fn host_not_allowed(host: &str) -> String {
    format!(
        "the server does not answer to the host `{host}`: allow it there (`allowedHosts`, `ALLOWED_HOSTS`, \
         `config.hosts`), or send one that it knows with `-H 'Host: NAME'`"
    )
}

fn origin_not_allowed(sent_origin: bool) -> String {
    let advice = if sent_origin { "does not allow this Origin" } else { "wants an Origin that it allows" };
    format!("the server {advice}: `--origin` sets it")
}

fn ordinary_page(path: &str, proxy: Option<Intermediary>) -> String {
    format!(
        "an ordinary page came back instead of an upgrade: either `{path}` is not the path of the WebSocket, \
         or `Upgrade` got lost on the way; {}",
        upgrade_dropped(path, proxy)
    )
}

fn other_versions(versions: &str) -> String {
    format!("the server speaks other versions of the protocol only: {versions}; RFC 6455 is version 13")
}

fn nothing_there(path: &str) -> String {
    format!("there is nothing at `{path}`: check the path, and whether a proxy rewrites it")
}

fn no_get(path: &str) -> String {
    format!("`{path}` exists but takes no GET, so it is hardly the path of the WebSocket")
}

pub(super) fn not_followed(cause: &NotFollowed) -> String {
    match cause {
        NotFollowed::NoUrl => "the redirect is not followed: what it names is no URL".to_owned(),
        NotFollowed::OtherScheme { scheme } => {
            format!("the redirect is not followed: there is no WebSocket behind `{scheme}:`")
        }
        NotFollowed::WithoutTls { url } => {
            format!("the redirect is not followed: it leads out of TLS; if that is meant, connect to `{url}`")
        }
        NotFollowed::TooMany { most } => {
            format!("{most} redirects were followed, and no more are; `--max-redirs` sets the limit")
        }
        NotFollowed::Loop { most } => format!(
            "{most} redirects were followed, and they go round in a circle: the server may miss a cookie or credentials \
             (`-v` shows each answer)"
        ),
    }
}

fn login_page(location: &str, login: Login) -> String {
    let advice = match login {
        Login::NotSent => "give credentials (`--cookie`, `--bearer`, `--user`)",
        Login::Sent => "the credentials were not accepted, or have expired",
    };
    format!("the server sends us to a login page, `{location}`: {advice}; `-L` follows it")
}

fn redirect(location: &str, path: &str) -> String {
    let to = if location.starts_with("http://") || location.starts_with("https://") {
        format!("`{}`", location.replacen("http", "ws", 1))
    } else if location.contains("//") {
        format!("`{location}`")
    } else if location.starts_with('/') {
        format!("the path `{location}`")
    } else {
        format!("`{location}`, as seen from `{path}`")
    };
    format!("the server redirects to {to}: `-L` follows it")
}

fn unauthorized(scheme: Scheme, login: Login) -> String {
    let flag = match scheme {
        Scheme::Basic => "`--user NAME`",
        Scheme::Bearer => "`--bearer TOKEN`",
        Scheme::Digest => "a Digest made for this request: `--header 'Authorization: Digest …'`",
        Scheme::Other => "`--user`, `--bearer`, `--cookie`, or a token in the URL",
    };
    match login {
        Login::Sent => format!("the server did not accept the credentials; it takes {flag}"),
        Login::NotSent => format!("the server wants credentials: {flag}"),
    }
}

fn forbidden(host: &str, transport: Transport, sent_origin: bool, login: Login) -> String {
    let scheme = match transport {
        Transport::Plain => "http",
        Transport::Tls => "https",
    };
    let origin = if sent_origin {
        "the server may not allow this Origin".to_owned()
    } else {
        format!("the server may want an Origin that it knows: try `--origin {scheme}://{host}`")
    };
    match login {
        Login::Sent => format!("{origin}; or the credentials do not permit it"),
        Login::NotSent => format!("{origin}; or it wants credentials (`--user`, `--bearer`, `--cookie`)"),
    }
}

fn overload(what: &str, retry_after: Option<&str>) -> String {
    match retry_after {
        Some(when) if when.bytes().all(|byte| byte.is_ascii_digit()) => format!("{what}: try again in {when} s"),
        Some(when) => format!("{what}: try again after {when}"),
        None => format!("{what}: try again later"),
    }
}

fn bad_gateway(proxy: Option<&str>) -> String {
    let proxy = proxy.map_or(String::new(), |name| format!(" (`{name}`)"));
    format!(
        "the proxy{proxy} got no usable answer from the server behind it: is that running, on the address and port that \
         the proxy is configured for?"
    )
}
