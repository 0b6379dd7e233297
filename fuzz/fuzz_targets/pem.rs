//! A file of certificates and a key, as PEM or anything else: understood or refused with words.

#![no_main]

use std::fs;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use wscope::error::Phase;
use wscope::net::{Identity, TlsClient, TlsOptions, TrustedRoots};

fuzz_target!(|input: (bool, &[u8])| {
    let (is_wrapped, bytes) = input;
    let path = std::env::temp_dir().join(format!("wscope-fuzz-{}.pem", std::process::id()));
    let wrapped =
        [b"-----BEGIN CERTIFICATE-----\n", encoded(bytes).as_bytes(), b"\n-----END CERTIFICATE-----\n"].concat();
    fs::write(&path, if is_wrapped { &wrapped } else { bytes }).expect("a temporary file can be written");
    let identity = Identity { certificate: path.clone(), key: path.clone() };
    for options in [
        TlsOptions { roots: TrustedRoots::File(path.clone()), ..TlsOptions::default() },
        // One root, and not those of the system: they would be read for each input.
        TlsOptions { identity: Some(identity), roots: TrustedRoots::File(root()), ..TlsOptions::default() },
    ] {
        if let Err(error) = TlsClient::prepare(&options, &|_| Ok("sesame".to_owned())) {
            assert!(matches!(error.phase(), Phase::Usage | Phase::Tls) && !error.to_string().is_empty());
        }
    }
});

fn root() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/certificates/p521.pem").into()
}

/// Base64 (RFC 4648 section 4), so that the fuzzer comes as far as the DER.
fn encoded(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let quartet = |three: &[u8]| {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        let symbol = |at: usize| if at <= three.len() { char::from(ALPHABET[bits >> (18 - 6 * at) & 63]) } else { '=' };
        (0..4).map(symbol).collect::<String>()
    };
    bytes.chunks(3).map(quartet).collect()
}
