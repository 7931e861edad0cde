//! The open keys: what is typed, reviewed, saved, merged, restored.

use egui::accesskit::Role;
use egui::{Key as Keyboard, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::Action;
use etcdscope::model::bytes::Value;
use etcdscope::model::coordination::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence};
use etcdscope::model::document::{Document, DocumentPage, SaveState};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::history::HistoryEnd;
use etcdscope::model::message::RequestId;
use etcdscope::model::record::{KeyMeta, KeyRecord};
use etcdscope::model::world::World;
use etcdscope::ui::editor;

use crate::editor_versions::{BASE, conflict};
use crate::history::history_world;
use crate::support::{NOW, Scene, Setting, key, live_world, value};

pub(crate) const ROUTES: &str = "/config/production/api-gateway/routes.json";
pub(crate) const JSON: &str = "{\n  \"limit\": 100,\n  \"strategy\": \"token-bucket\"\n}\n";

pub(crate) fn meta(revision: i64) -> KeyMeta {
    KeyMeta { create_revision: 120, mod_revision: revision, version: 17, lease: 0 }
}

pub(crate) fn record(name: &str, bytes: &[u8], revision: i64) -> KeyRecord {
    KeyRecord { key: key(name), meta: meta(revision), value: Some(Value::from(bytes)) }
}

pub(crate) fn document(name: &str, bytes: &[u8]) -> Document {
    let mut document = Document::new(key(name));
    document.base.answer(Ok(Some(record(name, bytes, 182_310))));
    document.draft_generation = 1;
    document
}

pub(crate) fn world_of(documents: Vec<Document>) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    session.active_document = documents.first().map(|document| document.key.clone());
    session.documents = documents;
    world
}

pub(crate) fn drafted(text: &str) -> World {
    let mut document = document(ROUTES, JSON.as_bytes());
    document.draft = Some(value(text));
    world_of(vec![document])
}

/// The editor alone.
fn play(setting: Setting, world: World) -> Scene {
    setting.size(940.0, 620.0).play_with(world, |ui, stage, actions| {
        editor::show(ui, &stage.world, &mut stage.state.editor, actions);
    })
}

pub(crate) fn english(world: World) -> Scene {
    play(Setting::default(), world)
}

pub(crate) fn first(world: &mut World) -> &mut Document {
    &mut world.sessions[0].documents[0]
}

fn field_name() -> String {
    format!("Value of {ROUTES}")
}

fn type_text(scene: &mut Scene, text: &str) {
    scene.harness.get_by_label(&field_name()).focus();
    scene.settle();
    scene.harness.get_by_label(&field_name()).type_text(text);
    scene.settle();
}

/// The values of the draft that were pushed.
fn drafts(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::EditDraft { value, .. } => Some(String::from_utf8_lossy(value).into_owned()),
            _ => None,
        })
        .collect()
}

#[test]
fn typing_changes_the_draft_by_exactly_what_was_typed() {
    let mut scene = english(world_of(vec![document(ROUTES, JSON.as_bytes())]));
    type_text(&mut scene, "# 注 ");
    let pushed = drafts(&scene.actions());
    assert_eq!(pushed.last().map(String::as_str), Some(format!("# 注 {JSON}").as_str()));
}

#[test]
fn line_ends_survive_typing() {
    for (before, after) in
        [("a\r\nb", "xa\r\nb"), ("a\nb", "xa\nb"), ("a\r\nb\n", "xa\r\nb\n"), ("a\r\n", "xa\r\n")]
    {
        let mut scene = english(world_of(vec![document(ROUTES, before.as_bytes())]));
        type_text(&mut scene, "x");
        assert_eq!(drafts(&scene.actions()), [after], "{before:?}");
    }
}

