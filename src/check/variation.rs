//! Variations of the request that tell causes apart: which are tried, and what each of them may carry.

#[cfg(test)]
mod tests;

use crate::client::redirect::Recipient;
use crate::diagnosis::{Breached, Diagnosis, EngineIo, NoHead, NoTls, Refused};
use crate::http::HeaderRule;
use crate::http::redact::{Part, Secrets};
use crate::net::Target;
use crate::wire::handshake::RequestOptions;

/// The most variations of one check.
pub const MOST: usize = 9;

/// A path that no server has: one that answers there all the same has a page for every path.
pub const NO_PATH: &str = "/wscope-check-no-such-path";
/// A host that no server is (RFC 6761 section 6.4).
const NO_HOST: &str = "wscope-check.invalid";

/// One thing that is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variation {
    /// No extension is offered.
    WithoutExtensions,
    /// Without `Origin`.
    WithoutOrigin,
    /// With this `Origin`.
    WithOrigin(String),
    /// No subprotocol is offered.
    WithoutSubprotocols,
    /// This subprotocol is offered.
    WithSubprotocol(&'static str),
    /// With TLS in place of none.
    WithTls,
    /// Without TLS in its place, and then with nothing of the user's: not even the path, which may be a secret.
    WithoutTls,
    /// With another path and query.
    At(String),
    /// The same path, asked for as an ordinary page.
    OrdinaryGet,
    /// An ordinary page, at a path that no server has.
    OrdinaryGetNowhere,
    /// With this `Host`.
    WithHost(&'static str),
    /// To the server itself, and not through the proxy.
    PastProxy,
}

/// What is known of the first request.
#[derive(Clone)]
pub struct Asked {
    /// The server of the URL: what the user gave is meant for its origin.
    pub first: Target,
    /// The server that was asked, and its path: another one, where redirects are followed.
    pub target: Target,
    /// What the request had.
    pub options: RequestOptions,
    /// Whether a proxy is on the way.
    pub has_proxy: bool,
}

impl Asked {
    /// The path that was asked for, without its query.
    pub fn path(&self) -> &str {
        self.target.resource().split('?').next().unwrap_or("/")
    }

    /// A URL, or a part of one, without its secrets.
    pub fn shown(&self, url: &str) -> String {
        self.options.secrets.text(Part::Text(url.as_bytes()))
    }

    /// Whether `Origin` was sent, by its flag or as a header.
    pub fn sent_origin(&self) -> bool {
        let named = |rule: &HeaderRule| rule.name().eq_ignore_ascii_case("Origin") && rule.value().is_some();
        self.options.origin.is_some() || self.options.headers.iter().any(named)
    }

    fn own_origin(&self) -> String {
        let scheme = if self.target.secure() { "https" } else { "http" };
        format!("{scheme}://{}", self.target.authority())
    }
}

/// Whether the server, or a proxy, has refused credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Not yet.
    NotRefused,
    /// By a 401 or a 407: they are not sent again.
    Refused,
}

/// Whether a variation carries the cookies that redirects have set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetCookies {
    /// It goes where the first request went.
    Sent,
    /// It goes elsewhere, or they were refused.
    Withheld,
}

/// Where a variation goes, and what it may carry.
#[derive(Debug)]
pub struct Destination {
    /// The URL.
    pub target: Target,
    /// What is for its server.
    pub recipient: Recipient,
    /// Whether it gets what redirects have set.
    pub cookies: SetCookies,
}

impl Variation {
    /// What it changes, for people.
    pub fn what(&self, asked: &Asked) -> String {
        match self {
            Self::WithoutExtensions => "no extensions".to_owned(),
            Self::WithoutOrigin => "no Origin".to_owned(),
            Self::WithOrigin(origin) => format!("Origin {origin}"),
            Self::WithoutSubprotocols => "no subprotocol".to_owned(),
            Self::WithSubprotocol(name) => format!("subprotocol {name}"),
            Self::WithTls => "wss:// in place of ws://".to_owned(),
            Self::WithoutTls => "ws:// in place of wss://, at /".to_owned(),
            Self::At(resource) => asked.shown(resource),
            Self::OrdinaryGet => "ordinary GET".to_owned(),
            Self::OrdinaryGetNowhere => format!("ordinary GET of {NO_PATH}"),
            Self::WithHost(host) => format!("Host {host}"),
            Self::PastProxy => "past the proxy".to_owned(),
        }
    }

