//! Gathers what the mirror learns into updates, at a pace that the receiver can keep.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::super::cluster::Cluster;
use super::FeedEvent;
use crate::model::bytes::Key;
use crate::model::message::MirrorUpdate;
use crate::model::mirror::Mirror;
use crate::model::record::Revision;
use crate::model::status::{KeyInterval, MirrorState, Notice, SeenAt, now};

/// While a listing is read, updates follow each other at this distance.
const WHILE_LISTING: Duration = Duration::from_millis(100);
/// That the stream is proven is told this often.
const PROOF: Duration = Duration::from_millis(200);
/// A receiver that lies so many changes behind is told the whole picture instead.
const MOST_CHANGES: usize = 200_000;

/// Owns the mirror and tells what becomes of it.
pub(super) struct Teller {
    pub mirror: Mirror,
    events: Sender<FeedEvent>,
    gather: Duration,
    state: MirrorState,
    changes: Vec<Revision>,
    change_count: usize,
    loaded: Vec<Key>,
    relisted: bool,
    listed: bool,
    replaced: bool,
    /// What is read, and what the listing under way reads.
    readable: Arc<Vec<KeyInterval>>,
    listing_of: Arc<Vec<KeyInterval>>,
    untold: bool,
    last_told: Option<Instant>,
    notices: Vec<Notice>,
    /// When the mirror was in step last, and whether that is untold.
    in_step: SeenAt,
    untold_proof: bool,
    proof_told: Option<Instant>,
}

impl Teller {
    pub(super) fn new(mirror: Mirror, events: Sender<FeedEvent>, gather: Duration) -> Self {
        Self {
            mirror,
            events,
            gather: gather.clamp(Duration::from_millis(5), Duration::from_millis(50)),
            state: MirrorState::Connecting,
            changes: Vec::new(),
            change_count: 0,
            loaded: Vec::new(),
            relisted: false,
            listed: false,
            replaced: false,
            readable: Arc::default(),
            listing_of: Arc::default(),
            untold: false,
            last_told: None,
            notices: Vec::new(),
            in_step: 0,
            untold_proof: false,
            proof_told: None,
        }
    }

    /// Nobody listens any more.
    pub(super) async fn closed(&self) {
        self.events.closed().await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.events.is_closed()
    }

    pub(super) fn state(&self) -> &MirrorState {
        &self.state
    }

    /// Changes the state, and tells it at once if it can be.
    pub(super) fn enter(&mut self, state: MirrorState) {
        if self.state != state {
            self.state = state;
            self.untold = true;
            self.last_told = None;
            self.tell();
        }
    }

    /// Applies a revision.
    pub(super) fn apply(&mut self, revision: Revision) {
        if !self.mirror.apply(&revision) {
            return;
        }
        self.untold = true;
        self.change_count += revision.changes.len();
        self.changes.push(revision);
        if self.change_count > MOST_CHANGES {
            self.changes.clear();
            self.change_count = 0;
            self.relisted = true;
        }
    }

    /// The value of a key was loaded.
    pub(super) fn loaded(&mut self, key: Key) {
        self.loaded.push(key);
        self.untold = true;
    }

    /// The history that was mirrored is gone from the cluster: what is listed next is another one.
    pub(super) fn replaced(&mut self) {
        self.replaced = true;
    }

    /// What the listing that begins will read.
    pub(super) fn reads(&mut self, intervals: &[KeyInterval]) {
        self.listing_of = Arc::new(intervals.to_vec());
    }

    /// A listing progressed.
    pub(super) fn listing(&mut self, total: u64) {
        let loaded = self.mirror.listed().unwrap_or(0);
        self.state = MirrorState::Listing { loaded, total: Some(total.max(loaded)) };
        self.untold = true;
    }

    /// A listing ended: the picture is new.
    pub(super) fn listed(&mut self) {
        self.relisted |= self.mirror.is_complete();
        self.mirror.finish_listing();
        self.listed = true;
        self.readable = self.listing_of.clone();
        self.changes.clear();
        self.change_count = 0;
        self.untold = true;
    }

    /// All that there was at this moment has been told to the mirror.
    pub(super) fn prove(&mut self, at: SeenAt) {
        if self.in_step != at {
            self.in_step = at;
            self.untold_proof = true;
        }
    }

    /// When there is something to be told; `None`: nothing.
    pub(super) fn due(&self) -> Option<Instant> {
        if !self.untold {
            // What it is about is told first.
            let proof = self.untold_proof && self.state.is_live();
            return proof.then(|| self.proof_told.map_or_else(Instant::now, |told| told + PROOF));
        }
        let pace = match self.state {
            MirrorState::Listing { .. } => WHILE_LISTING,
            _ => self.gather,
        };
        Some(self.last_told.map_or_else(Instant::now, |last| last + pace))
    }

    /// Tells what is due. What the receiver has no room for waits for the next time.
    pub(super) fn tell_due(&mut self) {
        let is_due = |due: Instant| due <= Instant::now();
        if self.untold && self.due().is_some_and(is_due) {
            self.tell();
        }
        if !self.untold && self.due().is_some_and(is_due) {
            self.tell_proof();
        }
    }

    fn tell_proof(&mut self) {
        self.proof_told = Some(Instant::now());
        if let Ok(permit) = self.events.try_reserve() {
            permit.send(FeedEvent::Proven(self.in_step));
            self.untold_proof = false;
        }
    }

    fn tell(&mut self) {
        if self.untold && !self.tell_mirror() {
            // No room: try again a little later, not at once.
            self.last_told = Some(Instant::now());
        }
    }

    fn tell_mirror(&mut self) -> bool {
        let permit = match self.events.try_reserve() {
            Ok(permit) => permit,
            Err(TrySendError::Full(())) => return false,
            // The run ends at its next step.
            Err(TrySendError::Closed(())) => {
                self.untold = false;
                return true;
            }
        };
        permit.send(FeedEvent::Mirror(MirrorUpdate {
            state: self.state.clone(),
            keyspace: self.mirror.keyspace().clone(),
            applied: self.mirror.applied(),
            changes: Arc::new(std::mem::take(&mut self.changes)),
            loaded: Arc::new(std::mem::take(&mut self.loaded)),
            seen_at: now(),
            relisted: std::mem::take(&mut self.relisted),
            // Told with the picture that it is about.
            replaced: self.listed && std::mem::take(&mut self.replaced),
            listed: std::mem::take(&mut self.listed),
            readable: self.readable.clone(),
        }));
        self.change_count = 0;
        self.untold = false;
        self.last_told = Some(Instant::now());
        true
    }

    /// Tells notices that have not been told yet.
    pub(super) fn tell_notices(&mut self, cluster: &Cluster) {
        let notices = cluster.notices();
        for notice in &notices {
            if !self.notices.contains(notice)
                && let Ok(permit) = self.events.try_reserve()
            {
                permit.send(FeedEvent::Notice(notice.clone()));
                self.notices.push(notice.clone());
            }
        }
        self.notices.retain(|notice| notices.contains(notice));
    }
}
