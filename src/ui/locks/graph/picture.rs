//! What is drawn, and when it is laid out anew: beside the window, and no oftener than eyes can follow. Only
//! what a deadlock changes, and what the operator asks for, does not wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, Pos2, Rect};

use super::camera::First;
use super::layout::Layout;
use super::net::{Choice, Net, Node, Tie};
use super::nodes::{self, Facts};
use super::{edges, rows};
use crate::model::coordination::WaitGraph;
use crate::model::coordination::waits::Owner;
use crate::model::status::SeenAt;
use crate::ui::beside::{Answer, Beside};

/// Graphs of so many waits are laid out at once, in about a fifth of a millisecond; larger ones beside the
/// window.
const AT_ONCE: usize = 24;
/// Milliseconds from one layout of a larger graph to the next.
const PACE_MS: i64 = 700;
/// The same where deadlocks arose, changed or were broken: they are on screen well within a second.
const PACE_OF_DEADLOCKS_MS: i64 = 350;
/// What a layout took is not taken again before so many times as long has gone by: layouts take a tenth of a
/// processor at most.
const REST: u32 = 9;

/// What is to be drawn of the waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// At most so many locks.
    pub most: usize,
    /// Locks and owners alone that have this in their names.
    pub filter: String,
    /// A lock, or the locks of an owner, that are drawn whatever their rank.
    pub pinned: Option<Node>,
}

/// A graph ready to be drawn.
#[derive(Default)]
pub struct Drawn {
    pub net: Net,
    pub layout: Layout,
    pub facts: Vec<Facts>,
    /// The points of each edge, and the room that they take.
    pub ways: Vec<(Vec<Pos2>, Rect)>,
    pub badges: Vec<Option<f32>>,
    /// The table.
    pub rows: Vec<rows::WaitRow>,
    /// Owners are told apart by nothing but their leases.
    pub by_lease_alone: bool,
    /// Somebody is waited for who waits for the lock itself.
    pub has_ahead: bool,
    /// What is to be seen first.
    pub first: First,
    took: Duration,
}

impl Drawn {
    /// Lays the graph out; what `before` knows stays where it can.
    #[must_use]
    pub fn of(graph: &WaitGraph, asked: &Asked, before: &Self) -> Self {
        let begun = Instant::now();
        let filter = asked.filter.trim().to_lowercase();
        let choice = Choice {
            most: asked.most,
            filter: &filter,
            pinned: asked.pinned.as_ref(),
            before: Some(&before.net),
        };
        let net = Net::of(graph, &choice);
        let layout = Layout::of(&net, &before.layout);
        let with_room = |way: Vec<Pos2>| {
            let room = Rect::from_points(&way);
            (way, room)
        };
        let ways = (0..net.edges.len()).map(|at| with_room(edges::way(&net, &layout, at)));
        let facts = nodes::facts(&net);
        Self {
            ways: ways.collect(),
            first: first(&net, &layout, &facts),
            facts,
            badges: edges::badges(&net),
            rows: rows::of(graph, &filter),
            by_lease_alone: by_lease_alone(graph),
            has_ahead: net.edges.iter().any(|edge| edge.tie == Tie::Ahead),
            net,
            layout,
            took: begun.elapsed(),
        }
    }
}

/// The first deadlock; else the lock that most wait for.
fn first(net: &Net, layout: &Layout, facts: &[Facts]) -> First {
    if let Some(frame) = layout.parts.iter().find_map(|part| part.frame) {
        return First::Middle(frame);
    }
    let locks = (0..net.nodes.len()).filter(|at| matches!(net.nodes[*at], Node::Lock(_)));
    let busiest = locks.rev().max_by_key(|at| facts.get(*at).map_or(0, |facts| facts.waits));
    let part = busiest.and_then(|at| layout.parts.iter().find(|part| part.nodes.contains(&at)));
    match (busiest.and_then(|at| layout.middles.get(at)), part) {
        (Some(middle), Some(part)) => First::MiddleOf { what: *middle, part: part.rect },
        _ => First::Beginning,
    }
}

