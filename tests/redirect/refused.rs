//! What is not followed, and what is said of it.

use super::*;
use crate::support::certificates::Authority;
use crate::support::server::{serve_tls, unused_port};

#[test]
fn without_the_flag_it_is_said_where_it_leads() {
    let server = redirecting(redirect("https://example.org/chat?token=S3CRET", ""));
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(5).says("302 Found").says("`wss://example.org/chat?…`: `-L` follows it").never_says("S3CRET");
}

#[test]
fn nothing_leads_out_of_tls() {
    let authority = Authority::new();
    let plain = accepting();
    for scheme in ["ws", "http"] {
        for flag in ["--location", "--location-trusted"] {
            let location = format!("{scheme}://127.0.0.1:{}/x", plain.port());
            let server = serve_tls(authority.issue().config(), move |mut connection| {
                connection.request();
                connection.send(redirect(&location, ""));
            });
            let output = Wscope::new().args(["-N", flag, "--cacert"]).arg(authority.file()).arg(server.url()).run();
            output.exits(5).says("out of TLS").says(&format!("`ws://127.0.0.1:{}/x`", plain.port()));
        }
    }
}

#[test]
fn nothing_leads_to_another_protocol() {
    for scheme in ["ftp", "file", "mailto"] {
        let server = redirecting(redirect(&format!("{scheme}://example.org/x"), ""));
        follow(server.url()).exits(5).says(&format!("no WebSocket behind `{scheme}:`"));
    }
}

#[test]
fn a_location_that_names_nothing_is_told() {
    for location in ["http://", "http://[::1", "http://host:99999/"] {
        follow(redirecting(redirect(location, "")).url()).exits(5).says("what it names is no URL");
    }
    for location in ["Location: \r\n", ""] {
        let answer = redirect("", "").replace("Location: \r\n", location);
        follow(redirecting(answer).url()).exits(5).says("does not say where to");
    }
}

#[test]
fn a_location_where_nothing_listens_is_told_with_the_way_there() {
    let port = unused_port();
    let server = redirecting(redirect(&format!("http://127.0.0.1:{port}/x"), ""));
    let output = follow(server.url());
    output.exits(3).says(&format!("cannot connect to `127.0.0.1:{port}`"));
    output.says(&format!("redirected: {}/ -> ws://127.0.0.1:{port}/x", server.url()));
}

#[test]
fn a_circle_ends_after_ten_redirects() {
    let server = redirecting(redirect("/", ""));
    follow(server.url()).exits(5).says("10 redirects were followed").says("round in a circle");
    for _ in 0..11 {
        server.outcome();
    }
}

#[test]
fn an_endless_chain_ends_where_the_limit_says() {
    let server = serve(|mut connection| {
        let request = connection.request();
        let path = request.line().split(' ').nth(1).unwrap().to_owned();
        connection.send(redirect(&format!("{path}x"), ""));
    });
    let output = Wscope::new().args(["-N", "-L", "--max-redirs", "2"]).arg(server.url()).run();
    output.exits(5).says("2 redirects were followed").says("`--max-redirs`").says("/xx");
    output.never_says("/xxxx");
}

#[test]
fn other_answers_with_a_location_are_no_redirects() {
    for status in ["201 Created", "300 Multiple Choices", "304 Not Modified", "401 Unauthorized"] {
        let server = redirecting(redirect("/there", "").replace("302 Found", status));
        follow(server.url()).exits(5).says(status);
    }
}
