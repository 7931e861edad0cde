//! What the rows of a difference are shown by: a row is one unit, a very long line (a minified value)
//! several, cut so that equal stretches of both sides lie beside each other. Changes are runs of units
//! that differ: what one goes to, and what one takes over.

use std::collections::HashMap;
use std::ops::Range;

use super::{Diff, DiffBlock, DiffLine, RowKind, Side, fold_by};

/// A line longer than this is cut into parts.
pub(super) const LONG: usize = 4 * 1024;
/// The length of a part, in bytes.
const PART: usize = 1_024;
/// A part ends behind a separator that is no further back than this.
const BACK: usize = 256;
/// Equal units shown around a change.
const CONTEXT: usize = 3;
/// The same where units are parts of long lines.
const CONTEXT_OF_PARTS: usize = 1;

/// A row, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The row.
    pub row: u32,
    /// Which part of it, from 0.
    pub part: u32,
}

/// A part of a long line: where it lies in the texts of both lines, and whether they differ in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    old: Range<usize>,
    new: Range<usize>,
    changed: bool,
}

/// The units of a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    units: Vec<Unit>,
    changed: Vec<bool>,
    /// The parts of long lines, by row.
    parts: HashMap<u32, Vec<Part>>,
    changes: Vec<Range<usize>>,
    /// For each line of the old and of the new text, the unit that it begins in.
    of_line: [Vec<u32>; 2],
}

impl Units {
    /// Cuts a difference into units.
    #[must_use]
    pub fn of(diff: &Diff) -> Self {
        let mut this = Self::default();
        this.units.reserve(diff.rows.len());
        for (index, row) in diff.rows.iter().enumerate() {
            let at = u32::try_from(index).unwrap_or(u32::MAX);
            let unit = u32::try_from(this.units.len()).unwrap_or(u32::MAX);
            for (side, line) in [(0, &row.old), (1, &row.new)] {
                this.of_line[side].extend(line.as_ref().map(|_| unit));
            }
            let long = |line: &Option<DiffLine>| line.as_ref().is_some_and(|line| line.text.len() > LONG);
            if !long(&row.old) && !long(&row.new) {
                this.units.push(Unit { row: at, part: 0 });
                this.changed.push(row.kind.is_change());
                continue;
            }
            let parts = parts_of(diff, index);
            for (part, about) in (0..).zip(&parts) {
                this.units.push(Unit { row: at, part });
                this.changed.push(about.changed);
            }
            this.parts.insert(at, parts);
        }
        this.changes = runs(&this.changed);
        this
    }

    /// How many units there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// A unit.
    #[must_use]
    pub fn get(&self, unit: usize) -> Option<Unit> {
        self.units.get(unit).copied()
    }

    /// The changes, in order: runs of units that differ.
    #[must_use]
    pub fn changes(&self) -> &[Range<usize>] {
        &self.changes
    }

    /// Whether a unit is a part of a long line in which nothing differs, or of one in which something
    /// does, or a row: whether it differs.
    #[must_use]
    pub fn is_changed(&self, unit: usize) -> bool {
        self.changed.get(unit).copied().unwrap_or_default()
    }

    /// The unit in which a line (from 1) of a side begins.
    #[must_use]
    pub fn of_line(&self, side: Side, line: usize) -> Option<usize> {
        let of_line = &self.of_line[usize::from(side == Side::New)];
        of_line.get(line.checked_sub(1)?).map(|unit| *unit as usize)
    }

    /// What a unit shows of its line, as a range of the line's text; `None`: that side has nothing there.
    #[must_use]
    pub fn range(&self, diff: &Diff, unit: usize, side: Side) -> Option<Range<usize>> {
        let Unit { row, part } = self.get(unit)?;
        let line = diff.line(row as usize, side)?;
        match self.parts.get(&row) {
            None => Some(0..line.text.len()),
            Some(parts) => {
                let part = parts.get(part as usize)?;
                Some(if side == Side::Old { part.old.clone() } else { part.new.clone() })
            }
        }
    }

    /// Whether a unit is the last of its row.
    #[must_use]
    pub fn is_last_part(&self, unit: usize) -> bool {
        let Some(Unit { row, .. }) = self.get(unit) else { return true };
        self.get(unit + 1).is_none_or(|next| next.row != row)
    }

