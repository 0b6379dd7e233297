//! Where masking keys come from (RFC 6455 section 5.3).

use rand::Rng;
use rand::rngs::StdRng;

use crate::wire::Role;

/// Where masking keys come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaskSource {
    /// A new, unpredictable key for each frame (section 10.3).
    #[default]
    Random,
    /// The same key for each frame, for tests and reproducible captures.
    Fixed([u8; 4]),
}

/// Makes the keys.
#[derive(Debug)]
pub enum Masks {
    /// A server does not mask.
    None,
    /// Always the same.
    Fixed([u8; 4]),
    /// A generator seeded by the operating system once, so that a key costs no system call.
    Random(Box<StdRng>),
}

impl Masks {
    pub fn new(role: Role, source: MaskSource) -> Self {
        match (role, source) {
            (Role::Server, _) => Self::None,
            (Role::Client, MaskSource::Fixed(key)) => Self::Fixed(key),
            (Role::Client, MaskSource::Random) => Self::Random(Box::new(rand::make_rng())),
        }
    }

    /// The key for the next frame; `None` for frames that go unmasked.
    #[inline]
    pub fn next_key(&mut self) -> Option<[u8; 4]> {
        match self {
            Self::None => None,
            Self::Fixed(key) => Some(*key),
            Self::Random(generator) => Some(generator.next_u32().to_ne_bytes()),
        }
    }
}
