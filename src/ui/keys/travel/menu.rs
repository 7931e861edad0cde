//! What can be done with a row of the past: look at it, copy its name, have a plan made to bring it back.

use egui::{Response, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::key_text::display_key;
use crate::model::plan::{LostLease, PlanGoal};
use crate::model::rows::Row;
use crate::model::session::Session;
use crate::model::travel::Comparison;
use crate::model::tree_item::TreeItem;
use crate::ui::keys::menu::item;
use crate::ui::keys::selection::Selection;
use crate::ui::theme::icons;

/// Shows the menu when the row is clicked with the second button.
pub fn attach(
    response: &Response,
    session: &Session,
    comparison: &Comparison,
    selection: &Selection,
    row: &Row,
    actions: &mut Actions,
) {
    response.context_menu(|ui| {
        ui.set_min_width(220.0);
        let target = row.item();
        let several = selection.rows.len() > 1 && selection.rows.contains(&target);
        if several {
            let roots = selection.rows.iter().cloned().collect();
            restore_item(ui, session, comparison, &t!("travel.restore.selection"), roots, actions);
            return;
        }
        if !target.is_folder() && item(ui, true, icons::FILE_TEXT, &t!("travel.menu.look"), "Enter") {
            actions.push(Action::TravelOpen(Some(row.path.clone())));
        }
        let words = if target.is_folder() { t!("travel.restore.folder") } else { t!("travel.restore.key") };
        restore_item(ui, session, comparison, &words, vec![target.clone()], actions);
        ui.separator();
        if target.is_folder() && item(ui, true, icons::CLOCK_COUNTER_CLOCKWISE, &t!("travel.menu.only"), "") {
            actions.push(Action::Travel { prefix: row.path.clone() });
        }
        if item(ui, true, icons::CLIPBOARD, &t!("keys.menu.copy_text"), "") {
            actions.push(Action::CopyText(display_key(&row.path).into_owned()));
        }
        if item(ui, true, icons::ARROW_U_UP_LEFT, &t!("travel.menu.live"), "") {
            actions.push(Action::LeaveTravel);
            actions.push(Action::Reveal(target));
        }
    });
}

fn restore_item(
    ui: &mut Ui,
    session: &Session,
    comparison: &Comparison,
    words: &str,
    roots: Vec<TreeItem>,
    actions: &mut Actions,
) {
    let writable = !session.profile.read_only;
    if item(ui, writable, icons::ARROW_COUNTER_CLOCKWISE, words, "") {
        actions.push(restore(roots, comparison.then.revision));
    }
}

/// The plan that brings these back to what they were at this revision.
#[must_use]
pub fn restore(roots: Vec<TreeItem>, revision: i64) -> Action {
    // Keys that are newer are part of what differs: the plan shows each deletion, and lets it be left out.
    let goal = PlanGoal::Moment { roots, revision, delete_newer: true };
    Action::MakePlan { goal, lost_lease: LostLease::default() }
}
