//! Regular expressions that look as if something else were meant. They are legal, and find the very text that they are.

use super::syntax::{ExpressionKind, Syntax};

/// What jq compares with.
const COMPARISONS: [&str; 6] = [" == ", " != ", " >= ", " <= ", " > ", " < "];
/// How filters of jq begin that are not told by their start.
const FILTERS: [&str; 8] = ["select(", "not .", "! .", "|.", "| .", "map(", "any(", "length "];
/// The flags of a regular expression between slashes.
const FLAGS: &str = "dgimsuvy";

/// What may be meant by an expression that is taken for a regular expression.
pub(super) fn about(syntax: &Syntax<'_>) -> Option<&'static str> {
    if syntax.kind != ExpressionKind::Regular || !syntax.is_told_by_start {
        return None;
    }
    let body = syntax.body.trim();
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_.-/".contains(c));
    let compares = COMPARISONS.iter().any(|sign| body.split_once(sign).is_some_and(|(left, _)| is_name(left)));
    let flags = body.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')).map(|(_, flags)| flags);
    let is_quoted = |quote: char| body.len() > 2 && body.starts_with(quote) && body.ends_with(quote);
    if compares || FILTERS.iter().any(|start| body.starts_with(start)) {
        Some("jq begins with `.` or `$`, or is told by `jq:`")
    } else if body.strip_prefix("//").or(body.strip_prefix("..")).is_some_and(is_name) || body.starts_with(".. |") {
        Some("jq looks at any depth: `jq:.. | .price?`")
    } else if flags.is_some_and(|flags| !flags.is_empty() && flags.chars().all(|flag| FLAGS.contains(flag))) {
        Some("the slashes are a part of it, and `(?i)` in front ignores case")
    } else if is_object_without_quotes(body) {
        Some("it is no JSON, where strings and keys stand in `\"`")
    } else if is_quoted('\'') {
        Some("the quotes are a part of it")
    } else {
        None
    }
}

/// `{op:1}`, `{'op':1}`.
fn is_object_without_quotes(body: &str) -> bool {
    let Some((key, _)) = body.strip_prefix('{').and_then(|rest| rest.split_once(':')) else { return false };
    let key = key.trim();
    let is_plain = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_plain(key) || key.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')).is_some_and(is_plain)
}
