//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 section 9.1).

use std::fmt;

use crate::http::token;

/// One extension of the list, with its parameters in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// A token.
    pub name: String,
    /// What follows it after semicolons.
    pub parameters: Vec<Parameter>,
}

/// A parameter of an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// A token.
    pub name: String,
    /// A token, without the quotes that it may have come in.
    pub value: Option<String>,
}

/// Reads the value of the header, or of several of them joined by commas. Empty list elements are skipped.
///
/// # Errors
/// What is wrong, and where in `value`.
pub fn parse_extensions(value: &[u8]) -> Result<Vec<Extension>, String> {
    let mut scanner = Scanner { text: value, position: 0 };
    let mut extensions = Vec::new();
    loop {
        while scanner.accept(b',') {}
        if scanner.at_end() {
            return Ok(extensions);
        }
        extensions.push(scanner.extension()?);
        if !scanner.at_end() && !scanner.accept(b',') {
            return Err(scanner.mistake("`,` or `;`"));
        }
    }
}

/// Reads what can follow an extension's name: `name=value; name`.
pub(crate) fn parse_parameters(text: &str) -> Result<Vec<Parameter>, String> {
    let mut scanner = Scanner { text: text.as_bytes(), position: 0 };
    let mut parameters = Vec::new();
    if scanner.at_end() {
        return Ok(parameters);
    }
    loop {
        parameters.push(scanner.parameter()?);
        if scanner.at_end() {
            return Ok(parameters);
        }
        if !scanner.accept(b';') {
            return Err(scanner.mistake("`;`"));
        }
    }
}

/// Reads from the front; white space between the parts is skipped (RFC 6455 follows RFC 2616's implied LWS).
struct Scanner<'a> {
    text: &'a [u8],
    position: usize,
}

impl Scanner<'_> {
    fn extension(&mut self) -> Result<Extension, String> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        while self.accept(b';') {
            parameters.push(self.parameter()?);
        }
        Ok(Extension { name, parameters })
    }

    fn parameter(&mut self) -> Result<Parameter, String> {
        let name = self.token()?;
        let value = match self.accept(b'=') {
            true if self.accept(b'"') => Some(self.rest_of_quoted()?),
            true => Some(self.token()?),
            false => None,
        };
        Ok(Parameter { name, value })
    }

    fn token(&mut self) -> Result<String, String> {
        self.skip_blanks();
        let length = self.text[self.position..].iter().take_while(|&&byte| token::is_token_byte(byte)).count();
        if length == 0 {
            return Err(self.mistake("a token"));
        }
        let token = String::from_utf8_lossy(&self.text[self.position..][..length]).into_owned();
        self.position += length;
        Ok(token)
    }

    /// After the opening quote: "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
    fn rest_of_quoted(&mut self) -> Result<String, String> {
        let start = self.position;
        let mut value = Vec::new();
        loop {
            let byte = self.next_quoted_byte()?;
            if byte == b'"' {
                break;
            }
            value.push(if byte == b'\\' { self.next_quoted_byte()? } else { byte });
        }
        if token::is_token(&value) {
            return Ok(String::from_utf8_lossy(&value).into_owned());
        }
        self.position = start;
        Err(self.mistake("a token between the quotes"))
    }

    fn next_quoted_byte(&mut self) -> Result<u8, String> {
        let byte = self.text.get(self.position).copied().ok_or_else(|| self.mistake("the closing quote"))?;
        self.position += 1;
        Ok(byte)
    }

    fn accept(&mut self, wanted: u8) -> bool {
        self.skip_blanks();
        let found = self.text.get(self.position) == Some(&wanted);
        self.position += usize::from(found);
        found
    }

    fn at_end(&mut self) -> bool {
        self.skip_blanks();
        self.position == self.text.len()
    }

    fn skip_blanks(&mut self) {
        self.position += self.text[self.position..].iter().take_while(|&&byte| token::is_blank(byte)).count();
    }

    fn mistake(&self, expected: &str) -> String {
        let rest = String::from_utf8_lossy(&self.text[self.position..]);
        if rest.is_empty() {
            format!("expected {expected} at the end")
        } else {
            format!("expected {expected} at `{rest}`")
        }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        self.parameters.iter().try_for_each(|parameter| write!(formatter, "; {parameter}"))
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(formatter, "{}={value}", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: &str) -> Result<Vec<String>, String> {
        Ok(parse_extensions(value.as_bytes())?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_examples_of_section_9_1() {
        assert_eq!(shown("deflate-stream").unwrap(), ["deflate-stream"]);
        assert_eq!(
            shown("mux; max-channels=4; flow-control, deflate-stream").unwrap(),
            ["mux; max-channels=4; flow-control", "deflate-stream"]
        );
        assert_eq!(shown("private-extension").unwrap(), ["private-extension"]);
    }

    #[test]
    fn quotes_are_taken_off() {
        assert_eq!(shown(r#"a; b="10"; c="x\y""#).unwrap(), ["a; b=10; c=xy"]);
    }

    #[test]
    fn white_space_and_empty_elements_mean_nothing() {
        assert_eq!(shown(" ,, a ;\tb = 1 , ,c,").unwrap(), ["a; b=1", "c"]);
        assert!(shown("").unwrap().is_empty());
    }

    #[test]
    fn what_the_grammar_does_not_allow() {
        for bad in ["a;", "a; =1", "a; b=", "a b", "a; b=\"1", "a; b=\"1 2\"", "a; b=\"\"", "a; b=1 2", ";", "a\u{e9}"]
        {
            shown(bad).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = parse_extensions(&bytes);
        }

        #[test]
        fn what_is_written_is_read_back(names in prop::collection::vec("[a-z!#.-]{1,8}(; [a-z]{1,5}(=[a-z0-9]{1,3})?){0,3}", 0..4)) {
            prop_assert_eq!(shown(&names.join(", ")).unwrap(), names);
        }
    }
}
