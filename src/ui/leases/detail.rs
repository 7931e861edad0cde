//! One lease: what it has left, what lives on it, what goes when it ends, and what can be done.

use egui::{CornerRadius, Frame, Label, Margin, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::meaning::{self, Words};
use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::coordination::{LeaseUse, Meaning};
use crate::model::key_text::display_short;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::{lease_text, open_key};
use crate::ui::keys::words::keys as keys_text;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::ttl::{self, Ttl};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::{
    Button, clock_text, count_text, duration_text, elided, icon_button, property, property_mono,
    section_header, time_text,
};

/// Height of a line of a key: two lines of text.
const LINE: f32 = 44.0;
/// So many keys are listed.
const MOST_LINES: usize = 200;
/// So many ends are told.
const MOST_ENDS: usize = 6;

/// An id as `etcdctl` takes it: hexadecimal without leading zeros.
pub(super) fn hex(lease: i64) -> String {
    format!("{lease:x}")
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, world: &World, session: &Session, lease: i64, actions: &mut Actions) {
    title(ui, lease, actions);
    ScrollArea::vertical().id_salt(("lease detail", lease)).auto_shrink([false, false]).show(ui, |ui| {
        // Beside the scroll bar, not below it.
        Frame::new().inner_margin(Margin { right: size::PAD as i8, ..Margin::ZERO }).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = size::GRID;
            let used = session.coordination.leases.get(&lease).map(|used| &**used);
            time_left(ui, world, session, lease, used, actions);
            ends(ui, session, used, actions);
            let gone = used.is_none() && ttl::of(session, lease, world.now) == Ttl::Gone;
            if !gone {
                keys(ui, session, used, actions);
            }
            facts(ui, world, session, lease, used, actions);
        });
    });
}

fn title(ui: &mut Ui, lease: i64, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(size::BAR);
        ui.label(tokens.title(t!("leases.lease")));
        ui.add(Label::new(tokens.mono(lease_text(lease))).truncate().selectable(true));
        if icon_button(ui, icons::COPY, &t!("leases.copy_hex"), None).clicked() {
            actions.push(Action::CopyText(hex(lease)));
        }
    });
}

/// What it has left, large, with what can be done.
fn time_left(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    lease: i64,
    used: Option<&LeaseUse>,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let info = session.leases.get(&lease);
    let left = ttl::of(session, lease, world.now);
    let card = Frame::new()
        .fill(tokens.raised)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(14, 12));
    card.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = size::GRID;
        let words = match left {
            Ttl::Unknown => t!("leases.left_unknown").into_owned(),
            Ttl::Gone => t!("leases.left_gone").into_owned(),
            Ttl::Left { secs, .. } => t!("leases.left", left = duration_text(secs)).into_owned(),
        };
        ui.add(Label::new(tokens.number(words)).truncate());
        let granted = info.filter(|info| info.granted_secs > 0).map(|info| duration_text(info.granted_secs));
        if let Some(granted) = granted {
            ui.label(tokens.meta(t!("leases.of_granted", granted = granted)));
        }
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::PAD), Sense::hover());
        ttl::paint_bar(ui, rect, left);
        if left == Ttl::Gone && used.is_none() {
            return;
        }
        ui.add_space(size::GRID);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(size::PAD, size::GRID);
            let writable = !session.profile.read_only;
            let hint = t!("leases.read_only");
            let (keep, attach, revoke) = (t!("leases.keep"), t!("leases.attach"), t!("leases.revoke"));
            let keep = Button::quiet(&keep).icon(icons::HEARTBEAT).small().enabled(writable);
            if keep.tooltip(t!("leases.keep_hint")).disabled_hint(&*hint).show(ui).clicked() {
                actions.push(Action::KeepLease(lease));
            }
            let attach = Button::quiet(&attach).icon(icons::LINK).small().enabled(writable);
            if attach.disabled_hint(&*hint).show(ui).clicked() {
                actions.push(Action::AskAttach(lease));
            }
            let revoke = Button::danger(&revoke).icon(icons::PROHIBIT).small().enabled(writable);
            if revoke.disabled_hint(&*hint).show(ui).clicked() {
                actions.push(Action::AskEndLease(lease));
            }
        });
    });
}

/// What goes when it ends, in order of weight.
fn ends(ui: &mut Ui, session: &Session, used: Option<&LeaseUse>, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let Some(used) = used.filter(|used| !used.keys.is_empty()) else { return };
    let all = used.keys.iter().map(|(key, meaning)| (key, &**meaning));
    let (told, others) = meaning::end_of_all(session, all, MOST_ENDS);
    if told.is_empty() {
        return;
    }
    section_header(ui, &t!("leases.ends"), |_| {});
    for words in &told {
        linked(ui, words, actions);
    }
    if others > 0 {
        ui.label(tokens.hint(t!("leases.other_keys", keys = keys_text(others as u64))));
    }
    unseen(ui, session);
}

/// Says that there may be keys that this user does not see.
fn unseen(ui: &mut Ui, session: &Session) {
    if session.sees_a_part() {
        ui.add(Label::new(theme::tokens(ui).hint(t!("leases.unseen_keys"))).wrap());
    }
}

