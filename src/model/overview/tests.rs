use std::collections::VecDeque;

use super::*;
use crate::model::bytes::Value;
use crate::model::coordination::waits::{Cycle, Owner, Wait, WaitGraph};
use crate::model::coordination::{
    Claim, ClaimForm, Confidence, EndCause, Instance, InstanceEvent, InstanceStatus, Layout, LeaseInfo,
    LeaseUse, News, NewsKind, Report, Service, Tenure, Turn,
};
use crate::model::record::KeyMeta;

const NOW: SeenAt = 1_000_000_000;

fn key(text: &str) -> Key {
    Key::from(text.as_bytes())
}

fn instance(service: &str, id: &str, report: Option<Report>, flaps: u32) -> (Key, Arc<Instance>) {
    let key = key(&format!("{service}{id}"));
    let meta = KeyMeta { lease: 7, ..KeyMeta::default() };
    let found = Instance::found(key.clone(), meta, id.into());
    let instance = Instance { report: report.map(Arc::new), flaps, ..found };
    (key, Arc::new(instance))
}

fn reported(age_ms: i64) -> Option<Report> {
    Some(Report { status: Some(InstanceStatus::Up), seen_at: Some(NOW - age_ms), ..Report::default() })
}

fn service(name: &str, instances: Vec<(Key, Arc<Instance>)>, lost: Option<EndCause>) -> Arc<Service> {
    let event = |cause| InstanceEvent {
        key: key("x"),
        id: "x".into(),
        lease: 1,
        turn: Turn::Down,
        cause: Some(cause),
        revision: 5,
        at: NOW,
    };
    Arc::new(Service {
        folder: key(&format!("/services/{name}/")),
        name: name.into(),
        layout: Layout::Plain,
        confidence: Confidence::Certain,
        instances: instances.into_iter().collect(),
        past: Arc::new(lost.map(event).into_iter().collect()),
    })
}

fn picture(services: Vec<Arc<Service>>, queues: Vec<ClaimQueue>) -> Coordination {
    Coordination {
        services: services.into_iter().map(|service| (service.folder.clone(), service)).collect(),
        queues: queues.into_iter().map(|queue| (queue.name.clone(), Arc::new(queue))).collect(),
        ..Coordination::default()
    }
}

fn sums(picture: &Coordination) -> Sums {
    Sums::of(picture, &KnownLeases::new(), &CoordinationSettings::default(), NOW, NOW)
}

fn claim(name: &str, owner: &str, since: Option<SeenAt>) -> Arc<Claim> {
    let value: Value = owner.as_bytes().into();
    let found = Claim::found(key(&format!("{name}/{owner}")), KeyMeta::default(), Some(value));
    Arc::new(Claim { since, ..found })
}

fn queue(name: &str, kind: ClaimKind, claims: Vec<Arc<Claim>>) -> ClaimQueue {
    ClaimQueue { claims, ..ClaimQueue::new(key(name), kind, ClaimForm::Queue, Confidence::Certain) }
}

fn ended(name: &str, ages_ms: &[i64], cause: EndCause) -> VecDeque<Tenure> {
    let tenure = |age: &i64| Tenure {
        claim: (*claim(name, "old", None)).clone(),
        from_revision: 1,
        until: NOW - age,
        until_revision: 2,
        cause,
        waiting: 0,
    };
    ages_ms.iter().map(tenure).collect()
}

