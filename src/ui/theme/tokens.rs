//! The colours, dark and light, as the design names them.

use egui::{Color32, Context, Shadow, Stroke, Ui};

use crate::model::profile::ProfileColour;

/// Every colour of the interface. Text is readable (≥ 4.5 : 1) on every surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// Whether these are the dark ones.
    pub dark: bool,

    /// Editor, tables.
    pub base: Color32,
    /// Navigation, tree, details.
    pub panel: Color32,
    /// Dialogs, menus, cards.
    pub raised: Color32,
    /// A row or button under the pointer.
    pub hover: Color32,
    /// A row or button that is selected.
    pub selected: Color32,
    /// Lines of one pixel, only where a change of surface is not enough.
    pub border: Color32,
    /// Outline of controls that can be typed in or pressed.
    pub outline: Color32,

    /// Primary text.
    pub text: Color32,
    /// Metadata.
    pub second: Color32,
    /// Hints.
    pub faint: Color32,

    /// Selection, primary button, links: one per view.
    pub accent: Color32,
    /// The accent under the pointer.
    pub accent_hover: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// In step, up, holder.
    pub live: Color32,
    /// Glow, modified, stale, late.
    pub changed: Color32,
    /// Behind what changed a moment ago, laid on thinly.
    pub glow: Color32,
    /// Down, delete, conflict, production edge.
    pub danger: Color32,
    /// A danger button under the pointer.
    pub danger_hover: Color32,
    /// Text on danger.
    pub on_danger: Color32,
    /// Queued, candidate, pending.
    pub waiting: Color32,
    /// Another time than now: nothing else has this colour.
    pub past: Color32,
    /// Text on it.
    pub on_past: Color32,

    /// Added lines.
    pub diff_added: Color32,
    /// Added words in them.
    pub diff_added_word: Color32,
    /// Removed lines.
    pub diff_removed: Color32,
    /// Removed words in them.
    pub diff_removed_word: Color32,

    /// Keys of mappings, attributes, tags.
    pub syntax_key: Color32,
    /// Strings.
    pub syntax_string: Color32,
    /// Numbers.
    pub syntax_number: Color32,
    /// `true`, `null`, anchors and the like.
    pub syntax_keyword: Color32,
    /// Comments.
    pub syntax_comment: Color32,
    /// Brackets, commas.
    pub syntax_punctuation: Color32,

    /// Colours that tell candidates and the like apart where they stand beside each other; beside each stands
    /// its name.
    categories: [Color32; CATEGORIES],

    /// Laid over the window behind a dialog.
    pub scrim: Color32,
    /// Below dialogs and menus.
    pub shadow: Shadow,
    /// Below cards.
    pub shadow_small: Shadow,

    profile_blue: Color32,
    profile_green: Color32,
    profile_amber: Color32,
    profile_purple: Color32,
    profile_red: Color32,
}

/// So many things beside each other have colours of their own; the next one has the first's again.
const CATEGORIES: usize = 8;

