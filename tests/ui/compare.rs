//! The comparison of an open key: what stands at its sides, how it is shown, from change to change.

use egui::accesskit::Role;
use egui::{Key as Keyboard, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::bytes::Value;
use etcdscope::model::compare::{CompareSource, ComparedFile};
use etcdscope::model::dialog::FileQuestion;
use etcdscope::model::diff::{Side, Whitespace};
use etcdscope::model::document::{Document, DocumentPage, SaveState};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::history::HistoryEnd;
use etcdscope::model::loadable::Loadable;
use etcdscope::model::message::{RequestId, SessionId};
use etcdscope::model::profile::Profile;
use etcdscope::model::session::Session;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;
use etcdscope::ui::theme::size;
use etcdscope::ui::widgets::diff_tree::StructureView;
use etcdscope::ui::widgets::diff_view::{DiffView, Jump};
use etcdscope::ui::{editor, theme};

use crate::editor::{JSON, ROUTES, document, first, record, world_of};
use crate::history::history_world;
use crate::support::{NOW, Scene, Setting, key, live_session, value};

/// The editor alone, as the window plays it.
fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme::tokens(ui).base);
        stage.state.editor.take_requests(&mut stage.state.requests);
        editor::show(ui, &stage.world, &mut stage.state.editor, actions);
    })
}

fn english(world: World) -> Scene {
    play(Setting::default().size(1_100.0, 640.0), world)
}

/// Live against draft.
fn against(old: &str, new: &str) -> World {
    let mut document = document(ROUTES, old.as_bytes());
    document.draft = Some(value(new));
    document.page = DocumentPage::Diff;
    world_of(vec![document])
}

/// A second connection, with the same keys.
fn staging() -> Session {
    let mut session = live_session();
    session.id = SessionId(2);
    session.profile = Profile { name: String::from("staging-eu"), ..Profile::default() };
    session
}

fn elsewhere() -> CompareSource {
    CompareSource::Key { session: SessionId(2), key: key(ROUTES) }
}

/// A comparison with the same key in another connection, which is this there.
fn across(theirs: Option<&str>) -> World {
    let mut world = against(JSON, &JSON.replace("100", "250"));
    first(&mut world).comparison.left = Some(elsewhere());
    first(&mut world).comparison.right = Some(CompareSource::Draft);
    let mut there = staging();
    there.ask_compared(&key(ROUTES), RequestId(9));
    let read = theirs.map(|text| record(ROUTES, text.as_bytes(), 700));
    there.apply_compared(&key(ROUTES), RequestId(9), &Ok(read));
    world.sessions.push(there);
    world
}

/// Opens the list of a side.
fn open(scene: &mut Scene, side: &str) {
    let is_it = |node: &egui_kittest::Node<'_>| {
        node.accesskit_node().label().is_some_and(|label| label.starts_with(side))
    };
    scene.harness.query_all_by_role(Role::ComboBox).find(is_it).expect("the list").click();
}

/// Opens the list of a side, and chooses.
fn choose(scene: &mut Scene, side: &str, what: &str) {
    open(scene, side);
    scene.settle();
    scene.press(what);
}

/// A command of the palette that only a view can carry out.
fn command(scene: &mut Scene, command: UserCommand) {
    scene.harness.state_mut().state.requests.push(command);
    scene.settle();
}

/// Waits for what is worked out beside the window.
fn settled(scene: &mut Scene) {
    let start = std::time::Instant::now();
    while scene.sees("Comparing…") {
        assert!(start.elapsed().as_secs() < 60, "never compared");
        scene.harness.step();
        std::thread::yield_now();
    }
    scene.settle();
}

fn numbered(lines: usize) -> String {
    (1..=lines).map(|line| format!("line {line}\n")).collect()
}

