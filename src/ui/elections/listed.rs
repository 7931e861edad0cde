//! The elections in the order of the table. Worked out anew when the picture has changed or time has passed,
//! never in every frame: among them there may be thousands of locks.

use std::sync::Arc;

use crate::model::coordination::{ClaimKind, ClaimQueue, Coordination, CoordinationSettings};
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::ui::beside::free;

/// Of more locks and elections than this the list is made at most twice a second.
const MANY: usize = 500;
/// Until then, in milliseconds.
const PAUSE_MS: i64 = 500;
/// Changes grow old without news: they are counted again so often, in milliseconds.
const COUNT_EVERY_MS: i64 = 1_000;

/// An election in the list.
#[derive(Clone, Debug)]
pub struct Election {
    /// It.
    pub queue: Arc<ClaimQueue>,
    /// How often its leader changed within the time in which changes are counted.
    pub changes: usize,
    /// More often than the profile finds right.
    pub alert: bool,
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// The cluster itself.
    Cluster,
    /// An election.
    Election(&'a Election),
}

/// The elections of a connection.
#[derive(Default)]
pub struct Listed {
    of: Coordination,
    at: SeenAt,
    /// Changes above which it is an alert, and the minutes in which they are counted.
    alert: (u32, u32),
    elections: Vec<Election>,
    with_cluster: bool,
}

impl Listed {
    /// Takes in how things are now.
    pub fn refresh(&mut self, session: &Session, now: SeenAt) {
        self.with_cluster = !session.raft.terms.is_empty() || !session.cluster.members.is_empty();
        let settings = &session.profile.coordination;
        let alert = (settings.alert_changes, settings.alert_minutes);
        let age = now - self.at;
        let changed = !self.of.is_same(&session.coordination);
        let many = session.coordination.queues.len() > MANY;
        let due = changed && (!many || age >= PAUSE_MS);
        if !due && (0..COUNT_EVERY_MS).contains(&age) && alert == self.alert {
            return;
        }
        free(std::mem::replace(&mut self.of, session.coordination.clone()));
        self.at = now;
        self.alert = alert;
        let from = now - i64::from(alert.1) * 60_000;
        self.elections =
            self.of.of_kind(ClaimKind::Election).map(|queue| count(queue, from, settings)).collect();
        // Those that want attention first, by name within, as they come.
        self.elections.sort_by_key(|election| (!election.alert, !election.queue.lost_its_holder()));
    }

    /// The lines, the cluster itself first.
    #[must_use]
    pub fn rows(&self) -> Vec<Row<'_>> {
        let cluster = self.with_cluster.then_some(Row::Cluster);
        cluster.into_iter().chain(self.elections.iter().map(Row::Election)).collect()
    }
}

fn count(queue: &Arc<ClaimQueue>, from: SeenAt, rules: &CoordinationSettings) -> Election {
    let changes = queue.changes_since(from);
    Election { queue: queue.clone(), changes, alert: rules.is_alert(changes) }
}
