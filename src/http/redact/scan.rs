//! Where names and values stand in heads, URLs and lists of subprotocols.

use std::collections::HashSet;
use std::ops::Range;

use super::{Place, Says, Secret, Told, judge, says};

/// How often a URL may stand in a parameter of another one.
const DEPTH: usize = 3;

/// Schemes of authentication, which are shown before what they have.
const SCHEMES: [&str; 8] = ["basic", "bearer", "digest", "negotiate", "ntlm", "token", "apikey", "aws4-hmac-sha256"];

/// Headers whose value is one URL, whatever blanks a sloppy server leaves in it.
const URL_HEADERS: [&str; 4] = ["location", "content-location", "referer", "refresh"];

/// What a line of a head is, and the folded lines after it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// It is secret as a whole.
    Secret(Told),
    /// Nothing of it is.
    Public,
    Subprotocols,
    /// The host, before which credentials may stand.
    Host,
    /// A URL with its blanks.
    Url,
    /// The first line of a request: a URL between the first blank and the last.
    Request,
    /// What a server wants credentials for, or a piece of them.
    Challenge,
    /// Any other text.
    Text,
}

/// The secrets in lines of a head. The excerpt may begin inside a folded header whose name is not in it: that counts as
/// secret.
pub(super) fn head(lines: &[u8]) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut subprotocols = Subprotocols::default();
    let mut kind = Line::Secret(Told::Length);
    let mut start = 0;
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let is_folded = line.starts_with(b" ") || line.starts_with(b"\t");
        let value = if is_folded {
            // A folded header goes on (RFC 9112 section 5.2), and so does a secret that its last line ended with.
            let ended_in_secret =
                found.last().is_some_and(|last: &Secret| lines[last.range.end..start].trim_ascii().is_empty());
            if ended_in_secret {
                kind = Line::Secret(Told::Nothing);
            }
            0
        } else {
            let (line_kind, value) = classify(line);
            kind = line_kind;
            value
        };
        let blanks = line[value..].len() - line[value..].trim_ascii_start().len();
        let trimmed = line[value..].trim_ascii();
        let offset = start + value + blanks;
        let secrets = of_kind(kind, trimmed, &mut subprotocols);
        found.extend(secrets.into_iter().map(|secret| secret.moved_by(offset)));
        start += line.len();
    }
    found
}

/// The secrets in the value of a header.
pub(super) fn value(name: &[u8], value: &[u8]) -> Vec<Secret> {
    of_kind(kind_of(name), value, &mut Subprotocols::default())
}

/// The secrets in a list of subprotocols.
pub(super) fn subprotocols(names: &[u8]) -> Vec<Secret> {
    Subprotocols::default().list(names)
}

/// The secrets in a text with URLs.
pub(super) fn text(text: &[u8]) -> Vec<Secret> {
    Scanner { text, blanks_end: true, depth: 0, found: Vec::new() }.scan()
}

/// What the line is, and where its value begins.
fn classify(line: &[u8]) -> (Line, usize) {
    let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    let colon = line.iter().position(|&byte| byte == b':');
    match colon {
        Some(colon) if line[name..colon].trim_ascii().is_empty() => (kind_of(&line[..name]), colon + 1),
        // The line is no header, but the secret may be in it all the same.
        _ if is_secret(&line[..name]) => (Line::Secret(Told::Length), name),
        _ if line.windows(6).any(|bytes| bytes == b" HTTP/") => (Line::Request, 0),
        Some(colon) if is_secret(&line[..colon]) => (Line::Secret(Told::Length), name),
        _ => (Line::Text, 0),
    }
}

fn is_secret(name: &[u8]) -> bool {
    judge(Place::Header, name, b"").is_some()
}

fn kind_of(name: &[u8]) -> Line {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if is("Sec-WebSocket-Protocol") {
        return Line::Subprotocols;
    }
    match (judge(Place::Header, name, b""), says(Place::Header, name)) {
        (Some(told), _) => Line::Secret(told),
        (None, Some(Says::Public)) => Line::Public,
        _ if is("Host") => Line::Host,
        _ if is("WWW-Authenticate") || is("Proxy-Authenticate") => Line::Challenge,
        _ if URL_HEADERS.iter().any(|other| is(other)) => Line::Url,
        _ => Line::Text,
    }
}

fn of_kind(kind: Line, value: &[u8], subprotocols: &mut Subprotocols) -> Vec<Secret> {
    match kind {
        Line::Public => Vec::new(),
        Line::Secret(told) => behind_scheme(value, told).into_iter().collect(),
        Line::Subprotocols => subprotocols.list(value),
        Line::Host => {
            let at = value.iter().rposition(|&byte| byte == b'@');
            at.and_then(|at| secret(0..at, Told::Nothing)).into_iter().collect()
        }
        Line::Challenge => {
            let is_token = ["negotiate ", "ntlm "].iter().any(|scheme| {
                value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
            });
            if is_token { behind_scheme(value, Told::Length).into_iter().collect() } else { text(value) }
        }
        Line::Text => text(value),
        Line::Url => url(value),
        Line::Request => {
            let blank = |byte: &u8| *byte == b' ';
            let (Some(first), Some(last)) = (value.iter().position(blank), value.iter().rposition(blank)) else {
                return text(value);
            };
            let target = &value[(first + 1).min(last)..last];
            url(target).into_iter().map(|secret| secret.moved_by((first + 1).min(last))).collect()
        }
    }
}

