//! What the views make of rows: folding of equal ones, and rows of bytes.

use std::ops::Range;

use super::{DiffRow, RowKind};
use crate::model::hex::ROW;

/// A part of a folded diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffBlock {
    /// These rows are shown.
    Rows(Range<usize>),
    /// These equal rows are folded away.
    Folded(Range<usize>),
}

/// Folds runs of equal rows, leaving `context` of them around each difference. Runs that would
/// hide fewer than two rows stay.
#[must_use]
pub fn fold(rows: &[DiffRow], context: usize) -> Vec<DiffBlock> {
    fold_by(rows.len(), context, |row| rows[row].kind == RowKind::Same)
}

/// [`fold`] for anything that has rows.
pub fn fold_by(rows: usize, context: usize, is_same: impl Fn(usize) -> bool) -> Vec<DiffBlock> {
    let mut blocks = Vec::new();
    let mut shown_from = 0;
    let mut row = 0;
    while row < rows {
        if !is_same(row) {
            row += 1;
            continue;
        }
        let run_end = (row..rows).find(|at| !is_same(*at)).unwrap_or(rows);
        // No context is needed before the first difference's run begins, nor after the last.
        let from = if row == 0 { 0 } else { row.saturating_add(context) };
        let to = if run_end == rows { rows } else { run_end.saturating_sub(context) };
        if from.saturating_add(2) <= to {
            if shown_from < from {
                blocks.push(DiffBlock::Rows(shown_from..from));
            }
            blocks.push(DiffBlock::Folded(from..to));
            shown_from = to;
        }
        row = run_end;
    }
    if shown_from < rows {
        blocks.push(DiffBlock::Rows(shown_from..rows));
    }
    blocks
}

/// A row of the hexadecimal comparison: the same 16 offsets of both values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteDiffRow {
    /// The offset of its first byte.
    pub offset: usize,
    /// The old bytes' range in the old value, empty past its end.
    pub old: Range<usize>,
    /// The new bytes' range in the new value, empty past its end.
    pub new: Range<usize>,
    /// Bit `n` is set where byte `n` of the row differs, or is only on one side.
    pub changed: u16,
}

/// Compares two values by offset, in rows of 16 bytes.
#[must_use]
pub fn diff_bytes(old: &[u8], new: &[u8]) -> Vec<ByteDiffRow> {
    let rows = old.len().max(new.len()).div_ceil(ROW);
    let row = |index: usize| {
        let offset = index * ROW;
        let range = |len: usize| offset.min(len)..(offset + ROW).min(len);
        let differs = |at: usize| old.get(offset + at) != new.get(offset + at);
        let changed = (0..ROW).filter(|at| differs(*at)).fold(0, |bits, at| bits | 1 << at);
        ByteDiffRow { offset, old: range(old.len()), new: range(new.len()), changed }
    };
    (0..rows).map(row).collect()
}
