//! What differs between two byte strings, in rows of the hexadecimal view: by offset, or aligned, so
//! that bytes put into the middle do not mark everything behind them.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use crate::model::hex::ROW;

/// Time for finding equal blocks.
const BLOCK_TIME: Duration = Duration::from_millis(500);
/// Time for comparing byte by byte within blocks that differ.
const BYTE_TIME: Duration = Duration::from_millis(300);
/// Parts of up to so many bytes are compared byte by byte at once.
const BYTEWISE: usize = 4 * 1024;
/// A block ends where the hash of the bytes before has these bits clear: every 32 bytes on average.
const BLOCK_MASK: u32 = 0x001f_0000;
/// A block has no more bytes than this.
const BLOCK_MAX: usize = 256;

/// A row of the hexadecimal comparison: sixteen places, each with a byte of the old value, of the new
/// one, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteDiffRow {
    /// Where its first old byte stands (or would stand) in the old value.
    pub old: usize,
    /// Where its first new byte stands in the new value.
    pub new: usize,
    /// Bit `n` is set where place `n` has an old byte.
    pub has_old: u16,
    /// Bit `n` is set where place `n` has a new byte.
    pub has_new: u16,
    /// Bit `n` is set where place `n` differs, or has a byte on one side alone.
    pub changed: u16,
}

impl ByteDiffRow {
    /// The bytes of the old value in this row.
    #[must_use]
    pub fn old_range(&self) -> Range<usize> {
        self.old..self.old + self.has_old.count_ones() as usize
    }

    /// The bytes of the new value in this row.
    #[must_use]
    pub fn new_range(&self) -> Range<usize> {
        self.new..self.new + self.has_new.count_ones() as usize
    }
}

/// The difference of two byte strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByteDiff {
    /// Its rows.
    pub rows: Vec<ByteDiffRow>,
    /// Places that differ.
    pub changed: usize,
    /// Runs of places that differ, as rows: what one goes to.
    pub changes: Vec<Range<usize>>,
    /// Equal bytes stand at different offsets: it was aligned.
    pub aligned: bool,
}

/// A stretch of both values.
struct Stretch {
    old: Range<usize>,
    new: Range<usize>,
    equal: bool,
}

/// Compares two values by offset.
#[must_use]
pub fn diff_bytes(old: &[u8], new: &[u8]) -> ByteDiff {
    let mut rows = Rows::default();
    for at in 0..old.len().max(new.len()) {
        rows.push(
            at < old.len(),
            at < new.len(),
            old.get(at) != new.get(at),
            at.min(old.len()),
            at.min(new.len()),
        );
    }
    rows.finish(false)
}

/// Compares two values such that equal bytes lie beside each other also behind an insertion. Where that
/// marks more than a comparison by offset, it is compared by offset.
#[must_use]
pub fn diff_bytes_aligned(old: &[u8], new: &[u8]) -> ByteDiff {
    let by_offset = diff_bytes(old, new);
    if by_offset.changed == 0 {
        return by_offset;
    }
    let stretches = stretches(old, new);
    let differing = |stretch: &Stretch| {
        if stretch.equal { 0 } else { stretch.old.len().max(stretch.new.len()) }
    };
    if stretches.iter().map(differing).sum::<usize>() >= by_offset.changed {
        return by_offset;
    }
    let mut rows = Rows::default();
    for Stretch { old: of_old, new: of_new, equal } in stretches {
        for step in 0..of_old.len().max(of_new.len()) {
            let (at_old, at_new) = (of_old.start + step, of_new.start + step);
            let (has_old, has_new) = (at_old < of_old.end, at_new < of_new.end);
            let differs = !(equal || has_old && has_new && old[at_old] == new[at_new]);
            rows.push(has_old, has_new, differs, at_old.min(of_old.end), at_new.min(of_new.end));
        }
    }
    rows.finish(true)
}

#[derive(Default)]
struct Rows {
    done: ByteDiff,
    row: Option<(ByteDiffRow, usize)>,
}

