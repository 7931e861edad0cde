//! Short messages at the lower right, newest below. They leave by themselves, failures later.

use std::time::Duration;

use egui::{Align2, Area, Id, Order, Ui, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::key_text::display_short;
use crate::model::session::{Screen, Session};
use crate::model::world::{Toast, ToastKind, ToastText, World};
use crate::ui::coordination::{end_outcome, lease_fault, lease_name};
use crate::ui::theme::{icons, size};
use crate::ui::widgets::notice::{fault_advice, fault_words};
use crate::ui::widgets::toast::{ToastAnswer, toast};
use crate::ui::widgets::{Tone, count_text, duration_text};

/// How long a message stays, in milliseconds.
const SHOWN_MS: i64 = 6_000;
/// How long what was discarded can be brought back, in milliseconds.
const UNDO_SHOWN_MS: i64 = 15_000;
/// How long it is said what was ended, in milliseconds.
const ENDED_SHOWN_MS: i64 = 12_000;
/// How long a failure stays, in milliseconds.
const FAILURE_SHOWN_MS: i64 = 20_000;
/// Height of the timeline with its controls above what the bars take: nothing covers them.
const TIMELINE: f32 = 92.0;
/// Characters of a key that are shown.
const KEY_CHARS: usize = 200;
/// More messages than this are not shown at once.
const AT_ONCE: usize = 4;

/// Draws the messages, and dismisses those that have been there long enough.
pub(super) fn show(ui: &mut Ui, world: &World, actions: &mut Actions) {
    if world.toasts.is_empty() {
        return;
    }
    // Above the activity, and above the editor's own bar with its buttons and its state.
    let bars = size::ACTIVITY + size::CONTROL + 2.0 * size::PAD;
    let timeline = if travels(world) { TIMELINE } else { 0.0 };
    let bottom = if world.active.is_some() { bars + timeline } else { 0.0 };
    Area::new(Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-16.0, -16.0 - bottom))
        .interactable(true)
        .show(ui.ctx(), |ui| {
            ui.spacing_mut().item_spacing.y = size::PAD;
            let older = world.toasts.len().saturating_sub(AT_ONCE);
            for message in world.toasts.iter().skip(older) {
                let (tone, icon) = dress(message.kind);
                let (title, detail) = words(&message.text);
                let undo = matches!(message.text, ToastText::Discarded { .. });
                let undo = undo.then(|| t!("shell.toast_undo"));
                match toast(ui, tone, icon, &title, detail.as_deref(), undo.as_deref()) {
                    Some(ToastAnswer::Pressed) => actions.push(Action::UndoDiscard(message.id)),
                    Some(ToastAnswer::Dismissed) => actions.push(Action::DismissToast(message.id)),
                    None => {}
                }
            }
        });
    for message in &world.toasts {
        let left = shown_ms(message) - (world.now - message.seen_at);
        match u64::try_from(left) {
            Ok(left) if left > 0 => ui.ctx().request_repaint_after(Duration::from_millis(left)),
            _ => actions.push(Action::DismissToast(message.id)),
        }
    }
}

/// Whether the timeline is below the keys.
fn travels(world: &World) -> bool {
    let shown = |session: &Session| session.screen == Screen::Keys && session.travel.is_some();
    world.active_session().is_some_and(shown)
}

fn shown_ms(message: &Toast) -> i64 {
    match (message.kind, &message.text) {
        (_, ToastText::Discarded { .. }) => UNDO_SHOWN_MS,
        (ToastKind::Failure, _) => FAILURE_SHOWN_MS,
        // Several lines to be read.
        (_, ToastText::Ended(..)) => ENDED_SHOWN_MS,
        _ => SHOWN_MS,
    }
}

fn dress(kind: ToastKind) -> (Tone, &'static str) {
    match kind {
        ToastKind::Success => (Tone::Live, icons::CHECK_CIRCLE),
        ToastKind::Info => (Tone::Accent, icons::INFO),
        ToastKind::Failure => (Tone::Danger, icons::WARNING_CIRCLE),
    }
}

fn words(text: &ToastText) -> (String, Option<String>) {
    match text {
        ToastText::Saved { key, revision } => {
            (t!("shell.toast_saved", revision = revision).into_owned(), Some(key.clone()))
        }
        ToastText::NotSaved { key, certain, fault } => {
            let title = match certain {
                true => t!("shell.toast_not_saved", key = key),
                false => t!("shell.toast_not_known", key = key),
            };
            (title.into_owned(), Some(format!("{}. {}", fault_words(fault), fault_advice(fault))))
        }
        ToastText::Exported { keys, path } => {
            (t!("shell.toast_exported", keys = count_text(*keys)).into_owned(), Some(path.clone()))
        }
        ToastText::BatchDone { done, total, skipped } => {
            let title =
                t!("shell.job_done", done = count_text(*done), total = count_text(*total)).into_owned();
            let detail =
                (*skipped > 0).then(|| t!("shell.job_skipped", n = count_text(*skipped)).into_owned());
            (title, detail)
        }
        ToastText::AuditExported(count) => {
            (t!("audit.exported", count = count_text(*count)).into_owned(), None)
        }
        ToastText::LeaseGranted { lease, secs } => {
            (t!("leases.granted", ttl = duration_text(*secs)).into_owned(), Some(lease_name(*lease)))
        }
        ToastText::LeaseKept { lease, secs } => {
            (t!("leases.kept", left = duration_text(*secs)).into_owned(), Some(lease_name(*lease)))
        }
        ToastText::LeaseNotKept { lease, fault } => {
            (t!("leases.not_kept", lease = lease_name(*lease)).into_owned(), Some(lease_fault(fault)))
        }
        ToastText::LeaseRevoked(lease) => (t!("leases.revoked").into_owned(), Some(lease_name(*lease))),
        ToastText::Ended(ended, outcome) => {
            let (title, detail) = end_outcome(ended, outcome);
            (title, Some(detail))
        }
        ToastText::Discarded { draft, .. } => {
            let key = display_short(&draft.key, KEY_CHARS).into_owned();
            (t!("shell.toast_discarded").into_owned(), Some(key))
        }
        ToastText::Copied => (t!("shell.toast_copied").into_owned(), None),
        ToastText::ProfileKept(name) => (t!("shell.toast_profile_kept", name = name).into_owned(), None),
        ToastText::Fault(fault) => (fault_words(fault), Some(fault_advice(fault))),
    }
}