    /// Where it goes, and what is for its server; `None` where it cannot go without a secret that it may not carry.
    ///
    /// What the user meant for the server of the URL goes nowhere without TLS, to no other host, and not again after it was
    /// refused.
    pub fn destination(&self, asked: &Asked, credentials: Credentials) -> Option<Destination> {
        let first = &asked.target;
        let url = first.url();
        let url = match self {
            Self::WithTls => format!("wss://{}{}", first.endpoint().peer(), first.resource()),
            Self::WithoutTls => format!("ws://{}/", first.endpoint().peer()),
            Self::At(resource) => Target::with_resource(&url, resource),
            Self::OrdinaryGetNowhere => Target::with_resource(&url, NO_PATH),
            _ => url,
        };
        let target = Target::parse(&url).ok()?;
        let other_host = matches!(self, Self::WithHost(_) | Self::PastProxy);
        let goes_where_asked =
            target.has_same_origin(&asked.target) && !other_host && credentials == Credentials::NotRefused;
        let cookies = if goes_where_asked { SetCookies::Sent } else { SetCookies::Withheld };
        let is_safe = target.secure() && target.has_same_origin(&asked.first) && !other_host;
        if is_safe && credentials == Credentials::NotRefused {
            return Some(Destination { target, recipient: Recipient::First, cookies });
        }
        Some(Destination { target: without_secrets(target)?, recipient: Recipient::Other, cookies })
    }

    /// Changes what a request is made of.
    pub fn change(&self, options: &mut RequestOptions) {
        let forget = |options: &mut RequestOptions, name: &str| {
            options.headers.retain(|rule| !rule.name().eq_ignore_ascii_case(name));
        };
        match self {
            Self::WithoutExtensions => {
                forget(options, "Sec-WebSocket-Extensions");
                options.deflate = None;
            }
            Self::WithoutOrigin => {
                forget(options, "Origin");
                options.origin = None;
            }
            Self::WithOrigin(origin) => {
                forget(options, "Origin");
                options.origin = Some(origin.clone());
            }
            Self::WithoutSubprotocols => {
                forget(options, "Sec-WebSocket-Protocol");
                options.subprotocols.clear();
            }
            Self::WithSubprotocol(name) => {
                forget(options, "Sec-WebSocket-Protocol");
                options.subprotocols = vec![(*name).to_owned()];
            }
            Self::WithHost(host) => {
                forget(options, "Host");
                options.authority = String::from(*host);
            }
            Self::OrdinaryGet | Self::OrdinaryGetNowhere => make_ordinary(options),
            Self::WithoutTls => {
                forget(options, "Origin");
                forget(options, "Sec-WebSocket-Protocol");
                options.origin = None;
                options.subprotocols.clear();
            }
            Self::WithTls | Self::At(_) | Self::PastProxy => {}
        }
    }
}

/// The same server and path, without a secret in the URL: without its query, where that has one.
fn without_secrets(target: Target) -> Option<Target> {
    let has_secret = |url: &str| !Secrets::Hidden.find(Part::Text(url.as_bytes())).is_empty();
    let url = target.url();
    if !has_secret(&url) {
        return Some(target);
    }
    let (url, _) = url.split_once('?')?;
    Target::parse(url).ok().filter(|_| !has_secret(url))
}

/// Makes it the request of a page.
fn make_ordinary(options: &mut RequestOptions) {
    let names = ["Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"];
    let names = names.into_iter().chain(["Sec-WebSocket-Extensions", "Connection"]);
    for name in names {
        options.headers.retain(|rule| !rule.name().eq_ignore_ascii_case(name));
        if name != "Connection" {
            options.headers.push(HeaderRule::Remove { name: name.to_owned() });
        }
    }
    options.headers.push(HeaderRule::Set { name: "Connection".to_owned(), value: "close".to_owned() });
}

/// The variations that tell the suspected cause from others, the most telling first. `hints` is what the server said, in
/// lower case.
pub fn plan(suspected: Option<&Diagnosis>, asked: &Asked, hints: &str) -> Vec<Variation> {
    let mut plan = match suspected {
        Some(Diagnosis::Refused(cause)) => for_refusal(cause, asked, hints),
        Some(Diagnosis::NoTls(NoTls::ServerWithout { .. }) | Diagnosis::NoHead(NoHead::PortSpeaksTls)) => {
            vec![other_transport(asked)]
        }
        Some(Diagnosis::NoHead(NoHead::HungUp { .. })) => {
            [vec![other_transport(asked), Variation::OrdinaryGet], simpler(asked), elsewhere(asked, hints)].concat()
        }
        Some(Diagnosis::NoHead(NoHead::Silent)) => {
            [vec![Variation::OrdinaryGet], simpler(asked), elsewhere(asked, hints)].concat()
        }
        Some(Diagnosis::Breached(Breached::ExtensionNotOffered | Breached::Other)) => simpler(asked),
        None => [vec![Variation::OrdinaryGet], simpler(asked), elsewhere(asked, hints)].concat(),
        Some(_) => Vec::new(),
    };
    let is_of_network = matches!(suspected, None | Some(Diagnosis::NoTunnel(_) | Diagnosis::NoHead(_)));
    if asked.has_proxy && (is_of_network || !plan.is_empty()) {
        plan.insert(0, Variation::PastProxy);
    }
    let is_unix = asked.target.socket().is_some();
    plan.retain(|variation| *variation != other_transport(asked) || !is_unix);
    plan.truncate(MOST);
    plan
}

