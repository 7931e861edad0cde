//! What is done to rows of the tree: expanded, selected, searched, created, moved, deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::App;
use crate::action::ConfirmedDelete;
use crate::model::blast::Touched;
use crate::model::bytes::{Key, Value};
use crate::model::dialog::Dialog;
use crate::model::document::{Document, SaveState};
use crate::model::fault::{Fault, FaultKind};
use crate::model::key_text::{display_key, neutral};
use crate::model::message::CommandKind;
use crate::model::plan::{LostLease, PlanGoal};
use crate::model::search::SearchQuery;
use crate::model::session::{Job, JobKind, JobState, Screen};
use crate::model::transfer::ExportRequest;
use crate::model::tree_item::TreeItem;
use crate::model::write::{Expect, LeaseChoice, PutRequest};

impl App {
    pub(super) fn toggle_folder(&mut self, path: &Key) {
        let Some(session) = self.world.active_session_mut() else { return };
        if !session.expanded.remove(&**path) {
            session.expanded.insert(path.to_vec());
            self.ask_deleted(path);
        }
    }

    pub(super) fn reveal(&mut self, item: &TreeItem) {
        let Some(session) = self.world.active_session_mut() else { return };
        let keyspace = session.keyspace.clone();
        for ancestor in keyspace.ancestors(&item.path) {
            // The folder itself stays as it is; a key of its name lies in it.
            if ancestor.len() < item.path.len() || !item.is_folder() {
                session.expanded.insert(ancestor.to_vec());
            }
        }
        session.screen = Screen::Keys;
        session.search.query.text.clear();
        session.selected = std::iter::once(item.clone()).collect();
        session.cursor = Some(item.clone());
    }

