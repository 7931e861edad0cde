//! Values on their way from one environment to another: the bar below the table, and what is said
//! before a plan is made.

use std::sync::Arc;

use egui::{Frame, Label, Margin, Panel, Ui};
use rust_i18n::t;

use super::view::{CopyNote, FEW_BYTES, View};
use super::words;
use crate::action::{Action, Actions};
use crate::model::key_text::display_short;
use crate::model::layers::{Board, Mode, Pick, Promotion, Refusal};
use crate::model::plan::PlanGoal;
use crate::model::session::Session;
use crate::ui::beside::{Answer, Beside};
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{Button, count_text};

/// So much of what is left out is listed.
const MAX_LISTED: usize = 6;
/// So many targets have a button of their own.
const MAX_BUTTONS: usize = 2;

/// Whether anything may be promoted at all.
pub(super) fn may(session: &Session) -> bool {
    !session.profile.read_only
}

/// Takes over the document for the clipboard when it is written.
pub(super) fn take_copy(view: &mut View, actions: &mut Actions) {
    let Some(copying) = &view.copying else { return };
    let written = match copying.take() {
        Answer::Working => return,
        Answer::Ready(written) => written,
        Answer::Failed => Err(String::new()),
    };
    view.copying = None;
    view.copy_note = match written {
        Ok((text, left_out)) => {
            actions.push(Action::CopyText(text));
            (left_out > 0).then_some(CopyNote::LeftOut(left_out))
        }
        Err(why) => Some(CopyNote::Failed(why)),
    };
}

/// Draws the bar, while something is chosen.
pub(super) fn show(ui: &mut Ui, session: &Session, view: &mut View, actions: &mut Actions) {
    if !may(session) {
        return;
    }
    let Some(board) = view.table_board().cloned() else { return };
    let Some(mode) = view.mode(&board) else { return };
    // What is gone meanwhile can not be promoted.
    view.checked.retain(|pick| board.item_at(&pick.name).is_some());
    if view.checked.is_empty() {
        view.doubtful = None;
        return;
    }
    let tokens = theme::tokens(ui);
    let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(12, 6));
    Panel::bottom("layer promotion").frame(frame).show_separator_line(true).show(ui, |ui| {
        if view.doubtful.is_some() {
            doubtful(ui, view, actions);
        }
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            let count = count_text(view.checked.len() as u64);
            ui.label(tokens.strong(t!("environments.selected", count = count)));
            targets(ui, session, view, &board, mode, actions);
            if Button::ghost(&t!("environments.select_none")).small().show(ui).clicked() {
                view.checked.clear();
            }
        });
    });
}

/// Where the chosen values may go.
#[derive(Clone, Copy)]
enum Target {
    /// To this layer, from this environment.
    Layer { from: usize, to: usize },
    /// Overrides of this environment are given up.
    FallBack(usize),
}

fn targets(
    ui: &mut Ui,
    session: &Session,
    view: &mut View,
    board: &Arc<Board>,
    mode: Mode,
    actions: &mut Actions,
) {
    let mut wanted: Vec<(Target, String)> = Vec::new();
    let set = &board.set;
    let to = |from: usize, to: usize| {
        let words = t!("environments.promote_to", layer = words::layer(set, to));
        (Target::Layer { from, to }, words.into_owned())
    };
    let from = match mode {
        Mode::Effective(from) => {
            // The next environment on the way comes first.
            let next = set.environments().filter(|at| *at > from);
            let before = set.environments().filter(|at| *at < from).rev();
            wanted.extend(next.chain(before).map(|other| to(from, other)));
            from
        }
        Mode::Compare(left, right) => {
            wanted.push(to(left, right));
            wanted.push(to(right, left));
            right
        }
    };
    let last = wanted.len().min(MAX_BUTTONS);
    let mut rest = wanted.split_off(last);
    for shared in (0..set.shared).rev() {
        let words = t!(
            "environments.change_shared",
            layer = words::layer(set, shared),
            from = words::layer(set, from)
        );
        rest.push((Target::Layer { from, to: shared }, words.into_owned()));
    }
    if set.shared > 0 {
        let words = t!("environments.fall_back", layer = words::layer(set, from));
        rest.push((Target::FallBack(from), words.into_owned()));
    }
    let live = session.state.is_live() && view.promoting.is_none();
    let mut chosen = None;
    for (at, (target, words)) in wanted.iter().enumerate() {
        let button = if at == 0 { Button::primary(words) } else { Button::quiet(words) };
        let button = button.small().icon(icons::ARROW_RIGHT).enabled(live);
        if button.disabled_hint(t!("environments.only_live")).show(ui).clicked() {
            chosen = Some(target);
        }
    }
    ui.add_enabled_ui(live, |ui| {
        let more = Button::quiet(&t!("common.more")).small().icon(icons::CARET_DOWN).show(ui);
        egui::Popup::menu(&more).show(|ui| {
            for (target, words) in &rest {
                if ui.button(words).clicked() {
                    chosen = Some(target);
                    ui.close();
                }
            }
        });
        more.on_hover_text(t!("environments.more_hint"));
    });
    if let Some(target) = chosen {
        begin(ui, view, board, target, actions);
    }
}

