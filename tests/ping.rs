//! `wscope ping`: round-trip times, and what becomes of pings that stay unanswered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::frame::opcode;
use crate::support::program::Output;
use crate::support::server::unused_port;
use crate::support::terminal::key;
use crate::support::{Connection, Frame, Server, Wscope, serve};

fn ping(arguments: &str, server: &Server<impl Send>) -> Wscope {
    Wscope::new().arg("ping").args(arguments.split_whitespace()).arg(server.url())
}

/// Answers pings and messages until the program closes.
fn polite() -> Server<Option<u16>> {
    serve(|mut connection| {
        connection.accept();
        connection.echo_until_close()
    })
}

fn events(lines: &str, name: &str) -> Vec<Value> {
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON Lines"));
    events.filter(|event| event["type"] == name).collect()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The round trips by the number of the round, in seconds.
fn round_trips(lines: &str) -> BTreeMap<u64, f64> {
    let rounds = events(lines, "round").into_iter();
    rounds.filter_map(|round| Some((round["number"].as_u64()?, round["round_trip"].as_f64()?))).collect()
}

/// Counts of the histogram in a plot, by the milliseconds at which a span begins.
fn spans(plot: &str) -> Vec<(f64, u64)> {
    let rows = plot.lines().filter(|line| line.contains(" - "));
    let row = |line: &str| {
        let (from, rest) = line.split_once(" - ")?;
        let rest = rest.get(10..)?.split_whitespace().next()?;
        Some((from.trim().parse().ok()?, rest.parse().ok()?))
    };
    rows.map(|line| row(line).unwrap_or_else(|| panic!("a row of a histogram: {line}"))).collect()
}

/// What a relay saw: how long it kept each ping, and those whose pongs it swallowed.
#[derive(Default)]
struct Relay {
    kept: BTreeMap<u64, f64>,
    swallowed: Vec<u64>,
}

/// Adds 20 ms to each round trip, and swallows every hundredth pong.
fn relay(mut connection: Connection) -> Relay {
    connection.accept();
    let mut relay = Relay::default();
    for number in 1.. {
        let frame = connection.frame();
        let came = Instant::now();
        if frame.opcode == opcode::CLOSE {
            connection.send_frame(&frame.unmasked());
            break;
        }
        if number % 100 == 0 {
            relay.swallowed.push(number);
            continue;
        }
        thread::sleep(Duration::from_millis(20));
        relay.kept.insert(number, came.elapsed().as_secs_f64());
        connection.send_frame(&Frame::pong(&frame.payload));
    }
    relay
}

#[test]
fn figures_are_those_of_a_relay_that_adds_20_ms_and_swallows_every_hundredth_pong() {
    let server = serve(relay);
    let output = ping("--flood -c 300 -W 1 --output json --plot", &server).run();
    output.exits(7);
    let (relay, lines) = (server.outcome(), text(&output));
    let lost: Vec<u64> = events(&lines, "round")
        .iter()
        .filter(|round| round["outcome"] == "lost")
        .map(|round| round["number"].as_u64().expect("a number"))
        .collect();
    assert_eq!(lost, relay.swallowed);
    let measured = round_trips(&lines);
    assert!(measured.keys().eq(relay.kept.keys()), "all others are answered");
    let mut more: Vec<f64> = measured.values().zip(relay.kept.values()).map(|(ours, its)| ours - its).collect();
    more.sort_by(f64::total_cmp);
    assert!(more[0] > -0.000_002, "nothing is measured that was not waited for: {} s", more[0]);
    // On a busy machine most wait for a processor, too: a clock that is read at a wrong place would show in all.
    let quick = more[more.len() / 10];
    assert!(quick < 0.001, "those that no processor was waited for are as the relay saw them: {quick} s");

    let summary = events(&lines, "summary").pop().expect("a summary");
    assert_eq!((&summary["sent"], &summary["answered"], &summary["lost"]), (&300.into(), &297.into(), &3.into()));
    agrees(&summary["round_trip"], &measured);
    plot_agrees(&output.stderr, &measured);
}

/// The figures of a summary are those of its rounds: percentiles to three digits.
fn agrees(summary: &Value, measured: &BTreeMap<u64, f64>) {
    let mut times: Vec<f64> = measured.values().copied().collect();
    times.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(times.len()).expect("a small number"));
    let mean = times.iter().sum::<f64>() / count;
    let deviation = (times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / count).sqrt();
    let quantile = |thousandths: usize| times[(thousandths * times.len()).div_ceil(1000) - 1];
    let expected = [
        ("min", times[0]),
        ("avg", mean),
        ("max", times[times.len() - 1]),
        ("mdev", deviation),
        ("p50", quantile(500)),
        ("p90", quantile(900)),
        ("p99", quantile(990)),
    ];
    for (name, expected) in expected {
        let told = summary[name].as_f64().unwrap_or_else(|| panic!("{name} in {summary}"));
        assert!((told - expected).abs() <= expected * 0.002 + 0.000_002, "{name}: {told}, expected {expected}");
    }
}