#[test]
fn a_service_is_degraded_by_some_of_its_instances_and_down_by_all_of_them() {
    let a = "/services/a/";
    let services = vec![
        service("a", vec![instance(a, "1", reported(1_000), 0), instance(a, "2", None, 4)], None),
        service("late", vec![instance("/l/", "1", reported(4_000), 0), instance("/l/", "2", None, 0)], None),
        service("half", vec![instance("/h/", "1", reported(11_000), 0), instance("/h/", "2", None, 0)], None),
        service("dead", vec![instance("/d/", "1", reported(11_000), 0)], None),
        service("lost", Vec::new(), Some(EndCause::Expired)),
        service("retired", Vec::new(), Some(EndCause::Released)),
    ];
    let sums = sums(&picture(services, Vec::new())).services;
    assert_eq!(sums.services, ServiceCounts { up: 1, degraded: 2, down: 2, unknown: 0, emptied: 1 });
    assert_eq!(sums.services.all(), 5, "one was emptied on purpose, and is told apart");
    assert_eq!(sums.instances, InstanceCounts { up: 4, late: 1, down: 2, ..InstanceCounts::default() });
    let worst: Vec<&str> = sums.worst.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(worst, ["lost", "dead", "half", "late"]);
    assert_eq!(sums.flapping, 1);
}

#[test]
fn what_is_registered_without_a_lease_and_never_reports_is_not_counted_as_up() {
    let unleased = |(key, one): (Key, Arc<Instance>)| {
        let instance = Instance { meta: KeyMeta::default(), ..(*one).clone() };
        (key, Arc::new(instance))
    };
    let told = Report { status: Some(InstanceStatus::Up), ..Report::default() };
    let services = vec![
        service("static", vec![unleased(instance("/static/", "1", None, 0))], None),
        service("before", vec![unleased(instance("/before/", "1", Some(told), 0))], None),
        service("reports", vec![unleased(instance("/reports/", "1", reported(100), 0))], None),
        service("leased", vec![instance("/leased/", "1", None, 0)], None),
    ];
    let sums = sums(&picture(services, Vec::new())).services;
    assert_eq!(sums.services, ServiceCounts { up: 2, unknown: 2, ..ServiceCounts::default() });
    assert_eq!((sums.instances.up, sums.instances.unknown), (2, 2));
}

#[test]
fn lateness_comes_with_the_clock_alone() {
    let services = vec![service("a", vec![instance("/services/a/", "1", reported(0), 0)], None)];
    let picture = picture(services, Vec::new());
    let rules = CoordinationSettings::default();
    let at = |now| Sums::of(&picture, &KnownLeases::new(), &rules, now, now).services.services;
    assert_eq!(at(NOW + 3_000), ServiceCounts { up: 1, ..ServiceCounts::default() });
    assert_eq!(at(NOW + 3_001), ServiceCounts { degraded: 1, ..ServiceCounts::default() });
    assert_eq!(at(NOW + 10_001), ServiceCounts { down: 1, ..ServiceCounts::default() });
}

#[test]
fn the_longest_wait_is_one_that_was_seen_to_begin() {
    let mut held = picture(
        Vec::new(),
        vec![
            queue("a", ClaimKind::Lock, vec![claim("a", "1", None)]),
            queue(
                "b",
                ClaimKind::Lock,
                vec![claim("b", "1", None), claim("b", "2", None), claim("b", "3", Some(NOW - 9_000))],
            ),
            queue("c", ClaimKind::Lock, vec![claim("c", "1", None), claim("c", "2", Some(NOW - 30_000))]),
            queue("gone", ClaimKind::Lock, Vec::new()),
            queue("e", ClaimKind::Election, vec![claim("e", "1", None), claim("e", "2", Some(1))]),
        ],
    );
    let wait =
        Wait { waiter: Owner::Lease(1), lock: key("b"), holder: Owner::Lease(2), place: 1, in_cycle: true };
    let waits = vec![wait];
    held.waits =
        Arc::new(WaitGraph { waits: waits.clone(), cycles: vec![Cycle { waits }], possible: Vec::new() });
    let sums = sums(&held).locks;
    assert_eq!((sums.held, sums.contended, sums.waiting, sums.unknown_waits), (3, 2, 3, 1));
    assert_eq!(sums.longest, Some((NOW - 30_000, key("c"))), "an election is no lock");
    assert_eq!((sums.deadlocks, sums.deadlocked), (1, vec![key("b")]));
}

