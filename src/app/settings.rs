//! The settings, applied: language, theme, zoom.

use super::App;
use crate::model::settings::{Language, Settings, ThemeChoice};
use crate::ui::theme;

/// What the command line asks for, over the settings on disk, until it is changed on screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Dark or light.
    pub theme: Option<ThemeChoice>,
    /// Language.
    pub language: Option<Language>,
}

impl Overrides {
    /// What the operator changes on screen wins over the command line.
    pub(super) fn forget_changed(&mut self, before: &Settings, after: &Settings) {
        if before.theme != after.theme {
            self.theme = None;
        }
        if before.language != after.language {
            self.language = None;
        }
    }

    fn over(&self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        settings.theme = self.theme.unwrap_or(settings.theme);
        settings.language = self.language.unwrap_or(settings.language);
        settings
    }
}

/// The catalogue of the language shown.
pub(super) fn language(settings: &Settings, overrides: &Overrides) -> &'static str {
    match overrides.over(settings).language {
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
        let settings = self.overrides.over(&self.world.settings);
        if self.applied_settings.as_ref() == Some(&settings) {
            return;
        }
        rust_i18n::set_locale(language(&self.world.settings, &self.overrides));
        theme::apply_settings(ctx, &settings);
        self.applied_settings = Some(settings);
    }
}
