//! Completion, in the shells themselves where they are installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Wscope;

fn file(name: &str) -> String {
    format!("{}/completions/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn is_installed(shell: &str) -> bool {
    ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(shell).exists())
}

/// What bash makes of `typed`, Tab.
#[track_caller]
fn bash_completes(typed: &str, completed: &str) {
    let wscope = Wscope::new().under_shell(r"PS1='$ ' exec bash --norc --noprofile -i");
    let mut terminal = wscope.terminal(24, 100);
    terminal.wait_line("$");
    terminal.enter(&format!("source {}; echo read", file("wscope.bash")));
    terminal.wait("\nread\n");
    terminal.press(&format!("{typed}\t"));
    terminal.wait(&format!("$ {completed}"));
    // Ctrl-U empties the line.
    terminal.enter("\x15exit 0");
    terminal.exits(0);
}

#[test]
fn bash_completes_flags_and_their_values() {
    if !is_installed("bash") {
        return;
    }
    bash_completes("wscope --timestamps=l", "wscope --timestamps=local");
    bash_completes("wscope -t=u", "wscope -t=utc");
    bash_completes("wscope --output=j", "wscope --output=json");
    bash_completes("wscope --output b", "wscope --output base64");
    bash_completes("wscope listen --output h", "wscope listen --output hex");
    bash_completes("wscope --show-s", "wscope --show-secrets");
    bash_completes("wscope lis", "wscope listen");
}

/// The candidates of fish for `typed`.
fn fish(typed: &str) -> Vec<String> {
    let home = tempfile::tempdir().expect("a temporary folder");
    fs::write(home.path().join("a-file"), "").expect("a file");
    let script = format!("source {}; complete -C '{typed}'", file("wscope.fish"));
    let mut fish = Command::new("fish");
    fish.args(["--no-config", "-c", &script]).current_dir(home.path()).env("HOME", home.path());
    let output = fish.output().expect("fish can be started");
    let candidates = String::from_utf8_lossy(&output.stdout).into_owned();
    candidates.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn fish_completes_flags_and_their_values() {
    if !is_installed("fish") {
        return;
    }
    let formats = ["base64", "hex", "json", "none", "raw", "text"];
    for typed in ["wscope --output ", "wscope -t --output ", "wscope demo --output ", "wscope listen --output "] {
        let mut candidates = fish(typed);
        candidates.sort();
        assert_eq!(candidates, formats, "{typed}");
    }
    assert_eq!(fish("wscope --timestamps=l"), ["--timestamps=local"]);
    assert_eq!(fish("wscope --output=j"), ["--output=json"]);
    assert_eq!(fish("wscope --show-s"), ["--show-secrets"]);
    assert_eq!(fish("wscope lis"), ["listen"]);
    assert_eq!(fish("wscope -v lis"), ["listen"]);
    assert!(fish("wscope --cacert ").contains(&"a-file".to_owned()));
    assert!(fish("wscope listen --timest").contains(&"--timestamps".to_owned()));
}

#[test]
fn no_shell_offers_what_the_help_hides() {
    for name in ["_wscope", "_wscope.ps1", "wscope.bash", "wscope.elv", "wscope.fish"] {
        let script = fs::read_to_string(file(name)).expect("a completion script");
        for hidden in ["no-check", "slash", "exit-on-eof", "no-color", "websocket-version", "generate"] {
            assert!(!script.contains(hidden), "{name}: {hidden}");
        }
        assert!(script.contains("timestamps") && script.contains("listen"), "{name}");
    }
}
