//! Where a line that is too long goes on in the next row: between tokens rather than within them, as
//! nobody can read minified JSON whose names are torn apart.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{ByteIndex, LayoutJob};
use egui::{Galley, Ui};

use super::syntax::Piece;

/// Rows are never narrower than this many characters.
pub(super) const LEAST: usize = 16;

/// A layout with line breaks of its own in it, and which they are.
#[derive(Default)]
pub(super) struct Wrapped {
    columns: usize,
    job: LayoutJob,
    /// Ordinals of the line breaks that are not in the text.
    added: Vec<usize>,
}

impl Wrapped {
    /// Breaks the lines of a job into rows of so many characters.
    pub(super) fn new(job: &LayoutJob, pieces: &[(Range<usize>, Piece)], columns: usize) -> Self {
        let columns = columns.max(LEAST);
        let breaks = breaks(&job.text, pieces, columns);
        if breaks.is_empty() {
            return Self { columns, ..Self::default() };
        }
        let mut text = String::with_capacity(job.text.len() + breaks.len());
        let mut added = Vec::with_capacity(breaks.len());
        let (mut at, mut ordinal) = (0, 0);
        for place in &breaks {
            let part = &job.text[at..*place];
            ordinal += memchr::memchr_iter(b'\n', part.as_bytes()).count();
            text.push_str(part);
            text.push('\n');
            added.push(ordinal);
            ordinal += 1;
            at = *place;
        }
        text.push_str(&job.text[at..]);
        // A line break belongs to the section that ends with it.
        let moved = |index: ByteIndex| ByteIndex(index.0 + breaks.partition_point(|place| *place <= index.0));
        let mut wrapped = LayoutJob { text, ..job.clone() };
        for section in &mut wrapped.sections {
            section.byte_range = moved(section.byte_range.start)..moved(section.byte_range.end);
        }
        Self { columns, job: wrapped, added }
    }

    /// Whether it was made for rows of so many characters.
    pub(super) fn is_of(&self, columns: usize) -> bool {
        self.columns == columns.max(LEAST)
    }

    /// Lays it out as if the added line breaks were wraps; `None`: every line fits, nothing to add.
    pub(super) fn layout(&self, ui: &Ui, original: &Arc<LayoutJob>, wrap_width: f32) -> Option<Arc<Galley>> {
        if self.added.is_empty() {
            return None;
        }
        let mut job = self.job.clone();
        job.wrap.max_width = wrap_width;
        job.wrap.break_anywhere = true;
        let mut galley = Arc::unwrap_or_clone(ui.fonts_mut(|fonts| fonts.layout_job(job)));
        let mut added = self.added.iter().peekable();
        for (ordinal, row) in galley.rows.iter_mut().filter(|row| row.ends_with_newline).enumerate() {
            if added.next_if(|next| **next == ordinal).is_some() {
                row.ends_with_newline = false;
            }
        }
        galley.job = Arc::clone(original);
        Some(Arc::new(galley))
    }
}

/// How many columns a character takes.
fn width(character: char) -> usize {
    match character {
        '\t' => 4,
        '\0'..='\u{10ff}' => 1,
        _ => 2,
    }
}

/// How many columns a text without line breaks takes.
pub(super) fn columns_of(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// A place where a row may end: the byte that begins the next one, and the columns before it.
type Place = Option<(usize, usize)>;

/// The bytes at which a new row begins though the text has no line break there.
pub(super) fn breaks(text: &str, pieces: &[(Range<usize>, Piece)], columns: usize) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut pieces = pieces.iter().peekable();
    let (mut used, mut good, mut fair): (usize, Place, Place) = (0, None, None);
    for (at, character) in text.char_indices() {
        if character == '\n' {
            (used, good, fair) = (0, None, None);
            continue;
        }
        while pieces.next_if(|(range, _)| range.end <= at).is_some() {}
        let piece = pieces.peek().map_or(Piece::Plain, |(_, piece)| *piece);
        let wide = width(character);
        if used + wide > columns && used > 0 {
            // A row of which two thirds are empty is worse than a torn word.
            let enough = |place: &(usize, usize)| place.1 * 3 > columns;
            let (end, columns_before) = good.filter(enough).or(fair.filter(enough)).unwrap_or((at, used));
            breaks.push(end);
            used -= columns_before;
            let kept = |place: Place| {
                place.filter(|place| place.0 > end).map(|place| (place.0, place.1 - columns_before))
            };
            (good, fair) = (kept(good), kept(fair));
        }
        used += wide;
        let next = Some((at + character.len_utf8(), used));
        let quoted = matches!(piece, Piece::Text | Piece::Name | Piece::Comment);
        match character {
            ' ' | '\t' | ',' | ';' if !quoted => good = next,
            ' ' | '\t' | ',' | ';' | '{' | '[' | '(' | '&' | '/' => fair = next,
            ':' if !quoted => fair = next,
            _ => {}
        }
    }
    breaks
}

#[cfg(test)]
mod tests {
    use super::breaks;
    use crate::ui::widgets::syntax::{Syntax, pieces};

    fn rows(text: &str, syntax: Syntax, columns: usize) -> Vec<&str> {
        let mut rows = Vec::new();
        let mut from = 0;
        for at in breaks(text, &pieces(text, syntax), columns) {
            rows.push(&text[from..at]);
            from = at;
        }
        rows.push(&text[from..]);
        rows
    }

    #[test]
    fn rows_end_between_members() {
        let text = r#"{"route_id":"inventory-service-v1","path":"/api/stock/*","middleware":["auth"]}"#;
        let expected = [
            r#"{"route_id":"inventory-service-v1","#,
            r#""path":"/api/stock/*","#,
            r#""middleware":["auth"]}"#,
        ];
        assert_eq!(rows(text, Syntax::Json, 40), expected);
    }

    #[test]
    fn what_has_no_good_place_is_torn_and_nothing_is_lost() {
        let text = "x".repeat(50);
        assert_eq!(
            rows(&text, Syntax::Plain, 20).iter().map(|row| row.len()).collect::<Vec<_>>(),
            [20, 20, 10]
        );
        assert_eq!(rows("键键键键键键", Syntax::Plain, 5), ["键键", "键键", "键键"]);
        let prose = "a short line\nthe quick brown fox jumps over";
        assert_eq!(rows(prose, Syntax::Plain, 16), ["a short line\nthe quick brown ", "fox jumps over"]);
    }

    #[test]
    fn lines_that_fit_are_left_alone() {
        assert!(breaks("{\n  \"a\": 1\n}", &pieces("{\n  \"a\": 1\n}", Syntax::Json), 16).is_empty());
    }
}
