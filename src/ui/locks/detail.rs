//! One lock: who holds it, who waits in which order, how contended it was, who held it before.

use std::sync::Arc;

use egui::{Align, CornerRadius, Frame, Label, Layout, Margin, ScrollArea, Sense, Ui, vec2};
use rust_i18n::t;

use super::{LocksState, Page, contention, line, past, words};
use crate::action::{Action, Actions};
use crate::model::coordination::waits::Cycle;
use crate::model::coordination::{Claim, ClaimForm, ClaimQueue};
use crate::model::key_text::{display_key, display_short};
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::{
    began, confidence_tag, lasted, layout_words, lease_name, mode_words, open_key, owner, owner_or_lease,
};
use crate::ui::theme::{self, icons, size};
use crate::ui::ttl;
use crate::ui::widgets::chip::{Tone, chip, tag};
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{Button, duration_text, icon_button, link, section_header};

/// So many of those who hold together have a card of their own.
const MOST_CARDS: usize = 3;

/// Draws it.
pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    queue: &Arc<ClaimQueue>,
    state: &mut LocksState,
    actions: &mut Actions,
) {
    title(ui, queue, actions);
    let scroll = ScrollArea::vertical().id_salt(("lock detail", &queue.name)).auto_shrink([false, false]);
    scroll.show(ui, |ui| {
        // Beside the scroll bar, not below it.
        Frame::new().inner_margin(Margin { right: size::PAD as i8, ..Margin::ZERO }).show(ui, |ui| {
            let waits = &session.coordination.waits;
            let is_in = |cycle: &&Cycle| cycle.waits.iter().any(|wait| wait.lock == queue.name);
            for cycle in waits.cycles.iter().filter(is_in) {
                deadlock(ui, session, cycle, state);
            }
            for cycle in waits.possible.iter().filter(is_in) {
                possible_deadlock(ui, cycle);
            }
            if queue.claims.is_empty() {
                chip(ui, Tone::Plain, &t!("locks.free"));
                ui.add_space(size::PAD);
            }
            let holders = queue.holders();
            for claim in holders.iter().take(MOST_CARDS) {
                holder(ui, world, session, claim, actions);
            }
            line::show(ui, world, session, queue, actions);
            if queue.form != ClaimForm::SingleKey {
                ui.add_space(size::PAD);
                section_header(ui, &t!("locks.contention"), |_| {});
                contention::plot(ui, &queue.contention, session.coordination.watched_since, world.now);
            }
            past::show(ui, world, queue);
            ui.add_space(size::GROUP);
        });
    });
    queue.claims.iter().for_each(|claim| state.leases.see(claim.meta.lease));
}

fn title(ui: &mut Ui, queue: &ClaimQueue, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.horizontal_top(|ui| {
        let room = (ui.available_width() - size::CONTROL_SMALL - size::PAD).max(40.0);
        ui.allocate_ui_with_layout(vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.add_space(3.0);
            ui.add(Label::new(tokens.title(display_short(&queue.name, 300))).wrap().selectable(true));
        });
        if icon_button(ui, icons::COPY, &t!("locks.copy_name"), None).clicked() {
            actions.push(Action::CopyText(display_key(&queue.name).into_owned()));
        }
    });
    ui.horizontal_wrapped(|ui| {
        tag(ui, &words::form_words(queue.form), Tone::Plain);
        if let Some(layout) = layout_words(queue.layout) {
            tag(ui, &layout, Tone::Plain).on_hover_text(t!("locks.layout_hint"));
        }
        confidence_tag(ui, queue.confidence);
    });
    ui.add_space(size::PAD);
}

