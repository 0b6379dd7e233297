//! Which variations are tried, by what is suspected.

use super::{Asked, Greeting, NO_HOST, Variation};
use crate::diagnosis::{Breached, Diagnosis, EngineIo, NoHead, NoTls, Refused};

/// The most variations of one check.
pub const MOST: usize = 9;

/// The variations that tell the suspected cause from others, the most telling first. `hints` is what the server said, in
/// lower case.
pub fn plan(suspected: Option<&Diagnosis>, asked: &Asked, hints: &str) -> Vec<Variation> {
    let mut plan = match suspected {
        Some(Diagnosis::Refused(cause)) => for_refusal(cause, asked, hints),
        Some(Diagnosis::NoTls(NoTls::ServerWithout { .. }) | Diagnosis::NoHead(NoHead::PortSpeaksTls)) => {
            vec![other_transport(asked)]
        }
        Some(Diagnosis::NoHead(NoHead::HungUp { .. })) => {
            let broker = Variation::WithSubprotocol("mqtt");
            let first =
                vec![other_transport(asked), Variation::Greeting(Greeting::Http2), Variation::OrdinaryGet, broker];
            let mqtt = vec![Variation::Greeting(Greeting::Mqtt)];
            [first, host(asked), mqtt, simpler(asked), elsewhere(asked, hints)].concat()
        }
        Some(Diagnosis::NoHead(NoHead::Silent)) => {
            let vite = vec![Variation::OrdinaryGet, Variation::WithSubprotocol("vite-hmr")];
            [vite, simpler(asked), elsewhere(asked, hints)].concat()
        }
        Some(Diagnosis::Breached(Breached::ExtensionNotOffered | Breached::WrongCompression | Breached::Other)) => {
            simpler(asked)
        }
        None => [vec![Variation::OrdinaryGet], host(asked), simpler(asked), elsewhere(asked, hints)].concat(),
        Some(_) => Vec::new(),
    };
    let is_of_network = matches!(suspected, None | Some(Diagnosis::NoTunnel(_) | Diagnosis::NoHead(_)));
    if asked.has_proxy && (is_of_network || !plan.is_empty()) {
        plan.insert(0, Variation::PastProxy);
    }
    let is_answer_to_headers = match suspected {
        Some(Diagnosis::Refused(cause)) => !matches!(cause, Refused::Unauthorized { .. } | Refused::LoginPage { .. }),
        suspected => matches!(suspected, None | Some(Diagnosis::NoHead(NoHead::HungUp { .. } | NoHead::Silent))),
    };
    if asked.given_length() > 0 && !plan.is_empty() && is_answer_to_headers {
        plan.insert(0, Variation::WithoutHeaders);
    }
    let is_unix = asked.target.socket().is_some();
    plan.retain(|variation| *variation != other_transport(asked) || !is_unix);
    plan.truncate(MOST);
    plan
}

