//! One value in full: what each layer says, the one that counts marked.

use egui::{CornerRadius, Frame, Label, Margin, RichText, ScrollArea, Stroke, Ui};
use rust_i18n::t;

use super::view::View;
use super::{open_key, words};
use crate::action::{Action, Actions};
use crate::model::hex::hex_text;
use crate::model::key_text::{display_key, display_short, neutral};
use crate::model::layers::{
    Board, Doc, DocKind, Item, LayerStyle, Mode, Pick, Said, looks_secret, path_text,
};
use crate::model::session::Session;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::chip::{Tone, chip, tag};
use crate::ui::widgets::{Button, icon_button, section_header};

/// So much of a value is laid out here; the whole is in the editor.
const MOST_CHARS: usize = 3_000;
const MOST_LINES: usize = 40;
/// So many bytes of what is no text.
const MOST_BYTES: usize = 128;

/// Draws it.
pub(super) fn show(ui: &mut Ui, session: &Session, view: &mut View, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let Some(board) = view.table_board().cloned() else { return };
    let chosen = view.cursor.clone();
    let item = chosen.as_ref().and_then(|pick| board.items.get(board.item_at(&pick.name)?));
    let (Some(pick), Some(item)) = (chosen.as_ref(), item) else {
        ui.add_space(size::GROUP);
        ui.vertical_centered(|ui| ui.add(Label::new(tokens.secondary(t!("environments.choose_row"))).wrap()));
        return;
    };
    let Some(mode) = view.mode(&board) else { return };
    ScrollArea::vertical().id_salt("layer detail").auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { right: size::PAD as i8, ..Margin::ZERO }).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = size::GRID;
            title(ui, &board, item, pick, actions);
            let secret = looks_secret(&display_key(&pick.name))
                || pick.path.as_ref().is_some_and(|path| looks_secret(&path_text(path, false)));
            let hidden = secret && !view.secrets_shown;
            if secret {
                secret_line(ui, view);
            }
            layers(ui, session, &board, item, pick, mode, hidden, actions);
        });
    });
}

fn title(ui: &mut Ui, board: &Board, item: &Item, pick: &Pick, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let name = display_short(&item.name, 300);
    ui.add(Label::new(tokens.mono(name.as_ref())).wrap().selectable(true));
    if let Some(path) = &pick.path {
        let flat = (0..board.set.layers.len()).any(|layer| board.is_flat(item, layer));
        let shown = path_text(path, flat);
        ui.horizontal(|ui| {
            let room = (ui.available_width() - size::CONTROL_SMALL - size::PAD).max(40.0);
            ui.scope(|ui| {
                ui.set_max_width(room);
                ui.add(Label::new(tokens.title(shown.as_str())).truncate().selectable(true));
            });
            if icon_button(ui, icons::COPY, &t!("environments.copy_path"), None).clicked() {
                actions.push(Action::CopyText(shown.clone()));
            }
        });
    }
}

fn secret_line(ui: &mut Ui, view: &mut View) {
    ui.horizontal(|ui| {
        tag(ui, &t!("environments.secret"), Tone::Changed).on_hover_text(t!("environments.secret_hint"));
        let words = match view.secrets_shown {
            true => t!("environments.hide_secrets"),
            false => t!("environments.show_secrets"),
        };
        if Button::ghost(&words).icon(icons::EYE).small().show(ui).clicked() {
            view.secrets_shown = !view.secrets_shown;
        }
    });
}

/// Every layer in order, the highest first; then the other environments.
fn layers(
    ui: &mut Ui,
    session: &Session,
    board: &Board,
    item: &Item,
    pick: &Pick,
    mode: Mode,
    hidden: bool,
    actions: &mut Actions,
) {
    let shown: Vec<usize> = match mode {
        Mode::Effective(environment) => vec![environment],
        Mode::Compare(left, right) => vec![right, left],
    };
    for environment in &shown {
        let stack = board.set.stack(*environment);
        let said = |layer: &&usize| item.said(**layer, pick.path.as_deref()).is_some();
        let whole_key = |layer: &usize| item.cells.get(*layer).is_some_and(Option::is_some);
        // Where a key replaces the one below it, a layer with the key decides even where it is silent.
        let winner = match board.set.deep {
            true => stack.iter().rev().find(said).copied(),
            false => stack.iter().rev().copied().find(whole_key).filter(|layer| said(&layer)),
        };
        section_header(
            ui,
            &t!("environments.layers_of", environment = words::layer(&board.set, *environment)),
            |_| {},
        );
        for layer in stack.iter().rev() {
            let standing = Standing { wins: winner == Some(*layer), hidden };
            card(ui, session, board, item, pick, *layer, standing, actions);
        }
    }
    let elsewhere: Vec<usize> = board
        .set
        .environments()
        .filter(|layer| !shown.contains(layer) && item.said(*layer, pick.path.as_deref()).is_some())
        .collect();
    if !elsewhere.is_empty() {
        ui.add_space(size::PAD);
        section_header(ui, &t!("environments.elsewhere"), |_| {});
        for layer in elsewhere {
            card(ui, session, board, item, pick, layer, Standing { wins: false, hidden }, actions);
        }
    }
}

