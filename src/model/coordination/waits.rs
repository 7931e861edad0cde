//! Who waits for whom across all locks, and the cycles in which nobody will ever go on.

mod evidence;
mod owners;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::queue::{ClaimForm, ClaimMode, ClaimQueue};
use crate::model::bytes::Key;
use owners::{Owners, Ties};

/// Who holds and waits, whatever the claims are that they do it with: tied together by lease, by the pattern
/// that the profile names, or by a value that nobody else can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// All claims on one lease.
    Lease(i64),
    /// One claim alone, without a lease: its key.
    Key(String),
    /// All claims on one lease, all of which have this value. (Others may have it, too.)
    Called {
        /// The value.
        name: String,
        /// The lease.
        lease: i64,
    },
    /// All claims with this value: an identity, or, where that is said, one that may be.
    Value(String),
    /// All claims of which the profile's pattern, or their layout, found this.
    Named(String),
}

/// An owner waits for a lock that another one holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wait {
    /// Who waits.
    pub waiter: Owner,
    /// For which lock.
    pub lock: Key,
    /// Who stands in the way: who holds it; of a read-write lock all who must go first, readers and writers.
    pub holder: Owner,
    /// The place in the line: 1 is next.
    pub place: u32,
    /// Whether it is a part of a cycle.
    pub in_cycle: bool,
}

/// Owners who wait for each other for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cycle {
    /// The waits, each for the owner of the next; the last for the owner of the first.
    pub waits: Vec<Wait>,
}

/// Everything that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitGraph {
    /// All waits, by waiter.
    pub waits: Vec<Wait>,
    /// Deadlocks.
    pub cycles: Vec<Cycle>,
    /// Deadlocks if claims of one value are of one owner, which nothing else says.
    pub possible: Vec<Cycle>,
}

/// A wait while the graph is made: the owners by number.
type Edge = (usize, Key, usize);

impl Cycle {
    /// The locks of the cycle, in the order in which they are waited for.
    #[must_use]
    pub fn locks(&self) -> Vec<Key> {
        self.waits.iter().map(|wait| wait.lock.clone()).collect()
    }
}

impl WaitGraph {
    /// The waits of these locks. Costs what they have of claims.
    pub fn of<'q>(locks: impl Iterator<Item = &'q ClaimQueue> + Clone) -> Self {
        let owners = Owners::of(locks.clone(), Ties::Sure);
        let mut graph = Self::tied(locks.clone(), &owners);
        if owners.may_be_fewer() {
            let told: BTreeSet<Key> = graph.cycles.iter().flat_map(Cycle::locks).collect();
            let others = Self::tied(locks.clone(), &Owners::of(locks, Ties::Possible)).cycles;
            let untold = |cycle: &Cycle| cycle.waits.iter().all(|wait| !told.contains(&wait.lock));
            graph.possible = others.into_iter().filter(untold).collect();
        }
        graph
    }

    fn tied<'q>(locks: impl Iterator<Item = &'q ClaimQueue>, owners: &Owners<'q>) -> Self {
        let mut edges: BTreeMap<Edge, u32> = BTreeMap::new();
        for lock in locks {
            for (waiter, blocker, place) in blocked(lock) {
                let (Some(waiter), Some(blocker)) = (lock.claims.get(waiter), lock.claims.get(blocker))
                else {
                    continue;
                };
                let edge = (owners.number(waiter), lock.name.clone(), owners.number(blocker));
                let nearest = edges.entry(edge).or_insert(place);
                *nearest = place.min(*nearest);
            }
        }
        let parts = parts(owners.len(), edges.keys());
        let in_cycle = |(waiter, _, holder): &Edge| {
            let part = |owner: &usize| parts.get(*owner).copied().unwrap_or_default();
            part(waiter) == part(holder) && part(waiter) != 0
        };
        let wait = |edge: &Edge, place: u32| Wait {
            waiter: owners.get(edge.0),
            lock: edge.1.clone(),
            holder: owners.get(edge.2),
            place,
            in_cycle: in_cycle(edge),
        };
        let cycling: Vec<(&Edge, u32)> =
            edges.iter().filter(|(edge, _)| in_cycle(edge)).map(|(edge, place)| (edge, *place)).collect();
        let cycles = shortest(&cycling, &parts);
        let cycles = cycles
            .into_iter()
            .map(|cycle| Cycle { waits: cycle.into_iter().map(|(edge, place)| wait(edge, place)).collect() });
        Self {
            cycles: cycles.collect(),
            waits: edges.iter().map(|(edge, place)| wait(edge, *place)).collect(),
            possible: Vec::new(),
        }
    }
}

