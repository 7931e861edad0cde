//! One election: its leader large, the timeline of its terms, and who stands in line.

use std::sync::Arc;

use egui::{Align, Frame, Label, Layout, Margin, ScrollArea, Sense, Ui, vec2};
use rust_i18n::t;

use super::candidates;
use super::listed::Election;
use super::terms::{self, End, Span, Term, TermsState, Watched, since_words};
use crate::action::{Action, Actions};
use crate::model::coordination::{ClaimQueue, EndCause, MOST_TENURES, Tenure};
use crate::model::key_text::{display_key, display_short};
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::world::World;
use crate::ui::coordination::{
    LeasesInSight, cause_look, cause_words, confidence_tag, large_card, layout_words, lease_name, open_key,
    owner_or_lease,
};
use crate::ui::theme::{self, icons, size};
use crate::ui::ttl;
use crate::ui::widgets::chip::{Tone, chip, tag};
use crate::ui::widgets::notice::card;
use crate::ui::widgets::term_strip::BlockLook;
use crate::ui::widgets::{Button, clock_text, count_text, icon_button, link};

/// From this width on the candidates and the list of terms stand beside each other.
const ROOM_FOR_TWO: f32 = 620.0;
/// Nobody is said to have led where that lasted so long, in milliseconds; less is a handing over.
const NOBODY_MS: i64 = 1_000;
/// The lease's bar is not wider.
const BAR_WIDTH: f32 = 420.0;

/// What is looked at.
pub struct View<'a> {
    /// Everything.
    pub world: &'a World,
    /// The connection.
    pub session: &'a Session,
    /// The election as it is.
    pub queue: &'a Arc<ClaimQueue>,
    /// How often its leader changed.
    pub changes: &'a Election,
}

/// Draws it.
pub fn show(
    ui: &mut Ui,
    view: &View<'_>,
    state: &mut TermsState,
    leases: &mut LeasesInSight,
    actions: &mut Actions,
) {
    state.colours_of(view.session.id, Some(&view.queue.name));
    let terms = terms_of(view, state);
    title(ui, view, actions);
    let id = ("election detail", &view.queue.name);
    ScrollArea::vertical().id_salt(id).auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { right: 12, bottom: 12, ..Margin::ZERO }).show(ui, |ui| {
            alert(ui, view);
            leader(ui, view, leases, actions);
            let watched = watched(view.session, &terms, view.world.now);
            terms::strip(ui, &terms, watched, span(view), state);
            if ui.available_width() >= ROOM_FOR_TWO {
                ui.spacing_mut().item_spacing.x = size::GROUP;
                ui.columns(2, |columns| {
                    if let [left, right] = columns {
                        candidates::show(left, view, state, leases, actions);
                        terms::list(right, &terms, watched, state);
                    }
                });
            } else {
                candidates::show(ui, view, state, leases, actions);
                terms::list(ui, &terms, watched, state);
            }
        });
    });
}

fn title(ui: &mut Ui, view: &View<'_>, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let queue = view.queue;
    ui.horizontal_top(|ui| {
        let room = (ui.available_width() - size::CONTROL_SMALL - size::PAD - 12.0).max(40.0);
        ui.allocate_ui_with_layout(vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.add_space(3.0);
            ui.add(Label::new(tokens.title(display_short(&queue.name, 300))).wrap().selectable(true));
        });
        if icon_button(ui, icons::COPY, &t!("elections.copy_name"), None).clicked() {
            actions.push(Action::CopyText(display_key(&queue.name).into_owned()));
        }
    });
    ui.horizontal(|ui| {
        if let Some(layout) = layout_words(queue.layout) {
            tag(ui, &layout, Tone::Plain);
        }
        tag(ui, &candidates::form_words(queue.form), Tone::Plain)
            .on_hover_text(candidates::form_hint(queue.form));
        confidence_tag(ui, queue.confidence);
    });
    ui.add_space(size::PAD);
}

/// Says that the leader changes too often.
fn alert(ui: &mut Ui, view: &View<'_>) {
    if !view.changes.alert {
        return;
    }
    let tokens = theme::tokens(ui);
    let settings = &view.session.profile.coordination;
    card(ui, Tone::Danger, icons::WARNING, |ui| {
        let count = changes_text(view.changes.changes);
        let words = t!("elections.alert", count = count, minutes = settings.alert_minutes);
        ui.add(Label::new(tokens.strong(words)).wrap());
        let words = t!("elections.alert_hint", limit = settings.alert_changes);
        ui.add(Label::new(tokens.secondary(words)).wrap());
    });
    ui.add_space(size::PAD);
}

/// How often a leader changed; of more than are kept it is not known how many.
#[must_use]
pub fn changes_text(changes: usize) -> String {
    let words = count_text(changes as u64);
    if changes >= MOST_TENURES { format!("{words}+") } else { words }
}

