//! From the command line to what a session needs: everything that can be wrong with it is found here.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;

use crate::cli::{
    ConnectionArgs, FixedArgs, KeepaliveArgs, LimitArgs, PlainSessionArgs, ProtocolArgs, ReportedSessionArgs,
    SessionArgs, Tap, ViewArgs, Wait,
};
use crate::client::redirect::{Recipient, RedirectPolicy};
use crate::client::request::{self, RequestTemplate};
use crate::client::route::Routing;
use crate::client::view;
use crate::error::{Error, Phase, Result};
use crate::http::redact::Secrets;
use crate::net::{Target, TimeLimit};
use crate::pattern::Expression;
use crate::platform::{is_started_by_session_leader, is_stdin_in_background};
use crate::session::{AfterInput, AutoReply, Echo, ExpectedAnswers, HeartbeatPolicy, Settings, StopCondition};
use crate::wire::handshake::Strictness;
use crate::wire::{DeflateOffer, MaskSource, Role};

/// How long nothing may come after the end of the input before the session is closed.
const QUIET: Duration = Duration::from_secs(2);
/// What is said when data keeps a session open for long after that.
const STAYING: &str = "data keeps the session open after the end of the input: it closes when none has come for 2 seconds; \
     `-w SECONDS` closes it in any case";
/// What is said when the dialect demands a heartbeat that is not sent by itself.
const HEARTBEATS: &str =
    "the server waits for a heartbeat of this dialect, and closes the connection without it: `--heartbeat` sends them";
/// How long the peer may be silent before it has answered our Close.
const CLOSE_QUIET: Duration = Duration::from_secs(5);

/// What is shorter gains little: 32 bytes often come out longer than they were, and cost as much time as 500.
const COMPRESS_FROM: usize = 128;

/// What opening a client's session takes; used again for every reconnect.
#[derive(Clone)]
pub struct Plan {
    /// Where to.
    pub target: Target,
    /// How to get there, and to where redirects lead.
    pub routing: Routing,
    /// Which redirects are followed.
    pub redirects: RedirectPolicy,
    /// For the whole handshake, name lookup included.
    pub connect_timeout: Duration,
    /// What the upgrade requests are made of.
    pub request: RequestTemplate,
    /// How frames are made and judged.
    pub protocol: ProtocolOptions,
    /// How the session behaves.
    pub settings: Settings,
    /// What to say with `-v` before anything else.
    pub in_force: Vec<String>,
    /// What must not be overlooked.
    pub warning: Option<String>,
    /// What to say in any case.
    pub notes: Vec<String>,
}

/// How frames are made and judged, in either role.
#[derive(Debug, Clone)]
pub struct ProtocolOptions {
    /// What to do about a breach of the peer's.
    pub strictness: Strictness,
    /// The largest message to accept, in bytes.
    pub max_message: u64,
    /// Where masking keys come from.
    pub mask: MaskSource,
    /// Messages are split at so many bytes.
    pub fragment: Option<std::num::NonZeroUsize>,
    /// What to offer, or accept, of permessage-deflate.
    pub deflate: Option<DeflateOffer>,
    /// Messages of less bytes are sent uncompressed.
    pub compress_from: usize,
}

impl ProtocolOptions {
    /// As the flags say.
    pub fn new(protocol: &ProtocolArgs, limits: &LimitArgs) -> Self {
        Self {
            strictness: if protocol.lenient { Strictness::Lenient } else { Strictness::Strict },
            max_message: limits.max_message,
            mask: MaskSource::Random,
            fragment: protocol.fragment,
            deflate: protocol.deflate(),
            compress_from: if protocol.compresses_everything() { 1 } else { COMPRESS_FROM },
        }
    }
}