/// That the lock is a part of a deadlock, and of which.
fn deadlock(ui: &mut Ui, session: &Session, cycle: &Cycle, state: &mut LocksState) {
    let tokens = theme::tokens(ui);
    card(ui, Tone::Danger, icons::WARNING, |ui| {
        ui.label(tokens.strong(t!("locks.deadlock")));
        let words = t!("locks.deadlock_of", circle = words::circle(cycle));
        ui.add(Label::new(tokens.secondary(words)).wrap()).on_hover_text(words::locks_of(cycle));
        ui.add(Label::new(tokens.hint(t!("locks.tied_by", ways = words::tied_by(cycle)))).wrap());
        ui.add_space(size::GRID);
        let show = t!("locks.show_in_graph");
        if Button::quiet(&show).icon(icons::GIT_MERGE).small().show(ui).clicked() {
            state.page = Page::Graph;
            state.graph.show_deadlock(&session.coordination.waits);
        }
    });
    ui.add_space(size::PAD);
}

/// That the lock may be a part of a deadlock: nothing but a value says so.
fn possible_deadlock(ui: &mut Ui, cycle: &Cycle) {
    let tokens = theme::tokens(ui);
    card(ui, Tone::Changed, icons::QUESTION, |ui| {
        ui.label(tokens.strong(t!("locks.possible")));
        let words = t!("locks.possible_of", circle = words::circle(cycle));
        ui.add(Label::new(tokens.secondary(words)).wrap()).on_hover_text(words::locks_of(cycle));
    });
    ui.add_space(size::PAD);
}

/// Somebody who holds it, large.
fn holder(ui: &mut Ui, world: &World, session: &Session, claim: &Claim, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(14, 12));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            chip(ui, Tone::Live, &t!("locks.holder")).on_hover_text(t!("locks.holder_hint"));
            if let Some(mode) = mode_words(claim.mode) {
                tag(ui, &mode, Tone::Plain);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(tokens.body(held_for(world, session, claim)));
            });
        });
        ui.add_space(size::GRID);
        ui.add(Label::new(tokens.number(owner_or_lease(claim))).truncate().selectable(true));
        let since = began(claim.turn_since, claim.meta.create_revision, world.now);
        ui.add(Label::new(tokens.meta(t!("locks.held_since", since = since))).truncate());
        ui.add_space(size::GRID);
        if claim.meta.lease == 0 {
            ui.label(tokens.meta(t!("locks.no_lease_hint")));
        } else {
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
            ttl::paint(ui, rect, ttl::of(session, claim.meta.lease, world.now));
        }
        ui.horizontal_wrapped(|ui| {
            if claim.meta.lease != 0 && link(ui, &lease_name(claim.meta.lease)).clicked() {
                actions.push(Action::ShowLease(claim.meta.lease));
            }
            let key = t!("locks.open_key");
            let opens = link(ui, &key).on_hover_ui(|ui| {
                ui.label(tokens.mono(display_short(&claim.key, 400)));
            });
            if opens.clicked() {
                open_key(&claim.key, actions);
            }
        });
        ui.add_space(size::GRID);
        let force = t!("locks.force");
        let read_only = session.profile.read_only;
        let button = Button::danger(&force)
            .icon(icons::LOCK_OPEN)
            .small()
            .enabled(!read_only)
            .disabled_hint(t!("locks.read_only"))
            .tooltip(t!("locks.force_hint", owner = owner(claim).unwrap_or_default()));
        if button.show(ui).clicked() {
            actions.push(Action::AskEndKey(claim.key.clone()));
        }
    });
    ui.add_space(size::PAD);
}

/// For how long it is held; what was held before it was watched is held for at least as long as that.
fn held_for(world: &World, session: &Session, claim: &Claim) -> String {
    if let Some(words) = lasted(claim.turn_since, session.known_until(world.now)) {
        return t!("locks.held_for", span = words).into_owned();
    }
    match session.coordination.watched_since {
        Some(since) => {
            let span = duration_text((session.known_until(world.now) - since).max(0) / 1_000);
            t!("locks.held_for_least", span = span).into_owned()
        }
        None => String::new(),
    }
}