fn for_refusal(cause: &Refused, asked: &Asked, hints: &str) -> Vec<Variation> {
    let engine_io = || vec![Variation::At(ENGINE_IO.to_owned())];
    match cause {
        Refused::PortSpeaksTls => vec![other_transport(asked)],
        Refused::EngineIo(EngineIo::UpgradeDropped) => vec![Variation::OrdinaryGet],
        Refused::EngineIo(EngineIo::Version) => {
            [engine_io(), vec![Variation::At(ENGINE_IO.replace("EIO=4", "EIO=3"))]].concat()
        }
        Refused::EngineIo(_) => engine_io(),
        Refused::SockJs => vec![Variation::At(format!("{}/websocket", asked.path().trim_end_matches('/')))],
        Refused::SubprotocolWanted => subprotocols(),
        Refused::OriginNotAllowed { .. } | Refused::Forbidden { .. } => {
            [origins(asked), simpler(asked), elsewhere(asked, hints)].concat()
        }
        Refused::HostNotAllowed { .. } | Refused::Misdirected => vec![Variation::WithHost("localhost")],
        Refused::Redirect { .. } | Refused::LoginPage { .. } if !asked.target.secure() => {
            vec![Variation::WithTls, Variation::WithHost(NO_HOST)]
        }
        Refused::OrdinaryPage { .. } => {
            [vec![Variation::OrdinaryGetNowhere, Variation::OrdinaryGet], elsewhere(asked, hints), origins(asked)]
                .concat()
        }
        Refused::NothingThere { .. } | Refused::NoGet { .. } | Refused::Redirect { .. } => elsewhere(asked, hints),
        Refused::UpgradeDropped { .. } | Refused::NotTakenForUpgrade { .. } => {
            [simpler(asked), origins(asked), vec![Variation::OrdinaryGet], elsewhere(asked, hints), subprotocols()]
                .concat()
        }
        Refused::ServerFailed | Refused::Unsupported | Refused::NoAnswerBehindProxy { .. } => {
            [simpler(asked), vec![Variation::OrdinaryGet]].concat()
        }
        _ => Vec::new(),
    }
}

fn other_transport(asked: &Asked) -> Variation {
    if asked.target.secure() { Variation::WithoutTls } else { Variation::WithTls }
}

/// The same request with less in it.
fn simpler(asked: &Asked) -> Vec<Variation> {
    let extensions = asked.options.deflate.is_some().then_some(Variation::WithoutExtensions);
    let subprotocols = (!asked.options.subprotocols.is_empty()).then_some(Variation::WithoutSubprotocols);
    extensions.into_iter().chain(subprotocols).collect()
}

fn origins(asked: &Asked) -> Vec<Variation> {
    let without = asked.sent_origin().then_some(Variation::WithoutOrigin);
    let own = asked.own_origin();
    let with = (asked.options.origin.as_ref() != Some(&own)).then_some(Variation::WithOrigin(own));
    without.into_iter().chain(with).collect()
}

/// What servers insist on, those first that are used most.
fn subprotocols() -> Vec<Variation> {
    ["graphql-transport-ws", "v12.stomp", "mqtt", "graphql-ws", "vite-hmr"].map(Variation::WithSubprotocol).to_vec()
}

/// Where an Engine.IO server is, unless its configuration says otherwise.
const ENGINE_IO: &str = "/socket.io/?EIO=4&transport=websocket";

/// Where the WebSocket of a server is, by what it says of itself; for any server at the end.
const ELSEWHERE: [(&str, &str); 12] = [
    ("cowboy", "/ws"),
    ("phoenix", "/socket/websocket"),
    ("tomcat", "/examples/websocket/echoProgrammatic"),
    ("rails", "/cable"),
    ("sockjs", "/websocket"),
    ("graphql", "/graphql"),
    ("home assistant", "/api/websocket"),
    ("socket.io", ENGINE_IO),
    ("", ENGINE_IO),
    ("", "/ws"),
    ("", "/websocket"),
    ("", "/"),
];

fn elsewhere(asked: &Asked, hints: &str) -> Vec<Variation> {
    let mut found = Vec::new();
    for (_, resource) in ELSEWHERE.into_iter().filter(|(sign, _)| hints.contains(sign)) {
        let variation = Variation::At(resource.to_owned());
        let path = resource.split('?').next().unwrap_or_default();
        if path != asked.path() && !found.contains(&variation) {
            found.push(variation);
        }
    }
    found
}