#[test]
fn any_two_sides_can_be_chosen() {
    let mut world = history_world(HistoryEnd::FirstVersion);
    first(&mut world).page = DocumentPage::Diff;
    first(&mut world).draft = Some(value("{}"));
    world.sessions.push(staging());
    let mut scene = english(world);
    let with = |side, source| vec![Action::CompareWith { key: key(ROUTES), sources: vec![(side, source)] }];
    choose(&mut scene, "Left side", "r182200 · version 2");
    let version = value(&JSON.replace("100", "90\r"));
    let version = CompareSource::Version { revision: 182_200, value: version };
    assert_eq!(scene.actions(), with(Side::Old, version));
    choose(&mut scene, "Right side", "This key in staging-eu");
    assert_eq!(scene.actions(), with(Side::New, elsewhere()));
    choose(&mut scene, "Right side", "A file…");
    let question = FileQuestion::CompareWith { session: SessionId(1), key: key(ROUTES), side: Side::New };
    assert_eq!(scene.actions(), [Action::ChooseFile(question)]);
    scene.press("Swap sides");
    assert_eq!(scene.actions(), [Action::SwapCompared(key(ROUTES))]);
    scene.press("Copy the right side");
    assert_eq!(scene.actions(), [Action::CopyText("{}".into())]);
    open(&mut scene, "Left side");
    scene.settle();
    scene.picture("compare-sources");
}

#[test]
fn another_key_is_chosen_by_typing_its_beginning() {
    let mut scene = english(against(JSON, "{}"));
    choose(&mut scene, "Left side", "Another key…");
    assert!(scene.sees("Compare with another key"));
    assert!(scene.sees("/config/production/api-gateway/ratelimit.yaml"), "the keys beside this one");
    scene.picture("compare-key");
    scene.press("/config/production/api-gateway/ratelimit.yaml");
    let other = key("/config/production/api-gateway/ratelimit.yaml");
    let asked_for = scene.actions().into_iter().filter(|action| !matches!(action, Action::LoadHistory(_)));
    let asked_for: Vec<Action> = asked_for.collect();
    let source = CompareSource::Key { session: SessionId(1), key: other };
    let asked = Action::CompareWith { key: key(ROUTES), sources: vec![(Side::Old, source)] };
    assert_eq!(asked_for, [asked]);
    assert!(!scene.sees("Compare with another key"));
}

#[test]
fn another_connection_is_followed_and_said_when_it_is_not_live() {
    let mut scene = english(across(Some(&JSON.replace("100", "300"))));
    assert!(scene.sees("− 2    \"limit\": 300,") && scene.sees("+ 2    \"limit\": 250,"));
    scene.picture("compare-connections");
    scene.change(|world| {
        let change = etcdscope::model::record::KeyChange {
            key: key(ROUTES),
            kind: etcdscope::model::record::ChangeKind::Put {
                meta: etcdscope::model::record::KeyMeta { mod_revision: 800, ..Default::default() },
                value: value(&JSON.replace("100", "301")),
            },
            prev: None,
        };
        world.sessions[1].note_compared(&change, 800);
    });
    assert!(scene.sees("− 2    \"limit\": 301,"));
    assert!(!scene.sees("the connection is not live"));
    scene.change(|world| world.sessions[1].state = MirrorState::Connecting);
    assert!(scene.sees("This key in staging-eu: the connection is not live"));
    assert!(scene.sees("− 2    \"limit\": 301,"), "what was read stays");
    scene.change(|world| drop(world.sessions.pop()));
    assert!(scene.sees("this connection has been closed"));
}

#[test]
fn a_key_that_does_not_exist_is_not_an_empty_one() {
    let mut world = across(None);
    first(&mut world).draft = Some(value(""));
    let scene = english(world);
    assert!(scene.sees("This key in staging-eu: this key does not exist"));
    let mut world = across(Some(""));
    first(&mut world).draft = Some(value(""));
    let scene = english(world);
    assert!(!scene.sees("does not exist"));
}

#[test]
fn a_file_that_can_not_be_read_says_why_and_is_read_again() {
    let mut world = against(JSON, "{}");
    let file = CompareSource::File("/home/me/routes.json".into());
    let mut content = Loadable::default();
    content.ask();
    first(&mut world).comparison.left = Some(file.clone());
    first(&mut world).comparison.files =
        vec![ComparedFile { path: "/home/me/routes.json".into(), request: RequestId(4), content }];
    let mut scene = english(world);
    assert!(scene.sees("Reading…"));
    scene.picture("compare-reading");
    scene.change(|world| {
        let fault = Fault::new(FaultKind::File, "routes.json: larger than 16 MiB");
        world.sessions[0].apply_file("/home/me/routes.json".as_ref(), RequestId(4), &Err(fault));
    });
    assert!(scene.sees("larger than 16 MiB"));
    scene.picture("compare-failed");
    scene.press("Try again");
    assert_eq!(scene.actions(), [Action::ReadCompared { key: key(ROUTES), source: file }]);
    scene.change(|world| {
        let content = Ok(value(JSON));
        world.sessions[0].apply_file("/home/me/routes.json".as_ref(), RequestId(4), &content);
    });
    assert!(scene.sees("− 2    \"limit\": 100,") && scene.sees("File routes.json"));
}

