use super::*;

#[tokio::test]
async fn three_members_elect_a_leader_and_leave_nothing_behind() {
    let cluster = LocalCluster::start(LocalClusterOptions::members(3)).await.expect("a cluster");
    assert_eq!(cluster.endpoints().len(), 3);
    let leader = cluster.leader().await.expect("a leader");
    let mut client = cluster.client().await.expect("a client");
    client.put("a", "1", None).await.expect("a put");

    cluster.member(leader).kill();
    assert!(!cluster.member(leader).is_running());
    cluster.restart(leader).await.expect("the member comes back");
    assert!(cluster.member(leader).is_running());

    let other = (leader + 1) % 3;
    cluster.member(other).stop().expect("SIGSTOP");
    cluster.member(other).cont().expect("SIGCONT");
    cluster.wait_healthy().await.expect("healthy again");

    let folder = cluster.folder().to_owned();
    let pids: Vec<u32> = cluster.members().iter().filter_map(LocalMember::pid).collect();
    assert_eq!(pids.len(), 3);
    cluster.shutdown().expect("an orderly end");
    assert!(!folder.exists());
    #[cfg(target_os = "linux")]
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} still runs");
    }
}

#[tokio::test]
async fn a_wrong_argument_is_told_with_the_log_of_etcd() {
    let options = LocalClusterOptions { extra_args: vec!["--no-such-flag".to_owned()], ..Default::default() };
    let fault = LocalCluster::start(options).await.expect_err("etcd refuses the flag");
    assert!(fault.detail.contains("no-such-flag"), "{fault}");
}

#[tokio::test]
async fn an_impossible_size_is_refused() {
    let fault = LocalCluster::start(LocalClusterOptions::members(0)).await.expect_err("no members");
    assert_eq!(fault.kind, FaultKind::Invalid);
}
