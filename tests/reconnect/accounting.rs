//! Which lines of the input were handed to a connection, and how many of them may not have arrived.

use std::io::Write;
use std::iter::repeat_n;
use std::process::ChildStdin;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::certificates::Authority;
use crate::support::peer::{Peer, accepts, in_turn, in_turn_over_tls, restarted};
use crate::support::program::Output;
use crate::support::server::unused_port;
use crate::support::{Event, Frame, Wscope};

/// What the user reads at the end of a run.
struct Account {
    handed_over: u64,
    may_not_have_arrived: u64,
}

impl Account {
    #[track_caller]
    fn of(output: &Output) -> Self {
        let line = output.stderr.lines().find(|line| line.contains("messages handed to a connection"));
        let line = line.unwrap_or_else(|| panic!("no account\n{output:?}"));
        let numbers: Vec<u64> =
            line.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        Self { handed_over: numbers[0], may_not_have_arrived: numbers[1] }
    }
}

/// The numbers of the lines that arrived, for each connection.
struct Arrived(Vec<Vec<u64>>);

impl Arrived {
    fn of(connections: &[Vec<String>]) -> Self {
        let number = |line: &String| line.trim_start_matches('x').trim_end().parse().expect("each line is a number");
        Self(connections.iter().map(|lines| lines.iter().map(number).collect()).collect())
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|lines| lines.len() as u64).sum()
    }

    #[track_caller]
    fn last_connection(&self) -> &[u64] {
        self.0.last().expect("a connection")
    }

    #[track_caller]
    fn is_in_order_and_without_repetition(&self) {
        assert!(self.0.concat().is_sorted_by(|one, other| one < other), "out of order, or twice");
    }

    /// What a connection brought has no gap; only between two connections lines may be missing.
    #[track_caller]
    fn lacks_only_the_last_lines_of_a_connection(&self) {
        for lines in &self.0 {
            let gap = lines.windows(2).find(|pair| pair[1] != pair[0] + 1);
            assert!(gap.is_none(), "lines are missing between {gap:?}");
        }
    }

    /// Lines that were handed to a connection that was lost are in doubt, those of the last one are not, and all that
    /// is missing is in doubt.
    #[track_caller]
    fn agrees_with(&self, account: &Account, lines: u64) {
        assert_eq!(account.handed_over, lines);
        assert_eq!(self.last_connection().last(), Some(&(lines - 1)), "the last line arrives");
        assert_eq!(account.may_not_have_arrived, self.last_connection()[0], "what the earlier connections took");
        let missing = lines - self.count();
        assert!(missing <= account.may_not_have_arrived, "{missing} lines did not arrive");
    }
}

/// Lines that are numbers, from 0.
struct Lines {
    count: u64,
    per_second: u64,
}

impl Lines {
    /// Writes them at their rate, or as fast as the program takes them.
    fn write_to(self, mut stdin: ChildStdin) -> JoinHandle<()> {
        thread::spawn(move || {
            let started = Instant::now();
            let mut written = 0;
            while written < self.count {
                let milliseconds = u64::try_from(started.elapsed().as_millis()).expect("a short time");
                let due = (milliseconds * self.per_second / 1000).min(self.count);
                let lines: Vec<u8> = (written..due).flat_map(|number| format!("{number}\n").into_bytes()).collect();
                stdin.write_all(&lines).expect("the program reads on");
                written = due;
                thread::sleep(Duration::from_millis(5));
            }
        })
    }
}

