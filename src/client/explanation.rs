//! What a [`Diagnosis`] means: its name in JSON, and one sentence. What to do about it is [`advice`](super::advice())'s.

mod refusal;
mod tunnel;

use crate::diagnosis::{Breached, Diagnosis, LastEvent, NoHead, NoTls, Transport, Unreachable, Unsound, Untrusted};

/// What a diagnosis means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The name for programs: words joined by hyphens.
    pub name: &'static str,
    /// What is wrong, in one sentence for people. May hold a peer's bytes, unescaped.
    pub sentence: String,
}

fn of(name: &'static str, sentence: impl Into<String>) -> Explanation {
    Explanation { name, sentence: sentence.into() }
}

/// What `diagnosis` means.
pub fn explain(diagnosis: &Diagnosis) -> Explanation {
    match diagnosis {
        Diagnosis::Unreachable(cause) => unreachable(cause),
        Diagnosis::NoTls(cause) => no_tls(cause),
        Diagnosis::NoTunnel(cause) => tunnel::no_tunnel(cause),
        Diagnosis::NoHead(cause) => no_head(*cause),
        Diagnosis::Refused(cause) => refusal::refused(cause),
        Diagnosis::NotFollowed(_) => of("redirect-not-followed", "The server redirects, and that is not followed."),
        Diagnosis::Breached(cause) => breached(*cause),
        Diagnosis::Unsound(cause) => unsound(cause),
        Diagnosis::BrokenFrame(_) => of("broken-frame", "The server breaks a rule of the framing."),
        Diagnosis::SilentPeer => of("silent-peer", "The server answers no pings any more."),
        Diagnosis::OutOfDescriptors => of("out-of-descriptors", "This process may open no more sockets."),
        Diagnosis::OutOfThreads => of("out-of-threads", "This process may start no more threads."),
        Diagnosis::NoPrivateKey => of("no-private-key", "The file of the private key holds none."),
        Diagnosis::CannotListen(_) => of("cannot-listen", "Nothing can listen there."),
        Diagnosis::InputTooLong => of("input-too-long", "A message is longer than allowed."),
        Diagnosis::InputNotText => of("input-not-text", "A message is no text."),
        Diagnosis::ForbiddenOrigin(_) => of("origin-not-allowed", "The Origin is not allowed."),
    }
}

fn unreachable(cause: &Unreachable) -> Explanation {
    match cause {
        Unreachable::UnknownName => of("unknown-name", "The name has no address."),
        Unreachable::SilentNameServer => of("silent-name-server", "The name server does not answer."),
        Unreachable::UnknownInterface { .. } => of("unknown-interface", "This machine has no interface of that name."),
        Unreachable::NoInterface { .. } => of("no-interface", "The link-local address names no interface."),
        Unreachable::NothingListens { port } => of("nothing-listens", format!("Nothing listens on port {port}.")),
        Unreachable::Silent { port } => {
            of("host-silent", format!("Nothing answers on port {port}, not even to refuse."))
        }
        Unreachable::NoSocket => of("no-socket", "There is no such Unix domain socket."),
        Unreachable::DeadSocket => of("dead-socket", "Nothing listens at the Unix domain socket."),
        Unreachable::ForbiddenSocket => of("forbidden-socket", "This user may not use the Unix domain socket."),
        Unreachable::BusySocket => of("busy-socket", "The Unix domain socket takes no connection."),
        Unreachable::NoRoute => of("no-route", "This machine knows no way to that address."),
    }
}

