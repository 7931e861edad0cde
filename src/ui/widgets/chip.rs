//! States in few words: a shape, a text and a colour, never the colour alone.

use egui::{Color32, CornerRadius, Pos2, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::{self, Tokens, size, text};

/// What a state means; each has a colour and a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Nothing special: a hollow dot.
    Plain,
    /// In step, up, holder: a filled dot.
    Live,
    /// Modified, stale, late: a triangle.
    Changed,
    /// Down, conflict, production: a square.
    Danger,
    /// Queued, pending: a half dot.
    Waiting,
    /// Selected, informational: a diamond.
    Accent,
}

impl Tone {
    /// Its colour.
    #[must_use]
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Plain => tokens.second,
            Self::Live => tokens.live,
            Self::Changed => tokens.changed,
            Self::Danger => tokens.danger,
            Self::Waiting => tokens.waiting,
            Self::Accent => tokens.accent,
        }
    }
}

/// Paints the shape of a state around a point.
pub fn dot(ui: &Ui, middle: Pos2, tone: Tone) {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let radius = size::DOT / 2.0;
    let painter = ui.painter();
    match tone {
        Tone::Plain => {
            painter.circle_stroke(middle, radius - 1.0, Stroke::new(size::FOCUS, colour));
        }
        Tone::Live => {
            painter.circle_filled(middle, radius, colour);
        }
        Tone::Changed => {
            let points = vec![
                middle + vec2(0.0, -radius - 0.5),
                middle + vec2(radius + 0.5, radius - 0.5),
                middle + vec2(-radius - 0.5, radius - 0.5),
            ];
            painter.add(egui::Shape::convex_polygon(points, colour, Stroke::NONE));
        }
        Tone::Danger => {
            let square = Rect::from_center_size(middle, vec2(size::DOT - 1.0, size::DOT - 1.0));
            painter.rect_filled(square, CornerRadius::same(1), colour);
        }
        Tone::Waiting => {
            painter.circle_stroke(middle, radius - 0.75, Stroke::new(size::FOCUS, colour));
            let half = Rect::from_min_max(
                pos2(middle.x - radius, middle.y - radius),
                pos2(middle.x, middle.y + radius),
            );
            painter.with_clip_rect(half).circle_filled(middle, radius - 0.75, colour);
        }
        Tone::Accent => {
            let points = vec![
                middle + vec2(0.0, -radius - 0.5),
                middle + vec2(radius + 0.5, 0.0),
                middle + vec2(0.0, radius + 0.5),
                middle + vec2(-radius - 0.5, 0.0),
            ];
            painter.add(egui::Shape::convex_polygon(points, colour, Stroke::NONE));
        }
    }
}

/// A state: shape and text on a quiet fill.
pub fn chip(ui: &mut Ui, tone: Tone, label: &str) -> Response {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let galley = ui.painter().layout_no_wrap(label.to_owned(), text::meta_medium(), colour);
    let wide = vec2(galley.size().x + size::DOT + 20.0, size::CHIP);
    let (rect, response) = ui.allocate_exact_size(wide, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label));
    if ui.is_rect_visible(rect) {
        ui.painter().rect_filled(rect, CornerRadius::same((size::CHIP / 2.0) as u8), tokens.soft(colour));
        dot(ui, pos2(rect.left() + 8.0 + size::DOT / 2.0, rect.center().y), tone);
        let at = pos2(rect.left() + 12.0 + size::DOT, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, colour);
    }
    response
}

/// A short word on a quiet fill, without a shape.
pub fn tag(ui: &mut Ui, label: &str, tone: Tone) -> Response {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let galley = ui.painter().layout_no_wrap(label.to_owned(), text::meta_medium(), colour);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 12.0, size::CHIP), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label));
    if ui.is_rect_visible(rect) {
        ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS_SMALL), tokens.soft(colour));
        let at = pos2(rect.left() + 6.0, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, colour);
    }
    response
}

/// A number in a pill, right-aligned at `right` around the height `y`. Returns where it begins.
pub fn count_badge(ui: &Ui, right: f32, y: f32, count: &str, tone: Tone) -> f32 {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let galley = ui.painter().layout_no_wrap(count.to_owned(), text::mono_small(), colour);
    let wide = (galley.size().x + 10.0).max(18.0);
    let rect = Rect::from_min_size(pos2(right - wide, y - 9.0), vec2(wide, 18.0));
    let fill = if tone == Tone::Plain { tokens.hover } else { tokens.soft(colour) };
    ui.painter().rect_filled(rect, CornerRadius::same(9), fill);
    let at = pos2(rect.center().x - galley.size().x / 2.0, y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
    rect.left()
}
