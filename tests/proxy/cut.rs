//! An upload through an `https` proxy, cut behind every byte of its records: a message that is told as not sent is one that
//! the server did not get.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::ServerConfig;

use crate::support::certificates::Authority;
use crate::support::cut_wire::CutWire;
use crate::support::peer::{accepts, in_turn_over_tls};
use crate::support::program::{Output, Running};
use crate::support::proxy::{Protocol, leading_to};
use crate::support::{Frame, Server, Wscope};

const LINES: [&str; 3] = ["a", "b", "c"];
/// Each run waits for most of a second until it reconnects.
const AT_ONCE: usize = 16;

/// The certificates of the proxy and the server, and the file that both are trusted by.
struct Trust {
    config: Arc<ServerConfig>,
    file: PathBuf,
}

/// A run whose session is open, and the wire between it and its proxy.
struct Upload {
    program: Running,
    wire: CutWire,
    server: Server<Result<Vec<String>, String>>,
}

impl Upload {
    fn start(trust: &Trust) -> Self {
        let config = || Arc::clone(&trust.config);
        let server = in_turn_over_tls(config(), [accepts().sends(Frame::text("open")).takes_all()]);
        let proxy = leading_to(Protocol::Connect, server.address()).over_tls(config()).start();
        let wire = CutWire::to(proxy.address());
        let program = Wscope::new()
            .args(["--reconnect=1", "-w", "0", "--proxy", &format!("https://127.0.0.1:{}", wire.port())])
            .arg("--proxy-cacert")
            .arg(&trust.file)
            .arg("--cacert")
            .arg(&trust.file)
            .arg(server.url())
            .stdin_held()
            .spawn();
        program.wait_stdout("open\n");
        Self { program, wire, server }
    }

    /// Hands the next line to the program.
    fn write(&mut self, line: &str) {
        self.program.write(format!("{line}\n"));
    }
}

/// Behind which byte of the upload the records of each line end.
fn ends(trust: &Trust) -> Vec<usize> {
    let mut upload = Upload::start(trust);
    upload.wire.cut_after(usize::MAX);
    let mut ends = Vec::new();
    for line in LINES {
        let before = upload.wire.passed();
        upload.write(line);
        assert!(upload.wire.passes(before + 1));
        ends.push(upload.wire.passed());
    }
    upload.program.close_stdin();
    upload.program.finish().exits(0);
    assert_eq!(upload.server.outcome().unwrap(), LINES);
    ends
}

/// Each line is written once the one before it has passed the wire. What is left when the program has seen the cut is written
/// then; a second connection fails. Gives what the program said, what arrived, and how many lines were written
/// before the cut.
fn run(trust: &Trust, ends: &[usize], cut: usize) -> (Output, Vec<String>, usize) {
    let mut upload = Upload::start(trust);
    upload.wire.cut_after(cut);
    let mut lines = LINES.iter().zip(ends);
    let mut written = 0;
    while upload.wire.passes(0)
        && let Some((line, end)) = lines.next()
    {
        upload.write(line);
        upload.wire.passes(*end);
        written += 1;
    }
    upload.program.wait_stderr("reconnecting");
    lines.for_each(|(line, _)| upload.write(line));
    upload.program.close_stdin();
    (upload.program.finish(), upload.server.outcome().unwrap(), written)
}

#[test]
fn what_is_told_as_not_sent_did_not_arrive_wherever_the_wire_is_cut() {
    let authority = Authority::new();
    let trust = Trust { config: authority.issue().config(), file: authority.file() };
    let ends = ends(&trust);
    let cuts = Mutex::new(0..=ends[2]);
    let next = || cuts.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(cut) = next() {
                    let (output, arrived, written) = run(&trust, &ends, cut);
                    let whole = ends.iter().filter(|end| **end <= cut).count();
                    assert_eq!(arrived, LINES[..whole], "cut behind {cut} of {ends:?}");
                    // The line that the cut has torn was handed over: whether it arrived is not known, and is told so.
                    let torn = usize::from(cut > 0 && !ends.contains(&cut));
                    assert_eq!(written, whole + torn, "cut behind {cut} of {ends:?}");
                    let not_sent = LINES.len() - written;
                    match not_sent {
                        0 => output.never_says("not sent"),
                        1 => output.says("1 message of the input was not sent"),
                        more => output.says(&format!("{more} messages of the input were not sent")),
                    };
                    let in_doubt = format!("may not have arrived: {written} ");
                    output.exits(4).says(&in_doubt).says(&format!("handed to a connection: {written}, "));
                }
            });
        }
    });
}
