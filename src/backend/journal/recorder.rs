//! The thread that records.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Common;
use crate::model::fault::Fault;
use crate::model::journal::{JournalSettings, JournalStatus};
use crate::model::status::now;
use crate::storage::journal::{Base, Changes, JournalFolder, Limits, Trouble, Writer, set_aside};

/// Changes are gathered for so long before they are committed.
const GATHER: Duration = Duration::from_millis(150);
/// … or until there are so many bytes of them.
const GATHER_BYTES: u64 = 8 << 20;
/// The window hears at most so often how the journal stands, unless something notable happens.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// The limits are looked at so often while something is recorded.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What the recorder is given.
pub(super) enum Item {
    /// Open the file of this cluster, and see how far it reaches.
    Open {
        /// The cluster.
        cluster_id: u64,
        /// Told when it is done.
        reply: oneshot::Sender<()>,
    },
    /// The connection was lost: see how far others come.
    Lost,
    /// Begin a span.
    Base {
        /// The cluster.
        cluster_id: u64,
        /// The picture.
        base: Box<Base>,
        /// With which limits.
        settings: JournalSettings,
    },
    /// Record changes.
    Changes {
        /// The changes.
        changes: Changes,
        /// What they were counted as.
        bytes: u64,
    },
    /// Nothing is to be recorded any more.
    End,
    /// Tell when everything before this is on disk.
    Flush(oneshot::Sender<()>),
    /// A reader found the file damaged.
    Damaged,
    /// The connection was closed.
    Close,
}

impl Item {
    /// Whether it may wait for more.
    fn may_wait(&self) -> bool {
        matches!(self, Self::Changes { .. } | Self::Lost)
    }
}

pub(super) struct Recorder {
    common: Arc<Common>,
    folder: Result<JournalFolder, Fault>,
    /// The file that is written.
    file: Option<(u64, Writer)>,
    settings: JournalSettings,
    status: JournalStatus,
    told: Option<(Instant, JournalStatus)>,
    pruned: Option<Instant>,
    /// What came next contradicted what was recorded: it is another history.
    diverged: bool,
}

impl Recorder {
    pub(super) fn new(common: Arc<Common>, folder: Result<JournalFolder, Fault>) -> Self {
        Self {
            common,
            folder,
            file: None,
            settings: JournalSettings::default(),
            status: JournalStatus::default(),
            told: None,
            pruned: None,
            diverged: false,
        }
    }

    /// Records until the connection is closed.
    pub(super) fn run(mut self, items: &Receiver<Item>) {
        while let Some(first) = self.next(items) {
            let gathered = gather(first, items);
            let mut changes: Vec<Changes> = Vec::new();
            for item in gathered {
                if let Item::Changes { changes: more, bytes } = item {
                    self.common.waiting.fetch_sub(bytes, Ordering::AcqRel);
                    changes.push(more);
                    continue;
                }
                self.append(&std::mem::take(&mut changes));
                if matches!(item, Item::Close) {
                    self.tell_at_once();
                    return;
                }
                self.take(item);
            }
            self.append(&changes);
            self.tell();
        }
    }

