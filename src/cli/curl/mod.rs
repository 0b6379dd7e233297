//! `wscope curl …`: a session from a command line of curl's, as the network panel of a browser copies it.
//!
//! curl's flags are translated to ours, by a table, and then parsed like any others.

mod certificate;
mod flags;
#[cfg(test)]
mod tests;
mod url;

use std::ffi::OsString;

use clap::Args;

use self::certificate::Certificate;
use self::flags::{Flag, Meaning};
use super::help;

/// Talk to what a browser has copied as cURL
///
/// Type `wscope` before what "Copy as cURL" of a browser's network panel gives. Each letter and flag means what it means
/// to curl; what belongs to the browser's own handshake is left out, and a flag that means nothing for a WebSocket is told
/// and ignored. Flags of wscope's own may follow `--`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "wscope curl CURL-OPTIONS... [-- OPTIONS]", after_help = help::examples(help::CURL_EXAMPLES))]
pub(super) struct Curl {
    /// What follows `curl`; behind `--`, flags of wscope's own
    #[arg(value_name = "CURL-OPTIONS", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) words: Vec<String>,
}

/// A command line of ours that means what one of curl's does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translation {
    /// Its words, the program's name included.
    pub(super) words: Vec<OsString>,
    /// What there is to tell about the rest.
    pub(super) note: Option<String>,
}

/// The headers of the browser's own handshake: ours has its own.
const HANDSHAKE: [&str; 5] =
    ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions"];

impl Curl {
    /// Translates it.
    ///
    /// # Errors
    /// The text of a usage error, in one line, which quotes no value.
    pub(super) fn translate(&self) -> Result<Translation, String> {
        if let [first, _, ..] = self.words.as_slice()
            && first == "curl"
        {
            return Err("there is one `curl` too many: `wscope curl ...`".to_owned());
        }
        let mut reading = Reading::default();
        let mut words = self.words.iter().map(String::as_str);
        let mut own = Vec::new();
        while let Some(word) = words.next() {
            if word == "--" {
                own = words.map(OsString::from).collect();
                break;
            }
            match word.strip_prefix("--") {
                Some(name) => {
                    let flag = Flag::long(name)?;
                    let value =
                        flag.takes_value().then(|| words.next().ok_or_else(|| flag.wants_value())).transpose()?;
                    reading.take(flag, value)?;
                }
                None if word.len() > 1 && word.starts_with('-') => reading.letters(&word[1..], &mut words)?,
                None => reading.urls.push(word.to_owned()),
            }
        }
        reading.finish(own)
    }
}

/// What has been read of a command line.
#[derive(Default)]
struct Reading {
    urls: Vec<String>,
    words: Vec<OsString>,
    /// Whether brackets in the URL are what they are.
    is_literal: bool,
    ignored: Vec<String>,
}

impl Reading {
    /// Letters after one hyphen; the value of the last one may be joined to it, as in `-XGET`.
    fn letters<'a>(&mut self, letters: &'a str, words: &mut impl Iterator<Item = &'a str>) -> Result<(), String> {
        for (index, letter) in letters.char_indices() {
            let flag = Flag::short(letter)?;
            if flag.takes_value() {
                let joined = &letters[index + letter.len_utf8()..];
                let value = if joined.is_empty() { words.next().ok_or_else(|| flag.wants_value())? } else { joined };
                return self.take(flag, Some(value));
            }
            self.take(flag, None)?;
        }
        Ok(())
    }

    /// Translates one flag.
    fn take(&mut self, flag: &Flag, value: Option<&str>) -> Result<(), String> {
        let value = value.unwrap_or_default();
        match flag.meaning {
            Meaning::Url => self.urls.push(value.to_owned()),
            Meaning::LiteralUrl => self.is_literal = true,
            Meaning::Switch(ours) => self.words.push(ours.into()),
            Meaning::Value(ours) => self.words.push(format!("{ours}={value}").into()),
            Meaning::Secret(ours) => self.secret(ours, value),
            Meaning::Header => self.header(value),
            Meaning::HeaderOf(name) => self.words.push(format!("--header={name}: {value}").into()),
            Meaning::Cookie if value.contains('=') => self.secret("--cookie", value),
            Meaning::Cookie => {
                return Err(format!("{} names a file of cookies, which wscope does not read", flag.spelled()));
            }
            Meaning::Certificate => {
                let Certificate { file, passphrase } =
                    Certificate::parse(value).map_err(|complaint| format!("{} {complaint}", flag.spelled()))?;
                self.words.push(format!("--cert={file}").into());
                if let Some(passphrase) = passphrase {
                    self.secret("--passphrase", passphrase);
                }
            }
            Meaning::Ignored | Meaning::IgnoredValue => self.ignored.push(flag.spelled()),
            Meaning::Refused(advice) => return Err(format!("{}: {advice}", flag.spelled())),
        }
        Ok(())
    }

    /// To curl, an at sign does not name a file here.
    fn secret(&mut self, ours: &str, value: &str) {
        let mark = if value.starts_with('@') { "@" } else { "" };
        self.words.push(format!("{ours}={mark}{value}").into());
    }

    /// A header. What has a flag of its own goes there, so that it is treated as what it is.
    fn header(&mut self, line: &str) {
        let (name, value) =
            line.split_once(':').map_or((line.trim_end_matches(';'), ""), |(name, value)| (name, value.trim()));
        if HANDSHAKE.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return;
        }
        if name.eq_ignore_ascii_case("Cookie") && !value.is_empty() {
            self.secret("--cookie", value);
        } else if name.eq_ignore_ascii_case("Sec-WebSocket-Protocol") && !value.is_empty() {
            let names = value.split(',').map(|name| format!("--subprotocol={}", name.trim()));
            self.words.extend(names.map(OsString::from));
        } else {
            self.words.push(format!("--header={line}").into());
        }
    }

    fn finish(self, own: Vec<OsString>) -> Result<Translation, String> {
        let url = match self.urls.as_slice() {
            [url] if self.is_literal => url::without_fragment(url).to_owned(),
            [url] => url::unescaped(url::without_fragment(url))?,
            [] => return Err("there is no URL in what follows `curl`".to_owned()),
            _ => return Err("there is more than one URL in what follows `curl`: a session has one".to_owned()),
        };
        let mut words = vec![OsString::from("wscope"), format!("--connect={url}").into()];
        words.extend(self.words);
        words.extend(own);
        let note = (!self.ignored.is_empty())
            .then(|| format!("ignored, as it means nothing for a WebSocket: {}", self.ignored.join(", ")));
        Ok(Translation { words, note })
    }
}