#[test]
fn changes_are_gone_through_by_buttons_and_by_key() {
    let old = numbered(400);
    let new =
        old.replace("line 20\n", "line twenty\n").replace("line 200\n", "").replace("line 380\n", "x\n");
    let mut scene = english(against(&old, &new));
    settled(&mut scene);
    assert!(scene.sees("Changes: 3"));
    scene.press("Next change");
    assert!(scene.sees("1 of 3") && scene.sees("− 20  line 20"));
    scene.key(Modifiers::ALT, Keyboard::ArrowDown);
    assert!(scene.sees("2 of 3") && scene.sees("− 200  line 200"));
    command(&mut scene, UserCommand::NextChange);
    assert!(scene.sees("3 of 3") && scene.sees("+ 379  x"), "it is scrolled there");
    scene.picture("compare-change");
    command(&mut scene, UserCommand::NextChange);
    assert!(scene.sees("1 of 3") && scene.sees("− 20  line 20"), "round");
    scene.key(Modifiers::ALT, Keyboard::ArrowUp);
    assert!(scene.sees("3 of 3"));
    scene.press("Previous change");
    assert!(scene.sees("2 of 3"));
    scene.key(Modifiers::NONE, Keyboard::F7);
    scene.key(Modifiers::SHIFT, Keyboard::F7);
    let run = [Action::Run(UserCommand::NextChange), Action::Run(UserCommand::PreviousChange)];
    assert_eq!(scene.actions(), run);
}

#[test]
fn a_change_out_of_sight_is_scrolled_to() {
    let old = numbered(2_000);
    let mut new = old.clone();
    for line in (50..2_000).step_by(50) {
        new = new.replace(&format!("line {line}\n"), &format!("other {line}\n"));
    }
    let mut scene = english(against(&old, &new));
    settled(&mut scene);
    assert!(scene.sees("− 50  line 50") && !scene.sees("− 1950  line 1950"));
    scene.press("Previous change");
    assert!(scene.sees("39 of 39") && scene.sees("− 1950  line 1950") && !scene.sees("− 50  line 50"));
    command(&mut scene, UserCommand::NextChange);
    assert!(scene.sees("− 50  line 50"));
    for _ in 0..19 {
        command(&mut scene, UserCommand::NextChange);
    }
    assert!(scene.sees("20 of 39") && scene.sees("− 1000  line 1000"));
}

#[test]
fn a_change_is_taken_over_into_the_draft() {
    let old = "a\nb\nc\nd\ne\n";
    let mut scene = english(against(old, "a\nB\nc\nd\ne\nf\n"));
    scene.press("Take this change");
    assert_eq!(scene.actions(), [], "no change was gone to");
    scene.press("Next change");
    scene.press("Take this change");
    assert_eq!(
        scene.actions(),
        [Action::ReplaceDraft { key: key(ROUTES), value: value("a\nb\nc\nd\ne\nf\n") }]
    );
    scene.change(|world| first(world).comparison.right = Some(CompareSource::Base));
    assert!(!scene.sees("Take this change"), "no side is the draft");
    scene.change(|world| {
        first(world).comparison.right = None;
        world.sessions[0].profile.read_only = true;
    });
    assert!(!scene.sees("Take this change"), "nothing is edited here");
}

#[test]
fn white_space_can_be_left_out_and_that_is_said() {
    let mut scene = english(against("a b\nc\n", "a  b \n\nc\n"));
    assert!(scene.sees("+2"));
    scene.harness.get_by_role_and_label(Role::ComboBox, "White space").click();
    scene.settle();
    scene.press("Ignore at ends");
    assert!(scene.sees("+1"));
    scene.harness.get_by_role_and_label(Role::ComboBox, "White space").click();
    scene.settle();
    scene.press("Ignore amount");
    assert!(scene.sees("+1"), "a blank line is one");
    scene.change(|world| first(world).draft = Some(value("a   b\nc")));
    assert!(scene.sees("No difference but white space") && scene.sees("white space that does not count: 2"));
    scene.picture("compare-white-space");
    scene.change(|world| first(world).save = SaveState::Reviewing);
    assert!(scene.sees("− 1  a b"), "what is about to be saved is shown whole");
}

