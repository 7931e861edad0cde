//! The past as etcd tells it: moments of a prefix, the versions of a key, the replay of its history.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etcd_client::{Client, GetOptions, Txn, TxnOp};
use etcdscope::demo::LocalClusterOptions;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::history::{History, HistoryEnd, KeyVersion};
use etcdscope::model::journal::RecordedKind;
use etcdscope::model::record::KeyRecord;
use etcdscope::model::status::KeyInterval;

use super::proxy::Proxy;
use super::support::{connect, newest, plain_client, revision, shared, start, versions};

fn as_written(records: &[KeyRecord]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    records
        .iter()
        .map(|record| (record.key.to_vec(), record.value.as_ref().expect("its value").to_vec()))
        .collect()
}

/// Writes and deletes below a prefix, and remembers what was there at each revision.
async fn write_history(client: &mut Client, prefix: &str) -> BTreeMap<i64, BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut now = BTreeMap::new();
    let mut moments = BTreeMap::new();
    for step in 0..60_u32 {
        let key = |number: u32| format!("{prefix}{:02}", number % 9).into_bytes();
        let value = format!("value {step}").into_bytes();
        let answer = if step % 5 == 3 {
            let both = vec![
                TxnOp::put(key(step), value.clone(), None),
                TxnOp::delete(key(step + 4), None),
                TxnOp::put(key(step + 5), value.clone(), None),
            ];
            now.insert(key(step), value.clone());
            now.remove(&key(step + 4));
            now.insert(key(step + 5), value.clone());
            client.txn(Txn::new().and_then(both)).await.unwrap().header().unwrap().revision()
        } else if step % 7 == 6 {
            now.remove(&key(step));
            client.delete(key(step), None).await.unwrap().header().unwrap().revision()
        } else {
            now.insert(key(step), value.clone());
            client.put(key(step), value.clone(), None).await.unwrap().header().unwrap().revision()
        };
        // A key outside: the prefix alone is asked about.
        client.put("outside", value, None).await.unwrap();
        moments.insert(answer, now.clone());
    }
    moments
}

#[tokio::test]
async fn a_prefix_is_told_as_it_was_at_each_revision() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let moments = write_history(&mut client, "moment/").await;
        let cluster = connect(&local.endpoints()).await;
        let interval = KeyInterval::prefix(b"moment/");
        for (revision, expected) in &moments {
            let told = cluster.moment(&interval, *revision).await.unwrap();
            assert_eq!(as_written(&told), *expected, "at revision {revision}");
            assert!(told.iter().all(|record| record.meta.mod_revision <= *revision));
            assert!(told.is_sorted_by_key(|record| &record.key));
        }
        let last = moments.values().last().unwrap();
        assert_eq!(as_written(&cluster.moment(&interval, 0).await.unwrap()), *last, "now");
        let one = KeyInterval::key(b"moment/01");
        let told = cluster.moment(&one, *moments.keys().last().unwrap()).await.unwrap();
        assert_eq!(told.len(), usize::from(last.contains_key(&b"moment/01"[..])));
    }
}

#[tokio::test]
async fn a_moment_that_was_compacted_away_says_so() {
    let local =
        super::support::start(&super::support::newest(), etcdscope::demo::LocalClusterOptions::members(1))
            .await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let moments = write_history(&mut client, "moment/").await;
    let compacted = *moments.keys().nth(30).unwrap();
    client.compact(compacted, None).await.unwrap();
    let cluster = connect(&local.endpoints()).await;
    let interval = KeyInterval::prefix(b"moment/");
    for (revision, expected) in &moments {
        match cluster.moment(&interval, *revision).await {
            Err(fault) => assert!(fault.kind == FaultKind::Compacted && *revision < compacted, "{fault:?}"),
            Ok(told) => {
                assert!(*revision >= compacted);
                assert_eq!(as_written(&told), *expected, "at revision {revision}");
            }
        }
    }
    assert!(revision(&mut client).await > compacted);
}

/// The versions of a generation, one Get after the other.
async fn walked_one_by_one(client: &mut Client, key: &str, from: i64) -> Vec<(i64, i64, Vec<u8>)> {
    let mut versions = Vec::new();
    let mut at = from;
    loop {
        let options = GetOptions::new().with_revision(at);
        let Ok(answer) = client.get(key, Some(options)).await else { return versions };
        let Some(found) = answer.kvs().first() else { return versions };
        versions.push((found.mod_revision(), found.version(), found.value().to_vec()));
        if found.version() == 1 {
            return versions;
        }
        at = found.mod_revision() - 1;
    }
}

fn told(history: &History) -> Vec<(i64, i64, Vec<u8>)> {
    let of = |it: &KeyVersion| (it.meta.mod_revision, it.meta.version, it.value.to_vec());
    history.versions.iter().map(of).collect()
}

