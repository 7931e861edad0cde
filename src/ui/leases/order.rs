//! Which leases are shown, and in which order: worked out beside the window's thread, now and then.

use std::sync::Arc;

use egui::Context;

use crate::model::bytes::Key;
use crate::model::coordination::{Coordination, LeaseInfo};
use crate::model::key_text::display_key;
use crate::model::message::SessionId;
use crate::model::session::{KnownLeases, Session};
use crate::model::status::SeenAt;
use crate::ui::beside::{Answer, Beside};

/// The order is worked out this often at most, in milliseconds; while the pointer is over the rows less
/// often, so that they do not move away below it.
const EVERY_MS: i64 = 500;
const EVERY_HOVERED_MS: i64 = 3_000;
/// An answer says nothing any more so long after the end that it told, in milliseconds.
const STALE_MS: i64 = 3_000;

/// One without keys that is gone is still shown for so long, in milliseconds.
const GONE_MS: i64 = 5_000;

/// Leases that stand together, in the order of the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Less than half of their time is left: the next to expire first.
    Ending,
    /// Kept alive: the shortest TTL first, an order that stays while they are renewed.
    Kept,
    /// What they have left is not known.
    Unknown,
    /// Gone: for a moment, or as long as keys are still seen on them. They are not counted.
    Gone,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// The head of a group of so many.
    Head(Group, usize),
    /// A lease.
    Lease(i64),
}

/// The leases to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ordered {
    /// Those that fit the filter, in groups: those next to expire first.
    pub rows: Vec<Row>,
    /// All that there are.
    pub total: usize,
    /// Of these, those to which no key is attached.
    pub without_keys: usize,
    /// Of these, those that have missed a renewal: less than half of their time is left.
    pub ending: usize,
}

/// What an order is made of. Cheap to make.
struct Materials {
    coordination: Coordination,
    all: Option<Vec<i64>>,
    known: KnownLeases,
    filter: String,
    now: SeenAt,
    /// It is proven what happens: else nothing is counted on.
    proven: bool,
}

/// What an order was made of, to see whether another one is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    session: SessionId,
    filter: String,
    at: SeenAt,
    /// One that is gone does not wait among the others.
    gone: u64,
}

/// The order that is shown, and the next one while it is worked out.
#[derive(Default)]
pub struct Order {
    shown: Arc<Ordered>,
    made: Option<Made>,
    working: Option<(Made, Beside<Ordered>)>,
}

impl Order {
    /// The order as it was worked out last; `None`: none has been yet.
    pub fn current(
        &mut self,
        ctx: &Context,
        world_now: SeenAt,
        session: &Session,
        ask: Ask<'_>,
    ) -> Option<Arc<Ordered>> {
        let Ask { filter, all, hovered } = ask;
        if let Some((made, beside)) = self.working.take() {
            match beside.take() {
                Answer::Working => self.working = Some((made, beside)),
                Answer::Ready(ordered) => {
                    self.shown = Arc::new(ordered);
                    self.made = Some(made);
                }
                Answer::Failed => {}
            }
        }
        let due = match &self.made {
            None => true,
            Some(made)
                if made.session != session.id
                    || made.filter != filter
                    || made.gone != session.gone_leases =>
            {
                true
            }
            Some(made) => {
                let every = if hovered { EVERY_HOVERED_MS } else { EVERY_MS };
                !(0..every).contains(&(world_now - made.at))
            }
        };
        let overtaken = self
            .working
            .as_ref()
            .is_some_and(|(made, _)| made.session != session.id || made.filter != filter);
        if due && (self.working.is_none() || overtaken) {
            let (filter_text, gone) = (filter.to_owned(), session.gone_leases);
            let made = Made { session: session.id, filter: filter_text, at: world_now, gone };
            let materials = Materials {
                coordination: session.coordination.clone(),
                all: all.cloned(),
                known: session.leases.clone(),
                filter: filter.to_lowercase(),
                now: world_now,
                proven: session.known_until(world_now) >= world_now,
            };
            let work = move || order(&materials);
            self.working = Some((made, Beside::start(ctx, "order of leases", work)));
        }
        self.made.as_ref().filter(|made| made.session == session.id).map(|_| self.shown.clone())
    }
}

