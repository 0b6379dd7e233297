//! What is said of a connection that does not come about: the error of each cause, with its evidence.

#[cfg(test)]
mod tests;

use std::io;
use std::net::IpAddr;
use std::path::Path;

use crate::client::proxy_error::proxy_error;
use crate::diagnosis::{Diagnosis, NoTls, NoTunnel, Unreachable, Untrusted};
use crate::error::{Error, Phase};
use crate::event::{Certificate, CertificateAnswer, CertificateFault, CertificateRequest, FailedAttempt, FailedCheck};
use crate::http::redact::Secrets;
use crate::net::{
    AcceptFailure, AddressFamily, AlertDescription, ConnectCause, ConnectFailure, Destination, Endpoint, FailedAt,
    Incompatibility, Proxy, RefusedCertificate, Route, TlsFailure,
};
use crate::output::{certificate, connecting};
use crate::platform::is_out_of_descriptors;

/// Which side of a TLS handshake we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    /// A client, and the peer is a proxy.
    ClientOfProxy,
    Server,
}

impl Side {
    /// The peer, in messages.
    fn name(self, peer: &str) -> String {
        match self {
            Self::ClientOfProxy => format!("the proxy `{peer}`"),
            Self::Client | Self::Server => format!("`{peer}`"),
        }
    }

    /// The name of its host, in messages.
    fn lookup_name(self, host: &str) -> String {
        match self {
            Self::ClientOfProxy => format!("`{host}` of the proxy"),
            Self::Client | Self::Server => format!("`{host}`"),
        }
    }

    /// Why it cannot be reached.
    fn unreachable(self, endpoint: &Endpoint, cause: Unreachable) -> Diagnosis {
        match (self, cause) {
            (Self::ClientOfProxy, Unreachable::UnknownName | Unreachable::SilentNameServer) => {
                Diagnosis::NoTunnel(NoTunnel::UnknownName)
            }
            (Self::ClientOfProxy, _) => Diagnosis::NoTunnel(NoTunnel::Unreachable { port: endpoint.port() }),
            (Self::Client | Self::Server, cause) => Diagnosis::Unreachable(cause),
        }
    }
}

/// The error for a server that could not be reached by `route`.
pub fn connect_error(route: &Route, failure: ConnectFailure, secrets: Secrets) -> Error {
    let endpoint = match &route.destination {
        Destination::Tcp(endpoint) | Destination::Behind(_, endpoint) => endpoint,
        Destination::Unix(_) => &route.endpoint,
    };
    let mut error = match *failure.at {
        FailedAt::Server(cause) => error_at(Side::Client, route, endpoint, cause),
        FailedAt::Proxy(proxy, cause) => error_at(Side::ClientOfProxy, route, &proxy.endpoint, cause),
        FailedAt::Tunnel(proxy, failure) => proxy_error(&proxy, &endpoint.peer(), failure, secrets),
    };
    if *endpoint != route.endpoint {
        error = error.evidence(format!("`--connect-to` puts it in the place of `{}`", route.endpoint.peer()));
    }
    on_the_way(route, error)
}

/// The same error, with the proxy that `route` leads through.
pub fn on_the_way(route: &Route, error: Error) -> Error {
    match route.proxy() {
        Some(proxy) => error.evidence(format!("the way leads through {}", proxy_setting(proxy))),
        None => error,
    }
}

/// Which proxy it is, and what has chosen it.
pub fn proxy_setting(Proxy { endpoint, setting, .. }: &Proxy) -> String {
    format!("the proxy `{}`, as `{setting}` says", endpoint.peer())
}

/// The error for TLS with the proxy `peer` that broke after its handshake.
pub(super) fn proxy_tls_error(peer: &str, failure: TlsFailure) -> Error {
    handshake_error(Side::ClientOfProxy, peer, failure)
}

