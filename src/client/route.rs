//! The way to a server, as the flags and the environment have it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::cli::{IdentityArgs, ProxyArgs, RouteArgs, TlsArgs};
use crate::client::proxy::{self, ProxyChoice};
use crate::client::redirect::Recipient;
use crate::client::request;
use crate::error::{Error, Phase, Result};
use crate::http::HeaderRule;
use crate::input::secret;
use crate::net::{
    ConnectRequest, ConnectTo, Credentials, Destination, Endpoint, Identity, NameLookup, Proxy, ProxyProtocol,
    ProxyScheme, ProxyUrl, Route, ServerName, Socks5, Target, TlsClient, TlsOptions, TlsTo, TlsVersions, TrustedRoots,
    Verification,
};
use crate::platform::UnixAddress;

/// Makes routes: to the server of the URL, and to any other that a run is led to.
#[derive(Clone)]
pub struct Routing {
    args: RouteArgs,
    /// Prepared for the first secure server that gets our certificate.
    tls: OnceLock<TlsClient>,
    /// The same without a certificate: there is none, or a redirect has led elsewhere.
    tls_without_identity: OnceLock<TlsClient>,
    /// What `--proxy` says, read when a route is made for the first time.
    proxy_flag: OnceLock<Option<String>>,
    /// Read when the first proxy is used.
    proxy_headers: OnceLock<Vec<HeaderRule>>,
    /// The same for the first `https` proxy.
    proxy_tls: OnceLock<TlsClient>,
    /// Read, or asked for, when the first proxy is used.
    proxy_user: OnceLock<Option<Credentials>>,
}

impl Routing {
    /// Nothing is read yet.
    pub fn new(args: &RouteArgs) -> Self {
        Self {
            args: args.clone(),
            tls: OnceLock::new(),
            tls_without_identity: OnceLock::new(),
            proxy_flag: OnceLock::new(),
            proxy_headers: OnceLock::new(),
            proxy_tls: OnceLock::new(),
            proxy_user: OnceLock::new(),
        }
    }

    /// The way to `target`. For the first one that is secure, certificates are read, and a passphrase may be asked for.
    ///
    /// # Errors
    /// [`Phase::Usage`] for a flag or a file that will not do;
    /// [`Phase::Tls`] where there is no TLS at all.
    pub fn to(&self, target: &Target, recipient: Recipient) -> Result<Route> {
        let tls = if target.secure() { Some(self.tls_to(target, recipient)?) } else { None };
        let endpoint = target.endpoint().clone();
        let destination = self.destination(target)?;
        Ok(Route { endpoint, destination, lookup: self.args.destination.lookup(), tls })
    }

    fn destination(&self, target: &Target) -> Result<Destination> {
        let args = &self.args.destination;
        Ok(match (&args.unix_socket, target.socket()) {
            (Some(path), _) => Destination::Unix(UnixAddress::new(path)),
            (None, Some(socket)) => Destination::Unix(socket.clone()),
            (None, None) => {
                let endpoint = ConnectTo::apply(&args.connect_to, target.endpoint());
                match self.proxy(target)? {
                    Some(proxy) => Destination::Behind(Box::new(proxy), endpoint),
                    None => Destination::Tcp(endpoint),
                }
            }
        })
    }

    fn proxy(&self, target: &Target) -> Result<Option<Proxy>> {
        let args = &self.args.proxy;
        let ProxyChoice::Proxy { url, setting } = self.proxy_choice(target)? else { return Ok(None) };
        let ProxyUrl { scheme, endpoint, credentials } = url;
        let user = once(&self.proxy_user, || proxy::user(args, &endpoint))?.clone();
        let credentials = user.or(credentials);
        let protocol = match scheme {
            ProxyScheme::Http | ProxyScheme::Https => {
                let headers = once(&self.proxy_headers, || proxy::headers(args))?.clone();
                ProxyProtocol::Connect(ConnectRequest::new(credentials, headers))
            }
            ProxyScheme::Socks5 => ProxyProtocol::Socks5(Socks5::new(credentials, NameLookup::Here)?),
            ProxyScheme::Socks5h => ProxyProtocol::Socks5(Socks5::new(credentials, NameLookup::AtProxy)?),
        };
        let tls = if scheme == ProxyScheme::Https { Some(self.tls_to_proxy(&endpoint)?) } else { None };
        Ok(Some(Proxy { endpoint, tls, protocol, setting: setting.to_owned() }))
    }

    fn proxy_choice(&self, target: &Target) -> Result<ProxyChoice> {
        let args = &self.args.proxy;
        let flag = once(&self.proxy_flag, || proxy::flag(args))?;
        proxy::choose(target, flag.as_deref(), args.noproxy.as_deref())
    }

