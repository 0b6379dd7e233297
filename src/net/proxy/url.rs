//! The URL of a proxy, as flags and environment variables hold it.

use ::url::Url;

use crate::error::Result;
use crate::net::endpoint::Endpoint;
use crate::net::target::Credentials;
use crate::net::url;

/// The port of a proxy whose URL has none, as curl has it; `https` has its own.
const DEFAULT_PORT: u16 = 1080;

/// The URL of a proxy, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    /// What the proxy speaks.
    pub scheme: ProxyScheme,
    /// Where it is.
    pub endpoint: Endpoint,
    /// The userinfo.
    pub credentials: Option<Credentials>,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyScheme {
    /// HTTP's CONNECT.
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS 5, with addresses that are looked up here.
    Socks5,
    /// SOCKS 5, with names that the proxy looks up.
    Socks5h,
}

impl ProxyScheme {
    const ALL: [(&'static str, Self); 4] =
        [("http", Self::Http), ("https", Self::Https), ("socks5", Self::Socks5), ("socks5h", Self::Socks5h)];
}

impl ProxyUrl {
    /// Understands `[SCHEME://][USER[:PASS]@]HOST[:PORT]`; without a scheme it is `http`.
    ///
    /// # Errors
    /// [`Phase::Usage`](crate::error::Phase::Usage) for anything else. The error never shows userinfo.
    pub fn parse(text: &str) -> Result<Self> {
        url::refuse_unlawful(text)?;
        let (scheme, rest) = match text.split_once("://") {
            None => (ProxyScheme::Http, text),
            Some((name, rest)) => {
                let known = ProxyScheme::ALL.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                let Some((_, scheme)) = known else {
                    return Err(url::wrong(text, "has none of the schemes `http`, `https`, `socks5` and `socks5h`"));
                };
                (scheme, rest)
            }
        };
        let (rest, zone) = url::split_zone(rest);
        url::refuse_without_host(text, &rest)?;
        let parse = |scheme: &str| {
            let wrong = |error| url::wrong(text, "is not the URL of a proxy").caused_by(error);
            Url::parse(&format!("{scheme}://{rest}")).map_err(wrong)
        };
        let url = parse("ws")?;
        if !matches!(url.path(), "/" | "") || url.query().is_some() {
            return Err(url::wrong(text, "has a path, and the URL of a proxy has none"));
        }
        let host = url.host().ok_or_else(|| url::wrong(text, "names no host"))?.to_owned();
        let default = if scheme == ProxyScheme::Https { 443 } else { DEFAULT_PORT };
        // Each parse leaves its own scheme's port out, though it stands there: no two schemes have the same.
        let port = url.port().or(parse("wss")?.port()).unwrap_or(default);
        if port == 0 {
            return Err(url::wrong(text, "has port 0, to which nothing can connect"));
        }
        let not_text = |error| url::wrong(text, "has userinfo that is not UTF-8").caused_by(error);
        let credentials = url::credentials(&url).map_err(not_text)?;
        Ok(Self { scheme, endpoint: Endpoint::new(host, zone, port), credentials })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &ProxyUrl) -> String {
        let (name, _) = ProxyScheme::ALL.into_iter().find(|(_, scheme)| *scheme == url.scheme).expect("a scheme");
        format!("{name}://{}", url.endpoint.peer())
    }

    #[test]
    fn a_url_says_what_is_spoken_and_where() {
        for (text, meant) in [
            ("proxy", "http://proxy:1080"),
            ("proxy:3128", "http://proxy:3128"),
            ("http://proxy", "http://proxy:1080"),
            ("http://proxy:80", "http://proxy:80"),
            ("http://proxy:443/", "http://proxy:443"),
            ("HTTPS://Proxy", "https://proxy:443"),
            ("https://proxy:80", "https://proxy:80"),
            ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
            ("socks5h://[::1]:9050", "socks5h://[::1]:9050"),
            ("http://[fe80::1%25lo]:1", "http://[fe80::1%lo]:1"),
        ] {
            assert_eq!(shown(&ProxyUrl::parse(text).expect(text)), meant, "{text}");
        }
    }

    #[test]
    fn userinfo_is_decoded_and_not_shown() {
        let url = ProxyUrl::parse("http://ann:p%40ss@proxy").unwrap();
        let credentials = url.credentials.as_ref().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), ("ann", Some("p@ss")));
        assert_eq!(shown(&url), "http://proxy:1080");
        assert!(ProxyUrl::parse("http://proxy").unwrap().credentials.is_none());
    }

    #[test]
    fn what_is_no_url_of_a_proxy_is_refused_without_its_userinfo() {
        for text in [
            "",
            "http://",
            "ftp://ann:S3CRET@proxy",
            "socks4://ann:S3CRET@proxy",
            "http://ann:S3CRET@proxy/path",
            "http://ann:S3CRET@proxy?query",
            "http://ann:S3CRET@proxy#fragment",
            "http://ann:S3CRET@proxy:0",
            "http://ann:S3CRET@proxy:65536",
            "http://ann:S3CRET@pro xy",
            "3128",
        ] {
            let error = ProxyUrl::parse(text).expect_err(text).to_string();
            assert!(!error.contains("S3CRET"), "{error}");
        }
    }
}
