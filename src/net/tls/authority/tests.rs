//! The authority in folders of its own, and real handshakes with what it certifies.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use super::*;
use crate::event::{Certificate, CertificateFacts, TlsFacts};
use crate::net::{
    Connected, Endpoint, ListenAddress, ListenOptions, Route, ServerIdentity, ServerName, Target, TimeLimit, TlsClient,
    TlsOptions, TlsTo, TrustedRoots, connect, listen,
};

fn soon() -> TimeLimit {
    TimeLimit::starting_now(Duration::from_secs(10))
}

/// What a client sees that trusts `roots` and asks for `name`, of a listener that the authority certifies.
fn seen(authority: &Arc<Authority>, roots: &Path, name: &str) -> Option<TlsFacts> {
    let identity = Some(ServerIdentity::Authority(Arc::clone(authority)));
    let listener =
        listen(&ListenOptions { address: ListenAddress::loopback(0), identity }, &|_| unreachable!()).unwrap();
    let endpoint: Endpoint = Target::parse(&listener.url()).unwrap().endpoint().clone();
    let accepting = thread::spawn(move || listener.accept().unwrap().handshake(soon()).map(drop));
    let options = TlsOptions { roots: TrustedRoots::File(roots.to_owned()), ..TlsOptions::default() };
    let client = TlsClient::prepare(&options, &|_| unreachable!()).unwrap();
    let tls = Some(TlsTo { client, server_name: ServerName::parse(name).unwrap() });
    let connected = connect(&Route { tls, ..Route::to(endpoint) }, soon(), &mut |_| {});
    let _ = accepting.join().unwrap();
    connected.ok().and_then(|Connected { record, .. }| record.tls)
}

fn facts(tls: &TlsFacts) -> Vec<&CertificateFacts> {
    fn readable(certificate: &Certificate) -> &CertificateFacts {
        match certificate {
            Certificate::Readable(facts) => facts,
            other => panic!("{other:?}"),
        }
    }
    tls.certificates.iter().map(readable).collect()
}

#[test]
fn it_is_made_once_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("share/wscope");
    let first = Authority::open(&inner).unwrap();
    let certificate = fs::read(first.certificate_path()).unwrap();
    let again = Authority::open(&inner).unwrap();
    assert_eq!((first.name(), first.key_hash()), (again.name(), again.key_hash()));
    assert_eq!(fs::read(again.certificate_path()).unwrap(), certificate);
    assert!(!certificate.windows(11).any(|bytes| bytes == b"PRIVATE KEY"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(again.secret_path()), mode(&inner)), (0o600, 0o700));
}

#[test]
fn a_client_that_trusts_it_trusts_what_it_certifies() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path()).unwrap();
    // As the next process finds it.
    let authority = Arc::new(Authority::open(folder.path()).unwrap());
    for (asked, name) in
        [("chat.example.com", "chat.example.com"), ("localhost", "localhost"), ("127.0.0.1", "127.0.0.1")]
    {
        let tls =
            seen(&authority, authority.certificate_path(), asked).unwrap_or_else(|| panic!("{asked} is not verified"));
        assert_eq!((&tls.verified, tls.alpn.as_deref()), (&Ok(()), Some("http/1.1")));
        let chain = facts(&tls);
        let [leaf, root] = chain.as_slice() else { panic!("{chain:?}") };
        assert_eq!((leaf.names.as_slice(), &leaf.issuer), ([name.to_owned()].as_slice(), &root.subject));
        assert_eq!(root.subject, format!("CN={}", authority.name()));
        assert_eq!(root.key_hash, authority.key_hash());
        assert!(leaf.not_after <= leaf.not_before + 2 * DAY);
    }
}

#[test]
fn a_client_that_does_not_trust_it_refuses_what_it_certifies() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = Arc::new(Authority::open(folder.path()).unwrap());
    let other = Authority::open(other.path()).unwrap();
    assert_ne!(authority.name(), other.name());
    assert!(seen(&authority, other.certificate_path(), "localhost").is_none());
}

#[test]
fn a_certificate_is_made_once_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path()).unwrap();
    let first = authority.certify("a.example").unwrap();
    assert!(Arc::ptr_eq(&first, &authority.certify("a.example").unwrap()));
    let serial = |key: &CertifiedKey| {
        let certificate = x509_cert::Certificate::from_der(&key.cert[0]).unwrap();
        certificate.tbs_certificate().serial_number().as_bytes().to_vec()
    };
    assert_ne!(serial(&first), serial(&authority.certify("b.example").unwrap()));
    assert!(authority.certify("n\u{e4}me").is_err());
}

#[test]
fn what_is_no_authority_is_told_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path()).unwrap();
    let (key, other) = (fs::read_to_string(authority.secret_path()).unwrap(), make().unwrap());
    let (own_key, _) = key.split_once("-----BEGIN CERTIFICATE").unwrap();
    let (_, others_certificate) = other.split_once("-----BEGIN CERTIFICATE").unwrap();
    let mixed = format!("{own_key}-----BEGIN CERTIFICATE{others_certificate}");
    for content in ["", "nonsense", own_key, &mixed] {
        fs::write(authority.secret_path(), content).unwrap();
        let error = Authority::open(folder.path()).unwrap_err();
        assert!(matches!(error.fault, AuthorityFault::Malformed), "{error}");
        assert_eq!(fs::read_to_string(authority.secret_path()).unwrap(), content);
    }
    let key = KeyPair::generate().unwrap();
    let mut old = parameters(&key);
    (old.not_before, old.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let old = old.self_signed(&key).unwrap();
    let old = pem("PRIVATE KEY", key.serialized_der()).unwrap() + &pem("CERTIFICATE", old.der()).unwrap();
    fs::write(authority.secret_path(), old).unwrap();
    assert!(matches!(Authority::open(folder.path()).unwrap_err().fault, AuthorityFault::Expired));
    fs::set_permissions(authority.secret_path(), fs::Permissions::from_mode(0o644)).unwrap();
    let error = Authority::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("other users may read"), "{error}");
}