    pub(super) fn select(&mut self, rows: Vec<TreeItem>, cursor: Option<TreeItem>) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.selected = rows.into_iter().collect();
        session.cursor = cursor;
    }

    pub(super) fn ask_search(&mut self, query: SearchQuery) {
        let Some(session) = self.world.active_session_mut() else { return };
        let (id, keyspace) = (session.id, session.keyspace.clone());
        session.search.query = query.clone();
        if query.text.is_empty() {
            session.search = crate::model::session::Search::default();
            session.search.query = query;
        } else {
            self.search(id, keyspace, query);
        }
    }

    pub(super) fn toggle_favourite(&mut self, path: &Key) {
        let Some(session) = self.world.active_session_mut() else { return };
        let encoded = BASE64.encode(path);
        let favourites = &mut session.profile.favourites;
        match favourites.iter().position(|favourite| *favourite == encoded) {
            Some(at) => {
                favourites.remove(at);
            }
            None => favourites.push(encoded),
        }
        let (name, favourites) = (session.profile.name.clone(), favourites.clone());
        if let Some(mut profile) = self.world.profiles.iter().find(|profile| profile.name == name).cloned() {
            profile.favourites = favourites;
            self.keep_profile(profile, None, None);
        }
    }

    pub(super) fn ask_create(&mut self, prefix: Key) {
        if self.may_write() {
            self.world.dialog = Some(Dialog::CreateKey { prefix });
        }
    }

    pub(super) fn ask_move(&mut self, from: TreeItem, copy: bool) {
        let Some(touched) = self.touched(std::slice::from_ref(&from)) else { return };
        let Some(session) = self.world.active_session() else { return };
        let radius = session.blast_radius(&touched);
        self.world.dialog = Some(Dialog::Move { from, copy, radius });
    }

    pub(super) fn ask_delete(&mut self, roots: Vec<TreeItem>) {
        let Some(touched) = self.touched(&roots) else { return };
        let Some(session) = self.world.active_session() else { return };
        let radius = session.blast_radius(&touched);
        let type_to_confirm = session.profile.is_production().then(|| session.profile.name.clone());
        let steps = touched.delete_steps();
        self.world.dialog = Some(Dialog::Delete { roots, radius, steps, type_to_confirm });
    }

    pub(super) fn ask_undelete(&mut self, key: Key) {
        if !self.may_write() {
            return;
        }
        let deleted = self.world.active_session().and_then(|session| session.activity.deleted_key(&key));
        match deleted {
            Some(deleted) if deleted.last.meta.lease == 0 && deleted.last.value.is_some() => {
                self.world.dialog = Some(Dialog::Undelete { key });
            }
            // What becomes of its lease has to be decided, or its value to be looked for.
            _ => {
                let roots = vec![TreeItem::key(key)];
                self.make_plan(PlanGoal::Undelete { roots }, LostLease::LeaveOut);
            }
        }
    }

    pub(super) fn ask_export(&mut self, what: TreeItem) {
        let Some(session) = self.world.active_session() else { return };
        let keys = if what.is_folder() {
            session.keyspace.count_prefix(&what.path)
        } else {
            u64::from(session.keyspace.get(&what.path).is_some())
        };
        self.world.dialog = Some(Dialog::Export { what, keys });
    }

    pub(super) fn create(&mut self, key: &Key, value: Value) {
        self.world.dialog = None;
        if !self.may_write() {
            return;
        }
        if self.world.active_session().is_some_and(|session| session.document(key).is_some()) {
            self.open_key(key);
            return;
        }
        let put = PutRequest {
            key: key.clone(),
            value: value.clone(),
            expect: Expect::Absent,
            lease: LeaseChoice::Attach(0),
        };
        let Some(request) = self.ask(CommandKind::Put(put)) else { return };
        let Some(session) = self.world.active_session_mut() else { return };
        let mut document = Document::new(key.clone());
        document.base.answer(Ok(None));
        document.draft = Some(value.clone());
        document.draft_generation = 1;
        document.save = SaveState::Saving { request, value };
        session.documents.push(document);
        session.active_document = Some(key.clone());
        session.screen = Screen::Keys;
        // It may fail: until it is saved it is a draft.
        let (id, now) = (session.id, self.world.now);
        self.drafts.changed(id, key.clone(), now);
        self.reveal(&TreeItem::key(key.clone()));
    }

    pub(super) fn move_keys(&mut self, from: &TreeItem, to: &Key, copy: bool, keep_lease: bool) {
        self.world.dialog = None;
        let Some(touched) = self.touched(std::slice::from_ref(from)) else { return };
        let steps = touched.move_steps(&from.path, to, keep_lease, !copy);
        let kind = if copy { JobKind::Copy } else { JobKind::Rename };
        self.start_batch(kind, steps);
    }

    pub(super) fn delete(&mut self, confirmed: ConfirmedDelete) {
        self.world.dialog = None;
        self.start_batch(JobKind::Delete, confirmed.into_steps());
    }

    pub(super) fn start_batch(&mut self, kind: JobKind, steps: Vec<crate::model::write::BatchStep>) {
        if steps.is_empty() || !self.may_write() {
            return;
        }
        let total = Some(steps.len() as u64);
        if let Some(request) = self.ask(CommandKind::Batch(steps)) {
            self.add_job(Job { request, kind, done: 0, total, state: JobState::Running });
        }
    }

    pub(super) fn undelete(&mut self, key: &Key) {
        self.world.dialog = None;
        let deleted = self.world.active_session().and_then(|session| session.activity.deleted_key(key));
        match deleted.map(|deleted| deleted.last.value.clone()) {
            Some(Some(value)) => {
                let expect = Expect::Absent;
                let put = PutRequest { key: key.clone(), value, expect, lease: LeaseChoice::Attach(0) };
                if self.may_write() {
                    self.ask(CommandKind::Put(put));
                }
            }
            Some(None) => {
                let detail = format!("{}: its last value is not known", display_key(key));
                self.world.toast_fault(Fault::new(FaultKind::KeyNotFound, detail));
            }
            None => {}
        }
    }

    pub(super) fn export(&mut self, request: ExportRequest) {
        self.world.dialog = None;
        let kind = JobKind::Export(neutral(&request.path.display().to_string()).into_owned());
        if let Some(request) = self.ask(CommandKind::Export(request)) {
            self.add_job(Job { request, kind, done: 0, total: None, state: JobState::Running });
        }
    }

    pub(super) fn add_job(&mut self, job: Job) {
        if let Some(session) = self.world.active_session_mut() {
            session.jobs.retain(|job| job.state == JobState::Running);
            session.jobs.push(job);
        }
    }

    /// The keys under these rows, unless there are too many for one action; says so then.
    fn touched(&mut self, roots: &[TreeItem]) -> Option<Touched> {
        if !self.may_write() {
            return None;
        }
        let touched = self.world.active_session()?.touched(roots);
        if touched.too_many {
            let detail = format!("more than {} keys at once: do it in parts", crate::model::blast::MAX_KEYS);
            self.world.toast_fault(Fault::new(FaultKind::RequestTooLarge, detail));
            return None;
        }
        (!touched.keys.is_empty()).then_some(touched)
    }

    /// Whether the connection shown may be written to; says so if not. (The backend refuses too.)
    pub(super) fn may_write(&mut self) -> bool {
        let Some(session) = self.world.active_session() else { return false };
        if session.profile.read_only {
            let fault = Fault::new(FaultKind::ReadOnly, session.profile.name.clone());
            self.world.toast_fault(fault);
            return false;
        }
        true
    }
}
