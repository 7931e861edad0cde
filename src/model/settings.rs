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
