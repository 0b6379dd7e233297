//! Whom to trust.

use std::path::Path;

use rustls::RootCertStore;

use super::pem;
use crate::error::Result;

/// The system's trust store; empty where there is none.
pub(super) fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// The certificates of a file.
pub(super) fn file(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(pem::certificates(path)?);
    Ok(roots)
}
