//! Leases, and the questions before something that lives on one is ended.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::coordination::{
    Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence, Instance, LeaseInfo, LeaseUse, Meaning, Service,
};
use etcdscope::model::dialog::{Dialog, EndHow, EndQuestion, EndSubject, Moved};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::loadable::Loadable;
use etcdscope::model::record::KeyMeta;
use etcdscope::model::session::{Screen, Session};
use etcdscope::model::status::{KeyInterval, MirrorState, Notice};
use etcdscope::model::world::World;
use etcdscope::ui::leases;

use crate::support::{NOW, Scene, Setting, key, live_world, value};

const DEPLOY: i64 = 0x694d_0000_0000_0100;
const WAITER: i64 = 0x694d_0000_0000_0101;
const USER: i64 = 0x694d_0000_0000_0200;
const BARE: i64 = 0x694d_0000_0000_0300;
const UNKNOWN: i64 = 0x694d_0000_0000_0400;
const REVISION: i64 = 182_400;

fn play(setting: Setting, world: World) -> Scene {
    let mut scene = setting.play_with(world, |ui, stage, actions| {
        leases::show(ui, &stage.world, &mut stage.state.leases, actions);
    });
    // The order is worked out beside the window.
    scene.settle();
    scene
}

fn put(session: &mut Session, name: &str, lease: i64, meaning: Meaning) {
    let meta = KeyMeta { create_revision: REVISION, mod_revision: REVISION, version: 1, lease };
    session.keyspace.put(name.as_bytes(), meta, Some(value("v")));
    session.coordination.meanings.insert(key(name), meaning.clone());
    let used = session.coordination.leases.get(&lease).map_or_else(Default::default, |used| (**used).clone());
    let mut used = LeaseUse { id: lease, since: Some(NOW - 95_000), ..used };
    used.keys.insert(key(name), Arc::new(meaning));
    session.coordination.leases.insert(lease, Arc::new(used));
}

fn claim(name: &str, lease: i64) -> Arc<Claim> {
    let meta = KeyMeta { create_revision: REVISION, mod_revision: REVISION, version: 1, lease };
    Arc::new(Claim::found(key(name), meta, None))
}

fn told(session: &mut Session, id: i64, granted_secs: i64, remaining_secs: i64) {
    session.leases.insert(id, LeaseInfo { id, granted_secs, remaining_secs, seen_at: NOW });
}

/// A lock with a holder and a waiter, an instance with its report and a key, a lease without keys, and one of
/// which nothing is known.
fn world() -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.screen = Screen::Leases;
    let lock = key("/locks/deploy");
    let meaning = Meaning::Claim(ClaimKind::Lock, lock.clone());
    put(session, "/locks/deploy/694d000000000100", DEPLOY, meaning.clone());
    put(session, "/locks/deploy/694d000000000101", WAITER, meaning);
    let queue = ClaimQueue::new(lock.clone(), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
    let claims = vec![
        claim("/locks/deploy/694d000000000100", DEPLOY),
        claim("/locks/deploy/694d000000000101", WAITER),
    ];
    session.coordination.queues.insert(lock, Arc::new(ClaimQueue { claims, ..queue }));
    let folder = key("/services/user/");
    put(session, "/services/user/10.0.1.7", USER, Meaning::Instance(folder.clone()));
    put(session, "/health/user/10.0.1.7", USER, Meaning::Report(key("user")));
    put(session, "/cache/user/10.0.1.7", USER, Meaning::Other);
    let instance = Instance::found(key("/services/user/10.0.1.7"), KeyMeta::default(), "10.0.1.7".to_owned());
    let service = Service {
        folder: folder.clone(),
        name: "user".to_owned(),
        layout: Default::default(),
        confidence: Confidence::Certain,
        instances: std::iter::once((instance.key.clone(), Arc::new(instance))).collect(),
        past: Arc::default(),
    };
    session.coordination.services.insert(folder, Arc::new(service));
    put(session, "/jobs/nightly", UNKNOWN, Meaning::Other);
    told(session, DEPLOY, 60, 55);
    told(session, WAITER, 10, 3);
    told(session, USER, 10, 9);
    told(session, BARE, 3_600, 1_200);
    session.all_leases = Loadable::ready(vec![DEPLOY, WAITER, USER, BARE, UNKNOWN]);
    world
}

