//! What the tree says when it is not live, and when it has nothing to show.

use egui::{Frame, Label, Margin, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::bytes::Key;
use crate::model::session::Session;
use crate::model::status::MirrorState;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::notice::fault_advice;
use crate::ui::widgets::{Button, clock_text, empty_state, fault_view, progress_line};

/// A thin strip above the tree, while what it shows is not proven to be current.
pub fn strip(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    match &session.state {
        MirrorState::Live => {}
        // An empty tree says it in its middle.
        _ if session.keyspace.is_empty() => {}
        MirrorState::Listing { loaded, total } => {
            Frame::new().inner_margin(Margin::symmetric(8, 0)).show(ui, |ui| {
                progress_line(ui, &t!("keys.status.listing"), *loaded, *total, false);
            });
        }
        MirrorState::Connecting => {
            line(ui, Tone::Waiting, &t!("keys.status.connecting"), None, actions);
        }
        MirrorState::CatchingUp => {
            line(ui, Tone::Waiting, &t!("keys.status.catching_up"), None, actions);
        }
        MirrorState::Stale { since, fault, .. } => {
            let words = t!("keys.status.as_of", time = clock_text(*since, world.now));
            line(ui, Tone::Changed, &words, Some(&fault_advice(fault)), actions);
        }
        MirrorState::Failed(fault) => {
            let words = t!("keys.status.stopped");
            line(ui, Tone::Danger, &words, Some(&fault_advice(fault)), actions);
        }
    }
}

/// How far the deleted keys that were asked for are known.
pub fn deleted(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let deletions = &session.deletions;
    if !session.show_deleted {
        return;
    }
    if let Some(fault) = deletions.fault() {
        let words = t!("keys.status.deleted_failed");
        if strip_line(ui, Tone::Changed, &words, Some(&fault_advice(fault)), Some(&t!("common.retry"))) {
            // Switched off and on again, it is asked for again.
            actions.push(Action::Run(UserCommand::ShowDeleted));
            actions.push(Action::Run(UserCommand::ShowDeleted));
        }
    } else if deletions.is_waiting() {
        strip_line(ui, Tone::Waiting, &t!("keys.status.deleted_reading"), None, None);
    } else if deletions.is_cut() {
        strip_line(ui, Tone::Plain, &t!("keys.status.deleted_cut"), None, None);
    }
}

fn line(ui: &mut Ui, tone: Tone, words: &str, advice: Option<&str>, actions: &mut Actions) {
    let retry = advice.map(|_| t!("keys.status.retry"));
    if strip_line(ui, tone, words, advice, retry.as_deref()) {
        actions.push(Action::Run(UserCommand::Reconnect));
    }
}

/// A line with what is to be known; tells whether its button was pressed.
fn strip_line(ui: &mut Ui, tone: Tone, words: &str, advice: Option<&str>, button: Option<&str>) -> bool {
    let tokens = theme::tokens(ui);
    let fill = tokens.soft(tone.colour(tokens));
    let mut pressed = false;
    Frame::new().fill(fill).inner_margin(Margin::symmetric(8, 2)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            let (rect, _) = ui.allocate_exact_size(egui::vec2(size::DOT, size::DOT), egui::Sense::hover());
            dot(ui, rect.center(), tone);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if let Some(button) = button {
                    pressed = Button::ghost(button).small().show(ui).clicked();
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let label = ui.add(Label::new(tokens.meta(words).color(tokens.text)).truncate());
                    if let Some(advice) = advice {
                        label.on_hover_text(advice);
                    }
                });
            });
        });
    });
    pressed
}

/// What stands where the tree would be, while there is no key.
pub fn nothing(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let margin = Margin::symmetric(16, 16);
    Frame::new().inner_margin(margin).show(ui, |ui| match &session.state {
        MirrorState::Live => {
            let action = (!session.profile.read_only).then(|| t!("keys.empty.action"));
            let pressed = empty_state(
                ui,
                icons::KEY,
                &t!("keys.empty.title"),
                &t!("keys.empty.hint"),
                action.as_deref(),
            );
            if pressed {
                actions.push(Action::AskCreate { prefix: Key::from(&b""[..]) });
            }
        }
        MirrorState::Listing { loaded, total } => {
            progress_line(ui, &t!("keys.status.listing"), *loaded, *total, false);
        }
        MirrorState::Connecting | MirrorState::CatchingUp => {
            progress_line(ui, &t!("keys.status.connecting"), 0, None, false);
        }
        MirrorState::Stale { fault, .. } | MirrorState::Failed(fault) => {
            if fault_view(ui, fault, true).retry {
                actions.push(Action::Run(UserCommand::Reconnect));
            }
        }
    });
}
