//! `Sec-WebSocket-Extensions` and `--deflate`: what is read can be written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::wire::DeflateOffer;
use wscope::wire::handshake::parse_extensions;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(extensions) = parse_extensions(bytes) {
        let written: Vec<_> = extensions.iter().map(ToString::to_string).collect();
        assert_eq!(parse_extensions(written.join(", ").as_bytes()), Ok(extensions));
    }
    if let Some(offer) = std::str::from_utf8(bytes).ok().and_then(|text| DeflateOffer::parse(text).ok()) {
        let written = offer.to_string();
        let parameters = written.split_once(';').map_or("", |(_, parameters)| parameters);
        assert_eq!(DeflateOffer::parse(parameters), Ok(offer));
    }
});