fn by_lease_alone(graph: &WaitGraph) -> bool {
    let mut owners = graph.waits.iter().flat_map(|wait| [&wait.waiter, &wait.holder]);
    !graph.waits.is_empty() && owners.all(|owner| matches!(owner, Owner::Lease(_)))
}

/// Work under way, and what it is about.
struct Working {
    of: Arc<WaitGraph>,
    asked: Asked,
    /// `None`: it is what is drawn already.
    answer: Beside<Option<Drawn>>,
}

/// What is drawn, of which graph, and the next one while it is laid out.
#[derive(Default)]
pub struct Picture {
    of: Option<Arc<WaitGraph>>,
    asked: Asked,
    drawn: Arc<Drawn>,
    working: Option<Working>,
    /// When it was laid out, and when it may be again.
    laid_at: SeenAt,
    next_at: SeenAt,
    /// What was drawn before is given back beside the window too.
    retired: Option<(Option<Arc<WaitGraph>>, Arc<Drawn>)>,
}

impl Picture {
    /// Of which waits it is; `None`: nothing was laid out yet.
    #[must_use]
    pub fn of(&self) -> Option<&Arc<WaitGraph>> {
        self.of.as_ref()
    }

    /// What is drawn.
    #[must_use]
    pub fn drawn(&self) -> &Arc<Drawn> {
        &self.drawn
    }

