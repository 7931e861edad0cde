//! What the window asks of the backend, and what the backend tells the window.

use std::path::PathBuf;
use std::sync::Arc;

use super::activity::DeletedKey;
use super::audit::{AuditPage, AuditQuery, ChainState};
use super::bytes::{Key, Value};
use super::coordination::{Coordination, LeaseInfo};
use super::document::Draft;
use super::fault::Fault;
use super::history::History;
use super::journal::{JournalStatus, KeyRecords, Replay};
use super::keyspace::Keyspace;
use super::moment::{Picture, Timeline};
use super::notify::Opens;
use super::plan::{LostLease, Plan, PlanGoal, PlanId};
use super::profile::{Profile, Secret};
use super::record::{KeyRecord, Revision};
use super::search::{SearchQuery, SearchResult};
use super::settings::Settings;
use super::status::{ClusterStatus, KeyInterval, MirrorState, SeenAt, TestStep};
use super::transfer::{ExportReport, ExportRequest};
use super::tree_item::TreeItem;
use super::write::{BatchReport, BatchStep, PutRequest, WriteOutcome};

/// A connection to one cluster, from opening its tab to closing it. Never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// One question; its answers carry the same number. Never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Everything needed to open a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The profile.
    pub profile: Profile,
    /// The user's password, where there is one. `None`: look in the keyring.
    pub password: Option<Secret>,
}

/// What the window asks for.
#[derive(Clone, Debug)]
pub struct Command {
    /// For which connection; 0 for what belongs to no connection.
    pub session: SessionId,
    /// The number its answers will carry.
    pub request: RequestId,
    /// What is asked.
    pub kind: CommandKind,
}

/// The questions.
#[derive(Clone, Debug)]
pub enum CommandKind {
    /// Open the connection and mirror it → [`EventKind::Mirror`], [`EventKind::Cluster`] ….
    Connect(Box<ConnectRequest>),
    /// End the connection.
    Disconnect,
    /// Try again at once instead of waiting for the back-off.
    Reconnect,
    /// Test a connection step by step → [`EventKind::TestStep`] …, [`EventKind::TestDone`].
    TestConnection(Box<ConnectRequest>),
    /// Read one key, linearizably → [`EventKind::Value`].
    Read(Key),
    /// Guarded put → [`EventKind::Written`].
    Put(PutRequest),
    /// Several guarded steps → [`EventKind::Progress`] …, [`EventKind::BatchDone`]. Can be
    /// cancelled between transactions.
    Batch(Vec<BatchStep>),
    /// Older versions of a key, newest first, at most `limit`, below `below_revision` →
    /// [`EventKind::History`].
    History {
        /// The key.
        key: Key,
        /// Versions with a mod revision below this; `None`: from the newest.
        below_revision: Option<i64>,
        /// At most so many.
        limit: u32,
    },
    /// What the journal has of a key → [`EventKind::Recorded`].
    Recorded(Key),
    /// Replay etcd's own history of a key, or of a folder → [`EventKind::Progress`] …,
    /// [`EventKind::Replayed`]. Makes a member read every revision it still has; can be cancelled.
    Replay(TreeItem),
    /// How far back etcd itself reaches → [`EventKind::CompactionRevision`].
    CompactionRevision,
    /// The keys that changed at this revision → [`EventKind::Together`].
    Together(i64),
    /// Every change in reach below a prefix → [`EventKind::Timeline`].
    Timeline(Vec<u8>),
    /// What a prefix was at a revision, from etcd or the journal → [`EventKind::Moment`].
    Moment {
        /// The prefix; empty: everything.
        prefix: Vec<u8>,
        /// The revision.
        revision: i64,
    },
    /// Keys below a prefix that were deleted, as far as etcd and the journal reach →
    /// [`EventKind::DeletedKeys`].
    DeletedKeys(Vec<u8>),
    /// Work out a plan → [`EventKind::Planned`].
    MakePlan {
        /// What is wanted.
        goal: PlanGoal,
        /// What becomes of keys whose lease is gone.
        lost_lease: LostLease,
    },
    /// Run a plan, or go on with one → [`EventKind::PlanNews`] …, [`EventKind::PlanDone`]. Can be
    /// cancelled between transactions.
    RunPlan(Box<Plan>),
    /// The plans of this cluster that are on disk → [`EventKind::Plans`].
    LoadPlans,
    /// Forget a plan.
    DropPlan(PlanId),
    /// A part of the audit log → [`EventKind::Audit`].
    Audit(AuditQuery),
    /// Write what the query finds of the audit log to a file → [`EventKind::AuditExported`].
    ExportAudit(AuditQuery, PathBuf),
    /// Read a file to compare with → [`EventKind::FileRead`].
    ReadFile(PathBuf),
    /// TTLs of these leases → [`EventKind::Leases`].
    Leases(Vec<i64>),
    /// All leases of the cluster → [`EventKind::LeaseList`].
    ListLeases,
    /// Grant a lease → [`EventKind::LeaseGranted`].
    GrantLease {
        /// TTL in seconds.
        ttl_secs: i64,
        /// The id wanted; 0: etcd chooses.
        id: i64,
    },
    /// Keep a lease alive once → [`EventKind::LeaseKept`].
    KeepLease(i64),
    /// Revoke a lease, and delete with it every key that is attached → [`EventKind::LeaseRevoked`].
    RevokeLease(i64),
    /// Show a notification of the system → [`EventKind::Notified`], and [`EventKind::NotificationClicked`].
    Notify {
        /// Its title.
        title: String,
        /// Its text.
        body: String,
        /// What a click on it opens, and the word for doing so.
        opens: Option<(Opens, String)>,
    },
    /// Search the key space → [`EventKind::Found`]. Newest wins: a new search overtakes the one
    /// that is running.
    Search(Keyspace, SearchQuery),
    /// Export → [`EventKind::Progress`] …, [`EventKind::Exported`].
    Export(ExportRequest),
    /// Stop this request; it ends with [`super::fault::FaultKind::Cancelled`].
    Cancel(RequestId),
    /// Read profiles, settings and drafts from disk → [`EventKind::Stored`].
    LoadStored,
    /// Keep a profile (by name; `renamed_from` is removed), and its password in the keyring →
    /// [`EventKind::ProfileKept`]. `password`: `None` leaves it, an empty one removes it.
    KeepProfile {
        /// The profile.
        profile: Box<Profile>,
        /// Its name before.
        renamed_from: Option<String>,
        /// Its password.
        password: Option<Secret>,
    },
    /// Remove a profile and its password.
    RemoveProfile(String),
    /// Keep the settings.
    KeepSettings(Box<Settings>),
    /// Keep a draft, so that it survives a crash.
    KeepDraft(Box<Draft>),
    /// Forget the draft of this key of this profile.
    DropDraft {
        /// The profile's name.
        profile: String,
        /// The key.
        key: Key,
    },
    /// Start the demonstration cluster → [`EventKind::DemoStarted`].
    StartDemo,
    /// See whether an etcd without TLS answers on 127.0.0.1:2379 → [`EventKind::LocalFound`].
    ProbeLocal,
}

