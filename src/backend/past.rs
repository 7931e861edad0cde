//! Questions about the past: etcd is asked first, where it still has it, then the journal.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::jobs::Asker;
use super::journal::Journal;
use super::plans::Past;
use crate::etcd::Cluster;
use crate::model::activity::DeletedKey;
use crate::model::bytes::Key;
use crate::model::fault::{Fault, FaultKind};
use crate::model::journal::{KeyRecords, Span};
use crate::model::message::{CommandKind, EventKind};
use crate::model::moment::{
    Certainty, Live, PastKey, PastSource, Picture, Tick, Timeline, Watched, picture, spans_of,
};
use crate::model::record::KeyRecord;
use crate::model::status::KeyInterval;
use crate::storage::journal::Ticks;

/// Of one key at most so many versions …
const MOST_VERSIONS: usize = 10_000;
/// … and bytes of values are told.
const MOST_BYTES: u64 = 64 << 20;
/// At most so many changes of a prefix are told.
const MOST_TICKS: usize = 20_000;
/// At most so many deleted keys are told.
const MOST_DELETED: usize = 20_000;
/// At most so many keys of one revision are told.
const MOST_TOGETHER: usize = 20_000;

impl Asker {
    /// Answers a question about the past.
    pub(super) async fn past(&self, cluster: &Cluster, kind: CommandKind) -> Option<EventKind> {
        let journal = &self.journal;
        Some(match kind {
            CommandKind::Recorded(key) => {
                let records = recorded(journal, &key).await.map(std::sync::Arc::new);
                EventKind::Recorded { key, records }
            }
            CommandKind::Together(revision) => {
                EventKind::Together { revision, keys: together(journal, revision).await }
            }
            CommandKind::Timeline(prefix) => {
                let timeline = timeline(cluster, journal, &prefix).await.map(std::sync::Arc::new);
                EventKind::Timeline { prefix, timeline }
            }
            CommandKind::Moment { prefix, revision } => {
                let picture = moment(cluster, journal, &prefix, revision).await.map(std::sync::Arc::new);
                EventKind::Moment { prefix, revision, picture }
            }
            CommandKind::DeletedKeys(prefix) => {
                let keys = deleted_keys(journal, &prefix).await;
                EventKind::DeletedKeys { prefix, keys }
            }
            _ => return None,
        })
    }
}

/// What the journal has of a key.
pub(super) async fn recorded(journal: &Journal, key: &Key) -> Result<KeyRecords, Fault> {
    if journal.keeps_out(key) {
        return Ok(KeyRecords { kept_out: true, ..KeyRecords::default() });
    }
    let wanted = key.clone();
    let read = journal.read(move |reader, epoch| {
        let watched = reader.watched(epoch)?;
        let (records, more) = reader.of_key(epoch, &wanted, MOST_VERSIONS, MOST_BYTES)?;
        let mut spans = spans_of(&watched, &KeyInterval::key(&wanted));
        if let Some(oldest) = records.last().filter(|_| more) {
            cut(&mut spans, oldest.revision);
        }
        Ok(KeyRecords { records, spans, kept_out: false })
    });
    Ok(read.await?.unwrap_or_default())
}

/// Older versions are not told: the spans begin with the oldest that is.
fn cut(spans: &mut Vec<Span>, from: i64) {
    spans.retain(|span| span.to >= from);
    for span in spans.iter_mut() {
        span.after = span.after.max(from);
    }
}

/// The keys that changed at a revision: those recorded, and those that have not changed since.
async fn together(journal: &Journal, revision: i64) -> Result<Vec<Key>, Fault> {
    let read = journal.read(move |reader, epoch| reader.together(epoch, revision)).await?;
    let mut keys = read.unwrap_or_default();
    keys.retain(|key| !journal.keeps_out(key));
    if let Some(live) = journal.live() {
        let search = move || {
            let mut found: Vec<Key> = Vec::new();
            let _completed = live.keyspace.for_each(&mut |key, view| {
                if view.meta.mod_revision == revision {
                    found.push(key.into());
                }
                ControlFlow::Continue(())
            });
            found
        };
        keys.extend(off_the_async_threads(search).await?);
    }
    keys.sort();
    keys.dedup();
    keys.truncate(MOST_TOGETHER);
    Ok(keys)
}

