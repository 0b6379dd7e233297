//! The upgrade request as the flags ask for it: credentials, cookies, headers, and the files that hold them.

use std::path::Path;

use crate::cli::{ConnectionArgs, HeaderSource, RequestArgs, Secret};
use crate::client::cookies::Cookies;
use crate::client::plan::{StdinUse, Wishes};
use crate::client::redirect::Recipient;
use crate::error::{Error, Phase, Result};
use crate::http::redact::Secrets;
use crate::http::{HeaderRule, LONGEST_NAME, shortened};
use crate::input::secret;
use crate::net::{Credentials, Target};
use crate::platform::{Stdin, read_text_file};
use crate::wire::DeflateOffer;
use crate::wire::handshake::{Request, RequestOptions, is_key};

/// What the requests of a run are made of: the one to the server of the URL, and those to where redirects lead.
#[derive(Clone)]
pub struct RequestTemplate {
    /// The request to the server of the URL.
    first: RequestOptions,
    password: PasswordSource,
}

/// Where the password for the server of the URL comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PasswordSource {
    /// From the command line, unless something else stands for it there: a token, or a header.
    Given,
    /// From the terminal, where the server wants one.
    Terminal,
}

impl RequestTemplate {
    /// What the flags say about the request to `target`, the server of the URL.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a header, file or secret that will not do.
    pub fn new(
        connection: &ConnectionArgs,
        wishes: &Wishes<'_>,
        target: &Target,
        deflate: Option<DeflateOffer>,
    ) -> Result<Self> {
        let request = &connection.request;
        let first = RequestOptions {
            target: target.resource().to_owned(),
            authority: target.authority(),
            origin: request.origin.clone(),
            authorization: authorization(request, target)?,
            cookie: cookie(&request.cookies)?,
            subprotocols: request.subprotocols.clone(),
            deflate,
            headers: headers(&request.headers, wishes.stdin)?,
            key: connection.fixed.ws_key.clone(),
            secrets: wishes.secrets,
        };
        new(&first)?;
        let is_given = request.user.is_some()
            || request.bearer.is_some()
            || target.credentials().is_some_and(|credentials| credentials.password.is_some())
            || first.headers.iter().any(|rule| rule.name().eq_ignore_ascii_case("Authorization"));
        let password = if is_given { PasswordSource::Given } else { PasswordSource::Terminal };
        Ok(Self { first, password })
    }

    /// Whether the user has given nothing that says who he is to the server of the URL, or only his name.
    pub fn lacks_password(&self) -> bool {
        self.password == PasswordSource::Terminal
    }

    /// From now on the server of the URL gets these.
    pub fn set_credentials(&mut self, credentials: &Credentials) {
        self.first.authorization = Some(credentials.basic());
    }

    /// The request to the server of the URL.
    pub fn first(&self) -> &RequestOptions {
        &self.first
    }

    /// Whether secrets are shown in texts about requests and their answers.
    pub fn secrets(&self) -> Secrets {
        self.first.secrets
    }

    /// The request to `target`, with a key of its own and the cookies that are for it.
    ///
    /// # Errors
    /// [`Phase::Usage`] where it would be none.
    pub fn to(&self, target: &Target, recipient: Recipient, cookies: &Cookies) -> Result<Request> {
        let options = self.options(target, recipient);
        let cookie = cookies.header(target, options.cookie.as_deref());
        new(&RequestOptions { cookie, ..options })
    }

    /// The request to `target`, with `cookies`, and with what `change` makes of it. It is given only what `recipient` may see
    /// of the rest.
    ///
    /// # Errors
    /// [`Phase::Usage`] where it would be none.
    pub fn changed(
        &self,
        target: &Target,
        recipient: Recipient,
        cookies: &Cookies,
        change: impl FnOnce(&mut RequestOptions),
    ) -> Result<Request> {
        let mut options = self.options(target, recipient);
        options.cookie = cookies.header(target, options.cookie.as_deref());
        change(&mut options);
        new(&options)
    }