#[expect(clippy::disallowed_methods, reason = "this is the one place where colours are made")]
const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The dark theme.
pub(super) static DARK: Tokens = Tokens {
    dark: true,
    base: rgb(0x0F_1318),
    panel: rgb(0x15_1A21),
    raised: rgb(0x1C_232C),
    hover: rgb(0x22_2B36),
    selected: rgb(0x22_384F),
    border: rgb(0x2A_333E),
    outline: rgb(0x36_414E),
    text: rgb(0xE6_EAF0),
    second: rgb(0xA3_AEBC),
    faint: rgb(0x7C_8795),
    accent: rgb(0x5A_A5FF),
    accent_hover: rgb(0x7B_B8FF),
    on_accent: rgb(0x0B_1220),
    live: rgb(0x3F_BF8F),
    changed: rgb(0xF0_B64A),
    glow: rgb(0xF0_B64A),
    danger: rgb(0xFF_6B6B),
    danger_hover: rgb(0xFF_8585),
    on_danger: rgb(0x20_0A0A),
    waiting: rgb(0xB1_98FF),
    past: rgb(0xF0_8BD0),
    on_past: rgb(0x24_0A1C),
    diff_added: rgb(0x12_331F),
    diff_added_word: rgb(0x1E_5C37),
    diff_removed: rgb(0x3B_1A1D),
    diff_removed_word: rgb(0x6E_2A30),
    syntax_key: rgb(0x8C_C4FF),
    syntax_string: rgb(0x9B_D8A4),
    syntax_number: rgb(0xF0_B98A),
    syntax_keyword: rgb(0xC9_A7FF),
    syntax_comment: rgb(0x7C_8795),
    syntax_punctuation: rgb(0xA3_AEBC),
    categories: [
        rgb(0x5A_A5FF),
        rgb(0xF0_A35A),
        rgb(0x4C_C9B0),
        rgb(0xC7_9BFF),
        rgb(0xE6_C74C),
        rgb(0xFF_8FA3),
        rgb(0x8F_D16B),
        rgb(0x9F_B3C8),
    ],
    scrim: Color32::from_black_alpha(120),
    shadow: Shadow { offset: [0, 12], blur: 32, spread: 0, color: Color32::from_black_alpha(130) },
    shadow_small: Shadow { offset: [0, 2], blur: 8, spread: 0, color: Color32::from_black_alpha(60) },
    profile_blue: rgb(0x5A_A5FF),
    profile_green: rgb(0x3F_BF8F),
    profile_amber: rgb(0xF0_B64A),
    profile_purple: rgb(0xB1_98FF),
    profile_red: rgb(0xFF_5A5A),
};

/// The light theme.
pub(super) static LIGHT: Tokens = Tokens {
    dark: false,
    base: rgb(0xFF_FFFF),
    panel: rgb(0xF5_F7FA),
    raised: rgb(0xFF_FFFF),
    hover: rgb(0xE9_EEF4),
    selected: rgb(0xDC_E9FB),
    border: rgb(0xD8_DEE6),
    outline: rgb(0xC5_CDD8),
    text: rgb(0x1A_212B),
    second: rgb(0x52_5D6B),
    faint: rgb(0x6B_7684),
    accent: rgb(0x14_63D1),
    accent_hover: rgb(0x0F_52B0),
    on_accent: rgb(0xFF_FFFF),
    live: rgb(0x0F_7A55),
    changed: rgb(0x8A_5A00),
    // The colour of the text would look like dirt on white.
    glow: rgb(0xFF_C233),
    danger: rgb(0xC4_322E),
    danger_hover: rgb(0xA6_2723),
    on_danger: rgb(0xFF_FFFF),
    waiting: rgb(0x65_44BD),
    past: rgb(0xA0_2A86),
    on_past: rgb(0xFF_FFFF),
    diff_added: rgb(0xE3_F6EA),
    diff_added_word: rgb(0xB4_E6C6),
    diff_removed: rgb(0xFC_E7E6),
    diff_removed_word: rgb(0xF6_C1BE),
    syntax_key: rgb(0x0B_5CAD),
    syntax_string: rgb(0x1E_6B3A),
    syntax_number: rgb(0x9A_4A00),
    syntax_keyword: rgb(0x65_44BD),
    syntax_comment: rgb(0x6B_7684),
    syntax_punctuation: rgb(0x52_5D6B),
    categories: [
        rgb(0x1F_6FDD),
        rgb(0xB3_5C00),
        rgb(0x0B_7F72),
        rgb(0x7A_4FD0),
        rgb(0x8A_6D00),
        rgb(0xB8_3A6B),
        rgb(0x3F_7D1C),
        rgb(0x54_687D),
    ],
    scrim: Color32::from_black_alpha(72),
    shadow: Shadow { offset: [0, 10], blur: 28, spread: 0, color: Color32::from_black_alpha(44) },
    shadow_small: Shadow { offset: [0, 1], blur: 5, spread: 0, color: Color32::from_black_alpha(18) },
    profile_blue: rgb(0x1F_6FDD),
    profile_green: rgb(0x14_8A62),
    profile_amber: rgb(0xD0_8A00),
    profile_purple: rgb(0x75_54CC),
    profile_red: rgb(0xD4_3A35),
};

