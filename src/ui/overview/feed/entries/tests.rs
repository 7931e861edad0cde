use super::*;
use crate::model::bytes::Key;
use crate::model::coordination::{Ending, Turn};

const NOW: SeenAt = 1_000_000_000;

fn key(text: &str) -> Key {
    Key::from(text.as_bytes())
}

fn push(session: &mut Session, at: SeenAt, kind: NewsKind) {
    let picture = &mut session.coordination;
    let all =
        if matches!(kind, NewsKind::Holder { .. }) { &mut picture.handovers } else { &mut picture.news };
    let serial = all.back().map_or(1, |news| news.serial + 1);
    all.push_back(Arc::new(News { serial, at, revision: 1, kind }));
}

fn holder(lock: &str, cause: EndCause) -> NewsKind {
    NewsKind::Holder { lock: key(lock), from: Some("a".into()), to: Some("b".into()), cause: Some(cause) }
}

fn went(cause: EndCause) -> NewsKind {
    let (name, instance) = ("user".to_owned(), "10.0.0.1:80".to_owned());
    NewsKind::Instance { service: key("/s/"), name, instance, turn: Turn::Down, cause: Some(cause) }
}

fn session() -> Session {
    let mut session = Session::default();
    push(&mut session, NOW - 50_000, went(EndCause::Released));
    push(&mut session, NOW - 40_000, went(EndCause::Expired));
    let leader = NewsKind::Leader {
        election: key("/e"),
        from: Some("a".into()),
        to: None,
        cause: Some(EndCause::Revoked),
    };
    push(&mut session, NOW - 30_000, leader);
    push(&mut session, NOW - 20_000, NewsKind::DeadlockOver { locks: vec![key("/l")] });
    for at in 0..100 {
        push(
            &mut session,
            NOW - 70_000 + at * 600,
            holder(&format!("/locks/{}", at % 7), EndCause::Released),
        );
    }
    push(&mut session, NOW - 5_000, holder("/locks/crashed", EndCause::Expired));
    session
}

fn words(entries: &Entries) -> Vec<SeenAt> {
    (0..entries.len()).filter_map(|nth| entries.get(nth)).map(|entry| (NOW - entry.at) / 1_000).collect()
}

#[test]
fn handovers_of_locks_do_not_flood_what_happened() {
    let session = session();
    let mut entries = Entries::default();
    entries.update(&session, Topic::All, false, false);
    assert_eq!(words(&entries), [5, 20, 30, 40, 50], "a holder that crashed is told by itself");
    let folded = entries.folded(NOW);
    assert_eq!((folded.all, folded.lately, folded.locks, folded.secs), (100, 83, 7, 60));
    entries.update(&session, Topic::All, true, false);
    assert_eq!(entries.len(), 105, "they can be told one by one");
}

#[test]
fn each_topic_says_how_many_lines_it_would_show() {
    let session = session();
    let mut entries = Entries::default();
    for handovers in [false, true] {
        for topic in Topic::ALL {
            entries.update(&session, topic, handovers, false);
            assert_eq!(entries.len(), entries.count(topic), "{topic:?}");
        }
    }
    entries.update(&session, Topic::Leases, false, false);
    assert_eq!(words(&entries), [5, 30, 40], "what ended because its lease did");
    entries.update(&session, Topic::Services, false, false);
    assert_eq!(words(&entries), [40, 50]);
}

#[test]
fn of_more_handovers_than_are_kept_only_the_time_that_is_known_is_told() {
    let mut session = Session::default();
    for at in 0..MOST_HANDOVERS as i64 {
        push(&mut session, NOW - 10_000 + at * 20, holder("/locks/hot", EndCause::Released));
    }
    let mut entries = Entries::default();
    entries.update(&session, Topic::All, false, false);
    let folded = entries.folded(NOW);
    assert_eq!((folded.lately, folded.locks, folded.secs), (MOST_HANDOVERS, 1, 10));
    let later = entries.folded(NOW + 600_000);
    assert_eq!((later.lately, later.last), (0, NOW - 20));
}