#[test]
fn each_line_is_accounted_for_while_the_server_dies_again_and_again() {
    let full = std::env::var_os("WSCOPE_FULL").is_some();
    let (count, life, deaths) = if full { (100_000, 1000, usize::MAX) } else { (20_000, 400, 3) };
    let short_lived = accepts().lives_for(Duration::from_millis(life)).takes_all();
    let port = unused_port();
    let server = restarted(port, repeat_n(short_lived, deaths).chain([accepts().takes_all()]));
    let mut program = Wscope::new()
        .args(["--reconnect", "-w", "0"])
        .arg(format!("ws://127.0.0.1:{port}"))
        .stdin_held()
        .spawn()
        .patient(Duration::from_mins(5));
    let writer = Lines { count, per_second: 5000 }.write_to(program.take_stdin());
    let output = program.finish();
    writer.join().unwrap();
    let arrived = Arrived::of(&server.stop());

    output.exits(0);
    arrived.is_in_order_and_without_repetition();
    arrived.lacks_only_the_last_lines_of_a_connection();
    arrived.agrees_with(&Account::of(&output), count);
    assert!(output.cpu_time < Duration::from_secs(2), "{:?} of CPU time", output.cpu_time);
    if full {
        let missing = count - arrived.count();
        let Output { took, cpu_time, .. } = output;
        println!("{} connections, {missing} lines missing, took {took:?}, CPU {cpu_time:?}", arrived.0.len());
    }
}

mod full_buffers {
    use super::*;

    const LINES: u64 = 32 * 1024;

    /// Numbered lines of 1 KiB: far more than the buffers take.
    fn lines() -> Vec<u8> {
        (0..LINES).flat_map(|number| format!("{number:x>1023}\n").into_bytes()).collect()
    }

    /// The first connection takes nothing, and is reset once nothing more fits; the second takes all.
    fn peers() -> [Peer; 2] {
        [accepts().takes_nothing_until_all_is_full().then_resets(), accepts().takes_all()]
    }

    /// The second connection begins with the first line that the first one did not take as a whole.
    #[track_caller]
    fn nothing_is_lost_that_did_not_fit(output: &Output, second_connection: Vec<String>) {
        output.exits(0);
        let account = Account::of(output);
        assert_eq!(account.handed_over, LINES);
        assert!(account.may_not_have_arrived > 0, "something fits into the buffers");
        let expected: Vec<u64> = (account.may_not_have_arrived..LINES).collect();
        let arrived = Arrived::of(&[second_connection]);
        let received = arrived.last_connection();
        assert!(received == expected, "from {:?} on, {} lines", received.first(), received.len());
    }

    #[test]
    fn what_the_socket_did_not_take_is_sent_first_on_the_next_connection() {
        let server = in_turn(peers());
        let output = Wscope::new().args(["--reconnect", "-w", "0"]).arg(server.url()).stdin(lines()).run();
        server.outcome();
        nothing_is_lost_that_did_not_fit(&output, server.outcome());
    }

    #[test]
    fn the_same_holds_within_tls() {
        let authority = Authority::new();
        let server = in_turn_over_tls(authority.issue().config(), peers());
        let wscope = Wscope::new().args(["--reconnect", "-w", "0", "--cacert"]).arg(authority.file());
        let output = wscope.arg(server.url()).stdin(lines()).run();
        server.outcome().unwrap();
        nothing_is_lost_that_did_not_fit(&output, server.outcome().unwrap());
    }
}

#[test]
fn a_pong_tells_that_what_went_before_it_has_arrived() {
    let heard = Event::new();
    // The text is shown after the pong before it was looked at.
    let heard_and_lost =
        accepts().takes(2).answers_a_ping().sends(Frame::text("heard")).waits_for(&heard).then_resets();
    let server = in_turn([heard_and_lost, accepts().takes_all()]);
    let arguments = ["--reconnect", "--ping-interval", "0.05", "--ping-timeout", "60", "-w", "0"];
    let mut program = Wscope::new().args(arguments).arg(server.url()).stdin_held().spawn();
    program.write("one\ntwo\n");
    program.wait_stdout("heard\n");
    heard.happens();
    assert_eq!(server.outcome(), ["one", "two"]);
    program.wait_stderr("reconnecting");
    program.write("three\n");
    program.close_stdin();
    let output = program.finish();
    output.exits(0).says("messages handed to a connection: 3").says("may not have arrived: 0 ");
    assert_eq!(server.outcome(), ["three"]);
}
