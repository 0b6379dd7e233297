//! Connections over loopback, with certificates made for the occasion.

mod certificates;
mod handshakes;
mod unreachable;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::*;
use crate::client::advice;
use crate::error::{ExitStatus, Result};
use crate::net::{
    Connected, Identity, ListenAddress, ListenOptions, Listener, Route, ServerIdentity, ServerName, Target, TimeLimit,
    TlsClient, TlsOptions, TlsTo, TlsVersion, TlsVersions, TrustedRoots, Verification, connect, listen,
};

/// A CA of our own, and a folder for what it issues.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        Self::named("wscope test CA")
    }

    fn named(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), issuer }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn certificate(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem())
    }

    fn trusted(&self) -> TlsOptions {
        TlsOptions { roots: TrustedRoots::File(self.certificate()), ..TlsOptions::default() }
    }

    fn issue(&self, parameters: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        self.identity(&certificate.pem(), &key)
    }

    fn self_signed(&self, parameters: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        self.identity(&certificate.pem(), &key)
    }

    /// Certificate and key in one file, as some servers want them.
    fn identity(&self, certificate: &str, key: &KeyPair) -> Identity {
        let path = self.write("leaf.pem", &format!("{}{certificate}", key.serialize_pem()));
        Identity { certificate: path.clone(), key: path }
    }
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, "the server");
    parameters
}

fn no_passphrase(path: &Path) -> Result<String> {
    panic!("the passphrase of {} should not be asked for", path.display())
}

fn soon() -> TimeLimit {
    TimeLimit::starting_now(Duration::from_secs(10))
}

fn listener(identity: Identity) -> Listener {
    let options =
        ListenOptions { address: ListenAddress::loopback(0), identity: Some(ServerIdentity::Files(identity)) };
    listen(&options, &no_passphrase).unwrap()
}

/// Serves one client of `listener`: a greeting right behind the handshake.
fn serve(listener: Listener) -> JoinHandle<Result<Connected>> {
    thread::spawn(move || {
        let incoming = listener.accept()?;
        let peer = incoming.address().to_string();
        let mut connected = incoming.handshake(soon()).map_err(|failure| accept_error(&peer, failure))?;
        connected.stream.write_all(b"welcome").unwrap();
        connected.stream.flush().unwrap();
        Ok(connected)
    })
}

/// TLS with `localhost` at a port of this machine.
fn route(port: u16, options: &TlsOptions, server_name: &str) -> Result<Route> {
    let endpoint = Target::parse(&format!("wss://localhost:{port}"))?.endpoint().clone();
    let client = TlsClient::prepare(options, &no_passphrase)?;
    let tls = TlsTo { client, server_name: ServerName::parse(server_name)? };
    Ok(Route { tls: Some(tls), ..Route::to(endpoint) })
}

fn connect_along(route: &Route, limit: TimeLimit) -> Result<Connected> {
    connect(route, limit, &mut |_| {}).map_err(|failure| connect_error(route, failure, Secrets::Hidden))
}

fn connect_to(port: u16, options: &TlsOptions) -> Result<Connected> {
    connect_along(&route(port, options, "localhost")?, soon())
}

/// Connects without TLS.
fn connect_plainly(url: &str, limit: TimeLimit) -> Result<Connected> {
    connect_along(&Route::to(Target::parse(url)?.endpoint().clone()), limit)
}

fn hint(error: &Error) -> String {
    error.hint_with(advice).unwrap().into_owned()
}

fn refusal(identity: Identity, options: &TlsOptions) -> Error {
    let listener = listener(identity);
    let port = listener.ip_address().unwrap().port();
    let server = serve(listener);
    let error = connect_to(port, options).unwrap_err();
    assert!(server.join().unwrap().is_err(), "the server should have been told");
    assert_eq!((error.phase(), error.exit_status()), (Phase::Tls, ExitStatus::Tls));
    error
}

fn acceptance(identity: Identity, options: &TlsOptions) -> Connected {
    acceptance_as("localhost", identity, options)
}

fn acceptance_as(server_name: &str, identity: Identity, options: &TlsOptions) -> Connected {
    let listener = listener(identity);
    let port = listener.ip_address().unwrap().port();
    let server = serve(listener);
    let connected = connect_along(&route(port, options, server_name).unwrap(), soon()).unwrap();
    server.join().unwrap().unwrap();
    connected
}
