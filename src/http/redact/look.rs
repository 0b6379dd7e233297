//! What a token looks like.

/// So many characters of Base64 or hex are no word and no number.
const LEAST_LENGTH: usize = 32;

/// The longest word in a name such as `a-name-of-many-words`.
const LONGEST_WORD: usize = 15;

/// Whether `value`, which may be percent-encoded, is or holds a token.
pub(super) fn is_secret(value: &[u8]) -> bool {
    if value.len() < 5 {
        return false;
    }
    let decoded: Vec<u8> = percent_encoding::percent_decode(value).collect();
    let text = String::from_utf8_lossy(&decoded);
    // `~` is in no alphabet, but tokens are joined with it.
    text.split(|c: char| !is_base64(c) && c != '.').any(|piece| is_jwt(piece) || piece.split('.').any(is_opaque))
}

/// Whether `text` is a JSON Web Token (RFC 7519): parts in Base64 with dots between. The first part is a JSON object.
pub(super) fn is_jwt(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_object = parts.next().is_some_and(|first| first.starts_with("eyJ"));
    is_object && parts.next().is_some() && text.chars().all(|c| is_base64(c) || c == '.')
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=')
}

fn is_opaque(text: &str) -> bool {
    text.len() >= LEAST_LENGTH && !is_uuid(text) && !are_words(text)
}

/// UUIDs are ids of rooms, users and requests.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether it is made of words, as in a path, a name or a sentence.
fn are_words(text: &str) -> bool {
    let is_word = |part: &str| {
        let rest = part.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or(part);
        let rest = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - rest.len();
        part.len() <= LONGEST_WORD && digits <= 8 && rest.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let mut parts = text.split(['-', '_', '/', '+']).filter(|part| !part.is_empty()).peekable();
    text.contains(['-', '_', '/', '+']) && parts.peek().is_some() && parts.all(is_word)
}
