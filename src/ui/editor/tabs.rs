//! The strip of open keys.

use egui::{Align2, CornerRadius, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};
use rust_i18n::t;

use super::{EditorState, KEY_CHARS};
use crate::action::{Action, Actions};
use crate::model::document::{Document, SaveState};
use crate::model::key_text::display_short;
use crate::model::session::Session;
use crate::ui::theme::{self, Tokens, icons, size};
use crate::ui::widgets::{Tone, dot, elided, key_text::name_start};

/// A tab is never wider.
const MAX_WIDTH: f32 = 220.0;
/// Room for the mark before the name, and for the cross behind it.
const SIDE: f32 = 22.0;

/// Draws the strip.
pub(super) fn show(ui: &mut Ui, session: &Session, state: &mut EditorState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let strip = Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), size::BAR));
    ui.painter().rect_filled(strip, 0.0, tokens.panel);
    ui.painter().hline(strip.x_range(), strip.bottom() - 0.5, tokens.line());
    let came = state.shown_tab != session.active_document;
    state.shown_tab.clone_from(&session.active_document);
    let mut area = ui.new_child(egui::UiBuilder::new().max_rect(strip));
    // The wheel of a mouse moves the strip.
    area.style_mut().always_scroll_the_only_direction = true;
    egui::ScrollArea::horizontal()
        .id_salt("document_tabs")
        .scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden)
        .show(&mut area, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                for document in &session.documents {
                    let active = session.active_document.as_ref() == Some(&document.key);
                    tab(ui, tokens, session, document, active, active && came, actions);
                }
            });
        });
    ui.allocate_rect(strip, Sense::hover());
}

/// What is to be told of a document before it is opened: a mark, and its words.
fn mark(document: &Document) -> Option<(Tone, String)> {
    Some(match (&document.live, &document.save) {
        (Some(None), _) => (Tone::Danger, t!("editor.tab.deleted").into_owned()),
        (_, SaveState::Conflict { .. }) => (Tone::Danger, t!("editor.tab.conflict").into_owned()),
        (_, SaveState::Unknown(_)) => (Tone::Danger, t!("editor.tab.unknown").into_owned()),
        (Some(Some(_)), _) => (Tone::Waiting, t!("editor.tab.changed_elsewhere").into_owned()),
        _ if document.is_dirty() => (Tone::Changed, t!("editor.tab.modified").into_owned()),
        _ => return None,
    })
}

fn tab(
    ui: &mut Ui,
    tokens: &Tokens,
    session: &Session,
    document: &Document,
    active: bool,
    scroll_to: bool,
    actions: &mut Actions,
) {
    let start = name_start(&document.key, session.profile.separator_byte());
    let name = display_short(&document.key[start..], 80).into_owned();
    let name = if name.is_empty() { t!("editor.tab.unnamed").into_owned() } else { name };
    let mark = mark(document);
    let colour = if active { tokens.text } else { tokens.second };
    let galley = elided(ui.painter(), name.clone(), theme::text::medium(), colour, MAX_WIDTH - 2.0 * SIDE);
    let width = galley.size().x + 2.0 * SIDE + size::GRID;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::BAR), Sense::click());
    if scroll_to {
        ui.scroll_to_rect(rect, None);
    }
    let label = mark.as_ref().map_or_else(|| name.clone(), |(_, words)| format!("{name}, {words}"));
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, active, &label));
    if ui.is_rect_visible(rect) {
        let fill = if active {
            tokens.base
        } else if response.hovered() {
            tokens.hover
        } else {
            tokens.panel
        };
        ui.painter().rect_filled(rect, 0.0, fill);
        if active {
            let top = Stroke::new(size::EDGE, tokens.accent);
            ui.painter().hline(rect.x_range(), rect.top() + size::EDGE / 2.0, top);
        } else {
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
        }
        ui.painter().vline(rect.right() - 0.5, rect.y_range(), tokens.line());
        if let Some((tone, _)) = &mark {
            dot(ui, Pos2::new(rect.left() + SIDE / 2.0 + 1.0, rect.center().y), *tone);
        }
        let at = Pos2::new(rect.left() + SIDE, rect.center().y - galley.size().y / 2.0);
        let end = at.x + galley.size().x;
        ui.painter().galley(at, galley, colour);
        if document.live == Some(None) {
            let line = Stroke::new(size::LINE, tokens.danger);
            ui.painter().hline(at.x..=end, rect.center().y, line);
        }
        if response.has_focus() {
            let ring = CornerRadius::same(size::RADIUS_SMALL);
            ui.painter().rect_stroke(rect.shrink(2.0), ring, tokens.focus_ring(), egui::StrokeKind::Inside);
        }
    }
    let closed = close_button(ui, tokens, rect, &name, active || response.hovered());
    if closed || response.middle_clicked() {
        actions.push(Action::CloseDocument(document.key.clone()));
    } else if response.clicked() {
        actions.push(Action::OpenKey(document.key.clone()));
    }
    let mut tooltip = display_short(&document.key, KEY_CHARS).into_owned();
    if let Some((_, words)) = mark {
        tooltip = format!("{tooltip}\n{words}");
    }
    response.on_hover_text(tooltip);
}

/// The cross of a tab; seen on the tab that is shown or under the pointer.
fn close_button(ui: &Ui, tokens: &Tokens, tab: Rect, name: &str, visible: bool) -> bool {
    let centre = Pos2::new(tab.right() - SIDE / 2.0 - 2.0, tab.center().y);
    let rect = Rect::from_center_size(centre, Vec2::splat(size::ICON + 2.0));
    let response = ui.interact(rect, ui.scope_id().with(("close", tab.left() as i64, name)), Sense::click());
    let label = t!("editor.tab.close", name = name);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    if visible || response.hovered() || response.has_focus() {
        let hot = response.hovered() || response.has_focus();
        if hot {
            ui.painter().rect_filled(rect, f32::from(size::RADIUS_SMALL), tokens.hover);
        }
        let colour = if hot { tokens.text } else { tokens.faint };
        let font = theme::text::icon(12.0);
        ui.painter().text(centre, Align2::CENTER_CENTER, icons::X, font, colour);
    }
    response.clicked()
}