#[test]
fn leaders_that_changed_too_often_and_elections_without_one_are_told_apart() {
    let minute = 60_000;
    let with = |name: &str, leads: bool, ages: &[i64], cause| ClaimQueue {
        past: Arc::new(ended(name, ages, cause)),
        ..queue(name, ClaimKind::Election, if leads { vec![claim(name, "new", None)] } else { Vec::new() })
    };
    let often = [9 * minute, 8 * minute, 7 * minute, 1_000];
    let picture = picture(
        Vec::new(),
        vec![
            with("calm", true, &[11 * minute], EndCause::Expired),
            with("once", true, &[2 * minute], EndCause::Released),
            with("often", true, &often, EndCause::Expired),
            with("lost", false, &[20 * minute], EndCause::Expired),
            with("over", false, &[20 * minute], EndCause::Released),
        ],
    );
    let sums = sums(&picture).elections;
    assert_eq!((sums.led, sums.changes), (3, 5));
    assert_eq!(sums.alerts, [key("often")]);
    assert_eq!(sums.leaderless, [key("lost")]);
    let changed: Vec<&[u8]> = sums.changed.iter().map(|queue| &*queue.name).collect();
    assert_eq!(changed, [b"often".as_slice(), b"once"], "the newest change first");
}

fn lease_sums(answers: &[(i64, i64, i64)]) -> LeaseSums {
    let mut picture = picture(Vec::new(), Vec::new());
    let mut told = KnownLeases::new();
    for (id, (granted_secs, remaining_secs, age_ms)) in (1_i64..).zip(answers.iter().copied()) {
        picture.leases.insert(id, Arc::new(LeaseUse { id, ..LeaseUse::default() }));
        told.insert(id, LeaseInfo { id, granted_secs, remaining_secs, seen_at: NOW - age_ms });
    }
    // Nothing is attached to it.
    told.insert(99, LeaseInfo { id: 99, granted_secs: 10, remaining_secs: 1, seen_at: NOW });
    Sums::of(&picture, &told, &CoordinationSettings::default(), NOW, NOW).leases
}

#[test]
fn a_lease_below_half_of_its_time_missed_a_renewal_and_no_other_is_said_to_be_kept_alive() {
    let sums = lease_sums(&[
        (10, 9, 1_000),
        (10, 3, 1_000),
        (10, 2, 100),
        // Long before its end, and all the same not renewed.
        (3_600, 1_000, 0),
        // It was well, and was to be asked again since: nobody knows.
        (5, 4, 3_900),
        // Its keys are still there long after its end.
        (5, 1, 9_000),
        (10, 9, 15_000),
        (10, -1, 0),
    ]);
    assert_eq!((sums.all, sums.known, sums.below_half, sums.soon), (8, 4, 3, 2));
    assert_eq!(sums.next, Some((NOW + 1_900, 3)), "the lease that nothing is attached to is not meant");
    // Nobody renews it: it is told from half of its time on.
    let unkept = |left| lease_sums(&[(20, left, 0)]).below_half;
    assert_eq!([19, 11, 10, 5, 1].map(unkept), [0, 0, 1, 1, 1]);
    assert_eq!(lease_sums(&[(40, 13, 0)]).soon, 1);
}

#[test]
fn what_a_lease_has_at_least_is_known_for_as_long_as_that_is_half_of_its_time() {
    let known = |age_ms| lease_sums(&[(60, 55, age_ms)]).known;
    assert_eq!([0, 20_000, 25_000, 25_000 + ANSWER_MS].map(known), [1; 4]);
    assert_eq!(known(25_001 + ANSWER_MS), 0);
}

#[test]
fn a_picture_is_counted_anew_only_where_it_changed() {
    let one = picture(vec![service("a", Vec::new(), None)], Vec::new());
    let mut other = one.clone();
    assert!(one.is_same(&other));
    let deadlock = NewsKind::DeadlockOver { locks: Vec::new() };
    other.news.push_back(Arc::new(News { serial: 1, at: NOW, revision: 0, kind: deadlock }));
    assert!(!one.is_same(&other) && other.is_same(&other.clone()));
    let mut other = one.clone();
    other.services.clear();
    assert!(!one.is_same(&other));
}
