//! Things of one column in their order: as near to where they are wanted as can be, without touching.

/// Something in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Where its middle is wanted.
    pub row: f32,
    /// How many rows it takes.
    pub size: f32,
}

/// The rows of the middles, in order: the least squares of the distances from where they are wanted (pool
/// adjacent violators).
#[must_use]
pub fn spaced(wanted: &[Wanted]) -> Vec<f32> {
    // With the room that those before it need taken away, each may be at or behind the one before.
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(wanted.len());
    for (at, item) in wanted.iter().enumerate() {
        if at > 0 {
            offset += (wanted[at - 1].size + item.size) / 2.0;
        }
        offsets.push(offset);
    }
    let mut pools: Vec<(f32, usize)> = Vec::new();
    for (item, offset) in wanted.iter().zip(&offsets) {
        let mut pool = (item.row - offset, 1_usize);
        while let Some((sum, count)) = pools.last().copied() {
            if sum / count as f32 <= pool.0 / pool.1 as f32 {
                break;
            }
            pools.pop();
            pool = (pool.0 + sum, pool.1 + count);
        }
        pools.push(pool);
    }
    let rows = pools.into_iter().flat_map(|(sum, count)| std::iter::repeat_n(sum / count as f32, count));
    rows.zip(offsets).map(|(row, offset)| row + offset).collect()
}

/// The row nearest to `wanted` at which something of this size touches nothing that is there already
/// (middles and sizes).
#[must_use]
pub fn nearest_free(taken: &[(f32, f32)], wanted: f32, size: f32) -> f32 {
    let free = |row: f32| {
        taken.iter().all(|(other, other_size)| (row - other).abs() + 1e-3 >= (size + other_size) / 2.0)
    };
    let beside = taken.iter().flat_map(|(other, other_size)| {
        let apart = (size + other_size) / 2.0;
        [other - apart, other + apart]
    });
    std::iter::once(wanted)
        .chain(beside)
        .filter(|row| free(*row))
        .min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()).then(a.total_cmp(b)))
        .unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_touch_stays_and_what_does_makes_room_both_ways() {
        let item = |row| Wanted { row, size: 1.0 };
        assert_eq!(spaced(&[item(0.0), item(5.0)]), [0.0, 5.0]);
        assert_eq!(spaced(&[item(3.0), item(3.0), item(3.0)]), [2.0, 3.0, 4.0]);
        assert_eq!(spaced(&[item(4.0), item(1.0)]), [2.0, 3.0], "the order is kept");
    }

    #[test]
    fn a_gap_is_looked_for_on_both_sides() {
        assert_eq!(nearest_free(&[], 2.5, 1.0), 2.5);
        assert_eq!(nearest_free(&[(0.0, 1.0), (1.0, 1.0)], 0.9, 1.0), 2.0);
        assert_eq!(nearest_free(&[(0.0, 1.0), (1.0, 1.0)], 0.1, 1.0), -1.0);
    }
}
