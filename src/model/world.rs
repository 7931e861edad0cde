//! Everything the window knows: connections, profiles, settings, and what is asked of the operator.

use super::audit::AuditView;
use super::coordination::LeaseInfo;
use super::dialog::{ChosenFile, Dialog};
use super::discard::Discarded;
use super::document::Draft;
use super::fault::Fault;
use super::message::{RequestId, SessionId};
use super::notify::{Notifying, Opens};
use super::profile::Profile;
use super::session::Session;
use super::settings::{Overrides, Settings};
use super::status::{MirrorState, SeenAt, TestStep};

/// How a toast is dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToastKind {
    /// Something worked.
    Success,
    /// Something to know.
    Info,
    /// Something failed.
    Failure,
}

/// What a toast says: a fact, in data; the screen finds the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToastText {
    /// A key was saved at a revision.
    Saved {
        /// The key as shown.
        key: String,
        /// The revision.
        revision: i64,
    },
    /// A key that is not open was not saved.
    NotSaved {
        /// The key as shown.
        key: String,
        /// Whether that is certain; else its answer was lost.
        certain: bool,
        /// Why.
        fault: Fault,
    },
    /// An export was written.
    Exported {
        /// Keys in it.
        keys: u64,
        /// The file.
        path: String,
    },
    /// A batch is done: `done` of `total` keys, `skipped` were changed by someone meanwhile.
    BatchDone {
        /// Keys done.
        done: u64,
        /// Keys asked for.
        total: u64,
        /// Keys left alone.
        skipped: u64,
    },
    /// Entries of the audit log were written to a file.
    AuditExported(u64),
    /// A lease was granted.
    LeaseGranted {
        /// Its id.
        lease: i64,
        /// Its TTL, in seconds, as etcd granted it.
        secs: i64,
    },
    /// A lease was kept alive once.
    LeaseKept {
        /// Its id.
        lease: i64,
        /// What it has left, in seconds.
        secs: i64,
    },
    /// A lease was not kept alive.
    LeaseNotKept {
        /// Its id.
        lease: i64,
        /// Why.
        fault: Fault,
    },
    /// A lease was revoked.
    LeaseRevoked(i64),
    /// Something that lives on a lease was to be ended, and what came of it.
    Ended(Box<super::ended::Ended>, super::ended::EndOutcome),
    /// A draft was discarded: what was typed can be brought back while this is shown.
    Discarded {
        /// The connection.
        session: SessionId,
        /// The draft, on what it was based on.
        draft: Box<Draft>,
    },
    /// Something was copied to the clipboard.
    Copied,
    /// A profile was kept.
    ProfileKept(String),
    /// A fault.
    Fault(Fault),
}

/// A short message at the edge of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Unique number.
    pub id: u64,
    /// How it is dressed.
    pub kind: ToastKind,
    /// What it says.
    pub text: ToastText,
    /// When it appeared.
    pub seen_at: SeenAt,
}

/// A connection test as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionTest {
    /// Its request.
    pub request: RequestId,
    /// The steps so far.
    pub steps: Vec<TestStep>,
    /// Whether it is over.
    pub done: bool,
}

/// How the demonstration cluster stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DemoState {
    /// Not started.
    #[default]
    Stopped,
    /// Starting.
    Starting,
    /// It stands; its profile.
    Running(Box<Profile>),
    /// It could not be started.
    Failed(Fault),
}

/// Everything the window knows.
#[derive(Debug, Default)]
pub struct World {
    /// Open connections, in the order of their tabs.
    pub sessions: Vec<Session>,
    /// The connection shown; `None`: the connect screen.
    pub active: Option<SessionId>,
    /// Profiles on disk.
    pub profiles: Vec<Profile>,
    /// Whether profiles and settings have been read.
    pub stored_loaded: bool,
    /// Drafts on disk, of all profiles, that no connection has taken over yet.
    pub drafts: Vec<Draft>,
    /// Settings as they are on disk; see [`World::shown_settings`].
    pub settings: Settings,
    /// What the command line asks for over them.
    pub overrides: Overrides,
    /// No password is kept: there is to be no keyring.
    pub keyring_off: bool,
    /// What this console wrote, as far as it was read.
    pub audit: AuditView,
    /// What is asked of the operator, above everything else.
    pub dialog: Option<Dialog>,
    /// The newest answer of the system's file dialog.
    pub chosen_file: Option<ChosenFile>,
    /// Whether the palette is open.
    pub palette_open: bool,
    /// Short messages.
    pub toasts: Vec<Toast>,
    /// The newest connection test.
    pub test: Option<ConnectionTest>,
    /// The demonstration cluster.
    pub demo: DemoState,
    /// An etcd on 127.0.0.1:2379, if one answers.
    pub local_endpoint: Option<String>,
    /// A profile made of the `ETCDCTL_*` environment, if it is set.
    pub environment_profile: Option<Profile>,
    /// This moment, for ages and glows; set at the start of each frame.
    pub now: SeenAt,
    /// Whether the system shows notifications.
    pub notifying: Notifying,
    /// A notification that was clicked: what it leads to is to be shown.
    pub clicked: Option<Opens>,
    /// What is no longer shown: to be freed where nobody waits for it.
    pub discarded: Vec<Discarded>,
}

impl World {
    /// The settings that apply: what the command line asks for, over those on disk.
    #[must_use]
    pub fn shown_settings(&self) -> Settings {
        self.overrides.over(&self.settings)
    }

    /// The connection shown.
    #[must_use]
    pub fn active_session(&self) -> Option<&Session> {
        self.active.and_then(|id| self.session(id))
    }

    /// The connection shown, to be changed.
    pub fn active_session_mut(&mut self) -> Option<&mut Session> {
        self.active.and_then(|id| self.session_mut(id))
    }