impl Rows {
    fn push(&mut self, has_old: bool, has_new: bool, differs: bool, old: usize, new: usize) {
        let empty = ByteDiffRow { old, new, has_old: 0, has_new: 0, changed: 0 };
        let (row, places) = self.row.get_or_insert((empty, 0));
        let bit = 1 << *places;
        row.has_old |= if has_old { bit } else { 0 };
        row.has_new |= if has_new { bit } else { 0 };
        row.changed |= if differs { bit } else { 0 };
        *places += 1;
        if *places == ROW {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let Some((row, _)) = self.row.take() else { return };
        let at = self.done.rows.len();
        self.done.rows.push(row);
        self.done.changed += row.changed.count_ones() as usize;
        if row.changed != 0 {
            match self.done.changes.last_mut() {
                Some(run) if run.end == at => run.end += 1,
                _ => self.done.changes.push(at..at + 1),
            }
        }
    }

    fn finish(mut self, aligned: bool) -> ByteDiff {
        self.flush();
        ByteDiff { aligned, ..self.done }
    }
}

/// Equal and differing stretches, in order, that cover both values.
fn stretches(old: &[u8], new: &[u8]) -> Vec<Stretch> {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let suffix = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_end, new_end) = (old.len() - suffix, new.len() - suffix);
    let mut found = Found { list: Vec::new() };
    found.add(0..prefix, 0..prefix, true);
    middle(old, new, prefix..old_end, prefix..new_end, &mut found);
    found.add(old_end..old.len(), new_end..new.len(), true);
    found.list
}

struct Found {
    list: Vec<Stretch>,
}

impl Found {
    fn add(&mut self, old: Range<usize>, new: Range<usize>, equal: bool) {
        if old.is_empty() && new.is_empty() {
            return;
        }
        match self.list.last_mut() {
            Some(last) if last.equal == equal => {
                last.old.end = old.end;
                last.new.end = new.end;
            }
            _ => self.list.push(Stretch { old, new, equal }),
        }
    }
}

/// Compares by blocks whose borders the content decides, and byte by byte where blocks differ.
fn middle(old: &[u8], new: &[u8], of_old: Range<usize>, of_new: Range<usize>, found: &mut Found) {
    let byte_deadline = Instant::now() + BLOCK_TIME + BYTE_TIME;
    if of_old.len().max(of_new.len()) <= BYTEWISE {
        return bytewise(old, new, of_old, of_new, byte_deadline, found);
    }
    let (old_blocks, new_blocks) = (blocks(old, of_old.clone()), blocks(new, of_new.clone()));
    let old_texts: Vec<&[u8]> = old_blocks.iter().map(|block| &old[block.clone()]).collect();
    let new_texts: Vec<&[u8]> = new_blocks.iter().map(|block| &new[block.clone()]).collect();
    let deadline = Instant::now() + BLOCK_TIME;
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old_texts, &new_texts, Some(deadline));
    let covered = |blocks: &[Range<usize>], these: Range<usize>, end: usize| {
        let start = blocks.get(these.start).map_or(end, |block| block.start);
        start..blocks.get(these.end).map_or(end, |block| block.start)
    };
    for op in ops {
        let part_old = covered(&old_blocks, op.old_range(), of_old.end);
        let part_new = covered(&new_blocks, op.new_range(), of_new.end);
        if matches!(op, DiffOp::Equal { .. }) {
            found.add(part_old, part_new, true);
        } else {
            bytewise(old, new, part_old, part_new, byte_deadline, found);
        }
    }
}

/// Compares byte by byte, where that is quick.
fn bytewise(
    old: &[u8],
    new: &[u8],
    of_old: Range<usize>,
    of_new: Range<usize>,
    deadline: Instant,
    found: &mut Found,
) {
    let too_large = of_old.len().max(of_new.len()) > BYTEWISE;
    if of_old.is_empty() || of_new.is_empty() || too_large || Instant::now() >= deadline {
        return found.add(of_old, of_new, false);
    }
    let (part_old, part_new) = (&old[of_old.clone()], &new[of_new.clone()]);
    for op in capture_diff_slices_deadline(Algorithm::Myers, part_old, part_new, Some(deadline)) {
        let moved = |range: Range<usize>, by: usize| range.start + by..range.end + by;
        found.add(
            moved(op.old_range(), of_old.start),
            moved(op.new_range(), of_new.start),
            matches!(op, DiffOp::Equal { .. }),
        );
    }
}

