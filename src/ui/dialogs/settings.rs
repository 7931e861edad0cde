//! The settings; each change applies at once and is kept.

use egui::{Id, Sense, Ui, vec2};
use rust_i18n::t;

use super::Ending;
use crate::action::{Action, Actions, UserCommand};
use crate::model::settings::{Language, Settings, ThemeChoice};
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::field::check_box;
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::{Button, icon_button, link, segmented};

/// A press of the zoom buttons changes the zoom by this much.
const ZOOM_STEP: f32 = 0.1;

/// Draws the dialog.
pub(super) fn show(ui: &mut Ui, world: &World, actions: &mut Actions) -> Ending {
    let title = t!("shell.settings_title");
    let before = world.shown_settings();
    let mut settings = before.clone();
    let answer = modal(ui.ctx(), Id::unique("settings dialog"), &title, size::DIALOG, |ui| {
        choices(ui, &mut settings);
        ui.add_space(size::GROUP);
        let tokens = theme::tokens(ui);
        ui.label(tokens.hint(t!("shell.settings_hint")));
        ui.add_space(size::GRID);
        if link(ui, &t!("shell.about_title")).clicked() {
            actions.push(Action::Run(UserCommand::About));
        }
    });
    if settings != before {
        actions.push(Action::ChangeSettings(Box::new(settings)));
    }
    if answer.closed { Ending::Cancelled } else { Ending::Open }
}

fn choices(ui: &mut Ui, settings: &mut Settings) {
    ui.spacing_mut().item_spacing.y = size::PAD;
    line(ui, &t!("shell.settings_theme"), |ui| {
        let choices = [
            (ThemeChoice::System, &*t!("shell.settings_system")),
            (ThemeChoice::Dark, &*t!("shell.settings_dark")),
            (ThemeChoice::Light, &*t!("shell.settings_light")),
        ];
        settings.theme = segmented(ui, settings.theme, &choices).unwrap_or(settings.theme);
    });
    line(ui, &t!("shell.settings_language"), |ui| {
        // A language is called by its own name, so that nobody is lost in the other one.
        let choices = [
            (Language::System, &*t!("shell.settings_system")),
            (Language::English, "English"),
            (Language::SimplifiedChinese, "简体中文"),
        ];
        settings.language = segmented(ui, settings.language, &choices).unwrap_or(settings.language);
    });
    line(ui, &t!("shell.settings_rows"), |ui| {
        let choices =
            [(false, &*t!("shell.settings_rows_normal")), (true, &*t!("shell.settings_rows_compact"))];
        settings.compact_rows =
            segmented(ui, settings.compact_rows, &choices).unwrap_or(settings.compact_rows);
    });
    line(ui, &t!("shell.settings_zoom"), |ui| zoom(ui, settings));
    check_box(
        ui,
        &mut settings.reduced_motion,
        &t!("shell.settings_motion"),
        Some(&t!("shell.settings_motion_hint")),
    );
}

/// A name and its choice, in two columns.
fn line(ui: &mut Ui, name: &str, choice: impl FnOnce(&mut Ui)) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(size::LABEL, size::CONTROL), Sense::hover());
        let galley = ui.painter().layout_no_wrap(name.to_owned(), text::body(), tokens.second);
        ui.painter().galley(rect.left_center() - vec2(0.0, galley.size().y / 2.0), galley, tokens.second);
        choice(ui);
    });
}

fn zoom(ui: &mut Ui, settings: &mut Settings) {
    let tokens = theme::tokens(ui);
    let step =
        |zoom: f32, by: f32| (((zoom + by) * 10.0).round() / 10.0).clamp(size::ZOOM_MIN, size::ZOOM_MAX);
    if icon_button(ui, icons::MINUS, &t!("shell.settings_zoom_out"), None).clicked() {
        settings.zoom = step(settings.zoom, -ZOOM_STEP);
    }
    ui.label(tokens.mono(format!("{:>3.0} %", settings.zoom * 100.0)));
    if icon_button(ui, icons::PLUS, &t!("shell.settings_zoom_in"), None).clicked() {
        settings.zoom = step(settings.zoom, ZOOM_STEP);
    }
    if (settings.zoom - 1.0).abs() > 0.005
        && Button::ghost(&t!("shell.settings_zoom_reset")).small().show(ui).clicked()
    {
        settings.zoom = 1.0;
    }
}
