//! The handshake as `-v` shows it.

use super::*;

/// The lines of `-v` that start with this sign, put together as they were on the wire.
fn head(stderr: &str, sign: &str) -> String {
    let lines = stderr.lines().filter_map(|line| line.strip_prefix(sign));
    lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\r\n"]).collect()
}

#[test]
fn both_heads_are_shown_exactly_as_they_were() {
    const ODD: &str = "x-odd:   spaced  value\r\nSERVER: Test/1.0 (odd)\r\n";
    let server = serve(|mut connection| {
        let request = connection.accept_with(ODD);
        bid_farewell(&mut connection);
        request
    });
    let output = Wscope::new().args(["-N", "-v", "-H", "x-CASE:  kept"]).arg(server.url()).run();
    output.exits(0).prints("");
    let request = server.outcome();
    assert_eq!(head(&output.stderr, ">"), request.0);
    assert_eq!(head(&output.stderr, "<"), request.acceptance(ODD));
}

#[test]
fn secrets_are_hidden_unless_asked_for() {
    let arguments = ["-N", "-v", "--bearer", "t0ken", "--cookie", "session=s3cret", "-H", "X-Plain: seen"];
    for (flags, shown) in [(&[][..], false), (&["--show-secrets"], true)] {
        let server = serve(|mut connection| {
            connection.accept_with("Set-Cookie: id=c00kie\r\n");
            bid_farewell(&mut connection);
        });
        let output = Wscope::new().args(arguments).args(flags).arg("-c").arg(server.url()).run();
        output.exits(0).says("X-Plain: seen").says("Authorization:");
        for secret in ["t0ken", "s3cret", "c00kie"] {
            assert_eq!(output.stderr.contains(secret), shown, "{secret}\n{output:?}");
        }
        assert_eq!(output.stderr.contains("[hidden]"), !shown, "{output:?}");
    }
}

#[test]
fn phases_are_shown_with_the_time_they_took() {
    let server = accept_and_close();
    let output = Wscope::new().args(["-N", "-v"]).arg(server.url()).run();
    output.exits(0).says("* ").says(&server.address().to_string()).says(" ms");
}
