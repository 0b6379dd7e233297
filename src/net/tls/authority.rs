//! A certificate authority of this user alone, for connections that a relay ends in the server's place: made once, kept in
//! a file, and trusted only where the user says so. The certificates of servers are made when they are needed, live for a
//! day, and are kept nowhere.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use pkcs8::der::pem::{LineEnding, encode_string};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SerialNumber,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use x509_cert::der::Decode;

use super::public_key::sha256;
use crate::platform::{Readers, create_secret_file, keep_file, private_folder, read_secret_file};

/// The file with the key and the certificate.
const SECRET_FILE: &str = "authority.pem";
/// The file with the certificate alone, to be trusted.
const CERTIFICATE_FILE: &str = "ca.pem";

/// The longest secret file that is read, in bytes.
const LARGEST_FILE: u64 = 64 * 1024;

const DAY: Duration = Duration::from_hours(24);
/// How long an authority lives: long enough that it is trusted once, short enough to be gone some day.
const LIFETIME: Duration = DAY.saturating_mul(10 * 365);
/// How long a certificate of a server lives.
const LEAF_LIFETIME: Duration = DAY;
/// How far the clocks of clients may be behind.
const CLOCK_SKEW: Duration = DAY;
/// How many certificates of servers are kept in memory.
const MOST_LEAVES: usize = 1000;

/// The authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    certificate_path: PathBuf,
    secret_path: PathBuf,
    /// The key of all certificates of servers in this process.
    leaf_key: KeyPair,
    leaves: Mutex<HashMap<String, Leaf>>,
    is_new: bool,
}

/// A certificate of a server, and when another is made in its place.
struct Leaf {
    certified: Arc<CertifiedKey>,
    renew_at: SystemTime,
}

/// Why there is no authority. `Display` gives one line.
#[derive(Debug)]
pub struct AuthorityError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: AuthorityFault,
}

/// What is wrong with the files of an authority.
#[derive(Debug)]
pub enum AuthorityFault {
    /// A file cannot be read or written.
    Io(io::Error),
    /// The file of the secret holds no key with its certificate.
    Malformed,
    /// The authority has come to its end.
    Expired,
    /// No certificate can be made.
    Crypto(rcgen::Error),
}

impl Authority {
    /// The authority in `folder`, which is made where there is none.
    ///
    /// # Errors
    /// A file that cannot be read or written, or is none of ours.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let (secret_path, certificate_path) = (folder.join(SECRET_FILE), folder.join(CERTIFICATE_FILE));
        let at_secret = |fault| AuthorityError { path: secret_path.clone(), fault };
        let read = || read_secret_file(&secret_path, LARGEST_FILE).map_err(|error| at_secret(error.into()));
        let mut secret = read()?;
        let mut is_new = false;
        if secret.is_none() {
            let at_folder = |error: io::Error| AuthorityError { path: folder.to_owned(), fault: error.into() };
            private_folder().recursive(true).create(folder).map_err(at_folder)?;
            let made = make().map_err(at_secret)?;
            is_new = create_secret_file(&secret_path, made.as_bytes()).map_err(|error| at_secret(error.into()))?;
            // Another process may have been first.
            secret = read()?;
        }
        let secret = secret.ok_or_else(|| at_secret(AuthorityFault::Malformed))?;
        let (key, certificate) = parse(&secret).map_err(at_secret)?;
        let public = pem("CERTIFICATE", &certificate).map_err(at_secret)?;
        keep_file(&certificate_path, public.as_bytes(), Readers::AllUsers)
            .map_err(|error| AuthorityError { path: certificate_path.clone(), fault: error.into() })?;
        let leaf_key = KeyPair::generate().map_err(|error| at_secret(error.into()))?;
        let issuer = Issuer::new(parameters(&key), key);
        Ok(Self { issuer, certificate, certificate_path, secret_path, leaf_key, leaves: Mutex::default(), is_new })
    }

    /// Whether it was made just now: no client can trust it yet.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The file with the certificate that clients have to trust.
    pub fn certificate_path(&self) -> &Path {
        &self.certificate_path
    }

    /// The file with the key.
    pub fn secret_path(&self) -> &Path {
        &self.secret_path
    }

    /// The name that the authority has among others.
    pub fn name(&self) -> String {
        name(self.issuer.key())
    }

    /// SHA-256 of its public key (its `SubjectPublicKeyInfo`).
    pub fn key_hash(&self) -> [u8; 32] {
        sha256(&self.issuer.key().subject_public_key_info())
    }

    /// A certificate for the server `name`, a DNS name or an IP address.
    pub(super) fn certify(&self, name: &str) -> Result<Arc<CertifiedKey>, AuthorityFault> {
        let now = SystemTime::now();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = leaves.get(name).filter(|leaf| now < leaf.renew_at) {
            return Ok(Arc::clone(&leaf.certified));
        }
        let certified = Arc::new(self.issue(name, now)?);
        if leaves.len() >= MOST_LEAVES {
            leaves.clear();
        }
        let leaf = Leaf { certified: Arc::clone(&certified), renew_at: now + LEAF_LIFETIME / 2 };
        leaves.insert(name.to_owned(), leaf);
        Ok(certified)
    }

    fn issue(&self, name: &str, now: SystemTime) -> Result<CertifiedKey, AuthorityFault> {
        let mut leaf = CertificateParams::new([name.to_owned()])?;
        leaf.distinguished_name = DistinguishedName::new();
        leaf.distinguished_name.push(DnType::OrganizationName, "wscope on this machine only");
        leaf.serial_number = Some(random_serial());
        (leaf.not_before, leaf.not_after) = ((now - CLOCK_SKEW).into(), (now + LEAF_LIFETIME).into());
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let certificate = leaf.signed_by(&self.leaf_key, &self.issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        let key = ring::sign::any_supported_type(&key).map_err(|_| AuthorityFault::Malformed)?;
        Ok(CertifiedKey::new(vec![certificate.der().clone(), self.certificate.clone()], key))
    }
}