/// The error for one stage of the way, which leads to `endpoint`.
fn error_at(side: Side, route: &Route, endpoint: &Endpoint, cause: ConnectCause) -> Error {
    let peer = endpoint.peer();
    let name = side.name(&peer);
    let diagnosis = |cause| side.unreachable(endpoint, cause);
    match cause {
        ConnectCause::NameUnknown { error } => unknown_name(side, endpoint, error),
        ConnectCause::LookupTimedOut { limit } => limit
            .passed(Phase::Resolve, format!("the name {} was not resolved", side.lookup_name(&endpoint.host())))
            .diagnosed(diagnosis(Unreachable::SilentNameServer)),
        ConnectCause::AllFailed { failed } => {
            let error = Error::new(Phase::Connect, format!("cannot connect to {name}")).transient();
            let is_ours = failed.iter().any(|attempt| is_out_of_descriptors(&attempt.error));
            attempts(error, &failed).diagnosed(if is_ours {
                Diagnosis::OutOfDescriptors
            } else {
                diagnosis(unreachable_cause(endpoint, &failed, Unreachable::NoRoute))
            })
        }
        ConnectCause::ConnectTimedOut { failed, silent, limit } => {
            let error = limit.passed(Phase::Connect, format!("no connection to {name}"));
            let cause = unreachable_cause(endpoint, &failed, Unreachable::Silent { port: endpoint.port() });
            let error = silent
                .iter()
                .fold(attempts(error, &failed), |error, address| error.evidence(format!("{address}: no answer")));
            error.diagnosed(diagnosis(cause))
        }
        ConnectCause::OtherFamily { wanted, addresses } => other_family(&name, wanted, &addresses),
        ConnectCause::Unix { error } => unix_error(&route.peer(), error),
        ConnectCause::UnixTimedOut { limit } => limit
            .passed(Phase::Connect, format!("no connection to the socket `{}`", route.peer()))
            .diagnosed(Diagnosis::Unreachable(Unreachable::BusySocket)),
        // The certificate is that of the server that is asked, wherever its socket is.
        ConnectCause::Tls(failure) if side == Side::Client => tls_error(&route.endpoint.peer(), failure),
        ConnectCause::Tls(failure) => handshake_error(side, &peer, failure),
    }
}

fn other_family(name: &str, wanted: AddressFamily, addresses: &[IpAddr]) -> Error {
    let (flag, family) = match wanted {
        AddressFamily::V4 => ("-4", "IPv4"),
        AddressFamily::V6 => ("-6", "IPv6"),
    };
    let error = Error::new(Phase::Resolve, format!("{name} has no {family} address, and `{flag}` wants one"));
    addresses.iter().fold(error, |error, address| error.evidence(format!("its address is {address}")))
}

fn unix_error(path: &str, error: io::Error) -> Error {
    if Path::new(path).is_dir() {
        return Error::new(Phase::Connect, format!("`{path}` is a folder, and no socket of a server"));
    }
    let cause = match error.kind() {
        io::ErrorKind::NotFound => Some(Unreachable::NoSocket),
        io::ErrorKind::ConnectionRefused => Some(Unreachable::DeadSocket),
        io::ErrorKind::PermissionDenied => Some(Unreachable::ForbiddenSocket),
        _ => None,
    };
    let connect = Error::new(Phase::Connect, format!("cannot connect to the socket `{path}`")).transient();
    connect.caused_by(error).diagnosed(cause.map(Diagnosis::Unreachable))
}

/// The error for a client at the address `peer` that was accepted, and with which there is no connection.
pub fn accept_error(peer: &str, failure: AcceptFailure) -> Error {
    match failure {
        AcceptFailure::Left(error) => Error::new(Phase::Session, format!("`{peer}` is gone")).caused_by(error),
        AcceptFailure::Tls(failure) => handshake_error(Side::Server, peer, failure),
    }
}

/// The error for TLS with the server `peer` that failed. In TLS 1.3 it may fail after the handshake: a server refuses a
/// client's certificate only then.
pub fn tls_error(peer: &str, failure: TlsFailure) -> Error {
    handshake_error(Side::Client, peer, failure)
}

fn unknown_name(side: Side, endpoint: &Endpoint, cause: Option<io::Error>) -> Error {
    let name = side.lookup_name(&endpoint.lookup_name());
    let error = Error::new(Phase::Resolve, format!("cannot resolve the name {name}")).transient();
    let error = match cause {
        Some(cause) if cause.kind() == io::ErrorKind::WouldBlock => {
            return error.caused_by(cause).diagnosed(Diagnosis::OutOfThreads);
        }
        Some(cause) => error.caused_by(cause),
        None => error,
    };
    let cause = match endpoint.zone() {
        Some(zone) => Unreachable::UnknownInterface { zone: zone.to_owned() },
        None => Unreachable::UnknownName,
    };
    error.diagnosed(side.unreachable(endpoint, cause))
}