    /// Our own certificate, and what is trusted of servers, are not for a proxy.
    fn tls_to_proxy(&self, proxy: &Endpoint) -> Result<TlsTo> {
        let ProxyArgs { proxy_cacert, proxy_insecure, .. } = &self.args.proxy;
        let (roots, verification) = trust(proxy_cacert.as_ref(), *proxy_insecure);
        let options = TlsOptions { roots, verification, ..TlsOptions::default() };
        let prepare = || TlsClient::prepare(&options, &|_| Ok(String::new()));
        let client = once(&self.proxy_tls, prepare)?.clone();
        Ok(TlsTo { client, server_name: ServerName::parse(&proxy.host())? })
    }

    /// What leads elsewhere than the URL says, for `-v`.
    pub fn in_force(&self, route: &Route) -> impl Iterator<Item = String> + use<> {
        let peer = route.endpoint.peer();
        let notes = match &route.destination {
            Destination::Unix(_) => {
                let path = self.args.destination.unix_socket.as_ref();
                [path.map(|path| format!("--unix-socket: `{peer}` is at `{}`", path.display())), None]
            }
            Destination::Tcp(to) | Destination::Behind(_, to) => {
                let moved = (*to != route.endpoint).then(|| format!("--connect-to: `{peer}` is at `{}`", to.peer()));
                let is_pinned = route.lookup.pinned(to).is_some();
                [moved, is_pinned.then(|| format!("--resolve: the addresses of `{}` are given", to.peer()))]
            }
        };
        notes.into_iter().flatten()
    }

    /// Why the proxy that a setting names is not used for `target`, if that is so.
    ///
    /// # Errors
    /// As in [`to`](Self::to).
    pub fn why_no_proxy(&self, target: &Target) -> Result<Option<String>> {
        Ok(match self.proxy_choice(target)? {
            ProxyChoice::Bypassed { setting, by } => {
                Some(format!("not through the proxy that `{setting}` names, as `{by}` says"))
            }
            ProxyChoice::None | ProxyChoice::Proxy { .. } => None,
        })
    }

    /// What `recipient`, the server of `target`, does not get, for people.
    pub fn withheld(&self, target: &Target, recipient: Recipient) -> Option<String> {
        let has_certificate = target.secure() && self.args.identity.cert.is_some();
        (has_certificate && recipient == Recipient::Other).then(|| "the certificate of `--cert`".to_owned())
    }

    fn tls_to(&self, target: &Target, recipient: Recipient) -> Result<TlsTo> {
        let RouteArgs { tls, identity, .. } = &self.args;
        // The name of `--sni` is that of the server of the URL, and so is the key of `--pinnedpubkey`.
        let sni = tls.sni.clone().filter(|_| recipient == Recipient::First);
        let server_name = ServerName::parse(&sni.unwrap_or_else(|| target.endpoint().host()))?;
        let files = identity_files(identity).filter(|_| recipient != Recipient::Other);
        let cell = if files.is_some() { &self.tls } else { &self.tls_without_identity };
        let prepare = || TlsClient::prepare(&tls_options(tls, files)?, &|key| passphrase(identity, key));
        let client = once(cell, prepare)?.clone();
        let is_pinned = match recipient {
            Recipient::First => true,
            // With `-k` nothing else keeps what is secret from a stranger.
            Recipient::Trusted => tls.insecure,
            Recipient::Other => false,
        };
        let client = if is_pinned { client } else { client.without_pinned_keys() };
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

fn tls_options(tls: &TlsArgs, identity: Option<Identity>) -> Result<TlsOptions> {
    let versions = TlsVersions::between(tls.tls_min, tls.tls_max)
        .ok_or_else(|| Error::new(Phase::Usage, "`--tls-min` is above `--tls-max`"))?;
    let (roots, verification) = trust(tls.cacert.as_ref(), tls.insecure);
    Ok(TlsOptions { roots, verification, pinned_keys: tls.pinnedpubkey.clone(), identity, versions })
}

/// What the flags for a certificate authority and for an unverified peer make of TLS.
fn trust(authority: Option<&PathBuf>, is_insecure: bool) -> (TrustedRoots, Verification) {
    let roots = authority.cloned().map_or(TrustedRoots::System, TrustedRoots::File);
    (roots, if is_insecure { Verification::Recorded } else { Verification::Required })
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
/// [`Phase::Usage`] when the file that holds it cannot be read, or there is no terminal to
/// ask on.
pub fn passphrase(identity: &IdentityArgs, key: &Path) -> Result<String> {
    match identity.passphrase.as_ref().and_then(Option::as_ref) {
        Some(secret) => request::read_secret("--passphrase", secret),
        None => secret::ask(&format!("Passphrase of {}: ", key.display())),
    }
}
