//! One queue: who holds or leads, and who waits, in order.

use egui::{Align, CornerRadius, Frame, Label, Layout, Margin, Rect, ScrollArea, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::since;
use crate::action::{Action, Actions};
use crate::model::activity::{ActivityKind, ActivityLine};
use crate::model::claim::{Claim, ClaimForm, ClaimKind, ClaimQueue, Confidence};
use crate::model::key_text::{display_key, display_short};
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::{lease_name, lease_text, open_key, owner, owner_or_lease};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::ttl;
use crate::ui::widgets::chip::{Tone, chip, dot, tag};
use crate::ui::widgets::{Button, clock_text, count_text, elided, icon_button, section_header, time_text};

/// Height of a line of the queue: two lines of text.
const LINE: f32 = 44.0;
/// Narrower lines of recent changes leave out how long ago they were.
const ROOM_FOR_AGE: f32 = 430.0;
/// So many claims are listed.
const MAX_LINES: usize = 500;
/// So many recent terms are listed.
const MAX_TERMS: usize = 12;

/// Draws it.
pub fn show(ui: &mut Ui, world: &World, session: &Session, queue: &ClaimQueue, actions: &mut Actions) {
    title(ui, queue, actions);
    ScrollArea::vertical().id_salt(("claim detail", &queue.name)).auto_shrink([false, false]).show(
        ui,
        |ui| {
            // Beside the scroll bar, not below it.
            Frame::new().inner_margin(Margin { right: size::PAD as i8, ..Margin::ZERO }).show(ui, |ui| {
                first(ui, world, session, queue, actions);
                line(ui, world, session, queue, actions);
                terms(ui, world, session, queue);
            });
        },
    );
}

fn title(ui: &mut Ui, queue: &ClaimQueue, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.horizontal_top(|ui| {
        let room = (ui.available_width() - size::CONTROL_SMALL - size::PAD).max(40.0);
        ui.allocate_ui_with_layout(vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.add_space(3.0);
            ui.add(Label::new(tokens.title(display_short(&queue.name, 300))).wrap().selectable(true));
        });
        if icon_button(ui, icons::COPY, &t!("claims.copy_name"), None).clicked() {
            actions.push(Action::CopyText(display_key(&queue.name).into_owned()));
        }
    });
    ui.horizontal(|ui| {
        let form = match queue.form {
            ClaimForm::Queue => t!("claims.form.queue"),
            ClaimForm::ReadWrite => t!("claims.form.read_write"),
            ClaimForm::SingleKey => t!("claims.form.single"),
        };
        tag(ui, &form, Tone::Plain);
        let (words, hint, tone) = match queue.confidence {
            Confidence::Certain => (t!("claims.certain"), t!("claims.certain_hint"), Tone::Plain),
            Confidence::Ruled => (t!("claims.ruled"), t!("claims.ruled_hint"), Tone::Plain),
            Confidence::Likely => (t!("claims.likely"), t!("claims.likely_hint"), Tone::Changed),
        };
        tag(ui, &words, tone).on_hover_text(hint);
    });
    ui.add_space(size::PAD);
}

/// The holder or leader, large.
fn first(ui: &mut Ui, world: &World, session: &Session, queue: &ClaimQueue, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let card = Frame::new()
        .fill(tokens.raised)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(14, 12));
    card.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        let (words, hint) = match queue.kind {
            ClaimKind::Lock => (t!("claims.lock.holder"), t!("claims.lock.holder_hint")),
            ClaimKind::Election => (t!("claims.election.leader"), t!("claims.election.leader_hint")),
        };
        let Some(holder) = queue.holder() else {
            chip(ui, Tone::Plain, &t!("claims.nobody"));
            return;
        };
        ui.horizontal(|ui| {
            chip(ui, Tone::Live, &words).on_hover_text(hint);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(tokens.hint(t!("claims.since", since = since(world, session, holder))));
            });
        });
        ui.add_space(size::GRID);
        let name = owner_or_lease(holder);
        ui.add(Label::new(tokens.number(name)).truncate().selectable(true));
        if owner(holder).is_some() {
            ui.label(tokens.mono_meta(lease_name(holder.meta.lease)));
        }
        ui.add_space(size::GRID);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
        ttl::paint(ui, rect, ttl::left(session.leases.get(&holder.meta.lease), world.now));
        ui.add_space(size::GRID);
        let open = t!("claims.open_key");
        if Button::quiet(&open).icon(icons::FILE_TEXT).small().show(ui).clicked() {
            open_key(&holder.key, actions);
        }
    });
    ui.add_space(size::PAD);
}

/// Everybody in line, in order, the first included.
fn line(ui: &mut Ui, world: &World, session: &Session, queue: &ClaimQueue, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let title = match queue.kind {
        ClaimKind::Lock => t!("claims.lock.line"),
        ClaimKind::Election => t!("claims.election.line"),
    };
    section_header(ui, &title, |ui| {
        ui.label(tokens.hint(count_text(queue.claims.len() as u64)));
    });
    for (place, claim) in queue.claims.iter().take(MAX_LINES).enumerate() {
        in_line(ui, world, session, queue, place, claim, actions);
    }
    if queue.claims.len() > MAX_LINES {
        let more = count_text((queue.claims.len() - MAX_LINES) as u64);
        ui.label(tokens.hint(t!("claims.more", count = more)));
    }
}

