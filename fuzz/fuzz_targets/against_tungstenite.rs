//! Whatever arrives is judged as tungstenite judges it, but for the differences that are explained.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::wire::Role;
use wscope_fuzz::differential;

fuzz_target!(|input: (bool, &[u8])| {
    let (is_server, bytes) = input;
    differential::compare(if is_server { Role::Server } else { Role::Client }, bytes);
});
