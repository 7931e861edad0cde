//! A text that is looked for in bytes, with smart case: capital letters count only where the text
//! has one.

use memchr::memmem::Finder;

use crate::model::key_text::parse_key;

/// What is looked for, and room to look for it without allocating for each key.
pub(super) struct Needle {
    finder: Finder<'static>,
    case: Case,
    folded: Vec<u8>,
    /// For each byte of `folded`, where its character begins in the text, with
    /// [`Case::Unicode`]; one more for the end.
    origin: Vec<u32>,
}

/// Which letters are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// Bytes must be equal.
    Exact,
    /// ASCII letters are folded. Enough where no other letter of the text has a capital form.
    Ascii,
    /// All letters are folded.
    Unicode,
}

impl Needle {
    /// What to look for when this is typed: the text, in which a byte may be written as `\xff`; and
    /// where it can be read as a key is shown (with `\\`, `\n`, `\u{…}`), also the key's own bytes.
    pub(super) fn all_of(text: &str) -> Vec<Self> {
        let mut needles = vec![unescape(text)];
        needles.extend(parse_key(text).ok().filter(|bytes| *bytes != needles[0]));
        needles.into_iter().map(|bytes| Self::new(&bytes)).collect()
    }

    fn new(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let case = if text.chars().any(char::is_uppercase) {
            Case::Exact
        } else if text.chars().any(|c| !c.is_ascii() && has_case(c)) {
            Case::Unicode
        } else {
            Case::Ascii
        };
        let (mut folded, mut origin) = (Vec::new(), Vec::new());
        match case {
            Case::Exact => folded.extend_from_slice(bytes),
            Case::Ascii => fold_ascii(bytes, &mut folded),
            Case::Unicode => fold(bytes, &mut folded, &mut origin),
        }
        Self { finder: Finder::new(&folded).into_owned(), case, folded, origin }
    }

    /// Whether it occurs.
    pub(super) fn is_in(&mut self, text: &[u8]) -> bool {
        match self.case {
            Case::Exact => self.finder.find(text).is_some(),
            Case::Ascii => {
                fold_ascii(text, &mut self.folded);
                self.finder.find(&self.folded).is_some()
            }
            // What is looked for has a letter beyond ASCII.
            Case::Unicode if text.is_ascii() => false,
            Case::Unicode => {
                fold(text, &mut self.folded, &mut self.origin);
                self.finder.find(&self.folded).is_some()
            }
        }
    }

    /// Where it occurs, from left to right, without overlaps.
    pub(super) fn ranges(&mut self, text: &[u8]) -> Vec<(u32, u32)> {
        if !self.is_in(text) {
            return Vec::new();
        }
        let hay = if self.case == Case::Exact { text } else { &self.folded };
        let length = self.finder.needle().len();
        let of = |at: usize| match self.case {
            Case::Unicode => self.origin.get(at).copied().unwrap_or_default(),
            _ => u32::try_from(at).unwrap_or(u32::MAX),
        };
        // The end of a character is the beginning of the next; one that is folded to several
        // bytes may be cut, and is marked wholly.
        let end_of = |at: usize| {
            let last = of(at - 1);
            (at..).map(of).find(|end| *end != last || self.case != Case::Unicode).unwrap_or(last)
        };
        self.finder.find_iter(hay).map(|at| (of(at), end_of(at + length))).collect()
    }
}

/// Whether the character has another form that differs only in case.
fn has_case(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || !c.to_uppercase().eq([c])
}

fn fold_ascii(text: &[u8], folded: &mut Vec<u8>) {
    folded.clear();
    folded.extend(text.iter().map(u8::to_ascii_lowercase));
}

/// Folds the case of all characters; bytes that are no text stay as they are.
fn fold(text: &[u8], folded: &mut Vec<u8>, origin: &mut Vec<u32>) {
    folded.clear();
    origin.clear();
    let mut at = 0;
    let here = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            for lower in c.to_lowercase() {
                let mut buffer = [0; 4];
                folded.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
            }
            origin.resize(folded.len(), here(at));
            at += c.len_utf8();
        }
        for byte in chunk.invalid() {
            folded.push(*byte);
            origin.push(here(at));
            at += 1;
        }
    }
    origin.push(here(at));
}

/// Bytes of the text, in which `\x` and two hexadecimal digits stand for one byte.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = match rest {
            [b'\\', b'x', high, low, ..] => {
                let digit =
                    |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low)
            }
            _ => None,
        };
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}
