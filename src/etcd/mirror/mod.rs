//! The live mirror's feed: lists, watches, heals, and tells what changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

use super::cluster::Cluster;
use crate::model::claim::ClaimQueue;
use crate::model::message::MirrorUpdate;
use crate::model::status::Notice;

/// Whether values are listed with their keys. (A change always brings its value.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValuePolicy {
    /// Always.
    Always,
    /// When there are at most so many keys.
    UpToKeys(u64),
    /// Never.
    Never,
}

/// How to mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MirrorOptions {
    /// The byte that separates folders.
    pub separator: u8,
    /// Which values are listed.
    pub values: ValuePolicy,
    /// Values beyond so many bytes altogether are not kept.
    pub value_budget_bytes: u64,
    /// Events are gathered for so long before they are told, at most 50 ms.
    pub gather: Duration,
}

impl Default for MirrorOptions {
    fn default() -> Self {
        Self {
            separator: b'/',
            values: ValuePolicy::UpToKeys(50_000),
            value_budget_bytes: 64 << 20,
            gather: Duration::from_millis(40),
        }
    }
}

/// What the mirror tells.
#[derive(Clone, Debug)]
pub enum FeedEvent {
    /// A new picture of the key space.
    Mirror(MirrorUpdate),
    /// Locks and elections, anew.
    Claims(Arc<Vec<ClaimQueue>>),
    /// Something to know about the connection. [`Cluster::status`] tells all of them together.
    Notice(Notice),
}

/// Mirrors what the user may read, until the receiver is dropped or something fails that cannot
/// mend itself (told as [`crate::model::status::MirrorState::Failed`]; `retry_now` makes it try
/// again then, too).
pub async fn run_mirror(
    cluster: Cluster,
    options: MirrorOptions,
    events: Sender<FeedEvent>,
    retry_now: Arc<Notify>,
) {
    let _ = (cluster, options, events, retry_now);
}
