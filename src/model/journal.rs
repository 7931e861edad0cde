//! What the console has recorded of a cluster beyond what etcd keeps: versions of keys with the time
//! they were seen, and the spans of revisions in which every change was seen.

use serde::{Deserialize, Serialize};

use super::bytes::{Key, Value};
use super::fault::Fault;
use super::record::KeyMeta;
use super::status::SeenAt;

/// How a version became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The watch told it while the console was connected.
    Watch,
    /// It was there when the key space was listed.
    Listing,
    /// A watch told it as what a key was before a change.
    Before,
    /// It was replayed from etcd's own history.
    Replay,
}

/// What a key became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedKind {
    /// It was put. `value` is `None` where only the key was known.
    Put {
        /// Its revisions, version and lease.
        meta: KeyMeta,
        /// Its value.
        value: Option<Value>,
    },
    /// It was deleted at exactly this revision (or its lease ended; etcd does not tell).
    Deleted,
    /// It was found gone at this revision: deleted in the time not watched before it.
    FoundGone,
}

/// One version (or deletion) of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The key.
    pub key: Key,
    /// The revision of the put or the deletion.
    pub revision: i64,
    /// What the key became.
    pub kind: RecordedKind,
    /// When it was seen; etcd keeps no times. `None`: it was replayed, or listed, later.
    pub seen_at: Option<SeenAt>,
    /// How it became known.
    pub source: Source,
}

/// Revisions in which every change (of what may be read and is not kept out) was recorded: those above
/// `after` up to and with `to`. Between spans are gaps: times not watched, compactions passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The revision of the picture that it begins with.
    pub after: i64,
    /// The last revision recorded.
    pub to: i64,
    /// When the picture that it begins with was seen.
    pub from_time: SeenAt,
    /// When `to` was seen.
    pub to_time: SeenAt,
    /// Whether the picture that it begins with was recorded whole.
    pub has_base: bool,
}

impl Span {
    /// Whether the state at this revision can be told from this span.
    #[must_use]
    pub fn covers(&self, revision: i64) -> bool {
        (self.after..=self.to).contains(&revision)
    }
}

/// Revisions that nobody watched: changes above `after` and below `to` may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalGap {
    /// The last revision known before.
    pub after: i64,
    /// The revision of the first picture behind it.
    pub to: i64,
    /// From when.
    pub from_time: SeenAt,
    /// Until when.
    pub to_time: SeenAt,
}

/// The gaps between spans, which may overlap (several windows watch at once). Oldest first.
#[must_use]
pub fn gaps(spans: &[Span]) -> Vec<JournalGap> {
    let mut ordered: Vec<&Span> = spans.iter().collect();
    ordered.sort_by_key(|span| (span.after, span.to));
    let mut gaps = Vec::new();
    let mut reach: Option<(i64, SeenAt)> = None;
    for span in ordered {
        if let Some((to, time)) = reach
            && span.after > to
        {
            gaps.push(JournalGap { after: to, to: span.after, from_time: time, to_time: span.from_time });
        }
        if reach.is_none_or(|(to, _)| span.to > to) {
            reach = Some((span.to, span.to_time));
        }
    }
    gaps
}

/// Everything the journal has of one key, newest first, with the spans in which it would have seen
/// more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRecords {
    /// Newest first.
    pub records: Vec<Recorded>,
    /// What was watched, oldest first.
    pub spans: Vec<Span>,
    /// The key is kept out of the journal by the profile.
    pub kept_out: bool,
}

/// What a replay of etcd's own history brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Newest first.
    pub records: Vec<Recorded>,
    /// Every change above this revision (etcd's compaction) is in it.
    pub after: i64,
    /// Up to this one.
    pub to: i64,
}

/// How the journal of a connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalStatus {
    /// Whether this connection is recorded.
    pub on: bool,
    /// Everything up to this revision is on disk and survives a crash; 0: nothing yet.
    pub recorded_to: i64,
    /// The oldest revision that can be gone back to, and when it was seen.
    pub since: Option<(i64, SeenAt)>,
    /// Its size on disk.
    pub bytes: u64,
    /// Versions and deletions in it.
    pub records: u64,
    /// Why it does not record, if it should and does not.
    pub fault: Option<Fault>,
    /// The file was damaged: it is kept under this name, and a new one was begun.
    pub kept_aside: Option<String>,
}

/// What a profile says of its journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalSettings {
    /// Whether changes are recorded.
    pub on: bool,
    /// At most so many MiB on disk; the oldest go first.
    pub most_mib: u64,
    /// At most so many days; the oldest go first.
    pub most_days: u32,
    /// Prefixes that are never recorded (secrets), in base64 (keys need not be text).
    pub kept_out: Vec<String>,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self { on: true, most_mib: 512, most_days: 90, kept_out: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(after: i64, to: i64) -> Span {
        Span { after, to, from_time: after * 10, to_time: to * 10, has_base: true }
    }

    #[test]
    fn what_no_window_watched_is_a_gap() {
        let found = gaps(&[span(40, 50), span(5, 20), span(10, 30), span(30, 35)]);
        assert_eq!(found, [JournalGap { after: 35, to: 40, from_time: 350, to_time: 400 }]);
        assert!(gaps(&[]).is_empty() && gaps(&[span(1, 2)]).is_empty());
    }
}
