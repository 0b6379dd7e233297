//! Where in the input something is wrong.

use crate::error::Error;

/// `error`, with the place before it and its hint after it.
pub(super) fn at(place: impl Into<String>, error: Error) -> Error {
    let located = Error::new(error.phase(), place);
    let located = match error.hint_text() {
        Some(hint) => located.hint(hint),
        None => located,
    };
    located.caused_by(error)
}