/// The bars of a plot have as many round trips as there are, within the three digits to which they are kept.
fn plot_agrees(plot: &str, measured: &BTreeMap<u64, f64>) {
    let spans = spans(plot);
    assert_eq!(spans.iter().map(|(_, count)| count).sum::<u64>(), measured.len() as u64, "{plot}");
    for (place, (from, _)) in spans.iter().enumerate().skip(1) {
        let below: u64 = spans[..place].iter().map(|(_, count)| count).sum();
        let shorter = |bound: f64| measured.values().filter(|time| **time * 1e3 < bound).count() as u64;
        let possible = shorter(from * 0.998)..=shorter(from * 1.002);
        assert!(possible.contains(&below), "{below} below {from} ms, not {possible:?}\n{plot}");
    }
}

#[test]
fn each_round_is_a_line_and_the_end_a_summary() {
    let server = polite();
    let output = ping("-c 3 -i 0.02", &server).run();
    output.exits(0).is_silent();
    let (url, address) = (server.url(), server.address());
    let shown = text(&output);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], format!("PING {url}/ ({address}): 16 bytes"));
    assert!(lines[1].starts_with("connected: connect ") && lines[1].contains("ms, upgrade "), "{shown}");
    for (line, number) in lines[2..5].iter().zip(1..) {
        assert!(line.starts_with(&format!("16 bytes from {address}: seq={number} time=")), "{shown}");
    }
    assert_eq!(lines[5..7], ["", "--- ping statistics ---"]);
    assert!(lines[7].starts_with("3 sent, 3 answered, 0 lost, time 0."), "{shown}");
    assert!(lines[8].starts_with("round trip min/avg/max/mdev = "), "{shown}");
    assert!(lines[9].starts_with("round trip p50/p90 = "), "{shown}");
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn a_flood_tells_what_is_missing_and_how_the_rest_is_distributed() {
    let server = polite();
    let output = ping("--flood -c 1000 --size 125", &server).run();
    output.exits(0).is_silent();
    let shown = text(&output);
    assert!(!shown.contains("seq=") && shown.contains("1000 sent, 1000 answered, 0 lost"), "{shown}");
    assert!(shown.contains("round trip p50/p90/p99/p99.9 = "), "{shown}");
    server.outcome();
}

#[test]
fn an_older_ping_is_not_lost_when_a_newer_one_is_answered() {
    let server = serve(|mut connection| {
        connection.accept();
        let pings = [connection.frame(), connection.frame(), connection.frame()];
        connection.send_frame(&Frame::pong(&pings[2].payload));
        connection.answer_close()
    });
    let output = ping("-c 3 -i 0.01", &server).run();
    output.exits(0);
    assert!(text(&output).contains("3 sent, 1 answered, 0 lost, 2 answered by a newer pong"), "{output:?}");
    server.outcome();
}

#[test]
fn a_late_pong_and_a_foreign_one_are_told_apart() {
    let server = serve(|mut connection| {
        connection.accept();
        let first = connection.frame();
        connection.send_frame(&Frame::pong("unasked"));
        let second = connection.frame();
        connection.send_frame(&Frame::pong(&first.payload));
        connection.send_frame(&Frame::pong(&second.payload));
        connection.answer_close()
    });
    let output = ping("-c 2 --flood -W 0.2", &server).run();
    output.exits(7).says("a pong (data: \"unasked\") answers no ping of ours");
    let shown = text(&output);
    assert!(shown.contains("seq=1: no pong within 0.2 s\n") && shown.contains(" ms (late)\n"), "{shown}");
    assert!(shown.contains("2 sent, 1 answered, 0 lost, 1 late, 1 foreign pongs"), "{shown}");
    server.outcome();
}

#[test]
fn the_echo_of_a_message_is_timed_where_a_proxy_answers_pings() {
    let server = serve(|mut connection| {
        connection.accept();
        let mut seen = Vec::new();
        loop {
            let frame = connection.frame();
            if frame.opcode == opcode::CLOSE {
                connection.send_frame(&frame.unmasked());
                return seen;
            }
            connection.send_frame(&Frame::text("news of the hour"));
            connection.send_frame(&Frame::text(format!("you said {}", frame.as_text())));
            seen.push(frame.as_text().to_owned());
        }
    });
    let output = ping("-c 2 -i 0.01 --message number-{number}", &server).run();
    output.exits(0).is_silent();
    assert!(text(&output).contains("--- message statistics ---\n2 sent, 2 answered, 0 lost, time"), "{output:?}");
    assert_eq!(server.outcome(), ["number-1", "number-2"]);
}

