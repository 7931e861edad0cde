//! Where the units of a difference stand on screen: folded or not, side by side or inline, each as many
//! rows of text high as it is expected to take. Worked out beside the window where it is large.

use std::collections::BTreeSet;
use std::ops::Range;

use super::soft_wrap::{LEAST, breaks, columns_of};
use crate::model::diff::{Diff, DiffBlock, LineEnding, RowKind, Side, Units, Whitespace, diff_lines_with};

/// Columns that a note of the kind of line end takes.
const NOTE: usize = 7;
/// Columns that the note on a missing line break takes at most; it is measured where it may not fit.
const NOTE_AT_END: usize = 32;
/// Differences of up to so many units and bytes of text are laid out at once.
const AT_ONCE: (usize, usize) = (2_000, 64 * 1024);

/// A difference that does not change any more.
pub(super) struct Content {
    pub(super) diff: Diff,
    pub(super) units: Units,
    blocks: Vec<DiffBlock>,
}

impl Content {
    /// Compares two texts.
    pub(super) fn new(old: &str, new: &str, whitespace: Whitespace) -> Self {
        let diff = diff_lines_with(old, new, whitespace);
        let units = Units::of(&diff);
        let blocks = units.fold(&diff);
        Self { diff, units, blocks }
    }

    /// Whether it can be laid out within a frame.
    pub(super) fn is_small(&self) -> bool {
        self.units.len() <= AT_ONCE.0 && self.diff.old.len() + self.diff.new.len() <= AT_ONCE.1
    }

    /// The row of a unit.
    pub(super) fn row(&self, unit: usize) -> usize {
        self.units.get(unit).map_or(0, |unit| unit.row as usize)
    }

    /// What a unit shows of a side; empty where that side has nothing there.
    pub(super) fn text(&self, unit: usize, side: Side) -> &str {
        let range = self.units.range(&self.diff, unit, side).unwrap_or(0..0);
        self.diff.text(self.row(unit), side).get(range).unwrap_or_default()
    }

    /// Whether it is said how a line ends: the sides differ in it, or it is the last without a newline.
    pub(super) fn ending_to_note(&self, unit: usize, side: Side) -> Option<LineEnding> {
        if !self.units.is_last_part(unit) {
            return None;
        }
        let row = self.diff.rows.get(self.row(unit))?;
        let line = self.diff.line(self.row(unit), side)?;
        let alone_at_end = line.ending == LineEnding::None && row.kind != RowKind::Same;
        (row.endings_differ() || alone_at_end).then_some(line.ending)
    }

    /// The fold that a unit lies in, by the unit that it begins with.
    pub(super) fn fold_of(&self, unit: usize) -> Option<usize> {
        self.blocks.iter().find_map(|block| match block {
            DiffBlock::Folded(units) if units.contains(&unit) => Some(units.start),
            _ => None,
        })
    }
}

/// What stands on screen.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    /// Both sides of a unit.
    Pair(usize),
    /// One side of a unit.
    One(usize, Side),
    /// Equal units, folded; a click shows them.
    Fold(Range<usize>),
}

impl Shown {
    /// The first unit of it.
    fn unit(&self) -> usize {
        match self {
            Self::Pair(unit) | Self::One(unit, _) => *unit,
            Self::Fold(units) => units.start,
        }
    }

    /// The unit whose text it shows.
    pub(super) fn shows(&self) -> Option<usize> {
        match self {
            Self::Pair(unit) | Self::One(unit, _) => Some(*unit),
            Self::Fold(_) => None,
        }
    }
}

/// What a layout is made for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) side_by_side: bool,
    /// Characters that fit beside each other.
    pub(super) columns: usize,
    /// The folds that are open, by their first units.
    pub(super) expanded: BTreeSet<usize>,
}

/// Everything that stands on screen, from above.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) form: Form,
    pub(super) shown: Vec<Shown>,
    pub(super) heights: Heights,
}

impl Layout {
    /// Lays a difference out.
    pub(super) fn new(content: &Content, form: Form) -> Self {
        let mut shown = Vec::new();
        for block in &content.blocks {
            match block {
                DiffBlock::Folded(units) if !form.expanded.contains(&units.start) => {
                    shown.push(Shown::Fold(units.clone()));
                }
                DiffBlock::Folded(units) | DiffBlock::Rows(units) if form.side_by_side => {
                    shown.extend(units.clone().map(Shown::Pair));
                }
                DiffBlock::Folded(units) | DiffBlock::Rows(units) => inline(content, units, &mut shown),
            }
        }
        let rows = |shown: &Shown| match shown {
            Shown::Fold(_) => 1,
            Shown::Pair(unit) => {
                let old = wrapped_rows(content, form.columns, *unit, Side::Old);
                old.max(wrapped_rows(content, form.columns, *unit, Side::New))
            }
            Shown::One(unit, side) => wrapped_rows(content, form.columns, *unit, *side),
        };
        let heights = Heights::new(shown.iter().map(rows).collect());
        Self { form, shown, heights }
    }

    /// Where a unit stands; within a change that is shown inline, about there.
    pub(super) fn index_of(&self, unit: usize) -> usize {
        let after = self.shown.partition_point(|shown| shown.unit() < unit);
        // In a fold that begins before it.
        match self.shown.get(after.wrapping_sub(1)) {
            Some(Shown::Fold(units)) if units.contains(&unit) => after - 1,
            _ => after.min(self.shown.len().saturating_sub(1)),
        }
    }
}

