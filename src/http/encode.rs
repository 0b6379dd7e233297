//! Writing heads.

/// The bytes of a head: its first line, its headers in order, and the empty line that ends it.
pub fn encode_head<'a>(first_line: &str, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut head = format!("{first_line}\r\n");
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(if value.is_empty() { ":" } else { ": " });
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}