    /// What the request to `target` is made of, as far as `recipient` may see it.
    fn options(&self, target: &Target, recipient: Recipient) -> RequestOptions {
        let options = match recipient {
            Recipient::First => self.first.clone(),
            Recipient::Trusted => RequestOptions { headers: self.headers_for_any_host(), ..self.first.clone() },
            Recipient::Other => RequestOptions {
                authorization: target.credentials().map(Credentials::basic),
                cookie: None,
                subprotocols: self.public_subprotocols(),
                headers: Vec::new(),
                ..self.first.clone()
            },
        };
        RequestOptions { target: target.resource().to_owned(), authority: target.authority(), ..options }
    }

    /// What `recipient` does not get, for people: none of it is the value of a secret.
    pub fn withheld(&self, recipient: Recipient) -> Vec<String> {
        if recipient != Recipient::Other {
            return Vec::new();
        }
        let RequestOptions { authorization, cookie, subprotocols, headers, .. } = &self.first;
        let of_flags = [("Authorization", authorization.is_some()), ("Cookie", cookie.is_some())];
        let mut names: Vec<_> =
            of_flags.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| format!("`{name}`")).collect();
        for rule in headers.iter().filter(|rule| rule.value().is_some()) {
            let name = format!("`{}`", rule.name());
            if !names.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
                names.push(name);
            }
        }
        if self.public_subprotocols().len() < subprotocols.len() {
            names.push("the secret in a subprotocol".to_owned());
        }
        names
    }

    /// The headers of the user's, without what names the server of the URL.
    fn headers_for_any_host(&self) -> Vec<HeaderRule> {
        let headers = self.first.headers.iter().filter(|rule| !rule.name().eq_ignore_ascii_case("Host"));
        headers.cloned().collect()
    }

    /// The subprotocols that are names alone, and hold no secret.
    fn public_subprotocols(&self) -> Vec<String> {
        let names = &self.first.subprotocols;
        let shown = Secrets::Hidden.subprotocols(names.iter().map(String::as_str));
        names.iter().zip(shown).filter(|(name, shown)| *name == shown).map(|(name, _)| name.clone()).collect()
    }
}

/// A request, with a key of its own.
fn new(options: &RequestOptions) -> Result<Request> {
    Request::new(options).map_err(|mistake| Error::new(Phase::Usage, format!("no such request can be sent: {mistake}")))
}

fn authorization(request: &RequestArgs, target: &Target) -> Result<Option<String>> {
    if let Some(bearer) = &request.bearer {
        return Ok(Some(format!("Bearer {}", read_secret("--bearer", bearer)?)));
    }
    let Some(user) = &request.user else {
        return Ok(target.credentials().map(Credentials::basic));
    };
    Ok(Some(credentials("--user", user, &target.endpoint().peer())?.basic()))
}

/// The user and the password that `flag` gives for a `server`; asks for a missing password.
///
/// # Errors
/// [`Phase::Usage`] where they cannot be read or asked for.
pub fn credentials(flag: &str, secret: &Secret, server: &str) -> Result<Credentials> {
    let given = read_secret(flag, secret)?;
    let (user, password) = if let Some((user, password)) = given.split_once(':') {
        (user.to_owned(), password.to_owned())
    } else {
        let password = secret::ask(&format!("Password of {given} at {server}: "))?;
        (given, password)
    };
    Ok(Credentials { user, password: Some(password) })
}

fn cookie(cookies: &[Secret]) -> Result<Option<String>> {
    let cookies: Vec<_> = cookies.iter().map(|cookie| read_secret("--cookie", cookie)).collect::<Result<_>>()?;
    Ok((!cookies.is_empty()).then(|| cookies.join("; ")))
}

