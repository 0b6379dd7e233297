//! Servers that are known by their key.

use super::*;

/// Runs against a server of this identity, with these flags.
fn run(identity: &Identity, flags: &[&str]) -> crate::support::program::Output {
    let server = serve_tls(identity.config(), echo);
    Wscope::new().args(["-w", "0"]).args(flags).arg(server.url()).stdin("hi\n").run()
}

const OTHER: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
fn a_pinned_key_is_no_substitute_for_verification() {
    let authority = Authority::new();
    let (identity, cacert) = (authority.issue(), authority.file());
    let cacert = ["--cacert", cacert.to_str().unwrap()];
    let pin = identity.pin();
    let several = format!("{OTHER};{pin}");
    for pins in [&pin, &several] {
        run(&identity, &[&cacert[..], &["--pinnedpubkey", pins]].concat()).exits(0).prints("hi\n").is_silent();
    }
    let unknown = Identity::self_signed();
    run(&unknown, &[&cacert[..], &["--pinnedpubkey", &unknown.pin()]].concat()).exits(4).says("is self-signed");
}

#[test]
fn another_key_is_refused_with_insecure_too() {
    let authority = Authority::new();
    let (identity, cacert) = (authority.issue(), authority.file());
    for flags in [&["--cacert", cacert.to_str().unwrap()][..], &["-k"]] {
        let output = run(&identity, &[flags, &["--pinnedpubkey", OTHER]].concat());
        let says = format!("its certificate `CN=localhost` has a key that is not pinned: {}", identity.pin());
        output.exits(4).prints("").says(&says).says("hint:");
    }
    run(&Identity::self_signed(), &["-k", "--pinnedpubkey", OTHER]).exits(4).says("that is not pinned");
}

#[test]
fn insecure_with_the_right_key_goes_on_and_says_what_else_is_wrong() {
    let identity = Identity::self_signed();
    let output = run(&identity, &["-k", "--pinnedpubkey", &identity.pin()]);
    output.exits(0).prints("hi\n").says("the server is not verified: its certificate `CN=localhost` is self-signed");
}

#[test]
fn a_pinned_key_may_stand_in_a_file() {
    let authority = Authority::new();
    let (identity, other) = (authority.issue(), authority.issue());
    let file = authority.write("key.pub", &identity.public_key());
    let flags = ["-k", "--pinnedpubkey", file.to_str().unwrap()];
    run(&identity, &flags).exits(0).prints("hi\n");
    run(&other, &flags).exits(4).says("that is not pinned");
    let output = Wscope::new().args(["--pinnedpubkey", "/nowhere/key", "wss://localhost:1"]).run();
    output.exits(2).says("cannot read `/nowhere/key`");
    let output = Wscope::new().args(["--pinnedpubkey", "sha256//short", "wss://localhost:1"]).run();
    output.exits(2).says("32 bytes in base64");
}
