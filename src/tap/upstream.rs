//! The way to the server.

use crate::client::connect;
use crate::client::plan::Plan;
use crate::client::redirect::Recipient;
use crate::error::Result;
use crate::event::Event;
use crate::http::redact::Secrets;
use crate::net::{Connected, Route, Target, TimeLimit};

/// The server that clients are passed on to.
pub struct Upstream {
    plan: Plan,
    route: Route,
}

impl Upstream {
    /// The server that `plan` is for.
    ///
    /// # Errors
    /// Those of [`Routing::to`](crate::client::route::Routing::to).
    pub fn new(plan: Plan) -> Result<Self> {
        let route = plan.routing.to(&plan.target, Recipient::First)?;
        Ok(Self { plan, route })
    }

    /// How long connecting and the upgrade may take together, from now on.
    pub(super) fn time_limit(&self) -> TimeLimit {
        self.plan.time_limit()
    }

    /// One more connection to it; each step is shown as it happens.
    ///
    /// # Errors
    /// Those of connecting, with what to try next.
    pub(super) fn connect(&self, limit: TimeLimit, show: &mut dyn FnMut(Event<'_>)) -> Result<Connected> {
        connect::connected(&self.route, limit, self.secrets(), show)
    }

    /// Host and port, for messages.
    pub(super) fn peer(&self) -> String {
        self.route.peer()
    }

    /// The URL under which `resource` is asked for there.
    pub(super) fn url(&self, resource: &str) -> String {
        Target::with_resource(&self.plan.target.url(), resource)
    }

    /// Whether secrets are shown.
    pub(super) fn secrets(&self) -> Secrets {
        self.plan.request.secrets()
    }
}
