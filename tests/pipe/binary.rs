//! Binary messages both ways.

use super::*;

#[test]
fn binary_input_is_sent_as_it_is() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
    let server = websocket::echo();
    let output = Wscope::new().args(["-b", "-w", "0"]).arg(server.url()).stdin(bytes.clone()).run();
    let sent: Vec<u8> = server
        .outcome()
        .messages
        .into_iter()
        .flat_map(|message| {
            assert!(message.is_binary());
            message.into_data().to_vec()
        })
        .collect();
    assert!(sent == bytes);
    output.exits(0).prints(bytes);
}

#[test]
fn binary_input_goes_out_as_it_arrives() {
    let server = websocket::echo();
    let mut program = Wscope::new().args(["-b", "-w", "0"]).arg(server.url()).stdin_held().spawn();
    program.write([0xFF, 0x00]);
    program.wait_stdout("\0");
    program.write([0xFE]);
    program.close_stdin();
    program.finish().exits(0).prints([0xFF, 0x00, 0xFE]);
    assert_eq!(server.outcome().messages, [Message::binary([0xFF, 0x00].to_vec()), Message::binary(vec![0xFE])]);
}

#[test]
fn nul_ends_messages_in_and_out() {
    let server = websocket::echo();
    let output = Wscope::new().args(["-0", "-w", "0"]).arg(server.url()).stdin("two\nlines\0\0one\r\n\0last").run();
    assert_eq!(server.outcome().texts(), ["two\nlines", "", "one\r\n", "last"]);
    output.exits(0).prints("two\nlines\0\0one\r\n\0last\0");
}

#[test]
fn nul_ends_binary_pieces() {
    let server = websocket::sink();
    let output = Wscope::new().args(["-b", "-0", "-w", "0"]).arg(server.url()).stdin(*b"\xFF\n\0\0tail").run();
    let pieces: [&[u8]; 3] = [b"\xFF\n", b"", b"tail"];
    assert_eq!(server.outcome().messages, pieces.map(|piece| Message::binary(piece.to_vec())));
    output.exits(0);
}

#[test]
fn executed_messages_stay_text_beside_binary_input() {
    let server = websocket::sink();
    Wscope::new().args(["-b", "-x", "text", "-w", "0"]).arg(server.url()).run().exits(0);
    assert_eq!(server.outcome().messages, [Message::text("text")]);
}

#[test]
fn received_binary_is_printed_raw() {
    let messages = [Message::binary(vec![0, 0xFF, b'\n']), Message::text("text"), Message::binary(vec![0x1B])];
    let server = websocket::push(messages);
    Wscope::new().args(["-w", "1"]).arg(server.url()).run().exits(0).prints(b"\0\xFF\ntext\n\x1B");
}

#[test]
fn large_binary_is_streamed_before_it_is_whole() {
    const HALF: usize = 4 * MIB;
    let printed = Event::new();
    let go_on = printed.clone();
    let server = serve(move |mut connection| {
        connection.accept();
        let frame = Frame::binary(vec![b'x'; 2 * HALF]).bytes();
        let (first, second) = frame.split_at(HALF);
        connection.send(first);
        go_on.wait();
        connection.send(second);
        close_first(&mut connection, 1000);
    });
    let program = Wscope::new().arg("-N").arg(server.url()).spawn();
    program.wait_stdout(&"x".repeat(HALF - MIB));
    printed.happens();
    let output = program.finish();
    output.exits(0).stays_below(24 * MIB);
    assert!(output.stdout == vec![b'x'; 2 * HALF]);
}

#[test]
fn large_binary_that_is_cut_shows_in_the_status() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send(&Frame::binary(vec![b'x'; 4 * MIB]).bytes()[..3 * MIB]);
        connection.half_close();
        connection.rest();
    });
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(1).says("1006");
    assert!(output.stdout.iter().all(|&byte| byte == b'x'));
}

#[test]
fn text_is_printed_whole_or_not_at_all() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("whole"));
        connection.send_frame(&Frame::text("hal").more());
        connection.half_close();
        connection.rest();
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(1).prints("whole\n").says("1006");
}