/// What the backend tells.
#[derive(Clone, Debug)]
pub struct Event {
    /// About which connection; 0: none.
    pub session: SessionId,
    /// The question that it answers; 0: it was not asked for.
    pub request: RequestId,
    /// What is told.
    pub kind: EventKind,
}

/// A step of the mirror: a new picture of the key space, and what changed since the last one.
#[derive(Clone, Debug)]
pub struct MirrorUpdate {
    /// How true it is.
    pub state: MirrorState,
    /// The key space at `applied` (cheap to clone; shares its memory with the backend's).
    pub keyspace: Keyspace,
    /// The last revision applied.
    pub applied: i64,
    /// Changes since the last update, whole revisions in order, with the time they were seen.
    /// Empty after a listing.
    pub changes: Arc<Vec<Revision>>,
    /// Keys whose values were loaded since the last update, without having changed.
    pub loaded: Arc<Vec<Key>>,
    /// When the changes were seen.
    pub seen_at: SeenAt,
    /// The key space was read anew: the changes since the last update are not known one by one.
    pub relisted: bool,
    /// A listing was completed since the last update (the first one too): `keyspace` is whole.
    pub listed: bool,
    /// The cluster no longer had the history that was mirrored: it was restored, or is another one.
    pub replaced: bool,
    /// What the user may read, and so what the key space and the changes are of.
    pub readable: Arc<Vec<KeyInterval>>,
}

