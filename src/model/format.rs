//! What kind of text a value is: for highlighting, checking and formatting.

use super::json_text;

/// The syntax of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueFormat {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// XML.
    Xml,
    /// Java properties, `.env` and the like: `key=value` lines.
    Properties,
    /// Shell script.
    Shell,
    /// Text of no special kind.
    #[default]
    Plain,
    /// Not text: not UTF-8, or with NUL bytes.
    Binary,
}

impl ValueFormat {
    /// Every format, in the order of the chooser.
    pub const ALL: [Self; 8] = [
        Self::Json,
        Self::Yaml,
        Self::Toml,
        Self::Xml,
        Self::Properties,
        Self::Shell,
        Self::Plain,
        Self::Binary,
    ];

    /// The name in the catalogues.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Xml => "xml",
            Self::Properties => "properties",
            Self::Shell => "shell",
            Self::Plain => "plain",
            Self::Binary => "binary",
        }
    }

    /// Whether the value is shown as text.
    #[must_use]
    pub fn is_text(self) -> bool {
        self != Self::Binary
    }

    /// Whether [`super::validate::format_text`] is offered.
    #[must_use]
    pub fn can_format(self) -> bool {
        !matches!(self, Self::Plain | Self::Binary)
    }

    /// The format that an extension names.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        let format = match extension.to_ascii_lowercase().as_str() {
            "json" | "geojson" | "webmanifest" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            "toml" => Self::Toml,
            "xml" | "xsd" | "xsl" | "xslt" | "svg" | "html" | "xhtml" | "plist" => Self::Xml,
            "properties" | "env" | "ini" | "cfg" => Self::Properties,
            "sh" | "bash" | "zsh" | "ksh" => Self::Shell,
            "txt" | "text" | "md" | "log" | "csv" | "pem" | "crt" | "sql" => Self::Plain,
            _ => return None,
        };
        Some(format)
    }
}

/// How much of a value is looked at to guess its kind by its lines.
const HEAD: usize = 16 * 1024;

/// The format of a value: not text is always [`ValueFormat::Binary`]; else the key's extension
/// decides, then the content. Linear in the value's size and never recursive.
#[must_use]
pub fn detect(key: &[u8], value: &[u8]) -> ValueFormat {
    let Ok(text) = std::str::from_utf8(value) else { return ValueFormat::Binary };
    if memchr::memchr(0, value).is_some() {
        return ValueFormat::Binary;
    }
    by_key(key).unwrap_or_else(|| by_content(text))
}

/// The format that a key's extension names.
fn by_key(key: &[u8]) -> Option<ValueFormat> {
    let name = key.rsplit(|byte| *byte == b'/').next()?;
    let at = memchr::memrchr(b'.', name)?;
    let extension = name.get(at + 1..).filter(|extension| extension.len() <= 16)?;
    ValueFormat::of_extension(std::str::from_utf8(extension).ok()?)
}

fn by_content(text: &str) -> ValueFormat {
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut start = text.bytes();
    match start.next() {
        None => return ValueFormat::Plain,
        Some(b'{' | b'[') if looks_like_json(text) => return ValueFormat::Json,
        Some(b'<') if looks_like_xml(text) => return ValueFormat::Xml,
        _ => {}
    }
    if text.starts_with("#!") {
        return ValueFormat::Shell;
    }
    if text.starts_with("-----BEGIN ") {
        return ValueFormat::Plain;
    }
    if text.starts_with("---\n") || text.starts_with("---\r\n") || text.starts_with("%YAML") {
        return ValueFormat::Yaml;
    }
    by_lines(text)
}

/// Whether it is JSON, or so nearly that its author meant it to be.
fn looks_like_json(text: &str) -> bool {
    let inside = text[1..].trim_start();
    let begins = if text.starts_with('{') {
        inside.starts_with(['"', '}'])
    } else {
        inside.starts_with(['"', '{', '[', ']'])
    };
    begins || json_text::check(text).is_ok()
}

fn looks_like_xml(text: &str) -> bool {
    let second = text[1..].chars().next();
    second.is_some_and(|character| character.is_alphabetic() || matches!(character, '?' | '!' | '_'))
        && text.contains('>')
}

/// What the lines of a text speak for.
#[derive(Default)]
struct Votes {
    yaml: usize,
    toml: usize,
    properties: usize,
    /// Lines that TOML and properties have in common.
    either: usize,
    shell: usize,
    sections: usize,
    other: usize,
}

/// Guesses by the first lines. A single line is never taken for more than plain text, because a
/// message or an address looks like anything.
fn by_lines(text: &str) -> ValueFormat {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut votes = Votes::default();
    let mut lines = 0;
    for line in text[..end].lines().take(400) {
        let trimmed = line.trim();
        if trimmed.is_empty()
            || trimmed.starts_with('#')
            || trimmed.starts_with(';')
            || trimmed.starts_with('!')
        {
            continue;
        }
        lines += 1;
        vote(trimmed, &mut votes);
    }
    if lines < 2 {
        return ValueFormat::Plain;
    }
    let most = |votes: usize| votes * 10 >= lines * 6;
    if votes.shell * 4 >= lines {
        ValueFormat::Shell
    } else if votes.toml > 0 && most(votes.toml + votes.either + votes.sections) {
        ValueFormat::Toml
    } else if most(votes.properties + votes.toml + votes.either + votes.sections) {
        ValueFormat::Properties
    } else if most(votes.yaml) && votes.other * 3 <= lines {
        ValueFormat::Yaml
    } else {
        ValueFormat::Plain
    }
}

