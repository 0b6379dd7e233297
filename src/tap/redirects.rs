//! Redirects that lead browsers past the tap, to the server itself: what follows is not seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::setup::origin;
use super::upstream::Upstream;
use crate::http::Head;

/// Finds the first one.
pub(super) struct Redirects {
    server: Arc<Upstream>,
    is_found: AtomicBool,
}

impl Redirects {
    /// Those of this server.
    pub(super) fn of(server: &Arc<Upstream>) -> Self {
        Self { server: Arc::clone(server), is_found: AtomicBool::new(false) }
    }

    /// What is said of the response `head`, if it is the first one that leads past the tap.
    pub(super) fn note(&self, head: &Head) -> Option<String> {
        let location = head.text("Location").filter(|_| matches!(head.status(), Some(300..=399)))?;
        let led = self.server.redirected(&location).filter(|_| names_host(&location))?;
        if self.is_found.swap(true, Ordering::Relaxed) {
            return None;
        }
        let led_to = origin(&led);
        let hint = if self.server.is_at(&led) {
            "with `--keep-host` many servers name the tap instead; or open the path of the redirect at the tap's address"
        } else {
            "give the tap that URL, or open the path of the redirect at the tap's address"
        };
        Some(format!("the server redirects browsers to {led_to}, past this tap: {hint}"))
    }
}

/// Whether a `Location` is no path or query on the host that was asked (RFC 3986 section 4.2).
fn names_host(location: &str) -> bool {
    let rest = location.find([':', '/', '?', '#']).map_or("", |end| &location[end..]);
    location.starts_with("//") || rest.starts_with("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_with_a_host_is_told_from_a_path() {
        for with_host in ["http://host/", "HTTPS://host", "//host/path"] {
            assert!(names_host(with_host), "{with_host}");
        }
        for path in ["/login?next=http://host/", "login", "?a://b", "", "/a//b", "#x://"] {
            assert!(!names_host(path), "{path}");
        }
    }
}
