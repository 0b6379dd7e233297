//! Redirects before the upgrade: which are followed, and who is told what on the way.

use crate::support::head::Request;
use crate::support::{Connection, Frame, Server, Wscope, serve};

mod credentials;
mod followed;
mod refused;

/// The answer that leads elsewhere, with more header lines, each with its `\r\n`.
fn redirect(location: &str, extra: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n{extra}Content-Length: 0\r\n\r\n")
}

/// A server that redirects each request with this head.
fn redirecting(answer: impl Into<String>) -> Server<Request> {
    let answer = answer.into();
    serve(move |mut connection| {
        let request = connection.request();
        connection.send(&answer);
        request
    })
}

/// A server that answers a path with this head, and accepts every other one.
fn redirecting_at(path: &'static str, answer: String) -> Server<Request> {
    serve(move |mut connection| {
        let request = connection.request();
        if request.line() == format!("GET {path} HTTP/1.1") {
            connection.send(&answer);
        } else {
            accept_and_close(&mut connection, &request);
        }
        request
    })
}

/// A server that accepts every upgrade, and closes.
fn accepting() -> Server<Request> {
    serve(|mut connection| {
        let request = connection.request();
        accept_and_close(&mut connection, &request);
        request
    })
}

fn accept_and_close(connection: &mut Connection, request: &Request) {
    connection.send(request.acceptance(""));
    connection.send_frame(&Frame::close(1000, ""));
    connection.close_frame();
}

/// `wscope -N -L URL`, to its end.
#[track_caller]
fn follow(url: impl Into<String>) -> crate::support::program::Output {
    Wscope::new().args(["-N", "-L"]).arg(url.into()).run()
}
