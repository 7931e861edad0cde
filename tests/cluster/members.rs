//! Members killed, stopped, cut off from their peers, compacted and defragmented under load.

use std::time::{Duration, Instant};

use etcdscope::model::fault::FaultKind;
use etcdscope::model::status::MirrorState;
use etcdscope::model::write::{Expect, LeaseChoice, PutRequest, WriteOutcome};

use super::figure::figure;
use super::partition::Partition;
use super::support::{Follower, Rig, Told, Trial, connect, eventually, newest, plain_client, versions};
use super::verdicts::Verdicts;

const SECOND: Duration = Duration::from_secs(1);

fn create(key: &[u8]) -> PutRequest {
    PutRequest {
        key: key.into(),
        value: b"1"[..].into(),
        expect: Expect::Absent,
        lease: LeaseChoice::Attach(0),
    }
}

fn is_stale(state: &MirrorState) -> bool {
    matches!(state, MirrorState::Stale { .. })
}

fn has_no_leader(state: &MirrorState) -> bool {
    matches!(state, MirrorState::Stale { fault, .. } if fault.kind == FaultKind::NoLeader)
}

#[tokio::test]
async fn the_member_we_talk_to_is_killed_under_load() {
    for binary in versions() {
        let rig = Rig::start(&binary).await;
        let endpoints = rig.local.endpoints();
        let follower = Follower::start(&endpoints).await;
        let watched = follower.watched(&endpoints).await;
        // The leader's end is another matter: the cluster itself stands still then.
        rig.lead((watched + 1) % 3).await;
        let trial = Trial::of(follower, rig.without(watched), "kill").await;
        rig.local.member(watched).kill();
        let killed = Instant::now();
        let then = trial.revision().await;
        trial.follower.until("events written after the kill", |told| told.applied > then).await;
        let took = killed.elapsed();
        assert!(took < 3 * SECOND, "events went on only after {took:?}");
        trial.follower.until("some of them", |told| told.applied > then + 100 && told.is_live()).await;
        let (follower, events) = trial.finish().await;
        let text = format!("events go on after {} ms; {events} events, 0 missed, 0 twice", took.as_millis());
        figure("member-killed", text);

        // Reads and writes go on as well.
        let outcome = follower.cluster.put(&create(b"after")).await;
        assert!(matches!(outcome, WriteOutcome::Saved { .. }), "{outcome:?}");
        assert!(follower.cluster.read(b"after").await.unwrap().is_some());
        let status = follower.cluster.status().await;
        assert_eq!(status.members.iter().filter(|member| member.fault.is_none()).count(), 2);
        assert!(status.members[watched].fault.is_some());
    }
}

#[tokio::test]
async fn the_leader_is_killed_under_load_and_nothing_is_called_saved_that_was_not() {
    for binary in versions() {
        let rig = Rig::start(&binary).await;
        let endpoints = rig.local.endpoints();
        let follower = Follower::start(&endpoints).await;
        // The worst case: it is the member that we talk to.
        let watched = follower.watched(&endpoints).await;
        rig.lead(watched).await;
        let trial = Trial::of(follower, rig.without(watched), "leader").await;
        let verdicts = Verdicts::start(&trial.follower.cluster, "verdict");
        eventually("writes", || async { (verdicts.saved() > 30).then_some(()) }).await;

        rig.local.member(watched).kill();
        let killed = Instant::now();
        let leader = rig.leader().await;
        assert_ne!(leader, watched);
        let election = killed.elapsed();
        let (then, saved) = (trial.revision().await, verdicts.saved());
        let events = trial.follower.until("events behind the election", |told| told.applied > then);
        let saves = eventually("saves", || async { (verdicts.saved() > saved + 4).then_some(()) });
        tokio::join!(events, saves);
        let recovery = killed.elapsed();
        assert!(recovery < election + 3 * SECOND, "{recovery:?}, of which the election took {election:?}");

        trial.follower.until("more of them", |told| told.applied > then + 100).await;
        let counted = verdicts.compare(&trial.witness, || trial.revision()).await;
        assert!(counted.conflicts > 0, "the writers met: {counted:?}");
        let (_, events) = trial.finish().await;
        let text = format!(
            "recovers {} ms after an election of {} ms; {events} events, 0 missed, 0 twice; of {} guarded \
             writes {} saved, {} conflicts, {} not saved, {} unknown ({} of these done), each as etcd has it",
            (recovery - election).as_millis(),
            election.as_millis(),
            counted.saved + counted.conflicts + counted.not_saved + counted.unknown,
            counted.saved,
            counted.conflicts,
            counted.not_saved,
            counted.unknown,
            counted.done_after_all,
        );
        figure("leader-killed", text);
    }
}

