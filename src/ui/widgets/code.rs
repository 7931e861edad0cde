//! Source text: the coloured layout that a text field uses while typing, and a view for texts that
//! are too large to be typed in, of which only the visible lines are laid out.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{ByteIndex, LayoutJob, LayoutSection, TextFormat};
use egui::{Align, Align2, Color32, Galley, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::soft_wrap::Wrapped;
use super::syntax::{self, Piece, Syntax};
use crate::model::bytes::Value;
use crate::model::key_text::{hidden_characters, neutral};
use crate::ui::beside::{Answer, Beside};
use crate::ui::theme::{self, Tokens, size};

/// Height of a line of source text: airier than the font's own.
pub const LINE_HEIGHT: f32 = size::ROW_COMPACT;

/// A text of more pieces is laid out in one colour: egui hashes every piece in every frame, and
/// beyond this typing would be felt (about 100 KiB of usual JSON).
const MAX_PIECES: usize = 12_000;

/// The colour of a piece.
fn colour(tokens: &Tokens, piece: Piece) -> Color32 {
    match piece {
        Piece::Plain => tokens.text,
        Piece::Name => tokens.syntax_key,
        Piece::Text => tokens.syntax_string,
        Piece::Number => tokens.syntax_number,
        Piece::Word => tokens.syntax_keyword,
        Piece::Comment => tokens.syntax_comment,
        Piece::Mark => tokens.syntax_punctuation,
    }
}

/// Colours a text for a text field, and remembers the result until text, syntax or theme change.
#[derive(Default)]
pub struct Highlighter {
    made_for: Option<(Syntax, bool)>,
    job: Arc<LayoutJob>,
    pieces: Vec<(Range<usize>, Piece)>,
    wrapped: Option<Wrapped>,
}

impl Highlighter {
    /// The galley of this text at this width; long lines are broken between tokens.
    pub fn layout(&mut self, ui: &Ui, text: &str, syntax: Syntax, wrap_width: f32) -> Arc<Galley> {
        let tokens = theme::tokens(ui);
        if self.made_for != Some((syntax, tokens.dark)) || self.job.text != text {
            self.made_for = Some((syntax, tokens.dark));
            self.pieces = pieces_to_colour(text, syntax);
            self.job = Arc::new(coloured(tokens, text, &self.pieces));
            self.wrapped = None;
        }
        let sign = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::text::mono(), '0'));
        let columns = if wrap_width.is_finite() { (wrap_width / sign) as usize } else { usize::MAX };
        if !self.wrapped.as_ref().is_some_and(|wrapped| wrapped.is_of(columns)) {
            self.wrapped = Some(Wrapped::new(&self.job, &self.pieces, columns));
        }
        let wrapped = self.wrapped.as_ref().and_then(|wrapped| wrapped.layout(ui, &self.job, wrap_width));
        if let Some(wrapped) = wrapped {
            return wrapped;
        }
        let mut job = (*self.job).clone();
        job.wrap.max_width = wrap_width;
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    }
}

fn pieces_to_colour(text: &str, syntax: Syntax) -> Vec<(Range<usize>, Piece)> {
    let pieces = syntax::pieces(text, syntax);
    if pieces.len() > MAX_PIECES { syntax::pieces(text, Syntax::Plain) } else { pieces }
}

fn coloured(tokens: &Tokens, text: &str, pieces: &[(Range<usize>, Piece)]) -> LayoutJob {
    let mut job = LayoutJob { text: text.to_owned(), keep_trailing_whitespace: true, ..LayoutJob::default() };
    job.sections.reserve(pieces.len());
    for (range, piece) in pieces {
        job.sections.push(section(range.clone(), colour(tokens, *piece)));
    }
    if job.sections.is_empty() {
        job.sections.push(section(0..0, tokens.text));
    }
    job
}

fn section(range: Range<usize>, color: Color32) -> LayoutSection {
    LayoutSection {
        leading_space: 0.0,
        byte_range: ByteIndex(range.start)..ByteIndex(range.end),
        format: TextFormat {
            font_id: theme::text::mono(),
            color,
            line_height: Some(LINE_HEIGHT),
            valign: Align::Center,
            ..TextFormat::default()
        },
    }
}

