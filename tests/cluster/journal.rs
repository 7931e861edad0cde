//! The journal against a real etcd: what it answers of the past is what etcd answered while it still
//! knew; nothing that was acknowledged is lost, however the process ends.

mod console;
mod crash;

use std::collections::BTreeMap;

use etcd_client::{Client, GetOptions, Txn, TxnOp};
use etcdscope::demo::LocalClusterOptions;
use etcdscope::model::bytes::Key;
use etcdscope::model::journal::RecordedKind;
use etcdscope::model::moment::{Certainty, PastSource, Picture};
use etcdscope::model::record::KeyMeta;

use super::snapshot;
use super::support::{newest, plain_client, start, versions};
use console::Console;

/// What etcd says that there was.
type Truth = BTreeMap<Key, (KeyMeta, Vec<u8>)>;

async fn truth_at(client: &mut Client, prefix: &str, revision: i64) -> Truth {
    let options = GetOptions::new().with_prefix().with_revision(revision);
    let answer = client.get(prefix, Some(options)).await.expect("etcd knows it");
    let of = |pair: &etcd_client::KeyValue| {
        let meta = KeyMeta {
            create_revision: pair.create_revision(),
            mod_revision: pair.mod_revision(),
            version: pair.version(),
            lease: pair.lease(),
        };
        (Key::from(pair.key()), (meta, pair.value().to_vec()))
    };
    answer.kvs().iter().map(of).collect()
}

/// One step of a history at random: puts, deletions, transactions of several keys, leases.
async fn step(client: &mut Client, random: &mut fastrand::Rng, lease: i64) -> i64 {
    let key = |random: &mut fastrand::Rng| format!("past/{}/{}", random.u8(0..3), random.u8(0..6));
    let value = format!("value {} {}", random.u64(..), "x".repeat(random.usize(0..400)));
    let header = match random.u8(0..10) {
        0..5 => client.put(key(random), value, None).await.unwrap().take_header(),
        5 => {
            let options = etcd_client::PutOptions::new().with_lease(lease);
            client.put(key(random), value, Some(options)).await.unwrap().take_header()
        }
        6 | 7 => client.delete(key(random), None).await.unwrap().take_header(),
        8 => {
            let folder = format!("past/{}/", random.u8(0..3));
            let options = etcd_client::DeleteOptions::new().with_prefix();
            client.delete(folder, Some(options)).await.unwrap().take_header()
        }
        _ => {
            let mut keys: Vec<String> = (0..4).map(|_| key(random)).collect();
            keys.sort();
            keys.dedup();
            let ops: Vec<TxnOp> = keys
                .into_iter()
                .map(|key| match random.bool() {
                    true => TxnOp::put(key, value.clone(), None),
                    false => TxnOp::delete(key, None),
                })
                .collect();
            client.txn(Txn::new().and_then(ops)).await.unwrap().take_header()
        }
    };
    header.expect("a header").revision()
}

/// The picture is the truth, and says so.
fn assert_exact(picture: &Picture, truth: &Truth) {
    let at = picture.revision;
    assert_eq!(picture.certainty, Certainty::Exact, "at {at}");
    assert!(picture.uncertain.is_empty(), "at {at}: {:?}", picture.uncertain);
    assert_true(picture, truth);
    assert_eq!(picture.keys.len(), truth.len(), "at {at}");
}

