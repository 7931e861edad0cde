//! What this console wrote.

use egui::accesskit::Role;
use egui::{Key as Press, Modifiers};
use egui_kittest::kittest::Queryable as _;
use etcdscope::action::Action;
use etcdscope::model::audit::{
    AuditEntry, AuditOperation, AuditOutcome, AuditPage, AuditPart, AuditQuery, AuditView, ChainState,
};
use etcdscope::model::dialog::{ChosenFile, FileQuestion};
use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::loadable::Loadable;
use etcdscope::model::profile::{Profile, ProfileColour};
use etcdscope::model::session::Screen;
use etcdscope::model::world::World;

use crate::support::{NOW, Scene, Setting, key, live_world};

const CLUSTER: u64 = 0xcdf8_181d_d2b7_86ea;

fn entry(
    number: u64,
    profile: &str,
    operation: AuditOperation,
    name: &str,
    outcome: AuditOutcome,
) -> AuditEntry {
    let before = if operation == AuditOperation::Create { 0 } else { 182_300 + number.cast_signed() };
    let write = etcdscope::model::audit::AuditWrite {
        at: NOW - 3_600_000 + number.cast_signed() * 60_000,
        profile: profile.to_owned(),
        cluster_id: if profile == "prod-eu" { CLUSTER } else { 7 },
        user: number.is_multiple_of(2).then(|| "root".to_owned()),
        operation,
        key: key(name),
        source: (operation == AuditOperation::Rename).then(|| key("/config/old-name.json")),
        before,
        outcome,
        plan: (operation == AuditOperation::Restore).then(|| "20260528-1".to_owned()),
        write_id: number.to_string(),
    };
    AuditEntry { number, write, hash: format!("{number:064x}") }
}

fn page() -> AuditPage {
    use AuditOperation::{Copy, Create, Delete, Note, Put, Rename, Restore};
    let done = |revision| AuditOutcome::Done { revision };
    let refused = AuditOutcome::Refused("permission denied: the user may not write /config".to_owned());
    let missing = AuditOutcome::Noted("entries 4 to 6 are missing".to_owned());
    let routes = "/config/production/api-gateway/routes.json";
    let mut entries = vec![
        entry(2, "prod-eu", Put, routes, done(182_310)),
        entry(4, "staging", Create, "/config/staging/中文/new.yaml", done(411)),
        entry(6, "prod-eu", Delete, "/services/user/10.0.1.7", AuditOutcome::Conflict),
        entry(8, "prod-eu", Rename, "/config/production/order-service/renamed.json", done(182_330)),
        entry(10, "prod-eu", Restore, "/config/production/order-service/db.json", done(182_331)),
        entry(12, "staging", Copy, "/config/staging/api-gateway/ratelimit.yaml", refused),
        entry(14, "prod-eu", Put, routes, AuditOutcome::Unknown("the connection broke".to_owned())),
        entry(15, "", Note, "", missing),
        entry(16, "prod-eu", Delete, "/config/common/limits.yaml", AuditOutcome::Asked),
    ];
    entries.reverse();
    AuditPage {
        entries,
        total: 1_204,
        more: false,
        chain: ChainState::Whole,
        bytes: 482_344,
        path: "/home/ops/.local/share/etcdscope/audit/audit.db".to_owned(),
        profiles: vec!["prod-eu".to_owned(), "staging".to_owned()],
    }
}

fn query() -> AuditQuery {
    AuditQuery { limit: 200, ..AuditQuery::default() }
}

fn world(page: AuditPage) -> World {
    let mut world = live_world();
    world.sessions[0].screen = Screen::Audit;
    world.sessions[0].profile.colour = ProfileColour::Red;
    world.profiles =
        vec![Profile { name: "staging".to_owned(), colour: ProfileColour::Green, ..Profile::default() }];
    world.audit =
        AuditView { query: query(), page: Loadable::ready(page), asked_at: NOW, ..AuditView::default() };
    world
}

