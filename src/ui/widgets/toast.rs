//! Short messages at the edge of the window.

use egui::{CornerRadius, Frame, Label, Margin, Ui, vec2};
use rust_i18n::t;

use super::button::{icon_button, paint_icon};
use super::chip::Tone;
use crate::ui::theme::{self, icons, size};

/// One message: a line, where needed a second one. Returns whether it was dismissed.
pub fn toast(ui: &mut Ui, tone: Tone, icon: &str, title: &str, detail: Option<&str>) -> bool {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let mut dismissed = false;
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(tokens.line())
        .shadow(tokens.shadow)
        .corner_radius(CornerRadius::same(size::RADIUS + 2))
        .inner_margin(Margin { left: 14, right: 8, top: 8, bottom: 8 })
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.set_width(size::TOAST - 22.0);
                let (rect, _) = ui.allocate_exact_size(vec2(18.0, size::CONTROL_SMALL), egui::Sense::hover());
                paint_icon(ui, rect.center(), icon, size::ICON, colour);
                let room = ui.available_width() - size::CONTROL_SMALL - size::PAD;
                ui.vertical(|ui| {
                    ui.set_width(room);
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.add_space(3.0);
                    ui.add(Label::new(tokens.body(title)).wrap());
                    if let Some(detail) = detail {
                        ui.add(Label::new(tokens.meta(detail)).wrap());
                    }
                    ui.add_space(2.0);
                });
                dismissed = icon_button(ui, icons::X, &t!("common.dismiss"), None).clicked();
            });
        });
    let edge = egui::Rect::from_min_size(frame.response.rect.min, vec2(3.0, frame.response.rect.height()));
    let radius = CornerRadius { nw: size::RADIUS + 2, sw: size::RADIUS + 2, ne: 0, se: 0 };
    ui.painter().rect_filled(edge, radius, colour);
    dismissed
}
