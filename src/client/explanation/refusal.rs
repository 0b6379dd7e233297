//! What a refused upgrade means.

use super::{Explanation, of};
use crate::diagnosis::{EngineIo, Intermediary, Login, Refused};

/// What a refusal means.
pub(super) fn refused(cause: &Refused) -> Explanation {
    by_words(cause).unwrap_or_else(|| by_status(cause))
}

/// The causes that a server, a proxy or a variation says.
fn by_words(cause: &Refused) -> Option<Explanation> {
    Some(match cause {
        Refused::PortSpeaksTls => of("port-speaks-tls", "The port speaks TLS, and was asked without."),
        Refused::EngineIo(said) => engine_io(*said),
        Refused::SockJs => of("sockjs", "This is a SockJS server, asked at its base path or for another transport."),
        Refused::UpgradeDropped { proxy, .. } => of("upgrade-dropped", dropped(*proxy)),
        Refused::HeadTooLarge { .. } => {
            of("head-too-large", "The request's head, or a header such as Cookie, is too large.")
        }
        Refused::CertificateWanted => of("client-certificate-wanted", "The server wants a certificate of ours."),
        Refused::HostNotAllowed { host } => {
            of("host-not-allowed", format!("The server does not answer to the Host `{host}`."))
        }
        Refused::OriginNotAllowed { sent_origin: true } => {
            of("origin-not-allowed", "The server does not allow the Origin that was sent.")
        }
        Refused::OriginNotAllowed { sent_origin: false } => {
            of("origin-not-allowed", "The server wants an Origin, and none was sent.")
        }
        Refused::SubprotocolWanted => of("subprotocol-wanted", "The server insists on a subprotocol."),
        Refused::KeyNotAccepted => of("key-not-accepted", "The server misses Sec-WebSocket-Key, or does not take it."),
        Refused::Filtered { by } => of("filtered", format!("A filter in between, {by}, blocks the request.")),
        Refused::BotCheck => of("bot-check", "Cloudflare wants to see a browser first."),
        Refused::AnsweredByView => of("answered-by-view", "A view of Django answered, and not its WebSocket side."),
        Refused::NoServerBehindProxy => {
            of("no-server-behind-proxy", "A proxy knows no server for this host and path, or reaches none.")
        }
        Refused::UpgradesSwitchedOff { proxy } => {
            of("upgrades-switched-off", format!("{} passes no upgrades on: they are switched off.", proxy.name()))
        }
        Refused::CaptivePortal => {
            of("captive-portal", "This network answers in the server's place: it wants a login of its own first.")
        }
        Refused::VersionLowered { proxy, .. } => of("http-1.0-upstream", lowered(*proxy)),
        Refused::HeadersNotAccepted => {
            of("headers-not-accepted", "The server refuses a request with the headers or credentials that were given.")
        }
        Refused::ExtensionsNotAccepted => {
            of("extensions-not-accepted", "The server refuses a request that offers an extension.")
        }
        Refused::SubprotocolNotAccepted => {
            of("subprotocol-not-accepted", "The server refuses the subprotocols that are offered.")
        }
        Refused::OtherPath { url } => of("other-path", format!("The WebSocket is elsewhere: `{url}` opens.")),
        Refused::SinglePage { path } => {
            of("single-page", format!("The server has one page for every path, and `{path}` is none of a WebSocket."))
        }
        _ => return None,
    })
}

/// The causes that follow from the status.
fn by_status(cause: &Refused) -> Explanation {
    match cause {
        Refused::OrdinaryPage { path, .. } => of(
            "ordinary-page",
            format!("An ordinary page came: `{path}` is not the path of a WebSocket, or Upgrade got lost on the way."),
        ),
        Refused::RedirectWithoutLocation => of("redirect", "The server redirects, and does not say where to."),
        Refused::LoginPage { location, .. } => {
            of("login-page", format!("The server sends us to a page for signing in, `{location}`."))
        }
        Refused::Redirect { location, .. } => of("redirect", format!("The server redirects to `{location}`.")),
        Refused::OtherVersions { versions } => {
            of("other-version", format!("The server speaks other versions of the protocol: {versions}."))
        }
        Refused::NotTakenForUpgrade { proxy, .. } => of("not-taken-for-upgrade", dropped(*proxy)),
        Refused::Unauthorized { login: Login::NotSent, .. } => of("unauthorized", "The server wants credentials."),
        Refused::Unauthorized { login: Login::Sent, .. } => {
            of("unauthorized", "The server does not accept the credentials.")
        }
        Refused::Forbidden { .. } => {
            of("forbidden", "The server forbids it: for the Origin, or for want of credentials.")
        }
        Refused::NothingThere { path } => of("nothing-there", format!("There is nothing at `{path}`.")),
        Refused::NoGet { path } => of("no-get", format!("`{path}` takes no GET, so it is no WebSocket.")),
        Refused::ProxyUnauthorized => of("proxy-unauthorized", "A proxy in between wants credentials."),
        Refused::Misdirected => of("misdirected", "The server is not responsible for this host."),
        Refused::TooManyRequests { .. } => of("too-many-requests", "The server wants fewer requests."),
        Refused::ServerFailed => of("server-failed", "The server failed while it handled the upgrade."),
        Refused::Unsupported => of("unsupported", "The server, or a proxy before it, knows no such upgrade."),
        Refused::NoAnswerBehindProxy { proxy } => {
            let name = proxy.as_ref().map_or(String::new(), |name| format!(", {name},"));
            of("bad-gateway", format!("The proxy{name} got no usable answer from the server behind it."))
        }
        Refused::Unavailable { .. } => of("unavailable", "The server has no capacity, or the proxy nothing behind it."),
        Refused::NoAnswerBehindCloudflare => of("bad-gateway", "Cloudflare got no answer from the server behind it."),
        _ => of("refused", "The server refuses the upgrade."),
    }
}

fn engine_io(said: EngineIo) -> Explanation {
    let (name, what) = match said {
        EngineIo::Transport => ("engine-io", "asked without its path and parameters"),
        EngineIo::Session => ("engine-io-session", "and it does not know the session of `sid`"),
        EngineIo::Version => ("engine-io-version", "and it speaks another version than `EIO` asks for"),
        EngineIo::UpgradeDropped => ("upgrade-dropped", "and Upgrade got lost on the way to it"),
    };
    of(name, format!("This is an Engine.IO (Socket.IO) server, {what}."))
}

fn lowered(proxy: Option<Intermediary>) -> String {
    let name = proxy.map_or("A proxy", Intermediary::name);
    format!("{name} speaks HTTP/1.0 to the server behind it, and the upgrade needs HTTP/1.1.")
}

fn dropped(proxy: Option<Intermediary>) -> String {
    match proxy {
        Some(proxy) => format!("{} does not pass Upgrade on.", proxy.name()),
        None => "Upgrade does not arrive at the server: a proxy drops it.".to_owned(),
    }
}
