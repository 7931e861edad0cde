//! Short messages at the edge of the window.

use egui::{CornerRadius, Frame, Label, Margin, Ui, vec2};
use rust_i18n::t;

use super::button::{Button, icon_button, paint_icon};
use super::chip::Tone;
use crate::ui::theme::{self, icons, size};

/// What was done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastAnswer {
    /// It was dismissed.
    Dismissed,
    /// Its button was pressed.
    Pressed,
}

/// One message: a line, where needed a second one, and a button.
pub fn toast(
    ui: &mut Ui,
    tone: Tone,
    icon: &str,
    title: &str,
    detail: Option<&str>,
    button: Option<&str>,
) -> Option<ToastAnswer> {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let mut answer = None;
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
                    if let Some(button) = button {
                        ui.add_space(2.0);
                        if Button::quiet(button)
                            .icon(icons::ARROW_COUNTER_CLOCKWISE)
                            .small()
                            .show(ui)
                            .clicked()
                        {
                            answer = Some(ToastAnswer::Pressed);
                        }
                    }
                    ui.add_space(2.0);
                });
                if icon_button(ui, icons::X, &t!("common.dismiss"), None).clicked() {
                    answer = Some(ToastAnswer::Dismissed);
                }
            });
        });
    let edge = egui::Rect::from_min_size(frame.response.rect.min, vec2(3.0, frame.response.rect.height()));
    let radius = CornerRadius { nw: size::RADIUS + 2, sw: size::RADIUS + 2, ne: 0, se: 0 };
    ui.painter().rect_filled(edge, radius, colour);
    answer
}
