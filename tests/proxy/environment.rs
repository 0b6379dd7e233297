//! Which proxy the environment chooses, and for which hosts none.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use wscope::client::no_proxy;

use crate::support::Wscope;
use crate::support::certificates::Authority;
use crate::support::proxy::{Protocol, leading_to};
use crate::support::server::{serve_sockets, serve_tls};
use crate::support::websocket;

#[test]
fn the_first_variable_that_is_set_counts() {
    for variables in [
        &["ws_proxy"][..],
        &["WS_PROXY", "http_proxy"],
        &["http_proxy", "ALL_PROXY"],
        &["all_proxy", "ALL_PROXY"],
        &["ALL_PROXY", "HTTP_PROXY"],
    ] {
        let server = websocket::push([]);
        let proxy = leading_to(Protocol::Connect, server.address()).start();
        let mut wscope = Wscope::new().args(["-v", "-w", "0", "-x", "hi", "ws://host.invalid/"]);
        for (index, name) in variables.iter().enumerate() {
            let url = if index == 0 { proxy.url("http", None) } else { "http://127.0.0.1:1".to_owned() };
            wscope = wscope.env(name, url);
        }
        wscope.run().exits(0).says(&format!("as `{}` says", variables[0]));
        assert_eq!(proxy.asked()[0].target, "host.invalid:80");
    }
}

/// The variables for `wss`, in the order in which they count.
const IN_ORDER: [&str; 6] = ["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

#[test]
fn secure_urls_have_variables_of_their_own() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue_for("host.invalid").config(), |mut connection| {
        connection.accept();
        connection.echo_until_close()
    });
    for first in 0..IN_ORDER.len() {
        let proxy = leading_to(Protocol::Connect, server.address()).start();
        let mut wscope = Wscope::new().args(["-v", "-1", "-x", "hi", "wss://host.invalid/", "--cacert"]);
        for name in IN_ORDER[first + 1..].iter().chain(&["ws_proxy", "http_proxy", "HTTP_PROXY"]) {
            wscope = wscope.env(name, "http://127.0.0.1:1");
        }
        let wscope = wscope.arg(authority.file()).env(IN_ORDER[first], proxy.url("http", None));
        wscope.run().exits(0).prints("hi\n").says(&format!("as `{}` says", IN_ORDER[first]));
        assert_eq!(proxy.asked()[0].target, "host.invalid:443");
    }
}

#[test]
fn a_list_or_an_empty_flag_keeps_proxies_away() {
    for (variable, arguments) in [
        (Some("127.0.0.0/8"), &[][..]),
        (Some("*"), &["--proxy", "http://127.0.0.1:1"]),
        (None, &["--noproxy", "127.0.0.1"]),
        (None, &["--proxy", ""]),
    ] {
        let server = websocket::sink();
        let mut wscope = Wscope::new().env("ALL_PROXY", "http://127.0.0.1:1").args(arguments.iter().copied());
        if let Some(list) = variable {
            wscope = wscope.env("NO_PROXY", list);
        }
        wscope.args(["-w", "0", "-x", "hi"]).arg(server.url()).run().exits(0);
    }
    let demo = Wscope::new().env("ALL_PROXY", "http://127.0.0.1:1").args(["demo", "-1"]).stdin("hi\n").run();
    demo.exits(0);
}

/// Asks the curl of this machine, where there is one, whether it goes through a proxy. Networks of IPv6 are left out: in
/// none does curl 7.88 find a host, as its check looks for brackets that its caller has taken off (curl/curl#19828).
#[test]
fn lists_mean_what_curl_makes_of_them() {
    let ask = |list: &str, host: &str| {
        let answer = |text: &'static str| {
            serve_sockets("http", move |mut socket| {
                let _ = socket.read(&mut [0; 4096]);
                let _ = write!(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{text}");
            })
        };
        let (proxy, direct) = (answer("p"), answer("d"));
        let url_host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let output = Command::new("curl")
            .env_clear()
            .args(["-s", "-x", &format!("http://127.0.0.1:{}", proxy.port()), "--noproxy", list])
            .args(["--connect-to", &format!("::127.0.0.1:{}", direct.port()), "--max-time", "20"])
            .arg(format!("http://{url_host}/"))
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let goes_past = output.stdout == b"d";
        if !goes_past {
            // With `--connect-to`, curl asks a proxy with CONNECT: that it was asked is all that counts.
            proxy.outcome();
        }
        Some(goes_past)
    };
    for (list, host) in [
        ("example.com", "example.com"),
        ("example.com", "www.example.com"),
        (".example.com", "www.example.com"),
        (".example.com", "example.com"),
        ("example.com", "nonexample.com"),
        ("EXAMPLE.com", "example.COM"),
        ("other.test, example.com", "example.com"),
        ("192.168.0.0/16", "192.168.3.4"),
        ("192.168.0.0/24", "192.168.3.4"),
        ("192.168.3.4", "192.168.3.4"),
        ("10.0.0.0/8", "example.com"),
        ("::1", "::1"),
        ("*", "example.com"),
        ("", "example.com"),
    ] {
        if let Some(expected) = ask(list, host) {
            assert_eq!(no_proxy::has(list, host), expected, "{host} in {list:?}");
        }
    }
}
