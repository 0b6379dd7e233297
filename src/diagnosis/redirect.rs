//! Why a redirect is not followed.

/// Why a redirect is not followed, though redirects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFollowed {
    /// Its `Location` is no URL.
    NoUrl,
    /// It leads to another protocol.
    OtherScheme {
        /// The scheme.
        scheme: String,
    },
    /// It leads from TLS to a server without.
    WithoutTls {
        /// Where to, without its secrets.
        url: String,
    },
    /// There were too many before.
    TooMany {
        /// The limit.
        most: u32,
    },
    /// There were too many before, and it leads to where one of them came from.
    Loop {
        /// The limit.
        most: u32,
    },
}
