//! Certificates and private keys from PEM files.

use std::path::Path;

use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::Identity;
use crate::diagnosis::Diagnosis;
use crate::error::{Error, Phase, Result};
use crate::net::AskPassphrase;
use crate::platform::read_file;

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
    PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|error| usage(path, "has no private key in it").caused_by(error).diagnosed(Diagnosis::NoPrivateKey))
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

/// The contents of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    read_file(path)
        .map_err(|error| Error::new(Phase::Usage, format!("cannot read `{}`", path.display())).caused_by(error))
}

/// The error for a file that is not what it should be.
pub(super) fn usage(path: &Path, complaint: &str) -> Error {
    Error::new(Phase::Usage, format!("`{}` {complaint}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    /// Made by `openssl pkcs8 -topk8 -v2 aes-256-cbc` with the passphrase "sesame".
    const KEY: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgeiZ2LW5sJbQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMAwEW8vVfS4E+RzaVT8ngkEgZCO
MZRZAIx8uKZNLCxkl7CXsZThRCv6gVHCPPEwb3ls5dlrmFYovdCFaUDEwPk7zrza
YrSoNwOuO+ShBC1XNXGuudzMIZYXRNip27uQpgVdjmvnIm9rAOO5u5otS2OTyrde
CXasJIUPAPn1IZao59tKnOkm9n9iazZQZ0Y2kNHY6+1Zb431/j1xgbUoNiLndQ0=
-----END ENCRYPTED PRIVATE KEY-----
";

    fn no_passphrase(path: &Path) -> Result<String> {
        panic!("the passphrase of {} should not be asked for", path.display())
    }

    fn file(text: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.pem");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn an_encrypted_key_is_opened_with_its_passphrase() {
        let (_folder, path) = file(KEY);
        let asked_for = |asked: &Path| {
            assert_eq!(asked, path);
            Ok("sesame".to_owned())
        };
        let key = private_key(&path, &asked_for).unwrap();
        assert!(rustls::crypto::ring::sign::any_supported_type(&key).is_ok());
    }

    #[test]
    fn a_wrong_passphrase_is_told() {
        let (_folder, path) = file(KEY);
        let error = private_key(&path, &|_| Ok("open".to_owned())).unwrap_err();
        assert!(error.to_string().starts_with("the passphrase does not open the key in "), "{error}");
        assert_eq!(error.phase(), Phase::Usage);
    }

    #[test]
    fn a_key_in_openssls_old_encryption_comes_with_the_way_to_convert_it() {
        let (_folder, path) = file("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n");
        let error = private_key(&path, &no_passphrase).unwrap_err();
        assert!(error.hint_text().unwrap().contains("openssl pkcs8 -topk8"));
    }

    #[test]
    fn a_file_without_what_is_wanted_is_told() {
        let (_folder, path) = file("hello\n");
        assert!(certificates(&path).unwrap_err().to_string().ends_with("has no certificate in it"));
        assert!(private_key(&path, &no_passphrase).unwrap_err().to_string().ends_with("has no private key in it"));
        let absent = Path::new("/nowhere/at all.pem");
        assert_eq!(certificates(absent).unwrap_err().to_string(), "cannot read `/nowhere/at all.pem`");
    }
}
