//! Which certificate of a chain failed which check.

use rcgen::IsCa;

use super::*;
use crate::support::certificates::{only_in_2020, only_in_2390};

/// That a server of this identity is refused with this complaint, and that `-k` goes on and says the same, even with `-q`.
#[track_caller]
fn complains(identity: &Identity, trusted: &Authority, complaint: &str) {
    let server = serve_tls(identity.config(), echo);
    let wscope = || Wscope::new().args(["-w", "0", "--cacert"]).arg(trusted.file()).arg(server.url()).stdin("hi\n");
    let output = wscope().run();
    output.exits(4).prints("").says(&format!("is not verified: {complaint}"));
    assert!(server.outcome().is_err());
    let output = wscope().args(["-k", "-q"]).run();
    output.exits(0).prints("hi\n").says(&format!("the server is not verified: {complaint}"));
    assert_eq!(server.outcome(), Ok(Some(1000)));
}

#[test]
fn a_servers_own_certificate_is_named_with_the_check_that_it_fails() {
    let authority = Authority::new();
    complains(&authority.issue_expired(), &authority, "its certificate `CN=localhost` expired ");
    let future = authority.issue_changed(only_in_2390);
    complains(&future, &authority, "its certificate `CN=localhost` is not valid for another ");
    let wrong_name = "its certificate `CN=elsewhere.example` is not for `localhost`, but for elsewhere.example";
    complains(&authority.issue_for("elsewhere.example"), &authority, wrong_name);
    let no_names = "its certificate `CN=localhost` is not for `localhost`: it has no `subjectAltName`";
    complains(&authority.issue_changed(|parameters| parameters.subject_alt_names.clear()), &authority, no_names);
    complains(&Identity::self_signed(), &authority, "its certificate `CN=localhost` is self-signed");
    let other = Authority::named("another CA");
    let unknown = "its certificate `CN=localhost` comes from `CN=another CA`, which is not trusted here";
    complains(&other.issue(), &authority, unknown);
    let namesake = "its certificate `CN=localhost` is not signed with the key of `CN=wscope test CA`, its issuer";
    complains(&Authority::new().issue(), &authority, namesake);
    complains(
        &authority.issue_changed(|parameters| {
            parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        }),
        &authority,
        "its certificate `CN=localhost` is not meant for servers",
    );
}

#[test]
fn a_certificate_above_it_is_named_with_its_place() {
    let root = Authority::new();
    let below = |change: fn(&mut rcgen::CertificateParams)| {
        let intermediate = root.intermediate("an intermediate", change);
        intermediate.issue().shown_with(&intermediate)
    };
    let named = "certificate 2 of its chain, `CN=an intermediate`,";
    complains(&below(only_in_2020), &root, &format!("{named} expired "));
    complains(&below(only_in_2390), &root, &format!("{named} is not valid for another "));
    complains(&below(|parameters| parameters.is_ca = IsCa::ExplicitNoCa), &root, &format!("{named} is not a CA's"));
    let unknown = format!("{named} comes from `CN=wscope test CA`, which is not trusted here");
    complains(&below(|_| {}), &Authority::named("another CA"), &unknown);
    let namesake = format!("{named} is not signed with the key of `CN=wscope test CA`, its issuer");
    complains(&below(|_| {}), &Authority::new(), &namesake);
}

#[test]
fn a_signature_that_another_intermediate_made_is_found_in_the_middle_of_the_chain() {
    let root = Authority::new();
    let [intermediate, namesake] = [(); 2].map(|()| root.intermediate("an intermediate", |_| {}));
    let complaint = "its certificate `CN=localhost` is not signed with the key of `CN=an intermediate`, its issuer";
    complains(&namesake.issue().shown_with(&intermediate), &root, complaint);
}

#[test]
fn a_certificate_without_names_is_to_be_made_anew() {
    let authority = Authority::new();
    let identity = authority.issue_changed(|parameters| parameters.subject_alt_names.clear());
    refused(&serve_tls(identity.config(), echo), &authority).says("hint: make the certificate anew with a name");
}

#[test]
fn intermediates_that_are_not_shown_are_asked_about() {
    let root = Authority::new();
    let server = serve_tls(root.intermediate("an intermediate", |_| {}).issue().config(), echo);
    let output = refused(&server, &root);
    output.says("comes from `CN=an intermediate`").says("does the server send its intermediate certificates?");
}

#[test]
fn a_root_that_is_shown_and_not_trusted_is_called_self_signed() {
    let (root, trusted) = (Authority::new(), Authority::named("another CA"));
    let complaint = "certificate 2 of its chain, `CN=wscope test CA`, is self-signed";
    complains(&root.issue().shown_with(&root), &trusted, complaint);
}

#[test]
fn all_authorities_of_a_file_are_trusted() {
    let [one, other] = ["one CA", "other CA"].map(Authority::named);
    let file = one.file_with(&[&other]);
    for authority in [&one, &other] {
        let server = serve_tls(authority.issue().config(), echo);
        let wscope = Wscope::new().args(["-w", "0", "--cacert"]).arg(&file).arg(server.url());
        wscope.stdin("hi\n").run().exits(0).prints("hi\n").is_silent();
    }
}

#[test]
fn the_whole_chain_is_shown_when_asked_for() {
    let root = Authority::new();
    let intermediate = root.intermediate("an intermediate", |_| {});
    let identity = intermediate.issue().shown_with(&intermediate);
    let server = serve_tls(identity.config(), echo);
    let wscope = Wscope::new().args(["-w", "0", "-v", "--cacert"]).arg(root.file()).arg(server.url());
    let output = wscope.stdin("hi\n").run();
    output
        .exits(0)
        .says("certificate 1: subject CN=localhost, issuer CN=an intermediate, valid ")
        .says(&format!("names localhost 127.0.0.1 ::1, key ECDSA P-256 {}, SHA-256 fingerprint ", identity.pin()))
        .says("certificate 2: subject CN=an intermediate, issuer CN=wscope test CA, valid ");
}

#[test]
fn both_ends_can_be_held_to_one_version() {
    let authority = Authority::new();
    let identity = authority.issue();
    for (config, version, other) in [(identity.tls12_config(), "1.2", "1.3"), (identity.tls13_config(), "1.3", "1.2")] {
        let server = serve_tls(config, echo);
        let run = |flags: &[&str]| {
            let wscope = Wscope::new().args(["-w", "0", "-v", "--cacert"]).arg(authority.file()).args(flags);
            wscope.arg(server.url()).stdin("hi\n").run()
        };
        let said = format!("TLSv{version}");
        for flags in [&[][..], &["--tls-max", version, "--tls-min", version]] {
            run(flags).exits(0).says(&said);
            assert_eq!(server.outcome(), Ok(Some(1000)));
        }
        run(&["--tls-max", other, "--tls-min", other]).exits(4).says("--tls-max");
        assert!(server.outcome().is_err());
    }
    let output = Wscope::new().args(["--tls-min", "1.3", "--tls-max", "1.2", "wss://localhost:1"]).run();
    output.exits(2).says("`--tls-min` is above `--tls-max`");
}