fn rows(scene: &Scene) -> Vec<String> {
    use egui_kittest::kittest::NodeT as _;
    let rows = scene.harness.query_all_by_role(Role::ListBoxOption);
    let mut rows: Vec<(f32, String)> =
        rows.map(|row| (row.rect().top(), row.accesskit_node().label().unwrap_or_default())).collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    rows.into_iter().map(|(_, label)| label).collect()
}

#[test]
fn what_ends_soon_is_first_and_says_what_lives_on_it() {
    let mut scene = play(Setting::default(), world());
    scene.picture("leases-dark");
    let rows = rows(&scene);
    let begins: Vec<&str> = rows.iter().map(|row| &row[..16]).collect();
    let expected = [WAITER, BARE, USER, DEPLOY, UNKNOWN].map(|id| format!("{id:016x}"));
    assert_eq!(begins, expected.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(rows[0], "694d000000000101, waits for lock /locks/deploy, 3 s");
    assert_eq!(rows[3], "694d000000000100, holds lock /locks/deploy, 1 waits, 55 s");
    assert!(rows[2].contains("instance 10.0.1.7 of user"), "{}", rows[2]);
    assert!(rows[1].contains("no keys") && rows[4].ends_with(", –"), "{rows:?}");
    assert!(scene.sees("2 below half") && scene.sees("1 without keys"));
    for head in [
        "Less than half left, next to expire first  ·  2",
        "More than half left, shortest TTL first  ·  2",
        "Time left not known yet  ·  1",
    ] {
        assert!(scene.sees(head), "{head}");
    }
    assert!(!scene.sees("Gone"));
}

/// Frozen as it was told last it would look as if somebody still kept them alive.
#[test]
fn times_left_are_not_told_while_it_is_not_proven_what_happens() {
    let mut stale = world();
    let session = &mut stale.sessions[0];
    let fault = Fault::new(FaultKind::TimedOut, "");
    session.state = MirrorState::Stale { since: NOW - 3_000, fault, retry_at: None };
    let mut scene = play(Setting::default(), stale);
    scene.picture("leases-stale-dark");
    let rows = rows(&scene);
    assert!(rows.len() == 5 && rows.iter().all(|row| row.ends_with(", –")), "{rows:?}");
    assert!(scene.sees("Time left not known yet  ·  5") && !scene.sees("below half"));
    assert!(scene.sees(", not live. What is shown may have moved on."));
}

/// The panel says it as the question before a revocation does.
#[test]
fn keys_that_the_user_does_not_see_are_named_where_it_is_said_what_goes() {
    for (lease, head) in [(USER, "3 that your user sees"), (BARE, "0 that your user sees")] {
        let mut part = world();
        let session = &mut part.sessions[0];
        session.chosen.lease = Some(lease);
        session.cluster.notices = vec![Notice::RestrictedTo(vec![KeyInterval::prefix(b"/services/")])];
        let mut scene = play(Setting::default(), part);
        scene.picture("leases-part-dark");
        assert!(scene.sees("your user does not see all keys. They go with it, too.") && scene.sees(head));
        assert!(!scene.sees("Nothing goes when it ends"), "that is not known");
    }
}

/// Arrows pass over the heads of groups.
#[test]
fn a_lease_that_is_gone_stands_apart_and_arrows_pass_over_heads() {
    let mut gone = world();
    told(&mut gone.sessions[0], DEPLOY, 60, -1);
    gone.sessions[0].chosen.lease = Some(BARE);
    let mut scene = play(Setting::default(), gone);
    scene.picture("leases-gone");
    let begins: Vec<String> = rows(&scene).iter().map(|row| row[..16].to_owned()).collect();
    assert_eq!(begins, [WAITER, BARE, USER, UNKNOWN, DEPLOY].map(|id| format!("{id:016x}")));
    assert!(scene.sees("Gone  ·  1") && rows(&scene)[4].ends_with(", gone"));
    scene.actions();
    scene.key(Modifiers::NONE, Press::ArrowDown);
    assert_eq!(scene.actions(), [Action::ShowLease(USER)]);
    scene.change(|world| world.sessions[0].chosen.lease = Some(USER));
    scene.actions();
    scene.key(Modifiers::NONE, Press::ArrowUp);
    assert_eq!(scene.actions(), [Action::ShowLease(BARE)]);
    scene.key(Modifiers::NONE, Press::Home);
    assert_eq!(scene.actions(), [Action::ShowLease(WAITER)], "not the head of its group");
}

#[test]
fn a_chosen_lease_tells_what_goes_with_it_and_leads_there() {
    let mut chosen = world();
    chosen.sessions[0].chosen.lease = Some(USER);
    let mut scene = play(Setting::default().light().size(1_600.0, 1_000.0), chosen);
    scene.picture("leases-detail-light");
    assert!(scene.sees("deregisters instance 10.0.1.7 of user") && scene.sees("also deletes 1 key"));
    assert!(scene.sees("removes the health report of user"));
    scene.actions();
    scene.press("deregisters instance 10.0.1.7 of user");
    assert_eq!(scene.actions(), [Action::ShowService(key("/services/user/"))]);
    scene.press("Open /cache/user/10.0.1.7");
    assert!(scene.actions().contains(&Action::OpenKey(key("/cache/user/10.0.1.7"))));
    for (name, action) in [
        ("Keep alive once", Action::KeepLease(USER)),
        ("Attach key…", Action::AskAttach(USER)),
        ("Revoke…", Action::AskEndLease(USER)),
        ("Copy id", Action::CopyText("694d000000000200".to_owned())),
    ] {
        scene.press(name);
        assert_eq!(scene.actions(), [action]);
    }
    assert!(scene.sees(&USER.to_string()), "in decimal, too");
}

#[test]
fn arrows_choose_and_the_filter_finds_ids_and_keys() {
    let mut scene = play(Setting::default(), world());
    scene.actions();
    scene.key(Modifiers::NONE, Press::ArrowDown);
    assert_eq!(scene.actions(), [Action::ShowLease(WAITER)]);
    for (text, found) in
        [(BARE.to_string(), BARE), ("nightly".to_owned(), UNKNOWN), ("0100".to_owned(), DEPLOY)]
    {
        let mut scene = play(Setting::default(), world());
        scene.type_into("Filter leases", &text);
        scene.change(|world| world.now += 600);
        assert_eq!(rows(&scene).iter().map(|row| &row[..16]).collect::<Vec<_>>(), [format!("{found:016x}")]);
    }
    let mut scene = play(Setting::default(), world());
    scene.type_into("Filter leases", "nothing like it");
    scene.change(|world| world.now += 600);
    scene.press("Show all");
    scene.change(|world| world.now += 600);
    assert_eq!(rows(&scene).len(), 5);
}

#[test]
fn leases_in_sight_and_the_list_of_all_are_asked_for_now_and_then() {
    let mut scene = play(Setting::default(), world());
    let asked = scene.actions();
    assert_eq!(asked.iter().filter(|action| **action == Action::ListLeases).count(), 1);
    let loads = |actions: &[Action]| {
        actions.iter().filter(|action| matches!(action, Action::LoadLeases(ids) if ids.len() == 5)).count()
    };
    assert_eq!(loads(&asked), 1, "{asked:?}");
    scene.change(|world| world.now += 3_000);
    let asked = scene.actions();
    assert_eq!((loads(&asked), asked.contains(&Action::ListLeases)), (1, false));
    scene.change(|world| world.now += 7_000);
    assert!(scene.actions().contains(&Action::ListLeases));
}

#[test]
fn who_may_not_list_leases_sees_those_of_the_mirror_and_is_told() {
    let mut restricted = world();
    let session = &mut restricted.sessions[0];
    session.all_leases = Loadable::default();
    session.all_leases.answer(Err(Fault::new(FaultKind::PermissionDenied, "permission denied")));
    let mut scene = play(Setting::default(), restricted);
    scene.picture("leases-restricted");
    assert_eq!(rows(&scene).len(), 4, "the lease without keys is not known");
    assert!(scene.sees("Your user may not list all leases."));
    assert!(!scene.actions().contains(&Action::ListLeases), "it is not asked again and again");
    scene.change(|world| world.now += 60_000);
    assert!(!scene.actions().contains(&Action::ListLeases));
    scene.press("Try again");
    assert!(scene.actions().contains(&Action::ListLeases), "but when the operator wants it");
}

#[test]
fn a_read_only_connection_shows_and_changes_nothing() {
    let mut guarded = world();
    guarded.sessions[0].profile.read_only = true;
    guarded.sessions[0].chosen.lease = Some(DEPLOY);
    let mut scene = play(Setting::default(), guarded);
    scene.actions();
    for name in ["Grant lease…", "Keep alive once", "Attach key…", "Revoke…"] {
        scene.press(name);
        assert_eq!(scene.actions(), [], "{name}");
    }
}

#[test]
fn no_lease_at_all_teaches_how_there_would_be_one() {
    let mut empty = live_world();
    empty.sessions[0].all_leases = Loadable::ready(Vec::new());
    let mut scene = play(Setting::default(), empty);
    scene.picture("leases-empty");
    assert!(scene.sees("No leases now"));
    scene.press("Copy etcdctl lease grant 60");
    assert!(scene.actions().contains(&Action::CopyText("etcdctl lease grant 60".to_owned())));
}

#[test]
fn of_a_lease_that_is_gone_nothing_is_said_to_be_to_come() {
    let mut gone = world();
    told(&mut gone.sessions[0], BARE, 3_600, -1);
    gone.sessions[0].chosen.lease = Some(BARE);
    let scene = play(Setting::default(), gone);
    assert!(scene.sees("Gone") && !scene.sees("Nothing goes when it ends."));
    assert!(!scene.sees("Keep alive once") && !scene.sees("Revoke…"));
}

#[test]
fn no_lease_in_sight_is_not_said_to_be_none() {
    let mut none = live_world();
    none.sessions[0].screen = Screen::Leases;
    let denied = Fault::new(FaultKind::PermissionDenied, "permission denied");
    none.sessions[0].all_leases.answer(Err(denied));
    let mut scene = play(Setting::default(), none);
    scene.picture("leases-none-in-sight");
    assert!(scene.sees("No lease in sight") && !scene.sees("No leases now"));
}

#[test]
fn leases_speak_chinese_in_a_small_window() {
    let mut chosen = world();
    chosen.sessions[0].chosen.lease = Some(DEPLOY);
    let mut scene = play(Setting::default().chinese().size(876.0, 560.0), chosen);
    scene.picture("leases-zh");
    assert!(
        scene.sees("持有锁 /locks/deploy，1 个等待")
            && scene.sees("释放锁 /locks/deploy，下一个持有者：租约 694d000000000101")
    );
}

/// The frame with all leases of a large cluster does not depend on their number.
#[test]
fn fifty_thousand_leases_are_shown() {
    let mut many = world();
    let session = &mut many.sessions[0];
    let ids: Vec<i64> = (0..50_000).map(|at| 0x1000_0000 + at).collect();
    session.all_leases = Loadable::ready(ids);
    let mut scene = play(Setting::default(), many);
    scene.change(|world| world.now += 600);
    let begun = std::time::Instant::now();
    while !scene.sees("50,004") {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "the order never comes");
        scene.change(|world| world.now += 600);
    }
    assert!(rows(&scene).len() < 60, "only those in sight are drawn");
}

