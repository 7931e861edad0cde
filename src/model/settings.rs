//! What the operator chose for the console as a whole.

use serde::{Deserialize, Serialize};

/// Dark, light, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// As the system says.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// Language of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// As the system says, English where it says neither.
    #[default]
    System,
    /// English.
    #[serde(rename = "en")]
    English,
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    SimplifiedChinese,
}

/// The console's settings, as kept in `settings.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark or light.
    pub theme: ThemeChoice,
    /// Language.
    pub language: Language,
    /// Rows of 20 px instead of 24.
    pub compact_rows: bool,
    /// Zoom of the whole window, 1.0 = 100 %.
    pub zoom: f32,
    /// Nothing moves.
    pub reduced_motion: bool,
}

/// What the command line asks for, over the settings on disk, until it is changed on screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Dark or light.
    pub theme: Option<ThemeChoice>,
    /// Language.
    pub language: Option<Language>,
}

impl Overrides {
    /// The settings as they are shown.
    #[must_use]
    pub fn over(&self, settings: &Settings) -> Settings {
        Settings {
            theme: self.theme.unwrap_or(settings.theme),
            language: self.language.unwrap_or(settings.language),
            ..settings.clone()
        }
    }

    /// Takes over what the operator changed on screen, from the settings as they were shown: that
    /// wins over the command line, and what was not touched stays as it is on disk.
    pub fn change(&mut self, stored: &mut Settings, changed: Settings) {
        let shown = self.over(stored);
        let (theme, language) = (stored.theme, stored.language);
        *stored = changed;
        if stored.theme == shown.theme {
            stored.theme = theme;
        } else {
            self.theme = None;
        }
        if stored.language == shown.language {
            stored.language = language;
        } else {
            self.language = None;
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            language: Language::System,
            compact_rows: false,
            zoom: 1.0,
            reduced_motion: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_shown_and_not_kept() {
        let mut stored = Settings { theme: ThemeChoice::Light, ..Settings::default() };
        let mut overrides = Overrides { theme: Some(ThemeChoice::Dark), language: Some(Language::English) };
        assert_eq!(overrides.over(&stored).theme, ThemeChoice::Dark);
        let zoomed = Settings { zoom: 2.0, ..overrides.over(&stored) };
        overrides.change(&mut stored, zoomed);
        assert_eq!((stored.theme, stored.language, stored.zoom), (ThemeChoice::Light, Language::System, 2.0));
        assert_eq!(overrides.over(&stored).theme, ThemeChoice::Dark, "the zoom changed nothing else");
        // Also a change to what is on disk already counts.
        let light = Settings { theme: ThemeChoice::Light, ..overrides.over(&stored) };
        overrides.change(&mut stored, light);
        assert_eq!(overrides, Overrides { theme: None, language: Some(Language::English) });
        assert_eq!(overrides.over(&stored).theme, ThemeChoice::Light);
    }
}
