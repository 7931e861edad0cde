//! What is known of the selection.

use egui::{Align, Label, Layout, ScrollArea, Ui, vec2};
use rust_i18n::t;

use super::tree_rows::ClaimMark;
use super::{SessionView, words};
use crate::action::{Action, Actions};
use crate::model::activity::DeletedKey;
use crate::model::bytes::{Key, Value};
use crate::model::key_text::display_short;
use crate::model::record::KeyMeta;
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::ttl;
use crate::ui::widgets::button::link;
use crate::ui::widgets::{
    Button, bytes_text, clock_text, count_text, icon_button, property, property_mono, section_header,
    time_text,
};

/// A TTL is asked for again after so long, in milliseconds.
const TTL_EVERY_MS: i64 = 10_000;
/// A key of 64 KB would fill the panel.
const MAX_KEY_CHARS: usize = 400;
/// Larger selections are not looked through in every frame.
const MAX_COUNTED_ROWS: usize = 2_000;

/// Draws the panel.
pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    view: &mut SessionView,
    close: &mut bool,
    actions: &mut Actions,
) {
    section_header(ui, &t!("keys.details.title"), |ui| {
        if icon_button(ui, icons::X, &t!("keys.details.close"), None).clicked() {
            *close = true;
        }
    });
    ScrollArea::vertical().id_salt("details").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let shown = session.active_document.as_ref().map(|key| TreeItem::key(key.clone()));
        let target = session.cursor.clone().or(shown);
        if session.selected.len() > 1 {
            selection(ui, session, actions);
        } else if let Some(item) = target {
            one(ui, world, session, view, &item, actions);
        } else {
            everything(ui, world, session, view, actions);
        }
    });
}

/// Nothing is selected: what is known of all keys.
fn everything(ui: &mut Ui, world: &World, session: &Session, view: &mut SessionView, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.add_space(size::GRID);
    ui.label(tokens.strong(t!("keys.header.everything")));
    ui.add_space(size::PAD);
    folder(ui, world, session, view, &Key::from(&b""[..]), actions);
    ui.add_space(size::GROUP);
    ui.add(Label::new(tokens.hint(t!("keys.details.none_hint"))).wrap());
}

fn one(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    view: &mut SessionView,
    item: &TreeItem,
    actions: &mut Actions,
) {
    let path = &item.path;
    if let Some(known) = session.keyspace.get(path).filter(|_| !item.is_folder()) {
        name(ui, path, actions);
        key(ui, world, session, view, path, known.meta, known.value, actions);
    } else if item.is_folder() && session.keyspace.folder(path).is_some() {
        name(ui, path, actions);
        folder(ui, world, session, view, path, actions);
    } else if !item.is_folder() && session.deleted_key(path).is_some() {
        name(ui, path, actions);
        deleted(ui, world, session, path, actions);
    } else if let Some(gone) = session.deleted_below(path).filter(|_| item.is_folder()) {
        name(ui, path, actions);
        deleted_folder(ui, world, session, path, gone, actions);
    } else {
        name(ui, path, actions);
        let tokens = theme::tokens(ui);
        ui.add(Label::new(tokens.secondary(t!("keys.details.not_there"))).wrap());
    }
}

/// The whole key, to be read and copied.
fn name(ui: &mut Ui, path: &Key, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let shown = match display_short(path, MAX_KEY_CHARS) {
        shown if shown.is_empty() => t!("keys.tree.empty_key").into_owned(),
        shown => shown.into_owned(),
    };
    ui.horizontal_top(|ui| {
        let room = (ui.available_width() - size::CONTROL_SMALL - size::PAD).max(40.0);
        ui.allocate_ui_with_layout(vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.add_space(3.0);
            ui.add(Label::new(tokens.mono(shown)).wrap().selectable(true));
        });
        if icon_button(ui, icons::COPY, &t!("keys.details.copy_key"), None).clicked() {
            let whole = crate::model::key_text::display_key(path).into_owned();
            actions.push(Action::CopyText(whole));
        }
    });
    ui.add_space(size::PAD);
}

