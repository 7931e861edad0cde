//! Every action of the operator, once. Views push actions; only `app::dispatch` acts on them.

mod command;
mod confirmed;

pub use command::{KeyCombo, UserCommand};
pub use confirmed::{ConfirmedDelete, ConfirmedEnd, ConfirmedPlan};

use std::path::PathBuf;

use crate::model::audit::AuditQuery;
use crate::model::bytes::{Key, Value};
use crate::model::compare::CompareSource;
use crate::model::coordination::{ClaimKind, CoordinationSettings};
use crate::model::dialog::FileQuestion;
use crate::model::diff::Side;
use crate::model::document::DocumentPage;
use crate::model::layers::LayerSettings;
use crate::model::message::{ConnectRequest, RequestId, SessionId};
use crate::model::overview::ServiceFilter;
use crate::model::plan::{LostLease, PlanGoal, PlanId};
use crate::model::profile::{Profile, Secret};
use crate::model::schema::SchemaSettings;
use crate::model::search::SearchQuery;
use crate::model::session::Screen;
use crate::model::settings::Settings;
use crate::model::transfer::ExportRequest;
use crate::model::tree_item::TreeItem;

/// What the operator did. Those about keys and documents are meant for the connection shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A command that has a name, a shortcut and a place in the palette.
    Run(UserCommand),

    /// Open a connection in a new tab.
    Connect(Box<ConnectRequest>),
    /// Test a connection step by step.
    TestConnection(Box<ConnectRequest>),
    /// Show a notification of the system, to see whether it does.
    TestNotification,
    /// Try to connect again at once.
    Reconnect,
    /// Show this connection, or the connect screen.
    ShowSession(Option<SessionId>),
    /// Close a connection's tab (its drafts stay kept).
    CloseSession(SessionId),
    /// Keep a profile; `password`: `None` leaves the kept one, an empty one removes it.
    KeepProfile {
        /// The profile.
        profile: Box<Profile>,
        /// Its name before.
        renamed_from: Option<String>,
        /// Its password.
        password: Option<Secret>,
    },
    /// Check values by these rules from now on, and keep them with the profile.
    ChangeSchemas(Box<SchemaSettings>),
    /// Remove a profile.
    RemoveProfile(String),
    /// Start the demonstration cluster and connect to it.
    StartDemo,
    /// Change the settings.
    ChangeSettings(Box<Settings>),
    /// Show a screen of the connection.
    ShowScreen(Screen),

    /// Expand or collapse a folder of the tree.
    ToggleFolder(Key),
    /// Expand every folder above this key or folder, and put the cursor there.
    Reveal(TreeItem),
    /// Select these rows; the cursor goes to `cursor`.
    Select {
        /// The rows.
        rows: Vec<TreeItem>,
        /// Where the keyboard is.
        cursor: Option<TreeItem>,
    },
    /// Search the key space; an empty text shows the tree again.
    Search(SearchQuery),
    /// Add a key or folder to the favourites, or take it out.
    ToggleFavourite(Key),

    /// Ask for a new key.
    AskCreate {
        /// Prefix to begin with.
        prefix: Key,
    },
    /// Ask for the new name of a key or folder.
    AskMove {
        /// The key or folder.
        from: TreeItem,
        /// Copy instead of rename.
        copy: bool,
    },
    /// Say the blast radius of deleting these rows, and ask.
    AskDelete(Vec<TreeItem>),
    /// Ask how to bring a deleted key back.
    AskUndelete(Key),
    /// Ask where to export a folder or a key to.
    AskExport(TreeItem),
    /// Close the dialog without doing anything.
    CloseDialog,

    /// Create a key (it must not exist), unattached to any lease, and open it.
    Create {
        /// The key.
        key: Key,
        /// Its value.
        value: Value,
    },
    /// Rename or copy; the folder's path ends with the separator, and so must `to`.
    Move {
        /// The key or folder.
        from: TreeItem,
        /// The new key or path.
        to: Key,
        /// Copy instead of rename.
        copy: bool,
        /// Attach the copies to the leases of their sources.
        keep_lease: bool,
    },
    /// Delete what the dialog confirmed.
    Delete(ConfirmedDelete),
    /// Create a deleted key again with its last value, without a lease.
    Undelete(Key),
    /// Export.
    Export(ExportRequest),

    /// Look at a folder as it was (empty: everything).
    Travel {
        /// The folder's path.
        prefix: Key,
    },
    /// Go to this revision.
    TravelTo(i64),
    /// Compare the moment looked at with this revision; `None`: with now.
    TravelCompare(Option<i64>),
    /// Look at a key as it was, or at none.
    TravelOpen(Option<Key>),
    /// Read the timeline, and what could not be read, again.
    TravelRetry,
    /// Back to now.
    LeaveTravel,

    /// Open a key in a tab, or show its tab.
    OpenKey(Key),
    /// Close a key's tab; asks first when there is a draft.
    CloseDocument(Key),
    /// Forget the draft and close the tab.
    DiscardAndClose(Key),
    /// Show a page of the document.
    ShowPage {
        /// The key.
        key: Key,
        /// The page.
        page: DocumentPage,
    },
    /// Compare a key with something else: put sources at the sides of its comparison, and show it.
    CompareWith {
        /// The key.
        key: Key,
        /// What stands where.
        sources: Vec<(Side, CompareSource)>,
    },
    /// Swap the sides of a key's comparison.
    SwapCompared(Key),
    /// Read what a key is compared with once more.
    ReadCompared {
        /// The key.
        key: Key,
        /// What is read.
        source: CompareSource,
    },
    /// The editor's text is now this.
    EditDraft {
        /// The key.
        key: Key,
        /// The whole value.
        value: Value,
    },
    /// Put this value into the draft, as a restore, a format or a merge does.
    ReplaceDraft {
        /// The key.
        key: Key,
        /// The whole value.
        value: Value,
    },
    /// Forget the draft.
    DiscardDraft(Key),
    /// Bring back the draft that the message with this number tells of.
    UndoDiscard(u64),
    /// Show the diff that would be saved.
    Review(Key),
    /// Leave the review or the conflict without saving; the draft stays.
    CancelSave(Key),
    /// Save the draft with a transaction guarded by the base's mod revision, keeping the lease.
    Save(Key),
    /// After a conflict: this is the merged value; it is based on what the key is now.
    Resolve {
        /// The key.
        key: Key,
        /// The merged value.
        merged: Value,
    },
    /// Take over what the key is now, forgetting the draft.
    TakeTheirs(Key),
    /// Read the key again.
    Reload(Key),
    /// Read (older) versions.
    LoadHistory(Key),
    /// Say what a replay of etcd's own history of the key would cost.
    OfferDeepHistory(Key),
    /// Replay etcd's own history of the key.
    StartDeepHistory(Key),
    /// Stop the replay, or take the offer back.
    StopDeepHistory(Key),
    /// Find out which keys changed together with this one.
    LoadTogether {
        /// The key.
        key: Key,
        /// The revision at which it changed.
        revision: i64,
    },
    /// Restore a version as a guarded put: opens the review with its value as the draft.
    Restore {
        /// The key.
        key: Key,
        /// The version's value.
        value: Value,
    },

    /// Work out a plan, and show it. (Nothing is written.)
    MakePlan {
        /// What is wanted.
        goal: PlanGoal,
        /// What becomes of keys whose lease is gone.
        lost_lease: LostLease,
    },
    /// Show this plan in full, or the list of plans.
    ShowPlan(Option<PlanId>),
    /// Switch steps of a plan on or off.
    SetSteps {
        /// The plan.
        plan: PlanId,
        /// The steps, by their place.
        steps: Vec<usize>,
        /// On.
        on: bool,
    },
    /// Choose what becomes of keys whose lease is gone.
    SetLostLease {
        /// The plan.
        plan: PlanId,
        /// The choice.
        lost_lease: LostLease,
    },
    /// Say what a plan would do, and ask.
    AskRunPlan(PlanId),
    /// Run what the dialog confirmed, or go on with it.
    RunPlan(ConfirmedPlan),
    /// Stop a plan after the transaction under way.
    StopPlan(PlanId),
    /// Work out the plan that undoes what this one has done, and show it.
    UndoPlan(PlanId),
    /// Forget a plan, and what is kept of it on disk.
    DropPlan(PlanId),

    /// Read a part of the audit log: `below` in it asks for entries behind those that are shown.
    LoadAudit(AuditQuery),
    /// Write what the query finds of the audit log to a file.
    ExportAudit(AuditQuery, PathBuf),
    /// Work out the plan of a promotion, and show it. Steps whose key was changed since these mod
    /// revisions (0: it did not exist) begin switched off.
    Promote {
        /// What is wanted.
        goal: PlanGoal,
        /// What it was worked out from.
        based_on: Vec<(Key, i64)>,
    },
    /// Read the values below a prefix that layers are made of, where the mirror keeps none.
    ReadLayers(Key),
    /// Keep how configuration is layered, with the profile of the connection shown.
    KeepLayers(Box<LayerSettings>),

    /// Ask for the TTLs of these leases.
    LoadLeases(Vec<i64>),
    /// Ask for all leases of the cluster.
    ListLeases,
    /// Show a service, by its folder.
    ShowService(Key),
    /// Show the services, those of them alone.
    ShowServices(ServiceFilter),
    /// Show a lock or an election, by its name.
    ShowQueue(ClaimKind, Key),
    /// Show who led the cluster itself, beside the elections.
    ShowRaft,
    /// Show a lease.
    ShowLease(i64),
    /// Say what ending what this key registers or claims would touch, and ask.
    AskEndKey(Key),
    /// Say what revoking this lease would touch, and ask.
    AskEndLease(i64),
    /// Deregister, release, end a leadership, revoke: as the dialog confirmed.
    End(ConfirmedEnd),
    /// Ask for a new lease.
    AskGrantLease,
    /// Grant a lease.
    GrantLease {
        /// TTL in seconds.
        ttl_secs: i64,
        /// The id wanted; 0: etcd chooses.
        id: i64,
    },
    /// Keep a lease alive once.
    KeepLease(i64),
    /// Ask for a key to attach to this lease.
    AskAttach(i64),
    /// Attach a key, as it is at this mod revision, to a lease.
    Attach {
        /// The key.
        key: Key,
        /// The mod revision that was on screen.
        revision: i64,
        /// The lease.
        lease: i64,
    },
    /// Ask for another weight or label of an instance.
    AskEditInstance(Key),
    /// Write an instance's registration, as it is at this mod revision, anew; its lease stays.
    EditInstance {
        /// The key that registers it.
        key: Key,
        /// The mod revision that was on screen.
        revision: i64,
        /// The new registration.
        value: Value,
    },
    /// Keep what the profile of the connection shown says of services, locks and elections.
    KeepCoordination(Box<CoordinationSettings>),
    /// Stop a job.
    CancelJob(RequestId),
    /// Take a finished job off the screen.
    DismissJob(RequestId),
    /// Take a toast off the screen.
    DismissToast(u64),
    /// Ask for a file with the system's own dialog; the answer arrives in `World::chosen_file`.
    ChooseFile(FileQuestion),
    /// Copy text to the clipboard.
    CopyText(String),
}

/// Where views put their actions; carried out after the frame is drawn.
#[derive(Debug, Default)]
pub struct Actions(Vec<Action>);

impl Actions {
    /// Adds an action.
    pub fn push(&mut self, action: Action) {
        self.0.push(action);
    }

    /// Takes all actions, in order.
    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.0)
    }

    /// The actions so far.
    #[must_use]
    pub fn as_slice(&self) -> &[Action] {
        &self.0
    }
}
