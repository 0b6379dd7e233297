//! Profiles: `wscope @NAME`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::{Wscope, websocket};

/// A run whose file of profiles has this text; `PORT` in it is the port of the server.
fn with_profiles(text: &str) -> Wscope {
    let wscope = Wscope::new();
    let file = file_in(&wscope);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    wscope
}

/// The file of profiles of a run, in a folder that is there.
fn file_in(wscope: &Wscope) -> PathBuf {
    let folder = wscope.home().join(".config/wscope");
    fs::create_dir_all(&folder).unwrap();
    folder.join("profiles.toml")
}

#[test]
fn a_profile_opens_the_session_that_it_describes() {
    let server = websocket::echo();
    let text = format!(
        "[staging]\nurl = '{}/feed'\nheader = ['X-Env: staging', 'X-Region: eu']\nbearer = '@token'\ncookie = 'id=${{env:ID}}'\n",
        server.url()
    );
    let wscope = with_profiles(&text);
    fs::write(wscope.home().join(".config/wscope/token"), "s3cret\n").unwrap();
    let output = wscope.env("ID", "7").args(["-1", "-x", "hi", "@staging/other?x=1", "-H", "X-Env: mine"]).run();
    output.exits(0).prints("hi\n");
    assert_eq!(output.stderr, "");
    let seen = server.outcome();
    assert_eq!(seen.target, "/other?x=1");
    assert_eq!((seen.header("x-env"), seen.header("x-region")), (vec!["mine"], vec!["eu"]));
    assert_eq!((seen.header("authorization"), seen.header("cookie")), (vec!["Bearer s3cret"], vec!["id=7"]));
}

#[test]
fn check_and_ping_take_a_profile() {
    let text = |server: &str| {
        format!("[staging]\nurl = '{server}/feed'\nheader = ['X-Env: staging']\noutput = 'hex'\nping-interval = '5'\n")
    };
    for arguments in [&["check", "@staging"][..], &["ping", "-c", "1", "@staging/other", "-H", "X-Region: eu"]] {
        let server = websocket::echo();
        with_profiles(&text(&server.url())).args(arguments.iter().copied()).run().exits(0);
        let seen = server.outcome();
        assert_eq!(seen.target, if arguments[0] == "check" { "/feed" } else { "/other" });
        assert_eq!(seen.header("x-env"), ["staging"]);
    }
    with_profiles("").args(["check", "@nothing"]).run().exits(2).says("there is no profile `nothing`");
}

#[test]
fn without_a_name_no_file_is_read() {
    let server = websocket::echo();
    let wscope = Wscope::new();
    // Opening it would wait for ever for a process that writes.
    mkfifo(&file_in(&wscope), Mode::S_IRWXU).unwrap();
    wscope
        .args(["-1", "-x", "hi", "--bearer", "@@literal", "-H", "A: @b"])
        .arg(server.url())
        .run()
        .exits(0)
        .prints("hi\n");
}

#[test]
fn the_list_has_each_profile_and_no_secret() {
    let text = "[b]\nurl = 'wss://ann:SECRET@host/'\n[a]\nurl = 'ws://${env:NAME}/'\n";
    let output = with_profiles(text).env("NAME", "host").arg("@").run();
    output.exits(0).prints("@b\twss://[hidden]@host/\n@a\tws://${env:NAME}/\n");
}

#[test]
fn the_list_says_what_is_wrong_with_a_profile() {
    let text = "[a]\n[b]\nurl = 'host'\nfoo = 1\n[c]\nurl = 'host'\nbearer = 'SECRET'\nuser = 'me'\n";
    let wscope = with_profiles(text);
    let file = file_in(&wscope).display().to_string();
    let output = wscope.arg("@").run();
    output.exits(0);
    let list = String::from_utf8(output.stdout.clone()).unwrap();
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines[0], format!("@a\t\t{file}: the profile `a` has no `url`"));
    assert!(lines[1].starts_with(&format!("@b\thost\t{file}:4: foo: there is no such flag")), "{}", lines[1]);
    assert!(lines[2].starts_with("@c\thost\t") && lines[2].contains("cannot be used with"), "{}", lines[2]);
    assert!(!list.contains("SECRET"));
}

#[test]
fn a_file_that_others_can_read_is_warned_of_where_it_holds_secrets() {
    let run = |text: &str, mode: u32| {
        let wscope = with_profiles(&format!("[a]\nurl = 'ws://127.0.0.1:1/'\n{text}"));
        fs::set_permissions(file_in(&wscope), fs::Permissions::from_mode(mode)).unwrap();
        let output = wscope.args(["-q", "-N", "@a"]).run();
        output.exits(3);
        output.stderr.contains("other users can read the secrets in")
    };
    assert!(run("bearer = 'x'\n", 0o644));
    assert!(run("header = 'Authorization: Bearer x'\n", 0o640));
    assert!(run("[b]\nuser = 'me:pw'\n", 0o604));
    assert!(!run("bearer = 'x'\n", 0o600));
    assert!(!run("cookie = 'id=${env:HOME}'\nheader = 'X-Env: a'\n", 0o644));
}

#[test]
fn what_is_wrong_with_the_file_is_told() {
    Wscope::new().arg("@a").run().exits(2).says("cannot read the profiles in `").says("a profile is a table in it");
    with_profiles("[a]\nurl = ").arg("@a").run().exits(2).says("profiles.toml:2: ");
    with_profiles("[a]\nurl = 'host'\nheadr = 'A: b'\n").arg("@a").run().exits(2).says("did you mean `header`?");
}

#[test]
fn what_is_in_force_is_shown() {
    let output = with_profiles("[a]\nurl = 'host'\nbearer = 'SECRET'\n").args(["@a", "--show-config", "-v"]).run();
    output.exits(0);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.contains("profiles.toml:3\n") && stdout.contains("verbose = true  # command line\n"), "{stdout}");
    assert!(!stdout.contains("SECRET"), "{stdout}");
}

/// Whether a program is on this machine.
fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn the_shell_completes_the_names() {
    if !has("bash") {
        return;
    }
    let wscope = with_profiles("[staging]\nurl = 'a'\n[stable]\nurl = 'b'\n[live]\nurl = 'c'\n");
    let completions = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/wscope.bash");
    let complete = |typed: &str| {
        let script = format!(
            "source '{}'; COMP_LINE='wscope {typed}'; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=(wscope '{typed}'); \
             COMP_CWORD=1; _wscope '{}' '{typed}' wscope; echo \"${{COMPREPLY[@]}}\"",
            completions.display(),
            env!("CARGO_BIN_EXE_wscope"),
        );
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]).env("HOME", wscope.home()).env_remove("XDG_CONFIG_HOME");
        let output = bash.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(complete("@st"), "@staging @stable\n");
    assert_eq!(complete("@"), "@staging @stable @live\n");
}