fn for_refusal(cause: &Refused, asked: &Asked, hints: &str) -> Vec<Variation> {
    let engine_io = || vec![Variation::At(ENGINE_IO.to_owned())];
    match cause {
        Refused::PortSpeaksTls => vec![other_transport(asked)],
        Refused::EngineIo(EngineIo::UpgradeDropped) => vec![Variation::OrdinaryGet],
        Refused::EngineIo(EngineIo::Version) => {
            [engine_io(), vec![Variation::At(ENGINE_IO.replace("EIO=4", "EIO=3"))]].concat()
        }
        Refused::EngineIo(_) => engine_io(),
        Refused::SockJs => vec![Variation::At(format!("{}/websocket", asked.path().trim_end_matches('/')))],
        Refused::SubprotocolWanted => subprotocols(),
        Refused::OriginNotAllowed { .. } | Refused::Forbidden { .. } => {
            [origins(asked), host(asked), simpler(asked), elsewhere(asked, hints)].concat()
        }
        Refused::HostNotAllowed { .. } | Refused::Misdirected => host(asked),
        Refused::Redirect { .. } | Refused::LoginPage { .. } if !asked.target.secure() => {
            vec![Variation::WithTls, Variation::WithHost(NO_HOST.to_owned())]
        }
        Refused::OrdinaryPage { .. } => {
            let portal =
                (!asked.target.secure()).then(|| Variation::WithHost(NO_HOST.to_owned())).into_iter().collect();
            let first = vec![Variation::OrdinaryGetNowhere, Variation::OrdinaryGet];
            [first, portal, elsewhere(asked, hints), origins(asked)].concat()
        }
        Refused::NoServerBehindProxy => [host(asked), elsewhere(asked, hints)].concat(),
        Refused::NothingThere { .. } | Refused::NoGet { .. } | Refused::Redirect { .. } => elsewhere(asked, hints),
        Refused::UpgradeDropped { .. } | Refused::NotTakenForUpgrade { .. } => {
            [simpler(asked), origins(asked), vec![Variation::OrdinaryGet], elsewhere(asked, hints), subprotocols()]
                .concat()
        }
        Refused::ServerFailed
        | Refused::Unsupported
        | Refused::VersionLowered { .. }
        | Refused::NoAnswerBehindProxy { .. } => [simpler(asked), vec![Variation::OrdinaryGet]].concat(),
        _ => Vec::new(),
    }
}

fn other_transport(asked: &Asked) -> Variation {
    if asked.target.secure() { Variation::WithoutTls } else { Variation::WithTls }
}

fn host(asked: &Asked) -> Vec<Variation> {
    asked.other_host().map(Variation::WithHost).into_iter().collect()
}

/// The same request with less in it.
fn simpler(asked: &Asked) -> Vec<Variation> {
    let extensions = asked.options.deflate.is_some().then_some(Variation::WithoutExtensions);
    let subprotocols = (!asked.options.subprotocols.is_empty()).then_some(Variation::WithoutSubprotocols);
    extensions.into_iter().chain(subprotocols).collect()
}

fn origins(asked: &Asked) -> Vec<Variation> {
    let without = asked.sent_origin().then_some(Variation::WithoutOrigin);
    let own = asked.own_origin();
    let with = (asked.options.origin.as_ref() != Some(&own)).then_some(Variation::WithOrigin(own));
    without.into_iter().chain(with).collect()
}

/// What servers insist on, those first that are used most.
fn subprotocols() -> Vec<Variation> {
    ["graphql-transport-ws", "v12.stomp", "mqtt", "graphql-ws", "vite-hmr"].map(Variation::WithSubprotocol).to_vec()
}

/// Where an Engine.IO server is, unless its configuration says otherwise.
const ENGINE_IO: &str = "/socket.io/?EIO=4&transport=websocket";

/// Where the WebSocket of a server is, by what it says of itself; for any server at the end.
const ELSEWHERE: [(&str, &str); 13] = [
    ("cowboy", "/ws"),
    ("phoenix", "/socket/websocket"),
    ("tomcat", "/examples/websocket/echoProgrammatic"),
    ("rails", "/cable"),
    ("sockjs", "/websocket"),
    ("graphql", "/graphql"),
    ("home assistant", "/api/websocket"),
    ("socket.io", ENGINE_IO),
    ("", ENGINE_IO),
    ("", "/ws"),
    ("", "/websocket"),
    ("", "/graphql"),
    ("", "/"),
];

fn elsewhere(asked: &Asked, hints: &str) -> Vec<Variation> {
    let mut found = Vec::new();
    for (_, resource) in ELSEWHERE.into_iter().filter(|(sign, _)| hints.contains(sign)) {
        let variation = Variation::At(resource.to_owned());
        let path = resource.split('?').next().unwrap_or_default();
        if path != asked.path() && !found.contains(&variation) {
            found.push(variation);
        }
    }
    found
}
