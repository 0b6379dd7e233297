//! Taking a head apart, line by line.

use std::ops::Range;

use super::{Defect, DefectKind, Field, Head, HeadKind, LONGEST_NAME, StartLine, shortened, start_line, token};

impl Head {
    /// Takes apart what begins at `begin` and ends with an empty line; `None` when its first line is no start line of
    /// that `kind`.
    pub(super) fn parse(raw: &[u8], begin: usize, kind: HeadKind) -> Option<Self> {
        let mut lines = Lines { raw, position: begin };
        let first = lines.next()?;
        let start = StartLine::parse(&raw[first.text.clone()], kind)?;
        let mut parser = Parser { raw, fields: Vec::new(), defects: Vec::new(), notes: Vec::new() };
        parser.line_end(&first);
        parser.start_line(&start, first.text.clone());
        for line in lines.take_while(|line| !line.text.is_empty()) {
            parser.line_end(&line);
            parser.line(line.text);
        }
        parser.values();
        if begin > 0 {
            parser.notes.push("another response announced this one (1xx, RFC 9110 section 15.2)".to_owned());
        }
        let Parser { fields, defects, notes, .. } = parser;
        Some(Self { raw: raw.to_vec(), first_line: first.text, start, fields, defects, notes })
    }
}

/// A line of the head.
struct Line {
    /// Without its end.
    text: Range<usize>,
    /// It ends with LF alone.
    bare: bool,
}

struct Lines<'a> {
    raw: &'a [u8],
    position: usize,
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let start = self.position;
        let rest = &self.raw[start..];
        let length = rest.iter().position(|&byte| byte == b'\n')?;
        self.position += length + 1;
        let bare = !rest[..length].ends_with(b"\r");
        Some(Line { text: start..start + length - usize::from(!bare), bare })
    }
}

struct Parser<'a> {
    raw: &'a [u8],
    fields: Vec<Field>,
    defects: Vec<Defect>,
    notes: Vec<String>,
}

impl Parser<'_> {
    /// A bare LF is reported once, not for every line.
    fn line_end(&mut self, line: &Line) {
        let known = self.defects.iter().any(|defect| defect.kind == DefectKind::BareLineFeed);
        if line.bare && !known {
            self.defect(DefectKind::BareLineFeed, line.text.clone(), "lines end with CR and LF");
        }
    }

    fn start_line(&mut self, start: &StartLine, line: Range<usize>) {
        match start {
            StartLine::Status { reason, .. } => {
                if let Some(control) = reason.bytes().find(|&byte| token::is_control(byte)) {
                    self.defect(DefectKind::ReasonPhrase, line, format!("0x{control:02x}"));
                }
            }
            StartLine::Request { target, .. } => {
                if let Some(mistake) = start_line::mistake_in_target(target) {
                    self.defect(DefectKind::RequestTarget, line, mistake);
                }
            }
        }
    }

    fn line(&mut self, line: Range<usize>) {
        if token::is_blank(self.raw[line.start]) {
            return self.continuation(line);
        }
        let text = &self.raw[line.clone()];
        let Some(colon) = text.iter().position(|&byte| byte == b':') else {
            return self.defect(DefectKind::HeaderSyntax, line, "the line has no colon");
        };
        let name = text[..colon].trim_ascii_end();
        if !token::is_token(name) {
            return self.defect(DefectKind::HeaderSyntax, line, "what stands before the colon is no header name");
        }
        self.fields.push(Field {
            name: String::from_utf8_lossy(name).into_owned(),
            value: token::trim(&text[colon + 1..]).to_vec(),
            lines: line.clone(),
        });
        if name.len() < colon {
            let detail = format!("after `{}`", shortened(&String::from_utf8_lossy(name), LONGEST_NAME));
            self.defect(DefectKind::SpaceBeforeColon, line, detail);
        }
    }

    /// obs-fold: the value goes on, and the fold counts as a space (RFC 9112 section 5.2).
    fn continuation(&mut self, line: Range<usize>) {
        let Some(field) = self.fields.last_mut() else {
            return self.defect(DefectKind::HeaderSyntax, line, "white space before the first header");
        };
        let more = token::trim(&self.raw[line.clone()]);
        if !field.value.is_empty() && !more.is_empty() {
            field.value.push(b' ');
        }
        field.value.extend_from_slice(more);
        field.lines.end = line.end;
        let detail = format!("`{}` goes on in the next line", shortened(&field.name, LONGEST_NAME));
        self.defect(DefectKind::FoldedHeader, line, detail);
    }

    /// What can be said only of whole values.
    fn values(&mut self) {
        for field in std::mem::take(&mut self.fields) {
            if let Some(&control) = field.value.iter().find(|&&byte| token::is_control(byte)) {
                let name = shortened(&field.name, LONGEST_NAME);
                let detail = format!("0x{control:02x} in the value of `{name}`");
                self.defect(DefectKind::ControlCharacter, field.lines.clone(), detail);
            }
            if !field.value.is_ascii() {
                let name = shortened(&field.name, LONGEST_NAME);
                self.notes.push(format!("`{name}` holds bytes outside of ASCII (obs-text, RFC 9110 section 5.5)"));
            }
            self.fields.push(field);
        }
    }

    fn defect(&mut self, kind: DefectKind, at: Range<usize>, detail: impl Into<String>) {
        self.defects.push(Defect::new(kind, at.start, &self.raw[at], detail));
    }
}
