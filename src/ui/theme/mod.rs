//! Every colour, size, font and icon. Elsewhere a literal colour is a lint error, so that a screen
//! can only be built from the tokens of the design, in dark and in light.
//!
//! Views ask for [`tokens`] once and pass them on; texts come from [`text`], measures from
//! [`size`], icons from [`icons`].

mod fonts;
mod icon_font;
pub mod icons;
pub mod size;
mod style;
pub mod text;
mod tokens;

pub use tokens::{Tokens, TokensFrom};

use egui::{Color32, Context, ThemePreference, Ui};

use crate::model::activity::GLOW_MS;
use crate::model::settings::{Settings, ThemeChoice};

/// How strong a change glows at its first moment, as a share of the colour.
const GLOW_STRENGTH: f32 = 0.30;

/// Duration of hovers and sliding panes, in seconds.
const MOTION_SECS: f32 = 0.12;

/// The tokens of the theme in which this is drawn (a `Ui`, or the whole `Context`).
pub fn tokens(from: &impl TokensFrom) -> &'static Tokens {
    from.tokens()
}

/// Installs fonts and both styles. Called once, before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    ctx.set_style_of(egui::Theme::Dark, style::style(&tokens::DARK, true));
    ctx.set_style_of(egui::Theme::Light, style::style(&tokens::LIGHT, false));
}

/// Makes the window look as the settings say: dark or light, zoom, motion. Called when they change.
pub fn apply_settings(ctx: &Context, settings: &Settings) {
    ctx.set_theme(match settings.theme {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Dark => ThemePreference::Dark,
        ThemeChoice::Light => ThemePreference::Light,
    });
    ctx.set_zoom_factor(settings.zoom.clamp(size::ZOOM_MIN, size::ZOOM_MAX));
    let reduced = settings.reduced_motion;
    ctx.all_styles_mut(|style| {
        style.animation_time = if reduced { 0.0 } else { MOTION_SECS };
        style.scroll_animation = if reduced {
            egui::style::ScrollAnimation::none()
        } else {
            egui::style::ScrollAnimation::default()
        };
        style.visuals.text_cursor.blink = !reduced;
    });
}

/// Whether nothing may move.
#[must_use]
pub fn reduced_motion(ui: &Ui) -> bool {
    ui.style().animation_time <= 0.0
}

/// Height of a row of a tree or table.
#[must_use]
pub fn row_height(settings: &Settings) -> f32 {
    if settings.compact_rows { size::ROW_COMPACT } else { size::ROW }
}

/// The fill behind something that changed `age_ms` milliseconds ago: strong at first, gone after
/// [`GLOW_MS`]. Transparent afterwards.
#[must_use]
pub fn glow(tokens: &Tokens, age_ms: i64) -> Color32 {
    if age_ms >= GLOW_MS {
        return Color32::TRANSPARENT;
    }
    let left = 1.0 - age_ms.max(0) as f32 / GLOW_MS as f32;
    // Ease out: most of the fading happens early, the rest lingers.
    tokens.glow.gamma_multiply(GLOW_STRENGTH * left * left)
}

/// As [`glow`]; when nothing may move it is steady until it ends.
#[must_use]
pub fn glow_in(ui: &Ui, age_ms: i64) -> Color32 {
    let tokens = tokens(ui);
    match (reduced_motion(ui), age_ms < GLOW_MS) {
        (true, true) => tokens.glow.gamma_multiply(GLOW_STRENGTH * 0.5),
        (true, false) => Color32::TRANSPARENT,
        (false, _) => glow(tokens, age_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glow_fades_and_ends() {
        let fresh = glow(&tokens::DARK, 0).a();
        let later = glow(&tokens::DARK, GLOW_MS / 2).a();
        assert!(fresh > later && later > 0, "{fresh} {later}");
        assert_eq!(glow(&tokens::DARK, GLOW_MS), Color32::TRANSPARENT);
        assert_eq!(glow(&tokens::DARK, -5), glow(&tokens::DARK, 0), "a clock that went back");
    }
}
