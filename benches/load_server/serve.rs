//! One connection: the opening, its task, its end.

use std::io::{self, Read, Write};
use std::time::Instant;

use tungstenite::handshake::derive_accept_key;

use crate::digest::Digest;
use crate::flood::CompressedFloods;
use crate::frames::{CLOSE, Frame, Incoming, PING, PONG, TEXT, push_header, push_header_of_fragment};
use crate::inflate::Inflater;
use crate::task::{Ending, Task};

const CLOSE_NORMALLY: [u8; 4] = [0x88, 2, 0x03, 0xE8];

/// What went through a connection.
#[derive(Default)]
struct Passed {
    messages: u64,
    digest: Digest,
    /// Close came from the client too.
    closed: bool,
}

/// Serves a connection to its end; one line of JSON says what it was and what passed.
pub fn connection<S: Read + Write>(stream: &mut S, floods: &CompressedFloods) -> io::Result<String> {
    let mut incoming = Incoming::default();
    let head = read_head(stream, &mut incoming)?;
    let started = Instant::now();
    let mut words = head.split_ascii_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let task: Task = path.parse().map_err(io::Error::other)?;
    let passed = match method {
        "GET" => {
            let compressed = upgrade(stream, &head, task)?;
            over_websocket(stream, &mut incoming, task, compressed.then_some(floods))?
        }
        "RAW" => over_raw_bytes(stream, &mut incoming, task)?,
        _ => return Err(io::Error::other("neither GET nor RAW")),
    };
    Ok(format!(
        "{{\"task\":\"{path}\",\"messages\":{},\"digest\":\"{}\",\"closed\":{},\"seconds\":{:.6}}}",
        passed.messages,
        passed.digest,
        passed.closed,
        started.elapsed().as_secs_f64()
    ))
}