/// Every change of a prefix that is in reach.
async fn timeline(cluster: &Cluster, journal: &Journal, prefix: &[u8]) -> Result<Timeline, Fault> {
    let etcd_from = match cluster.compaction_revision().await {
        Ok(revision) => Some(revision),
        Err(fault) => {
            tracing::warn!(%fault, "how far back etcd reaches is not known");
            None
        }
    };
    let wanted = prefix.to_vec();
    let read = journal.read(move |reader, epoch| {
        let spans = spans_of(&reader.watched(epoch)?, &KeyInterval::prefix(&wanted));
        Ok((reader.ticks(epoch, &wanted, MOST_TICKS)?, spans))
    });
    let (recorded, spans) = read.await?.unwrap_or_default();
    let (live, wanted) = (journal.live(), prefix.to_vec());
    let known = spans.clone();
    let (ticks, cut) =
        off_the_async_threads(move || ticks_in_reach(recorded, &known, live.as_ref(), &wanted, etcd_from))
            .await?;
    Ok(Timeline { prefix: prefix.to_vec(), ticks, spans, etcd_from, cut })
}

/// The changes recorded and those that live keys show, where one can go to them.
fn ticks_in_reach(
    recorded: Ticks,
    spans: &[Span],
    live: Option<&Live>,
    prefix: &[u8],
    etcd_from: Option<i64>,
) -> (Vec<Tick>, bool) {
    // What was found when coming back lies between spans: it is known as well.
    let recorded_from = spans.iter().map(|span| span.after).min();
    let from = etcd_from.map(|from| from.max(1)).into_iter().chain(recorded_from).min();
    let mut ticks: BTreeMap<i64, Tick> =
        recorded.ticks.into_iter().map(|tick| (tick.revision, tick)).collect();
    let was_recorded: std::collections::BTreeSet<i64> = ticks.keys().copied().collect();
    let mut look = |_: &[u8], view: crate::model::keyspace::KeyView<'_>| {
        let revision = view.meta.mod_revision;
        if !was_recorded.contains(&revision) {
            let none = Tick { revision, seen_at: None, created: 0, changed: 0, deleted: 0 };
            let tick = ticks.entry(revision).or_insert(none);
            if view.meta.version == 1 {
                tick.created += 1;
            } else {
                tick.changed += 1;
            }
        }
        ControlFlow::Continue(())
    };
    if let Some(live) = live {
        let _completed = live.keyspace.for_each_prefix(prefix, &mut look);
    }
    // The newest change is what the folder is now: it is always there to go to.
    let newest = ticks.keys().next_back().copied();
    let in_reach = |revision: i64| from.is_some_and(|from| revision >= from) || Some(revision) == newest;
    let mut ticks: Vec<Tick> = ticks.into_values().filter(|tick| in_reach(tick.revision)).collect();
    let too_many = ticks.len().saturating_sub(MOST_TICKS);
    ticks.drain(..too_many);
    (ticks, recorded.cut || too_many > 0)
}

/// What a prefix was at a revision: as etcd has it, or as it was recorded.
pub(super) async fn moment(
    cluster: &Cluster,
    journal: &Journal,
    prefix: &[u8],
    revision: i64,
) -> Result<Picture, Fault> {
    let wanted = KeyInterval::prefix(prefix);
    let refused = match cluster.moment(&wanted, revision).await {
        Ok(records) => {
            let partial = cluster.notices().iter().any(|notice| notice.restricts(&wanted));
            return Ok(of_etcd(prefix, revision, records, partial));
        }
        Err(fault) => fault,
    };
    let compacted = refused.kind == FaultKind::Compacted;
    // What was asked is too much, or not allowed: that is the answer.
    let may_be_recorded = compacted
        || matches!(refused.kind, FaultKind::TimedOut | FaultKind::Unavailable | FaultKind::NoLeader);
    if !may_be_recorded {
        return Err(refused);
    }
    let live = journal.live();
    if live.as_ref().is_none_or(|live| live.applied < revision) {
        return Err(refused);
    }
    let from = prefix.to_vec();
    let read = journal.read(move |reader, epoch| {
        let (facts, watched) = reader.around(epoch, &from, revision)?;
        Ok(picture(&from, revision, facts, &watched, live.as_ref()))
    });
    let picture = match read.await? {
        Some(picture) => picture,
        None => {
            let (live, from) = (journal.live(), prefix.to_vec());
            let none: [Watched; 0] = [];
            off_the_async_threads(move || picture_of(&from, revision, &none, live.as_ref())).await?
        }
    };
    if compacted || picture.certainty == Certainty::Exact { Ok(picture) } else { Err(refused) }
}

fn picture_of(prefix: &[u8], revision: i64, watched: &[Watched], live: Option<&Live>) -> Picture {
    picture(prefix, revision, [], watched, live)
}

