//! The profile's colour at the window's edge: nobody shall mistake production for another cluster.

use egui::{Frame, Id, LayerId, Order, Panel, Stroke, StrokeKind};

use crate::model::world::World;
use crate::ui::theme::{self, size};

fn colour(ui: &egui::Ui, world: &World) -> Option<(egui::Color32, bool)> {
    let profile = &world.active_session()?.profile;
    Some((theme::tokens(ui).profile(profile.colour)?, profile.is_production()))
}

/// The strip along the top of the window.
pub(super) fn strip(ui: &mut egui::Ui, world: &World) {
    let Some((colour, production)) = colour(ui, world) else { return };
    let height = if production { size::EDGE_PRODUCTION } else { size::EDGE };
    Panel::top("edge")
        .exact_size(height)
        .frame(Frame::new().fill(colour))
        .show_separator_line(false)
        .show(ui, |_| {});
}

/// The line around a production window, above everything.
pub(super) fn frame(ui: &egui::Ui, world: &World) {
    let Some((colour, true)) = colour(ui, world) else { return };
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Foreground, Id::unique("production edge")));
    let stroke = Stroke::new(size::EDGE, colour);
    painter.rect_stroke(ui.ctx().content_rect(), 0.0, stroke, StrokeKind::Inside);
}
