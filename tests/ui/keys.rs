//! The keys screen: tree, filter, details.

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::coordination::LeaseInfo;
use etcdscope::model::document::Document;
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::plan::{LostLease, PlanGoal};
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord};
use etcdscope::model::search::{SearchHit, SearchMode, SearchQuery, SearchResult};
use etcdscope::model::session::Session;
use etcdscope::model::status::MirrorState;
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::World;
use etcdscope::ui::keys;

use crate::support::{NOW, Scene, Setting, key, live_world, value};

fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| keys::show(ui, &stage.world, &mut stage.state, actions))
}

/// Plays the screen, carrying out what only moves within the tree, as the dispatcher does.
fn play_living(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        keys::show(ui, &stage.world, &mut stage.state, actions);
        let Some(session) = stage.world.active_session_mut() else { return };
        for action in actions.as_slice() {
            match action {
                Action::Select { rows, cursor } => {
                    session.selected = rows.iter().cloned().collect();
                    session.cursor.clone_from(cursor);
                }
                Action::ToggleFolder(path) if session.expanded.remove(&**path) => {}
                Action::ToggleFolder(path) => {
                    session.expanded.insert(path.to_vec());
                }
                _ => {}
            }
        }
    })
}

/// The row of a key or folder in the tree.
fn row<'a>(scene: &'a Scene, name: &'a str) -> egui_kittest::Node<'a> {
    scene.harness.get_by_role_and_label(Role::TreeItem, name)
}

fn put(session: &mut Session, key: &[u8], revision: i64, lease: i64, seen_ago: i64) {
    let meta = KeyMeta { create_revision: 120, mod_revision: revision, version: 17, lease };
    let value = Value::from(&br#"{"limit": 250}"#[..]);
    session.keyspace.put(key, meta, Some(value.clone()));
    let kind = ChangeKind::Put { meta, value };
    note(session, &KeyChange { key: Key::from(key), kind, prev: None }, revision, seen_ago);
}

fn delete(session: &mut Session, key: &[u8], revision: i64, seen_ago: i64) {
    session.keyspace.remove(key);
    let prev =
        KeyRecord { key: Key::from(key), meta: KeyMeta::default(), value: Some(Value::from(&b"x"[..])) };
    let change = KeyChange { key: Key::from(key), kind: ChangeKind::Delete, prev: Some(prev) };
    note(session, &change, revision, seen_ago);
}

fn note(session: &mut Session, change: &KeyChange, revision: i64, seen_ago: i64) {
    let keyspace = session.keyspace.clone();
    let ancestors = keyspace.ancestors(&change.key);
    session.activity.note(change, revision, NOW - seen_ago, &ancestors);
}

fn expand(session: &mut Session, folders: &[&str]) {
    session.expanded.extend(folders.iter().map(|folder| folder.as_bytes().to_vec()));
}

/// A tree in which everything happens at once.
fn busy_world() -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    put(session, b"/config/production/api-gateway/routes.json", 182_331, 0, 400);
    put(session, b"/config/staging/api-gateway/routes.json", 182_329, 0, 14_000);
    put(session, b"/services/user/10.0.1.7", 182_330, 0x7e8, 900);
    put(session, b"/services/user/10.0.1.9", 182_332, 0x7e9, 2_000);
    delete(session, b"/services/user/10.0.1.8", 182_333, 300);
    session.keyspace.put(b"/legacy/\xff\xfe/caf\xc3\xa9", KeyMeta::default(), None);
    session.keyspace.put(b"/legacy//", KeyMeta::default(), None);
    session.keyspace.put("/legacy/中文/键".as_bytes(), KeyMeta::default(), None);
    session.keyspace.put(b"no-slash", KeyMeta::default(), None);
    expand(session, &["/config/", "/config/production/", "/config/production/api-gateway/"]);
    expand(session, &["/services/", "/services/user/", "/legacy/", "/legacy//"]);
    let cursor = key("/config/production/api-gateway/routes.json");
    session.selected.insert(TreeItem::key(cursor.clone()));
    session.cursor = Some(TreeItem::key(cursor.clone()));
    let mut document = Document::new(cursor);
    document.draft = Some(value("{}"));
    session.documents.push(document);
    session.profile.favourites = vec!["L2NvbmZpZy9wcm9kdWN0aW9uLw==".into()];
    let info = LeaseInfo { id: 0x7e8, granted_secs: 30, remaining_secs: 22, seen_at: NOW };
    session.leases.insert(0x7e8, info);
    world
}

