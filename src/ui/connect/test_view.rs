//! The connection test, step by step for each endpoint.

use egui::{Color32, CornerRadius, Frame, Margin, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::ConnectState;
use crate::model::status::{TestOutcome, TestStep, TestStepKind};
use crate::model::world::{ConnectionTest, World};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::notice::{fault_view, fault_words};
use crate::ui::widgets::{Tone, chip, elided};

/// Width of a step's column.
const STEP_WIDTH: f32 = 74.0;

/// Draws the results of the newest test.
pub(super) fn show(ui: &mut Ui, world: &World, state: &ConnectState) {
    let Some(tested) = &state.tested else { return };
    let tokens = theme::tokens(ui);
    let none = ConnectionTest::default();
    let test = world.test.as_ref().unwrap_or(&none);
    Frame::new()
        .fill(tokens.panel)
        .stroke(tokens.line())
        .corner_radius(CornerRadius::same(size::PAD as u8))
        .inner_margin(Margin::symmetric(14, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(t!("connect.test_title")).font(text::strong()).color(tokens.text));
                verdict(ui, test);
                if *tested != state.form.request() {
                    ui.label(tokens.hint(t!("connect.test_outdated")));
                }
            });
            head(ui);
            for endpoint in &tested.profile.endpoints {
                row(ui, test, endpoint);
            }
            for step in &test.steps {
                if let TestOutcome::Failed(fault) = &step.outcome {
                    ui.add_space(size::GRID);
                    ui.label(tokens.mono_meta(format!("{} · {}", step.endpoint, step_name(step.step))));
                    fault_view(ui, fault, false);
                }
            }
        });
}

fn verdict(ui: &mut Ui, test: &ConnectionTest) {
    let failed = test.steps.iter().any(|step| matches!(step.outcome, TestOutcome::Failed(_)));
    match (test.done, failed) {
        (false, _) => chip(ui, Tone::Waiting, &t!("connect.test_running")),
        (true, false) => chip(ui, Tone::Live, &t!("connect.test_passed")),
        (true, true) => chip(ui, Tone::Danger, &t!("connect.test_failed")),
    };
}

fn step_name(step: TestStepKind) -> String {
    match step {
        TestStepKind::Name => t!("connect.step_name"),
        TestStepKind::Port => t!("connect.step_port"),
        TestStepKind::Tls => t!("connect.step_tls"),
        TestStepKind::Login => t!("connect.step_login"),
        TestStepKind::Permission => t!("connect.step_permission"),
    }
    .into_owned()
}

/// The places of the steps in a line of the table.
fn columns(rect: Rect) -> impl Iterator<Item = (TestStepKind, Rect)> {
    let width = STEP_WIDTH.min((rect.width() - 120.0) / TestStepKind::ALL.len() as f32);
    let left = rect.right() - width * TestStepKind::ALL.len() as f32;
    TestStepKind::ALL.into_iter().enumerate().map(move |(at, step)| {
        let min = pos2(left + at as f32 * width, rect.top());
        (step, Rect::from_min_size(min, vec2(width, rect.height())))
    })
}

fn head(ui: &mut Ui) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    for (step, place) in columns(rect) {
        let galley = elided(ui.painter(), step_name(step), text::meta(), tokens.second, place.width());
        ui.painter().galley(place.center() - galley.size() / 2.0, galley, tokens.second);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), tokens.line());
}

fn row(ui: &mut Ui, test: &ConnectionTest, endpoint: &str) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::CONTROL), Sense::hover());
    let mut first = None;
    for (step, place) in columns(rect) {
        first.get_or_insert(place.left());
        let found = test.steps.iter().find(|found| found.endpoint == endpoint && found.step == step);
        cell(ui, test, endpoint, step, found, place);
    }
    let room = first.unwrap_or(rect.right()) - rect.left() - size::PAD;
    let galley = elided(ui.painter(), endpoint, text::mono_small(), tokens.text, room);
    ui.painter().galley(rect.left_center() - vec2(0.0, galley.size().y / 2.0), galley, tokens.text);
}

fn cell(
    ui: &mut Ui,
    test: &ConnectionTest,
    endpoint: &str,
    step: TestStepKind,
    found: Option<&TestStep>,
    place: Rect,
) {
    let tokens = theme::tokens(ui);
    let (icon, colour, words): (&str, Color32, String) = match found.map(|found| &found.outcome) {
        Some(TestOutcome::Passed(fact)) if fact.is_empty() => {
            (icons::CHECK_CIRCLE, tokens.live, t!("connect.passed").into_owned())
        }
        Some(TestOutcome::Passed(fact)) => {
            (icons::CHECK_CIRCLE, tokens.live, format!("{} · {fact}", t!("connect.passed")))
        }
        Some(TestOutcome::Skipped) => (icons::MINUS, tokens.faint, t!("connect.skipped").into_owned()),
        Some(TestOutcome::Failed(fault)) => (icons::X_CIRCLE, tokens.danger, fault_words(fault)),
        None if test.done => (icons::MINUS, tokens.faint, t!("connect.not_tried").into_owned()),
        None => (icons::CIRCLE_DASHED, tokens.faint, t!("connect.pending").into_owned()),
    };
    let id = ui.scope_id().with(("test", endpoint, step));
    let response = ui.interact(place, id, Sense::hover());
    let spoken = format!("{endpoint} {}: {words}", step_name(step));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    paint_icon(ui, place.center(), icon, size::ICON, colour);
    response.on_hover_text(words);
}
