//! What is asked of the operator before something is done.

use std::path::PathBuf;

use super::bytes::Key;
use super::coordination::Meaning;
use super::diff::Side;
use super::message::SessionId;
use super::plan::{PlanId, PlanWork};
use super::status::SeenAt;
use super::tree_item::TreeItem;
use super::write::BatchStep;

/// What an action would touch, said before it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// Keys touched.
    pub keys: u64,
    /// Of these, keys attached to a lease.
    pub leased: u64,
    /// Locks and elections whose holder or leader is among them, by name.
    pub held: Vec<Key>,
    /// The first few keys, for the list.
    pub sample: Vec<Key>,
}

/// What is to be ended that lives on a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndSubject {
    /// An instance of a service, by the service's and its own name.
    Instance {
        /// The folder that the service's instances are in.
        folder: Key,
        /// The service.
        service: String,
        /// The instance.
        id: String,
    },
    /// A claim of a lock or an election, by the queue's name.
    Claim {
        /// The queue.
        queue: Key,
        /// Lock or election.
        kind: super::coordination::ClaimKind,
        /// Its place in the line; 0: it holds or leads.
        place: usize,
    },
    /// A lease with all that lives on it.
    Lease,
}

/// The ways to end it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EndHow {
    /// Delete the key alone, guarded by its mod revision: the lease lives on, with its other keys, and its
    /// owner may not notice.
    #[default]
    DeleteKey,
    /// Revoke the lease: every key attached to it goes at once, whatever it is by then.
    RevokeLease,
}

/// A question before something that lives on a lease is ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndQuestion {
    /// What is to be ended.
    pub subject: EndSubject,
    /// The key, and the mod revision that was on screen; `None`: the lease itself was chosen.
    pub key: Option<(Key, i64)>,
    /// The lease; 0: there is none to revoke.
    pub lease: i64,
    /// All keys known to be attached to the lease, with what they mean.
    pub attached: Vec<(Key, Meaning)>,
    /// Text to be typed before the button works (a production profile's name).
    pub type_to_confirm: Option<String>,
    /// What has changed of it while it was on screen.
    pub moved: Moved,
}

/// What has changed of an [`EndQuestion`] since it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Keys that were attached to the lease since.
    pub came: Vec<Key>,
    /// How many keys have left the lease since.
    pub gone: usize,
    /// When the last key came.
    pub grew_at: Option<SeenAt>,
    /// When a claim that waited came to hold or to lead, or the other way round.
    pub turned_at: Option<SeenAt>,
    /// It was confirmed, and is asked again, because more would go than could be seen.
    pub again: bool,
}

/// A question on screen. What the operator types in it lives with the view.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Create a key; the text to begin with.
    CreateKey {
        /// Prefix to begin with.
        prefix: Key,
    },
    /// Rename or copy a key or a folder.
    Move {
        /// The key or folder.
        from: TreeItem,
        /// Copy instead of rename.
        copy: bool,
        /// What it touches.
        radius: BlastRadius,
    },
    /// Delete keys: the confirmation makes the value that the dispatcher accepts.
    Delete {
        /// The rows selected.
        roots: Vec<TreeItem>,
        /// What it touches.
        radius: BlastRadius,
        /// The steps, guarded by the revisions that were on screen when it was asked.
        steps: Vec<BatchStep>,
        /// Text to be typed before the button works (a production profile's name).
        type_to_confirm: Option<String>,
    },
    /// Bring a deleted key back that had no lease and whose value is known.
    Undelete {
        /// The key.
        key: Key,
    },
    /// Run a plan: what it writes, said before.
    RunPlan {
        /// The plan.
        plan: PlanId,
        /// What its steps that are on would do.
        work: PlanWork,
        /// Text to be typed before the button works (a production profile's name).
        type_to_confirm: Option<String>,
    },
    /// Deregister, release, end a leadership, revoke: what each way would end, said before.
    End(Box<EndQuestion>),
    /// Grant a lease.
    GrantLease,
    /// Attach a key to this lease.
    AttachKey {
        /// The lease.
        lease: i64,
    },
    /// Change the weight or the label of an instance.
    EditInstance {
        /// The key that registers it.
        key: Key,
    },
    /// Close a document with a draft.
    CloseDirty {
        /// The key.
        key: Key,
    },
    /// Export a prefix, or one key.
    Export {
        /// The key, or the folder whose path is the prefix to begin with.
        what: TreeItem,
        /// Keys that it holds now.
        keys: u64,
    },
    /// Settings.
    Settings,
    /// About the console.
    About,
    /// Keyboard shortcuts.
    Shortcuts,
}

/// A file that the operator is asked for with the system's own dialog.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileQuestion {
    /// PEM file of the authority that signed the servers' certificates.
    AuthorityFile,
    /// PEM file of our own certificate.
    CertificateFile,
    /// PEM file of the key of our own certificate.
    KeyFile,
    /// Where to write an export; the file name to begin with.
    ExportTo(String),
    /// What to compare a key with.
    CompareWith {
        /// The connection of the key.
        session: SessionId,
        /// The key.
        key: Key,
        /// The side that the file is put at.
        side: Side,
    },
    /// Where to write the audit log; the file name to begin with.
    AuditTo(String),
}

/// The answer to a [`FileQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenFile {
    /// Grows with each answer, so that a view takes each over once.
    pub serial: u64,
    /// What was asked.
    pub question: FileQuestion,
    /// The file.
    pub path: PathBuf,
}
