//! Everything the window knows: connections, profiles, settings, and what is asked of the operator.

use super::dialog::{ChosenFile, Dialog};
use super::document::Draft;
use super::fault::Fault;
use super::message::{RequestId, SessionId};
use super::profile::Profile;
use super::session::Session;
use super::settings::Settings;
use super::status::{SeenAt, TestStep};

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
    /// Settings.
    pub settings: Settings,
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
}

impl World {
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
}
