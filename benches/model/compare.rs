//! What the comparison page costs the window's thread with values of 1 MiB: every frame while they are
//! compared, scrolled, gone through, shown otherwise, and while the window changes its width.

use std::time::{Duration, Instant};

use egui::{Pos2, RawInput, Rect, Vec2};
use etcdscope::action::{Actions, UserCommand};
use etcdscope::model::bytes::Value;
use etcdscope::model::document::{Document, DocumentPage};
use etcdscope::model::message::SessionId;
use etcdscope::model::profile::Profile;
use etcdscope::model::record::{KeyMeta, KeyRecord};
use etcdscope::model::session::Session;
use etcdscope::model::status::MirrorState;
use etcdscope::model::world::World;
use etcdscope::ui::{UiState, editor, theme};

use super::{ms, say};

const MIB: usize = 1 << 20;
const KEY: &str = "/config/large";

/// The window's thread, without a window.
struct Frames {
    ctx: egui::Context,
    world: World,
    state: UiState,
    size: Vec2,
    time: f64,
    /// What each frame cost.
    costs: Vec<Duration>,
}

impl Frames {
    fn new(old: &str, new: &str) -> Self {
        let key = etcdscope::model::bytes::Key::from(KEY.as_bytes());
        let mut document = Document::new(key.clone());
        let meta = KeyMeta { create_revision: 2, mod_revision: 5, version: 1, lease: 0 };
        let value = Some(Value::from(old.as_bytes()));
        document.base.answer(Ok(Some(KeyRecord { key: key.clone(), meta, value })));
        document.draft = Some(Value::from(new.as_bytes()));
        document.page = DocumentPage::Diff;
        let mut session = Session::new(SessionId(1), Profile::default());
        session.state = MirrorState::Live;
        session.active_document = Some(key);
        session.documents.push(document);
        let world = World { active: Some(SessionId(1)), sessions: vec![session], ..World::default() };
        let ctx = egui::Context::default();
        theme::install(&ctx);
        theme::apply_settings(&ctx, &world.settings);
        let size = Vec2::new(1_280.0, 800.0);
        Self { ctx, world, state: UiState::default(), size, time: 0.0, costs: Vec::new() }
    }

    /// What is compared from now on.
    fn put(&mut self, old: &str, new: &str) {
        let document = &mut self.world.sessions[0].documents[0];
        let record = document.base_record().cloned();
        let value = Some(Value::from(old.as_bytes()));
        document.base.answer(Ok(record.map(|record| KeyRecord { value, ..record })));
        document.draft = Some(Value::from(new.as_bytes()));
        document.draft_generation += 1;
    }

    /// Draws a frame.
    fn frame(&mut self, events: Vec<egui::Event>) {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let mut actions = Actions::default();
        let (world, state) = (&self.world, &mut self.state);
        let start = Instant::now();
        let cpu = cpu_time::ThreadTime::now();
        let mut output = self.ctx.run_ui(input, |ui| {
            state.editor.take_requests(&mut state.requests);
            editor::show(ui, world, &mut state.editor, &mut actions);
        });
        output.textures_delta.clear();
        std::hint::black_box(self.ctx.tessellate(output.shapes, output.pixels_per_point));
        // What the thread itself did: others may have had the processor meanwhile.
        self.costs.push(cpu.elapsed().min(start.elapsed()));
    }

    /// Draws frames until nothing is worked out any more.
    fn settle(&mut self) {
        for _ in 0..40 {
            self.frame(Vec::new());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn command(&mut self, command: UserCommand) {
        self.state.requests.push(command);
        for _ in 0..4 {
            self.frame(Vec::new());
        }
    }

    fn scroll(&mut self, points: f32) {
        let middle = self.size / 2.0;
        let moved = egui::Event::PointerMoved(middle.to_pos2());
        let wheel = egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: Vec2::new(0.0, points),
            source: egui::MouseWheelSource::Wheel,
            modifiers: egui::Modifiers::NONE,
            phase: egui::TouchPhase::Move,
        };
        self.frame(vec![moved, wheel]);
    }

    /// Says what the frames since the last time cost.
    fn say(&mut self, what: &str) {
        let mut costs = std::mem::take(&mut self.costs);
        costs.sort_unstable();
        let Some(longest) = costs.last().copied() else { return };
        let p99 = costs[costs.len() * 99 / 100];
        say(
            &format!("  {what}: the longest frame (p99) of {}", costs.len()),
            &format!("{} ({})", ms(longest), ms(p99)),
        );
    }
}

fn lines(seed: u64, change_every: usize) -> String {
    let mut text = String::with_capacity(MIB + 100);
    let mut number = 0;
    while text.len() < MIB {
        let value = if change_every > 0 && number % change_every == 0 { seed } else { 0 };
        text.push_str(&format!("setting_{number}: \"value {value} of the service\"\n"));
        number += 1;
    }
    text
}

fn minified(seed: u64, change_every: usize) -> String {
    lines(seed, change_every).lines().map(|line| line.to_owned() + ",").collect()
}

/// Runs all of it.
pub(super) fn run() {
    let noise = |seed: u64| -> String {
        let mut state = seed;
        (0..MIB / 8)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                format!("{:07x}\n", state >> 36)
            })
            .collect()
    };
    let cases = [
        ("identical", lines(0, 0), lines(0, 0)),
        ("a change every 50 lines", lines(1, 50), lines(2, 50)),
        ("wholly different", noise(1), noise(2)),
        ("one minified line", minified(1, 400), minified(2, 400)),
        ("one minified line, other throughout", minified(1, 1), minified(2, 1)),
        ("line ends alone", "\n".repeat(MIB), "\r\n".repeat(MIB / 2)),
    ];
    for (name, old, new) in cases {
        say(&format!("1 MiB against 1 MiB, {name}"), "");
        // A window that has been open for a while has drawn every sign of its fonts.
        let signs: String = (' '..='~').collect();
        let mut frames = Frames::new(&signs, &signs.repeat(2));
        for _ in 0..5 {
            frames.frame(Vec::new());
        }
        // And at every fraction of a point that these texts put them to.
        frames.put(&new, &old);
        frames.settle();
        frames.put(&old, &new);
        frames.costs.clear();
        // The editor takes the values over in this one.
        frames.frame(Vec::new());
        frames.say("opening");
        frames.settle();
        frames.say("comparing");
        for step in 0..120 {
            frames.scroll(if step % 40 < 30 { -900.0 } else { 20_000.0 });
        }
        frames.say("scrolling");
        for step in 0..40 {
            frames.command(if step % 3 < 2 { UserCommand::NextChange } else { UserCommand::PreviousChange });
        }
        frames.say("from change to change");
        for step in 0..30_u8 {
            frames.size.x = 1_280.0 - f32::from(step) * 12.0;
            frames.frame(Vec::new());
        }
        frames.settle();
        frames.say("while the width changes");
        frames.state.editor.look.side_by_side = false;
        frames.settle();
        frames.say("from side by side to inline");
    }
}