    /// A connection.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// A connection, to be changed.
    pub fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == id)
    }

    /// It is this moment now. Where the clock has been set back, what was seen moves with it and
    /// keeps its age: a message would stay for an hour, and a search wait as long for its next turn.
    /// (Set forward, or after the machine has slept, all of it is simply older.)
    pub fn set_clock(&mut self, now: SeenAt) {
        /// A clock that is kept in step moves by less.
        const SET_BACK: SeenAt = 1_000;
        let by = now - self.now;
        self.now = now;
        if by > -SET_BACK {
            return;
        }
        for toast in &mut self.toasts {
            toast.seen_at += by;
        }
        self.audit.asked_at += by;
        for session in &mut self.sessions {
            session.search.asked_at += by;
            session.activity.shift(by);
            session.raft.shift(by);
            session.proven_at = session.proven_at.map(|at| at + by);
            if let Some(silence) = &mut session.silence {
                silence.over_at += by;
            }
            if session.cluster.seen_at != 0 {
                session.cluster.seen_at += by;
            }
            session.leases = std::mem::take(&mut session.leases)
                .into_iter()
                .map(|(id, lease)| (id, LeaseInfo { seen_at: lease.seen_at + by, ..lease }))
                .collect();
            for document in &mut session.documents {
                document.live_seen_at += by;
            }
            if let MirrorState::Stale { since, retry_at, .. } = &mut session.state {
                *since += by;
                *retry_at = retry_at.map(|at| at + by);
            }
        }
    }

    /// Forgets changes that are no longer counted on their folders. Returns after how many
    /// milliseconds that should be done again, if any are left: about once a second while changes
    /// grow old, never while nothing has changed.
    pub fn forget_old_changes(&mut self) -> Option<i64> {
        let now = self.now;
        let next = self.sessions.iter_mut().filter_map(|session| {
            session.activity.prune(now);
            session.activity.prune_at()
        });
        next.min().map(|at| (at - now).max(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::{ChangeKind, KeyChange};

    fn deletion(key: &[u8]) -> KeyChange {
        KeyChange { key: key.into(), kind: ChangeKind::Delete, prev: None }
    }

    #[test]
    fn old_changes_are_forgotten_without_news() {
        let mut world = World { sessions: vec![Session::default()], ..World::default() };
        assert_eq!(world.forget_old_changes(), None);
        world.sessions[0].activity.note(&deletion(b"a/b"), 5, 0, &[b"a/"]);
        world.sessions[0].activity.note(&deletion(b"a/c"), 6, 100, &[b"a/"]);
        world.now = 50_000;
        assert_eq!(world.forget_old_changes(), Some(10_001));
        world.now = 60_001;
        assert_eq!(world.forget_old_changes(), Some(1_000), "not for every single change");
        assert_eq!(world.sessions[0].activity.folder_count(b"a/"), 1);
        world.now = 61_001;
        assert_eq!(world.forget_old_changes(), None);
        assert_eq!(world.sessions[0].activity.folder_count(b"a/"), 0);
    }

    #[test]
    fn a_clock_that_jumps_leaves_ages_as_they_are_or_makes_all_of_it_old() {
        const HOUR: i64 = 3_600_000;
        let start = 10 * HOUR;
        let mut world = World { sessions: vec![Session::default()], now: start, ..World::default() };
        let text = ToastText::Saved { key: "/a".into(), revision: 1 };
        world.toasts.push(Toast { id: 1, kind: ToastKind::Success, text, seen_at: start - 2_000 });
        let session = &mut world.sessions[0];
        session.activity.note(&deletion(b"a/b"), 5, start - 3_000, &[b"a/"]);
        session.search.asked_at = start - 100;
        let fault = Fault::new(crate::model::fault::FaultKind::Unavailable, "");
        session.state =
            MirrorState::Stale { since: start - 5_000, fault: fault.clone(), retry_at: Some(start + 800) };

        // Kept in step: nothing moves but the time.
        world.set_clock(start - 5);
        assert_eq!(world.toasts[0].seen_at, start - 2_000);
        world.set_clock(start);

        // Set back by an hour.
        let now = start - HOUR;
        world.set_clock(now);
        assert_eq!((world.now, world.toasts[0].seen_at), (now, now - 2_000));
        let session = &world.sessions[0];
        assert_eq!(session.search.asked_at, now - 100);
        assert_eq!(session.activity.newest(b"a/b").map(|(_, seen_at)| seen_at), Some(now - 3_000));
        assert_eq!(session.activity.rate(now).iter().sum::<u32>(), 1);
        let moved = MirrorState::Stale { since: now - 5_000, fault, retry_at: Some(now + 800) };
        assert_eq!(session.state, moved);
        assert_eq!(world.forget_old_changes(), Some(57_001), "as if nothing had happened");

        // Set forward by an hour, or woken: all of it is old.
        world.set_clock(start);
        assert_eq!(world.forget_old_changes(), None);
        assert_eq!(world.sessions[0].activity.folder_count(b"a/"), 0);
    }

    #[test]
    fn sessions_are_found_by_their_number() {
        let session = |id| Session { id: SessionId(id), ..Session::default() };
        let mut world = World { sessions: vec![session(3), session(7)], ..World::default() };
        assert!(world.active_session().is_none());
        world.active = Some(SessionId(7));
        assert_eq!(world.active_session().map(|session| session.id), Some(SessionId(7)));
        assert_eq!(world.active_session_mut().map(|session| session.id), Some(SessionId(7)));
        world.active = Some(SessionId(8));
        assert!(world.active_session().is_none(), "it has been closed");
        assert!(world.session(SessionId(3)).is_some() && world.session_mut(SessionId(4)).is_none());
    }
}
