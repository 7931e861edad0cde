//! The wait-for graph as nodes and edges to be drawn: owners, locks, and owners gathered where many wait
//! for the same lock and do nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::bytes::Key;
use crate::model::coordination::WaitGraph;
use crate::model::coordination::waits::{Owner, Wait};

/// Owners who only wait for one lock are drawn one by one up to so many of each lock…
const MOST_ALONE: usize = 6;
/// …else so many of them, and the others as one.
const ALONE_OF_MANY: usize = 4;

/// Something that is drawn as one box.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// An owner of claims.
    Owner(Owner),
    /// A lock.
    Lock(Key),
    /// Further owners who wait for this lock alone and hold nothing.
    More(Key),
}

/// What an edge means. Both lead the way that waiting goes: from who waits to whom is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tie {
    /// An owner waits for a lock, at this place (1 is next).
    Waits(u32),
    /// A lock is held by an owner.
    HeldBy,
    /// An owner is waited for who waits for the lock itself, further ahead in its line.
    Ahead,
}

/// An edge between two nodes, by their places in [`Net::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Where it begins.
    pub from: usize,
    /// Where it leads.
    pub to: usize,
    /// What it means.
    pub tie: Tie,
    /// It is a part of a deadlock.
    pub in_cycle: bool,
}

/// The graph, in an order that depends on nothing but what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Net {
    /// Nodes, ordered.
    pub nodes: Vec<Node>,
    /// Edges, ordered by where they begin.
    pub edges: Vec<Edge>,
    /// How many owners a gathering stands for, by node.
    pub gathered: BTreeMap<usize, usize>,
    /// Locks that somebody waits for and that are not drawn because there are too many.
    pub left_out: usize,
}

impl Net {
    /// The graph of these waits with at most so many locks: those of deadlocks first, then those that most
    /// wait for.
    #[must_use]
    pub fn of(graph: &WaitGraph, most_locks: usize) -> Self {
        let (shown, left_out) = chosen_locks(&graph.waits, most_locks);
        let waits: Vec<&Wait> = graph.waits.iter().filter(|wait| shown.contains(&wait.lock)).collect();
        let (alone, gathered) = gather(&waits);
        let ahead = ahead(&graph.waits);
        let mut nodes = BTreeSet::new();
        let waiter_of = |wait: &Wait| {
            if alone.contains(&(&wait.waiter, &wait.lock)) {
                Node::More(wait.lock.clone())
            } else {
                Node::Owner(wait.waiter.clone())
            }
        };
        for wait in &waits {
            nodes.insert(waiter_of(wait));
            nodes.insert(Node::Lock(wait.lock.clone()));
            nodes.insert(Node::Owner(wait.holder.clone()));
        }
        let nodes: Vec<Node> = nodes.into_iter().collect();
        let place = |node: &Node| nodes.binary_search(node).unwrap_or_default();
        // One edge each, whatever the number of waits that it stands for: the next place, and whether any of
        // them is in a deadlock.
        let mut edges: BTreeMap<(usize, usize), (Tie, bool)> = BTreeMap::new();
        for wait in &waits {
            let lock = place(&Node::Lock(wait.lock.clone()));
            let waiter = place(&waiter_of(wait));
            let holder = place(&Node::Owner(wait.holder.clone()));
            let first = edges.entry((waiter, lock)).or_insert((Tie::Waits(wait.place), false));
            first.0 = first.0.min(Tie::Waits(wait.place));
            first.1 |= wait.in_cycle;
            let tie = if ahead.contains(&(&wait.lock, &wait.holder)) { Tie::Ahead } else { Tie::HeldBy };
            edges.entry((lock, holder)).or_insert((tie, false)).1 |= wait.in_cycle;
        }
        let edges =
            edges.into_iter().map(|((from, to), (tie, in_cycle))| Edge { from, to, tie, in_cycle }).collect();
        let gathered =
            gathered.into_iter().map(|(lock, count)| (place(&Node::More(lock.clone())), count)).collect();
        Self { nodes, edges, gathered, left_out }
    }

    /// Who is next to a node, in either direction.
    pub fn neighbours(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().filter_map(move |edge| {
            (edge.from == node).then_some(edge.to).or_else(|| (edge.to == node).then_some(edge.from))
        })
    }
}

/// Owners who are waited for at a lock and do not hold it: they wait for it themselves, for somebody else. (A
/// reader waits for the writer before it, and that one for all readers before it.)
#[must_use]
pub fn ahead(waits: &[Wait]) -> BTreeSet<(&Key, &Owner)> {
    let for_others = waits.iter().filter(|wait| wait.holder != wait.waiter);
    let waiters: BTreeSet<(&Key, &Owner)> = for_others.map(|wait| (&wait.lock, &wait.waiter)).collect();
    waits.iter().map(|wait| (&wait.lock, &wait.holder)).filter(|pair| waiters.contains(pair)).collect()
}

