//! What stands at a side of a comparison, and how it is chosen.

use std::ops::ControlFlow;

use egui::{ComboBox, Id, Key as Keyboard, ScrollArea, Sense, Ui, Vec2};
use rust_i18n::t;

use super::View;
use crate::action::{Action, Actions};
use crate::model::bytes::Key;
use crate::model::compare::CompareSource;
use crate::model::dialog::FileQuestion;
use crate::model::diff::Side;
use crate::model::key_text::{display_key, display_short, parse_key};
use crate::model::loadable::LoadState;
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::field::{field_label, mono_field};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::{Button, elided};

/// So many versions are offered; the history page has them all.
const VERSIONS: usize = 200;
/// So many keys are offered for what is typed.
const KEYS: usize = 60;
/// Characters of a name that are shown.
const NAME: usize = 60;
/// Height of the list of keys.
const LIST: f32 = 260.0;

/// Another key is being chosen.
pub(super) struct KeyPicker {
    side: Side,
    session: SessionId,
    typed: String,
    /// The field has had the keyboard.
    focused: bool,
}

/// What a source is called.
pub(super) fn source_name(view: View<'_>, source: &CompareSource) -> String {
    match source {
        CompareSource::Draft => t!("editor.diff.draft").into_owned(),
        CompareSource::Live => t!("editor.diff.live").into_owned(),
        CompareSource::Base => t!("editor.diff.base").into_owned(),
        CompareSource::Version { revision, .. } => t!("compare.version", revision = revision).into_owned(),
        CompareSource::Key { session, key } => {
            let own = *session == view.session.id;
            let connection = match view.world.session(*session) {
                Some(session) => session.profile.name.clone(),
                None => t!("compare.closed").into_owned(),
            };
            let key_name = display_short(key, NAME);
            match (own, *key == view.document.key) {
                (true, _) => key_name.into_owned(),
                (false, true) => t!("compare.same_key_in", name = connection).into_owned(),
                (false, false) => format!("{connection}: {key_name}"),
            }
        }
        CompareSource::File(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            t!("compare.file", name = name.to_string_lossy()).into_owned()
        }
    }
}

/// The list of what can stand at a side.
pub(super) fn picker(
    ui: &mut Ui,
    view: View<'_>,
    key_picker: &mut Option<KeyPicker>,
    side: Side,
    source: &CompareSource,
    width: f32,
    actions: &mut Actions,
) {
    let document = view.document;
    let key = &document.key;
    let mut chosen: Option<CompareSource> = None;
    let name = if side == Side::Old { t!("compare.left") } else { t!("compare.right") };
    let selected = source_name(view, source);
    let combo = ComboBox::from_id_salt(("source", side == Side::Old)).icon(open_sign).width(width).truncate();
    let combo = combo.height(420.0).selected_text(selected.as_str()).show_ui(ui, |ui| {
        ui.set_min_width(260.0);
        let mut offer = |ui: &mut Ui, words: &str, offered: CompareSource| {
            if ui.selectable_label(*source == offered, words).clicked() {
                chosen = Some(offered);
            }
        };
        for own in [CompareSource::Draft, CompareSource::Live] {
            offer(ui, &source_name(view, &own), own);
        }
        if document.live.is_some() || *source == CompareSource::Base {
            offer(ui, &source_name(view, &CompareSource::Base), CompareSource::Base);
        }
        for other in view.world.sessions.iter().filter(|other| other.id != view.session.id) {
            let words = t!("compare.same_key_in", name = other.profile.name);
            offer(ui, &words, CompareSource::Key { session: other.id, key: key.clone() });
        }
        if ui.selectable_label(false, t!("compare.another_key")).clicked() {
            *key_picker = Some(KeyPicker::new(side, view.session.id, key, view.session));
        }
        if ui.selectable_label(false, t!("compare.a_file")).clicked() {
            let question = FileQuestion::CompareWith { session: view.session.id, key: key.clone(), side };
            actions.push(Action::ChooseFile(question));
        }
        ui.separator();
        versions(ui, view, source, &mut chosen, actions);
    });
    combo.response.accessible_name(format!("{name}: {selected}")).on_hover_text(selected);
    if let Some(source) = chosen {
        actions.push(Action::CompareWith { key: key.clone(), sources: vec![(side, source)] });
    }
}

/// The versions of the key, as far as they have been read.
fn versions(
    ui: &mut Ui,
    view: View<'_>,
    source: &CompareSource,
    chosen: &mut Option<CompareSource>,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let document = view.document;
    ui.label(tokens.hint(t!("compare.versions")));
    if *document.history.state() == LoadState::NotAsked {
        actions.push(Action::LoadHistory(document.key.clone()));
    }
    if let Some(fault) = document.history.fault() {
        ui.label(tokens.hint(crate::ui::widgets::notice::fault_words(fault)));
    }
    let known = document.past.merged.entries.iter();
    let known = known.filter_map(|entry| Some((entry.meta()?, entry.value()?, entry.marks)));
    let mut count = 0;
    for (meta, value, marks) in known.take(VERSIONS) {
        let revision = meta.mod_revision;
        let mut words = t!("history.name", revision = revision, version = meta.version).into_owned();
        if !marks.etcd {
            words = t!("compare.recorded", version = words).into_owned();
        }
        let is_chosen = matches!(source, CompareSource::Version { revision: at, .. } if *at == revision);
        if ui.selectable_label(is_chosen, words).clicked() {
            *chosen = Some(CompareSource::Version { revision, value: value.clone() });
        }
        count += 1;
    }
    if document.history.is_pending() {
        ui.label(tokens.hint(t!("history.reading")));
        return;
    }
    let more = document.past.next_walk(document.history.value()).is_some() && count < VERSIONS;
    let asked = *document.history.state() != LoadState::NotAsked;
    if more && asked && ui.selectable_label(false, t!("compare.more_versions")).clicked() {
        actions.push(Action::LoadHistory(document.key.clone()));
    }
}

