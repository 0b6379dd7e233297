//! Certificates and private keys from PEM files.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Identity;
use crate::error::{Error, Phase, Result};
use crate::net::AskPassphrase;

/// The chain and the key of an identity.
pub(super) fn load(
    identity: &Identity,
    _passphrase: AskPassphrase<'_>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = certificates(&identity.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(|error| {
        Error::new(Phase::Usage, format!("no private key in `{}`", identity.key.display())).caused_by(error)
    })?;
    Ok((chain, key))
}

/// The certificates of a file; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable = |error| Error::new(Phase::Usage, format!("cannot read `{}`", path.display())).caused_by(error);
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)?;
    if chain.is_empty() {
        return Err(Error::new(Phase::Usage, format!("no certificate in `{}`", path.display())));
    }
    Ok(chain)
}

/// The error for a key that does not belong to the certificate, or is of a kind that rustls cannot use.
pub(super) fn unfit(identity: &Identity, error: rustls::Error) -> Error {
    let (certificate, key) = (identity.certificate.display(), identity.key.display());
    Error::new(Phase::Usage, format!("the key in `{key}` cannot be used with the certificate in `{certificate}`"))
        .caused_by(error)
}
