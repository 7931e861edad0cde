//! A connected part by itself: laid out anew, or grown from where its nodes were.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{self, Chart, Item};
use super::spaced::nearest_free;
use super::{Cell, Draft, ring};
use crate::ui::locks::graph::net::Net;

/// Rows that the bend of an edge takes.
const BEND: f32 = 0.5;
/// Rows between a ring and what is above or below it: there is the frame of the deadlock, and its name.
pub(super) const CLEAR: f32 = 1.9;

/// Edges of a part that say what is left of what.
struct Links {
    /// Edge, from, to.
    list: Vec<(usize, usize, usize)>,
}

impl Links {
    /// All edges of the part but those of its ring, and those that lead back.
    fn of(net: &Net, nodes: &[usize], ring: &[usize]) -> Self {
        let inside: BTreeSet<usize> = nodes.iter().copied().collect();
        let in_ring: BTreeSet<usize> = ring.iter().copied().collect();
        let mut next: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (at, edge) in net.edges.iter().enumerate() {
            let of_ring = in_ring.contains(&edge.from) && in_ring.contains(&edge.to);
            if inside.contains(&edge.from) && !of_ring {
                next.entry(edge.from).or_default().push((at, edge.to));
            }
        }
        let back = leading_back(nodes, &next);
        let list = next
            .into_iter()
            .flat_map(|(from, edges)| edges.into_iter().map(move |(edge, to)| (edge, from, to)))
            .filter(|(edge, _, _)| !back.contains(edge))
            .collect();
        Self { list }
    }
}

/// The edges that close a circle when the graph is gone through depth first.
fn leading_back(nodes: &[usize], next: &BTreeMap<usize, Vec<(usize, usize)>>) -> BTreeSet<usize> {
    let mut back = BTreeSet::new();
    let mut done = BTreeSet::new();
    let mut open = BTreeSet::new();
    for start in nodes {
        // Node, and how many of its edges were gone.
        let mut way = if done.contains(start) { Vec::new() } else { vec![(*start, 0)] };
        open.extend(way.iter().map(|(node, _)| *node));
        while let Some((node, gone)) = way.last_mut() {
            let edge = next.get(node).and_then(|edges| edges.get(*gone));
            *gone += 1;
            match edge {
                Some((edge, to)) if open.contains(to) => {
                    back.insert(*edge);
                }
                Some((_, to)) if !done.contains(to) => {
                    open.insert(*to);
                    way.push((*to, 0));
                }
                Some(_) => {}
                None => {
                    open.remove(node);
                    done.insert(*node);
                    way.pop();
                }
            }
        }
    }
    back
}

/// Lays a part out anew.
pub(super) fn layout(net: &Net, nodes: &[usize], ring: &[usize]) -> Draft {
    let links = Links::of(net, nodes, ring);
    let ring_cells = ring::cells(ring);
    let columns = columns(nodes, &links, &ring_cells);
    let chart = chart(nodes, &links, &columns, &ring_cells);
    let rows = order::rows(&chart, &ring_cells);
    let mut draft = Draft::default();
    for (item, row) in chart.items.iter().zip(rows) {
        let cell = Cell { column: item.column, row };
        match *item {
            Item { node: Some(node), .. } => {
                draft.cells.insert(node, cell);
            }
            Item { edge, .. } => draft.bends.entry(edge).or_default().push(cell),
        }
    }
    draft
}

