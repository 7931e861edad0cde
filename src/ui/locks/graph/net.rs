//! The wait-for graph as nodes and edges to be drawn: owners, locks, and owners gathered where many wait
//! for the same lock and do nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::bytes::Key;
use crate::model::coordination::WaitGraph;
use crate::model::coordination::waits::{Owner, Wait};
use crate::ui::locks::words;

/// Owners who only wait for one lock, or only hold one, are drawn one by one up to so many of each lock…
const MOST_ALONE: usize = 6;
/// …else so many of them, and the others as one.
const ALONE_OF_MANY: usize = 4;
/// Where more than this wait for one lock, those who wait for others too are gathered as well.
const CROWD: usize = 12;
/// The locks of deadlocks are drawn even where fewer locks are wanted, up to so many.
const MOST_STUCK: usize = 200;

/// Something that is drawn as one box.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// An owner of claims.
    Owner(Owner),
    /// A lock.
    Lock(Key),
    /// Further owners who wait for this lock and hold nothing that is drawn.
    More(Key),
    /// Further owners who hold this lock, as readers, and neither hold nor wait for another that is drawn.
    Holders(Key),
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
    /// It is a part of the circle that the deadlock is told by.
    pub named: bool,
}

/// Which part of the waits is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'a> {
    /// At most so many locks: those of deadlocks first, then those that most wait for.
    pub most: usize,
    /// Locks alone that have this, in small letters, in their name or in that of an owner. Empty: all.
    pub filter: &'a str,
    /// A lock, or the locks of an owner, that are drawn whatever their rank.
    pub pinned: Option<&'a Node>,
    /// What was drawn stays where another lock is hardly waited for more.
    pub before: Option<&'a Net>,
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
    /// Locks that are drawn.
    pub locks: usize,
    /// Locks that somebody waits for, and that the filter lets through, but that are too many to be drawn.
    pub left_out: usize,
}

/// An edge while the graph is made: what it means, whether it is in a deadlock, and in its circle.
type Mark = (Tie, bool, bool);

impl Net {
    /// The graph of the waits that are chosen.
    #[must_use]
    pub fn of(graph: &WaitGraph, choice: &Choice<'_>) -> Self {
        let named: BTreeSet<&Wait> = graph.cycles.iter().flat_map(|cycle| &cycle.waits).collect();
        let (shown, left_out) = chosen_locks(&graph.waits, &named, choice);
        let waits: Vec<&Wait> = graph.waits.iter().filter(|wait| shown.contains(&wait.lock)).collect();
        let gathering = Gathering::of(&waits, &named, choice.pinned);
        let ahead = ahead(&graph.waits);
        let mut nodes = BTreeSet::new();
        for wait in &waits {
            nodes.insert(gathering.waiter(wait));
            nodes.insert(Node::Lock(wait.lock.clone()));
            nodes.insert(gathering.holder(wait));
        }
        let nodes: Vec<Node> = nodes.into_iter().collect();
        let place = |node: &Node| nodes.binary_search(node).unwrap_or_default();
        // One edge each, whatever the number of waits that it stands for: the next place, and whether any of
        // them is in a deadlock.
        let mut edges: BTreeMap<(usize, usize), Mark> = BTreeMap::new();
        for wait in &waits {
            let lock = place(&Node::Lock(wait.lock.clone()));
            let waiter = place(&gathering.waiter(wait));
            let holder = place(&gathering.holder(wait));
            let is_named = named.contains(wait);
            let first = edges.entry((waiter, lock)).or_insert((Tie::Waits(wait.place), false, false));
            first.0 = first.0.min(Tie::Waits(wait.place));
            let tie = if ahead.contains(&(&wait.lock, &wait.holder)) { Tie::Ahead } else { Tie::HeldBy };
            edges.entry((lock, holder)).or_insert((tie, false, false));
            for end in [(waiter, lock), (lock, holder)] {
                if let Some((_, in_cycle, of_circle)) = edges.get_mut(&end) {
                    *in_cycle |= wait.in_cycle;
                    *of_circle |= is_named;
                }
            }
        }
        let edge = |((from, to), (tie, in_cycle, named))| Edge { from, to, tie, in_cycle, named };
        let edges = edges.into_iter().map(edge).collect();
        let gathered = gathering.counts.iter().map(|(node, count)| (place(node), *count)).collect();
        Self { edges, gathered, locks: shown.len(), left_out, nodes }
    }

