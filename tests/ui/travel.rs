//! Looking at a folder as it was: the band, the tree with its marks, the strip of changes, one key then
//! and now, and the ways to have things brought back.

mod scene;

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::activity::DeletedKey;
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::journal::{JournalGap, Span};
use etcdscope::model::message::RequestId;
use etcdscope::model::moment::{Certainty, PastKey, PastSource, Picture, Tick, Timeline};
use etcdscope::model::plan::{LostLease, PlanGoal};
use etcdscope::model::record::{KeyMeta, KeyRecord};
use etcdscope::model::session::Session;
use etcdscope::model::travel::{Handle, Travel};
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::World;
use etcdscope::ui::keys;

use crate::support::{NOW, Scene, Setting, key, live_world, value};
use scene::{last, page, past, picture, play, row, settle, strip, timeline, world, world_at};

const MINUTE: i64 = 60_000;
const FOLDER: &str = "/config/";

#[test]
fn the_past_is_said_to_be_the_past_and_what_differs_is_marked() {
    let mut scene = play(Setting::default(), world());
    scene.picture("travel-dark");
    assert!(scene.sees("/config/ as it was at r182250 · seen"));
    let counts = "1 created, 1 changed, 1 with the same value, 1 deleted since";
    assert!(scene.sees(counts), "in words, not only in colours");
    row(&scene, "/config/production/api-gateway/routes.json, changed");
    row(&scene, "/config/production/order-service/old.json, deleted since");
    row(&scene, "/config/common/limits.yaml, created since");
    row(&scene, "/config/production/api-gateway/ratelimit.yaml");
    let folder = row(&scene, "/config/production/");
    let description = folder.accesskit_node().data().description().map(str::to_owned);
    assert_eq!(description.as_deref(), Some("1 changed, 1 with the same value, 1 deleted"));
    // Nothing of the live keys is on screen.
    assert!(!scene.sees("Filter keys") && !scene.sees("New key…"));
}

#[test]
fn escape_and_the_button_lead_back_to_now() {
    let mut scene = play(Setting::default(), world());
    scene.key(Modifiers::NONE, Press::Escape);
    assert_eq!(last(&mut scene), Some(Action::LeaveTravel));
    assert!(scene.sees("Filter keys"));
    drop(scene);
    let mut scene = play(Setting::default(), world());
    scene.press("Back to now");
    assert_eq!(last(&mut scene), Some(Action::LeaveTravel));
}

#[test]
fn messages_leave_the_timeline_free() {
    let mut world = world();
    let text = etcdscope::model::world::ToastText::Copied;
    let kind = etcdscope::model::world::ToastKind::Info;
    world.toasts = vec![etcdscope::model::world::Toast { id: 1, kind, text, seen_at: NOW }];
    let mut scene = Setting::default().play(world);
    scene.picture("travel-toast");
    let message = scene.harness.get_by_label("Dismiss").rect();
    let top = scene.harness.get_by_label_contains("By revision").rect().top();
    assert!(message.bottom() + 8.0 < top, "{message:?} above {top}");
    drop(scene);
}

#[test]
fn escape_in_the_field_does_not_leave() {
    let mut scene = play(Setting::default(), world());
    scene.type_into("Go to a moment", "10");
    scene.key(Modifiers::NONE, Press::Escape);
    assert!(!scene.actions().contains(&Action::LeaveTravel));
    scene.key(Modifiers::NONE, Press::Escape);
    assert_eq!(last(&mut scene), Some(Action::LeaveTravel));
}

#[test]
fn a_key_shows_its_value_then_and_what_differs() {
    let mut scene = play(Setting::default(), world());
    row(&scene, "/config/production/api-gateway/routes.json, changed").click();
    scene.settle();
    assert_eq!(
        last(&mut scene),
        Some(Action::TravelOpen(Some(key("/config/production/api-gateway/routes.json"))))
    );
    scene.picture("travel-key-diff");
    assert!(scene.sees("It has another value since."));
    assert!(scene.sees("from the journal"));
    page(&mut scene, "at r182250");
    scene.picture("travel-key-then");
    assert!(scene.sees("\"limit\": 100"), "the value of that moment");
    assert!(!scene.sees("\"limit\": 250"), "and of no other");
    page(&mut scene, "now");
    assert!(scene.sees("\"limit\": 250") && !scene.sees("\"limit\": 100"));
    scene.press("Close");
    assert!(scene.sees("Changes, newest first"));
}

