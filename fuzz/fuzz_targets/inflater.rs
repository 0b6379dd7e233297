//! Whatever is said to be compressed comes to the same, however it is fragmented and arrives, and stays within the limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope_fuzz::frames;

fuzz_target!(|input: (u8, u8, u8, &[u8])| {
    let (picked, fragment, size, compressed) = input;
    frames::inflates_alike(picked, compressed, usize::from(fragment), usize::from(size));
});
