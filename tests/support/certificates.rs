//! A private CA and the certificates that the scenarios need, right and wrong.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use tempfile::TempDir;

/// A CA of our own with a folder for its PEM files.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key: KeyPair,
}

impl Authority {
    pub fn new() -> Self {
        Self::named("wscope test CA")
    }

    pub fn named(name: &str) -> Self {
        let mut parameters = CertificateParams::new([]).expect("no names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(parameters, new_key()).expect("a CA can be made");
        Self { issuer, folder: TempDir::new().expect("a temporary folder can be made") }
    }

    /// For `localhost`, 127.0.0.1 and `::1`.
    pub fn issue(&self) -> Identity {
        self.issue_as(&leaf(&["localhost", "127.0.0.1", "::1"]))
    }

    /// For another name.
    pub fn issue_for(&self, name: &str) -> Identity {
        self.issue_as(&leaf(&[name]))
    }

    /// For `localhost`, but only in the first week of 2020.
    pub fn issue_expired(&self) -> Identity {
        let mut parameters = leaf(&["localhost"]);
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(2020, 1, 8);
        self.issue_as(&parameters)
    }

    /// For a client.
    pub fn issue_for_client(&self) -> Identity {
        let mut parameters = leaf(&["client"]);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue_as(&parameters)
    }

    fn issue_as(&self, parameters: &CertificateParams) -> Identity {
        let key = new_key();
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate can be issued");
        Identity { certificate: certificate.der().clone(), certificate_pem: certificate.pem(), key }
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// The CA's certificate as a PEM file, for `--cacert`.
    pub fn file(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem())
    }

    /// Certificate and key as PEM files, for `--cert` and `--key`.
    pub fn files_of(&self, identity: &Identity) -> (PathBuf, PathBuf) {
        let certificate = self.write("leaf.pem", &identity.certificate_pem);
        (certificate, self.write("leaf.key", &identity.key.serialize_pem()))
    }

    /// The folder of all these files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, contents).expect("the folder can be written to");
        path
    }

    /// A TLS client that trusts this CA and asks for `localhost`.
    pub fn connect(&self, socket: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate()).expect("a CA certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.expect("usual versions").with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a client"), socket)
    }

    /// What a server needs that only lets in clients with a certificate of this CA.
    pub fn client_demanding_config(&self, identity: &Identity) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate()).expect("a CA certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let builder = builder(rustls::ALL_VERSIONS).with_client_cert_verifier(verifier.expect("one root"));
        let config = builder.with_single_cert(vec![identity.certificate.clone()], identity.private_key());
        Arc::new(config.expect("a key of its certificate"))
    }
}

impl Identity {
    /// For `localhost`, signed by itself.
    pub fn self_signed() -> Self {
        let key = new_key();
        let certificate = leaf(&["localhost"]).self_signed(&key).expect("a certificate can be made");
        Self { certificate: certificate.der().clone(), certificate_pem: certificate.pem(), key }
    }

    /// What a server needs.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config_with(rustls::ALL_VERSIONS)
    }

    /// What a server needs that speaks TLS 1.2 and nothing newer.
    pub fn tls12_config(&self) -> Arc<ServerConfig> {
        self.config_with(&[&rustls::version::TLS12])
    }

    fn config_with(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let builder = builder(versions).with_no_client_auth();
        let config = builder.with_single_cert(vec![self.certificate.clone()], self.private_key());
        Arc::new(config.expect("a key of its certificate"))
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

fn builder(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("versions that ring speaks")
}

fn leaf(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut parameters = CertificateParams::new(names.clone()).expect("valid names");
    parameters.distinguished_name.push(DnType::CommonName, &*names[0]);
    parameters
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("ring makes keys")
}
