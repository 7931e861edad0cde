//! Numbers and ages in words.

use rust_i18n::t;

use crate::model::activity::{ActivityKind, DeletedKey};
use crate::model::status::SeenAt;
use crate::ui::widgets::{clock_text, count_text, relative_text};

/// A count that must be short: exact up to 9,999, then `12.3k`, `4.5M`.
#[must_use]
pub fn short_count(number: u64) -> String {
    let tenths = |unit: u64, sign: &str| match number * 10 / unit {
        tenths if tenths >= 1_000 => format!("{}{sign}", tenths / 10),
        tenths => format!("{}.{}{sign}", tenths / 10, tenths % 10),
    };
    match number {
        0..10_000 => count_text(number),
        10_000..1_000_000 => tenths(1_000, "k"),
        1_000_000..1_000_000_000_000 => tenths(1_000_000, "M"),
        _ => count_text(number),
    }
}

/// `1 key`, `12 keys`.
#[must_use]
pub fn keys(count: u64) -> String {
    match count {
        1 => t!("keys.count.one_key").into_owned(),
        _ => t!("keys.count.keys", count = count_text(count)).into_owned(),
    }
}

/// `1 deleted key`, `12 deleted keys`.
#[must_use]
pub fn deleted_keys(count: u64) -> String {
    match count {
        1 => t!("keys.count.one_deleted").into_owned(),
        _ => t!("keys.count.deleted", count = count_text(count)).into_owned(),
    }
}

/// How and when a key was deleted: `deleted at r812, seen 10:42:03`. etcd keeps no times: where
/// nobody watched, there is none.
#[must_use]
pub fn deleted_at(deleted: &DeletedKey, now: SeenAt) -> String {
    let revision = deleted.revision;
    if deleted.found {
        return t!("keys.tree.found_gone", revision = revision, after = deleted.watched_to).into_owned();
    }
    match deleted.seen_at {
        ..=0 => t!("keys.tree.deleted_at", revision = revision).into_owned(),
        seen => t!("keys.tree.deleted_seen", revision = revision, time = clock_text(seen, now)).into_owned(),
    }
}

/// The same for a row: `r812 · 10:42:03`.
#[must_use]
pub fn deleted_short(deleted: &DeletedKey, now: SeenAt) -> String {
    match deleted.seen_at {
        ..=0 => format!("r{}", deleted.revision),
        seen => format!("r{} · {}", deleted.revision, clock_text(seen, now)),
    }
}

/// `1 change`, `12 changes`.
#[must_use]
pub fn changes(count: u64) -> String {
    match count {
        1 => t!("keys.count.one_change").into_owned(),
        _ => t!("keys.count.changes", count = count_text(count)).into_owned(),
    }
}

/// `changed 2 s ago`.
#[must_use]
pub fn change_age(kind: ActivityKind, seen_at: SeenAt, now: SeenAt) -> String {
    let age = relative_text(seen_at, now);
    match kind {
        ActivityKind::Created => t!("keys.age.created", age = age),
        ActivityKind::Changed => t!("keys.age.changed", age = age),
        ActivityKind::Deleted => t!("keys.age.deleted", age = age),
    }
    .into_owned()
}

/// A lease or member id as etcdctl writes it.
#[must_use]
pub fn hex(id: i64) -> String {
    format!("{id:016x}")
}

#[cfg(test)]
mod tests {
    use super::short_count;

    #[test]
    fn numbers_are_shortened() {
        assert_eq!(short_count(9_999), "9,999");
        assert_eq!(short_count(12_345), "12.3k");
        assert_eq!(short_count(999_999), "999k");
        assert_eq!(short_count(1_000_000), "1.0M");
        assert_eq!(short_count(123_456_789), "123M");
    }
}