#[test]
fn a_key_that_was_not_there_says_so() {
    let mut scene = play(Setting::default(), world());
    row(&scene, "/config/common/limits.yaml, created since").click();
    scene.settle();
    page(&mut scene, "at r182250");
    assert!(scene.sees("It does not exist"));
    assert!(scene.sees("It did not exist at this moment"));
}

#[test]
fn only_what_differs_can_be_shown() {
    let mut scene = play(Setting::default(), world());
    scene.press("Differing 4");
    scene.picture("travel-differing");
    row(&scene, "/config/production/order-service/old.json, deleted since");
    let same = "/config/production/api-gateway/ratelimit.yaml";
    assert!(scene.harness.query_by_role_and_label(Role::TreeItem, same).is_none());
}

#[test]
fn arrows_step_from_change_to_change() {
    let line = timeline();
    let mut scene = play(Setting::default(), world());
    strip(&scene).focus();
    scene.settle();
    for (modifiers, press, by) in [
        (Modifiers::NONE, Press::ArrowLeft, -1),
        (Modifiers::NONE, Press::ArrowRight, 1),
        (Modifiers::SHIFT, Press::ArrowLeft, -10),
        (Modifiers::SHIFT, Press::ArrowRight, 10),
    ] {
        let from =
            scene.harness.state().world.sessions[0].travel.as_ref().unwrap().look.as_ref().unwrap().revision;
        scene.key(modifiers, press);
        assert_eq!(last(&mut scene), Some(Action::TravelTo(line.step(from, by))), "{press:?} {by}");
    }
    scene.key(Modifiers::NONE, Press::Home);
    assert_eq!(last(&mut scene), line.first_stop().map(Action::TravelTo));
    scene.key(Modifiers::NONE, Press::End);
    assert_eq!(last(&mut scene), line.last_stop().map(Action::TravelTo));
    // The strip tells where it is, also to those who do not see it.
    let text = strip(&scene).accesskit_node().data().value().map(str::to_owned);
    assert!(text.is_some_and(|text| text.starts_with("r182296, seen")), "the moment in words");
    scene.key(Modifiers::NONE, Press::OpenBracket);
    assert_eq!(last(&mut scene), Some(Action::TravelTo(line.step(182_296, -1))));
}

#[test]
fn a_press_on_the_strip_goes_to_the_change_there() {
    let mut scene = play(Setting::default(), world());
    let rect = strip(&scene).rect();
    let at = |share: f32| egui::pos2(rect.left() + rect.width() * share, rect.center().y);
    scene.harness.drag_at(at(0.3));
    scene.harness.run_steps(2);
    scene.harness.hover_at(at(0.9));
    scene.harness.run_steps(2);
    scene.harness.drop_at(at(0.9));
    scene.settle();
    let went: Vec<i64> = scene
        .actions()
        .into_iter()
        .filter_map(|action| match action {
            Action::TravelTo(revision) => Some(revision),
            _ => None,
        })
        .collect();
    let line = timeline();
    assert!(went.len() >= 2 && went.is_sorted(), "from the press to the release: {went:?}");
    assert!(went.iter().all(|revision| line.snapped(*revision) == Some(*revision)), "always at a change");
}

#[test]
fn the_wheel_zooms_into_the_strip() {
    let mut scene = play(Setting::default(), world());
    assert!(!scene.sees("Show the whole line"));
    let centre = strip(&scene).rect().center();
    scene.harness.hover_at(centre);
    scene.settle();
    for _ in 0..4 {
        scene.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, 120.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
        scene.settle();
    }
    scene.picture("travel-zoomed");
    scene.press("Show the whole line");
    assert!(!scene.sees("Show the whole line"));
}

