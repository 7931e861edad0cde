//! Reads many keys at one revision, in bounded parts.
//!
//! A Range with a limit still counts everything up to its end, so open-ended pages of a large key
//! space cost its size each time. Here the intervals are first split into parts of about 30,000
//! keys whose ends are known ([`plan`]), and two parts are read at a time.

mod plan;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etcd_client::GetOptions;
use etcd_client::proto::PbRangeResponse;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::access::intersect;
use super::cluster::{Cluster, LIST_TIMEOUT};
use super::read::record_of;
use super::task::Task;
use crate::model::fault::{Fault, FaultKind};
use crate::model::record::KeyRecord;
use crate::model::status::KeyInterval;
use plan::{Part, Probe, Sizes};

/// Rows of the first read, for a first screen.
const FIRST_ROWS: i64 = 500;
/// Parts read at the same time.
const IN_FLIGHT: usize = 2;
/// A page with values aims at so many bytes, and has at most so many rows.
const VALUE_PAGE_BYTES: usize = 4 << 20;
const VALUE_PAGE_ROWS: i64 = 1_000;
const FIRST_VALUE_ROWS: i64 = 64;

/// Whether values are read with the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListValues {
    Always,
    UpToKeys(u64),
    Never,
}

/// Part of a listing; all parts of one listing are at the same revision.
#[derive(Clone, Debug)]
pub struct Page {
    /// The keys, in byte order behind those of the page before.
    pub records: Vec<KeyRecord>,
    /// The revision that all pages are read at.
    pub revision: i64,
    /// Keys in the whole listing.
    pub total: u64,
}

/// A listing under way. Dropping it ends it.
pub(super) struct Listing {
    /// The revision that everything is read at.
    pub revision: i64,
    /// The cluster that answered.
    pub cluster_id: u64,
    /// The term of the member that answered.
    pub raft_term: u64,
    /// Keys altogether.
    pub total: u64,
    /// Whether the pages bring values.
    pub with_values: bool,
    /// The first keys, without values, for a first screen. The pages bring them again only with
    /// values.
    pub first: Vec<KeyRecord>,
    pages: Receiver<Result<Vec<KeyRecord>, Fault>>,
    _task: Task<()>,
}

/// What the first read of an interval told.
struct Head {
    interval: KeyInterval,
    count: u64,
    rows: Vec<KeyRecord>,
}

impl Listing {
    /// Begins to list the intervals at this revision, or at the newest.
    pub(super) async fn begin(
        cluster: &Cluster,
        intervals: &[KeyInterval],
        revision: Option<i64>,
        values: ListValues,
        value_budget_bytes: u64,
    ) -> Result<Self, Fault> {
        let mut pinned = revision.unwrap_or(0);
        let (mut cluster_id, mut raft_term) = (0, 0);
        let mut heads = Vec::with_capacity(intervals.len());
        let mut wanted = FIRST_ROWS;
        for interval in intervals {
            let answer = first_rows(cluster, interval, pinned, wanted).await?;
            if let Some(header) = &answer.header {
                if pinned == 0 {
                    pinned = header.revision;
                }
                (cluster_id, raft_term) = (header.cluster_id, header.raft_term);
            }
            let count = u64::try_from(answer.count).unwrap_or(0);
            let rows: Vec<_> = answer.kvs.into_iter().map(|kv| record_of(kv, false)).collect();
            wanted = (wanted - i64::try_from(rows.len()).unwrap_or(wanted)).max(1);
            heads.push(Head { interval: interval.clone(), count, rows });
        }
        let total: u64 = heads.iter().map(|head| head.count).sum();
        let with_values = match values {
            ListValues::Always => true,
            ListValues::UpToKeys(most) => total <= most,
            ListValues::Never => false,
        };
        let first: Vec<_> = heads.iter().flat_map(|head| head.rows.iter().cloned()).collect();
        let parts = heads.into_iter().filter_map(|head| rest_of(head, with_values)).collect();
        let (sender, pages) = channel(2);
        let reader = Reader {
            cluster: cluster.clone(),
            revision: pinned,
            with_values,
            value_room: Arc::new(AtomicU64::new(value_budget_bytes)),
        };
        let task = Task::spawn(reader.run(parts, sender));
        Ok(Self { revision: pinned, cluster_id, raft_term, total, with_values, first, pages, _task: task })
    }

    /// The next keys in order; `None` when all have been read.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<KeyRecord>, Fault>> {
        self.pages.recv().await
    }
}

/// The first rows of an interval; fewer where keys are huge.
async fn first_rows(
    cluster: &Cluster,
    interval: &KeyInterval,
    revision: i64,
    wanted: i64,
) -> Result<PbRangeResponse, Fault> {
    let mut limit = wanted;
    loop {
        let options = GetOptions::new().with_keys_only().with_limit(limit);
        match range(cluster, &interval.start, interval.end.as_deref(), revision, options).await {
            Err(fault) if fault.kind == FaultKind::TooLarge && limit > 1 => limit = (limit / 16).max(1),
            answer => return answer,
        }
    }
}