/// What is asked of an [`Order`].
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// What is looked for.
    pub filter: &'a str,
    /// All leases of the cluster, where they are known.
    pub all: Option<&'a Vec<i64>>,
    /// The pointer is over the rows.
    pub hovered: bool,
}

/// Where a lease stands: in which group, and there by what is least.
type Place = (Group, i64);

fn place(info: Option<&LeaseInfo>, now: SeenAt) -> Place {
    let Some(info) = info else { return (Group::Unknown, 0) };
    if info.is_gone() {
        return (Group::Gone, 0);
    }
    if !info.is_current(now) {
        return (Group::Unknown, 0);
    }
    let ends = info.seen_at.saturating_add(info.remaining_secs.saturating_mul(1_000));
    let left_ms = ends.saturating_sub(now);
    if left_ms < -STALE_MS {
        (Group::Unknown, 0)
    } else if left_ms.saturating_mul(2) <= info.granted_secs.saturating_mul(1_000) {
        (Group::Ending, ends)
    } else {
        (Group::Kept, info.granted_secs)
    }
}

/// Each group below its head.
fn with_heads(places: &[(Place, i64)]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(places.len() + 4);
    for group in places.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
        rows.extend(group.first().map(|((head, _), _)| Row::Head(*head, group.len())));
        rows.extend(group.iter().map(|(_, lease)| Row::Lease(*lease)));
    }
    rows
}

fn order(materials: &Materials) -> Ordered {
    let Materials { coordination, all, known, filter, now, proven } = materials;
    let mut ordered = Ordered::default();
    let mut rows: Vec<(Place, i64)> = Vec::new();
    let mut take = |lease: i64, used: bool| {
        let info = known.get(&lease);
        let over = |info: &LeaseInfo| info.is_gone() && now - info.seen_at > GONE_MS;
        // One that is listed, but gone since.
        if !used && info.is_some_and(over) {
            return;
        }
        let place = match place(info, *now) {
            (Group::Ending | Group::Kept, _) if !proven => (Group::Unknown, 0),
            place => place,
        };
        let there = place.0 != Group::Gone;
        ordered.total += usize::from(there);
        ordered.without_keys += usize::from(there && !used);
        ordered.ending += usize::from(place.0 == Group::Ending);
        if filter.is_empty() || fits(coordination, lease, filter) {
            rows.push((place, lease));
        }
    };
    for lease in coordination.leases.keys() {
        take(*lease, true);
    }
    for lease in all.iter().flat_map(|all| all.iter()) {
        if !coordination.leases.contains_key(lease) {
            take(*lease, false);
        }
    }
    rows.sort_unstable();
    ordered.rows = with_heads(&rows);
    ordered
}