/// What the picture says is true; it may say of some keys that it does not know.
fn assert_true(picture: &Picture, truth: &Truth) {
    for (key, past) in &picture.keys {
        let name = String::from_utf8_lossy(key);
        let (meta, value) = truth
            .get(key)
            .unwrap_or_else(|| panic!("{name} did not exist at {}: {past:?}", picture.revision));
        let (at, sure) = (picture.revision, &picture.certainty);
        if past.meta.mod_revision == 0 {
            // It existed: that is all that is said.
            let told = (past.meta.create_revision, &past.value);
            assert_eq!(told, (meta.create_revision, &None), "{name} at {at}, {sure:?}");
            continue;
        }
        assert_eq!(&past.meta, meta, "{name} at {at}, {sure:?}, {:?}", past.source);
        assert!(past.value.as_deref() == Some(value.as_slice()), "the value of {name} at {at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_moment_is_what_etcd_answered_before_it_was_compacted() {
    for binary in versions() {
        let local = start(&binary, LocalClusterOptions::members(1)).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let lease = client.lease_grant(600, None).await.unwrap().id();
        let mut random = fastrand::Rng::with_seed(7);
        let home = tempfile::tempdir().unwrap();
        let mut truths: BTreeMap<i64, Truth> = BTreeMap::new();
        let (mut watched, mut recorded_to) = (Vec::new(), 0);
        for _ in 0..30 {
            let revision = step(&mut client, &mut random, lease).await;
            truths.insert(revision, truth_at(&mut client, "past/", revision).await);
        }
        // Watched, then not watched, three times.
        for _ in 0..3 {
            let mut console = Console::open(home.path(), &local.endpoints());
            let from = console.recorded(recorded_to).await;
            for _ in 0..80 {
                recorded_to = step(&mut client, &mut random, lease).await;
                truths.insert(recorded_to, truth_at(&mut client, "past/", recorded_to).await);
            }
            console.recorded(recorded_to).await;
            watched.push(from..=recorded_to);
            console.close().await;
            for _ in 0..40 {
                let revision = step(&mut client, &mut random, lease).await;
                truths.insert(revision, truth_at(&mut client, "past/", revision).await);
            }
        }
        let mut console = Console::open(home.path(), &local.endpoints());
        let last = truths.keys().next_back().copied().unwrap();
        console.recorded(last).await;
        let is_watched = |revision: i64| revision >= last || watched.iter().any(|it| it.contains(&revision));
        // While etcd knows, it is asked.
        let (&early, truth) = truths.iter().next().unwrap();
        let picture = console.moment("past/", early).await.unwrap();
        assert_exact(&picture, truth);
        assert!(picture.keys.values().all(|past| past.source == PastSource::Etcd));

        client.compact(last, None).await.unwrap();
        let (mut exact, mut gaps, mut known_in_gaps) = (0, 0, 0);
        for (&revision, truth) in &truths {
            let picture = console.moment("past/", revision).await.unwrap();
            if is_watched(revision) {
                exact += 1;
                assert_exact(&picture, truth);
            } else {
                gaps += 1;
                known_in_gaps += picture.keys.len();
                assert_ne!(picture.certainty, Certainty::Exact, "at {revision}");
                assert_true(&picture, truth);
            }
        }
        assert!(exact >= 150 && gaps >= 80 && known_in_gaps > 0, "{exact} {gaps} {known_in_gaps}");
        told_of_one_prefix(&mut console, &truths, &is_watched).await;
        console.close().await;
        local.shutdown().unwrap();
    }
}

/// The other questions tell the same.
async fn told_of_one_prefix(
    console: &mut Console,
    truths: &BTreeMap<i64, Truth>,
    is_watched: &dyn Fn(i64) -> bool,
) {
    let changed = |revision: i64| {
        let (_, before) = truths.range(..revision).next_back()?;
        let (now, mut keys) = (&truths[&revision], Vec::new());
        for key in before.keys().chain(now.keys()) {
            if before.get(key).map(|it| it.0) != now.get(key).map(|it| it.0) && !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys.sort();
        Some(keys)
    };
    let timeline = console.timeline("past/").await.unwrap();
    assert!(timeline.etcd_from.is_some_and(|from| from > 0) && timeline.spans.len() >= 3 && !timeline.cut);
    let mut together = 0;
    for &revision in truths.keys().filter(|revision| is_watched(**revision)) {
        // A revision at which a span began is known by its picture, not by its changes.
        if !is_watched(revision - 1) {
            continue;
        }
        let Some(keys) = changed(revision).filter(|keys| !keys.is_empty()) else { continue };
        let tick = timeline.ticks.iter().find(|tick| tick.revision == revision).expect("a tick");
        assert_eq!((tick.created + tick.changed + tick.deleted) as usize, keys.len(), "{tick:?}");
        assert_eq!(console.together(revision).await.unwrap(), keys, "at {revision}");
        together += 1;
    }
    assert!(together > 100, "{together}");
    let (&last, now) = truths.iter().next_back().unwrap();
    let deleted = console.deleted("past/").await.unwrap();
    for key in &deleted {
        assert!(!now.contains_key(&key.last.key) && key.revision <= last);
    }
    // Every key that was there at a moment that was watched, and is gone, can be brought back.
    let mut gone: Vec<Key> = Vec::new();
    for truth in truths.iter().filter(|(revision, _)| is_watched(**revision)).map(|(_, truth)| truth) {
        gone.extend(truth.keys().filter(|key| !now.contains_key(*key)).cloned());
    }
    gone.sort();
    gone.dedup();
    assert!(gone.iter().all(|key| deleted.iter().any(|it| it.last.key == *key)), "{gone:?}");
    let key = now.keys().next().expect("a key").clone();
    let records = console.of_key(&key).await.unwrap();
    assert!(!records.kept_out && records.spans.len() >= 3);
    for record in records.records.iter().filter(|record| is_watched(record.revision)) {
        if let (RecordedKind::Put { meta, value }, Some(truth)) = (&record.kind, truths.get(&record.revision))
        {
            let (known, bytes) = &truth[&key];
            assert_eq!((meta, value.as_deref()), (known, Some(bytes.as_slice())));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_cluster_begins_an_epoch_of_its_own() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let home = tempfile::tempdir().unwrap();
    client.put("past/a", "before", None).await.unwrap();
    let file = home.path().join("snapshot.db");
    snapshot::save(&local, &file).await.unwrap();
    let mut console = Console::open(home.path(), &local.endpoints());
    console.recorded(1).await;
    for round in 0..20 {
        client.put("past/a", format!("first {round}"), None).await.unwrap();
    }
    let last = client.put("past/lost", "by the restore", None).await.unwrap();
    console.recorded(last.header().unwrap().revision()).await;
    let recorded = console.of_key(&Key::from(&b"past/a"[..])).await.unwrap();
    assert!(recorded.records.len() >= 20, "{recorded:?}");

    local.member(0).kill();
    snapshot::put_back(&local, &file).await.unwrap();
    local.restart(0).await.unwrap();
    let mut client = plain_client(&local.endpoints()[0]).await;
    let again = super::support::eventually("a write", || {
        let mut client = client.clone();
        async move { client.put("past/b", "second", None).await.ok() }
    });
    let restored = again.await.header().unwrap().revision();
    console.new_epoch(restored).await;
    // What the first history had at these revisions is not taken for this one's.
    let records = console.of_key(&Key::from(&b"past/a"[..])).await.unwrap().records.clone();
    assert!(records.len() == 1 && records[0].revision < restored, "{records:?}");
    for round in 0..30 {
        client.put("past/a", format!("second {round}"), None).await.unwrap();
    }
    let last = client.put("past/end", "x", None).await.unwrap().header().unwrap().revision();
    console.recorded(last).await;
    let truth = truth_at(&mut client, "past/", last - 5).await;
    client.compact(last, None).await.unwrap();
    assert_exact(&console.moment("past/", last - 5).await.unwrap(), &truth);
    console.close().await;
    // And it is found again.
    let mut console = Console::open(home.path(), &local.endpoints());
    console.recorded(last).await;
    assert_exact(&console.moment("past/", last - 5).await.unwrap(), &truth);
    console.close().await;
    local.shutdown().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_out_and_what_is_switched_off_leaves_no_trace() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let home = tempfile::tempdir().unwrap();
    client.put("secrets/a", "SECRET-before", None).await.unwrap();
    let mut console = Console::open_with(home.path(), &local.endpoints(), |journal| {
        journal.kept_out = vec!["c2VjcmV0cy8=".to_owned()];
    });
    console.recorded(1).await;
    client.put("secrets/a", "SECRET-after", None).await.unwrap();
    let last = client.put("open/a", "told", None).await.unwrap().header().unwrap().revision();
    console.recorded(last).await;
    let secret = console.of_key(&Key::from(&b"secrets/a"[..])).await.unwrap();
    assert!(secret.kept_out && secret.records.is_empty());
    assert_eq!(console.of_key(&Key::from(&b"open/a"[..])).await.unwrap().records.len(), 1);
    client.compact(last, None).await.unwrap();
    assert_eq!(console.moment("", last - 1).await.unwrap().certainty, Certainty::Withheld);
    console.close().await;

    let off = tempfile::tempdir().unwrap();
    let mut console = Console::open_with(off.path(), &local.endpoints(), |journal| journal.on = false);
    console.live(last).await;
    let answer = console.of_key(&Key::from(&b"open/a"[..])).await.unwrap();
    assert!(answer.kept_out);
    console.close().await;
    assert!(!off.path().join("journal").exists());
    let mut all = Vec::new();
    for entry in std::fs::read_dir(home.path().join("journal")).unwrap() {
        all.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let has = |needle: &[u8]| all.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"told") && !has(b"SECRET") && !has(b"secrets/a"));
    local.shutdown().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_kept_aside_and_told_and_recording_goes_on() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let home = tempfile::tempdir().unwrap();
    client.put("a", "1", None).await.unwrap();
    let mut console = Console::open(home.path(), &local.endpoints());
    console.recorded(1).await;
    console.close().await;
    let folder = home.path().join("journal");
    let file = std::fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .find(|it| it.extension().is_some_and(|extension| extension == "sqlite"));
    let file = file.expect("a journal");
    std::fs::write(&file, "no database at all, and longer than the header of one. ".repeat(100)).unwrap();

    let mut console = Console::open(home.path(), &local.endpoints());
    console.until_status("that it was kept aside", |status| status.kept_aside.is_some()).await;
    let aside = console.status.kept_aside.clone().unwrap();
    assert!(std::fs::read(&aside).unwrap().starts_with(b"no database"));
    let last = client.put("a", "2", None).await.unwrap().header().unwrap().revision();
    console.recorded(last).await;
    assert_eq!(console.status.fault, None);
    assert_eq!(console.of_key(&Key::from(&b"a"[..])).await.unwrap().records.len(), 2);
    console.close().await;
    local.shutdown().unwrap();
}

/// What the disk has no room for is a gap, and told; recording goes on when there is room again.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_a_gap_and_recording_goes_on() {
    let local = start(&newest(), LocalClusterOptions::members(1)).await;
    let mut client = plain_client(&local.endpoints()[0]).await;
    let home = tempfile::tempdir().unwrap();
    let small = home.path().join("journal");
    std::fs::create_dir(&small).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs"])
        .arg(&small)
        .output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        eprintln!("not root: no disk of its own can be made");
        return;
    }
    let mut console = Console::open(home.path(), &local.endpoints());
    let first = client.put("a", "kept", None).await.unwrap().header().unwrap().revision();
    console.recorded(first).await;
    let filler = small.join("filler");
    let written = std::fs::write(&filler, vec![1; 8 << 20]);
    assert!(written.is_err(), "it is small");
    let random: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(500_000).collect();
    client.put("b", random, None).await.unwrap();
    console
        .until_status("that the disk is full", |status| {
            status
                .fault
                .as_ref()
                .is_some_and(|fault| fault.kind == etcdscope::model::fault::FaultKind::DiskFull)
        })
        .await;
    assert!(console.status.fault.as_ref().unwrap().detail.contains(small.to_str().unwrap()));
    client.put("c", "missed", None).await.unwrap();
    client.delete("c", None).await.unwrap();
    std::fs::remove_file(&filler).unwrap();
    let last = client.put("d", "after", None).await.unwrap().header().unwrap().revision();
    console.recorded(last).await;
    assert_eq!(console.status.fault, None);
    let timeline = console.timeline("").await.unwrap();
    assert_eq!(timeline.spans.len(), 2, "{:?}", timeline.spans);
    assert_eq!(console.of_key(&Key::from(&b"a"[..])).await.unwrap().records.len(), 1);
    console.close().await;
    let unmounted = std::process::Command::new("umount").arg(&small).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    local.shutdown().unwrap();
}