/// What a header given with `-H` takes the place of, where another flag asked for it too.
pub fn replaced(request: &RequestOptions) -> Vec<String> {
    let asked_for = [
        ("Origin", "--origin", request.origin.is_some()),
        ("Authorization", "--user, --bearer or the URL", request.authorization.is_some()),
        ("Cookie", "--cookie", request.cookie.is_some()),
        ("Sec-WebSocket-Protocol", "--subprotocol", !request.subprotocols.is_empty()),
    ];
    let is_replaced = |name: &str| request.headers.iter().any(|rule| rule.name().eq_ignore_ascii_case(name));
    let replaced = asked_for.into_iter().filter(|(name, _, is_asked_for)| *is_asked_for && is_replaced(name));
    replaced
        .map(|(name, flag, _)| format!("`{name}` is sent as `--header` says, and not as {flag} would have it"))
        .collect()
}

/// What there is to say about a `Sec-WebSocket-Key` given with `-H` that is none: servers refuse it, each in words of its
/// own.
pub fn wrong_key(request: &RequestOptions) -> Option<String> {
    let rules = request.headers.iter().filter(|rule| rule.name().eq_ignore_ascii_case("Sec-WebSocket-Key"));
    let key = rules.filter_map(HeaderRule::value).find(|key| !is_key(key.as_bytes()))?;
    let shown = shortened(key, LONGEST_NAME);
    Some(format!(
        "`{shown}` of `-H` is not a `Sec-WebSocket-Key`: 16 bytes in Base64 are asked for (RFC 6455 section 4.1); without that \
         header a random one is sent"
    ))
}

/// A secret's value; a file's single trailing newline is not part of it. `flag` is for messages.
///
/// # Errors
/// [`Phase::Usage`] when the file cannot be read.
pub fn read_secret(flag: &str, secret: &Secret) -> Result<String> {
    match secret {
        Secret::Literal(value) => Ok(value.clone()),
        Secret::File(path) => {
            let mut value = read_file(flag, path)?;
            if value.ends_with('\n') {
                value.pop();
                if value.ends_with('\r') {
                    value.pop();
                }
            }
            Ok(value)
        }
    }
}

fn headers(headers: &[HeaderSource], stdin: StdinUse) -> Result<Vec<HeaderRule>> {
    if headers.iter().any(is_stdin) && stdin == StdinUse::Input {
        return Err(usage("--header", "`@-` reads headers from stdin, which is the input of this session")
            .hint("`-x MESSAGE` and `-N` leave stdin to the headers"));
    }
    header_rules("--header", headers)
}

/// Whether the headers are to be read from stdin.
pub fn is_stdin(source: &HeaderSource) -> bool {
    matches!(source, HeaderSource::File(path) if path == Path::new("-"))
}

/// The headers that `sources` hold; `flag` is for messages.
///
/// # Errors
/// [`Phase::Usage`]: a file that cannot be read, or holds something else.
pub fn header_rules(flag: &str, sources: &[HeaderSource]) -> Result<Vec<HeaderRule>> {
    let mut rules = Vec::new();
    for source in sources {
        match source {
            HeaderSource::Rule(rule) => rules.push(rule.clone()),
            HeaderSource::File(path) if !is_stdin(source) => {
                rules.extend(rules_in(flag, &path.display().to_string(), &read_file(flag, path)?)?);
            }
            HeaderSource::File(_) => {
                let text = Stdin::read_text().map_err(|error| usage(flag, "cannot read stdin").caused_by(error))?;
                rules.extend(rules_in(flag, "stdin", without_mark(&text))?);
            }
        }
    }
    Ok(rules)
}

/// A rule a line, as in curl: blank lines and those that start with `#` say nothing.
fn rules_in(flag: &str, name: &str, text: &str) -> Result<Vec<HeaderRule>> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let parse = |(number, line): (usize, &str)| {
        HeaderRule::parse(line).map_err(|mistake| usage(flag, &format!("{name}:{number}: {mistake}")))
    };
    lines.map(parse).collect()
}

fn read_file(flag: &str, path: &Path) -> Result<String> {
    let read = read_text_file(path);
    read.map(|text| without_mark(&text).to_owned())
        .map_err(|error| Error::new(Phase::Usage, format!("{flag}: cannot read `{}`", path.display())).caused_by(error))
}

/// Editors and shells of Windows begin text with a byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn usage(flag: &str, mistake: &str) -> Error {
    Error::new(Phase::Usage, format!("{flag}: {mistake}"))
}
