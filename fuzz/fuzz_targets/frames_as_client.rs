//! Whatever a server sends comes to the same, however it arrives.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::wire::Role;
use wscope_fuzz::frames;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (picked, size, bytes) = input;
    frames::arrives_alike(frames::options(Role::Client, picked), bytes, usize::from(size));
});