#[derive(Clone, Copy)]
struct Standing {
    wins: bool,
    hidden: bool,
}

fn card(
    ui: &mut Ui,
    session: &Session,
    board: &Board,
    item: &Item,
    pick: &Pick,
    layer: usize,
    standing: Standing,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let said = item.said(layer, pick.path.as_deref());
    let cell = item.cells.get(layer).and_then(Option::as_ref);
    let stroke = match standing.wins {
        true => Stroke::new(size::FOCUS, words::tone(&board.set, layer).colour(tokens)),
        false => tokens.line(),
    };
    let fill = if standing.wins { tokens.raised } else { tokens.panel };
    Frame::new()
        .fill(fill)
        .stroke(stroke)
        .corner_radius(CornerRadius::same(size::RADIUS))
        .inner_margin(Margin::symmetric(10, 8))
        .outer_margin(Margin { bottom: 4, ..Margin::ZERO })
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.horizontal(|ui| {
                chip(ui, words::tone(&board.set, layer), &words::layer(&board.set, layer));
                if standing.wins {
                    tag(ui, &t!("environments.in_force"), Tone::Live);
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if let Some(cell) = cell {
                        let label = t!("environments.open_key", key = display_short(&cell.key, 200));
                        if icon_button(ui, icons::FILE_TEXT, &label, None).clicked() {
                            open_key(&cell.key, actions);
                        }
                        ui.label(tokens.hint(format!("r{}", cell.meta.mod_revision)));
                    }
                });
            });
            match said {
                None if cell.is_some() => {
                    ui.label(tokens.hint(t!("environments.silent_part")));
                }
                None => {
                    ui.label(tokens.hint(t!("environments.silent")));
                }
                Some(said) => value(ui, session, said, standing),
            }
            if let Some(problem) = cell.and_then(|cell| cell.opened.as_ref()?.problem.as_ref()) {
                let words = t!("environments.not_opened", why = neutral(problem));
                ui.add(Label::new(RichText::new(words).font(text::meta()).color(tokens.changed)).wrap());
            }
            if board.set.style == LayerStyle::Files
                && let Some(cell) = cell
            {
                ui.add(Label::new(tokens.mono_meta(display_short(&cell.key, 200))).truncate());
            }
        });
}

fn value(ui: &mut Ui, _session: &Session, said: Said<'_>, standing: Standing) {
    let tokens = theme::tokens(ui);
    let shown = said.shown();
    let colour = if standing.wins { words::colour(tokens, &shown, standing.hidden) } else { tokens.second };
    let words = match said {
        _ if standing.hidden || shown.kind == DocKind::Unknown => words::value(&shown, standing.hidden),
        Said::Part(Doc::Text(text)) => head(text),
        Said::Part(_) => words::value(&shown, false),
        Said::Whole(cell) => match cell.value.as_deref().map(|value| (value, std::str::from_utf8(value))) {
            Some((_, Ok(text))) if shown.kind != DocKind::Binary && !text.is_empty() => head(text),
            Some((value, _)) if shown.kind == DocKind::Binary => {
                let more = if value.len() > MOST_BYTES { " …" } else { "" };
                format!("{}{more}", hex_text(&value[..value.len().min(MOST_BYTES)]))
            }
            _ => words::value(&shown, false),
        },
    };
    ui.add(Label::new(RichText::new(words).font(text::mono_small()).color(colour)).wrap().selectable(true));
}

/// The beginning of a text.
fn head(text: &str) -> String {
    let mut out = String::new();
    for (at, line) in text.trim_end().lines().enumerate() {
        if at >= MOST_LINES || out.len() + line.len() > MOST_CHARS {
            let left = MOST_CHARS.saturating_sub(out.len());
            out.extend(line.chars().take(left));
            out.push('…');
            break;
        }
        if at > 0 {
            out.push('\n');
        }
        out.push_str(line);
    }
    neutral(&out).into_owned()
}
