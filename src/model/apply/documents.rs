//! How news changes the open keys. A draft is never overwritten: someone else's change is kept
//! beside it until the operator decides.

use std::cmp::Ordering;

use crate::model::bytes::{Key, Value};
use crate::model::document::{Document, Draft, SaveState};
use crate::model::fault::Fault;
use crate::model::history::KeyVersion;
use crate::model::message::{CommandKind, RequestId};
use crate::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord};
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::world::{ToastKind, ToastText};
use crate::model::write::WriteOutcome;

use super::FollowUp;

impl Document {
    /// Takes in what the key is now (`None`: deleted), seen at this moment. Without a draft the
    /// document follows; with one, the news is kept beside it. Tells whether it proved that a write
    /// of unknown outcome was done, so that its draft is no longer wanted.
    fn see(&mut self, record: Option<KeyRecord>, seen_at: SeenAt) -> bool {
        let base_revision = self.base_record().map(|base| base.meta.mod_revision);
        let revision = record.as_ref().map(|record| record.meta.mod_revision);
        if revision.is_some() && revision <= base_revision {
            // Our own write told again: etcd knows better which lease and version it led to.
            if revision == base_revision
                && let (Some(Some(base)), Some(record)) = (self.base.value_mut(), record)
            {
                base.meta = record.meta;
            }
            return false;
        }
        if let Some(KeyRecord { meta, value: Some(value), .. }) = &record
            && let Some(history) = self.history.value_mut()
        {
            history.prepend(KeyVersion { meta: *meta, value: value.clone() });
        }
        if let SaveState::Conflict { theirs } = &mut self.save {
            theirs.clone_from(&record);
        }
        if let SaveState::Unknown(_) = &self.save
            && let Some(seen) = &record
            && seen.value.is_some()
            && seen.value == self.draft
        {
            // What was sent is there: it was committed after all.
            self.save = SaveState::Saved { revision: seen.meta.mod_revision };
            self.draft = None;
            self.draft_generation += 1;
            self.rebase(record);
            return true;
        }
        let at_rest = matches!(self.save, SaveState::Idle | SaveState::Saved { .. });
        let follows = self.draft.is_none() && at_rest && record.is_some();
        if follows {
            self.base.answer(Ok(record));
            self.live = None;
            self.draft_generation += 1;
        } else if revision != base_revision {
            self.live = Some(record);
            self.live_seen_at = seen_at;
        } else {
            self.live = None;
        }
        false
    }

    /// Takes in what was just read and nothing is known to have overtaken. Tells what
    /// [`Document::see`] tells.
    fn see_read(&mut self, record: Option<KeyRecord>, seen_at: SeenAt) -> bool {
        let history = match (self.base_record(), &record) {
            (Some(base), Some(record)) => Some(same_history(base, record)),
            _ => None,
        };
        match history {
            // What was heard of it meanwhile (a deletion) is not so, or not any more.
            Some(Ordering::Equal) => {
                self.live = None;
                if let SaveState::Conflict { theirs } = &mut self.save {
                    theirs.clone_from(&record);
                }
                self.see(record, seen_at)
            }
            // After a restore from an older snapshot revisions have gone back, or were given to
            // other writes: what was just read counts, whatever its revision is.
            Some(Ordering::Less) if self.draft.is_none() => {
                self.forget_past();
                self.base.answer(Ok(record));
                self.live = None;
                self.draft_generation += 1;
                false
            }
            Some(Ordering::Less) => {
                self.forget_past();
                if let SaveState::Conflict { theirs } = &mut self.save {
                    theirs.clone_from(&record);
                }
                self.live = Some(record);
                self.live_seen_at = seen_at;
                false
            }
            Some(Ordering::Greater) | None => self.see(record, seen_at),
        }
    }

    /// What was known of another history is no longer true.
    fn forget_past(&mut self) {
        self.history = Default::default();
        self.past.forget();
    }

    /// Makes this record the base: what was saved, or what the operator took over.
    pub fn rebase(&mut self, record: Option<KeyRecord>) {
        let revision = record.as_ref().map_or(0, |record| record.meta.mod_revision);
        self.base.answer(Ok(record));
        let overtaken = self
            .live
            .as_ref()
            .is_some_and(|live| live.as_ref().is_some_and(|live| live.meta.mod_revision <= revision));
        if overtaken {
            self.live = None;
        }
    }
}