#[test]
fn a_moment_can_be_typed() {
    let mut scene = play(Setting::default(), world());
    scene.type_into("Go to a moment", "r182244");
    scene.key(Modifiers::NONE, Press::Enter);
    assert!(scene.actions().contains(&Action::TravelTo(182_244)));
    scene.type_into("Go to a moment", "yesterday");
    scene.key(Modifiers::NONE, Press::Enter);
    assert!(scene.sees("Type a revision or a time"));
    assert!(!scene.actions().iter().any(|action| matches!(action, Action::TravelTo(_))));
}

#[test]
fn two_moments_are_compared() {
    let mut scene = play(Setting::default(), world());
    scene.press("Against another moment");
    assert_eq!(last(&mut scene), Some(Action::TravelCompare(Some(182_296))));
    scene.picture("travel-two");
    assert!(scene.sees("compared with r182296"));
    assert!(scene.sees("nothing differs until r182296"));
    scene.press("Against now");
    assert!(scene.sees("1 deleted since"));
}

#[test]
fn what_is_not_certain_is_said_plainly() {
    let gap =
        JournalGap { after: 182_160, to: 182_210, from_time: NOW - 100 * MINUTE, to_time: NOW - 12 * MINUTE };
    let doubtful = move |revision| Picture {
        certainty: Certainty::InGap(gap),
        uncertain: vec![key("/config/production/order-service/db.json"), key("/config/perhaps")],
        ..picture(revision)
    };
    let mut scene = play(Setting::default().light(), world_at(182_200, timeline(), &doubtful));
    scene.picture("travel-gap-light");
    assert!(scene.sees("Nobody watched between"));
    assert!(scene.sees("2 keys may have been otherwise"));
    row(&scene, "/config/perhaps, uncertain").click();
    scene.settle();
    assert!(scene.sees("Whether it existed is not known"));
    drop(scene);
    let before = |revision| Picture { certainty: Certainty::BeforeRecords, ..picture(revision) };
    let scene = play(Setting::default(), world_at(182_100, timeline(), &before));
    assert!(scene.sees("before everything recorded"));
}

#[test]
fn restoring_goes_by_a_plan() {
    let plan = |roots: Vec<TreeItem>| Action::MakePlan {
        goal: PlanGoal::Moment { roots, revision: 182_250, delete_newer: true },
        lost_lease: LostLease::default(),
    };
    let mut scene = play(Setting::default(), world());
    scene.press("Restore this folder…");
    assert_eq!(last(&mut scene), Some(plan(vec![TreeItem::folder(FOLDER.as_bytes())])));
    let routes = "/config/production/api-gateway/routes.json";
    let name = format!("{routes}, changed");
    row(&scene, &name).click();
    scene.settle();
    scene.press("Restore this key…");
    assert_eq!(last(&mut scene), Some(plan(vec![TreeItem::key(key(routes))])));
    // Two rows.
    let old = "/config/production/order-service/old.json";
    let name = format!("{old}, deleted since");
    row(&scene, &name).click_modifiers(Modifiers::COMMAND);
    scene.settle();
    row(&scene, &name).click_secondary();
    scene.settle();
    scene.press("Restore selection…");
    assert_eq!(last(&mut scene), Some(plan(vec![TreeItem::key(key(routes)), TreeItem::key(key(old))])));
}

#[test]
fn nothing_is_restored_through_a_read_only_connection() {
    let mut world = world();
    world.sessions[0].profile.read_only = true;
    let mut scene = play(Setting::default(), world);
    scene.press("Restore this folder…");
    assert!(scene.actions().is_empty());
}

#[test]
fn what_acts_on_live_keys_is_off_while_the_past_is_shown() {
    let mut world = world();
    let session = &mut world.sessions[0];
    let item = TreeItem::key(key("/config/common/limits.yaml"));
    session.selected.insert(item.clone());
    session.cursor = Some(item);
    for command in [
        UserCommand::Delete,
        UserCommand::Rename,
        UserCommand::Copy,
        UserCommand::CreateKey,
        UserCommand::Export,
        UserCommand::Save,
        UserCommand::ToggleFavourite,
    ] {
        assert!(!command.is_available(&world), "{command:?}");
    }
    assert!(UserCommand::TimeTravel.is_available(&world));
    world.sessions[0].travel = None;
    assert!(UserCommand::Delete.is_available(&world));
}