    /// Folds runs of equal units, leaving a few around each change.
    #[must_use]
    pub fn fold(&self, diff: &Diff) -> Vec<DiffBlock> {
        let mostly_parts = self.units.len() > diff.rows.len() * 2;
        let context = if mostly_parts { CONTEXT_OF_PARTS } else { CONTEXT };
        fold_by(self.units.len(), context, |unit| !self.changed[unit])
    }

    /// How many rows, and how many bytes of text (of the new side, or of the old one where the new has
    /// none), these units show.
    #[must_use]
    pub fn extent(&self, diff: &Diff, units: Range<usize>) -> (usize, usize) {
        let (Some(first), Some(last)) = (self.get(units.start), self.get(units.end.saturating_sub(1))) else {
            return (0, 0);
        };
        let rows = (last.row - first.row) as usize + 1;
        // Only asked of parts of one line: of many rows their number says enough.
        let bytes = if rows > 1 {
            0
        } else {
            let of = |unit| {
                let range = self.range(diff, unit, Side::New).or_else(|| self.range(diff, unit, Side::Old));
                range.map_or(0, |range| range.len())
            };
            units.map(of).sum()
        };
        (rows, bytes)
    }

    /// The text of one side with this change taken over from the other.
    #[must_use]
    pub fn take(&self, diff: &Diff, change: usize, to: Side) -> Option<String> {
        let from = if to == Side::Old { Side::New } else { Side::Old };
        let units = self.changes.get(change)?.clone();
        let target = if to == Side::Old { &diff.old } else { &diff.new };
        let source = if to == Side::Old { &diff.new } else { &diff.old };
        let taken = self.bytes(diff, units.clone(), from).map_or("", |range| &source[range]);
        let place = self.bytes(diff, units.clone(), to).unwrap_or_else(|| {
            let before = (0..units.start).rev().find_map(|unit| self.bytes(diff, unit..unit + 1, to));
            let at = before.map_or(0, |range| range.end);
            at..at
        });
        let mut text = String::with_capacity(target.len() + taken.len());
        text.push_str(&target[..place.start]);
        // Where line ends do not count, the line before may have none.
        let begins_line = self.get(units.start).is_some_and(|unit| unit.part == 0);
        if begins_line && !taken.is_empty() && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(taken);
        let rest = &target[place.end..];
        if !rest.is_empty() && begins_line && self.is_last_part(units.end - 1) {
            let open = !text.is_empty() && !text.ends_with('\n');
            text.push_str(if open { "\n" } else { "" });
        }
        text.push_str(rest);
        Some(text)
    }

    /// What units cover of a side's text, line ends with them; `None`: nothing stands there.
    fn bytes(&self, diff: &Diff, units: Range<usize>, side: Side) -> Option<Range<usize>> {
        let of = |unit: usize| {
            let range = self.range(diff, unit, side)?;
            let line = diff.line(self.get(unit)?.row as usize, side)?;
            let ending = if self.is_last_part(unit) { line.ending.len() } else { 0 };
            Some(line.text.start + range.start..line.text.start + range.end + ending)
        };
        let first = units.clone().find_map(of)?;
        let last = units.rev().find_map(of)?;
        Some(first.start..last.end)
    }
}

fn runs(changed: &[bool]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (unit, _) in changed.iter().enumerate().filter(|(_, changed)| **changed) {
        match runs.last_mut() {
            Some(run) if run.end == unit => run.end += 1,
            _ => runs.push(unit..unit + 1),
        }
    }
    runs
}

