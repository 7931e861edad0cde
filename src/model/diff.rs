//! What differs between two texts, by lines and within lines, for a side-by-side and an inline
//! view; and between two byte strings, by rows of the hexadecimal view.
//!
//! Lines end at `\n`; how a line ends counts as part of it, so a changed line ending or a missing
//! final newline is a difference that shows.

use std::borrow::Cow;
use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

mod bytes;
pub mod structural;
pub mod tree;
mod units;
mod views;
mod whitespace;
mod words;

pub use bytes::{ByteDiff, ByteDiffRow, diff_bytes, diff_bytes_aligned};
pub use units::{Unit, Units};
pub use views::{DiffBlock, fold, fold_by};
pub use whitespace::Whitespace;
use words::{best_pairs, likeness, mark_words};

/// Time for finding equal lines; past it the result is coarser, never wrong.
const LINE_TIME: Duration = Duration::from_millis(400);
/// Time for all marks within lines.
const WORD_TIME: Duration = Duration::from_millis(200);
/// Blocks with more line pairs than this are paired in order instead of by likeness.
const PAIRING_LIMIT: usize = 10_000;

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineEnding {
    /// `\n`.
    Lf,
    /// `\r\n`.
    CrLf,
    /// Not at all: the last line of a text without a final newline.
    None,
}

impl LineEnding {
    /// Its length in bytes.
    fn len(self) -> usize {
        match self {
            Self::Lf => 1,
            Self::CrLf => 2,
            Self::None => 0,
        }
    }
}

/// What happened to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// Nothing.
    Same,
    /// It is only in the old text.
    Removed,
    /// It is only in the new text.
    Added,
    /// It stands in both and differs.
    Changed,
    /// It differs in white space that is not to count; a blank line may be in one text alone.
    Ignored,
}

impl RowKind {
    /// Whether it counts as a difference.
    #[must_use]
    pub fn is_change(self) -> bool {
        !matches!(self, Self::Same | Self::Ignored)
    }
}

/// A line of one of the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Its number, from 1.
    pub number: usize,
    /// Where it stands in its text, without its ending.
    pub text: Range<usize>,
    /// How it ends.
    pub ending: LineEnding,
    /// In a changed line: the parts that differ, as ranges of the whole text, in order.
    pub marks: Vec<Range<usize>>,
}

/// A row of the side-by-side view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffRow {
    /// What happened.
    pub kind: RowKind,
    /// The line of the old text; `None` where the kind is `Added`, and perhaps where it is `Ignored`.
    pub old: Option<DiffLine>,
    /// The line of the new text; `None` where the kind is `Removed`, and perhaps where it is `Ignored`.
    pub new: Option<DiffLine>,
}

impl DiffRow {
    /// Whether the lines differ in how they end (and perhaps in nothing else): the view says so.
    #[must_use]
    pub fn endings_differ(&self) -> bool {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => old.ending != new.ending,
            _ => false,
        }
    }
}

/// One of the two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The old text.
    Old,
    /// The new text.
    New,
}

/// A part of a line, for the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    /// The text.
    pub text: &'a str,
    /// Whether it differs from the other side.
    pub marked: bool,
}

/// A line of the inline view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlineLine {
    /// The row that it comes from.
    pub row: usize,
    /// Whose line it is; an unchanged line appears once, as the new one.
    pub side: Side,
}

/// The difference of two texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The old text.
    pub old: String,
    /// The new text.
    pub new: String,
    /// The rows of the side-by-side view, in order.
    pub rows: Vec<DiffRow>,
    /// Lines added (a changed line is one added and one removed).
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
    /// Rows that differ only in white space that is not to count.
    pub ignored: usize,
}