/// Which claims of a lock (by place in the line) wait for which, with the place among those who wait. Of what
/// follows from other waits nothing is told: a reader waits for the writer before it, and this for all before.
fn blocked(lock: &ClaimQueue) -> Vec<(usize, usize, u32)> {
    let holding = lock.holding();
    let place = |at: usize| u32::try_from(at + 1 - holding).unwrap_or(u32::MAX);
    let waiting = holding..lock.claims.len();
    if lock.form != ClaimForm::ReadWrite {
        return waiting.map(|at| (at, 0, place(at))).collect();
    }
    let mut blocked = Vec::new();
    let mut writer: Option<usize> = None;
    let mut readers: Vec<usize> = Vec::new();
    for (at, claim) in lock.claims.iter().enumerate() {
        let waits = at >= holding;
        if claim.mode == ClaimMode::Read {
            blocked.extend(writer.filter(|_| waits).map(|writer| (at, writer, place(at))));
            readers.push(at);
        } else {
            if waits && readers.is_empty() {
                blocked.extend(writer.map(|writer| (at, writer, place(at))));
            }
            blocked.extend(readers.drain(..).filter(|_| waits).map(|reader| (at, reader, place(at))));
            writer = Some(at);
        }
    }
    blocked
}

/// The strongly connected part of each owner, from 1; 0: it is in no cycle.
fn parts<'e>(owners: usize, edges: impl Iterator<Item = &'e Edge>) -> Vec<usize> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(owners, 0);
    for _ in 0..owners {
        graph.add_node(());
    }
    for (waiter, _, holder) in edges {
        graph.add_edge(NodeIndex::new(*waiter), NodeIndex::new(*holder), ());
    }
    let mut parts = vec![0; owners];
    let cyclic = |part: &Vec<NodeIndex>| {
        part.len() > 1 || part.first().is_some_and(|owner| graph.contains_edge(*owner, *owner))
    };
    for (number, part) in kosaraju_scc(&graph).iter().filter(|part| cyclic(part)).enumerate() {
        for owner in part {
            if let Some(part) = parts.get_mut(owner.index()) {
                *part = number + 1;
            }
        }
    }
    parts
}

/// Of each part the shortest cycle through its first owner, with the places in the line.
fn shortest<'e>(edges: &[(&'e Edge, u32)], parts: &[usize]) -> Vec<Vec<(&'e Edge, u32)>> {
    let mut from: HashMap<usize, Vec<(&'e Edge, u32)>> = HashMap::new();
    for (edge, place) in edges {
        from.entry(edge.0).or_default().push((edge, *place));
    }
    let mut seen = BTreeSet::new();
    let firsts: BTreeSet<usize> = edges.iter().map(|(edge, _)| edge.0).collect();
    let firsts = firsts.into_iter().filter(|owner| parts.get(*owner).is_some_and(|part| seen.insert(*part)));
    firsts.filter_map(|first| cycle_through(first, &from)).collect()
}

fn cycle_through<'e>(
    first: usize,
    from: &HashMap<usize, Vec<(&'e Edge, u32)>>,
) -> Option<Vec<(&'e Edge, u32)>> {
    let mut reached: HashMap<usize, (&'e Edge, u32)> = HashMap::new();
    let mut next = VecDeque::from([first]);
    while let Some(owner) = next.pop_front() {
        for (edge, place) in from.get(&owner).into_iter().flatten() {
            if edge.2 != first {
                if let std::collections::hash_map::Entry::Vacant(vacant) = reached.entry(edge.2) {
                    vacant.insert((edge, *place));
                    next.push_back(edge.2);
                }
                continue;
            }
            let mut cycle = vec![(*edge, *place)];
            let mut at = edge.0;
            while at != first {
                let (edge, place) = reached.get(&at)?;
                cycle.push((edge, *place));
                at = edge.0;
            }
            cycle.reverse();
            return Some(cycle);
        }
    }
    None
}

#[cfg(test)]
mod tests;
