//! What the randomised run found, each as a short test of its own.

use etcdscope::model::fault::FaultKind;
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::super::proxy::Proxy;
use super::super::support::{connect, eventually, plain_client, shared};

fn create(key: &str, value: &str) -> PutRequest {
    let (key, value) = (key.as_bytes().into(), value.as_bytes().into());
    PutRequest { key, value, expect: Expect::Absent, lease: LeaseChoice::Attach(0) }
}

#[tokio::test]
async fn a_created_key_that_others_deleted_and_created_again_is_no_conflict() {
    for local in shared().await {
        let mut others = plain_client(&local.endpoints()[0]).await;
        let proxy = Proxy::start(&local.endpoints()[0]).await;
        let cluster = connect(&[proxy.endpoint()]).await;
        // Ours is committed, its answer is lost, and before it is looked at someone else's key stands
        // in its place.
        proxy.swallow_answers(true);
        let writing = tokio::spawn(async move { cluster.put(&create("found/recreated", "ours")).await });
        eventually("the commit", || {
            let mut client = others.clone();
            async move { (client.get("found/recreated", None).await.unwrap().count() > 0).then_some(()) }
        })
        .await;
        others.delete("found/recreated", None).await.unwrap();
        others.put("found/recreated", "theirs", None).await.unwrap();
        proxy.swallow_answers(false);
        proxy.reset();
        let outcome = writing.await.unwrap();
        let WriteOutcome::Unknown(fault) = outcome else { panic!("{outcome:?}") };
        assert_eq!(fault.kind, FaultKind::OutcomeUnknown);
        others.delete("found/recreated", None).await.unwrap();
    }
}