/// Whether a lease, or a key on it, is called so. The filter is in lower case.
fn fits(coordination: &Coordination, lease: i64, filter: &str) -> bool {
    let named = |text: String| text.contains(filter);
    if named(format!("{lease:016x}")) || named(lease.to_string()) {
        return true;
    }
    let Some(used) = coordination.leases.get(&lease) else { return false };
    used.keys.keys().any(|key: &Key| display_key(key).to_lowercase().contains(filter))
        || used.keys.keys().any(|key| {
            let instance = coordination.instance_of(key);
            instance.is_some_and(|(service, _)| service.name.to_lowercase().contains(filter))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::{LeaseUse, Meaning};

    fn used(ids: &[i64]) -> Coordination {
        let mut coordination = Coordination::default();
        for id in ids {
            // Not by its id, which is to be found by itself.
            let key = Key::from(format!("/Jobs/{}", id % 10).into_bytes());
            let keys = std::iter::once((key, Arc::new(Meaning::Other))).collect();
            coordination.leases.insert(*id, Arc::new(LeaseUse { id: *id, keys, since: None }));
        }
        coordination
    }

    fn told(id: i64, granted_secs: i64, remaining_secs: i64) -> (i64, LeaseInfo) {
        (id, LeaseInfo { id, granted_secs, remaining_secs, seen_at: 10_000 })
    }

    fn ordered(used_by: &[i64], all: &[i64], known: &[(i64, LeaseInfo)], filter: &str) -> Ordered {
        order(&Materials {
            coordination: used(used_by),
            all: (!all.is_empty()).then(|| all.to_vec()),
            known: known.iter().copied().collect(),
            filter: filter.to_owned(),
            now: 12_000,
            proven: true,
        })
    }

    fn leases(found: &Ordered) -> Vec<i64> {
        let lease = |row: &Row| match row {
            Row::Lease(lease) => Some(*lease),
            Row::Head(..) => None,
        };
        found.rows.iter().filter_map(lease).collect()
    }

    #[test]
    fn what_ends_soon_comes_first_and_what_is_kept_alive_stays_where_it_is() {
        let known = [told(1, 10, 9), told(2, 60, 20), told(3, 10, 4), told(4, 30, 29), told(6, 5, 3)];
        let found = ordered(&[1, 2, 3, 4, 5, 6], &[], &known, "");
        let head = Row::Head;
        let expected = [
            head(Group::Ending, 3),
            Row::Lease(6),
            Row::Lease(3),
            Row::Lease(2),
            head(Group::Kept, 2),
            Row::Lease(1),
            Row::Lease(4),
            head(Group::Unknown, 1),
            Row::Lease(5),
        ];
        assert_eq!(found.rows, expected);
        assert_eq!((found.total, found.ending, found.without_keys), (6, 3, 0));
    }

    #[test]
    fn an_answer_that_has_grown_old_says_nothing() {
        let old = (1, LeaseInfo { id: 1, granted_secs: 10, remaining_secs: 1, seen_at: 1_000 });
        assert_eq!(leases(&ordered(&[1, 2], &[], &[old, told(2, 10, 9)], "")), [2, 1]);
    }

    /// Its keys are still seen: it is neither about to end nor among those that live.
    #[test]
    fn one_that_is_gone_stands_apart_from_those_that_live() {
        let found = ordered(&[1, 2, 3], &[], &[told(1, 10, 9), told(2, 10, -1), told(3, 10, 2)], "");
        assert_eq!(leases(&found), [3, 1, 2]);
        assert_eq!((found.rows[4], found.ending), (Row::Head(Group::Gone, 1), 1));
    }

    #[test]
    fn leases_without_keys_are_shown_and_those_found_gone_leave_uncounted() {
        let found = ordered(&[1], &[1, 7, 8], &[told(8, 0, -1)], "");
        assert_eq!((leases(&found), found.total, found.without_keys), (vec![1, 7, 8], 2, 1));
        assert_eq!(found.rows[3], Row::Head(Group::Gone, 1));
        let old = (8, LeaseInfo { id: 8, granted_secs: 0, remaining_secs: -1, seen_at: 5_000 });
        let found = ordered(&[1], &[1, 7, 8], &[old], "");
        assert_eq!((leases(&found), found.total, found.without_keys), (vec![1, 7], 2, 1));
        let used = ordered(&[8], &[], &[old], "");
        assert_eq!((leases(&used), used.total), (vec![8], 0), "its keys are still seen");
    }

    #[test]
    fn leases_are_found_by_id_in_both_ways_of_writing_and_by_key() {
        let id = 0x694d_77aa_9e38_260f;
        let decimal = id.to_string();
        for wanted in ["694d77aa", &decimal[..7], "/jobs/", "jobs"] {
            assert_eq!(leases(&ordered(&[id], &[3], &[], wanted)), [id], "{wanted}");
        }
        assert_eq!(ordered(&[id], &[3], &[], "nothing").rows, []);
    }
}
