//! The past as etcd tells it: moments of a prefix, the versions of a key, the replay of its history.

use std::collections::BTreeMap;

use etcd_client::{Client, Txn, TxnOp};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::record::KeyRecord;
use etcdscope::model::status::KeyInterval;

use super::support::{connect, plain_client, revision, shared};

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
