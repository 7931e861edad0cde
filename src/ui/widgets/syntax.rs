//! Splits text into coloured pieces, fast enough for every keystroke: one pass over the bytes, no
//! state kept, and nothing it could fail on. It colours; whether the text is valid is said by
//! `model::format`.

use std::ops::Range;

/// How a text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// One colour.
    #[default]
    Plain,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// XML.
    Xml,
    /// Java properties and INI files.
    Properties,
    /// Shell scripts and `.env` files.
    Shell,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Nothing special.
    Plain,
    /// Name of a property, a tag or an attribute.
    Name,
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true`, `null`, a keyword, a variable.
    Word,
    /// A comment.
    Comment,
    /// Punctuation.
    Mark,
}

/// The pieces of a text, in order, without gaps, neighbours of one kind joined.
#[must_use]
pub fn pieces(text: &str, syntax: Syntax) -> Vec<(Range<usize>, Piece)> {
    let mut scan = Scan { text, bytes: text.as_bytes(), at: 0, out: Vec::new() };
    match syntax {
        Syntax::Plain => scan.push_to(text.len(), Piece::Plain),
        Syntax::Json => scan.json(),
        Syntax::Yaml => scan.lines(Scan::yaml_line),
        Syntax::Toml => scan.lines(Scan::toml_line),
        Syntax::Properties => scan.lines(Scan::properties_line),
        Syntax::Shell => scan.lines(Scan::shell_line),
        Syntax::Xml => scan.xml(),
    }
    scan.push_to(text.len(), Piece::Plain);
    scan.out
}

struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    out: Vec<(Range<usize>, Piece)>,
}

impl Scan<'_> {
    /// Everything up to `end` (brought forward to a character's border) is of this kind.
    fn push_to(&mut self, end: usize, piece: Piece) {
        let mut end = end.min(self.bytes.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        if end <= self.at {
            return;
        }
        let blank = self.bytes[self.at..end].iter().all(|byte| byte.is_ascii_whitespace());
        match self.out.last_mut() {
            // White space has no colour: it goes with what is before it.
            Some((range, last)) if *last == piece || blank => range.end = end,
            _ => self.out.push((self.at..end, piece)),
        }
        self.at = end;
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// End of the run of bytes that satisfy `accept`, from `from`.
    fn run(&self, from: usize, accept: impl Fn(u8) -> bool) -> usize {
        self.bytes[from..].iter().position(|byte| !accept(*byte)).map_or(self.bytes.len(), |n| from + n)
    }

    /// End of a quoted string that starts here; it ends with its line at the latest.
    fn quoted_end(&self, from: usize, escapes: bool) -> usize {
        let quote = self.bytes[from];
        let mut at = from + 1;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' if escapes => at += 1,
                b'\n' => return at,
                byte if *byte == quote => return at + 1,
                _ => {}
            }
            at += 1;
        }
        self.bytes.len()
    }

    fn line_end(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[from..]).map_or(self.bytes.len(), |n| from + n)
    }

    /// A bare word: number, literal, or plain.
    fn bare_word(&mut self, end: usize, keywords: &[&str]) {
        let word = &self.text[self.at..end];
        let piece = if looks_like_number(word) {
            Piece::Number
        } else if keywords.contains(&word) {
            Piece::Word
        } else {
            Piece::Plain
        };
        self.push_to(end, piece);
    }

    fn json(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let end = self.quoted_end(self.at, true);
                    let after = self.run(end, |byte| byte.is_ascii_whitespace());
                    let is_name = self.bytes.get(after) == Some(&b':');
                    self.push_to(end, if is_name { Piece::Name } else { Piece::Text });
                }
                b'{' | b'}' | b'[' | b']' | b',' | b':' => self.push_to(self.at + 1, Piece::Mark),
                b'/' if self.bytes.get(self.at + 1) == Some(&b'/') => {
                    self.push_to(self.line_end(self.at), Piece::Comment);
                }
                byte if is_word(byte) => {
                    let end = self.run(self.at, is_word);
                    self.bare_word(end, &["true", "false", "null"]);
                }
                _ => self.push_to(self.at + 1, Piece::Plain),
            }
        }
    }

    fn lines(&mut self, line: fn(&mut Self, usize)) {
        while self.at < self.bytes.len() {
            let end = self.line_end(self.at);
            line(self, end);
            self.push_to((end + 1).min(self.bytes.len()), Piece::Plain);
        }
    }

    fn skip_blanks(&mut self, end: usize) {
        let blank_end = self.run(self.at, |byte| byte == b' ' || byte == b'\t').min(end);
        self.push_to(blank_end, Piece::Plain);
    }

    fn yaml_line(&mut self, end: usize) {
        self.skip_blanks(end);
        while self.peek() == Some(b'-')
            && self.at < end
            && matches!(self.bytes.get(self.at + 1), Some(b' ' | b'\n') | None)
        {
            self.push_to(self.at + 1, Piece::Mark);
            self.skip_blanks(end);
        }
        if self.text[self.at..end].starts_with("---") || self.text[self.at..end].starts_with("...") {
            self.push_to(end, Piece::Mark);
            return;
        }
        if let Some(colon) = self.yaml_colon(end) {
            self.push_to(colon, Piece::Name);
            self.push_to(colon + 1, Piece::Mark);
        }
        self.values(end, true, &["true", "false", "null", "yes", "no", "on", "off", "~"]);
    }

    /// Where the colon after a mapping's name stands, if the line begins with one.
    fn yaml_colon(&self, end: usize) -> Option<usize> {
        let mut at = self.at;
        while at < end {
            match self.bytes[at] {
                b'"' | b'\'' if at == self.at => {
                    at = self.quoted_end(at, self.bytes[at] == b'"');
                    continue;
                }
                b'#' if at == self.at || self.bytes[at - 1] == b' ' => return None,
                b'{' | b'[' if at == self.at => return None,
                b':' if at + 1 >= end || matches!(self.bytes[at + 1], b' ' | b'\t' | b'\r') => {
                    return Some(at);
                }
                _ => {}
            }
            at += 1;
        }
        None
    }

    fn toml_line(&mut self, end: usize) {
        self.skip_blanks(end);
        match self.peek() {
            Some(b'[') if self.at < end => {
                let close = self.text[self.at..end].rfind(']').map_or(end, |n| self.at + n + 1);
                let header = &self.text[self.at..close];
                // A line within an array looks like a table header; only names make one.
                let is_header = !header.contains(['"', ',', '=']) || header.starts_with("[[");
                if is_header {
                    self.push_to(close, Piece::Word);
                }
            }
            Some(b'#') => {}
            _ => {
                if let Some(equals) = memchr::memchr(b'=', &self.bytes[self.at..end]) {
                    self.push_to(self.at + equals, Piece::Name);
                    self.push_to(self.at + 1, Piece::Mark);
                }
            }
        }
        self.values(end, false, &["true", "false", "inf", "nan"]);
    }

    /// Values, flow collections and a comment, up to the end of the line.
    fn values(&mut self, end: usize, comment_needs_blank: bool, keywords: &[&str]) {
        while self.at < end {
            let byte = self.bytes[self.at];
            match byte {
                b'#' if !comment_needs_blank
                    || self.at == 0
                    || self.bytes[self.at - 1].is_ascii_whitespace() =>
                {
                    self.push_to(end, Piece::Comment);
                }
                b'"' => self.push_to(self.quoted_end(self.at, true).min(end), Piece::Text),
                b'\'' => self.push_to(self.quoted_end(self.at, false).min(end), Piece::Text),
                b'{' | b'}' | b'[' | b']' | b',' | b'|' | b'>' | b'=' | b':' => {
                    self.push_to(self.at + 1, Piece::Mark);
                }
                b'&' | b'*' | b'!' => {
                    let word_end = self.run(self.at + 1, |byte| !is_break(byte)).min(end);
                    self.push_to(word_end, Piece::Word);
                }
                byte if byte.is_ascii_whitespace() => self.push_to(self.at + 1, Piece::Plain),
                _ => {
                    let word_end = self.run(self.at, |byte| !is_break(byte)).min(end).max(self.at + 1);
                    self.bare_word(word_end, keywords);
                }
            }
        }
    }

    fn properties_line(&mut self, end: usize) {
        self.skip_blanks(end);
        match self.peek() {
            Some(b'#' | b'!' | b';') if self.at < end => self.push_to(end, Piece::Comment),
            Some(b'[') if self.at < end => self.push_to(end, Piece::Word),
            _ => {
                let mut at = self.at;
                while at < end && !matches!(self.bytes[at], b'=' | b':') {
                    at += 1 + usize::from(self.bytes[at] == b'\\');
                }
                if at < end {
                    self.push_to(at, Piece::Name);
                    self.push_to(at + 1, Piece::Mark);
                    self.skip_blanks(end);
                    let value_end = end - usize::from(self.text[self.at..end].ends_with('\r'));
                    self.bare_word(value_end, &["true", "false"]);
                }
            }
        }
    }

    fn shell_line(&mut self, end: usize) {
        const KEYWORDS: [&str; 21] = [
            "if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "until", "case", "esac",
            "function", "return", "export", "local", "set", "exit", "source", "unset",
        ];
        self.skip_blanks(end);
        while self.at < end {
            let byte = self.bytes[self.at];
            match byte {
                b'#' if self.at == 0 || self.bytes[self.at - 1].is_ascii_whitespace() => {
                    self.push_to(end, Piece::Comment);
                }
                b'"' => self.push_to(self.quoted_end(self.at, true).min(end), Piece::Text),
                b'\'' => self.push_to(self.quoted_end(self.at, false).min(end), Piece::Text),
                b'$' => {
                    let close = match self.bytes.get(self.at + 1) {
                        Some(b'{') => self.run(self.at, |byte| byte != b'}' && byte != b'\n') + 1,
                        _ => self.run(self.at + 1, is_word),
                    };
                    self.push_to(close.min(end), Piece::Word);
                }
                byte if is_word(byte) => {
                    let word_end = self.run(self.at, is_word).min(end);
                    if self.bytes.get(word_end) == Some(&b'=') {
                        self.push_to(word_end, Piece::Name);
                    } else {
                        self.bare_word(word_end, &KEYWORDS);
                    }
                }
                b'|' | b'&' | b';' | b'(' | b')' | b'{' | b'}' | b'[' | b']' | b'=' | b'<' | b'>' => {
                    self.push_to(self.at + 1, Piece::Mark);
                }
                _ => self.push_to(self.at + 1, Piece::Plain),
            }
        }
    }

    fn xml(&mut self) {
        while self.at < self.bytes.len() {
            if self.peek() != Some(b'<') {
                let next = memchr::memchr(b'<', &self.bytes[self.at..]).map(|n| self.at + n);
                self.push_to(next.unwrap_or(self.bytes.len()), Piece::Plain);
                continue;
            }
            let rest = &self.text[self.at..];
            if rest.starts_with("<!--") {
                let end = rest.find("-->").map_or(self.bytes.len(), |n| self.at + n + 3);
                self.push_to(end, Piece::Comment);
            } else if rest.starts_with("<![CDATA[") {
                let end = rest.find("]]>").map_or(self.bytes.len(), |n| self.at + n + 3);
                self.push_to(end, Piece::Text);
            } else {
                self.xml_tag();
            }
        }
    }

    fn xml_tag(&mut self) {
        let open_end = self.run(self.at + 1, |byte| matches!(byte, b'/' | b'?' | b'!'));
        self.push_to(open_end, Piece::Mark);
        let is_name = |byte: u8| is_word(byte) || matches!(byte, b':' | b'.' | b'-');
        self.push_to(self.run(self.at, is_name), Piece::Name);
        while let Some(byte) = self.peek() {
            match byte {
                b'>' => {
                    self.push_to(self.at + 1, Piece::Mark);
                    return;
                }
                b'<' => return,
                b'"' | b'\'' => {
                    let end = self.run(self.at + 1, |inner| inner != byte) + 1;
                    self.push_to(end, Piece::Text);
                }
                byte if is_name(byte) => self.push_to(self.run(self.at, is_name), Piece::Word),
                byte if byte.is_ascii_whitespace() => self.push_to(self.at + 1, Piece::Plain),
                _ => self.push_to(self.at + 1, Piece::Mark),
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.') || byte >= 0x80
}

fn is_break(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b'{' | b'}' | b'[' | b']' | b'"' | b'\'')
}

fn looks_like_number(word: &str) -> bool {
    let digits = word.trim_start_matches(['-', '+']);
    digits.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b'_' | b'x' | b'-' | b'+'))
}

#[cfg(test)]
mod tests {
    use super::{Piece, Syntax, pieces};

    const ALL: [Syntax; 7] = [
        Syntax::Plain,
        Syntax::Json,
        Syntax::Yaml,
        Syntax::Toml,
        Syntax::Xml,
        Syntax::Properties,
        Syntax::Shell,
    ];

    fn of(text: &str, syntax: Syntax, piece: Piece) -> Vec<&str> {
        let found = pieces(text, syntax);
        found.into_iter().filter(|(_, kind)| *kind == piece).map(|(range, _)| text[range].trim()).collect()
    }

    #[test]
    fn names_and_values_of_json_differ() {
        let text = r#"{"limit": 250, "on": true, "name": "a \"b\" : c"}"#;
        assert_eq!(of(text, Syntax::Json, Piece::Name), [r#""limit""#, r#""on""#, r#""name""#]);
        assert_eq!(of(text, Syntax::Json, Piece::Number), ["250"]);
        assert_eq!(of(text, Syntax::Json, Piece::Word), ["true"]);
        assert_eq!(of(text, Syntax::Json, Piece::Text), [r#""a \"b\" : c""#]);
    }

    #[test]
    fn the_other_languages_show_names_and_comments() {
        assert_eq!(of("a: 1 # x\n- b: 'c'\n", Syntax::Yaml, Piece::Name), ["a", "b"]);
        assert_eq!(of("a: 1 # x\n", Syntax::Yaml, Piece::Comment), ["# x"]);
        assert_eq!(of("url: http://a:80/b", Syntax::Yaml, Piece::Name), ["url"]);
        assert_eq!(of("[server]\nport = 80 # x\n", Syntax::Toml, Piece::Name), ["port"]);
        assert_eq!(of("[server]\nport = 80 # x\n", Syntax::Toml, Piece::Word), ["[server]"]);
        assert_eq!(of("! x\na.b=1\n", Syntax::Properties, Piece::Name), ["a.b"]);
        assert_eq!(of("<a b=\"c\"><!-- d --></a>", Syntax::Xml, Piece::Name), ["a", "a"]);
        assert_eq!(of("export A=\"$B\" # x", Syntax::Shell, Piece::Name), ["A"]);
    }

    #[test]
    fn any_text_is_covered_without_gaps() {
        let samples = [
            "",
            "\n",
            "{",
            "\"",
            "\"\\",
            "'",
            "<",
            "<!--",
            "<a b=\"",
            "[",
            "[[x",
            "a=",
            "- ",
            "---\n#",
            "${",
            "键: 值\r\n",
            "\"键\\",
            "é=\\",
            "<键 属性='值",
            "a\\",
            "\u{202e}x: \u{0}",
            "&",
            "!",
            "#",
        ];
        for text in samples {
            for syntax in ALL {
                let mut at = 0;
                for (range, _) in pieces(text, syntax) {
                    assert_eq!(range.start, at, "{text:?} {syntax:?}");
                    assert!(text.is_char_boundary(range.end));
                    at = range.end;
                }
                assert_eq!(at, text.len(), "{text:?} {syntax:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn random_text_is_covered_without_gaps(
            text in proptest::prelude::any::<String>(),
            marks in r#"[\[\]{}<>:=#"'&*!|%@`,?/\n\r \t\\\-.$()a1é键]{0,120}"#,
        ) {
            for text in [text, marks] {
                for syntax in ALL {
                    let mut at = 0;
                    for (range, _) in pieces(&text, syntax) {
                        proptest::prop_assert_eq!(range.start, at);
                        proptest::prop_assert!(range.end > at && text.is_char_boundary(range.end));
                        at = range.end;
                    }
                    proptest::prop_assert_eq!(at, text.len());
                }
            }
        }
    }

    /// A mebibyte of anything takes about as long as a mebibyte of anything else.
    #[test]
    fn hostile_texts_are_coloured_in_bounded_time() {
        let units = [
            "[",
            "{",
            "\"",
            "'",
            "\\",
            "\"\\\n",
            "'\n",
            "<",
            "<!--",
            "<![CDATA[",
            "<a b='",
            "&",
            "*",
            "- ",
            ": ",
            "#",
            " #",
            "${",
            "$",
            "=",
            "[[",
            "a\n",
            "\n",
            "\r",
            " ",
            "\t",
            "\"a\" ",
            "键",
            "\u{301}",
            "<<A\n",
            "a:\n",
            "]",
            "--",
            "\" ",
        ];
        for unit in units {
            let text = unit.repeat((1 << 20) / unit.len());
            for syntax in ALL {
                let started = std::time::Instant::now();
                let found = pieces(&text, syntax);
                let took = started.elapsed();
                assert_eq!(found.last().map(|(range, _)| range.end), Some(text.len()));
                assert!(took < std::time::Duration::from_secs(4), "{syntax:?} {unit:?} took {took:?}");
            }
        }
    }
}