/// An HTTP head, or one line that starts with `RAW`. What follows stays in `incoming`.
pub fn read_head(stream: &mut impl Read, incoming: &mut Incoming) -> io::Result<String> {
    loop {
        let waiting = incoming.waiting();
        let ending: &[u8] = if waiting.starts_with(b"RAW") { b"\n" } else { b"\r\n\r\n" };
        if let Some(at) = waiting.windows(ending.len()).position(|window| window == ending) {
            let head = String::from_utf8_lossy(&waiting[..at]).into_owned();
            incoming.consume(at + ending.len());
            return Ok(head);
        }
        if !incoming.fill(stream)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Answers the opening handshake (RFC 6455 section 4.2.2); whether compression was agreed on.
fn upgrade(stream: &mut impl Write, head: &str, task: Task) -> io::Result<bool> {
    let header = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find_map(|(field, value)| field.eq_ignore_ascii_case(name).then(|| value.trim()))
    };
    let key = header("Sec-WebSocket-Key").ok_or_else(|| io::Error::other("no Sec-WebSocket-Key"))?;
    let offered = header("Sec-WebSocket-Extensions").is_some_and(|offer| offer.contains("permessage-deflate"));
    let compressed = task.compressed() && offered;
    let extensions = if compressed { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
    let accept = derive_accept_key(key.as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
    );
    stream.write_all(response.as_bytes())?;
    stream.flush()?;
    Ok(compressed)
}

fn over_websocket<S: Read + Write>(
    stream: &mut S,
    incoming: &mut Incoming,
    task: Task,
    compressed: Option<&CompressedFloods>,
) -> io::Result<Passed> {
    match task {
        Task::Flood { flood, ending, .. } => {
            match compressed {
                Some(floods) => stream.write_all(&floods.frames(flood))?,
                None => flood.write_frames(stream)?,
            }
            let passed = Passed { messages: flood.count(), ..Passed::default() };
            match ending {
                Ending::Answered => close_and_wait(stream, incoming, passed),
                Ending::Cut => {
                    stream.write_all(&CLOSE_NORMALLY)?;
                    stream.flush()?;
                    Ok(passed)
                }
            }
        }
        Task::Sink { bytes, .. } => sink(stream, incoming, bytes),
        Task::Echo => echo(stream, incoming),
    }
}

fn close_and_wait<S: Read + Write>(stream: &mut S, incoming: &mut Incoming, mut passed: Passed) -> io::Result<Passed> {
    stream.write_all(&CLOSE_NORMALLY)?;
    stream.flush()?;
    loop {
        while let Some(frame) = incoming.next_frame() {
            passed.closed |= frame.opcode() == CLOSE;
        }
        if passed.closed || !incoming.fill(stream)? {
            return Ok(passed);
        }
    }
}

/// Text messages count as lines in the digest, binary ones bare, as they stood in the client's input. Some clients send a
/// line with its newline; that makes no difference here.
fn sink<S: Read + Write>(stream: &mut S, incoming: &mut Incoming, bytes: u64) -> io::Result<Passed> {
    let mut passed = Passed::default();
    let mut payload_bytes = 0;
    let mut inflater = Inflater::default();
    let mut is_text = false;
    loop {
        while let Some(frame) = incoming.next_frame() {
            match frame.opcode() {
                CLOSE => {
                    passed.closed = true;
                    stream.write_all(&CLOSE_NORMALLY)?;
                    stream.flush()?;
                    return Ok(passed);
                }
                PING => answer_ping(stream, &frame)?,
                PONG => {}
                opcode => {
                    is_text = if opcode == 0 { is_text } else { opcode == TEXT };
                    let payload = inflater.payload(&frame)?;
                    let payload = if is_text { payload.strip_suffix(b"\n").unwrap_or(payload) } else { payload };
                    payload_bytes += payload.len() as u64;
                    passed.digest.update(payload);
                    if frame.is_final() {
                        passed.messages += 1;
                        if is_text {
                            passed.digest.update(b"\n");
                        }
                    }
                }
            }
        }
        if payload_bytes >= bytes {
            let acknowledgement = format!("received {} messages, {payload_bytes} bytes", passed.messages);
            let mut frame = Vec::new();
            push_header(&mut frame, TEXT, acknowledgement.len());
            frame.extend_from_slice(acknowledgement.as_bytes());
            stream.write_all(&frame)?;
            return close_and_wait(stream, incoming, passed);
        }
        if !incoming.fill(stream)? {
            return Ok(passed);
        }
    }
}

fn answer_ping(stream: &mut impl Write, ping: &Frame<'_>) -> io::Result<()> {
    let mut frame = Vec::new();
    push_header(&mut frame, PONG, ping.payload.len());
    frame.extend_from_slice(ping.payload);
    stream.write_all(&frame)?;
    stream.flush()
}

/// Everything that one read brought goes back in one write. Close is answered after all that came before it.
fn echo<S: Read + Write>(stream: &mut S, incoming: &mut Incoming) -> io::Result<Passed> {
    let mut passed = Passed::default();
    let mut output = Vec::new();
    while !passed.closed && incoming.fill(stream)? {
        while let Some(frame) = incoming.next_frame() {
            let first_byte = match frame.opcode() {
                PING => frame.first_byte ^ PING ^ PONG,
                PONG => continue,
                _ => frame.first_byte,
            };
            passed.closed |= frame.opcode() == CLOSE;
            passed.messages += u64::from(frame.is_final() && frame.opcode() < CLOSE);
            push_header_of_fragment(&mut output, first_byte, frame.payload.len());
            output.extend_from_slice(frame.payload);
        }
        stream.write_all(&output)?;
        stream.flush()?;
        output.clear();
    }
    Ok(passed)
}

/// The same bytes without a WebSocket around them.
fn over_raw_bytes<S: Read + Write>(stream: &mut S, incoming: &mut Incoming, task: Task) -> io::Result<Passed> {
    let mut passed = Passed { closed: true, ..Passed::default() };
    match task {
        Task::Flood { flood, .. } => {
            flood.write_frames(stream)?;
            passed.messages = flood.count();
        }
        Task::Sink { bytes, .. } => {
            loop {
                let waiting = incoming.waiting();
                passed.digest.update(waiting);
                incoming.consume(waiting.len());
                if passed.digest.length() >= bytes || !incoming.fill(stream)? {
                    break;
                }
            }
            stream.write_all(b"received\n")?;
        }
        Task::Echo => loop {
            let waiting = incoming.waiting();
            stream.write_all(waiting)?;
            stream.flush()?;
            incoming.consume(waiting.len());
            if !incoming.fill(stream)? {
                break;
            }
        },
    }
    stream.flush()?;
    Ok(passed)
}
