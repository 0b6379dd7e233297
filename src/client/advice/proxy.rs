//! What to do about a proxy that does not lead to the server.

use crate::diagnosis::{Login, NoTunnel, Scheme};

pub(super) fn no_tunnel(cause: &NoTunnel) -> String {
    let text = match cause {
        NoTunnel::UnknownName => {
            "is the name of the proxy right? inside another network it may be unknown; `--noproxy '*'` goes without it"
        }
        NoTunnel::Unreachable { port } => {
            return format!(
                "does the proxy run, and listen on port {port}? without a port, 1080 is meant, as in curl; \
                 `--noproxy '*'` goes without it"
            );
        }
        NoTunnel::NoTls { peer } => return format!("for a proxy without TLS, use `http://{peer}`"),
        NoTunnel::Untrusted => {
            "`--proxy-cacert FILE` trusts the certificates in FILE for the proxy, `--proxy-insecure` accepts any"
        }
        NoTunnel::WantsCredentials { scheme, login } => return wants_credentials(*scheme, *login),
        NoTunnel::Forbidden { login: Login::NotSent } => {
            "many proxies connect to port 443 only, or to hosts on a list; `--noproxy HOST` goes past the proxy"
        }
        NoTunnel::Forbidden { login: Login::Sent } => {
            "many proxies connect to port 443 only, or to hosts on a list, and some refuse wrong credentials like this; \
             `--noproxy HOST` goes past the proxy"
        }
        NoTunnel::NoConnect => {
            "WebSockets need a proxy that knows CONNECT for this port; `--noproxy HOST` goes past the proxy"
        }
        NoTunnel::ServerUnreachable => {
            "the proxy got no connection to the server: is its name right, and does it run? \
             `--noproxy HOST` goes past the proxy"
        }
        NoTunnel::OtherAddresses => {
            "it may know no IPv6; with `socks5h://` the proxy looks the name up, and chooses the address itself"
        }
        NoTunnel::NotHttp => {
            "is the port right, and is this an HTTP proxy? `https://` speaks TLS with the proxy, `socks5h://` SOCKS"
        }
        NoTunnel::NotSocks { peer } => return format!("is the port right? for an HTTP proxy, use `http://{peer}`"),
    };
    text.to_owned()
}

fn wants_credentials(scheme: Scheme, login: Login) -> String {
    match (scheme, login) {
        (Scheme::Basic, Login::NotSent) => {
            "the proxy wants credentials: `--proxy-user NAME`, or `USER:PASS@` before its host".to_owned()
        }
        (Scheme::Basic, Login::Sent) => "the proxy did not accept the credentials that it was sent".to_owned(),
        (Scheme::Bearer | Scheme::Digest | Scheme::Other, _) => "the proxy wants another login than Basic: \
             `--proxy-header 'Proxy-Authorization: ...'` sends one that was made for it"
            .to_owned(),
    }
}
