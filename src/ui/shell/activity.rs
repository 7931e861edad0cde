//! The line at the bottom: how much changes, and the newest changes; pressing one shows its key.

use egui::{CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::activity::{Activity, ActivityKind, ActivityLine, COUNT_MS, GLOW_MS};
use crate::model::coordination::EndCause;
use crate::model::key_text::display_short;
use crate::model::session::{Screen, Session};
use crate::model::status::SeenAt;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::coordination::{cause_look, cause_words};
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::{elided, paint_key_tail, time_text};

/// Width of the sparkline: two points a second.
const SPARK: f32 = 120.0;
/// One entry is at least so wide.
const ENTRY_MIN: f32 = 240.0;
/// One entry is at most so wide.
const ENTRY_MAX: f32 = 420.0;
/// At most so many entries are laid out.
const ENTRIES: usize = 8;
/// A fading glow is drawn again so often, in milliseconds: often enough for the eye, seldom enough for
/// machines that draw without a graphics card.
const GLOW_STEP_MS: u64 = 100;
/// More changes than this within the time of a glow are too many to glow.
const CALM: usize = 24;

/// Draws the line.
pub(super) fn show(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.add_space(12.0);
        ui.label(egui::RichText::new(t!("shell.activity")).font(text::meta_medium()).color(tokens.second));
        sparkline(ui, &session.activity, world.now);
        ui.add_space(size::GRID);
        gap(ui, &session.activity, world.now);
        let newest: Vec<&ActivityLine> = session.activity.lines().rev().take(ENTRIES).collect();
        if newest.is_empty() {
            // Of a time in which nothing could be heard it is not said that nothing happened.
            let is_quiet = session.state.is_live() && session.silent_since(world.now).is_none();
            let words = if is_quiet { t!("shell.quiet") } else { t!("shell.no_activity_yet") };
            ui.label(tokens.hint(words));
            return;
        }
        let room = ui.available_width() - 12.0;
        let count = ((room / ENTRY_MIN) as usize).clamp(1, newest.len());
        let width = (room / count as f32 - size::PAD).min(ENTRY_MAX);
        // When much changes, nothing glows: it would only flicker.
        let calm =
            session.activity.lines().rev().nth(CALM).is_none_or(|line| world.now - line.seen_at > GLOW_MS);
        for line in newest.into_iter().take(count) {
            entry(ui, world, session, line, width, calm, actions);
        }
    });
    if session.activity.lines().next().is_some() {
        // The bars wander.
        ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
    }
}

/// Says when changes of the last minute were missed.
fn gap(ui: &mut Ui, activity: &Activity, now: SeenAt) {
    let Some(gap) = activity.gaps().next_back().filter(|gap| now - gap.seen_at <= COUNT_MS) else { return };
    let words = t!("shell.gap", after = gap.after, to = gap.to);
    let words = egui::RichText::new(words).font(text::meta_medium()).color(theme::tokens(ui).changed);
    ui.label(words).on_hover_text(t!("shell.gap_why"));
    ui.add_space(size::GRID);
    ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
}

fn sparkline(ui: &mut Ui, activity: &Activity, now: SeenAt) {
    let tokens = theme::tokens(ui);
    let seconds = activity.rate(now);
    let total: u64 = seconds.iter().map(|count| u64::from(*count)).sum();
    let most = seconds.iter().copied().max().unwrap_or(0).max(1);
    let (rect, response) = ui.allocate_exact_size(vec2(SPARK, 16.0), Sense::hover());
    let spoken = t!("shell.changes_minute", n = total, most = most).into_owned();
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
    let step = rect.width() / seconds.len() as f32;
    for (at, count) in seconds.iter().enumerate().filter(|(_, count)| **count > 0) {
        // Square root: a burst must not flatten everything else.
        let height = (*count as f32 / most as f32).sqrt() * (rect.height() - 1.0);
        let left = rect.left() + at as f32 * step;
        let bar = Rect::from_min_max(
            pos2(left, rect.bottom() - height.max(2.0)),
            pos2(left + step - 0.5, rect.bottom()),
        );
        ui.painter().rect_filled(bar, CornerRadius::ZERO, tokens.accent.gamma_multiply(0.8));
    }
    response.on_hover_text(spoken);
}

/// The word and the colour of a change.
fn word(line: &ActivityLine) -> (std::borrow::Cow<'static, str>, fn(&theme::Tokens) -> egui::Color32) {
    match line.kind {
        ActivityKind::Created => (t!("shell.created"), |tokens| tokens.live),
        ActivityKind::Changed => (t!("shell.changed"), |tokens| tokens.changed),
        ActivityKind::Deleted => (t!("shell.deleted"), |tokens| tokens.danger),
    }
}

/// Why a key on a lease went: etcd does not tell an expired lease from a deletion, so it is said as far as it
/// was found out. `None`: it was not on a lease, or is there.
fn cause(session: &Session, line: &ActivityLine) -> Option<EndCause> {
    let ended = line.kind == ActivityKind::Deleted && line.lease != 0;
    let found = || session.coordination.cause_of(&line.key, line.revision, line.lease);
    ended.then(|| found().unwrap_or(EndCause::Unknown))
}

fn entry(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    line: &ActivityLine,
    width: f32,
    calm: bool,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(width, size::CONTROL_SMALL), Sense::hover());
    let id = ui.scope_id().with(("change", &line.key, line.revision));
    let response = ui.interact(rect, id, Sense::click());
    let (word, colour) = word(line);
    let mut spoken = format!("{word} {} r{}", display_short(&line.key, 200), line.revision);
    if let Some(cause) = cause(session, line) {
        spoken = format!("{spoken}, {}", cause_words(cause));
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    let radius = CornerRadius::same(size::RADIUS_SMALL);
    let age = world.now - line.seen_at;
    if calm && age < GLOW_MS {
        ui.painter().rect_filled(rect, radius, theme::glow_in(ui, age).gamma_multiply(0.6));
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(GLOW_STEP_MS));
    }
    if response.hovered() {
        ui.painter().rect_filled(rect, radius, tokens.hover);
    }
    let y = rect.center().y;
    let word = ui.painter().layout_no_wrap(word.into_owned(), text::meta_medium(), colour(tokens));
    let mut x = rect.left() + 6.0;
    let wide = word.size().x;
    ui.painter().galley(pos2(x, y - word.size().y / 2.0), word, tokens.text);
    x += wide + 6.0;
    let cause = cause(session, line);
    let note = cause.map_or_else(|| format!("r{}", line.revision), |cause| cause_words(cause).into_owned());
    let revision = elided(ui.painter(), note, text::mono_small(), tokens.faint, 90.0);
    let room = rect.right() - 12.0 - revision.size().x - x;
    let key = paint_key_tail(
        ui.painter(),
        tokens,
        &line.key,
        session.profile.separator_byte(),
        &text::mono_small(),
        room,
    );
    let key_right = x + key.size().x;
    ui.painter().galley(pos2(x, y - key.size().y / 2.0), key, tokens.text);
    ui.painter().galley(pos2(key_right + 6.0, y - revision.size().y / 2.0), revision, tokens.faint);
    focus_ring(ui, rect.shrink(2.0), &response);
    let mut tooltip = format!("{}\n{}", display_short(&line.key, 400), time_text(line.seen_at, world.now));
    if let Some(cause) = cause {
        tooltip = format!("{tooltip}\nr{}\n{}", line.revision, cause_look(cause).2);
    }
    if response.on_hover_text(tooltip).clicked() {
        actions.push(Action::ShowScreen(Screen::Keys));
        actions.push(Action::Reveal(TreeItem::key(line.key.clone())));
    }
}
