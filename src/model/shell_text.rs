//! Shell scripts as text: whether every quotation is closed. No more is checked; what a script does
//! is the shell's to tell.

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Double,
    Command,
}

/// The first quotation that is never closed: its offset in bytes and what it is. `None`: all are
/// closed. Here-documents are skipped. Linear, never recursive.
#[must_use]
pub fn open_quote(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let mut stack: Vec<(Inside, usize)> = Vec::new();
    let mut waiting: Vec<HereDocument<'_>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let inside_double = matches!(stack.last(), Some((Inside::Double, _)));
        match byte {
            b'\\' => at += 1,
            b'"' if inside_double => drop(stack.pop()),
            b'"' => stack.push((Inside::Double, at)),
            b'$' if bytes.get(at + 1) == Some(&b'(') => {
                stack.push((Inside::Command, at));
                at += 1;
            }
            b')' if matches!(stack.last(), Some((Inside::Command, _))) => drop(stack.pop()),
            b'\'' if !inside_double => match end_of_single(bytes, at) {
                Some(end) => at = end,
                None => return Some((at, "this single quote is not closed")),
            },
            b'#' if !inside_double && begins_word(bytes, at) => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                continue;
            }
            b'<' if !inside_double && bytes[at..].starts_with(b"<<") => {
                if bytes.get(at + 2) == Some(&b'<') {
                    at += 2;
                } else if let Some((document, end)) = here_document(text, at + 2) {
                    waiting.push(document);
                    at = end;
                    continue;
                }
            }
            b'\n' if !waiting.is_empty() => {
                at = skip_documents(text, at + 1, &waiting);
                waiting.clear();
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    stack
        .iter()
        .find(|(inside, _)| *inside == Inside::Double)
        .map(|(_, at)| (*at, "this double quote is not closed"))
}

/// A `#` begins a comment only where a word could begin (`$#` and `a#b` are none).
fn begins_word(bytes: &[u8], at: usize) -> bool {
    at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')')
}

/// The closing quote of a `'…'` or `$'…'` that opens at `open`.
fn end_of_single(bytes: &[u8], open: usize) -> Option<usize> {
    let escapes = open > 0 && bytes[open - 1] == b'$';
    let mut at = open + 1;
    loop {
        match bytes.get(at)? {
            b'\'' => return Some(at),
            b'\\' if escapes => at += 2,
            _ => at += 1,
        }
    }
}

/// A here-document whose body is still to come.
struct HereDocument<'a> {
    word: &'a str,
    strip_tabs: bool,
}

/// The word after `<<`, and where it ends.
fn here_document(text: &str, after: usize) -> Option<(HereDocument<'_>, usize)> {
    let bytes = text.as_bytes();
    let strip_tabs = bytes.get(after) == Some(&b'-');
    let mut at = after + usize::from(strip_tabs);
    at += bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let quote = bytes.get(at).copied().filter(|byte| matches!(byte, b'\'' | b'"' | b'\\'));
    at += usize::from(quote.is_some());
    let length = bytes[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    let begins_well = bytes.get(at).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if length == 0 || (!begins_well && quote.is_none()) {
        // `1 << 2` in arithmetic, for one.
        return None;
    }
    let end = at + length;
    let closes = matches!(quote, Some(b'\'' | b'"')) && bytes.get(end).copied() == quote;
    Some((HereDocument { word: &text[at..end], strip_tabs }, end + usize::from(closes)))
}

/// Where the bodies of these here-documents end.
fn skip_documents(text: &str, mut at: usize, documents: &[HereDocument<'_>]) -> usize {
    for document in documents {
        loop {
            let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else { return text.len() };
            let line_end = rest.find('\n').map_or(text.len(), |end| at + end + 1);
            let line = text[at..line_end].trim_end_matches(['\n', '\r']);
            at = line_end;
            let line = if document.strip_tabs { line.trim_start_matches('\t') } else { line };
            if line == document.word {
                break;
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn closed_quotations_pass() {
        for text in [
            "echo \"a 'b' $(echo \"c\") d\"",
            "# it's a comment\necho $#",
            "cat <<EOF\nit's \"fine\nEOF\necho ok",
            "cat <<-'END'\n\tit's\n\tEND\n",
            "echo $'it\\'s' \\' \\\"",
            "x=$((1 << 2))",
            "read <<< \"a\"",
            "",
        ] {
            assert_eq!(open_quote(text), None, "{text}");
        }
    }

    #[test]
    fn open_quotations_are_found_where_they_begin() {
        assert_eq!(open_quote("echo 'a").map(|found| found.0), Some(5));
        assert_eq!(open_quote("a\necho \"b").map(|found| found.0), Some(7));
        assert_eq!(open_quote("echo \"$(echo 'x)\"").map(|found| found.0), Some(13));
    }

    proptest! {
        #[test]
        fn any_text_is_scanned(text in any::<String>(), marks in r#"[<'"$()\\#\n \-aE]{0,60}"#) {
            for text in [text, marks] {
                let quote = open_quote(&text).and_then(|(at, _)| text[at..].chars().next());
                prop_assert!(matches!(quote, None | Some('\'' | '"')));
            }
        }
    }
}