impl Tokens {
    /// The colour of a profile's tab and edge; `None` for a profile without one.
    #[must_use]
    pub fn profile(&self, colour: ProfileColour) -> Option<Color32> {
        match colour {
            ProfileColour::None => None,
            ProfileColour::Blue => Some(self.profile_blue),
            ProfileColour::Green => Some(self.profile_green),
            ProfileColour::Amber => Some(self.profile_amber),
            ProfileColour::Purple => Some(self.profile_purple),
            ProfileColour::Red => Some(self.profile_red),
        }
    }

    /// The colour of the nth of several things that stand beside each other.
    #[must_use]
    pub fn category(&self, nth: usize) -> Color32 {
        self.categories.get(nth % CATEGORIES).copied().unwrap_or(self.second)
    }

    /// A quiet fill of a semantic colour, for chips and banners.
    #[must_use]
    pub fn soft(&self, colour: Color32) -> Color32 {
        colour.gamma_multiply(if self.dark { 0.13 } else { 0.10 })
    }

    /// A line of one pixel.
    #[must_use]
    pub fn line(&self) -> Stroke {
        Stroke::new(super::size::LINE, self.border)
    }

    /// The ring around what has the keyboard.
    #[must_use]
    pub fn focus_ring(&self) -> Stroke {
        Stroke::new(super::size::FOCUS, self.accent)
    }
}

/// What knows whether it is drawn dark or light.
pub trait TokensFrom {
    /// The tokens to draw with.
    fn tokens(&self) -> &'static Tokens;
}

impl TokensFrom for Ui {
    fn tokens(&self) -> &'static Tokens {
        of(self.visuals().dark_mode)
    }
}

impl TokensFrom for Context {
    fn tokens(&self) -> &'static Tokens {
        of(self.theme() == egui::Theme::Dark)
    }
}

fn of(dark: bool) -> &'static Tokens {
    if dark { &DARK } else { &LIGHT }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color32) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_readable_on_every_surface() {
        for tokens in [&DARK, &LIGHT] {
            for (place, surface) in
                [("base", tokens.base), ("panel", tokens.panel), ("raised", tokens.raised)]
            {
                for (name, text, least) in [
                    ("text", tokens.text, 4.5),
                    ("second", tokens.second, 4.5),
                    // `faint` on `raised` in the dark is for large text and icons only.
                    ("faint", tokens.faint, 4.2),
                    ("accent", tokens.accent, 4.5),
                    ("live", tokens.live, 4.5),
                    ("changed", tokens.changed, 4.5),
                    ("danger", tokens.danger, 4.5),
                    ("waiting", tokens.waiting, 4.5),
                    ("past", tokens.past, 4.5),
                ] {
                    let found = contrast(text, surface);
                    assert!(found >= least, "{name} on {place}, dark {}: {found:.2}", tokens.dark);
                }
            }
            for nth in 0..CATEGORIES {
                let found = contrast(tokens.category(nth), tokens.base);
                assert!(found >= 4.5, "category {nth}, dark {}: {found:.2}", tokens.dark);
            }
            for (name, text, surface) in [
                ("on_accent", tokens.on_accent, tokens.accent),
                ("on_accent hover", tokens.on_accent, tokens.accent_hover),
                ("on_past", tokens.on_past, tokens.past),
                ("on_danger", tokens.on_danger, tokens.danger),
                ("on_danger hover", tokens.on_danger, tokens.danger_hover),
                ("selected", tokens.text, tokens.selected),
                ("hover", tokens.second, tokens.hover),
                ("added", tokens.text, tokens.diff_added),
                ("added word", tokens.text, tokens.diff_added_word),
                ("removed", tokens.text, tokens.diff_removed),
                ("removed word", tokens.text, tokens.diff_removed_word),
                ("key", tokens.syntax_key, tokens.base),
                ("string", tokens.syntax_string, tokens.base),
                ("number", tokens.syntax_number, tokens.base),
                ("keyword", tokens.syntax_keyword, tokens.base),
                ("comment", tokens.syntax_comment, tokens.base),
                ("punctuation", tokens.syntax_punctuation, tokens.base),
            ] {
                let found = contrast(text, surface);
                assert!(found >= 4.5, "{name}, dark {}: {found:.2}", tokens.dark);
            }
        }
    }
}
