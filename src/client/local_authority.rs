//! The local certificate authority in the user's data folder, and how to trust it and to stop.

use std::sync::Arc;

use data_encoding::BASE64;
use etcetera::{BaseStrategy, choose_base_strategy};

use crate::error::{Error, Phase, Result};
use crate::net::{Authority, AuthorityFault};

/// The folder in the XDG data folder.
const FOLDER: &str = "wscope";

/// The authority of this user, which is made the first time.
///
/// # Errors
/// [`Phase::Usage`] where its files cannot be read or written, or are none of ours.
pub fn open() -> Result<Arc<Authority>> {
    let cannot = || Error::new(Phase::Usage, "the local certificate authority cannot be used");
    let folder = choose_base_strategy().map_err(|error| cannot().caused_by(error))?.data_dir().join(FOLDER);
    Authority::open(&folder).map(Arc::new).map_err(|error| {
        let hint = match &error.fault {
            AuthorityFault::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                "it has to be yours, with mode 0600, in a folder where you may write; XDG_DATA_HOME names another"
            }
            AuthorityFault::Io(_) => "XDG_DATA_HOME names another folder for it",
            AuthorityFault::Malformed | AuthorityFault::Expired | AuthorityFault::Crypto(_) => {
                "when that file is gone, a new authority is made, which has to be trusted anew"
            }
        };
        cannot().caused_by(error).hint(hint)
    })
}

/// How programs are made to trust `authority`, and to stop; one line each. Those that begin with two spaces can be pasted
/// into a shell.
pub fn trust(authority: &Authority) -> Vec<String> {
    let file = quoted(&authority.certificate_path().display().to_string());
    let name = quoted(&authority.name());
    let hash = BASE64.encode(&authority.key_hash());
    let lines = [
        format!("To trust {}, for one program:", authority.name()),
        format!("  curl --cacert {file} URL"),
        format!("  NODE_EXTRA_CA_CERTS={file} node APP"),
        format!("  SSL_CERT_FILE={file} REQUESTS_CA_BUNDLE={file} python3 APP"),
        format!("  chromium --user-data-dir=/tmp/wscope-chromium --ignore-certificate-errors-spki-list={hash} URL"),
        "For all of them, and how to stop:".to_owned(),
        format!("  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n {name} -i {file}   # Chromium and Chrome"),
        format!("  certutil -d sql:$HOME/.pki/nssdb -D -n {name}   # stop"),
        format!(
            "  sudo cp {file} /usr/local/share/ca-certificates/wscope.crt && sudo update-ca-certificates   # Debian, Ubuntu"
        ),
        "  sudo rm /usr/local/share/ca-certificates/wscope.crt && sudo update-ca-certificates --fresh   # stop"
            .to_owned(),
        format!("  sudo trust anchor {file}   # Fedora, Arch"),
        format!("  sudo trust anchor --remove {file}   # stop"),
        format!("  security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {file}   # macOS"),
        format!("  security delete-certificate -c {name}   # stop"),
        format!(
            "Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import {file}; Delete there to stop."
        ),
        "With the key, any program can pose as any server to what trusts it. To end it for good, stop all of these, then"
            .to_owned(),
        format!("  rm {} {file}", quoted(&authority.secret_path().display().to_string())),
    ];
    lines.into()
}

/// The lines to paste that make programs use the proxy at `url`, where it decrypts with `authority` also such that make them
/// trust that.
pub fn use_proxy(url: &str, authority: Option<&Authority>) -> Vec<String> {
    let url = url.trim_end_matches('/');
    let file = authority.map(|authority| quoted(&authority.certificate_path().display().to_string()));
    let set = |names: &[&str]| {
        let set: Vec<_> = names.iter().zip(file.iter().cycle()).map(|(name, file)| format!("{name}={file} ")).collect();
        set.concat()
    };
    let key = authority
        .map(|authority| format!(" --ignore-certificate-errors-spki-list={}", BASE64.encode(&authority.key_hash())));
    let proxies = format!("HTTP_PROXY={url} HTTPS_PROXY={url} ");
    // Python has no way to trust one authority more.
    let alone = if file.is_some() { "   # trusts the servers that are decrypted alone" } else { "" };
    let curl_trusts = file.as_ref().map(|file| format!(" --cacert {file}")).unwrap_or_default();
    vec![
        format!(
            "  chromium --user-data-dir=/tmp/wscope-chromium --proxy-server={url} --proxy-bypass-list='<-loopback>'{} URL",
            key.unwrap_or_default()
        ),
        format!(
            "  {proxies}NODE_USE_ENV_PROXY=1 {}node APP   # Node 24.5 or newer, or 22.21",
            set(&["NODE_EXTRA_CA_CERTS"])
        ),
        format!("  {proxies}{}python3 APP{alone}", set(&["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])),
        format!("  curl --proxy {url}{curl_trusts} URL"),
    ]
}

/// `text` as one word for a shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        assert_eq!(quoted("/home/ada/.local/share/wscope/ca.pem"), "/home/ada/.local/share/wscope/ca.pem");
        assert_eq!(quoted("/home/ada's own/ca.pem"), "'/home/ada'\\''s own/ca.pem'");
    }

    #[test]
    fn a_proxy_that_decrypts_nothing_has_nothing_to_be_trusted() {
        let lines = use_proxy("http://127.0.0.1:8080/", None);
        assert_eq!(lines[3], "  curl --proxy http://127.0.0.1:8080 URL");
        assert!(lines.iter().all(|line| !line.contains("CERT") && !line.contains("spki")));
    }
}
