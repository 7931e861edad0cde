//! The line of a lock: who holds it and who waits, in order.

use egui::{Align2, Label, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::coordination::{Claim, ClaimForm, ClaimQueue};
use crate::model::key_text::{display_key, display_short};
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::world::World;
use crate::ui::coordination::{
    began, lasted, lease_name, lease_short, mode_words, open_key, owner, owner_or_lease,
};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::ttl;
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::{count_text, elided, section_header};

/// Height of a place in the line: two lines of text.
const PLACE: f32 = 44.0;
/// So many places are listed.
const MOST: usize = 500;
/// Width of what a lease has left: its share of the line, least, most.
const TTL_SHARE: f32 = 0.26;
const TTL_LEAST: f32 = 64.0;
const TTL_MOST: f32 = 130.0;

/// Draws everybody in line, those who hold included.
pub fn show(ui: &mut Ui, world: &World, session: &Session, queue: &ClaimQueue, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    if queue.form == ClaimForm::SingleKey {
        ui.horizontal_wrapped(|ui| {
            ui.label(tokens.icon(icons::EYE_SLASH));
            ui.add(Label::new(tokens.meta(t!("locks.single_hint"))).wrap());
        });
        return;
    }
    section_header(ui, &t!("locks.line"), |ui| {
        let waiting = count_text(queue.waiting().len() as u64);
        ui.label(tokens.hint(t!("locks.waiting_count", count = waiting)));
    });
    if queue.waiting().is_empty() {
        ui.label(tokens.hint(t!("locks.nobody_waits")));
    }
    let holding = queue.holding();
    for (at, claim) in queue.claims.iter().take(MOST).enumerate() {
        place(ui, world, session, queue, Place { at, holds: at < holding, claim }, actions);
    }
    if queue.claims.len() > MOST {
        let more = count_text((queue.claims.len() - MOST) as u64);
        ui.label(tokens.hint(t!("locks.more", count = more)));
    }
}

#[derive(Clone, Copy)]
struct Place<'a> {
    at: usize,
    holds: bool,
    claim: &'a Claim,
}

impl Place<'_> {
    /// For how long it waits or holds; where that began before it was watched, its revision.
    fn time(&self, known_until: SeenAt) -> String {
        let since = if self.holds { self.claim.turn_since } else { self.claim.since };
        match (lasted(since, known_until), self.holds) {
            (Some(span), true) => t!("locks.holds_for", span = span).into_owned(),
            (Some(span), false) => t!("locks.waits_for", span = span).into_owned(),
            (None, _) => t!("locks.since_revision", revision = self.claim.meta.create_revision).into_owned(),
        }
    }
}

fn place(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    queue: &ClaimQueue,
    place: Place<'_>,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let claim = place.claim;
    let (_, whole) = ui.allocate_space(vec2(ui.available_width(), PLACE));
    if !ui.is_rect_visible(whole) {
        return;
    }
    let mut rect = whole;
    rect.max.x -= size::CONTROL_SMALL + size::GRID;
    let id = ui.scope_id().with((&queue.name, &claim.key));
    let response = ui.interact(rect, id, Sense::click());
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, size::RADIUS_SMALL, tokens.hover);
    }
    let (tone, role) =
        if place.holds { (Tone::Live, t!("locks.holder")) } else { (Tone::Waiting, t!("locks.waits")) };
    let (name, time) = (owner_or_lease(claim), place.time(session.known_until(world.now)));
    response.widget_info(|| {
        let label = t!("locks.place", place = place.at + 1, owner = name, role = role, time = time);
        egui::WidgetInfo::labeled(egui::Role::Button, true, label)
    });
    let y = rect.center().y;
    let number = count_text(place.at as u64 + 1);
    ui.painter().text(
        pos2(rect.left() + 26.0, y),
        Align2::RIGHT_CENTER,
        number,
        text::mono_small(),
        tokens.faint,
    );
    dot(ui, pos2(rect.left() + 40.0, y), tone);
    let ttl_width = (rect.width() * TTL_SHARE).clamp(TTL_LEAST, TTL_MOST);
    let left_at = Rect::from_min_max(
        pos2(rect.right() - ttl_width - size::PAD, rect.top()),
        pos2(rect.right() - size::PAD, rect.bottom()),
    );
    ttl::paint(ui, left_at, ttl::of(session, claim.meta.lease, world.now));
    let left = rect.left() + 54.0;
    let room = left_at.left() - size::PAD - left;
    let upper = elided(ui.painter(), name.as_str(), text::medium(), tokens.text, room);
    let mut parts: Vec<String> = mode_words(claim.mode).map(|mode| mode.into_owned()).into_iter().collect();
    parts.push(time);
    if owner(claim).is_some() && claim.meta.lease != 0 {
        parts.push(lease_short(claim.meta.lease));
    }
    let lower = elided(ui.painter(), parts.join("  ·  "), text::meta(), tokens.second, room);
    ui.painter().galley(pos2(left, y - upper.size().y - 0.5), upper, tokens.text);
    ui.painter().galley(pos2(left, y + 1.5), lower, tokens.second);
    force(ui, session, whole, id, &name, claim, actions);
    response.context_menu(|ui| menu(ui, session, claim, actions));
    if response.clicked() {
        open_key(&claim.key, actions);
    }
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(display_short(&claim.key, 400)));
        let since = if place.holds { claim.turn_since } else { claim.since };
        let since = began(since, claim.meta.create_revision, world.now);
        ui.label(tokens.meta(t!("locks.in_line_since", since = since)));
        ui.label(tokens.meta(t!("locks.open_hint")));
    });
}

/// A button at the end of each place that asks to end its claim.
fn force(
    ui: &mut Ui,
    session: &Session,
    whole: Rect,
    id: egui::Id,
    name: &str,
    claim: &Claim,
    actions: &mut Actions,
) {
    if session.profile.read_only {
        return;
    }
    let tokens = theme::tokens(ui);
    let middle = pos2(whole.right() - size::CONTROL_SMALL / 2.0, whole.center().y);
    let rect = Rect::from_center_size(middle, vec2(size::CONTROL_SMALL, size::CONTROL_SMALL));
    let response = ui.interact(rect, id.with("force"), Sense::click());
    let label = t!("locks.force_of", owner = name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &*label));
    let hot = response.hovered() || response.has_focus();
    if hot {
        ui.painter().rect_filled(rect, size::RADIUS, tokens.soft(tokens.danger));
    }
    let colour = if hot { tokens.danger } else { tokens.faint };
    paint_icon(ui, middle, icons::LOCK_OPEN, size::ICON_SMALL, colour);
    focus_ring(ui, rect, &response);
    if response.on_hover_text(label.into_owned()).clicked() {
        actions.push(Action::AskEndKey(claim.key.clone()));
    }
}

fn menu(ui: &mut Ui, session: &Session, claim: &Claim, actions: &mut Actions) {
    if ui.button(t!("locks.open_key")).clicked() {
        open_key(&claim.key, actions);
        ui.close();
    }
    if claim.meta.lease != 0 && ui.button(lease_name(claim.meta.lease)).clicked() {
        actions.push(Action::ShowLease(claim.meta.lease));
        ui.close();
    }
    if ui.button(t!("locks.copy_key")).clicked() {
        actions.push(Action::CopyText(display_key(&claim.key).into_owned()));
        ui.close();
    }
    ui.separator();
    ui.add_enabled_ui(!session.profile.read_only, |ui| {
        if ui.button(t!("locks.force")).clicked() {
            actions.push(Action::AskEndKey(claim.key.clone()));
            ui.close();
        }
    });
}
