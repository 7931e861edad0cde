//! One connection as the window knows it: everything that came from its events.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;

use super::activity::{Activity, DeletedKey};
use super::bytes::Key;
use super::compare::ComparedKey;
use super::coordination::raft::RaftHistory;
use super::coordination::{Coordination, LeaseInfo};
use super::deletions::Deletions;
use super::document::{Document, Draft};
use super::fault::Fault;
use super::journal::JournalStatus;
use super::keyspace::Keyspace;
use super::layers::LoadedLayers;
use super::lease_ends::LeaseEnds;
use super::loadable::Loadable;
use super::message::{RequestId, SessionId};
use super::notify::NotableKeys;
use super::overview::ServiceFilter;
use super::plan::Plans;
use super::profile::Profile;
use super::schema::SchemaSet;
use super::search::{SearchQuery, SearchResult};
use super::status::{ClusterStatus, KeyInterval, MirrorState, Notice, SILENT_MS, SeenAt};
use super::transfer::ExportReport;
use super::travel::Travel;
use super::tree_item::TreeItem;
use super::write::BatchReport;

/// The screens of a connection, as in the navigation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Screen {
    /// The tree and the open keys.
    #[default]
    Keys,
    /// Everything at a glance.
    Overview,
    /// Services and their instances.
    Services,
    /// Locks.
    Locks,
    /// Elections.
    Elections,
    /// Leases.
    Leases,
    /// Layered configuration of environments.
    Environments,
    /// Plans to bring keys back: made, running, over.
    Restore,
    /// What this console wrote.
    Audit,
    /// Members and health.
    Cluster,
}

impl Screen {
    /// Every screen, in the order of the navigation.
    pub const ALL: [Self; 10] = [
        Self::Overview,
        Self::Keys,
        Self::Services,
        Self::Locks,
        Self::Elections,
        Self::Leases,
        Self::Environments,
        Self::Restore,
        Self::Audit,
        Self::Cluster,
    ];
}

/// What a long job does, for its line on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// An export to this file.
    Export(String),
    /// Deletes keys.
    Delete,
    /// Renames a key or a folder.
    Rename,
    /// Copies a key or a folder.
    Copy,
    /// Creates keys again that were deleted.
    Undelete,
    /// Ends something that lives on a lease: released, deregistered, revoked.
    End(Box<super::ended::Ended>),
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq)]
pub enum JobState {
    /// Going on.
    Running,
    /// Exported.
    Exported(ExportReport),
    /// The steps are over.
    Done(BatchReport),
    /// It failed.
    Failed(Fault),
}

/// A long job, running or just finished.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its request.
    pub request: RequestId,
    /// What it does.
    pub kind: JobKind,
    /// Units done.
    pub done: u64,
    /// Units to do, where known.
    pub total: Option<u64>,
    /// How it stands.
    pub state: JobState,
}

/// The search as it stands.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// What is typed; an empty text means that the tree is shown.
    pub query: SearchQuery,
    /// What was found, kept while the next search runs.
    pub result: Loadable<Arc<SearchResult>>,
    /// The newest request.
    pub request: RequestId,
    /// The key space that the newest request searched.
    pub searched: Option<Keyspace>,
    /// When it was asked.
    pub asked_at: SeenAt,
}

/// What is chosen on the screens of services, leases, locks and elections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// A service, by its folder.
    pub service: Option<Key>,
    /// Which services are listed.
    pub services: ServiceFilter,
    /// A lock, by its name.
    pub lock: Option<Key>,
    /// An election, by its name.
    pub election: Option<Key>,
    /// Beside the elections: the leadership of the cluster itself, rather than an election.
    pub raft: bool,
    /// A lease.
    pub lease: Option<i64>,
}

/// A key that is to be attached to a lease, whose value is read first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attaching {
    /// The request that reads it.
    pub request: RequestId,
    /// The mod revision at which it was chosen: at another one it is left alone.
    pub revision: i64,
    /// The lease.
    pub lease: i64,
}

/// Leases whose TTL was told, by id. Cloning it costs next to nothing.
pub type KnownLeases = OrdMap<i64, LeaseInfo>;

/// A time in which it could not be proven that what was told was all that there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// How long it was, in milliseconds.
    pub length_ms: i64,
    /// When it was over.
    pub over_at: SeenAt,
}

