//! How a user changes the headers of our request: curl's `-H`.

use std::fmt;

use super::token;

/// One `-H`: set a header, send it empty, or leave it out.
///
/// `Debug` shows the name only, since values may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum HeaderRule {
    /// `Name: value`: takes the place of a header of that name that would be sent anyway; several of one name all go
    /// out.
    Set {
        /// A token, in the case in which it goes out.
        name: String,
        /// Without control characters but tab.
        value: String,
    },
    /// `Name:`: not sent.
    Remove {
        /// A token.
        name: String,
    },
    /// `Name;`: sent without a value.
    Empty {
        /// A token, in the case in which it goes out.
        name: String,
    },
}

impl HeaderRule {
    /// Reads `Name: value`, `Name:` or `Name;`. White space before the value is dropped.
    ///
    /// # Errors
    /// One line that says what is wrong: no colon, a name that is no token (RFC 9110 section 5.1), or a control
    /// character. It never quotes the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(control) = text.chars().find(|&c| u8::try_from(c).is_ok_and(token::is_control)) {
            return Err(format!("a header cannot hold the control character U+{:04X}", u32::from(control)));
        }
        let Some(end) = text.find([':', ';']) else {
            return Err("a header is `Name: value`, `Name:` (remove it) or `Name;` (send it empty)".to_owned());
        };
        let name = text[..end].to_owned();
        if !token::is_token(name.as_bytes()) {
            return Err("what stands before the colon is not the name of a header".to_owned());
        }
        let value = text[end + 1..].trim_start_matches([' ', '\t']).to_owned();
        match (text.as_bytes()[end], value.is_empty()) {
            (b':', false) => Ok(Self::Set { name, value }),
            (b':', true) => Ok(Self::Remove { name }),
            (_, true) => Ok(Self::Empty { name }),
            (_, false) => Err(format!("`{name};` sends that header empty, so nothing can follow the semicolon")),
        }
    }

    /// The headers that go out: the defaults, without those that a rule names, then the user's own. A `Host` of the user's
    /// takes the place of ours, which is the first (RFC 9110 section 7.2).
    pub fn apply(rules: &[Self], defaults: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(String, String)> {
        let (hosts, others): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.name().eq_ignore_ascii_case("Host"));
        let named = |name: &str| rules.iter().any(|rule| rule.name().eq_ignore_ascii_case(name));
        let given = |rule: &Self| rule.value().map(|value| (rule.name().to_owned(), value.to_owned()));
        let mut headers: Vec<_> = hosts.into_iter().filter_map(given).collect();
        let defaults = defaults.into_iter().filter(|(name, _)| !named(name));
        headers.extend(defaults.map(|(name, value)| (name.to_owned(), value)));
        headers.extend(others.into_iter().filter_map(given));
        headers
    }

    /// The name that it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Set { name, .. } | Self::Remove { name } | Self::Empty { name } => name,
        }
    }

    /// The value that goes out; `None` when nothing does.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Set { value, .. } => Some(value),
            Self::Empty { .. } => Some(""),
            Self::Remove { .. } => None,
        }
    }
}

impl fmt::Debug for HeaderRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Set { .. } => "Set",
            Self::Remove { .. } => "Remove",
            Self::Empty { .. } => "Empty",
        };
        write!(formatter, "{verb}({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_curl() {
        let set = |name: &str, value: &str| HeaderRule::Set { name: name.to_owned(), value: value.to_owned() };
        assert_eq!(HeaderRule::parse("X-A: b: c "), Ok(set("X-A", "b: c ")));
        assert_eq!(HeaderRule::parse("x-a:\t b"), Ok(set("x-a", "b")));
        assert_eq!(HeaderRule::parse("X-A: caf\u{e9}"), Ok(set("X-A", "caf\u{e9}")));
        assert_eq!(HeaderRule::parse("User-Agent:"), Ok(HeaderRule::Remove { name: "User-Agent".to_owned() }));
        assert_eq!(HeaderRule::parse("User-Agent: \t"), Ok(HeaderRule::Remove { name: "User-Agent".to_owned() }));
        assert_eq!(HeaderRule::parse("X-Empty;"), Ok(HeaderRule::Empty { name: "X-Empty".to_owned() }));
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        for bad in ["X-A: b\r\nX-B: c", "X-A: b\n", "X-A: \0", "X-A: \u{7f}", "X-A\r: b", "X-A: \u{1b}[2J"] {
            assert!(HeaderRule::parse(bad).unwrap_err().contains("control character"), "{bad:?}");
        }
        for bad in ["", ":", ": v", "X A: v", "X-A : v", "caf\u{e9}: v", "no colon", "X-A; v", "(x): v"] {
            HeaderRule::parse(bad).unwrap_err();
        }
    }

    #[test]
    fn a_mistake_and_a_dump_keep_the_value_to_themselves() {
        assert!(!HeaderRule::parse("Author ization: s3cret").unwrap_err().contains("s3cret"));
        assert!(!HeaderRule::parse("Authorization; s3cret").unwrap_err().contains("s3cret"));
        assert!(!format!("{:?}", HeaderRule::parse("Authorization: s3cret").unwrap()).contains("s3cret"));
    }
}