fn question(subject: EndSubject, name: Option<&str>, lease: i64, session: &Session) -> EndQuestion {
    let attached = session.coordination.leases.get(&lease).map_or_else(Vec::new, |used| {
        used.keys.iter().map(|(key, meaning)| (key.clone(), (**meaning).clone())).collect()
    });
    EndQuestion {
        subject,
        key: name.map(|name| (key(name), REVISION)),
        lease,
        attached,
        type_to_confirm: None,
        moved: Moved::default(),
    }
}

fn asked(setting: Setting, dialog: impl FnOnce(&Session) -> Dialog) -> Scene {
    let mut world = world();
    world.dialog = Some(dialog(&world.sessions[0]));
    let mut scene = setting.play(world);
    scene.actions();
    scene
}

fn release(session: &Session) -> Dialog {
    let lock = EndSubject::Claim { queue: key("/locks/deploy"), kind: ClaimKind::Lock, place: 0 };
    Dialog::End(Box::new(question(lock, Some("/locks/deploy/694d000000000100"), DEPLOY, session)))
}

fn ended(actions: &[Action]) -> Option<EndHow> {
    actions.iter().find_map(|action| match action {
        Action::End(confirmed) => Some(confirmed.clone().into_parts().1),
        _ => None,
    })
}

#[test]
fn a_forced_release_offers_both_ways_and_begins_with_the_smaller() {
    let mut scene = asked(Setting::default(), release);
    scene.picture("end-release-dark");
    let deleted = "/locks/deploy/694d000000000100, if it is still as it was at revision 182400";
    for words in [
        deleted,
        "Lease 694d000000000100, without keys.",
        "Next holder: lease 694d000000000101",
        "One that does not watch its key goes on as if it held the lock.",
        "releases lock /locks/deploy, next holder: lease 694d000000000101",
        "Its next renewal fails",
    ] {
        assert!(scene.sees(words), "{words}");
    }
    scene.key(Modifiers::NONE, Press::Enter);
    assert_eq!(ended(&scene.actions()), None, "the keyboard is at the button that does nothing");
    let mut scene = asked(Setting::default(), release);
    scene.press("Delete key");
    assert_eq!(ended(&scene.actions()), Some(EndHow::DeleteKey));
    let mut scene = asked(Setting::default(), release);
    scene.harness.get_by_role_and_label(Role::RadioButton, "Revoke the lease").click();
    scene.settle();
    scene.harness.get_by_role_and_label(Role::Button, "Revoke lease").click();
    scene.settle();
    assert_eq!(ended(&scene.actions()), Some(EndHow::RevokeLease));
}

