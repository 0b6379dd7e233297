//! SOCKS version 5 (RFC 1928), with user and password (RFC 1929).

use std::io::{self, Read, Write};
use std::net::IpAddr;

use ::url::Host;

use super::{ProxyFailure, SocksFailure, SocksReply, TunnelTarget};
use crate::error::{Error, Phase, Result};
use crate::net::target::Credentials;
use crate::net::timed::Timed;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xFF;
/// The version of the login with user and password (RFC 1929 section 2).
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// What a SOCKS proxy is told.
#[derive(Debug, Clone)]
pub struct Socks5 {
    credentials: Option<Credentials>,
    pub(super) lookup: NameLookup,
}

/// Who looks the name of a server up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameLookup {
    /// We do, with this machine's resolver.
    Here,
    /// The proxy does; nothing is looked up here.
    AtProxy,
}

impl Socks5 {
    /// What to say, and who looks the name of the server up.
    ///
    /// # Errors
    /// [`Phase::Usage`] for a user or a password of more than 255 bytes (RFC 1929 section 2).
    pub fn new(credentials: Option<Credentials>, lookup: NameLookup) -> Result<Self> {
        let is_long = |text: &str| text.len() > usize::from(u8::MAX);
        let password = |credentials: &Credentials| credentials.password.as_deref().is_some_and(is_long);
        if credentials.as_ref().is_some_and(|credentials| is_long(&credentials.user) || password(credentials)) {
            return Err(Error::new(Phase::Usage, "user or password for SOCKS has more than 255 bytes (RFC 1929)"));
        }
        Ok(Self { credentials, lookup })
    }

    /// Whether it says who we are.
    pub fn has_login(&self) -> bool {
        self.credentials.is_some()
    }

    /// Logs in and asks. Gives the address from which the proxy has connected, as it says.
    pub(super) fn ask(&self, stream: &mut Timed<'_>, destination: TunnelTarget<'_>) -> Result<String, ProxyFailure> {
        let request = request(destination).ok_or(ProxyFailure::Socks(SocksFailure::NameTooLong))?;
        self.log_in(stream)?;
        write(stream, &request)?;
        let [version, reply] = read(stream)?;
        if version != VERSION {
            return Err(not_socks(&[version, reply]));
        }
        if reply != 0 {
            let attempts = vec![(destination.text(), SocksReply(reply))];
            return Err(ProxyFailure::Socks(SocksFailure::Refused { attempts }));
        }
        let [_reserved, kind] = read(stream)?;
        let address = match kind {
            IPV4 => IpAddr::from(read::<4>(stream)?).to_string(),
            IPV6 => format!("[{}]", IpAddr::from(read::<16>(stream)?)),
            NAME => {
                let [length] = read(stream)?;
                let mut name = vec![0; length.into()];
                read_into(stream, &mut name)?;
                String::from_utf8_lossy(&name).into_owned()
            }
            _ => return Err(not_socks(&[version, reply, 0, kind])),
        };
        Ok(format!("connected from {address}:{}", u16::from_be_bytes(read(stream)?)))
    }

    fn log_in(&self, stream: &mut Timed<'_>) -> Result<(), ProxyFailure> {
        match &self.credentials {
            None => write(stream, &[VERSION, 1, NO_LOGIN])?,
            Some(_) => write(stream, &[VERSION, 2, NO_LOGIN, USER_AND_PASSWORD])?,
        }
        let [version, method] = read(stream)?;
        if version != VERSION {
            return Err(not_socks(&[version, method]));
        }
        match (method, &self.credentials) {
            (NO_LOGIN, _) => Ok(()),
            (USER_AND_PASSWORD, Some(credentials)) => {
                write(stream, &login(credentials))?;
                let [_version, status] = read(stream)?;
                if status == 0 { Ok(()) } else { Err(ProxyFailure::Socks(SocksFailure::CredentialsRefused)) }
            }
            (NONE_ACCEPTABLE, _) => Err(ProxyFailure::Socks(SocksFailure::NoMethod)),
            (other, _) => Err(ProxyFailure::Socks(SocksFailure::OtherMethod(other))),
        }
    }
}

fn login(Credentials { user, password }: &Credentials) -> Vec<u8> {
    let mut message = vec![LOGIN_VERSION];
    for text in [user.as_str(), password.as_deref().unwrap_or_default()] {
        message.extend(u8::try_from(text.len()));
        message.extend(text.bytes());
    }
    message
}

/// `None` for a name that is too long.
fn request(destination: TunnelTarget<'_>) -> Option<Vec<u8>> {
    let mut message = vec![VERSION, CONNECT, 0];
    let mut address = |address: IpAddr| match address {
        IpAddr::V4(address) => {
            message.push(IPV4);
            message.extend(address.octets());
        }
        IpAddr::V6(address) => {
            message.push(IPV6);
            message.extend(address.octets());
        }
    };
    let port = match destination {
        TunnelTarget::Address(socket) => {
            address(socket.ip());
            socket.port()
        }
        TunnelTarget::Host(endpoint) => {
            match endpoint.as_host() {
                Host::Ipv4(ip) => address((*ip).into()),
                Host::Ipv6(ip) => address((*ip).into()),
                Host::Domain(name) => {
                    message.extend([NAME, u8::try_from(name.len()).ok()?]);
                    message.extend(name.bytes());
                }
            }
            endpoint.port()
        }
    };
    message.extend(port.to_be_bytes());
    Some(message)
}

fn write(stream: &mut Timed<'_>, message: &[u8]) -> Result<(), ProxyFailure> {
    stream.write_all(message).and_then(|()| stream.flush()).map_err(ProxyFailure::from)
}

fn read<const LENGTH: usize>(stream: &mut Timed<'_>) -> Result<[u8; LENGTH], ProxyFailure> {
    let mut bytes = [0; LENGTH];
    read_into(stream, &mut bytes)?;
    Ok(bytes)
}

fn read_into(stream: &mut Timed<'_>, bytes: &mut [u8]) -> Result<(), ProxyFailure> {
    stream.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ProxyFailure::Socks(SocksFailure::Ended),
        _ => error.into(),
    })
}

fn not_socks(bytes: &[u8]) -> ProxyFailure {
    ProxyFailure::Socks(SocksFailure::NotSocks { bytes: bytes.to_vec() })
}