#[test]
fn a_new_line_ends_as_the_others_and_keeps_the_indentation() {
    let mut scene = english(world_of(vec![document(ROUTES, b"  a\r\nb\r\n")]));
    type_text(&mut scene, "");
    scene.key(Modifiers::NONE, Keyboard::End);
    scene.key(Modifiers::NONE, Keyboard::Enter);
    assert_eq!(drafts(&scene.actions()), ["  a\r\n  \r\nb\r\n"]);
    scene.key(Modifiers::NONE, Keyboard::Tab);
    assert_eq!(drafts(&scene.actions()), ["  a\r\n    \r\nb\r\n"]);
}

#[test]
fn undo_takes_typing_back() {
    let mut scene = english(world_of(vec![document(ROUTES, b"a")]));
    type_text(&mut scene, "x");
    scene.actions();
    scene.key(Modifiers::COMMAND, Keyboard::Z);
    assert_eq!(drafts(&scene.actions()), ["a"]);
}

#[test]
fn review_shows_what_is_removed_and_added_and_saves() {
    let mut world = drafted(&JSON.replace("100", "250"));
    first(&mut world).save = SaveState::Reviewing;
    let mut scene = english(world);
    assert!(scene.sees("− 2    \"limit\": 100,"), "removed line with its sign");
    assert!(scene.sees("+ 2    \"limit\": 250,"), "added line with its sign");
    assert!(scene.sees("only if the key is still at r182310"));
    assert!(scene.sees("No lease"));
    scene.picture("editor-review");
    scene.press("Save");
    assert_eq!(scene.actions(), [Action::Save(key(ROUTES))]);
    scene.key(Modifiers::COMMAND, Keyboard::Enter);
    assert_eq!(scene.actions(), [Action::Save(key(ROUTES))]);
    scene.press("Inline");
    assert!(scene.sees("− 2    \"limit\": 100,"));
    scene.picture("editor-review-inline");
    scene.press("Back to editing");
    assert_eq!(scene.actions(), [Action::CancelSave(key(ROUTES))]);
}

#[test]
fn the_button_opens_the_review_only_when_something_changed() {
    let mut scene = english(world_of(vec![document(ROUTES, JSON.as_bytes())]));
    scene.press("Review and save…");
    assert_eq!(scene.actions(), []);
    // Two at once would ask for the language twice, and wait for ever if a Chinese scene came between.
    drop(scene);
    let mut scene = english(drafted("plain words"));
    scene.press("Review and save…");
    assert_eq!(scene.actions(), [Action::Review(key(ROUTES))]);
    scene.press("Discard");
    assert_eq!(scene.actions(), [Action::DiscardDraft(key(ROUTES))]);
}