/// The lines of these units inline: within a run of changes first what was removed, then what was added.
fn inline(content: &Content, units: &Range<usize>, shown: &mut Vec<Shown>) {
    let has = |unit: usize, side| content.units.range(&content.diff, unit, side).is_some();
    let mut unit = units.start;
    while unit < units.end {
        if !content.units.is_changed(unit) {
            shown.push(Shown::One(unit, if has(unit, Side::New) { Side::New } else { Side::Old }));
            unit += 1;
            continue;
        }
        let end = (unit..units.end).find(|at| !content.units.is_changed(*at)).unwrap_or(units.end);
        for side in [Side::Old, Side::New] {
            shown.extend((unit..end).filter(|at| has(*at, side)).map(|at| Shown::One(at, side)));
        }
        unit = end;
    }
}

/// How many rows of text a unit takes, as far as its characters tell; what it really takes is seen when
/// it is laid out, and put right then.
fn wrapped_rows(content: &Content, columns: usize, unit: usize, side: Side) -> u32 {
    let text = content.text(unit, side);
    // The note on how the line ends may need a little more.
    let note = match content.ending_to_note(unit, side) {
        None => 0,
        Some(LineEnding::None) => NOTE_AT_END,
        Some(_) => NOTE,
    };
    if text.len() + note <= columns && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return 1;
    }
    let breaks = breaks(text, &[], columns.max(LEAST));
    let last = &text[breaks.last().copied().unwrap_or(0)..];
    u32::try_from(breaks.len() + 1 + usize::from(columns_of(last) + note > columns)).unwrap_or(u32::MAX)
}

/// Heights of many things above each other, in rows of text. To ask where one begins, and to change one,
/// costs the same however many there are (a Fenwick tree).
#[derive(Default)]
pub(super) struct Heights {
    each: Vec<u32>,
    sums: Vec<u32>,
}

impl Heights {
    fn new(each: Vec<u32>) -> Self {
        let mut sums = each.clone();
        for at in 0..sums.len() {
            let parent = at | (at + 1);
            if parent < sums.len() {
                sums[parent] += sums[at];
            }
        }
        Self { each, sums }
    }

    /// How many rows one takes.
    pub(super) fn height(&self, at: usize) -> u32 {
        self.each.get(at).copied().unwrap_or(0)
    }

    /// Where one begins.
    pub(super) fn top(&self, at: usize) -> u32 {
        let mut end = at.min(self.each.len());
        let mut sum = 0;
        while end > 0 {
            sum += self.sums[end - 1];
            end &= end - 1;
        }
        sum
    }

    /// The sum of all.
    pub(super) fn total(&self) -> u32 {
        self.top(self.each.len())
    }

    /// The one that this row lies in; the last for what is below.
    pub(super) fn at(&self, row: u32) -> usize {
        let mut start = 0;
        let mut rest = row;
        let mut step = self.each.len().checked_next_power_of_two().unwrap_or(0);
        while step > 0 {
            if let Some(sum) = self.sums.get(start + step - 1)
                && *sum <= rest
            {
                rest -= sum;
                start += step;
            }
            step /= 2;
        }
        start.min(self.each.len().saturating_sub(1))
    }

    /// Notes what one really takes; whether that is something else.
    pub(super) fn set(&mut self, at: usize, rows: u32) -> bool {
        let Some(before) = self.each.get_mut(at) else { return false };
        if *before == rows {
            return false;
        }
        let (add, take) = (rows.saturating_sub(*before), before.saturating_sub(rows));
        *before = rows;
        let mut node = at;
        while node < self.sums.len() {
            self.sums[node] = self.sums[node] + add - take;
            node |= node + 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn heights_are_sums(each in proptest::collection::vec(0_u32..9, 0..70), changes in
            proptest::collection::vec((0_usize..70, 1_u32..9), 0..20), row in 0_u32..400) {
            let mut each = each;
            let mut heights = Heights::new(each.clone());
            for (at, rows) in changes {
                let changed = heights.set(at, rows);
                if let Some(slot) = each.get_mut(at) {
                    prop_assert_eq!(changed, *slot != rows);
                    *slot = rows;
                }
            }
            for at in 0..=each.len() {
                prop_assert_eq!(heights.top(at), each[..at].iter().sum::<u32>());
            }
            let mut top = 0;
            let place = each.iter().position(|rows| {
                top += rows;
                top > row
            });
            prop_assert_eq!(heights.at(row), place.unwrap_or(each.len().saturating_sub(1)));
        }
    }

    #[test]
    fn a_unit_is_found_where_it_stands() {
        let old: String = (0..40).map(|line| format!("{line}\n")).collect();
        let new = old.replace("20\n", "twenty\n");
        for side_by_side in [true, false] {
            let content = Content::new(&old, &new, Whitespace::All);
            let form = Form { side_by_side, columns: 80, expanded: BTreeSet::new() };
            let layout = Layout::new(&content, form);
            assert!(matches!(&layout.shown[layout.index_of(5)], Shown::Fold(units) if units.contains(&5)));
            let change = content.units.changes()[0].start;
            assert_eq!(layout.shown[layout.index_of(change)].shows(), Some(change));
        }
    }
}
