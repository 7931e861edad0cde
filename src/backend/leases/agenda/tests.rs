//! The agenda without a clock and without a cluster.

use super::*;
use crate::model::coordination::{
    Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence, LeaseInfo, LeaseUse, Meaning,
};
use crate::model::record::KeyMeta;

fn key(text: &str) -> Key {
    Key::from(text.as_bytes())
}

/// A picture with these leases; those of `queue` stand in line for a lock.
fn picture(leases: &[i64], queue: &[i64]) -> Coordination {
    let mut picture = Coordination::default();
    for id in leases.iter().chain(queue) {
        let keys = std::iter::once((key(&format!("k/{id}")), Arc::new(Meaning::Other))).collect();
        picture.leases.insert(*id, Arc::new(LeaseUse { id: *id, keys, since: None }));
    }
    let claim = |lease: &i64| {
        let meta = KeyMeta { create_revision: 1, mod_revision: 1, version: 1, lease: *lease };
        Arc::new(Claim::found(key(&format!("k/{lease}")), meta, None))
    };
    let lock = ClaimQueue::new(key("k"), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
    let lock = ClaimQueue { claims: queue.iter().map(claim).collect(), ..lock };
    picture.queues.insert(key("k"), Arc::new(lock));
    picture
}

fn told(id: i64, remaining_secs: i64, asked_at: SeenAt) -> LeaseTold {
    let granted_secs = if remaining_secs < 0 { 0 } else { 10 };
    let info = LeaseInfo { id, granted_secs, remaining_secs, seen_at: asked_at };
    LeaseTold { info, answered_at: asked_at + 5 }
}

fn ending(lease: i64, seen_at: SeenAt) -> Arc<Ending> {
    Arc::new(Ending { key: key(&format!("k/{lease}")), lease, revision: 9, seen_at })
}

fn ends(picture: &mut Coordination, ending: Arc<Ending>) {
    picture.endings.insert((ending.revision, ending.key.clone()), ending);
}

/// The picture after the key of this lease went.
fn without(lease: i64, seen_at: SeenAt) -> Coordination {
    let mut picture = picture(&[], &[]);
    ends(&mut picture, ending(lease, seen_at));
    picture
}

fn causes(verdicts: &[Verdict]) -> Vec<EndCause> {
    verdicts.iter().map(|verdict| verdict.cause).collect()
}

const ALL: Option<Rank> = Some(Rank::Other);

#[test]
fn holders_are_asked_for_before_waiters_and_these_before_others() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[3, 4], &[7, 5]), 100);
    let mut asked = Vec::new();
    while let Some(next) = agenda.next(ALL, 100) {
        asked.push(next);
    }
    let routine = |(lease, rank)| Next::Routine(lease, rank);
    let expected = [(7, Rank::First), (5, Rank::Waiting), (3, Rank::Other), (4, Rank::Other)];
    assert_eq!(asked, expected.map(routine));
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[3, 4], &[7, 5]), 100);
    assert_eq!(agenda.next(None, 100), None, "nothing waits for an answer");
    assert_eq!(agenda.next(Some(Rank::First), 100), Some(Next::Routine(7, Rank::First)));
    assert_eq!(agenda.next(Some(Rank::First), 100), None);
}

#[test]
fn where_there_is_more_to_ask_than_may_be_nobody_is_left_out() {
    let mut agenda = Agenda::default();
    let locks: Vec<i64> = (1_000..2_000).collect();
    let mut many = picture(&(1..=500).collect::<Vec<_>>(), &[]);
    for lease in &locks {
        let lock = picture(&[], &[*lease]);
        let queue = lock.queues.values().next().cloned().unwrap();
        many.queues.insert(key(&format!("lock/{lease}")), queue);
        many.leases.insert(*lease, lock.leases.get(lease).cloned().unwrap());
    }
    agenda.follow(&many, 0);
    // A registration that nobody keeps alive.
    agenda.answered(told(7, 4, 0), 0);
    let asked: Vec<Next> = (0..60).filter_map(|_| agenda.next(ALL, 2_000)).collect();
    let of =
        |rank: Rank| asked.iter().filter(|next| matches!(next, Next::Routine(_, of) if *of == rank)).count();
    assert_eq!(asked.get(1), Some(&Next::Routine(7, Rank::Near)), "what is about to end is asked for soon");
    assert!(of(Rank::First) > of(Rank::Other) && of(Rank::Other) >= 10, "{asked:?}");
}