fn of_etcd(prefix: &[u8], revision: i64, records: Vec<KeyRecord>, partial: bool) -> Picture {
    let keys = records.into_iter().map(|record| {
        let KeyRecord { key, meta, value } = record;
        (key, PastKey { meta, value, source: PastSource::Etcd })
    });
    Picture {
        prefix: prefix.to_vec(),
        revision,
        keys: keys.collect(),
        uncertain: Vec::new(),
        certainty: if partial { Certainty::Withheld } else { Certainty::Exact },
    }
}

/// Keys below a prefix that were deleted, as they last were.
async fn deleted_keys(journal: &Journal, prefix: &[u8]) -> Result<Vec<DeletedKey>, Fault> {
    let (live, wanted) = (journal.live(), prefix.to_vec());
    let read = journal.read(move |reader, epoch| {
        let mut deleted = reader.deleted(epoch, &wanted, MOST_DELETED, MOST_BYTES)?;
        // One that was created again while nobody recorded is not gone.
        deleted.retain(|it| live.as_ref().is_none_or(|live| live.keyspace.get(&it.last.key).is_none()));
        let watched = reader.watched(epoch)?;
        let told = deleted.into_iter().map(|it| {
            let watched_to = if it.found { watched_before(&watched, &it.last, it.revision) } else { 0 };
            let seen_at = it.seen_at.unwrap_or_default();
            DeletedKey { last: it.last, revision: it.revision, seen_at, found: it.found, watched_to }
        });
        Ok(told.collect::<Vec<_>>())
    });
    let deleted = read.await?.unwrap_or_default();
    Ok(deleted.into_iter().filter(|it| !journal.keeps_out(&it.last.key)).collect())
}

/// The last revision at which a key is known to have been what was recorded last, before it was found
/// gone.
fn watched_before(watched: &[Watched], last: &KeyRecord, found_gone: i64) -> i64 {
    let interval = KeyInterval::key(&last.key);
    let spans = watched.iter().filter(|it| it.span.to < found_gone && it.holds(&interval));
    let to = spans.map(|it| it.span.to).max().unwrap_or(0);
    to.max(last.meta.mod_revision)
}

async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::new(FaultKind::Other, format!("looking into the past: {error}")))
}

/// The past as plans read it: etcd's own, and what was recorded beyond.
#[derive(Clone)]
pub(super) struct RecordedPast(pub Journal);

impl Past for RecordedPast {
    async fn picture(&self, cluster: &Cluster, prefix: &[u8], revision: i64) -> Result<Picture, Fault> {
        moment(cluster, &self.0, prefix, revision).await
    }

    async fn deleted(&self, _cluster: &Cluster, prefix: &[u8]) -> Result<Vec<DeletedKey>, Fault> {
        deleted_keys(&self.0, prefix).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keyspace::Keyspace;
    use crate::model::record::KeyMeta;

    fn live(revisions: &[i64]) -> Live {
        let mut keyspace = Keyspace::new(b'/');
        for revision in revisions {
            let meta = KeyMeta { create_revision: *revision, mod_revision: *revision, version: 1, lease: 0 };
            keyspace.put(format!("k{revision}").as_bytes(), meta, None);
        }
        Live { keyspace, applied: 100, seen_at: 1_000, readable: vec![KeyInterval::everything()] }
    }

    fn span(after: i64, to: i64) -> Span {
        Span { after, to, from_time: after * 10, to_time: to * 10, has_base: true }
    }

    fn reached(spans: &[Span], at: &[i64], etcd_from: Option<i64>) -> Vec<i64> {
        let (ticks, _) = ticks_in_reach(Ticks::default(), spans, Some(&live(at)), b"", etcd_from);
        ticks.iter().map(|tick| tick.revision).collect()
    }

    #[test]
    fn a_change_that_nobody_watched_is_on_the_line() {
        let spans = [span(34, 55), span(60, 70)];
        assert_eq!(reached(&spans, &[20, 40, 57, 65], Some(90)), [40, 57, 65]);
    }

    #[test]
    fn the_newest_change_is_on_the_line_even_if_it_was_only_listed() {
        assert_eq!(reached(&[span(34, 55)], &[20, 30], Some(90)), [30]);
        assert_eq!(reached(&[], &[20, 30], Some(25)), [30]);
    }

    #[test]
    fn where_the_reach_of_etcd_is_not_known_it_is_not_taken_to_have_everything() {
        assert_eq!(reached(&[span(34, 55)], &[20, 40], None), [40]);
    }
}
