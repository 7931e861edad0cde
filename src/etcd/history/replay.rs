//! Everything that etcd still knows of a key or a prefix, deletions and earlier generations too: a
//! watch from the compaction to now. The member reads every revision of every key for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::access::intersect;
use super::super::cluster::{Cluster, READ_TIMEOUT};
use super::super::mirror::progress_is_exact;
use super::super::mirror::stream::{Signal, Stream, WatchPlan};
use crate::model::fault::{Fault, FaultKind};
use crate::model::history::ReplayCost;
use crate::model::journal::{Recorded, RecordedKind, Replay, Source};
use crate::model::record::{ChangeKind, KeyRecord, Revision};
use crate::model::status::KeyInterval;

/// A replay that brings more is told to be too large.
const MOST_RECORDS: usize = 200_000;
const MOST_BYTES: usize = 256 << 20;
/// The member is asked so often whether it has told everything, and the flag is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A member that says nothing for so long is left.
const SILENCE: Duration = Duration::from_secs(60);
/// Broken streams and compactions meanwhile are survived so often.
const ATTEMPTS: usize = 6;
/// On servers whose progress may overtake events it is believed only after so long without any.
const QUIET: Duration = Duration::from_secs(1);

/// What was told so far.
struct Told {
    records: Vec<Recorded>,
    bytes: usize,
    /// Every change up to here is in it.
    to: i64,
}

/// Why a stream ended.
enum Ended {
    Complete,
    /// What was to be told next is compacted away.
    Compacted,
    Broken(Fault),
}