fn attempts(error: Error, failed: &[FailedAttempt]) -> Error {
    failed.iter().fold(error, |error, attempt| error.evidence(connecting::failed_attempt(attempt)))
}

/// What the attempts tell of the cause; `otherwise` where they tell nothing.
fn unreachable_cause(endpoint: &Endpoint, failed: &[FailedAttempt], otherwise: Unreachable) -> Unreachable {
    let any = |kind| failed.iter().any(|attempt| attempt.error.kind() == kind);
    let port = endpoint.port();
    if endpoint.is_link_local() && endpoint.zone().is_none() {
        Unreachable::NoInterface { address: endpoint.host() }
    } else if any(io::ErrorKind::ConnectionRefused) {
        Unreachable::NothingListens { port }
    } else if any(io::ErrorKind::TimedOut) {
        Unreachable::Silent { port }
    } else {
        otherwise
    }
}

fn handshake_error(side: Side, peer: &str, failure: TlsFailure) -> Error {
    let name = side.name(peer);
    let failed = |what: &str| Error::new(Phase::Tls, format!("{name} {what}"));
    let error = match failure {
        TlsFailure::TimedOut { limit } => limit.passed(Phase::Tls, format!("no TLS handshake with {name}")),
        TlsFailure::Ended => failed("ended the connection in the TLS handshake").transient(),
        TlsFailure::Dropped(error) => {
            failed("dropped the connection in the TLS handshake").caused_by(error).transient()
        }
        TlsFailure::NotTls { first_bytes } => {
            failed("does not speak TLS").evidence(format!("it sent `{}`", first_line(&first_bytes)))
        }
        TlsFailure::Alert(alert) => {
            let (number, words) = (u8::from(alert), words(alert));
            let error = failed(&format!("refuses the TLS handshake: alert {number}, {words}"));
            return error.diagnosed(alert_cause(side, alert).map(Diagnosis::NoTls));
        }
        TlsFailure::Incompatible { what, error } => {
            let message = format!("{name} and wscope have no TLS in common");
            let cause = incompatible_cause(side, what).map(Diagnosis::NoTls);
            return Error::new(Phase::Tls, message).caused_by(error).diagnosed(cause);
        }
        TlsFailure::Certificate(refused) => return refused_certificate(side, peer, &refused),
        TlsFailure::AfterRequest { request, failure } => {
            let error = handshake_error(side, peer, *failure);
            return match side {
                Side::ClientOfProxy => error.evidence(certificate::request(&request)),
                Side::Client | Side::Server => after_certificate_request(error, &request),
            };
        }
        TlsFailure::Other(error) => {
            return Error::new(Phase::Tls, format!("no TLS with {name}")).caused_by(error);
        }
    };
    let peer = peer.to_owned();
    error.diagnosed(match side {
        Side::Client => Diagnosis::NoTls(NoTls::ServerWithout { peer }),
        Side::ClientOfProxy => Diagnosis::NoTunnel(NoTunnel::NoTls { peer }),
        Side::Server => Diagnosis::NoTls(NoTls::ClientWithout),
    })
}

/// The same error, of a server that asked for a certificate of ours and then refused or ended the connection: that may be
/// its answer. In TLS 1.3 it comes after the handshake.
pub fn after_certificate_request(error: Error, request: &CertificateRequest) -> Error {
    let cause = match (&request.answer, error.diagnosis()) {
        // The server's alert says more.
        (_, Some(Diagnosis::NoTls(NoTls::CertificateWanted))) => NoTls::CertificateWanted,
        (CertificateAnswer::Sent { .. }, Some(Diagnosis::NoTls(NoTls::CertificateNotAccepted))) => {
            NoTls::CertificateNotAccepted
        }
        (CertificateAnswer::Sent { .. }, _) => NoTls::PerhapsCertificateNotAccepted,
        (CertificateAnswer::None | CertificateAnswer::Described(_), _) => NoTls::PerhapsCertificateWanted,
        (CertificateAnswer::NoneFit, _) => NoTls::NoCertificateFits,
    };
    error.evidence(certificate::request(request)).diagnosed(Diagnosis::NoTls(cause))
}

/// `certificate required`, as RFC 8446 section 6 spells it, without its underscore.
fn words(alert: AlertDescription) -> String {
    let name = alert.as_str().unwrap_or("UnknownAlert");
    let mut words = String::with_capacity(name.len() + 4);
    let mut after_lower_case = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && after_lower_case {
            words.push(' ');
        }
        after_lower_case = letter.is_ascii_lowercase();
        words.push(letter.to_ascii_lowercase());
    }
    words
}