/// Answers of checks, and what else is told at the right of the bar, come when they come.
#[test]
fn what_appears_at_the_other_end_of_the_bar_takes_no_press_from_the_button() {
    let mut scene = english(drafted("plain\nwords"));
    let place = scene.harness.get_by_label("Review and save…").rect().center();
    let button = |pressed| egui::Event::PointerButton {
        pos: place,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    scene.harness.event(egui::Event::PointerMoved(place));
    scene.harness.event(button(true));
    // Single frames: what is held for long is no click.
    scene.harness.step();
    assert!(!scene.sees("CRLF"));
    let document = first(&mut scene.harness.state_mut().world);
    document.draft = Some(value("plain\r\nwords"));
    document.draft_generation += 1;
    scene.harness.step();
    assert!(scene.sees("CRLF"), "one thing more at the right");
    scene.harness.event(button(false));
    scene.settle();
    assert_eq!(scene.actions(), [Action::Review(key(ROUTES))]);
}

#[test]
fn someone_elses_change_is_announced_and_leaves_the_text() {
    let mut scene = english(world_of(vec![document(ROUTES, b"mine")]));
    type_text(&mut scene, "still ");
    scene.actions();
    scene.change(|world| {
        let document = first(world);
        document.draft = Some(value("still mine"));
        document.live = Some(Some(record(ROUTES, b"theirs", 182_311)));
        document.live_seen_at = NOW - 2_000;
    });
    assert!(scene.sees("changed this key at r182311"));
    assert!(scene.sees("2 s ago"));
    assert_eq!(scene.harness.get_by_label(&field_name()).value().as_deref(), Some("still mine"));
    assert_eq!(scene.actions(), []);
    scene.press("Compare");
    assert_eq!(scene.actions(), [Action::Review(key(ROUTES))]);
    scene.press("Take theirs");
    assert_eq!(scene.actions(), [Action::TakeTheirs(key(ROUTES))]);
}

#[test]
fn the_review_never_calls_an_overtaken_value_the_clusters() {
    let mut world = drafted("{}");
    first(&mut world).save = SaveState::Reviewing;
    let mut scene = english(world);
    assert!(scene.sees("In the cluster, r182310"));
    scene.change(|world| first(world).live = Some(Some(record(ROUTES, b"theirs", 182_311))));
    scene.picture("editor-review-overtaken");
    assert!(scene.sees("r182310, what you began with"));
    assert!(!scene.sees("In the cluster"), "of a value that is not there any more");
    scene.change(|world| {
        first(world).live = None;
        world.sessions[0].state = etcdscope::model::status::MirrorState::CatchingUp;
    });
    assert!(!scene.sees("In the cluster"), "of a value that may not be there any more");
}

#[test]
fn the_reason_why_nothing_can_be_saved_stays_in_the_window() {
    let mut world = drafted("{");
    first(&mut world).save = SaveState::Reviewing;
    let mut scene = Setting::default().size(440.0, 520.0).play_with(world, |ui, stage, actions| {
        editor::show(ui, &stage.world, &mut stage.state.editor, actions);
    });
    scene.picture("editor-review-narrow");
    let mut reasons = scene.harness.query_all_by_label_contains("not valid").map(|node| node.rect());
    assert!(reasons.all(|rect| rect.right() <= 440.0));
}

#[test]
fn a_deleted_key_is_announced() {
    let mut world = drafted("{}");
    first(&mut world).live = Some(None);
    let mut scene = english(world);
    assert!(scene.sees("This key was deleted"));
    scene.press("Create it again…");
    assert_eq!(scene.actions(), [Action::Review(key(ROUTES))]);
}

#[test]
fn a_byte_is_edited_by_its_digits() {
    let name = "/bin";
    let mut scene = english(world_of(vec![document(name, b"\x00\x01\xff\x03")]));
    assert!(scene.sees("00000000  00 01 ff 03"));
    assert!(scene.harness.query_by_role(Role::MultilineTextInput).is_none(), "bytes are no text");
    let rect = scene.harness.get_by_label_contains("00000000  00 01 ff 03").rect();
    let grid = scene.harness.get_by_label("Bytes of /bin");
    grid.focus();
    scene.settle();
    scene.key(Modifiers::NONE, Keyboard::ArrowRight);
    scene.harness.event(egui::Event::Text("a".into()));
    scene.settle();
    scene.harness.event(egui::Event::Text("B".into()));
    scene.settle();
    let last = scene.actions().pop();
    let edited = Value::from(b"\x00\xab\xff\x03".as_slice());
    assert_eq!(last, Some(Action::EditDraft { key: key(name), value: edited }));
    scene.press("Delete byte");
    let edited = Value::from(b"\x00\xab\x03".as_slice());
    assert_eq!(scene.actions(), [Action::EditDraft { key: key(name), value: edited }]);
    scene.press("Undo");
    let edited = Value::from(b"\x00\xab\xff\x03".as_slice());
    assert_eq!(scene.actions(), [Action::EditDraft { key: key(name), value: edited }]);
    assert!(rect.height() > 0.0);
    scene.picture("editor-bytes");
}

#[test]
fn a_click_chooses_the_byte_that_is_typed_over() {
    let bytes: Vec<u8> = (0x80..0x90).collect();
    let mut scene = english(world_of(vec![document("/bin", &bytes)]));
    scene.harness.get_by_label_contains("00000000  80 81").click();
    scene.settle();
    for digit in ["0", "7"] {
        scene.harness.event(egui::Event::Text(digit.into()));
        scene.settle();
    }
    let Some(Action::EditDraft { value, .. }) = scene.actions().pop() else { panic!("nothing was edited") };
    let changed: Vec<_> = (0..16).filter(|at| value[*at] != bytes[*at]).collect();
    assert_eq!((value.len(), changed.len()), (16, 1));
    assert_eq!(value[changed[0]], 0x07);
    scene.picture("editor-bytes-click");
}

#[test]
fn differing_bytes_are_marked_by_rows() {
    let old: Vec<u8> = (0..=255).collect();
    let mut new = old.clone();
    new[100] = 0;
    let mut document = document("/bin", &old);
    document.draft = Some(Value::from(new.as_slice()));
    document.save = SaveState::Reviewing;
    let mut scene = english(world_of(vec![document]));
    assert!(scene.sees("− 00000060  60 61 62 63 64"));
    assert!(scene.sees("+ 00000060  60 61 62 63 00"));
    assert!(scene.sees("Bytes that differ: 1"));
    scene.picture("editor-bytes-diff");
}

#[test]
fn a_key_opened_again_has_no_undo_of_its_last_time() {
    let mut scene = english(world_of(vec![document(ROUTES, b"a")]));
    type_text(&mut scene, "x");
    scene.change(|world| world.sessions[0].documents.clear());
    scene.change(|world| world.sessions[0].documents.push(document(ROUTES, b"b")));
    scene.actions();
    type_text(&mut scene, "");
    scene.key(Modifiers::COMMAND, Keyboard::Z);
    assert_eq!(drafts(&scene.actions()), [""; 0]);
}

#[test]
fn a_recovered_draft_says_so() {
    let mut world = drafted("{}");
    first(&mut world).recovered = true;
    let scene = english(world);
    assert!(scene.sees("kept from an earlier run"));
}

#[test]
fn invalid_json_shows_its_place_and_is_saved_only_when_told() {
    let mut world = drafted("{\n  \"limit\": ,\n}\n");
    let mut scene = english({
        first(&mut world).save = SaveState::Idle;
        world
    });
    assert!(scene.sees("Line 2, column"));
    scene.picture("editor-invalid");
    scene.change(|world| first(world).save = SaveState::Reviewing);
    assert!(scene.sees("Not valid JSON: line 2"));
    scene.press("Save");
    scene.key(Modifiers::COMMAND, Keyboard::Enter);
    assert_eq!(scene.actions(), [], "an invalid value is not saved by accident");
    scene.picture("editor-review-invalid");
    scene.press("Save although it is not valid JSON");
    scene.press("Save");
    assert_eq!(scene.actions(), [Action::Save(key(ROUTES))]);
}

#[test]
fn the_shortcut_saves_no_invalid_value_either() {
    let mut world = drafted("{");
    first(&mut world).save = SaveState::Reviewing;
    let mut scene = Setting::default().play_with(world, |ui, stage, actions| {
        let requests = &mut vec![etcdscope::action::UserCommand::Save];
        stage.state.editor.take_requests(requests);
        editor::show(ui, &stage.world, &mut stage.state.editor, actions);
    });
    assert_eq!(scene.actions(), []);
}

#[test]
fn a_read_only_profile_has_nothing_to_save_with() {
    let mut world = drafted("{}");
    world.sessions[0].profile.read_only = true;
    let mut scene = english(world);
    assert!(!scene.sees("Review and save"));
    assert!(scene.sees("Read-only profile"));
    type_text(&mut scene, "x");
    assert_eq!(drafts(&scene.actions()), [""; 0]);
    scene.change(|world| first(world).save = SaveState::Reviewing);
    scene.press("Save");
    assert_eq!(scene.actions(), []);
}

#[test]
fn a_large_text_is_shown_without_laying_out_all_of_it() {
    let text: String = (0..40_000).map(|line| format!("line {line} of a large text\n")).collect();
    assert!(text.len() > 1024 * 1024);
    let mut scene = english(world_of(vec![document("/large.txt", text.as_bytes())]));
    assert!(scene.sees("shown to be read only"));
    assert!(scene.sees("line 5 of a large text"));
    scene.picture("editor-large");
    let lines = scene.harness.query_all_by_label_contains("of a large text").count();
    assert!((10..60).contains(&lines), "{lines} lines laid out");
    assert!(scene.harness.query_by_role(Role::MultilineTextInput).is_none());
}

#[test]
fn format_lays_the_text_out() {
    let mut scene = english(drafted("{\"limit\":250}"));
    scene.press("Format");
    let actions = scene.actions();
    let laid_out = value("{\n  \"limit\": 250\n}");
    assert_eq!(actions, [Action::ReplaceDraft { key: key(ROUTES), value: laid_out }]);
}

#[test]
fn a_claim_and_a_lease_are_announced() {
    let mut world = world_of(vec![document(ROUTES, b"owner")]);
    let leased = KeyMeta { lease: 0x694d_7aa1, ..meta(182_310) };
    first(&mut world).base.answer(Ok(Some(KeyRecord {
        key: key(ROUTES),
        meta: leased,
        value: Some(value("owner")),
    })));
    let mut scene = english(world);
    assert!(scene.sees("Attached to lease 694d7aa1, kept on save"));
    scene.change(|world| {
        let claims = vec![std::sync::Arc::new(Claim::found(key(ROUTES), leased, None))];
        let queue = ClaimQueue::new(key("/config"), ClaimKind::Lock, ClaimForm::Queue, Confidence::Certain);
        world.sessions[0].coordination.add_queue(ClaimQueue { claims, ..queue });
    });
    assert!(scene.sees("stands in a lock's queue"));
}

#[test]
fn tabs_open_and_close_keys() {
    let mut other = document("/b/other.yaml", b"a: 1\n");
    other.draft = Some(value("a: 2\n"));
    let mut scene = english(world_of(vec![document(ROUTES, JSON.as_bytes()), other]));
    scene.press("other.yaml, modified");
    assert_eq!(scene.actions(), [Action::OpenKey(key("/b/other.yaml"))]);
    scene.press("Close other.yaml");
    assert_eq!(scene.actions(), [Action::CloseDocument(key("/b/other.yaml"))]);
    scene.press("History");
    assert_eq!(scene.actions(), [Action::ShowPage { key: key(ROUTES), page: DocumentPage::History }]);
}

#[test]
fn an_unknown_outcome_says_what_to_do() {
    let mut world = drafted("{}");
    first(&mut world).save = SaveState::Unknown(Fault::new(FaultKind::TimedOut, "deadline exceeded"));
    let mut scene = english(world);
    assert!(scene.sees("could not be told whether your value was saved"));
    scene.press("Read again");
    assert_eq!(scene.actions(), [Action::Reload(key(ROUTES))]);
}

#[test]
fn while_saving_nothing_can_be_pressed() {
    let mut world = drafted("{}");
    first(&mut world).save = SaveState::Saving { request: RequestId(3), value: value("{}") };
    let mut scene = english(world);
    assert!(scene.sees("Saving…"));
    scene.press("Save");
    assert_eq!(scene.actions(), []);
}

#[test]
fn nothing_open_teaches_how_to_open() {
    let mut scene = english(live_world());
    assert!(scene.sees("No key is open"));
    scene.picture("editor-empty");
}

#[test]
fn chinese_shows() {
    let mut document = document("/配置/路由.yaml", "名称: 网关\n上限: 100 # 每秒\n".as_bytes());
    document.draft = Some(value("名称: 网关\n上限: 250 # 每秒\n"));
    let mut scene = play(Setting::default().chinese(), world_of(vec![document]));
    assert!(scene.sees("审阅并保存…"));
    scene.picture("editor-chinese");
    scene.change(|world| first(world).save = SaveState::Reviewing);
    assert!(scene.sees("− 2  上限: 100 # 每秒"));
    scene.picture("editor-chinese-review");
}

#[test]
fn both_themes_have_their_picture() {
    let looks = |setting: Setting, name: &str| {
        let mut world = drafted(&JSON.replace("100", "250"));
        let document = first(&mut world);
        document.live = Some(Some(record(ROUTES, b"{}", 182_311)));
        document.live_seen_at = NOW - 2_000;
        let mut scene = play(setting, world);
        type_text(&mut scene, "");
        scene.picture(name);
        assert!(scene.sees("Modified"));
    };
    looks(Setting::default(), "editor-dark");
    looks(Setting::default().light(), "editor-light");
}

#[test]
fn unchanged_parts_are_folded_and_unfold() {
    let old: String = (1..=60).map(|line| format!("line {line}\n")).collect();
    let mut document = document("/long.txt", old.as_bytes());
    document.draft = Some(value(&old.replace("line 30\n", "line thirty\n").replace("line 60\n", "line 60")));
    document.page = DocumentPage::Diff;
    let mut scene = english(world_of(vec![document]));
    assert!(scene.sees("Unchanged lines: 26"));
    assert!(scene.sees("− 30  line 30") && scene.sees("+ 30  line thirty"));
    assert!(!scene.sees("12  line 12"));
    scene.picture("editor-diff-folded");
    scene.press("Unchanged lines: 26");
    assert!(scene.sees("12  line 12"));
}

#[test]
fn every_page_fits_a_small_window() {
    let yours = BASE.replace("a: 1", "a: 10");
    let theirs = BASE.replace("a: 1", "a: 11");
    let mut review = drafted(&JSON.replace("100", "250"));
    first(&mut review).save = SaveState::Reviewing;
    let mut edit = drafted(&JSON.replace("100", "250"));
    first(&mut edit).live = Some(Some(record(ROUTES, b"{}", 182_311)));
    for (name, world) in [
        ("edit", edit),
        ("review", review),
        ("conflict", conflict(&yours, Some(&theirs))),
        ("history", history_world(HistoryEnd::FirstVersion)),
    ] {
        let mut scene = Setting::default().size(440.0, 420.0).play_with(world, |ui, stage, actions| {
            editor::show(ui, &stage.world, &mut stage.state.editor, actions);
        });
        scene.picture(&format!("editor-small-{name}"));
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(440.0, 420.0));
        for button in scene.harness.query_all_by_role(Role::Button) {
            let rect = button.rect();
            assert!(window.contains_rect(rect), "{name}: {:?} at {rect:?}", button.accesskit_node().label());
        }
    }
}

