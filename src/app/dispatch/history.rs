//! What is done to the past of open keys: versions are read, etcd's history is replayed, a version
//! comes back.

use super::super::App;
use crate::model::bytes::{Key, Value};
use crate::model::document::{Document, DocumentPage};
use crate::model::history::DeepHistory;
use crate::model::message::CommandKind;
use crate::model::tree_item::TreeItem;

/// Versions read with the first question: a screen full.
const FIRST_PAGE: u32 = 20;
/// Versions read with each further question.
const NEXT_PAGE: u32 = 200;

impl App {
    fn past_of(&mut self, key: &Key) -> Option<&mut Document> {
        self.world.active_session_mut()?.document_mut(key)
    }

    fn merge_past(&mut self, key: &Key) {
        if let Some(session) = self.world.active_session_mut() {
            session.merge_past(key);
        }
    }

    /// Reads the newest versions, or older ones behind those that are here, and what the journal has.
    pub(super) fn load_history(&mut self, key: &Key) {
        let Some(document) = self.past_of(key) else { return };
        document.past.wanted = true;
        self.load_recorded(key);
        self.merge_past(key);
        let Some(document) = self.past_of(key) else { return };
        if document.history.is_pending() {
            return;
        }
        let Some(below_revision) = document.past.next_walk(document.history.value()) else { return };
        let limit = if document.history.value().is_none() { FIRST_PAGE } else { NEXT_PAGE };
        let kind = CommandKind::History { key: key.clone(), below_revision, limit };
        let Some(request) = self.ask(kind) else { return };
        if let Some(document) = self.past_of(key) {
            document.history.ask();
            document.history_request = request;
            document.past.asked_below = below_revision;
        }
    }

    fn load_recorded(&mut self, key: &Key) {
        let asks = self.past_of(key).is_some_and(|document| {
            let recorded = &document.past.recorded;
            !recorded.is_pending() && (recorded.value().is_none() || recorded.fault().is_some())
        });
        if !asks {
            return;
        }
        let Some(request) = self.ask(CommandKind::Recorded(key.clone())) else { return };
        if let Some(document) = self.past_of(key) {
            document.past.recorded.ask();
            document.past.recorded_request = request;
        }
    }

    /// Asks what a replay would cost, which is said before it begins.
    pub(super) fn offer_deep_history(&mut self, key: &Key) {
        let Some(request) = self.ask(CommandKind::CompactionRevision) else { return };
        if let Some(document) = self.past_of(key) {
            document.past.deep = DeepHistory::Offered(None);
            document.past.cost_request = request;
        }
    }

    pub(super) fn start_deep_history(&mut self, key: &Key) {
        let running = |document: &Document| matches!(document.past.deep, DeepHistory::Running { .. });
        if self.past_of(key).is_none_or(|document| running(document)) {
            return;
        }
        let Some(request) = self.ask(CommandKind::Replay(TreeItem::key(key.clone()))) else { return };
        if let Some(document) = self.past_of(key) {
            document.past.deep = DeepHistory::Running { request, done: 0, total: None };
        }
    }

    /// Stops a replay that is under way, or takes the offer back.
    pub(super) fn stop_deep_history(&mut self, key: &Key) {
        let Some(document) = self.past_of(key) else { return };
        match document.past.deep {
            DeepHistory::Running { request, .. } => {
                self.send(self.world.active.unwrap_or_default(), CommandKind::Cancel(request));
            }
            DeepHistory::Offered(_) | DeepHistory::Failed(_) => document.past.deep = DeepHistory::NotAsked,
            DeepHistory::NotAsked | DeepHistory::Done => {}
        }
    }

    /// Asks which keys changed together with this one.
    pub(super) fn load_together(&mut self, key: &Key, revision: i64) {
        let asked = |document: &Document| {
            document.past.together.get(&revision).is_some_and(|known| known.fault().is_none())
        };
        if self.past_of(key).is_none_or(|document| asked(document)) {
            return;
        }
        if self.ask(CommandKind::Together(revision)).is_some()
            && let Some(document) = self.past_of(key)
        {
            document.past.ask_together(revision);
        }
    }

    /// A version becomes the draft, to be reviewed and saved. Where the key is gone, and its lease
    /// with it, that is said: saved, the key would be there for good.
    pub(super) fn restore(&mut self, key: &Key, value: Value) {
        let Some(document) = self.past_of(key) else { return };
        if matches!(document.base.value(), Some(None)) {
            let versions = document.past.merged.entries.iter();
            let restored = versions.filter(|entry| entry.value() == Some(&value)).find_map(|it| it.meta());
            document.lost_lease = restored.map(|meta| meta.lease).filter(|lease| *lease != 0);
        }
        self.replace_draft(key, value);
        self.show_page(key, DocumentPage::Edit);
        self.review(key);
    }
}
