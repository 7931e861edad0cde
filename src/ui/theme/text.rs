//! Fonts by their use, and texts dressed in them.

use egui::{FontFamily, FontId, RichText, TextStyle};

use super::Tokens;
use super::fonts::{ICONS, MONO_SEMIBOLD, UI_MEDIUM, UI_SEMIBOLD};

const BODY: f32 = 13.0;
const META: f32 = 12.0;
const TITLE: f32 = 15.0;
const DISPLAY: f32 = 20.0;

fn named(name: &'static str, size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(name.into()))
}

/// Body text.
#[must_use]
pub fn body() -> FontId {
    FontId::new(BODY, FontFamily::Proportional)
}

/// Body text, medium: buttons, tabs, names.
#[must_use]
pub fn medium() -> FontId {
    named(UI_MEDIUM, BODY)
}

/// Body text, semibold.
#[must_use]
pub fn strong() -> FontId {
    named(UI_SEMIBOLD, BODY)
}

/// Metadata.
#[must_use]
pub fn meta() -> FontId {
    FontId::new(META, FontFamily::Proportional)
}

/// Metadata, medium: chips, section headers.
#[must_use]
pub fn meta_medium() -> FontId {
    named(UI_MEDIUM, META)
}

/// Titles of dialogs and cards.
#[must_use]
pub fn title() -> FontId {
    named(UI_SEMIBOLD, TITLE)
}

/// The one number of a tile, the name on the first screen.
#[must_use]
pub fn number() -> FontId {
    named(UI_SEMIBOLD, DISPLAY)
}

/// Keys, values, numbers.
#[must_use]
pub fn mono() -> FontId {
    FontId::new(BODY, FontFamily::Monospace)
}

/// Keys, values, numbers: smaller.
#[must_use]
pub fn mono_small() -> FontId {
    FontId::new(META, FontFamily::Monospace)
}

/// Keys, values, numbers: semibold.
#[must_use]
pub fn mono_strong() -> FontId {
    named(MONO_SEMIBOLD, BODY)
}

/// An icon of this size in points.
#[must_use]
pub fn icon(size: f32) -> FontId {
    named(ICONS, size)
}

/// The text styles of the theme, for labels and buttons that ask for none.
pub(super) fn styles() -> std::collections::BTreeMap<TextStyle, FontId> {
    [
        (TextStyle::Body, body()),
        (TextStyle::Button, body()),
        (TextStyle::Small, meta()),
        (TextStyle::Heading, title()),
        (TextStyle::Monospace, mono()),
    ]
    .into()
}

impl Tokens {
    /// Primary text.
    pub fn body(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(body()).color(self.text)
    }

    /// Primary text, semibold.
    pub fn strong(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(strong()).color(self.text)
    }

    /// Body text in the second colour.
    pub fn secondary(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(body()).color(self.second)
    }

    /// Metadata.
    pub fn meta(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(meta()).color(self.second)
    }

    /// A hint.
    pub fn hint(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(meta()).color(self.faint)
    }

    /// A title.
    pub fn title(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(title()).color(self.text)
    }

    /// The one number of a tile.
    pub fn number(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(number()).color(self.text)
    }

    /// Keys, values, numbers.
    pub fn mono(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(mono()).color(self.text)
    }

    /// Keys, values, numbers: smaller, in the second colour.
    pub fn mono_meta(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(mono_small()).color(self.second)
    }

    /// An icon in the second colour.
    pub fn icon(&self, icon: &str) -> RichText {
        RichText::new(icon).font(self::icon(super::size::ICON)).color(self.second)
    }
}
