//! Looking at a folder as it was, and deleted keys.

use std::time::Duration;

use super::super::App;
use crate::model::bytes::Key;
use crate::model::loadable::LoadState;
use crate::model::message::{CommandKind, SessionId};
use crate::model::session::Screen;
use crate::model::travel::{Question, Travel};

impl App {
    pub(super) fn travel(&mut self, prefix: &Key) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.screen = Screen::Keys;
        session.travel = Some(Travel::new(&**prefix));
        self.ask_for_travel();
    }

    pub(super) fn toggle_travel(&mut self) {
        if self.world.active_session().is_some_and(|session| session.shows_the_past()) {
            self.leave_travel();
            return;
        }
        // What is travelled already goes on when its screen is shown again.
        if let Some(session) = self.world.active_session_mut()
            && session.travel.is_some()
        {
            session.screen = Screen::Keys;
            return;
        }
        let folder = self.folder_at_cursor();
        self.travel(&folder);
    }

    pub(super) fn travel_to(&mut self, revision: i64) {
        self.with_travel(|travel, applied| travel.go_to(revision.min(applied.max(1))));
    }

    pub(super) fn travel_compare(&mut self, revision: Option<i64>) {
        self.with_travel(|travel, applied| {
            travel.compare_with(revision.map(|revision| revision.min(applied.max(1))));
        });
    }

    pub(super) fn travel_open(&mut self, key: Option<Key>) {
        self.with_travel(|travel, _| travel.open(key));
    }

    pub(super) fn travel_retry(&mut self) {
        self.with_travel(|travel, _| {
            if travel.timeline.fault().is_some() {
                travel.read_timeline();
            }
            if let Some(revision) = failed(travel.look.as_ref()) {
                travel.go_to(revision);
            }
            if let Some(revision) = failed(travel.against.as_ref()) {
                travel.compare_with(Some(revision));
            }
        });
    }

    pub(super) fn leave_travel(&mut self) {
        if let Some(session) = self.world.active_session_mut() {
            session.travel = None;
        }
    }

    fn with_travel(&mut self, change: impl FnOnce(&mut Travel, i64)) {
        let Some(session) = self.world.active_session_mut() else { return };
        let applied = session.applied;
        if let Some(travel) = &mut session.travel {
            change(travel, applied);
        }
        self.ask_for_travel();
    }

    /// Asks what the travellers wait for. Returns after how long it wants to be called again.
    pub(in crate::app) fn follow_travel(&mut self) -> Option<Duration> {
        let wait = self.ask_for_travel();
        self.follow_deleted();
        wait
    }

    fn ask_for_travel(&mut self) -> Option<Duration> {
        let now = self.world.now;
        let mut wait: Option<Duration> = None;
        let ids: Vec<SessionId> =
            self.world.sessions.iter().filter(|session| session.travel.is_some()).map(|s| s.id).collect();
        for id in ids {
            // At most the timeline, two pictures and the key that is looked at.
            while let Some(question) = self.travel_of(id).and_then(|travel| travel.question(now)) {
                if let Question::After(millis) = question {
                    let left = Duration::from_millis(u64::try_from(millis).unwrap_or(1));
                    wait = Some(wait.map_or(left, |other| other.min(left)));
                    break;
                }
                self.put_question(id, question);
            }
            self.read_opened(id);
        }
        wait
    }

    fn travel_of(&mut self, id: SessionId) -> Option<&mut Travel> {
        self.world.session_mut(id)?.travel.as_mut()
    }

    fn put_question(&mut self, id: SessionId, question: Question) {
        let now = self.world.now;
        let Some(prefix) = self.travel_of(id).map(|travel| travel.prefix.clone()) else { return };
        match question {
            Question::Timeline => {
                let request = self.send(id, CommandKind::Timeline(prefix));
                if let Some(travel) = self.travel_of(id) {
                    travel.timeline_asked(request, now);
                }
            }
            Question::Moment { handle, revision, overtakes } => {
                if let Some(overtaken) = overtakes {
                    self.send(id, CommandKind::Cancel(overtaken));
                }
                let request = self.send(id, CommandKind::Moment { prefix, revision });
                if let Some(travel) = self.travel_of(id) {
                    travel.moment_asked(handle, request, now);
                }
            }
            Question::After(_) => {}
        }
    }

    /// Reads the key that is looked at as it is now, where the mirror does not keep its value, and
    /// again when it has changed.
    fn read_opened(&mut self, id: SessionId) {
        let Some(session) = self.world.session(id) else { return };
        let Some(opened) = session.travel.as_ref().and_then(|travel| travel.opened.as_ref()) else { return };
        let Some(live) = session.keyspace.get(&opened.key).filter(|live| live.value.is_none()) else {
            return;
        };
        let read = opened.now.value().and_then(Option::as_ref).map(|record| record.meta.mod_revision);
        let wanted = match opened.now.state() {
            LoadState::NotAsked => true,
            LoadState::Ready => read.is_none_or(|read| read < live.meta.mod_revision),
            LoadState::Pending | LoadState::Failed(_) => false,
        };
        if wanted {
            let key = opened.key.clone();
            let request = self.send(id, CommandKind::Read(key));
            if let Some(travel) = self.travel_of(id) {
                travel.opened_asked(request);
            }
        }
    }

    /// Shows deleted keys in the tree as far as they are in reach, or no longer.
    pub(super) fn show_deleted(&mut self) {
        let Some(session) = self.world.active_session_mut() else { return };
        session.show_deleted = !session.show_deleted;
        session.deletions.forget();
        self.follow_deleted();
    }

    /// After a gap, what is known of deleted keys may be out of date: all of it is asked for again.
    fn follow_deleted(&mut self) {
        let wanting = |session: &&crate::model::session::Session| {
            session.show_deleted && session.deletions.wants(b"") && session.deletions.fault().is_none()
        };
        let ids: Vec<SessionId> = self.world.sessions.iter().filter(wanting).map(|s| s.id).collect();
        for id in ids {
            self.ask_deleted_of(id, b"");
        }
    }

    /// Asks for the deleted keys of a folder that was opened, where the whole was too much.
    pub(super) fn ask_deleted(&mut self, path: &Key) {
        let Some(session) = self.world.active_session() else { return };
        let deletions = &session.deletions;
        let worth_it = deletions.is_cut() || deletions.fault().is_some();
        if session.show_deleted && worth_it && deletions.wants(path) {
            self.ask_deleted_of(session.id, path);
        }
    }

    fn ask_deleted_of(&mut self, id: SessionId, prefix: &[u8]) {
        let request = self.send(id, CommandKind::DeletedKeys(prefix.to_vec()));
        if let Some(session) = self.world.session_mut(id) {
            session.deletions.asked(prefix, request);
        }
    }
}

fn failed(look: Option<&crate::model::travel::Look>) -> Option<i64> {
    look.filter(|look| look.fault().is_some()).map(|look| look.revision)
}
