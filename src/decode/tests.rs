use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;

/// Discord's first two messages (`compress=zlib-stream`).
const HELLO: &str = "78 9c aa 56 ca 2f 50 b2 32 34 a8 05 00 00 00 ff ff";
const ACKNOWLEDGED: &str = "aa 86 30 0c 6b 01 00 00 00 ff ff";

fn hex(digits: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(digits.replace(' ', "").as_bytes()).expect("hex digits")
}

fn named(name: &str) -> &'static Description {
    ALL.iter().find(|decoder| decoder.name == name).expect("a decoder")
}

/// Its source, its text, its error.
fn said(annotation: &Annotation) -> String {
    match &annotation.error {
        Some(error) => format!("{}: {error}", annotation.text),
        None => annotation.text.clone(),
    }
}

fn found(payload: &[u8]) -> Option<String> {
    auto(Kind::Binary, payload).as_ref().map(said)
}

fn decoded(name: &str, payload: &[u8]) -> String {
    said(&decode(named(name), payload))
}

#[test]
fn message_pack_and_cbor_are_told_apart() {
    assert_eq!(found(&hex("81 a1 61 01")).as_deref(), Some(r#"MessagePack {"a":1}"#));
    assert_eq!(found(&hex("a1 61 61 01")).as_deref(), Some(r#"CBOR {"a":1}"#));
    // `c1` begins no value, but may be in one.
    assert_eq!(found(&hex("92 cc c1 c4 02 c1 c1")).as_deref(), Some("MessagePack [193,h'c1c1']"));
    assert_eq!(found(&hex("93 01 c0 c4 02 01 02")).as_deref(), Some("MessagePack [1,null,h'0102']"));
    assert_eq!(
        found(&hex("82 a1 61 cb 3f f8 00 00 00 00 00 00 a1 62 d6 ff 00 00 00 01")).as_deref(),
        Some(r#"MessagePack {"a":1.5,"b":ext(-1,h'00000001')}"#)
    );
    // An array of one map with a name, and a map of one whose key is no string.
    assert_eq!(found(&hex("81 a1 61 61 01")).as_deref(), Some(r#"CBOR [{"a":1}]"#));
    assert_eq!(found(&hex("d9 d9 f7 83 01 20 f5")).as_deref(), Some("CBOR 55799([1,-1,true])"));
    assert_eq!(found(&hex("9f 01 c1 1a 51 4b 67 b0 ff")).as_deref(), Some("CBOR [1,1(1363896240)]"));
}

/// From appendix A of RFC 8949.
#[test]
fn the_examples_of_cbor() {
    for (payload, text) in [
        ("a2 01 02 03 04", "{1:2,3:4}"),
        ("83 01 82 02 03 82 04 05", "[1,[2,3],[4,5]]"),
        ("82 61 61 a1 61 62 61 63", r#"["a",{"b":"c"}]"#),
        ("bf 63 46 75 6e f5 63 41 6d 74 21 ff", r#"{"Fun":true,"Amt":-2}"#),
        ("f6", "null"),
        ("fb 3f f1 99 99 99 99 99 9a", "1.1"),
        ("1b ff ff ff ff ff ff ff ff", "18446744073709551615"),
    ] {
        assert_eq!(decoded("cbor", &hex(payload)), format!("CBOR {text}"));
    }
}

#[test]
fn what_is_not_whole_is_not_taken_for_it() {
    for payload in ["81", "81 a1 61", "a1 61 61 01 00", "80 00", "c1", "00 01 02", "93 01 02", "91 c1"] {
        assert_eq!(found(&hex(payload)), None, "{payload}");
    }
    for (name, payload, error) in [
        ("messagepack", "81 a1 61", "not MessagePack: the message ends in the middle of a value, at byte 3"),
        ("messagepack", "82 a1 61 01 a1 62", "not MessagePack: the message ends in the middle of a value, at byte 6"),
        ("messagepack", "91 01 02", "not MessagePack: more follows its end, at byte 2"),
        ("messagepack", &"91 ".repeat(70), "not MessagePack: nested deeper than 64, at byte 64"),
        ("messagepack", "91 c1", "not MessagePack: no value begins so, at byte 1"),
        ("messagepack", "82 a1 61 c4 01 c1 a1 62 c1", "not MessagePack: no value begins so, at byte 8"),
        ("messagepack", "de 00 01 c1 01", "not MessagePack: no value begins so, at byte 3"),
        ("cbor", "01 02", "not CBOR: more follows its end, at byte 1"),
        ("cbor", "a1 61 61", "not CBOR: the message ends in the middle of a value, at byte 3"),
        ("cbor", "82 01 1c", "not CBOR: no value begins so, at byte 2"),
        ("cbor", &"81 ".repeat(70), "not CBOR: nested deeper than 64, at byte 65"),
    ] {
        assert_eq!(decoded(name, &hex(payload)), format!(": {error}"), "{payload}");
    }
}

#[test]
fn what_is_deep_or_announces_much_is_refused() {
    assert_eq!(found(&vec![0x91; 100_000]), None);
    assert_eq!(found(&vec![0x81; 100_000]), None);
    assert_eq!(found(&hex("dd ff ff ff ff 01")), None);
    assert_eq!(found(&hex("bb ff ff ff ff ff ff ff ff 01")), None);
    assert_eq!(found(&vec![0x90; LONGEST + 1]), None);
}

#[test]
fn a_line_ends_at_its_limit() {
    let mut payload = hex("dc ff ff");
    payload.resize(payload.len() + 0xffff, 1);
    let text = found(&payload).expect("MessagePack");
    assert!(text.len() < 4200 && text.ends_with('…'), "{}", text.len());
}

/// From the page on the encoding of Protocol Buffers.
#[test]
fn protobuf_goes_by_numbers() {
    assert_eq!(decoded("protobuf", &hex("08 96 01")), "protobuf {1:150}");
    assert_eq!(decoded("protobuf", &hex("12 07 74 65 73 74 69 6e 67")), r#"protobuf {2:"testing"}"#);
    assert_eq!(decoded("protobuf", &hex("1a 03 08 96 01")), "protobuf {3:{1:150}}");
    assert_eq!(decoded("protobuf", &hex("0d 00 00 c0 3f 11 05 00 00 00 00 00 00 00")), "protobuf {1:1.5,2:5}");
    assert_eq!(decoded("protobuf", &hex("0b 10 01 0c 1a 02 ff fe")), "protobuf {1:{2:1},3:h'fffe'}");
    for broken in ["08", "0f", "00 00", "0a 05 01", "0b", "0c", "08 ff ff ff ff ff ff ff ff ff ff 01"] {
        let said = decoded("protobuf", &hex(broken));
        assert!(
            said.starts_with(": not protobuf: its fields do not fill it: it breaks before byte "),
            "{broken}: {said}"
        );
    }
    assert_eq!(found(&hex("08 96 01")), None);
}

#[test]
fn what_is_compressed_is_inflated_and_read() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(br#"{"a":1}"#).expect("memory");
    assert_eq!(found(&gzip.finish().expect("memory")).as_deref(), Some(r#"gzip of 7 bytes: {"a":1}"#));
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&hex("81 a1 61 01")).expect("memory");
    assert_eq!(found(&zlib.finish().expect("memory")).as_deref(), Some(r#"zlib of 4 bytes: MessagePack {"a":1}"#));
    // `printf hello | zstd`.
    let zstd = hex("28 b5 2f fd 04 58 29 00 00 68 65 6c 6c 6f a3 6d 9f 88");
    assert_eq!(found(&zstd).as_deref(), Some("zstd of 5 bytes: hello"));
    assert_eq!(found(&zstd[..10]).as_deref(), Some("zstd unfinished, of 1 bytes: h"));
    let mut damaged = zstd.clone();
    damaged[12] ^= 1;
    assert_eq!(found(&damaged).as_deref(), Some("zstd: it is damaged here"));
    assert_eq!(found(&hex("1f 8b 08 00")).as_deref(), Some("gzip: it is cut short, at byte 4"));
}

#[test]
fn what_is_compressed_and_broken_is_told_with_the_place() {
    let compressed = |name: &str| {
        let text = b"a text that is long enough, or almost".repeat(3);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text).expect("memory");
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).expect("memory");
        if name == "gzip" { gzip.finish() } else { zlib.finish() }.expect("memory")
    };
    for (name, found_by_itself) in [("gzip", Some("gzip: ")), ("zlib", None)] {
        let whole = compressed(name);
        let told = |payload: &[u8], error: &str| {
            let start = found_by_itself.map_or_else(|| format!(": not {name}: "), str::to_owned);
            assert_eq!(decoded(name, payload), format!("{start}{error}"));
            assert_eq!(found(payload), found_by_itself.map(|start| format!("{start}{error}")));
        };
        let cut = &whole[..whole.len() - 6];
        told(cut, &format!("it is cut short, at byte {}", cut.len()));
        let mut damaged = whole.clone();
        damaged[whole.len() - 1] ^= 1;
        told(&damaged, &format!("it is damaged before byte {}", whole.len()));
        assert_eq!(decoded(name, b"hello"), format!(": not {name}: it does not begin so, at byte 0"));
        assert_eq!(found(b"hello"), None);
    }
    assert_eq!(decoded("zstd", b"hello"), ": not zstd: no frame begins, at byte 0");
}

/// The tag of CBOR is a magic number.
#[test]
fn cbor_that_says_so_and_is_broken_is_told() {
    let said = "CBOR: the message ends in the middle of a value, at byte 5";
    assert_eq!(found(&hex("d9 d9 f7 82 01")).as_deref(), Some(said));
    assert_eq!(found(&hex("82 01")), None);
}

#[test]
fn a_bomb_is_cut_off() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&vec![b'x'; 4 * 1024 * 1024]).expect("memory");
    let bomb = gzip.finish().expect("memory");
    assert!(found(&bomb).expect("gzip").starts_with("gzip of more than 1048576 bytes: xxx"));
}

#[test]
fn one_zlib_stream_goes_through_many_messages() {
    let mut decoders = Decoders::new(Choice::Auto);
    let mut received = |digits: &str| decoders.message(Role::Server, Kind::Binary, &hex(digits)).as_ref().map(said);
    assert_eq!(received(HELLO).as_deref(), Some(r#"zlib stream of 9 bytes: {"op":10}"#));
    assert_eq!(received(&ACKNOWLEDGED[..14]).as_deref(), Some("zlib stream goes on, 8 bytes so far"));
    assert_eq!(received(&ACKNOWLEDGED[15..]).as_deref(), Some(r#"zlib stream of 9 bytes: {"op":11}"#));
    // The other end has a stream of its own, which has not begun.
    assert_eq!(
        decoders.message(Role::Client, Kind::Binary, &hex("81 a1 61 01")).map(|a| said(&a)).as_deref(),
        Some(r#"MessagePack {"a":1}"#)
    );
}

/// `ZSTD_compressStream2` with `ZSTD_e_flush` for each message.
#[test]
fn one_zstd_stream_goes_through_many_messages() {
    let first = hex("28 b5 2f fd 00 58 48 00 00 7b 22 6f 70 22 3a 31 30 7d");
    let second = hex("84 00 00 40 30 2c 22 64 22 3a 7d 7d 02 00 30 49 31 2b 40");
    let mut decoders = Decoders::new(Choice::Auto);
    let mut received = |payload: &[u8]| decoders.message(Role::Server, Kind::Binary, payload).as_ref().map(said);
    assert_eq!(received(&first).as_deref(), Some(r#"zstd stream of 9 bytes: {"op":10}"#));
    assert_eq!(
        received(&hex("48 00 00 7b 22 6f 70 22 3a 31 31 7d")).as_deref(),
        Some(r#"zstd stream of 9 bytes: {"op":11}"#)
    );
    assert_eq!(received(&second).as_deref(), Some(r#"zstd stream of 23 bytes: {"op":10,"d":{"op":10}}"#));
    assert_eq!(received(&hex("ff ff ff ff")).as_deref(), Some("zstd stream: it is damaged here"));
    assert_eq!(received(&hex("81 a1 61 01")).as_deref(), Some(r#"MessagePack {"a":1}"#));
    // A frame that ends in its message is no stream.
    let mut decoders = Decoders::new(Choice::Auto);
    let mut received = |payload: &[u8]| decoders.message(Role::Server, Kind::Binary, payload).as_ref().map(said);
    let whole = hex("28 b5 2f fd 04 58 29 00 00 68 65 6c 6c 6f a3 6d 9f 88");
    assert_eq!(received(&whole).as_deref(), Some("zstd of 5 bytes: hello"));
    assert_eq!(received(&whole).as_deref(), Some("zstd of 5 bytes: hello"));
    assert_eq!(decoded("zstd-stream", &second), "zstd stream: joined late: its start was not seen");
}

#[test]
fn a_stream_that_is_joined_late_is_told() {
    let mut decoders = Decoders::new(Choice::Auto);
    let mut received = || decoders.message(Role::Server, Kind::Binary, &hex(ACKNOWLEDGED)).as_ref().map(said);
    let late = Some("zlib stream: joined late: its start was not seen".to_owned());
    assert_eq!((received(), received()), (late.clone(), late));
    let mut damaged = Decoders::new(Choice::Named(named("zlib-stream")));
    assert!(damaged.message(Role::Server, Kind::Binary, &hex(HELLO)).is_some());
    let said = damaged.message(Role::Server, Kind::Binary, &hex("ff ff 00 00 ff ff")).as_ref().map(said);
    assert_eq!(said.as_deref(), Some("zlib stream: it is damaged here"));
    let said = damaged.message(Role::Server, Kind::Binary, &hex(ACKNOWLEDGED)).as_ref().map(self::said);
    assert_eq!(said.as_deref(), Some("zlib stream: an earlier message of it could not be read"));
}

#[test]
fn images_have_a_kind_and_a_size() {
    let png = hex("89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52 00 00 02 80 00 00 01 e0 08 06 00 00 00");
    assert_eq!(found(&png).as_deref(), Some("image PNG, 640 x 480 pixels"));
    let gif = hex("47 49 46 38 39 61 10 00 08 00 80 00 00");
    assert_eq!(found(&gif).as_deref(), Some("image GIF, 16 x 8 pixels"));
    assert_eq!(found(&png[..12]).as_deref(), Some("image: it ends before its size, at byte 12"));
    assert_eq!(decoded("image", b"BM  "), ": not image: none of PNG, JPEG, GIF and WebP begins so, at byte 0");
}

#[test]
fn tokens_in_a_text_are_read_and_their_signatures_hidden() {
    // The example of RFC 7519 section 3.1, with a short signature.
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.c2lnbmF0dXJl";
    let text = format!(r#"{{"op":"auth","token":"{token}"}}"#);
    let annotation = auto(Kind::Text, text.as_bytes()).expect("a token");
    assert_eq!(annotation.text, r#"JWT {"alg":"HS256"} {"iss":"joe"}"#);
    assert_eq!(annotation.secrets.iter().map(|place| &text[place.clone()]).collect::<Vec<_>>(), ["c2lnbmF0dXJl"]);
    // As it was written: {"b":1e30,"a":1}
    let text = "eyJhbGciOiJIUzI1NiJ9.eyJiIjoxZTMwLCJhIjoxfQ.c2ln";
    let annotation = auto(Kind::Text, text.as_bytes()).expect("a token");
    assert_eq!(annotation.text, r#"JWT {"alg":"HS256"} {"b":1e30,"a":1}"#);
    let many = [text; 6].join(" ");
    let annotation = auto(Kind::Text, many.as_bytes()).expect("tokens");
    assert_eq!((annotation.text.matches("alg").count(), annotation.secrets.len()), (4, 6), "all are hidden");
    for text in ["eyJ", "eyJhbGciOiJIUzI1NiJ9", "eyJhIjoxfQ.eyJhIjoxfQ.x", "eyJhbGciOiJIUzI1NiJ9.e30", "no token"] {
        assert_eq!(auto(Kind::Text, text.as_bytes()), None, "{text}");
    }
}