#[test]
fn structure_is_compared_by_path_whatever_the_layout() {
    let old = r#"{"limit": 100, "hosts": ["a", "b", "c"], "n": 1.0, "gone": true, "t": "1"}"#;
    let new = "{\n \"hosts\": [\"c\", \"a\", \"b\"],\n \"n\": 1, \"t\": 1,\n \"limit\": 250, \"new\": {\"x\": []}\n}";
    let mut scene = english(against(old, new));
    scene.press("Structure");
    for row in [
        "~ limit Changed 100 → 250",
        "↕ hosts[0] Moved hosts[2] → hosts[0]",
        "≈ n Same number, written differently 1.0 → 1",
        "− gone Removed true",
        "≠ t Another type \"1\" → 1",
        "+ new Added → {\"x\": []}",
    ] {
        assert!(scene.sees(row), "{row}");
    }
    assert!(scene.sees("Changes: 6"));
    scene.key(Modifiers::ALT, Keyboard::ArrowDown);
    assert!(scene.sees("1 of 6"));
    scene.picture("compare-structure");
    scene.change(|world| first(world).draft = Some(value(&old.replace(": ", ":"))));
    assert!(scene.sees("The same structure"));
    scene.change(|world| first(world).draft = Some(value("{")));
    assert!(scene.sees("Not compared by structure") && scene.sees("Right side is not valid."));
}

#[test]
fn bytes_are_aligned_behind_an_insertion() {
    let old: Vec<u8> = (0..=255).collect();
    let mut new = old.clone();
    new.splice(100..100, [7, 7]);
    let mut world = against("", "");
    first(&mut world).base.answer(Ok(Some(record(ROUTES, &old, 182_310))));
    first(&mut world).draft = Some(Value::from(new));
    let mut scene = english(world);
    assert!(scene.sees("Bytes that differ: 2"));
    scene.press("Next change");
    assert!(scene.sees("1 of 1"));
    scene.picture("compare-bytes");
    scene.press("Take this change");
    let draft = Action::ReplaceDraft { key: key(ROUTES), value: Value::from(old) };
    assert_eq!(scene.actions(), [draft]);
}

#[test]
fn text_can_be_looked_at_in_hex() {
    let mut scene = english(against("ab", "ac"));
    scene.press("Hex");
    assert!(scene.sees("− 00000000  61 62") && scene.sees("+ 00000000  61 63"));
}

#[test]
fn news_does_not_move_what_is_looked_at() {
    let old = numbered(500);
    let mut new = old.replace("line 300\n", "line three hundred\n").replace("line 20\n", "x\n");
    for line in (310..500).step_by(10) {
        new = new.replace(&format!("line {line}\n"), &format!("other {line}\n"));
    }
    let mut scene = english(against(&old, &new));
    settled(&mut scene);
    scene.key(Modifiers::ALT, Keyboard::ArrowDown);
    scene.key(Modifiers::ALT, Keyboard::ArrowDown);
    assert!(scene.sees("2 of 21") && scene.sees("− 300  line 300"));
    let place = |scene: &Scene| scene.harness.get_by_label_contains("+ 300").rect().top();
    // The notice that someone changed it comes above.
    let notice = size::CONTROL_SMALL + 8.0;
    let before = place(&scene) + notice;
    // Someone adds lines far above in the cluster.
    let more = old.replace("line 5\n", &format!("line 5\n{}", numbered(40)));
    scene.change(|world| {
        first(world).live = Some(Some(record(ROUTES, more.as_bytes(), 182_400)));
        first(world).live_seen_at = NOW - 1_000;
    });
    settled(&mut scene);
    scene.picture("compare-news");
    assert!(scene.sees("− 340  line 300") && scene.sees(" of 22"), "the current change is the same one");
    assert!((place(&scene) - before).abs() < 1.0, "it was at {before} and is at {}", place(&scene));
}

#[test]
fn a_minified_value_is_folded_too() {
    let old: String = (0..40_000).map(|at| format!("{{\"key{at}\":{}}},", at * 7)).collect();
    let new = old.replace(":140000}", ":false}").replace("\"key30000\":", "\"more\":0,\"key30000\":");
    let mut scene = english(against(&old, &new));
    settled(&mut scene);
    assert!(scene.sees("Changes: 2") && scene.sees("Unchanged text: "));
    scene.press("Next change");
    scene.picture("compare-minified");
    assert!(scene.sees("1 of 2") && scene.sees("\"key20000\":false"));
}

