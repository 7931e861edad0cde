//! Where the nodes of a wait-for graph lie. Waiting goes from left to right: who waits, the lock, who holds
//! it, what that one waits for, and so on; a deadlock is a ring. Connected parts lie apart, those with a
//! deadlock above all others.
//!
//! The layout depends on nothing but the graph and the layout before it. Nodes keep their places when others
//! come and go, as long as waiting still goes from left to right.

mod fresh;
mod order;
mod pack;
mod ring;
mod spaced;

use std::collections::BTreeMap;

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use self::pack::Block;
use super::net::{Edge, Net, Node};

/// Width and height of a node, in points at full size.
pub const NODE: Vec2 = vec2(172.0, 34.0);
/// From one column to the next, and from one row to the next.
const PITCH: Vec2 = vec2(224.0, 48.0);
/// The frame around a deadlock leaves so much room around its nodes, and above them for its name.
const FRAME_PAD: f32 = 16.0;
/// See [`FRAME_PAD`].
const FRAME_HEAD: f32 = 26.0;

/// So many cells, or rows, are never too many to keep nodes where they are.
const SPARE: f32 = 40.0;

/// A place on the grid: columns are whole, rows need not be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// Counted to the right.
    pub column: i32,
    /// Counted downwards.
    pub row: f32,
}

impl Cell {
    fn middle(self) -> Pos2 {
        pos2(self.column as f32 * PITCH.x, self.row * PITCH.y)
    }
}

/// A part of the graph that is connected.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The room that it takes, with its frame.
    pub rect: Rect,
    /// Its nodes, by their places in the net.
    pub nodes: Vec<usize>,
    /// The ring of its deadlock, in the order of waiting; empty: it has none.
    pub ring: Vec<usize>,
    /// The frame around the ring: nobody else is in it.
    pub frame: Option<Rect>,
}

/// Where everything lies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The middle of each node, by its place in the net.
    pub middles: Vec<Pos2>,
    /// The points that each edge goes through between its ends, by its place in the net.
    pub bends: Vec<Vec<Pos2>>,
    /// The connected parts, those with a deadlock first.
    pub parts: Vec<Part>,
    /// All of it.
    pub bounds: Option<Rect>,
    /// What the next layout begins with.
    memory: BTreeMap<Node, Memory>,
    /// The bends of edges, by their ends.
    routes: BTreeMap<(Node, Node), Vec<Cell>>,
}

/// Where a node was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Memory {
    cell: Cell,
    /// Its place in the ring of a deadlock.
    ring: Option<usize>,
}

/// A connected part while it is laid out: cells of its own nodes, bends of its own edges.
#[derive(Clone, Debug, Default)]
struct Draft {
    nodes: Vec<usize>,
    ring: Vec<usize>,
    cells: BTreeMap<usize, Cell>,
    bends: BTreeMap<usize, Vec<Cell>>,
    /// Whether its nodes are where they were.
    kept: bool,
    /// Whether any of its nodes was there before.
    known: bool,
}

impl Layout {
    /// The place of a node.
    #[must_use]
    pub fn rect(&self, node: usize) -> Option<Rect> {
        self.middles.get(node).map(|middle| Rect::from_center_size(*middle, NODE))
    }

    /// Lays the graph out; nodes that `before` knows stay where they can.
    #[must_use]
    pub fn of(net: &Net, before: &Self) -> Self {
        let mut drafts: Vec<Draft> = parts(net).into_iter().map(|nodes| draft(net, nodes, before)).collect();
        drafts.sort_by_key(|draft| (draft.ring.is_empty(), !draft.kept, !draft.known));
        let blocks: Vec<Block> = drafts.iter().map(block).collect();
        let moves = moves(&drafts, &blocks);
        let mut layout = Self {
            middles: vec![Pos2::ZERO; net.nodes.len()],
            bends: vec![Vec::new(); net.edges.len()],
            ..Self::default()
        };
        for ((draft, block), (columns, rows)) in drafts.into_iter().zip(blocks).zip(moves) {
            let moved = |cell: &Cell| Cell { column: cell.column + columns, row: cell.row + rows };
            for (node, cell) in &draft.cells {
                let cell = moved(cell);
                layout.middles[*node] = cell.middle();
                let ring = draft.ring.iter().position(|other| other == node);
                layout.memory.insert(net.nodes[*node].clone(), Memory { cell, ring });
            }
            for (edge, bends) in &draft.bends {
                let bends: Vec<Cell> = bends.iter().map(moved).collect();
                layout.bends[*edge] = bends.iter().map(|cell| cell.middle()).collect();
                layout.routes.insert(ends(net, *edge), bends);
            }
            let by = vec2(columns as f32 * PITCH.x, rows * PITCH.y);
            let (rect, frame) = (block.rect.translate(by), frame(&draft).map(|frame| frame.translate(by)));
            layout.bounds = Some(layout.bounds.map_or(rect, |bounds| bounds.union(rect)));
            layout.parts.push(Part { rect, nodes: draft.nodes, ring: draft.ring, frame });
        }
        layout
    }
}

/// By how many columns and rows each part is moved. Parts that come and go leave gaps: where these are most of
/// the room, all parts are placed anew.
fn moves(drafts: &[Draft], blocks: &[Block]) -> Vec<(i32, f32)> {
    let kept = pack::places(blocks);
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_cached_key(|at| by_size(&drafts[*at]));
    let anew: Vec<Block> = order.iter().map(|at| Block { kept: false, ..blocks[*at] }).collect();
    let moved = pack::places(&anew);
    if cells(pack::room(blocks, &kept)) <= cells(pack::room(&anew, &moved)) * 1.5 + SPARE {
        return kept;
    }
    let mut moves = kept;
    for (at, by) in order.into_iter().zip(moved) {
        moves[at] = by;
    }
    moves
}

