//! What to do about a failure, in words. The only place that turns a [`Diagnosis`] into text.

mod proxy;
mod refusal;
mod unsound;

use crate::diagnosis::{
    Breached, BrokenFrame, CannotListen, Diagnosis, ForbiddenOrigin, NoHead, NoTls, Transport, Unreachable, Untrusted,
};

const USE_WSS: &str = "the port speaks TLS: use `wss://` instead of `ws://`";

const HTTP_2: &str = "nginx: take `http2` out of the `listen` of a port without TLS; HAProxy: take `proto h2` out of the \
                      `bind`, with TLS it takes `alpn h2,http/1.1`; Apache: `Protocols h2 http/1.1`";

/// The next thing to try; more than one line where it is lines of a configuration file.
pub fn advice(diagnosis: &Diagnosis) -> String {
    match diagnosis {
        Diagnosis::Unreachable(cause) => unreachable(cause),
        Diagnosis::NoTls(cause) => no_tls(cause),
        Diagnosis::NoTunnel(cause) => proxy::no_tunnel(cause),
        Diagnosis::CannotListen(cause) => cannot_listen(*cause).to_owned(),
        Diagnosis::SilentPeer => {
            "the connection is dead, or something between drops what is idle: try a shorter --ping-interval".to_owned()
        }
        Diagnosis::InputTooLong => "`--max-message` sets the limit".to_owned(),
        Diagnosis::InputNotText => "`--binary` sends the input as binary messages".to_owned(),
        Diagnosis::NoPrivateKey => "`--key` names the file of the key, where it is another".to_owned(),
        Diagnosis::NoHead(cause) => no_head(*cause),
        Diagnosis::Refused(cause) => refusal::refused(cause),
        Diagnosis::NotFollowed(cause) => refusal::not_followed(cause),
        Diagnosis::Breached(cause) => breached(*cause),
        Diagnosis::BrokenFrame(cause) => broken_frame(*cause).to_owned(),
        Diagnosis::Unsound(cause) => unsound::advice(cause),
        Diagnosis::OutOfDescriptors => "too many files and sockets are open: `ulimit -n` shows the limit".to_owned(),
        Diagnosis::OutOfThreads => {
            "too many threads: `ulimit -u` shows the user's limit, a container or a service may have its own".to_owned()
        }
        Diagnosis::ForbiddenOrigin(origin) => forbidden_origin(origin),
    }
}

fn unreachable(cause: &Unreachable) -> String {
    match cause {
        Unreachable::UnknownName => "check its spelling, and that this machine is online".to_owned(),
        Unreachable::SilentNameServer => "is the name server reachable? an IP address in the URL needs none".to_owned(),
        Unreachable::UnknownInterface { zone } => format!("is `{zone}` a network interface of this machine?"),
        Unreachable::NoInterface { address } => {
            format!("a link-local address needs its interface: `[{address}%25eth0]`, say")
        }
        Unreachable::NothingListens { port } => format!("is the server running, and does it listen on port {port}?"),
        Unreachable::Silent { port } => {
            format!("a firewall may drop what goes to port {port}, or the host is down")
        }
        Unreachable::NoSocket => "is the server running, and is the path right?".to_owned(),
        Unreachable::DeadSocket => "nothing listens there: is the server running?".to_owned(),
        Unreachable::ForbiddenSocket => "its permissions keep this user out".to_owned(),
        Unreachable::BusySocket => "its server takes no connections: is it busy, or stopped?".to_owned(),
        Unreachable::NoRoute => "is this machine on the network, and is there a route to that address?".to_owned(),
    }
}

fn cannot_listen(cause: CannotListen) -> &'static str {
    match cause {
        CannotListen::PortTaken => "another program listens there: choose another port, or `0` for a free one",
        CannotListen::Forbidden => "ports below 1024 may need privileges: choose a higher one",
        CannotListen::SocketTaken => "another program listens there: choose another path",
        CannotListen::NoSocket => "a file is there that is no socket: choose another path, or remove it",
        CannotListen::NoFolder => "the folder of the socket has to be there",
        CannotListen::NotOurAddress => "it has to be an address of this machine; `0.0.0.0` means all of them",
    }
}