/// The leader, large.
fn leader(ui: &mut Ui, view: &View<'_>, leases: &mut LeasesInSight, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    large_card(ui, |ui| {
        let now = view.world.now;
        let Some(holder) = view.queue.holder() else {
            nobody(ui, view.queue, now);
            return;
        };
        ui.horizontal(|ui| {
            let known_until = view.session.known_until(now);
            if known_until < now {
                chip(ui, Tone::Changed, &t!("elections.led_then", time = clock_text(known_until, now)));
            } else {
                chip(ui, Tone::Live, &t!("elections.leader")).on_hover_text(t!("elections.leader_hint"));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let before = t!("elections.before_revision", revision = holder.meta.create_revision);
                let since = since_words(holder.turn_since, &before, now);
                ui.add(Label::new(tokens.meta(since)).truncate());
            });
        });
        ui.add_space(size::GRID);
        ui.add(Label::new(tokens.number(owner_or_lease(holder))).truncate().selectable(true));
        ui.add_space(size::GRID);
        let lease = holder.meta.lease;
        leases.see(lease);
        if lease == 0 {
            ui.add(Label::new(tokens.hint(t!("elections.no_lease"))).wrap());
        } else {
            let wide = ui.available_width().min(BAR_WIDTH);
            let (rect, response) = ui.allocate_exact_size(vec2(wide, size::ROW), Sense::hover());
            let left = ttl::of(view.session, lease, now);
            ttl::paint(ui, rect, left);
            let spoken = t!("elections.lease_left", time = left.words()).into_owned();
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
        }
        ui.add_space(size::GRID);
        ui.horizontal_wrapped(|ui| {
            let read_only = view.session.profile.read_only;
            let words = t!("elections.step_down");
            let button = Button::danger(&words)
                .icon(icons::SIGN_OUT)
                .small()
                .enabled(!read_only)
                .tooltip(t!("elections.step_down_hint"))
                .disabled_hint(t!("elections.read_only"));
            if button.show(ui).clicked() {
                actions.push(Action::AskEndKey(holder.key.clone()));
            }
            if Button::quiet(&t!("elections.open_key")).icon(icons::FILE_TEXT).small().show(ui).clicked() {
                open_key(&holder.key, actions);
            }
            if lease != 0 && link(ui, &lease_name(lease)).clicked() {
                actions.push(Action::ShowLease(lease));
            }
        });
    });
    ui.add_space(size::PAD);
}

fn nobody(ui: &mut Ui, queue: &ClaimQueue, now: SeenAt) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        chip(ui, Tone::Danger, &t!("elections.nobody"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let since = queue.past.back().map(|tenure| tenure.until);
            ui.add(Label::new(tokens.meta(since_words(since, "", now))).truncate());
        });
    });
    ui.add_space(size::GRID);
    if let Some(last) = queue.past.back() {
        let words = t!("elections.led_last", who = owner_or_lease(&last.claim), end = ended(last.cause));
        ui.add(Label::new(tokens.secondary(words)).wrap());
    }
}

/// How a term ended, in a word or two.
fn ended(cause: EndCause) -> String {
    match cause {
        EndCause::Released => t!("elections.resigned").into_owned(),
        cause => cause_words(cause).into_owned(),
    }
}

/// All terms that are known, oldest first, the present one last.
fn terms_of(view: &View<'_>, state: &mut TermsState) -> Vec<Term> {
    let queue = view.queue;
    let mut terms = Vec::with_capacity(queue.past.len() + 2);
    let mut before: Option<SeenAt> = None;
    for tenure in queue.past.iter() {
        vacancy(&mut terms, before, tenure.claim.turn_since);
        before = Some(tenure.until);
        terms.push(past_term(tenure, state));
    }
    match queue.holder() {
        Some(holder) => {
            vacancy(&mut terms, before, holder.turn_since);
            let who = owner_or_lease(holder);
            terms.push(Term {
                look: BlockLook::Of(state.colour(holder.meta.lease, &who)),
                who,
                from: holder.turn_since,
                until: None,
                end: None,
                note: format!("r{}", holder.meta.create_revision),
            });
        }
        None if before.is_some() => terms.push(nobody_from(before, None)),
        None => {}
    }
    terms
}

fn past_term(tenure: &Tenure, state: &mut TermsState) -> Term {
    let who = owner_or_lease(&tenure.claim);
    let (icon, tone, hint) = cause_look(tenure.cause);
    let hint = match tenure.cause {
        EndCause::Released => t!("elections.resigned_hint"),
        _ => hint,
    };
    let icon = if tenure.cause == EndCause::Released { icons::SIGN_OUT } else { icon };
    let end = End { icon, tone, words: ended(tenure.cause), hint: hint.into_owned() };
    Term {
        look: BlockLook::Of(state.colour(tenure.claim.meta.lease, &who)),
        who,
        from: tenure.claim.turn_since,
        until: Some(tenure.until),
        end: Some(end),
        note: format!("r{}–r{}", tenure.from_revision, tenure.until_revision),
    }
}

/// A time without a leader, where it lasted long enough to be one.
fn vacancy(terms: &mut Vec<Term>, before: Option<SeenAt>, next: Option<SeenAt>) {
    if let (Some(before), Some(next)) = (before, next)
        && next - before >= NOBODY_MS
    {
        terms.push(nobody_from(Some(before), Some(next)));
    }
}

fn nobody_from(from: Option<SeenAt>, until: Option<SeenAt>) -> Term {
    let who = t!("elections.nobody_short").into_owned();
    Term { who, look: BlockLook::Nobody, from, until, end: None, note: String::new() }
}

/// How much is shown at first: of a leader that changes too often what changed lately.
fn span(view: &View<'_>) -> Span {
    if view.changes.alert { Span::Minutes } else { Span::Hour }
}

/// The time watched, and up to when it is known.
fn watched(session: &Session, terms: &[Term], now: SeenAt) -> Watched {
    let first = terms.iter().find_map(|term| term.from.or(term.until));
    let since = match (session.coordination.watched_since, first) {
        (Some(watched), Some(first)) => watched.min(first),
        (Some(known), None) | (None, Some(known)) => known,
        (None, None) => now,
    };
    let known_until = session.known_until(now);
    Watched { since: since.min(now), known_until, now }
}
