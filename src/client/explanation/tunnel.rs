//! What it means that a proxy does not lead to the server.

use super::{Explanation, of};
use crate::diagnosis::{Login, NoTunnel};

pub(super) fn no_tunnel(cause: &NoTunnel) -> Explanation {
    match cause {
        NoTunnel::UnknownName => of("proxy-unknown", "The name of the proxy has no address."),
        NoTunnel::Unreachable { port } => {
            of("proxy-unreachable", format!("Nothing answers at the proxy, on port {port}."))
        }
        NoTunnel::NoTls { .. } => of("proxy-without-tls", "The proxy does not speak TLS."),
        NoTunnel::Untrusted => of("proxy-untrusted", "The proxy's certificate is not accepted."),
        NoTunnel::WantsCredentials { login: Login::NotSent, .. } => {
            of("proxy-unauthorized", "The proxy wants credentials, and the server was not asked.")
        }
        NoTunnel::WantsCredentials { login: Login::Sent, .. } => {
            of("proxy-unauthorized", "The proxy does not accept the credentials; the server was not asked.")
        }
        NoTunnel::Forbidden { .. } => of("proxy-forbids", "The proxy does not let us go to this host and port."),
        NoTunnel::NoConnect => of("proxy-without-connect", "The proxy does not connect to this host and port."),
        NoTunnel::ServerUnreachable => of("proxy-cannot-reach", "The proxy does not reach the server."),
        NoTunnel::OtherAddresses => of("proxy-other-addresses", "The proxy takes no address of this kind."),
        NoTunnel::NotHttp => of("no-http-proxy", "What is used as a proxy is no HTTP proxy, or one that wants TLS."),
        NoTunnel::NotSocks { .. } => of("no-socks-proxy", "What is used as a proxy does not speak SOCKS 5."),
    }
}
