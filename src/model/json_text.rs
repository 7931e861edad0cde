//! JSON as text: a check and a layout that work on tokens. Numbers, strings, the order of keys and
//! even repeated keys stay exactly as they were written, and no depth of nesting can exhaust the
//! stack.

/// Why a text is not JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// Offset in the text, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub message: &'static str,
}

/// A laid-out text is not made longer than this; see [`layout`].
pub(super) const LAYOUT_LIMIT: usize = 8 * 1024 * 1024;

/// Checks that a text is one JSON value (RFC 8259).
///
/// # Errors
/// The first mistake.
pub fn check(text: &str) -> Result<(), JsonError> {
    walk(text, &mut |_, _| Ok(()))
}

/// Lays JSON out, a line for each entry, with the indentation and line endings that `text` has (two
/// spaces and `\n` where it has none), ending as `text` ends: with a newline or without.
///
/// # Errors
/// The first mistake, or nesting so deep that the indentation would be megabytes.
pub fn layout(text: &str) -> Result<String, JsonError> {
    let unit = indent_unit(text);
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut after_open = false;
    let mut new_line = false;
    walk(text, &mut |token, written| {
        let closes = matches!(token, Token::Close);
        depth -= usize::from(closes);
        let breaks = if closes { !after_open } else { new_line };
        if breaks {
            if out.len() + depth * unit.len() > LAYOUT_LIMIT {
                return Err("nested too deeply to be laid out");
            }
            out.push_str(newline);
            out.extend(std::iter::repeat_n(unit, depth));
        }
        out.push_str(written);
        if matches!(token, Token::Colon) {
            out.push(' ');
        }
        after_open = matches!(token, Token::Open);
        new_line = matches!(token, Token::Open | Token::Comma);
        depth += usize::from(after_open);
        Ok(())
    })?;
    if text.ends_with('\n') {
        out.push_str(newline);
    }
    Ok(out)
}

/// The indentation of a text: what its first indented line begins with, if that is one level of
/// tabs or spaces; else two spaces.
pub(in crate::model) fn indent_unit(text: &str) -> &str {
    for line in text.lines().take(100) {
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        if indent.is_empty() || indent.len() == line.len() {
            continue;
        }
        let one_level =
            indent == "\t" || ((2..=8).contains(&indent.len()) && indent.bytes().all(|byte| byte == b' '));
        return if one_level { indent } else { "  " };
    }
    "  "
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Token {
    Open,
    Close,
    Comma,
    Colon,
    Scalar,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrClose,
    Key,
    KeyOrClose,
    Colon,
    CommaOrClose,
    End,
}

impl Next {
    fn expected(self) -> &'static str {
        match self {
            Self::Value => "a value is expected",
            Self::ValueOrClose => "a value or ] is expected",
            Self::Key => "a key in double quotes is expected",
            Self::KeyOrClose => "a key in double quotes or } is expected",
            Self::Colon => "a colon is expected",
            Self::CommaOrClose => "a comma or the closing bracket is expected",
            Self::End => "nothing more is expected after the value",
        }
    }
}

/// Reads the tokens of one value and hands them to `sink`, which can stop with a message.
pub(in crate::model) fn walk<'a>(
    text: &'a str,
    sink: &mut impl FnMut(Token, &'a str) -> Result<(), &'static str>,
) -> Result<(), JsonError> {
    let bytes = text.as_bytes();
    // The open containers: true for an object. No recursion, so depth costs a byte a level.
    let mut open: Vec<bool> = Vec::new();
    let mut next = Next::Value;
    let mut at = 0;
    loop {
        while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            at += 1;
        }
        let Some(first) = bytes.get(at).copied() else {
            let error = |message| Err(JsonError { offset: text.len(), message });
            return match next {
                Next::End => Ok(()),
                _ if open.is_empty() => error(next.expected()),
                _ => error("the text ends inside an object or array"),
            };
        };
        let fail = |message| JsonError { offset: at, message };
        let (token, end) = read_token(bytes, at, first)?;
        let after_value = |open: &[bool]| if open.is_empty() { Next::End } else { Next::CommaOrClose };
        let value_fits = matches!(next, Next::Value | Next::ValueOrClose);
        next = match token {
            Token::Open if value_fits => {
                open.push(first == b'{');
                if first == b'{' { Next::KeyOrClose } else { Next::ValueOrClose }
            }
            Token::Close => {
                let fits = match next {
                    Next::KeyOrClose | Next::ValueOrClose | Next::CommaOrClose => {
                        open.last() == Some(&(first == b'}'))
                    }
                    _ => false,
                };
                if !fits {
                    return Err(fail(next.expected()));
                }
                open.pop();
                after_value(&open)
            }
            Token::Comma if next == Next::CommaOrClose => {
                if open.last() == Some(&true) {
                    Next::Key
                } else {
                    Next::Value
                }
            }
            Token::Colon if next == Next::Colon => Next::Value,
            Token::Scalar if value_fits => after_value(&open),
            Token::Scalar if first == b'"' && matches!(next, Next::Key | Next::KeyOrClose) => Next::Colon,
            _ => return Err(fail(next.expected())),
        };
        sink(token, &text[at..end]).map_err(fail)?;
        at = end;
    }
}

