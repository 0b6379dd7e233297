//! Why no connection comes about.

/// Why the server cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// The name has no address.
    UnknownName,
    /// The name server did not answer in time.
    SilentNameServer,
    /// A link-local address names an interface that this machine does not have.
    UnknownInterface {
        /// The interface.
        zone: String,
    },
    /// A link-local address names no interface.
    NoInterface {
        /// The address.
        address: String,
    },
    /// The host refuses the connection.
    NothingListens {
        /// The port that was tried.
        port: u16,
    },
    /// The host does not answer.
    Silent {
        /// The port that was tried.
        port: u16,
    },
    /// There is no Unix domain socket of that name.
    NoSocket,
    /// Nothing listens at the Unix domain socket.
    DeadSocket,
    /// We may not use the Unix domain socket.
    ForbiddenSocket,
    /// The listener of the Unix domain socket takes no connection.
    BusySocket,
    /// The system knows no way there.
    NoRoute,
}

/// Why a server cannot listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannotListen {
    /// Another program listens at this port.
    PortTaken,
    /// The system does not allow it.
    Forbidden,
    /// The address is none of this machine.
    NotOurAddress,
    /// Another program listens at this Unix domain socket.
    SocketTaken,
    /// There is a file of that name which is no socket.
    NoSocket,
    /// There is no folder for the Unix domain socket.
    NoFolder,
}

/// Why there is no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTls {
    /// The server's port may be one without TLS.
    ServerWithout {
        /// Host and port.
        peer: String,
    },
    /// The client may speak without TLS.
    ClientWithout,
    /// The server wants a certificate of ours.
    CertificateWanted,
    /// The server does not accept our certificate, or wants one.
    CertificateNotAccepted,
    /// The server asked for a certificate of ours, was sent none, and ended the connection.
    PerhapsCertificateWanted,
    /// The same, where the server checks no signature that our key can make.
    NoCertificateFits,
    /// The server asked for a certificate of ours, was sent it, and ended the connection.
    PerhapsCertificateNotAccepted,
    /// The server may know none of our cipher suites, or want a certificate of ours.
    NoCommonCipherSuite,
    /// The server speaks no version that we ask for.
    NoCommonVersion,
    /// The server does not know the name that was asked for.
    UnknownServerName,
    /// The server does not offer HTTP/1.1.
    NoHttp,
    /// The client does not trust our certificate.
    ClientDoesNotTrust,
    /// The server speaks a version that is switched off here.
    OurVersions,
    /// The server chose a cipher suite that was not offered.
    OurCipherSuites,
    /// The server signs in a way that the TLS library does not know.
    OurSignatures,
    /// The server speaks TLS 1.1 at most.
    OldVersionsOnly,
    /// The server's certificate is not accepted.
    Untrusted(Untrusted),
}

/// Why a server's certificate is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untrusted {
    /// No certificate at all is trusted on this machine.
    NoRoots,
    /// It has expired, or is not valid yet.
    OutOfDate,
    /// It is for other names.
    OtherName,
    /// It has no names but that of its subject, which does not count.
    NoNames,
    /// It has the address that was asked for as a DNS name, and not as an address.
    AddressAsName,
    /// It is signed with its own key, or its issuer is unknown.
    UnknownIssuer,
    /// Its issuer is unknown, and the server shows no certificates above it.
    NoIntermediates,
    /// A trusted CA has the name of its issuer and another key.
    OtherKey,
    /// It is marked as a CA's.
    Authority,
    /// The TLS library knows neither its kind of key, or how it is signed.
    UnknownKind,
    /// Its key is none of those that are pinned.
    NotPinned,
    /// Anything else.
    Other,
}
