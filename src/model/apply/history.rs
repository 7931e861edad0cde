//! News of the past of open keys.

use std::sync::Arc;

use crate::model::bytes::Key;
use crate::model::document::Document;
use crate::model::fault::Fault;
use crate::model::history::{DeepHistory, History, Now, ReplayCost};
use crate::model::journal::{KeyRecords, Replay};
use crate::model::message::{MirrorUpdate, RequestId};
use crate::model::record::{KeyChange, KeyRecord};
use crate::model::session::Session;
use crate::model::status::{MirrorState, SeenAt};
use crate::model::tree_item::TreeItem;

impl Session {
    /// Whether every change up to the applied revision has been told.
    fn in_step(&self) -> bool {
        matches!(self.state, MirrorState::Live | MirrorState::CatchingUp)
    }

    /// From now on every change of this key is told.
    pub fn watch_past(&mut self, key: &[u8]) {
        let (in_step, applied) = (self.in_step(), self.applied);
        if let Some(document) = self.document_mut(key).filter(|_| in_step) {
            document.past.begin_watching(applied);
        }
    }

    /// Takes in how the mirror went on, before its changes: where it read everything anew, changes may
    /// be missing; where it is another history, nothing that was known counts any more.
    pub(super) fn follow_past(&mut self, update: &MirrorUpdate) {
        let in_step = self.in_step();
        for document in &mut self.documents {
            if update.replaced {
                document.past.forget();
                document.history = Default::default();
            }
            if update.relisted || update.listed || update.replaced {
                document.past.begin_watching(update.applied);
            } else if in_step {
                document.past.watched_until(update.applied);
            }
        }
    }

    /// Takes in a change that the watch tells. Whether it simply followed what was known.
    pub(super) fn note_past(&mut self, change: &KeyChange, revision: i64, seen_at: SeenAt) -> bool {
        self.document_mut(&change.key).is_some_and(|document| document.past.note(change, revision, seen_at))
    }

    /// Puts the history of an open key together anew, where it is looked at.
    pub fn merge_past(&mut self, key: &[u8]) {
        let Some(document) = self.document(key).filter(|document| document.past.wanted) else { return };
        let now = self.now_of(document);
        if let Some(document) = self.document_mut(key) {
            document.past.merge(key, document.history.value(), now.as_ref());
        }
    }

    /// What the key is now, and at which revision that is known for certain.
    fn now_of(&self, document: &Document) -> Option<Now> {
        let read = match &document.live {
            Some(live) => Some(live.as_ref()),
            None => document.base.value().map(Option::as_ref),
        }?;
        let mirrored = self.in_step().then(|| self.keyspace.get(&document.key));
        let seen_at = document.live_seen_at;
        match (read, mirrored) {
            (Some(record), Some(Some(view))) if view.meta.mod_revision == record.meta.mod_revision => {
                let record = KeyRecord { meta: view.meta, ..record.clone() };
                Some(Now { revision: self.applied, record: Some(record), seen_at })
            }
            (None, Some(None)) => Some(Now { revision: self.applied, record: None, seen_at }),
            (Some(record), _) => {
                Some(Now { revision: record.meta.mod_revision, record: Some(record.clone()), seen_at })
            }
            (None, _) => None,
        }
    }

    pub(super) fn apply_history(&mut self, key: &Key, request: RequestId, page: Result<History, Fault>) {
        let Some(document) = self.document_mut(key) else { return };
        if document.history_request != request {
            return;
        }
        match page {
            Ok(page) => {
                let mut history = document.history.value().cloned().unwrap_or_default();
                document.past.walked(document.past.asked_below, &page);
                history.append(page);
                document.history.answer(Ok(history));
            }
            Err(fault) => document.history.answer(Err(fault)),
        }
        self.merge_past(key);
    }

    pub(super) fn apply_recorded(
        &mut self,
        key: &Key,
        request: RequestId,
        records: Result<Arc<KeyRecords>, Fault>,
    ) {
        let Some(document) = self.document_mut(key) else { return };
        if document.past.recorded_request != request {
            return;
        }
        document.past.recorded.answer(records);
        self.merge_past(key);
    }

    pub(super) fn apply_replayed(
        &mut self,
        what: &TreeItem,
        request: RequestId,
        replay: &Result<Arc<Replay>, Fault>,
    ) {
        let in_it = |key: &Key| {
            if what.is_folder() { key.starts_with(&what.path) } else { *key == what.path }
        };
        let keys: Vec<Key> = self.documents.iter().map(|it| it.key.clone()).filter(in_it).collect();
        for key in keys {
            if let Some(document) = self.document_mut(&key) {
                document.past.replayed(request, replay.clone());
            }
            self.merge_past(&key);
        }
    }

    pub(super) fn apply_compaction(&mut self, request: RequestId, revision: Result<i64, Fault>) {
        let applied = self.applied;
        let Some(document) = self.documents.iter_mut().find(|it| it.past.cost_request == request) else {
            return;
        };
        let key = document.key.clone();
        let past = &mut document.past;
        match revision {
            Ok(revision) => {
                past.compacted = Some(revision);
                if matches!(past.deep, DeepHistory::Offered(None)) {
                    let revisions = u64::try_from(applied - revision).unwrap_or(0);
                    past.deep = DeepHistory::Offered(Some(ReplayCost { revisions }));
                }
            }
            Err(fault) if matches!(past.deep, DeepHistory::Offered(None)) => {
                past.deep = DeepHistory::Failed(fault);
            }
            Err(_) => {}
        }
        self.merge_past(&key);
    }

    pub(super) fn apply_together(&mut self, revision: i64, keys: &Result<Vec<Key>, Fault>) {
        for document in &mut self.documents {
            document.past.changed_together(revision, keys.clone());
        }
    }

    /// Takes in how far a replay has come. `false`: it is no replay of ours.
    pub(super) fn apply_replay_progress(
        &mut self,
        request: RequestId,
        done: u64,
        total: Option<u64>,
    ) -> bool {
        let running = self.documents.iter_mut().find_map(|document| match &mut document.past.deep {
            DeepHistory::Running { request: running, done, total } if *running == request => {
                Some((done, total))
            }
            _ => None,
        });
        let Some((known_done, known_total)) = running else { return false };
        *known_done = done;
        *known_total = total.or(*known_total);
        true
    }
}
