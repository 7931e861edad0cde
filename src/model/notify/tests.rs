use std::sync::Arc;

use super::*;
use crate::model::coordination::{
    Claim, ClaimForm, ClaimQueue, Confidence, Coordination, CoordinationSettings, Instance, Layout, Meaning,
    News, Report, Service,
};
use crate::model::fault::FaultKind;
use crate::model::record::{ChangeKind, KeyChange, KeyMeta, Revision};
use crate::model::status::MirrorState;

fn session(notify: NotifySettings) -> Session {
    let mut session = Session { state: MirrorState::Live, ..Session::default() };
    session.profile.coordination = CoordinationSettings { notify, ..CoordinationSettings::default() };
    session.coordination = Coordination { complete: true, watched_since: Some(0), ..Coordination::default() };
    session
}

fn everything() -> NotifySettings {
    NotifySettings {
        instance_down: true,
        leader_changed: true,
        lock_held_secs: 60,
        deadlock: true,
        keys: vec!["config/".into()],
    }
}

fn tell(session: &mut Session, at: SeenAt, kind: NewsKind) {
    let serial = session.coordination.news.back().map_or(1, |news| news.serial + 1);
    session.coordination.news.push_back(Arc::new(News { serial, at, revision: 1, kind }));
}

fn went(cause: EndCause) -> NewsKind {
    NewsKind::Instance {
        service: b"s/".as_slice().into(),
        name: "s".into(),
        instance: "one".into(),
        turn: Turn::Down,
        cause: Some(cause),
    }
}

fn deadlock() -> NewsKind {
    NewsKind::Deadlock { locks: vec![b"a".as_slice().into()], owners: vec!["one".into()] }
}

/// A connection that has been watched for a while, at the time 10,000.
fn watched(notify: NotifySettings) -> (Session, Notifier) {
    let (mut session, mut notifier) = (session(notify), Notifier::default());
    for now in [5_000, 8_000, 10_000] {
        assert_eq!(notifier.due(&mut session, now), []);
    }
    (session, notifier)
}

/// What is told now, or as soon as it is gathered.
fn told(notifier: &mut Notifier, session: &mut Session, now: SeenAt) -> Vec<Alert> {
    let mut told = notifier.due(session, now);
    told.extend(notifier.due(session, now + 1_500));
    told.into_iter().flat_map(|digest| digest.things).map(|folded| folded.alert).collect()
}