#[test]
fn the_picture_before_stays_and_says_itself_which_it_is() {
    let mut world = world();
    if let Some(travel) = &mut world.sessions[0].travel {
        travel.go_to(182_260);
        travel.moment_asked(Handle::Moment, RequestId(77), NOW);
    }
    let mut scene = play(Setting::default(), world);
    assert!(scene.sees("as it was at r182250"), "what is shown is still that");
    assert!(scene.sees("Reading r182260"));
    scene.change(|world| {
        let travel = world.sessions[0].travel.as_mut().unwrap();
        travel.take_picture(RequestId(77), &Err(Fault::new(FaultKind::Compacted, "")));
    });
    scene.picture("travel-failed");
    assert!(scene.sees("as it was at r182250") && scene.sees("r182260 could not be read"));
    scene.press("Try again");
    assert_eq!(last(&mut scene), Some(Action::TravelRetry));
}

#[test]
fn before_the_answer_and_without_changes() {
    let mut world = live_world();
    let mut travel = Travel::new(FOLDER);
    travel.timeline_asked(RequestId(1), NOW);
    world.sessions[0].travel = Some(travel);
    let mut scene = play(Setting::default(), world);
    assert!(scene.sees("Reading the past…"));
    scene.change(|world| {
        let travel = world.sessions[0].travel.as_mut().unwrap();
        travel.take_timeline(RequestId(1), Err(Fault::new(FaultKind::Unavailable, "gone")), 1);
    });
    assert!(scene.sees("Try again"));
    drop(scene);
    let unchanged = |revision| {
        let keys = [(key("/config/production/order-service/db.json"), past(182_304, "", PastSource::Live))];
        Picture {
            prefix: b"/config/production/order-service/".to_vec(),
            revision,
            keys: keys.into(),
            ..Picture::default()
        }
    };
    let mut world = live_world();
    let mut travel = Travel::new(&b"/config/production/order-service/"[..]);
    travel.timeline_asked(RequestId(1), NOW);
    travel.take_timeline(RequestId(1), Ok(Arc::new(Timeline::default())), 182_334);
    world.sessions[0].travel = Some(travel);
    settle(&mut world.sessions[0], &unchanged);
    let mut scene = play(Setting::default(), world);
    scene.picture("travel-no-changes");
    assert!(scene.sees("nothing differs since") && scene.sees("No change in reach"));
    row(&scene, "/config/production/order-service/db.json");
}

fn many() -> Timeline {
    let ticks = (0..20_000_i64)
        .map(|at| {
            let wave = (at as f64 / 900.0).sin().abs() * 40.0;
            let seen_at = Some(NOW - (20_000 - at) * 4_000 - (wave as i64) * 20_000);
            Tick {
                revision: 100_000 + at * 4,
                seen_at,
                created: u32::from(at % 17 == 0) * 3,
                changed: wave as u32 + 1,
                deleted: u32::from(at % 911 == 0) * 40,
            }
        })
        .collect();
    Timeline { ticks, etcd_from: Some(150_000), cut: true, ..timeline() }
}

#[test]
fn twenty_thousand_changes_in_light_and_chinese() {
    let line = many();
    let world = world_at(160_000, line, &picture);
    let mut scene = play(Setting::default().light().chinese().size(1_024.0, 640.0), world);
    scene.picture("travel-many-light-zh");
    assert!(scene.sees("在 r160000 时的样子"));
    assert!(scene.sees("返回现在"));
}

#[test]
#[ignore = "measures"]
fn moving_through_twenty_thousand_changes_and_keys_is_not_felt() {
    let large = |revision: i64| {
        let key_of = |at: i64| key(&format!("/config/{:02}/{at:05}", at % 40));
        let keys = (0..20_000).map(|at| (key_of(at), past(100_000 + at, "x", PastSource::Journal)));
        Picture { prefix: FOLDER.into(), revision, keys: keys.collect(), ..Picture::default() }
    };
    let line = many();
    let mut scene = play(Setting::default(), world_at(160_000, line.clone(), &large));
    for _ in 0..50 {
        scene.harness.run_steps(1);
    }
    let mut revision = 160_000;
    let mut worst = std::time::Duration::ZERO;
    let mut all = std::time::Duration::ZERO;
    for _ in 0..100 {
        revision = line.step(revision, 7);
        let session = &mut scene.harness.state_mut().world.sessions[0];
        session.travel.as_mut().unwrap().go_to(revision);
        settle(session, &large);
        let started = std::time::Instant::now();
        scene.harness.run_steps(1);
        worst = worst.max(started.elapsed());
        all += started.elapsed();
    }
    println!("a frame while moving: {:?}, at most {worst:?}", all / 100);
}