fn key(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    view: &mut SessionView,
    path: &Key,
    meta: KeyMeta,
    value: Option<&Value>,
    actions: &mut Actions,
) {
    number(ui, "keys.details.mod_revision", meta.mod_revision, actions);
    number(ui, "keys.details.create_revision", meta.create_revision, actions);
    number(ui, "keys.details.version", meta.version, actions);
    lease(ui, world, session, view, meta.lease, actions);
    let opened = session.document(path).and_then(|document| document.base_record());
    let value = value
        .or_else(|| opened.filter(|record| record.meta.mod_revision == meta.mod_revision)?.value.as_ref());
    match value {
        Some(value) => {
            copyable(ui, &t!("keys.details.size"), &bytes_text(value.len() as u64), actions);
            let facts = view.facts.of_value(path, meta.mod_revision, value);
            let name = format!("keys.format.{}", facts.format.name());
            let format = t!(&name).into_owned();
            let words = match facts.valid {
                Some(true) => format!("{format} ✓"),
                Some(false) => t!("keys.details.invalid", format = format).into_owned(),
                None => format,
            };
            copyable(ui, &t!("keys.details.format"), &words, actions);
        }
        None => copyable(ui, &t!("keys.details.size"), &t!("keys.details.not_loaded"), actions),
    }
    last_change(ui, world, session, path, actions);
    as_of(ui, world, session, actions);
    claim(ui, session, path, actions);
}

/// What the key stands for in a lock or an election.
fn claim(ui: &mut Ui, session: &Session, path: &Key, actions: &mut Actions) {
    use crate::model::coordination::ClaimKind;
    use crate::model::session::Screen;
    let Some(mark) = ClaimMark::of(session, path, None) else { return };
    let (words, screen) = match (mark.kind, mark.place) {
        (ClaimKind::Lock, 0) => (t!("keys.details.holds"), Screen::Locks),
        (ClaimKind::Lock, place) => (t!("keys.details.waits_lock", place = place), Screen::Locks),
        (ClaimKind::Election, 0) => (t!("keys.details.leads"), Screen::Elections),
        (ClaimKind::Election, place) => (t!("keys.details.waits_election", place = place), Screen::Elections),
    };
    copyable(ui, &t!("keys.details.claim"), &words, actions);
    let show = if screen == Screen::Locks {
        t!("keys.details.show_locks")
    } else {
        t!("keys.details.show_elections")
    };
    if session.screen != screen && link(ui, &show).clicked() {
        actions.push(Action::ShowScreen(screen));
    }
}

fn lease(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    view: &mut SessionView,
    lease: i64,
    actions: &mut Actions,
) {
    let label = t!("keys.details.lease");
    if lease == 0 {
        copyable(ui, &label, "–", actions);
        return;
    }
    if let Some(text) = property_mono(ui, &label, &words::hex(lease)) {
        actions.push(Action::CopyText(text));
    }
    let info = session.leases.get(&lease);
    let old = info.is_none_or(|info| world.now - info.seen_at > TTL_EVERY_MS);
    // Asked in the future: the clock has been set back since.
    let lately = |at| (0..TTL_EVERY_MS).contains(&(world.now - at));
    let asked_lately = view.asked_lease.is_some_and(|(asked, at)| asked == lease && lately(at));
    if old && !asked_lately {
        view.asked_lease = Some((lease, world.now));
        actions.push(Action::LoadLeases(vec![lease]));
    }
    ttl::property_row(ui, &t!("keys.details.ttl"), ttl::of(session, lease, world.now));
    ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
}

fn last_change(ui: &mut Ui, world: &World, session: &Session, path: &Key, actions: &mut Actions) {
    if let Some((_, seen_at)) = session.activity.newest(path) {
        copyable(ui, &t!("keys.details.last_change"), &time_text(seen_at, world.now), actions);
        ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
    }
}

/// How true all this is.
fn as_of(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    use crate::model::status::MirrorState;
    let revision = session.applied.to_string();
    let words = match &session.state {
        MirrorState::Live => t!("keys.details.live_at", revision = revision),
        MirrorState::Stale { since, .. } => {
            t!("keys.details.stale_at", revision = revision, time = clock_text(*since, world.now))
        }
        _ => t!("keys.details.not_live_at", revision = revision),
    };
    copyable(ui, &t!("keys.details.as_of"), &words, actions);
}

