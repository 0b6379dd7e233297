//! A wire between a client and a server that is cut behind a byte which the test chooses.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::PATIENCE;
use super::proxy::pass_on;

/// It carries one connection, and hangs up on all others.
pub struct CutWire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How many bytes of the client may pass; `None`: all.
    most: Option<usize>,
    /// How many have passed since that was said.
    passed: usize,
    is_cut: bool,
    /// The client and the server, once there is a connection.
    ends: Option<(TcpStream, TcpStream)>,
}

impl CutWire {
    /// Leads from a port of 127.0.0.1 to `server`.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared::default());
        let carrying = Arc::clone(&shared);
        thread::spawn(move || {
            let (client, _) = listener.accept().expect("a connection");
            thread::spawn(move || carrying.carry(client, TcpStream::connect(server).expect("the server listens")));
            // The port stays taken: another test would get it.
            listener.incoming().for_each(drop);
        });
        Self { address, shared }
    }

    /// Where the client connects.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on so many bytes of the client pass; then the wire is cut.
    pub fn cut_after(&self, bytes: usize) {
        let mut state = self.shared.state();
        (state.most, state.passed) = (Some(bytes), 0);
        if bytes == 0 {
            state.cut();
        }
    }

    /// Waits until so many bytes have passed since [`cut_after`](Self::cut_after), or the wire is cut: that is `false`.
    #[track_caller]
    pub fn passes(&self, bytes: usize) -> bool {
        let waiting = |state: &mut State| !state.is_cut && state.passed < bytes;
        let waited = self.shared.changed.wait_timeout_while(self.shared.state(), PATIENCE, waiting);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "only {} bytes came", state.passed);
        !state.is_cut
    }

    /// How many bytes have passed since [`cut_after`](Self::cut_after).
    pub fn passed(&self) -> usize {
        self.shared.state().passed
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whichever end breaks off: the other one is told.
    fn carry(&self, mut client: TcpStream, mut server: TcpStream) {
        let clone = |socket: &TcpStream| socket.try_clone().expect("a descriptor");
        self.state().ends = Some((clone(&client), clone(&server)));
        let (from, to) = (clone(&server), clone(&client));
        thread::spawn(move || pass_on(from, to));
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = client.read(&mut buffer) {
            let mut state = self.state();
            let left = state.most.map_or(usize::MAX, |most| most - state.passed);
            let passing = count.min(left);
            if server.write_all(&buffer[..passing]).is_err() {
                break;
            }
            state.passed += passing;
            if passing == left {
                state.cut();
            }
            self.changed.notify_all();
        }
        let _ = server.shutdown(Shutdown::Write);
    }
}

impl State {
    /// The server gets what has passed, and the end; the client the end, and a reset if it goes on.
    fn cut(&mut self) {
        self.is_cut = true;
        if let Some((client, server)) = &self.ends {
            let _ = server.shutdown(Shutdown::Write);
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}
