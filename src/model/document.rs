//! An open key: what it was when the operator began, what they typed, what it is now.

use super::bytes::{Key, Value};
use super::compare::Comparison;
use super::history::{History, Past};
use super::loadable::Loadable;
use super::message::RequestId;
use super::record::{KeyMeta, KeyRecord};
use super::status::SeenAt;

/// A draft as kept on disk: it must survive a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The profile's name.
    pub profile: String,
    /// The key.
    pub key: Key,
    /// What the operator typed.
    pub value: Value,
    /// What the key was when they began; `None`: it did not exist.
    pub base: Option<KeyRecord>,
    /// When it was last changed.
    pub seen_at: SeenAt,
}

/// What the document shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DocumentPage {
    /// The editor.
    #[default]
    Edit,
    /// Any two of draft, live, versions, other keys and files.
    Diff,
    /// Versions.
    History,
}

/// How the document is being saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SaveState {
    /// Not.
    #[default]
    Idle,
    /// The diff is on screen, to be confirmed.
    Reviewing,
    /// Under way; this value was sent.
    Saving {
        /// The request.
        request: RequestId,
        /// What was sent.
        value: Value,
    },
    /// Someone changed the key: compare and merge. `theirs` is what it is now (`None`: deleted).
    Conflict {
        /// What the key is now.
        theirs: Option<KeyRecord>,
    },
    /// Saved at this revision, a moment ago.
    Saved {
        /// The revision.
        revision: i64,
    },
    /// Not saved, nothing was changed.
    Failed(super::fault::Fault),
    /// It could not be told whether it was saved.
    Unknown(super::fault::Fault),
}

/// An open key.
#[derive(Clone, Debug)]
pub struct Document {
    /// The key.
    pub key: Key,
    /// What the draft is based on: the record that was loaded, saved or merged with last.
    /// `None` value: the key does not exist (a new key, or one that was deleted).
    pub base: Loadable<Option<KeyRecord>>,
    /// What the operator typed, if it differs from the base.
    pub draft: Option<Value>,
    /// Grows whenever the draft is changed by anything but the editor itself (load, discard,
    /// restore, merge), so that the editor knows when to take it over.
    pub draft_generation: u64,
    /// The newest record that is known, when it is not the base: someone else's change.
    /// `Some(None)`: it was deleted.
    pub live: Option<Option<KeyRecord>>,
    /// When `live` was seen.
    pub live_seen_at: SeenAt,
    /// Which page is shown.
    pub page: DocumentPage,
    /// What the page of differences compares.
    pub comparison: Comparison,
    /// Saving.
    pub save: SaveState,
    /// Versions read so far.
    pub history: Loadable<History>,
    /// Everything else that is known of its past, and the history that follows from it.
    pub past: Past,
    /// The draft came from an earlier run of the console.
    pub recovered: bool,
    /// The lease that the key had when the draft was begun, where key and lease are gone since: saved,
    /// the key would be there for good.
    pub lost_lease: Option<i64>,
    /// Request that reads the base.
    pub read_request: RequestId,
    /// Request that reads history.
    pub history_request: RequestId,
}

impl Document {
    /// A document whose base is yet to be read.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self {
            key,
            base: Loadable::default(),
            draft: None,
            draft_generation: 0,
            live: None,
            live_seen_at: 0,
            page: DocumentPage::Edit,
            comparison: Comparison::default(),
            save: SaveState::Idle,
            history: Loadable::default(),
            past: Past::default(),
            recovered: false,
            lost_lease: None,
            read_request: RequestId(0),
            history_request: RequestId(0),
        }
    }

    /// The base record, if the key exists and has been read.
    #[must_use]
    pub fn base_record(&self) -> Option<&KeyRecord> {
        self.base.value().and_then(Option::as_ref)
    }

    /// The base's value, empty where the key does not exist.
    #[must_use]
    pub fn base_value(&self) -> Value {
        self.base_record()
            .and_then(|record| record.value.clone())
            .unwrap_or_else(|| Value::from([].as_slice()))
    }

    /// What would be saved: the draft, or the base where nothing was typed.
    #[must_use]
    pub fn current_value(&self) -> Value {
        self.draft.clone().unwrap_or_else(|| self.base_value())
    }

    /// Whether there is something to save.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        match &self.draft {
            Some(draft) => self.base_record().is_none_or(|record| record.value.as_ref() != Some(draft)),
            None => false,
        }
    }

    /// The newest meta that is known of the key.
    #[must_use]
    pub fn newest_meta(&self) -> Option<KeyMeta> {
        match &self.live {
            Some(live) => live.as_ref().map(|record| record.meta),
            None => self.base_record().map(|record| record.meta),
        }
    }

    /// Whether someone else has changed the key since the base was read.
    #[must_use]
    pub fn changed_elsewhere(&self) -> bool {
        self.live.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(revision: i64, value: Option<&[u8]>) -> KeyRecord {
        let meta = KeyMeta { create_revision: 2, mod_revision: revision, version: 1, lease: 0 };
        KeyRecord { key: b"a".as_slice().into(), meta, value: value.map(Value::from) }
    }

    fn document(base: Option<Option<KeyRecord>>, draft: Option<&[u8]>) -> Document {
        let mut document = Document::new(b"a".as_slice().into());
        document.base = base.map_or_else(Loadable::default, Loadable::ready);
        document.draft = draft.map(Value::from);
        document
    }

    #[test]
    fn a_draft_is_dirty_where_it_differs_from_the_base() {
        let base = || Some(Some(record(5, Some(b"x"))));
        assert!(!document(base(), None).is_dirty());
        assert!(!document(base(), Some(b"x")).is_dirty());
        assert!(document(base(), Some(b"y")).is_dirty());
        assert!(document(base(), Some(b"")).is_dirty());
    }

    #[test]
    fn a_draft_of_a_key_that_does_not_exist_can_be_saved_even_if_empty() {
        assert!(document(Some(None), Some(b"")).is_dirty());
        assert!(!document(Some(None), None).is_dirty());
    }

    #[test]
    fn a_recovered_draft_is_dirty_before_its_base_is_read() {
        assert!(document(None, Some(b"x")).is_dirty());
        assert!(!document(None, None).is_dirty());
    }

    #[test]
    fn what_would_be_saved_is_the_draft_or_the_base() {
        let base = || Some(Some(record(5, Some(b"x"))));
        assert_eq!(&*document(base(), None).current_value(), b"x");
        assert_eq!(&*document(base(), Some(b"")).current_value(), b"");
        assert_eq!(&*document(Some(None), None).current_value(), b"");
        assert_eq!(&*document(Some(Some(record(5, None))), None).base_value(), b"");
    }

    #[test]
    fn the_newest_meta_is_that_of_the_live_record() {
        let mut document = document(Some(Some(record(5, Some(b"x")))), None);
        assert_eq!(document.newest_meta().map(|meta| meta.mod_revision), Some(5));
        assert!(!document.changed_elsewhere());
        document.live = Some(Some(record(8, None)));
        assert_eq!(document.newest_meta().map(|meta| meta.mod_revision), Some(8));
        document.live = Some(None);
        assert_eq!(document.newest_meta(), None, "it was deleted");
        assert!(document.changed_elsewhere());
    }
}
