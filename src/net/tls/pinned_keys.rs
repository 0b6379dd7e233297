//! The keys that a server may have, whatever authority has issued its certificate.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use data_encoding::BASE64;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::{pem, public_key};
use crate::error::Result;

/// What a hash of a key begins with, as in curl.
const SHA256: &str = "sha256//";

/// The public keys that a server may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinnedKeys {
    /// The SHA-256 hash of its `SubjectPublicKeyInfo` is one of these.
    Hashes(Vec<[u8; 32]>),
    /// It is the public key in this file, PEM or DER.
    File(PathBuf),
}

impl FromStr for PinnedKeys {
    type Err = String;

    /// `sha256//BASE64[;sha256//BASE64]`, or the name of a file.
    fn from_str(value: &str) -> Result<Self, String> {
        if !value.starts_with(SHA256) {
            return Ok(Self::File(value.into()));
        }
        let hash = |part: &str| {
            let bytes = part.strip_prefix(SHA256).and_then(|hash| BASE64.decode(hash.as_bytes()).ok());
            bytes.and_then(|bytes| bytes.try_into().ok())
        };
        let hashes: Option<Vec<_>> = value.split(';').map(hash).collect();
        hashes
            .map(Self::Hashes)
            .ok_or_else(|| format!("expected `{SHA256}` and 32 bytes in base64, several joined with `;`, or a file"))
    }
}

impl PinnedKeys {
    /// The hashes of all these keys.
    ///
    /// # Errors
    /// [`Phase::Usage`](crate::error::Phase::Usage) for a file that cannot be read, or that holds no public key.
    pub(super) fn hashes(&self) -> Result<Vec<[u8; 32]>> {
        match self {
            Self::Hashes(hashes) => Ok(hashes.clone()),
            Self::File(path) => Ok(vec![hash_of(path)?]),
        }
    }
}

fn hash_of(path: &Path) -> Result<[u8; 32]> {
    let bytes = pem::read(path)?;
    let key = SubjectPublicKeyInfoDer::from_pem_slice(&bytes);
    let key = key.map_or_else(|_| bytes.clone(), |key| key.to_vec());
    match SubjectPublicKeyInfoRef::from_der(&key) {
        Ok(_) => Ok(public_key::sha256(&key)),
        Err(_) => Err(pem::usage(path, "has no public key in it")
            .hint("`openssl x509 -in CERTIFICATE -noout -pubkey` writes that of a certificate")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZEROES: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn hashes_are_told_from_a_file() {
        assert_eq!(ZEROES.parse(), Ok(PinnedKeys::Hashes(vec![[0; 32]])));
        assert_eq!(format!("{ZEROES};{ZEROES}").parse(), Ok(PinnedKeys::Hashes(vec![[0; 32]; 2])));
        assert_eq!("key.pem".parse(), Ok(PinnedKeys::File("key.pem".into())));
        for wrong in ["sha256//", "sha256//AAAA", &format!("{ZEROES};"), &format!("{ZEROES};key.pem")] {
            assert!(wrong.parse::<PinnedKeys>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_in_a_file_may_be_pem_or_der() {
        let key = rcgen::KeyPair::generate().unwrap();
        let der = rcgen::PublicKeyData::subject_public_key_info(&key);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let hash_of = |contents: &[u8]| {
            std::fs::write(&path, contents).unwrap();
            PinnedKeys::File(path.clone()).hashes()
        };
        let expected = vec![public_key::sha256(&der)];
        assert_eq!(hash_of(&der).unwrap(), expected);
        assert_eq!(hash_of(key.public_key_pem().as_bytes()).unwrap(), expected);
        let error = hash_of(key.serialize_pem().as_bytes()).unwrap_err();
        assert!(error.to_string().ends_with("has no public key in it"), "{error}");
    }
}
