//! The file of profiles.

use super::*;

fn parsed(text: &str) -> Result<Profiles> {
    Profiles::parse("p.toml".into(), text)
}

fn complaint(text: &str) -> String {
    parsed(text).expect_err(text).to_string()
}

#[test]
fn profiles_and_settings_keep_the_order_and_the_lines_of_the_file() {
    let text =
        "[z]\nurl = 'ws://z'\n\n[a]\nping-interval = 2.5\ncount = 0x10\ninsecure = true\nheader = ['A: b', 'C: d']\n";
    let profiles = parsed(text).unwrap();
    let names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["z", "a"]);
    assert_eq!(profiles.tables[0].url(), Some("ws://z"));
    let texts = |texts: &[&str]| Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
    let settings: Vec<_> = profiles.tables[1].settings.iter().map(|s| (s.key.as_str(), &s.value, s.line)).collect();
    assert_eq!(
        settings,
        [
            ("ping-interval", &texts(&["2.5"]), 5),
            ("count", &texts(&["16"]), 6),
            ("insecure", &Value::Switch(true), 7),
            ("header", &texts(&["A: b", "C: d"]), 8),
        ]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_without_its_value() {
    assert!(complaint("[a]\nbearer = 'SECRET\n").starts_with("p.toml:2: "));
    assert!(!complaint("[a]\nbearer = 'SECRET\n").contains("SECRET"));
    assert!(complaint("\nurl = 'ws://a'").starts_with("p.toml:2: `url` is in no profile"));
    assert!(complaint("[a]\nx = {}\n").starts_with("p.toml:2: x: expected a text"));
    assert!(complaint("[a]\nx = [[]]\n").starts_with("p.toml:2: x: expected a text"));
    assert!(complaint("[a.b]\nx = 1\n").starts_with("p.toml:1: b: expected a text"));
    assert!(complaint("['a b']\n").starts_with("p.toml:1: a profile's name"));
}

#[test]
fn only_the_environment_is_put_in() {
    assert_eq!(with_environment("a $${env:X} b").unwrap(), "a ${env:X} b");
    assert!(
        with_environment("${env:WSCOPE_NO_SUCH_VARIABLE}").unwrap_err().to_string().contains("WSCOPE_NO_SUCH_VARIABLE")
    );
    with_environment("${x}").unwrap_err();
}
