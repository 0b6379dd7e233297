//! Why a server refuses the upgrade.

/// Why a server refuses the upgrade, as far as its response tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The body says that the port speaks TLS, and the request came without.
    PortSpeaksTls,
    /// The body is that of an Engine.IO (Socket.IO) server that was asked at the wrong path or in the wrong way.
    EngineIo,
    /// The body says that `Upgrade` or `Connection` did not arrive: a proxy dropped them.
    UpgradeDropped,
    /// A success, such as 200: an ordinary page.
    OrdinaryPage {
        /// The path that was asked for.
        path: String,
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
    NotTakenForUpgrade,
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
    /// 501 or 505.
    Unsupported,
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
    /// 520 to 527.
    NoAnswerBehindCloudflare,
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