#[test]
fn everything_that_happens_is_seen() {
    let mut scene = play(Setting::default(), busy_world());
    scene.picture("keys-dark");
    assert!(scene.sees("/services/user/10.0.1.8, deleted"));
    assert!(scene.sees(r"/legacy/\xff\xfe/"));
    assert!(scene.sees("/legacy/中文/"));
    let changed = row(&scene, "/config/production/api-gateway/routes.json");
    let description = changed.accesskit_node().data().description().map(str::to_owned);
    assert!(description.is_some_and(|words| words.starts_with("changed")), "a change is told in words");
    let folder = row(&scene, "/services/user/");
    let description = folder.accesskit_node().data().description().map(str::to_owned);
    assert_eq!(description.as_deref(), Some("2 keys, 3 changes"), "changes bubble up");
}

#[test]
fn the_light_theme_and_a_small_window_in_chinese() {
    let mut scene = play(Setting::default().light().size(980.0, 600.0).chinese(), busy_world());
    scene.picture("keys-light-zh");
    assert!(scene.sees("/services/user/10.0.1.8，已删除"));
    scene.press("详情");
    scene.picture("keys-light-zh-details");
    assert!(scene.sees("r182334，实时"));
}

#[test]
fn arrows_and_enter_open_exactly_that_key() {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.keyspace = Keyspace::default();
    for key in [&b"a"[..], b"b/\xff\x00", b"b/c"] {
        session.keyspace.put(key, KeyMeta::default(), None);
    }
    let mut scene = play_living(Setting::default(), world);
    for press in [Press::ArrowDown, Press::ArrowDown, Press::ArrowRight, Press::ArrowRight] {
        scene.key(Modifiers::NONE, press);
    }
    assert_eq!(scene.harness.state().world.sessions[0].cursor, Some(TreeItem::key(&b"b/c"[..])));
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::NONE, Press::Enter);
    let opened = scene.actions().pop();
    assert_eq!(opened, Some(Action::OpenKey(Key::from(&b"b/\xff\x00"[..]))), "bytes, not a picture of them");
    scene.key(Modifiers::NONE, Press::ArrowLeft);
    assert_eq!(
        scene.harness.state().world.sessions[0].cursor,
        Some(TreeItem::folder(&b"b/"[..])),
        "to the parent"
    );
    scene.key(Modifiers::NONE, Press::ArrowLeft);
    assert!(scene.harness.state().world.sessions[0].expanded.is_empty(), "and closed");
}

#[test]
fn a_click_expands_a_folder_and_opens_a_key() {
    let mut scene = play_living(Setting::default(), live_world());
    scene.press("/services/");
    scene.press("/services/user/");
    assert!(scene.sees("/services/user/10.0.1.7"));
    scene.actions();
    scene.press("/services/user/10.0.1.7");
    assert!(scene.actions().contains(&Action::OpenKey(key("/services/user/10.0.1.7"))));
}

#[test]
fn a_key_opened_in_passing_makes_room_for_the_next() {
    let mut world = live_world();
    expand(&mut world.sessions[0], &["/services/", "/services/user/"]);
    let mut scene = play_living(Setting::default(), world);
    scene.press("/services/user/10.0.1.7");
    scene.change(|world| world.sessions[0].documents.push(Document::new(key("/services/user/10.0.1.7"))));
    scene.actions();
    scene.press("/services/user/10.0.1.8");
    assert!(scene.actions().contains(&Action::CloseDocument(key("/services/user/10.0.1.7"))));

    scene.change(|world| {
        let mut edited = Document::new(key("/services/user/10.0.1.8"));
        edited.draft = Some(value("typed"));
        world.sessions[0].documents = vec![edited];
    });
    scene.press("/services/user/10.0.1.7");
    let closed = scene.actions().iter().any(|action| matches!(action, Action::CloseDocument(_)));
    assert!(!closed, "what was typed into stays open");
}

#[test]
fn a_key_pressed_in_the_first_frame_after_a_click_is_the_trees() {
    let mut world = live_world();
    world.sessions[0].keyspace = Keyspace::default();
    for key in [&b"a"[..], b"b", b"c", b"d"] {
        world.sessions[0].keyspace.put(key, KeyMeta::default(), None);
    }
    let mut scene = play_living(Setting::default(), world);
    row(&scene, "a").click();
    // No frame lies between: what is queued is done one by one.
    scene.harness.key_press(Press::ArrowDown);
    scene.settle();
    scene.key(Modifiers::NONE, Press::ArrowDown);
    let cursor = scene.harness.state().world.sessions[0].cursor.clone();
    assert_eq!(cursor, Some(TreeItem::key(&b"c"[..])), "the second press is the tree's as well");
}

