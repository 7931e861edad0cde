//! What is done to open keys.

use super::super::App;
use crate::model::bytes::{Key, Value};
use crate::model::dialog::Dialog;
use crate::model::document::{Document, DocumentPage, SaveState};
use crate::model::message::{CommandKind, SessionId};
use crate::model::record::KeyRecord;
use crate::model::session::Screen;
use crate::model::world::{ToastKind, ToastText};
use crate::model::write::{Expect, LeaseChoice, PutRequest};

impl App {
    pub(super) fn open_key(&mut self, key: &Key) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.screen = Screen::Keys;
        session.active_document = Some(key.clone());
        if session.document(key).is_some() {
            return;
        }
        let mut document = Document::new(key.clone());
        if let Some(at) = session.drafts.iter().position(|draft| draft.key == *key) {
            let draft = session.drafts.remove(at);
            document.base.answer(Ok(draft.base));
            document.draft = Some(draft.value);
            document.draft_generation = 1;
            document.recovered = true;
        }
        session.documents.push(document);
        session.watch_past(key);
        self.reload(key);
    }

    pub(super) fn reload(&mut self, key: &Key) {
        let Some(request) = self.ask(CommandKind::Read(key.clone())) else { return };
        if let Some(document) = self.document(key) {
            document.base.ask();
            document.read_request = request;
        }
    }

    fn document(&mut self, key: &Key) -> Option<&mut Document> {
        self.world.active_session_mut()?.document_mut(key)
    }

    pub(super) fn close_document(&mut self, key: &Key) {
        let dirty = self.document(key).is_some_and(|document| document.is_dirty());
        if dirty {
            self.world.dialog = Some(Dialog::CloseDirty { key: key.clone() });
        } else {
            self.discard_and_close(key);
        }
    }

    pub(super) fn discard_and_close(&mut self, key: &Key) {
        self.world.dialog = None;
        // A key that was only looked at has no draft: what is on disk is another window's.
        if self.document(key).is_some_and(|document| document.draft.is_some()) {
            self.drop_kept_draft(key);
        }
        let Some(session) = self.world.active_session_mut() else { return };
        let Some(at) = session.documents.iter().position(|document| document.key == *key) else { return };
        session.documents.remove(at);
        if session.active_document.as_ref() == Some(key) {
            let next = session.documents.get(at).or_else(|| session.documents.last());
            session.active_document = next.map(|document| document.key.clone());
        }
        self.world.forget_compared();
    }

    pub(super) fn show_page(&mut self, key: &Key, page: DocumentPage) {
        let Some(document) = self.document(key) else { return };
        document.page = page;
        let unread = document.history.value().is_none() && !document.history.is_pending();
        if page == DocumentPage::History && unread {
            self.load_history(key);
        }
    }

    pub(super) fn edit_draft(&mut self, key: &Key, value: Value) {
        let now = self.world.now;
        let Some(id) = self.world.active else { return };
        let Some(document) = self.document(key) else { return };
        if matches!(document.save, SaveState::Saved { .. } | SaveState::Failed(_)) {
            document.save = SaveState::Idle;
        }
        let same = document.base_record().is_some_and(|base| base.value.as_ref() == Some(&value));
        if same {
            if document.draft.take().is_some() {
                self.drop_kept_draft(key);
            }
        } else {
            document.draft = Some(value);
            self.drafts.changed(id, key.clone(), now);
        }
    }

    pub(super) fn replace_draft(&mut self, key: &Key, value: Value) {
        self.edit_draft(key, value);
        if let Some(document) = self.document(key) {
            document.draft_generation += 1;
        }
    }

    pub(super) fn discard_draft(&mut self, key: &Key) {
        self.offer_back(key);
        self.drop_kept_draft(key);
        let mut read_again = false;
        if let Some(document) = self.document(key) {
            document.draft = None;
            document.draft_generation += 1;
            document.save = SaveState::Idle;
            document.recovered = false;
            read_again = document.live.is_some();
        }
        if read_again {
            self.take_theirs(key);
        }
    }

    /// Says that the draft of a key is gone, with the way back.
    fn offer_back(&mut self, key: &Key) {
        let Some(session) = self.world.active else { return };
        if !self.document(key).is_some_and(|document| document.is_dirty()) {
            return;
        }
        if let Some(draft) = self.draft(&(session, key.clone())) {
            let text = ToastText::Discarded { session, draft: Box::new(draft) };
            self.world.toast(ToastKind::Info, text);
        }
    }

    /// Brings a discarded draft back, on the base that it had: what was changed in the cluster since
    /// is someone else's change to it, as before.
    pub(super) fn undo_discard(&mut self, toast: u64) {
        let Some(at) = self.world.toasts.iter().position(|shown| shown.id == toast) else { return };
        let ToastText::Discarded { session: id, draft } = self.world.toasts[at].text.clone() else { return };
        self.world.toasts.remove(at);
        let key = draft.key.clone();
        let Some(session) = self.world.session_mut(id) else {
            // The connection is closed: it is found when the profile is connected again.
            self.send(SessionId::default(), CommandKind::KeepDraft(draft));
            return;
        };
        if session.document(&key).is_none() {
            session.drafts.push((*draft).clone());
        }
        self.world.active = Some(id);
        // What was typed after the discard is not lost for it either.
        self.offer_back(&key);
        self.open_key(&key);
        let now = self.world.now;
        if let Some(document) = self.document(&key) {
            let newest = document.live.clone().or_else(|| document.base.value().cloned());
            document.live = newest.filter(|newest| revision(newest) != revision(&draft.base));
            document.live_seen_at = now;
            document.base.answer(Ok(draft.base));
            document.draft = Some(draft.value);
            document.draft_generation += 1;
            document.page = DocumentPage::Edit;
            document.save = SaveState::Idle;
        }
        self.drafts.changed(id, key.clone(), now);
        self.reload(&key);
    }

    /// Forgets the draft on disk.
    fn drop_kept_draft(&mut self, key: &Key) {
        let Some(session) = self.world.active_session() else { return };
        let (id, profile) = (session.id, session.profile.name.clone());
        self.drop_draft(id, profile, key.clone());
    }

    pub(super) fn review(&mut self, key: &Key) {
        let Some(document) = self.document(key) else { return };
        if !document.is_dirty() || matches!(document.save, SaveState::Saving { .. }) {
            return;
        }
        // What is known to be changed is compared at once, instead of failing at the save.
        document.save = match document.live.clone() {
            Some(theirs) => SaveState::Conflict { theirs },
            None => SaveState::Reviewing,
        };
    }

    pub(super) fn cancel_save(&mut self, key: &Key) {
        if let Some(document) = self.document(key)
            && !matches!(document.save, SaveState::Saving { .. })
        {
            document.save = SaveState::Idle;
        }
    }

    /// Saves the draft: one transaction, guarded by the base's mod revision, the lease kept.
    pub(super) fn save(&mut self, key: &Key) {
        if !self.may_write() {
            return;
        }
        let Some(document) = self.document(key) else { return };
        if !document.is_dirty() || document.base.value().is_none() {
            return;
        }
        if matches!(document.save, SaveState::Saving { .. }) {
            return;
        }
        // Known to be another than the draft is based on. The guard alone does not always see it: in
        // a cluster restored from a snapshot another write may have been given the same revision.
        if let Some(theirs) = document.live.clone() {
            document.save = SaveState::Conflict { theirs };
            return;
        }
        let value = document.current_value();
        let (expect, lease) = match document.base_record() {
            Some(base) => (Expect::Revision(base.meta.mod_revision), LeaseChoice::Keep),
            None => (Expect::Absent, LeaseChoice::Attach(0)),
        };
        self.keep_drafts(true);
        let put = PutRequest { key: key.clone(), value: value.clone(), expect, lease };
        let Some(request) = self.ask(CommandKind::Put(put)) else { return };
        if let Some(document) = self.document(key) {
            document.save = SaveState::Saving { request, value };
        }
    }

    /// After a conflict: the merged value is a draft on what the key is now.
    pub(super) fn resolve(&mut self, key: &Key, merged: Value) {
        let now = self.world.now;
        let Some(id) = self.world.active else { return };
        let Some(document) = self.document(key) else { return };
        let Some(theirs) = newest(document) else { return };
        let had = document.base_record().map(|base| base.meta.lease).filter(|lease| *lease != 0);
        document.lost_lease = if theirs.is_none() { had.or(document.lost_lease) } else { None };
        document.rebase(theirs);
        document.live = None;
        document.draft = Some(merged);
        document.draft_generation += 1;
        if document.is_dirty() {
            document.save = SaveState::Reviewing;
            self.drafts.changed(id, key.clone(), now);
        } else {
            document.save = SaveState::Idle;
            document.draft = None;
            self.drop_kept_draft(key);
        }
    }

    pub(super) fn take_theirs(&mut self, key: &Key) {
        let Some(document) = self.document(key) else { return };
        let Some(theirs) = newest(document) else { return };
        self.offer_back(key);
        let Some(document) = self.document(key) else { return };
        document.rebase(theirs);
        document.live = None;
        document.draft = None;
        document.draft_generation += 1;
        document.save = SaveState::Idle;
        self.drop_kept_draft(key);
    }
}

/// The revision of a record; 0 where the key does not exist.
fn revision(record: &Option<KeyRecord>) -> i64 {
    record.as_ref().map_or(0, |record| record.meta.mod_revision)
}

/// What the key is now, where it is known to differ from the base.
fn newest(document: &Document) -> Option<Option<KeyRecord>> {
    match (&document.live, &document.save) {
        (Some(live), _) => Some(live.clone()),
        (None, SaveState::Conflict { theirs }) => Some(theirs.clone()),
        _ => None,
    }
}
