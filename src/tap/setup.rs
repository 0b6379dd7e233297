//! What the flags make of a tap: a relay to one server, or a proxy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::proxy::Proxy;
use super::rewrite::Rewriting;
use super::service::Servers;
use super::upstream::{Upstream, Way};
use crate::cli::{ProtocolArgs, Tap};
use crate::client::local_authority;
use crate::client::plan::{self, Plan};
use crate::error::{Error, Phase, Result};
use crate::net::{Authority, Identity, ListenAddress, Listener, Reach, ServerIdentity, Target};
use crate::session::Echo;
use crate::wire::Role;

/// What is known before the first client.
pub struct Setup {
    /// The way to the one server; `None` for a proxy.
    plan: Option<Plan>,
    /// The URL was given as that of a page, with `http` or `https`.
    is_page: bool,
    /// Who certifies us to clients.
    authority: Option<Arc<Authority>>,
    max_time: Option<(Instant, Duration)>,
}

/// What serves clients, as far as the flags say it.
pub struct Serving {
    /// Whom requests are passed on to.
    pub servers: Servers,
    /// What is changed in them.
    pub rewriting: Rewriting,
    /// Whether they get credentials that clients do not have.
    pub adds_credentials: bool,
}

impl Setup {
    /// Reads what the flags name.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a URL, header, file or secret that will not do, or flags that do not go together.
    pub fn new(args: &Tap) -> Result<Self> {
        let plan = args.url.as_ref().map(|url| Plan::relayed(url, args)).transpose()?;
        if plan.is_none() {
            check_proxy(args)?;
        }
        let is_certified = args.clients.tls || !args.clients.intercept.is_empty();
        let authority = if is_certified { Some(local_authority::open()?) } else { None };
        let protocol = ProtocolArgs::default();
        let settings = plan::settings(Role::Client, Echo::Off, &args.limits, &protocol, Instant::now());
        let max_time = plan.as_ref().map_or(settings.max_time, |plan| plan.settings.max_time);
        let scheme = args.url.as_ref().and_then(|url| Some(url.split_once("://")?.0.to_ascii_lowercase()));
        let is_page = scheme.is_some_and(|scheme| scheme == "http" || scheme == "https");
        Ok(Self { plan, is_page, authority, max_time })
    }

    /// When the whole run ends, and how long it is then.
    pub fn max_time(&self) -> Option<(Instant, Duration)> {
        self.max_time
    }

    /// Who the tap is to clients that speak TLS with it.
    pub fn identity(&self, args: &Tap) -> Option<ServerIdentity> {
        let files = args.clients.tls_cert.as_ref().map(|certificate| Identity {
            certificate: certificate.clone(),
            key: args.clients.tls_key.as_ref().unwrap_or(certificate).clone(),
        });
        let certified = self.authority.clone().filter(|_| args.clients.tls).map(ServerIdentity::Authority);
        files.map(ServerIdentity::Files).or(certified)
    }

    /// Where to connect. `reach` says for whom that is.
    pub fn address(&self, listener: &Listener, reach: &str) -> String {
        let Some(plan) = &self.plan else { return format!("Proxy at {} {reach}", page_url(&listener.url())) };
        let shown = |url: &str| if self.is_page { page_url(url) } else { url.to_owned() };
        let own = Target::with_resource(&shown(&listener.url()), plan.target.resource());
        let server = Target::with_resource(&shown(&plan.target.url()), "/");
        format!("Tapping {} at {own} {reach}", server.trim_end_matches('/'))
    }

