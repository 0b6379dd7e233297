//! What is said when the process may have no more threads, descriptors or memory.

use crate::listen::{listen, stop};
use crate::support::connection::UPGRADE_REQUEST;
use crate::support::frame::opcode;
use crate::support::server::unused_port;
use crate::support::{Connection, Frame, MIB, Wscope};

/// So much address space does each thread take in these runs.
const STACK: &str = "1073741824";

/// Shells that leave address space for so many threads beside the main one.
const THREADS: [&str; 4] = [
    r#"ulimit -v 800000; exec "$0" "$@""#,
    r#"ulimit -v 1800000; exec "$0" "$@""#,
    r#"ulimit -v 2900000; exec "$0" "$@""#,
    r#"ulimit -v 3900000; exec "$0" "$@""#,
];

fn with_threads(count: usize, wscope: Wscope) -> Wscope {
    wscope.env("RUST_MIN_STACK", STACK).under_shell(THREADS[count])
}

#[test]
fn without_threads_every_run_says_so() {
    let nowhere = format!("ws://127.0.0.1:{}", unused_port());
    for count in 0..THREADS.len() {
        for arguments in [&["-x", "hi", &nowhere][..], &["demo", "-x", "hi"], &["--script", "/dev/null", &nowhere]] {
            let output = with_threads(count, Wscope::new().args(arguments)).run();
            assert!(output.stderr.contains("error: "), "{count} threads: {output:?}");
            output.never_says("panicked");
        }
    }
    let connecting = with_threads(1, Wscope::new().args(["-x", "hi", &nowhere])).run();
    connecting.exits(3).says("cannot start a thread to connect").says("`ulimit -u`");
    let listening = with_threads(0, Wscope::new().args(["listen", "0"])).run();
    listening.exits(1).says("cannot start a thread to read stdin").says("`ulimit -u`");
}

#[test]
fn without_a_thread_for_a_client_the_server_goes_on() {
    let (program, address) = listen(with_threads(1, Wscope::new().args(["listen", "0", "-N"])));
    Connection::connect(address).expect_end();
    program.wait_stderr("cannot start a thread for another client");
    Connection::connect(address).expect_end();
    stop(program).never_says("panicked");
}

#[test]
fn without_descriptors_that_is_told_once() {
    let shell = r#"ulimit -n 24; exec "$0" "$@""#;
    let (program, address) = listen(Wscope::new().args(["listen", "0", "-N"]).under_shell(shell));
    let clients: Vec<_> = (0..24)
        .map(|_| {
            let mut client = Connection::connect(address);
            client.send(UPGRADE_REQUEST);
            client
        })
        .collect();
    program.wait_stderr("cannot accept a client");
    drop(clients);
    // Until the server has closed what those left, a new client may find no descriptor for its session.
    let mut client = loop {
        let (mut client, _) = Connection::open(address);
        let ping = Frame::ping("").masked([1, 2, 3, 4]).bytes();
        if client.try_send(ping).is_ok() && client.frame_or_end().is_some_and(|frame| frame.opcode == opcode::PONG) {
            break client;
        }
    };
    client.send_frame(&Frame::text("still there?"));
    program.wait_stdout("still there?");
    let output = stop(program);
    assert_eq!(output.stderr.matches("cannot accept a client").count(), 1, "{}", output.stderr);
    output.says("`ulimit -n`").never_says("on the network");
}

#[test]
fn a_client_without_descriptors_does_not_blame_the_network() {
    let nowhere = format!("ws://127.0.0.1:{}", unused_port());
    let shell = r#"ulimit -n 10; exec "$0" "$@""#;
    let output = Wscope::new().args(["-x", "hi", &nowhere]).under_shell(shell).run();
    output.says("oo many open files").says("`ulimit -n`").never_says("on the network");
}

#[test]
fn no_file_is_read_without_a_limit() {
    for arguments in [
        &["-H", "@/dev/zero"][..],
        &["--cacert", "/dev/zero"],
        &["--script", "/dev/zero"],
        &["--cert", "/dev/zero"],
        &["--bearer", "@/dev/zero"],
        &["-u", "@/dev/zero"],
    ] {
        let url = format!("wss://127.0.0.1:{}", unused_port());
        let output = Wscope::new().args(arguments).arg(url).run();
        output.exits(2).says("16777216 bytes").stays_below(128 * MIB);
    }
}
