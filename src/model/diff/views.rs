//! What the views make of rows: folding of equal ones.

use std::ops::Range;

use super::DiffRow;

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
    fold_by(rows.len(), context, |row| !rows[row].kind.is_change())
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