/// A connection as the window knows it.
#[derive(Debug, Default)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// The profile it was opened with.
    pub profile: Profile,
    /// How true the key space is.
    pub state: MirrorState,
    /// When what is shown was last proven to be all that there is; `None`: it has not been.
    pub proven_at: Option<SeenAt>,
    /// The last time in which that could not be proven, once it is over.
    pub silence: Option<Silence>,
    /// The key space, as of `applied`.
    pub keyspace: Keyspace,
    /// The last revision applied.
    pub applied: i64,
    /// Members, leader, alarms.
    pub cluster: ClusterStatus,
    /// What changed lately.
    pub activity: Activity,
    /// Services, leases, locks and elections.
    pub coordination: Coordination,
    /// Who led the cluster itself.
    pub raft: RaftHistory,
    /// What is chosen on the screens of these.
    pub chosen: Chosen,
    /// All leases of the cluster, where the user may list them.
    pub all_leases: Loadable<Vec<i64>>,
    /// How many leases there are, as far as is known: with keys and without, and none that is gone.
    pub lease_count: usize,
    /// When they were counted.
    pub leases_counted_at: SeenAt,
    /// Grows with each lease that is found gone.
    pub gone_leases: u64,
    /// Leases whose TTL was asked for.
    pub leases: KnownLeases,
    /// Keys that went with their leases.
    pub lease_ends: LeaseEnds,
    /// A key that is about to be attached to a lease.
    pub attaching: Option<Attaching>,
    /// Changes of keys that the system is to notify of, until it has.
    pub notable: NotableKeys,
    /// The screen shown.
    pub screen: Screen,
    /// Expanded folders of the tree.
    pub expanded: BTreeSet<Vec<u8>>,
    /// Selected rows of the tree.
    pub selected: BTreeSet<TreeItem>,
    /// The row that the keyboard is at.
    pub cursor: Option<TreeItem>,
    /// Whether keys seen deleted stay in the tree.
    pub show_deleted: bool,
    /// The search.
    pub search: Search,
    /// Open keys, in the order of their tabs.
    pub documents: Vec<Document>,
    /// Keys that documents, here or in other connections, are compared with.
    pub compared: Vec<ComparedKey>,
    /// The open key that is shown.
    pub active_document: Option<Key>,
    /// Drafts of an earlier run that have not been opened yet.
    pub drafts: Vec<Draft>,
    /// How the journal stands.
    pub journal: JournalStatus,
    /// Plans to bring keys back.
    pub plans: Plans,
    /// What the values of keys must be, by the profile and by documents in etcd.
    pub schemas: Arc<SchemaSet>,
    /// Values of layers that the mirror does not keep.
    pub layers: LoadedLayers,
    /// Long jobs, newest last.
    pub jobs: Vec<Job>,
    /// Deleted keys as far as they are in reach, while they are wanted.
    pub deletions: Deletions,
    /// The folder that is looked at as it was, if one is.
    pub travel: Option<Travel>,
}

impl Session {
    /// A connection that is about to be opened.
    #[must_use]
    pub fn new(id: SessionId, profile: Profile) -> Self {
        let keyspace = Keyspace::new(profile.separator_byte());
        let schemas = Arc::new(SchemaSet::new(&profile.schemas, &keyspace));
        Self { id, profile, keyspace, schemas, ..Self::default() }
    }

    /// Takes schemas in that were changed since. Costs next to nothing where none was.
    pub fn refresh_schemas(&mut self) {
        if !self.schemas.is_of(&self.profile.schemas, &self.keyspace) {
            self.schemas = Arc::new(SchemaSet::new(&self.profile.schemas, &self.keyspace));
        }
    }

    /// The open document of this key.
    #[must_use]
    pub fn document(&self, key: &[u8]) -> Option<&Document> {
        self.documents.iter().find(|document| &*document.key == key)
    }

    /// The open document of this key, to be changed.
    pub fn document_mut(&mut self, key: &[u8]) -> Option<&mut Document> {
        self.documents.iter_mut().find(|document| &*document.key == key)
    }

    /// A key that is gone, as it last was: seen deleted, or found in etcd's history or the journal.
    #[must_use]
    pub fn deleted_key(&self, key: &[u8]) -> Option<&DeletedKey> {
        match (self.activity.deleted_key(key), self.deletions.get(key)) {
            (Some(seen), Some(found)) if found.revision > seen.revision => Some(found),
            (Some(seen), _) => Some(seen),
            (None, found) => found,
        }
    }

    /// How many keys below a folder are known to be deleted, and the one that went last; `None`: none.
    #[must_use]
    pub fn deleted_below(&self, folder: &[u8]) -> Option<(u64, &DeletedKey)> {
        let seen = self.activity.deleted();
        let found = self.deletions.iter().filter(|it| self.activity.deleted_key(&it.last.key).is_none());
        let below = seen
            .chain(found)
            .filter(|it| it.last.key.starts_with(folder) && self.keyspace.get(&it.last.key).is_none());
        let mut newest: Option<&DeletedKey> = None;
        let mut count = 0;
        for deleted in below {
            count += 1;
            if newest.is_none_or(|newest| newest.revision < deleted.revision) {
                newest = Some(deleted);
            }
        }
        newest.map(|newest| (count, newest))
    }

    /// What was told before this is all that there was at this moment.
    pub fn prove(&mut self, at: SeenAt) {
        if let Some(before) = self.proven_at
            && at - before > SILENT_MS
        {
            self.silence = Some(Silence { length_ms: at - before, over_at: at });
        }
        self.proven_at = Some(at);
    }

    /// The last proof that nothing else happened: what was not heard since may not have been sent, or not have
    /// come through.
    #[must_use]
    pub fn proven_until(&self, now: SeenAt) -> SeenAt {
        let proven = self.proven_at.unwrap_or(now).min(now);
        match &self.state {
            MirrorState::Stale { since, .. } => proven.min(*since),
            _ => proven,
        }
    }

