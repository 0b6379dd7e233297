//! A proxy in a thread of the test: HTTP's CONNECT or SOCKS 5, with TLS or without, and with a login or without.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::thread;

use data_encoding::BASE64;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::PATIENCE;
use super::server::accept_tls;

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Connect,
    Socks5,
}

/// What a proxy is to do.
#[derive(Clone)]
#[must_use = "nothing listens before `start`"]
pub struct Settings {
    protocol: Protocol,
    tls: Option<Arc<ServerConfig>>,
    /// `USER:PASS`
    login: Option<&'static str>,
    ip: IpAddr,
    upstream: SocketAddr,
}

/// A proxy that runs. It ends with the process.
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What a proxy was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it should connect to: host and port.
    pub target: String,
    /// The head of CONNECT.
    pub head: String,
    /// `USER:PASS`, where they were given.
    pub login: Option<String>,
}

/// A proxy on 127.0.0.1 that leads to `upstream`, whatever it is asked for: it knows every name.
pub fn leading_to(protocol: Protocol, upstream: SocketAddr) -> Settings {
    Settings { protocol, tls: None, login: None, ip: Ipv4Addr::LOCALHOST.into(), upstream }
}

impl Settings {
    /// With TLS.
    pub fn over_tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Lets in who has this `USER:PASS`.
    pub fn wanting(mut self, login: &'static str) -> Self {
        self.login = Some(login);
        self
    }

    /// On `::1`.
    pub fn on_ipv6(mut self) -> Self {
        self.ip = Ipv6Addr::LOCALHOST.into();
        self
    }

    /// Listens.
    pub fn start(self) -> Proxy {
        let listener = TcpListener::bind((self.ip, 0)).expect("a free loopback port");
        let address = listener.local_addr().expect("a bound socket");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (settings, noted) = (self.clone(), Arc::clone(&noted));
                thread::spawn(move || settings.serve(socket.expect("a connection"), &noted));
            }
        });
        Proxy { address, asked }
    }

    /// A client that breaks off is no fault of the proxy.
    fn serve(&self, socket: TcpStream, asked: &Mutex<Vec<Asked>>) -> Option<()> {
        socket.set_nodelay(true).ok()?;
        let mut client = match &self.tls {
            None => Client::Plain(socket),
            Some(config) => Client::Tls(Box::new(accept_tls(Arc::clone(config), socket).ok()?)),
        };
        let (request, is_let_in) = match self.protocol {
            Protocol::Connect => self.read_connect(&mut client)?,
            Protocol::Socks5 => self.read_socks(&mut client)?,
        };
        asked.lock().expect("no thread panics with it").push(request);
        if !is_let_in {
            return None;
        }
        let upstream = TcpStream::connect(self.upstream).ok()?;
        upstream.set_nodelay(true).ok()?;
        let answer: &[u8] = match self.protocol {
            Protocol::Connect => b"HTTP/1.1 200 Connection established\r\nX-From: the proxy\r\n\r\n",
            Protocol::Socks5 => &[5, 0, 0, 1, 127, 0, 0, 1, 0x12, 0x34],
        };
        client.send(answer)?;
        client.relay(upstream)
    }

    fn read_connect(&self, client: &mut Client) -> Option<(Asked, bool)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.byte()?);
        }
        let head = String::from_utf8(head).ok()?;
        let target = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
        let basic = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: Basic "));
        let login = basic.and_then(|login| String::from_utf8(BASE64.decode(login.as_bytes()).ok()?).ok());
        let is_let_in = self.login.is_none() || login.as_deref() == self.login;
        if !is_let_in {
            client.send(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\n\
                  Content-Length: 15\r\n\r\nwho are you at?",
            )?;
        }
        Some((Asked { target, head, login }, is_let_in))
    }

    fn read_socks(&self, client: &mut Client) -> Option<(Asked, bool)> {
        let [5, methods] = client.bytes()? else { return None };
        let methods = client.text(methods)?;
        let mut asked = Asked { target: String::new(), head: String::new(), login: None };
        if let Some(wanted) = self.login {
            if !methods.contains('\u{2}') {
                client.send(&[5, 0xFF])?;
                return Some((asked, false));
            }
            client.send(&[5, 2])?;
            let [1, length] = client.bytes()? else { return None };
            let user = client.text(length)?;
            let [length] = client.bytes()?;
            asked.login = Some(format!("{user}:{}", client.text(length)?));
            let is_let_in = asked.login.as_deref() == Some(wanted);
            client.send(&[1, u8::from(!is_let_in)])?;
            if !is_let_in {
                return Some((asked, false));
            }
        } else {
            client.send(&[5, 0])?;
        }
        let [5, 1, 0, kind] = client.bytes()? else { return None };
        let host = match kind {
            1 => Ipv4Addr::from(client.bytes::<4>()?).to_string(),
            3 => {
                let [length] = client.bytes()?;
                client.text(length)?
            }
            4 => format!("[{}]", Ipv6Addr::from(client.bytes::<16>()?)),
            _ => return None,
        };
        asked.target = format!("{host}:{}", u16::from_be_bytes(client.bytes()?));
        Some((asked, true))
    }
}

