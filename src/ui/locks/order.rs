//! Which locks are listed, and in which order. What a line shows is looked up when it is drawn; the order is
//! kept for a while, so that lines do not jump about while operators read them.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use egui::Context;

use crate::model::bytes::Key;
use crate::model::coordination::{ClaimKind, ClaimQueue, Coordination, WaitGraph};
use crate::model::message::SessionId;
use crate::model::status::SeenAt;
use crate::ui::beside::{Answer, Beside, free};
use crate::ui::coordination::owner_or_lease;

/// An order is kept so long, in milliseconds, while the same locks are listed.
const KEPT_MS: i64 = 2_000;
/// More locks and elections than this are ordered beside the window …
const MANY: usize = 300;
/// … and at most so often, in milliseconds: where so many are, deadlocks come and go all the time.
const PAUSE_MS: i64 = 500;

/// By what locks are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Deadlocked first, then those that most wait for, then held ones, free ones last.
    #[default]
    Urgent,
    /// By name.
    Name,
    /// Those held for longest first.
    Held,
}

/// How many locks there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub all: usize,
    /// Held by somebody.
    pub held: usize,
    /// Somebody waits for them.
    pub contended: usize,
}

/// The locks in the order of the table.
#[derive(Debug, Default)]
pub struct Lines {
    /// Their names.
    pub rows: Vec<Key>,
    /// Of all locks, listed or not.
    pub counts: Counts,
    /// Locks that are a part of a deadlock.
    pub deadlocked: BTreeSet<Key>,
}

/// The lines that are shown, and the next ones while they are worked out.
#[derive(Default)]
pub struct Listed {
    lines: Lines,
    of: Option<Of>,
    working: Option<(Of, Beside<Lines>)>,
}

/// What is listed.
#[derive(Clone)]
struct Of {
    session: SessionId,
    /// What was ordered: a clone of a persistent map costs nothing.
    coordination: Coordination,
    filter: String,
    order: Order,
    at: SeenAt,
}

impl std::ops::Deref for Listed {
    type Target = Lines;

    fn deref(&self) -> &Lines {
        &self.lines
    }
}

impl Listed {
    /// Brings the order up to date where it is too old, or about other locks.
    pub fn refresh(
        &mut self,
        ctx: &Context,
        session: SessionId,
        coordination: &Coordination,
        filter: &str,
        order: Order,
        now: SeenAt,
    ) {
        let asked = |of: &Of| of.session == session && of.filter == filter && of.order == order;
        self.working.take_if(|(of, _)| !asked(of)).into_iter().for_each(free);
        if let Some((of, beside)) = self.working.take() {
            match beside.take() {
                Answer::Working => self.working = Some((of, beside)),
                Answer::Ready(lines) => self.take_over(of, lines),
                // As long as before, what was listed stays.
                Answer::Failed => free(self.of.replace(of)),
            }
        }
        let shown = self.of.as_ref().filter(|of| of.session == session);
        let asked = shown.filter(|of| asked(of));
        if self.working.is_some() || asked.is_some_and(|of| of.is_fresh(coordination, now)) {
            return;
        }
        let of =
            Of { session, coordination: coordination.clone(), filter: filter.to_owned(), order, at: now };
        // Lines of another connection are never shown.
        if shown.is_none() || coordination.queues.len() <= MANY {
            let lines = of.lines();
            self.take_over(of, lines);
        } else {
            let wanted = of.clone();
            let beside = Beside::start(ctx, "order of locks", move || wanted.lines());
            self.working = Some((of, beside));
        }
    }

    fn take_over(&mut self, of: Of, lines: Lines) {
        free((std::mem::replace(&mut self.lines, lines), self.of.replace(of)));
    }
}

