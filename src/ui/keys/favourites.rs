//! Favourite keys and folders, above the tree.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use egui::accesskit::Role;
use egui::{Align2, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::SessionView;
use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::key_text::display_short;
use crate::model::profile::Profile;
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::elided;

/// So many favourites are in sight before they scroll.
const MAX_IN_SIGHT: f32 = 6.0;

/// Whether the profile has this key or folder among its favourites.
#[must_use]
pub fn is_favourite(profile: &Profile, path: &[u8]) -> bool {
    !profile.favourites.is_empty() && profile.favourites.contains(&STANDARD.encode(path))
}

/// The favourites as bytes; what does not decode is left out.
fn decoded(profile: &Profile) -> Vec<Key> {
    profile.favourites.iter().filter_map(|text| STANDARD.decode(text).ok()).map(Key::from).collect()
}

/// Draws the section, if there is any favourite.
pub fn show(ui: &mut Ui, session: &Session, view: &mut SessionView, row_height: f32, actions: &mut Actions) {
    let favourites = decoded(&session.profile);
    if favourites.is_empty() {
        return;
    }
    header(ui, view, favourites.len());
    if view.favourites_closed {
        return;
    }
    let most = row_height * MAX_IN_SIGHT;
    egui::ScrollArea::vertical().id_salt("favourites").max_height(most).auto_shrink([false, true]).show(
        ui,
        |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for favourite in &favourites {
                line(ui, session, favourite, row_height, view, actions);
            }
        },
    );
    let rect = ui.available_rect_before_wrap();
    ui.painter().hline(rect.x_range(), rect.top() + 3.0, theme::tokens(ui).line());
    ui.add_space(size::PAD - 1.0);
}

fn header(ui: &mut Ui, view: &mut SessionView, count: usize) {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::click());
    let caret = if view.favourites_closed { icons::CARET_RIGHT } else { icons::CARET_DOWN };
    let painter = ui.painter();
    let y = rect.center().y;
    let colour = if response.hovered() { tokens.text } else { tokens.second };
    painter.text(pos2(rect.left() + 13.0, y), Align2::CENTER_CENTER, caret, text::icon(11.0), tokens.faint);
    let title = t!("keys.favourites.title");
    painter.text(pos2(rect.left() + 26.0, y), Align2::LEFT_CENTER, &title, text::meta_medium(), colour);
    let count_at = pos2(rect.right() - size::PAD, y);
    painter.text(count_at, Align2::RIGHT_CENTER, count.to_string(), text::mono_small(), tokens.faint);
    response.widget_info(|| egui::WidgetInfo::labeled(Role::DisclosureTriangle, true, &title));
    if response.clicked() {
        view.favourites_closed = !view.favourites_closed;
    }
}

fn line(
    ui: &mut Ui,
    session: &Session,
    path: &Key,
    row_height: f32,
    view: &mut SessionView,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), row_height));
    let response = ui.interact(rect, ui.scope_id().with(path), Sense::click());
    let item = TreeItem::at(&session.keyspace, path);
    let is_folder = item.is_folder();
    let exists = is_folder || session.keyspace.get(path).is_some();
    let ground = rect.shrink2(vec2(size::GRID, 0.5));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(ground, size::RADIUS_SMALL, tokens.hover);
    }
    let y = rect.center().y;
    let painter = ui.painter();
    painter.text(
        pos2(rect.left() + 28.0, y),
        Align2::CENTER_CENTER,
        icons::STAR,
        text::icon(14.0),
        tokens.changed,
    );
    let colour = if exists { tokens.text } else { tokens.faint };
    let shown = display_short(path, 200);
    let room = rect.width() - 52.0;
    let galley = elided(painter, shown.as_ref(), text::mono(), colour, room);
    painter.galley(pos2(rect.left() + 42.0, y - galley.size().y / 2.0), galley, colour);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(Role::Button, true, t!("keys.favourites.label", key = shown))
    });
    response.context_menu(|ui| {
        if ui.button(t!("keys.menu.unfavourite")).clicked() {
            actions.push(Action::ToggleFavourite(path.clone()));
            ui.close();
        }
    });
    if response.clicked() && exists {
        actions.push(Action::Reveal(item.clone()));
        actions.push(Action::Select { rows: vec![item.clone()], cursor: Some(item) });
        if !is_folder {
            view.look_at(session, path, actions);
        }
    }
    if !exists {
        response.on_hover_text(t!("keys.favourites.gone"));
    }
}