fn hold(session: &mut Session, key: &[u8], since: Option<SeenAt>) {
    let mut claim = Claim::found(key.into(), KeyMeta::default(), None);
    claim.turn_since = since;
    let name: Key = b"lock".as_slice().into();
    let queue = ClaimQueue::new(name.clone(), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
    let queue = ClaimQueue { claims: vec![Arc::new(claim)], ..queue };
    session.coordination.queues.insert(name, Arc::new(queue));
}

/// Instances of one service, each of which reported last at that time.
fn report(session: &mut Session, service: &str, instances: usize, at: SeenAt) {
    let folder: Key = format!("{service}/").into_bytes().as_slice().into();
    let mut found = Service {
        folder: folder.clone(),
        name: service.to_owned(),
        layout: Layout::Plain,
        confidence: Confidence::Certain,
        instances: Default::default(),
        past: Default::default(),
    };
    for nth in 0..instances {
        let key: Key = format!("{service}/{nth}").into_bytes().as_slice().into();
        let mut instance = Instance::found(key.clone(), KeyMeta::default(), nth.to_string());
        instance.report = Some(Arc::new(Report { seen_at: Some(at), ..Report::default() }));
        session.coordination.meanings.insert(key.clone(), Meaning::Instance(folder.clone()));
        found.instances.insert(key, Arc::new(instance));
    }
    session.coordination.services.insert(folder, Arc::new(found));
}

#[test]
fn nothing_is_told_that_was_not_asked_for_or_is_old() {
    let mut quiet = session(NotifySettings::default());
    let mut notifier = Notifier::default();
    tell(&mut quiet, 0, deadlock());
    assert_eq!(notifier.due(&mut quiet, 10_000), []);

    let mut session = session(everything());
    let mut notifier = Notifier::default();
    tell(&mut session, 0, deadlock());
    assert_eq!(told(&mut notifier, &mut session, 10_000), [], "it was so before it was looked at");
    tell(&mut session, 11_900, deadlock());
    assert_eq!(told(&mut notifier, &mut session, 12_000), [], "the picture of a new connection settles");
    tell(&mut session, 15_000, deadlock());
    session.state = MirrorState::CatchingUp;
    assert_eq!(told(&mut notifier, &mut session, 16_000), [], "what is not live is no news");
    session.state = MirrorState::Live;
    assert_eq!(told(&mut notifier, &mut session, 20_000).len(), 1, "but it is not lost");
    assert_eq!(told(&mut notifier, &mut session, 60_000), [], "and told once");
}

#[test]
fn what_happened_in_a_long_gap_is_old() {
    let (mut session, mut notifier) = watched(everything());
    report(&mut session, "pay", 3, 10_000);
    assert_eq!(told(&mut notifier, &mut session, 12_000), []);
    session.state =
        MirrorState::Stale { since: 12_000, fault: Fault::new(FaultKind::Unavailable, ""), retry_at: None };
    assert_eq!(told(&mut notifier, &mut session, 30_000), []);
    // An hour later there is a connection again, and the picture follows it.
    session.state = MirrorState::Live;
    let later = 3_600_000;
    tell(&mut session, later, deadlock());
    tell(&mut session, later, went(EndCause::Expired));
    let change = KeyChange { key: b"config/a".as_slice().into(), kind: ChangeKind::Delete, prev: None };
    let settings = session.profile.coordination.notify.clone();
    session.notable.note(&settings, &[Revision { revision: 5, changes: vec![change] }]);
    hold(&mut session, b"lock/1", Some(20_000));
    assert_eq!(told(&mut notifier, &mut session, later), []);
    tell(&mut session, later + 2_000, deadlock());
    for after in [2_000, 5_000, 20_000, 40_000] {
        assert_eq!(told(&mut notifier, &mut session, later + after), [], "{after}: it was so before");
    }
    tell(&mut session, later + 50_000, deadlock());
    assert_eq!(told(&mut notifier, &mut session, later + 50_000).len(), 1, "and from then on it is news");
}

#[test]
fn what_is_switched_on_again_tells_nothing_of_before() {
    let (mut session, mut notifier) = watched(everything());
    session.profile.coordination.notify = NotifySettings::default();
    tell(&mut session, 11_000, deadlock());
    assert_eq!(told(&mut notifier, &mut session, 12_000), []);
    session.profile.coordination.notify = everything();
    for now in [20_000, 25_000, 40_000] {
        assert_eq!(told(&mut notifier, &mut session, now), []);
    }
}

#[test]
fn news_that_are_counted_anew_are_told() {
    let (mut session, mut notifier) = watched(everything());
    for at in 0..5 {
        tell(&mut session, 11_000 + at, deadlock());
    }
    assert_eq!(told(&mut notifier, &mut session, 12_000).len(), 1);
    session.coordination.news.clear();
    tell(&mut session, 30_000, deadlock());
    told(&mut notifier, &mut session, 40_000);
    tell(&mut session, 50_000, deadlock());
    assert_eq!(told(&mut notifier, &mut session, 90_000).len(), 1, "their numbers began at one again");
}

#[test]
fn an_instance_that_deregistered_is_not_told_and_one_that_expired_is_once_the_cause_is_known() {
    let (mut session, mut notifier) = watched(everything());
    tell(&mut session, 11_000, went(EndCause::Released));
    tell(&mut session, 11_000, went(EndCause::Asking));
    assert_eq!(told(&mut notifier, &mut session, 11_100), [], "why is being found out");
    let asked = session.coordination.news.get_mut(1).unwrap();
    Arc::make_mut(asked).kind = went(EndCause::Expired);
    let down = |cause| Alert::InstanceDown {
        folder: b"s/".as_slice().into(),
        service: "s".into(),
        instance: "one".into(),
        cause,
    };
    assert_eq!(told(&mut notifier, &mut session, 13_000), [down(Some(EndCause::Expired))]);
    tell(&mut session, 42_000, went(EndCause::Asking));
    assert_eq!(told(&mut notifier, &mut session, 42_100), []);
    assert_eq!(told(&mut notifier, &mut session, 48_000).len(), 1, "it is not waited for ever");
    assert_eq!(told(&mut notifier, &mut session, 90_000), []);
}

#[test]
fn instances_that_no_longer_report_are_told_once_and_again_after_they_were_up() {
    let (mut session, mut notifier) = watched(everything());
    report(&mut session, "pay", 3, 10_000);
    assert_eq!(told(&mut notifier, &mut session, 12_000), []);
    assert_eq!(told(&mut notifier, &mut session, 24_000).len(), 3);
    assert_eq!(told(&mut notifier, &mut session, 60_000), []);
    report(&mut session, "pay", 3, 70_000);
    assert_eq!(told(&mut notifier, &mut session, 71_000), []);
    assert_eq!(told(&mut notifier, &mut session, 110_000).len(), 3);
}

#[test]
fn a_look_at_very_many_instances_is_cut_into_slices() {
    let (mut session, mut notifier) = watched(everything());
    for nth in 0..4 {
        report(&mut session, &format!("s{nth}"), INSTANCES_AT_ONCE / 2, 10_000);
    }
    assert_eq!(notifier.due(&mut session, 12_000), []);
    assert_eq!(notifier.again(12_000), NEXT_SLICE_MS, "the rest follows soon");
    assert_eq!(notifier.due(&mut session, 12_200), []);
    assert_eq!(notifier.again(12_200), NEXT_SLICE_MS);
    assert_eq!(notifier.due(&mut session, 12_400), []);
    assert_eq!(notifier.again(12_400), LOOK_EVERY_MS);
    let mut down = 0;
    for now in (30_000..60_000).step_by(200) {
        down += notifier.due(&mut session, now).iter().map(|digest| digest.things.len()).sum::<usize>();
    }
    assert!(down >= 2_000, "{down} were told");
}

#[test]
fn a_lock_that_is_held_for_long_is_told_once_for_each_holder() {
    let (mut session, mut notifier) = watched(everything());
    hold(&mut session, b"lock/1", Some(11_000));
    assert_eq!(told(&mut notifier, &mut session, 40_000), []);
    assert_eq!(told(&mut notifier, &mut session, 72_000).len(), 1);
    assert_eq!(told(&mut notifier, &mut session, 100_000), []);
    hold(&mut session, b"lock/2", Some(101_000));
    assert_eq!(told(&mut notifier, &mut session, 130_000), []);
    let lock: Key = b"lock".as_slice().into();
    let held = told(&mut notifier, &mut session, 162_000);
    assert_eq!(
        held,
        [Alert::LockHeld { lock: lock.clone(), secs: 61, longer: false }],
        "somebody else holds it"
    );
    // What was held before it was watched is, for longer than anybody has seen.
    hold(&mut session, b"lock/3", None);
    let held = told(&mut notifier, &mut session, 200_000);
    assert_eq!(held, [Alert::LockHeld { lock, secs: 200, longer: true }]);
}

#[test]
fn changes_of_the_prefixes_asked_for_are_told() {
    let (mut session, mut notifier) = watched(everything());
    let change = |key: &[u8]| KeyChange { key: key.into(), kind: ChangeKind::Delete, prev: None };
    let revision = Revision { revision: 5, changes: vec![change(b"config/a"), change(b"other")] };
    let settings = session.profile.coordination.notify.clone();
    session.notable.note(&settings, &[revision]);
    let changed = told(&mut notifier, &mut session, 11_000);
    assert_eq!(changed, [Alert::KeyChanged { key: b"config/a".as_slice().into(), deleted: true }]);
    assert_eq!(told(&mut notifier, &mut session, 40_000), []);
}
