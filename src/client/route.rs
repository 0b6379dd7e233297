//! The way to a server, as the flags have it.

use std::path::Path;
use std::sync::OnceLock;

use crate::cli::{ConnectionArgs, IdentityArgs, TlsArgs};
use crate::client::request;
use crate::error::Result;
use crate::input::secret;
use crate::net::{Identity, Route, ServerName, Target, TlsClient, TlsOptions, TlsTo, Verification};

/// Makes routes: to the server of the URL, and to any other that a run is led to.
pub struct Routing {
    connection: ConnectionArgs,
    /// Prepared for the first server that is secure.
    tls: OnceLock<TlsClient>,
}

impl Routing {
    /// As the flags say; nothing is read yet.
    pub fn new(connection: &ConnectionArgs) -> Self {
        Self { connection: connection.clone(), tls: OnceLock::new() }
    }

    /// The way to `target`. For the first one that is secure, certificates are read, and a passphrase may be asked for.
    ///
    /// # Errors
    /// [`Phase::Usage`](crate::error::Phase::Usage) for a flag or a file that will not do;
    /// [`Phase::Tls`](crate::error::Phase::Tls) where there is no TLS at all.
    pub fn to(&self, target: &Target) -> Result<Route> {
        let tls = if target.secure() { Some(self.tls_to(target)?) } else { None };
        Ok(Route { endpoint: target.endpoint().clone(), tls })
    }

    fn tls_to(&self, target: &Target) -> Result<TlsTo> {
        let ConnectionArgs { tls, identity, .. } = &self.connection;
        let server_name = ServerName::parse(&tls.sni.clone().unwrap_or_else(|| target.endpoint().host()))?;
        let prepare = || TlsClient::prepare(&tls_options(tls, identity), &|key| passphrase(identity, key));
        let client = once(&self.tls, prepare)?.clone();
        Ok(TlsTo { client, server_name })
    }
}

/// What is in `cell`, made by `prepare` when it is first needed.
fn once<T>(cell: &OnceLock<T>, prepare: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let made = prepare()?;
    Ok(cell.get_or_init(|| made))
}

fn tls_options(tls: &TlsArgs, identity: &IdentityArgs) -> TlsOptions {
    let verification = match &tls.cacert {
        _ if tls.insecure => Verification::None,
        Some(file) => Verification::Ca(file.clone()),
        None => Verification::System,
    };
    let minimum_version = tls.tls_min.unwrap_or_default();
    TlsOptions { verification, identity: identity_files(identity), minimum_version }
}

/// The certificate and its key; one PEM file may hold both.
pub fn identity_files(identity: &IdentityArgs) -> Option<Identity> {
    identity.cert.as_ref().map(|certificate| Identity {
        certificate: certificate.clone(),
        key: identity.key.as_ref().unwrap_or(certificate).clone(),
    })
}

/// The passphrase of a key file: from the flag, or asked for.
///
/// # Errors
/// [`Phase::Usage`](crate::error::Phase::Usage) when the file that holds it cannot be read, or there is no terminal to
/// ask on.
pub fn passphrase(identity: &IdentityArgs, key: &Path) -> Result<String> {
    match identity.passphrase.as_ref().and_then(Option::as_ref) {
        Some(secret) => request::read_secret("--passphrase", secret),
        None => secret::ask(&format!("Passphrase of {}: ", key.display())),
    }
}
