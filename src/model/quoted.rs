//! Text in double quotes, as JSON and YAML both read it.

/// The text in double quotes. What is not `plain` is written as `escape` does it.
#[must_use]
pub fn quoted(text: &str, plain: impl Fn(char) -> bool, escape: impl Fn(u32) -> String) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if plain(character) => out.push(character),
            _ => out.push_str(&escape(u32::from(character))),
        }
    }
    out.push('"');
    out
}