/// Has it worked out what has to be written: at once where it is little.
fn begin(ui: &Ui, view: &mut View, board: &Arc<Board>, target: &Target, actions: &mut Actions) {
    let picks: Vec<Pick> = view.checked.iter().cloned().collect();
    let set = &board.set;
    let few = board.bytes <= FEW_BYTES;
    let (origin, target) = match *target {
        Target::Layer { from, to } => {
            let (one, two) = (words::layer(set, from), words::layer(set, to));
            let origin = t!("environments.origin", from = one, to = two, place = words::place(set));
            (origin.into_owned(), Target::Layer { from, to })
        }
        Target::FallBack(environment) => {
            let layer = words::layer(set, environment);
            let origin = t!("environments.origin_fall_back", layer = layer, place = words::place(set));
            (origin.into_owned(), Target::FallBack(environment))
        }
    };
    let board = board.clone();
    let work = move || match target {
        Target::Layer { from, to } => (origin, board.promote(from, to, &picks)),
        Target::FallBack(environment) => (origin, board.fall_back(environment, &picks)),
    };
    if few {
        let (origin, promotion) = work();
        offer(view, origin, promotion, actions);
    } else {
        view.promoting = Some(Beside::start(ui.ctx(), "layers: promotion", work));
    }
}

/// Takes over what was worked out beside the window.
pub(super) fn take_promotion(view: &mut View, actions: &mut Actions) {
    let Some(promoting) = &view.promoting else { return };
    match promoting.take() {
        Answer::Working => {}
        Answer::Failed => view.promoting = None,
        Answer::Ready((origin, promotion)) => {
            view.promoting = None;
            offer(view, origin, promotion, actions);
        }
    }
}

/// Where something is left out that is said first.
fn offer(view: &mut View, origin: String, promotion: Promotion, actions: &mut Actions) {
    let clear =
        promotion.refused.is_empty() && promotion.rewritten.is_empty() && !promotion.values.is_empty();
    if clear {
        plan(view, origin, promotion, actions);
    } else {
        view.doubtful = Some((origin, promotion));
    }
}

fn plan(view: &mut View, origin: String, promotion: Promotion, actions: &mut Actions) {
    view.doubtful = None;
    view.checked.clear();
    let goal = PlanGoal::Values { origin, values: promotion.values };
    actions.push(Action::Promote { goal, based_on: promotion.based_on });
}

/// What is left out, and what is lost by it, before the plan is made.
fn doubtful(ui: &mut Ui, view: &mut View, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let Some((origin, promotion)) = view.doubtful.clone() else { return };
    let mut answer = None;
    card(ui, Tone::Changed, icons::WARNING, |ui| {
        ui.label(tokens.strong(origin.as_str()));
        if !promotion.refused.is_empty() {
            let count = count_text(promotion.refused.len() as u64);
            ui.label(tokens.body(t!("environments.left_out", count = count)));
            for (name, why) in promotion.refused.iter().take(MAX_LISTED) {
                let words = format!("{name}: {}", refusal(why));
                ui.add(Label::new(tokens.meta(words)).truncate());
            }
        }
        if !promotion.rewritten.is_empty() {
            let names: Vec<_> =
                promotion.rewritten.iter().take(MAX_LISTED).map(|key| display_short(key, 120)).collect();
            let words = t!("environments.rewritten", keys = names.join(", "));
            ui.add(Label::new(tokens.body(words)).wrap());
        }
        if promotion.values.is_empty() {
            ui.label(tokens.body(t!("environments.nothing_to_write")));
        }
        ui.horizontal(|ui| {
            let count = promotion.values.len();
            if count > 0 {
                let words = t!("environments.plan_rest", count = count);
                if Button::primary(&words).small().show(ui).clicked() {
                    answer = Some(true);
                }
            }
            if Button::quiet(&t!("common.cancel")).small().show(ui).clicked() {
                answer = Some(false);
            }
        });
    });
    ui.add_space(size::GRID);
    match answer {
        Some(true) => plan(view, origin, promotion, actions),
        Some(false) => view.doubtful = None,
        None => {}
    }
}

fn refusal(why: &Refusal) -> String {
    let words = match why {
        Refusal::NotThere => t!("environments.refusal.not_there"),
        Refusal::NoOverride => t!("environments.refusal.no_override"),
        Refusal::NotLoaded => t!("environments.refusal.not_loaded"),
        Refusal::NotOpened(why) => t!("environments.refusal.not_opened", why = why),
        Refusal::NotSaid(why) => t!("environments.refusal.not_said", why = why),
    };
    words.into_owned()
}