fn no_tls(cause: &NoTls) -> String {
    let text = match cause {
        NoTls::ServerWithout { peer } => return format!("for a port without TLS, use `ws://{peer}`"),
        NoTls::ClientWithout => "clients of this port need `wss://`",
        NoTls::CertificateWanted => "it wants a certificate of ours: `--cert FILE --key FILE`",
        NoTls::CertificateNotAccepted => "it does not accept the certificate of `--cert`, or wants one",
        NoTls::PerhapsCertificateWanted => {
            "that may be its answer to getting no certificate: `--cert FILE --key FILE` gives one"
        }
        NoTls::NoCertificateFits => "that may be its answer: it needs a certificate with another kind of key",
        NoTls::PerhapsCertificateNotAccepted => {
            "that may be how it refuses the certificate of `--cert`: is that of an issuer that the server trusts, and not expired?"
        }
        NoTls::NoCommonCipherSuite => {
            "it has nothing in common with wscope, whose TLS library knows no RSA or finite-field key exchange, no CBC, and \
             no keys but RSA from 2048 bits on, ECDSA P-256 and P-384, and Ed25519; or it wants a certificate: \
             `--cert FILE --key FILE`"
        }
        NoTls::NoCommonVersion => {
            "it speaks no TLS version that is offered: 1.2 and 1.3, less what `--tls-min` and `--tls-max` leave out; \
             the TLS library knows no older one"
        }
        NoTls::UnknownServerName => "it does not know the name; `--sni NAME` asks for another",
        NoTls::NoHttp => return format!("it does not offer HTTP/1.1, which the upgrade needs: {HTTP_2}"),
        NoTls::ClientDoesNotTrust => {
            "the client does not trust the certificate that it was shown: that of `--cert`; of `tap --tls`, `-v` says how to trust it"
        }
        NoTls::OurVersions => "it speaks a version that `--tls-min` or `--tls-max` leaves out",
        NoTls::OurCipherSuites => {
            "it chose what was not offered: wscope's TLS library knows no RSA or finite-field key exchange, and no CBC"
        }
        NoTls::OurSignatures => "wscope's TLS library knows no such signature; in TLS 1.3 `-k` accepts any kind of key",
        NoTls::OldVersionsOnly => {
            "it speaks TLS 1.1 at most, which wscope's TLS library does not: it is no longer secure (RFC 8996)"
        }
        NoTls::Untrusted(cause) => untrusted(*cause),
    };
    text.to_owned()
}

fn untrusted(cause: Untrusted) -> &'static str {
    match cause {
        Untrusted::NoRoots => {
            "this machine trusts no authority: install its `ca-certificates`, set SSL_CERT_FILE, or give `--cacert FILE`"
        }
        Untrusted::OutOfDate => {
            "the server needs a new certificate, or this machine's clock is wrong; `-k` accepts any"
        }
        Untrusted::OtherName => "use one of its names in the URL, or ask for one with `--sni NAME`; `-k` accepts any",
        Untrusted::NoNames => {
            "make the certificate anew with a name (`openssl req -addext subjectAltName=DNS:HOST …`); `-k` accepts any"
        }
        Untrusted::AddressAsName => {
            "the certificate needs the address as one (`subjectAltName=IP:…`); `--sni` asks for a name of it, `-k` accepts any"
        }
        Untrusted::UnknownIssuer => "`--cacert FILE` trusts the certificates in FILE, `-k` accepts any",
        Untrusted::NoIntermediates => {
            "does the server send its intermediate certificates? `--cacert FILE` trusts those in FILE, `-k` accepts any"
        }
        Untrusted::OtherKey => {
            "was that CA made anew under its old name? `--cacert FILE` needs its present certificate, `-k` accepts any"
        }
        Untrusted::Authority => "`--cacert FILE` with this very certificate in FILE trusts it, `-k` accepts any",
        Untrusted::UnknownKind => {
            "wscope's TLS library checks RSA from 2048 to 8192 bits, ECDSA P-256 and P-384, and Ed25519, with SHA-2; \
             `-k` accepts any, without `--pinnedpubkey`"
        }
        Untrusted::NotPinned => {
            "has the server a new key? `--pinnedpubkey` takes several, joined with `;`; else something in between answers \
             in its place"
        }
        Untrusted::Other => "`-k` accepts any certificate",
    }
}