#[tokio::test]
async fn versions_read_at_guessed_revisions_are_those_of_a_walk_one_by_one() {
    for local in shared().await {
        let mut client = plain_client(&local.endpoints()[0]).await;
        let cluster = connect(&local.endpoints()).await;
        let key = "walk/config";
        client.put(key, "of another generation", None).await.unwrap();
        let deleted = client.delete(key, None).await.unwrap().header().unwrap().revision();
        for number in 0..300_u32 {
            client.put(key, format!("value {number}"), None).await.unwrap();
            for other in 0..(number % 13) * (number % 3) {
                client.put("walk/other", format!("{other}"), None).await.unwrap();
            }
        }
        let expected = walked_one_by_one(&mut client, key, 0).await;
        assert_eq!(expected.len(), 300);
        let all = cluster.history(key.as_bytes(), None, 1_000).await.unwrap();
        assert_eq!((told(&all), all.end), (expected.clone(), HistoryEnd::FirstVersion));
        let first = cluster.history(key.as_bytes(), None, 20).await.unwrap();
        assert_eq!((told(&first), first.end), (expected[..20].to_vec(), HistoryEnd::More));
        let mut pages = first;
        while pages.end == HistoryEnd::More {
            let older = cluster.history(key.as_bytes(), pages.oldest_revision(), 64).await.unwrap();
            pages.append(older);
        }
        assert_eq!(told(&pages), expected);
        // Below a deletion there is the generation before it.
        let before = cluster.history(key.as_bytes(), Some(deleted), 20).await.unwrap();
        assert_eq!(told(&before).len(), 1);
        assert_eq!(&*before.versions[0].value, b"of another generation");
        let never = cluster.history(b"walk/never", None, 20).await.unwrap();
        assert!(never.versions.is_empty() && never.end == HistoryEnd::FirstVersion);
    }
}

#[tokio::test]
async fn what_is_compacted_away_ends_the_walk_and_nothing_else() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let cluster = connect(&local.endpoints()).await;
        assert_eq!(cluster.compaction_revision().await.unwrap(), 0);
        let mut puts = Vec::new();
        for number in 0..200 {
            client.put("noise", format!("{number}"), None).await.unwrap();
            let put = client.put("key", format!("{number}"), None).await.unwrap();
            puts.push(put.header().unwrap().revision());
        }
        // Between two versions: the older of them is still there, at the compaction.
        for compacted in [puts[40] + 1, puts[193]] {
            client.compact(compacted, None).await.unwrap();
            assert_eq!(cluster.compaction_revision().await.unwrap(), compacted);
            let all = cluster.history(b"key", None, 1_000).await.unwrap();
            assert_eq!(told(&all), walked_one_by_one(&mut client, "key", 0).await);
            let oldest = all.oldest_revision().unwrap();
            assert_eq!(all.end, HistoryEnd::Compacted { at_revision: oldest - 1 });
            assert!(oldest <= compacted);
        }
    }
}

/// Each round trip takes so long that the rest does not count.
#[tokio::test]
async fn the_first_page_of_a_thousand_versions_comes_within_five_round_trips() {
    const EACH_WAY: Duration = Duration::from_millis(150);
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    for number in 0..1_000_u32 {
        client.put("key", format!("{number}"), None).await.unwrap();
        if number % 5 == 0 {
            client.put("other", format!("{number}"), None).await.unwrap();
        }
    }
    let proxy = Proxy::start(&local.endpoints()[0]).await;
    let cluster = connect(&[proxy.endpoint()]).await;
    proxy.delay(EACH_WAY);
    let begun = Instant::now();
    let page = cluster.history(b"key", None, 20).await.unwrap();
    let took = begun.elapsed();
    assert_eq!(page.versions.len(), 20);
    println!(
        "the first 20 of 1,000 versions: {:.1} round trips",
        took.as_secs_f64() / (2.0 * EACH_WAY.as_secs_f64())
    );
    assert!(took < EACH_WAY * 2 * 6, "{took:?} is not within five round trips");
    proxy.delay(Duration::ZERO);
    let all = cluster.history(b"key", None, 1_000).await.unwrap();
    assert_eq!(told(&all), walked_one_by_one(&mut client, "key", 0).await);
}

fn not_cancelled() -> AtomicBool {
    AtomicBool::new(false)
}

