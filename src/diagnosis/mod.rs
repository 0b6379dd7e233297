//! Known causes of failure, with their evidence, as plain data.
//!
//! A refusal's cause is recognised in `wire::handshake`, that of a failed connection in `client::connect_error`. What to do
//! about it, in words and with names of flags, is `client::advice`'s. This room depends on nothing, so that the error type
//! may carry such a value.

mod connecting;
mod intermediary;
mod redirect;
mod refusal;
mod tunnel;
mod unsound;

pub use connecting::{CannotListen, NoTls, Unreachable, Untrusted};
pub use intermediary::Intermediary;
pub use redirect::NotFollowed;
pub use refusal::{EngineIo, HeaderSize, Login, Refused, Scheme};
pub use tunnel::NoTunnel;
pub use unsound::{LastEvent, Unsound};

/// The likely cause of a failure. Texts in it may hold a peer's bytes, unescaped; they never hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// The server cannot be reached.
    Unreachable(Unreachable),
    /// There is a connection, but no TLS on it.
    NoTls(NoTls),
    /// A proxy does not lead to the server.
    NoTunnel(NoTunnel),
    /// A server cannot listen at its address.
    CannotListen(CannotListen),
    /// The peer answers no pings any more.
    SilentPeer,
    /// A piece of the input, or a file, is longer than a message may be.
    InputTooLong,
    /// The input is no text.
    InputNotText,
    /// A file that should hold a private key holds none.
    NoPrivateKey,
    /// The connection ended before a head came, or what came is no head.
    NoHead(NoHead),
    /// The response refuses the upgrade.
    Refused(Refused),
    /// The response is a redirect that is not followed.
    NotFollowed(NotFollowed),
    /// The response accepts the upgrade and breaks rules; a lenient client would go on.
    Breached(Breached),
    /// The peer broke a rule of the framing, or passed a limit of ours, and the session ended.
    BrokenFrame(BrokenFrame),
    /// The process may open no more files and sockets.
    OutOfDescriptors,
    /// The process may start no more threads.
    OutOfThreads,
    /// The connection came about, and something is wrong with it.
    Unsound(Unsound),
    /// A server of ours does not let a web page in.
    ForbiddenOrigin(ForbiddenOrigin),
}

/// Why there is no HTTP head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoHead {
    /// The server's port speaks TLS, and the request came without.
    PortSpeaksTls,
    /// The client speaks TLS, and our port does not.
    ClientSpeaksTls,
    /// The server speaks another protocol.
    OtherProtocol {
        /// Its name: `SSH`.
        name: &'static str,
    },
    /// The server closed the connection after our request, without a byte.
    HungUp {
        /// What the request went through.
        transport: Transport,
    },
    /// The server took the request and sent nothing until our time limit had passed.
    Silent,
    /// The connection broke later.
    CutOff,
}

/// What the bytes of a connection go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP alone.
    Plain,
    /// TLS.
    Tls,
}

/// Which breach of the response tells most about its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breached {
    /// The response is HTTP/1.0.
    HttpVersion,
    /// The response switches an extension on that was not offered.
    ExtensionNotOffered,
    /// The response agrees on compression in a way that RFC 7692 does not allow.
    WrongCompression,
    /// The response chooses a subprotocol that was not offered.
    SubprotocolNotOffered,
    /// Another one, which tells nothing of its cause.
    Other,
}

/// What would have let a session go on after a breach in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenFrame {
    /// To be lenient.
    Passable,
    /// To take larger messages.
    LargeMessage,
    /// To hold more for all clients together.
    SharedMemory,
}

/// The origin of a web page that a server of ours does not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForbiddenOrigin {
    /// This one. It holds nothing but the characters of a scheme, a host and a port.
    Named(String),
    /// `null`: a `file://` page, or a sandboxed frame.
    Null,
    /// What stands in `Origin` is none.
    Malformed,
}

/// Makes text of a diagnosis: the next thing to try.
pub type Advice = fn(&Diagnosis) -> String;