impl KeyPicker {
    fn new(side: Side, session: SessionId, key: &[u8], from: &Session) -> Self {
        let folder = from
            .keyspace
            .ancestors(key)
            .last()
            .map_or_else(String::new, |folder| display_key(folder).into_owned());
        Self { side, session, typed: folder, focused: false }
    }
}

/// Asks for another key; whether that is over.
pub(super) fn pick_key(ui: &Ui, view: View<'_>, picker: &mut KeyPicker, actions: &mut Actions) -> bool {
    let mut chosen: Option<Key> = None;
    let mut cancelled = false;
    let title = t!("compare.key_title");
    let answer = modal(ui.ctx(), Id::unique("compare key"), &title, size::DIALOG_WIDE, |ui| {
        let sessions = &view.world.sessions;
        if sessions.len() > 1 {
            field_label(ui, &t!("compare.connection"));
            connection_chooser(ui, sessions, picker);
            ui.add_space(size::PAD);
        }
        let Some(session) = view.world.session(picker.session) else {
            picker.session = view.session.id;
            return;
        };
        let label = t!("compare.key");
        field_label(ui, &label);
        let field = Id::unique("compare key field");
        mono_field(ui, field, &mut picker.typed, &label, "/config/…");
        if !picker.focused {
            picker.focused = true;
            ui.memory_mut(|memory| memory.request_focus(field));
        }
        let typed = parse_key(&picker.typed).ok().filter(|key| !key.is_empty());
        ui.add_space(size::PAD);
        let offered = offered(session, typed.as_deref().unwrap_or_default());
        list(ui, &offered, &mut chosen);
        let exists = typed.as_deref().is_some_and(|key| session.keyspace.get(key).is_some());
        let entered = ui.input(|input| input.key_pressed(Keyboard::Enter));
        footer(ui, |ui| {
            let compare = t!("compare.choose");
            let pressed = Button::primary(&compare).enabled(typed.is_some()).show(ui).clicked();
            cancelled = Button::quiet(&t!("common.cancel")).show(ui).clicked();
            if (pressed || entered)
                && let Some(typed) = typed
            {
                // Enter with the beginning of one key alone means that key.
                let only = if let [only] = offered.as_slice() { Some(only.clone()) } else { None };
                chosen = chosen.take().or(only.filter(|_| !exists)).or_else(|| Some(Key::from(typed)));
            }
        });
    });
    if let Some(key) = chosen {
        let source = CompareSource::Key { session: picker.session, key };
        actions.push(Action::CompareWith {
            key: view.document.key.clone(),
            sources: vec![(picker.side, source)],
        });
        return true;
    }
    answer.closed || cancelled
}

fn connection_chooser(ui: &mut Ui, sessions: &[Session], picker: &mut KeyPicker) {
    let name = |id: SessionId| {
        sessions.iter().find(|session| session.id == id).map_or("", |session| session.profile.name.as_str())
    };
    let combo = ComboBox::from_id_salt("compare connection").icon(open_sign).width(ui.available_width());
    let combo = combo.selected_text(name(picker.session)).show_ui(ui, |ui| {
        for session in sessions {
            ui.selectable_value(&mut picker.session, session.id, session.profile.name.as_str());
        }
    });
    combo.response.accessible_name(t!("compare.connection"));
}

/// The first keys that begin so.
fn offered(session: &Session, prefix: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    // It ends early by itself once there are enough.
    let _ended = session.keyspace.for_each_prefix(prefix, &mut |key, _| {
        keys.push(Key::from(key));
        if keys.len() < KEYS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    keys
}

fn list(ui: &mut Ui, keys: &[Key], chosen: &mut Option<Key>) {
    let tokens = theme::tokens(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().max_height(LIST).min_scrolled_height(LIST).auto_shrink([false, false]);
    area.show_rows(ui, size::ROW, keys.len().max(1), |ui, visible| {
        if keys.is_empty() {
            ui.label(tokens.hint(t!("compare.no_keys")));
            return;
        }
        for key in &keys[visible] {
            let room = Vec2::new(ui.available_width(), size::ROW);
            let (rect, response) = ui.allocate_exact_size(room, Sense::click());
            row_ground(ui, rect, false, response.hovered(), response.has_focus());
            let words = display_key(key);
            let galley =
                elided(ui.painter(), words.as_ref(), text::mono(), tokens.text, rect.width() - size::GROUP);
            let at = rect.left_center() + Vec2::new(size::PAD, -galley.size().y / 2.0);
            ui.painter().galley(at, galley, tokens.text);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ListItem, true, words.as_ref()));
            if response.clicked() {
                *chosen = Some(key.clone());
            }
        }
    });
}
