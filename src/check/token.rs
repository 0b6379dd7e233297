//! When the bearer token of a request expires, read from the token itself (RFC 7519 section 4.1.4). Nothing is verified.

use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::http::HeaderRule;
use crate::wire::handshake::RequestOptions;

/// How long ago the token of the request expired; `None` where it has not, or says nothing of it.
pub fn expired_for(options: &RequestOptions) -> Option<Duration> {
    let mut rules = options.headers.iter().filter(|rule| rule.name().eq_ignore_ascii_case("Authorization"));
    let value = rules.find_map(HeaderRule::value).or(options.authorization.as_deref())?;
    let (scheme, token) = value.split_once(' ')?;
    let expiry = expiry(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("Bearer"))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    now.checked_sub(expiry)
}

/// The claim `exp` of a JSON Web Token, since the Unix epoch.
fn expiry(token: &str) -> Option<Duration> {
    let claims = token.split('.').nth(1)?;
    let claims = BASE64URL_NOPAD.decode(claims.trim_end_matches('=').as_bytes()).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Duration::try_from_secs_f64(claims.get("exp")?.as_f64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.x", BASE64URL_NOPAD.encode(claims.as_bytes()))
    }

    #[test]
    fn the_claim_is_read_where_there_is_one() {
        assert_eq!(expiry(&token("{\"exp\":1000}")), Some(Duration::from_secs(1000)));
        for other in [token("{}"), token("{\"exp\":\"soon\"}"), token("{\"exp\":-1}"), "opaque".into(), "a.b.c".into()]
        {
            assert_eq!(expiry(&other), None, "{other}");
        }
    }

    #[test]
    fn a_token_is_found_in_the_flag_and_in_the_header() {
        let header = format!("Bearer {}", token("{\"exp\":1000}"));
        let by_flag = RequestOptions { authorization: Some(header.clone()), ..RequestOptions::default() };
        assert!(expired_for(&by_flag).is_some());
        let rule = HeaderRule::parse(&format!("authorization: {header}")).unwrap();
        assert!(expired_for(&RequestOptions { headers: vec![rule], ..RequestOptions::default() }).is_some());
        let future = Some(format!("Bearer {}", token("{\"exp\":99999999999}")));
        assert_eq!(expired_for(&RequestOptions { authorization: future, ..RequestOptions::default() }), None);
        let basic = Some("Basic e30.e30.x".to_owned());
        assert_eq!(expired_for(&RequestOptions { authorization: basic, ..RequestOptions::default() }), None);
    }
}
