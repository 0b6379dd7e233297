//! The first bytes of another protocol than HTTP/1.1, and whether they are answered as it has it.

use std::io::{Read, Write};

use super::variation::Greeting;
use crate::client::connect_error;
use crate::error::Result;
use crate::http::redact::Secrets;
use crate::net::{self, Route, TimeLimit};

/// Connects, greets, and says whether the answer is one of that protocol. Nothing follows the greeting.
///
/// # Errors
/// There is no connection.
pub fn greet(greeting: Greeting, route: &Route, limit: TimeLimit, secrets: Secrets) -> Result<bool> {
    let connected =
        net::connect(route, limit, &mut |_| {}).map_err(|failure| connect_error(route, failure, secrets))?;
    let mut stream = connected.stream;
    let mut answer = [0; 16];
    let mut filled = 0;
    // Whatever ends it early, what has come until then is the answer.
    let _ = stream.set_write_timeout(limit.left()).and_then(|()| stream.write_all(greeting.bytes()));
    while filled < answer.len() && !greeting.is_answered_by(&answer[..filled]) {
        let Some(left) = limit.left() else { break };
        if stream.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match stream.read(&mut answer[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(count) => filled += count,
        }
    }
    Ok(greeting.is_answered_by(&answer[..filled]))
}
