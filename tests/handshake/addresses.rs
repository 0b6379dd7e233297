//! Names with several addresses.

use super::*;

#[test]
fn a_name_is_tried_at_each_of_its_addresses() {
    // The name has an IPv6 address on most machines, where nothing listens.
    let server = accept_and_close();
    let output = Wscope::new().args(["-N", "-v"]).arg(format!("ws://localhost:{}", server.port())).run();
    output.exits(0).says(&server.address().to_string());
    assert_eq!(server.outcome().header("Host"), Some(&*format!("localhost:{}", server.port())));
}

#[test]
fn an_ipv6_literal_is_an_address() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut connection = Connection::plain(listener.accept().unwrap().0);
        let request = connection.accept();
        bid_farewell(&mut connection);
        request
    });
    Wscope::new().arg("-N").arg(&url).run().exits(0);
    let host = url.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    assert_eq!(server.join().unwrap().header("Host"), Some(&*host));
}
