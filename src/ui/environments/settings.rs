//! How configuration is layered, where it is not found by itself.

use egui::{Id, Label, Ui, vec2};
use rust_i18n::t;

use super::view::View;
use crate::action::{Action, Actions};
use crate::model::key_text::parse_key;
use crate::model::layers::LayerSettings;
use crate::model::session::Session;
use crate::ui::theme;
use crate::ui::theme::size;
use crate::ui::widgets::Button;
use crate::ui::widgets::field::{check_box, field_error, field_label, mono_field};

/// What is typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    base: String,
    common: String,
    order: String,
    environments: String,
    deep: bool,
}

impl Form {
    /// The settings, to be changed.
    pub(super) fn of(settings: &LayerSettings) -> Self {
        Self {
            base: settings.base.clone(),
            common: settings.common.clone(),
            order: settings.order.join(", "),
            environments: settings.environments.join(", "),
            deep: settings.deep,
        }
    }

    fn settings(&self) -> LayerSettings {
        LayerSettings {
            base: self.base.trim().to_owned(),
            common: self.common.trim().trim_end_matches('/').to_owned(),
            order: names(&self.order),
            environments: names(&self.environments),
            deep: self.deep,
        }
    }
}

fn names(text: &str) -> Vec<String> {
    let parts = text.split([',', ' ', '>']).map(|name| name.trim().trim_end_matches('/'));
    parts.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Draws the form.
pub(super) fn show(ui: &mut Ui, session: &Session, view: &mut View, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let Some(mut form) = view.form.clone() else { return };
    ui.spacing_mut().item_spacing.y = size::GRID;
    ui.label(tokens.title(t!("environments.settings.title")));
    ui.add(Label::new(tokens.hint(t!("environments.settings.hint"))).wrap());
    let width = ((ui.available_width() - 3.0 * size::PAD) / 4.0).max(150.0);
    let fields = [
        (&mut form.base, t!("environments.settings.base"), "/config/"),
        (&mut form.common, t!("environments.settings.common"), "common"),
        (&mut form.order, t!("environments.settings.order"), "region-eu"),
        (
            &mut form.environments,
            t!("environments.settings.environments"),
            "development, staging, production",
        ),
    ];
    ui.horizontal_wrapped(|ui| {
        for (at, (content, name, hint)) in fields.into_iter().enumerate() {
            ui.allocate_ui(vec2(width, 50.0), |ui| {
                ui.vertical(|ui| {
                    field_label(ui, &name);
                    mono_field(ui, Id::unique(("layer settings", session.id, at)), content, &name, hint);
                });
            });
        }
    });
    let (label, hint) = (t!("environments.settings.deep"), t!("environments.settings.deep_hint"));
    check_box(ui, &mut form.deep, &label, Some(&hint));
    let wrong = parse_key(form.base.trim()).err();
    if wrong.is_some() {
        field_error(ui, &t!("environments.settings.base_wrong"));
    }
    let mut close = false;
    ui.horizontal(|ui| {
        let save = t!("common.save");
        if Button::primary(&save).small().enabled(wrong.is_none()).show(ui).clicked() {
            actions.push(Action::KeepLayers(Box::new(form.settings())));
            close = true;
        }
        if Button::quiet(&t!("environments.settings.detect")).small().show(ui).clicked() {
            actions.push(Action::KeepLayers(Box::default()));
            close = true;
        }
        close |= Button::ghost(&t!("common.cancel")).small().show(ui).clicked();
    });
    view.form = (!close).then_some(form);
    if close {
        view.place = None;
        view.forget_place();
    }
}
