//! A certificate authority and a certificate for loopback, made anew for every run.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::flood::CompressedFloods;
use crate::serve;

/// The server's certificate, and the authority that clients have to trust.
pub struct Identity {
    /// Ready to serve.
    pub config: ServerConfig,
    /// The authority's certificate.
    pub authority_pem: String,
}

impl Identity {
    /// For `localhost` and `127.0.0.1`.
    pub fn generate() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(rcgen::DnType::CommonName, "wscope benchmark authority");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(["localhost".into(), "127.0.0.1".into()])?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Self { config, authority_pem: authority.pem() })
    }
}

/// [`serve::connection`] over TLS, ended as TLS wants it.
pub fn serve(socket: TcpStream, config: &Arc<ServerConfig>, floods: &CompressedFloods) -> io::Result<String> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, socket);
    let report = serve::connection(&mut stream, floods)?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(report)
}
