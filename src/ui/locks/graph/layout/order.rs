//! The order of things in their columns, and their rows: few crossings, short edges.

use std::collections::BTreeMap;

use super::Cell;
use super::fresh::CLEAR;
use super::spaced::{Wanted, spaced};

/// So often the columns are gone through to have fewer crossings.
const ORDER_SWEEPS: usize = 8;
/// So often they are gone through to have shorter edges.
const ROW_SWEEPS: usize = 10;

/// A node, or the bend of an edge, in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    /// The node; `None`: a bend.
    pub node: Option<usize>,
    /// The edge that bends.
    pub edge: usize,
    /// Its column.
    pub column: i32,
    /// Above a ring (0), in it (1, 2), below it (3); 0 without one.
    pub side: u8,
    /// The rows that it takes.
    pub size: f32,
}

/// What is to be ordered.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// Nodes and bends.
    pub items: Vec<Item>,
    /// Edges between items of neighbouring columns: left, right.
    pub links: Vec<(usize, usize)>,
}

struct Sweeper<'a> {
    chart: &'a Chart,
    left: Vec<Vec<usize>>,
    right: Vec<Vec<usize>>,
    /// The items of each column, from above.
    columns: BTreeMap<i32, Vec<usize>>,
    place: Vec<usize>,
}

/// The row of each item.
#[must_use]
pub fn rows(chart: &Chart, ring: &BTreeMap<usize, Cell>) -> Vec<f32> {
    let mut sweeper = Sweeper::new(chart);
    sweeper.order();
    sweeper.rows(ring)
}

impl<'a> Sweeper<'a> {
    fn new(chart: &'a Chart) -> Self {
        let count = chart.items.len();
        let (mut left, mut right) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (from, to) in &chart.links {
            right[*from].push(*to);
            left[*to].push(*from);
        }
        let mut sweeper = Self { chart, left, right, columns: BTreeMap::new(), place: vec![0; count] };
        for item in sweeper.first_order() {
            sweeper.columns.entry(chart.items[item].column).or_default().push(item);
        }
        sweeper.columns.values_mut().for_each(|column| column.sort_by_key(|item| chart.items[*item].side));
        sweeper.number();
        sweeper
    }

    /// Depth first from those who wait for nobody: what waits for the same stays together.
    fn first_order(&self) -> Vec<usize> {
        let count = self.chart.items.len();
        let ends = (0..count).filter(|item| self.right[*item].is_empty());
        let mut seen = vec![false; count];
        let mut order = Vec::with_capacity(count);
        for start in ends.chain(0..count) {
            let mut open = vec![start];
            while let Some(item) = open.pop() {
                if !std::mem::replace(&mut seen[item], true) {
                    order.push(item);
                    open.extend(self.left[item].iter().rev().filter(|before| !seen[**before]));
                }
            }
        }
        order
    }

    fn number(&mut self) {
        for column in self.columns.values() {
            for (place, item) in column.iter().enumerate() {
                self.place[*item] = place;
            }
        }
    }