fn no_tls(cause: &NoTls) -> Explanation {
    match cause {
        NoTls::ServerWithout { .. } => of("port-without-tls", "The port does not speak TLS."),
        NoTls::ClientWithout => of("client-without-tls", "The client does not speak TLS."),
        NoTls::CertificateWanted => of("client-certificate-wanted", "The server wants a certificate of ours."),
        NoTls::CertificateNotAccepted => {
            of("client-certificate-refused", "The server does not accept our certificate, or wants one.")
        }
        NoTls::PerhapsCertificateWanted => of(
            "client-certificate-wanted",
            "The server asked for a certificate of ours, got none, and ended the connection.",
        ),
        NoTls::NoCertificateFits => {
            of("client-certificate-wanted", "The server takes no certificate with a key such as ours.")
        }
        NoTls::PerhapsCertificateNotAccepted => {
            of("client-certificate-refused", "The server got our certificate, and ended the connection.")
        }
        NoTls::NoCommonCipherSuite | NoTls::OurCipherSuites => {
            of("no-common-cipher-suite", "The server and wscope have no cipher suite in common.")
        }
        NoTls::NoCommonVersion | NoTls::OurVersions | NoTls::OldVersionsOnly => {
            of("no-common-tls-version", "The server and wscope have no version of TLS in common.")
        }
        NoTls::UnknownServerName => of("unknown-server-name", "The server knows no host of this name."),
        NoTls::NoHttp => {
            of("http2-only", "The server offers no HTTP/1.1, which a WebSocket needs: HTTP/2 alone, it seems.")
        }
        NoTls::ClientDoesNotTrust => of("client-does-not-trust", "The client does not trust the certificate."),
        NoTls::OurSignatures => of("unknown-signature", "The server signs in a way that wscope cannot check."),
        NoTls::Untrusted(cause) => untrusted(*cause),
    }
}

fn untrusted(cause: Untrusted) -> Explanation {
    match cause {
        Untrusted::NoRoots => of("no-trusted-roots", "This machine trusts no certificates at all."),
        Untrusted::OutOfDate => of("certificate-out-of-date", "The server's certificate is out of date."),
        Untrusted::OtherName | Untrusted::AddressAsName => {
            of("certificate-for-other-name", "The server's certificate is for other names.")
        }
        Untrusted::NoNames => {
            of("certificate-without-names", "The server's certificate has no names (subjectAltName).")
        }
        Untrusted::UnknownIssuer => {
            of("unknown-issuer", "The server's certificate is issued by an authority that is not trusted here.")
        }
        Untrusted::NoIntermediates => of(
            "no-intermediates",
            "The server's certificate comes alone, and its issuer is unknown: an intermediate may be missing.",
        ),
        Untrusted::OtherKey => {
            of("issuer-with-other-key", "The issuer of the server's certificate has another key here.")
        }
        Untrusted::Authority => of("certificate-of-authority", "The server's certificate is an authority's own."),
        Untrusted::UnknownKind => {
            of("unknown-certificate-kind", "The server's certificate is of a kind that cannot be checked.")
        }
        Untrusted::NotPinned => of("key-not-pinned", "The server has another key than the pinned ones."),
        Untrusted::Other => of("certificate-refused", "The server's certificate is not accepted."),
    }
}

fn no_head(cause: NoHead) -> Explanation {
    match cause {
        NoHead::PortSpeaksTls => of("port-speaks-tls", "The port speaks TLS, and was asked without."),
        NoHead::ClientSpeaksTls => of("client-speaks-tls", "The client speaks TLS, and the port does not."),
        NoHead::OtherProtocol { name: "HTTP/2" } => {
            of("http2-only", "The port speaks HTTP/2 alone, and the upgrade needs HTTP/1.1.")
        }
        NoHead::OtherProtocol { name } => of("other-protocol", format!("The port speaks {name}, not HTTP.")),
        NoHead::HungUp { transport: Transport::Plain } => {
            of("hung-up", "The server hung up on the request, without a byte.")
        }
        NoHead::HungUp { transport: Transport::Tls } => {
            of("hung-up", "The server hung up on the request, without a byte, after TLS had gone well.")
        }
        NoHead::Silent => of("silent-server", "The server took the request, and never answered."),
        NoHead::CutOff => of("cut-off", "The connection was cut in the middle of the upgrade."),
    }
}