    /// The next item; meanwhile what was not told yet is told.
    fn next(&mut self, items: &Receiver<Item>) -> Option<Item> {
        loop {
            let untold = self.told.as_ref().is_none_or(|(_, told)| *told != self.status);
            let wait = if untold && self.status.on { TELL_EVERY } else { PRUNE_EVERY };
            match items.recv_timeout(wait) {
                Ok(item) => return Some(item),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    self.prune();
                    self.tell();
                }
            }
        }
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Open { cluster_id, reply } => {
                if let Err(trouble) = self.writer(cluster_id).and_then(Writer::look_around) {
                    self.failed(&trouble);
                }
                answer(reply);
            }
            Item::Lost => {
                let looked = self.file.as_mut().map_or(Ok(()), |(_, writer)| writer.look_around());
                if let Err(trouble) = looked {
                    self.failed(&trouble);
                }
            }
            Item::Base { cluster_id, base, settings } => self.begin(cluster_id, *base, settings),
            Item::End => {
                self.file = None;
                self.status = JournalStatus::default();
            }
            Item::Flush(reply) => answer(reply),
            Item::Damaged => {
                if self.file.is_some() {
                    self.failed(&Trouble::Damaged("the journal is damaged".to_owned()));
                }
            }
            Item::Changes { .. } | Item::Close => {}
        }
    }

    /// The writer of a cluster's file, opened if it is not.
    fn writer(&mut self, cluster_id: u64) -> Result<&mut Writer, Trouble> {
        if self.file.as_ref().is_none_or(|(of, _)| *of != cluster_id) {
            self.file = None;
            let path = self.path(cluster_id)?;
            let writer = match Writer::open(&path) {
                Err(Trouble::Damaged(detail)) => {
                    self.set_aside(cluster_id, None, &detail)?;
                    Writer::open(&path)?
                }
                opened => opened?,
            };
            self.file = Some((cluster_id, writer));
        }
        match &mut self.file {
            Some((_, writer)) => Ok(writer),
            None => Err(Trouble::Busy("no journal is open".to_owned())),
        }
    }

    fn path(&self, cluster_id: u64) -> Result<PathBuf, Trouble> {
        Ok(self.folder.as_ref().map_err(Clone::clone)?.file(cluster_id))
    }

    fn begin(&mut self, cluster_id: u64, mut base: Base, settings: JournalSettings) {
        self.settings = settings;
        self.status.on = true;
        base.replaced |= self.diverged;
        let begun = self.writer(cluster_id).and_then(|writer| {
            writer.begin_span(&base)?;
            Ok(writer.epoch())
        });
        match begun {
            Ok(epoch) => {
                let path = self.path(cluster_id).ok();
                self.common.known().recorded = path.zip(epoch);
                self.status.fault = None;
                self.diverged = false;
                self.pruned = None;
                self.prune();
                self.stand();
                self.tell_at_once();
            }
            Err(trouble) => self.failed(&trouble),
        }
    }

    fn append(&mut self, changes: &[Changes]) {
        let Some((_, writer)) = &mut self.file else { return };
        if changes.is_empty() {
            return;
        }
        match writer.append(changes) {
            Ok(()) => {
                self.stand();
                if self.pruned.is_none_or(|last| last.elapsed() >= PRUNE_EVERY) {
                    self.prune();
                }
            }
            Err(trouble) => self.failed(&trouble),
        }
    }

    /// What was to be recorded is lost; recording goes on with a whole picture, later.
    fn failed(&mut self, trouble: &Trouble) {
        tracing::warn!(?trouble, "the journal could not be written");
        let cluster_id = self.file.as_ref().map(|(cluster_id, _)| *cluster_id);
        if let Some((_, writer)) = &mut self.file {
            writer.end_span();
        }
        self.common.wants_base.store(true, Ordering::Release);
        match trouble {
            // Nothing is wrong with the journal.
            Trouble::Diverged(_) => self.diverged = true,
            Trouble::Busy(_) => {}
            Trouble::Damaged(detail) => {
                let seen = self.file.take().and_then(|(_, writer)| writer.identity());
                let aside = cluster_id.map_or(Ok(()), |id| self.set_aside(id, seen, detail));
                self.status.fault = aside.err().map(|trouble| trouble.fault());
            }
            Trouble::Fault(fault) => {
                self.status.fault = Some(self.naming_the_file(cluster_id, fault));
            }
        }
        self.status.on = true;
        self.tell_at_once();
    }

    /// The fault with the file that it is about.
    fn naming_the_file(&self, cluster_id: Option<u64>, fault: &Fault) -> Fault {
        let path = cluster_id.and_then(|id| self.path(id).ok()).map(|path| path.display().to_string());
        match path.filter(|path| !fault.detail.contains(path)) {
            Some(path) => Fault::new(fault.kind, format!("{path}: {}", fault.detail)),
            None => fault.clone(),
        }
    }

    fn set_aside(
        &mut self,
        cluster_id: u64,
        seen: Option<crate::storage::journal::Identity>,
        detail: &str,
    ) -> Result<(), Trouble> {
        let path = self.path(cluster_id)?;
        self.common.known().recorded = None;
        if let Some(aside) = set_aside(&path, seen)? {
            tracing::error!(detail, "the journal was damaged and is kept as {}", aside.display());
            self.status.kept_aside = Some(aside.display().to_string());
        }
        Ok(())
    }

    fn prune(&mut self) {
        let now = now();
        let limits = Limits {
            most_bytes: self.settings.most_mib.saturating_mul(1 << 20),
            seen_from: now.saturating_sub(i64::from(self.settings.most_days).saturating_mul(DAY_MS)),
            now,
        };
        let Some((_, writer)) = self.file.as_mut().filter(|(_, writer)| writer.epoch().is_some()) else {
            return;
        };
        self.pruned = Some(Instant::now());
        match writer.prune(limits) {
            Ok(_) => self.stand(),
            Err(trouble) => self.failed(&trouble),
        }
    }

    fn stand(&mut self) {
        if let Some((_, writer)) = &self.file {
            let standing = writer.standing();
            if standing.recorded_to > 0 {
                self.status.recorded_to = standing.recorded_to;
            }
            self.status.since = standing.since;
            self.status.bytes = standing.bytes;
            self.status.records = standing.records;
        }
    }

    fn tell(&mut self) {
        let due =
            self.told.as_ref().is_none_or(|(at, told)| *told != self.status && at.elapsed() >= TELL_EVERY);
        if due && self.status.on {
            self.tell_at_once();
        }
    }

    fn tell_at_once(&mut self) {
        self.told = Some((Instant::now(), self.status.clone()));
        self.common.tell(self.status.clone());
    }
}

/// What comes within a moment is committed together.
fn gather(first: Item, items: &Receiver<Item>) -> Vec<Item> {
    let until = Instant::now() + GATHER;
    let mut bytes = 0;
    let mut gathered = vec![first];
    while let Some(last) = gathered.last() {
        if let Item::Changes { bytes: more, .. } = last {
            bytes += more;
        }
        if !last.may_wait() || bytes > GATHER_BYTES {
            break;
        }
        match items.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(item) => gathered.push(item),
            Err(_) => break,
        }
    }
    gathered
}

fn answer(reply: oneshot::Sender<()>) {
    if reply.send(()).is_err() {
        tracing::debug!("nobody waits for the journal any more");
    }
}