impl Plan {
    /// A client's session with `url`.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a URL, header, file or secret that will not do.
    pub fn client(url: &str, args: &SessionArgs, started: Instant) -> Result<Self> {
        let stdin = if args.reads_stdin() { StdinUse::Input } else { StdinUse::Free };
        let settings = client_settings(args, started);
        let wishes = Wishes { protocol: &args.protocol, limits: &args.limits, secrets: args.view.secrets(), stdin };
        let mut plan = Self::connecting(url, &args.connection, &wishes, settings)?;
        let most = plan.protocol.max_message;
        if let Some(long) = args.execute.execute.iter().find(|message| message.len() as u64 > most) {
            let message = format!("a message of `-x` has {} bytes, and `--max-message` allows {most}", long.len());
            return Err(Error::new(Phase::Usage, message));
        }
        let doubts = view::doubts(&args.view).chain(args.stop.until.iter().filter_map(Expression::doubt));
        let notes = times_in_data(&args.view).into_iter().chain(doubts).chain(args.note.clone());
        plan.notes.splice(..0, notes);
        plan.warning.clone_from(&args.warning);
        Ok(plan)
    }

    /// Sessions with `url` that are reported on.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a URL, header, file or secret that will not do.
    pub fn reported(url: &str, args: &ReportedSessionArgs) -> Result<Self> {
        let plan = Self::plain(url, &args.session, args.report.secrets(), Instant::now())?;
        Ok(Self { warning: args.warning.clone(), ..plan })
    }

    /// Sessions with `url` that take no input, in a run that has `started`.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a URL, header, file or secret that will not do.
    pub fn plain(url: &str, args: &PlainSessionArgs, secrets: Secrets, started: Instant) -> Result<Self> {
        let PlainSessionArgs { connection, limits, protocol } = args;
        let wishes = Wishes { protocol, limits, secrets, stdin: StdinUse::Free };
        let settings = settings(Role::Client, Echo::Off, limits, protocol, started);
        Self::connecting(url, connection, &wishes, settings)
    }

    /// Connections to the server of a tap. Their frames are the clients'.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a URL, header, file or secret that will not do.
    pub fn relayed(url: &str, args: &Tap) -> Result<Self> {
        let protocol = ProtocolArgs::default();
        let stdin = if args.rewrite.no_input { StdinUse::Free } else { StdinUse::Input };
        let wishes = Wishes { protocol: &protocol, limits: &args.limits, secrets: args.view.secrets(), stdin };
        let settings = settings(Role::Client, Echo::Off, &args.limits, &protocol, Instant::now());
        Self::connecting(url, &args.connection(), &wishes, settings)
    }

    /// Connections to `url`, and sessions with these `settings` on them.
    ///
    /// # Errors
    /// [`Phase::Usage`]: a URL, header, file or secret that will not do.
    fn connecting(url: &str, connection: &ConnectionArgs, wishes: &Wishes<'_>, settings: Settings) -> Result<Self> {
        let ConnectionArgs { fixed, .. } = connection;
        let target = Target::parse(url)?;
        let routing = Routing::new(&connection.route);
        // What it reads from files is wanted before anything is connected.
        let route = routing.to(&target, Recipient::First)?;
        let no_proxy = routing.why_no_proxy(&target)?;
        let mut protocol = ProtocolOptions::new(wishes.protocol, wishes.limits);
        protocol.mask = fixed.mask_key.map_or(MaskSource::Random, MaskSource::Fixed);
        let request = RequestTemplate::new(connection, wishes, &target, protocol.deflate.clone())?;
        let unwritable = target.secure().then(unwritable_key_log).flatten();
        let notes = connection.request.note().into_iter().chain(request::replaced(request.first()));
        let notes =
            notes.chain(request::wrong_key(request.first())).chain(unwritable).chain(cut_by_the_shell(url)).collect();
        Ok(Self {
            target,
            in_force: routing.in_force(&route).chain(no_proxy).chain(in_force(wishes.protocol, Some(fixed))).collect(),
            routing,
            redirects: RedirectPolicy::new(&connection.redirects),
            connect_timeout: connection.request.connect_timeout,
            request,
            protocol,
            settings,
            warning: None,
            notes,
        })
    }

    /// Whether the time limit of the whole run has passed.
    pub fn is_out_of_time(&self) -> bool {
        self.settings.max_time.is_some_and(|(until, _)| Instant::now() >= until)
    }

    /// How long one more attempt to connect may take: as long as any, or what is left of the run.
    pub fn time_limit(&self) -> TimeLimit {
        time_limit(self.connect_timeout, self.settings.max_time)
    }
}

