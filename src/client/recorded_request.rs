//! The request of a recorded connection, as flags: what a replay asks the server for.

use crate::cli::{HeaderSource, RequestArgs};
use crate::client::request::header_rules;
use crate::error::{Error, Phase, Result};
use crate::event::Opened;
use crate::http::HeaderRule;
use crate::http::redact::{Part, Secrets, has_label};
use crate::net::Target;

/// Headers that belong to one connection, or that a new request has anyway.
const OWN: [&str; 9] = [
    "Host",
    "Connection",
    "Upgrade",
    "Keep-Alive",
    "TE",
    "Transfer-Encoding",
    "Content-Length",
    "Proxy-Connection",
    "Proxy-Authorization",
];

/// What the recorded request adds to the flags of a replay.
#[derive(Debug, Default)]
pub struct RecordedRequest {
    /// Where it goes.
    pub url: String,
    /// What there is to say of it.
    pub notes: Vec<String>,
}

impl RecordedRequest {
    /// Adds the headers and subprotocols of the recorded request to `args`, except those that these say otherwise. Secrets go
    /// to no other server than the recorded one.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a part is hidden in the recording, and no flag gives it.
    pub fn add(opened: &Opened, url: Option<&str>, args: &mut RequestArgs) -> Result<Self> {
        let mut request = Self { url: url.unwrap_or(&opened.url).to_owned(), notes: Vec::new() };
        if has_label(&request.url) {
            let error = Error::new(Phase::Usage, "a part of the URL is hidden in the recording");
            return Err(error.evidence(request.url).hint("give the URL: `wscope replay FILE URL`"));
        }
        if url.is_none() {
            request.notes.push(format!("Replaying to {}, as the recording says", shown_url(opened)));
        }
        let is_recorded = same_server(&request.url, &opened.url)?;
        let given = header_rules("--header", &args.headers)?;
        let mut rules = Vec::new();
        let (mut hidden, mut withheld) = (Vec::new(), Vec::new());
        let head = String::from_utf8_lossy(&opened.request_head);
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        for (name, value) in headers.map(|(name, value)| (name.trim(), value.trim())) {
            let is_offer = name.eq_ignore_ascii_case("Sec-WebSocket-Protocol");
            if is_own(name) && !is_offer || is_given(name, args, &given) {
                continue;
            }
            if has_label(value) {
                hidden.push(name.to_owned());
            } else if !is_recorded && is_secret(name, value) {
                withheld.push(format!("`{name}`"));
            } else if is_offer {
                args.subprotocols.extend(value.split(',').map(|offered| offered.trim().to_owned()));
            } else if let Ok(rule) = HeaderRule::parse(&format!("{name}: {value}")) {
                rules.push(HeaderSource::Rule(rule));
            }
        }
        refuse_hidden(&hidden)?;
        if !withheld.is_empty() {
            request.notes.push(format!("not sent, since this is another server: {}", withheld.join(", ")));
        }
        args.headers = rules.into_iter().chain(given.into_iter().map(HeaderSource::Rule)).collect();
        Ok(request)
    }
}

/// The URL of a recorded connection, without its secrets.
pub fn shown_url(opened: &Opened) -> String {
    Secrets::Hidden.text(Part::Text(opened.url.as_bytes()))
}

fn is_own(name: &str) -> bool {
    let is_handshake = name.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("Sec-WebSocket-"));
    is_handshake || OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Whether a flag says what becomes of this header.
fn is_given(name: &str, args: &RequestArgs, given: &[HeaderRule]) -> bool {
    let of_flags = [
        ("Authorization", args.user.is_some() || args.bearer.is_some()),
        ("Cookie", !args.cookies.is_empty()),
        ("Origin", args.origin.is_some()),
        ("Sec-WebSocket-Protocol", !args.subprotocols.is_empty()),
    ];
    given.iter().any(|rule| rule.name().eq_ignore_ascii_case(name))
        || of_flags.iter().any(|(flag, is_given)| *is_given && flag.eq_ignore_ascii_case(name))
}

fn is_secret(name: &str, value: &str) -> bool {
    !Secrets::Hidden.find(Part::Value { name, value: value.as_bytes() }).is_empty()
}

fn same_server(url: &str, recorded: &str) -> Result<bool> {
    let target = Target::parse(url)?;
    // What is no URL to us names no server that could be the same.
    Ok(Target::parse(recorded).is_ok_and(|recorded| {
        (recorded.secure(), recorded.endpoint()) == (target.secure(), target.endpoint())
            && recorded.socket() == target.socket()
    }))
}

fn refuse_hidden(hidden: &[String]) -> Result<()> {
    if hidden.is_empty() {
        return Ok(());
    }
    let message = "the recording hides the values of headers, so flags have to give them";
    let error = hidden.iter().fold(Error::new(Phase::Usage, message), |error, name| error.evidence(name.clone()));
    Err(error.hint(
        "`-H 'NAME: VALUE'` gives one, `-H 'NAME:'` leaves it out; for `Authorization`, `-u` and `--bearer` do too, for `Cookie` \
         `--cookie`, for `Sec-WebSocket-Protocol` `-s`",
    ))
}