impl Diff {
    /// Whether the texts are equal: byte for byte where nothing was ignored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added == 0 && self.removed == 0
    }

    /// The line of a row on one side.
    #[must_use]
    pub fn line(&self, row: usize, side: Side) -> Option<&DiffLine> {
        let row = self.rows.get(row)?;
        match side {
            Side::Old => row.old.as_ref(),
            Side::New => row.new.as_ref(),
        }
    }

    /// The text of a row on one side, without its ending; empty where that side has no line.
    #[must_use]
    pub fn text(&self, row: usize, side: Side) -> &str {
        self.line(row, side).map_or("", |line| &self.source(side)[line.text.clone()])
    }

    /// The text of a row on one side as parts, marked where they differ.
    #[must_use]
    pub fn spans(&self, row: usize, side: Side) -> Vec<Span<'_>> {
        self.spans_in(row, side, 0..usize::MAX)
    }

    /// [`Diff::spans`] of a part of the row's text; costs what lies in that part. The part begins and
    /// ends between characters.
    #[must_use]
    pub fn spans_in(&self, row: usize, side: Side, part: Range<usize>) -> Vec<Span<'_>> {
        let Some(line) = self.line(row, side) else { return Vec::new() };
        let source = self.source(side);
        let mut at = line.text.start + part.start.min(line.text.len());
        let end = line.text.start + part.end.min(line.text.len());
        let first = line.marks.partition_point(|mark| mark.end <= at);
        let mut spans = Vec::new();
        for mark in line.marks[first..].iter().take_while(|mark| mark.start < end) {
            if at < mark.start {
                spans.push(Span { text: &source[at..mark.start], marked: false });
                at = mark.start;
            }
            let marked = at..mark.end.min(end);
            if !marked.is_empty() {
                spans.push(Span { text: &source[marked.clone()], marked: true });
            }
            at = marked.end;
        }
        if at < end {
            spans.push(Span { text: &source[at..end], marked: false });
        }
        spans
    }

    /// The lines of the inline view for these rows: within a run of changes, first what was
    /// removed, then what was added.
    #[must_use]
    pub fn inline_lines(&self, rows: Range<usize>) -> Vec<InlineLine> {
        let end = rows.end.min(self.rows.len());
        let mut lines = Vec::with_capacity(rows.len());
        let mut row = rows.start;
        while row < end {
            if !self.rows[row].kind.is_change() {
                let side = if self.rows[row].new.is_some() { Side::New } else { Side::Old };
                lines.push(InlineLine { row, side });
                row += 1;
                continue;
            }
            let run = row..(row..end).find(|at| !self.rows[*at].kind.is_change()).unwrap_or(end);
            row = run.end;
            let of = |side| run.clone().filter(move |at| self.line(*at, side).is_some());
            lines.extend(of(Side::Old).map(|row| InlineLine { row, side: Side::Old }));
            lines.extend(of(Side::New).map(|row| InlineLine { row, side: Side::New }));
        }
        lines
    }

    fn source(&self, side: Side) -> &str {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }
}

/// Compares two texts by lines. Bounded in time: texts of 1 MiB that have nothing in common take
/// well below two seconds, usual ones milliseconds.
#[must_use]
pub fn diff_lines(old: &str, new: &str) -> Diff {
    diff_lines_with(old, new, Whitespace::All)
}

/// [`diff_lines`], where some white space does not count.
#[must_use]
pub fn diff_lines_with(old: &str, new: &str, whitespace: Whitespace) -> Diff {
    let all_old = split_lines(old);
    let all_new = split_lines(new);
    let old_lines = compared_lines(old, &all_old, whitespace);
    let new_lines = compared_lines(new, &all_new, whitespace);
    let old_texts: Vec<Cow<'_, str>> =
        old_lines.iter().map(|line| whitespace.compared(line.whole(old))).collect();
    let new_texts: Vec<Cow<'_, str>> =
        new_lines.iter().map(|line| whitespace.compared(line.whole(new))).collect();
    let deadline = Instant::now() + LINE_TIME;
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old_texts, &new_texts, Some(deadline));

    let mut builder = Builder {
        old,
        new,
        old_lines: &old_lines,
        new_lines: &new_lines,
        rows: Vec::with_capacity(old_lines.len().max(new_lines.len())),
        word_deadline: None,
        whitespace,
    };
    for op in ops {
        match op {
            DiffOp::Equal { old_index, new_index, len } => builder.same(old_index, new_index, len),
            DiffOp::Delete { old_index, old_len, new_index } => {
                builder.changed(old_index..old_index + old_len, new_index..new_index);
            }
            DiffOp::Insert { old_index, new_index, new_len } => {
                builder.changed(old_index..old_index, new_index..new_index + new_len);
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                builder.changed(old_index..old_index + old_len, new_index..new_index + new_len);
            }
        }
    }
    let rows = whitespace::with_left_out(builder.rows, (old, &all_old), (new, &all_new));
    let removed = rows.iter().filter(|row| row.kind.is_change() && row.old.is_some()).count();
    let added = rows.iter().filter(|row| row.kind.is_change() && row.new.is_some()).count();
    let ignored = rows.iter().filter(|row| row.kind == RowKind::Ignored).count();
    Diff { old: old.to_owned(), new: new.to_owned(), rows, added, removed, ignored }
}

/// The lines that are compared.
fn compared_lines<'a>(text: &str, all: &'a [LineAt], whitespace: Whitespace) -> Cow<'a, [LineAt]> {
    if whitespace == Whitespace::Ends {
        all.iter().copied().filter(|line| !whitespace.leaves_out(line.whole(text))).collect()
    } else {
        Cow::Borrowed(all)
    }
}

/// Where a line stands in its text.
#[derive(Clone, Copy)]
struct LineAt {
    /// Its number, from 1.
    number: usize,
    start: usize,
    /// The end of its text, before the ending.
    end: usize,
    ending: LineEnding,
}

impl LineAt {
    /// The line with its ending.
    fn whole<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start..self.end + self.ending.len()]
    }
}