    /// Whether it is drawn.
    #[must_use]
    pub fn has(&self, node: &Node) -> bool {
        self.nodes.binary_search(node).is_ok()
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
fn chosen_locks<'a>(
    waits: &'a [Wait],
    named: &BTreeSet<&Wait>,
    choice: &Choice<'_>,
) -> (BTreeSet<&'a Key>, usize) {
    let mut locks: BTreeMap<&Key, Standing> = BTreeMap::new();
    for wait in waits {
        let lock = locks.entry(&wait.lock).or_default();
        lock.named |= wait.in_cycle && named.contains(wait);
        lock.pinned |= choice.pinned.is_some_and(|pinned| is_of(wait, pinned));
        lock.in_cycle |= wait.in_cycle;
        lock.found |= choice.filter.is_empty() || is_found(wait, choice.filter);
        lock.weight += 2;
    }
    locks.retain(|_, standing| standing.found);
    for (lock, standing) in &mut locks {
        if choice.before.is_some_and(|before| before.has(&Node::Lock(Key::clone(lock)))) {
            standing.weight += standing.weight / 2 + 1;
        }
    }
    let stuck = locks.values().filter(|standing| standing.named).count().min(MOST_STUCK);
    let most = choice.most.max(stuck);
    let left_out = locks.len().saturating_sub(most);
    let mut ranked: Vec<(&Key, Standing)> = locks.into_iter().collect();
    ranked.sort_by(|(a_key, a), (b_key, b)| b.cmp(a).then_with(|| a_key.cmp(b_key)));
    (ranked.into_iter().take(most).map(|(key, _)| key).collect(), left_out)
}

/// What decides whether a lock is drawn, the most important first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    /// A deadlock is told by it.
    named: bool,
    pinned: bool,
    in_cycle: bool,
    /// How many wait for it, in halves; more where it was drawn before.
    weight: usize,
    /// The filter lets it through.
    found: bool,
}

fn is_of(wait: &Wait, node: &Node) -> bool {
    match node {
        Node::Owner(owner) => wait.waiter == *owner || wait.holder == *owner,
        Node::Lock(lock) | Node::More(lock) | Node::Holders(lock) => wait.lock == *lock,
    }
}

/// Whether a wait has this, in small letters, in the name of its lock or of one of its owners.
#[must_use]
pub fn is_found(wait: &Wait, wanted: &str) -> bool {
    String::from_utf8_lossy(&wait.lock).to_lowercase().contains(wanted)
        || [&wait.waiter, &wait.holder].map(words::owner_name).iter().any(|name| {
            // Names are short; most are in small letters already.
            name.contains(wanted) || name.to_lowercase().contains(wanted)
        })
}

/// Who is drawn for himself, and who with others.
#[derive(Default)]
struct Gathering<'a> {
    waiters: BTreeSet<(&'a Owner, &'a Key)>,
    holders: BTreeSet<(&'a Owner, &'a Key)>,
    /// How many each gathering stands for.
    counts: BTreeMap<Node, usize>,
}

/// Who stands at a lock, and at which place: the nearest one.
type Stands<'a> = BTreeMap<&'a Key, BTreeMap<&'a Owner, u32>>;

