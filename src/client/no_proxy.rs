//! Hosts that are reached without a proxy: the lists of `NO_PROXY` and `--noproxy`, as curl reads them.

use std::net::IpAddr;

/// Whether `list` has `host`: a name, or an address without brackets.
///
/// Elements are separated by commas, with or without blanks around them. A name stands for itself and for all names below
/// it, with a dot before it or without. An address stands for itself, or with `/BITS` for a network; `/0` is no prefix, and
/// means the same as none. `*` means every host if it is the whole list. A blank without a comma ends the list.
pub fn has(list: &str, host: &str) -> bool {
    if list == "*" {
        return true;
    }
    let address: Option<IpAddr> = host.parse().ok();
    let mut elements = list.split(',').map(|element| element.trim_matches([' ', '\t']));
    // What curl stops at: behind a blank within an element it reads nothing more.
    let mut ended = false;
    elements.any(|element| {
        if ended {
            return false;
        }
        let first = element.split([' ', '\t']).next().unwrap_or_default();
        ended = first.len() < element.len();
        match address {
            Some(address) => is_in_network(address, first),
            None => is_below(host, first),
        }
    })
}

/// Whether `host` is `domain` or below it.
fn is_below(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let Some(start) = host.len().checked_sub(domain.len()) else { return false };
    if domain.is_empty() || !host.is_char_boundary(start) {
        return false;
    }
    host[start..].eq_ignore_ascii_case(domain) && (start == 0 || host[..start].ends_with('.'))
}

fn is_in_network(address: IpAddr, network: &str) -> bool {
    let (network, bits) = match network.split_once('/') {
        Some((network, bits)) => (network, bits.parse().ok()),
        None => (network, Some(0)),
    };
    let (Ok(network), Some(bits)) = (network.parse::<IpAddr>(), bits) else { return false };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            shares_prefix(address.to_bits().into(), network.to_bits().into(), 32, bits)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => shares_prefix(address.to_bits(), network.to_bits(), 128, bits),
        _ => false,
    }
}

/// Whether the first `bits` of two addresses of `width` bits are the same: all of them for 0, as in curl.
fn shares_prefix(address: u128, network: u128, width: u32, bits: u32) -> bool {
    let bits = if bits == 0 { width } else { bits };
    bits <= width && (address ^ network) >> (width - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of curl's own unit test 1614, and of its manual.
    #[test]
    fn curls_own_cases() {
        let cases = [
            ("www.example.com", "localhost,.example.com,.example.de", true),
            ("www.example.com.", "localhost,.example.com,.example.de", true),
            ("example.com", "localhost,.example.com,.example.de", true),
            ("example.com.", "localhost,.example.com,.example.de", true),
            ("www.example.com", "localhost,.example.com.,.example.de", true),
            ("www.example.com", "localhost,www.example.com.,.example.de", true),
            ("example.com", "localhost,example.com,.example.de", true),
            ("example.com.", "localhost,example.com,.example.de", true),
            ("www.example.com", "localhost,example.com,.example.de", true),
            ("nexample.com", "localhost,example.com,.example.de", false),
            ("www.example.com", "localhost,www.example.com", true),
            ("127.0.0.1", "127.0.0.1,localhost", true),
            ("127.0.0.1", "127.0.0.1,localhost,", true),
            ("127.0.0.1", "127.0.0.1/8,localhost,", true),
            ("127.0.0.1", "127.0.0.1/28,localhost,", true),
            ("127.0.0.1", "127.0.0.1/31,localhost,", true),
            ("127.0.0.1", "localhost,127.0.0.1", true),
            ("localhost", "localhost,127.0.0.1", true),
            ("localhost", "127.0.0.1,localhost", true),
            ("foobar", "barfoo", false),
            ("foobar", "foobar", true),
            ("192.168.0.1", "foobar", false),
            ("192.168.0.1", "192.168.0.0/16", true),
            ("192.168.0.1", "192.168.0.0/24", true),
            ("192.168.0.1", "192.168.0.0/32", false),
            ("192.168.0.1", "192.168.0.0", false),
            ("192.168.1.1", "192.168.0.0/24", false),
            ("192.168.1.1", "192.168.0.0/33", false),
            ("192.168.1.1", "foo, bar, 192.168.0.0/24", false),
            ("192.168.1.1", "foo, bar, 192.168.0.0/16", true),
            ("::1", "foo, bar, 192.168.0.0/16", false),
            ("::1", "foo, bar, ::1/64", true),
            ("::1", "0:0::1/128", true),
            ("::1", "::1/129", false),
            ("bar", "foo, bar, ::1/64", true),
            ("BAr", "foo, bar, ::1/64", true),
            ("BAr", "foo,,,,,              bar, ::1/64", true),
            ("www.example.com", "foo, .example.com", true),
            ("www.example.com", "www2.example.com, .example.net", false),
            ("example.com", ".example.com, .example.net", true),
            ("nonexample.com", ".example.com, .example.net", false),
            ("local.com", "local.com", true),
            ("www.local.com", "local.com", true),
            ("www.notlocal.com", "local.com", false),
            ("any.example", "*", true),
            ("any.example", "*,other", false),
            ("any.example", "", false),
            ("10.0.0.1", "10.0.0.1/0", true),
            ("10.0.0.1", "0.0.0.0/0", false),
            ("10.0.0.1", "10.0.0.0/x", false),
        ];
        for (host, list, expected) in cases {
            assert_eq!(has(list, host), expected, "{host} in {list:?}");
        }
    }
}