fn asked(scene: &mut Scene) -> Vec<AuditQuery> {
    let actions = scene.actions().into_iter();
    actions
        .filter_map(|action| match action {
            Action::LoadAudit(query) => Some(query),
            _ => None,
        })
        .collect()
}

#[test]
fn the_log_is_a_table_with_what_when_and_how_it_ended() {
    let mut scene = Setting::default().play(world(page()));
    scene.picture("audit-dark");
    assert!(scene.sees("intact, 1,204 entries"));
    assert!(scene.sees("prod-eu, put /config/production/api-gateway/routes.json, r182302 → r182310, done"));
    assert!(scene.sees("create /config/staging/中文/new.yaml, – → r411, done"));
    assert!(scene.sees("delete /services/user/10.0.1.7, r182306 → –, conflict"));
    let rows = scene.harness.query_all_by_role(Role::ListBoxOption);
    let tops: Vec<f32> = rows.map(|row| row.rect().top()).collect();
    assert_eq!(tops.len(), 9);
    assert!(tops.is_sorted(), "newest first, as it came: {tops:?}");
}

#[test]
fn an_entry_says_all_and_leads_to_its_key_and_its_plan() {
    let mut scene = Setting::default().light().play(world(page()));
    scene.harness.get_by_label_contains("restore /config/production/order-service/db.json").click();
    scene.settle();
    scene.picture("audit-detail-light");
    assert!(scene.sees("Entry 10") && scene.sees("cdf8181dd2b786ea"));
    assert!(scene.sees(&format!("{:064x}", 10)), "its hash");
    scene.actions();
    scene.press("Show plan");
    assert!(scene.actions().contains(&Action::ShowPlan(Some("20260528-1".to_owned()))));
    scene.press("Open key");
    let opened = Action::OpenKey(key("/config/production/order-service/db.json"));
    assert!(scene.actions().contains(&opened));
    // What was written to another cluster is not opened in this one.
    scene.harness.get_by_label_contains("create /config/staging").click();
    scene.settle();
    scene.actions();
    scene.press("Open key");
    assert_eq!(scene.actions(), Vec::new());
    scene.press("Copy key text");
    assert_eq!(scene.actions(), [Action::CopyText("/config/staging/中文/new.yaml".to_owned())]);
}

#[test]
fn arrows_go_through_the_entries() {
    let mut scene = Setting::default().play(world(page()));
    scene.key(Modifiers::NONE, Press::ArrowDown);
    assert!(scene.sees("Entry 16") && scene.sees("no answer"));
    scene.key(Modifiers::NONE, Press::ArrowDown);
    assert!(scene.sees("Entry 15") && scene.sees("entries 4 to 6 are missing"));
}

#[test]
fn a_filter_is_asked_of_the_log() {
    let mut scene = Setting::default().play(world(page()));
    assert_eq!(asked(&mut scene), [], "what is shown is not asked for again");
    scene.type_into("Filter", "routes");
    let text = AuditQuery { text: "routes".to_owned(), ..query() };
    assert_eq!(asked(&mut scene).pop(), Some(text.clone()));
    scene.change(|world| world.audit.query = text.clone());
    scene.actions();
    scene.press("Only what was not done");
    let failed = AuditQuery { only_failed: true, ..text };
    assert_eq!(asked(&mut scene).pop(), Some(failed.clone()));
    scene.change(|world| {
        world.audit.query = failed;
        world.audit.page = Loadable::ready(AuditPage { entries: Vec::new(), ..page() });
    });
    assert!(scene.sees("No such entries"));
    scene.actions();
    scene.press("Show all");
    assert_eq!(asked(&mut scene).pop(), Some(query()));
}