impl Session {
    pub(super) fn note_change(
        &mut self,
        change: &KeyChange,
        revision: i64,
        seen_at: SeenAt,
        follow_ups: &mut Vec<FollowUp>,
    ) {
        self.note_compared(change, revision);
        if self.document(&change.key).is_none() {
            return; // Nearly always: nothing is to be cloned for each change.
        }
        let followed = self.note_past(change, revision, seen_at);
        let (id, profile) = (self.id, self.profile.name.clone());
        let Some(document) = self.document_mut(&change.key) else { return };
        if document.base.value().is_none() {
            return; // Its first read is under way; its answer is held against the mirror.
        }
        let settled = match &change.kind {
            ChangeKind::Put { meta, value } => {
                let record = KeyRecord { key: change.key.clone(), meta: *meta, value: Some(value.clone()) };
                document.see(Some(record), seen_at)
            }
            ChangeKind::Delete => {
                let base = document.base_record().map_or(0, |base| base.meta.mod_revision);
                let live = document.live.iter().flatten().map(|live| live.meta.mod_revision).max();
                revision > base.max(live.unwrap_or(0)) && document.see(None, seen_at)
            }
        };
        if settled {
            follow_ups.push((id, CommandKind::DropDraft { profile, key: change.key.clone() }));
        }
        if !followed {
            self.merge_past(&change.key);
        }
    }

    /// After a time in which changes may have gone unheard: open keys are read again. (All of them:
    /// after a restore from an older snapshot another write may have the same revision.)
    pub(super) fn recheck_documents(&self, follow_ups: &mut Vec<FollowUp>) {
        let read = self.documents.iter().filter(|document| document.base.value().is_some());
        follow_ups.extend(read.map(|document| (self.id, CommandKind::Read(document.key.clone()))));
        follow_ups.extend(self.compared.iter().map(|known| (self.id, CommandKind::Read(known.key.clone()))));
    }

    /// What the mirror has seen of a key since this was read, if anything: an answer can come after
    /// news that is newer.
    fn overtaken(&self, key: &Key, read: &KeyRecord) -> Option<Option<KeyRecord>> {
        if !self.state.is_live() || self.applied < read.meta.mod_revision {
            return None;
        }
        match self.keyspace.get(key) {
            None => Some(None),
            Some(view) if view.meta.mod_revision > read.meta.mod_revision => {
                Some(Some(KeyRecord { key: key.clone(), meta: view.meta, value: view.value.cloned() }))
            }
            Some(_) => None,
        }
    }

    pub(super) fn apply_value(
        &mut self,
        key: &Key,
        request: RequestId,
        record: Result<Option<KeyRecord>, Fault>,
        seen_at: SeenAt,
        follow_ups: &mut Vec<FollowUp>,
    ) {
        let (id, profile) = (self.id, self.profile.name.clone());
        let news = record.as_ref().ok().and_then(Option::as_ref).and_then(|read| self.overtaken(key, read));
        let Some(document) = self.document_mut(key) else { return };
        let asked = document.read_request == request;
        match record {
            Err(fault) => {
                if asked {
                    document.base.answer(Err(fault));
                }
                return;
            }
            Ok(record) if document.base.value().is_none() => {
                document.base.answer(Ok(record));
                if document.draft.is_none() {
                    document.draft_generation += 1;
                }
            }
            Ok(record) => {
                let base = document.base.value().cloned().flatten();
                document.base.answer(Ok(base));
                if news.is_none() && document.see_read(record, seen_at) {
                    follow_ups.push((id, CommandKind::DropDraft { profile, key: key.clone() }));
                }
            }
        }
        match news {
            None => {}
            // Its value is not mirrored: once more, but not for ever.
            Some(Some(KeyRecord { value: None, .. })) if asked => {
                follow_ups.push((id, CommandKind::Read(key.clone())));
            }
            Some(Some(KeyRecord { value: None, .. })) => {}
            Some(news) => {
                document.see(news, seen_at);
            }
        }
    }