/// A line with an icon that leads to a screen, where there is one.
fn linked(ui: &mut Ui, words: &Words, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), size::ROW));
    let response = ui.interact(rect, ui.scope_id().with(("end", &words.text)), Sense::click());
    let enabled = words.leads_to.is_some();
    response.widget_info(|| WidgetInfo::labeled(Role::Link, enabled, &words.text));
    if enabled && (response.hovered() || response.has_focus()) {
        ui.painter().rect_filled(rect, size::RADIUS_SMALL, tokens.hover);
    }
    let y = rect.center().y;
    let colour = words.tone.colour(tokens);
    paint_icon(ui, pos2(rect.left() + size::ICON_SMALL, y), words.icon, size::ICON_SMALL, colour);
    let room = rect.width() - 30.0;
    let galley = elided(ui.painter(), words.text.as_str(), text::body(), tokens.text, room);
    ui.painter().galley(pos2(rect.left() + 26.0, y - galley.size().y / 2.0), galley, tokens.text);
    if let Some(action) = words.leads_to.as_ref().filter(|_| response.clicked()) {
        actions.push(action.clone());
    }
    response.on_hover_text(words.text.as_str());
}

/// The keys attached to it, with what they mean.
fn keys(ui: &mut Ui, session: &Session, used: Option<&LeaseUse>, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let count = used.map_or(0, |used| used.keys.len());
    section_header(ui, &t!("leases.keys"), |ui| {
        let count = count_text(count as u64);
        let words = if session.sees_a_part() { t!("leases.seen_keys", count = count) } else { count.into() };
        ui.label(tokens.hint(words));
    });
    let Some(used) = used.filter(|_| count > 0) else {
        if session.sees_a_part() {
            unseen(ui, session);
        } else {
            ui.add(Label::new(tokens.hint(t!("leases.no_keys_hint"))).wrap());
        }
        return;
    };
    for (key, meaning) in used.keys.iter().take(MOST_LINES) {
        key_line(ui, session, key, meaning, actions);
    }
    if count > MOST_LINES {
        ui.label(tokens.hint(t!("leases.more", count = count_text((count - MOST_LINES) as u64))));
    }
}

fn key_line(ui: &mut Ui, session: &Session, key: &Key, meaning: &Meaning, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let height = if *meaning == Meaning::Other { size::ROW } else { LINE };
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), height));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let response = ui.interact(rect, ui.scope_id().with(("key", key)), Sense::click());
    let words = meaning::is(session, key, meaning);
    let shown = display_short(key, 300);
    response.widget_info(|| {
        let label = if *meaning == Meaning::Other {
            t!("leases.key_line", key = shown)
        } else {
            t!("leases.key_line_means", key = shown, means = words.text)
        };
        WidgetInfo::labeled(Role::Button, true, label)
    });
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, size::RADIUS_SMALL, tokens.hover);
    }
    let colour = words.tone.colour(tokens);
    paint_icon(
        ui,
        pos2(rect.left() + size::ICON_SMALL, rect.center().y),
        words.icon,
        size::ICON_SMALL,
        colour,
    );
    let (left, room) = (rect.left() + 26.0, rect.width() - 30.0);
    let path = elided(ui.painter(), shown.as_ref(), text::mono_small(), tokens.second, room);
    if *meaning == Meaning::Other {
        let at = pos2(left, rect.center().y - path.size().y / 2.0);
        ui.painter().galley(at, path, tokens.second);
    } else {
        let upper = elided(ui.painter(), words.text.as_str(), text::medium(), tokens.text, room);
        ui.painter().galley(pos2(left, rect.center().y - upper.size().y - 0.5), upper, tokens.text);
        ui.painter().galley(pos2(left, rect.center().y + 1.5), path, tokens.second);
    }
    response.context_menu(|ui| {
        if let Some(action) = &words.leads_to
            && ui.button(t!("leases.show_meaning")).clicked()
        {
            actions.push(action.clone());
            ui.close();
        }
        if ui.button(t!("leases.open_key")).clicked() {
            open_key(key, actions);
            ui.close();
        }
        if ui.button(t!("leases.copy_key")).clicked() {
            actions.push(Action::CopyText(meaning::key_text(key)));
            ui.close();
        }
    });
    if response.clicked() {
        open_key(key, actions);
    }
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(shown.as_ref()));
        ui.label(tokens.meta(t!("leases.open_key_hint")));
    });
}

fn facts(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    lease: i64,
    used: Option<&LeaseUse>,
    actions: &mut Actions,
) {
    section_header(ui, &t!("leases.facts"), |_| {});
    let mut copied = Vec::new();
    copied.extend(property_mono(ui, &t!("leases.hex"), &hex(lease)));
    copied.extend(property_mono(ui, &t!("leases.decimal"), &lease.to_string()));
    let since = match used.map(|used| used.since) {
        Some(Some(since)) => time_text(since, world.now),
        Some(None) => t!("leases.before_watched").into_owned(),
        None => "–".to_owned(),
    };
    copied.extend(property(ui, &t!("leases.since"), &since));
    if let Some(info) = session.leases.get(&lease) {
        copied.extend(property(ui, &t!("leases.asked"), &clock_text(info.seen_at, world.now)));
    }
    for text in copied {
        actions.push(Action::CopyText(text));
    }
}
