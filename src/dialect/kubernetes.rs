//! Kubernetes' channels in one WebSocket: `exec` and `attach` (stdin, stdout, stderr, the end, the size of the terminal),
//! and `portforward`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::json::{Array, Object};
use super::{Description, Dialect, Message, Opening, bytes, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::Role;

/// Kubernetes' channels (`apimachinery/pkg/util/remotecommand`, `apiserver/pkg/util/wsstream`).
pub const KUBERNETES: Description = Description {
    name: "kubernetes",
    subprotocols: &[
        "v5.channel.k8s.io",
        "v4.channel.k8s.io",
        "v4.base64.channel.k8s.io",
        "channel.k8s.io",
        "base64.channel.k8s.io",
    ],
    is_target: |target| {
        let path = target.split('?').next().unwrap_or_default();
        path.starts_with("/api/v1/namespaces/")
            && ["/exec", "/attach", PORT_FORWARD].iter().any(|action| path.ends_with(action))
    },
    is_message: |_| false,
    start: |opening| Box::new(Kubernetes::new(opening)),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(KUBERNETES.name);

const PORT_FORWARD: &str = "/portforward";

/// The channel that carries the end, and that of sizes (`remotecommand.StreamErr` and the following).
const ERROR: u8 = 3;
const RESIZE: u8 = 4;

/// What version 5 puts before the number of a channel that is closed.
const CLOSE: u8 = 0xff;

struct Kubernetes {
    is_base64: bool,
    closes_channels: bool,
    is_port_forward: bool,
    /// The ports of the channels of `portforward`.
    ports: HashMap<u8, u16>,
}

impl Kubernetes {
    fn new(opening: &Opening<'_>) -> Self {
        let subprotocol = opening.subprotocol.unwrap_or_default();
        Self {
            is_base64: subprotocol.contains("base64."),
            closes_channels: subprotocol.starts_with("v5."),
            is_port_forward: opening.target.split('?').next().is_some_and(|path| path.ends_with(PORT_FORWARD)),
            ports: HashMap::new(),
        }
    }
}

impl Dialect for Kubernetes {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        let Some((first, rest)) = message.payload.split_first() else { return Some(breach("an empty message")) };
        let (channel, data) = if self.is_base64 {
            let digit = first.checked_sub(b'0').filter(|digit| *digit <= 9);
            let data = data_encoding::BASE64.decode(rest).ok();
            let Some((digit, data)) = digit.zip(data) else { return Some(breach("no digit with Base64 behind it")) };
            (digit, Cow::Owned(data))
        } else {
            (*first, Cow::Borrowed(rest))
        };
        Some(match (channel, &*data) {
            (CLOSE, [channel]) if self.closes_channels => {
                Annotation::new(SOURCE, "close", format!("{} closed", self.name(*channel)))
            }
            _ if self.is_port_forward => self.forwarded(message.from, channel, &data),
            (0..=2, []) if message.from == Role::Server => {
                Annotation::new(SOURCE, self.name(channel), format!("{} established", self.name(channel)))
            }
            (0..=2, _) => Annotation::new(SOURCE, self.name(channel), content(&self.name(channel), &data)),
            (ERROR, []) => Annotation::new(SOURCE, "error", "error established"),
            (ERROR, _) => ended(&data),
            (RESIZE, _) => resized(&data),
            _ => breach(&format!("no channel {channel}")),
        })
    }
}

impl Kubernetes {
    fn name(&self, channel: u8) -> Cow<'static, str> {
        if self.is_port_forward {
            let kind = if channel.is_multiple_of(2) { "data" } else { "error" };
            let port = self.ports.get(&channel);
            return port.map_or_else(|| kind.into(), |port| format!("{kind} of port {port}").into());
        }
        match channel {
            0 => "stdin".into(),
            1 => "stdout".into(),
            2 => "stderr".into(),
            ERROR => "error".into(),
            RESIZE => "resize".into(),
            _ => format!("channel {channel}").into(),
        }
    }

    /// The first message of the server on each channel of `portforward` is its port, little endian.
    fn forwarded(&mut self, from: Role, channel: u8, data: &[u8]) -> Annotation {
        if let (Role::Server, Entry::Vacant(port), [low, high]) = (from, self.ports.entry(channel), data) {
            port.insert(u16::from_le_bytes([*low, *high]));
            return Annotation::new(SOURCE, "port", format!("{} established", self.name(channel)));
        }
        let name = self.name(channel);
        if channel.is_multiple_of(2) {
            return Annotation::new(SOURCE, "data", content(&name, data));
        }
        Annotation { error: Some(quote(&String::from_utf8_lossy(data))), ..Annotation::new(SOURCE, "error", name) }
    }
}

/// What was written to a channel: its length, and its start where it is text.
fn content(channel: &str, data: &[u8]) -> String {
    let text = str::from_utf8(data).ok().filter(|text| !text.is_empty());
    let text = text.map(|text| format!(": {}", quote(text.trim_end_matches(['\r', '\n']))));
    format!("{channel}, {}{}", bytes(data.len()), text.unwrap_or_default())
}

