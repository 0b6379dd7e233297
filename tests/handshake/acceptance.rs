//! What is accepted as a 101, and what is not.

use super::*;

#[test]
fn the_subprotocol_agreed_on_is_one_of_those_offered() {
    let server = websocket::echo_with_subprotocol("v2");
    let arguments = ["-s", "v1", "-s", "v2", "-w", "0", "-v"];
    Wscope::new().args(arguments).arg(server.url()).run().exits(0).says("v2");
    assert_eq!(server.outcome().header("sec-websocket-protocol").join(", "), "v1, v2");
}

#[test]
fn no_subprotocol_at_all_is_gone_on_with_and_said() {
    let server = websocket::echo();
    let output = Wscope::new().args(["-s", "v1", "-w", "0"]).arg(server.url()).stdin("hi\n").run();
    output.exits(0).prints("hi\n").says("subprotocol");
}

#[test]
fn a_subprotocol_that_was_not_offered_is_refused() {
    for arguments in [&["-s", "v1"][..], &[]] {
        let server = serve(|mut connection| {
            connection.accept_with("Sec-WebSocket-Protocol: v3\r\n");
            connection.rest();
        });
        Wscope::new().args(arguments).arg("-N").arg("-c").arg(server.url()).run().exits(5).says("v3");
    }
}

#[test]
fn an_extension_that_was_not_offered_is_refused() {
    let server = serve(|mut connection| {
        connection.accept_with("Sec-WebSocket-Extensions: x-unheard-of\r\n");
        connection.rest();
    });
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(5).says("x-unheard-of").says("RFC 6455 section");
}

#[test]
fn connection_is_a_list_of_tokens_in_any_case() {
    for value in ["upgrade", "keep-alive, UPGRADE", "foo,Upgrade , bar"] {
        let server = serve(move |mut connection| {
            let request = connection.request();
            let response = request.acceptance("");
            connection.send(response.replace("Connection: Upgrade", &format!("connection:{value}")));
            bid_farewell(&mut connection);
        });
        Wscope::new().arg("-N").arg(server.url()).run().exits(0);
        server.outcome();
    }
}

#[test]
fn a_head_dripped_byte_by_byte_is_accepted() {
    let server = serve(|mut connection| {
        let response = connection.request().acceptance("X-Filler: something\r\n");
        connection.drip(response);
        connection.drip(Frame::text("welcome").bytes());
        bid_farewell(&mut connection);
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("welcome\n");
}

#[test]
fn data_in_the_segment_of_the_head_is_not_lost() {
    let server = serve(|mut connection| {
        let mut bytes = connection.request().acceptance("").into_bytes();
        bytes.extend(Frame::text("welcome").bytes());
        bytes.extend(Frame::close(1000, "").bytes());
        connection.send(bytes);
        connection.close_frame()
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("welcome\n");
    assert_eq!(server.outcome().0, Some(1000));
}