#[test]
#[ignore = "measures"]
fn a_quarter_of_a_mebibyte_is_typed_in_without_a_stall() {
    let mut text = String::from("[\n");
    while text.len() < 250 * 1024 {
        text.push_str("  {\"limit\": 250, \"strategy\": \"token-bucket\", \"enabled\": true},\n");
    }
    text.push_str("  {}\n]\n");
    for name in ["/big.txt", "/big.json"] {
        let mut scene = english(world_of(vec![document(name, text.as_bytes())]));
        scene.harness.get_by_label(&format!("Value of {name}")).focus();
        scene.settle();
        for step in ["idle", "idle", "typed", "typed", "idle"] {
            if step == "typed" {
                scene.harness.event(egui::Event::Text("x".into()));
            }
            let started = std::time::Instant::now();
            scene.harness.step();
            eprintln!("{name} {step}: {:?}", started.elapsed());
        }
    }
}

#[test]
fn the_editor_stands_in_the_whole_window() {
    let full = |setting: Setting, size: (f32, f32), name: &str| {
        let mut document = document(ROUTES, JSON.as_bytes());
        document.draft = Some(value(&JSON.replace("100", "250")));
        let mut other = self::document("/config/common/limits.yaml", b"a: 1\n");
        other.live = Some(Some(record("/config/common/limits.yaml", b"a: 2\n", 182_320)));
        let mut scene = setting.size(size.0, size.1).play(world_of(vec![document, other]));
        assert!(scene.sees("Review and save…"));
        scene.picture(name);
    };
    full(Setting::default(), (1_440.0, 900.0), "editor-window-dark");
    full(Setting::default().light(), (1_024.0, 640.0), "editor-window-light");
}
