//! Who leads the cluster itself, as it is remembered.

use etcdscope::etcd::Cluster;
use etcdscope::model::coordination::raft::{RaftEnd, RaftHistory};
use etcdscope::model::leadership::{Leader, Leadership};

use super::figure::figure;
use super::support::{Rig, connect, eventually, versions};

/// Asks the members once and remembers what they told.
async fn ask(cluster: &Cluster, history: &std::sync::Mutex<RaftHistory>) -> Leadership {
    let status = cluster.status().await;
    history.lock().unwrap().see(&status);
    status.leadership().expect("members were asked")
}

#[tokio::test]
async fn a_killed_leader_is_followed_by_the_right_one_in_a_higher_term() {
    for binary in versions() {
        let rig = Rig::start(&binary).await;
        let cluster = connect(&rig.local.endpoints()).await;
        let history = std::sync::Mutex::new(RaftHistory::default());
        let before = rig.leader().await;
        let old = eventually("all members to agree", || async {
            let found = ask(&cluster, &history).await;
            (found.told_by_itself && found.dissent.is_empty()).then_some(found)
        })
        .await;
        assert_eq!(old.name, rig.local.member(before).name());

        rig.local.member(before).kill();
        let new = eventually("another leader", || async {
            let found = ask(&cluster, &history).await;
            (found.told_by_itself && found.leader != old.leader).then_some(found)
        })
        .await;
        // etcd's own word, from another question than ours.
        let after = rig.leader().await;
        assert_ne!(after, before);
        assert_eq!(new.name, rig.local.member(after).name());
        assert!(new.term > old.term, "{} after {}", new.term, old.term);

        let history = history.into_inner().unwrap();
        let last = history.terms.back().unwrap();
        assert_eq!((last.term, last.leader(), last.end), (new.term, new.leader.id(), None));
        let led: Vec<_> = history.terms.iter().filter(|term| term.leader() == old.leader.id()).collect();
        assert_eq!(led.last().unwrap().end, Some(RaftEnd::Silent), "{history:?}");
        assert_eq!(history.changes_since(0), 1, "{history:?}");
        assert!(history.since().is_some(), "its beginning was seen");
        let terms = format!("term {} → {}, {} entries", old.term, new.term, history.terms.len());
        figure("raft-leadership", terms);

        // Without a majority nobody leads, and that is what is said.
        rig.local.member(after).kill();
        eventually("nobody", || async {
            let found = cluster.status().await.leadership().expect("members were asked");
            (found.leader == Leader::Nobody).then_some(())
        })
        .await;
    }
}
