//! The ring of a deadlock: nodes that wait for each other in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Cell;
use crate::ui::locks::graph::net::{Edge, Net};

/// Rows between the upper and the lower half of a ring.
const HEIGHT: f32 = 2.0;

/// The shortest ring among these nodes that begins at the smallest node that is in one: of the edges that a
/// deadlock is told by, else of any that are in one; empty: there is none.
#[must_use]
pub fn find(net: &Net, nodes: &[usize]) -> Vec<usize> {
    let inside: BTreeSet<usize> = nodes.iter().copied().collect();
    let edges = || net.edges.iter().filter(|edge| inside.contains(&edge.from));
    let told = of(edges().filter(|edge| edge.named));
    if told.is_empty() { of(edges().filter(|edge| edge.in_cycle)) } else { told }
}

fn of<'e>(edges: impl Iterator<Item = &'e Edge>) -> Vec<usize> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in edges {
        next.entry(edge.from).or_default().push(edge.to);
    }
    next.keys().find_map(|start| shortest(&next, *start)).unwrap_or_default()
}

/// The shortest way from a node back to itself.
fn shortest(next: &BTreeMap<usize, Vec<usize>>, start: usize) -> Option<Vec<usize>> {
    let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for to in next.get(&node).into_iter().flatten() {
            if *to == start {
                let mut way = vec![node];
                while let Some(before) =
                    way.last().filter(|last| **last != start).and_then(|last| came_from.get(last))
                {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(to) {
                came_from.insert(*to, node);
                queue.push_back(*to);
            }
        }
    }
    None
}

/// The cells of a ring: its first half above from left to right, the other below and back.
#[must_use]
pub fn cells(ring: &[usize]) -> BTreeMap<usize, Cell> {
    if ring.len() == 2 {
        let side_by_side = ring.iter().zip(0_i32..);
        return side_by_side.map(|(node, column)| (*node, Cell { column, row: 0.0 })).collect();
    }
    let above = ring.len().div_ceil(2);
    let column = |at: usize| i32::try_from(at).unwrap_or(i32::MAX);
    ring.iter()
        .enumerate()
        .map(|(at, node)| {
            let cell = if at < above {
                Cell { column: column(at), row: 0.0 }
            } else {
                Cell { column: column(2 * above - 1 - at), row: HEIGHT }
            };
            (*node, cell)
        })
        .collect()
}

/// Whether a cell of a ring is in its lower half.
#[must_use]
pub fn is_below(cell: Cell) -> bool {
    cell.row >= HEIGHT
}
