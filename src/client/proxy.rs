//! Which proxy is on the way to a server: as flags and environment say it, read as curl reads them.

use std::env;

use crate::cli::ProxyArgs;
use crate::client::{no_proxy, request};
use crate::error::{Error, Phase, Result};
use crate::http::HeaderRule;
use crate::net::{Credentials, Endpoint, ProxyUrl, Target};

/// What is known of proxies for a server.
pub enum ProxyChoice {
    /// No setting names one.
    None,
    /// A setting names one, and another keeps it from this server.
    Bypassed {
        /// The name of the setting that names the proxy.
        setting: &'static str,
        /// The name of the setting that keeps it away.
        by: &'static str,
    },
    /// This one.
    Proxy {
        /// Its URL.
        url: ProxyUrl,
        /// The name of the setting that has chosen it.
        setting: &'static str,
    },
}

/// The variables that name a proxy, in the order in which they count. `HTTP_PROXY` is left out, as in curl: a CGI program
/// gets it from a header of its client.
const FOR_PLAIN: [&str; 5] = ["ws_proxy", "WS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"];
const FOR_SECURE: [&str; 6] = ["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// The proxy for `target`; `flag` is what `--proxy` says.
///
/// # Errors
/// [`Phase::Usage`] for a URL that is none of a proxy.
pub fn choose(target: &Target, flag: Option<&str>, noproxy: Option<&str>) -> Result<ProxyChoice> {
    let Some((setting, text)) = named(target, flag) else { return Ok(ProxyChoice::None) };
    let host = target.endpoint().host();
    let (by, list) = match noproxy {
        Some(list) => ("--noproxy", list.to_owned()),
        None => first_of(&["no_proxy", "NO_PROXY"]).unwrap_or_default(),
    };
    if no_proxy::has(&list, &host) {
        return Ok(ProxyChoice::Bypassed { setting, by });
    }
    let url = ProxyUrl::parse(&text).map_err(|error| {
        let hint = "a proxy looks like `http://proxy:3128` or `socks5h://proxy:1080`";
        Error::new(Phase::Usage, format!("{setting}: {error}")).hint(hint)
    })?;
    Ok(ProxyChoice::Proxy { url, setting })
}

/// What `--proxy` says.
///
/// # Errors
/// [`Phase::Usage`] for a file that cannot be read.
pub fn flag(args: &ProxyArgs) -> Result<Option<String>> {
    args.proxy.as_ref().map(|secret| request::read_secret("--proxy", secret)).transpose()
}

/// The user and the password that a flag gives for `proxy`; asks for a missing password.
///
/// # Errors
/// [`Phase::Usage`] where they cannot be read or asked for.
pub fn user(args: &ProxyArgs, proxy: &Endpoint) -> Result<Option<Credentials>> {
    let given = args.proxy_user.as_ref();
    given.map(|user| request::credentials("--proxy-user", user, &format!("the proxy {}", proxy.peer()))).transpose()
}

/// The user's own headers for a proxy.
///
/// # Errors
/// [`Phase::Usage`] for a file that cannot be read, or stdin, which is for others.
pub fn headers(args: &ProxyArgs) -> Result<Vec<HeaderRule>> {
    if args.proxy_headers.iter().any(request::is_stdin) {
        return Err(Error::new(Phase::Usage, "--proxy-header: `@-` is for `--header`; name a file"));
    }
    request::header_rules("--proxy-header", &args.proxy_headers)
}

/// The setting that names a proxy, and its value. The flag goes before the environment, even if it is empty.
fn named(target: &Target, flag: Option<&str>) -> Option<(&'static str, String)> {
    match flag {
        Some(text) => (!text.is_empty()).then(|| ("--proxy", text.to_owned())),
        None if target.secure() => first_of(&FOR_SECURE),
        None => first_of(&FOR_PLAIN),
    }
}

/// The first of these variables that is set, and not empty.
fn first_of(names: &[&'static str]) -> Option<(&'static str, String)> {
    names.iter().find_map(|name| {
        let value = env::var_os(name).filter(|value| !value.is_empty())?;
        Some((*name, value.to_string_lossy().into_owned()))
    })
}
