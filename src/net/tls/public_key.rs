//! What kind of key a certificate has, and whether signatures of it can be checked.

use rustls::crypto::WebPkiSupportedAlgorithms;
use sha2::{Digest, Sha256};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{self, Decode, Encode, Reader, SliceReader};
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfoOwned};

/// The sizes of RSA keys whose signatures the TLS library checks, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// SHA-256 of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `RSA 2048`, `ECDSA P-256`, `Ed25519`; for an unknown kind its object identifier.
pub(super) fn kind(key: &SubjectPublicKeyInfoOwned) -> String {
    let algorithm = key.algorithm.oid;
    match algorithm {
        RSA => format!("RSA {}", rsa_bits(key).unwrap_or_default()),
        RSA_PSS => format!("RSA-PSS {}", rsa_bits(key).unwrap_or_default()),
        ELLIPTIC_CURVE => format!("ECDSA {}", curve(key)),
        _ => other_name(algorithm.to_string()),
    }
}

/// Whether `algorithms` check signatures of this key.
pub(super) fn is_checkable(key: &SubjectPublicKeyInfoOwned, algorithms: &WebPkiSupportedAlgorithms) -> bool {
    let Ok(identifier) = key.algorithm.to_der() else { return false };
    // rustls has them without the tag and the length of their sequence.
    let is_known = algorithms.all.iter().any(|known| identifier.ends_with(known.public_key_alg_id().as_ref()));
    let bytes = key.subject_public_key.raw_bytes();
    match key.algorithm.oid {
        RSA => is_known && rsa_bits(key).is_some_and(|bits| RSA_BITS.contains(&bits)),
        // A point may be compressed (SEC 1 section 2.3.3), which the TLS library does not take.
        ELLIPTIC_CURVE => is_known && bytes.first() == Some(&4),
        _ => is_known,
    }
}

/// The length of the modulus (RFC 8017 appendix A.1.1).
fn rsa_bits(key: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    let mut reader = SliceReader::new(key.subject_public_key.raw_bytes()).ok()?;
    let modulus = reader.sequence(|key| {
        let modulus = UintRef::decode(key)?;
        let _exponent = UintRef::decode(key)?;
        Ok::<_, der::Error>(modulus)
    });
    let modulus = modulus.ok()?.as_bytes();
    let leading = modulus.first()?.leading_zeros() as usize;
    Some(modulus.len() * 8 - leading)
}

fn curve(key: &SubjectPublicKeyInfoOwned) -> String {
    let named = key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    match named.map(|curve| curve.to_string()) {
        None => "with a curve of its own".to_owned(),
        Some(curve) => match curve.as_str() {
            "1.2.840.10045.3.1.7" => "P-256".to_owned(),
            "1.3.132.0.34" => "P-384".to_owned(),
            "1.3.132.0.35" => "P-521".to_owned(),
            "1.3.132.0.10" => "secp256k1".to_owned(),
            _ => curve,
        },
    }
}

/// The name of an algorithm for keys that is the one for their signatures too.
fn other_name(algorithm: String) -> String {
    let name = match algorithm.as_str() {
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.2.840.10040.4.1" => "DSA",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return algorithm,
    };
    name.to_owned()
}

/// The name of the algorithm of a certificate's signature, where it is one that is met and not checked; else its object
/// identifier.
pub(super) fn signature_algorithm(algorithm: ObjectIdentifier) -> String {
    let algorithm = algorithm.to_string();
    let name = match algorithm.as_str() {
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" => "RSA with SHA-1",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        _ => return other_name(algorithm),
    };
    name.to_owned()
}
