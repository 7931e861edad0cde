//! What the randomised run found, each as a short test of its own.

use std::time::Duration;

use etcd_client::Client;
use etcdscope::demo::LocalClusterOptions;
use etcdscope::model::fault::FaultKind;
use etcdscope::model::write::{BatchStep, Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::super::proxy::Proxy;
use super::super::support::{connect, eventually, newest, plain_client, shared, start};

fn create(key: &str, value: &str) -> PutRequest {
    let (key, value) = (key.as_bytes().into(), value.as_bytes().into());
    PutRequest { key, value, expect: Expect::Absent, lease: LeaseChoice::Attach(0) }
}

/// Waits until the key has this value, and tells its revision.
async fn committed(client: &Client, key: &str, value: &str) -> i64 {
    eventually("the commit", || {
        let mut client = client.clone();
        async move {
            let found = client.get(key, None).await.unwrap();
            found.kvs().first().filter(|it| it.value() == value.as_bytes()).map(|it| it.mod_revision())
        }
    })
    .await
}

#[tokio::test]
async fn a_lost_write_is_found_although_others_deleted_it_and_wrote_again() {
    for local in shared().await {
        for theirs in [None, Some("theirs")] {
            let key = "found/recreated";
            let mut others = plain_client(&local.endpoints()[0]).await;
            let proxy = Proxy::start(&local.endpoints()[0]).await;
            let cluster = connect(&[proxy.endpoint()]).await;
            // Ours is committed and its answer is lost; before it is looked for it is gone, or a key
            // of someone else stands in its place.
            proxy.swallow_answers(true);
            let writing = tokio::spawn(async move { cluster.put(&create(key, "ours")).await });
            let ours = committed(&others, key, "ours").await;
            others.delete(key, None).await.unwrap();
            if let Some(theirs) = theirs {
                others.put(key, theirs, None).await.unwrap();
            }
            proxy.swallow_answers(false);
            proxy.reset();
            assert_eq!(writing.await.unwrap(), WriteOutcome::Saved { revision: ours });
            others.delete(key, None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_lost_write_is_not_called_unsaved_while_its_member_may_still_do_it() {
    let local = start(&newest(), LocalClusterOptions::members(3)).await;
    let leader = local.leader().await.expect("a leader");
    let asked = (leader + 1) % 3;
    let proxy = Proxy::start(&local.endpoints()[asked]).await;
    let other = Proxy::start(&local.endpoints()[leader]).await;
    // The other one can not be reached at first, so that this one is asked.
    other.close(true);
    let cluster = connect(&[proxy.endpoint(), other.endpoint()]).await;
    assert_eq!(cluster.read(b"found/held").await.unwrap(), None);
    other.close(false);
    let mut others = plain_client(&local.endpoints()[leader]).await;
    local.member(asked).stop().unwrap();
    let writing = tokio::spawn(async move { cluster.put(&create("found/held", "ours")).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.reset();
    let outcome = writing.await.unwrap();
    local.member(asked).cont().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let there = others.get("found/held", None).await.unwrap().count() > 0;
    match outcome {
        WriteOutcome::Saved { .. } => assert!(there),
        WriteOutcome::Unknown(fault) => assert_eq!(fault.kind, FaultKind::OutcomeUnknown),
        other => panic!("{other:?}, and {}", if there { "it was" } else { "it was not" }),
    }
}

#[tokio::test]
async fn a_lost_batch_that_was_done_is_not_called_left_alone_or_the_reverse() {
    for local in shared().await {
        let mut others = plain_client(&local.endpoints()[0]).await;
        let proxy = Proxy::start(&local.endpoints()[0]).await;
        let cluster = connect(&[proxy.endpoint()]).await;
        let key = |name: &str| format!("found/batch/{name}");
        let mut base = Vec::new();
        for name in ["deleted", "written"] {
            base.push(others.put(key(name), "base", None).await.unwrap().header().unwrap().revision());
        }
        let steps = [
            BatchStep::Delete { key: key("deleted").into_bytes().into(), revision: base[0] },
            BatchStep::Put(PutRequest {
                expect: Expect::Revision(base[1]),
                ..create(&key("written"), "ours")
            }),
        ];
        // The batch does not arrive; others do to its keys what makes them look as if it had.
        proxy.swallow_requests(true);
        let (asked, batch) = (cluster.clone(), steps.clone());
        let writing = tokio::spawn(async move { asked.batch(&batch, &mut |_| {}, &|| false).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        others.delete(key("deleted"), None).await.unwrap();
        others.put(key("written"), "theirs", None).await.unwrap();
        proxy.reset();
        proxy.swallow_requests(false);
        let report = writing.await.unwrap();
        assert_eq!((report.done, report.skipped.len(), report.unknown.len()), (0, 2, 0), "{report:?}");

        // It does arrive, its answer does not, and others change one of its keys at once.
        others.delete(key("written"), None).await.unwrap();
        let steps = ["written", "beside"].map(|name| BatchStep::Put(create(&key(name), "ours")));
        proxy.swallow_answers(true);
        let writing = tokio::spawn(async move { cluster.batch(&steps, &mut |_| {}, &|| false).await });
        committed(&others, &key("written"), "ours").await;
        others.delete(key("written"), None).await.unwrap();
        proxy.swallow_answers(false);
        proxy.reset();
        let report = writing.await.unwrap();
        assert_eq!((report.done, report.skipped.len(), report.unknown.len()), (2, 0, 0), "{report:?}");
        others.delete(key("beside"), None).await.unwrap();

        // Nothing arrives; the key is gone in the end, but it was not the version to be deleted.
        let base = others.put(key("gone"), "base", None).await.unwrap().header().unwrap().revision();
        let steps = [BatchStep::Delete { key: key("gone").into_bytes().into(), revision: base }];
        let cluster = connect(&[proxy.endpoint()]).await;
        proxy.swallow_requests(true);
        let writing = tokio::spawn(async move { cluster.batch(&steps, &mut |_| {}, &|| false).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        others.put(key("gone"), "theirs", None).await.unwrap();
        others.delete(key("gone"), None).await.unwrap();
        proxy.reset();
        proxy.swallow_requests(false);
        let report = writing.await.unwrap();
        assert_eq!((report.done, report.skipped.len(), report.unknown.len()), (0, 1, 0), "{report:?}");
    }
}
