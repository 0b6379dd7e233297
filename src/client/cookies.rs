//! The cookies that redirects set (RFC 6265), for one attempt to connect.

use cookie_store::CookieStore;
use url::Url;

use crate::http::Head;
use crate::net::Target;

/// What the servers of one attempt have set so far.
#[derive(Default)]
pub struct Cookies(CookieStore);

impl Cookies {
    /// Keeps what the answer of `target` sets. A cookie that breaks the rules is left out, as browsers do.
    pub fn set(&mut self, target: &Target, head: &Head) {
        let Some(url) = http_url(target) else { return };
        for field in head.all("Set-Cookie") {
            if let Ok(cookie) = str::from_utf8(&field.value) {
                // A cookie that cannot be kept is no reason to stop.
                let _ = self.0.parse(cookie, &url);
            }
        }
    }

    /// The value of `Cookie` for `target`: the `given` cookies, which the user has for it, and then those that were set.
    /// Of one that was set anew, the given value is gone.
    pub fn header(&self, target: &Target, given: Option<&str>) -> Option<String> {
        let url = http_url(target)?;
        let mut set: Vec<_> = self.0.get_request_values(&url).collect();
        if set.is_empty() {
            return given.map(str::to_owned);
        }
        set.sort_unstable();
        let is_set = |cookie: &str| {
            let name = cookie.split('=').next().unwrap_or_default().trim();
            set.iter().any(|(other, _)| *other == name)
        };
        let given = given.into_iter().flat_map(|cookies| cookies.split(';'));
        let kept = given.map(str::trim).filter(|cookie| !cookie.is_empty() && !is_set(cookie)).map(str::to_owned);
        let all: Vec<_> = kept.chain(set.iter().map(|(name, value)| format!("{name}={value}"))).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// Cookies know `http` only, and don't tell it from `ws`.
fn http_url(target: &Target) -> Option<Url> {
    let scheme = if target.secure() { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{}{}", target.authority(), target.resource())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeadKind, HeadProgress, HeadReader};

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    /// What is sent to `to` after `from` has set these.
    fn sent(from: &str, set: &[&str], to: &str, given: Option<&str>) -> Option<String> {
        let mut raw = "HTTP/1.1 302 Found\r\n".to_owned();
        for cookie in set {
            raw.extend(["Set-Cookie: ", cookie, "\r\n"]);
        }
        raw.push_str("\r\n");
        let mut reader = HeadReader::new(HeadKind::Response);
        let HeadProgress::Complete { head, .. } = reader.feed(raw.as_bytes()) else { panic!("{raw}") };
        let mut cookies = Cookies::default();
        cookies.set(&target(from), &head);
        cookies.header(&target(to), given)
    }

    #[test]
    fn a_cookie_goes_where_it_is_meant_to_go() {
        let set = |cookie: &str, to: &str| sent("ws://example.com/a/login", &[cookie], to, None).is_some();
        assert!(set("id=1", "ws://example.com/a/x"));
        assert!(!set("id=1", "ws://example.com/b"));
        assert!(set("id=1; Path=/", "ws://example.com/b"));
        assert!(set("id=1; Path=/", "wss://example.com:8443/b"));
        assert!(!set("id=1; Path=/", "ws://other.example.com/"));
        assert!(set("id=1; Path=/; Domain=example.com", "ws://other.example.com/"));
        assert!(!set("id=1; Path=/; Domain=other.org", "ws://other.org/"));
        assert!(!set("id=1; Path=/; Secure", "ws://example.com/"));
        assert!(set("id=1; Path=/; HttpOnly", "wss://example.com/"));
        assert!(!set("id=1; Path=/; Max-Age=0", "ws://example.com/"));
        assert!(set("id=1; Path=/; Max-Age=60", "ws://example.com/"));
        assert!(!set("id=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "ws://example.com/"));
    }

    #[test]
    fn a_secure_cookie_goes_through_tls() {
        let set = |to: &str| sent("wss://example.com/", &["id=1; Secure"], to, None);
        assert_eq!(set("wss://example.com/x").as_deref(), Some("id=1"));
        assert_eq!(set("ws://example.com/x"), None);
    }

    #[test]
    fn what_was_set_comes_after_what_was_given_and_instead_of_it() {
        let header = sent("ws://h/", &["id=new", "lang=en"], "ws://h/", Some("theme=dark; id=old;"));
        assert_eq!(header.as_deref(), Some("theme=dark; id=new; lang=en"));
        assert_eq!(sent("ws://h/", &[], "ws://h/", Some("a=b;c=d")).as_deref(), Some("a=b;c=d"));
        assert_eq!(sent("ws://h/", &[], "ws://h/", None), None);
    }
}