/// Deregistering: what stays behind is named for both ways, and that it may come back.
#[test]
fn deregistering_names_what_stays_and_warns_that_it_may_come_back() {
    let ask = |session: &Session| {
        let folder = key("/services/user/");
        let instance = EndSubject::Instance { folder, service: "user".to_owned(), id: "10.0.1.7".to_owned() };
        Dialog::End(Box::new(question(instance, Some("/services/user/10.0.1.7"), USER, session)))
    };
    let mut scene = asked(Setting::default().size(1_024.0, 640.0), ask);
    scene.picture("end-deregister-dark");
    for words in [
        "Deregister 10.0.1.7",
        "Lease 694d000000000200, with /cache/user/10.0.1.7, /health/user/10.0.1.7",
        "and with it /cache/user/10.0.1.7, /health/user/10.0.1.7, /services/user/10.0.1.7",
        "While it keeps its lease alive it may register again.",
        "The service has no instance left.",
        "Keys that are not on this lease.",
        "many take a new lease then, and register or line up again.",
    ] {
        assert!(scene.sees(words), "{words}");
    }
}

/// What is put on the lease while it is asked about is told, marked, and asked about again.
#[test]
fn the_question_before_a_revocation_keeps_up_with_what_is_on_the_lease() {
    let ask = |session: &Session| Dialog::End(Box::new(question(EndSubject::Lease, None, USER, session)));
    let mut scene = asked(Setting::default(), ask);
    assert!(!scene.sees("Since you asked"));
    scene.change(|world| {
        put(&mut world.sessions[0], "/services/user/s2", USER, Meaning::Instance(key("/services/user/")));
        world.follow_dialog();
    });
    assert!(scene.sees("Since you asked, 1 key came onto the lease: /services/user/s2"));
    scene.change(|world| {
        let Some(Dialog::End(shown)) = world.dialog.clone() else { panic!("no question") };
        let again = shown.ask_again(EndHow::RevokeLease, &world.sessions[0], world.now);
        world.dialog = Some(Dialog::End(Box::new(again.expect("it has just come"))));
    });
    scene.picture("end-again-dark");
    assert!(scene.sees("Nothing was done yet"));
    scene.harness.get_by_role_and_label(Role::Button, "Revoke lease").click();
    scene.settle();
    let Some(Action::End(confirmed)) = scene.actions().pop() else { panic!("it is not confirmed") };
    let (confirmed, how) = confirmed.into_parts();
    scene.change(|world| assert_eq!(confirmed.ask_again(how, &world.sessions[0], world.now), None));
    assert_eq!(confirmed.attached.len(), 4);
}

