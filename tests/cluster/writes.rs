//! Guarded writes: exactly one of two editors wins, leases stay, lost answers are settled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etcd_client::PutOptions;
use etcdscope::etcd::Cluster;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::history::HistoryEnd;
use etcdscope::model::record::KeyRecord;
use etcdscope::model::write::{BatchStep, Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::figure::figure;
use super::proxy::Proxy;
use super::support::{connect, plain_client, shared};

fn put(key: &[u8], value: &[u8], expect: Expect, lease: LeaseChoice) -> PutRequest {
    PutRequest { key: key.into(), value: value.into(), expect, lease }
}

fn save(key: &str, value: &str, revision: i64) -> PutRequest {
    put(key.as_bytes(), value.as_bytes(), Expect::Revision(revision), LeaseChoice::Keep)
}

fn create(key: &str, value: &str) -> PutRequest {
    put(key.as_bytes(), value.as_bytes(), Expect::Absent, LeaseChoice::Attach(0))
}

async fn saved(cluster: &Cluster, request: &PutRequest) -> i64 {
    match cluster.put(request).await {
        WriteOutcome::Saved { revision } => revision,
        other => panic!("not saved: {other:?}"),
    }
}

async fn read(cluster: &Cluster, key: &str) -> Option<KeyRecord> {
    cluster.read(key.as_bytes()).await.expect("a read")
}

#[tokio::test]
async fn of_two_editors_of_one_key_exactly_one_wins_and_the_other_gets_theirs() {
    for local in shared().await {
        let endpoints = local.endpoints();
        let (one, other) = (connect(&endpoints).await, connect(&endpoints).await);
        let mut base = saved(&one, &create("editors/key", "base")).await;
        for round in 0..20 {
            let ours = save("editors/key", &format!("one {round}"), base);
            let theirs = save("editors/key", &format!("other {round}"), base);
            let (first, second) = tokio::join!(one.put(&ours), other.put(&theirs));
            let (revision, won, lost) = match (first, second) {
                (WriteOutcome::Saved { revision }, lost) => (revision, ours, lost),
                (lost, WriteOutcome::Saved { revision }) => (revision, theirs, lost),
                neither => panic!("nobody won: {neither:?}"),
            };
            let WriteOutcome::Conflict(Some(now)) = lost else { panic!("no conflict: {lost:?}") };
            assert_eq!((now.meta.mod_revision, now.value), (revision, Some(won.value)));
            base = revision;
        }
        figure("two-editors", "of 20 pairs of saves one each won, and the other was given what won");
    }
}

#[tokio::test]
async fn a_key_deleted_and_created_again_is_a_conflict() {
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let base = saved(&cluster, &create("recreated", "1")).await;
        client.delete("recreated", None).await.unwrap();
        let gone = cluster.put(&save("recreated", "mine", base)).await;
        assert_eq!(gone, WriteOutcome::Conflict(None));
        client.put("recreated", "1", None).await.unwrap();
        let outcome = cluster.put(&save("recreated", "mine", base)).await;
        assert!(matches!(outcome, WriteOutcome::Conflict(Some(_))), "{outcome:?}");
        let outcome = cluster.put(&create("recreated", "mine")).await;
        assert!(matches!(outcome, WriteOutcome::Conflict(Some(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_save_on_a_leased_key_keeps_the_lease() {
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let lease = client.lease_grant(600, None).await.unwrap().id();
        let options = PutOptions::new().with_lease(lease);
        client.put("leased/a", "1", Some(options)).await.unwrap();
        let before = read(&cluster, "leased/a").await.unwrap();
        saved(&cluster, &save("leased/a", "2", before.meta.mod_revision)).await;
        let after = read(&cluster, "leased/a").await.unwrap();
        assert_eq!((after.meta.lease, after.value.as_deref()), (lease, Some(&b"2"[..])));

        let gone = lease + 1;
        let infos = cluster.leases(&[lease, gone]).await.unwrap();
        assert_eq!(infos.iter().map(|info| info.id).collect::<Vec<_>>(), [lease, gone]);
        assert!(infos[0].granted_secs == 600 && infos[0].remaining_secs > 500);
        assert_eq!(infos[1].remaining_secs, -1);

        let attach = put(b"leased/b", b"", Expect::Absent, LeaseChoice::Attach(gone));
        let WriteOutcome::NotSaved(fault) = cluster.put(&attach).await else { panic!("saved") };
        assert_eq!(fault.kind, FaultKind::LeaseNotFound);
        assert_eq!(read(&cluster, "leased/b").await, None);
    }
}

#[tokio::test]
async fn any_bytes_come_back_as_they_were() {
    let long = vec![b'k'; 64 << 10];
    let keys: [&[u8]; 9] = [
        b"\xff\xfe\x00bin",
        b"//",
        b"trailing/",
        b"bytes/\x00",
        b"bytes/\x1b[31mred",
        "bytes/\u{202e}right-to-left".as_bytes(),
        b"\x00",
        b" ",
        &long,
    ];
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        for key in keys {
            for (value, version) in [(&b""[..], 1), (&b"\x00\xff\xfe"[..], 2)] {
                let expect = match cluster.read(key).await.unwrap() {
                    None => Expect::Absent,
                    Some(now) => Expect::Revision(now.meta.mod_revision),
                };
                saved(&cluster, &put(key, value, expect, LeaseChoice::Keep)).await;
                let now = cluster.read(key).await.unwrap().unwrap();
                assert_eq!((&*now.key, now.value.as_deref()), (key, Some(value)));
                assert_eq!(now.meta.version, version);
            }
        }
        for key in keys {
            let now = cluster.read(key).await.unwrap().unwrap();
            let step = BatchStep::Delete { key: key.into(), revision: now.meta.mod_revision };
            assert_eq!(cluster.batch(&[step], &mut |_| {}, &|| false).await.done, 1);
        }
    }
}

#[tokio::test]
async fn too_large_a_value_is_refused_and_nothing_is_changed() {
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        let value = vec![b'v'; 3 << 20];
        let request = put(b"too-large", &value, Expect::Absent, LeaseChoice::Keep);
        let WriteOutcome::NotSaved(fault) = cluster.put(&request).await else { panic!("saved") };
        assert_eq!(fault.kind, FaultKind::RequestTooLarge, "{fault}");
        assert_eq!(read(&cluster, "too-large").await, None);
    }
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading_again() {
    for local in shared().await {
        let direct = connect(&local.endpoints()).await;
        let base = saved(&direct, &create("lost/answer", "base")).await;
        let proxy = Proxy::start(&local.endpoints()[0]).await;
        let cluster = connect(&[proxy.endpoint()]).await;
        // The commit happens, the answer is swallowed, the connection ends.
        proxy.swallow_answers(true);
        let request = save("lost/answer", "mine", base);
        let writing = {
            let (cluster, request) = (cluster.clone(), request.clone());
            tokio::spawn(async move { cluster.put(&request).await })
        };
        let committed = super::support::eventually("the commit", || async {
            read(&direct, "lost/answer").await.filter(|now| now.value.as_deref() == Some(b"mine"))
        })
        .await;
        proxy.cut();
        proxy.swallow_answers(false);
        let outcome = writing.await.unwrap();
        assert_eq!(outcome, WriteOutcome::Saved { revision: committed.meta.mod_revision });

        // The request itself is swallowed: nothing was saved, and that is said.
        let base = committed.meta.mod_revision;
        proxy.swallow_requests(true);
        let request = save("lost/answer", "never", base);
        let writing = {
            let (cluster, request) = (cluster.clone(), request.clone());
            tokio::spawn(async move { cluster.put(&request).await })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        proxy.cut();
        proxy.swallow_requests(false);
        let outcome = writing.await.unwrap();
        assert!(matches!(outcome, WriteOutcome::NotSaved(_)), "{outcome:?}");
        assert_eq!(read(&direct, "lost/answer").await.unwrap().meta.mod_revision, base);

        // The answer is lost and someone else writes on top of it: ours is found in the history.
        proxy.swallow_answers(true);
        let request = save("lost/answer", "under", base);
        let writing = {
            let (cluster, request) = (cluster.clone(), request.clone());
            tokio::spawn(async move { cluster.put(&request).await })
        };
        let ours = super::support::eventually("the commit", || async {
            read(&direct, "lost/answer").await.filter(|now| now.value.as_deref() == Some(b"under"))
        })
        .await;
        saved(&direct, &save("lost/answer", "over", ours.meta.mod_revision)).await;
        proxy.cut();
        proxy.swallow_answers(false);
        let outcome = writing.await.unwrap();
        assert_eq!(outcome, WriteOutcome::Saved { revision: ours.meta.mod_revision });
    }
}

#[tokio::test]
async fn the_answer_to_a_write_is_lost_after_the_commit_and_settled_by_reading_again() {
    const ROUNDS: usize = 20;
    for local in shared().await {
        let direct = connect(&local.endpoints()).await;
        let mut base = saved(&direct, &create("lost/commit", "base")).await;
        let proxy = Proxy::start(&local.endpoints()[0]).await;
        let cluster = connect(&[proxy.endpoint()]).await;
        let mut slowest = Duration::ZERO;
        for round in 1..=ROUNDS {
            let value = format!("unheard of {round}");
            proxy.lose_answer_to(Some(value.as_bytes()));
            let begun = Instant::now();
            let revision = saved(&cluster, &save("lost/commit", &value, base)).await;
            slowest = slowest.max(begun.elapsed());
            assert_eq!(proxy.lost_answers(), round, "the answer was lost");
            let now = read(&direct, "lost/commit").await.unwrap();
            assert_eq!((now.meta.mod_revision, now.value.as_deref()), (revision, Some(value.as_bytes())));
            assert_eq!(now.meta.version, round as i64 + 1, "it was written once");
            base = revision;
        }
        // A refused write whose answer is lost is not called saved.
        proxy.lose_answer_to(Some(b"refused"));
        let outcome = cluster.put(&save("lost/commit", "refused", base - 1)).await;
        assert_eq!(proxy.lost_answers(), ROUNDS + 1);
        assert!(matches!(outcome, WriteOutcome::Conflict(Some(_))), "{outcome:?}");
        let text = format!("{ROUNDS} lost answers, each settled within {} ms", slowest.as_millis());
        figure("answer-lost", text);
    }
}

#[tokio::test]
async fn while_nothing_can_be_read_a_lost_answer_is_unknown() {
    let local = &shared().await[0];
    let direct = connect(&local.endpoints()).await;
    let base = saved(&direct, &create("lost/unknown", "base")).await;
    let proxy = Proxy::start(&local.endpoints()[0]).await;
    let cluster = connect(&[proxy.endpoint()]).await;
    // Whatever is asked about the key is answered to nobody.
    proxy.lose_answer_to(Some(b"lost/unknown"));
    let outcome = cluster.put(&save("lost/unknown", "done", base)).await;
    let WriteOutcome::Unknown(fault) = outcome else { panic!("{outcome:?}") };
    assert_eq!(fault.kind, FaultKind::OutcomeUnknown);
    assert!(proxy.lost_answers() > 3);
    assert_eq!(read(&direct, "lost/unknown").await.unwrap().value.as_deref(), Some(&b"done"[..]));
}

#[tokio::test]
async fn a_request_that_the_network_may_bring_later_is_never_called_not_saved() {
    let local = &shared().await[0];
    let direct = connect(&local.endpoints()).await;
    let base = saved(&direct, &create("late/request", "base")).await;
    // Two ways to the same member; the second is dead while the connection is made.
    let [way, other] = [Proxy::start(&local.endpoints()[0]).await, Proxy::start(&local.endpoints()[0]).await];
    other.close(true);
    let cluster = connect(&[way.endpoint(), other.endpoint()]).await;
    other.close(false);
    way.swallow_requests(true);
    // By the other way it is seen that nothing was written; which does not say that nothing will be.
    let outcome = cluster.put(&save("late/request", "late", base)).await;
    assert!(matches!(outcome, WriteOutcome::Unknown(_)), "{outcome:?}");
    assert_eq!(read(&direct, "late/request").await.unwrap().meta.mod_revision, base);
}

#[tokio::test]
async fn history_is_walked_back_to_the_first_version_page_by_page() {
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        let mut revisions = vec![saved(&cluster, &create("history/key", "1")).await];
        for version in 2..=7 {
            let last = *revisions.last().unwrap();
            revisions.push(saved(&cluster, &save("history/key", &version.to_string(), last)).await);
        }
        let newest = cluster.history(b"history/key", None, 3).await.unwrap();
        let seen = |page: &etcdscope::model::history::History| {
            page.versions.iter().map(|one| (one.meta.version, one.meta.mod_revision)).collect::<Vec<_>>()
        };
        assert_eq!(seen(&newest), [(7, revisions[6]), (6, revisions[5]), (5, revisions[4])]);
        assert_eq!(newest.end, HistoryEnd::More);
        let older = cluster.history(b"history/key", newest.oldest_revision(), 50).await.unwrap();
        assert_eq!(seen(&older).first(), Some(&(4, revisions[3])));
        assert_eq!((older.versions.len(), older.end), (4, HistoryEnd::FirstVersion));
        assert_eq!(&*older.versions[3].value, b"1");
    }
}

#[tokio::test]
async fn a_batch_leaves_alone_what_someone_changed_and_does_the_rest() {
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let mut steps = Vec::new();
        for number in 0..250 {
            let key = format!("batch/{number:03}");
            let revision = client.put(key.clone(), "1", None).await.unwrap().header().unwrap().revision();
            steps.push(BatchStep::Delete { key: key.as_bytes().into(), revision });
        }
        client.put("batch/007", "changed", None).await.unwrap();
        client.delete("batch/120", None).await.unwrap();
        let mut progress = Vec::new();
        let report = cluster.batch(&steps, &mut |done| progress.push(done), &|| false).await;
        assert_eq!((report.done, report.total, &report.stopped), (248, 250, &None));
        let skipped: Vec<&[u8]> = report.skipped.iter().map(|key| &**key).collect();
        assert_eq!(skipped, [&b"batch/007"[..], b"batch/120"]);
        assert!(progress.is_sorted() && progress.last() == Some(&250));
        assert_eq!(read(&cluster, "batch/007").await.unwrap().value.as_deref(), Some(&b"changed"[..]));
        assert_eq!(read(&cluster, "batch/008").await, None);
    }
}

#[tokio::test]
async fn a_batch_can_be_stopped_between_transactions() {
    let local = &shared().await[0];
    let cluster = connect(&local.endpoints()).await;
    let steps: Vec<_> =
        (0..300).map(|number| BatchStep::Put(create(&format!("stopped/{number:03}"), "1"))).collect();
    let stop = AtomicBool::new(false);
    let mut progress = |_| stop.store(true, Ordering::SeqCst);
    let report = cluster.batch(&steps, &mut progress, &|| stop.load(Ordering::SeqCst)).await;
    assert_eq!(report.stopped.map(|fault| fault.kind), Some(FaultKind::Cancelled));
    assert!(report.done > 0 && report.done < 300);
    assert_eq!(read(&cluster, "stopped/299").await, None);
}

#[tokio::test]
async fn a_rename_keeps_value_and_lease_and_never_writes_over_a_key() {
    for local in shared().await {
        let cluster = connect(&local.endpoints()).await;
        let mut client = plain_client(&local.endpoints()[0]).await;
        let lease = client.lease_grant(600, None).await.unwrap().id();
        client.put("rename/a", "A", Some(PutOptions::new().with_lease(lease))).await.unwrap();
        client.put("rename/b", "B", None).await.unwrap();
        client.put("renamed/b", "taken", None).await.unwrap();
        let step = async |name: &str| BatchStep::Copy {
            from: format!("rename/{name}").as_bytes().into(),
            revision: read(&cluster, &format!("rename/{name}")).await.unwrap().meta.mod_revision,
            to: format!("renamed/{name}").as_bytes().into(),
            keep_lease: true,
            remove_source: true,
        };
        let steps = [step("a").await, step("b").await];
        let report = cluster.batch(&steps, &mut |_| {}, &|| false).await;
        assert_eq!((report.done, report.skipped.len(), report.stopped), (1, 1, None));
        let moved = read(&cluster, "renamed/a").await.unwrap();
        assert_eq!((moved.value.as_deref(), moved.meta.lease), (Some(&b"A"[..]), lease));
        assert_eq!(read(&cluster, "rename/a").await, None);
        assert_eq!(read(&cluster, "rename/b").await.unwrap().value.as_deref(), Some(&b"B"[..]));
        assert_eq!(read(&cluster, "renamed/b").await.unwrap().value.as_deref(), Some(&b"taken"[..]));
        client.lease_revoke(lease).await.unwrap();
    }
}