#[test]
fn a_lease_is_asked_for_again_when_its_answer_has_grown_old_and_never_without_keys() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[3], &[]), 0);
    assert!(agenda.next(ALL, 0).is_some());
    assert!(agenda.next(ALL, 0).is_none(), "its answer is under way");
    agenda.answered(told(3, 9, 0), 5);
    assert_eq!((agenda.next(ALL, 3_999), agenda.next_due()), (None, Some(4_000)));
    assert_eq!(agenda.next(ALL, 4_000), Some(Next::Routine(3, Rank::Other)));
    agenda.answered(told(3, 9, 4_000), 4_005);
    agenda.follow(&picture(&[], &[]), 5_000);
    assert_eq!((agenda.next(ALL, 99_000), agenda.next_due()), (None, None));
    // Back again: it goes on from where it was.
    agenda.follow(&picture(&[3], &[]), 6_000);
    assert_eq!(agenda.next_due(), Some(8_000));
}

#[test]
fn what_ended_is_asked_for_first_and_judged_by_what_was_told_before() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[3, 4], &[7]), 0);
    agenda.answered(told(7, 2, 1_000), 1_005);
    let gone = without(7, 3_400);
    assert!(agenda.endings(&gone, Some(0), 3_410).is_empty());
    assert_eq!(agenda.next(ALL, 3_410), Some(Next::Urgent(7)));
    assert_ne!(agenda.next(ALL, 3_410), Some(Next::Urgent(7)), "its answer is under way");
    assert_eq!(causes(&agenda.answered(told(7, -1, 3_412), 3_415)), [EndCause::Expired]);
    assert!(agenda.endings(&gone, Some(0), 3_420).is_empty(), "it was judged, though it is still told");
    assert_ne!(agenda.next(ALL, 9_000), Some(Next::Urgent(7)));
}

#[test]
fn a_lease_that_is_gone_before_its_time_was_revoked_and_one_that_lives_was_not() {
    let judged = |after: i64| {
        let mut agenda = Agenda::default();
        agenda.follow(&picture(&[], &[7]), 0);
        agenda.answered(told(7, 9, 1_000), 1_005);
        agenda.endings(&without(7, 3_400), Some(0), 3_410);
        causes(&agenda.answered(told(7, after, 3_412), 3_415))
    };
    assert_eq!(judged(-1), [EndCause::Revoked]);
    assert_eq!(judged(6), [EndCause::Released]);
}

/// An answer that was under way while the key went tells nothing of what came after.
#[test]
fn an_answer_from_before_it_went_does_not_tell_that_its_lease_lives() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[], &[7]), 0);
    agenda.endings(&without(7, 3_400), Some(0), 3_410);
    assert_eq!(causes(&agenda.answered(told(7, 6, 3_399), 3_415)), []);
    assert_eq!(agenda.next(ALL, 3_415 + AGAIN_MS), Some(Next::Urgent(7)), "it is asked for again");
    assert_eq!(causes(&agenda.answered(told(7, 6, 3_700), 3_705)), [EndCause::Released]);
}

/// It has run out, and the leader is about to delete it.
#[test]
fn a_lease_without_time_left_is_asked_for_again_soon() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[], &[7]), 0);
    agenda.answered(told(7, 1, 2_000), 2_005);
    agenda.endings(&without(7, 3_400), Some(0), 3_410);
    assert!(agenda.next(None, 3_410).is_some());
    assert_eq!(causes(&agenda.answered(told(7, 0, 3_412), 3_415)), []);
    assert_eq!(agenda.next(None, 3_416), None);
    assert_eq!(agenda.next(None, 3_415 + AGAIN_MS), Some(Next::Urgent(7)));
    assert_eq!(causes(&agenda.answered(told(7, -1, 3_700), 3_705)), [EndCause::Expired]);
}

/// All keys of a lease go at one revision: nothing has to be asked where another one is left.
#[test]
fn a_key_whose_lease_has_other_keys_left_was_released() {
    let mut agenda = Agenda::default();
    let mut left = picture(&[7], &[]);
    ends(&mut left, Arc::new(Ending { key: key("other"), ..(*ending(7, 100)).clone() }));
    ends(&mut left, ending(0, 100));
    assert_eq!(causes(&agenda.endings(&left, None, 100)), [EndCause::Released; 2]);
    assert_eq!(agenda.next(None, 100), None);
}

#[test]
fn what_was_told_while_the_mirror_was_behind_did_not_run_out_for_sure() {
    for (live_since, expected) in [(None, EndCause::Unknown), (Some(3_400), EndCause::Unknown)] {
        let mut agenda = Agenda::default();
        agenda.follow(&picture(&[], &[7]), 0);
        agenda.answered(told(7, 2, 1_000), 1_005);
        agenda.endings(&without(7, 3_400), live_since, 3_410);
        assert_eq!(causes(&agenda.answered(told(7, -1, 3_412), 3_415)), [expected], "{live_since:?}");
    }
}

/// The lease was found gone before the mirror told that its keys are.
#[test]
fn a_lease_known_to_be_gone_is_not_asked_for() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[], &[7]), 0);
    agenda.answered(told(7, 2, 1_000), 1_005);
    agenda.answered(told(7, -1, 3_380), 3_385);
    assert_eq!(causes(&agenda.endings(&without(7, 3_400), Some(0), 3_410)), [EndCause::Expired]);
    assert_eq!(agenda.next(ALL, 99_000), None);
}

