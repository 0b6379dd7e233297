//! Hosts that a user names.

use std::fmt;
use std::str::FromStr;

use super::Endpoint;

/// A host: `example.com`, `127.0.0.1`, or `*.example.com` for all names below that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// In lower case, without the star; begins with a dot where there was one.
    name: String,
}

impl HostPattern {
    /// Whether the host of `endpoint` is meant, at whatever port.
    pub fn has(&self, endpoint: &Endpoint) -> bool {
        let host = endpoint.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        if self.name.starts_with('.') {
            host.len() > self.name.len() && host.ends_with(&self.name)
        } else {
            host == self.name
        }
    }
}

impl FromStr for HostPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix('*').unwrap_or(text);
        let is_suffix = name.len() < text.len();
        let bare = name.strip_prefix('.').unwrap_or(name);
        let is_address = !is_suffix && bare.parse::<std::net::Ipv6Addr>().is_ok();
        let is_name = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if bare.is_empty() || is_suffix != name.starts_with('.') || !(is_name || is_address) {
            return Err("expected a host, such as `example.com`, or `*.example.com` for all names below it".to_owned());
        }
        Ok(Self { name: name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase() })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.name.starts_with('.') { "*" } else { "" };
        write!(formatter, "{star}{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Target;

    #[test]
    fn a_host_is_itself_and_a_suffix_is_what_is_below() {
        let has = |pattern: &str, url: &str| {
            pattern.parse::<HostPattern>().unwrap().has(Target::parse(url).unwrap().endpoint())
        };
        assert!(has("Example.com", "wss://example.COM:8443") && has("example.com", "wss://example.com."));
        assert!(!has("example.com", "wss://www.example.com") && !has("example.com", "wss://notexample.com"));
        assert!(has("*.example.com", "wss://a.b.example.com") && !has("*.example.com", "wss://example.com"));
        assert!(!has("*.example.com", "wss://notexample.com"));
        assert!(has("127.0.0.1", "wss://127.0.0.1:1") && has("::1", "wss://[::1]:1"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in
            ["", "*", "*.", "*example.com", ".example.com", "https://example.com", "a b", "example.com:443", "a/b"]
        {
            assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
        }
    }
}
