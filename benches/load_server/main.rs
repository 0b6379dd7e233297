//! The load of the benchmarks: a server that floods, swallows, echoes and pushes raw bytes, over plain TCP and TLS, and
//! says exactly what went through it. `benches/run` drives it.
//!
//! ```text
//! load-server serve FILE      listens on two free loopback ports and names them; writes its CA certificate to FILE
//! load-server expect TASK     prints what a client of a flood has to print
//! load-server digest          prints length and digest of what comes in
//! load-server time FILE COMMAND ARGUMENTS…
//!                             runs the command; writes its seconds and its peak memory in KiB to FILE
//! ```
//!
//! A client says in its request's path what it wants, see [`task::Task`]. `GET` opens a WebSocket; a bare line `RAW TASK`
//! gets the same bytes without one, which is the limit that everything else is measured against. One line of JSON for
//! each connection says what became of it.

mod digest;
mod flood;
mod frames;
mod inflate;
mod serve;
mod task;
#[cfg(test)]
mod tests;
mod tls;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

use crate::digest::Digest;
use crate::flood::CompressedFloods;
use crate::task::Task;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["serve", certificate_file] => listen(certificate_file),
        ["expect", task] => expect(task),
        ["digest"] => digest(),
        ["time", file, command, ref arguments @ ..] => time(file, command, arguments),
        _ => Err(io::Error::other("usage: load-server serve FILE | expect TASK | digest | time FILE COMMAND…")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn listen(certificate_file: &str) -> io::Result<()> {
    let identity = tls::Identity::generate().map_err(io::Error::other)?;
    std::fs::write(certificate_file, &identity.authority_pem)?;
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{{\"plain\":{},\"tls\":{}}}", plain.local_addr()?.port(), secure.local_addr()?.port());
    let floods = Arc::new(CompressedFloods::default());
    let secure_floods = Arc::clone(&floods);
    let config = Arc::new(identity.config);
    thread::spawn(move || {
        accept(&secure, &secure_floods, move |socket, floods| tls::serve(socket, &config, floods));
    });
    accept(&plain, &floods, |mut socket, floods| serve::connection(&mut socket, floods));
    Ok(())
}

/// Serves each connection on a thread of its own and prints what became of it.
fn accept<F>(listener: &TcpListener, floods: &Arc<CompressedFloods>, serve: F)
where
    F: Fn(TcpStream, &CompressedFloods) -> io::Result<String> + Clone + Send + 'static,
{
    for socket in listener.incoming().map_while(Result::ok) {
        let (serve, floods) = (serve.clone(), Arc::clone(floods));
        thread::spawn(move || {
            let report = socket.set_nodelay(true).and_then(|()| serve(socket, &floods));
            let report = report.unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
            // At the end of a benchmark its reader may be gone.
            let _ = writeln!(io::stdout(), "{report}");
        });
    }
}

fn expect(task: &str) -> io::Result<()> {
    let Ok(Task::Flood { flood, .. }) = task.parse() else { return Err(io::Error::other("not a flood")) };
    flood.write_expected(&mut io::stdout().lock())
}

fn digest() -> io::Result<()> {
    let mut digest = Digest::default();
    let mut buffer = vec![0; 256 * 1024];
    let mut input = io::stdin().lock();
    loop {
        match input.read(&mut buffer)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    println!("{digest}");
    Ok(())
}

/// The driver could not do this itself: a process starts out with the memory of the one that it was forked from, which
/// counts as its own peak.
fn time(file: &str, command: &str, arguments: &[&str]) -> io::Result<()> {
    let started = Instant::now();
    let status = Command::new(command).args(arguments).status()?;
    let seconds = started.elapsed().as_secs_f64();
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    std::fs::write(file, format!("{seconds} {peak} {}", status.code().unwrap_or(-1)))
}
