//! Moments and what became of keys, in words.

use rust_i18n::t;

use crate::model::moment::{Tick, Timeline};
use crate::model::status::SeenAt;
use crate::model::travel::{Counts, Mark};
use crate::ui::widgets::{clock_text, count_text};

/// `r1234, seen 10:42:03`.
#[must_use]
pub fn revision_and_time(revision: i64, seen_at: Option<SeenAt>, now: SeenAt) -> String {
    match seen_at {
        Some(seen_at) => t!("travel.words.seen", revision = revision, time = clock_text(seen_at, now)),
        None => t!("travel.words.not_seen", revision = revision),
    }
    .into_owned()
}

/// The moment at a revision, with the time at which it was first seen.
#[must_use]
pub fn moment(timeline: &Timeline, revision: i64, now: SeenAt) -> String {
    revision_and_time(revision, timeline.seen_at(revision), now)
}

/// The moment, and what its newest change did.
#[must_use]
pub fn moment_and_change(timeline: &Timeline, revision: i64, now: SeenAt) -> String {
    let moment = moment(timeline, revision, now);
    match timeline.tick(revision).filter(|tick| tick.revision == revision) {
        Some(tick) => format!("{moment}: {}", change(tick)),
        None => moment,
    }
}

/// `1 created, 2 changed`.
#[must_use]
pub fn change(tick: &Tick) -> String {
    sum(u64::from(tick.created), u64::from(tick.changed), u64::from(tick.deleted))
}

/// `1 created, 2 changed, 3 deleted`, without what is none.
#[must_use]
pub fn sum(created: u64, changed: u64, deleted: u64) -> String {
    let parts = [
        ("travel.words.created", created),
        ("travel.words.changed", changed),
        ("travel.words.deleted", deleted),
    ];
    listed(&parts)
}

/// What differs, in full.
#[must_use]
pub fn counts(counts: &Counts) -> String {
    if counts.total() == 0 {
        return t!("travel.words.nothing").into_owned();
    }
    listed(&[
        ("travel.words.created", counts.created),
        ("travel.words.changed", counts.changed),
        ("travel.words.unclear", counts.unclear),
        ("travel.words.rewritten", counts.rewritten),
        ("travel.words.deleted", counts.deleted),
        ("travel.words.uncertain", counts.uncertain),
    ])
}

fn listed(parts: &[(&str, u64)]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| t!(*name, count = count_text(*count)).into_owned())
        .collect();
    parts.join(&t!("travel.words.comma"))
}

/// What became of a key, in a word or two; nothing for one that is the same.
#[must_use]
pub fn mark(mark: Mark) -> String {
    match mark {
        Mark::Same => return String::new(),
        Mark::Rewritten => t!("travel.mark.rewritten"),
        Mark::Changed => t!("travel.mark.changed"),
        Mark::Unclear => t!("travel.mark.unclear"),
        Mark::Created => t!("travel.mark.created"),
        Mark::Deleted => t!("travel.mark.deleted"),
        Mark::Uncertain => t!("travel.mark.uncertain"),
    }
    .into_owned()
}

/// What that means, in a sentence.
#[must_use]
pub fn mark_hint(mark: Mark) -> String {
    match mark {
        Mark::Same => t!("travel.mark.same_hint"),
        Mark::Rewritten => t!("travel.mark.rewritten_hint"),
        Mark::Changed => t!("travel.mark.changed_hint"),
        Mark::Unclear => t!("travel.mark.unclear_hint"),
        Mark::Created => t!("travel.mark.created_hint"),
        Mark::Deleted => t!("travel.mark.deleted_hint"),
        Mark::Uncertain => t!("travel.mark.uncertain_hint"),
    }
    .into_owned()
}