fn alert_cause(side: Side, alert: AlertDescription) -> Option<NoTls> {
    use AlertDescription as Alert;
    match (side, alert) {
        (Side::Client, Alert::CertificateRequired | Alert::NoCertificate) => Some(NoTls::CertificateWanted),
        (
            Side::Client,
            Alert::BadCertificate
            | Alert::UnknownCA
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::AccessDenied,
        ) => Some(NoTls::CertificateNotAccepted),
        (Side::Client, Alert::HandshakeFailure | Alert::InsufficientSecurity) => Some(NoTls::NoCommonCipherSuite),
        (Side::Client, Alert::ProtocolVersion) => Some(NoTls::NoCommonVersion),
        (Side::Client, Alert::UnrecognisedName) => Some(NoTls::UnknownServerName),
        (Side::Client, Alert::NoApplicationProtocol) => Some(NoTls::NoHttp),
        (Side::Server, Alert::BadCertificate | Alert::UnknownCA | Alert::CertificateUnknown) => {
            Some(NoTls::ClientDoesNotTrust)
        }
        _ => None,
    }
}

fn incompatible_cause(side: Side, what: Incompatibility) -> Option<NoTls> {
    match (side, what) {
        (Side::Client, Incompatibility::OurVersions) => Some(NoTls::OurVersions),
        (Side::Client, Incompatibility::OurCipherSuites) => Some(NoTls::OurCipherSuites),
        (Side::Client, Incompatibility::OurSignatures) => Some(NoTls::OurSignatures),
        (Side::Client, Incompatibility::OurApplicationProtocol) => Some(NoTls::NoHttp),
        (Side::Client, Incompatibility::OldVersionsOnly) => Some(NoTls::OldVersionsOnly),
        _ => None,
    }
}

/// The error for a server whose certificate is not accepted, with the certificates as evidence.
fn refused_certificate(side: Side, peer: &str, refused: &RefusedCertificate) -> Error {
    let RefusedCertificate { fault, chain, has_roots, unread_roots } = refused;
    let message = format!("{} is not verified: {}", side.name(peer), certificate::complaint(fault));
    let error = Error::new(Phase::Tls, message);
    let error = chain.iter().enumerate().fold(error, |error, (depth, shown)| {
        error.evidence(format!("certificate {}: {}", depth + 1, certificate::line(shown)))
    });
    let error = unread_roots.iter().fold(error, |error, line| error.evidence(format!("trust store: {line}")));
    if side == Side::ClientOfProxy {
        return error.diagnosed(Diagnosis::NoTunnel(NoTunnel::Untrusted));
    }
    let cause = match untrusted_cause(fault, chain) {
        Untrusted::UnknownIssuer | Untrusted::NoIntermediates if !has_roots => Untrusted::NoRoots,
        cause => cause,
    };
    error.diagnosed(Diagnosis::NoTls(NoTls::Untrusted(cause)))
}

fn untrusted_cause(fault: &CertificateFault, chain: &[Certificate]) -> Untrusted {
    match &fault.check {
        FailedCheck::Expired { .. } | FailedCheck::NotYetValid { .. } => Untrusted::OutOfDate,
        FailedCheck::WrongName { asked, names: Some(names) } if names.contains(asked) => Untrusted::AddressAsName,
        FailedCheck::WrongName { names: Some(names), .. } if names.is_empty() => Untrusted::NoNames,
        FailedCheck::WrongName { .. } => Untrusted::OtherName,
        FailedCheck::SelfSigned => Untrusted::UnknownIssuer,
        FailedCheck::UnknownIssuer { .. } if chain.len() > 1 => Untrusted::UnknownIssuer,
        FailedCheck::UnknownIssuer { .. } => Untrusted::NoIntermediates,
        FailedCheck::WrongSignature { .. } => Untrusted::OtherKey,
        FailedCheck::SelfSignedAuthority | FailedCheck::Authority => Untrusted::Authority,
        FailedCheck::UncheckedKey { .. } | FailedCheck::UncheckedSignature { .. } => Untrusted::UnknownKind,
        FailedCheck::NotPinned { .. } => Untrusted::NotPinned,
        _ => Untrusted::Other,
    }
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}
