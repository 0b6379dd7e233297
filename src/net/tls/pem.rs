//! Certificates and private keys from PEM files.

use std::fs;
use std::path::Path;

use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::Identity;
use crate::error::{Error, Phase, Result};
use crate::net::AskPassphrase;

/// How a private key under a passphrase begins (RFC 7468 section 11).
const ENCRYPTED_KEY: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// The mark of OpenSSL's older encryption of keys, in the headers of RFC 1421.
const LEGACY_ENCRYPTED_KEY: &str = "Proc-Type: 4,ENCRYPTED";

/// The chain and the key of an identity.
pub(super) fn load(
    identity: &Identity,
    passphrase: AskPassphrase<'_>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    Ok((certificates(&identity.certificate)?, private_key(&identity.key, passphrase)?))
}

/// The certificates of a file; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = read(path)?;
    let malformed = |error: pem::Error| usage(path, "is not PEM").caused_by(error);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(malformed)?;
    if chain.is_empty() {
        let hint =
            "a PEM file has the line `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der` converts from DER";
        return Err(usage(path, "has no certificate in it").hint(hint));
    }
    Ok(chain)
}

/// The error for a key that does not belong to the certificate, or is of a kind that rustls cannot use.
pub(super) fn unfit(identity: &Identity, error: rustls::Error) -> Error {
    let (certificate, key) = (identity.certificate.display(), identity.key.display());
    Error::new(Phase::Usage, format!("the key in `{key}` cannot be used with the certificate in `{certificate}`"))
        .caused_by(error)
}

/// The first private key of a file, behind its passphrase where it has one.
fn private_key(path: &Path, passphrase: AskPassphrase<'_>) -> Result<PrivateKeyDer<'static>> {
    let bytes = read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    if text.contains(LEGACY_ENCRYPTED_KEY) {
        return Err(usage(path, "holds a key that is encrypted in OpenSSL's old way")
            .hint("`openssl pkcs8 -topk8 -in OLD -out NEW` converts it"));
    }
    if let Some(start) = text.find(ENCRYPTED_KEY) {
        return decrypt(path, &text[start..], passphrase);
    }
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| usage(path, "has no private key in it").caused_by(error))
}

/// A key of PKCS #8 under a passphrase (RFC 5958 section 3).
fn decrypt(path: &Path, pem: &str, passphrase: AskPassphrase<'_>) -> Result<PrivateKeyDer<'static>> {
    let (_, encrypted) = SecretDocument::from_pem(pem)
        .map_err(|error| usage(path, "holds an encrypted key that is malformed").caused_by(error))?;
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(encrypted.as_bytes()).map_err(|error| {
        usage(path, "holds a key that is encrypted in a way that wscope does not know")
            .caused_by(error)
            .hint("`openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW` converts it")
    })?;
    let key = encrypted.decrypt(passphrase(path)?).map_err(|error| {
        Error::new(Phase::Usage, format!("the passphrase does not open the key in `{}`", path.display()))
            .caused_by(error)
    })?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path)
        .map_err(|error| Error::new(Phase::Usage, format!("cannot read `{}`", path.display())).caused_by(error))
}

fn usage(path: &Path, complaint: &str) -> Error {
    Error::new(Phase::Usage, format!("`{}` {complaint}", path.display()))
}
