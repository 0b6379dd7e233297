//! The value of curl's `--cert`.

/// A file, and the passphrase that may follow it.
pub(super) struct Certificate<'a> {
    /// The name of the file.
    pub(super) file: String,
    /// The passphrase of its key.
    pub(super) passphrase: Option<&'a str>,
}

impl<'a> Certificate<'a> {
    /// Parses `FILE[:PASSPHRASE]`, as curl does: it is split at the first colon that has no backslash before it. In the
    /// file, `\:` is a colon and `\\` a backslash; any other backslash, and the passphrase, are taken as they are.
    ///
    /// # Errors
    /// The complaint about a value that names no file; it quotes nothing of it.
    pub(super) fn parse(value: &'a str) -> Result<Self, &'static str> {
        const TOKEN: &str = "pkcs11:";
        if value.get(..TOKEN.len()).is_some_and(|start| start.eq_ignore_ascii_case(TOKEN)) {
            return Err("names a key in a token (PKCS #11), and wscope reads files");
        }
        let mut file = String::new();
        let mut rest = value;
        while let Some(found) = rest.find([':', '\\']) {
            file.push_str(&rest[..found]);
            let (special, behind) = rest[found..].split_at(1);
            if special == ":" {
                return Ok(Self { file, passphrase: Some(behind).filter(|passphrase| !passphrase.is_empty()) });
            }
            let is_escape = behind.starts_with([':', '\\']);
            let (taken, behind) = if is_escape { behind.split_at(1) } else { (special, behind) };
            file.push_str(taken);
            rest = behind;
        }
        file.push_str(rest);
        Ok(Self { file, passphrase: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After curl's unit test 1394.
    #[test]
    fn it_is_split_as_curl_does() {
        for (value, file, passphrase) in [
            ("foo:bar:baz", "foo", Some("bar:baz")),
            (r"foo\:bar:baz", "foo:bar", Some("baz")),
            (r"foo\\:bar:baz", r"foo\", Some("bar:baz")),
            (r"foo:bar\:baz", "foo", Some(r"bar\:baz")),
            (r"foo\bar\baz", r"foo\bar\baz", None),
            (r"foo\\bar", r"foo\bar", None),
            (r"foo\", r"foo\", None),
            ("foo:", "foo", None),
            ("é", "é", None),
        ] {
            let certificate = Certificate::parse(value).unwrap_or_else(|complaint| panic!("{value}: {complaint}"));
            assert_eq!((certificate.file.as_str(), certificate.passphrase), (file, passphrase), "{value}");
        }
        assert!(Certificate::parse("PKCS11:object=x").is_err());
    }
}
