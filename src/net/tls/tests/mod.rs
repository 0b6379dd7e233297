//! Handshakes over loopback, with certificates made for the occasion.

mod certificates;
mod handshakes;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::{Identity, MinimumVersion, TlsOptions, Verification};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::net::{
    ConnectOptions, Connected, ListenAddress, ListenOptions, Listener, Target, TimeLimit, connect, listen,
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
        TlsOptions { verification: Verification::Ca(self.certificate()), ..TlsOptions::default() }
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
    panic!("nobody should be asked for the passphrase of {}", path.display())
}

fn soon() -> TimeLimit {
    TimeLimit::starting_now(Duration::from_secs(10))
}

fn listener(identity: Identity) -> Listener {
    let minimum_version = MinimumVersion::default();
    let options = ListenOptions { address: ListenAddress::loopback(0), identity: Some(identity), minimum_version };
    listen(&options, &no_passphrase).unwrap()
}

/// Serves one client of `listener`: a greeting right behind the handshake.
fn serve(listener: Listener) -> JoinHandle<Result<Connected>> {
    thread::spawn(move || {
        let mut connected = listener.accept()?.handshake(soon())?;
        let tls = connected.tls.as_mut().unwrap();
        tls.writer().write_all(b"welcome").unwrap();
        while tls.wants_write() {
            tls.write_tls(&mut connected.socket).unwrap();
        }
        Ok(connected)
    })
}

/// Connects to `localhost` at a port of this machine.
fn connect_to(port: u16, options: &TlsOptions) -> Result<Connected> {
    let target = Target::parse(&format!("wss://localhost:{port}")).unwrap();
    let options = ConnectOptions::prepare(&target, options, &no_passphrase)?;
    connect(&target, &options, soon(), &mut |_| {})
}

fn refusal(identity: Identity, options: &TlsOptions) -> Error {
    let listener = listener(identity);
    let port = listener.address().port();
    let server = serve(listener);
    let error = connect_to(port, options).unwrap_err();
    assert!(server.join().unwrap().is_err(), "the server should have been told");
    assert_eq!((error.phase(), error.exit_status()), (Phase::Tls, ExitStatus::Tls));
    error
}

fn acceptance(identity: Identity, options: &TlsOptions) -> Connected {
    let listener = listener(identity);
    let port = listener.address().port();
    let server = serve(listener);
    let connected = connect_to(port, options).unwrap();
    server.join().unwrap().unwrap();
    connected
}
