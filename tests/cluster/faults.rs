//! What is said when a connection can not be made, and what an etcd at its limits says.

use std::time::{Duration, Instant};

use etcdscope::demo::LocalClusterOptions;
use etcdscope::etcd::{Cluster, test_connection};
use etcdscope::model::fault::FaultKind;
use etcdscope::model::status::{TestOutcome, TestStepKind};
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};
use tokio::net::TcpListener;

use super::figure::figure;
use super::support::{connect, newest, plain_client, request, shared, start};

async fn kind_of(endpoint: &str) -> FaultKind {
    let begun = Instant::now();
    let fault = Cluster::connect(&request(&[endpoint.to_owned()])).await.err().expect("no connection");
    assert!(begun.elapsed() < Duration::from_secs(6), "{endpoint} took {:?}", begun.elapsed());
    eprintln!("{endpoint}: {:?}: {}", fault.kind, fault.detail);
    figure("connect-faults", format!("{} after {} ms", fault.kind.name(), begun.elapsed().as_millis()));
    fault.kind
}

#[tokio::test]
async fn a_connection_that_fails_names_the_cause() {
    assert_eq!(kind_of("http://127.0.0.1:1").await, FaultKind::PortClosed);
    assert_eq!(kind_of("http://no-such-host.invalid:2379").await, FaultKind::HostUnknown);
    assert_eq!(kind_of("ftp://127.0.0.1").await, FaultKind::BadEndpoint);
    let plain = &shared().await[0];
    let as_tls = plain.endpoints()[0].replace("http://", "https://");
    assert_eq!(kind_of(&as_tls).await, FaultKind::TlsMismatch);
    // Something that takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    assert!(matches!(kind_of(&silent).await, FaultKind::TimedOut | FaultKind::PortClosed));
}

#[tokio::test]
async fn a_test_tells_every_step_of_every_endpoint() {
    let local = &shared().await[0];
    let endpoints = [local.endpoints()[0].clone(), "http://127.0.0.1:1".to_owned()];
    let mut steps = Vec::new();
    test_connection(&request(&endpoints), &mut |step| steps.push(step)).await;
    let passed: Vec<_> = steps.iter().filter(|step| step.endpoint == endpoints[0]).collect();
    assert_eq!(passed.iter().map(|step| step.step).collect::<Vec<_>>(), TestStepKind::ALL);
    assert_eq!(passed[2].outcome, TestOutcome::Skipped);
    assert!(matches!(passed[4].outcome, TestOutcome::Passed(_)));
    let failed: Vec<_> = steps.iter().filter(|step| step.endpoint == endpoints[1]).collect();
    assert_eq!(failed.len(), 2);
    assert!(matches!(&failed[1].outcome, TestOutcome::Failed(it) if it.kind == FaultKind::PortClosed));
}

#[tokio::test]
async fn no_space_is_told_and_nothing_is_called_saved() {
    let options = LocalClusterOptions {
        extra_args: vec!["--quota-backend-bytes=16777216".to_owned()],
        ..LocalClusterOptions::members(1)
    };
    let local = start(&newest(), options).await;
    let client = plain_client(&local.endpoints()[0]).await;
    let value = vec![b'v'; 1 << 20];
    let cluster = connect(&local.endpoints()).await;
    let put = PutRequest {
        key: b"full/last"[..].into(),
        value: b"1"[..].into(),
        expect: Expect::Absent,
        lease: LeaseChoice::Attach(0),
    };
    // The first refusal raises the alarm; small writes are refused from then on. A write that fails for
    // another reason (a slow disk) fills nothing: then more are needed.
    super::support::eventually("the alarm", || async {
        let mut client = client.clone();
        for number in 0..20 {
            if client.put(format!("full/{number}"), value.clone(), None).await.is_err() {
                break;
            }
        }
        cluster.status().await.alarms.iter().any(|(alarm, _)| alarm == "NOSPACE").then_some(())
    })
    .await;
    let WriteOutcome::NotSaved(fault) = cluster.put(&put).await else { panic!("saved") };
    assert_eq!(fault.kind, FaultKind::NoSpace);
}

#[tokio::test]
async fn the_status_of_every_member_comes_from_its_own_endpoint() {
    let local = start(&newest(), LocalClusterOptions::members(3)).await;
    let cluster = connect(&local.endpoints()).await;
    let status = cluster.status().await;
    assert_eq!(status.members.len(), 3);
    assert_eq!(status.members.iter().filter(|member| member.is_leader).count(), 1);
    for (member, local) in status.members.iter().zip(local.members()) {
        assert_eq!((member.endpoint.as_str(), member.name.as_str()), (local.endpoint(), local.name()));
        assert!(member.id != 0 && member.db_size_bytes > 0 && member.latency_us.is_some());
        assert_eq!(member.version, newest().version.to_string());
    }
    assert_ne!(status.cluster_id, 0);
    assert_eq!(status.cluster_id, cluster.cluster_id());
}