fn split_lines(source: &str) -> Vec<LineAt> {
    let bytes = source.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    for at in memchr::memchr_iter(b'\n', bytes) {
        let number = lines.len() + 1;
        if at > start && bytes[at - 1] == b'\r' {
            lines.push(LineAt { number, start, end: at - 1, ending: LineEnding::CrLf });
        } else {
            lines.push(LineAt { number, start, end: at, ending: LineEnding::Lf });
        }
        start = at + 1;
    }
    if start < bytes.len() {
        let number = lines.len() + 1;
        lines.push(LineAt { number, start, end: bytes.len(), ending: LineEnding::None });
    }
    lines
}

struct Builder<'a> {
    old: &'a str,
    new: &'a str,
    old_lines: &'a [LineAt],
    new_lines: &'a [LineAt],
    rows: Vec<DiffRow>,
    /// Begins with the first changed line.
    word_deadline: Option<Instant>,
    whitespace: Whitespace,
}

impl Builder<'_> {
    fn old_line(&self, index: usize) -> DiffLine {
        diff_line(self.old_lines[index])
    }

    fn new_line(&self, index: usize) -> DiffLine {
        diff_line(self.new_lines[index])
    }

    fn same(&mut self, old_index: usize, new_index: usize, len: usize) {
        for at in 0..len {
            let (old, new) = (self.old_line(old_index + at), self.new_line(new_index + at));
            let is_same = self.whitespace == Whitespace::All
                || self.old_lines[old_index + at].whole(self.old)
                    == self.new_lines[new_index + at].whole(self.new);
            let kind = if is_same { RowKind::Same } else { RowKind::Ignored };
            self.rows.push(DiffRow { kind, old: Some(old), new: Some(new) });
        }
    }

    /// A block of lines that became another block: pairs those that are alike.
    fn changed(&mut self, old: Range<usize>, new: Range<usize>) {
        let (mut next_old, mut next_new) = (old.start, new.start);
        for (pair_old, pair_new) in self.pairs(old.clone(), new.clone()) {
            self.one_sided(next_old..pair_old, next_new..pair_new);
            self.pair(pair_old, pair_new);
            (next_old, next_new) = (pair_old + 1, pair_new + 1);
        }
        self.one_sided(next_old..old.end, next_new..new.end);
    }

    fn one_sided(&mut self, old: Range<usize>, new: Range<usize>) {
        for index in old {
            let line = self.old_line(index);
            self.rows.push(DiffRow { kind: RowKind::Removed, old: Some(line), new: None });
        }
        for index in new {
            let line = self.new_line(index);
            self.rows.push(DiffRow { kind: RowKind::Added, old: None, new: Some(line) });
        }
    }

    fn pair(&mut self, old_index: usize, new_index: usize) {
        let deadline = *self.word_deadline.get_or_insert_with(|| Instant::now() + WORD_TIME);
        let (mut old, mut new) = (self.old_line(old_index), self.new_line(new_index));
        if Instant::now() < deadline {
            let marks = mark_words(&self.old[old.text.clone()], &self.new[new.text.clone()], deadline);
            old.marks = moved(marks.0, old.text.start);
            new.marks = moved(marks.1, new.text.start);
            // The parts of long lines are told by their marks, so these are left as they are.
            if self.whitespace != Whitespace::All && old.text.len().max(new.text.len()) <= units::LONG {
                old.marks.retain(|mark| !self.old[mark.clone()].trim().is_empty());
                new.marks.retain(|mark| !self.new[mark.clone()].trim().is_empty());
            }
        }
        self.rows.push(DiffRow { kind: RowKind::Changed, old: Some(old), new: Some(new) });
    }

    /// Which lines of a replaced block belong together, in order on both sides.
    fn pairs(&self, old: Range<usize>, new: Range<usize>) -> Vec<(usize, usize)> {
        let (olds, news) = (old.len(), new.len());
        if olds == 0 || news == 0 {
            return Vec::new();
        }
        if (olds, news) == (1, 1) || olds.saturating_mul(news) > PAIRING_LIMIT {
            return old.zip(new).collect();
        }
        let alike = |at_old: usize, at_new: usize| {
            let (a, b) = (self.old_lines[old.start + at_old], self.new_lines[new.start + at_new]);
            likeness(&self.old.as_bytes()[a.start..a.end], &self.new.as_bytes()[b.start..b.end])
        };
        best_pairs(olds, news, alike).into_iter().map(|(a, b)| (old.start + a, new.start + b)).collect()
    }
}

fn diff_line(at: LineAt) -> DiffLine {
    DiffLine { number: at.number, text: at.start..at.end, ending: at.ending, marks: Vec::new() }
}

fn moved(marks: Vec<Range<usize>>, by: usize) -> Vec<Range<usize>> {
    marks.into_iter().map(|mark| mark.start + by..mark.end + by).collect()
}

#[cfg(test)]
mod tests;