fn folder(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    view: &mut SessionView,
    path: &Key,
    actions: &mut Actions,
) {
    let Some(found) = session.keyspace.folder(path) else { return };
    copyable(ui, &t!("keys.details.keys"), &count_text(found.keys()), actions);
    copyable(ui, &t!("keys.details.children"), &count_text(found.children() as u64), actions);
    let changes = if path.is_empty() {
        session.activity.rate(world.now).iter().map(|count| u64::from(*count)).sum()
    } else {
        u64::from(session.activity.folder_count(path))
    };
    copyable(ui, &t!("keys.details.changes"), &count_text(changes), actions);
    let leased = match view.facts.leased_in(session, path, world.now) {
        Some(leased) => count_text(leased),
        None => t!("keys.details.not_counted").into_owned(),
    };
    copyable(ui, &t!("keys.details.leased"), &leased, actions);
    as_of(ui, world, session, actions);
}

fn deleted(ui: &mut Ui, world: &World, session: &Session, path: &Key, actions: &mut Actions) {
    let Some(deleted) = session.deleted_key(path) else { return };
    if deleted.seen_at > 0 && !deleted.found {
        copyable(ui, &t!("keys.details.deleted_at"), &time_text(deleted.seen_at, world.now), actions);
    }
    // What it was when it went, nobody saw: only what is known is said.
    let (revision, version) = if deleted.found {
        ("keys.details.found_gone_revision", "keys.details.last_known_version")
    } else {
        ("keys.details.deleted_revision", "keys.details.version")
    };
    number(ui, revision, deleted.revision, actions);
    number(ui, version, deleted.last.meta.version, actions);
    if let Some(value) = &deleted.last.value {
        copyable(ui, &t!("keys.details.size"), &bytes_text(value.len() as u64), actions);
    }
    ui.add_space(size::PAD);
    let undelete = t!("keys.menu.undelete");
    let button = Button::quiet(&undelete).icon(icons::ARROW_COUNTER_CLOCKWISE);
    if writes(session, button).show(ui).clicked() {
        actions.push(super::menu::bring_back(vec![TreeItem::key(path.clone())]));
    }
}

/// A folder of which every key is deleted: how many, and how and when the newest of them went.
fn deleted_folder(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    path: &Key,
    (count, newest): (u64, &DeletedKey),
    actions: &mut Actions,
) {
    copyable(ui, &t!("keys.details.deleted_keys"), &count_text(count), actions);
    copyable(ui, &t!("keys.details.deleted_last"), &words::deleted_short(newest, world.now), actions);
    ui.add_space(size::PAD);
    let undelete = t!("keys.menu.undelete");
    let button = Button::quiet(&undelete).icon(icons::ARROW_COUNTER_CLOCKWISE);
    if writes(session, button).show(ui).clicked() {
        actions.push(super::menu::bring_back(vec![TreeItem::folder(path.clone())]));
    }
}

fn selection(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let (mut folders, mut below, mut single) = (0_u64, 0_u64, 0_u64);
    let countable = session.selected.len() <= MAX_COUNTED_ROWS;
    for item in session.selected.iter().filter(|_| countable) {
        if item.is_folder() {
            folders += 1;
            below += session.keyspace.folder(&item.path).map_or(0, |folder| folder.keys());
        } else {
            single += 1;
        }
    }
    let rows = count_text(session.selected.len() as u64);
    ui.label(tokens.strong(t!("keys.details.selected", count = rows)));
    ui.add_space(size::PAD);
    if countable {
        copyable(ui, &t!("keys.details.selected_keys"), &count_text(single), actions);
        copyable(ui, &t!("keys.details.selected_folders"), &count_text(folders), actions);
    }
    if folders > 0 {
        copyable(ui, &t!("keys.details.selected_below"), &count_text(below), actions);
    }
    ui.add_space(size::PAD);
    let delete = t!("keys.menu.delete");
    let button = Button::danger(&delete).icon(icons::TRASH);
    if writes(session, button).show(ui).clicked() {
        actions.push(Action::AskDelete(session.selected.iter().cloned().collect()));
    }
}

/// A button that works only where the connection may be written to, and says why where it may not.
fn writes<'a>(session: &Session, button: Button<'a>) -> Button<'a> {
    button.enabled(!session.profile.read_only).disabled_hint(t!("keys.menu.read_only"))
}

fn number(ui: &mut Ui, label: &str, number: i64, actions: &mut Actions) {
    if let Some(text) = property_mono(ui, &t!(label), &number.to_string()) {
        actions.push(Action::CopyText(text));
    }
}

fn copyable(ui: &mut Ui, label: &str, value: &str, actions: &mut Actions) {
    if let Some(text) = property(ui, label, value) {
        actions.push(Action::CopyText(text));
    }
}
