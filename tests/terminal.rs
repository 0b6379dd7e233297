//! In a terminal: what a person types and sees.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use crate::support::frame::opcode;
use crate::support::terminal::{Stdout, Terminal, key};
use crate::support::{Connection, Event, Frame, MIB, Server, Wscope, serve, websocket};

mod asking;
mod background;
mod commands;
mod leaving;
mod login;
mod looks;
mod manual;
mod pushes;
mod typing;

const CONNECTED: &str = "Connected (press Ctrl-C to quit)";

/// A terminal in which a session with `server` is open.
#[track_caller]
fn open<T>(server: &Server<T>) -> Terminal {
    open_with(server, Wscope::new())
}

#[track_caller]
fn open_with<T>(server: &Server<T>, wscope: Wscope) -> Terminal {
    let terminal = wscope.arg(server.url()).terminal(24, 80);
    terminal.wait(CONNECTED);
    terminal.wait_line(">");
    terminal
}

/// Collects frames until the Close and answers that.
fn collect() -> Server<Vec<Frame>> {
    serve(|mut connection| {
        connection.accept();
        collect_until_close(&mut connection)
    })
}

fn collect_until_close(connection: &mut Connection) -> Vec<Frame> {
    let mut frames = Vec::new();
    loop {
        let frame = connection.frame();
        if frame.opcode == opcode::CLOSE {
            connection.send_frame(&frame.clone().unmasked());
            frames.push(frame);
            return frames;
        }
        frames.push(frame);
    }
}

/// The payloads as text, without the Close.
fn texts(frames: &[Frame]) -> Vec<&str> {
    frames.iter().filter(|frame| frame.opcode == opcode::TEXT).map(Frame::as_text).collect()
}
