//! Text that is not UTF-8.

use super::*;

#[track_caller]
fn is_not_utf8(bytes: impl Into<Vec<u8>>) {
    blamed(&say(bytes), "RFC 6455 section 8.1", 1007);
}

#[test]
fn a_byte_that_is_never_utf8() {
    is_not_utf8(Frame::text(*b"a\xFFb").bytes());
}

#[test]
fn what_can_be_read_of_the_message_is_shown() {
    let output = blamed(&say(Frame::text(*b"Gr\xFC\xDFe aus K\xF6ln").bytes()), "RFC 6455 section 8.1", 1007);
    output.says("byte 0xFC at offset 2 of the message, \"Gr\\xfc\\xdfe aus K\\xf6ln\"");
    output.says("hint: `--lenient` reports this and goes on");
    let long = [&b"-".repeat(50), "ä".repeat(9).as_bytes(), b"\xE9", &b"+".repeat(50)].concat();
    let output = blamed(&say(Frame::text(long).bytes()), "RFC 6455 section 8.1", 1007);
    output.says("offset 69 of the message, \"…ääääääää\\xe9++++++++++++++++…\"");
}

#[test]
fn a_surrogate_an_overlong_form_and_too_high_a_number() {
    is_not_utf8(Frame::text(*b"\xED\xA0\x80").bytes());
    is_not_utf8(Frame::text(*b"\xC0\xAF").bytes());
    is_not_utf8(Frame::text(*b"\xF4\x90\x80\x80").bytes());
}

#[test]
fn a_character_that_is_cut_off() {
    is_not_utf8(Frame::text(*b"\xE2\x82").bytes());
}

#[test]
fn a_character_spoilt_across_fragments() {
    let bytes = [Frame::text(*b"\xE2\x82").more().bytes(), Frame::continuation("x").bytes()].concat();
    is_not_utf8(bytes);
}

#[test]
fn a_character_split_across_fragments_is_fine() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(*b"\xE2").more());
        connection.send_frame(&Frame::continuation(*b"\x82").more());
        connection.send_frame(&Frame::continuation(*b"\xAC"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints("€\n");
}

#[test]
fn it_is_noticed_before_the_message_is_over() {
    // Of a thousand bytes only four come.
    is_not_utf8(&Frame::text([b"abc\xFF".as_slice(), &[b'x'; 996]].concat()).bytes()[..8]);
}

#[test]
fn it_is_noticed_before_the_last_fragment() {
    is_not_utf8(Frame::text(*b"abc\xFF").more().bytes());
}