#[test]
fn a_narrow_window_and_a_wide_one() {
    let mut scene = play(Setting::default().size(860.0, 560.0), world());
    scene.picture("travel-narrow");
    assert!(scene.sees("as it was at r182250"));
    row(&scene, "/config/production/api-gateway/routes.json, changed").click();
    scene.settle();
    scene.picture("travel-narrow-key");
    drop(scene);
    let mut scene = play(Setting::default().size(2_400.0, 1_200.0).light(), world());
    scene.picture("travel-wide-light");
}

fn deleted(name: &str, revision: i64, seen_at: i64) -> DeletedKey {
    let meta = KeyMeta { create_revision: 5, mod_revision: revision - 1, version: 2, lease: 0 };
    let last = KeyRecord { key: key(name), meta, value: Some(Value::from(&b"x"[..])) };
    DeletedKey { last, revision, seen_at, found: false, watched_to: 0 }
}

/// A live tree in which deleted keys are shown.
fn ghosts() -> World {
    ghosts_of(vec![
        deleted("/config/production/old.json", 812, NOW - 20 * MINUTE),
        deleted("/gone/a", 900, 0),
        deleted("/gone/below/b", 901, NOW - MINUTE),
        // It exists again.
        deleted("/config/common/limits.yaml", 700, NOW - MINUTE),
    ])
}

fn ghosts_of(found: Vec<DeletedKey>) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.show_deleted = true;
    session
        .expanded
        .extend(["/config/", "/config/production/", "/gone/"].map(|path| path.as_bytes().to_vec()));
    session.deletions.asked(b"", RequestId(1));
    session.deletions.answer(RequestId(1), Ok(found));
    world
}

#[test]
fn deleted_keys_stay_in_the_tree_with_folders_that_are_gone() {
    let mut scene = play(Setting::default(), ghosts());
    scene.picture("travel-ghosts");
    let ghost = row(&scene, "/config/production/old.json, deleted");
    let description = ghost.accesskit_node().data().description().map(str::to_owned);
    assert!(description.is_some_and(|words| words.starts_with("deleted at r812, seen ")), "how and when");
    let untimed = row(&scene, "/gone/a, deleted").accesskit_node().data().description().map(str::to_owned);
    assert_eq!(untimed.as_deref(), Some("deleted at r900"), "etcd keeps no times");
    let folder = row(&scene, "/gone/below/, deleted");
    assert_eq!(folder.accesskit_node().data().description(), Some("1 deleted key"));
    let living = row(&scene, "/config/production/");
    let description = living.accesskit_node().data().description().map(str::to_owned);
    assert_eq!(description.as_deref(), Some("3 keys, 1 deleted key"));
    assert!(
        scene
            .harness
            .query_by_role_and_label(Role::TreeItem, "/config/common/limits.yaml, deleted")
            .is_none()
    );
}

#[test]
fn what_was_only_found_gone_is_not_said_to_have_been_deleted_then() {
    let gone = DeletedKey { found: true, watched_to: 880, ..deleted("/gone/a", 900, 0) };
    let mut world = ghosts_of(vec![gone]);
    let session = &mut world.sessions[0];
    let item = TreeItem::key(&b"/gone/a"[..]);
    session.selected = [item.clone()].into();
    session.cursor = Some(item);
    let mut scene = play(Setting::default().size(1_400.0, 900.0), world);
    scene.picture("travel-found-gone");
    let row = row(&scene, "/gone/a, deleted");
    let words = row.accesskit_node().data().description().map(str::to_owned);
    let expected = "found gone at r900; deleted after r880, while nobody watched";
    assert_eq!(words.as_deref(), Some(expected));
}