impl Of {
    /// Whether what was listed need not be listed again for this picture.
    fn is_fresh(&self, coordination: &Coordination, now: SeenAt) -> bool {
        let (before, after) = (&self.coordination, coordination);
        let rests = |ms: i64| (self.at..self.at.saturating_add(ms)).contains(&now);
        let same_waits = Arc::ptr_eq(&before.waits, &after.waits);
        let unchanged = same_waits && before.queues.ptr_eq(&after.queues);
        let pause = if after.queues.len() > MANY { PAUSE_MS } else { 0 };
        let same_locks = || {
            before.queues.len() == after.queues.len()
                && (same_waits || before.waits.cycles == after.waits.cycles)
        };
        unchanged || rests(pause) || (rests(KEPT_MS) && same_locks())
    }

    /// Finds, counts and orders.
    fn lines(&self) -> Lines {
        let coordination = &self.coordination;
        let mut lines = Lines { deadlocked: deadlocked(&coordination.waits), ..Lines::default() };
        let wanted = self.filter.trim().to_lowercase();
        let mut found: Vec<&Arc<ClaimQueue>> = Vec::new();
        for queue in coordination.of_kind(ClaimKind::Lock) {
            lines.counts.all += 1;
            lines.counts.held += usize::from(!queue.claims.is_empty());
            lines.counts.contended += usize::from(!queue.waiting().is_empty());
            if wanted.is_empty() || is_found(queue, &wanted) {
                found.push(queue);
            }
        }
        match self.order {
            Order::Name => {}
            Order::Urgent => found.sort_by_cached_key(|queue| {
                let urgent = (lines.deadlocked.contains(&queue.name), queue.waiting().len());
                Reverse((urgent, !queue.claims.is_empty()))
            }),
            Order::Held => found.sort_by_cached_key(|queue| {
                let holder = queue.holder();
                // What was held before it was watched is held for longest, the oldest revision first.
                let since = holder.map(|claim| (claim.turn_since, claim.meta.create_revision));
                (since.is_none(), since)
            }),
        }
        lines.rows = found.into_iter().map(|queue| queue.name.clone()).collect();
        lines
    }
}

fn deadlocked(graph: &WaitGraph) -> BTreeSet<Key> {
    let in_cycles = graph.cycles.iter().flat_map(|cycle| &cycle.waits);
    in_cycles.chain(graph.waits.iter().filter(|wait| wait.in_cycle)).map(|wait| wait.lock.clone()).collect()
}

