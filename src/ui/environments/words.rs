//! Words and looks of layers.

use egui::Color32;
use rust_i18n::t;

use crate::model::key_text::display_short;
use crate::model::layers::{DocKind, LayerSet, LayerStyle, Row, Shown};
use crate::ui::theme::Tokens;
use crate::ui::widgets::chip::Tone;

/// What stands for a value that is not shown.
const HIDDEN: &str = "••••••••";

/// The name of a layer on screen.
pub(super) fn layer(set: &LayerSet, at: usize) -> String {
    match set.layers.get(at) {
        Some(layer) if layer.name.is_empty() => t!("environments.file_for_all").into_owned(),
        Some(layer) => layer.name.clone(),
        None => String::new(),
    }
}

/// The look of a layer: what is shared is plain, each environment has a shape and colour of its own.
pub(super) fn tone(set: &LayerSet, at: usize) -> Tone {
    const ENVIRONMENTS: [Tone; 4] = [Tone::Live, Tone::Waiting, Tone::Accent, Tone::Changed];
    match at.checked_sub(set.shared) {
        None if at == 0 => Tone::Plain,
        None => Tone::Changed,
        Some(at) => ENVIRONMENTS[at % ENVIRONMENTS.len()],
    }
}

/// The name of a place on screen.
pub(super) fn place(set: &LayerSet) -> String {
    let base = display_short(&set.base, 60);
    match set.style {
        LayerStyle::Folders => t!("environments.folders_in", base = base).into_owned(),
        LayerStyle::Files if set.base.is_empty() => t!("environments.files").into_owned(),
        LayerStyle::Files => t!("environments.files_in", base = base).into_owned(),
    }
}

/// What a value says on screen.
pub(super) fn value(shown: &Shown, hidden: bool) -> String {
    match shown.kind {
        DocKind::Unknown => t!("environments.not_loaded").into_owned(),
        _ if hidden => HIDDEN.to_owned(),
        _ if shown.text.is_empty() => t!("environments.empty_value").into_owned(),
        _ => shown.text.clone(),
    }
}

/// The colour of a value.
pub(super) fn colour(tokens: &Tokens, shown: &Shown, hidden: bool) -> Color32 {
    match shown.kind {
        _ if hidden => tokens.second,
        DocKind::Unknown => tokens.faint,
        _ if shown.text.is_empty() => tokens.faint,
        DocKind::Word => tokens.syntax_keyword,
        DocKind::Number => tokens.syntax_number,
        DocKind::Text => tokens.syntax_string,
        DocKind::List => tokens.text,
        DocKind::Whole | DocKind::Binary => tokens.second,
    }
}

/// What is to be said of a row beside its value: it is an override, a needless one, or the only one.
pub(super) fn mark(set: &LayerSet, row: &Row) -> Option<(String, Tone)> {
    let below = || layer(set, 0);
    if row.same {
        let words = match set.shared {
            1 => t!("environments.mark.same", layer = below()),
            _ => t!("environments.mark.same_below"),
        };
        return Some((words.into_owned(), Tone::Waiting));
    }
    if row.shadowed > 0 {
        return Some((t!("environments.mark.override").into_owned(), Tone::Changed));
    }
    row.only_here.then(|| (t!("environments.mark.only_here").into_owned(), Tone::Accent))
}