/// The secrets in what is one URL, with blanks in it or not.
fn url(url: &[u8]) -> Vec<Secret> {
    Scanner { text: url, blanks_end: false, depth: 0, found: Vec::new() }.scan()
}

fn secret(range: Range<usize>, told: Told) -> Option<Secret> {
    (!range.is_empty()).then_some(Secret { range, told })
}

/// All of a value but the name of a scheme. Of name and password nothing is told.
fn behind_scheme(value: &[u8], told: Told) -> Option<Secret> {
    let length = value.iter().position(|&byte| byte == b' ').unwrap_or(0);
    let scheme = &value[..length];
    if !SCHEMES.iter().any(|other| scheme.eq_ignore_ascii_case(other.as_bytes())) {
        return secret(0..value.len(), told);
    }
    let blanks = value[length..].iter().take_while(|&&byte| byte == b' ').count();
    let told = if scheme.eq_ignore_ascii_case(b"basic") { Told::Nothing } else { told };
    secret(length + blanks..value.len(), told)
}

/// Names of subprotocols, as one header offers them one after the other.
#[derive(Default)]
pub(super) struct Subprotocols {
    /// The last one was the name of a secret, and nothing else: `["access_token", "…"]`.
    after_name: bool,
    /// What stood behind such a name: it is secret wherever it stands again.
    known: HashSet<Vec<u8>>,
}

impl Subprotocols {
    /// The secrets in more names, with commas between.
    pub(super) fn list(&mut self, names: &[u8]) -> Vec<Secret> {
        let mut found = Vec::new();
        let mut start = 0;
        for element in names.split(|&byte| byte == b',') {
            let trimmed = element.trim_ascii();
            let blanks = element.len() - element.trim_ascii_start().len();
            found.extend(self.next(trimmed).map(|secret| secret.moved_by(start + blanks)));
            start += element.len() + 1;
        }
        found
    }

    /// The secret in the next name; it goes to the end of the name.
    fn next(&mut self, name: &[u8]) -> Option<Secret> {
        if name.is_empty() {
            return None;
        }
        let is_end = |byte: &u8| matches!(byte, b'.' | b'=' | b':');
        if is_marker(name) && !name.iter().any(|byte| is_end(byte) || byte.is_ascii_whitespace()) {
            self.after_name = true;
            return None;
        }
        // A name has blanks only where it is malformed, or folded.
        let words = name.split(u8::is_ascii_whitespace);
        if std::mem::take(&mut self.after_name) {
            self.known.extend(words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec));
            return secret(0..name.len(), Told::Length);
        }
        let mut start = 0;
        for word in words {
            if self.known.contains(word) {
                return secret(start..name.len(), Told::Length);
            }
            start += word.len() + 1;
        }
        let mut start = 0;
        let mut is_behind_marker = false;
        for piece in name.split(is_end) {
            // What else ends like a name may be the secret already.
            let is_name = if is_behind_marker { goes_on(piece) } else { is_marker(piece) };
            if is_behind_marker && !is_name {
                return secret(start..name.len(), Told::Length);
            }
            is_behind_marker |= is_name;
            let end = start + piece.len();
            let begins_jwt = piece.starts_with(b"eyJ") && name.get(end) == Some(&b'.');
            if !is_behind_marker && (begins_jwt || judge(Place::Marker, b"", piece).is_some()) {
                return secret(start..name.len(), Told::Length);
            }
            start = end + 1;
        }
        None
    }
}

