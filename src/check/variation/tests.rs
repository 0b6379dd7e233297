use super::*;
use crate::diagnosis::{Diagnosis, EngineIo, Login, NoHead, Refused};
use crate::wire::DeflateOffer;

fn asked(url: &str) -> Asked {
    let target = Target::parse(url).unwrap();
    let options = RequestOptions {
        authorization: Some("Bearer secret".to_owned()),
        deflate: Some(DeflateOffer::default()),
        ..RequestOptions::default()
    };
    Asked { first: target.clone(), target, options, has_proxy: false, other_name: None }
}

fn all() -> Vec<Variation> {
    vec![
        Variation::WithoutExtensions,
        Variation::WithoutOrigin,
        Variation::WithOrigin("http://a".to_owned()),
        Variation::WithoutSubprotocols,
        Variation::WithSubprotocol("mqtt"),
        Variation::WithoutTls,
        Variation::At("/socket.io/".to_owned()),
        Variation::OrdinaryGet,
        Variation::OrdinaryGetNowhere,
        Variation::WithHost("localhost".to_owned()),
        Variation::PastProxy,
    ]
}

#[test]
fn what_was_meant_for_the_server_goes_to_it_alone_and_only_through_tls() {
    for variation in all() {
        let goes = |url, credentials| variation.destination(&asked(url), credentials).unwrap().recipient;
        let is_other = matches!(variation, Variation::WithoutTls | Variation::WithHost(_) | Variation::PastProxy);
        let expected = if is_other { Recipient::Other } else { Recipient::First };
        assert_eq!(goes("wss://ann:pass@h/x", CredentialState::NotRefused), expected, "{variation:?}");
        assert_eq!(goes("wss://ann:pass@h/x", CredentialState::Refused), Recipient::Other, "{variation:?}");
        assert_eq!(goes("ws://ann:pass@h/x", CredentialState::NotRefused), Recipient::Other, "{variation:?}");
        let elsewhere = Asked { first: Target::parse("wss://first/").unwrap(), ..asked("wss://h/x") };
        assert_eq!(
            variation.destination(&elsewhere, CredentialState::NotRefused).unwrap().recipient,
            Recipient::Other,
            "{variation:?}"
        );
    }
}

#[test]
fn a_secret_in_the_url_is_left_out_too() {
    let url = |url, variation: Variation| {
        variation.destination(&asked(url), CredentialState::NotRefused).map(|destination| destination.target.url())
    };
    let secret = "wss://ann:pass@h/x?token=abc";
    assert_eq!(url(secret, Variation::WithoutTls).as_deref(), Some("ws://h:443/"));
    assert_eq!(url(secret, Variation::WithoutOrigin).as_deref(), Some("wss://h/x?token=abc"));
    assert_eq!(url("ws://h/x?token=abc", Variation::WithoutOrigin).as_deref(), Some("ws://h/x"));
    assert_eq!(url("ws://h/x?room=1", Variation::WithoutOrigin).as_deref(), Some("ws://h/x?room=1"));
    let in_path = "ws://h/x;token=abcdefgh/y";
    assert_eq!(url(in_path, Variation::WithoutOrigin), None);
}

#[test]
fn at_most_nine_are_tried_and_none_twice() {
    let path = || "/".to_owned();
    let causes = [
        Refused::OrdinaryPage { path: path(), proxy: None },
        Refused::NotTakenForUpgrade { path: path(), proxy: None },
        Refused::NothingThere { path: path() },
        Refused::Forbidden {
            host: path(),
            transport: crate::diagnosis::Transport::Plain,
            sent_origin: false,
            login: Login::NotSent,
        },
        Refused::EngineIo(EngineIo::Version),
    ];
    for cause in causes {
        let plan =
            plan(Some(&Diagnosis::Refused(cause.clone())), &asked("ws://h/"), "tomcat cowboy rails phoenix sockjs");
        assert!(!plan.is_empty() && plan.len() <= MOST, "{cause:?}: {plan:?}");
        for (place, variation) in plan.iter().enumerate() {
            assert!(!plan[..place].contains(variation), "{cause:?}: {plan:?}");
        }
    }
    let too_large = Refused::HeadTooLarge { longest: None, proxy: None };
    assert_eq!(plan(Some(&Diagnosis::Refused(too_large)), &asked("ws://h/"), ""), []);
}

#[test]
fn the_proxy_is_passed_by_where_there_is_one() {
    let behind = Asked { has_proxy: true, ..asked("ws://h/x") };
    let forbidden = Diagnosis::NoTunnel(crate::diagnosis::NoTunnel::NoConnect);
    assert_eq!(plan(Some(&forbidden), &behind, ""), [Variation::PastProxy]);
    assert_eq!(plan(Some(&forbidden), &asked("ws://h/x"), ""), []);
}

#[test]
fn a_unix_domain_socket_is_not_tried_with_tls() {
    let hung_up = Diagnosis::NoHead(NoHead::HungUp { transport: crate::diagnosis::Transport::Plain });
    let plan = plan(Some(&hung_up), &asked("ws+unix:/run/s:/x"), "");
    assert!(!plan.is_empty() && !plan.contains(&Variation::WithTls));
}