    pub(super) fn apply_written(
        &mut self,
        key: &Key,
        request: RequestId,
        sent: &Value,
        outcome: WriteOutcome,
        seen_at: SeenAt,
        follow_ups: &mut Vec<FollowUp>,
    ) -> Option<(ToastKind, ToastText)> {
        let profile = self.profile.name.clone();
        let id = self.id;
        let Some(document) = self.document_mut(key) else {
            return Some(closed_outcome(key, outcome));
        };
        if !matches!(&document.save, SaveState::Saving { request: waiting, .. } if *waiting == request) {
            return Some(closed_outcome(key, outcome));
        }
        match outcome {
            WriteOutcome::Saved { revision } => {
                let before = document.base_record().map(|base| base.meta);
                let meta = saved_meta(before, revision);
                let record = KeyRecord { key: key.clone(), meta, value: Some(sent.clone()) };
                if let Some(history) = document.history.value_mut() {
                    history.prepend(KeyVersion { meta, value: sent.clone() });
                }
                document.rebase(Some(record.clone()));
                document.save = SaveState::Saved { revision };
                document.recovered = false;
                if document.draft.as_ref() == Some(sent) {
                    document.draft = None;
                    document.draft_generation += 1;
                    follow_ups.push((id, CommandKind::DropDraft { profile, key: key.clone() }));
                } else if let Some(value) = document.draft.clone() {
                    // Typed on meanwhile: what is on disk is from before the save.
                    let draft = Draft { profile, key: key.clone(), value, base: Some(record), seen_at };
                    follow_ups.push((id, CommandKind::KeepDraft(Box::new(draft))));
                }
                let shown = crate::model::key_text::display_key(key).into_owned();
                Some((ToastKind::Success, ToastText::Saved { key: shown, revision }))
            }
            WriteOutcome::Conflict(theirs) => {
                document.live = Some(theirs.clone());
                document.save = SaveState::Conflict { theirs };
                None
            }
            WriteOutcome::NotSaved(fault) => {
                document.save = SaveState::Failed(fault);
                None
            }
            WriteOutcome::Unknown(fault) => {
                document.save = SaveState::Unknown(fault);
                follow_ups.push((id, CommandKind::Read(key.clone())));
                None
            }
        }
    }
}

/// Whether a record that was read is of the same history as the base: the same write (`Equal`), a
/// later one (`Greater`), or one that this history does not know (`Less`).
fn same_history(base: &KeyRecord, read: &KeyRecord) -> Ordering {
    let other_value = base.value.is_some() && base.value != read.value;
    match read.meta.mod_revision.cmp(&base.meta.mod_revision) {
        Ordering::Equal if other_value || base.meta.create_revision != read.meta.create_revision => {
            Ordering::Less
        }
        order => order,
    }
}

/// What a key is after our own put, until the watch tells the same.
fn saved_meta(before: Option<KeyMeta>, revision: i64) -> KeyMeta {
    match before {
        Some(before) => KeyMeta { mod_revision: revision, version: before.version + 1, ..before },
        None => KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease: 0 },
    }
}

/// What is said of a write whose key is not open (any more).
fn closed_outcome(key: &Key, outcome: WriteOutcome) -> (ToastKind, ToastText) {
    use crate::model::fault::FaultKind;
    match outcome {
        WriteOutcome::Saved { revision } => {
            let key = crate::model::key_text::display_key(key).into_owned();
            (ToastKind::Success, ToastText::Saved { key, revision })
        }
        WriteOutcome::Conflict(_) => {
            let detail = crate::model::key_text::display_key(key).into_owned();
            (ToastKind::Failure, ToastText::Fault(Fault::new(FaultKind::Conflict, detail)))
        }
        WriteOutcome::NotSaved(fault) => (ToastKind::Failure, not_saved(key, true, fault)),
        WriteOutcome::Unknown(fault) => (ToastKind::Failure, not_saved(key, false, fault)),
    }
}

fn not_saved(key: &Key, certain: bool, fault: Fault) -> ToastText {
    let key = crate::model::key_text::display_key(key).into_owned();
    ToastText::NotSaved { key, certain, fault }
}
