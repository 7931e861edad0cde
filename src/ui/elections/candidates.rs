//! Who stands in line for a leadership, in order.

use std::borrow::Cow;

use egui::{CornerRadius, Label, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::detail::View;
use super::terms::TermsState;
use crate::action::{Action, Actions};
use crate::model::coordination::{Claim, ClaimForm};
use crate::model::key_text::{display_key, display_short};
use crate::ui::coordination::{
    LeasesInSight, lasted, lease_name, lease_short, open_key, owner, owner_or_lease,
};
use crate::ui::theme::{self, size, text};
use crate::ui::ttl;
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::{count_text, elided, section_header};

/// Height of a line: two lines of text.
const LINE: f32 = 42.0;
/// So many are listed.
const MOST: usize = 500;

/// How the claims lie in etcd, in a word or two.
pub fn form_words(form: ClaimForm) -> Cow<'static, str> {
    match form {
        ClaimForm::Queue | ClaimForm::ReadWrite => t!("elections.form.queue"),
        ClaimForm::SingleKey => t!("elections.form.single"),
    }
}

/// What follows from it.
pub fn form_hint(form: ClaimForm) -> Cow<'static, str> {
    match form {
        ClaimForm::Queue | ClaimForm::ReadWrite => t!("elections.form.queue_hint"),
        ClaimForm::SingleKey => t!("elections.form.single_hint"),
    }
}

/// Draws them, the leader first.
pub fn show(
    ui: &mut Ui,
    view: &View<'_>,
    state: &mut TermsState,
    leases: &mut LeasesInSight,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let claims = &view.queue.claims;
    section_header(ui, &t!("elections.candidates"), |ui| {
        ui.label(tokens.hint(count_text(claims.len() as u64)));
    });
    for (place, claim) in claims.iter().take(MOST).enumerate() {
        line(ui, view, place, claim, state, leases, actions);
    }
    if claims.len() > MOST {
        let more = count_text((claims.len() - MOST) as u64);
        ui.label(tokens.hint(t!("elections.more", count = more)));
    }
    if view.queue.form == ClaimForm::SingleKey {
        let words = tokens.hint(t!("elections.form.single_hint"));
        // Columns would stretch its lines.
        ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| ui.add(Label::new(words).wrap()));
    }
    ui.add_space(size::PAD);
}

fn line(
    ui: &mut Ui,
    view: &View<'_>,
    place: usize,
    claim: &Claim,
    state: &mut TermsState,
    leases: &mut LeasesInSight,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), LINE));
    let response = ui.interact(rect, ui.scope_id().with(("candidate", &claim.key)), Sense::click());
    let leads = place == 0;
    let name = owner_or_lease(claim);
    response.widget_info(|| {
        let role = if leads { t!("elections.leader") } else { t!("elections.candidate") };
        let label = t!("elections.place", place = place + 1, who = name, role = role);
        WidgetInfo::labeled(Role::Button, true, label)
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    leases.see(claim.meta.lease);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS_SMALL), tokens.hover);
    }
    let y = rect.center().y;
    let number = ui.painter().layout_no_wrap((place + 1).to_string(), text::mono_small(), tokens.faint);
    let at = pos2(rect.left() + 22.0 - number.size().x, y - number.size().y / 2.0);
    ui.painter().galley(at, number, tokens.faint);
    dot(ui, pos2(rect.left() + 34.0, y), if leads { Tone::Live } else { Tone::Waiting });
    let swatch = Rect::from_min_max(
        pos2(rect.left() + 44.0, rect.top() + 6.0),
        pos2(rect.left() + 48.0, rect.bottom() - 6.0),
    );
    ui.painter().rect_filled(
        swatch,
        CornerRadius::same(2),
        tokens.category(state.colour(claim.meta.lease, &name)),
    );

    let left = rect.left() + 56.0;
    let wide = (rect.width() * 0.32).clamp(64.0, 150.0);
    let bar = Rect::from_min_max(
        pos2(rect.right() - wide - size::PAD, rect.top()),
        rect.right_bottom() - vec2(size::PAD, 0.0),
    );
    let right = if claim.meta.lease == 0 {
        rect.right()
    } else {
        ttl::paint(ui, bar, ttl::of(view.session, claim.meta.lease, view.world.now));
        bar.left()
    };
    let room = right - size::PAD - left;
    let upper = elided(ui.painter(), name, text::medium(), tokens.text, room);
    let lower = elided(ui.painter(), below(view, claim, leads), text::mono_small(), tokens.faint, room);
    ui.painter().galley(pos2(left, y - upper.size().y - 0.5), upper, tokens.text);
    ui.painter().galley(pos2(left, y + 1.5), lower, tokens.faint);
    focus_ring(ui, rect.shrink(2.0), &response);

    response.context_menu(|ui| menu(ui, claim, actions));
    if response.clicked() {
        open_key(&claim.key, actions);
    }
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(display_short(&claim.key, 400)));
        ui.label(tokens.meta(lease_name(claim.meta.lease)));
        ui.label(tokens.meta(t!("elections.open_hint")));
    });
}

/// Since when it waits, its lease, its revision.
fn below(view: &View<'_>, claim: &Claim, leads: bool) -> String {
    let mut words = Vec::new();
    if let Some(time) = lasted(claim.since, view.world.now).filter(|_| !leads) {
        words.push(t!("elections.waits", time = time).into_owned());
    }
    if owner(claim).is_some() && claim.meta.lease != 0 {
        words.push(lease_short(claim.meta.lease));
    }
    words.push(format!("r{}", claim.meta.create_revision));
    words.join("  ")
}

fn menu(ui: &mut Ui, claim: &Claim, actions: &mut Actions) {
    if ui.button(t!("elections.open_key")).clicked() {
        open_key(&claim.key, actions);
        ui.close();
    }
    if claim.meta.lease != 0 && ui.button(t!("elections.show_lease")).clicked() {
        actions.push(Action::ShowLease(claim.meta.lease));
        ui.close();
    }
    if ui.button(t!("elections.copy_key")).clicked() {
        actions.push(Action::CopyText(display_key(&claim.key).into_owned()));
        ui.close();
    }
    if ui.button(t!("elections.withdraw")).clicked() {
        actions.push(Action::AskEndKey(claim.key.clone()));
        ui.close();
    }
}
