//! URLs of servers at a Unix domain socket, as npm's `ws` and wscat have them: `ws+unix:PATH:/resource`.

use super::target::Target;
use super::url;
use crate::error::{Error, Phase, Result};
use crate::platform::UnixAddress;

/// Understands such a URL; `None` where `text` is another one.
pub(super) fn parse(text: &str) -> Result<Option<Target>> {
    let Some((scheme, rest)) = split_scheme(text) else { return Ok(None) };
    let (path, resource) = split_resource(rest);
    let path = match path.strip_prefix("//") {
        // Older versions of `ws` want an empty authority.
        Some(absolute) if absolute.starts_with(['/', '@']) => absolute,
        Some(_) => return Err(wrong(text, "names a host, and a Unix socket has none")),
        None => path,
    };
    if path.is_empty() {
        return Err(wrong(text, "names no socket"));
    }
    let target = url::parse(&format!("{scheme}://localhost{resource}"))?;
    Ok(Some(Target { socket: Some(UnixAddress::new(path)), ..target }))
}

/// Such a URL up to its resource, and its resource; `None` where `text` is another one.
pub(super) fn split(text: &str) -> Option<(String, &str)> {
    let (_, rest) = split_scheme(text)?;
    let (path, resource) = split_resource(rest);
    let resource = if resource.is_empty() { "/" } else { resource };
    Some((format!("{}:", &text[..text.len() - rest.len() + path.len()]), resource))
}

fn split_scheme(text: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "ws+unix" => Some(("ws", rest)),
        "wss+unix" => Some(("wss", rest)),
        _ => None,
    }
}

/// The path of the socket, and the resource, which begins after the first colon that a slash follows.
fn split_resource(rest: &str) -> (&str, &str) {
    match rest.find(":/") {
        Some(colon) => (&rest[..colon], &rest[colon + 1..]),
        None => (rest, ""),
    }
}

fn wrong(text: &str, complaint: &str) -> Error {
    let (start, _) = split(text).unwrap_or_default();
    Error::new(Phase::Usage, format!("`{start}` {complaint}"))
        .hint("a socket of this machine is `ws+unix:/path/of/the/socket:/resource`")
}
