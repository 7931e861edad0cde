//! The live mirror's feed: lists, watches, heals, and tells what changed.
//!
//! [`feed`] is the state machine, [`stream`] one watch stream, [`assemble`] makes whole revisions of
//! what a stream delivers, [`teller`] gathers them into updates, [`anchor`] finds out whether the
//! cluster still has the history that was mirrored, [`echo`] whether a member hears us at all, [`pulse`]
//! whether what was told is all that there is, [`backoff`] says when to try again.

mod anchor;
mod assemble;
mod backoff;
mod echo;
mod feed;
mod pulse;
pub(super) mod stream;
mod teller;
mod values;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

pub(super) use feed::progress_is_exact;

use super::cluster::Cluster;
use crate::model::message::MirrorUpdate;
use crate::model::status::{Notice, SeenAt};

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
    /// Updates follow each other at this distance, at most 50 ms, while there are changes.
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
    /// What was told before this was all that there was at this moment: the stream was silent because nothing
    /// happened. While nothing can be proven this does not come.
    Proven(SeenAt),
    /// Something to know about the connection. [`Cluster::notices`] tells all of them together.
    Notice(Notice),
}

/// Mirrors what the user may read, until the receiver is dropped. What cannot mend itself is told
/// as [`crate::model::status::MirrorState::Failed`]; then, and while a retry is waited for,
/// `retry_now` makes it try again at once.
///
/// A receiver that is slow gets fewer and larger updates; if it falls far behind, the changes are
/// told as one new listing.
pub async fn run_mirror(
    cluster: Cluster,
    options: MirrorOptions,
    events: Sender<FeedEvent>,
    retry_now: Arc<Notify>,
) {
    feed::Feed::new(cluster, options, events, retry_now).run().await;
}
