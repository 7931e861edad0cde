//! The settings, applied: language, theme, zoom.

use super::App;
use crate::model::settings::{Language, Settings};
use crate::ui::theme;

/// The catalogue of the language shown.
pub(super) fn language(shown: &Settings) -> &'static str {
    match shown.language {
        Language::English => "en",
        Language::SimplifiedChinese => "zh-CN",
        Language::System => system_language(),
    }
}

/// Chinese where the system speaks it, English elsewhere.
fn system_language() -> &'static str {
    match sys_locale::get_locale() {
        Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => "zh-CN",
        _ => "en",
    }
}

impl App {
    /// Applies the settings if they have changed.
    pub(super) fn apply_settings(&mut self, ctx: &egui::Context) {
        let settings = self.world.shown_settings();
        if self.applied_settings.as_ref() == Some(&settings) {
            return;
        }
        rust_i18n::set_locale(language(&settings));
        theme::apply_settings(ctx, &settings);
        self.applied_settings = Some(settings);
    }
}
