//! Reads many keys at one revision, in bounded parts.
//!
//! A Range with a limit still counts everything up to its end, so open-ended pages of a large key
//! space cost its size each time. [`windows`] says which stretches are read instead, [`guess`] where
//! they may end, and [`reader`] reads some of them at a time.

mod guess;
mod reader;
mod windows;

use etcd_client::GetOptions;
use etcd_client::proto::PbRangeResponse;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::access::intersect;
use super::cluster::{Cluster, LIST_TIMEOUT};
use super::read::page_of;
use super::task::Task;
use crate::model::fault::{Fault, FaultKind};
use crate::model::page::KeyPage;
use crate::model::record::KeyRecord;
use crate::model::status::KeyInterval;
use reader::Reader;
use windows::{Windows, successor};

/// Rows of the first read, for a first screen.
const FIRST_ROWS: i64 = 500;

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
    pub first: KeyPage,
    pages: Receiver<Result<KeyPage, Fault>>,
    _task: Task<()>,
}

/// What the first read of an interval told.
struct Head {
    interval: KeyInterval,
    count: u64,
    rows: KeyPage,
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
            let rows = page_of(answer.kvs, false);
            wanted = (wanted - i64::try_from(rows.len()).unwrap_or(wanted)).max(1);
            heads.push(Head { interval: interval.clone(), count, rows });
        }
        let total: u64 = heads.iter().map(|head| head.count).sum();
        let with_values = match values {
            ListValues::Always => true,
            ListValues::UpToKeys(most) => total <= most,
            ListValues::Never => false,
        };
        let (sender, pages) = channel(2);
        let reader = Reader::new(cluster.clone(), pinned, with_values, value_budget_bytes);
        let (mut windows, mut first) = (Windows::default(), KeyPage::default());
        for head in heads {
            windows.learn(&head.rows, reader.sizes());
            for it in head.rows.iter() {
                first.push(it.key, it.meta, None);
            }
            let (start, end, keys) = rest_of(head, with_values);
            windows.push(start, end, keys);
        }
        let task = Task::spawn(reader.run(windows, sender));
        Ok(Self { revision: pinned, cluster_id, raft_term, total, with_values, first, pages, _task: task })
    }

    /// The next keys in order; `None` when all have been read.
    pub(super) async fn next(&mut self) -> Option<Result<KeyPage, Fault>> {
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

/// What is left to read of an interval behind its first rows: from where, up to where, how many keys.
fn rest_of(head: Head, with_values: bool) -> (Vec<u8>, Option<Vec<u8>>, u64) {
    let start = match (with_values, head.rows.last()) {
        (false, Some(last)) => successor(last.key),
        _ => head.rows.get(0).map_or(head.interval.start, |first| first.key.to_vec()),
    };
    let read = if with_values { 0 } else { head.rows.len() as u64 };
    (start, head.interval.end, head.count.saturating_sub(read))
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
            let records = listing.first.records();
            pages.send(Page { records, revision, total }).await.map_err(|_| gone())?;
        }
        loop {
            let next = tokio::select! {
                next = listing.next() => next,
                () = pages.closed() => return Err(gone()),
            };
            match next {
                Some(page) => {
                    let page = Page { records: page?.records(), revision, total };
                    pages.send(page).await.map_err(|_| gone())?;
                }
                None => return Ok(revision),
            }
        }
    }
}
