//! Schemas on a real etcd, through the whole console and its window: what breaks one is marked at once,
//! whoever changed it, and is written only when that is said.

use std::time::Instant;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use etcdscope::model::plan::{PlanGoal, Warning};
use etcdscope::model::settings::{Language, Settings};

use super::*;

const LIMIT: &[u8] = b"config/production/gateway/limit.json";
const SCHEMA: &[u8] = b"config/schema/gateway/limit.json";
const GOOD: &str = "{\n  \"limit\": 100\n}\n";
const BAD: &str = "{\n  \"limit\": 0\n}\n";
const AT_LEAST_ONE: &str = r#"{"type": "object", "required": ["limit"], "properties": {"limit": {"type": "integer", "minimum": 1}}}"#;

/// The whole console in a window without a screen.
struct Window {
    harness: Harness<'static, App>,
}

impl Window {
    fn open(mut app: App) -> Self {
        let settings = Settings { language: Language::English, ..Settings::default() };
        app.act(Action::ChangeSettings(Box::new(settings)));
        let mut frame = eframe::Frame::_new_kittest();
        let harness = Harness::builder()
            .with_size(egui::vec2(1_400.0, 900.0))
            .allow_missing_glyphs()
            .with_context_setup(etcdscope::ui::theme::install)
            .build_ui_state(
                move |ui, app: &mut App| {
                    eframe::App::logic(app, ui.ctx(), &mut frame);
                    let whole = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                    eframe::App::ui(app, &mut ui.new_child(whole), &mut frame);
                },
                app,
            );
        Self { harness }
    }

    fn sees(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    #[track_caller]
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(5));
            self.harness.step();
        }
    }

    #[track_caller]
    fn see(&mut self, text: &str) {
        self.until(text, |window| window.sees(text));
    }

    fn press(&mut self, name: &str) {
        self.see(name);
        self.harness.get_by_label(name).click();
        self.harness.run_steps(3);
    }

    fn app(&mut self) -> &mut App {
        self.harness.state_mut()
    }

    fn document(&self) -> &Document {
        session(self.harness.state().world()).document(LIMIT).expect("the key is open")
    }
}

fn window(bench: &Bench) -> Window {
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    app.act(Action::OpenKey(key(LIMIT)));
    wait(&mut app, "its value", |world| {
        session(world).document(LIMIT).is_some_and(|document| document.base.value().is_some())
    });
    Window::open(app)
}

fn type_value(window: &mut Window, typed: &str) {
    window.app().act(Action::ReplaceDraft { key: key(LIMIT), value: value(typed) });
}

#[test]
fn marks_follow_the_schema_in_etcd_whoever_changes_it() {
    let bench = Bench::start();
    bench.put(LIMIT, GOOD);
    let mut window = window(&bench);
    window.see("No schema");
    bench.put(SCHEMA, AT_LEAST_ONE);
    window.see("Fits config/schema/gateway/limit.json");
    bench.put(SCHEMA, AT_LEAST_ONE.replace("\"minimum\": 1", "\"maximum\": 50"));
    window.see("Line 2: limit: must be at most 50");
    bench.put(SCHEMA, "{\"type\": ");
    window.see("the schema itself is broken");
    bench.runtime.block_on(async {
        bench.cluster.client().await.unwrap().delete(SCHEMA, None).await.unwrap();
    });
    window.see("No schema");
    window.harness.run_steps(2);
}

#[test]
fn what_breaks_its_schema_reaches_etcd_only_when_that_is_said() {
    let bench = Bench::start();
    bench.put(SCHEMA, AT_LEAST_ONE);
    bench.put(LIMIT, BAD);
    bench.put(LIMIT, GOOD);
    let before = bench.revision();
    let mut window = window(&bench);
    type_value(&mut window, BAD);
    window.see("Line 2: limit: must be at least 1");
    // By shortcut, into the review and in it.
    for _ in 0..3 {
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
        window.harness.run_steps(3);
    }
    window.see("Save although it breaks config/schema/gateway/limit.json");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    window.harness.run_steps(3);
    // By click.
    window.harness.get_by_role_and_label(Role::Button, "Save").click();
    window.harness.run_steps(3);
    // By the palette's command.
    window.app().act(Action::Run(etcdscope::action::UserCommand::Save));
    window.harness.run_steps(3);
    assert_eq!(window.document().save, SaveState::Reviewing);
    // By restoring an older version.
    window.app().act(Action::CancelSave(key(LIMIT)));
    window.app().act(Action::Restore { key: key(LIMIT), value: value(BAD) });
    window.harness.run_steps(3);
    window.see("Save although it breaks config/schema/gateway/limit.json");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    window.harness.run_steps(10);
    assert_eq!(bench.revision(), before, "nothing was written");
    assert_eq!(bench.get(LIMIT).unwrap().0, GOOD);
    // Said.
    window.press("Save although it breaks config/schema/gateway/limit.json");
    window.harness.get_by_role_and_label(Role::Button, "Save").click();
    window.until("the save", |window| matches!(window.document().save, SaveState::Saved { .. }));
    assert_eq!(bench.get(LIMIT).unwrap().0, BAD);
}

#[test]
fn a_plan_says_what_breaks_its_schema_and_leaves_it_out() {
    let bench = Bench::start();
    bench.put(SCHEMA, AT_LEAST_ONE);
    bench.put(LIMIT, GOOD);
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    let values = vec![(key(LIMIT), Some(value(BAD)))];
    let goal = PlanGoal::Values { origin: "elsewhere".to_owned(), values };
    app.act(Action::MakePlan { goal, lost_lease: Default::default() });
    wait(&mut app, "the plan", |world| session(world).plans.shown.is_some());
    let plans = &session(app.world()).plans;
    let plan = plans.get(plans.shown.as_ref().unwrap()).unwrap();
    let step = &plan.steps[0];
    let said = step.warnings.iter().any(|warning| matches!(warning, Warning::Invalid(_)));
    assert!(said && !step.on, "{step:?}");
    app.shutdown();
}

#[test]
fn a_schema_made_of_an_example_is_a_draft_until_it_is_saved() {
    let bench = Bench::start();
    bench.put(LIMIT, GOOD);
    let before = bench.revision();
    let mut window = window(&bench);
    window.press("No schema");
    window.press("Make a schema of this value…");
    window.see("Value of config/schema/gateway/limit.json");
    assert_eq!(bench.revision(), before, "nothing is written before the review");
    let made = Key::from(SCHEMA);
    window.until("its draft", |window| {
        session(window.harness.state().world())
            .document(&made)
            .is_some_and(|document| document.is_dirty() && document.base.value().is_some())
    });
    window.press("Review and save…");
    window.until("the review", |window| window.sees("Save"));
    window.until("the check", |window| !window.sees("being held against"));
    window.harness.get_by_role_and_label(Role::Button, "Save").click();
    window.until("the save", |_| bench.get(SCHEMA).is_some());
    window.app().act(Action::OpenKey(key(LIMIT)));
    window.see("Fits config/schema/gateway/limit.json");
}
