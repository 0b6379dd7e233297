//! Reason codes and return codes.

use super::packet::{CONNACK, SUBACK};

/// What a code says went wrong. `None`: nothing.
pub fn failure(is_version_5: bool, kind: u8, code: u8) -> Option<String> {
    let name = match (is_version_5, kind, code) {
        (false, CONNACK, 1..) => connect_return(code),
        (false, SUBACK, 0x80) => Some("refused"),
        (true, _, 0x80..) => reason(code),
        (_, _, ..0x80) => return None,
        _ => None,
    };
    Some(name.map_or_else(|| format!("code {code:#04x}"), str::to_owned))
}

/// Return codes of MQTT 3.1.1, section 3.2.2.3.
fn connect_return(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "unacceptable protocol version",
        2 => "the client identifier is refused",
        3 => "the server is unavailable",
        4 => "bad user name or password",
        5 => "not authorised",
        _ => return None,
    })
}

/// Reason codes of MQTT 5, section 2.4.
fn reason(code: u8) -> Option<&'static str> {
    Some(match code {
        0x80 => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "implementation specific error",
        0x84 => "unsupported protocol version",
        0x85 => "the client identifier is not valid",
        0x86 => "bad user name or password",
        0x87 => "not authorised",
        0x88 => "the server is unavailable",
        0x89 => "the server is busy",
        0x8a => "banned",
        0x8b => "the server is shutting down",
        0x8c => "bad authentication method",
        0x8d => "nothing was sent for longer than the keep-alive",
        0x8e => "the session was taken over by another client of this id",
        0x8f => "the topic filter is invalid",
        0x90 => "the topic name is invalid",
        0x91 => "the packet id is in use",
        0x92 => "the packet id was not found",
        0x93 => "too many messages at once",
        0x94 => "the topic alias is invalid",
        0x95 => "the packet is too large",
        0x96 => "messages come too fast",
        0x97 => "the quota is exceeded",
        0x98 => "ended by an administrator",
        0x99 => "the payload format is invalid",
        0x9a => "the server retains no messages",
        0x9b => "the server does not support this QoS",
        0x9c => "use another server",
        0x9d => "the server has moved",
        0x9e => "the server has no shared subscriptions",
        0x9f => "connections come too fast",
        0xa0 => "the maximum connect time is over",
        0xa1 => "the server has no subscription identifiers",
        0xa2 => "the server has no wildcard subscriptions",
        _ => return None,
    })
}
