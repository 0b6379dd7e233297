//! URLs as curl reads them.

use std::net::Ipv6Addr;

/// The URL without its fragment, which curl does not send.
pub(super) fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// The URL with `\[`, `\]`, `\{` and `\}` as what they stand for.
///
/// # Errors
/// It has brackets or braces that stand for several URLs.
pub(super) fn unescaped(url: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(at) = rest.find(['\\', '[', '{']) {
        let (before, found) = rest.split_at(at);
        plain.push_str(before);
        let escaped = found.strip_prefix('\\').filter(|escaped| escaped.starts_with(['[', ']', '{', '}']));
        let taken = match (escaped, address(found)) {
            (Some(escaped), _) => {
                plain.push_str(&escaped[..1]);
                2
            }
            (None, Some(address)) => {
                plain.push_str(address);
                address.len()
            }
            (None, None) if found.starts_with('\\') => {
                plain.push('\\');
                1
            }
            (None, None) => {
                return Err("`[` and `{` in a URL make several URLs of it in curl: write `\\[` and `\\{`, or add `-g`"
                    .to_owned());
            }
        };
        rest = &found[taken..];
    }
    plain.push_str(rest);
    Ok(plain)
}

/// The IPv6 address in brackets that `text` begins with.
fn address(text: &str) -> Option<&str> {
    let (inside, _) = text.strip_prefix('[')?.split_once(']')?;
    let bare = inside.split('%').next()?;
    bare.parse::<Ipv6Addr>().ok()?;
    Some(&text[..inside.len() + 2])
}