    /// Whether something is being laid out.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.working.is_some()
    }

    /// Lays the graph out anew where it is another one, or another part of it is asked for.
    pub fn refresh(&mut self, ctx: &Context, graph: &Arc<WaitGraph>, mut asked: Asked, now: SeenAt) {
        self.take(now);
        if self.working.is_some() {
            return;
        }
        // What is drawn anyway need not be pinned.
        if asked.pinned.as_ref().is_none_or(|pinned| self.drawn.net.has(pinned)) {
            asked.pinned.clone_from(&self.asked.pinned);
        }
        let is_asked = asked != self.asked || self.of.is_none();
        if !is_asked && self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, graph)) {
            return;
        }
        if graph.waits.len() <= AT_ONCE {
            if is_asked || self.of.as_ref().is_none_or(|of| of != graph) {
                self.drawn = Arc::new(Drawn::of(graph, &asked, &self.drawn));
            }
            (self.of, self.asked) = (Some(graph.clone()), asked);
            return;
        }
        let due = if is_asked { now } else { self.due(graph) };
        // A clock that was set back keeps nothing waiting.
        if now < due && now >= self.laid_at {
            ctx.request_repaint_after(Duration::from_millis(due.abs_diff(now)));
            return;
        }
        self.laid_at = now;
        self.begin(ctx, graph, asked, is_asked);
    }

    /// When the next graph is to be laid out.
    fn due(&self, graph: &WaitGraph) -> SeenAt {
        let same = self.of.as_ref().is_some_and(|of| of.cycles == graph.cycles);
        let pace = self.laid_at + PACE_OF_DEADLOCKS_MS;
        if same { self.next_at } else { pace.min(self.next_at) }
    }

    fn take(&mut self, now: SeenAt) {
        let Some(working) = self.working.take() else { return };
        match working.answer.take() {
            Answer::Working => self.working = Some(working),
            Answer::Ready(drawn) => {
                let of = self.of.replace(working.of);
                self.asked = working.asked;
                let mut took = Duration::ZERO;
                if let Some(drawn) = drawn {
                    took = drawn.took;
                    self.retired = Some((of, std::mem::replace(&mut self.drawn, Arc::new(drawn))));
                }
                let rest = i64::try_from((took * REST).as_millis()).unwrap_or(PACE_MS);
                self.next_at = (self.laid_at + PACE_MS).max(now + rest);
            }
            Answer::Failed => (self.of, self.asked) = (Some(working.of), working.asked),
        }
    }

    fn begin(&mut self, ctx: &Context, graph: &Arc<WaitGraph>, asked: Asked, is_asked: bool) {
        let (graph, of, before) = (graph.clone(), self.of.clone(), self.drawn.clone());
        let (retired, wanted, about) = (self.retired.take(), asked.clone(), graph.clone());
        let work = move || {
            drop(retired);
            let same = !is_asked && of.is_some_and(|of| of == graph);
            (!same).then(|| Drawn::of(&graph, &wanted, &before))
        };
        let answer = Beside::start(ctx, "wait-for graph", work);
        self.working = Some(Working { of: about, asked, answer });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::waits::{Cycle, Wait};

    fn graph(waits: u32, stuck: bool) -> Arc<WaitGraph> {
        let wait = |place| Wait {
            waiter: Owner::Lease(i64::from(place)),
            lock: format!("/locks/{place}").as_bytes().into(),
            holder: Owner::Lease(0),
            place,
            in_cycle: false,
        };
        let waits: Vec<Wait> = (1..=waits).map(wait).collect();
        let cycles = if stuck { vec![Cycle { waits: waits[..1].to_vec() }] } else { Vec::new() };
        Arc::new(WaitGraph { waits, cycles, possible: Vec::new() })
    }

    fn asked() -> Asked {
        Asked { most: 10, ..Asked::default() }
    }

    /// Refreshes until nothing is under way.
    fn refresh(picture: &mut Picture, graph: &Arc<WaitGraph>, asked: &Asked, now: SeenAt) {
        let (ctx, begun) = (Context::default(), Instant::now());
        picture.refresh(&ctx, graph, asked.clone(), now);
        while picture.is_working() {
            assert!(begun.elapsed() < Duration::from_secs(60), "never laid out");
            std::thread::yield_now();
            picture.refresh(&ctx, graph, asked.clone(), now);
        }
    }

    #[test]
    fn a_large_graph_is_laid_out_at_a_pace_unless_a_deadlock_arises_or_the_operator_asks() {
        let (first, second) = (graph(30, false), graph(40, false));
        let mut picture = Picture::default();
        refresh(&mut picture, &first, &asked(), 1_000);
        assert_eq!((picture.drawn.rows.len(), picture.drawn.net.locks), (30, 10));
        // However long the layout took, it may be laid out again at this time.
        let next = picture.next_at;
        assert!(next >= 1_000 + PACE_MS);
        refresh(&mut picture, &second, &asked(), next - 1);
        assert_eq!(picture.drawn.rows.len(), 30, "it is kept for a while");
        refresh(&mut picture, &second, &asked(), next);
        assert_eq!(picture.drawn.rows.len(), 40);
        let later = next + PACE_OF_DEADLOCKS_MS;
        refresh(&mut picture, &graph(50, true), &asked(), later);
        assert_eq!(picture.drawn.rows.len(), 50, "a deadlock does not wait");
        let more = Asked { most: 20, ..asked() };
        refresh(&mut picture, &graph(50, true), &more, later);
        assert_eq!(picture.drawn.net.locks, 20, "nor does the operator");
        refresh(&mut picture, &graph(60, true), &more, 5);
        assert_eq!(picture.drawn.rows.len(), 60, "nor is a clock set back waited for");
    }

    #[test]
    fn what_is_chosen_elsewhere_is_drawn_and_what_is_drawn_is_not_laid_out_for_it() {
        let graph = graph(30, false);
        let mut picture = Picture::default();
        refresh(&mut picture, &graph, &asked(), 0);
        let lock = |name: &str| Some(Node::Lock(name.as_bytes().into()));
        let before = picture.drawn.clone();
        let drawn = before.net.nodes.iter().find(|node| matches!(node, Node::Lock(_))).cloned();
        refresh(&mut picture, &graph, &Asked { pinned: drawn, ..asked() }, 0);
        assert!(Arc::ptr_eq(&before, &picture.drawn));
        let hidden = lock("/locks/9");
        assert!(!before.net.has(hidden.as_ref().expect("a lock")));
        refresh(&mut picture, &graph, &Asked { pinned: hidden.clone(), ..asked() }, 0);
        assert!(picture.drawn.net.has(hidden.as_ref().expect("a lock")));
        refresh(&mut picture, &graph, &Asked { filter: "/LOCKS/3".into(), ..asked() }, 0);
        assert_eq!((picture.drawn.net.locks, picture.drawn.rows.len()), (2, 2), "/locks/3 and /locks/30");
    }
}
