//! Every combination of scheme, proxy, login and address family opens, echoes and closes. `matrix.txt` is written by this
//! test.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::ServerConfig;
use tempfile::TempDir;

use crate::support::certificates::Authority;
use crate::support::proxy::{Protocol, Proxy, leading_to};
use crate::support::server::{accept_tls, serve_sockets_at};
use crate::support::{Connection, Server, Wscope, bulk};

const LOGIN: &str = "ann:p%40ss";
const DECODED: &str = "ann:p@ss";
const MESSAGES: usize = 1000;

/// A way to the server: the scheme of the proxy, if there is one, and whether it wants a login.
const WAYS: [(Option<&str>, bool); 9] = [
    (None, false),
    (Some("http"), false),
    (Some("http"), true),
    (Some("https"), false),
    (Some("https"), true),
    (Some("socks5"), false),
    (Some("socks5"), true),
    (Some("socks5h"), false),
    (Some("socks5h"), true),
];

#[test]
fn every_combination_opens_echoes_and_closes() {
    let authority = Authority::new();
    let mut table = String::from("url  proxy    login  family  outcome\n");
    for scheme in ["ws", "wss"] {
        for (proxy, has_login) in WAYS {
            for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
                let outcome = run(&authority, scheme, proxy, has_login, ip);
                let family = if ip.is_ipv4() { "IPv4" } else { "IPv6" };
                let (proxy, login) = (proxy.unwrap_or("direct"), if has_login { "yes" } else { "no" });
                writeln!(table, "{scheme:<4} {proxy:<8} {login:<6} {family:<7} {outcome}").expect("memory");
            }
        }
    }
    for scheme in ["ws", "wss"] {
        let outcome = run_over_a_unix_socket(&authority, scheme);
        writeln!(table, "{scheme:<4} direct   no     Unix    {outcome}").expect("memory");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxy/matrix.txt");
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, &table).expect("the folder can be written to");
    assert_eq!(table, before, "matrix.txt was another, and has been written again");
}

fn run(authority: &Authority, scheme: &'static str, proxy: Option<&str>, has_login: bool, ip: IpAddr) -> String {
    let config = authority.issue().config();
    let server = echo(scheme, ip, &config);
    let host = if ip.is_ipv4() { "127.0.0.1" } else { "[::1]" };
    let target = format!("{host}:{}", server.port());
    let mut wscope = Wscope::new();
    let started = proxy.map(|proxy_scheme| {
        let proxy = start(proxy_scheme, has_login, ip, &server, &config);
        (proxy.url(proxy_scheme, has_login.then_some(LOGIN)), proxy)
    });
    if let Some((url, _)) = &started {
        wscope = wscope.args(["--proxy", url, "--proxy-cacert"]).arg(authority.file());
    }
    let outcome = exchange(wscope, authority, &format!("{scheme}://{target}/"), &server);
    if let Some((_, proxy)) = started {
        let asked = proxy.asked();
        assert_eq!((asked.len(), &asked[0].target), (1, &target));
        assert_eq!(asked[0].login.as_deref(), has_login.then_some(DECODED));
    }
    outcome
}

fn run_over_a_unix_socket(authority: &Authority, scheme: &'static str) -> String {
    let server = echo(scheme, Ipv4Addr::LOCALHOST.into(), &authority.issue().config());
    // A path that is short enough wherever the tests run.
    let folder = TempDir::new_in("/tmp").expect("a folder");
    let path = folder.path().join("s");
    lead(UnixListener::bind(&path).expect("a socket"), server.address());
    let wscope = Wscope::new().arg("--unix-socket").arg(&path);
    exchange(wscope, authority, &format!("{scheme}://localhost/"), &server)
}

/// Leads one connection on to `server`.
fn lead(listener: UnixListener, server: SocketAddr) {
    thread::spawn(move || -> io::Result<()> {
        let (mut client, _) = listener.accept()?;
        let mut server = TcpStream::connect(server)?;
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut from, &mut to).and_then(|_| to.shutdown(Shutdown::Write)));
        io::copy(&mut server, &mut client)?;
        client.shutdown(Shutdown::Write)
    });
}

/// Sends all messages, and gets all of them back.
#[track_caller]
fn exchange(wscope: Wscope, authority: &Authority, url: &str, server: &Server<u64>) -> String {
    let lines = "hello from a pipe\n".repeat(MESSAGES);
    let wscope = wscope.without_waiting().args(["--count", "1000", "--cacert"]).arg(authority.file()).arg(url);
    wscope.stdin(lines.clone()).run().exits(0).prints(&lines);
    format!("opened, {} echoed, closed", server.outcome())
}

fn start<T>(scheme: &str, has_login: bool, ip: IpAddr, server: &Server<T>, config: &Arc<ServerConfig>) -> Proxy {
    let protocol = if scheme.starts_with("socks") { Protocol::Socks5 } else { Protocol::Connect };
    let mut settings = leading_to(protocol, server.address());
    if scheme == "https" {
        settings = settings.over_tls(Arc::clone(config));
    }
    if has_login {
        settings = settings.wanting(DECODED);
    }
    if ip.is_ipv6() {
        settings = settings.on_ipv6();
    }
    settings.start()
}

/// Echoes until the client closes, and tells how many messages there were.
fn echo(scheme: &'static str, ip: IpAddr, config: &Arc<ServerConfig>) -> Server<u64> {
    let config = (scheme == "wss").then(|| Arc::clone(config));
    serve_sockets_at(ip, scheme, move |socket| {
        let mut connection = match &config {
            None => Connection::plain(socket),
            Some(config) => Connection::tls(accept_tls(Arc::clone(config), socket).expect("a handshake")),
        };
        connection.accept();
        bulk::echo(&mut connection, bulk::Pings::None)
    })
}