/// Cuts a long row into parts.
fn parts_of(diff: &Diff, row: usize) -> Vec<Part> {
    let texts = [diff.text(row, Side::Old), diff.text(row, Side::New)];
    let kind = diff.rows[row].kind;
    let stretches = match kind {
        RowKind::Changed => aligned(diff, row, texts),
        // Both sides are equal.
        RowKind::Same => vec![Part { old: 0..texts[0].len(), new: 0..texts[1].len(), changed: false }],
        RowKind::Added | RowKind::Removed | RowKind::Ignored => {
            vec![Part { old: 0..texts[0].len(), new: 0..texts[1].len(), changed: kind.is_change() }]
        }
    };
    let mut parts: Vec<Part> = Vec::new();
    for piece in stretches.into_iter().flat_map(|stretch| pieces(texts, &stretch)) {
        match parts.last_mut() {
            // Small neighbours stand in one part.
            Some(part) if (piece.old.end - part.old.start).max(piece.new.end - part.new.start) <= PART => {
                part.old.end = piece.old.end;
                part.new.end = piece.new.end;
                part.changed |= piece.changed;
            }
            _ => parts.push(piece),
        }
    }
    if diff.rows[row].endings_differ()
        && kind == RowKind::Changed
        && let Some(last) = parts.last_mut()
    {
        last.changed = true;
    }
    parts
}

/// The stretches in which the lines are equal, and those in which they differ, as the marks tell.
fn aligned(diff: &Diff, row: usize, texts: [&str; 2]) -> Vec<Part> {
    let whole = vec![Part { old: 0..texts[0].len(), new: 0..texts[1].len(), changed: true }];
    let (Some(old), Some(new)) = (diff.line(row, Side::Old), diff.line(row, Side::New)) else { return whole };
    let marks = |line: &DiffLine| -> Vec<Range<usize>> {
        line.marks.iter().map(|mark| mark.start - line.text.start..mark.end - line.text.start).collect()
    };
    let (old_marks, new_marks) = (marks(old), marks(new));
    if old_marks.is_empty() && new_marks.is_empty() {
        // There was no time to compare them, or they differ in their ends alone.
        return if texts[0] == texts[1] { vec![Part { changed: false, ..whole[0].clone() }] } else { whole };
    }
    let (mut old_marks, mut new_marks) = (old_marks.into_iter().peekable(), new_marks.into_iter().peekable());
    let (mut at_old, mut at_new) = (0, 0);
    let mut stretches = Vec::new();
    while at_old < texts[0].len() || at_new < texts[1].len() {
        let (from_old, from_new) = (at_old, at_new);
        if let Some(mark) = old_marks.next_if(|mark| mark.start == at_old) {
            at_old = mark.end;
        }
        if let Some(mark) = new_marks.next_if(|mark| mark.start == at_new) {
            at_new = mark.end;
        }
        if at_old > from_old || at_new > from_new {
            stretches.push(Part { old: from_old..at_old, new: from_new..at_new, changed: true });
        }
        let until_old = old_marks.peek().map_or(texts[0].len(), |mark| mark.start) - at_old;
        let until_new = new_marks.peek().map_or(texts[1].len(), |mark| mark.start) - at_new;
        let equal = until_old.min(until_new);
        if equal == 0 && at_old == from_old && at_new == from_new {
            return whole;
        }
        if equal > 0 {
            if texts[0].as_bytes()[at_old..at_old + equal] != texts[1].as_bytes()[at_new..at_new + equal] {
                return whole;
            }
            stretches.push(Part { old: at_old..at_old + equal, new: at_new..at_new + equal, changed: false });
            at_old += equal;
            at_new += equal;
        }
    }
    stretches
}

/// Cuts a stretch into pieces of a part's length at most.
fn pieces(texts: [&str; 2], stretch: &Part) -> Vec<Part> {
    let mut pieces = Vec::new();
    let (mut old, mut new) = (stretch.old.clone(), stretch.new.clone());
    let equal_texts = !stretch.changed && old.len() == new.len();
    while !old.is_empty() || !new.is_empty() {
        let old_end = cut(texts[0], &old);
        let new_end = if equal_texts { new.start + (old_end - old.start) } else { cut(texts[1], &new) };
        pieces.push(Part { old: old.start..old_end, new: new.start..new_end, changed: stretch.changed });
        (old.start, new.start) = (old_end, new_end);
    }
    pieces
}

/// Where a piece ends that begins where the range does: behind a separator where there is one.
fn cut(text: &str, range: &Range<usize>) -> usize {
    if range.len() <= PART {
        return range.end;
    }
    let mut end = range.start + PART;
    let bytes = text.as_bytes();
    let separates = |byte: u8| matches!(byte, b',' | b';' | b'}' | b']' | b' ');
    if let Some(at) = (end - BACK..end).rev().find(|at| separates(bytes[*at])) {
        return at + 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}
