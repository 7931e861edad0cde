//! A list of which one row is chosen, by mouse and keyboard.

use std::cell::Cell;
use std::rc::Rc;

use egui::accesskit::Role;
use egui::{Id, Key, Modifiers, Sense, WidgetInfo};
use egui_kittest::kittest::Queryable as _;
use etcdscope::model::dialog::Dialog;
use etcdscope::ui::widgets::ListBox;

use crate::support::{Scene, Setting, live_world};

const ROWS: usize = 1_000;

/// A list, and below it what is chosen of it.
fn list() -> (Scene, Rc<Cell<Option<usize>>>) {
    let chosen = Rc::new(Cell::new(None));
    let kept = chosen.clone();
    let scene = Setting::default().size(400.0, 220.0).play_with(live_world(), move |ui, stage, _| {
        let mut list = ListBox::begin(ui, &stage.world, Id::unique("rows of a test"), "Rows");
        if let Some((row, _)) = list.step(ui, kept.get(), ROWS) {
            kept.set(Some(row));
        }
        if list.pressed(ui, Key::Space) {
            kept.set(None);
        }
        let id = list.id();
        list.show(ui, ROWS, 20.0, |ui, sight, places| {
            for row in sight {
                let response = ui.interact(places.rect(row), ui.scope_id().with(row), Sense::CLICK);
                let is_chosen = kept.get() == Some(row);
                let name = format!("row {row}");
                response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, &name));
                if response.clicked() {
                    kept.set(Some(row));
                    ListBox::focus(ui, id);
                }
            }
        });
    });
    (scene, chosen)
}

#[test]
fn keys_move_in_a_list_while_nothing_else_has_the_keyboard() {
    let (mut scene, chosen) = list();
    scene.key(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(chosen.get(), Some(0));
    scene.key(Modifiers::NONE, Key::ArrowDown);
    scene.key(Modifiers::NONE, Key::PageDown);
    let page = chosen.get().expect("a row") - 1;
    assert!((8..=12).contains(&page), "a page of {page}");
    scene.key(Modifiers::NONE, Key::End);
    assert_eq!(chosen.get(), Some(ROWS - 1));
    scene.settle();
    assert!(scene.sees("row 999"), "it is brought in sight");
    scene.key(Modifiers::NONE, Key::Space);
    assert_eq!(chosen.get(), None);

    scene.change(|world| world.dialog = Some(Dialog::About));
    scene.harness.ctx.memory_mut(|memory| memory.surrender_focus(Id::unique("rows of a test")));
    scene.key(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(chosen.get(), None, "a dialog has the keyboard");
}

#[test]
fn a_row_that_is_clicked_is_the_one_to_move_from() {
    let (mut scene, chosen) = list();
    scene.press("row 3");
    assert_eq!(chosen.get(), Some(3));
    scene.key(Modifiers::NONE, Key::ArrowUp);
    scene.key(Modifiers::NONE, Key::ArrowUp);
    assert_eq!(chosen.get(), Some(1));
    assert!(scene.harness.get_by_role_and_label(Role::ListBox, "Rows").is_focused(), "it keeps the focus");
}
