//! Who waits for whom, made anew when a lock that somebody waits for changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Engine, Moment, Way};
use crate::model::bytes::Key;
use crate::model::coordination::waits::{Cycle, Owner, WaitGraph};
use crate::model::coordination::{NewsKind, lease_text};
use crate::model::status::SeenAt;

/// Deadlocks by their locks, in order.
fn by_locks(graph: &WaitGraph) -> BTreeMap<Vec<Key>, &Cycle> {
    let locks = |cycle: &Cycle| {
        let mut locks = cycle.locks();
        locks.sort_unstable();
        locks
    };
    graph.cycles.iter().map(|cycle| (locks(cycle), cycle)).collect()
}

impl Engine {
    pub(super) fn refresh_waits(&mut self, now: SeenAt) {
        if !std::mem::take(&mut self.waits_changed) {
            return;
        }
        let queues = &self.picture.queues;
        let locks = self.contended.iter().filter_map(|name| queues.get(name)).map(|queue| &**queue);
        let graph = WaitGraph::of(locks);
        if graph == *self.picture.waits {
            return;
        }
        let before = std::mem::replace(&mut self.picture.waits, Arc::new(graph));
        let after = self.picture.waits.clone();
        let (before, after) = (by_locks(&before), by_locks(&after));
        let moment = Moment { at: now, revision: self.picture.revision, way: Way::Seen };
        for cycle in before.iter().filter(|(locks, _)| !after.contains_key(*locks)).map(|(_, cycle)| cycle) {
            self.tell(moment, NewsKind::DeadlockOver { locks: cycle.locks() });
        }
        for cycle in after.iter().filter(|(locks, _)| !before.contains_key(*locks)).map(|(_, cycle)| cycle) {
            let owners = cycle.waits.iter().map(|wait| match &wait.waiter {
                Owner::Lease(lease) => lease_text(*lease),
                Owner::Called { name, .. } | Owner::Key(name) | Owner::Value(name) | Owner::Named(name) => {
                    name.clone()
                }
            });
            let owners = owners.collect();
            self.tell(moment, NewsKind::Deadlock { locks: cycle.locks(), owners });
        }
    }
}
