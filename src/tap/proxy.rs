//! The tap as an HTTP proxy (RFC 9110 section 7.3.2): each request names its server, and CONNECT asks for a tunnel.
//!
//! A tunnel is passed on as it is, unless its host is one that is to be decrypted, or the client begins with a plain GET. To
//! decrypt, the connection to the server is made and verified first; only then does the client get a certificate. Where the
//! server of such a host turns out to speak no TLS, the tunnel is one as any other: browsers ask for one for `ws://` too.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::client::{Client, REQUEST_LIMIT};
use super::relay::End;
use super::request::{AddressedRequest, ReceivedRequest};
use super::rewrite::Writer;
use super::service::{Servers, Service};
use super::upstream::{Upstream, Way};
use super::websocket::{cannot_relay, pass_on};
use crate::client::{accept_error, upgrade_error};
use crate::diagnosis::{Diagnosis, NoTls};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin};
use crate::http::{Head, HeadKind, HeadReader};
use crate::net::{self, AcceptFailure, Authority, Connected, HostPattern, Stream, StreamReader, Target, TimeLimit};
use crate::platform::wait_until_any_is_readable;
use crate::session::upgrade::Exchange;

/// What a client is told whose tunnel is open.
const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// The next thing to try where a server is not verified.
const NOT_VERIFIED: &str = "its client got 502, and no certificate; `--cacert FILE` trusts the server's authority, and without \
                            `--intercept` for this host the client judges for itself";

/// How a plain request for a WebSocket begins.
const GET: &[u8] = b"GET ";

/// What is for a proxy alone (RFC 9110 section 11.7, and what browsers once made up).
const FOR_PROXIES: [&str; 2] = ["Proxy-Authorization", "Proxy-Connection"];

/// What the tap is as a proxy.
pub struct Proxy {
    /// How servers are reached.
    pub way: Arc<Way>,
    /// Whose connections are decrypted, and who certifies that.
    pub intercepted: Option<(Vec<HostPattern>, Arc<Authority>)>,
}

impl Proxy {
    /// Who certifies the server of `target` to clients, where what goes there is decrypted.
    fn authority_for(&self, target: &Target) -> Option<&Arc<Authority>> {
        let (hosts, authority) = self.intercepted.as_ref()?;
        hosts.iter().any(|host| host.has(target.endpoint())).then_some(authority)
    }
}

/// A tunnel that a client has asked for.
struct Tunnel<'a> {
    /// Where it leads.
    upstream: Upstream,
    /// Who certifies its server to the client, where it is decrypted.
    authority: Option<&'a Arc<Authority>>,
}

impl<'a> Tunnel<'a> {
    /// The tunnel to the server that `target`, the one of a CONNECT, names.
    ///
    /// # Errors
    /// Why there is none.
    fn to(target: &str, proxy: &'a Proxy) -> std::result::Result<Self, String> {
        if !is_host_and_port(target) {
            return Err("CONNECT names a host and a port: `CONNECT HOST:PORT` (RFC 9112 section 3.2.3)".to_owned());
        }
        let secure = Target::parse(&format!("wss://{target}/")).map_err(|error| error.to_string())?;
        let tunnel = match proxy.authority_for(&secure) {
            Some(authority) => Upstream::new(Arc::clone(&proxy.way), secure)
                .map(|upstream| Self { upstream, authority: Some(authority) }),
            None => Self::plain(target, proxy),
        };
        tunnel.map_err(|error| error.to_string())
    }

    /// The tunnel to `target`, a host and a port, that is not decrypted: where TLS is spoken there, it is the client who does.
    ///
    /// # Errors
    /// Those of [`Upstream::new`].
    fn plain(target: &str, proxy: &Proxy) -> Result<Self> {
        let upstream = Upstream::new(Arc::clone(&proxy.way), Target::parse(&format!("ws://{target}/"))?)?;
        Ok(Self { upstream, authority: None })
    }
}

/// Whether the target of a CONNECT is what it has to be.
fn is_host_and_port(target: &str) -> bool {
    let Some((host, port)) = target.rsplit_once(':') else { return false };
    !host.is_empty() && !target.contains(['/', '?', '#', '@']) && port.parse::<u16>().is_ok()
}

