//! Taking a WebSocket URL apart, in all the ways in which people type it.

use std::borrow::Cow;
use std::str::Utf8Error;

use percent_encoding::percent_decode_str;
use url::Url;

use super::endpoint::Endpoint;
use super::target::{Credentials, Target};
use crate::error::{Error, Phase, Result};

const URL_HINT: &str = "a URL looks like `ws://localhost:8000/path`";

/// What [`Target::parse`] does.
pub(super) fn parse(text: &str) -> Result<Target> {
    refuse_unlawful(text)?;
    refuse_half_a_scheme(text)?;
    let (secure, rest) = split_scheme(text)?;
    let (rest, zone) = split_zone(rest);
    let names_port_only = rest.starts_with(':') && userinfo_length(&rest) == 0;
    let rest = if names_port_only { format!("localhost{rest}") } else { rest };
    refuse_without_host(text, &rest)?;
    let scheme = if secure { "wss" } else { "ws" };
    let url = Url::parse(&format!("{scheme}://{rest}"))
        .map_err(|error| wrong(text, "is not a URL").caused_by(error).hint(hint_for(text)))?;
    let host = url.host().ok_or_else(|| wrong(text, "names no host"))?.to_owned();
    let port = url.port_or_known_default().filter(|port| *port != 0);
    let port = port.ok_or_else(|| wrong(text, "has port 0, to which nothing can connect"))?;
    let credentials =
        credentials(&url).map_err(|error| wrong(text, "has userinfo that is not UTF-8").caused_by(error))?;
    let resource = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    Ok(Target { secure, endpoint: Endpoint::new(host, zone, port), resource, credentials, socket: None })
}

/// The error for a text that is no WebSocket URL; `complaint` completes the sentence that begins with it.
fn wrong(text: &str, complaint: &str) -> Error {
    Error::new(Phase::Usage, format!("`{}` {complaint}", without_secrets(text)))
}

/// What must not be anywhere in the text.
fn refuse_unlawful(text: &str) -> Result<()> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let hint = "write a space as `%20`, and quote the URL for the shell";
        return Err(wrong(text, "has whitespace or a control character in it").hint(hint));
    }
    if text.contains('#') {
        let complaint = "has a fragment, which a WebSocket URL must not have (RFC 6455 section 3)";
        return Err(wrong(text, complaint).hint("leave out `#` and what follows it, or write a literal `#` as `%23`"));
    }
    Ok(())
}

/// The WHATWG's parser would find a host in these all the same: `///path` has the host `path`, and 8000 is 0.0.31.64.
fn refuse_without_host(text: &str, rest: &str) -> Result<()> {
    if rest.is_empty() || rest.starts_with(['/', '?', '\\']) {
        return Err(wrong(text, "names no host").hint(URL_HINT));
    }
    if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong(text, "is not a host").hint(format!("for a port of this machine write `:{rest}`")));
    }
    Ok(())
}

/// `wss:/host` would be a host called `wss`, with an empty port, and go out in the clear.
fn refuse_half_a_scheme(text: &str) -> Result<()> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(()) };
    let is_ours = ["ws", "wss", "http", "https"].iter().any(|ours| scheme.eq_ignore_ascii_case(ours));
    let goes_on_as_port = rest.starts_with("//") || !(rest.is_empty() || rest.starts_with(['/', '?', '\\']));
    if is_ours && !goes_on_as_port {
        return Err(wrong(text, "is not a URL").hint(format!("two slashes follow the scheme: `{scheme}://`")));
    }
    Ok(())
}

/// Whether it is secure, and what follows the scheme.
/// Without `://` there is no scheme: `localhost:8080` is a host with a port.
fn split_scheme(text: &str) -> Result<(bool, &str)> {
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok((false, text));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => Ok((false, rest)),
        "wss" | "https" => Ok((true, rest)),
        _ => Err(wrong(text, &format!("has the scheme `{scheme}`, which is not one for WebSockets"))
            .hint("use `ws://`, or `wss://` for TLS")),
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Takes the zone out of `[fe80::1%25eth0]:80/` (RFC 6874; a bare `%`, as other tools print it, too), which the WHATWG's URLs don't know.
fn split_zone(rest: &str) -> (String, Option<String>) {
    let authority = &rest[..authority_length(rest)];
    let zone = || {
        let userinfo = userinfo_length(rest);
        let open = userinfo + authority[userinfo..].find('[')?;
        let close = open + authority[open..].find(']')?;
        let percent = open + authority[open..close].find('%')?;
        let zone = &authority[percent + 1..close];
        let zone = zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone);
        Some((format!("{}{}", &rest[..percent], &rest[close..]), zone.to_owned()))
    };
    match zone() {
        Some((rest, zone)) => (rest, Some(zone)),
        None => (rest.to_owned(), None),
    }
}

/// How long the userinfo is that the authority begins with, its `@` included.
fn userinfo_length(rest: &str) -> usize {
    rest[..authority_length(rest)].rfind('@').map_or(0, |at| at + 1)
}

/// Where the authority ends and path or query begin.
fn authority_length(rest: &str) -> usize {
    rest.find(['/', '?', '\\']).unwrap_or(rest.len())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, Utf8Error> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decode = |text| percent_decode_str(text).decode_utf8().map(Cow::into_owned);
    Ok(Some(Credentials { user: decode(url.username())?, password: url.password().map(decode).transpose()? }))
}

/// The text for an error, without what may be a secret. As it may not be a URL at all, that is all before the last `@`, and
/// all from the first parameter of its path, its query or its fragment on.
fn without_secrets(text: &str) -> String {
    let start = text.find("://").map_or(0, |colon| colon + 3);
    let (scheme, rest) = text.split_at(start);
    let end = rest.find(['?', '#', ';']).unwrap_or(rest.len());
    let query = if end + 1 < rest.len() { format!("{}[hidden]", &rest[end..=end]) } else { rest[end..].to_owned() };
    match rest.rfind('@') {
        Some(at) if at > end => format!("{scheme}[hidden]"),
        Some(at) => format!("{scheme}[hidden]{}{query}", &rest[at..end]),
        None => format!("{scheme}{}{query}", &rest[..end]),
    }
}

fn hint_for(text: &str) -> &'static str {
    match text.split_once(':') {
        Some(("ws" | "wss" | "http" | "https", rest)) if !rest.starts_with("//") => {
            "two slashes follow the scheme: `ws://`"
        }
        Some((_, rest)) if rest.contains(':') && !text.contains(['/', '[', '@']) => {
            "an IPv6 address stands in brackets: `ws://[::1]:8000/`"
        }
        _ => URL_HINT,
    }
}
