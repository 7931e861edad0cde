//! The fonts: Inter for the interface, JetBrains Mono for keys, values and numbers, Phosphor for
//! icons. What they lack (Chinese, for one) comes from the system's fonts, which the window's
//! framework asks for on demand.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily, FontTweak};

use super::icon_font;

/// Inter Medium.
pub(super) const UI_MEDIUM: &str = "ui-medium";
/// Inter SemiBold.
pub(super) const UI_SEMIBOLD: &str = "ui-semibold";
/// JetBrains Mono SemiBold.
pub(super) const MONO_SEMIBOLD: &str = "mono-semibold";
/// Phosphor alone, centred in its line.
pub(super) const ICONS: &str = "icons";

const INTER: &str = "Inter";
const INTER_MEDIUM: &str = "Inter Medium";
const INTER_SEMIBOLD: &str = "Inter SemiBold";
const MONO: &str = "JetBrains Mono";
const MONO_BOLD: &str = "JetBrains Mono SemiBold";
const PHOSPHOR: &str = "Phosphor";
const PHOSPHOR_INLINE: &str = "Phosphor inline";

/// Phosphor's glyphs stand a little high beside Inter's: moved down by this share of their size,
/// their middle meets the middle of the capitals.
const INLINE_SHIFT: f32 = 0.08;

/// Fonts and families. Icons are the second choice of every family, so that they can stand in the
/// middle of a text.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let mut add = |name: &str, data: FontData| {
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    };
    add(INTER, FontData::from_static(include_bytes!("../../../assets/fonts/Inter-Regular.otf")));
    add(INTER_MEDIUM, FontData::from_static(include_bytes!("../../../assets/fonts/Inter-Medium.otf")));
    add(INTER_SEMIBOLD, FontData::from_static(include_bytes!("../../../assets/fonts/Inter-SemiBold.otf")));
    add(MONO, FontData::from_static(include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf")));
    add(MONO_BOLD, FontData::from_static(include_bytes!("../../../assets/fonts/JetBrainsMono-SemiBold.ttf")));
    let phosphor = FontData::from_owned(icon_font::moved(icon_font::PHOSPHOR));
    add(PHOSPHOR, phosphor.clone());
    add(PHOSPHOR_INLINE, phosphor.tweak(FontTweak { y_offset_factor: INLINE_SHIFT, ..FontTweak::default() }));
    // Each font of the interface falls back to the other, for the few signs that one lacks.
    for (family, chain) in [
        (FontFamily::Proportional, [INTER, PHOSPHOR_INLINE, MONO]),
        (FontFamily::Name(UI_MEDIUM.into()), [INTER_MEDIUM, PHOSPHOR_INLINE, MONO]),
        (FontFamily::Name(UI_SEMIBOLD.into()), [INTER_SEMIBOLD, PHOSPHOR_INLINE, MONO_BOLD]),
        (FontFamily::Monospace, [MONO, PHOSPHOR_INLINE, INTER]),
        (FontFamily::Name(MONO_SEMIBOLD.into()), [MONO_BOLD, PHOSPHOR_INLINE, INTER_SEMIBOLD]),
        (FontFamily::Name(ICONS.into()), [PHOSPHOR, INTER, MONO]),
    ] {
        fonts.families.insert(family, chain.map(str::to_owned).to_vec());
    }
    fonts
}

#[cfg(test)]
mod tests {
    use crate::ui::theme::{icons, text};

    #[test]
    fn every_icon_is_drawn_by_the_icon_font_in_every_family() {
        let ctx = egui::Context::default();
        ctx.set_fonts(super::definitions());
        let mut families = Vec::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            ui.fonts_mut(|fonts| {
                for font in [text::body(), text::strong(), text::mono(), text::icon(16.0)] {
                    families.push(fonts.characters(&font.family).clone());
                }
            });
        });
        output.textures_delta.clear();
        assert_eq!(families.len(), 4);
        for characters in families {
            for (name, icon) in icons::ALL {
                let drawn_by = icon.chars().next().and_then(|sign| characters.get(&sign));
                let first = drawn_by.and_then(|fonts| fonts.first()).map(String::as_str);
                assert!(first.is_some_and(|font| font.starts_with("Phosphor")), "{name}: {first:?}");
            }
        }
    }
}