#[test]
fn a_way_to_end_a_leadership_is_named_for_what_it_does() {
    let ask = |session: &Session| {
        let election = EndSubject::Claim { queue: key("/elect"), kind: ClaimKind::Election, place: 0 };
        Dialog::End(Box::new(question(election, Some("/elect/694d000000000100"), DEPLOY, session)))
    };
    let scene = asked(Setting::default(), ask);
    assert!(scene.sees("End the leadership") && !scene.sees("Ask"));
    assert!(scene.sees("goes on leading, and it may stand again."));
}

#[test]
fn revoking_tells_all_that_goes_and_production_asks_for_the_name() {
    let ask = |session: &Session| {
        let mut question = question(EndSubject::Lease, None, USER, session);
        question.type_to_confirm = Some("prod-eu".to_owned());
        Dialog::End(Box::new(question))
    };
    let mut scene = asked(Setting::default().light(), ask);
    scene.picture("end-revoke-light");
    assert!(
        scene.sees("deregisters instance 10.0.1.7 of user")
            && scene.sees("and with it /cache/user/10.0.1.7, ")
    );
    scene.harness.get_by_role_and_label(Role::Button, "Revoke lease").click();
    scene.settle();
    assert_eq!(ended(&scene.actions()), None);
    scene.type_into("Type prod-eu to confirm", "prod-eu");
    scene.harness.get_by_role_and_label(Role::Button, "Revoke lease").click();
    scene.settle();
    assert_eq!(ended(&scene.actions()), Some(EndHow::RevokeLease));
}