/// Those with a deadlock first, then the larger ones: the smaller ones fit into what these leave.
fn by_size(draft: &Draft) -> (bool, std::cmp::Reverse<i64>, Option<usize>) {
    let size = extent(draft).round() as i64;
    (draft.ring.is_empty(), std::cmp::Reverse(size), draft.nodes.first().copied())
}

fn ends(net: &Net, edge: usize) -> (Node, Node) {
    let edge = &net.edges[edge];
    (net.nodes[edge.from].clone(), net.nodes[edge.to].clone())
}

/// The nodes of each connected part, in the order of their first nodes.
fn parts(net: &Net) -> Vec<Vec<usize>> {
    let mut part_of: Vec<usize> = (0..net.nodes.len()).collect();
    fn root(part_of: &mut [usize], mut node: usize) -> usize {
        while part_of[node] != node {
            part_of[node] = part_of[part_of[node]];
            node = part_of[node];
        }
        node
    }
    for edge in &net.edges {
        let (a, b) = (root(&mut part_of, edge.from), root(&mut part_of, edge.to));
        // The smallest stands for all.
        part_of[a.max(b)] = a.min(b);
    }
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for node in 0..net.nodes.len() {
        found.entry(root(&mut part_of, node)).or_default().push(node);
    }
    found.into_values().collect()
}

fn draft(net: &Net, nodes: Vec<usize>, before: &Layout) -> Draft {
    let ring = ring::find(net, &nodes);
    let known: BTreeMap<usize, Memory> =
        nodes.iter().filter_map(|node| Some((*node, *before.memory.get(&net.nodes[*node])?))).collect();
    let same_ring =
        known.iter().all(|(node, memory)| memory.ring == ring.iter().position(|other| other == node))
            && ring.iter().all(|node| known.contains_key(node));
    let fresh = fresh::layout(net, &nodes, &ring);
    if known.is_empty() {
        return Draft { nodes, ring, ..fresh };
    }
    let old: BTreeMap<usize, Cell> = known.iter().map(|(node, memory)| (*node, memory.cell)).collect();
    let kept = if same_ring {
        let routes = (0..net.edges.len()).filter(|edge| old.contains_key(&net.edges[*edge].from));
        let bends = routes.filter_map(|edge| Some((edge, before.routes.get(&ends(net, edge))?.clone())));
        fresh::grown(net, &nodes, &ring, &old, &bends.collect())
    } else {
        None
    };
    match kept {
        // Places kept for too long make a part of gaps and long edges.
        Some(kept)
            if extent(&kept) <= extent(&fresh) * 2.0 + SPARE
                && stretch(net, &kept) <= stretch(net, &fresh) * 1.5 + SPARE =>
        {
            Draft { nodes, ring, kept: true, known: true, ..kept }
        }
        _ => Draft { nodes, ring, known: true, ..near(fresh, &old) },
    }
}

/// Moves a new layout of known nodes to where they were on average.
fn near(mut draft: Draft, old: &BTreeMap<usize, Cell>) -> Draft {
    let shared: Vec<(Cell, Cell)> =
        draft.cells.iter().filter_map(|(node, new)| Some((*new, *old.get(node)?))).collect();
    let count = shared.len().max(1) as f32;
    let columns = shared.iter().map(|(new, old)| (old.column - new.column) as f32).sum::<f32>() / count;
    let rows = shared.iter().map(|(new, old)| old.row - new.row).sum::<f32>() / count;
    let bends = draft.bends.values_mut().flatten();
    for cell in draft.cells.values_mut().chain(bends) {
        cell.column += columns.round() as i32;
        cell.row += rows.round();
    }
    draft
}

/// How many cells a part takes.
fn extent(draft: &Draft) -> f32 {
    cells(block(draft).rect.size())
}

fn cells(size: Vec2) -> f32 {
    (size.x / PITCH.x) * (size.y / PITCH.y)
}

/// How many rows its edges go up or down, all together.
fn stretch(net: &Net, draft: &Draft) -> f32 {
    let ends = |edge: &Edge| Some((draft.cells.get(&edge.from)?, draft.cells.get(&edge.to)?));
    net.edges.iter().filter_map(ends).map(|(from, to)| (from.row - to.row).abs()).sum()
}

fn frame(draft: &Draft) -> Option<Rect> {
    let cells = draft.ring.iter().filter_map(|node| draft.cells.get(node));
    let rects = cells.map(|cell| Rect::from_center_size(cell.middle(), NODE));
    let mut frame = rects.reduce(Rect::union)?.expand(FRAME_PAD);
    frame.min.y -= FRAME_HEAD;
    Some(frame)
}

fn block(draft: &Draft) -> Block {
    let mut rect = Rect::NOTHING;
    for cell in draft.cells.values() {
        rect = rect.union(Rect::from_center_size(cell.middle(), NODE));
    }
    for cell in draft.bends.values().flatten() {
        rect.extend_with(cell.middle());
    }
    if let Some(frame) = frame(draft) {
        rect = rect.union(frame);
    }
    // One that is deadlocked now comes to the others that are.
    let above = !draft.ring.is_empty();
    let kept = if above { draft.kept } else { draft.known };
    Block { rect, above, kept }
}

#[cfg(test)]
mod tests;