/// The server that a request to a proxy names, and the head as that server gets it: with the path alone on the first line,
/// the server in `Host`, and nothing that is for the proxy.
///
/// # Errors
/// Why it cannot be passed on.
pub(super) fn translated(head: &Head) -> std::result::Result<(Target, Head), String> {
    let (method, target) = (head.method().unwrap_or_default(), head.target().unwrap_or_default());
    let Some((scheme, rest)) = target.split_once("://") else {
        return Err("this is a proxy, and a request to it names the server: `GET http://HOST/PATH`".to_owned());
    };
    if !["http", "ws"].iter().any(|plain| scheme.eq_ignore_ascii_case(plain)) {
        return Err(format!("a proxy is asked with CONNECT for what is not `http`, and not for `{scheme}`"));
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, resource) = rest.split_at(end);
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let server = Target::parse(&format!("http://{authority}/")).map_err(|error| error.to_string())?;
    let slash = if resource.starts_with('/') { "" } else { "/" };
    let mut writer = Writer::of(head);
    writer.replace(head.first_line_range(), [format!("{method} {slash}{resource} {}", head.version())]);
    let mut has_host = false;
    for field in head.fields() {
        if field.name.eq_ignore_ascii_case("Host") {
            let line = (!has_host).then(|| format!("{}: {}", field.name, server.authority()));
            writer.replace(field.lines.clone(), line);
            has_host = true;
        } else if FOR_PROXIES.iter().any(|name| field.name.eq_ignore_ascii_case(name)) {
            writer.replace(field.lines.clone(), None);
        }
    }
    let added = if has_host { Vec::new() } else { vec![format!("Host: {}", server.authority())] };
    let head = HeadReader::read(HeadKind::Request, &writer.finish(&added)).map_err(|error| error.to_string())?;
    Ok((server, head))
}

impl Service {
    /// What a client of the proxy asks a server for. `None`: it asked for a tunnel, and that has ended.
    ///
    /// # Errors
    /// Why it cannot be passed on; the client has been told.
    pub(super) fn proxied(&self, proxy: &Proxy, request: ReceivedRequest) -> Result<Option<AddressedRequest>> {
        if request.head.method() == Some("CONNECT") {
            return self.tunnel(proxy, request).map(|()| None);
        }
        let upstream = translated(&request.head).and_then(|(target, head)| {
            let upstream = Upstream::new(Arc::clone(&proxy.way), target).map_err(|error| error.to_string())?;
            Ok((upstream, head))
        });
        match upstream {
            Ok((upstream, head)) => {
                let ReceivedRequest { client, leftover, .. } = request;
                Ok(Some(AddressedRequest { client, head, leftover, upstream: Arc::new(upstream) }))
            }
            Err(reason) => Err(request.refuse("400 Bad Request", &reason)),
        }
    }

    /// Connects a client with the server that it names, and passes on what follows.
    fn tunnel(&self, proxy: &Proxy, request: ReceivedRequest) -> Result<()> {
        let target = request.head.target().unwrap_or_default();
        let tunnel = match Tunnel::to(target, proxy) {
            Ok(tunnel) => tunnel,
            Err(reason) => return Err(request.refuse("400 Bad Request", &reason)),
        };
        if tunnel.authority.is_some() && !request.leftover.is_empty() {
            return Err(request.refuse("400 Bad Request", "a client waits for the answer to CONNECT before it goes on"));
        }
        let (Tunnel { upstream, authority }, connected) = match self.connect(proxy, target, tunnel) {
            Ok(connected) => connected,
            Err(error) => {
                request.client.give_up(&error);
                return Err(if error.phase() == Phase::Tls { error.hint(NOT_VERIFIED) } else { error });
            }
        };
        let ReceivedRequest { mut client, leftover, .. } = request;
        let limit = TimeLimit::starting_now(REQUEST_LIMIT);
        let mut exchange = Exchange { stream: &client.stream, reader: &mut client.reader, limit };
        if let Err(failure) = exchange.write(ESTABLISHED) {
            return Err(upgrade_error(&client.address.to_string(), failure, self.secrets));
        }
        match authority {
            Some(authority) => {
                upstream.keep(connected);
                self.decrypt(client, authority, upstream)
            }
            None => self.plain_tunnel(client, leftover, connected, upstream),
        }
    }