/// The locks to draw, and how many are left out.
fn chosen_locks(waits: &[Wait], most: usize) -> (BTreeSet<&Key>, usize) {
    let mut locks: BTreeMap<&Key, (bool, usize)> = BTreeMap::new();
    for wait in waits {
        let lock = locks.entry(&wait.lock).or_default();
        lock.0 |= wait.in_cycle;
        lock.1 += 1;
    }
    let left_out = locks.len().saturating_sub(most);
    let mut ranked: Vec<(&Key, (bool, usize))> = locks.into_iter().collect();
    ranked.sort_by(|(a_key, a), (b_key, b)| b.cmp(a).then_with(|| a_key.cmp(b_key)));
    (ranked.into_iter().take(most).map(|(key, _)| key).collect(), left_out)
}

type Alone<'a> = BTreeSet<(&'a Owner, &'a Key)>;

/// Owners who wait for one lock and hold none, beyond the first few of each lock; and how many of each.
fn gather<'a>(waits: &[&'a Wait]) -> (Alone<'a>, BTreeMap<&'a Key, usize>) {
    let holders: BTreeSet<&Owner> = waits.iter().map(|wait| &wait.holder).collect();
    let mut locks_of: BTreeMap<&Owner, BTreeSet<&Key>> = BTreeMap::new();
    for wait in waits {
        locks_of.entry(&wait.waiter).or_default().insert(&wait.lock);
    }
    let mut by_lock: BTreeMap<&Key, BTreeMap<&Owner, u32>> = BTreeMap::new();
    for wait in waits {
        let only = locks_of.get(&wait.waiter).is_some_and(|locks| locks.len() == 1);
        if only && !holders.contains(&wait.waiter) {
            let place = by_lock.entry(&wait.lock).or_default().entry(&wait.waiter).or_insert(wait.place);
            *place = wait.place.min(*place);
        }
    }
    let mut alone = Alone::new();
    let mut gathered = BTreeMap::new();
    for (lock, owners) in by_lock {
        if owners.len() <= MOST_ALONE {
            continue;
        }
        let mut line: Vec<(u32, &Owner)> = owners.into_iter().map(|(owner, place)| (place, owner)).collect();
        line.sort();
        gathered.insert(lock, line.len() - ALONE_OF_MANY);
        alone.extend(line.into_iter().skip(ALONE_OF_MANY).map(|(_, owner)| (owner, lock)));
    }
    (alone, gathered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(name: &str) -> Owner {
        Owner::Named(name.to_owned())
    }

    fn wait(waiter: &str, lock: &str, holder: &str, place: u32) -> Wait {
        let (waiter, holder) = (owner(waiter), owner(holder));
        Wait { waiter, lock: lock.as_bytes().into(), holder, place, in_cycle: false }
    }

    #[test]
    fn a_lock_held_by_several_readers_is_one_node_with_an_edge_to_each() {
        let waits = vec![wait("w", "l", "r1", 1), wait("w", "l", "r2", 1)];
        let net = Net::of(&WaitGraph { waits, cycles: Vec::new() }, 10);
        assert_eq!(net.nodes.len(), 4);
        let held = net.edges.iter().filter(|edge| edge.tie == Tie::HeldBy).count();
        assert_eq!((net.edges.len(), held), (3, 2));
    }

    #[test]
    fn a_writer_that_is_waited_for_is_not_said_to_hold() {
        let waits = vec![wait("writer", "l", "reader", 1), wait("late", "l", "writer", 2)];
        let net = Net::of(&WaitGraph { waits, cycles: Vec::new() }, 10);
        let at = |name: &str| net.nodes.iter().position(|node| *node == Node::Owner(owner(name)));
        let tie = |name: &str| net.edges.iter().find(|edge| Some(edge.to) == at(name)).map(|edge| edge.tie);
        assert_eq!((tie("reader"), tie("writer")), (Some(Tie::HeldBy), Some(Tie::Ahead)));
    }

    #[test]
    fn a_long_line_is_gathered_but_for_those_who_hold_something() {
        let mut waits: Vec<Wait> =
            (1..=20).map(|place| wait(&format!("w{place:02}"), "l", "h", place)).collect();
        waits.push(wait("x", "m", "w20", 1));
        let net = Net::of(&WaitGraph { waits, cycles: Vec::new() }, 10);
        let more = net.nodes.iter().position(|node| matches!(node, Node::More(_))).expect("a gathering");
        assert_eq!(net.gathered.get(&more), Some(&15), "19 only wait, 4 of them are drawn");
        assert!(net.nodes.contains(&Node::Owner(owner("w20"))), "it holds a lock: it is drawn for itself");
        let edge = net.edges.iter().find(|edge| edge.from == more).expect("it waits");
        assert_eq!(edge.tie, Tie::Waits(5));
    }

    #[test]
    fn too_many_locks_leave_the_least_contended_out_and_never_a_deadlock() {
        let mut waits = vec![wait("a", "busy", "h", 1), wait("b", "busy", "h", 2), wait("c", "calm", "h", 1)];
        waits.push(Wait { in_cycle: true, ..wait("d", "dead", "h", 1) });
        let net = Net::of(&WaitGraph { waits, cycles: Vec::new() }, 2);
        let lock = |name: &str| net.nodes.contains(&Node::Lock(name.as_bytes().into()));
        assert!(lock("busy") && lock("dead") && !lock("calm"));
        assert_eq!(net.left_out, 1);
    }
}