#[test]
fn lines_wait_while_they_are_pointed_at_and_what_is_counted_does_not() {
    let mut session = session();
    let mut entries = Entries::default();
    entries.update(&session, Topic::All, false, true);
    assert_eq!((entries.len(), entries.waiting()), (5, None));
    push(&mut session, NOW, went(EndCause::Expired));
    push(&mut session, NOW, holder("/locks/0", EndCause::Released));
    for _ in 0..2 {
        entries.update(&session, Topic::All, false, true);
        assert_eq!((entries.len(), entries.waiting()), (5, Some(1)), "a handover is no line");
    }
    assert_eq!((entries.count(Topic::All), entries.count(Topic::Services)), (6, 3));
    assert_eq!(entries.folded(NOW).lately, 84);
    entries.update(&session, Topic::All, false, false);
    assert_eq!((entries.len(), entries.waiting()), (6, None));
    // Who asks for others wants to see them.
    push(&mut session, NOW, went(EndCause::Expired));
    entries.update(&session, Topic::All, false, true);
    entries.update(&session, Topic::Services, false, true);
    assert_eq!((entries.len(), entries.waiting()), (4, None));
}

#[test]
fn a_lock_that_is_taken_or_given_back_was_not_handed_over() {
    let mut session = Session::default();
    let owner = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    for (from, to) in [("", "a"), ("a", ""), ("", "b"), ("b", "c"), ("c", "")] {
        let lock = key("/locks/one");
        let kind = NewsKind::Holder { lock, from: owner(from), to: owner(to), cause: None };
        push(&mut session, NOW - 1_000, kind);
    }
    let mut entries = Entries::default();
    entries.update(&session, Topic::All, false, false);
    let folded = entries.folded(NOW);
    assert_eq!((folded.lately, folded.locks, folded.others, folded.all), (1, 1, 4, 5));
    assert_eq!(entries.len(), 0, "none of it is told by itself");
}

#[test]
fn what_becomes_known_of_a_cause_is_taken_in() {
    let mut session = Session::default();
    push(&mut session, NOW, went(EndCause::Asking));
    let ending = Ending { key: key("x"), lease: 1, revision: 1, seen_at: NOW };
    session.coordination.endings.insert((1, key("x")), Arc::new(ending));
    let mut entries = Entries::default();
    entries.update(&session, Topic::Leases, false, false);
    assert_eq!(entries.len(), 0);
    session.coordination.news.clear();
    push(&mut session, NOW, went(EndCause::Expired));
    session.coordination.endings.clear();
    entries.update(&session, Topic::Leases, false, false);
    assert_eq!(entries.len(), 1);
}

#[test]
fn leaders_of_the_cluster_are_among_it_and_the_one_that_was_there_is_no_news() {
    let term = |at: SeenAt, term: u64, leader: Option<u64>, end| {
        let reign = Reign::Seen(leader.map_or(Leader::Nobody, Leader::Member));
        let name = leader.map_or_else(String::new, |id| format!("etcd-{id}"));
        RaftTerm { at, term, reign, name, end }
    };
    let not_asked = RaftTerm { at: NOW, term: 0, reign: Reign::NotAsked, name: String::new(), end: None };
    let raft = RaftHistory {
        terms: [
            term(NOW - 90, 2, Some(1), Some(RaftEnd::Silent)),
            term(NOW - 80, 2, None, None),
            term(NOW - 70, 3, Some(2), Some(RaftEnd::Answers)),
            term(NOW - 60, 4, Some(3), Some(RaftEnd::NotAsked)),
            not_asked,
            term(NOW - 40, 4, Some(3), None),
        ]
        .into(),
        ..RaftHistory::default()
    };
    let told: Vec<(i64, Option<String>, Leads)> =
        raft_changes(&raft).into_iter().map(|(at, _, change)| (NOW - at, change.from, change.to)).collect();
    let name = |id: u64| format!("etcd-{id}");
    assert_eq!(
        told,
        [
            (80, Some(name(1)), Leads::Nobody),
            (70, Some(name(1)), Leads::Member(name(2))),
            (60, Some(name(2)), Leads::Member(name(3))),
        ]
    );
    let session = Session { raft, ..Session::default() };
    let mut entries = Entries::default();
    entries.update(&session, Topic::Cluster, false, false);
    assert_eq!(entries.len(), 3);
}