impl Cluster {
    /// Replays everything that happened to the keys of an interval since `from` (0, or what is
    /// compacted by now: since the compaction) until now. What the keys were before is there as well, as
    /// puts at or below [`Replay::after`]. `progress` is told revisions done, of how many. The
    /// members that do not lead are asked first: the leader's writes need not wait.
    ///
    /// # Errors
    /// [`FaultKind::Cancelled`] when the flag was raised, [`FaultKind::TooLarge`] beyond 200,000
    /// changes or 256 MiB; when no member could answer, or the user may not read it.
    pub async fn replay(
        &self,
        interval: &KeyInterval,
        from: i64,
        progress: &mut (dyn FnMut(u64, Option<u64>) + Send),
        cancelled: &AtomicBool,
    ) -> Result<Replay, Fault> {
        let mut last = Fault::new(FaultKind::Compacted, "it was compacted again and again meanwhile");
        'anew: for _ in 0..ATTEMPTS {
            let compacted = self.compaction_revision().await?;
            let after = from.max(compacted).max(1);
            let before = if after > 1 { self.moment(interval, after).await } else { Ok(Vec::new()) };
            let before = match before {
                Err(fault) if fault.kind == FaultKind::Compacted => continue,
                before => before?,
            };
            let until = self.revision_now().await?;
            if until < after {
                return Err(Fault::new(FaultKind::Unavailable, "the cluster was restored meanwhile"));
            }
            let mut told = Told { records: Vec::new(), bytes: 0, to: after };
            let mut before: Vec<_> = before.into_iter().map(base_of).collect();
            before.sort_by_key(|record| record.revision);
            for record in before {
                told.add(record)?;
            }
            for index in self.order_for_replay().await {
                match self.replay_at(index, interval, &mut told, (after, until), progress, cancelled).await? {
                    Ended::Complete => {
                        let mut records = told.records;
                        records.reverse();
                        return Ok(Replay { records, after, to: until });
                    }
                    Ended::Compacted => continue 'anew,
                    // Another member goes on where this one stopped.
                    Ended::Broken(fault) => last = fault,
                }
            }
        }
        Err(last)
    }

    /// The members that follow first: reading everything holds a member up.
    async fn order_for_replay(&self) -> Vec<usize> {
        let mut order = self.order();
        if order.len() < 2 {
            return order;
        }
        let leads = |index: usize| async move {
            let member = self.members().get(index)?;
            let asked = member
                .call(READ_TIMEOUT, |mut handle| async move { handle.client.status().await })
                .await
                .ok()?;
            Some(asked.leader() == asked.header()?.member_id())
        };
        if let Some(&first) = order.first()
            && leads(first).await == Some(true)
        {
            order.rotate_left(1);
        }
        order
    }

    async fn revision_now(&self) -> Result<i64, Fault> {
        let key = self.some_key().await?;
        let answer = self
            .ask(READ_TIMEOUT, |mut handle| {
                let key = key.clone();
                async move { handle.kv.get(key, None).await }
            })
            .await?;
        Ok(answer.header().map_or(0, etcd_client::ResponseHeader::revision))
    }

    async fn replay_at(
        &self,
        index: usize,
        interval: &KeyInterval,
        told: &mut Told,
        (after, until): (i64, i64),
        progress: &mut (dyn FnMut(u64, Option<u64>) + Send),
        cancelled: &AtomicBool,
    ) -> Result<Ended, Fault> {
        let Some(member) = self.members().get(index) else {
            return Ok(Ended::Broken(Fault::new(FaultKind::Unavailable, "no member")));
        };
        let handle = match member.handle().await {
            Ok(handle) => handle,
            Err(fault) => return Ok(Ended::Broken(fault)),
        };
        let exact = handle.version.as_deref().is_none_or(progress_is_exact);
        let readable = self.readable().unwrap_or_else(|| vec![KeyInterval::everything()]);
        let intervals = readable.iter().filter_map(|it| intersect(it, interval)).collect();
        let plan = WatchPlan { intervals, applied: told.to, progress_is_exact: exact, with_prev: false };
        let mut stream = Stream::open(handle, plan);
        let total = u64::try_from(until - after).unwrap_or(0);
        // An old server says at once that it has told everything: it is given the time that it needs.
        let quiet = QUIET + 4 * ReplayCost { revisions: total }.stall();
        let (mut heard, mut in_step) = (Instant::now(), None);
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            if cancelled.load(Ordering::Acquire) {
                return Err(Fault::new(FaultKind::Cancelled, "the replay was stopped"));
            }
            progress(u64::try_from(told.to - after).unwrap_or(0), Some(total));
            if told.to >= until {
                return Ok(Ended::Complete);
            }
            let signal = tokio::select! {
                signal = stream.next() => signal,
                _ = look.tick() => {
                    if in_step.is_some_and(|since: Instant| since.max(heard).elapsed() >= quiet) {
                        told.to = until;
                    } else if in_step.is_none() && heard.elapsed() > SILENCE {
                        return Ok(Ended::Broken(super::super::fault::timed_out("the replay has stopped")));
                    } else {
                        stream.ask_progress();
                    }
                    continue;
                }
            };
            match signal {
                Signal::Created(_) => {}
                Signal::Revisions(revisions) => {
                    heard = Instant::now();
                    // One behind the end proves that everything before it was told.
                    let beyond = revisions.last().is_some_and(|last| last.revision > until);
                    for revision in revisions.into_iter().take_while(|it| it.revision <= until) {
                        told.to = revision.revision;
                        for record in records_of(revision) {
                            told.add(record)?;
                        }
                    }
                    if beyond {
                        told.to = until;
                    }
                }
                Signal::Progress(revision) if revision >= until && exact => told.to = until,
                Signal::Progress(revision) if revision >= until => {
                    in_step.get_or_insert_with(Instant::now);
                }
                Signal::Progress(_) => {}
                Signal::Canceled { compacted: true, .. } => return Ok(Ended::Compacted),
                Signal::Canceled { fault, .. } if fault.kind == FaultKind::PermissionDenied => {
                    return Err(fault);
                }
                Signal::Canceled { fault, .. } | Signal::Broken(fault) => return Ok(Ended::Broken(fault)),
            }
        }
    }
}

impl Told {
    fn add(&mut self, record: Recorded) -> Result<(), Fault> {
        self.bytes += record.key.len() + size_of::<Recorded>();
        if let RecordedKind::Put { value: Some(value), .. } = &record.kind {
            self.bytes += value.len();
        }
        if self.records.len() >= MOST_RECORDS || self.bytes > MOST_BYTES {
            let detail = format!("more than {MOST_RECORDS} changes or {} MiB", MOST_BYTES >> 20);
            return Err(Fault::new(FaultKind::TooLarge, detail));
        }
        self.records.push(record);
        Ok(())
    }
}

/// What a key was when the replay begins.
fn base_of(record: KeyRecord) -> Recorded {
    let revision = record.meta.mod_revision;
    let kind = RecordedKind::Put { meta: record.meta, value: record.value };
    Recorded { key: record.key, revision, kind, seen_at: None, source: Source::Replay }
}

fn records_of(revision: Revision) -> impl Iterator<Item = Recorded> {
    let number = revision.revision;
    revision.changes.into_iter().map(move |change| {
        let kind = match change.kind {
            ChangeKind::Put { meta, value } => RecordedKind::Put { meta, value: Some(value) },
            ChangeKind::Delete => RecordedKind::Deleted,
        };
        Recorded { key: change.key, revision: number, kind, seen_at: None, source: Source::Replay }
    })
}
