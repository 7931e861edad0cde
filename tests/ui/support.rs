//! A window without a screen around `ui::show`, with a world built in code.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::{Action, Actions};
use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::message::SessionId;
use etcdscope::model::profile::Profile;
use etcdscope::model::record::KeyMeta;
use etcdscope::model::session::Session;
use etcdscope::model::settings::{Language, Settings, ThemeChoice};
use etcdscope::model::status::{ClusterStatus, MemberStatus, MirrorState, SeenAt};
use etcdscope::model::world::World;
use etcdscope::ui::{self, UiState, beside, theme};

/// The moment at which every scene plays.
pub const NOW: SeenAt = 1_780_000_000_000;

/// Work beside the window that takes longer hangs.
const BESIDE_LIMIT: Duration = Duration::from_secs(60);

/// The language is one for the whole process: English scenes share it, Chinese ones have it alone.
/// A test must not hold scenes of both languages at once.
static LANGUAGE: RwLock<()> = RwLock::new(());

type English = RwLockReadGuard<'static, ()>;

#[allow(dead_code, reason = "held, not read")]
enum LanguageGuard {
    English(Rc<English>),
    Chinese(RwLockWriteGuard<'static, ()>),
}

impl LanguageGuard {
    fn chinese() -> Self {
        Self::Chinese(LANGUAGE.write().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Scenes of one thread share it: whoever asks for it once more while a Chinese scene waits would wait
    /// for that, and it for them.
    fn english() -> Self {
        thread_local!(static HELD: RefCell<Weak<English>> = RefCell::default());
        HELD.with_borrow_mut(|held| {
            let guard = held
                .upgrade()
                .unwrap_or_else(|| Rc::new(LANGUAGE.read().unwrap_or_else(|poisoned| poisoned.into_inner())));
            *held = Rc::downgrade(&guard);
            Self::English(guard)
        })
    }
}

/// What a scene is about.
#[derive(Default)]
pub struct Stage {
    /// What the window knows.
    pub world: World,
    /// What the views keep.
    pub state: UiState,
    /// What the operator did.
    pub actions: Vec<Action>,
}

/// A window without a screen.
pub struct Scene {
    /// The harness; its state is the [`Stage`].
    pub harness: Harness<'static, Stage>,
    _language: LanguageGuard,
}

/// How a scene is set up.
pub struct Setting {
    size: egui::Vec2,
    dark: bool,
    chinese: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self { size: egui::vec2(1_280.0, 800.0), dark: true, chinese: false }
    }
}

#[allow(dead_code, reason = "not every module of the tests needs each of them")]
impl Setting {
    /// In this size.
    pub fn size(mut self, width: f32, height: f32) -> Self {
        self.size = egui::vec2(width, height);
        self
    }

    /// In the light theme.
    pub fn light(mut self) -> Self {
        self.dark = false;
        self
    }

    /// In Chinese.
    pub fn chinese(mut self) -> Self {
        self.chinese = true;
        self
    }

    /// Plays the scene with `ui::show`.
    pub fn play(self, world: World) -> Scene {
        self.play_with(world, |ui, stage, actions| ui::show(ui, &stage.world, &mut stage.state, actions))
    }

