//! The frame of dialogs: a title, a body, a footer with buttons. Escape and a click beside it close
//! it; the keyboard stays inside.

use egui::{Context, CornerRadius, Frame, Id, Label, Margin, Modal, Ui};
use rust_i18n::t;

use super::button::icon_button;
use crate::ui::theme::{self, icons, size};

/// What came of showing a dialog for a frame.
pub struct ModalAnswer<R> {
    /// What the content returned.
    pub inner: R,
    /// Whether it was closed by Escape, the cross, or a click beside it.
    pub closed: bool,
}

/// Shows a dialog above everything else.
pub fn modal<R>(
    ctx: &Context,
    id: impl Into<Id>,
    title: &str,
    width: f32,
    content: impl FnOnce(&mut Ui) -> R,
) -> ModalAnswer<R> {
    let tokens = theme::tokens(ctx);
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::RADIUS_DIALOG))
        .shadow(tokens.shadow)
        .inner_margin(Margin { left: 20, right: 20, top: 14, bottom: 16 });
    let id = id.into();
    let area = Modal::default_area(id).accessible_name(title).role(egui::accesskit::Role::Dialog);
    let screen = ctx.content_rect();
    let shown = Modal::new(id).area(area).frame(frame).backdrop_color(tokens.scrim).show(ctx, |ui| {
        ui.set_width(width.min(screen.width() - 80.0));
        ui.set_max_height(screen.height() - 96.0);
        let mut crossed = false;
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                crossed = icon_button(ui, icons::X, &t!("common.close"), None).clicked();
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(Label::new(tokens.title(title)).truncate());
                });
            });
        });
        ui.add_space(size::GRID);
        (content(ui), crossed)
    });
    let closed = shown.should_close();
    let (inner, crossed) = shown.inner;
    ModalAnswer { inner, closed: closed || crossed }
}

/// The footer of a dialog: its buttons from the right, the primary one first.
pub fn footer<R>(ui: &mut Ui, buttons: impl FnOnce(&mut Ui) -> R) -> R {
    ui.add_space(size::GROUP - size::GRID);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let room = egui::vec2(ui.available_width(), size::CONTROL);
    ui.allocate_ui_with_layout(room, layout, buttons).inner
}
