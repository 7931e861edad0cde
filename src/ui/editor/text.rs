//! The text of an open key while it is being typed: what egui's text field sees, and the exact
//! bytes that it stands for.

use std::any::TypeId;
use std::ops::Range;

use egui::TextBuffer;
use egui::text::CharIndex;

use crate::model::bytes::Value;
use crate::model::key_text::hidden_characters;

/// Above so many bytes a text is shown, not edited: laying it out at every keystroke would stall
/// the window.
pub const MAX_EDIT_BYTES: usize = 256 * 1024;
/// A longer line (minified JSON) makes a text just as slow.
pub const MAX_EDIT_LINE: usize = 16 * 1024;

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnds {
    /// With `\n`, or there is but one line.
    #[default]
    Lf,
    /// All with `\r\n`. The field sees `\n`, and new lines end alike.
    CrLf,
    /// Some so, some otherwise: nothing is touched.
    Mixed,
}

impl LineEnds {
    /// How the lines of this text end.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let feeds = memchr::memchr_iter(b'\n', text.as_bytes()).count();
        let returns = memchr::memchr_iter(b'\r', text.as_bytes()).count();
        if returns == 0 {
            return Self::Lf;
        }
        let pairs = memchr::memmem::find_iter(text.as_bytes(), b"\r\n").count();
        if feeds == pairs && returns == pairs { Self::CrLf } else { Self::Mixed }
    }
}

/// A text being edited.
#[derive(Clone, Debug, Default)]
pub struct EditText {
    text: String,
    ends: LineEnds,
    version: u64,
    lines: usize,
    longest_line: usize,
    hidden: usize,
}

impl EditText {
    /// Takes a text over; the version goes on from `version`, so that caches notice.
    #[must_use]
    pub fn new(text: &str, version: u64) -> Self {
        let ends = LineEnds::of(text);
        let text = match ends {
            LineEnds::CrLf => text.replace("\r\n", "\n"),
            LineEnds::Lf | LineEnds::Mixed => text.to_owned(),
        };
        let mut this = Self { text, ends, version, lines: 1, longest_line: 0, hidden: 0 };
        this.measure();
        this
    }

    fn measure(&mut self) {
        let (mut lines, mut longest, mut start) = (1, 0, 0);
        for feed in memchr::memchr_iter(b'\n', self.text.as_bytes()) {
            lines += 1;
            longest = longest.max(feed - start);
            start = feed + 1;
        }
        self.lines = lines;
        self.longest_line = longest.max(self.text.len() - start);
        self.hidden = hidden_characters(&self.text);
    }

    /// To be called after the field has changed the text.
    pub fn edited(&mut self) {
        self.version += 1;
        self.measure();
    }

    /// The text as the field sees it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The exact bytes that it stands for.
    #[must_use]
    pub fn value(&self) -> Value {
        match self.ends {
            LineEnds::CrLf => Value::from(self.text.replace('\n', "\r\n").into_bytes()),
            LineEnds::Lf | LineEnds::Mixed => Value::from(self.text.as_bytes()),
        }
    }

    /// The bytes of another text (as the field would see it) with the line ends of this one.
    #[must_use]
    pub fn with_same_ends(&self, text: &str) -> Value {
        let other = Self { text: text.to_owned(), ends: self.ends, ..Self::default() };
        other.value()
    }

    /// How its lines end.
    #[must_use]
    pub fn ends(&self) -> LineEnds {
        self.ends
    }

    /// Length of the bytes that it stands for.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.text.len() + if self.ends == LineEnds::CrLf { self.lines - 1 } else { 0 }
    }

    /// Grows with each change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Number of lines; a text that ends with a line break has an empty last one.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Characters in it that nobody would see as what they are.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// Whether it is small enough to be edited.
    #[must_use]
    pub fn is_editable(&self) -> bool {
        self.text.len() <= MAX_EDIT_BYTES && self.longest_line <= MAX_EDIT_LINE
    }

    /// Line and column (from 1, in characters) of the place before this character.
    #[must_use]
    pub fn place(&self, char_index: usize) -> (usize, usize) {
        let (mut line, mut column) = (1, 1);
        for character in self.text.chars().take(char_index) {
            if character == '\n' {
                line += 1;
                column = 1;
            } else {
                column += 1;
            }
        }
        (line, column)
    }

    /// The character at a line and column (from 1); the line's end where the column is beyond it.
    #[must_use]
    pub fn character_at(&self, (line, column): (usize, usize)) -> Option<usize> {
        let mut at = 0;
        for (number, written) in self.text.split('\n').enumerate() {
            let length = written.chars().count();
            if number + 1 == line {
                return Some(at + column.saturating_sub(1).min(length));
            }
            at += length + 1;
        }
        None
    }

    /// The white space that begins the line of this character, up to the character.
    #[must_use]
    pub fn indentation(&self, char_index: usize) -> String {
        let before = self.text.char_indices().nth(char_index).map_or(self.text.len(), |(at, _)| at);
        let start = self.text[..before].rfind('\n').map_or(0, |at| at + 1);
        self.text[start..before].chars().take_while(|c| *c == ' ' || *c == '\t').collect()
    }

    /// What the Tab key inserts: what the text indents with already.
    #[must_use]
    pub fn tab(&self) -> &'static str {
        let first = self.text.lines().find_map(|line| {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            (indent > 0 && indent < line.len()).then(|| (line.as_bytes()[0], indent))
        });
        match first {
            Some((b'\t', _)) => "\t",
            Some((_, indent)) if indent % 4 == 0 => "    ",
            _ => "  ",
        }
    }
}