    /// How much of the time since an instance reported is not held against it, in milliseconds: after a silence
    /// whoever could not report, or was not heard, is given as long to do so as it is given otherwise.
    #[must_use]
    pub fn spared_ms(&self, now: SeenAt) -> i64 {
        let rules = &self.profile.coordination;
        let given = i64::from(rules.late_secs.max(rules.down_secs)) * 1_000;
        let recent = |silence: &&Silence| (0..given).contains(&(self.proven_until(now) - silence.over_at));
        self.silence.as_ref().filter(recent).map_or(0, |silence| silence.length_ms)
    }

    /// The moment as of which it is judged which instance is late: never past the last proof, and without the
    /// time in which nothing could be heard.
    #[must_use]
    pub fn judged_at(&self, now: SeenAt) -> SeenAt {
        self.proven_until(now) - self.spared_ms(now)
    }

    /// Up to when it is known what happened, for what is counted on and on: now, while the last proof is but a
    /// moment old, and else that proof.
    #[must_use]
    pub fn known_until(&self, now: SeenAt) -> SeenAt {
        let proven = self.proven_until(now);
        let lasts = !matches!(self.state, MirrorState::Stale { .. }) && now - proven <= SILENT_MS;
        if lasts { now } else { proven }
    }

    /// Since when nothing is proven although the connection stands; `None`: it was a moment ago.
    #[must_use]
    pub fn silent_since(&self, now: SeenAt) -> Option<SeenAt> {
        self.proven_at.filter(|at| self.state.is_live() && now - at > SILENT_MS)
    }

    /// Whether the keys shown are those of another time: what acts on keys must not act on these.
    #[must_use]
    pub fn shows_the_past(&self) -> bool {
        self.travel.is_some() && self.screen == Screen::Keys
    }

    /// Whether the user may read only a part of the keys: there may be others that are not seen.
    #[must_use]
    pub fn sees_a_part(&self) -> bool {
        let part = |notice: &Notice| matches!(notice, Notice::RestrictedTo(to) if *to != [KeyInterval::everything()]);
        self.cluster.notices.iter().any(part)
    }

    /// The document that is shown.
    #[must_use]
    pub fn shown_document(&self) -> Option<&Document> {
        self.active_document.as_ref().and_then(|key| self.document(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_splits_keys_as_its_profile_says() {
        let profile = Profile { separator: '.', ..Profile::default() };
        let session = Session::new(SessionId(1), profile);
        assert_eq!(session.keyspace.separator(), b'.');
        assert_eq!(session.keyspace.ancestors(b"a.b/c").len(), 1);
    }

    #[test]
    fn nothing_is_judged_past_the_last_proof_and_silence_is_not_held_against_instances() {
        let mut session = Session::new(SessionId(1), Profile::default());
        session.state = MirrorState::Live;
        assert_eq!(session.judged_at(5_000), 5_000, "nothing is known of proofs");
        session.prove(10_000);
        assert_eq!((session.judged_at(11_000), session.known_until(11_000)), (10_000, 11_000));
        assert_eq!((session.judged_at(9_000), session.silent_since(11_000)), (9_000, None));
        // Nothing is heard any more: time stands still, and that is said.
        assert_eq!((session.judged_at(17_000), session.known_until(17_000)), (10_000, 10_000));
        assert_eq!(session.silent_since(17_000), Some(10_000));
        // Heard again: seven seconds do not count.
        session.prove(17_000);
        assert_eq!((session.judged_at(17_100), session.proven_until(17_100)), (10_000, 17_000));
        session.prove(18_500);
        assert_eq!(session.judged_at(18_500), 11_500);
        // Whoever has not reported since is late by now.
        for at in [20_000, 22_000, 24_000, 26_000, 27_000] {
            session.prove(at);
        }
        assert_eq!((session.judged_at(27_000), session.silent_since(27_000)), (27_000, None));
    }

    #[test]
    fn open_keys_are_found_byte_for_byte() {
        let mut session = Session::new(SessionId(1), Profile::default());
        for key in [b"a".as_slice(), b"a\0", b"\xff"] {
            session.documents.push(Document::new(key.into()));
        }
        assert_eq!(session.document(b"a\0").map(|document| &*document.key), Some(b"a\0".as_slice()));
        assert!(session.document(b"b").is_none());
        session.document_mut(b"\xff").expect("an open key").recovered = true;
        assert!(session.document(b"\xff").is_some_and(|document| document.recovered));
    }

    #[test]
    fn the_shown_document_is_one_that_is_open() {
        let mut session = Session::new(SessionId(1), Profile::default());
        assert!(session.shown_document().is_none());
        session.documents.push(Document::new(b"a".as_slice().into()));
        session.active_document = Some(b"a".as_slice().into());
        assert!(session.shown_document().is_some());
        session.documents.clear();
        assert!(session.shown_document().is_none());
    }
}