#[test]
fn shift_and_control_select_several() {
    let mut world = live_world();
    expand(&mut world.sessions[0], &["/config/", "/config/common/"]);
    let mut scene = play_living(Setting::default(), world);
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::SHIFT, Press::ArrowDown);
    scene.key(Modifiers::SHIFT, Press::ArrowDown);
    assert_eq!(scene.harness.state().world.sessions[0].selected.len(), 3);
    assert!(scene.sees("3 rows selected"));
    scene.actions();
    scene.key(Modifiers::NONE, Press::Delete);
    assert_eq!(scene.actions().pop(), Some(Action::Run(UserCommand::Delete)));
    row(&scene, "/config/common/").click_modifiers(Modifiers::COMMAND);
    scene.settle();
    assert_eq!(scene.harness.state().world.sessions[0].selected.len(), 2, "taken out again");
    scene.actions();
    scene.harness.get_by_role_and_label(Role::Button, "Delete…").click();
    scene.settle();
    assert!(matches!(scene.actions().pop(), Some(Action::AskDelete(items)) if items.len() == 2));
}

#[test]
fn the_menu_of_a_row_offers_what_can_be_done() {
    let mut scene = play_living(Setting::default(), live_world());
    row(&scene, "/config/").click_secondary();
    scene.settle();
    scene.picture("keys-menu");
    scene.press("New key here…");
    assert!(scene.actions().contains(&Action::AskCreate { prefix: key("/config/") }));
    row(&scene, "/config/").click_secondary();
    scene.settle();
    scene.press("Export…");
    assert!(scene.actions().contains(&Action::AskExport(TreeItem::folder(key("/config/")))));
}

#[test]
fn a_read_only_connection_offers_no_writes() {
    let mut world = live_world();
    world.sessions[0].profile.read_only = true;
    let mut scene = play_living(Setting::default(), world);
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.actions();
    scene.key(Modifiers::NONE, Press::Delete);
    scene.key(Modifiers::NONE, Press::F2);
    assert_eq!(scene.actions(), Vec::new());
    row(&scene, "/config/").click_secondary();
    scene.settle();
    let delete = scene.harness.get_by_label("Delete…");
    assert!(delete.accesskit_node().is_disabled());
}

#[test]
fn typing_into_the_filter_searches() {
    let mut scene = play(Setting::default(), live_world());
    scene.type_into("Filter keys", "rout");
    let query = SearchQuery { text: "rout".into(), mode: SearchMode::Substring };
    assert_eq!(scene.actions().pop(), Some(Action::Search(query)));
    scene.change(|world| world.sessions[0].search.query.text = "rout".into());
    scene.press("Fuzzy");
    let query = SearchQuery { text: "rout".into(), mode: SearchMode::Fuzzy };
    assert_eq!(scene.actions().pop(), Some(Action::Search(query)));
}

#[test]
fn the_command_goes_to_the_filter() {
    let mut scene = play(Setting::default(), live_world());
    scene.harness.state_mut().state.requests.push(UserCommand::FocusFilter);
    scene.settle();
    assert!(scene.harness.get_by_role_and_label(Role::TextInput, "Filter keys").is_focused());
    assert!(scene.harness.state().state.requests.is_empty(), "taken out");
}

fn found(keys: &[&str], total: u64) -> World {
    let mut world = live_world();
    let search = &mut world.sessions[0].search;
    search.query = SearchQuery { text: "rout".into(), mode: SearchMode::Substring };
    let hits = keys
        .iter()
        .map(|text| {
            let at = text.find("rout").map_or(0, |at| u32::try_from(at).expect("short"));
            SearchHit { key: key(text), ranges: vec![(at, at + 4)] }
        })
        .collect();
    let result = SearchResult { query: search.query.clone(), hits, total, values_missing: 0 };
    search.result.answer(Ok(result.into()));
    world
}

#[test]
fn results_replace_the_tree_and_open_with_enter() {
    let keys = ["/config/production/api-gateway/routes.json", "/config/staging/api-gateway/routes.json"];
    let mut scene = play_living(Setting::default(), found(&keys, 48_211));
    scene.picture("keys-results");
    assert!(scene.sees("48,211 keys found, the first 2 shown"));
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::NONE, Press::Enter);
    assert_eq!(scene.actions().pop(), Some(Action::OpenKey(key(keys[1]))));
}