fn vote(trimmed: &str, votes: &mut Votes) {
    const SHELL: [&str; 9] = ["if [", "fi", "then", "done", "esac", "echo ", "set -", "exec ", "export "];
    if SHELL.iter().any(|word| trimmed.starts_with(word)) {
        votes.shell += 1;
    } else if trimmed.starts_with('[') && trimmed.ends_with(']') && trimmed.len() > 2 {
        votes.sections += 1;
    } else if trimmed.starts_with("- ") || trimmed == "-" {
        votes.yaml += 1;
    } else if is_name(before(trimmed, '=')) {
        let (name, value) = trimmed.split_once('=').unwrap_or((trimmed, ""));
        // With spaces around its sign, as TOML is written and shell variables cannot be.
        if name.ends_with(' ') && is_toml_value(value.trim()) {
            votes.toml += 1;
        } else if is_toml_scalar(value.trim()) {
            votes.either += 1;
        } else {
            votes.properties += 1;
        }
    } else if is_name(before(trimmed, ':')) {
        let rest = trimmed.split_once(':').map_or("", |(_, rest)| rest);
        if rest.is_empty() || rest.starts_with(' ') {
            votes.yaml += 1;
        } else {
            votes.other += 1;
        }
    } else {
        votes.other += 1;
    }
}

fn before(line: &str, separator: char) -> &str {
    line.split_once(separator).map_or("", |(name, _)| name.trim_end())
}

/// A name as settings have it, perhaps in quotes.
fn is_name(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'']);
    !name.is_empty()
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/'))
}

/// Whether a value is more likely TOML's than anything else's: in quotes, a list or a table.
fn is_toml_value(value: &str) -> bool {
    (value.len() >= 2 && value.starts_with('"') && value.ends_with('"'))
        || value.starts_with("\"\"\"")
        || value.starts_with('[')
        || (value.starts_with('{') && value.ends_with('}'))
}

/// Numbers and truth values are written alike in TOML and in properties.
fn is_toml_scalar(value: &str) -> bool {
    matches!(value, "true" | "false") || value.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(value: &str) -> ValueFormat {
        detect(b"/key", value.as_bytes())
    }

    #[test]
    fn the_extension_decides_first() {
        assert_eq!(detect(b"/a/app.yaml", b"{}"), ValueFormat::Yaml);
        assert_eq!(detect(b"/a/APP.JSON", b"hello"), ValueFormat::Json);
        assert_eq!(detect(b"/a.json/b", b"hello"), ValueFormat::Plain);
        assert_eq!(detect(b"/a/.env", b"A=1"), ValueFormat::Properties);
        assert_eq!(detect(b"/a/x.json", b"\xff"), ValueFormat::Binary);
        assert_eq!(detect(b"\xff.", b""), ValueFormat::Plain);
    }

    #[test]
    fn the_content_decides_where_the_key_does_not() {
        assert_eq!(of("{\"a\": 1}"), ValueFormat::Json);
        assert_eq!(of("[1, 2]"), ValueFormat::Json);
        assert_eq!(of("{\"a\": 1,}"), ValueFormat::Json);
        assert_eq!(of("<?xml version=\"1.0\"?><a/>"), ValueFormat::Xml);
        assert_eq!(of("<beans>\n</beans>"), ValueFormat::Xml);
        assert_eq!(of("#!/bin/sh\necho"), ValueFormat::Shell);
        assert_eq!(of("server:\n  port: 80\n  hosts:\n    - a\n"), ValueFormat::Yaml);
        assert_eq!(of("[server]\nport = 80\nhost = \"a\"\n"), ValueFormat::Toml);
        assert_eq!(of("server.port=80\nserver.host=a\n"), ValueFormat::Properties);
        assert_eq!(of("A=1\nB=x y\n"), ValueFormat::Properties);
        assert_eq!(of("set -e\nexport A=1\n./run\n"), ValueFormat::Shell);
    }

    #[test]
    fn what_looks_like_anything_is_plain() {
        for text in
            ["", "42", "true", "10.0.0.1:8080", "http://a:80/b", "Note: hello", "a=b", "<- here", "{name}"]
        {
            assert_eq!(of(text), ValueFormat::Plain, "{text}");
        }
        assert_eq!(of("a\0b"), ValueFormat::Binary);
    }

    #[test]
    fn hostile_values_are_read_in_bounded_time() {
        let deep = "[".repeat(750_000) + &"]".repeat(750_000);
        let wide = "a: b\n".repeat(300_000);
        let started = std::time::Instant::now();
        assert_eq!(of(&deep), ValueFormat::Json);
        assert_eq!(of(&"{\"a\":".repeat(10_000)), ValueFormat::Json);
        assert_eq!(of(&wide), ValueFormat::Yaml);
        assert!(started.elapsed() < std::time::Duration::from_secs(3), "took {:?}", started.elapsed());
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_format(key in proptest::collection::vec(any::<u8>(), 0..40),
                                   value in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = std::str::from_utf8(&value).is_ok() && !value.contains(&0);
            prop_assert_eq!(detect(&key, &value).is_text(), text);
        }

        #[test]
        fn any_text_has_a_format(value in any::<String>(), marks in r#"[\[\]{}<>:=#"'\n \-a1é]{0,60}"#) {
            prop_assert!(value.contains('\0') || of(&value).is_text());
            prop_assert!(of(&marks).is_text());
        }
    }
}
