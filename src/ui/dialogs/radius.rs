//! What an action would touch, said before it is done.

use egui::{CornerRadius, Frame, Label, Margin, ScrollArea, Ui};
use rust_i18n::t;

use crate::model::bytes::Key;
use crate::model::dialog::BlastRadius;
use crate::model::key_text::display_short;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, chip};
use crate::ui::widgets::count_text;
use crate::ui::widgets::notice::card;

/// The sample grows no higher: room for all that is sampled and the rest's count.
const SAMPLE_HEIGHT: f32 = 176.0;
/// So many names of locks and elections are listed.
const MAX_HELD: usize = 8;

/// `1 key`, `12 keys`.
pub fn keys(count: u64) -> String {
    crate::ui::keys::words::keys(count)
}

/// Draws the counts, and by name the locks and elections that would lose their holder or leader.
pub fn show(ui: &mut Ui, radius: &BlastRadius) {
    let tokens = theme::tokens(ui);
    ui.horizontal_wrapped(|ui| {
        chip(ui, Tone::Accent, &keys(radius.keys));
        if radius.leased > 0 {
            let words = t!("dialogs.radius.leased", count = count_text(radius.leased));
            chip(ui, Tone::Changed, &words);
        }
        if !radius.held.is_empty() {
            let words = t!("dialogs.radius.held", count = count_text(radius.held.len() as u64));
            chip(ui, Tone::Danger, &words);
        }
    });
    if radius.held.is_empty() {
        return;
    }
    ui.add_space(size::GRID);
    card(ui, Tone::Danger, icons::WARNING, |ui| {
        ui.add(Label::new(tokens.body(t!("dialogs.radius.held_hint"))).wrap());
        for name in radius.held.iter().take(MAX_HELD) {
            ui.add(Label::new(tokens.mono(display_short(name, 200))).truncate());
        }
        more(ui, radius.held.len(), MAX_HELD);
    });
}

/// Draws the first few keys.
pub fn sample(ui: &mut Ui, radius: &BlastRadius, line: impl Fn(&Key) -> String) {
    let tokens = theme::tokens(ui);
    let frame = Frame::new()
        .fill(tokens.base)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(10, 6));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        ScrollArea::vertical().id_salt("sample").max_height(SAMPLE_HEIGHT).auto_shrink([false, true]).show(
            ui,
            |ui| {
                for key in &radius.sample {
                    ui.add(Label::new(tokens.mono_meta(line(key))).truncate());
                }
                more(ui, usize::try_from(radius.keys).unwrap_or(usize::MAX), radius.sample.len());
            },
        );
    });
}

fn more(ui: &mut Ui, all: usize, shown: usize) {
    if all > shown {
        let count = count_text((all - shown) as u64);
        ui.label(theme::tokens(ui).hint(t!("dialogs.radius.more", count = count)));
    }
}
