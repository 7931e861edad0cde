//! What happens before a frame is drawn: news is taken in, under a budget.

use std::time::{Duration, Instant};

use super::App;
use crate::action::Action;
use crate::model::message::{CommandKind, ConnectRequest, SessionId};
use crate::model::session::Search;
use crate::model::status::{SeenAt, now};
use crate::model::world::DemoState;

/// News may take so much of a frame; the rest waits for the next one.
const BUDGET: Duration = Duration::from_millis(3);
/// A search is repeated at most so often while the key space moves under it.
const SEARCH_AGAIN_MS: SeenAt = 400;
/// An open file dialog is asked so often whether it has an answer.
const FILE_DIALOG_EVERY: Duration = Duration::from_millis(100);

impl App {
    /// Takes news in. Returns after how long it wants to be called again without news.
    pub(super) fn logic(&mut self) -> Option<Duration> {
        self.world.set_clock(now());
        let behind = self.drain();
        self.world.follow_dialog();
        self.open_what_waits();
        self.refresh_search();
        let mut again = self.keep_drafts(false);
        if behind {
            again = Some(Duration::ZERO);
        }
        if self.poll_file_dialog() {
            again = again.or(Some(FILE_DIALOG_EVERY));
        }
        let travel = self.follow_travel();
        let notify = self.notify();
        self.follow_click();
        let counts_age = self.world.forget_old_changes().and_then(|ms| u64::try_from(ms).ok());
        let counts_age = counts_age.map(Duration::from_millis);
        [again, self.search_wait(), counts_age, travel, notify].into_iter().flatten().min()
    }

    /// Applies events until none is left or the budget is spent; returns whether some are left.
    fn drain(&mut self) -> bool {
        let started = Instant::now();
        if let Some(backend) = &self.backend {
            backend.draining();
        }
        while let Some(event) = self.backend.as_mut().and_then(crate::backend::Backend::try_next) {
            for (session, kind) in self.world.apply(event) {
                match kind {
                    CommandKind::DropDraft { profile, key } => self.drop_draft(session, profile, key),
                    kind => drop(self.send(session, kind)),
                }
            }
            if started.elapsed() > BUDGET {
                return true;
            }
        }
        false
    }

    /// Opens the connections asked for on the command line, and the demonstration cluster.
    fn open_what_waits(&mut self) {
        if self.world.stored_loaded {
            for open in std::mem::take(&mut self.open_at_start) {
                self.dispatch(Action::Connect(Box::new(open)));
            }
        }
        // A question on screen is about the connection shown: it is answered first.
        if self.connect_demo
            && self.world.dialog.is_none()
            && let DemoState::Running(profile) = &self.world.demo
        {
            self.connect_demo = false;
            let request = ConnectRequest { profile: (**profile).clone(), password: None };
            self.dispatch(Action::Connect(Box::new(request)));
        }
        if matches!(self.world.demo, DemoState::Failed(_)) {
            self.connect_demo = false;
        }
    }

    /// Searches again when the key space has moved on under a search.
    fn refresh_search(&mut self) {
        let now = self.world.now;
        let Some(session) = self.world.active_session_mut() else { return };
        if !wants_search(&session.search, &session.keyspace)
            || now - session.search.asked_at < SEARCH_AGAIN_MS
        {
            return;
        }
        let (id, keyspace, query) = (session.id, session.keyspace.clone(), session.search.query.clone());
        self.search(id, keyspace, query);
    }

    /// How long until a search may be repeated.
    fn search_wait(&self) -> Option<Duration> {
        let session = self.world.active_session()?;
        let wait = session.search.asked_at + SEARCH_AGAIN_MS - self.world.now;
        wants_search(&session.search, &session.keyspace)
            .then(|| Duration::from_millis(u64::try_from(wait).unwrap_or(0)))
    }

    pub(super) fn search(
        &mut self,
        id: SessionId,
        keyspace: crate::model::keyspace::Keyspace,
        query: crate::model::search::SearchQuery,
    ) {
        let request = self.send(id, CommandKind::Search(keyspace.clone(), query));
        let now = self.world.now;
        if let Some(session) = self.world.session_mut(id) {
            session.search.result.ask();
            session.search.request = request;
            session.search.searched = Some(keyspace);
            session.search.asked_at = now;
        }
    }
}

fn wants_search(search: &Search, keyspace: &crate::model::keyspace::Keyspace) -> bool {
    !search.query.text.is_empty()
        && !search.result.is_pending()
        && search.searched.as_ref().is_some_and(|searched| !searched.is_same(keyspace))
}
