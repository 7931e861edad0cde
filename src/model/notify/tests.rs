use std::sync::Arc;

use super::*;
use crate::model::coordination::{
    Claim, ClaimForm, ClaimQueue, Confidence, Coordination, CoordinationSettings, News,
};
use crate::model::record::{ChangeKind, KeyChange, KeyMeta};
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

#[test]
fn nothing_is_told_that_was_not_asked_for_or_is_old() {
    let mut quiet = session(NotifySettings::default());
    let mut notifier = Notifier::default();
    tell(&mut quiet, 0, deadlock());
    assert_eq!(notifier.due(&mut quiet, 10_000), []);

    let mut session = session(everything());
    let mut notifier = Notifier::default();
    tell(&mut session, 0, deadlock());
    assert_eq!(notifier.due(&mut session, 10_000), [], "it was so before it was looked at");
    tell(&mut session, 11_000, deadlock());
    session.state = MirrorState::CatchingUp;
    assert_eq!(notifier.due(&mut session, 12_000), [], "what is not live is no news");
    session.state = MirrorState::Live;
    assert_eq!(notifier.due(&mut session, 13_000).len(), 1, "but it is not lost");
    assert_eq!(notifier.due(&mut session, 14_000), [], "and told once");
}

#[test]
fn an_instance_that_deregistered_is_not_told_and_one_that_expired_is_once_the_cause_is_known() {
    let mut session = session(everything());
    let mut notifier = Notifier::default();
    assert_eq!(notifier.due(&mut session, 0), []);
    tell(&mut session, 1_000, went(EndCause::Released));
    tell(&mut session, 1_000, went(EndCause::Asking));
    assert_eq!(notifier.due(&mut session, 1_100), [], "why is being found out");
    let asked = session.coordination.news.get_mut(1).unwrap();
    Arc::make_mut(asked).kind = went(EndCause::Expired);
    let down = |cause| Alert::InstanceDown { service: "s".into(), instance: "one".into(), cause };
    assert_eq!(notifier.due(&mut session, 1_200), [down(Some(EndCause::Expired))]);
    tell(&mut session, 2_000, went(EndCause::Asking));
    assert_eq!(notifier.due(&mut session, 2_100), []);
    assert_eq!(notifier.due(&mut session, 8_000).len(), 1, "it is not waited for ever");
    assert_eq!(notifier.due(&mut session, 9_000), []);
}

#[test]
fn a_lock_that_is_held_for_long_is_told_once_for_each_holder() {
    let mut session = session(everything());
    let mut notifier = Notifier::default();
    let hold = |session: &mut Session, key: &[u8], since: SeenAt| {
        let mut claim = Claim::found(key.into(), KeyMeta::default(), None);
        claim.turn_since = Some(since);
        let name: Key = b"lock".as_slice().into();
        let queue = ClaimQueue::new(name.clone(), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
        let queue = ClaimQueue { claims: vec![Arc::new(claim)], ..queue };
        session.coordination.queues.insert(name, Arc::new(queue));
    };
    hold(&mut session, b"lock/1", 1_000);
    assert_eq!(notifier.due(&mut session, 30_000), []);
    assert_eq!(notifier.due(&mut session, 61_500).len(), 1);
    assert_eq!(notifier.due(&mut session, 90_000), []);
    hold(&mut session, b"lock/2", 91_000);
    assert_eq!(notifier.due(&mut session, 120_000), []);
    assert_eq!(notifier.due(&mut session, 152_000).len(), 1, "somebody else holds it now");
}

#[test]
fn changes_of_the_prefixes_asked_for_are_told() {
    let mut session = session(everything());
    let mut notifier = Notifier::default();
    let change = |key: &[u8]| KeyChange { key: key.into(), kind: ChangeKind::Delete, prev: None };
    let revision = Revision { revision: 5, changes: vec![change(b"config/a"), change(b"other")] };
    let settings = session.profile.coordination.notify.clone();
    session.notable.note(&settings, &[revision]);
    let told = notifier.due(&mut session, 0);
    assert_eq!(told, [Alert::KeyChanged { key: b"config/a".as_slice().into(), deleted: true }]);
    assert_eq!(notifier.due(&mut session, 1), []);
}
