//! Who held a lock before: from when to when, for how long, and how it ended.

use egui::{Label, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::model::coordination::{ClaimQueue, Tenure};
use crate::model::world::World;
use crate::ui::coordination::{began, cause_look, cause_words, owner_or_lease};
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::{clock_text, count_text, duration_text, elided, section_header};

/// Height of a line: two lines of text.
const ROW: f32 = 42.0;

/// Draws it, newest first.
pub fn show(ui: &mut Ui, world: &World, queue: &ClaimQueue) {
    let tokens = theme::tokens(ui);
    ui.add_space(size::PAD);
    section_header(ui, &t!("locks.past"), |ui| {
        ui.label(tokens.hint(count_text(queue.past.len() as u64)));
    });
    if queue.past.is_empty() {
        ui.add(Label::new(tokens.hint(t!("locks.past_empty"))).wrap());
    }
    for (at, tenure) in queue.past.iter().rev().enumerate() {
        line(ui, world, tenure, at);
    }
}

fn line(ui: &mut Ui, world: &World, tenure: &Tenure, at: usize) {
    let tokens = theme::tokens(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), ROW));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let id = ui.scope_id().with(("tenure", tenure.until_revision, &tenure.claim.key, at));
    let response = ui.interact(rect, id, Sense::hover());
    let owner = owner_or_lease(&tenure.claim);
    let cause = cause_words(tenure.cause);
    let (icon, tone, hint) = cause_look(tenure.cause);
    let length = tenure.length_ms().map(|length| duration_text(length / 1_000));
    let span = t!(
        "locks.from_to",
        from = began(tenure.claim.turn_since, tenure.from_revision, world.now),
        to = clock_text(tenure.until, world.now)
    );
    response.widget_info(|| {
        let length = length.clone().unwrap_or_else(|| t!("locks.length_unknown").into_owned());
        let label = t!("locks.past_row", owner = owner, span = span, length = length, cause = cause);
        WidgetInfo::labeled(Role::Label, true, label)
    });
    let (upper, lower) = (rect.center().y - 9.0, rect.center().y + 9.0);
    let colour = tone.colour(tokens);
    let words = ui.painter().layout_no_wrap(cause.into_owned(), text::meta_medium(), colour);
    let cause_left = rect.right() - words.size().x - size::GRID;
    ui.painter().galley(pos2(cause_left, upper - words.size().y / 2.0), words, colour);
    paint_icon(ui, pos2(cause_left - 10.0, upper), icon, size::ICON_SMALL, colour);
    let name = elided(ui.painter(), owner, text::medium(), tokens.text, cause_left - 26.0 - rect.left());
    ui.painter().galley(pos2(rect.left(), upper - name.size().y / 2.0), name, tokens.text);
    let mut right = rect.right() - size::GRID;
    if let Some(length) = &length {
        let galley = ui.painter().layout_no_wrap(length.clone(), text::mono_small(), tokens.second);
        right -= galley.size().x;
        ui.painter().galley(pos2(right, lower - galley.size().y / 2.0), galley, tokens.second);
    }
    let room = right - size::PAD - rect.left();
    let galley = elided(ui.painter(), span, text::meta(), tokens.faint, room);
    ui.painter().galley(pos2(rect.left(), lower - galley.size().y / 2.0), galley, tokens.faint);
    let line = Rect::from_min_max(rect.left_bottom() - vec2(0.0, 1.0), rect.right_bottom());
    ui.painter().hline(line.x_range(), line.center().y, tokens.line());
    response.on_hover_ui(|ui| {
        ui.label(tokens.body(hint));
        ui.label(tokens.meta(t!(
            "locks.past_revisions",
            from = tenure.from_revision,
            to = tenure.until_revision,
            waiting = tenure.waiting
        )));
    });
}