/// How long one more attempt to connect may take, where `max_time` limits the whole run.
pub fn time_limit(connect_timeout: Duration, max_time: Option<(Instant, Duration)>) -> TimeLimit {
    let owner = "`--connect-timeout` gives to all steps together";
    let limit = TimeLimit { owner, ..TimeLimit::starting_now(connect_timeout) };
    match max_time {
        Some((until, length)) if until < limit.until => {
            TimeLimit { until, length, owner: "`--max-time` gives to the whole run", ..limit }
        }
        _ => limit,
    }
}

/// What is asked of connections, besides what the flags for connecting say.
pub struct Wishes<'a> {
    /// How frames are made and judged.
    pub protocol: &'a ProtocolArgs,
    /// The limits of a session.
    pub limits: &'a LimitArgs,
    /// Whether secrets are shown.
    pub secrets: Secrets,
    /// Whether headers may be read from stdin.
    pub stdin: StdinUse,
}

/// What stdin is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StdinUse {
    /// For messages, or for a script.
    Input,
    /// For nothing: headers may come from there.
    Free,
}

impl Plan {
    /// The same, with so many bytes of received messages kept for what may be expected.
    pub fn remembering(mut self, bytes: usize) -> Self {
        self.settings.remember = Some(bytes);
        self
    }
}

/// The note for a URL of which the shell may have taken all from an `&` on, and the `&` for the background.
fn cut_by_the_shell(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    // `timeout wscope URL` is in the background too, but no child of the shell at the terminal.
    let may_be_cut =
        query.contains('=') && !query.contains('&') && is_stdin_in_background() && is_started_by_session_leader();
    may_be_cut.then(|| {
        "this runs in the background: if the URL went on with `&`, the shell cut it off there, and it needs quotes"
            .into()
    })
}

fn client_settings(args: &SessionArgs, started: Instant) -> Settings {
    let stop_condition = stop_condition(args);
    let after_input = match args.execute.wait {
        Some(Wait::For(wait)) => AfterInput::Fixed(wait),
        Some(Wait::Forever) => AfterInput::Forever,
        None if args.input.no_input || args.input.echo => AfterInput::Forever,
        None if stop_condition.is_some() => AfterInput::StopCondition(QUIET),
        None => AfterInput::Quiet(QUIET),
    };
    let echo = if args.input.echo { Echo::On } else { Echo::Off };
    let common = settings(Role::Client, echo, &args.limits, &args.protocol, started);
    let KeepaliveArgs { ping_interval, ping_timeout } = args.keepalive;
    let heartbeats = if args.heartbeat { HeartbeatPolicy::Send } else { common.heartbeats };
    let staying = Some(STAYING);
    Settings { after_input, ping_interval, ping_timeout, stop_condition, staying, heartbeats, ..common }
}

fn stop_condition(args: &SessionArgs) -> Option<StopCondition> {
    let SessionArgs { stop, view, .. } = args;
    let is_filtered = !view.filter.is_empty() || view.jq.is_some();
    stop.count().map(|count| StopCondition { count, until: stop.until.clone(), is_filtered, before: 0 })
}

/// What both roles have in common; a session that was told nothing else goes on for ever.
pub fn settings(role: Role, echo: Echo, limits: &LimitArgs, protocol: &ProtocolArgs, started: Instant) -> Settings {
    let auto_reply = |silent| if silent { AutoReply::Silent } else { AutoReply::Answer };
    Settings {
        role,
        after_input: AfterInput::Forever,
        close_quiet: CLOSE_QUIET.min(limits.close_timeout),
        close_total: limits.close_timeout,
        expected_answers: ExpectedAnswers::ToPings,
        ping_interval: None,
        ping_timeout: None,
        max_time: limits.max_time.map(|limit| (started + limit, limit)),
        pong: auto_reply(protocol.no_pong),
        close_reply: auto_reply(protocol.no_close_reply),
        echo,
        stop_condition: None,
        remember: None,
        staying: None,
        heartbeats: HeartbeatPolicy::Tell(HEARTBEATS),
        budget: None,
    }
}