#[test]
fn deleted_keys_and_folders_come_back_by_a_plan() {
    let plan = |root| Action::MakePlan {
        goal: PlanGoal::Undelete { roots: vec![root] },
        lost_lease: LostLease::default(),
    };
    let mut scene = play(Setting::default(), ghosts());
    row(&scene, "/gone/, deleted").click_secondary();
    scene.settle();
    scene.press("Bring back…");
    assert_eq!(last(&mut scene), Some(plan(TreeItem::folder(&b"/gone/"[..]))));
    row(&scene, "/config/production/").click_secondary();
    scene.settle();
    scene.press("Bring back 1 deleted key…");
    assert_eq!(last(&mut scene), Some(plan(TreeItem::folder(&b"/config/production/"[..]))));
    row(&scene, "/config/production/old.json, deleted").click_secondary();
    scene.settle();
    scene.press("Open its history");
    let opened: Vec<Action> = scene.actions();
    assert!(opened.contains(&Action::OpenKey(Key::from(&b"/config/production/old.json"[..]))));
}

#[test]
fn a_deleted_row_that_is_looked_at_brings_itself_back() {
    let plan = |root| Action::MakePlan {
        goal: PlanGoal::Undelete { roots: vec![root] },
        lost_lease: LostLease::default(),
    };
    let mut scene = play(Setting::default(), ghosts());
    assert!(!scene.sees("Bring back /gone/…"), "only where it is looked at");
    row(&scene, "/gone/, deleted").hover();
    scene.settle();
    scene.picture("travel-ghost-hovered");
    scene.press("Bring back /gone/…");
    assert_eq!(last(&mut scene), Some(plan(TreeItem::folder(&b"/gone/"[..]))));
    drop(scene);
    let mut world = ghosts();
    world.sessions[0].cursor = Some(TreeItem::key(key("/config/production/old.json")));
    let mut scene = play(Setting::default(), world);
    scene.press("Bring back old.json…");
    assert_eq!(last(&mut scene), Some(plan(TreeItem::key(key("/config/production/old.json")))));
    drop(scene);
    let mut world = ghosts();
    world.sessions[0].profile.read_only = true;
    world.sessions[0].cursor = Some(TreeItem::key(key("/config/production/old.json")));
    assert!(!play(Setting::default(), world).sees("Bring back old.json…"), "nothing may be written");
}

#[test]
fn a_deleted_folder_tells_what_went_and_comes_back() {
    let mut world = ghosts();
    world.sessions[0].cursor = Some(TreeItem::folder(&b"/gone/"[..]));
    let mut scene = play(Setting::default(), world);
    scene.picture("travel-ghost-folder");
    assert!(scene.sees("r901 · "), "how and when the last of them went");
    assert!(!scene.sees("There is no such key now."));
    scene.press("Bring back…");
    assert!(matches!(last(&mut scene), Some(Action::MakePlan { goal: PlanGoal::Undelete { .. }, .. })));
}

#[test]
fn the_list_says_where_nobody_watched() {
    let mut line = timeline();
    let first = line.ticks.first().map_or(0, |tick| tick.revision);
    let end = line.ticks.last().map_or(0, |tick| tick.revision);
    let span = |after, to| Span { after, to, from_time: NOW - MINUTE, to_time: NOW, has_base: true };
    line.spans = vec![span(first - 1, end - 10), span(end - 5, end)];
    let mut scene = play(Setting::default(), world_at(end, line, &picture));
    scene.picture("travel-gap-in-list");
    assert!(scene.sees(&format!("Nobody watched r{}–r{}", end - 10, end - 5)));
}

#[test]
fn all_keys_are_many() {
    let mut all = world();
    if let Some(travel) = &mut all.sessions[0].travel {
        travel.prefix = Vec::new();
    }
    let scene = play(Setting::default(), all);
    assert!(scene.sees("All keys as they were at r182250"));
}

#[test]
fn a_folder_and_the_header_lead_into_the_past() {
    let mut scene = play(Setting::default(), live_world());
    row(&scene, "/config/").click_secondary();
    scene.settle();
    scene.press("Time travel…");
    assert_eq!(last(&mut scene), Some(Action::Travel { prefix: key("/config/") }));
    scene.press("Time travel");
    assert_eq!(last(&mut scene), Some(Action::Run(UserCommand::TimeTravel)));
}
