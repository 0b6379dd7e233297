//! One byte stream, seen by the script of a peer.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use socket2::SockRef;

use super::frame::{Frame, Header, apply_mask, opcode};
use super::head::Request;
use super::{MIB, PATIENCE};

/// A connection and what has come on it but was not looked at yet. Reads and writes that take longer than
/// [`PATIENCE`] fail the test.
pub struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
    /// How much of the buffer has been looked at.
    taken: usize,
    /// Masks what is sent: we are the client.
    masking: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Connection {
    /// The server's end of a plain connection.
    pub fn plain(socket: TcpStream) -> Self {
        Self::over(Stream::Plain(socket))
    }

    /// The server's end of a TLS connection.
    pub fn tls(stream: StreamOwned<ServerConnection, TcpStream>) -> Self {
        Self::over(Stream::Tls(Box::new(stream)))
    }

    /// A client's end: to `wscope listen`. Frames that it sends are masked unless they already are.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        let mut connection = Self::plain(TcpStream::connect(address).expect("the server listens"));
        connection.masking = true;
        connection
    }

    /// A client's end, with the upgrade done: sends a proper request and reads the 101, which is returned.
    #[track_caller]
    pub fn open(address: SocketAddr) -> (Self, String) {
        let mut connection = Self::connect(address);
        connection.send(UPGRADE_REQUEST);
        let response = connection.head();
        assert!(response.starts_with("HTTP/1.1 101 "), "not accepted:\n{response}");
        (connection, response)
    }

    fn over(stream: Stream) -> Self {
        let connection = Self { stream, buffer: Vec::new(), taken: 0, masking: false };
        let socket = connection.socket();
        socket.set_nodelay(true).expect("a connected socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a connected socket");
        socket.set_write_timeout(Some(PATIENCE)).expect("a connected socket");
        connection
    }

    /// The same connection without TLS, for another thread: one of the two reads, the other writes.
    pub fn same_socket(&self) -> Self {
        Self::plain(self.socket().try_clone().expect("a descriptor"))
    }

    /// The socket underneath.
    pub fn socket(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => &stream.sock,
        }
    }

    /// Reads a head, with its final empty line.
    #[track_caller]
    pub fn head(&mut self) -> String {
        loop {
            let waiting = &self.buffer[self.taken..];
            if let Some(end) = waiting.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = waiting[..end + 4].to_vec();
                self.taken += head.len();
                return String::from_utf8(head).expect("a head in UTF-8");
            }
            let waiting = String::from_utf8_lossy(waiting).into_owned();
            assert!(self.fill(), "the stream ended in the head:\n{waiting}");
        }
    }

    /// Reads the request head.
    #[track_caller]
    pub fn request(&mut self) -> Request {
        Request(self.head())
    }

    /// Reads the request and accepts it properly.
    #[track_caller]
    pub fn accept(&mut self) -> Request {
        self.accept_with("")
    }

    /// Reads the request and accepts it with more header lines, each with its `\r\n`.
    #[track_caller]
    pub fn accept_with(&mut self, extra: &str) -> Request {
        let request = self.request();
        self.send(request.acceptance(extra));
        request
    }

    /// Reads one frame; the stream must not end before.
    #[track_caller]
    pub fn frame(&mut self) -> Frame {
        self.frame_or_end().expect("a frame, not the end of the stream")
    }

    /// Reads one frame; `None` at the end of the stream, which must fall between two frames.
    #[track_caller]
    pub fn frame_or_end(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, taken)) = Frame::parse(&self.buffer[self.taken..]) {
                self.taken += taken;
                return Some(frame);
            }
            if !self.fill() {
                let rest = &self.buffer[self.taken..];
                assert!(rest.is_empty(), "the stream ended inside a frame: {rest:02X?}");
                return None;
            }
        }
    }

    /// Reads until a frame is whole, and shows every frame that is whole by then, its payload unmasked in place: for
    /// many of them at speed. `false` at the end of the stream.
    #[track_caller]
    pub fn visit_frames(&mut self, mut visit: impl FnMut(Header, &[u8])) -> bool {
        let mut visited = false;
        loop {
            let header = Header::parse(&self.buffer[self.taken..]);
            let whole = header.filter(|header| self.taken + header.size + header.length <= self.buffer.len());
            if let Some(header) = whole {
                let start = self.taken + header.size;
                self.taken = start + header.length;
                apply_mask(&mut self.buffer[start..self.taken], header.mask);
                visit(header, &self.buffer[start..self.taken]);
                visited = true;
            } else if visited || !self.fill() {
                return visited;
            }
        }
    }

    /// Reads frames up to the Close, and that: its code and reason, `None` where it had none.
    #[track_caller]
    pub fn close_frame(&mut self) -> (Option<u16>, String) {
        loop {
            let frame = self.frame();
            if frame.opcode == opcode::CLOSE {
                return frame.as_close();
            }
        }
    }

    /// Reads up to the Close, and answers it with the same code, as RFC 6455 section 5.5.1 asks. Returns the code.
    #[track_caller]
    pub fn answer_close(&mut self) -> Option<u16> {
        let (code, _) = self.close_frame();
        self.send_frame(&code.map_or(Frame::new(opcode::CLOSE, []), |code| Frame::close(code, "")));
        code
    }

    /// Echoes text and binary, answers pings, and answers the Close: a whole polite session. Returns the Close's code.
    #[track_caller]
    pub fn echo_until_close(&mut self) -> Option<u16> {
        loop {
            let frame = self.frame();
            match frame.opcode {
                opcode::CLOSE => {
                    let (code, _) = frame.as_close();
                    self.send_frame(&frame.unmasked());
                    return code;
                }
                opcode::PING => self.send_frame(&Frame::pong(&frame.payload)),
                opcode::PONG => {}
                _ => self.send_frame(&frame.unmasked()),
            }
        }
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the program takes what is sent");
    }

    /// Sends bytes to a program that may hang up meanwhile.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(bytes.as_ref()),
            Stream::Tls(stream) => stream.write_all(bytes.as_ref()).and_then(|()| stream.flush()),
        }
    }

    /// Sends one frame.
    #[track_caller]
    pub fn send_frame(&mut self, frame: &Frame) {
        match (self.masking, frame.mask) {
            (true, None) => self.send(frame.clone().masked([0x12, 0x34, 0x56, 0x78]).bytes()),
            _ => self.send(frame.bytes()),
        }
    }

    /// Sends byte by byte, each in a segment of its own.
    #[track_caller]
    pub fn drip(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// Reads so many bytes.
    #[track_caller]
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() - self.taken < count {
            assert!(self.fill(), "the stream ended after {} of {count} bytes", self.buffer.len() - self.taken);
        }
        let bytes = self.buffer[self.taken..self.taken + count].to_vec();
        self.taken += count;
        bytes
    }

    /// Reads to the end of the stream and returns what came. A reset counts as the end.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<u8> {
        while self.fill() {}
        self.buffer.split_off(std::mem::take(&mut self.taken))
    }

    /// Nothing may come any more: waits for the end of the stream.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty(), "more came before the end: {:02X?}", &rest[..rest.len().min(64)]);
    }

    /// Ends our direction; the other stays open.
    #[track_caller]
    pub fn half_close(&mut self) {
        self.socket().shutdown(Shutdown::Write).expect("a connected socket");
    }

    /// Sends `bytes` and the end of the TLS session in one segment; TCP stays open.
    #[track_caller]
    pub fn end_tls_behind(&mut self, bytes: impl AsRef<[u8]>) {
        let Stream::Tls(stream) = &mut self.stream else { panic!("no TLS here") };
        let mut records = Vec::new();
        stream.conn.writer().write_all(bytes.as_ref()).expect("room for a record");
        stream.conn.send_close_notify();
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut records).expect("memory can be written");
        }
        stream.sock.write_all(&records).expect("the program reads");
    }

    /// What goes over the wire for `bytes`: TLS records, not sent.
    pub fn records(&mut self, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        let Stream::Tls(stream) = &mut self.stream else { panic!("no TLS here") };
        let mut records = Vec::new();
        stream.conn.writer().write_all(bytes.as_ref()).expect("room for a record");
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut records).expect("memory can be written");
        }
        records
    }

    /// Resets the connection (TCP RST).
    pub fn reset(self) {
        SockRef::from(self.socket()).set_linger(Some(Duration::ZERO)).expect("a connected socket");
    }

    /// Reads what there is to read. `false` at the end of the stream.
    #[track_caller]
    fn fill(&mut self) -> bool {
        self.buffer.drain(..std::mem::take(&mut self.taken));
        let kept = self.buffer.len();
        self.buffer.resize(kept + MIB / 4, 0);
        let chunk = &mut self.buffer[kept..];
        let read = match &mut self.stream {
            Stream::Plain(socket) => socket.read(chunk),
            Stream::Tls(stream) => stream.read(chunk),
        };
        self.buffer.truncate(kept + read.as_ref().copied().unwrap_or(0));
        match read {
            Ok(count) => count > 0,
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => false,
            Err(error) => panic!("reading from the program: {error}"),
        }
    }
}

/// The request of RFC 6455 section 1.2.
pub const UPGRADE_REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