#[test]
fn only_what_is_in_sight_is_laid_out() {
    let old = numbered(60_000);
    let new: String = (1..=60_000).map(|line| format!("other {line}\n")).collect();
    let long =
        |from: usize| -> String { (from..from + 60_000).map(|at| format!("{{\"k{at}\":{at}}},")).collect() };
    for (old, new) in [(old, new), (long(0), long(7))] {
        for side_by_side in [true, false] {
            let view = DiffView::new(&old, &new, Whitespace::All, side_by_side);
            let rows = std::rc::Rc::new(std::cell::Cell::new(0));
            let (mut view, seen) = (view, rows.clone());
            let mut jumps = 0;
            let mut scene = Setting::default().play_with(World::default(), move |ui, _, _| {
                if jumps < 5 {
                    view.go(if jumps % 2 == 0 { Jump::Previous } else { Jump::Next });
                }
                jumps += 1;
                view.show(ui);
                seen.set(seen.get().max(view.rows_laid_out));
            });
            scene.settle();
            assert!((1..=100).contains(&rows.get()), "{} rows", rows.get());
        }
    }
    let changes = etcdscope::model::diff::structural::compare(
        &etcdscope::model::diff::tree::parse(
            etcdscope::model::format::ValueFormat::Json,
            &format!("[{}1]", long(0)),
        )
        .expect("JSON"),
        &etcdscope::model::diff::tree::parse(etcdscope::model::format::ValueFormat::Json, "[]")
            .expect("JSON"),
    );
    assert_eq!(changes.len(), 60_001);
    let mut view = StructureView::new(changes);
    let rows = std::rc::Rc::new(std::cell::Cell::new(0));
    let seen = rows.clone();
    let mut scene = Setting::default().play_with(World::default(), move |ui, _, _| {
        view.go(Jump::Previous);
        view.show(ui);
        seen.set(seen.get().max(view.rows_laid_out));
    });
    scene.settle();
    assert!((1..=100).contains(&rows.get()), "{} rows", rows.get());
}

#[test]
fn looks() {
    let old = numbered(60).replace("line 30\n", "  indented: \"old value\", 键: 值\n");
    let new = old
        .replace("old value", "new value")
        .replace("line 50\n", "")
        .replace("line 10\n", "line 10\nmore\n");
    let world = || {
        let mut world = against(&old, &new);
        world.sessions.push(staging());
        world
    };
    let look = |setting: Setting, world: World, name: &str| {
        let mut scene = play(setting, world);
        scene.key(Modifiers::ALT, Keyboard::ArrowDown);
        scene.picture(name);
    };
    look(Setting::default().size(1_280.0, 720.0), world(), "compare-dark");
    look(Setting::default().size(1_280.0, 720.0).light(), world(), "compare-light");
    look(Setting::default().size(1_280.0, 720.0).light().chinese(), world(), "compare-chinese");
    look(Setting::default().size(700.0, 520.0), world(), "compare-narrow");
    look(Setting::default().size(2_000.0, 1_000.0), world(), "compare-wide");
    look(Setting::default().size(1_000.0, 520.0), against(JSON, JSON), "compare-equal");
    look(Setting::default().size(1_000.0, 520.0).light(), against("", "a\n"), "compare-empty");
    look(Setting::default().size(1_000.0, 520.0).light(), across(Some("{}")), "compare-across-light");
    look(
        Setting::default().size(1_280.0, 720.0).light(),
        history_world(HistoryEnd::FirstVersion),
        "compare-history",
    );
}

#[test]
fn it_fits_a_small_window() {
    let mut world = across(Some("{\"limit\": 1}"));
    world.sessions[1].state = MirrorState::Connecting;
    let mut scene = play(Setting::default().size(440.0, 420.0), world);
    scene.key(Modifiers::ALT, Keyboard::ArrowDown);
    scene.picture("compare-small");
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(440.0, 420.0));
    for role in [Role::Button, Role::ComboBox] {
        for control in scene.harness.query_all_by_role(role) {
            let rect = control.rect();
            assert!(window.contains_rect(rect), "{:?} at {rect:?}", control.accesskit_node().label());
        }
    }
}

#[test]
fn a_document_that_is_not_read_yet_says_so() {
    let mut document = Document::new(key(ROUTES));
    document.page = DocumentPage::Diff;
    let scene = english(world_of(vec![document]));
    assert!(scene.sees("Reading"));
}
