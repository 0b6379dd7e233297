//! curl's flags, and what each of them is here.

/// A flag of curl's.
#[derive(Debug)]
pub(super) struct Flag {
    short: Option<char>,
    long: &'static str,
    pub(super) meaning: Meaning,
}

/// What a flag of curl's is here. Flags of ours are named with their hyphens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// The URL.
    Url,
    /// Brackets in the URL stand for themselves.
    LiteralUrl,
    /// One of ours without a value, or with this one.
    Switch(&'static str),
    /// One of ours with the same value.
    Value(&'static str),
    /// One of ours with the same value, which never names a file.
    Secret(&'static str),
    /// A header.
    Header,
    /// The value of this header.
    HeaderOf(&'static str),
    /// Cookies, or a file of them.
    Cookie,
    /// The file of a certificate, and behind a colon the passphrase of its key.
    Certificate,
    /// Nothing.
    Ignored,
    /// Nothing, and it has a value.
    IgnoredValue,
    /// Nothing, and to go on without it would be wrong: what to do instead.
    Refused(&'static str),
}

const fn flag(letter: char, long: &'static str, meaning: Meaning) -> Flag {
    Flag { short: Some(letter), long, meaning }
}

const fn long(long: &'static str, meaning: Meaning) -> Flag {
    Flag { short: None, long, meaning }
}

/// All that are known.
const FLAGS: &[Flag] = &[
    long("url", Meaning::Url),
    flag('g', "globoff", Meaning::LiteralUrl),
    flag('H', "header", Meaning::Header),
    flag('b', "cookie", Meaning::Cookie),
    flag('A', "user-agent", Meaning::HeaderOf("User-Agent")),
    flag('e', "referer", Meaning::HeaderOf("Referer")),
    flag('u', "user", Meaning::Secret("--user")),
    long("oauth2-bearer", Meaning::Secret("--bearer")),
    flag('L', "location", Meaning::Switch("--location")),
    long("location-trusted", Meaning::Switch("--location-trusted")),
    long("max-redirs", Meaning::Value("--max-redirs")),
    flag('x', "proxy", Meaning::Secret("--proxy")),
    flag('U', "proxy-user", Meaning::Secret("--proxy-user")),
    long("proxy-header", Meaning::Value("--proxy-header")),
    long("proxy-cacert", Meaning::Value("--proxy-cacert")),
    long("proxy-insecure", Meaning::Switch("--proxy-insecure")),
    long("noproxy", Meaning::Value("--noproxy")),
    long("resolve", Meaning::Value("--resolve")),
    long("connect-to", Meaning::Value("--connect-to")),
    flag('4', "ipv4", Meaning::Switch("--ipv4")),
    flag('6', "ipv6", Meaning::Switch("--ipv6")),
    long("unix-socket", Meaning::Value("--unix-socket")),
    flag('k', "insecure", Meaning::Switch("--insecure")),
    long("cacert", Meaning::Value("--cacert")),
    long("pinnedpubkey", Meaning::Value("--pinnedpubkey")),
    long("tls-max", Meaning::Value("--tls-max")),
    flag('E', "cert", Meaning::Certificate),
    long("key", Meaning::Value("--key")),
    long("pass", Meaning::Secret("--passphrase")),
    long("tlsv1.2", Meaning::Switch("--tls-min=1.2")),
    long("tlsv1.3", Meaning::Switch("--tls-min=1.3")),
    long("connect-timeout", Meaning::Value("--connect-timeout")),
    flag('m', "max-time", Meaning::Value("--max-time")),
    flag('v', "verbose", Meaning::Switch("--verbose")),
    long("compressed", Meaning::Ignored),
    flag('X', "request", Meaning::IgnoredValue),
    flag('d', "data", Meaning::IgnoredValue),
    long("data-raw", Meaning::IgnoredValue),
    long("data-binary", Meaning::IgnoredValue),
    long("data-ascii", Meaning::IgnoredValue),
    long("data-urlencode", Meaning::IgnoredValue),
    long("json", Meaning::IgnoredValue),
    flag('G', "get", Meaning::Ignored),
    flag('i', "include", Meaning::Ignored),
    long("show-headers", Meaning::Ignored),
    flag('s', "silent", Meaning::Ignored),
    flag('S', "show-error", Meaning::Ignored),
    flag('#', "progress-bar", Meaning::Ignored),
    long("no-progress-meter", Meaning::Ignored),
    flag('N', "no-buffer", Meaning::Ignored),
    flag('f', "fail", Meaning::Ignored),
    long("fail-with-body", Meaning::Ignored),
    flag('q', "disable", Meaning::Ignored),
    flag('0', "http1.0", Meaning::Ignored),
    long("http1.1", Meaning::Ignored),
    long("http2", Meaning::Ignored),
    long("http2-prior-knowledge", Meaning::Ignored),
    long("http3", Meaning::Ignored),
    long("no-alpn", Meaning::Ignored),
    long("no-keepalive", Meaning::Ignored),
    long("tcp-nodelay", Meaning::Ignored),
    long("ssl-no-revoke", Meaning::Ignored),
    long("ssl-reqd", Meaning::Ignored),
    long("path-as-is", Meaning::Ignored),
    long("basic", Meaning::Ignored),
    flag('c', "cookie-jar", Meaning::IgnoredValue),
    flag('w', "write-out", Meaning::IgnoredValue),
    long("retry", Meaning::IgnoredValue),
    flag('o', "output", Meaning::Refused("what comes is written to a file with `> FILE`")),
    flag('O', "remote-name", Meaning::Refused("what comes is written to a file with `> FILE`")),
    flag('I', "head", Meaning::Refused("an upgrade is a GET; `-v` shows its heads")),
    flag(':', "next", Meaning::Refused("a session has one URL")),
];

impl Flag {
    /// The flag with that name.
    pub(super) fn long(name: &str) -> Result<&'static Self, String> {
        FLAGS.iter().find(|flag| flag.long == name).ok_or_else(|| unknown(name))
    }

    /// The flag with that letter.
    pub(super) fn short(letter: char) -> Result<&'static Self, String> {
        let flag = FLAGS.iter().find(|flag| flag.short == Some(letter));
        flag.ok_or_else(|| format!("`-{letter}` is no flag of curl's that wscope knows; its own go behind `--`"))
    }

    /// Whether the next word belongs to it.
    pub(super) fn takes_value(&self) -> bool {
        match self.meaning {
            Meaning::LiteralUrl | Meaning::Switch(_) | Meaning::Ignored | Meaning::Refused(_) => false,
            Meaning::Url
            | Meaning::Value(_)
            | Meaning::Secret(_)
            | Meaning::Header
            | Meaning::HeaderOf(_)
            | Meaning::Cookie
            | Meaning::Certificate
            | Meaning::IgnoredValue => true,
        }
    }

    /// It, for people.
    pub(super) fn spelled(&self) -> String {
        match self.short {
            Some(letter) => format!("`-{letter}, --{}`", self.long),
            None => format!("`--{}`", self.long),
        }
    }

    /// The error where nothing follows it.
    pub(super) fn wants_value(&self) -> String {
        format!("{} of curl's wants a value", self.spelled())
    }
}

/// The error for a flag that is not known. Only its name is told: a value may be joined to it.
fn unknown(name: &str) -> String {
    let name = name.split('=').next().unwrap_or_default();
    let likeness = |flag: &&Flag| strsim::jaro_winkler(name, flag.long);
    let nearest = FLAGS.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let nearest = nearest.filter(|flag| likeness(flag) > 0.8);
    let guess = nearest.map_or(String::new(), |flag| format!("; did you mean `--{}`?", flag.long));
    format!("`--{name}` is no flag of curl's that wscope knows; its own go behind `--`{guess}")
}

/// The flags of ours that the table names.
#[cfg(test)]
pub(super) fn ours() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().filter_map(|flag| match flag.meaning {
        Meaning::Switch(ours) | Meaning::Value(ours) | Meaning::Secret(ours) => Some(ours),
        _ => None,
    })
}