fn breached(cause: Breached) -> Explanation {
    match cause {
        Breached::HttpVersion => of("http-1.0", "The 101 comes as HTTP/1.0: a proxy in between speaks that."),
        Breached::ExtensionNotOffered => {
            of("extension-not-offered", "The server switches an extension on that was not offered.")
        }
        Breached::WrongCompression => {
            of("wrong-compression", "The server agrees on compression in a way that RFC 7692 does not allow.")
        }
        Breached::SubprotocolNotOffered => {
            of("subprotocol-not-offered", "The server chooses a subprotocol that was not offered.")
        }
        Breached::Other => of("wrong-response", "The server's 101 breaks the rules of the handshake."),
    }
}

fn unsound(cause: &Unsound) -> Explanation {
    match cause {
        Unsound::DeadAddress { address } => {
            of("dead-address", format!("The address {address} does not answer; another of the name does."))
        }
        Unsound::SlowAddress { address } => of(
            "slow-address",
            format!("The address {address} answers late, or not at all; another of the name answers first."),
        ),
        Unsound::CertificateOfAddress { address } => of(
            "certificate-of-address",
            format!("The certificate that the address {address} shows is not accepted; that of another address is."),
        ),
        Unsound::Http2OfferFails => of("http2-offer-fails", "TLS fails where h2 is offered beside http/1.1."),
        Unsound::NotVerified => of("not-verified", "The server's certificate is not accepted."),
        Unsound::ExpiresSoon { days } => {
            let plural = if *days == 1 { "" } else { "s" };
            of("certificate-expires-soon", format!("The server's certificate expires in {days} day{plural}."))
        }
        Unsound::TokenExpired { seconds } => of("token-expired", expired(*seconds)),
        Unsound::NoSubprotocol => {
            of("no-subprotocol", "The server chose none of the subprotocols offered: browsers refuse such a session.")
        }
        Unsound::ClosedAtOnce { code, after } => closed(*code, *after),
        Unsound::EndedAtOnce { after: LastEvent::Upgrade } => {
            of("ended-at-once", "The connection ended right after the upgrade, without Close.")
        }
        Unsound::EndedAtOnce { after: LastEvent::Probe } => {
            of("ended-after-probe", "The connection ended after the probe, without Close.")
        }
        Unsound::BytesBehindUpgrade => of("bytes-behind-upgrade", "Bytes that are no frame follow the 101."),
        Unsound::MaskedFrames => of("masked-by-server", "The server masks its frames, which only a client does."),
        Unsound::BrokenCompression => of("broken-compression", "What the server compresses cannot be inflated."),
        Unsound::CompressionNotAgreed => {
            of("compression-not-agreed", "The server compresses, and its 101 does not agree on that.")
        }
        Unsound::CompressionFails => {
            of("compression-fails", "The session fails with compression, and goes well without.")
        }
        Unsound::BrokenFrames => of("broken-frame", "The server breaks a rule of the framing."),
        Unsound::OverLimit => of("over-limit", "The server sends more than the limits of this run let in."),
        Unsound::NoPong => of("no-pong", "The server does not answer a ping."),
        Unsound::NoAnswer => of("no-answer", "Nothing came in answer to the probe."),
        Unsound::NoCloseReply => of("no-close-reply", "The server does not answer Close."),
    }
}

/// How long ago a token has expired.
fn expired(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "min"),
        7_200..172_800 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("The bearer token expired {number} {unit} ago.")
}

/// A close code with its meaning: that of IANA's registry, or what servers use it for.
fn closed(code: u16, after: LastEvent) -> Explanation {
    let (name, when) = match after {
        LastEvent::Upgrade => ("closed-at-once", "right after the upgrade"),
        LastEvent::Probe => ("closed-after-probe", "after the probe"),
    };
    let meaning = match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1005 => return of(name, format!("The server closed the session {when}, without a code.")),
        1007 => "invalid payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "an extension is missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        3000 => "unauthorized",
        3003 => "forbidden",
        3008 => "timeout",
        4401 => "unauthorized, to many applications",
        4403 => "forbidden, to many applications",
        4406 => "graphql-ws: the subprotocol is not accepted",
        4408 => "graphql-ws: nothing came in time",
        3001..=3999 => "registered by a library",
        _ => "the application's own",
    };
    of(name, format!("The server closed the session {when}: {code}, {meaning}."))
}