/// Whether the name of a lock, or of anybody in its line, has this in it.
fn is_found(queue: &ClaimQueue, wanted: &str) -> bool {
    let name = String::from_utf8_lossy(&queue.name).to_lowercase();
    name.contains(wanted)
        || queue.claims.iter().any(|claim| owner_or_lease(claim).to_lowercase().contains(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::waits::{Owner, Wait};
    use crate::model::coordination::{Claim, ClaimForm, Confidence};
    use crate::model::record::KeyMeta;

    fn lock(name: &str, owners: &[&str]) -> (Key, Arc<ClaimQueue>) {
        let claims = (1_i64..).zip(owners).map(|(at, owner)| {
            let meta = KeyMeta { create_revision: at, mod_revision: at, version: 1, lease: at };
            let key = Key::from(format!("{name}/{at:x}").as_bytes());
            Arc::new(Claim::found(key, meta, Some(owner.as_bytes().into())))
        });
        let (kind, form) = (ClaimKind::Lock, ClaimForm::Queue);
        let queue = ClaimQueue::new(name.as_bytes().into(), kind, form, Confidence::Certain);
        let queue = ClaimQueue { claims: claims.collect(), ..queue };
        (queue.name.clone(), Arc::new(queue))
    }

    fn locks() -> Coordination {
        let queues = [
            lock("/calm", &["a"]),
            lock("/busy", &["b", "c", "d"]),
            lock("/free", &[]),
            lock("/stuck", &["e", "worker-7"]),
        ];
        Coordination { queues: queues.into_iter().collect(), ..Coordination::default() }
    }

    fn many(more: usize) -> Coordination {
        let queues = (0..MANY + more).map(|at| lock(&format!("/many/{at:05}"), &["a"]));
        Coordination { queues: queues.collect(), ..Coordination::default() }
    }

    /// Of many locks other lines come a moment later, and the lines of another connection are never shown.
    #[test]
    fn many_locks_are_ordered_beside_the_window() {
        let ctx = Context::default();
        let mut listed = Listed::default();
        let (session, other) = (SessionId(1), SessionId(2));
        listed.refresh(&ctx, session, &many(1), "", Order::Name, 0);
        assert_eq!(listed.counts.all, MANY + 1, "what is shown first is there at once");
        let more = many(2);
        listed.refresh(&ctx, session, &more, "", Order::Name, PAUSE_MS - 1);
        assert!(listed.working.is_none(), "not yet");
        listed.refresh(&ctx, session, &more, "", Order::Name, PAUSE_MS);
        let start = std::time::Instant::now();
        while listed.counts.all != MANY + 2 {
            assert!(start.elapsed() < std::time::Duration::from_secs(30), "never ordered");
            std::thread::yield_now();
            listed.refresh(&ctx, session, &more, "", Order::Name, PAUSE_MS);
        }
        listed.refresh(&ctx, session, &more, "00007", Order::Name, PAUSE_MS);
        assert!(listed.working.is_some(), "another filter does not wait");
        listed.refresh(&ctx, other, &locks(), "", Order::Name, PAUSE_MS);
        assert_eq!((listed.counts.all, listed.working.is_some()), (4, false));
    }

    fn names(listed: &Listed) -> Vec<&str> {
        listed.rows.iter().filter_map(|name| std::str::from_utf8(name).ok()).collect()
    }

    fn stuck() -> Arc<WaitGraph> {
        let owner = |name: &str| Owner::Named(name.into());
        let lock = b"/stuck".as_slice().into();
        let wait = Wait { waiter: owner("x"), lock, holder: owner("e"), place: 1, in_cycle: true };
        Arc::new(WaitGraph { waits: vec![wait], ..WaitGraph::default() })
    }

    #[test]
    fn deadlocks_come_first_then_what_most_wait_for() {
        let mut coordination = locks();
        let mut listed = Listed::default();
        listed.refresh(&Context::default(), SessionId(1), &coordination, "", Order::Urgent, 0);
        assert_eq!(names(&listed), ["/busy", "/stuck", "/calm", "/free"]);
        assert_eq!(listed.counts, Counts { all: 4, held: 3, contended: 2 });
        coordination.waits = stuck();
        listed.refresh(&Context::default(), SessionId(1), &coordination, "", Order::Urgent, KEPT_MS);
        assert_eq!(names(&listed)[0], "/stuck");
        assert!(listed.deadlocked.contains(b"/stuck".as_slice()));
    }

    #[test]
    fn names_and_everybody_in_line_are_searched() {
        let mut listed = Listed::default();
        listed.refresh(&Context::default(), SessionId(1), &locks(), "WORKER-7", Order::Name, 0);
        assert_eq!(names(&listed), ["/stuck"]);
        assert_eq!(listed.counts.all, 4, "counts are of all locks");
    }

    #[test]
    fn lines_do_not_jump_while_they_are_read() {
        let mut coordination = locks();
        let mut listed = Listed::default();
        listed.refresh(&Context::default(), SessionId(1), &coordination, "", Order::Urgent, 0);
        let (name, queue) = lock("/calm", &["a", "b", "c", "d", "e", "f"]);
        coordination.queues.insert(name, queue);
        listed.refresh(&Context::default(), SessionId(1), &coordination, "", Order::Urgent, KEPT_MS - 1);
        assert_eq!(names(&listed)[0], "/busy");
        listed.refresh(&Context::default(), SessionId(1), &coordination, "", Order::Urgent, KEPT_MS);
        assert_eq!(names(&listed)[0], "/calm");
    }
}