#[test]
fn an_old_result_stays_while_the_next_search_runs() {
    let asked_again = || {
        let mut world = found(&["/config/routes"], 1);
        world.sessions[0].search.result.ask();
        world
    };
    let scene = play(Setting::default(), asked_again());
    assert!(!scene.sees("Searching…"), "looking again as keys have changed is not told each second");
    drop(scene);
    let mut world = asked_again();
    world.sessions[0].search.query.text.push('x');
    let scene = play(Setting::default(), world);
    assert!(scene.sees("Searching…") && scene.sees("/config/routes"));
    drop(scene);
    let scene = play(Setting::default(), found(&[], 0));
    assert!(scene.sees("Nothing found"));
}

#[test]
fn a_tree_that_is_not_live_says_so() {
    let mut world = live_world();
    let fault = Fault::new(FaultKind::Unavailable, "connection refused");
    world.sessions[0].state = MirrorState::Stale { since: NOW - 5_000, fault, retry_at: None };
    let mut scene = play(Setting::default(), world);
    scene.picture("keys-stale");
    assert!(scene.sees("not live"));
    scene.press("Reconnect");
    assert_eq!(scene.actions().pop(), Some(Action::Run(UserCommand::Reconnect)));
}

#[test]
fn empty_loading_and_failed_have_their_words() {
    let mut world = live_world();
    world.sessions[0].keyspace = Keyspace::default();
    let mut scene = play(Setting::default(), world);
    assert!(scene.sees("No keys yet"));
    scene.picture("keys-empty");
    scene
        .change(|world| world.sessions[0].state = MirrorState::Listing { loaded: 1_200, total: Some(3_000) });
    assert!(scene.sees("Listing keys 1,200 of 3,000"));
    scene.change(|world| {
        let fault = Fault::new(FaultKind::WrongPassword, "etcdserver: authentication failed");
        world.sessions[0].state = MirrorState::Failed(fault);
    });
    assert!(scene.sees("etcdserver: authentication failed"));
}

#[test]
fn nasty_keys_are_shown_everywhere_without_panic() {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.keyspace = Keyspace::default();
    let mut long = b"long/".to_vec();
    long.extend(std::iter::repeat_n(b'k', 65_536));
    let deep: Vec<u8> = b"d/".iter().copied().cycle().take(400).collect();
    let nasty: [&[u8]; 12] = [
        b"",
        b"/",
        b"//",
        b"a",
        b"a/b",
        b"a/",
        b"\x00",
        b"\xff\xfe\xfd",
        b"\x1b[31mred",
        "\u{202e}txt.exe".as_bytes(),
        &long,
        &deep,
    ];
    for key in nasty {
        session.keyspace.put(key, KeyMeta { lease: 1, ..KeyMeta::default() }, Some(value("")));
    }
    expand(session, &["a/", "long/", "/", "//", "d/", "d/d/"]);
    let paths: Vec<Key> = nasty.iter().map(|key| Key::from(*key)).collect();
    let mut scene = play(Setting::default(), world);
    scene.picture("keys-nasty");
    for path in paths {
        scene.change(|world| {
            world.sessions[0].cursor = Some(TreeItem::key(path.clone()));
            world.sessions[0].selected = std::iter::once(TreeItem::key(path)).collect();
        });
    }
    row(&scene, r"\u{202e}txt.exe").hover();
    scene.settle();
    row(&scene, r"\x1b[31mred").click_secondary();
    scene.settle();
}

#[test]
fn a_deleted_key_can_be_asked_back_from_its_row() {
    let mut scene = play_living(Setting::default(), busy_world());
    row(&scene, "/services/user/10.0.1.8, deleted").click_secondary();
    scene.settle();
    scene.harness.get_by_role_and_label(Role::MenuItem, "Bring back…").click();
    scene.settle();
    let roots = vec![TreeItem::key(key("/services/user/10.0.1.8"))];
    let goal = PlanGoal::Undelete { roots };
    assert!(scene.actions().contains(&Action::MakePlan { goal, lost_lease: LostLease::default() }));
}

#[test]
fn copying_takes_the_selected_keys_as_text() {
    let mut world = live_world();
    world.sessions[0].keyspace.put(b"/\xff", KeyMeta::default(), None);
    let mut scene = play_living(Setting::default(), world);
    for _ in 0..3 {
        scene.key(Modifiers::SHIFT, Press::ArrowDown);
    }
    scene.actions();
    scene.harness.event(egui::Event::Copy);
    scene.settle();
    let text = "/config/\n/services/\n/\\xff".to_owned();
    assert_eq!(scene.actions(), vec![Action::CopyText(text)]);
}

#[test]
fn a_quiet_tree_asks_for_no_frame() {
    let mut world = live_world();
    expand(&mut world.sessions[0], &["/config/", "/services/"]);
    let scene = play(Setting::default(), world);
    let delays: Vec<_> =
        scene.harness.output().viewport_output.values().map(|output| output.repaint_delay).collect();
    assert_eq!(delays, vec![std::time::Duration::MAX]);
}

