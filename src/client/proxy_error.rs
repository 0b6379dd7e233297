//! What is said of a proxy that was reached and does not lead to the server.

use crate::client::connect_error::proxy_tls_error;
use crate::client::upgrade_error::body_lines;
use crate::diagnosis::{Diagnosis, Login, NoTunnel, Scheme};
use crate::error::{Error, Phase};
use crate::http::redact::{Part, Secrets};
use crate::http::{Body, Head, HeadError, HeadFault, shortened};
use crate::net::{Proxy, ProxyFailure, ProxyProtocol, SocksFailure, SocksReply};

/// The headers of a refusal that help to explain it.
const TELLING: [&str; 8] =
    ["Proxy-Authenticate", "Proxy-Status", "X-Squid-Error", "Retry-After", "Location", "Server", "Via", "Content-Type"];

/// The error for `proxy`, which was to connect us to `target`, and has not.
pub(super) fn proxy_error(proxy: &Proxy, target: &str, failure: ProxyFailure, secrets: Secrets) -> Error {
    let peer = proxy.endpoint.peer();
    let failed = |what: &str| Error::new(Phase::Proxy, format!("the proxy `{peer}` {what}"));
    match failure {
        ProxyFailure::TimedOut { limit } => {
            limit.passed(Phase::Proxy, format!("the proxy `{peer}` did not connect us to `{target}`"))
        }
        ProxyFailure::Broken(error) => {
            failed(&format!("broke the connection instead of connecting us to `{target}`")).caused_by(error).transient()
        }
        ProxyFailure::Tls(failure) => proxy_tls_error(&peer, failure),
        ProxyFailure::NoHead(error) => no_head(&failed(&format!("did not answer CONNECT {target}")), &error, secrets),
        ProxyFailure::Refused { head, body } => refused(proxy, target, &head, &body, secrets),
        ProxyFailure::Socks(failure) => socks_error(proxy, target, failure),
    }
}

fn no_head(failed: &Error, error: &HeadError, secrets: Secrets) -> Error {
    let what = format!("{failed}: {}", error.text(secrets));
    let mut failed = Error::new(Phase::Proxy, what);
    if let Some(evidence) = error.evidence(secrets) {
        failed = failed.evidence(evidence);
    }
    match error.fault {
        HeadFault::Ended => failed.transient().diagnosed(Diagnosis::NoTunnel(NoTunnel::NotHttp)),
        HeadFault::NotHttp => failed.diagnosed(Diagnosis::NoTunnel(NoTunnel::NotHttp)),
        HeadFault::TooLong | HeadFault::TooManyLines => failed,
    }
}

fn refused(proxy: &Proxy, target: &str, head: &Head, body: &Body, secrets: Secrets) -> Error {
    let (peer, status_line) = (proxy.endpoint.peer(), head.first_line_shown(secrets));
    let mut error =
        Error::new(Phase::Proxy, format!("the proxy `{peer}` refused to connect us to `{target}`: {status_line}"));
    let status = head.status().unwrap_or_default();
    if status >= 500 {
        error = error.transient();
    }
    for (name, value) in head.headers().filter(|(name, _)| TELLING.iter().any(|other| other.eq_ignore_ascii_case(name)))
    {
        let value = secrets.text(Part::Value { name, value });
        error = error.evidence(format!("{name}: {}", shortened(&value, Head::LONGEST_LINE)));
    }
    for line in body_lines(body, secrets) {
        error = error.evidence(format!("| {line}"));
    }
    let cause = match status {
        // tinyproxy answers wrong credentials with 401, and asks for none then.
        401 | 407 => NoTunnel::WantsCredentials { scheme: scheme(head), login: login(proxy) },
        403 => NoTunnel::Forbidden { login: login(proxy) },
        400 | 405 | 501 => NoTunnel::NoConnect,
        500 | 502..=504 => NoTunnel::ServerUnreachable,
        _ => return error,
    };
    error.diagnosed(Diagnosis::NoTunnel(cause))
}

/// How credentials are to be sent: as Basic does, where that isn't said.
fn scheme(head: &Head) -> Scheme {
    head.text("Proxy-Authenticate").map_or(Scheme::Basic, |challenge| Scheme::of(&challenge))
}

fn login(proxy: &Proxy) -> Login {
    let has_login = match &proxy.protocol {
        ProxyProtocol::Connect(request) => request.has_login(),
        ProxyProtocol::Socks5(socks) => socks.has_login(),
    };
    if has_login { Login::Sent } else { Login::NotSent }
}

fn socks_error(proxy: &Proxy, target: &str, failure: SocksFailure) -> Error {
    let peer = proxy.endpoint.peer();
    let failed = |what: String| Error::new(Phase::Proxy, format!("the proxy `{peer}` {what}"));
    let wants_login = Some(NoTunnel::WantsCredentials { scheme: Scheme::Basic, login: login(proxy) });
    let (error, cause) = match failure {
        SocksFailure::NotSocks { bytes } => {
            let shown: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let error = failed(format!("does not speak SOCKS 5: it sent the bytes {}", shown.join(" ")));
            (error, Some(NoTunnel::NotSocks { peer: peer.clone() }))
        }
        SocksFailure::Ended => {
            let error = failed(format!("closed the connection instead of connecting us to `{target}`")).transient();
            (error, Some(NoTunnel::NotSocks { peer: peer.clone() }))
        }
        SocksFailure::NoMethod => (failed("accepts none of the logins that SOCKS offers it".to_owned()), wants_login),
        SocksFailure::OtherMethod(method) => {
            (failed(format!("wants a SOCKS login that was not offered: method {method}")), wants_login)
        }
        SocksFailure::CredentialsRefused => (failed("does not accept user and password".to_owned()), wants_login),
        SocksFailure::NameTooLong => {
            (failed(format!("cannot be told `{target}`: SOCKS names have at most 255 bytes")), None)
        }
        SocksFailure::Refused { attempts } => return not_connected(proxy, target, &attempts),
    };
    error.diagnosed(cause.map(Diagnosis::NoTunnel))
}

fn not_connected(proxy: &Proxy, target: &str, attempts: &[(String, SocksReply)]) -> Error {
    let peer = proxy.endpoint.peer();
    let reply = attempts.last().map_or(SocksReply(1), |(_, reply)| *reply);
    let text = |reply: SocksReply| format!("{} (SOCKS reply {})", reply.meaning(), reply.0);
    let message = format!("the proxy `{peer}` did not connect us to `{target}`: {}", text(reply));
    let mut error = Error::new(Phase::Proxy, message);
    if attempts.len() > 1 {
        for (address, reply) in attempts {
            error = error.evidence(format!("{address}: {}", text(*reply)));
        }
    }
    let cause = match reply.0 {
        1 | 3..=6 => {
            error = error.transient();
            Some(NoTunnel::ServerUnreachable)
        }
        2 => Some(NoTunnel::Forbidden { login: login(proxy) }),
        7 => Some(NoTunnel::NoConnect),
        8 => Some(NoTunnel::OtherAddresses),
        _ => None,
    };
    error.diagnosed(cause.map(Diagnosis::NoTunnel))
}
