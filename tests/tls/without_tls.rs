//! What a session without TLS leaves alone.

use std::fs;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;
use crate::support::serve;

/// Where the system's roots are named by pipes, a process that opens them waits for ever.
#[test]
fn no_certificate_and_no_configuration_is_opened() {
    let server = serve(echo);
    let authority = Authority::new();
    let folder = authority.folder().join("certificates");
    fs::create_dir(&folder).unwrap();
    let pipes = [authority.folder().join("roots.pem"), folder.join("root.pem")];
    for pipe in &pipes {
        mkfifo(pipe, Mode::S_IRWXU).unwrap();
    }
    let opened = authority.folder().join("opened");
    let trace = r#"if command -v strace > /dev/null
        then exec strace -f -e trace=open,openat -o "$OPENED" "$0" "$@"
        else exec "$0" "$@"
        fi"#;
    let wscope = Wscope::new().env("SSL_CERT_FILE", &pipes[0]).env("SSL_CERT_DIR", &folder).env("OPENED", &opened);
    let wscope = wscope.args(["-w", "0", "--cacert"]).arg(&pipes[0]).arg("--cert").arg(&pipes[0]).under_shell(trace);
    let home = wscope.home().display().to_string();
    let output = wscope.arg(server.url()).stdin("hi\n").run();
    output.exits(0).prints("hi\n").is_silent();
    // Without strace the pipes are all that there is to go by.
    let opened = fs::read_to_string(opened).unwrap_or_default();
    for word in [&home, ".pem", ".crt", "/ssl", "/certs", ".toml", ".config", "resolv.conf"] {
        assert!(!opened.contains(word), "{word}: {opened}");
    }
}