#[test]
fn nothing_is_found_out_for_ever() {
    let mut agenda = Agenda::default();
    agenda.endings(&without(7, 100), Some(0), 100);
    assert!(agenda.next(None, 100).is_some());
    assert_eq!(causes(&agenda.failed(7, false, 200)), []);
    assert!(agenda.next(None, 5_000).is_some(), "it is tried again");
    assert_eq!(causes(&agenda.expire(100 + PATIENCE_MS)), []);
    assert_eq!(causes(&agenda.expire(101 + PATIENCE_MS)), [EndCause::Unknown]);
    assert_eq!(agenda.next(None, 99_000), None);
    // Where the user may not ask there is nothing to wait for.
    let mut agenda = Agenda::default();
    agenda.endings(&without(7, 100), Some(0), 100);
    assert_eq!(causes(&agenda.failed(7, true, 200)), [EndCause::Unknown]);
}

#[test]
fn a_storm_of_endings_is_bounded() {
    let mut agenda = Agenda::default();
    let mut storm = picture(&[], &[]);
    let many = i64::try_from(MOST_WAITING).unwrap() + 100;
    (1..=many).for_each(|lease| ends(&mut storm, ending(lease, 100)));
    let verdicts = agenda.endings(&storm, Some(0), 100);
    assert_eq!(causes(&verdicts), vec![EndCause::Unknown; 100]);
}

#[test]
fn what_was_told_before_a_clock_jumped_is_not_counted_on() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[], &[7]), 0);
    agenda.answered(told(7, 2, 1_000), 1_005);
    agenda.forget(2_000);
    assert_eq!(agenda.next(ALL, 2_000), Some(Next::Routine(7, Rank::First)), "asked for anew");
    agenda.endings(&without(7, 3_400), Some(0), 3_410);
    assert_eq!(causes(&agenda.answered(told(7, -1, 3_412), 3_415)), [EndCause::Unknown]);
}

/// Asked at 1 s it had 2 whole seconds left: it lasts until 3 s at least.
#[test]
fn a_key_deleted_shortly_before_its_lease_runs_out_was_not_revoked() {
    let deleted = |went: SeenAt, answers: &[(i64, SeenAt)]| {
        let mut agenda = Agenda::default();
        agenda.follow(&picture(&[], &[7]), 0);
        agenda.answered(told(7, 2, 1_000), 1_005);
        agenda.endings(&without(7, went), Some(0), went + 10);
        let answer = |(left, at): &(i64, SeenAt)| causes(&agenda.answered(told(7, *left, *at), at + 5));
        answers.iter().flat_map(answer).collect::<Vec<_>>()
    };
    assert_eq!(deleted(2_500, &[(0, 2_650)]), [EndCause::Released], "its lease was there, and had time");
    assert_eq!(deleted(2_500, &[(-1, 3_900)]), [EndCause::Unknown], "it may have run out since");
    assert_eq!(deleted(2_500, &[(-1, 2_600)]), [EndCause::Revoked]);
    // What is told after the key went is not what its lease had left before.
    assert_eq!(deleted(3_300, &[(0, 3_450), (-1, 3_700)]), [EndCause::Expired], "the leader was late");
    assert_eq!(deleted(3_300, &[(0, 3_450), (0, 3_700), (-1, 3_950)]), [EndCause::Unknown], "too late");
    assert_eq!(deleted(3_300, &[(0, 3_450), (0, 3_850)]), [EndCause::Released], "its lease outlived it");
}

#[test]
fn once_the_cluster_answers_again_what_has_grown_old_is_due_at_once() {
    let mut agenda = Agenda::default();
    agenda.follow(&picture(&[3, 4, 5], &[]), 0);
    while agenda.next(ALL, 0).is_some() {}
    agenda.answered(told(3, 9, 2_000), 2_000);
    agenda.answered(told(4, 9, 1_000), 1_000);
    // The questions after these were not answered: those of 5 and, later, of 3, are under way for ever.
    assert_eq!(agenda.next(ALL, 9_000).map(lease_of), Some(4));
    assert_eq!(agenda.next(ALL, 9_000).map(lease_of), Some(3));
    agenda.failed(4, false, 19_000);
    assert_eq!(agenda.next(ALL, 20_000), None);
    agenda.resume(20_000);
    let asked: Vec<i64> = std::iter::from_fn(|| agenda.next(ALL, 20_000)).map(lease_of).collect();
    assert_eq!(asked, [4, 3, 5], "the oldest first");
}

fn lease_of(next: Next) -> i64 {
    match next {
        Next::Urgent(lease) | Next::Routine(lease, _) => lease,
    }
}
