//! From one server to the next, as redirects lead and `--location` permits.

use crate::cli::RedirectArgs;
use crate::client::cookies::Cookies;
use crate::client::plan::Plan;
use crate::diagnosis::{Diagnosis, NotFollowed};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::http::redact::{Part, Secrets};
use crate::http::shortened;
use crate::net::{BadLocation, Route, Target};
use crate::wire::handshake::{Refusal, Request};

/// The most characters of the line that names the servers of a chain.
const LONGEST_CHAIN: usize = 1000;

/// Whether a server may see what the user meant for the server of the URL: credentials, cookies, headers, our
/// certificate, and secrets in subprotocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// It has the origin of the URL: all of it is meant for it.
    First,
    /// It has another origin, and the user trusts it: only what names the first server is not for it.
    Trusted,
    /// It has another origin: none of it is for it.
    Other,
}

/// Which redirects are followed.
#[derive(Debug, Clone, Copy)]
pub enum RedirectPolicy {
    /// None.
    Stay,
    /// So many in a row.
    Follow {
        /// The most of them.
        most: u32,
        /// What a server of another origin is.
        others: Recipient,
    },
}

impl RedirectPolicy {
    /// As the flags say.
    pub fn new(args: &RedirectArgs) -> Self {
        let RedirectArgs { location, location_trusted, max_redirs: most } = *args;
        let others = if location_trusted { Recipient::Trusted } else { Recipient::Other };
        if location || location_trusted { Self::Follow { most, others } } else { Self::Stay }
    }
}

/// One server on the way to a session.
pub struct Hop {
    /// What is asked for.
    pub target: Target,
    /// How to get there.
    pub route: Route,
    /// How it is asked.
    pub request: Request,
}

/// The servers of one attempt to connect, as far as it has come.
pub struct Hops<'a> {
    plan: &'a Plan,
    cookies: Cookies,
    /// Those that redirected, in order.
    passed: Vec<Target>,
}

impl<'a> Hops<'a> {
    /// No server yet.
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, cookies: Cookies::default(), passed: Vec::new() }
    }

    /// The cookies that they have set.
    pub fn into_cookies(self) -> Cookies {
        self.cookies
    }

    /// The server of the URL.
    ///
    /// # Errors
    /// Those of [`Routing::to`](crate::client::route::Routing::to).
    pub fn first(&self) -> Result<Hop> {
        self.hop(self.plan.target.clone(), Recipient::First)
    }

    /// Where the answer `refusal` of `hop` leads.
    ///
    /// # Errors
    /// `None` where it leads nowhere, or no redirect is followed; else why this one is not.
    pub fn lead(&self, hop: &Hop, refusal: &Refusal) -> Result<Target, Option<Diagnosis>> {
        let RedirectPolicy::Follow { most, .. } = self.plan.redirects else { return Err(None) };
        let location = refusal.head().get("Location").filter(|location| !location.is_empty());
        let location = location.filter(|_| matches!(refusal.status(), 301 | 302 | 303 | 307 | 308)).ok_or(None)?;
        let not_followed = |why| Some(Diagnosis::NotFollowed(why));
        let target = hop.target.redirected(location).map_err(|bad| {
            not_followed(match bad {
                BadLocation::NoUrl => NotFollowed::NoUrl,
                BadLocation::OtherScheme(scheme) => NotFollowed::OtherScheme { scheme },
                BadLocation::WithoutTls(url) => {
                    NotFollowed::WithoutTls { url: shown(&url, self.plan.request.secrets()) }
                }
            })
        })?;
        if self.passed.len() >= most as usize {
            let is_loop = self.passed.iter().chain([&hop.target]).any(|passed| *passed == target);
            let why = if is_loop { NotFollowed::Loop { most } } else { NotFollowed::TooMany { most } };
            return Err(not_followed(why));
        }
        Ok(target)
    }

    /// Goes from `hop`, which answered with `refusal`, on to `target`. `show` is told what that server does not get.
    ///
    /// # Errors
    /// Those of [`Routing::to`](crate::client::route::Routing::to).
    pub fn follow(
        &mut self,
        hop: Hop,
        refusal: &Refusal,
        target: Target,
        show: &mut dyn FnMut(Event<'_>),
    ) -> Result<Hop> {
        self.cookies.set(&hop.target, refusal.head());
        self.passed.push(hop.target);
        let recipient = match self.plan.redirects {
            _ if target.has_same_origin(&self.plan.target) => Recipient::First,
            RedirectPolicy::Follow { others, .. } => others,
            RedirectPolicy::Stay => Recipient::Other,
        };
        let mut withheld = self.plan.request.withheld(recipient);
        withheld.extend(self.plan.routing.withheld(&target, recipient));
        if !withheld.is_empty() {
            let (peer, withheld) = (target.endpoint().peer(), withheld.join(", "));
            show(Event::Note(&format!(
                "redirected to another server, `{peer}`, which does not get {withheld} (`--location-trusted` sends it)"
            )));
        }
        self.hop(target, recipient)
    }

    /// `error`, which happened at `target`, with the redirects that led there.
    pub fn explain(&self, error: Error, target: &Target) -> Error {
        if self.passed.is_empty() {
            return error;
        }
        let urls = self.passed.iter().chain([target]);
        let urls: Vec<_> = urls.map(|target| shown(&target.url(), self.plan.request.secrets())).collect();
        let chain = urls.join(" -> ");
        error.evidence(format!("redirected: {}", shortened(&chain, LONGEST_CHAIN)))
    }

    fn hop(&self, target: Target, recipient: Recipient) -> Result<Hop> {
        let route = self.plan.routing.to(&target, recipient)?;
        let request = self.plan.request.to(&target, recipient, &self.cookies)?;
        Ok(Hop { target, route, request })
    }
}

fn shown(url: &str, secrets: Secrets) -> String {
    secrets.text(Part::Text(url.as_bytes()))
}
