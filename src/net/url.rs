//! Taking a WebSocket URL apart, in all the ways in which people type it.

use std::borrow::Cow;
use std::str::Utf8Error;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::endpoint::Endpoint;
use super::target::{Credentials, Target};
use crate::error::{Error, Phase, Result};

const URL_HINT: &str = "a URL looks like `ws://localhost:8000/path`";

/// What of a path goes out encoded: what no request line holds, and what every browser encodes in a path.
const IN_PATH: &AsciiSet = &IN_QUERY.add(b'^').add(b'`').add(b'{').add(b'}');
/// The same for a query, where browsers encode less. All else is the sender's choice (RFC 3986 sections 2.2 and 6.2.2):
/// a server may compare the text, or verify a signature of it.
const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// What [`Target::parse`] does.
pub(super) fn parse(text: &str) -> Result<Target> {
    refuse_unlawful(text)?;
    let unescaped = without_backslashes(text)?;
    let text = unescaped.as_str();
    refuse_half_a_scheme(text)?;
    let (secure, rest) = split_scheme(text)?;
    let (rest, zone) = split_zone(rest);
    let names_port_only = rest.starts_with(':') && userinfo_length(&rest) == 0 && !has_bare_ipv6(&rest);
    let rest = if names_port_only { format!("localhost{rest}") } else { rest };
    refuse_without_host(text, &rest)?;
    let scheme = if secure { "wss" } else { "ws" };
    let (authority, resource) = rest.split_at(authority_length(&rest));
    let url = Url::parse(&format!("{scheme}://{authority}"))
        .map_err(|error| wrong(text, "is not a URL").caused_by(error).hint(hint_for(&rest)))?;
    let host = url.host().ok_or_else(|| wrong(text, "names no host"))?.to_owned();
    let port = url.port_or_known_default().filter(|port| *port != 0);
    let port = port.ok_or_else(|| wrong(text, "has port 0, to which nothing can connect"))?;
    let credentials =
        credentials(&url).map_err(|error| wrong(text, "has userinfo that is not UTF-8").caused_by(error))?;
    Ok(Target {
        secure,
        endpoint: Endpoint::new(host, zone, port),
        resource: encoded(resource),
        credentials,
        socket: None,
    })
}

/// The request target for `resource`, the path and the query as they were typed.
fn encoded(resource: &str) -> String {
    let (path, query) = match resource.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (resource, None),
    };
    let path = if path.is_empty() { "/" } else { path };
    let query = query.map(|query| format!("?{}", utf8_percent_encode(query, IN_QUERY))).unwrap_or_default();
    format!("{}{query}", utf8_percent_encode(path, IN_PATH))
}

/// The text without the backslashes that a browser's "Copy as cURL" puts before brackets, for curl. A WHATWG URL takes any
/// other for a slash, and RFC 3986 knows none.
fn without_backslashes(text: &str) -> Result<String> {
    let unescaped = ["[", "]", "{", "}"]
        .iter()
        .fold(text.to_owned(), |text, bracket| text.replace(&format!("\\{bracket}"), bracket));
    if unescaped.contains('\\') {
        return Err(wrong(text, "has a backslash in it").hint("a path has slashes, and a literal backslash is `%5C`"));
    }
    Ok(unescaped)
}

/// The error for a text that is no WebSocket URL; `complaint` completes the sentence that begins with it.
pub(super) fn wrong(text: &str, complaint: &str) -> Error {
    Error::new(Phase::Usage, format!("`{}` {complaint}", without_secrets(text)))
}

/// What must not be anywhere in the text.
pub(super) fn refuse_unlawful(text: &str) -> Result<()> {
    let inside = text.trim();
    if inside.len() < text.len() && !inside.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(
            wrong(text, "has a space or a newline around it, which is whitespace no URL has").hint("leave it out")
        );
    }
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
pub(super) fn refuse_without_host(text: &str, rest: &str) -> Result<()> {
    if rest.is_empty() || rest.starts_with(['/', '?']) {
        return Err(wrong(text, "names no host").hint(URL_HINT));
    }
    let authority = &rest[userinfo_length(rest)..authority_length(rest)];
    let host = authority.split(':').next().unwrap_or_default();
    if !has_bare_ipv6(rest) && !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_digit()) {
        let meant = without_secrets(&format!(":{host}{}", &rest[authority_length(rest)..]));
        return Err(
            wrong(text, "has a number for its host").hint(format!("for a port of this machine write `{meant}`"))
        );
    }
    Ok(())
}

/// `wss:/host` and `wss//host` would be a host called `wss`, which is asked in the clear.
fn refuse_half_a_scheme(text: &str) -> Result<()> {
    let length = text.find([':', '/', '?']).unwrap_or(text.len());
    let (scheme, rest) = text.split_at(length);
    let is_ours = ["ws", "wss", "http", "https"].iter().any(|ours| scheme.eq_ignore_ascii_case(ours));
    let is_half = match rest.strip_prefix(':') {
        Some(rest) => !rest.starts_with("//") && !rest.starts_with(|c: char| c.is_ascii_digit()),
        None => rest.starts_with("//"),
    };
    if is_ours && is_half {
        let hint = format!("a colon and two slashes follow the scheme: `{scheme}://`");
        return Err(wrong(text, "is not a URL").hint(hint));
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
pub(super) fn split_zone(rest: &str) -> (String, Option<String>) {
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

/// A URL up to its path or query, and what follows.
pub(super) fn split(text: &str) -> (String, &str) {
    let authority = text.find("://").map_or(0, |colon| colon + 3);
    let end = authority + authority_length(&text[authority..]);
    (text[..end].to_owned(), &text[end..])
}

/// How long the userinfo is that the authority begins with, its `@` included.
fn userinfo_length(rest: &str) -> usize {
    rest[..authority_length(rest)].rfind('@').map_or(0, |at| at + 1)
}

/// Where the authority ends and path or query begin.
fn authority_length(rest: &str) -> usize {
    rest.find(['/', '?']).unwrap_or(rest.len())
}

pub(super) fn credentials(url: &Url) -> Result<Option<Credentials>, Utf8Error> {
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

/// Whether the authority is an IPv6 address that lacks its brackets, with a port or without one.
fn has_bare_ipv6(rest: &str) -> bool {
    let authority = &rest[userinfo_length(rest)..authority_length(rest)];
    !authority.contains('[') && authority.matches(':').count() > 1
}

fn hint_for(rest: &str) -> &'static str {
    if has_bare_ipv6(rest) { "an IPv6 address stands in brackets: `ws://[::1]:8000/`" } else { URL_HINT }
}