impl<'a> Gathering<'a> {
    /// Of each lock that many wait for, or that many hold, all beyond the first few; but nobody by whom a
    /// deadlock is told, who is pinned, or who ties locks together.
    fn of(waits: &[&'a Wait], named: &BTreeSet<&Wait>, pinned: Option<&Node>) -> Self {
        let (mut waiting, mut holding) = (Stands::new(), Stands::new());
        let (mut waits_for, mut holds) = (Tied::new(), Tied::new());
        for wait in waits {
            let place = waiting.entry(&wait.lock).or_default().entry(&wait.waiter).or_insert(wait.place);
            *place = wait.place.min(*place);
            holding.entry(&wait.lock).or_default().insert(&wait.holder, 0);
            waits_for.entry(&wait.waiter).or_default().insert(&wait.lock);
            holds.entry(&wait.holder).or_default().insert(&wait.lock);
        }
        let in_circles: BTreeSet<&Owner> = named.iter().map(|wait| &wait.waiter).collect();
        let stays = |owner: &Owner| {
            in_circles.contains(owner) || matches!(pinned, Some(Node::Owner(pinned)) if pinned == owner)
        };
        let only = |tied: &Tied<'_>, owner: &Owner| tied.get(owner).is_some_and(|locks| locks.len() == 1);
        let mut gathering = Self::default();
        for (lock, line) in &waiting {
            let crowded = line.len() > CROWD;
            let may = |owner: &Owner| {
                !holds.contains_key(owner) && (crowded || only(&waits_for, owner)) && !stays(owner)
            };
            let further = further(line, may);
            if !further.is_empty() {
                gathering.counts.insert(Node::More(Key::clone(lock)), further.len());
                gathering.waiters.extend(further.into_iter().map(|owner| (owner, *lock)));
            }
        }
        for (lock, readers) in &holding {
            let may = |owner: &Owner| !waits_for.contains_key(owner) && only(&holds, owner) && !stays(owner);
            let further = further(readers, may);
            if !further.is_empty() {
                gathering.counts.insert(Node::Holders(Key::clone(lock)), further.len());
                gathering.holders.extend(further.into_iter().map(|owner| (owner, *lock)));
            }
        }
        gathering
    }

    fn waiter(&self, wait: &Wait) -> Node {
        if self.waiters.contains(&(&wait.waiter, &wait.lock)) {
            Node::More(wait.lock.clone())
        } else {
            Node::Owner(wait.waiter.clone())
        }
    }

    fn holder(&self, wait: &Wait) -> Node {
        if self.holders.contains(&(&wait.holder, &wait.lock)) {
            Node::Holders(wait.lock.clone())
        } else {
            Node::Owner(wait.holder.clone())
        }
    }
}

/// The locks that owners are tied to.
type Tied<'a> = BTreeMap<&'a Owner, BTreeSet<&'a Key>>;

/// Of those who may be gathered all but the first few; nobody where they are not many.
fn further<'a>(line: &BTreeMap<&'a Owner, u32>, may: impl Fn(&Owner) -> bool) -> Vec<&'a Owner> {
    let mut line: Vec<(u32, &'a Owner)> =
        line.iter().filter(|(owner, _)| may(owner)).map(|(owner, place)| (*place, *owner)).collect();
    if line.len() <= MOST_ALONE {
        return Vec::new();
    }
    line.sort();
    line.into_iter().skip(ALONE_OF_MANY).map(|(_, owner)| owner).collect()
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

    fn most(most: usize) -> Choice<'static> {
        Choice { most, ..Choice::default() }
    }

    #[test]
    fn a_lock_held_by_several_readers_is_one_node_with_an_edge_to_each() {
        let waits = vec![wait("w", "l", "r1", 1), wait("w", "l", "r2", 1)];
        let net = Net::of(&WaitGraph { waits, ..WaitGraph::default() }, &most(10));
        assert_eq!(net.nodes.len(), 4);
        let held = net.edges.iter().filter(|edge| edge.tie == Tie::HeldBy).count();
        assert_eq!((net.edges.len(), held), (3, 2));
    }

    #[test]
    fn a_writer_that_is_waited_for_is_not_said_to_hold() {
        let waits = vec![wait("writer", "l", "reader", 1), wait("late", "l", "writer", 2)];
        let net = Net::of(&WaitGraph { waits, ..WaitGraph::default() }, &most(10));
        let at = |name: &str| net.nodes.iter().position(|node| *node == Node::Owner(owner(name)));
        let tie = |name: &str| net.edges.iter().find(|edge| Some(edge.to) == at(name)).map(|edge| edge.tie);
        assert_eq!((tie("reader"), tie("writer")), (Some(Tie::HeldBy), Some(Tie::Ahead)));
    }

    #[test]
    fn a_long_line_is_gathered_but_for_those_who_hold_something() {
        let mut waits: Vec<Wait> =
            (1..=20).map(|place| wait(&format!("w{place:02}"), "l", "h", place)).collect();
        waits.push(wait("x", "m", "w20", 1));
        let net = Net::of(&WaitGraph { waits, ..WaitGraph::default() }, &most(10));
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
        let net = Net::of(&WaitGraph { waits, ..WaitGraph::default() }, &most(2));
        let lock = |name: &str| net.nodes.contains(&Node::Lock(name.as_bytes().into()));
        assert!(lock("busy") && lock("dead") && !lock("calm"));
        assert_eq!(net.left_out, 1);
    }

    #[test]
    fn many_readers_are_gathered_but_for_those_who_wait() {
        let mut waits: Vec<Wait> =
            (1..=20).map(|reader| wait("w", "l", &format!("r{reader:02}"), 1)).collect();
        waits.push(wait("r20", "m", "h", 1));
        let net = Net::of(&WaitGraph { waits, ..WaitGraph::default() }, &most(10));
        let more = net.nodes.iter().position(|node| matches!(node, Node::Holders(_))).expect("a gathering");
        assert_eq!(net.gathered.get(&more), Some(&15), "19 do nothing else, 4 of them are drawn");
        assert!(net.nodes.contains(&Node::Owner(owner("r20"))), "it waits: it is drawn for itself");
        let edge = net.edges.iter().find(|edge| edge.to == more).expect("they hold it");
        assert_eq!(edge.tie, Tie::HeldBy);
    }

    #[test]
    fn a_filter_a_pin_and_what_was_drawn_decide_what_is_drawn() {
        let line = |lock: &str, count: usize| -> Vec<Wait> {
            (1..=count as u32).map(|place| wait(&format!("{lock}-{place}"), lock, "h", place)).collect()
        };
        let waits = [line("a", 3), line("b", 2), line("c", 2), line("d", 1)].concat();
        let graph = WaitGraph { waits, ..WaitGraph::default() };
        let drawn = |choice: &Choice<'_>| -> Vec<String> {
            let net = Net::of(&graph, choice);
            let locks = net.nodes.iter().filter_map(|node| match node {
                Node::Lock(lock) => Some(String::from_utf8_lossy(lock).into_owned()),
                _ => None,
            });
            locks.collect()
        };
        assert_eq!(drawn(&most(2)), ["a", "b"]);
        let pin = Node::Lock(b"d".as_slice().into());
        assert_eq!(drawn(&Choice { pinned: Some(&pin), ..most(2) }), ["a", "d"]);
        assert_eq!(drawn(&Choice { filter: "c-2", ..most(2) }), ["c"]);
        let before = Net::of(&WaitGraph { waits: line("c", 1), ..WaitGraph::default() }, &most(1));
        assert_eq!(drawn(&Choice { before: Some(&before), ..most(2) }), ["a", "c"], "it stays");
        assert_eq!(Net::of(&graph, &Choice { filter: "c-2", ..most(2) }).left_out, 0);
    }
}
