//! The opening handshake: what is asked, what is shown of it, and every way of being refused.

use std::fmt::Write as _;
use std::fs;

use crate::support::head::Request;
use crate::support::{Connection, Frame, Server, Wscope, serve, websocket};

mod acceptance;
mod addresses;
mod refusal;
mod request;
mod verbose;

/// Accepts, closes, and returns the request.
fn accept_and_close() -> Server<Request> {
    serve(|mut connection| {
        let request = connection.accept();
        bid_farewell(&mut connection);
        request
    })
}

fn bid_farewell(connection: &mut Connection) {
    connection.send_frame(&Frame::close(1000, ""));
    assert_eq!(connection.close_frame().0, Some(1000));
}

/// The request that these arguments make.
#[track_caller]
fn request(arguments: &[&str]) -> Request {
    let server = accept_and_close();
    Wscope::new().args(arguments).args(["-N", "-c"]).arg(server.url()).run().exits(0);
    server.outcome()
}

/// The request that a URL with this ending makes, and what was said about it.
#[track_caller]
fn request_for(ending: &str) -> Request {
    let server = accept_and_close();
    Wscope::new().arg("-N").arg(format!("{}{ending}", server.url())).run().exits(0);
    server.outcome()
}

/// Answers every request with these bytes and ends the stream.
fn answer(response: impl Into<Vec<u8>>) -> Server<()> {
    let response = response.into();
    serve(move |mut connection| {
        connection.request();
        // The program may have seen enough before everything is sent.
        let _ = connection.try_send(&response);
        let _ = connection.socket().shutdown(std::net::Shutdown::Write);
        connection.rest();
    })
}

/// Answers every upgrade with a right answer that `spoil` has altered.
fn answer_spoilt(spoil: impl Fn(String) -> String + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        let request = connection.request();
        connection.send(spoil(request.acceptance("")));
        connection.rest();
    })
}