#[test]
fn the_whole_window_has_room_for_the_keys_when_it_is_small() {
    let mut scene = Setting::default().size(1_024.0, 640.0).play(busy_world());
    scene.picture("window-small");
    let tree = scene.harness.get_by_role_and_label(Role::Tree, "Key tree").rect();
    assert!(tree.width() >= 220.0 && tree.bottom() <= 640.0, "{tree}");
    assert!(!scene.sees("Close details"), "the details wait to be asked for");
}

#[test]
fn a_key_that_ends_like_its_folder_is_a_row_of_its_own() {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.keyspace = Keyspace::default();
    for key in ["a/", "a/b", "c"] {
        session.keyspace.put(key.as_bytes(), KeyMeta::default(), None);
    }
    expand(session, &["a/"]);
    let mut scene = play_living(Setting::default(), world);
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.key(Modifiers::NONE, Press::Enter);
    assert_eq!(scene.actions().pop(), Some(Action::OpenKey(key("a/"))));
    let like_folder = TreeItem::key(key("a/"));
    assert_eq!(scene.harness.state().world.sessions[0].cursor, Some(like_folder.clone()));
    for (words, wanted) in [
        ("Delete…", Action::AskDelete(vec![like_folder.clone()])),
        ("Rename…", Action::AskMove { from: like_folder.clone(), copy: false }),
        ("Duplicate…", Action::AskMove { from: like_folder.clone(), copy: true }),
        ("Export…", Action::AskExport(like_folder.clone())),
    ] {
        // The first row of this name is the folder, the second the key.
        scene.harness.get_all_by_role_and_label(Role::TreeItem, "a/").nth(1).unwrap().click_secondary();
        scene.settle();
        scene.harness.get_by_role_and_label(Role::MenuItem, words).click();
        scene.settle();
        assert_eq!(scene.actions().pop(), Some(wanted));
    }
    scene.harness.get_all_by_role_and_label(Role::TreeItem, "a/").next().unwrap().click_secondary();
    scene.settle();
    scene.harness.get_by_role_and_label(Role::MenuItem, "Delete…").click();
    scene.settle();
    assert_eq!(scene.actions().pop(), Some(Action::AskDelete(vec![TreeItem::folder(key("a/"))])));
    scene.harness.get_all_by_role_and_label(Role::TreeItem, "a/").nth(1).unwrap().click();
    scene.settle();
    scene.actions();
    scene.key(Modifiers::NONE, Press::ArrowDown);
    assert_eq!(scene.harness.state().world.sessions[0].cursor, Some(TreeItem::key(key("a/b"))));
}

#[test]
fn a_million_keys_cost_only_the_rows_in_sight() {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.keyspace = Keyspace::default();
    for number in 0..1_000_000 {
        let key = format!("flat/key-{number:07}");
        session.keyspace.put(key.as_bytes(), KeyMeta::default(), None);
    }
    expand(session, &["flat/"]);
    let mut scene = play_living(Setting::default(), world);
    let rows = |scene: &Scene| scene.harness.query_all_by_role(Role::TreeItem).count();
    assert!((20..60).contains(&rows(&scene)), "{}", rows(&scene));
    scene.key(Modifiers::NONE, Press::End);
    assert!(scene.sees("flat/key-0999999"));
    scene.key(Modifiers::NONE, Press::ArrowUp);
    scene.key(Modifiers::NONE, Press::Enter);
    assert_eq!(scene.actions().pop(), Some(Action::OpenKey(key("flat/key-0999998"))));
    assert!((20..60).contains(&rows(&scene)));
}

#[test]
fn end_shows_the_last_row_again_after_the_wheel_took_it_away() {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.keyspace = Keyspace::default();
    for number in 0..500 {
        session.keyspace.put(format!("row-{number:03}").as_bytes(), KeyMeta::default(), None);
    }
    let mut scene = play_living(Setting::default(), world);
    let shows_last = |scene: &Scene| {
        scene.harness.query_all_by_role(Role::TreeItem).any(|row| format!("{row:?}").contains("row-499"))
    };
    scene.key(Modifiers::NONE, Press::End);
    assert!(shows_last(&scene), "the end is shown");
    let tree = scene.harness.get_by_role_and_label(Role::Tree, "Key tree").rect().center();
    scene.harness.hover_at(tree);
    scene.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 4_000.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    scene.settle();
    assert!(!shows_last(&scene), "the wheel turned it away");
    scene.key(Modifiers::NONE, Press::End);
    assert!(shows_last(&scene), "End was pressed where the cursor is already");
}
