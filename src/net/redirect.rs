//! Where a redirect leads.

use percent_encoding::{CONTROLS, percent_encode};
use url::Url;

use super::target::Target;

/// Why no WebSocket is to be had where a redirect leads. Its texts may hold what a peer chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadLocation {
    /// It is no URL.
    NoUrl,
    /// It has this scheme, which is none for WebSockets.
    OtherScheme(String),
    /// It leads from TLS to a server without; this is its URL.
    WithoutTls(String),
}

impl Target {
    /// Where `location`, the value of a `Location` header (RFC 9110 section 10.2.2), leads from here. It may be relative;
    /// `http` and `https` mean `ws` and `wss`; a fragment is dropped.
    ///
    /// # Errors
    /// Where no WebSocket is to be had there, or one without TLS after one with it.
    pub fn redirected(&self, location: &[u8]) -> Result<Self, BadLocation> {
        let text = match str::from_utf8(location) {
            Ok(text) => text.to_owned(),
            // What is not UTF-8 goes back to the server as it came.
            Err(_) => percent_encode(location, CONTROLS).to_string(),
        };
        let base = Url::parse(&self.network_url()).map_err(|_| BadLocation::NoUrl)?;
        let mut url = base.join(&text).map_err(|_| BadLocation::NoUrl)?;
        if !["ws", "wss", "http", "https"].contains(&url.scheme()) {
            return Err(BadLocation::OtherScheme(url.scheme().to_owned()));
        }
        url.set_fragment(None);
        let mut target = Self::parse(url.as_str()).map_err(|_| BadLocation::NoUrl)?;
        if self.secure && !target.secure {
            return Err(BadLocation::WithoutTls(target.url()));
        }
        // A URL has no place for the zone of a link-local address.
        if target.endpoint.url_host() == self.endpoint.url_host() {
            target.endpoint = self.endpoint.with_port(target.endpoint.port());
        }
        // A server at a Unix socket knows itself by its host alone.
        if target.secure == self.secure && target.endpoint == self.endpoint {
            target.socket.clone_from(&self.socket);
        }
        Ok(target)
    }

    /// Whether both have the same scheme, host and port (RFC 6454 section 5), and are at the same Unix domain socket, or none.
    pub fn has_same_origin(&self, other: &Self) -> bool {
        self.secure == other.secure && self.endpoint == other.endpoint && self.socket == other.socket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(from: &str, location: &str) -> Result<String, BadLocation> {
        let target = Target::parse(from).unwrap().redirected(location.as_bytes())?;
        Ok(target.url())
    }

    #[test]
    fn a_location_may_be_relative() {
        let from = "ws://host:81/a/b?q";
        for (location, url) in [
            ("c", "ws://host:81/a/c"),
            ("../c?x=%2F", "ws://host:81/c?x=%2F"),
            ("/", "ws://host:81/"),
            ("?y", "ws://host:81/a/b?y"),
            ("//other/x", "ws://other/x"),
            ("\u{e4} b", "ws://host:81/a/%C3%A4%20b"),
        ] {
            assert_eq!(lead(from, location).as_deref(), Ok(url), "{location}");
        }
        let latin = Target::parse(from).unwrap().redirected(b"/\xE4").unwrap();
        assert_eq!(latin.resource(), "/%E4");
    }

    #[test]
    fn http_means_ws_and_a_fragment_is_dropped() {
        assert_eq!(lead("ws://host", "http://host/x#y").as_deref(), Ok("ws://host/x"));
        assert_eq!(lead("ws://host", "HTTPS://host/#").as_deref(), Ok("wss://host/"));
        assert_eq!(lead("wss://host/x", "#y").as_deref(), Ok("wss://host/x"));
    }

    #[test]
    fn nothing_leads_out_of_tls_or_to_another_protocol() {
        for location in ["ws://host/x", "http://host/x", "//host/x"] {
            let led = lead("wss://host", location);
            match location {
                "//host/x" => assert_eq!(led.as_deref(), Ok("wss://host/x")),
                _ => assert_eq!(led, Err(BadLocation::WithoutTls("ws://host/x".to_owned()))),
            }
        }
        for (location, scheme) in
            [("ftp://host/", "ftp"), ("mailto:a@b", "mailto"), ("javascript:alert(1)", "javascript")]
        {
            assert_eq!(lead("ws://host", location), Err(BadLocation::OtherScheme(scheme.to_owned())));
        }
        for location in ["http://", "http://a b/", "//[::1", "http://host:0/", "http://host:99999/"] {
            assert_eq!(lead("ws://host", location), Err(BadLocation::NoUrl), "{location}");
        }
    }

    #[test]
    fn a_link_local_address_keeps_its_zone() {
        let target = Target::parse("ws://[fe80::1%25eth0]:81/a").unwrap();
        assert_eq!(target.redirected(b"/b").unwrap().endpoint().zone(), Some("eth0"));
        assert_eq!(target.redirected(b"http://[fe80::2]/").unwrap().endpoint().zone(), None);
    }

    #[test]
    fn a_unix_socket_is_an_origin_that_only_its_own_host_leads_to() {
        let from = "ws+unix:/run/s:/a/b";
        assert_eq!(lead(from, "c").as_deref(), Ok("ws+unix:/run/s:/a/c"));
        assert_eq!(lead(from, "http://localhost/x").as_deref(), Ok("ws+unix:/run/s:/x"));
        assert_eq!(lead(from, "http://localhost:8000/x").as_deref(), Ok("ws://localhost:8000/x"));
        assert_eq!(lead("ws://localhost/", "ws+unix:/run/s:/x"), Err(BadLocation::OtherScheme("ws+unix".to_owned())));
        let target = |url| Target::parse(url).unwrap();
        assert!(target(from).has_same_origin(&target("ws+unix:/run/s:/x")));
        assert!(!target(from).has_same_origin(&target("ws://localhost/")));
        assert!(!target(from).has_same_origin(&target("ws+unix:/run/t:/")));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |one: &str, other: &str| Target::parse(one).unwrap().has_same_origin(&Target::parse(other).unwrap());
        assert!(same("ws://host/a", "http://ann@HOST:80/b?c"));
        for other in ["wss://host", "ws://host:81", "ws://other", "wss://host:80"] {
            assert!(!same("ws://host", other), "{other}");
        }
    }
}
