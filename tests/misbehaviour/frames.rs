//! Frame headers that break a rule.

use super::*;

#[test]
fn reserved_bits_without_an_extension() {
    for bits in [1, 2, 4, 7] {
        breaks(&Frame::text("hi").rsv(bits), "5.2");
    }
    breaks(&Frame::ping("hi").rsv(4), "5.2");
}

#[test]
fn reserved_opcodes() {
    for reserved in [0x3, 0x7, 0xB, 0xF] {
        breaks(&Frame::new(reserved, "hi"), "5.2");
    }
}

#[test]
fn a_masked_frame_from_a_server() {
    breaks(&Frame::text("hi").masked([1, 2, 3, 4]), "5.1");
    breaks(&Frame::text("").masked([0; 4]), "5.1");
}

#[test]
fn a_fragmented_control_frame() {
    breaks(&Frame::ping("hi").more(), "5.5");
    breaks(&Frame::close(1000, "").more(), "5.5");
}

#[test]
fn a_control_frame_over_125_bytes() {
    breaks(&Frame::ping([0; 126]), "5.5");
    breaks(&Frame::new(opcode::CLOSE, vec![3; 70_000]), "5.5");
}

#[test]
fn a_length_that_is_longer_than_it_needs_to_be() {
    breaks(&Frame::text("hi").length_in_16_bits(), "5.2");
    breaks(&Frame::text("hi").length_in_64_bits(), "5.2");
    breaks(&Frame::binary([0; 300]).length_in_64_bits(), "5.2");
}

#[test]
fn a_length_with_its_highest_bit_set() {
    breaks(&Frame::text("hi").declaring(1 << 63), "5.2");
    breaks(&Frame::binary("").declaring(u64::MAX), "5.2");
}

#[test]
fn a_continuation_of_nothing() {
    breaks(&Frame::continuation("hi"), "5.4");
    breaks(&Frame::continuation("").more(), "5.4");
}

#[test]
fn a_message_inside_another() {
    let bytes = [Frame::text("one").more().bytes(), Frame::text("two").bytes()].concat();
    blamed(&say(bytes), "RFC 6455 section 5.4", 1002);
}

#[test]
fn the_place_of_the_breach_is_told() {
    // After the six bytes of "before" and their header.
    let output = blamed(&say(Frame::new(0x3, "hi").bytes()), "RFC 6455 section 5.2", 1002);
    output.says("at byte 8").says("0008: 83 02");
}

#[test]
fn text_between_the_101_and_the_first_frame_is_told_as_what_it_is() {
    let frame = Frame::text("hi").bytes();
    for (text, shown) in [
        ("0\r\n\r\n", "0\\r\\n\\r\\n"),
        ("\r\n", "\\r\\n"),
        ("<html><body>Hello", "<html><body>Hell"),
        ("HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\\r"),
    ] {
        let bytes = [text.as_bytes(), &frame].concat();
        let server = serve(move |mut connection| {
            let request = connection.request();
            connection.send([request.acceptance("").as_bytes(), &bytes].concat());
            connection.close_frame().0
        });
        let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
        output.exits(6).says("text follows the 101 where the first frame should begin").never_says("reserved bit");
        output.says(&format!(": \"{shown}\"\n")).says("by the server, against RFC 6455 section 5.2, at byte 0");
        assert_eq!(server.outcome(), Some(1002), "{output:?}");
    }
}

#[test]
fn a_wrong_first_frame_that_is_no_text_is_still_a_frame() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("hi").rsv(3));
        connection.close_frame().0
    });
    Wscope::new().without_waiting().arg("-N").arg(server.url()).run().exits(6).says("reserved bit set");
}
