//! The way to a server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::cli::RouteArgs;
use crate::client::connect;
use crate::client::plan::{self, Plan};
use crate::client::redirect::Recipient;
use crate::client::route::Routing;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, PeerAddress};
use crate::http::redact::Secrets;
use crate::net::{Connected, Endpoint, Route, Target, TimeLimit};
use crate::session::output::lock;

/// How servers are reached, whichever.
pub struct Way {
    routing: Routing,
    /// How long connecting and the upgrade may take together.
    connect_timeout: Duration,
    /// The limit of the whole run: when it passes, and how long it is.
    max_time: Option<(Instant, Duration)>,
    secrets: Secrets,
    /// Where the tap itself listens: a connection that leads there would never end.
    own: Option<SocketAddr>,
}

/// A server that clients are passed on to.
pub struct Upstream {
    way: Arc<Way>,
    target: Target,
    route: Route,
    /// The first connection to it, where that was made before a client asked for anything.
    ready: Mutex<Option<Connected>>,
}

impl Way {
    /// As `plan` has it.
    pub fn of(plan: &Plan, own: Option<SocketAddr>) -> Self {
        Self {
            routing: plan.routing.clone(),
            connect_timeout: plan.connect_timeout,
            max_time: plan.settings.max_time,
            secrets: plan.request.secrets(),
            own,
        }
    }

    /// As the flags for the way to a server have it.
    pub fn new(
        route: &RouteArgs,
        connect_timeout: Duration,
        max_time: Option<(Instant, Duration)>,
        secrets: Secrets,
        own: Option<SocketAddr>,
    ) -> Self {
        Self { routing: Routing::new(route), connect_timeout, max_time, secrets, own }
    }

    /// Whether `endpoint` is the tap itself, before it is connected to.
    fn is_own_endpoint(&self, endpoint: &Endpoint) -> bool {
        let Some(own) = self.own else { return false };
        let is_loopback = own.ip().is_unspecified() || own.ip().to_canonical().is_loopback();
        endpoint.port() == own.port()
            && (endpoint.host() == own.ip().to_string() || is_loopback && endpoint.is_loopback())
    }

    /// Whether a connection is one with the tap itself.
    fn is_own(&self, connected: &Connected) -> bool {
        let (Some(own), PeerAddress::Tcp(address)) = (self.own, &connected.address) else { return false };
        let ip = address.ip().to_canonical();
        // Where both ends have one address, that is one of this machine's.
        let is_here =
            || ip.is_loopback() || connected.stream.socket().local_ip().is_some_and(|local| local.to_canonical() == ip);
        own.port() == address.port() && (own.ip() == address.ip() || own.ip().is_unspecified() && is_here())
    }

    /// How long connecting and the upgrade may take together, from now on.
    pub(super) fn time_limit(&self) -> TimeLimit {
        plan::time_limit(self.connect_timeout, self.max_time)
    }
}

impl Upstream {
    /// The server of `target`.
    ///
    /// # Errors
    /// Those of [`Routing::to`].
    pub fn new(way: Arc<Way>, target: Target) -> Result<Self> {
        let route = way.routing.to(&target, Recipient::First)?;
        Ok(Self { way, target, route, ready: Mutex::new(None) })
    }

    /// Keeps a connection for the first that asks for one.
    pub(super) fn keep(&self, connected: Connected) {
        *lock(&self.ready) = Some(connected);
    }

    /// How long connecting and the upgrade may take together, from now on.
    pub(super) fn time_limit(&self) -> TimeLimit {
        self.way.time_limit()
    }

    /// One more connection to it; each step is shown as it happens.
    ///
    /// # Errors
    /// Those of connecting, with what to try next.
    pub(super) fn connect(&self, limit: TimeLimit, show: &mut dyn FnMut(Event<'_>)) -> Result<Connected> {
        if let Some(connected) = lock(&self.ready).take() {
            return Ok(connected);
        }
        if let Some(proxy) = self.route.proxy().filter(|proxy| self.way.is_own_endpoint(&proxy.endpoint)) {
            let error =
                Error::new(Phase::Connect, format!("the proxy that `{}` names is this tap itself", proxy.setting));
            return Err(error.hint("start the tap where that is not set, or with `--noproxy '*'`"));
        }
        let connected = connect::connected(&self.route, limit, self.way.secrets, show)?;
        if self.way.is_own(&connected) {
            return Err(Error::new(Phase::Connect, format!("`{}` leads back to this tap", self.peer())));
        }
        Ok(connected)
    }

    /// Whether it is the server of `target`.
    pub(super) fn is_at(&self, target: &Target) -> bool {
        self.target.endpoint() == target.endpoint() && self.target.secure() == target.secure()
    }

    /// Where a `Location` of its leads, if that is a place of the same host, and not the tap.
    pub(super) fn redirected(&self, location: &str) -> Option<Target> {
        let led = self.target.redirected(location.as_bytes()).ok()?;
        let is_same_host = led.endpoint().host() == self.target.endpoint().host();
        (is_same_host && !self.way.is_own_endpoint(led.endpoint())).then_some(led)
    }

    /// Where it is.
    pub(super) fn endpoint(&self) -> &Endpoint {
        self.target.endpoint()
    }

    /// Host and port, for messages.
    pub(super) fn peer(&self) -> String {
        self.route.peer()
    }

    /// The URL under which `resource` is asked for there.
    pub(super) fn url(&self, resource: &str) -> String {
        Target::with_resource(&self.target.url(), resource)
    }
}