/// Whether it belongs to the marker still, as in `base64url.bearer.authorization.k8s.io.…`.
fn goes_on(piece: &[u8]) -> bool {
    ["bearer", "authorization", "k8s", "io"].iter().any(|name| piece.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether a secret follows this name.
fn is_marker(name: &[u8]) -> bool {
    matches!(says(Place::Marker, name), Some(Says::Secret | Says::Password))
}

/// Finds userinfo and parameters in a text.
struct Scanner<'a> {
    text: &'a [u8],
    /// Whether a URL ends at a blank.
    blanks_end: bool,
    /// How many URLs this one is in.
    depth: usize,
    found: Vec<Secret>,
}

impl Scanner<'_> {
    fn scan(mut self) -> Vec<Secret> {
        let mut before = b' ';
        let mut start = 0;
        while start <= self.text.len() {
            let end = self.text[start..].iter().position(|&byte| self.separates(byte));
            let end = end.map_or(self.text.len(), |length| start + length);
            match before {
                b'?' | b'&' | b'#' => self.parameter(start..end),
                _ => self.words(start..end),
            }
            let Some(&separator) = self.text.get(end) else { break };
            before = separator;
            start = end + 1;
            if separator == b'"' && self.text[..end].ends_with(b"=") && self.text.get(start).is_some() {
                start = self.quoted(start);
                before = b' ';
            }
        }
        self.found
    }

    fn separates(&self, byte: u8) -> bool {
        match byte {
            b'?' | b'&' | b'#' | b'"' | b'<' | b'>' | b'\r' | b'\n' => true,
            b' ' | b'\t' => self.blanks_end,
            _ => false,
        }
    }

    /// A value in quotes, which begins at `start`; where what follows begins.
    fn quoted(&mut self, start: usize) -> usize {
        let name = &self.text[..start - 2];
        let from = name.iter().rposition(|&byte| !is_in_name(byte)).map_or(0, |last| last + 1);
        let length = self.text[start..].iter().position(|&byte| byte == b'"').unwrap_or(self.text.len() - start);
        match says(Place::Parameter, &name[from..]) {
            Some(Says::Secret | Says::Password) => {
                self.hide(start..start + length, Told::Length);
                start + length
            }
            _ => start,
        }
    }

    /// What stands before a query: words, or a URL up to its path.
    fn words(&mut self, range: Range<usize>) {
        let segment = &self.text[range.clone()];
        let mut path = range.start;
        if let Some(slashes) = segment.windows(2).position(|bytes| bytes == b"//") {
            if self.named(range.start..range.start + slashes, range.end) {
                return;
            }
            let authority = range.start + slashes + 2;
            let length = self.text[authority..range.end].iter().position(|byte| matches!(byte, b'/' | b'\\'));
            let end = length.map_or(range.end, |length| authority + length);
            if let Some(at) = self.text[authority..end].iter().rposition(|&byte| byte == b'@') {
                self.hide(authority..authority + at, Told::Nothing);
            }
            path = end;
        }
        let mut start = path;
        let mut is_path = path > range.start;
        for (number, piece) in self.text[path..range.end].split(|&byte| byte == b';').enumerate() {
            let end = start + piece.len();
            if number == 0 {
                self.named(start..end, end);
            } else {
                // In a path a slash ends the segment, and so its parameters.
                let length = piece.iter().position(|&byte| byte == b'/').filter(|_| is_path).unwrap_or(piece.len());
                self.parameter(start..start + length);
            }
            is_path |= piece.contains(&b'/');
            start = end + 1;
        }
    }

    /// `name=value`, `name`, or a value alone.
    fn parameter(&mut self, range: Range<usize>) {
        let pair = &self.text[range.clone()];
        let equals =
            pair.iter().position(|&byte| byte == b'=').filter(|equals| !pair[*equals..].iter().all(|&b| b == b'='));
        let (name, value) = match equals {
            Some(equals) => (&pair[..equals], range.start + equals + 1..range.end),
            None => (&pair[..0], range.clone()),
        };
        let name: Vec<u8> = percent_encoding::percent_decode(name).collect();
        if let Some(told) = judge(Place::Parameter, &name, &self.text[value.clone()]) {
            return self.hide(value, told);
        }
        if says(Place::Parameter, &name) != Some(Says::Public) && holds_secret(&self.text[value.clone()], self.depth) {
            return self.hide(value, Told::Nothing);
        }
        let end = range.end;
        self.named(range, end);
    }

    /// The first `name=value` in `range` whose name is that of a secret: the value goes to `end`. Whether there is one.
    fn named(&mut self, range: Range<usize>, end: usize) -> bool {
        let mut from = range.start;
        while let Some(length) = self.text[from..range.end].iter().position(|&byte| byte == b'=') {
            let equals = from + length;
            let before = self.text[from..equals].iter().rposition(|&byte| !is_in_name(byte));
            let name = &self.text[before.map_or(from, |last| from + last + 1)..equals];
            let name: Vec<u8> = percent_encoding::percent_decode(name).collect();
            let told = match says(Place::Parameter, &name) {
                Some(Says::Secret) => Told::Length,
                Some(Says::Password) => Told::Nothing,
                _ => {
                    from = equals + 1;
                    continue;
                }
            };
            self.hide(equals + 1..end, told);
            return true;
        }
        false
    }

    fn hide(&mut self, range: Range<usize>, told: Told) {
        self.found.extend(secret(range, told));
    }
}

/// Whether a URL with a secret is in a value, percent-encoded or not: `?next=%2F%3Ftoken%3D…`. Nothing is looked into
/// beyond [`DEPTH`].
fn holds_secret(value: &[u8], depth: usize) -> bool {
    let may_hold_url = value.contains(&b'%') || value.windows(2).any(|bytes| bytes == b"//");
    if depth >= DEPTH || !may_hold_url {
        return false;
    }
    let decoded: Vec<u8> = percent_encoding::percent_decode(value).collect();
    let scanner = Scanner { text: &decoded, blanks_end: false, depth: depth + 1, found: Vec::new() };
    !scanner.scan().is_empty() || (decoded != value && holds_secret(&decoded, depth + 1))
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.%~[]$".contains(&byte)
}
