//! The reader of stdout goes away.

use super::*;

#[test]
fn head_is_noticed_while_the_server_is_quiet() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("one"));
        connection.answer_close()
    });
    let program = Wscope::new().arg(server.url()).stdin_held().stdout_head(1).spawn();
    program.finish().exits(0).prints("one\n").is_silent();
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn is_noticed_while_the_upgrade_is_not_answered() {
    let server = serve(|mut connection| connection.expect_end());
    let output = Wscope::new().args(["--connect-timeout", AN_HOUR, &server.url()]).stdin_held().stdout_head(0).run();
    output.exits(0);
}

#[test]
fn head_is_noticed_while_the_server_floods() {
    let server = serve(|mut connection| {
        connection.accept();
        let mut reading = connection.same_socket();
        let reader = thread::spawn(move || reading.close_frame().0);
        while !reader.is_finished() {
            connection.send(Frame::text("tick").bytes().repeat(1000));
        }
        connection.send_frame(&Frame::close(1000, ""));
        reader.join().unwrap()
    });
    let output = Wscope::new().arg("-N").arg(server.url()).stdout_head(1).run();
    assert_eq!(server.outcome(), Some(1000));
    output.exits(0);
    assert!(output.stdout.starts_with(b"tick\n"));
}