    /// Connects with the server at the end of the `tunnel` to `target`, and gives the tunnel as it is to be: without decryption,
    /// where the server speaks no TLS.
    fn connect<'a>(&self, proxy: &'a Proxy, target: &str, tunnel: Tunnel<'a>) -> Result<(Tunnel<'a>, Connected)> {
        let limit = tunnel.upstream.time_limit();
        let mut show = |event: Event<'_>| self.fanout.show(Origin::default(), &event);
        match tunnel.upstream.connect(limit, &mut show) {
            Ok(connected) => Ok((tunnel, connected)),
            Err(error) if matches!(error.diagnosis(), Some(Diagnosis::NoTls(NoTls::ServerWithout { .. }))) => {
                show(Event::Detail(&format!("`{target}` speaks no TLS: there is nothing to decrypt")));
                let plain = Tunnel::plain(target, proxy)?;
                let connected = plain.upstream.connect(limit, &mut show)?;
                Ok((plain, connected))
            }
            Err(error) => Err(error),
        }
    }

    /// Serves a client as the server `upstream`, whose certificate has been verified.
    fn decrypt(&self, client: Client, authority: &Authority, upstream: Upstream) -> Result<()> {
        let Client { stream, reader, address, .. } = client;
        drop(reader);
        let limit = TimeLimit::starting_now(REQUEST_LIMIT);
        // No other thread has it yet.
        let Some(mut stream) = Arc::into_inner(stream) else { return Ok(()) };
        if let Err(failure) = net::accept_as(authority, &upstream.endpoint().host(), &mut stream, limit) {
            let error = accept_error(&address.to_string(), AcceptFailure::Tls(failure));
            return Err(error.hint("a client that is to be decrypted has to trust the local authority: `-v` says how"));
        }
        let stream = Arc::new(stream);
        let reader = StreamReader::new(Arc::clone(&stream));
        let servers = Servers::One(Arc::new(upstream));
        self.serve(Client { stream, reader, address, servers }, &[], limit)
    }

    /// Passes a tunnel on as it is, unless the client speaks first, and begins with a plain request.
    fn plain_tunnel(
        &self,
        mut client: Client,
        mut leftover: Vec<u8>,
        connected: Connected,
        upstream: Upstream,
    ) -> Result<()> {
        client.read_first(&mut leftover, &connected.stream).map_err(cannot_relay)?;
        if leftover.starts_with(GET) {
            upstream.keep(connected);
            client.servers = Servers::One(Arc::new(upstream));
            return self.serve(client, &leftover, TimeLimit::starting_now(REQUEST_LIMIT));
        }
        let detail = format!("{}: a tunnel to {}, which is not decrypted", client.address, upstream.peer());
        self.fanout.show(Origin::default(), &Event::Detail(&detail));
        let stream = Arc::new(connected.stream);
        let reader = StreamReader::new(Arc::clone(&stream));
        let server = End { stream, reader, head: Vec::new(), leftover: Vec::new() };
        let client = End { stream: client.stream, reader: client.reader, head: Vec::new(), leftover };
        pass_on(client, server)
    }
}

impl ReceivedRequest {
    /// Tells the client that no server is asked, and why; the error says it to us.
    fn refuse(self, status: &str, reason: &str) -> Error {
        let peer = self.client.address.to_string();
        self.client.refuse(status, reason);
        Error::new(Phase::Session, format!("a request of `{peer}` to the proxy is refused: {reason}"))
    }
}

impl Client {
    /// Reads what it says first, until that is seen to begin with [`GET`] or not, or takes too long, or until `server` says
    /// something.
    fn read_first(&mut self, said: &mut Vec<u8>, server: &Stream) -> io::Result<()> {
        let end = Instant::now() + REQUEST_LIMIT;
        let mut buffer = vec![0; 16 * 1024];
        self.stream.set_read_timeout(None)?;
        while said.len() < GET.len() && GET.starts_with(said) {
            let sockets = [self.stream.socket().descriptor(), server.socket().descriptor()];
            let left = end.saturating_duration_since(Instant::now());
            match *wait_until_any_is_readable(sockets, left) {
                [] if left.is_zero() => break,
                // The time is up, or a signal came.
                [] => {}
                [0, ..] => match self.reader.read(&mut buffer)? {
                    0 => break,
                    count => said.extend_from_slice(&buffer[..count]),
                },
                [_, ..] => break,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translate(lines: &str) -> std::result::Result<(String, String), String> {
        let head = HeadReader::read(HeadKind::Request, lines.as_bytes()).expect("a head");
        let (target, head) = translated(&head)?;
        Ok((target.url(), String::from_utf8(head.raw().to_vec()).unwrap()))
    }

    #[test]
    fn a_server_gets_the_path_and_nothing_that_is_for_the_proxy() {
        let request = "GET http://Example.com:8080/a%20b?x=1 HTTP/1.1\r\nHOST: elsewhere\r\nProxy-Authorization: Basic c2VjcmV0\r\n\
                       proxy-connection: keep-alive\r\nX:  kept \r\n\r\n";
        let expected = "GET /a%20b?x=1 HTTP/1.1\r\nHOST: example.com:8080\r\nX:  kept \r\n\r\n";
        assert_eq!(translate(request), Ok(("ws://example.com:8080/".to_owned(), expected.to_owned())));
        for (target, server, path) in [
            ("http://h", "ws://h/", "/"),
            ("ws://h/chat", "ws://h/", "/chat"),
            ("HTTP://h?x", "ws://h/", "/?x"),
            ("http://user:secret@[::1]:81/", "ws://[::1]:81/", "/"),
            ("http://h/http://other/", "ws://h/", "/http://other/"),
        ] {
            let host = server.trim_start_matches("ws://").trim_end_matches('/');
            let expected = format!("OPTIONS {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
            assert_eq!(
                translate(&format!("OPTIONS {target} HTTP/1.0\r\n\r\n")),
                Ok((server.to_owned(), expected)),
                "{target}"
            );
        }
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for target in
            ["/", "*", "h:80", "https://h/", "wss://h/", "ftp://h/", "http:///", "http://a b/", "http://h:99999/"]
        {
            let request = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
            let Ok(head) = HeadReader::read(HeadKind::Request, request.as_bytes()) else { continue };
            assert!(translated(&head).is_err(), "{target}");
        }
    }
}