    /// Plays the scene with one view alone.
    pub fn play_with(
        self,
        mut world: World,
        mut show: impl FnMut(&mut egui::Ui, &mut Stage, &mut Actions) + 'static,
    ) -> Scene {
        let language = if self.chinese { LanguageGuard::chinese() } else { LanguageGuard::english() };
        world.now = NOW;
        world.settings = Settings {
            theme: if self.dark { ThemeChoice::Dark } else { ThemeChoice::Light },
            language: if self.chinese { Language::SimplifiedChinese } else { Language::English },
            ..world.settings
        };
        rust_i18n::set_locale(if self.chinese { "zh-CN" } else { "en" });
        let settings = world.settings.clone();
        let mut applied = settings.clone();
        let stage = Stage { world, ..Stage::default() };
        let harness = Harness::builder()
            .with_size(self.size)
            .with_theme(if self.dark { egui::Theme::Dark } else { egui::Theme::Light })
            .allow_missing_glyphs()
            .with_context_setup(move |ctx| {
                theme::install(ctx);
                theme::apply_settings(ctx, &settings);
                add_chinese_font(ctx);
            })
            .build_ui_state(
                move |ui, stage: &mut Stage| {
                    let mut actions = Actions::default();
                    // What the window itself does around the views.
                    let settings = &stage.world.settings;
                    if applied != *settings {
                        applied = settings.clone();
                        theme::apply_settings(ui.ctx(), settings);
                        let chinese = settings.language == Language::SimplifiedChinese;
                        rust_i18n::set_locale(if chinese { "zh-CN" } else { "en" });
                    }
                    for command in ui::shell::shortcuts(ui.ctx(), &stage.world) {
                        actions.push(Action::Run(command));
                    }
                    // The harness leaves a margin around the window that a real one does not have.
                    let whole = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                    show(&mut ui.new_child(whole), stage, &mut actions);
                    stage.actions.extend(actions.take());
                },
                stage,
            );
        let mut scene = Scene { harness, _language: language };
        scene.settle();
        scene
    }
}

/// The system's Chinese font where there is one, so that pictures show what operators see.
fn add_chinese_font(ctx: &egui::Context) {
    const NOTO_SANS_CJK: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";
    const SIMPLIFIED_CHINESE: u32 = 2;
    let Ok(bytes) = std::fs::read(NOTO_SANS_CJK) else { return };
    let bytes: egui::epaint::text::Blob = Arc::new(bytes);
    ctx.add_font_provider(Arc::new(move |request: &egui::epaint::text::FallbackRequest<'_>| {
        let chinese =
            request.cluster.chars().next().is_some_and(|sign| ('\u{2E80}'..='\u{FFEF}').contains(&sign));
        chinese.then(|| egui::epaint::text::FontInsert {
            name: String::from("Noto Sans CJK SC"),
            data: egui::FontData::from_blob(bytes.clone(), SIMPLIFIED_CHINESE),
            families: Vec::new(),
        })
    }));
}

#[allow(dead_code, reason = "not every module of the tests needs each of them")]
impl Scene {
    /// Lets the window come to rest (or a few frames pass, where something moves forever): until nothing
    /// is under way beside it, and every answer is drawn.
    pub fn settle(&mut self) {
        let begun = Instant::now();
        loop {
            let before = beside::tally(&self.harness.ctx);
            if self.harness.run_ok().is_none() {
                self.harness.run_steps(2);
            }
            let now = beside::tally(&self.harness.ctx);
            if now == before && now.over == now.begun {
                return;
            }
            while beside::tally(&self.harness.ctx).over < now.begun {
                assert!(begun.elapsed() < BESIDE_LIMIT, "work beside the window does not end");
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// What the operator did so far, taken out.
    pub fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.harness.state_mut().actions)
    }

    /// Changes the world and lets the window come to rest.
    pub fn change(&mut self, change: impl FnOnce(&mut World)) {
        change(&mut self.harness.state_mut().world);
        self.settle();
    }

    /// Presses the one control with this name.
    pub fn press(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.settle();
    }

    /// Types into the field with this name.
    pub fn type_into(&mut self, name: &str, text: &str) {
        self.harness.get_by_role_and_label(egui::accesskit::Role::TextInput, name).focus();
        self.settle();
        self.harness.get_by_role_and_label(egui::accesskit::Role::TextInput, name).type_text(text);
        self.settle();
    }

    /// Whether something on screen has this text as its name or a part of it.
    pub fn sees(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    /// Presses a key.
    pub fn key(&mut self, modifiers: egui::Modifiers, key: egui::Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Writes a picture to the folder named by `ETCDSCOPE_PICTURES`, if it is set.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("ETCDSCOPE_PICTURES") else { return };
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        let image = self.harness.render().expect("the renderer works");
        image.save(&path).expect("the picture can be written");
    }
}

/// A world with one live connection, shown.
#[allow(dead_code, reason = "not every module of the tests needs it")]
pub fn live_world() -> World {
    World {
        active: Some(SessionId(1)),
        sessions: vec![live_session()],
        stored_loaded: true,
        ..World::default()
    }
}

/// A live connection to a cluster of three, with some keys.
pub fn live_session() -> Session {
    let profile = Profile {
        name: String::from("prod-eu"),
        endpoints: vec![String::from("https://etcd-1:2379"), String::from("https://etcd-2:2379")],
        ..Profile::default()
    };
    let mut session = Session::new(SessionId(1), profile);
    session.state = MirrorState::Live;
    session.applied = 182_334;
    for (at, key) in [
        "/config/common/feature-flags.json",
        "/config/common/limits.yaml",
        "/config/production/api-gateway/routes.json",
        "/config/production/api-gateway/ratelimit.yaml",
        "/config/production/order-service/db.json",
        "/config/staging/api-gateway/routes.json",
        "/services/user/10.0.1.7",
        "/services/user/10.0.1.8",
    ]
    .into_iter()
    .enumerate()
    {
        let revision = 182_300 + at as i64;
        let meta =
            KeyMeta { create_revision: 120 + at as i64, mod_revision: revision, version: 17, lease: 0 };
        session.keyspace.put(key.as_bytes(), meta, Some(value(r#"{"limit": 250}"#)));
    }
    session.cluster = cluster();
    session
}

/// A cluster of three in good health.
pub fn cluster() -> ClusterStatus {
    let member = |n: u64, leader: bool| MemberStatus {
        endpoint: format!("https://etcd-{n}:2379"),
        name: format!("etcd-{n}"),
        id: 0x8e9e_05c5_2164_694d + n,
        version: String::from("3.5.16"),
        is_leader: leader,
        db_size_bytes: 24_117_248,
        raft_term: 7,
        raft_index: 190_122,
        latency_us: Some(840 + 120 * n),
        ..MemberStatus::default()
    };
    ClusterStatus {
        members: vec![member(1, false), member(2, true), member(3, false)],
        cluster_id: 0xcdf8_181d_d2b7_86ea,
        watching: Some(String::from("https://etcd-1:2379")),
        ..ClusterStatus::default()
    }
}

/// A key.
#[allow(dead_code, reason = "not every module of the tests needs it")]
pub fn key(text: &str) -> Key {
    Key::from(text.as_bytes())
}

/// A value.
pub fn value(text: &str) -> Value {
    Value::from(text.as_bytes())
}
