use super::*;
use crate::model::fault::{Fault, FaultKind};
use crate::model::status::MemberStatus;

const START: SeenAt = 1_000_000;

fn member(id: u64, raft_term: u64, leader: u64) -> MemberStatus {
    MemberStatus { raft_index: 100 - id, ..crate::model::leadership::tests::member(id, raft_term, leader) }
}

fn silent(id: u64) -> MemberStatus {
    MemberStatus { fault: Some(Fault::new(FaultKind::Unavailable, "")), ..member(id, 0, 0) }
}

fn status(seen_at: SeenAt, members: Vec<MemberStatus>) -> ClusterStatus {
    ClusterStatus { members, seen_at, ..ClusterStatus::default() }
}

fn three(seen_at: SeenAt, term: u64, leader: u64) -> ClusterStatus {
    status(seen_at, (1..=3).map(|id| member(id, term, leader)).collect())
}

fn told(history: &RaftHistory) -> Vec<(SeenAt, u64, Reign)> {
    history.terms.iter().map(|term| (term.at, term.term, term.reign)).collect()
}

fn led(id: u64) -> Reign {
    Reign::Seen(Leader::Member(id))
}

#[test]
fn a_leader_that_stays_is_one_entry() {
    let mut history = RaftHistory::default();
    history.see(&ClusterStatus::default());
    assert!(history.terms.is_empty(), "nobody has been asked");
    for round in 0..4 {
        history.see(&three(START + round * 5_000, 7, 2));
    }
    assert_eq!(told(&history), [(START, 7, led(2))]);
    assert_eq!((history.seen_at, history.since()), (START + 15_000, None), "it led before it was watched");
    assert_eq!(history.changes_since(0), 0);
}

#[test]
fn a_killed_leader_gives_way_over_a_time_without_one() {
    let mut history = RaftHistory::default();
    history.see(&three(START, 7, 1));
    history.see(&status(START + 5_000, vec![silent(1), member(2, 8, 0), member(3, 8, 0)]));
    history.see(&status(START + 10_000, vec![silent(1), member(2, 8, 3), member(3, 8, 3)]));
    let nobody = Reign::Seen(Leader::Nobody);
    let expected = [(START, 7, led(1)), (START + 5_000, 8, nobody), (START + 10_000, 8, led(3))];
    assert_eq!(told(&history), expected);
    assert_eq!(history.terms[0].end, Some(RaftEnd::Silent));
    assert_eq!(history.terms[2].name, "etcd-3");
    assert_eq!(history.since(), Some(START + 10_000));
    assert_eq!((history.changes_since(START), history.changes_since(START + 10_001)), (1, 0));
}

#[test]
fn a_leader_that_moved_the_leadership_still_answers() {
    let mut history = RaftHistory::default();
    history.see(&three(START, 7, 1));
    history.see(&three(START + 5_000, 8, 2));
    assert_eq!(history.terms[0].end, Some(RaftEnd::Answers));
    // The same leader in a new term: an election that it won.
    history.see(&three(START + 10_000, 9, 2));
    assert_eq!(history.terms.len(), 3);
    assert_eq!(history.changes_since(START), 1);
    assert_eq!(history.since(), Some(START + 5_000));
}

#[test]
fn a_time_in_which_nobody_was_asked_is_not_a_reign() {
    let mut history = RaftHistory::default();
    history.see(&three(START, 7, 1));
    history.see(&three(START + 5_000, 7, 1));
    let late = START + 5_000 + GAP_MS + 1;
    history.see(&three(late, 7, 1));
    let expected = [(START, 7, led(1)), (START + 5_000, 0, Reign::NotAsked), (late, 7, led(1))];
    assert_eq!(told(&history), expected);
    assert_eq!(history.terms[0].end, Some(RaftEnd::NotAsked));
    assert_eq!(history.changes_since(0), 0);
}

#[test]
fn lags_are_those_behind_the_furthest_of_the_same_round() {
    let mut history = RaftHistory::default();
    for round in 0..200 {
        history.see(&three(START + round * 5_000, 7, 1));
    }
    let lags = |id: u64| history.lags[&id].iter().map(|lag| lag.entries).collect::<Vec<_>>();
    assert_eq!((lags(1)[0], lags(3)[0]), (0, 2));
    assert_eq!(lags(2).len(), MOST_LAGS);
    assert_eq!(history.lags[&2].back().map(|lag| lag.at), Some(START + 199 * 5_000));
    // A member that does not answer has no lag; one that left the cluster is forgotten.
    let before = lags(2);
    history.see(&status(START + 1_000_000, vec![member(1, 7, 1), silent(2)]));
    assert_eq!(history.lags[&2].iter().map(|lag| lag.entries).collect::<Vec<_>>(), before);
    assert!(!history.lags.contains_key(&3));
}

#[test]
fn no_more_is_kept_than_was_promised_and_a_clock_set_back_moves_all_of_it() {
    let mut history = RaftHistory::default();
    for round in 0..1_200_i64 {
        history.see(&three(START + round * 5_000, round as u64, round as u64 % 3 + 1));
    }
    assert_eq!(history.terms.len(), MOST_CHANGES);
    let (last, seen_at) = (history.terms.back().unwrap().at, history.seen_at);
    history.shift(-3_600_000);
    assert_eq!(history.terms.back().unwrap().at, last - 3_600_000);
    assert_eq!(history.seen_at, seen_at - 3_600_000);
    assert_eq!(history.lags[&1].back().unwrap().at, seen_at - 3_600_000);
    // It goes on from there.
    history.see(&three(seen_at - 3_600_000 + 5_000, 1_200, 1));
    assert_eq!(history.seen_at, seen_at - 3_600_000 + 5_000);
}
