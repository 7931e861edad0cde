//! Long jobs: how far they are, a way to stop them, and what came of them.

use std::time::Duration;

use egui::{Align, Frame, Layout, Margin, Panel, RichText, Ui};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::session::{Job, JobKind, JobState, Session};
use crate::model::transfer::ExportReport;
use crate::model::world::World;
use crate::model::write::BatchReport;
use crate::ui::coordination::end_running;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::notice::{fault_advice, fault_words};
use crate::ui::widgets::{Tone, bytes_text, count_text, icon_button, progress_line};

/// What is ended is answered at once where all is well: only what takes longer, in milliseconds, has a line.
const SHORT_MS: i64 = 500;

/// Draws a line for each job, newest below.
pub(super) fn show(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    let is_short = |job: &&Job| match &job.kind {
        JobKind::End(ended) => (0..SHORT_MS).contains(&(world.now - ended.asked_at)),
        _ => false,
    };
    if session.jobs.iter().any(|job| is_short(&job)) {
        ui.ctx().request_repaint_after(Duration::from_millis(SHORT_MS.unsigned_abs()));
    }
    if session.jobs.iter().all(|job| is_short(&job)) {
        return;
    }
    let tokens = theme::tokens(ui);
    let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(12, 2));
    Panel::bottom("jobs").resizable(false).frame(frame).show(ui, |ui| {
        for job in session.jobs.iter().filter(|job| !is_short(job)) {
            line(ui, job, actions);
        }
    });
}

fn line(ui: &mut Ui, job: &Job, actions: &mut Actions) {
    let kind = kind_words(&job.kind);
    match &job.state {
        JobState::Running => {
            // What is one request can not be stopped half way.
            let stoppable = !matches!(job.kind, JobKind::End(_));
            if progress_line(ui, &kind, job.done, job.total, stoppable).is_some() {
                actions.push(Action::CancelJob(job.request));
            }
        }
        JobState::Exported(report) => finished(ui, job, Tone::Live, &exported_words(report), None, actions),
        JobState::Done(report) => {
            let (tone, detail) = batch_result(report);
            let words = format!("{kind} · {}", done_words(report));
            finished(ui, job, tone, &words, detail, actions);
        }
        JobState::Failed(fault) => {
            let words = format!("{kind} · {}", fault_words(fault));
            let detail = format!("{}\n{}", fault_advice(fault), fault.detail);
            finished(ui, job, Tone::Danger, &words, Some(detail), actions);
        }
    }
}

fn finished(ui: &mut Ui, job: &Job, tone: Tone, words: &str, detail: Option<String>, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let icon = match tone {
        Tone::Live => icons::CHECK_CIRCLE,
        Tone::Danger => icons::X_CIRCLE,
        _ => icons::WARNING,
    };
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.label(RichText::new(icon).font(text::icon(size::ICON)).color(colour));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icons::X, &t!("common.dismiss"), None).clicked() {
                actions.push(Action::DismissJob(job.request));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let label = ui.add(egui::Label::new(tokens.body(words)).truncate());
                if let Some(detail) = detail {
                    label.on_hover_text(detail);
                }
            });
        });
    });
}

fn kind_words(kind: &JobKind) -> String {
    match kind {
        JobKind::Export(path) => t!("shell.job_export", path = path),
        JobKind::Delete => t!("shell.job_delete"),
        JobKind::Rename => t!("shell.job_rename"),
        JobKind::Copy => t!("shell.job_copy"),
        JobKind::Undelete => t!("shell.job_undelete"),
        JobKind::End(ended) => return end_running(ended),
    }
    .into_owned()
}

fn exported_words(report: &ExportReport) -> String {
    t!(
        "shell.job_exported",
        keys = count_text(report.keys),
        size = bytes_text(report.size_bytes),
        revision = report.revision,
        path = report.path.display()
    )
    .into_owned()
}

fn done_words(report: &BatchReport) -> String {
    let mut words =
        t!("shell.job_done", done = count_text(report.done), total = count_text(report.total)).into_owned();
    if !report.skipped.is_empty() {
        words.push_str(" · ");
        words.push_str(&t!("shell.job_skipped", n = count_text(report.skipped.len() as u64)));
    }
    if !report.unknown.is_empty() {
        words.push_str(" · ");
        words.push_str(&t!("shell.job_unknown", n = count_text(report.unknown.len() as u64)));
    }
    if let Some(fault) = &report.stopped {
        words.push_str(" · ");
        words.push_str(&fault_words(fault));
    }
    words
}

/// How a finished batch is dressed, and what its tooltip adds.
fn batch_result(report: &BatchReport) -> (Tone, Option<String>) {
    match &report.stopped {
        Some(fault) => (Tone::Danger, Some(format!("{}\n{}", fault_advice(fault), fault.detail))),
        None if !report.unknown.is_empty() => (Tone::Danger, None),
        None if !report.skipped.is_empty() => {
            (Tone::Changed, Some(t!("shell.job_skipped_hint").into_owned()))
        }
        None => (Tone::Live, None),
    }
}
