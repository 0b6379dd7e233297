//! A private CA and the certificates that the scenarios need, right and wrong.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PublicKeyData, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::{ClientCertVerifierBuilder, WantsServerCert, WebPkiClientVerifier};
use rustls::{ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, ServerConfig, StreamOwned};
use sha2::{Digest, Sha256};
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
    /// What the server shows after its own certificate.
    issuers: Vec<CertificateDer<'static>>,
}

impl Authority {
    pub fn new() -> Self {
        Self::named("wscope test CA")
    }

    pub fn named(name: &str) -> Self {
        let issuer = CertifiedIssuer::self_signed(authority(name), new_key()).expect("a CA can be made");
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

    /// For `localhost`, with what `change` makes of it.
    pub fn issue_changed(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut parameters = leaf(&["localhost"]);
        change(&mut parameters);
        self.issue_as(&parameters)
    }

    /// For `localhost`, but only in the first week of 2020.
    pub fn issue_expired(&self) -> Identity {
        self.issue_changed(only_in_2020)
    }

    /// For a client.
    pub fn issue_for_client(&self) -> Identity {
        self.issue_as(&client())
    }

    /// For a client, but only in the first week of 2020.
    pub fn issue_expired_for_client(&self) -> Identity {
        let mut parameters = client();
        only_in_2020(&mut parameters);
        self.issue_as(&parameters)
    }

    /// For a client that has this key already, PEM.
    pub fn issue_for_client_with(&self, key: &str) -> Identity {
        self.issue_for_key(&client(), KeyPair::from_pem(key).expect("a key"))
    }

    /// Another CA, whose certificate this one has issued, with what `change` makes of it.
    pub fn intermediate(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut parameters = authority(name);
        change(&mut parameters);
        let issuer = CertifiedIssuer::signed_by(parameters, new_key(), &self.issuer).expect("a CA can be made");
        Self { issuer, folder: TempDir::new().expect("a temporary folder can be made") }
    }

    fn issue_as(&self, parameters: &CertificateParams) -> Identity {
        self.issue_for_key(parameters, new_key())
    }

    fn issue_for_key(&self, parameters: &CertificateParams, key: KeyPair) -> Identity {
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate can be issued");
        Identity {
            certificate: certificate.der().clone(),
            certificate_pem: certificate.pem(),
            key,
            issuers: Vec::new(),
        }
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// The CA's certificate as a PEM file, for `--cacert`.
    pub fn file(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem())
    }

    /// The certificates of several CAs in one PEM file.
    pub fn file_with(&self, others: &[&Self]) -> PathBuf {
        let certificates: String = others.iter().chain(&[self]).map(|authority| authority.issuer.pem()).collect();
        self.write("several.pem", &certificates)
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

    /// A file in the folder.
    pub fn write(&self, name: &str, contents: &str) -> PathBuf {
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
        self.client_demanding_config_with(identity, rustls::ALL_VERSIONS)
    }

    /// The same, for some versions of TLS only.
    pub fn client_demanding_config_with(
        &self,
        identity: &Identity,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let verifier = self.client_verifier().build().expect("one root");
        identity.config_of(builder(versions).with_client_cert_verifier(verifier))
    }

    /// What a server needs that asks for such a certificate, and lets in clients without one too.
    pub fn client_asking_config(&self, identity: &Identity) -> Arc<ServerConfig> {
        let verifier = self.client_verifier().allow_unauthenticated().build().expect("one root");
        identity.config_of(builder(rustls::ALL_VERSIONS).with_client_cert_verifier(verifier))
    }

    fn client_verifier(&self) -> ClientCertVerifierBuilder {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate()).expect("a CA certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
    }
}

impl Identity {
    /// For `localhost`, signed by itself.
    pub fn self_signed() -> Self {
        let key = new_key();
        let certificate = leaf(&["localhost"]).self_signed(&key).expect("a certificate can be made");
        Self { certificate: certificate.der().clone(), certificate_pem: certificate.pem(), key, issuers: Vec::new() }
    }

    /// What a server needs.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config_with(rustls::ALL_VERSIONS)
    }

    /// What a server needs that speaks TLS 1.3 and nothing older.
    pub fn tls13_config(&self) -> Arc<ServerConfig> {
        self.config_with(&[&rustls::version::TLS13])
    }

    /// What a server needs that speaks TLS 1.2 and nothing newer.
    pub fn tls12_config(&self) -> Arc<ServerConfig> {
        self.config_with(&[&rustls::version::TLS12])
    }

    fn config_with(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
        self.config_of(builder(versions).with_no_client_auth())
    }

    fn config_of(&self, builder: ConfigBuilder<ServerConfig, WantsServerCert>) -> Arc<ServerConfig> {
        let config = builder.with_single_cert(self.chain(), self.private_key());
        Arc::new(config.expect("a key of its certificate"))
    }

    /// The server shows the certificate of this CA too.
    pub fn shown_with(mut self, authority: &Authority) -> Self {
        self.issuers.push(authority.certificate());
        self
    }

    /// What a server shows, its own certificate first.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        [&self.certificate].into_iter().chain(&self.issuers).cloned().collect()
    }

    /// The public key, as PEM.
    pub fn public_key(&self) -> String {
        self.key.public_key_pem()
    }

    /// SHA-256 of the public key, as `--pinnedpubkey` takes it.
    pub fn pin(&self) -> String {
        let hash = Sha256::digest(self.key.subject_public_key_info());
        format!("sha256//{}", data_encoding::BASE64.encode(&hash))
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

fn builder(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("versions that ring speaks")
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new([]).expect("no names");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn client() -> CertificateParams {
    let mut parameters = leaf(&["client"]);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    parameters
}

/// Valid in the first week of 2020.
pub fn only_in_2020(parameters: &mut CertificateParams) {
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2020, 1, 8);
}

/// Valid in the year 2390.
pub fn only_in_2390(parameters: &mut CertificateParams) {
    parameters.not_before = date_time_ymd(2390, 1, 1);
    parameters.not_after = date_time_ymd(2391, 1, 1);
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