/// Blocks whose borders depend on the bytes before them alone, so that they are found again where the
/// same bytes stand at another offset.
fn blocks(bytes: &[u8], part: Range<usize>) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut start = part.start;
    let mut hash = 0_u32;
    for at in part.clone() {
        // Each byte is shifted out after 32 more.
        hash = (hash << 1).wrapping_add((u32::from(bytes[at]) + 1).wrapping_mul(0x9e37_79b1));
        if hash & BLOCK_MASK == 0 || at + 1 - start >= BLOCK_MAX {
            blocks.push(start..at + 1);
            start = at + 1;
        }
    }
    if start < part.end {
        blocks.push(start..part.end);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Puts both values together again from the rows.
    fn rebuilt(diff: &ByteDiff, old: &[u8], new: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut sides = (Vec::new(), Vec::new());
        for row in &diff.rows {
            assert_eq!((row.old, row.new), (sides.0.len(), sides.1.len()));
            sides.0.extend_from_slice(&old[row.old_range()]);
            sides.1.extend_from_slice(&new[row.new_range()]);
        }
        sides
    }

    #[test]
    fn bytes_are_compared_by_offset() {
        let old = [0_u8; 20];
        let mut new = old.to_vec();
        new[3] = 1;
        new.push(7);
        let diff = diff_bytes(&old, &new);
        assert_eq!(diff.rows.len(), 2);
        assert_eq!((diff.rows[0].changed, diff.rows[1].changed), (1 << 3, 1 << 4));
        assert_eq!((diff.rows[1].old_range(), diff.rows[1].new_range()), (16..20, 16..21));
        assert!(diff_bytes(b"", b"").rows.is_empty());
    }

    fn noise(len: usize, mut seed: u64) -> Vec<u8> {
        (0..len)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 40) as u8
            })
            .collect()
    }

    #[test]
    fn an_insertion_marks_what_was_inserted_and_nothing_behind_it() {
        let old = noise(1 << 20, 1);
        let mut new = old.clone();
        new.splice(300_000..300_000, *b"five!");
        new.splice(800_000..800_003, []);
        new[1_000_000] ^= 1;
        let start = Instant::now();
        let diff = diff_bytes_aligned(&old, &new);
        assert!(diff.aligned);
        assert_eq!(diff.changed, 5 + 3 + 1);
        assert_eq!(diff.changes.len(), 3);
        assert_eq!(rebuilt(&diff, &old, &new), (old, new));
        assert!(start.elapsed() < Duration::from_secs(10), "took {:?}", start.elapsed());
    }

    #[test]
    fn values_with_nothing_in_common_stay_bounded() {
        let (old, new) = (noise(1 << 20, 1), noise(1 << 20, 2));
        let start = Instant::now();
        let diff = diff_bytes_aligned(&old, &new);
        assert_eq!(rebuilt(&diff, &old, &new), (old, new));
        assert!(start.elapsed() < Duration::from_secs(10), "took {:?}", start.elapsed());
    }

    proptest! {
        #[test]
        fn both_values_come_back_and_equal_ones_have_no_marks(
            old in proptest::collection::vec(0_u8..4, 0..200),
            new in proptest::collection::vec(0_u8..4, 0..200),
            cut in 0_usize..200,
            put in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut edited = old.clone();
            edited.splice(cut.min(old.len())..cut.min(old.len()), put.iter().copied());
            for other in [&new, &edited, &old] {
                for diff in [diff_bytes(&old, other), diff_bytes_aligned(&old, other)] {
                    prop_assert_eq!(rebuilt(&diff, &old, other), (old.clone(), other.clone()));
                    prop_assert_eq!(diff.changed == 0, old == *other);
                    let marked: usize = diff.rows.iter().map(|row| row.changed.count_ones() as usize).sum();
                    prop_assert_eq!(marked, diff.changed);
                }
            }
            prop_assert!(diff_bytes_aligned(&old, &edited).changed <= put.len());
        }
    }
}