#[tokio::test]
async fn a_replay_tells_every_change_that_etcd_still_knows() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let cluster = connect(&local.endpoints()).await;
        let moments = write_history(&mut client, "replay/").await;
        let interval = KeyInterval::prefix(b"replay/");
        for compacted in [0, *moments.keys().nth(20).unwrap()] {
            if compacted > 0 {
                client.compact(compacted, None).await.unwrap();
            }
            let mut steps = Vec::new();
            let mut progress = |done, total| steps.push((done, total));
            let replay = cluster.replay(&interval, 0, &mut progress, &not_cancelled()).await.unwrap();
            let until = revision(&mut client).await;
            assert_eq!((replay.after, replay.to), (compacted.max(1), until));
            let (done, total) = *steps.last().unwrap();
            assert_eq!(Some(done), total, "progress comes to its end");
            assert!(steps.is_sorted_by_key(|(done, _)| *done));
            assert!(replay.records.is_sorted_by_key(|record| -record.revision), "newest first");
            // What was, told from the replay alone, is what was.
            for (revision, expected) in moments.range(compacted.max(1)..) {
                let mut now = BTreeMap::new();
                for record in replay.records.iter().rev().filter(|it| it.revision <= *revision) {
                    match &record.kind {
                        RecordedKind::Put { meta, value } => {
                            assert_eq!(meta.mod_revision, record.revision);
                            now.insert(record.key.to_vec(), value.as_ref().unwrap().to_vec());
                        }
                        _ => drop(now.remove(&*record.key)),
                    }
                }
                assert_eq!(now, *expected, "at revision {revision}, compacted at {compacted}");
            }
            // A deleted key alone, too.
            let key = KeyInterval::key(b"replay/06");
            let one = cluster.replay(&key, 0, &mut |_, _| {}, &not_cancelled()).await.unwrap().records;
            let same: Vec<_> = replay.records.iter().filter(|it| &*it.key == b"replay/06").cloned().collect();
            assert_eq!(one, same);
            assert!(one.iter().any(|record| record.kind == RecordedKind::Deleted));
        }
    }
}

#[tokio::test]
async fn a_replay_can_be_stopped_and_survives_a_broken_stream() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    for number in 0..2_500 {
        client.put("key", format!("{number}"), None).await.unwrap();
    }
    let proxy = Proxy::start(&local.endpoints()[0]).await;
    let cluster = connect(&[proxy.endpoint()]).await;
    let interval = KeyInterval::key(b"key");
    let stop = Arc::new(not_cancelled());
    let raised = stop.clone();
    let mut at_once = move |_, _| raised.store(true, Ordering::Release);
    let stopped = cluster.replay(&interval, 0, &mut at_once, &stop).await;
    assert_eq!(stopped.unwrap_err().kind, FaultKind::Cancelled);
    let mut cut = false;
    let mut progress = |done: u64, _| {
        if done > 0 && !std::mem::replace(&mut cut, true) {
            proxy.cut();
        }
    };
    let replay = cluster.replay(&interval, 0, &mut progress, &not_cancelled()).await.unwrap();
    assert!(cut);
    let versions: Vec<i64> = replay
        .records
        .iter()
        .map(|record| match &record.kind {
            RecordedKind::Put { meta, .. } => meta.version,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(versions.iter().copied().eq((1..=2_500).rev()), "each once, in order");
}

/// All of 1,000 versions against a Get after the other by a plain client; medians of several rounds.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn all_versions_are_read_in_hardly_more_than_the_time_of_a_walk_one_by_one() {
    for binary in versions() {
        for apart in [1, 7] {
            let local = start(&binary, LocalClusterOptions::members(1)).await;
            let mut client = plain_client(&local.endpoints()[0]).await;
            for number in 0..1_000_u32 {
                client.put("key", format!("{number:0256}"), None).await.unwrap();
                for other in 1..apart {
                    client.put("other", format!("{other}"), None).await.unwrap();
                }
            }
            let cluster = connect(&local.endpoints()).await;
            let (mut raw, mut ours, mut first) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..9 {
                let begun = Instant::now();
                assert_eq!(walked_one_by_one(&mut client, "key", 0).await.len(), 1_000);
                raw.push(begun.elapsed());
                let begun = Instant::now();
                assert_eq!(cluster.history(b"key", None, 1_000).await.unwrap().versions.len(), 1_000);
                ours.push(begun.elapsed());
                let begun = Instant::now();
                assert_eq!(cluster.history(b"key", None, 20).await.unwrap().versions.len(), 20);
                first.push(begun.elapsed());
            }
            for times in [&mut raw, &mut ours, &mut first] {
                times.sort_unstable();
            }
            let ratio = ours[4].as_secs_f64() / raw[4].as_secs_f64();
            println!(
                "etcd {:?}, one version in {apart} revisions: one by one {:?}, all {:?} ({ratio:.2} of it), the first 20 {:?}",
                binary.version, raw[4], ours[4], first[4]
            );
            assert!(ratio <= 1.2, "{ratio:.2} of the time of a walk one by one");
        }
    }
}