#[test]
fn older_entries_come_when_their_place_comes_in_sight_and_new_ones_by_themselves() {
    let many: Vec<AuditEntry> = (1..=200)
        .rev()
        .map(|number| {
            entry(number + 1_000, "prod-eu", AuditOperation::Put, "/a", AuditOutcome::Done { revision: 9 })
        })
        .collect();
    let full = AuditPage { entries: many, more: true, ..page() };
    let mut scene = Setting::default().play(world(full));
    assert_eq!(asked(&mut scene), []);
    scene.key(Modifiers::NONE, Press::End);
    assert_eq!(asked(&mut scene).pop(), Some(AuditQuery { below: Some(1_001), ..query() }));
    let mut scene = Setting::default().play(world(page()));
    asked(&mut scene);
    scene.change(|world| world.now += 2_000);
    assert_eq!(asked(&mut scene).pop(), Some(query()));
    scene.change(|world| world.audit.part = AuditPart::Newest);
}

#[test]
fn a_log_that_was_changed_is_shown_as_such() {
    for (chain, chip, words) in [
        (ChainState::BrokenAt(311), "changed at entry 311", "is not what this console wrote"),
        (
            ChainState::Shortened { expected: 1_204, found: 1_200 },
            "4 entries missing",
            "there should be 1,204, there are 1,200",
        ),
        (ChainState::HeadMissing, "head missing", "can not be told"),
    ] {
        let mut scene = Setting::default().play(world(AuditPage { chain: chain.clone(), ..page() }));
        if chain == ChainState::BrokenAt(311) {
            scene.picture("audit-broken");
        }
        assert!(scene.sees(chip), "{chip}");
        assert!(scene.sees(words), "{words}");
    }
}

#[test]
fn what_is_not_recorded_is_told_on_every_screen() {
    let mut world = world(page());
    world.sessions[0].screen = Screen::Keys;
    world.audit.trouble = Some(Fault::new(FaultKind::DiskFull, "/home/ops/audit.db"));
    let mut scene = Setting::default().play(world);
    scene.picture("audit-trouble");
    assert!(scene.sees("The audit log can not be written"));
    scene.change(|world| world.now += 3_600_000);
    assert!(scene.sees("The audit log can not be written"), "it stays");
    scene.change(|world| world.audit.trouble = None);
    assert!(!scene.sees("The audit log can not be written"));
}

#[test]
fn an_empty_log_says_what_would_be_here() {
    let mut scene =
        Setting::default().play(world(AuditPage { chain: ChainState::Whole, ..AuditPage::default() }));
    scene.picture("audit-empty");
    assert!(scene.sees("Nothing written yet"));
}

#[test]
fn the_log_is_exported_with_what_is_looked_for() {
    let mut scene = Setting::default().play(world(page()));
    scene.press("Export…");
    scene.picture("audit-export");
    scene.press("Browse…");
    let chosen = scene.actions().into_iter().find_map(|action| match action {
        Action::ChooseFile(question) => Some(question),
        _ => None,
    });
    let question = chosen.expect("a file is asked for");
    assert_eq!(question, FileQuestion::AuditTo("etcdscope-audit.jsonl".to_owned()));
    scene.change(|world| {
        world.chosen_file = Some(ChosenFile { serial: 1, question, path: "/tmp/log.jsonl".into() });
    });
    scene.press("CSV");
    scene.actions();
    scene.press("Write");
    let query = AuditQuery::default();
    assert!(scene.actions().contains(&Action::ExportAudit(query, "/tmp/log.csv".into())));
}

#[test]
fn the_log_speaks_chinese_in_a_small_window() {
    let mut scene = Setting::default().chinese().size(1_024.0, 640.0).play(world(page()));
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.picture("audit-zh");
    assert!(scene.sees("完整，1,204 条") && scene.sees("第 16 条"));
}

#[test]
fn a_narrow_window_shows_the_entry_below() {
    let mut scene = Setting::default().light().size(760.0, 600.0).play(world(page()));
    scene.key(Modifiers::NONE, Press::ArrowDown);
    scene.picture("audit-narrow");
    assert!(scene.sees("Entry 16"));
}
