//! Buttons: one filled primary a view, the rest quiet; destructive ones outlined, filled only in
//! the confirmation.

use egui::{
    Color32, CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::ui::theme::{self, Tokens, icons, size, text};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dress {
    Primary,
    Quiet,
    Ghost,
    Danger,
    DangerFilled,
}

/// A button with a text.
#[must_use = "a button appears by `show`"]
pub struct Button<'a> {
    dress: Dress,
    text: &'a str,
    icon: Option<&'a str>,
    shortcut: Option<String>,
    tooltip: Option<String>,
    disabled_hint: Option<String>,
    enabled: bool,
    small: bool,
    fill_width: bool,
}

impl<'a> Button<'a> {
    fn new(dress: Dress, text: &'a str) -> Self {
        Self {
            dress,
            text,
            icon: None,
            shortcut: None,
            tooltip: None,
            disabled_hint: None,
            enabled: true,
            small: false,
            fill_width: false,
        }
    }

    /// The one filled button of a view.
    pub fn primary(text: &'a str) -> Self {
        Self::new(Dress::Primary, text)
    }

    /// An outlined button.
    pub fn quiet(text: &'a str) -> Self {
        Self::new(Dress::Quiet, text)
    }

    /// A button without an outline, for bars.
    pub fn ghost(text: &'a str) -> Self {
        Self::new(Dress::Ghost, text)
    }

    /// A destructive button, outlined.
    pub fn danger(text: &'a str) -> Self {
        Self::new(Dress::Danger, text)
    }

    /// The destructive button of a confirmation.
    pub fn danger_filled(text: &'a str) -> Self {
        Self::new(Dress::DangerFilled, text)
    }

    /// An icon before the text.
    pub fn icon(mut self, icon: &'a str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// The shortcut, shown in the tooltip.
    pub fn shortcut(mut self, shortcut: Option<String>) -> Self {
        self.shortcut = shortcut;
        self
    }

    /// A tooltip.
    pub fn tooltip(mut self, tooltip: impl Into<String>) -> Self {
        self.tooltip = Some(tooltip.into());
        self
    }

    /// Whether it can be pressed.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// What is said about it while it can not be pressed.
    pub fn disabled_hint(mut self, hint: impl Into<String>) -> Self {
        self.disabled_hint = Some(hint.into());
        self
    }

    /// Height of a bar's control.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// As wide as there is room.
    pub fn fill_width(mut self) -> Self {
        self.fill_width = true;
        self
    }

    /// Shows it.
    pub fn show(self, ui: &mut Ui) -> Response {
        let enabled = self.enabled;
        let response = ui.add_enabled_ui(enabled, |ui| self.paint(ui)).inner;
        let hint = self.disabled_hint;
        let response = match (enabled, hint) {
            (false, Some(hint)) => response.on_disabled_hover_text(hint),
            _ => response,
        };
        match (self.tooltip, self.shortcut) {
            (Some(tooltip), Some(keys)) => response.on_hover_text(format!("{tooltip}   {keys}")),
            (Some(tooltip), None) => response.on_hover_text(tooltip),
            (None, Some(keys)) => response.on_hover_text(keys),
            (None, None) => response,
        }
    }

    fn paint(&self, ui: &mut Ui) -> Response {
        let tokens = theme::tokens(ui);
        let height = if self.small { size::CONTROL_SMALL } else { size::CONTROL };
        let pad = if self.small { size::PAD } else { size::PAD + size::GRID };
        let font = text::medium();
        let galley = ui.painter().layout_no_wrap(self.text.to_owned(), font, Color32::PLACEHOLDER);
        let icon_width = self.icon.map_or(0.0, |_| size::ICON + 6.0);
        let natural = galley.size().x + icon_width + 2.0 * pad;
        let width = if self.fill_width { ui.available_width().max(natural) } else { natural };
        let (rect, response) = ui.allocate_exact_size(vec2(width.ceil(), height), Sense::click());
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, self.text));
        if ui.is_rect_visible(rect) {
            let look = look(tokens, self.dress, &response);
            frame(ui, rect, &look, &response);
            let mut x = rect.center().x - (galley.size().x + icon_width) / 2.0;
            if let Some(icon) = self.icon {
                let middle = pos2(x + size::ICON / 2.0, rect.center().y);
                paint_icon(ui, middle, icon, size::ICON, look.text);
                x += icon_width;
            }
            let at = pos2(x, rect.center().y - galley.size().y / 2.0);
            ui.painter().galley(at, galley, look.text);
        }
        response
    }
}

struct Look {
    fill: Color32,
    stroke: Stroke,
    text: Color32,
}

