//! Streams over real sockets, with rustls on both sides.

mod ends;
mod layers;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use super::{Socket, Stream};
use crate::net::TimeLimit;
use crate::net::tls::handshake;
use crate::platform::UnixStream;

/// How many TLS sessions lie on the socket.
pub const LAYERS: [usize; 3] = [0, 1, 2];

/// Both ends of a TCP connection.
pub fn tcp() -> (Socket, Socket) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    (near.into(), far.into())
}

/// Both ends of a connection between Unix domain sockets.
pub fn unix() -> (Socket, Socket) {
    let (near, far) = UnixStream::pair().unwrap();
    (near.into(), far.into())
}

/// A client's and a server's stream over `sockets`, with so many TLS sessions.
pub fn streams(layers: usize, sockets: (Socket, Socket)) -> (Stream, Stream) {
    let (mut near, mut far) = (Stream::new(sockets.0), Stream::new(sockets.1));
    let limit = TimeLimit::starting_now(Duration::from_secs(10));
    let (client, server) = configurations();
    let accept = thread::spawn(move || {
        for _ in 0..layers {
            let mut session = ServerConnection::new(Arc::clone(&server)).unwrap();
            handshake::complete(&mut far, &mut session, limit).unwrap();
            far.add_tls(session.into());
        }
        far
    });
    for _ in 0..layers {
        let name = ServerName::try_from("localhost").unwrap();
        let mut session = ClientConnection::new(Arc::clone(&client), name).unwrap();
        handshake::complete(&mut near, &mut session, limit).unwrap();
        near.add_tls(session.into());
    }
    (near, accept.join().unwrap())
}

fn configurations() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let provider = Arc::new(ring::default_provider());
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (Arc::new(client), Arc::new(server))
}

/// Bytes in which a piece that is lost, doubled or moved is found.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from((index / 251 + index) % 251).unwrap()).collect()
}
