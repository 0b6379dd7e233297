//! Which characters the user's terminal can show.

use std::ffi::OsString;

/// The characters of a locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Those of ASCII.
    Ascii,
    /// All of Unicode.
    Unicode,
}

impl Charset {
    /// That of the locale in the environment, which `variable` reads: of the first of `LC_ALL`, `LC_CTYPE` and `LANG` that
    /// is set to something.
    pub fn of_locale(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
        let name = locale.unwrap_or_default().to_string_lossy().to_uppercase();
        if name.contains("UTF-8") || name.contains("UTF8") { Self::Unicode } else { Self::Ascii }
    }
}

/// What a plot is drawn with.
pub struct Ink {
    /// A piece of a bar.
    pub bar: char,
    /// A place that is in a range.
    pub range: char,
    /// Something that is missing.
    pub missed: char,
    /// A piece of the vertical axis.
    pub up: char,
    /// A piece of the horizontal axis.
    pub along: char,
    /// Where they meet.
    pub corner: char,
}

impl Ink {
    /// What a character set has for it.
    pub fn of(charset: Charset) -> Self {
        match charset {
            Charset::Ascii => Self { bar: '#', range: '*', missed: 'x', up: '|', along: '-', corner: '+' },
            Charset::Unicode => Self { bar: '█', range: '•', missed: '×', up: '│', along: '─', corner: '└' },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset(variables: &[(&str, &str)]) -> Charset {
        Charset::of_locale(|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        assert_eq!(charset(&[]), Charset::Ascii);
        assert_eq!(charset(&[("LANG", "C.UTF-8")]), Charset::Unicode);
        assert_eq!(charset(&[("LANG", "de_DE.utf8"), ("LC_ALL", "")]), Charset::Unicode);
        assert_eq!(charset(&[("LANG", "C.UTF-8"), ("LC_CTYPE", "POSIX")]), Charset::Ascii);
        assert_eq!(charset(&[("LC_CTYPE", "POSIX"), ("LC_ALL", "en_US.UTF-8")]), Charset::Unicode);
    }
}