fn in_line(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    queue: &ClaimQueue,
    place: usize,
    claim: &Claim,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), LINE));
    let response = ui.interact(rect, ui.scope_id().with((&queue.name, &claim.key)), Sense::click());
    if !ui.is_rect_visible(rect) {
        return;
    }
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, size::RADIUS_SMALL, tokens.hover);
    }
    let (tone, role) = match (place, queue.kind) {
        (0, ClaimKind::Lock) => (Tone::Live, t!("claims.lock.holder")),
        (0, ClaimKind::Election) => (Tone::Live, t!("claims.election.leader")),
        (_, ClaimKind::Lock) => (Tone::Waiting, t!("claims.lock.waits")),
        (_, ClaimKind::Election) => (Tone::Waiting, t!("claims.election.candidate")),
    };
    let name = owner_or_lease(claim);
    response.widget_info(|| {
        let label = t!("claims.place", place = place + 1, owner = name, role = role);
        egui::WidgetInfo::labeled(egui::Role::Button, true, label)
    });
    let y = rect.center().y;
    let number = (place + 1).to_string();
    let galley = ui.painter().layout_no_wrap(number, text::mono_small(), tokens.faint);
    ui.painter().galley(
        pos2(rect.left() + 26.0 - galley.size().x, y - galley.size().y / 2.0),
        galley,
        tokens.faint,
    );
    dot(ui, pos2(rect.left() + 40.0, y), tone);

    let bar_width = (rect.width() * 0.34).clamp(72.0, 150.0);
    let bar = Rect::from_min_max(
        pos2(rect.right() - bar_width - size::PAD, rect.top()),
        rect.right_bottom() - vec2(size::PAD, 0.0),
    );
    ttl::paint(ui, bar, ttl::left(session.leases.get(&claim.meta.lease), world.now));
    let left = rect.left() + 54.0;
    let room = bar.left() - size::PAD - left;
    let upper = elided(ui.painter(), name, text::medium(), tokens.text, room);
    let mut lower_words = format!("r{}", claim.meta.create_revision);
    if owner(claim).is_some() {
        lower_words = format!("{}  {lower_words}", lease_text(claim.meta.lease));
    }
    let lower = elided(ui.painter(), lower_words, text::mono_small(), tokens.faint, room);
    ui.painter().galley(pos2(left, y - upper.size().y - 0.5), upper, tokens.text);
    ui.painter().galley(pos2(left, y + 1.5), lower, tokens.faint);

    response.context_menu(|ui| {
        if ui.button(t!("claims.open_key")).clicked() {
            open_key(&claim.key, actions);
            ui.close();
        }
        if ui.button(t!("claims.copy_key")).clicked() {
            actions.push(Action::CopyText(display_key(&claim.key).into_owned()));
            ui.close();
        }
    });
    if response.clicked() {
        open_key(&claim.key, actions);
    }
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(display_short(&claim.key, 400)));
        ui.label(tokens.meta(t!("claims.open_hint")));
    });
}

/// What changed in the queue lately: who came, who went.
fn terms(ui: &mut Ui, world: &World, session: &Session, queue: &ClaimQueue) {
    let tokens = theme::tokens(ui);
    let changes = session.activity.lines().rev().filter(|change| belongs(session, queue, change));
    let changes: Vec<&ActivityLine> = changes.take(MAX_TERMS).collect();
    if changes.is_empty() {
        return;
    }
    ui.add_space(size::PAD);
    section_header(ui, &t!("claims.recent"), |_| {});
    for change in changes {
        let words = match change.kind {
            ActivityKind::Created => t!("claims.came", lease = lease_text(change.lease)),
            ActivityKind::Changed => t!("claims.wrote", lease = lease_text(change.lease)),
            ActivityKind::Deleted => t!("claims.went", lease = lease_text(change.lease)),
        };
        ui.horizontal(|ui| {
            ui.set_min_height(size::ROW);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let whole = time_text(change.seen_at, world.now);
                if ui.available_width() >= ROOM_FOR_AGE {
                    ui.label(tokens.hint(whole));
                } else {
                    ui.label(tokens.hint(clock_text(change.seen_at, world.now))).on_hover_text(whole);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(tokens.meta(words)).truncate());
                });
            });
        });
    }
}

fn belongs(session: &Session, queue: &ClaimQueue, change: &ActivityLine) -> bool {
    match queue.form {
        ClaimForm::SingleKey => change.key == queue.name,
        ClaimForm::Queue | ClaimForm::ReadWrite => change
            .key
            .strip_prefix(&*queue.name)
            .is_some_and(|rest| rest.first() == Some(&session.keyspace.separator())),
    }
}