/// What is in force that a well-behaved or a careful peer would not do, one line each for `-v`.
pub fn in_force(protocol: &ProtocolArgs, fixed: Option<&FixedArgs>) -> impl Iterator<Item = String> + use<> {
    let fixed_key = |flag: &str, value: &str| format!("{flag} {value}: fixed, where it should be random");
    let notes = [
        protocol.lenient.then(|| "--lenient: breaches are reported, and looked past where that is possible".to_owned()),
        protocol.fragment.map(|size| format!("--fragment {size}: what is sent is split at so many bytes")),
        protocol.no_pong.then(|| "--no-pong: pings stay unanswered".to_owned()),
        protocol.no_close_reply.then(|| "--no-close-reply: Close stays unanswered".to_owned()),
        fixed.and_then(|fixed| fixed.mask_key).map(|key| fixed_key("--mask-key", &HEXLOWER.encode(&key))),
        fixed.and_then(|fixed| fixed.ws_key.as_deref()).map(|key| fixed_key("--ws-key", key)),
    ];
    notes.into_iter().flatten()
}

/// What there is to say where a bare `-t` puts times into data that other programs read.
pub fn times_in_data(view: &ViewArgs) -> Option<String> {
    view.note().filter(|_| !io::stdout().is_terminal()).map(str::to_owned)
}

/// What there is to say where the file of SSLKEYLOGFILE cannot be written: rustls says nothing.
pub fn unwritable_key_log() -> Option<String> {
    let path = std::env::var_os("SSLKEYLOGFILE").filter(|path| !path.is_empty())?;
    let error = OpenOptions::new().append(true).create(true).open(&path).err()?;
    Some(format!("SSLKEYLOGFILE: cannot write `{}`, so no TLS secrets are logged: {error}", Path::new(&path).display()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Invocation, parse};

    fn plan(line: &str) -> Result<Plan> {
        let words = format!("wscope {line}");
        match parse(words.split_whitespace().map(OsString::from)).expect(line) {
            Invocation::Connect(connect) => Plan::client(&connect.url, &connect.session, Instant::now()),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn settings(line: &str) -> Settings {
        plan(line).expect(line).settings
    }

    #[test]
    fn what_comes_after_the_input_depends_on_what_is_waited_for() {
        assert_eq!(settings("host").after_input, AfterInput::Quiet(QUIET));
        assert_eq!(settings("-1 host").after_input, AfterInput::StopCondition(QUIET));
        assert_eq!(settings("-N host").after_input, AfterInput::Forever);
        assert_eq!(settings("--echo host").after_input, AfterInput::Forever);
        assert_eq!(settings("-w -1 host").after_input, AfterInput::Forever);
        assert_eq!(settings("-w 3 host").after_input, AfterInput::Fixed(Duration::from_secs(3)));
    }

    #[test]
    fn the_flags_for_testing_the_other_side_are_told_with_v() {
        let plan = plan("--lenient --no-pong --mask-key 00c0ffee host").unwrap();
        assert_eq!(plan.in_force.len(), 3);
        assert!(matches!(plan.protocol.mask, MaskSource::Fixed([0, 0xc0, 0xff, 0xee])));
        assert_eq!(plan.settings.pong, AutoReply::Silent);
    }

    #[test]
    fn credentials_of_the_url_become_basic_auth() {
        let request = plan("ws://ann:pass@host/x?y").unwrap().request;
        let request = request.first();
        assert_eq!(request.authorization.as_deref(), Some("Basic YW5uOnBhc3M="));
        assert_eq!((request.target.as_str(), request.authority.as_str()), ("/x?y", "host"));
    }

    #[test]
    fn a_header_that_takes_the_place_of_a_flag_is_told() {
        let notes = plan("--origin http://a -H Origin:http://b host").unwrap().notes;
        assert!(notes[0].starts_with("`Origin` is sent as `--header` says"), "{notes:?}");
    }

    #[test]
    fn what_cannot_be_sent_is_found_before_anything_is_connected() {
        for (line, mistake) in [
            ("--max-message 3 -x long host", "a message of `-x` has 4 bytes, and `--max-message` allows 3"),
            ("--bearer @/nowhere/at/all host", "--bearer: cannot read `/nowhere/at/all`"),
            ("-H @/nowhere/at/all host", "--header: cannot read `/nowhere/at/all`"),
        ] {
            let error = plan(line).err().expect(line);
            assert_eq!((error.phase(), error.to_string().as_str()), (Phase::Usage, mistake));
        }
    }
}