#[test]
fn each_round_can_have_a_connection_of_its_own() {
    let server = polite();
    let output = ping("--fresh -c 3 -i 0.05 --output json", &server).run();
    output.exits(0).is_silent();
    let lines = text(&output);
    assert_eq!((events(&lines, "connected").len(), round_trips(&lines).len()), (3, 3));
    let summary = events(&lines, "summary").pop().expect("a summary");
    let steps = summary["steps"].as_array().expect("steps");
    let counts: Vec<_> = steps.iter().map(|step| (step["name"].as_str(), step["count"].as_u64())).collect();
    assert_eq!(counts, [(Some("connect"), Some(3)), (Some("upgrade"), Some(3))]);
    for _ in 0..3 {
        assert_eq!(server.outcome(), Some(1000));
    }
}

#[test]
fn a_connection_that_cannot_be_made_is_a_round_without_an_answer() {
    let connections = Arc::new(Mutex::new(0));
    let server = serve(move |mut connection| {
        let mut number = connections.lock().expect("no thread panics with it");
        *number += 1;
        if *number == 2 {
            connection.request();
            connection.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        drop(number);
        connection.accept();
        connection.echo_until_close();
    });
    let output = ping("--fresh -c 3 -i 0.05", &server).run();
    output.exits(7).says("503");
    let shown = text(&output);
    assert!(shown.contains("seq=2: no connection\n") && shown.contains("seq=3 time="), "{shown}");
    assert!(shown.contains("3 sent, 2 answered, 0 lost, 1 without a connection"), "{shown}");
}

#[test]
fn ctrl_c_ends_with_the_summary_and_is_no_failure() {
    let server = polite();
    let running = ping("-i 0.05", &server).spawn();
    running.wait_stdout("seq=2 ");
    running.signal(Signal::SIGINT);
    let output = running.finish();
    output.exits(0).is_silent();
    assert!(text(&output).contains(" 0 lost, "), "{output:?}");

    let counted = ping("-i 0.05 -c 1000", &server).spawn();
    counted.wait_stdout("seq=2 ");
    counted.signal(Signal::SIGINT);
    counted.finish().exits(130).is_silent();
}

#[test]
fn ctrl_c_before_any_answer_is_no_success() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.rest();
    });
    let running = ping("-i 0.05 -W 60", &server).spawn();
    running.wait_stdout("connected: ");
    running.signal(Signal::SIGINT);
    let output = running.finish();
    output.exits(130);
    assert!(text(&output).contains(" 0 answered, 0 lost"), "{output:?}");
}

#[test]
fn the_time_limit_ends_with_the_summary_and_is_no_failure() {
    let server = polite();
    for arguments in ["-i 0.1 --max-time 1", "--fresh -i 60 --max-time 1"] {
        let output = ping(arguments, &server).run();
        output.exits(0).is_silent();
        assert!(text(&output).contains(" 0 lost, "), "{output:?}");
    }
    ping("-c 2 -i 60 --max-time 1", &server).run().exits(7).is_silent();
}

#[test]
fn a_server_that_closes_before_the_last_ping_is_a_failure() {
    let server = serve(|mut connection| {
        connection.accept();
        let ping = connection.frame();
        connection.send_frame(&Frame::pong(&ping.payload));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = ping("-c 5 -i 0.2", &server).run();
    output.exits(1).says("the server closed before the last ping, with code 1000");
    assert!(text(&output).contains("1 sent, 1 answered, 0 lost"), "{output:?}");
    server.outcome();
}

#[test]
fn a_server_that_is_not_there_leaves_nothing_to_report() {
    let output = Wscope::new().args(["ping", "-c", "1"]).arg(format!("ws://127.0.0.1:{}", unused_port())).run();
    output.exits(3).prints("").says("refused");
}

#[test]
fn quiet_leaves_the_summary_and_a_lost_reader_ends_the_run() {
    let server = polite();
    let output = ping("-q -c 2 -i 0.01", &server).run();
    output.exits(0).is_silent();
    assert!(text(&output).starts_with("PING ") && !text(&output).contains("seq="), "{output:?}");
    ping("-i 0.01", &server).stdout_head(3).run().exits(0).is_silent();
}

#[test]
fn a_flood_shows_on_a_terminal_how_far_it_is_and_leaves_nothing_of_that_behind() {
    let server = polite();
    let mut terminal = ping("--flood", &server).terminal(24, 80);
    terminal.wait(" sent, 0 missed");
    terminal.press(key::CTRL_C);
    terminal.exits(0);
    let transcript = terminal.transcript();
    assert!(!transcript.iter().any(|line| line.contains("missed")), "{transcript:#?}");
    assert!(transcript.iter().any(|line| line.starts_with("--- ping statistics")), "{transcript:#?}");
    ping("--flood -c 20000", &server).run().exits(0).never_says("missed");
}

#[test]
fn a_server_that_has_died_is_not_waited_for_when_it_owes_an_echo_either() {
    let server = serve(|mut connection| {
        connection.accept();
        // It reads, and never answers.
        connection.rest();
    });
    let output = ping("-c 1 -W 5 --message hi", &server).run();
    output.exits(7).says("no answer to our Close").takes_at_least(Duration::from_secs(6));
    assert!(output.took < Duration::from_secs(9), "{:?}: it waited as for a server that is there", output.took);
}