/// What is left to read of an interval behind its first rows.
fn rest_of(head: Head, with_values: bool) -> Option<Part> {
    let read = if with_values { 0 } else { head.rows.len() as u64 };
    if head.count <= read {
        return None;
    }
    let start = match (with_values, head.rows.last()) {
        (false, Some(last)) => successor(&last.key),
        _ => head.rows.first().map_or(head.interval.start, |first| first.key.to_vec()),
    };
    Some(Part { start, end: head.interval.end, count: head.count - read, bounded: true })
}

/// The smallest key behind this one.
fn successor(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

/// One Range of `[start, end)`.
async fn range(
    cluster: &Cluster,
    start: &[u8],
    end: Option<&[u8]>,
    revision: i64,
    options: GetOptions,
) -> Result<PbRangeResponse, Fault> {
    let key = if start.is_empty() { &[0][..] } else { start };
    let options = options.with_range(end.unwrap_or(&[0])).with_revision(revision);
    let answer = cluster
        .ask(LIST_TIMEOUT, |mut handle| {
            let options = options.clone();
            async move { handle.kv.get(key, Some(options)).await }
        })
        .await?;
    Ok(answer.0)
}

#[derive(Clone)]
struct Reader {
    cluster: Cluster,
    revision: i64,
    with_values: bool,
    /// Bytes of values that may still be read.
    value_room: Arc<AtomicU64>,
}

impl Reader {
    /// Splits and reads, and sends the pages in order.
    async fn run(self, parts: Vec<Part>, pages: Sender<Result<Vec<KeyRecord>, Fault>>) {
        let (plan_sender, mut planned) = channel::<Result<Part, Fault>>(4);
        let planner = self.clone();
        let _planning =
            Task::spawn(async move { plan::plan(&planner, Sizes::default(), parts, &plan_sender).await });
        let mut in_flight: VecDeque<Receiver<Result<Vec<KeyRecord>, Fault>>> = VecDeque::new();
        let mut tasks: VecDeque<Task<()>> = VecDeque::new();
        let mut all_planned = false;
        loop {
            tokio::select! {
                part = planned.recv(), if !all_planned && in_flight.len() < IN_FLIGHT => match part {
                    Some(Ok(part)) => {
                        let (sender, receiver) = channel(2);
                        let reader = self.clone();
                        tasks.push_back(Task::spawn(async move { reader.read_part(part, sender).await }));
                        in_flight.push_back(receiver);
                    }
                    Some(Err(fault)) => {
                        // Whoever listened is gone if this can not be told.
                        let _told = pages.send(Err(fault)).await;
                        return;
                    }
                    None => all_planned = true,
                },
                page = next_of(&mut in_flight), if !in_flight.is_empty() => match page {
                    Some(page) => {
                        let failed = page.is_err();
                        if pages.send(page).await.is_err() || failed {
                            return;
                        }
                    }
                    None => {
                        in_flight.pop_front();
                        tasks.pop_front();
                    }
                },
                else => return,
            }
        }
    }

    /// Reads one part and sends it in pages.
    async fn read_part(self, part: Part, pages: Sender<Result<Vec<KeyRecord>, Fault>>) {
        let result = if self.with_values {
            self.read_values(&part, &pages).await
        } else {
            self.read_keys(&part, &pages, 0).await
        };
        if let Err(fault) = result {
            // Whoever listened is gone if this can not be told.
            let _told = pages.send(Err(fault)).await;
        }
    }

    /// Keys alone: the whole part at once, or in smaller and smaller pages where keys are huge.
    async fn read_keys(
        &self,
        part: &Part,
        pages: &Sender<Result<Vec<KeyRecord>, Fault>>,
        limit: i64,
    ) -> Result<(), Fault> {
        let mut limit = if part.bounded { limit } else { plan::PAGE_KEYS };
        let mut start = part.start.clone();
        loop {
            let options = GetOptions::new().with_keys_only().with_limit(limit);
            let answer = match range(&self.cluster, &start, part.end.as_deref(), self.revision, options).await
            {
                Err(fault) if fault.kind == FaultKind::TooLarge && limit != 1 => {
                    limit = if limit == 0 { 2_048 } else { (limit / 8).max(1) };
                    continue;
                }
                answer => answer?,
            };
            let more = answer.more;
            let records: Vec<_> = answer.kvs.into_iter().map(|kv| record_of(kv, false)).collect();
            if let Some(last) = records.last() {
                start = successor(&last.key);
            }
            if records.is_empty() || pages.send(Ok(records)).await.is_err() || !more {
                return Ok(());
            }
        }
    }

    /// Keys and values: pages of some MiB, whose rows follow the size of the values. Beyond the
    /// budget the rest is read without values.
    async fn read_values(
        &self,
        part: &Part,
        pages: &Sender<Result<Vec<KeyRecord>, Fault>>,
    ) -> Result<(), Fault> {
        let mut limit = FIRST_VALUE_ROWS;
        let mut start = part.start.clone();
        loop {
            if self.value_room.load(Ordering::Relaxed) == 0 {
                let rest = Part { start, ..part.clone() };
                return self.read_keys(&rest, pages, 0).await;
            }
            let options = GetOptions::new().with_limit(limit);
            let answer = match range(&self.cluster, &start, part.end.as_deref(), self.revision, options).await
            {
                Err(fault) if fault.kind == FaultKind::TooLarge && limit > 1 => {
                    limit = (limit / 8).max(1);
                    continue;
                }
                answer => answer?,
            };
            let more = answer.more;
            let bytes: usize = answer.kvs.iter().map(|kv| kv.key.len() + kv.value.len()).sum();
            let room = self.value_room.load(Ordering::Relaxed);
            self.value_room.store(room.saturating_sub(bytes as u64), Ordering::Relaxed);
            limit = next_limit(limit, bytes);
            let records: Vec<_> = answer.kvs.into_iter().map(|kv| record_of(kv, true)).collect();
            if let Some(last) = records.last() {
                start = successor(&last.key);
            }
            if records.is_empty() || pages.send(Ok(records)).await.is_err() || !more {
                return Ok(());
            }
        }
    }
}

impl Probe for Reader {
    async fn probe(&self, start: &[u8], end: Option<&[u8]>) -> Result<(u64, Option<Vec<u8>>), Fault> {
        let options = GetOptions::new().with_keys_only().with_limit(1);
        let answer = range(&self.cluster, start, end, self.revision, options).await?;
        let count = u64::try_from(answer.count).unwrap_or(0);
        Ok((count, answer.kvs.into_iter().next().map(|kv| kv.key)))
    }
}

/// Rows of the next page, after `rows` rows had `bytes` bytes: at most twice as many, so that one
/// run of small values does not ask for too much behind it.
fn next_limit(rows: i64, bytes: usize) -> i64 {
    let per_row = i64::try_from(bytes).unwrap_or(i64::MAX) / rows.max(1);
    let target = i64::try_from(VALUE_PAGE_BYTES).unwrap_or(i64::MAX) / per_row.max(1);
    target.clamp(1, (rows * 2).min(VALUE_PAGE_ROWS))
}

async fn next_of(
    in_flight: &mut VecDeque<Receiver<Result<Vec<KeyRecord>, Fault>>>,
) -> Option<Result<Vec<KeyRecord>, Fault>> {
    match in_flight.front_mut() {
        Some(first) => first.recv().await,
        None => None,
    }
}

impl Cluster {
    /// Reads every key with this prefix that the user may read, at one revision (`None`: the
    /// newest), and sends it page by page, each of a few MiB. Returns the revision. Dropping the
    /// receiver ends it with [`FaultKind::Cancelled`].
    ///
    /// # Errors
    /// When no member could answer, the revision is compacted meanwhile, or the receiver is gone.
    pub async fn list_pages(
        &self,
        prefix: &[u8],
        revision: Option<i64>,
        with_values: bool,
        pages: &Sender<Page>,
    ) -> Result<i64, Fault> {
        self.list_interval(&KeyInterval::prefix(prefix), revision, with_values, pages).await
    }

    /// As [`Self::list_pages`], for the keys of an interval.
    ///
    /// # Errors
    /// As [`Self::list_pages`].
    pub async fn list_interval(
        &self,
        wanted: &KeyInterval,
        revision: Option<i64>,
        with_values: bool,
        pages: &Sender<Page>,
    ) -> Result<i64, Fault> {
        let gone = || Fault::new(FaultKind::Cancelled, "the listing is no longer wanted");
        let values = if with_values { ListValues::Always } else { ListValues::Never };
        let begin = async |readable: &[KeyInterval]| {
            let intervals: Vec<_> = readable.iter().filter_map(|it| intersect(it, wanted)).collect();
            if intervals.is_empty() {
                let detail = "the user may read nothing of it";
                return Err(Fault::new(FaultKind::PermissionDenied, detail));
            }
            Listing::begin(self, &intervals, revision, values, u64::MAX).await
        };
        let readable = self.readable().unwrap_or_else(|| vec![KeyInterval::everything()]);
        let mut listing = match begin(&readable).await {
            Err(fault) if fault.kind == FaultKind::PermissionDenied && self.user().is_some() => {
                let granted = self.granted_intervals().await?;
                let listing = begin(&granted).await?;
                self.set_readable(Some(granted));
                listing
            }
            listing => listing?,
        };
        let (revision, total) = (listing.revision, listing.total);
        if !listing.with_values && !listing.first.is_empty() {
            let records = std::mem::take(&mut listing.first);
            pages.send(Page { records, revision, total }).await.map_err(|_| gone())?;
        }
        loop {
            let next = tokio::select! {
                next = listing.next() => next,
                () = pages.closed() => return Err(gone()),
            };
            match next {
                Some(records) => {
                    let page = Page { records: records?, revision, total };
                    pages.send(page).await.map_err(|_| gone())?;
                }
                None => return Ok(revision),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_the_size_of_the_values() {
        assert_eq!(next_limit(64, 64 * 100), 128);
        assert_eq!(next_limit(1_000, 1_000 * 100), 1_000);
        assert_eq!(next_limit(64, 64 * 1_500_000), 2);
        assert_eq!(next_limit(1, 64 << 20), 1);
        assert_eq!(next_limit(64, 0), 128);
    }
}
