//! What a screen says when it has nothing, waits, or failed.

use egui::{CornerRadius, Frame, Label, Margin, RichText, Ui, vec2};
use rust_i18n::t;

use super::button::{Button, icon_button, paint_icon};
use super::chip::Tone;
use crate::model::fault::Fault;
use crate::ui::theme::{self, icons, size, text};

/// What an empty screen says: what would be here, and how to get it. Returns whether the button was
/// pressed.
pub fn empty_state(ui: &mut Ui, icon: &str, title: &str, hint: &str, action: Option<&str>) -> bool {
    let tokens = theme::tokens(ui);
    let mut pressed = false;
    let height = if action.is_some() { 150.0 } else { 110.0 };
    let above = ((ui.available_height() - height) * 0.42).max(size::GROUP);
    ui.vertical_centered(|ui| {
        ui.add_space(above);
        let (rect, _) = ui.allocate_exact_size(vec2(56.0, 56.0), egui::Sense::hover());
        ui.painter().circle_filled(rect.center(), 28.0, tokens.hover);
        paint_icon(ui, rect.center(), icon, 26.0, tokens.second);
        ui.add_space(size::PAD);
        ui.label(tokens.title(title));
        ui.add_space(2.0);
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(420.0));
            ui.add(Label::new(RichText::new(hint).font(text::body()).color(tokens.second)).wrap());
        });
        if let Some(action) = action {
            ui.add_space(size::PAD);
            pressed = Button::quiet(action).show(ui).clicked();
        }
    });
    pressed
}

/// What was pressed on a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultAnswer {
    /// Try again.
    pub retry: bool,
}

/// A fault: its cause, what to check, the detail as it came, and a way to try again.
pub fn fault_view(ui: &mut Ui, fault: &Fault, retry: bool) -> FaultAnswer {
    let tokens = theme::tokens(ui);
    let mut answer = FaultAnswer::default();
    card(ui, Tone::Danger, icons::WARNING_CIRCLE, |ui| {
        ui.add(Label::new(tokens.strong(fault_words(fault))).wrap());
        ui.add(Label::new(tokens.secondary(fault_advice(fault))).wrap());
        detail(ui, fault);
        if retry {
            ui.add_space(size::GRID);
            answer.retry =
                Button::quiet(&t!("common.retry")).icon(icons::ARROW_CLOCKWISE).small().show(ui).clicked();
        }
    });
    answer
}

/// A fault in little room: its words, and the advice and detail as a tooltip.
pub fn fault_line(ui: &mut Ui, fault: &Fault) {
    let tokens = theme::tokens(ui);
    let words = fault_words(fault);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID + 2.0;
        ui.label(
            RichText::new(icons::WARNING_CIRCLE).font(text::icon(size::ICON_SMALL)).color(tokens.danger),
        );
        ui.add(Label::new(RichText::new(words).font(text::meta()).color(tokens.danger)).truncate())
            .on_hover_text(format!("{}\n{}", fault_advice(fault), fault.detail));
    });
}

/// The sentence of a fault's cause.
#[must_use]
pub fn fault_words(fault: &Fault) -> String {
    let name = format!("fault.{}", fault.kind.name());
    t!(&name).into_owned()
}

/// What to check about a fault.
#[must_use]
pub fn fault_advice(fault: &Fault) -> String {
    let name = format!("fault.{}_advice", fault.kind.name());
    t!(&name).into_owned()
}

fn detail(ui: &mut Ui, fault: &Fault) {
    if fault.detail.is_empty() {
        return;
    }
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        let room = (ui.available_width() - size::CONTROL_SMALL - size::PAD).max(40.0);
        ui.scope(|ui| {
            ui.set_max_width(room);
            let words: String = fault.detail.chars().take(600).collect();
            let shown = RichText::new(words).font(text::mono_small()).color(tokens.second);
            ui.add(Label::new(shown).wrap().selectable(true));
        });
        if icon_button(ui, icons::COPY, &t!("common.copy_detail"), None).clicked() {
            ui.ctx().copy_text(fault.detail.clone());
        }
    });
}

/// A quiet card in a semantic colour, with an icon at its left.
pub fn card<R>(ui: &mut Ui, tone: Tone, icon: &str, content: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    Frame::new()
        .fill(tokens.soft(colour))
        .stroke(egui::Stroke::new(size::LINE, colour.gamma_multiply(0.35)))
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(12, 10))
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.set_min_width(ui.available_width());
                let (rect, _) = ui.allocate_exact_size(vec2(size::ICON, 18.0), egui::Sense::hover());
                paint_icon(ui, rect.center(), icon, size::ICON, colour);
                ui.vertical(content).inner
            })
            .inner
        })
        .inner
}

/// A line across the window: something to know about all of it. Returns whether the button was
/// pressed.
pub fn banner(ui: &mut Ui, tone: Tone, icon: &str, words: &str, action: Option<&str>) -> bool {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let mut pressed = false;
    Frame::new().fill(tokens.soft(colour)).inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_size(vec2(ui.available_width(), size::CONTROL_SMALL));
            ui.label(RichText::new(icon).font(text::icon(size::ICON)).color(colour));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if let Some(action) = action {
                    pressed = Button::quiet(action).small().show(ui).clicked();
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(Label::new(tokens.body(words)).truncate());
                });
            });
        });
    });
    pressed
}