#[tokio::test]
async fn a_member_is_stopped_and_is_stale_within_10_s_and_left_within_15_s() {
    let rig = Rig::start(&newest()).await;
    let endpoints = rig.local.endpoints();
    let follower = Follower::start(&endpoints).await;
    let watched = follower.watched(&endpoints).await;
    let trial = Trial::of(follower, rig.without(watched), "stop").await;
    let follower = &trial.follower;
    rig.local.member(watched).stop().unwrap();
    let stopped = Instant::now();
    let stale = follower.told_after(stopped, 10 * SECOND, "stale", is_stale).await;
    let live = follower.told_after(stopped + stale, 15 * SECOND - stale, "live again", MirrorState::is_live);
    let live = stale + live.await;
    assert_ne!(follower.watched(&endpoints).await, watched);
    // Reads do not wait for the stopped member.
    let begun = Instant::now();
    follower.cluster.read(b"stop/1").await.unwrap();
    assert!(begun.elapsed() < 4 * SECOND);
    rig.local.member(watched).cont().unwrap();
    let (_, events) = trial.finish().await;
    let text = format!(
        "stale after {:.1} s, live on another member after {:.1} s; {events} events, 0 missed, 0 twice",
        stale.as_secs_f64(),
        live.as_secs_f64()
    );
    figure("member-stopped", text);
}

#[tokio::test]
async fn a_member_without_quorum_is_told_as_without_leader_and_left() {
    let (local, partition) = Partition::start(&newest()).await;
    let rig = Rig::before(local).await;
    let endpoints = rig.local.endpoints();
    let follower = Follower::start(&endpoints).await;
    let watched = follower.watched(&endpoints).await;
    rig.lead((watched + 1) % 3).await;
    let trial = Trial::of(follower, rig.without(watched), "isolated").await;
    let follower = &trial.follower;
    partition.isolate(watched);
    let isolated = Instant::now();
    let told = follower.told_after(isolated, 10 * SECOND, "no leader", has_no_leader).await;
    let live = follower.told_after(isolated + told, 5 * SECOND, "live elsewhere", MirrorState::is_live).await;
    assert_ne!(follower.watched(&endpoints).await, watched);
    let begun = Instant::now();
    follower.cluster.read(b"isolated/1").await.unwrap();
    assert!(begun.elapsed() < 4 * SECOND);
    let outcome = follower.cluster.put(&create(b"elsewhere")).await;
    assert!(matches!(outcome, WriteOutcome::Saved { .. }), "{outcome:?}");
    partition.heal();
    let (_, events) = trial.finish().await;
    let text = format!(
        "\"no leader\" after {:.1} s, live elsewhere {} ms later; {events} events, 0 missed, 0 twice",
        told.as_secs_f64(),
        live.as_millis()
    );
    figure("no-quorum", text);
}

#[tokio::test]
async fn without_any_quorum_no_leader_is_told_and_nothing_is_called_saved() {
    let rig = Rig::start(&newest()).await;
    let endpoints = rig.local.endpoints();
    let cluster = connect(&endpoints).await;
    let follower = Follower::start(&endpoints).await;
    follower.until_live().await;
    let watched = follower.watched(&endpoints).await;
    let others: Vec<_> = (0..3).filter(|index| *index != watched).collect();
    others.iter().for_each(|index| rig.local.member(*index).kill());
    let killed = Instant::now();
    let outcome = cluster.put(&create(b"minority")).await;
    assert!(matches!(outcome, WriteOutcome::Unknown(_) | WriteOutcome::NotSaved(_)), "{outcome:?}");
    let told = follower.told_after(killed, 10 * SECOND, "no leader", has_no_leader).await;
    // It stays at that while the dead members are tried in turn.
    let looked = Instant::now();
    while looked.elapsed() < 4 * SECOND {
        let states = follower.told.lock().unwrap().states.clone();
        let first = states.iter().position(|(when, state)| *when > killed && has_no_leader(state)).unwrap();
        let other = states[first..].iter().find(|(_, state)| is_stale(state) && !has_no_leader(state));
        assert_eq!(other, None);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let back = Instant::now();
    rig.local.restart(others[0]).await.unwrap();
    let served = back.elapsed();
    follower.until_within(10 * SECOND, "live again", Told::is_live).await;
    let text = format!(
        "no quorum at all: \"no leader\" after {:.1} s, live {:.1} s after quorum is back",
        told.as_secs_f64(),
        (back.elapsed() - served).as_secs_f64()
    );
    figure("no-quorum", text);
    let mut client = plain_client(&endpoints[watched]).await;
    let last = super::support::revision(&mut client).await;
    follower.assert_equal_at(&mut client, last).await;
}

#[tokio::test]
async fn compaction_and_defragmentation_of_the_member_in_use_lose_nothing() {
    for binary in versions() {
        let rig = Rig::start(&binary).await;
        let endpoints = rig.local.endpoints();
        let follower = Follower::start(&endpoints).await;
        let watched = follower.watched(&endpoints).await;
        let trial = Trial::of(follower, endpoints.clone(), "upkeep").await;
        for _ in 0..4 {
            let told = trial.follower.told.lock().unwrap().applied;
            rig.compact(watched, told).await;
            rig.defragment(watched).await;
            trial.follower.until("events go on", |it| it.applied > told + 50 && it.is_live()).await;
        }
        let (follower, _) = trial.finish().await;
        let states = &follower.told.lock().unwrap().states;
        assert!(!states.iter().any(|(_, state)| is_stale(state)), "{states:?}");
    }
}