fn look(tokens: &Tokens, dress: Dress, response: &Response) -> Look {
    if !response.enabled() && matches!(dress, Dress::Primary | Dress::DangerFilled) {
        // Grey rather than a dull accent: what can not be pressed draws no eyes, and stays readable.
        return Look { fill: tokens.hover, stroke: Stroke::NONE, text: tokens.text };
    }
    let hot = response.hovered() || response.highlighted();
    let outline = Stroke::new(size::LINE, tokens.outline);
    match dress {
        Dress::Primary => Look {
            fill: if hot { tokens.accent_hover } else { tokens.accent },
            stroke: Stroke::NONE,
            text: tokens.on_accent,
        },
        Dress::DangerFilled => Look {
            fill: if hot { tokens.danger_hover } else { tokens.danger },
            stroke: Stroke::NONE,
            text: tokens.on_danger,
        },
        Dress::Quiet => Look {
            fill: if hot { tokens.hover } else { Color32::TRANSPARENT },
            stroke: outline,
            text: tokens.text,
        },
        Dress::Ghost => Look {
            fill: if hot { tokens.hover } else { Color32::TRANSPARENT },
            stroke: Stroke::NONE,
            text: if hot { tokens.text } else { tokens.second },
        },
        Dress::Danger => Look {
            fill: if hot { tokens.soft(tokens.danger) } else { Color32::TRANSPARENT },
            stroke: Stroke::new(size::LINE, tokens.danger.gamma_multiply(0.6)),
            text: tokens.danger,
        },
    }
}

fn frame(ui: &Ui, rect: Rect, look: &Look, response: &Response) {
    let radius = CornerRadius::same(size::RADIUS);
    let fill = if response.is_pointer_button_down_on() { look.fill.gamma_multiply(0.85) } else { look.fill };
    ui.painter().rect(rect, radius, fill, look.stroke, StrokeKind::Inside);
    focus_ring(ui, rect, response);
}

/// The ring around what has the keyboard.
pub fn focus_ring(ui: &Ui, rect: Rect, response: &Response) {
    if response.has_focus() {
        let tokens = theme::tokens(ui);
        let ring = CornerRadius::same(size::RADIUS + 2);
        ui.painter().rect_stroke(rect.expand(2.0), ring, tokens.focus_ring(), StrokeKind::Inside);
    }
}

/// Paints an icon around a point.
pub fn paint_icon(ui: &Ui, middle: egui::Pos2, icon: &str, points: f32, colour: Color32) {
    ui.painter().text(middle, egui::Align2::CENTER_CENTER, icon, text::icon(points), colour);
}

/// The sign of a box that opens a list.
pub fn open_sign(ui: &Ui, rect: Rect, _: &egui::style::WidgetVisuals, _open: bool) {
    paint_icon(ui, rect.center(), icons::CARET_DOWN, size::ICON_SMALL, theme::tokens(ui).second);
}

/// A button that is an icon; `name` is its accessible name and, with the shortcut, its tooltip.
pub fn icon_button(ui: &mut Ui, icon: &str, name: &str, shortcut: Option<String>) -> Response {
    icon_control(ui, icon, name, shortcut, None)
}

/// An icon that can be switched on and off.
pub fn icon_toggle(ui: &mut Ui, icon: &str, name: &str, shortcut: Option<String>, on: bool) -> Response {
    icon_control(ui, icon, name, shortcut, Some(on))
}

fn icon_control(ui: &mut Ui, icon: &str, name: &str, shortcut: Option<String>, on: Option<bool>) -> Response {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(egui::Vec2::splat(size::CONTROL_SMALL), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| match on {
        Some(on) => WidgetInfo::selected(Role::Button, enabled, on, name),
        None => WidgetInfo::labeled(Role::Button, enabled, name),
    });
    if ui.is_rect_visible(rect) {
        let hot = response.hovered() || response.highlighted();
        let (fill, colour) = match (on == Some(true), hot) {
            (true, _) => (tokens.selected, tokens.accent),
            (false, true) => (tokens.hover, tokens.text),
            (false, false) => (Color32::TRANSPARENT, tokens.second),
        };
        frame(ui, rect, &Look { fill, stroke: Stroke::NONE, text: colour }, &response);
        paint_icon(ui, rect.center(), icon, size::ICON, colour);
    }
    let tooltip = match shortcut {
        Some(keys) => format!("{name}   {keys}"),
        None => name.to_owned(),
    };
    response.on_hover_text(tooltip)
}

/// A text that is pressed like a link.
pub fn link(ui: &mut Ui, label: &str) -> Response {
    let tokens = theme::tokens(ui);
    let galley = ui.painter().layout_no_wrap(label.to_owned(), text::medium(), tokens.accent);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x, size::CONTROL_SMALL), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Link, enabled, label));
    if ui.is_rect_visible(rect) {
        let at = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
        if response.hovered() || response.has_focus() {
            let y = at.y + galley.size().y - 1.0;
            ui.painter().hline(rect.x_range(), y, Stroke::new(size::LINE, tokens.accent));
        }
        ui.painter().galley(at, galley, tokens.accent);
        focus_ring(ui, rect, &response);
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}
