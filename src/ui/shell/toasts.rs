//! Short messages at the lower right, newest below. They leave by themselves, failures later.

use std::time::Duration;

use egui::{Align2, Area, Id, Order, Ui, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::world::{Toast, ToastKind, ToastText, World};
use crate::ui::theme::{icons, size};
use crate::ui::widgets::notice::{fault_advice, fault_words};
use crate::ui::widgets::toast::toast;
use crate::ui::widgets::{Tone, count_text};

/// How long a message stays, in milliseconds.
const SHOWN_MS: i64 = 6_000;
/// How long a failure stays, in milliseconds.
const FAILURE_SHOWN_MS: i64 = 20_000;
/// More messages than this are not shown at once.
const AT_ONCE: usize = 4;

/// Draws the messages, and dismisses those that have been there long enough.
pub(super) fn show(ui: &mut Ui, world: &World, actions: &mut Actions) {
    if world.toasts.is_empty() {
        return;
    }
    // Above the activity, and above the editor's own bar with its buttons and its state.
    let bars = size::ACTIVITY + size::CONTROL + 2.0 * size::PAD;
    let bottom = if world.active.is_some() { bars } else { 0.0 };
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
                if toast(ui, tone, icon, &title, detail.as_deref()) {
                    actions.push(Action::DismissToast(message.id));
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

fn shown_ms(message: &Toast) -> i64 {
    if message.kind == ToastKind::Failure { FAILURE_SHOWN_MS } else { SHOWN_MS }
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
        ToastText::Copied => (t!("shell.toast_copied").into_owned(), None),
        ToastText::ProfileKept(name) => (t!("shell.toast_profile_kept", name = name).into_owned(), None),
        ToastText::Fault(fault) => (fault_words(fault), Some(fault_advice(fault))),
    }
}