/// The column of each node: left of all that it waits for, as near as can be.
fn columns(nodes: &[usize], links: &Links, ring: &BTreeMap<usize, Cell>) -> BTreeMap<usize, i32> {
    let mut columns: BTreeMap<usize, i32> = BTreeMap::new();
    columns.extend(ring.iter().map(|(node, cell)| (*node, cell.column)));
    if ring.is_empty() {
        columns.extend(nodes.iter().map(|node| (*node, 0)));
    } else {
        spread(nodes, links, &mut columns);
    }
    let column =
        |columns: &BTreeMap<usize, i32>, node: &usize| columns.get(node).copied().unwrap_or_default();
    // What waits for a ring from within is drawn backwards: its columns are given up on after so many rounds.
    for _ in 0..=nodes.len() {
        let mut settled = true;
        for (_, from, to) in &links.list {
            let (left, right) = (column(&columns, from), column(&columns, to));
            if left < right {
                continue;
            }
            let (node, new) = if ring.contains_key(from) { (to, left + 1) } else { (from, right - 1) };
            if !ring.contains_key(node) {
                columns.insert(*node, new);
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    tighten(nodes, links, ring, &mut columns);
    columns
}

/// Gives a first column to what is tied to nodes that have one.
fn spread(nodes: &[usize], links: &Links, columns: &mut BTreeMap<usize, i32>) {
    loop {
        let before = columns.len();
        for (_, from, to) in &links.list {
            match (columns.get(from).copied(), columns.get(to).copied()) {
                (None, Some(right)) => columns.insert(*from, right - 1),
                (Some(left), None) => columns.insert(*to, left + 1),
                _ => None,
            };
        }
        if columns.len() == before || columns.len() == nodes.len() {
            return;
        }
    }
}

/// Moves nodes left to who waits for them, where no longer edge comes of it.
fn tighten(nodes: &[usize], links: &Links, ring: &BTreeMap<usize, Cell>, columns: &mut BTreeMap<usize, i32>) {
    let mut before: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut after: BTreeMap<usize, usize> = BTreeMap::new();
    for (_, from, to) in &links.list {
        before.entry(*to).or_default().push(*from);
        *after.entry(*from).or_default() += 1;
    }
    let mut order: Vec<(i32, usize)> =
        nodes.iter().filter_map(|node| Some((*columns.get(node)?, *node))).collect();
    order.sort_unstable();
    for (column, node) in order {
        let Some(waiters) = before.get(&node) else { continue };
        let furthest = waiters.iter().filter_map(|waiter| columns.get(waiter)).max();
        let light = waiters.len() >= after.get(&node).copied().unwrap_or_default();
        if let Some(furthest) = furthest.filter(|furthest| **furthest + 1 < column)
            && light
            && !ring.contains_key(&node)
        {
            columns.insert(node, furthest + 1);
        }
    }
}

/// Nodes, and the bends of edges that span more than a column.
fn chart(
    nodes: &[usize],
    links: &Links,
    columns: &BTreeMap<usize, i32>,
    ring: &BTreeMap<usize, Cell>,
) -> Chart {
    let sides = sides(nodes, links, ring);
    let side = |node: &usize| sides.get(node).copied().unwrap_or_default();
    let mut chart = Chart::default();
    let mut item_of = BTreeMap::new();
    for node in nodes {
        item_of.insert(*node, chart.items.len());
        let column = columns.get(node).copied().unwrap_or_default();
        chart.items.push(Item { node: Some(*node), edge: 0, column, side: side(node), size: 1.0 });
    }
    for (edge, from, to) in &links.list {
        let (left, right) = (&item_of[from], &item_of[to]);
        let (first, last) = (chart.items[*left].column, chart.items[*right].column);
        if first >= last {
            continue;
        }
        let mut at = *left;
        let side = if ring.contains_key(from) { side(to) } else { side(from) };
        // Between two nodes of a ring there is none: those edges are not among the links.
        for column in first + 1..last {
            chart.items.push(Item { node: None, edge: *edge, column, side, size: BEND });
            chart.links.push((at, chart.items.len() - 1));
            at = chart.items.len() - 1;
        }
        chart.links.push((at, *right));
    }
    chart
}

/// Above a ring (0), in its halves (1, 2), or below it (3), by the half that a node is tied to. 0 without one.
fn sides(nodes: &[usize], links: &Links, ring: &BTreeMap<usize, Cell>) -> BTreeMap<usize, u8> {
    let mut sides: BTreeMap<usize, u8> =
        ring.iter().map(|(node, cell)| (*node, if ring::is_below(*cell) { 2 } else { 1 })).collect();
    let outer = |side: u8| if side <= 1 { 0 } else { 3 };
    loop {
        let before = sides.len();
        for (_, from, to) in &links.list {
            match (sides.get(from).copied(), sides.get(to).copied()) {
                (None, Some(side)) => sides.insert(*from, outer(side)),
                (Some(side), None) => sides.insert(*to, outer(side)),
                _ => None,
            };
        }
        if sides.len() == before || sides.len() == nodes.len() {
            return sides;
        }
    }
}

/// The part with its known nodes where they were and new ones beside them; `None`: waiting would not go from
/// left to right.
pub(super) fn grown(
    net: &Net,
    nodes: &[usize],
    ring: &[usize],
    old: &BTreeMap<usize, Cell>,
    old_bends: &BTreeMap<usize, Vec<Cell>>,
) -> Option<Draft> {
    let links = Links::of(net, nodes, ring);
    let mut grown = Grown::new(ring, old);
    grown.keep_bends(&links, old_bends);
    let new = nodes.len() - old.len();
    for _ in 0..new {
        let node =
            nodes.iter().find(|node| !grown.cells.contains_key(node) && grown.is_tied(&links, **node))?;
        grown.add(&links, *node)?;
    }
    let in_order = links.list.iter().all(|(_, from, to)| grown.cells[from].column < grown.cells[to].column);
    if !in_order {
        return None;
    }
    grown.bend(&links);
    Some(Draft { cells: grown.cells, bends: grown.bends, ..Draft::default() })
}

struct Grown {
    cells: BTreeMap<usize, Cell>,
    bends: BTreeMap<usize, Vec<Cell>>,
    /// Rows and sizes of what is there, by column.
    taken: BTreeMap<i32, Vec<(f32, f32)>>,
}

impl Grown {
    fn new(ring: &[usize], old: &BTreeMap<usize, Cell>) -> Self {
        let mut taken: BTreeMap<i32, Vec<(f32, f32)>> = BTreeMap::new();
        for cell in old.values() {
            taken.entry(cell.column).or_default().push((cell.row, 1.0));
        }
        // Nothing comes into the inside of a ring.
        let inside: Vec<Cell> = ring.iter().filter_map(|node| old.get(node)).copied().collect();
        let top = inside.iter().map(|cell| cell.row).fold(f32::INFINITY, f32::min);
        let bottom = inside.iter().map(|cell| cell.row).fold(f32::NEG_INFINITY, f32::max);
        for cell in inside {
            let size = bottom - top + 2.0 * CLEAR - 1.0;
            taken.entry(cell.column).or_default().push(((top + bottom) / 2.0, size));
        }
        Self { cells: old.clone(), bends: BTreeMap::new(), taken }
    }

    /// Edges whose ends stayed where they were keep their bends.
    fn keep_bends(&mut self, links: &Links, old: &BTreeMap<usize, Vec<Cell>>) {
        for (edge, from, to) in &links.list {
            if let (Some(left), Some(right), Some(bends)) =
                (self.cells.get(from), self.cells.get(to), old.get(edge))
                && bends.iter().map(|bend| bend.column).eq(left.column + 1..right.column)
            {
                for bend in bends {
                    self.taken.entry(bend.column).or_default().push((bend.row, BEND));
                }
                self.bends.insert(*edge, bends.clone());
            }
        }
    }

    fn is_tied(&self, links: &Links, node: usize) -> bool {
        links.list.iter().any(|(_, from, to)| {
            (*from == node && self.cells.contains_key(to)) || (*to == node && self.cells.contains_key(from))
        })
    }

    /// Puts a new node next to those that it is tied to.
    fn add(&mut self, links: &Links, node: usize) -> Option<()> {
        let cells = |nodes: Vec<usize>| -> Vec<Cell> {
            nodes.iter().filter_map(|other| self.cells.get(other)).copied().collect()
        };
        let before = links.list.iter().filter(|(_, _, to)| *to == node).map(|(_, from, _)| *from);
        let behind = links.list.iter().filter(|(_, from, _)| *from == node).map(|(_, _, to)| *to);
        let (left, right) = (cells(before.collect()), cells(behind.collect()));
        let after = left.iter().map(|cell| cell.column + 1).max();
        let before = right.iter().map(|cell| cell.column - 1).min();
        let column = match (after, before) {
            (Some(after), Some(before)) if after > before => return None,
            (_, Some(before)) => before,
            (Some(after), None) => after,
            (None, None) => return None,
        };
        let around = left.iter().chain(&right).map(|cell| cell.row);
        let wanted = around.sum::<f32>() / (left.len() + right.len()) as f32;
        let taken = self.taken.entry(column).or_default();
        let row = nearest_free(taken, wanted, 1.0);
        taken.push((row, 1.0));
        self.cells.insert(node, Cell { column, row });
        Some(())
    }

    /// Bends edges around what lies between their ends.
    fn bend(&mut self, links: &Links) {
        for (edge, from, to) in &links.list {
            let (left, right) = (self.cells[from], self.cells[to]);
            if self.bends.contains_key(edge) || right.column - left.column < 2 {
                continue;
            }
            let slope = (right.row - left.row) / (right.column - left.column) as f32;
            let bends = (left.column + 1..right.column).map(|column| {
                let taken = self.taken.entry(column).or_default();
                let row = nearest_free(taken, left.row + slope * (column - left.column) as f32, BEND);
                taken.push((row, BEND));
                Cell { column, row }
            });
            self.bends.insert(*edge, bends.collect());
        }
    }
}