fn no_head(cause: NoHead) -> String {
    match cause {
        NoHead::PortSpeaksTls => USE_WSS.to_owned(),
        NoHead::ClientSpeaksTls => {
            "the client speaks TLS: it should use `ws://`, or give `listen` the flags `--cert` and `--key`, `tap` the flag `--tls`"
                .to_owned()
        }
        NoHead::OtherProtocol { name: "HTTP/2" } => format!("the upgrade needs HTTP/1.1: {HTTP_2}"),
        NoHead::OtherProtocol { name: "MQTT" } => "this is a broker's port for MQTT alone: its port for WebSockets is \
             another one (Mosquitto: a `listener` with `protocol websockets`), with the subprotocol `mqtt`"
            .to_owned(),
        NoHead::OtherProtocol { name } => format!("this looks like {name}: is the port right?"),
        NoHead::HungUp { transport: Transport::Plain } => {
            "a port that speaks TLS often hangs up like this on a plain request: try `wss://`; \
             or something in between (a proxy, a firewall) refused the connection"
                .to_owned()
        }
        NoHead::HungUp { transport: Transport::Tls } => "it speaks TLS, but perhaps not HTTP: is the port right? \
             Or something in between (a proxy, a firewall) refused the connection"
            .to_owned(),
        NoHead::Silent => "the server waits, or does not answer such a request at this path: look for the path in its \
             documentation, and for the request in its log"
            .to_owned(),
        NoHead::CutOff => {
            "something on the way (a proxy, a firewall, a load balancer) or the other side itself cut the connection"
                .to_owned()
        }
    }
}

/// Read by both sides: it is the body of the refusal, too.
fn forbidden_origin(origin: &ForbiddenOrigin) -> String {
    match origin {
        ForbiddenOrigin::Named(origin) => {
            format!("wscope's `--allow-origin {origin}` lets web pages of {origin} in, `--allow-origin '*'` all pages")
        }
        ForbiddenOrigin::Null => "its origin is `null` (a file:// page, or a sandboxed frame): wscope's \
                                  `--allow-origin null` lets such pages in, `--allow-origin '*'` all pages"
            .to_owned(),
        ForbiddenOrigin::Malformed => {
            "its `Origin` is none: wscope's `--allow-origin ORIGIN` lets the pages of one in, `--allow-origin '*'` all pages"
                .to_owned()
        }
    }
}

fn breached(cause: Breached) -> String {
    let cause = match cause {
        Breached::HttpVersion => "a proxy that speaks HTTP/1.0 may be in between (nginx: `proxy_http_version 1.1;`); ",
        Breached::ExtensionNotOffered => {
            "the server, or a proxy before it, switches an extension on without being asked; "
        }
        Breached::WrongCompression => {
            "the server's library, or a proxy that answers in its place, gets permessage-deflate wrong; `--no-deflate` does \
             without; "
        }
        Breached::SubprotocolNotOffered => "offer what the server speaks with `--subprotocol`; ",
        Breached::Other => "",
    };
    format!("{cause}`--lenient` reports this and goes on")
}

fn broken_frame(cause: BrokenFrame) -> &'static str {
    match cause {
        BrokenFrame::Passable => "`--lenient` reports this and goes on",
        BrokenFrame::LargeMessage => "`--max-message` sets the limit",
        BrokenFrame::SharedMemory => "`--max-buffered` sets the limit",
    }
}

#[cfg(test)]
mod tests;