/// Width of a column of line numbers up to `lines`.
#[must_use]
pub fn gutter_width(ui: &Ui, lines: usize) -> f32 {
    let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::text::mono_small(), '0'));
    let digits = (lines.max(1).ilog10() + 1).max(3) as f32;
    char_width * digits + size::GROUP * 2.0
}

/// One line number, right-aligned in the gutter.
pub fn paint_number(ui: &Ui, right: f32, centre: f32, number: usize, colour: Color32) {
    let at = Pos2::new(right - size::GROUP, centre);
    ui.painter().text(at, Align2::RIGHT_CENTER, number.to_string(), theme::text::mono_small(), colour);
}

/// A part of a line that fits the width.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    line: usize,
    first: bool,
    range: Range<usize>,
}

/// Up to so many bytes a text is split into coloured pieces at once, larger ones beside the window.
const SPLIT_AT_ONCE_BYTES: usize = 64 * 1024;

/// The coloured pieces of a large text.
enum Pieces {
    NotYet,
    /// It is plain until they are there.
    Working(Beside<Vec<(Range<usize>, Piece)>>),
    Split(Vec<(Range<usize>, Piece)>),
}

/// A large text, to be read. Made once for each text.
pub struct CodeView {
    value: Value,
    syntax: Syntax,
    pieces: Pieces,
    per_row: usize,
    segments: Vec<Segment>,
    lines: usize,
    /// How many rows the last frame laid out, for the test that it is only the visible ones.
    pub rows_laid_out: usize,
}

impl CodeView {
    /// A view of a text. What is not UTF-8 shows as nothing: such values belong into the
    /// hexadecimal view.
    #[must_use]
    pub fn new(value: Value, syntax: Syntax) -> Self {
        let text = std::str::from_utf8(&value).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
        let pieces = Pieces::NotYet;
        Self { value, syntax, pieces, per_row: 0, segments: Vec::new(), lines, rows_laid_out: 0 }
    }

    /// Has the text split into its coloured pieces.
    fn split(&mut self, ui: &Ui) {
        match &self.pieces {
            Pieces::Split(_) => {}
            Pieces::NotYet if self.value.len() <= SPLIT_AT_ONCE_BYTES => {
                let text = std::str::from_utf8(&self.value).unwrap_or_default();
                self.pieces = Pieces::Split(syntax::pieces(text, self.syntax));
            }
            Pieces::NotYet => {
                let (value, syntax) = (self.value.clone(), self.syntax);
                let work = move || syntax::pieces(std::str::from_utf8(&value).unwrap_or_default(), syntax);
                self.pieces = Pieces::Working(Beside::start(ui.ctx(), "colour", work));
            }
            Pieces::Working(working) => match working.take() {
                Answer::Working => {}
                Answer::Ready(pieces) => self.pieces = Pieces::Split(pieces),
                Answer::Failed => self.pieces = Pieces::Split(Vec::new()),
            },
        }
    }

    /// Whether it shows this text so.
    #[must_use]
    pub fn is_of(&mut self, value: &Value, syntax: Syntax) -> bool {
        let same = Arc::ptr_eq(&self.value, value) || self.value == *value;
        if same {
            // To ask again costs nothing then.
            self.value.clone_from(value);
        }
        same && self.syntax == syntax
    }

