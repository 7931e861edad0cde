//! The YAML form of an export: a mapping of key to value that people read.
//!
//! Text of several lines is a block (`|`) where that reads back byte for byte; text that could be
//! taken for anything but text is quoted; what is not UTF-8 is tagged `!!binary`.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ExportHeader;
use crate::model::quoted;

/// Longest key, in bytes as written, that may stand before its colon: YAML allows 1,024 characters.
const LONGEST_SIMPLE_KEY: usize = 1000;

/// Words that one YAML version or another takes for a truth value or for nothing.
const RESERVED: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "none", "nan"];

pub(super) fn write_header(out: &mut impl Write, header: &ExportHeader) -> std::io::Result<()> {
    let prefix = scalar(&header.prefix);
    writeln!(out, "# etcdscope export, cluster {:x}, revision {}", header.cluster_id, header.revision)?;
    writeln!(out, "# {} {prefix}", if header.only_key { "key" } else { "prefix" })?;
    if header.partial {
        writeln!(out, "# only what the user may read: other keys may exist")?;
    }
    Ok(())
}

pub(super) fn write_entry(out: &mut impl Write, key: &[u8], value: &[u8]) -> std::io::Result<()> {
    let key = scalar(key);
    if key.len() > LONGEST_SIMPLE_KEY {
        write!(out, "? {key}\n: ")?;
    } else {
        write!(out, "{key}: ")?;
    }
    match block(value) {
        Some(block) => out.write_all(block.as_bytes()),
        None => writeln!(out, "{}", scalar(value)),
    }
}

pub(super) fn write_end(out: &mut impl Write, empty: bool) -> std::io::Result<()> {
    if empty { out.write_all(b"{}\n") } else { Ok(()) }
}

/// The bytes on one line.
fn scalar(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_plain(text) => text.to_owned(),
        // JSON reads better without escapes.
        Ok(text) if text.contains(['"', '\\']) && text.chars().all(is_visible) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        Ok(text) => quoted(text),
        Err(_) => format!("!!binary \"{}\"", STANDARD.encode(bytes)),
    }
}

/// Whether the text can stand without quotes and is text to every reader: it starts like a word or
/// a path, and holds nothing that has a meaning in YAML.
fn is_plain(text: &str) -> bool {
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'/');
    let ends = text.bytes().last().is_some_and(|byte| byte != b' ' && byte != b':');
    let holds = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-@: ".contains(&byte);
    starts
        && ends
        && text.bytes().all(holds)
        && !text.contains(": ")
        && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// The text in double quotes, with everything escaped that is not plainly visible.
fn quoted(text: &str) -> String {
    quoted::quoted(text, is_visible, |code| match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    })
}

/// Whether a reader of YAML must take the character as it is, and an eye can see what it is:
/// no control characters, line separators, byte order marks or changes of direction.
fn is_visible(character: char) -> bool {
    !matches!(u32::from(character),
        0..=0x1f | 0x7f..=0x9f | 0xad | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
        | 0xfeff | 0xfff0..=0xffff | 0xe0000..=0x10ffff)
}

/// The text as a literal block with its line ends, where it has several lines and a reader gets
/// the same bytes back.
fn block(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    if !text.trim_end_matches('\n').contains('\n') {
        return None;
    }
    if !text.chars().all(|character| character == '\n' || character == '\t' || is_visible(character)) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8 + 8);
    out.push('|');
    if text.starts_with([' ', '\n', '\t']) {
        // The reader cannot tell the indentation from the first line.
        out.push('2');
    }
    let body = text.trim_end_matches('\n');
    match text.len() - body.len() {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    out.push('\n');
    for line in body.split('\n') {
        if !line.is_empty() {
            out.push_str("  ");
            out.push_str(line);
        }
        out.push('\n');
    }
    for _ in 1..text.len() - body.len() {
        out.push('\n');
    }
    reads_back(&out, text).then_some(out)
}

/// Whether the written value reads back as the text.
fn reads_back(written: &str, text: &str) -> bool {
    let document = format!("a: {written}b: c\n");
    let read: Result<std::collections::BTreeMap<String, String>, _> = serde_yaml_ng::from_str(&document);
    read.is_ok_and(|map| map.get("a").is_some_and(|read| read == text))
}
