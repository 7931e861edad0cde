//! The title bar: a tab for each connection, the palette, the settings.

use egui::{Align, Color32, CornerRadius, Layout, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::status;
use crate::action::{Action, Actions, UserCommand};
use crate::model::session::Session;
use crate::model::status::{MirrorState, SeenAt};
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::{Tone, dot, elided, icon_button, shortcut_text};

/// The widest tab.
const TAB_WIDTH: f32 = 220.0;
/// The narrowest tab.
const TAB_MIN: f32 = 96.0;
/// Room of the palette's field and the buttons at the right.
const RIGHT_ROOM: f32 = 340.0;

/// Draws the bar.
pub(super) fn show(ui: &mut Ui, world: &World, actions: &mut Actions) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = size::GRID;
        ui.add_space(12.0);
        brand(ui);
        ui.add_space(size::PAD);
        let count = world.sessions.len().max(1) as f32;
        let room = ui.available_width() - RIGHT_ROOM - size::CONTROL;
        let width = (room / count - size::GRID).clamp(TAB_MIN, TAB_WIDTH);
        for session in &world.sessions {
            tab(ui, world, session, width, actions);
        }
        let new = shortcut_text(UserCommand::NewConnection);
        if icon_button(ui, icons::PLUS, &t!("shell.new_connection"), new).clicked() {
            actions.push(Action::Run(UserCommand::NewConnection));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(size::PAD);
            let keys = shortcut_text(UserCommand::Settings);
            if icon_button(ui, icons::GEAR, &t!("shell.settings"), keys).clicked() {
                actions.push(Action::Run(UserCommand::Settings));
            }
            let keys = shortcut_text(UserCommand::SwitchLanguage);
            if icon_button(ui, icons::TRANSLATE, &t!("shell.language"), keys).clicked() {
                actions.push(Action::Run(UserCommand::SwitchLanguage));
            }
            ui.add_space(size::GRID);
            if palette_field(ui).clicked() {
                actions.push(Action::Run(UserCommand::Palette));
            }
        });
    });
}

fn brand(ui: &mut Ui) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS_SMALL + 1), tokens.soft(tokens.accent));
    paint_icon(ui, rect.center(), icons::TREE_STRUCTURE, size::ICON_SMALL, tokens.accent);
    ui.add_space(2.0);
    ui.label(tokens.strong(t!("common.app_name")));
}

/// What a tab's mark says when the connection is not live.
fn tone(session: &Session, now: SeenAt) -> Tone {
    match &session.state {
        MirrorState::Live if status::unanswered(session) || session.silent_since(now).is_some() => {
            Tone::Changed
        }
        MirrorState::Live => Tone::Live,
        MirrorState::Connecting | MirrorState::Listing { .. } | MirrorState::CatchingUp => Tone::Waiting,
        MirrorState::Stale { .. } => Tone::Changed,
        MirrorState::Failed(_) => Tone::Danger,
    }
}

fn tab(ui: &mut Ui, world: &World, session: &Session, width: f32, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let selected = world.active == Some(session.id);
    let dirty = session.documents.iter().any(crate::model::document::Document::is_dirty);
    let (rect, _) = ui.allocate_exact_size(vec2(width, size::CONTROL), Sense::hover());
    let response = ui.interact(rect, ui.scope_id().with(("tab", session.id.0)), Sense::click());
    let name = &session.profile.name;
    let spoken = if dirty { t!("shell.tab_unsaved", name = name).into_owned() } else { name.clone() };
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, selected, &spoken));
    let hot = response.hovered() || ui.rect_contains_pointer(rect);
    let fill = match (selected, hot) {
        (true, _) => tokens.base,
        (false, true) => tokens.hover,
        (false, false) => Color32::TRANSPARENT,
    };
    let stroke = if selected { tokens.line() } else { egui::Stroke::NONE };
    let radius = CornerRadius::same(size::RADIUS);
    ui.painter().rect(rect, radius, fill, stroke, egui::StrokeKind::Inside);
    let mut x = rect.left() + 10.0;
    if let Some(colour) = tokens.profile(session.profile.colour) {
        let mark = Rect::from_min_size(pos2(x, rect.center().y - 7.0), vec2(3.0, 14.0));
        ui.painter().rect_filled(mark, CornerRadius::same(1), colour);
        x += 9.0;
    }
    dot(ui, pos2(x + size::DOT / 2.0, rect.center().y), tone(session, world.now));
    x += size::DOT + 8.0;
    let mut right = rect.right() - 6.0;
    if hot || selected {
        let middle = pos2(right - 9.0, rect.center().y);
        let square = Rect::from_center_size(middle, vec2(18.0, 18.0));
        let close = ui.interact(square, response.id.with("close"), Sense::click());
        let name = t!("shell.close_tab", name = name);
        close.widget_info(|| WidgetInfo::labeled(Role::Button, true, &*name));
        if close.hovered() {
            ui.painter().rect_filled(square, CornerRadius::same(size::RADIUS_SMALL), tokens.hover);
        }
        paint_icon(ui, middle, icons::X, 12.0, if close.hovered() { tokens.text } else { tokens.faint });
        focus_ring(ui, square, &close);
        if close.on_hover_text(name).clicked() {
            actions.push(Action::CloseSession(session.id));
        }
        right -= 22.0;
    }
    if dirty {
        ui.painter().circle_filled(pos2(right - 5.0, rect.center().y), 3.5, tokens.changed);
        right -= 14.0;
    }
    if session.profile.read_only {
        paint_icon(ui, pos2(right - 7.0, rect.center().y), icons::LOCK, 13.0, tokens.faint);
        right -= 18.0;
    }
    let colour = if selected || hot { tokens.text } else { tokens.second };
    let galley = elided(ui.painter(), name.as_str(), text::medium(), colour, right - x - size::GRID);
    ui.painter().galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, colour);
    focus_ring(ui, rect.shrink(2.0), &response);
    if response.on_hover_text(session.profile.endpoints.join("\n")).clicked() {
        actions.push(Action::ShowSession(Some(session.id)));
    }
}

fn palette_field(ui: &mut Ui) -> Response {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(236.0, size::CONTROL_SMALL + 2.0), Sense::click());
    let words = t!("shell.search_or_run");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &*words));
    let hot = response.hovered();
    let fill = if hot { tokens.hover } else { tokens.base };
    let radius = CornerRadius::same(size::RADIUS);
    ui.painter().rect(rect, radius, fill, tokens.line(), egui::StrokeKind::Inside);
    let y = rect.center().y;
    paint_icon(ui, pos2(rect.left() + 14.0, y), icons::MAGNIFYING_GLASS, size::ICON_SMALL, tokens.faint);
    let keys = shortcut_text(UserCommand::Palette).unwrap_or_default();
    let keys = ui.painter().layout_no_wrap(keys, text::meta(), tokens.faint);
    let keys_left = rect.right() - keys.size().x - 10.0;
    ui.painter().galley(pos2(keys_left, y - keys.size().y / 2.0), keys, tokens.faint);
    let galley =
        elided(ui.painter(), words.clone(), text::body(), tokens.faint, keys_left - rect.left() - 34.0);
    ui.painter().galley(pos2(rect.left() + 26.0, y - galley.size().y / 2.0), galley, tokens.faint);
    focus_ring(ui, rect, &response);
    response
}
