//! Why a server refuses the upgrade.

use super::{Intermediary, Transport};

/// Why a server refuses the upgrade, as far as its response tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The body says that the port speaks TLS, and the request came without.
    PortSpeaksTls,
    /// The body is that of an Engine.IO (Socket.IO) server.
    EngineIo(EngineIo),
    /// The body is that of a `SockJS` server that was asked at its base path, or for another transport.
    SockJs,
    /// The body says that `Upgrade` or `Connection` did not arrive: a proxy dropped them.
    UpgradeDropped {
        /// The path that was asked for.
        path: String,
        /// The proxy that can be made out.
        proxy: Option<Intermediary>,
    },
    /// A status, or a body, says that the request's head, or a header such as `Cookie`, is too large.
    HeadTooLarge {
        /// The longest header of our request, where that is known.
        longest: Option<HeaderSize>,
        /// The proxy, or the server, that can be made out.
        proxy: Option<Intermediary>,
    },
    /// The body says that the server wants a certificate of ours.
    CertificateWanted,
    /// The body says that the server does not answer to this `Host`.
    HostNotAllowed {
        /// The value of `Host`.
        host: String,
    },
    /// The body says that `Origin` is why.
    OriginNotAllowed {
        /// Whether our request had one.
        sent_origin: bool,
    },
    /// The body says that the server insists on a subprotocol.
    SubprotocolWanted,
    /// The body says that `Sec-WebSocket-Key` is missing or wrong.
    KeyNotAccepted,
    /// The body is a block page of a filter in between.
    Filtered {
        /// The filter's name.
        by: &'static str,
    },
    /// The server wants to know first whether a person is asking.
    BotCheck,
    /// The body says that a view of the web framework answered, and not its WebSocket side.
    AnsweredByView,
    /// The body is that of a proxy that knows no server for this request, or reaches none.
    NoServerBehindProxy,
    /// The proxy does not pass on upgrades, by its configuration.
    UpgradesSwitchedOff {
        /// The proxy.
        proxy: Intermediary,
    },
    /// A success, such as 200: an ordinary page.
    OrdinaryPage {
        /// The path that was asked for.
        path: String,
        /// The proxy that can be made out.
        proxy: Option<Intermediary>,
    },
    /// A redirect without `Location`.
    RedirectWithoutLocation,
    /// A redirect to a login page.
    LoginPage {
        /// `Location`, its query replaced.
        location: String,
        /// Whether our request had credentials.
        login: Login,
    },
    /// A redirect to somewhere else.
    Redirect {
        /// `Location`, its query replaced.
        location: String,
        /// The path that was asked for, which a relative location refers to.
        path: String,
    },
    /// The server speaks other versions of the WebSocket protocol.
    OtherVersions {
        /// `Sec-WebSocket-Version`.
        versions: String,
    },
    /// 400 or 426 without a further explanation.
    NotTakenForUpgrade {
        /// The path that was asked for.
        path: String,
        /// The proxy that can be made out.
        proxy: Option<Intermediary>,
    },
    /// 401.
    Unauthorized {
        /// The scheme that the server asks for first.
        scheme: Scheme,
        /// Whether our request had credentials.
        login: Login,
    },
    /// 403.
    Forbidden {
        /// The host that was asked.
        host: String,
        /// What the request went through.
        transport: Transport,
        /// Whether our request had an `Origin`.
        sent_origin: bool,
        /// Whether our request had credentials.
        login: Login,
    },
    /// 404 or 410.
    NothingThere {
        /// The path that was asked for.
        path: String,
    },
    /// 405.
    NoGet {
        /// The path that was asked for.
        path: String,
    },
    /// 407.
    ProxyUnauthorized,
    /// 421.
    Misdirected,
    /// 429.
    TooManyRequests {
        /// `Retry-After`: seconds or a date.
        retry_after: Option<String>,
    },
    /// 500.
    ServerFailed,
    /// 501.
    Unsupported,
    /// 505, or a body that says so: what arrived at the server was not HTTP/1.1.
    VersionLowered {
        /// The path that was asked for.
        path: String,
        /// The proxy that can be made out.
        proxy: Option<Intermediary>,
    },
    /// 502 or 504.
    NoAnswerBehindProxy {
        /// `Server`, which is the proxy here.
        proxy: Option<String>,
    },
    /// 503.
    Unavailable {
        /// `Retry-After`: seconds or a date.
        retry_after: Option<String>,
    },
    /// The server refuses the request with the headers that the user gave, and takes it without.
    HeadersNotAccepted,
    /// The server refuses the request with extensions, and takes it without.
    ExtensionsNotAccepted,
    /// The server refuses the request with these subprotocols, and takes it without.
    SubprotocolNotAccepted,
    /// There is a WebSocket at another path of the server.
    OtherPath {
        /// Its URL, without secrets.
        url: String,
    },
    /// The server has a page of its own for every path, as servers of single-page applications do.
    SinglePage {
        /// The path that was asked for.
        path: String,
    },
    /// A network that wants a login, or a filter, answers in the server's place: 511, or a redirect of any host to another.
    CaptivePortal,
    /// 520 to 527.
    NoAnswerBehindCloudflare,
}

/// How large a header of a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderSize {
    /// Its name.
    pub name: String,
    /// The bytes of its line, with name and line break.
    pub length: usize,
}

/// What an Engine.IO server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineIo {
    /// It was asked without its parameters, or for another transport.
    Transport,
    /// It does not know the session of the parameter `sid`.
    Session,
    /// It speaks another version than the parameter `EIO` names.
    Version,
    /// It was asked for a WebSocket, and `Upgrade` got lost on the way.
    UpgradeDropped,
}

/// Whether our request had credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// `Authorization` or `Cookie`.
    Sent,
    /// Neither.
    NotSent,
}

/// How a server wants credentials (RFC 9110 section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Basic`.
    Basic,
    /// `Bearer`.
    Bearer,
    /// `Digest`.
    Digest,
    /// Another one, or none that is named.
    Other,
}

impl Scheme {
    /// The first scheme that a challenge names.
    pub fn of(challenge: &str) -> Self {
        let challenge = challenge.to_ascii_lowercase();
        match () {
            () if challenge.starts_with("basic") => Self::Basic,
            () if challenge.starts_with("bearer") => Self::Bearer,
            () if challenge.starts_with("digest") => Self::Digest,
            () => Self::Other,
        }
    }
}