/// The token at `at` and its end.
fn read_token(bytes: &[u8], at: usize, first: u8) -> Result<(Token, usize), JsonError> {
    match first {
        b'{' | b'[' => Ok((Token::Open, at + 1)),
        b'}' | b']' => Ok((Token::Close, at + 1)),
        b',' => Ok((Token::Comma, at + 1)),
        b':' => Ok((Token::Colon, at + 1)),
        b'"' => read_string(bytes, at).map(|end| (Token::Scalar, end)),
        b'-' | b'0'..=b'9' => read_number(bytes, at).map(|end| (Token::Scalar, end)),
        _ => {
            for word in [b"true".as_slice(), b"false", b"null"] {
                if bytes[at..].starts_with(word) {
                    return Ok((Token::Scalar, at + word.len()));
                }
            }
            Err(JsonError { offset: at, message: "this is not JSON" })
        }
    }
}

fn read_string(bytes: &[u8], start: usize) -> Result<usize, JsonError> {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None => return Err(JsonError { offset: start, message: "the string is not closed" }),
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {
                at += match bytes.get(at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                    Some(b'u') if is_four_digits(bytes.get(at + 2..at + 6)) => 6,
                    _ => return Err(JsonError { offset: at, message: "this escape is not known" }),
                }
            }
            Some(0..0x20) => {
                return Err(JsonError { offset: at, message: "a control character must be escaped" });
            }
            Some(_) => at += 1,
        }
    }
}

fn is_four_digits(digits: Option<&[u8]>) -> bool {
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

fn read_number(bytes: &[u8], start: usize) -> Result<usize, JsonError> {
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let wrong = JsonError { offset: start, message: "this number is not complete" };
    let integer = start + usize::from(bytes[start] == b'-');
    let mut at = digits(integer);
    if at == integer {
        return Err(wrong);
    }
    if bytes[integer] == b'0' && at > integer + 1 {
        return Err(JsonError { offset: start, message: "a number must not begin with 0" });
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = at + 1;
        at = digits(fraction);
        if at == fraction {
            return Err(wrong);
        }
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = at + 1 + sign;
        at = digits(exponent);
        if at == exponent {
            return Err(wrong);
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(text: &str) -> Option<usize> {
        check(text).err().map(|error| error.offset)
    }

    #[test]
    fn what_was_written_stays() {
        let text = r#"{"b":1.0,"a":1e400,"a":-0,"c":["é",[],{},"\u0041\/"],"n":12345678901234567890123}"#;
        let laid_out = layout(text).expect("JSON");
        assert_eq!(
            laid_out,
            "{\n  \"b\": 1.0,\n  \"a\": 1e400,\n  \"a\": -0,\n  \"c\": [\n    \"é\",\n    [],\n    {},\n    \
             \"\\u0041\\/\"\n  ],\n  \"n\": 12345678901234567890123\n}"
        );
        assert_eq!(layout(&laid_out), Ok(laid_out.clone()));
        assert_eq!(layout("{\r\n\t\"a\":[1]}").as_deref(), Ok("{\r\n\t\"a\": [\r\n\t\t1\r\n\t]\r\n}"));
        assert_eq!(layout("[ ]\n").as_deref(), Ok("[]\n"));
        assert_eq!(layout(" 1 ").as_deref(), Ok("1"));
    }

    #[test]
    fn mistakes_are_found_where_they_are() {
        assert_eq!(place("{\"a\": 1,}"), Some(8));
        assert_eq!(place("[1 2]"), Some(3));
        assert_eq!(place("{\"a\" 1}"), Some(5));
        assert_eq!(place("[1}"), Some(2));
        assert_eq!(place("{\"a\": [}"), Some(7));
        assert_eq!(place("\"abc"), Some(0));
        assert_eq!(place("[1"), Some(2));
        assert_eq!(place(""), Some(0));
        assert_eq!(place("1 1"), Some(2));
        assert_eq!(place("{a: 1}"), Some(1));
        for wrong in
            ["01", "1.", "-", "1e", ".5", "+1", "\"\\x\"", "\"\\u12\"", "\"\n\"", "nul", "'a'", "[,]", "}"]
        {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        for right in ["0", "-0.5e+10", "\"\"", "null", "[[[]]]", "{\"\":{}}", " \t\r\n1 "] {
            assert!(check(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn deep_nesting_is_checked_and_not_blown_up() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check(&deep(700_000)), Ok(()));
        assert!(layout(&deep(500)).is_ok());
        assert!(layout(&deep(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"([\[\]{},:"0-9.eE+\-tnu\\ a]|true|null|"a":){0,14}"#) {
            // serde_json cannot hold numbers beyond f64's range, which are JSON all the same.
            if !text.contains(['e', 'E']) {
                prop_assert_eq!(check(&text).is_ok(), serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
            }
        }

        #[test]
        fn the_layout_is_the_same_value(text in any::<String>(), number in any::<f64>()) {
            let value = serde_json::json!({ "a": [text, { "b": number }, []], "c": {} });
            let written = value.to_string();
            let laid_out = layout(&written).expect("JSON");
            let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
            prop_assert_eq!(read(&laid_out), read(&written));
        }

        #[test]
        fn any_text_is_checked(text in any::<String>()) {
            drop((check(&text), layout(&text)));
        }
    }
}
