//! The opening handshake, sans-I/O and for both roles (RFC 6455 section 4).

mod rule;

pub use rule::HandshakeRule;
