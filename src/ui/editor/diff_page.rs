//! The page that compares any two of an open key's draft, what it is in the cluster, its versions, other
//! keys, other connections and files.

use egui::{Align, Layout, Ui, UiBuilder, Vec2};
use rust_i18n::t;

use super::View;
use super::banner::line;
use super::compare::{DiffCache, DiffLook, text_of};
use super::diff_show::DiffShow;
pub(super) use super::diff_show::{Stale, show_diff};
use super::source_picker::{KeyPicker, pick_key, picker, source_name};
use super::state::DocumentState;
use crate::action::{Action, Actions};
use crate::model::bytes::Value;
use crate::model::compare::{CompareSource, Compared};
use crate::model::diff::Side;
use crate::model::fault::FaultKind;
use crate::model::format::{self, ValueFormat};
use crate::model::hex;
use crate::model::record::KeyRecord;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::notice::{fault_advice, fault_words};
use crate::ui::widgets::{Tone, empty_state, icon_button};

/// What the page keeps between frames.
#[derive(Default)]
pub struct CompareState {
    diff: DiffCache,
    /// Another key is being chosen for a side.
    picker: Option<KeyPicker>,
    /// The formats of what is compared, for these values.
    formats: [Option<(Value, CompareSource, ValueFormat)>; 2],
}

/// The value of a record; empty where there is no record.
pub(super) fn value_of(record: Option<&KeyRecord>) -> Value {
    record.and_then(|record| record.value.clone()).unwrap_or_else(|| Value::from([].as_slice()))
}

/// Draws the page.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    shown: &mut DocumentState,
    look: &mut DiffLook,
    actions: &mut Actions,
) {
    let document = view.document;
    let sources = document.comparison.sources(document);
    let compared =
        [&sources[0], &sources[1]].map(|source| view.world.compared(view.session, document, source));
    let own_format = shown.format();
    let state = &mut shown.compare;
    sides(ui, view, state, &sources, &compared, actions);
    for (source, compared) in sources.iter().zip(&compared) {
        notices(ui, view, source, compared, actions);
    }
    if let Some(key_picker) = &mut state.picker
        && pick_key(ui, view, key_picker, actions)
    {
        state.picker = None;
    }
    let (Some(old), Some(new)) = (compared[0].bytes(), compared[1].bytes()) else {
        if compared.iter().all(|side| side.fault.is_none() || side.value.is_some()) {
            empty_state(
                ui,
                icons::HOURGLASS_MEDIUM,
                &t!("compare.reading"),
                &t!("compare.reading_hint"),
                None,
            );
        }
        return;
    };
    let formats = [
        state.format(0, &sources[0], &old, view, own_format),
        state.format(1, &sources[1], &new, view, own_format),
    ];
    let may_take = !view.session.profile.read_only;
    let take = match &sources {
        _ if !may_take || sources[0] == sources[1] => None,
        [_, CompareSource::Draft] => Some(Side::New),
        [CompareSource::Draft, _] => Some(Side::Old),
        _ => None,
    };
    let page =
        DiffShow { values: [&old, &new], names: None, formats, stale: Stale::Keep, whitespace: true, take };
    if let Some(value) = page.show(ui, &mut state.diff, look, |_| {}) {
        actions.push(Action::ReplaceDraft { key: document.key.clone(), value });
    }
}

impl CompareState {
    /// The format of what stands at a side: that of the key where it is this key, else by its name and
    /// content.
    fn format(
        &mut self,
        side: usize,
        source: &CompareSource,
        value: &Value,
        view: View<'_>,
        own: ValueFormat,
    ) -> ValueFormat {
        let name: &[u8] = match source {
            CompareSource::Key { key, .. } if *key != view.document.key => key,
            CompareSource::File(path) => path.as_os_str().as_encoded_bytes(),
            _ => return own,
        };
        match &self.formats[side] {
            Some((of, from, format)) if std::sync::Arc::ptr_eq(of, value) && from == source => *format,
            _ => {
                let format = format::detect(name, value);
                self.formats[side] = Some((value.clone(), source.clone(), format));
                format
            }
        }
    }
}

/// The bar with both sides.
fn sides(
    ui: &mut Ui,
    view: View<'_>,
    state: &mut CompareState,
    sources: &[CompareSource; 2],
    compared: &[Compared; 2],
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let place = Vec2::new(ui.available_width(), size::BAR + size::PAD);
    let (rect, _) = ui.allocate_exact_size(place, egui::Sense::hover());
    let inner = rect.shrink2(Vec2::new(size::PAD + size::GRID, 0.0));
    let layout = Layout::left_to_right(Align::Center);
    let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(layout));
    row.spacing_mut().item_spacing.x = size::GRID;
    // Two copy buttons and the one that swaps, with their spaces.
    let around = 3.0 * size::CONTROL_SMALL + 4.0 * size::GRID;
    let width = ((inner.width() - around) / 2.0).floor().max(60.0);
    for (at, side) in [Side::Old, Side::New].into_iter().enumerate() {
        let room = Vec2::new(width, size::CONTROL);
        row.allocate_ui_with_layout(room, layout, |ui| {
            picker(ui, view, &mut state.picker, side, &sources[at], width, actions);
        });
        let name = if at == 0 { t!("compare.copy_left") } else { t!("compare.copy_right") };
        let copy = row.add_enabled_ui(compared[at].bytes().is_some(), |ui| {
            icon_button(ui, icons::COPY, &name, None).clicked()
        });
        if copy.inner
            && let Some(value) = compared[at].bytes()
        {
            let words = text_of(&value).map_or_else(|| hex::hex_text(&value), str::to_owned);
            actions.push(Action::CopyText(words));
        }
        if at == 0 && icon_button(&mut row, icons::ARROWS_LEFT_RIGHT, &t!("compare.swap"), None).clicked() {
            actions.push(Action::SwapCompared(view.document.key.clone()));
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

/// What is to be known of a side: it could not be read, it does not exist, it may be another by now.
fn notices(ui: &mut Ui, view: View<'_>, source: &CompareSource, compared: &Compared, actions: &mut Actions) {
    let name = source_name(view, source);
    if let Some(fault) = &compared.fault {
        let words = t!("compare.failed", name = name, fault = fault_words(fault), detail = fault.detail);
        let again = t!("common.retry");
        if line(ui, Tone::Danger, icons::WARNING_CIRCLE, &words, &[&again]).is_some() {
            let (key, source) = (view.document.key.clone(), source.clone());
            actions.push(Action::ReadCompared { key, source });
        }
        // What to do about a file, its detail says.
        if compared.value.is_none() && fault.kind != FaultKind::File {
            let tokens = theme::tokens(ui);
            ui.add_space(size::GROUP);
            ui.vertical_centered(|ui| ui.label(tokens.secondary(fault_advice(fault))));
        }
    } else if compared.is_absent() {
        line(ui, Tone::Changed, icons::INFO, &t!("compare.absent", name = name), &[]);
    }
    if compared.is_stale && compared.value.is_some() {
        line(ui, Tone::Changed, icons::CLOUD_SLASH, &t!("compare.stale", name = name), &[]);
    }
}