/// The end of a program: a `Status` in JSON, or a text before version 4.
fn ended(data: &[u8]) -> Annotation {
    let Some(status) = Object::of(data) else {
        let text = quote(&String::from_utf8_lossy(data));
        return Annotation { error: Some(text), ..Annotation::new(SOURCE, "error", "") };
    };
    if status.text("status").as_deref() == Some("Success") {
        return Annotation::new(SOURCE, "status", "ended with success");
    }
    let causes = status.object("details").and_then(|details| details.get("causes"));
    let exit = causes.and_then(|causes| {
        let causes = Array::of(causes.as_bytes())?;
        let causes = causes.elements.iter().filter_map(|cause| Object::of(cause.as_bytes()));
        causes
            .filter(|cause| cause.text("reason").as_deref() == Some("ExitCode"))
            .find_map(|cause| cause.text("message"))
    });
    let message = status.text("message").or(status.text("reason")).map(|text| quote(&text));
    let error = match exit {
        Some(code) => format!("exit {}", quote(&code)),
        None => message.unwrap_or_else(|| "failed".to_owned()),
    };
    Annotation { error: Some(error), ..Annotation::new(SOURCE, "status", "ended") }
}

fn resized(data: &[u8]) -> Annotation {
    let size = Object::of(data).and_then(|size| Some((size.number("Width")?, size.number("Height")?)));
    match size {
        Some((width, height)) => Annotation::new(SOURCE, "resize", format!("resize to {width} columns, {height} rows")),
        None => breach("a size without Width and Height"),
    }
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not Kubernetes' channels: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Conversation;
    use super::*;

    const EXEC: &str = "/api/v1/namespaces/default/pods/web/exec?command=sh&stdin=true";

    #[test]
    fn what_is_written_is_told_by_channel() {
        let mut session = Conversation::new(&KUBERNETES, Some("v4.channel.k8s.io"), EXEC);
        assert_eq!(session.received_bytes(&[1]), "stdout established");
        assert_eq!(session.received_bytes(b"\x01hi\n"), "stdout, 3 bytes: hi");
        assert_eq!(session.received_bytes(b"\x02\xff"), "stderr, 1 byte");
        assert_eq!(session.sent_bytes(b"\x00ls\n"), "stdin, 3 bytes: ls");
        assert_eq!(session.sent_bytes(b"\x04{\"Width\":80,\"Height\":24}"), "resize to 80 columns, 24 rows");
        assert_eq!(session.sent_bytes(&[0xff, 0]), "not Kubernetes' channels: no channel 255");
    }

    #[test]
    fn how_it_ended_is_told() {
        let mut session = Conversation::new(&KUBERNETES, Some("v5.channel.k8s.io"), EXEC);
        assert_eq!(session.sent_bytes(&[0xff, 0]), "stdin closed");
        assert_eq!(session.received_bytes(b"\x03{\"metadata\":{},\"status\":\"Success\"}"), "ended with success");
        let failed = b"\x03{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"2\"}]}}";
        assert_eq!(session.received_bytes(failed), "ended: exit 2");
        let failed = b"\x03{\"status\":\"Failure\",\"message\":\"container not found\",\"code\":500}";
        assert_eq!(session.received_bytes(failed), "ended: container not found");
        assert_eq!(session.received_bytes(b"\x03no such file"), "no such file");
    }

    #[test]
    fn base64_is_text() {
        let mut session = Conversation::new(&KUBERNETES, Some("base64.channel.k8s.io"), EXEC);
        assert_eq!(session.received("1aGkK"), "stdout, 3 bytes: hi");
        assert_eq!(session.received("1a"), "not Kubernetes' channels: no digit with Base64 behind it");
        assert_eq!(session.received(""), "not Kubernetes' channels: an empty message");
    }

    #[test]
    fn channels_of_portforward_come_in_pairs() {
        let mut session = Conversation::new(
            &KUBERNETES,
            Some("v4.channel.k8s.io"),
            "/api/v1/namespaces/d/pods/w/portforward?ports=80",
        );
        assert_eq!(session.sent_bytes(b"\x00hi"), "data, 2 bytes: hi", "no port comes from the client");
        assert_eq!(session.received_bytes(&[0, 80, 0]), "data of port 80 established");
        assert_eq!(session.received_bytes(&[1, 80, 0]), "error of port 80 established");
        assert_eq!(session.sent_bytes(b"\x00GET /"), "data of port 80, 5 bytes: GET /");
        assert_eq!(session.received_bytes(b"\x01refused"), "error of port 80: refused");
    }

    #[test]
    fn it_is_known_by_its_target() {
        assert!((KUBERNETES.is_target)(EXEC));
        assert!(!(KUBERNETES.is_target)("/api/v1/namespaces/default/pods?watch=1"));
        assert!(!(KUBERNETES.is_target)("/exec"));
    }
}