/// The answers and news.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// How the connection stands while there is no mirror yet.
    State(MirrorState),
    /// News of the mirror.
    Mirror(Box<MirrorUpdate>),
    /// News of members, leader, alarms.
    Cluster(Box<ClusterStatus>),
    /// Services, leases, locks and elections, anew.
    Coordination(Box<Coordination>),
    /// What was told of services, leases, locks and elections before this was all that there was at this moment.
    Proven(SeenAt),
    /// A step of a connection test.
    TestStep(TestStep),
    /// The connection test is over.
    TestDone,
    /// One key as it is now (`None`: it does not exist).
    Value {
        /// The key.
        key: Key,
        /// What it is.
        record: Result<Option<KeyRecord>, Fault>,
    },
    /// A guarded put ended.
    Written {
        /// The key.
        key: Key,
        /// The value that was to be written.
        value: Value,
        /// How it ended.
        outcome: WriteOutcome,
    },
    /// A long job goes on.
    Progress {
        /// Done so far.
        done: u64,
        /// Of so many, where known.
        total: Option<u64>,
    },
    /// A batch ended.
    BatchDone(BatchReport),
    /// Versions of a key.
    History {
        /// The key.
        key: Key,
        /// The page, or why not.
        page: Result<History, Fault>,
    },
    /// What the journal has of a key.
    Recorded {
        /// The key.
        key: Key,
        /// What it has, or why it can not be read.
        records: Result<Arc<KeyRecords>, Fault>,
    },
    /// A replay ended.
    Replayed {
        /// The key or folder.
        what: TreeItem,
        /// What it brought.
        replay: Result<Arc<Replay>, Fault>,
    },
    /// The revision up to which the cluster is compacted; 0: it is not.
    CompactionRevision(Result<i64, Fault>),
    /// The keys that changed at a revision, in key order.
    Together {
        /// The revision.
        revision: i64,
        /// The keys.
        keys: Result<Vec<Key>, Fault>,
    },
    /// Every change in reach.
    Timeline {
        /// The prefix.
        prefix: Vec<u8>,
        /// The changes.
        timeline: Result<Arc<Timeline>, Fault>,
    },
    /// What a prefix was.
    Moment {
        /// The prefix.
        prefix: Vec<u8>,
        /// The revision.
        revision: i64,
        /// What it was.
        picture: Result<Arc<Picture>, Fault>,
    },
    /// Deleted keys below a prefix, as they last were, in key order.
    DeletedKeys {
        /// The prefix.
        prefix: Vec<u8>,
        /// The keys.
        keys: Result<Vec<DeletedKey>, Fault>,
    },
    /// How the journal stands.
    Journal(Box<JournalStatus>),
    /// A plan was made.
    Planned(Result<Box<Plan>, Fault>),
    /// A plan goes on: steps done so far, of so many.
    PlanNews {
        /// The plan.
        plan: PlanId,
        /// Steps that are over.
        over: u64,
        /// Steps to run.
        total: u64,
    },
    /// A plan ended, or stopped; all its steps say how.
    PlanDone(Box<Plan>),
    /// The plans on disk, newest first.
    Plans(Result<Vec<Plan>, Fault>),
    /// A part of the audit log.
    Audit(Result<Arc<AuditPage>, Fault>),
    /// The whole audit log was verified.
    AuditChain(ChainState),
    /// Writes are not being recorded (`Some`), or are again.
    AuditTrouble(Option<Fault>),
    /// Entries of the audit log were written to a file: how many.
    AuditExported(Result<u64, Fault>),
    /// A file was read.
    FileRead {
        /// The file.
        path: PathBuf,
        /// Its content.
        content: Result<Value, Fault>,
    },
    /// TTLs.
    Leases(Result<Vec<LeaseInfo>, Fault>),
    /// All leases of the cluster, by id.
    LeaseList(Result<Vec<i64>, Fault>),
    /// A lease was granted.
    LeaseGranted(Result<LeaseInfo, Fault>),
    /// A lease was kept alive once.
    LeaseKept {
        /// The lease.
        lease: i64,
        /// What it has left then.
        kept: Result<LeaseInfo, Fault>,
    },
    /// A lease was revoked.
    LeaseRevoked {
        /// The lease.
        lease: i64,
        /// The revision at which it was revoked.
        ended: Result<i64, Fault>,
    },
    /// What a search found.
    Found(Result<SearchResult, Fault>),
    /// An export ended.
    Exported(Result<ExportReport, Fault>),
    /// What is on disk.
    Stored {
        /// Profiles, by name.
        profiles: Vec<Profile>,
        /// Settings.
        settings: Box<Settings>,
        /// Drafts left by an earlier run.
        drafts: Vec<Draft>,
        /// What could not be read, if anything (the files are left as they are).
        fault: Option<Fault>,
    },
    /// A profile was kept; the fault tells why its password was not.
    ProfileKept {
        /// The profile's name.
        name: String,
        /// Why not, or not wholly.
        fault: Option<Fault>,
    },
    /// Something that was to be kept on disk was not.
    NotKept(Fault),
    /// Whether the system took a notification.
    Notified(Result<(), Fault>),
    /// A notification was clicked.
    NotificationClicked(Opens),
    /// The demonstration cluster stands (or could not be started).
    DemoStarted(Result<Box<Profile>, Fault>),
    /// A local etcd answers here.
    LocalFound(Option<String>),
}