    /// What else is said before the first client: how to connect.
    pub fn notes(&self, listener: &Listener) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(plan) = &self.plan {
            notes.extend(plan.notes.iter().cloned());
        } else {
            notes.push("To use it:".to_owned());
            notes.extend(local_authority::use_proxy(&page_url(&listener.url()), self.authority.as_deref()));
            if listener.reach() == Reach::OtherMachines {
                let whom = "any client that reaches this address can use the proxy, and reaches what this machine does";
                notes.push(format!("{whom}, its own programs too"));
            }
        }
        if let Some(authority) = self.authority.as_ref().filter(|authority| authority.is_new()) {
            notes.push(format!("A certificate authority was made for you: {}", authority.certificate_path().display()));
            notes.extend(local_authority::trust(authority));
        }
        notes
    }

    /// What is said besides, with `-v`.
    pub fn details(&self) -> Vec<String> {
        let known = self.authority.as_ref().filter(|authority| !authority.is_new());
        let trust = known.map(|authority| local_authority::trust(authority)).unwrap_or_default();
        self.plan.iter().flat_map(|plan| plan.in_force.iter().cloned()).chain(trust).collect()
    }

    /// What serves the clients of `listener`.
    ///
    /// # Errors
    /// Those of `Upstream::new`.
    pub fn serving(self, args: &Tap, listener: &Listener) -> Result<Serving> {
        let own = listener.ip_address();
        let allowed = args.access.allow_origin.clone();
        let Some(plan) = self.plan else {
            let way =
                Arc::new(Way::new(&args.route, args.request.connect_timeout, self.max_time, args.view.secrets(), own));
            let intercepted = self.authority.map(|authority| (args.clients.intercept.clone(), authority));
            let servers = Servers::Named(Arc::new(Proxy { way, intercepted }));
            let rewriting = Rewriting { allowed, ..Rewriting::default() };
            return Ok(Serving { servers, rewriting, adds_credentials: false });
        };
        let (rules, upgrade_rules) = Rewriting::asked_for(plan.request.first());
        let is_secure = args.clients.tls || args.clients.tls_cert.is_some();
        let rewriting = Rewriting {
            host: (!args.rewrite.keep_host).then(|| plan.target.authority()),
            origin: (!args.rewrite.keep_origin).then(|| origin(&plan.target)),
            scheme: if is_secure { "https" } else { "http" },
            allowed,
            rules,
            upgrade_rules,
        };
        let adds_credentials = adds_credentials(args, &plan);
        let upstream = Upstream::new(Arc::new(Way::of(&plan, own)), plan.target)?;
        Ok(Serving { servers: Servers::One(Arc::new(upstream)), rewriting, adds_credentials })
    }
}

/// A proxy passes on what clients send to whatever server they name, and vouches for none that it did not verify.
fn check_proxy(args: &Tap) -> Result<()> {
    let refused = |what: &str, hint: &str| Err(Error::new(Phase::Usage, what).hint(hint));
    let request = &args.request;
    let adds = !request.headers.is_empty()
        || !request.subprotocols.is_empty()
        || !request.cookies.is_empty()
        || request.origin.is_some()
        || request.user.is_some()
        || request.bearer.is_some()
        || args.route.identity.cert.is_some();
    if adds {
        return refused(
            "headers, credentials and certificates are for one server, and a proxy has many",
            "with a URL behind the port, they go to that server",
        );
    }
    if args.route.tls.insecure {
        return refused(
            "as a proxy, the tap verifies servers: clients would take its own certificate for theirs",
            "`--cacert FILE` trusts the authority of a server; with a URL behind the port, `-k` is understood",
        );
    }
    match args.address {
        ListenAddress::Tcp { .. } => Ok(()),
        ListenAddress::Unix(_) => refused("a proxy listens at a port", "`wscope tap 0` takes any that is free"),
    }
}

/// The URL of the page where `url` is that of a WebSocket over TCP.
fn page_url(url: &str) -> String {
    match url.strip_prefix("ws") {
        Some(rest) if rest.starts_with("://") || rest.starts_with("s://") => format!("http{rest}"),
        _ => url.to_owned(),
    }
}

/// What browsers call the origin of the server's own pages.
pub(super) fn origin(target: &Target) -> String {
    let scheme = if target.secure() { "https" } else { "http" };
    format!("{scheme}://{}", target.authority())
}

/// Whether requests get something that could let a client in.
fn adds_credentials(args: &Tap, plan: &Plan) -> bool {
    let request = plan.request.first();
    let is_set = request.headers.iter().any(|rule| rule.value().is_some());
    request.authorization.is_some() || request.cookie.is_some() || is_set || args.route.identity.cert.is_some()
}