/// Pasted text may bring `\r\n` into a text whose line ends are uniform; they would break the way
/// back to bytes, so they are taken in as `\n`.
impl TextBuffer for EditText {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        &self.text
    }

    fn insert_text(&mut self, text: &str, char_index: CharIndex) -> usize {
        if self.ends == LineEnds::CrLf && text.contains('\r') {
            let unified = text.replace("\r\n", "\n").replace('\r', "\n");
            return self.text.insert_text(&unified, char_index);
        }
        self.text.insert_text(text, char_index)
    }

    fn delete_char_range(&mut self, char_range: Range<CharIndex>) {
        self.text.delete_char_range(char_range);
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use egui::TextBuffer as _;
    use egui::text::CharIndex;

    use super::{EditText, LineEnds, MAX_EDIT_BYTES};

    #[test]
    fn bytes_come_back_exactly() {
        for text in
            ["", "a", "a\n", "\n", "a\r\nb", "a\r\nb\r\n", "a\r\nb\n", "a\rb", "\r", "键\r\n值", "a\n\r\n"]
        {
            assert_eq!(&*EditText::new(text, 0).value(), text.as_bytes(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_and_is_measured(text in "([a键\u{200b}\u{1b}]{0,3}(\n|\r\n|\r)){0,6}[ab]{0,2}", at in 0_usize..20, typed in "[x\r\n]{0,3}") {
            let mut edited = EditText::new(&text, 0);
            proptest::prop_assert_eq!(&*edited.value(), text.as_bytes());
            proptest::prop_assert_eq!(edited.byte_len(), text.len());
            let at = at.min(edited.as_str().chars().count());
            let inserted = edited.insert_text(&typed, CharIndex(at));
            edited.delete_char_range(CharIndex(at)..CharIndex(at + inserted));
            edited.edited();
            proptest::prop_assert_eq!(&*edited.value(), text.as_bytes(), "typed and taken back");
            let (line, column) = edited.place(at);
            proptest::prop_assert!(line >= 1 && line <= edited.lines() && column >= 1);
        }
    }

    #[test]
    fn a_new_line_ends_like_the_others() {
        let mut text = EditText::new("a\r\nb", 0);
        assert_eq!(text.ends(), LineEnds::CrLf);
        text.insert_text("\n", CharIndex(1));
        assert_eq!(&*text.value(), b"a\r\n\r\nb");
        text.insert_text("x\r\ny", CharIndex(0));
        assert_eq!(&*text.value(), b"x\r\nya\r\n\r\nb");

        let mut mixed = EditText::new("a\r\nb\nc", 0);
        assert_eq!(mixed.ends(), LineEnds::Mixed);
        mixed.insert_text("\n", CharIndex(0));
        assert_eq!(&*mixed.value(), b"\na\r\nb\nc");
    }

    #[test]
    fn large_and_minified_texts_are_not_edited() {
        assert!(EditText::new("a\n", 0).is_editable());
        assert!(!EditText::new(&"x".repeat(20_000), 0).is_editable());
        assert!(!EditText::new(&"x\n".repeat(MAX_EDIT_BYTES), 0).is_editable());
    }

    #[test]
    fn places_and_indentation() {
        let text = EditText::new("a:\n    键: 1\n", 0);
        assert_eq!(text.place(0), (1, 1));
        assert_eq!(text.place(8), (2, 6));
        assert_eq!(text.lines(), 3);
        assert_eq!(text.indentation(9), "    ");
        assert_eq!(text.indentation(1), "");
        assert_eq!(text.tab(), "    ");
        assert_eq!(EditText::new("a\n\tb", 0).tab(), "\t");
    }
}