    fn order(&mut self) {
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..ORDER_SWEEPS {
            if best.0 == 0 {
                break;
            }
            let rightward = sweep % 2 == 0;
            let mut numbers: Vec<i32> = self.columns.keys().copied().collect();
            if !rightward {
                numbers.reverse();
            }
            for number in numbers {
                self.sort_column(number, rightward);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
        self.number();
    }

    fn sort_column(&mut self, number: i32, rightward: bool) {
        let Some(mut column) = self.columns.remove(&number) else { return };
        let beside = if rightward { &self.left } else { &self.right };
        let mean = |item: usize| {
            let others = &beside[item];
            let sum: usize = others.iter().map(|other| self.place[*other]).sum();
            if others.is_empty() { self.place[item] as f32 } else { sum as f32 / others.len() as f32 }
        };
        column.sort_by(|a, b| {
            let side = |item: &usize| self.chart.items[*item].side;
            side(a).cmp(&side(b)).then(mean(*a).total_cmp(&mean(*b)))
        });
        for (place, item) in column.iter().enumerate() {
            self.place[*item] = place;
        }
        self.columns.insert(number, column);
    }

    fn crossings(&self) -> usize {
        let mut by_column: BTreeMap<i32, Vec<(usize, usize)>> = BTreeMap::new();
        for (from, to) in &self.chart.links {
            let ends = (self.place[*from], self.place[*to]);
            by_column.entry(self.chart.items[*from].column).or_default().push(ends);
        }
        let crossed = |links: &Vec<(usize, usize)>| -> usize {
            let pairs = links.iter().enumerate().map(|(at, a)| {
                let cross = |b: &&(usize, usize)| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1);
                links[at + 1..].iter().filter(cross).count()
            });
            pairs.sum()
        };
        by_column.values().map(crossed).sum()
    }

    fn rows(&self, ring: &BTreeMap<usize, Cell>) -> Vec<f32> {
        let mut rows = vec![0.0; self.chart.items.len()];
        for column in self.columns.values() {
            let mut below = 0.0;
            for item in column {
                let half = self.chart.items[*item].size / 2.0;
                rows[*item] = below + half;
                below += 2.0 * half;
            }
        }
        for (at, item) in self.chart.items.iter().enumerate() {
            if let Some(cell) = item.node.and_then(|node| ring.get(&node)) {
                rows[at] = cell.row;
            }
        }
        let bottom = ring.values().map(|cell| cell.row).fold(0.0, f32::max);
        for sweep in 0..ROW_SWEEPS {
            let rightward = sweep % 2 == 1;
            let last = sweep + 2 >= ROW_SWEEPS;
            let mut numbers: Vec<i32> = self.columns.keys().copied().collect();
            if !rightward {
                numbers.reverse();
            }
            for number in numbers {
                let sides = (!rightward || last, rightward || last);
                self.place_column(number, sides, &mut rows, bottom);
            }
        }
        rows
    }

    /// Puts the items of a column next to those that they are tied to at its right, its left, or both.
    fn place_column(&self, number: i32, (right, left): (bool, bool), rows: &mut [f32], bottom: f32) {
        let Some(column) = self.columns.get(&number) else { return };
        let items = &self.chart.items;
        let wanted = |item: usize, rows: &[f32]| {
            let mut around: Vec<usize> = Vec::new();
            around.extend(self.right[item].iter().filter(|_| right));
            around.extend(self.left[item].iter().filter(|_| left));
            if around.is_empty() {
                around.extend(self.right[item].iter().chain(&self.left[item]));
            }
            let sum: f32 = around.iter().map(|other| rows[*other]).sum();
            let row = if around.is_empty() { rows[item] } else { sum / around.len() as f32 };
            Wanted { row, size: items[item].size }
        };
        let has_ring = column.iter().any(|item| matches!(items[*item].side, 1 | 2));
        let groups: Vec<Vec<usize>> = if has_ring {
            [0, 3]
                .map(|side| column.iter().copied().filter(|item| items[*item].side == side).collect())
                .into()
        } else {
            vec![column.clone()]
        };
        for (group, above) in groups.iter().zip([true, false]) {
            let mut found = spaced(&group.iter().map(|item| wanted(*item, rows)).collect::<Vec<_>>());
            if has_ring {
                clear(&mut found, group, items, above, bottom);
            }
            for (item, row) in group.iter().zip(found) {
                rows[*item] = row;
            }
        }
    }
}

/// Keeps what is above a ring above it, and what is below it below.
fn clear(rows: &mut [f32], group: &[usize], items: &[Item], above: bool, bottom: f32) {
    let size = |at: usize| items[group[at]].size;
    if above {
        let mut most = -CLEAR;
        for at in (0..rows.len()).rev() {
            rows[at] = rows[at].min(most);
            if at > 0 {
                most = rows[at] - (size(at) + size(at - 1)) / 2.0;
            }
        }
    } else {
        let mut least = bottom + CLEAR;
        for at in 0..rows.len() {
            rows[at] = rows[at].max(least);
            if at + 1 < rows.len() {
                least = rows[at] + (size(at) + size(at + 1)) / 2.0;
            }
        }
    }
}