impl Proxy {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `SCHEME://[LOGIN@]HOST:PORT`
    pub fn url(&self, scheme: &str, login: Option<&str>) -> String {
        let login = login.map(|login| format!("{login}@")).unwrap_or_default();
        format!("{scheme}://{login}{}", self.address)
    }

    /// What it was asked so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no thread panics with it").clone()
    }
}

enum Client {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Client {
    fn byte(&mut self) -> Option<u8> {
        self.bytes().map(|[byte]| byte)
    }

    fn bytes<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let mut bytes = [0; LENGTH];
        match self {
            Self::Plain(socket) => socket.read_exact(&mut bytes).ok()?,
            Self::Tls(stream) => stream.read_exact(&mut bytes).ok()?,
        }
        Some(bytes)
    }

    fn text(&mut self, length: u8) -> Option<String> {
        let bytes: Option<Vec<u8>> = (0..length).map(|_| self.byte()).collect();
        String::from_utf8(bytes?).ok()
    }

    fn send(&mut self, bytes: &[u8]) -> Option<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes).ok(),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()).ok(),
        }
    }

    /// Passes bytes on in both directions until both have ended.
    fn relay(self, upstream: TcpStream) -> Option<()> {
        match self {
            Self::Plain(socket) => {
                let (from, to) = (socket.try_clone().ok()?, upstream.try_clone().ok()?);
                let up = thread::spawn(move || pass_on(from, to));
                pass_on(upstream, socket);
                up.join().ok()
            }
            Self::Tls(stream) => relay_tls(*stream, upstream),
        }
    }
}

/// Copies until the end, and passes that on too.
pub fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    // An end by an error is an end.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// One thread has both directions of the TLS session; it looks at whichever socket has something.
fn relay_tls(stream: StreamOwned<ServerConnection, TcpStream>, mut upstream: TcpStream) -> Option<()> {
    let StreamOwned { mut conn, mut sock } = stream;
    let mut buffer = vec![0; 64 * 1024];
    let (mut client_open, mut server_open) = (true, true);
    while client_open || server_open {
        let mut plaintext = Vec::new();
        let mut buffered = [0; 16 * 1024];
        while let Ok(count @ 1..) = conn.reader().read(&mut buffered) {
            plaintext.extend_from_slice(&buffered[..count]);
        }
        upstream.write_all(&plaintext).ok()?;
        let (client, server) = readable(&sock, client_open, &upstream, server_open);
        if client {
            let ended = matches!(conn.read_tls(&mut sock), Ok(0) | Err(_));
            let state = conn.process_new_packets().ok()?;
            if state.peer_has_closed() || ended {
                client_open = false;
                let mut last = Vec::new();
                // Without `close_notify` it is an error, and the bytes are there all the same.
                let _ = conn.reader().read_to_end(&mut last);
                upstream.write_all(&last).ok()?;
                upstream.shutdown(Shutdown::Write).ok()?;
            }
        }
        if server {
            let count = upstream.read(&mut buffer).unwrap_or_default();
            if count == 0 {
                server_open = false;
                conn.send_close_notify();
            }
            conn.writer().write_all(&buffer[..count]).ok()?;
        }
        while conn.wants_write() {
            conn.write_tls(&mut sock).ok()?;
        }
    }
    sock.shutdown(Shutdown::Write).ok()
}

/// Which of the two has something to read; waits for that.
fn readable(client: &TcpStream, client_open: bool, server: &TcpStream, server_open: bool) -> (bool, bool) {
    let flags = |open: bool| if open { PollFlags::POLLIN } else { PollFlags::empty() };
    let mut both = [PollFd::new(client.as_fd(), flags(client_open)), PollFd::new(server.as_fd(), flags(server_open))];
    let limit = PollTimeout::try_from(PATIENCE).expect("a small number");
    poll(&mut both, limit).expect("poll(2)");
    let has = |fd: &PollFd<'_>, open: bool| open && fd.revents().is_some_and(|events| !events.is_empty());
    (has(&both[0], client_open), has(&both[1], server_open))
}