#[test]
fn a_key_that_changed_meanwhile_is_said_to_have() {
    let mut scene = asked(Setting::default(), release);
    scene.change(|world| {
        let meta =
            KeyMeta { create_revision: REVISION, mod_revision: REVISION + 1, version: 2, lease: DEPLOY };
        world.sessions[0].keyspace.put(b"/locks/deploy/694d000000000100", meta, None);
    });
    assert!(scene.sees("The key has been changed since you asked."));
}

#[test]
fn the_questions_speak_chinese() {
    let mut scene = asked(Setting::default().chinese().size(1_024.0, 640.0), release);
    scene.picture("end-release-zh");
    assert!(scene.sees("强制释放锁") && scene.sees("仅删除该键"));
}

#[test]
fn a_lease_is_granted_with_a_ttl_and_an_id() {
    let mut scene = asked(Setting::default(), |_| Dialog::GrantLease);
    scene.picture("grant-lease-dark");
    scene.key(Modifiers::NONE, Press::Enter);
    assert!(scene.actions().contains(&Action::GrantLease { ttl_secs: 60, id: 0 }));
    let mut scene = asked(Setting::default(), |_| Dialog::GrantLease);
    scene.type_into("Id in hexadecimal", &format!("{USER:x}"));
    assert!(scene.sees("There is a lease with this id already"));
    scene.press("Grant");
    assert_eq!(scene.actions(), []);
    scene.type_into("TTL in seconds", "x");
    assert!(scene.sees("A whole number of seconds"));
}

#[test]
fn a_key_is_attached_as_it_is_and_one_that_has_a_lease_is_said_to() {
    let attach = |_: &Session| Dialog::AttachKey { lease: BARE };
    let mut scene = asked(Setting::default(), attach);
    scene.type_into("Key", "/config/common/");
    scene.picture("attach-key-dark");
    scene.press("/config/common/limits.yaml");
    scene.press("Attach");
    let expected = Action::Attach { key: key("/config/common/limits.yaml"), revision: 182_301, lease: BARE };
    assert!(scene.actions().contains(&expected));
    let mut scene = asked(Setting::default(), attach);
    scene.type_into("Key", "/jobs/nightly");
    assert!(scene.sees("It is attached to lease 694d000000000400."));
    let mut scene = asked(Setting::default(), |_| Dialog::AttachKey { lease: UNKNOWN });
    scene.type_into("Key", "/jobs/nightly");
    assert!(scene.sees("It is attached to this lease already."));
    scene.press("Attach");
    assert_eq!(scene.actions(), []);
}
