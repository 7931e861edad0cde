//! The tokens as a style of egui, so that its own widgets fit in.

use std::sync::Arc;

use egui::style::{ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{Color32, CornerRadius, Margin, Stroke, Style, Visuals, vec2};

use super::{Tokens, size, text};

/// The style of a theme.
pub(super) fn style(tokens: &Tokens, dark: bool) -> Arc<Style> {
    let mut style = Style {
        text_styles: text::styles(),
        visuals: visuals(tokens, dark),
        animation_time: super::MOTION_SECS,
        compact_menu_style: false,
        ..Style::default()
    };
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(size::PAD, size::GRID);
    spacing.button_padding = vec2(10.0, size::GRID);
    spacing.interact_size = vec2(size::CONTROL, size::CONTROL_SMALL);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(6);
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 10.0;
    spacing.icon_spacing = 6.0;
    spacing.indent = 16.0;
    spacing.tooltip_width = 360.0;
    spacing.menu_width = 320.0;
    spacing.combo_width = 120.0;
    spacing.scroll = ScrollStyle {
        bar_width: 8.0,
        floating_width: 4.0,
        floating_allocated_width: 0.0,
        handle_min_length: 24.0,
        foreground_color: true,
        dormant_handle_opacity: 0.25,
        active_handle_opacity: 0.35,
        interact_handle_opacity: 0.6,
        active_background_opacity: 0.0,
        interact_background_opacity: 0.2,
        ..ScrollStyle::floating()
    };
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    #[cfg(debug_assertions)]
    {
        // Painted rows sit on fractions of a point at odd zooms; that is no fault of the screen.
        style.debug.show_unaligned = false;
        style.debug.warn_if_rect_changes_id = false;
    }
    Arc::new(style)
}

fn widget(fill: Color32, box_fill: Color32, stroke: Stroke, text: Color32) -> WidgetVisuals {
    WidgetVisuals {
        bg_fill: box_fill,
        weak_bg_fill: fill,
        bg_stroke: stroke,
        corner_radius: CornerRadius::same(size::RADIUS),
        fg_stroke: Stroke::new(size::FOCUS, text),
        expansion: 0.0,
    }
}

fn visuals(tokens: &Tokens, dark: bool) -> Visuals {
    let mut visuals = if dark { Visuals::dark() } else { Visuals::light() };
    let outline = Stroke::new(size::LINE, tokens.outline);
    let strong = Stroke::new(size::LINE, tokens.faint);
    let button = if dark { tokens.raised } else { tokens.base };
    visuals.widgets = Widgets {
        noninteractive: widget(tokens.panel, tokens.panel, tokens.line(), tokens.text),
        inactive: widget(button, tokens.base, outline, tokens.text),
        hovered: widget(tokens.hover, tokens.hover, strong, tokens.text),
        active: widget(tokens.hover, tokens.hover, tokens.focus_ring(), tokens.text),
        open: widget(tokens.hover, tokens.hover, strong, tokens.text),
    };
    visuals.selection = Selection { bg_fill: tokens.selected, stroke: Stroke::new(size::LINE, tokens.text) };
    visuals.weak_text_color = Some(tokens.faint);
    visuals.hyperlink_color = tokens.accent;
    visuals.faint_bg_color = tokens.panel;
    visuals.extreme_bg_color = tokens.base;
    visuals.text_edit_bg_color = Some(tokens.base);
    visuals.code_bg_color = tokens.hover;
    visuals.warn_fg_color = tokens.changed;
    visuals.error_fg_color = tokens.danger;
    visuals.window_fill = tokens.raised;
    visuals.window_stroke = tokens.line();
    visuals.window_corner_radius = CornerRadius::same(size::RADIUS_DIALOG);
    visuals.window_shadow = tokens.shadow;
    visuals.popup_shadow = tokens.shadow;
    visuals.menu_corner_radius = CornerRadius::same(size::PAD as u8);
    visuals.panel_fill = tokens.panel;
    visuals.text_cursor.stroke = Stroke::new(2.0, tokens.accent);
    visuals.indent_has_left_vline = false;
    visuals.slider_trailing_fill = true;
    visuals.disabled_alpha = 0.45;
    visuals
}