/// What the certificate of the authority with this key says; all of it follows from the key but when it was made.
fn parameters(key: &KeyPair) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name(key));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn name(key: &KeyPair) -> String {
    let hash = sha256(&key.subject_public_key_info());
    format!("wscope local authority {}", data_encoding::HEXLOWER.encode(&hash[..4]))
}

/// A new authority: its key and its certificate as PEM.
fn make() -> Result<String, AuthorityFault> {
    let key = KeyPair::generate()?;
    let now = SystemTime::now();
    let mut parameters = parameters(&key);
    (parameters.not_before, parameters.not_after) = ((now - CLOCK_SKEW).into(), (now + LIFETIME).into());
    parameters.serial_number = Some(random_serial());
    let certificate = parameters.self_signed(&key)?;
    Ok(pem("PRIVATE KEY", key.serialized_der())? + &pem("CERTIFICATE", certificate.der())?)
}

/// The key and the certificate of an authority that is still valid.
fn parse(secret: &[u8]) -> Result<(KeyPair, CertificateDer<'static>), AuthorityFault> {
    let malformed = || AuthorityFault::Malformed;
    let key = PrivatePkcs8KeyDer::from_pem_slice(secret).map_err(|_| malformed())?;
    let key = KeyPair::try_from(&key)?;
    let certificate = CertificateDer::from_pem_slice(secret).map_err(|_| malformed())?;
    let read = x509_cert::Certificate::from_der(&certificate).map_err(|_| malformed())?;
    let read = read.tbs_certificate();
    if read.subject_public_key_info().subject_public_key.raw_bytes() != key.public_key_raw() {
        return Err(malformed());
    }
    let until = SystemTime::UNIX_EPOCH + read.validity().not_after.to_unix_duration();
    if until < SystemTime::now() + LEAF_LIFETIME {
        return Err(AuthorityFault::Expired);
    }
    Ok((key, certificate))
}

/// 16 random bytes: no two certificates of an issuer may have the same number (RFC 5280 section 4.1.2.2).
fn random_serial() -> SerialNumber {
    SerialNumber::from_slice(&(rand::random::<u128>() >> 1).to_be_bytes())
}

fn pem(label: &str, der: &[u8]) -> Result<String, AuthorityFault> {
    encode_string(label, LineEnding::LF, der).map_err(|_| AuthorityFault::Malformed)
}

impl fmt::Display for AuthorityError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.path.display(), self.fault)
    }
}

impl std::error::Error for AuthorityError {}

impl fmt::Display for AuthorityFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(formatter),
            Self::Malformed => formatter.write_str("it does not hold a key with its certificate"),
            Self::Expired => formatter.write_str("its certificate has expired"),
            Self::Crypto(error) => error.fmt(formatter),
        }
    }
}

impl From<io::Error> for AuthorityFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rcgen::Error> for AuthorityFault {
    fn from(error: rcgen::Error) -> Self {
        Self::Crypto(error)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authority").field("secret_path", &self.secret_path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