    /// Shows it. A line that is too wide goes on in the next row.
    pub fn show(&mut self, ui: &mut Ui) {
        self.split(ui);
        let tokens = theme::tokens(ui);
        let gutter = gutter_width(ui, self.lines);
        let char_width = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::text::mono(), '0'));
        let width = ui.available_width() - gutter - size::GROUP;
        // Counted in bytes: characters of more bytes are never wider than as many digits.
        let per_row = ((width / char_width).floor() as usize).max(16);
        if per_row != self.per_row {
            self.per_row = per_row;
            self.segments = segments(std::str::from_utf8(&self.value).unwrap_or_default(), per_row);
        }
        let rows = self.segments.len();
        self.rows_laid_out = 0;
        ui.spacing_mut().item_spacing.y = 0.0;
        egui::ScrollArea::vertical().auto_shrink([false, false]).show_rows(
            ui,
            size::ROW_COMPACT,
            rows,
            |ui, visible| {
                self.rows_laid_out = visible.len();
                for at in visible {
                    self.row(ui, tokens, gutter, at);
                }
            },
        );
    }

    fn row(&self, ui: &mut Ui, tokens: &Tokens, gutter: f32, at: usize) {
        let segment = &self.segments[at];
        // A row alone: to look at the whole text again for each row would be felt.
        let text = std::str::from_utf8(&self.value[segment.range.clone()]).unwrap_or_default();
        let (rect, response) =
            ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW_COMPACT), Sense::hover());
        if segment.first {
            paint_number(ui, rect.left() + gutter, rect.center().y, segment.line, tokens.faint);
        }
        let job = self.coloured_row(tokens, text, segment.range.start);
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let text_at = Pos2::new(rect.left() + gutter, rect.center().y - galley.size().y / 2.0);
        ui.painter()
            .with_clip_rect(
                Rect::from_min_max(Pos2::new(rect.left() + gutter, rect.top()), rect.max)
                    .intersect(ui.clip_rect()),
            )
            .galley(text_at, galley, tokens.text);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, neutral(text)));
    }

    /// The layout of a row whose text begins at this byte.
    fn coloured_row(&self, tokens: &Tokens, text: &str, start: usize) -> LayoutJob {
        let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
        let mut add = |part: &str, piece: Piece| {
            let font_id = theme::text::mono();
            job.append(
                &neutral(part),
                0.0,
                TextFormat { font_id, color: colour(tokens, piece), ..TextFormat::default() },
            );
        };
        let pieces = match &self.pieces {
            Pieces::Split(pieces) => pieces.as_slice(),
            Pieces::NotYet | Pieces::Working(_) => &[],
        };
        let first = pieces.partition_point(|(range, _)| range.end <= start);
        let mut at = 0;
        for (range, piece) in &pieces[first..] {
            let from = range.start.saturating_sub(start);
            let to = (range.end - start).min(text.len());
            if from >= to {
                break;
            }
            add(&text[from..to], *piece);
            at = to;
        }
        if at < text.len() {
            add(&text[at..], Piece::Plain);
        }
        job
    }
}

/// Where a row ends that begins at `start`. What is shown as an escape takes the escape's room.
fn row_end(line: &str, start: usize, per_row: usize) -> usize {
    let mut end = (start + per_row).min(line.len());
    while !line.is_char_boundary(end) {
        end += 1;
    }
    if hidden_characters(&line[start..end]) == 0 {
        return end;
    }
    let mut room = per_row;
    for (at, character) in line[start..end].char_indices() {
        let whole = start + at..start + at + character.len_utf8();
        let width = neutral(&line[whole]).len();
        if width > room && at > 0 {
            return start + at;
        }
        room = room.saturating_sub(width);
    }
    end
}

fn segments(text: &str, per_row: usize) -> Vec<Segment> {
    let mut segments = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let begin = line.as_ptr() as usize - text.as_ptr() as usize;
        let shown = line.strip_suffix('\r').unwrap_or(line);
        let mut start = 0;
        loop {
            let end = row_end(shown, start, per_row);
            let range = begin + start..begin + end;
            segments.push(Segment { line: number + 1, first: start == 0, range });
            start = end;
            if start >= shown.len() {
                break;
            }
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::segments;

    #[test]
    fn what_is_shown_as_an_escape_has_room() {
        let text = "a\u{1b}b\u{200b}c".repeat(3);
        let found = segments(&text, 16);
        let shown: String = found.iter().map(|segment| &text[segment.range.clone()]).collect();
        assert_eq!(shown, text);
        for segment in found {
            assert!(crate::model::key_text::neutral(&text[segment.range]).len() <= 16);
        }
    }

    #[test]
    fn segments_cover_every_line() {
        let text = "a\r\n\n0123456789键键键\n";
        let found = segments(text, 4);
        let shown: Vec<&str> = found.iter().map(|segment| &text[segment.range.clone()]).collect();
        assert_eq!(shown, ["a", "", "0123", "4567", "89键", "键键", ""]);
        let numbers: Vec<usize> =
            found.iter().filter(|segment| segment.first).map(|segment| segment.line).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }
}
