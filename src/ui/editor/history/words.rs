//! What is said of an entry.

use rust_i18n::t;

use super::super::banner::lease_text;
use crate::model::history::{EntryKind, HistoryEntry, HistoryGap, Marks};
use crate::model::status::SeenAt;
use crate::ui::widgets::{bytes_text, clock_text, count_text};

/// `created`, `changed`, `deleted`, `found gone`.
pub(super) fn kind(entry: &HistoryEntry) -> String {
    match &entry.kind {
        EntryKind::Version { meta, .. } if meta.version <= 1 => t!("history.kind.created"),
        EntryKind::Version { .. } => t!("history.kind.changed"),
        EntryKind::Deleted { exact: true } => t!("history.kind.deleted"),
        EntryKind::Deleted { exact: false } => t!("history.kind.gone"),
        EntryKind::Gap(_) => t!("history.kind.gap"),
    }
    .into_owned()
}

/// The revision, as it is shown: of a gap both its ends.
pub(super) fn revision(entry: &HistoryEntry) -> String {
    match &entry.kind {
        EntryKind::Gap(gap) => format!("r{} … r{}", gap.after, gap.to),
        _ => format!("r{}", entry.revision),
    }
}

/// Version, size, lease, when it was seen, what else changed.
pub(super) fn about(entry: &HistoryEntry, others: Option<usize>, now: SeenAt) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(seen_at) = entry.seen_at {
        parts.push(t!("history.seen", time = clock_text(seen_at, now)).into_owned());
    }
    match &entry.kind {
        EntryKind::Version { meta, value } => {
            parts.push(t!("history.version", version = meta.version).into_owned());
            parts.push(match value {
                Some(value) => bytes_text(value.len() as u64),
                None => t!("history.value_unknown").into_owned(),
            });
            if meta.lease != 0 {
                parts.push(t!("history.lease", lease = lease_text(meta.lease)).into_owned());
            }
        }
        EntryKind::Deleted { exact: false } => parts.push(t!("history.gone_hint").into_owned()),
        EntryKind::Deleted { exact: true } => {}
        EntryKind::Gap(gap) => parts = vec![reason(gap, now)],
    }
    if let Some(others) = others.filter(|others| *others > 0) {
        parts.push(together(others));
    }
    parts.join(" · ")
}

/// `with 3 other keys`.
pub(super) fn together(others: usize) -> String {
    if others == 1 {
        return t!("history.together_one").into_owned();
    }
    t!("history.together", count = count_text(others as u64)).into_owned()
}

/// Why there is a gap.
pub(super) fn reason(gap: &HistoryGap, now: SeenAt) -> String {
    let missing = match (gap.missing, gap.exact) {
        (0, _) => None,
        (1, true) => Some(t!("history.gap.one_missing").into_owned()),
        (count, true) => Some(t!("history.gap.missing", count = count).into_owned()),
        (count, false) => Some(t!("history.gap.at_least", count = count).into_owned()),
    };
    let time = |time: SeenAt| clock_text(time, now);
    let when = match (gap.from_time, gap.to_time) {
        (Some(from), Some(to)) => Some(t!("history.gap.from_to", from = time(from), to = time(to))),
        (Some(from), None) => Some(t!("history.gap.from", from = time(from))),
        (None, Some(to)) => Some(t!("history.gap.to", to = time(to))),
        (None, None) => None,
    };
    let when = when.map(std::borrow::Cow::into_owned);
    let words: Vec<String> = missing.into_iter().chain(when).collect();
    if words.is_empty() { t!("history.gap.unknown").into_owned() } else { words.join(" · ") }
}

/// Whether a deep history could tell more of a gap.
pub(super) fn gap_hint(gap: &HistoryGap) -> String {
    if gap.in_reach { t!("history.gap.in_reach") } else { t!("history.gap.compacted") }.into_owned()
}

/// Who knows it.
pub(super) fn source(marks: Marks) -> String {
    match (marks.etcd, marks.journal) {
        (true, true) => t!("history.source.both"),
        (true, false) => t!("history.source.etcd"),
        (false, true) => t!("history.source.journal"),
        (false, false) => t!("history.source.none"),
    }
    .into_owned()
}

/// `r182310 · version 17`, or `r182310 · deleted`.
pub(super) fn name(entry: &HistoryEntry) -> String {
    match entry.meta() {
        Some(meta) => t!("history.name", revision = entry.revision, version = meta.version).into_owned(),
        None => format!("r{} · {}", entry.revision, kind(entry)),
    }
}
