//! The palette and the dialogs about the console.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use etcdscope::action::{Action, UserCommand};
use etcdscope::model::dialog::Dialog;
use etcdscope::model::message::SessionId;
use etcdscope::model::search::SearchQuery;
use etcdscope::model::session::Screen;
use etcdscope::model::settings::{Language, Settings, ThemeChoice};
use etcdscope::model::tree_item::TreeItem;

use crate::shell::busy_world;
use crate::support::{Scene, Setting, key, live_world};

fn open_palette(setting: Setting) -> Scene {
    let mut world = busy_world();
    world.palette_open = true;
    setting.play(world)
}

fn type_text(scene: &mut Scene, text: &str) {
    scene.harness.event(egui::Event::Text(text.to_owned()));
    scene.settle();
}

fn chosen(scene: &Scene) -> Vec<String> {
    scene
        .harness
        .query_all_by_role(Role::ListItem)
        .filter(|node| node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True))
        .filter_map(|node| node.accesskit_node().label())
        .collect()
}

#[test]
fn a_few_letters_and_enter_run_a_command() {
    let mut scene = open_palette(Setting::default());
    scene.picture("palette");
    type_text(&mut scene, "show cl");
    assert_eq!(chosen(&scene), ["Show cluster"]);
    scene.picture("palette-typed");
    scene.key(Modifiers::NONE, Key::Enter);
    assert_eq!(scene.actions(), [UserCommand::Palette, UserCommand::ShowCluster].map(Action::Run));
}

#[test]
fn arrows_choose_and_escape_closes() {
    let mut scene = open_palette(Setting::default());
    let first = chosen(&scene);
    scene.key(Modifiers::NONE, Key::ArrowDown);
    assert_ne!(chosen(&scene), first);
    scene.key(Modifiers::NONE, Key::ArrowUp);
    scene.key(Modifiers::NONE, Key::ArrowUp);
    assert_eq!(chosen(&scene), first, "it stays at the top");
    type_text(&mut scene, "x");
    scene.key(Modifiers::NONE, Key::Escape);
    assert_eq!(scene.actions(), [], "the first one empties the field");
    scene.key(Modifiers::NONE, Key::Escape);
    assert_eq!(scene.actions(), [Action::Run(UserCommand::Palette)]);
}

#[test]
fn keys_connections_and_the_whole_search_are_found() {
    let mut scene = open_palette(Setting::default().light());
    type_text(&mut scene, "order-service");
    scene.picture("palette-keys");
    scene.press("/config/production/order-service/db.json");
    let found = key("/config/production/order-service/db.json");
    assert_eq!(
        scene.actions(),
        [
            Action::Run(UserCommand::Palette),
            Action::ShowScreen(Screen::Keys),
            Action::Reveal(TreeItem::key(found.clone())),
            Action::OpenKey(found),
        ]
    );
    scene.press("Search all keys for “order-service”");
    let query = SearchQuery { text: String::from("order-service"), ..SearchQuery::default() };
    assert!(scene.actions().contains(&Action::Search(query)));

    let mut scene = open_palette(Setting::default());
    type_text(&mut scene, "staging");
    let connection = scene.harness.get_by_role_and_label(Role::ListItem, "staging");
    connection.click();
    scene.settle();
    assert!(scene.actions().contains(&Action::ShowSession(Some(SessionId(2)))));
}

#[test]
fn what_cannot_be_run_now_is_not_run() {
    let mut scene = open_palette(Setting::default());
    type_text(&mut scene, "discard");
    scene.press("Discard draft");
    assert_eq!(scene.actions(), [], "there is no draft");
}

#[test]
fn english_letters_find_commands_in_chinese() {
    let mut scene = open_palette(Setting::default().chinese());
    type_text(&mut scene, "settings");
    assert_eq!(chosen(&scene), ["设置…"]);
    scene.picture("palette-chinese");
}

#[test]
fn settings_apply_at_once() {
    let mut world = live_world();
    world.dialog = Some(Dialog::Settings);
    let mut scene = Setting::default().play(world);
    scene.picture("settings");
    let before = scene.harness.state().world.settings.clone();
    scene.press("Light");
    scene.press("简体中文");
    scene.press("Compact");
    scene.press("Zoom in");
    scene.press("Reduced motion");
    let change = |settings: Settings| Action::ChangeSettings(Box::new(settings));
    assert_eq!(
        scene.actions(),
        [
            change(Settings { theme: ThemeChoice::Light, ..before.clone() }),
            change(Settings { language: Language::SimplifiedChinese, ..before.clone() }),
            change(Settings { compact_rows: true, ..before.clone() }),
            change(Settings { zoom: 1.1, ..before.clone() }),
            change(Settings { reduced_motion: true, ..before }),
        ]
    );
    scene.key(Modifiers::NONE, Key::Escape);
    assert_eq!(scene.actions(), [Action::CloseDialog]);
}

#[test]
fn every_shortcut_is_on_its_page() {
    let mut world = live_world();
    world.dialog = Some(Dialog::Shortcuts);
    let mut scene = Setting::default().size(1_280.0, 900.0).play(world);
    scene.picture("shortcuts");
    assert!(scene.sees("Command palette Ctrl K") || cfg!(target_os = "macos"));
    for keys in UserCommand::ALL.into_iter().filter_map(etcdscope::ui::widgets::shortcut_text) {
        assert!(scene.sees(&format!(" {keys}")), "{keys}");
    }
    scene.press("Close");
    assert_eq!(scene.actions(), [Action::CloseDialog]);
}

#[test]
fn settings_need_no_connection() {
    let mut scene = Setting::default()
        .play(etcdscope::model::world::World { dialog: Some(Dialog::Settings), ..Default::default() });
    assert!(scene.sees("Reduced motion"));
    scene.change(|world| world.dialog = Some(Dialog::About));
    assert!(scene.sees("About etcdscope") && scene.sees(env!("CARGO_PKG_VERSION")));
    scene.picture("about");
}
