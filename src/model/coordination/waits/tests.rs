use std::sync::Arc;

use super::*;
use crate::model::bytes::Value;
use crate::model::coordination::queue::{Claim, ClaimKind, Confidence};
use crate::model::record::KeyMeta;

/// A claim: its lease, its value, what it asks for.
type Made<'a> = (i64, &'a str, ClaimMode);

fn lock(name: &str, form: ClaimForm, claims: &[Made<'_>]) -> ClaimQueue {
    let claims = (1_i64..).zip(claims).map(|(created, (lease, value, mode))| {
        let meta = KeyMeta { create_revision: created, mod_revision: created, version: 1, lease: *lease };
        let key = format!("{name}/{created}");
        let found = Claim::found(key.as_bytes().into(), meta, Some(Value::from(value.as_bytes())));
        Arc::new(Claim { mode: *mode, ..found })
    });
    let queue = ClaimQueue::new(name.as_bytes().into(), ClaimKind::Lock, form, Confidence::Certain);
    ClaimQueue { claims: claims.collect(), ..queue }
}

fn mutex(name: &str, leases: &[i64]) -> ClaimQueue {
    let claims: Vec<Made<'_>> = leases.iter().map(|lease| (*lease, "", ClaimMode::Whole)).collect();
    lock(name, ClaimForm::Queue, &claims)
}

fn graph(locks: &[ClaimQueue]) -> WaitGraph {
    WaitGraph::of(locks.iter())
}

/// The waits of the only cycle: waiter, lock, holder.
fn cycle(graph: &WaitGraph) -> Vec<(Owner, String, Owner)> {
    assert_eq!(graph.cycles.len(), 1, "{graph:?}");
    let told = |wait: &Wait| {
        assert!(wait.in_cycle);
        (wait.waiter.clone(), String::from_utf8_lossy(&wait.lock).into_owned(), wait.holder.clone())
    };
    graph.cycles[0].waits.iter().map(told).collect()
}

#[test]
fn three_owners_over_three_locks_wait_for_ever() {
    let locks = [mutex("a", &[1, 3]), mutex("b", &[2, 1]), mutex("c", &[3, 2, 9])];
    let graph = graph(&locks);
    let owner = Owner::Lease;
    let expected = [
        (owner(1), "b".to_owned(), owner(2)),
        (owner(2), "c".to_owned(), owner(3)),
        (owner(3), "a".to_owned(), owner(1)),
    ];
    assert_eq!(cycle(&graph), expected);
    let beside: Vec<_> = graph.waits.iter().filter(|wait| !wait.in_cycle).collect();
    assert_eq!(beside.len(), 1, "who waits for the cycle is not a part of it");
    assert_eq!((&beside[0].waiter, beside[0].place), (&owner(9), 2));
}

#[test]
fn waiting_in_line_is_no_deadlock() {
    let graph = graph(&[mutex("a", &[1, 2, 3]), mutex("b", &[2, 3])]);
    assert_eq!((graph.waits.len(), graph.cycles.len()), (3, 0));
}

#[test]
fn claims_are_tied_by_value_where_it_names_somebody() {
    let whole = ClaimMode::Whole;
    let (x, y) = ("6ba7b810-9dad-41d1-80b4-00c04fd430c8", "7c9e6679-7425-40de-944b-e07fc1f90ae7");
    let tied = [
        lock("a", ClaimForm::Queue, &[(1, x, whole), (4, y, whole)]),
        lock("b", ClaimForm::Queue, &[(3, y, whole), (2, x, whole)]),
    ];
    let owner = |name: &str| Owner::Value(name.to_owned());
    let expected = [(owner(x), "b".to_owned(), owner(y)), (owner(y), "a".to_owned(), owner(x))];
    assert_eq!(cycle(&graph(&tied)), expected);
    let generic = [
        lock("a", ClaimForm::Queue, &[(1, "held", whole), (4, "held", whole)]),
        lock("b", ClaimForm::Queue, &[(3, "held", whole), (2, "held", whole)]),
    ];
    let graph = graph(&generic);
    assert_eq!((graph.waits.len(), graph.cycles.len()), (2, 0), "a value that all have names nobody");
}

/// Of one value each, all on leases of their own.
fn crossed(one: &str, other: &str) -> [ClaimQueue; 2] {
    let whole = ClaimMode::Whole;
    [
        lock("a", ClaimForm::Queue, &[(1, one, whole), (4, other, whole)]),
        lock("b", ClaimForm::Queue, &[(3, other, whole), (2, one, whole)]),
    ]
}

#[test]
fn a_value_that_others_may_have_makes_no_deadlock() {
    for (one, other) in [("1", "2"), ("true", "false"), ("locked", "held")] {
        let graph = graph(&crossed(one, other));
        assert!(graph.cycles.is_empty() && graph.possible.is_empty(), "{one} {other}");
        assert_eq!(graph.waits.len(), 2, "who waits for which lock is told all the same");
    }
    // Two machines, on each of which several processes may run.
    let graph = graph(&crossed("db-host-1", "db-host-2"));
    assert!(graph.cycles.is_empty() && graph.waits.iter().all(|wait| !wait.in_cycle), "{graph:?}");
    assert_eq!(graph.possible.len(), 1);
    let owners: Vec<_> = graph.possible[0].waits.iter().map(|wait| wait.waiter.clone()).collect();
    let owner = |name: &str| Owner::Value(name.to_owned());
    assert_eq!(owners, [owner("db-host-1"), owner("db-host-2")]);
    let called = Owner::Called { name: "db-host-2".to_owned(), lease: 4 };
    assert!(graph.waits.iter().any(|wait| wait.waiter == called), "told apart by lease, called by value");
}

#[test]
fn what_is_a_deadlock_for_sure_is_not_told_to_be_possible() {
    let whole = ClaimMode::Whole;
    let locks = [
        lock("a", ClaimForm::Queue, &[(1, "db-host-1", whole), (2, "db-host-2", whole)]),
        lock(
            "b",
            ClaimForm::Queue,
            &[(2, "db-host-2", whole), (1, "db-host-1", whole), (3, "db-host-2", whole)],
        ),
        lock("c", ClaimForm::Queue, &[(7, "db-host-1", whole), (8, "web-2", whole)]),
    ];
    let graph = graph(&locks);
    assert_eq!((graph.cycles.len(), graph.possible.len()), (1, 0), "{graph:?}");
}

#[test]
fn what_the_pattern_says_counts_more_than_the_lease() {
    let mut locks = [mutex("a", &[1, 2]), mutex("b", &[2, 1])];
    assert_eq!(graph(&locks).cycles.len(), 1);
    for (number, claim) in (0..).zip(locks.iter_mut().flat_map(|lock| &mut lock.claims)) {
        Arc::make_mut(claim).owner = Some(format!("thread-{number}"));
    }
    let graph = graph(&locks);
    assert_eq!((graph.waits.len(), graph.cycles.len()), (2, 0));
}

#[test]
fn readers_and_writers_block_each_other() {
    let (read, write) = (ClaimMode::Read, ClaimMode::Write);
    let stock = lock(
        "rw",
        ClaimForm::ReadWrite,
        &[(1, "", read), (2, "", read), (3, "", write), (4, "", read), (5, "", write)],
    );
    let waits: Vec<_> = graph(std::slice::from_ref(&stock))
        .waits
        .iter()
        .map(|wait| (wait.waiter.clone(), wait.holder.clone(), wait.place))
        .collect();
    let owner = Owner::Lease;
    let expected =
        [(owner(3), owner(1), 1), (owner(3), owner(2), 1), (owner(4), owner(3), 2), (owner(5), owner(4), 3)];
    assert_eq!(waits, expected);
    // The second reader waits for what the first reader behind the writer holds.
    let graph = graph(&[stock, mutex("m", &[4, 2])]);
    assert_eq!(cycle(&graph).len(), 3);
}

#[test]
fn a_reader_that_wants_to_write_waits_for_itself() {
    let stock = lock("rw", ClaimForm::ReadWrite, &[(1, "", ClaimMode::Read), (1, "", ClaimMode::Write)]);
    assert_eq!(cycle(&graph(&[stock])).len(), 1);
}

#[test]
fn a_long_line_of_owners_is_no_danger() {
    let locks: Vec<ClaimQueue> = (1..20_000).map(|at| mutex(&format!("l{at:05}"), &[at, at + 1])).collect();
    let graph = graph(&locks);
    assert_eq!((graph.waits.len(), graph.cycles.len()), (19_999, 0));
}
